//! `roamport sandbox serve`: the simulated provider over HTTP, as the binary `roamport-sandbox`.

use std::io::{self, Write};

use roamport_sandbox::serve::{ServeArguments, ServeError};
use serde::Serialize;

use crate::exit::Failure;
use crate::output::{Output, WriteFailed};
use crate::text::TerminalText;

#[derive(Serialize)]
struct Document<'a> {
    listening: &'a str,
}

pub(super) async fn serve(arguments: ServeArguments, output: &Output) -> Result<(), Failure> {
    let lines = Lines {
        output,
        text: Vec::new(),
    };
    roamport_sandbox::serve::serve(arguments, lines)
        .await
        .map_err(|error: ServeError| Failure::Sandbox {
            message: error.to_string(),
        })
}

/// Passes what the sandbox prints on to standard output; its one line as a document where JSON is
/// wanted. A sandbox whose caller reads nothing serves all the same.
struct Lines<'a> {
    output: &'a Output,
    text: Vec<u8>,
}

impl Write for Lines<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let text = String::from_utf8_lossy(&std::mem::take(&mut self.text)).into_owned();
        let listening = text
            .trim()
            .strip_prefix("listening on ")
            .unwrap_or(text.trim());
        match self
            .output
            .document(&Document { listening }, || TerminalText::line(text.trim()))
        {
            Ok(()) | Err(WriteFailed::Closed) => Ok(()),
            Err(WriteFailed::Failed(error)) => Err(error),
        }
    }
}
