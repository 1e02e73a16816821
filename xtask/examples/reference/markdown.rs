//! The little Markdown that the pages need: tables, lists, blocks of text.

use std::fmt::Write as _;

/// Adds a table with a blank line behind it.
pub(super) fn table(text: &mut String, head: Vec<String>, rows: Vec<Vec<String>>) {
    let rule = head.iter().map(|_| "---".to_owned()).collect();
    for cells in [head, rule].into_iter().chain(rows) {
        row(text, cells);
    }
    text.push('\n');
}

fn row(text: &mut String, cells: Vec<String>) {
    for cell in cells {
        let cell = cell.replace('|', "\\|").replace('\n', " ");
        write(text, format_args!("| {cell} "));
    }
    text.push_str("|\n");
}

/// Adds an item of a list: what it is about in bold, and words about it.
pub(super) fn item(text: &mut String, what: &str, words: &str) {
    write(text, format_args!("- **{what}**: {words}\n"));
}

/// Adds a heading of this level, from 1.
pub(super) fn heading(text: &mut String, level: usize, words: &str) {
    write(text, format_args!("{} {words}\n\n", "#".repeat(level)));
}

/// Adds a paragraph.
pub(super) fn paragraph(text: &mut String, words: &str) {
    write(text, format_args!("{words}\n\n"));
}

/// Adds lines that stay as they are, in the given language.
pub(super) fn block(text: &mut String, language: &str, lines: &str) {
    write(
        text,
        format_args!("```{language}\n{}\n```\n\n", lines.trim_end()),
    );
}

/// The text as code within a line.
pub(super) fn code(text: impl std::fmt::Display) -> String {
    format!("`{text}`")
}

/// A text that begins as a sentence does.
pub(super) fn capital(words: &str) -> String {
    let mut characters = words.chars();
    match characters.next() {
        Some(first) => format!("{}{}", first.to_uppercase(), characters.as_str()),
        None => String::new(),
    }
}

fn write(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments)
        .expect("a String takes whatever is written to it");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_cannot_end_its_row() {
        let mut text = String::new();
        let cells = |texts: [&str; 2]| texts.map(str::to_owned).to_vec();
        table(
            &mut text,
            cells(["A", "B"]),
            vec![cells(["one|two", "three\nfour"])],
        );
        assert_eq!(
            text,
            "| A | B |\n| --- | --- |\n| one\\|two | three four |\n\n"
        );
    }

    #[test]
    fn a_sentence_begins_with_a_capital_letter() {
        assert_eq!(capital("ärger"), "Ärger");
        assert_eq!(capital(""), "");
    }
}
