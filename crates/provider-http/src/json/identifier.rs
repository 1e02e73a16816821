//! Identifiers: the characters that the provider wrote, or none.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::Reading;
use super::literal::Literal;

/// A name that is sent back to the provider or compared with one of ours: an id, a card number, a reference,
/// a phone number.
///
/// It is the text, or the digits of a whole number however many there are, without the blanks around it. A
/// number with a fraction or an exponent has been through a float at the provider's and names nothing
/// any more: it is unreadable, as a flag, an object, a list and a broken text are. Missing, `null` and `""` are none.
///
/// `Debug` shows no character: it may be a phone number or a PIN.
#[derive(Clone, Default)]
pub struct Identifier<'a>(Written<'a>);

#[derive(Clone, Default)]
enum Written<'a> {
    #[default]
    Absent,
    Text(Cow<'a, str>),
    Unreadable,
}

impl Identifier<'_> {
    /// The text, if there is one that can be read.
    pub fn get(&self) -> Option<&str> {
        match &self.0 {
            Written::Text(text) => Some(text),
            Written::Absent | Written::Unreadable => None,
        }
    }

    /// The text; empty if there is none that can be read.
    pub fn or_empty(&self) -> &str {
        self.get().unwrap_or_default()
    }

    /// The text, none, or why what stands here is no identifier.
    pub fn read(&self) -> Reading<&str> {
        match &self.0 {
            Written::Absent => Reading::Absent,
            Written::Text(text) => Reading::Present(text),
            Written::Unreadable => Reading::Unreadable(
                "is no identifier, but a broken text or a value of another kind",
            ),
        }
    }
}

impl<'a> Identifier<'a> {
    fn of(raw: &'a RawValue) -> Self {
        Self(match Literal::of(raw) {
            Literal::Text(text) => Written::of(text),
            Literal::Number(digits) if is_whole(digits) => Written::Text(Cow::Borrowed(digits)),
            Literal::Null => Written::Absent,
            Literal::Number(_) | Literal::Flag(_) | Literal::Container | Literal::Repaired(_) => {
                Written::Unreadable
            }
        })
    }
}

impl<'a> Written<'a> {
    fn of(text: Cow<'a, str>) -> Self {
        if text.trim().is_empty() {
            Self::Absent
        } else if text.contains(char::REPLACEMENT_CHARACTER) {
            Self::Unreadable
        } else if text.trim().len() == text.len() {
            Self::Text(text)
        } else {
            Self::Text(Cow::Owned(text.trim().to_owned()))
        }
    }
}

fn is_whole(number: &str) -> bool {
    number.bytes().all(|byte| byte.is_ascii_digit())
}

impl fmt::Debug for Identifier<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.0 {
            Written::Absent => "Identifier(none)",
            Written::Text(_) => "Identifier(…)",
            Written::Unreadable => "Identifier(unreadable)",
        })
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Identifier<'a> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        <&RawValue>::deserialize(reader).map(Self::of)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("89883030000012345012", Some("89883030000012345012"))]
    #[case("\" e-1 \"", Some("e-1"))]
    #[case("7", Some("7"))]
    #[case("0", Some("0"))]
    #[case(r#""\u0065-1""#, Some("e-1"))]
    #[case("\"\"", None)]
    #[case("\"  \"", None)]
    #[case("null", None)]
    fn an_identifier_is_its_literal_text(#[case] json: &str, #[case] expected: Option<&str>) {
        let identifier: Identifier<'_> = serde_json::from_str(json).unwrap();
        assert_eq!(identifier.get(), expected);
        assert_eq!(identifier.or_empty(), expected.unwrap_or_default());
        let reading = expected.map_or(Reading::Absent, Reading::Present);
        assert_eq!(identifier.read(), reading);
    }

    #[rstest]
    #[case("8.9883030000012345012e19")]
    #[case("89883030000012350000.0")]
    #[case("1E3")]
    #[case("-7")]
    #[case("true")]
    #[case("[\"e-1\"]")]
    #[case("{\"id\":\"e-1\"}")]
    #[case(r#""e-1\ud83c""#)]
    #[case("\"e-1\u{FFFD}\"")]
    fn what_has_been_rounded_or_broken_names_nothing(#[case] json: &str) {
        let identifier: Identifier<'_> = serde_json::from_str(json).unwrap();
        assert_eq!(identifier.get(), None);
        assert!(matches!(identifier.read(), Reading::Unreadable(_)));
    }

    #[test]
    fn debug_of_an_identifier_shows_no_character() {
        let identifier: Identifier<'_> = serde_json::from_str("4917000").unwrap();
        assert_eq!(format!("{identifier:?}"), "Identifier(…)");
    }

    proptest! {
        #[test]
        fn a_number_of_any_length_keeps_every_digit(digits in "[1-9][0-9]{0,40}") {
            let identifier: Identifier<'_> = serde_json::from_str(&digits).unwrap();
            prop_assert_eq!(identifier.get(), Some(digits.as_str()));
        }
    }
}
