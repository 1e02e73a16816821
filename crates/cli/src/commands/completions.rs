//! `roamport completions`: what a shell needs to complete our commands.

use clap::CommandFactory as _;
use clap_complete::Shell;
use serde::Serialize;

use crate::args::Arguments;
use crate::exit::Failure;
use crate::output::Output;
use crate::text::TerminalText;

#[derive(Serialize)]
struct Document<'a> {
    shell: String,
    script: &'a str,
}

pub(super) fn run(shell: Shell, output: &Output) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "roamport", &mut script);
    let script = String::from_utf8_lossy(&script);
    let document = Document {
        shell: shell.to_string(),
        script: &script,
    };
    Ok(output.document(&document, || TerminalText::of_program(&*script))?)
}
