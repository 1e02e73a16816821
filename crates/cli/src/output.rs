//! Where words go: data to standard output, everything else to standard error.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::{MultiProgress, ProgressDrawTarget};
use roamport_bootstrap::terminal::escaped_json;
use serde::Serialize;

use crate::text::TerminalText;

/// The two streams of the process, written through one place.
///
/// A write to standard error never fails: there is nobody left to tell.
#[derive(Debug)]
pub(crate) struct Output {
    json: bool,
    quiet: bool,
    /// Whether somebody sees standard error as it is written, so that progress may be drawn.
    live: bool,
    /// Whether both what is asked and what is answered pass a terminal.
    can_ask: bool,
    stdout_closed: AtomicBool,
    bars: MultiProgress,
}

#[derive(Serialize)]
struct Warned<'a> {
    warning: &'a str,
}

/// Standard output could not be written.
#[derive(Debug)]
pub(crate) enum WriteFailed {
    /// The reader went away, as `head` does. No error.
    Closed,
    /// Anything else: a full disk, say.
    Failed(io::Error),
}

impl Output {
    /// The streams of this process. `json` and `quiet` as on the command line.
    pub(crate) fn new(json: bool, quiet: bool) -> Self {
        let seen = io::stderr().is_terminal();
        let (live, can_ask) = (seen && !quiet, seen && io::stdin().is_terminal());
        let target = if live {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bars = MultiProgress::with_draw_target(target);
        Self {
            json,
            quiet,
            live,
            can_ask,
            stdout_closed: AtomicBool::new(false),
            bars,
        }
    }

    /// Whether one JSON document is wanted instead of text.
    pub(crate) const fn is_json(&self) -> bool {
        self.json
    }

    /// Whether progress may be drawn and redrawn.
    pub(crate) const fn is_live(&self) -> bool {
        self.live
    }

    /// Whether a person can be asked.
    pub(crate) const fn can_ask(&self) -> bool {
        self.can_ask
    }

    /// The bars that are drawn on standard error.
    pub(crate) const fn bars(&self) -> &MultiProgress {
        &self.bars
    }

    /// Writes data to standard output.
    pub(crate) fn data(&self, text: &TerminalText) -> Result<(), WriteFailed> {
        self.write(text.as_str())
    }

    fn write(&self, text: &str) -> Result<(), WriteFailed> {
        if self.stdout_closed.load(Ordering::Relaxed) {
            return Err(WriteFailed::Closed);
        }
        let written = self.bars.suspend(|| {
            let mut stdout = io::stdout().lock();
            stdout.write_all(text.as_bytes())?;
            stdout.flush()
        });
        written.map_err(|error| match error.kind() {
            io::ErrorKind::BrokenPipe => {
                self.stdout_closed.store(true, Ordering::Relaxed);
                WriteFailed::Closed
            }
            _ => WriteFailed::Failed(error),
        })
    }

    /// Writes the one document of a command, as JSON or as the text that `text` makes.
    pub(crate) fn document<D: Serialize>(
        &self,
        document: &D,
        text: impl FnOnce() -> TerminalText,
    ) -> Result<(), WriteFailed> {
        if self.json {
            self.write(&to_json(document))
        } else {
            self.data(&text())
        }
    }

    /// Writes one of many documents: JSON, on a line of its own.
    pub(crate) fn line<D: Serialize>(&self, document: &D) -> Result<(), WriteFailed> {
        self.write(&json_line(document))
    }

    /// A remark on standard error; nothing when quiet, nor where a program reads JSON lines there.
    pub(crate) fn note(&self, text: impl Into<TerminalText>) {
        if !self.quiet && (self.live || !self.json) {
            self.important(text);
        }
    }

    /// Words on standard error that are there even when quiet.
    pub(crate) fn important(&self, text: impl Into<TerminalText>) {
        self.tell(text.into().as_str());
    }

    /// A document on standard error, as JSON on a line of its own.
    pub(crate) fn important_line<D: Serialize>(&self, document: &D) {
        self.tell(&json_line(document));
    }

    /// Something that is risky and works: on standard error, as a line of JSON where a program reads those;
    /// nothing when quiet.
    pub(crate) fn warn(&self, warning: &str) {
        if self.quiet {
            return;
        }
        if self.json {
            self.important_line(&Warned { warning });
        } else {
            self.important(format!("warning: {warning}"));
        }
    }

    fn tell(&self, text: &str) {
        self.bars.suspend(|| {
            let mut stderr = io::stderr().lock();
            let _ = stderr
                .write_all(text.as_bytes())
                .and_then(|()| stderr.flush());
        });
    }
}

/// A document of ours as JSON text: plain structs with text keys, which serialise without fail.
fn to_json<D: Serialize>(document: &D) -> String {
    let text = serde_json::to_string_pretty(document).expect("our own plain structs serialise");
    escaped_json(&text) + "\n"
}

/// The same on one line.
fn json_line<D: Serialize>(document: &D) -> String {
    let text = serde_json::to_string(document).expect("our own plain structs serialise");
    escaped_json(&text) + "\n"
}
