//! A value as it is written in the JSON: the one place where texts, numbers and flags are told apart.

use std::borrow::Cow;

use serde_json::value::RawValue;

/// A JSON value, with the text or the digits that the provider wrote.
pub(super) enum Literal<'a> {
    /// A string, unescaped.
    Text(Cow<'a, str>),
    /// A string with half of a surrogate pair in it, which stands for no character. Each half is replaced by
    /// U+FFFD.
    Repaired(String),
    /// The characters of a number. They never become a float.
    Number(&'a str),
    Flag(bool),
    Null,
    /// An object or a list.
    Container,
}

impl<'a> Literal<'a> {
    pub(super) fn of(raw: &'a RawValue) -> Self {
        let json = raw.get();
        match json.as_bytes().first() {
            Some(b'"') => Self::text(json),
            Some(b'{' | b'[') => Self::Container,
            Some(b't') => Self::Flag(true),
            Some(b'f') => Self::Flag(false),
            Some(b'n') | None => Self::Null,
            Some(_) => Self::Number(json),
        }
    }

    fn text(json: &'a str) -> Self {
        let inner = &json[1..json.len() - 1];
        if !inner.contains('\\') {
            return Self::Text(Cow::Borrowed(inner));
        }
        match serde_json::from_str(json) {
            Ok(text) => Self::Text(Cow::Owned(text)),
            // The string was read as a raw value before, so that nothing but a surrogate is wrong with it.
            Err(_) => Self::Repaired(serde_json::from_str(&repaired(json)).unwrap_or_default()),
        }
    }
}

/// The JSON string with `\ufffd` in the place of every surrogate that has no other half.
fn repaired(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = match (surrogate(rest), rest.get(6..).and_then(surrogate)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 12,
            (Some(_), _) => {
                text.push_str("\\ufffd");
                rest = &rest[6..];
                continue;
            }
            // An escape of two characters; what follows in a longer one holds no backslash.
            (None, _) => 2,
        };
        text.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    text.push_str(rest);
    text
}

/// The surrogate that the text begins with as an escape: `\ud83c`.
fn surrogate(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u16::from_str_radix(digits, 16)
        .ok()
        .filter(|unit| (0xD800..=0xDFFF).contains(unit))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(r#""1 GB \ud83c""#, r#""1 GB \ufffd""#)]
    #[case(r#""\udf0d\uD83C!""#, r#""\ufffd\ufffd!""#)]
    #[case(
        r#""\ud83c\udf0d \ud83c\n\\ud83c""#,
        r#""\ud83c\udf0d \ufffd\n\\ud83c""#
    )]
    #[case(r#""\ud83c\ud83c\udf0d""#, r#""\ufffd\ud83c\udf0d""#)]
    #[case(r#""é\u00e9\ud8""#, r#""é\u00e9\ud8""#)]
    fn half_a_surrogate_pair_is_replaced_and_nothing_else(
        #[case] json: &str,
        #[case] expected: &str,
    ) {
        assert_eq!(repaired(json), expected);
    }
}
