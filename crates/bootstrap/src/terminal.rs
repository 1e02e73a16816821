//! Text that came from outside, made harmless to a terminal: its only control characters are ours.

use std::fmt::Write as _;

/// The longest line that [`one_line`] shows, in characters.
pub const LONGEST_LINE: usize = 2_000;

/// Whether a character can move the cursor, forge a line, turn the direction of writing, or stand where
/// nobody sees it: the control characters of ISO 6429 (C0, DEL, C1), line and paragraph separators, the
/// bidirectional controls of Unicode's UAX #9, and the invisible characters of category Cf.
///
/// ```
/// use roamport_bootstrap::terminal::is_control;
///
/// assert!(['\u{1b}', '\n', '\u{9b}', '\u{202e}', '\u{200b}'].into_iter().all(is_control));
/// assert!(!['a', 'é', '中', '→', '█'].into_iter().any(is_control));
/// ```
pub fn is_control(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// The text as one line for a terminal: each [control](is_control) character becomes U+FFFD, and what is
/// longer than [`LONGEST_LINE`] ends in `…`.
///
/// ```
/// use roamport_bootstrap::terminal::one_line;
///
/// assert_eq!(one_line("1 GB\r\nTotal  0.00 USD"), "1 GB\u{fffd}\u{fffd}Total  0.00 USD");
/// ```
pub fn one_line(text: &str) -> String {
    let mut characters = text.chars();
    let mut line: String = characters
        .by_ref()
        .take(LONGEST_LINE)
        .map(visible)
        .collect();
    if characters.next().is_some() {
        line.push('…');
    }
    line
}

/// JSON with each [control](is_control) character of its texts written as an escape. JSON itself asks for
/// that below U+0020 alone; the value stays the same. Line breaks between its texts stay.
///
/// ```
/// use roamport_bootstrap::terminal::escaped_json;
///
/// assert_eq!(escaped_json("[\"a\u{202e}\"]\n"), "[\"a\\u202e\"]\n");
/// ```
pub fn escaped_json(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        if character == '\n' || !is_control(character) {
            escaped.push(character);
            continue;
        }
        let mut units = [0; 2];
        for unit in character.encode_utf16(&mut units) {
            write!(escaped, "\\u{unit:04x}").expect("writing to a String cannot fail");
        }
    }
    escaped
}

/// The character, or U+FFFD in the place of a control character.
pub(crate) fn visible(character: char) -> char {
    if is_control(character) {
        char::REPLACEMENT_CHARACTER
    } else {
        character
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_long_text_is_cut_at_a_character() {
        let line = one_line(&"ä".repeat(LONGEST_LINE + 1));
        assert_eq!(line.chars().count(), LONGEST_LINE + 1);
        assert!(line.ends_with("ä…"));
        assert_eq!(
            one_line(&"ä".repeat(LONGEST_LINE)).chars().count(),
            LONGEST_LINE
        );
    }

    proptest! {
        #[test]
        fn no_text_leaves_a_control_character(text in any::<String>()) {
            prop_assert!(!one_line(&text).chars().any(is_control));
        }

        #[test]
        fn escaped_json_has_the_same_value_and_no_control_character(text in any::<String>()) {
            let json = serde_json::to_string(&text).unwrap();
            let escaped = escaped_json(&json);
            prop_assert!(!escaped.chars().any(is_control));
            prop_assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), text);
        }
    }
}
