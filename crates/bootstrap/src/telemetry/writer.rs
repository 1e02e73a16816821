//! The writer below the log: what a provider said cannot steer the terminal that shows it.

use std::io::{self, Write};

use tracing_subscriber::fmt::MakeWriter;

use crate::terminal::{escaped_json, visible};

/// How the lines of a log are made harmless.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LineForm {
    /// Text for a terminal without color: the line end alone stays.
    Plain,
    /// Text in color: the sequences that set color and weight stay, too.
    Colored,
    /// One JSON object a line.
    Json,
}

/// Makes writers that clean each event. An event is written at once, as one line.
#[derive(Clone, Debug)]
pub(super) struct CleanLines<W> {
    pub(super) inner: W,
    pub(super) form: LineForm,
}

impl<'writer, W: MakeWriter<'writer>> MakeWriter<'writer> for CleanLines<W> {
    type Writer = CleanWriter<W::Writer>;

    fn make_writer(&'writer self) -> Self::Writer {
        CleanWriter {
            inner: self.inner.make_writer(),
            form: self.form,
        }
    }
}

/// A writer of whole events.
pub(super) struct CleanWriter<W> {
    inner: W,
    form: LineForm,
}

impl<W: Write> Write for CleanWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let event = String::from_utf8_lossy(bytes);
        self.inner.write_all(self.form.clean(&event).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl LineForm {
    fn clean(self, event: &str) -> String {
        let line = event.strip_suffix('\n').unwrap_or(event);
        let end = &event[line.len()..];
        let mut clean = match self {
            Self::Plain => line.chars().map(visible).collect(),
            Self::Colored => colored(line),
            Self::Json => escaped_json(line),
        };
        clean.push_str(end);
        clean
    }
}

/// The sequences by which the log sets weight and color: `ESC [ n m` with n from 0 to 4 or 30 to 37.
const STYLES: [&str; 13] = [
    "0", "1", "2", "3", "4", "30", "31", "32", "33", "34", "35", "36", "37",
];

fn colored(line: &str) -> String {
    let mut clean = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(character) = rest.chars().next() {
        let style = STYLES.iter().find_map(|style| {
            let after = rest.strip_prefix("\u{1b}[")?.strip_prefix(style)?;
            after.strip_prefix('m')
        });
        if let Some(after) = style {
            clean.push_str(&rest[..rest.len() - after.len()]);
            rest = after;
        } else {
            clean.push(visible(character));
            rest = &rest[character.len_utf8()..];
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_end_of_an_event_is_the_only_one_that_stays() {
        assert_eq!(LineForm::Plain.clean("a\r\nb\n"), "a\u{fffd}\u{fffd}b\n");
        assert_eq!(LineForm::Plain.clean("\u{1b}[31ma"), "\u{fffd}[31ma");
    }

    #[test]
    fn in_color_only_color_and_weight_pass() {
        let event =
            "\u{1b}[2mnow\u{1b}[0m \u{1b}[31mred\u{1b}[0m \u{1b}[2J\u{1b}]0;t\u{7}\u{1b}[8m\n";
        let clean = LineForm::Colored.clean(event);
        assert_eq!(
            clean,
            "\u{1b}[2mnow\u{1b}[0m \u{1b}[31mred\u{1b}[0m \u{fffd}[2J\u{fffd}]0;t\u{fffd}\u{fffd}[8m\n"
        );
    }

    #[test]
    fn json_keeps_its_value() {
        let event = "{\"message\":\"a\u{202e}\\n\"}\n";
        assert_eq!(
            LineForm::Json.clean(event),
            "{\"message\":\"a\\u202e\\n\"}\n"
        );
    }
}
