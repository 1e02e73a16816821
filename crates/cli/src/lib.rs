#![doc = include_str!("../README.md")]

mod args;
mod bar;
mod commands;
mod exit;
pub mod facts;
mod interrupt;
mod output;
mod progress;
mod prompt;
mod session;
mod table;
mod text;
mod view;

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser as _;

use self::args::Arguments;
use self::exit::{Exit, Failure};
use self::output::Output;

/// Runs the command line of this process and returns how it ends.
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return unparsed(&error).into(),
    };
    let output = Arc::new(Output::new(arguments.global.json, arguments.global.quiet));
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            let failure = Failure::Machine(format!("the program cannot start: {error}"));
            exit::tell(&failure, &output);
            return exit::exit_code(&failure).into();
        }
    };
    let exit = runtime.block_on(commands::run(arguments, &output));
    // A question may still stand on a thread of its own: it is not waited for.
    runtime.shutdown_background();
    exit.into()
}

/// Shows help, or says what is wrong with the command line.
fn unparsed(error: &clap::Error) -> Exit {
    let json = std::env::args_os().any(|argument| argument == "--json");
    if json && error.use_stderr() {
        let rendered = error.render().to_string();
        let words = rendered.split("\n\nUsage:").next().unwrap_or_default();
        let words = words
            .split("\n\nFor more information")
            .next()
            .unwrap_or_default();
        let words: Vec<&str> = words.split_whitespace().collect();
        let message = words.join(" ");
        let message = message.strip_prefix("error: ").unwrap_or(&message);
        exit::tell_usage(message, &Output::new(true, false));
    } else {
        // Help that nobody reads to its end is no error.
        let _ = error.print();
    }
    if error.use_stderr() {
        Exit::Usage
    } else {
        Exit::Done
    }
}
