//! Finds the values of a JSON text, valid or not, without the reader that is being tested.

use std::collections::HashSet;
use std::ops::Range;

/// Where a value stands in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The bytes of the value.
    pub value: Range<usize>,
    /// The bytes of its key with the quotation marks, if it is a member of an object.
    pub key: Option<Range<usize>>,
    /// How many objects and lists it stands in.
    pub depth: usize,
}

impl Span {
    /// The bytes of the value, and of its key if it has one.
    pub fn member(&self) -> Range<usize> {
        let start = self.key.as_ref().map_or(self.value.start, |key| key.start);
        start..self.value.end
    }
}

/// Every value of a text, inner ones before the value that holds them. Of a text that is no JSON: whatever looks
/// like a value.
pub fn spans(text: &[u8]) -> Vec<Span> {
    let mut found = Vec::new();
    let mut open: Vec<(usize, Option<Range<usize>>)> = Vec::new();
    let mut key = None;
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b'{' | b'[' => {
                open.push((at, key.take()));
                at += 1;
            }
            b'}' | b']' => {
                at += 1;
                if let Some((start, key)) = open.pop() {
                    found.push(Span {
                        value: start..at,
                        key,
                        depth: open.len(),
                    });
                }
            }
            b',' | b':' | b' ' | b'\n' | b'\r' | b'\t' => at += 1,
            b'"' => {
                let end = string_end(text, at);
                let next = text[end..]
                    .iter()
                    .position(|byte| !byte.is_ascii_whitespace());
                if next.is_some_and(|next| text[end + next] == b':') {
                    key = Some(at..end);
                } else {
                    found.push(Span {
                        value: at..end,
                        key: key.take(),
                        depth: open.len(),
                    });
                }
                at = end;
            }
            _ => {
                let ends = |byte: &u8| b"{}[],:\" \n\r\t".contains(byte);
                let end = text[at..].iter().position(ends);
                let end = end.map_or(text.len(), |length| at + length);
                found.push(Span {
                    value: at..end,
                    key: key.take(),
                    depth: open.len(),
                });
                at = end;
            }
        }
    }
    found
}

/// The first byte after the string that begins at `start`.
fn string_end(text: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

/// Every scalar of a text as it is written: strings unescaped and without the blanks around them, numbers digit
/// by digit.
pub fn literals(text: &str) -> HashSet<String> {
    let bytes = text.as_bytes();
    let literal = |span: Span| {
        let value = text.get(span.value)?;
        match value.as_bytes().first() {
            Some(b'{' | b'[') => None,
            Some(b'"') => {
                let text: String = serde_json::from_str(value).ok()?;
                Some(text.trim().to_owned())
            }
            _ => Some(value.to_owned()),
        }
    };
    spans(bytes).into_iter().filter_map(literal).collect()
}

/// The values of the members of the outermost object under this name, as they are written. A name that stands
/// twice has two.
pub fn members<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let named = |span: &Span| {
        let key = span.key.clone().and_then(|key| text.get(key));
        let key: Option<String> = key.and_then(|key| serde_json::from_str(key).ok());
        span.depth == 1 && key.as_deref() == Some(name)
    };
    let spans = spans(text.as_bytes()).into_iter().filter(named);
    spans.filter_map(|span| text.get(span.value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_a_span() {
        let text = br#"{"a":[1,"x\"y"],"b":{"c":null}}"#;
        let found: Vec<_> = spans(text)
            .into_iter()
            .map(|span| {
                (
                    String::from_utf8_lossy(&text[span.member()]).into_owned(),
                    span.depth,
                )
            })
            .collect();
        let expected = [
            ("1", 2),
            (r#""x\"y""#, 2),
            (r#""a":[1,"x\"y"]"#, 1),
            (r#""c":null"#, 2),
            (r#""b":{"c":null}"#, 1),
            (r#"{"a":[1,"x\"y"],"b":{"c":null}}"#, 0),
        ];
        assert_eq!(
            found,
            expected.map(|(text, depth)| (text.to_owned(), depth))
        );
    }

    #[test]
    fn a_text_that_is_no_json_has_spans_too() {
        for text in [
            "",
            "\"",
            "\"\\",
            "{",
            "}{",
            "]]",
            "{\"a\":",
            "nul\u{e9}",
            "1 2",
            "\\",
        ] {
            for span in spans(text.as_bytes()) {
                assert!(span.value.end <= text.len(), "{text}: {span:?}");
            }
        }
    }

    #[test]
    fn a_literal_is_unescaped_and_never_rounded() {
        let found = literals(r#"{"a":" \u0065-1 ","b":89883030000012345012,"c":[1.50]}"#);
        let expected = ["e-1", "89883030000012345012", "1.50"].map(str::to_owned);
        assert_eq!(found, HashSet::from(expected));
    }

    #[test]
    fn a_name_that_stands_twice_has_two_members() {
        let text = r#"{"obj":1,"x":{"obj":2},"obj":{"a":1},"OBJ":3}"#;
        assert_eq!(members(text, "obj"), ["1", r#"{"a":1}"#]);
    }
}
