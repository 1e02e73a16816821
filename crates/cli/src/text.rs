//! Text for a terminal: its line breaks are ours, and no line of it can steer the terminal.

use std::fmt;

use roamport_bootstrap::terminal::one_line;

/// Text of whole lines, the one thing that is written to a terminal.
///
/// Whatever a provider said gets into it as part of one line, and is made harmless there; so is what a
/// person typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TerminalText(String);

impl TerminalText {
    /// No line.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// One line of these words, without control characters, of bounded length.
    pub(crate) fn line(words: impl fmt::Display) -> Self {
        let mut line = one_line(&words.to_string());
        line.truncate(line.trim_end().len());
        line.push('\n');
        Self(line)
    }

    /// Text of this program's own, as it is: a page of the reference, a picture. Holds no word of a
    /// provider.
    pub(crate) fn of_program(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Adds a line of these words.
    pub(crate) fn push_line(&mut self, words: impl fmt::Display) {
        self.push(Self::line(words));
    }

    /// Adds an empty line.
    pub(crate) fn push_gap(&mut self) {
        self.0.push('\n');
    }

    /// Adds the lines of another text.
    pub(crate) fn push(&mut self, other: impl Into<Self>) {
        self.0.push_str(&other.into().0);
    }

    /// The same after an empty line.
    #[must_use]
    pub(crate) fn after_gap(self) -> Self {
        Self(format!("\n{}", self.0))
    }

    /// The text, each line ended.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for TerminalText {
    fn from(words: &str) -> Self {
        Self::line(words)
    }
}

impl From<&String> for TerminalText {
    fn from(words: &String) -> Self {
        Self::line(words)
    }
}

impl From<String> for TerminalText {
    fn from(words: String) -> Self {
        Self::line(words)
    }
}

impl fmt::Display for TerminalText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_never_make_a_second_line() {
        let mut text = TerminalText::line("1 GB\nTotal  0.00 USD\r\u{1b}[2K");
        text.push_line("Total  6.22 USD");
        assert_eq!(text.as_str().lines().count(), 2, "{text}");
        assert!(!text.as_str().contains('\u{1b}'), "{text}");
    }
}
