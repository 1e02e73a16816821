//! Values as tolerantly as the provider may send them: text, whole numbers and flags that never fail
//! on their type, so that one odd field loses nothing but itself.

use std::borrow::Cow;
use std::fmt;

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// A text; missing, `null`, `""` and blanks alike are none. Numbers and flags are taken as text.
#[derive(Clone, Default)]
pub(crate) struct Text<'a>(Cow<'a, str>);

impl Text<'_> {
    /// The text, without the blanks around it, where there is one.
    pub(crate) fn get(&self) -> Option<&str> {
        let text = self.0.trim();
        (!text.is_empty()).then_some(text)
    }

    /// The text, or nothing.
    pub(crate) fn or_empty(&self) -> &str {
        self.0.trim()
    }
}

/// A whole number, as a number or as text: every number of this API is one. `None` where it is
/// missing, has decimals, is beyond 64 bits or is something else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Number(pub(crate) Option<i64>);

/// A flag, as `true`, `1` or their texts; `None` where the provider does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flag(pub(crate) Option<bool>);

impl Flag {
    /// Whether the provider says yes.
    pub(crate) fn is_set(self) -> bool {
        self.0 == Some(true)
    }

    /// Whether the provider says no.
    pub(crate) fn is_refused(self) -> bool {
        self.0 == Some(false)
    }
}

/// What the visitor made of any scalar.
enum Scalar<'a> {
    Text(Cow<'a, str>),
    Whole(i64),
    Flag(bool),
    Nothing,
}

impl<'a> From<Scalar<'a>> for Text<'a> {
    fn from(scalar: Scalar<'a>) -> Self {
        Self(match scalar {
            Scalar::Text(text) => text,
            Scalar::Whole(number) => Cow::Owned(number.to_string()),
            Scalar::Flag(flag) => Cow::Borrowed(if flag { "true" } else { "false" }),
            Scalar::Nothing => Cow::Borrowed(""),
        })
    }
}

impl From<Scalar<'_>> for Number {
    fn from(scalar: Scalar<'_>) -> Self {
        Self(match scalar {
            Scalar::Text(text) => text.trim().parse().ok(),
            Scalar::Whole(number) => Some(number),
            Scalar::Flag(_) | Scalar::Nothing => None,
        })
    }
}

impl From<Scalar<'_>> for Flag {
    fn from(scalar: Scalar<'_>) -> Self {
        let text = match &scalar {
            Scalar::Flag(flag) => return Self(Some(*flag)),
            Scalar::Whole(number) if (0..=1).contains(number) => return Self(Some(*number == 1)),
            Scalar::Text(text) => text.trim(),
            Scalar::Whole(_) | Scalar::Nothing => "",
        };
        let is = |word: &str| text.eq_ignore_ascii_case(word);
        Self(match () {
            () if is("true") || is("1") => Some(true),
            () if is("false") || is("0") => Some(false),
            () => None,
        })
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text, a number or a flag")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(number).map_or(Scalar::Nothing, Scalar::Whole))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Scalar::Whole(number))
    }

    // No amount of money comes this way. The shortest text of a float is what the provider wrote, and
    // that of a whole one has no decimals.
    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Owned(number.to_string())))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(Scalar::Flag(flag))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Scalar::Nothing)
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(Scalar::Nothing)
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Nothing)
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Self::Value, S::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Nothing)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(ScalarVisitor).map(Self::from)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(ScalarVisitor).map(Self::from)
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(ScalarVisitor).map(Self::from)
    }
}

/// The literal of an amount, of a number or of a text that holds one; `None` for `null` and `""`.
/// Money never goes through a float, so it is taken from here.
pub(crate) fn amount_text(raw: &RawValue) -> Option<&str> {
    let literal = raw.get().trim();
    let text = literal
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(literal);
    let text = text.trim();
    (!text.is_empty() && text != "null").then_some(text)
}

/// The elements of a nested list, each by itself; none where it is missing or no list, and an empty one
/// for an element of another shape.
pub(crate) fn list<'a, T: Deserialize<'a> + Default>(raw: Option<&'a RawValue>) -> Vec<T> {
    let elements: Vec<&'a RawValue> = raw
        .and_then(|raw| serde_json::from_str(raw.get()).ok())
        .unwrap_or_default();
    elements
        .into_iter()
        .map(|element| serde_json::from_str(element.get()).unwrap_or_default())
        .collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("\" a b \"", Some("a b"))]
    #[case("\"\"", None)]
    #[case("\"  \"", None)]
    #[case("null", None)]
    #[case("12", Some("12"))]
    #[case("-1.5", Some("-1.5"))]
    #[case("true", Some("true"))]
    #[case("[1,{\"a\":2}]", None)]
    #[case("{\"a\":[1]}", None)]
    #[case(r#""\u00c5land""#, Some("Åland"))]
    fn a_text_never_fails_on_its_type(#[case] json: &str, #[case] expected: Option<&str>) {
        assert_eq!(
            serde_json::from_str::<Text<'_>>(json).unwrap().get(),
            expected
        );
    }

    #[rstest]
    #[case("7", Some(7))]
    #[case("\" 7 \"", Some(7))]
    #[case("7.0", Some(7))]
    #[case("-3", Some(-3))]
    #[case("0.5", None)]
    #[case("9223372036854775807", Some(i64::MAX))]
    #[case("18446744073709551615", None)]
    #[case("1e300", None)]
    #[case("null", None)]
    #[case("\"\"", None)]
    #[case("\"seven\"", None)]
    #[case("{}", None)]
    #[case("[1]", None)]
    #[case("true", None)]
    fn a_number_may_be_written_as_text(#[case] json: &str, #[case] expected: Option<i64>) {
        assert_eq!(serde_json::from_str::<Number>(json).unwrap().0, expected);
    }

    #[rstest]
    #[case("true", Some(true))]
    #[case("\"true\"", Some(true))]
    #[case("\"False\"", Some(false))]
    #[case("1", Some(true))]
    #[case("0", Some(false))]
    #[case("2", None)]
    #[case("null", None)]
    #[case("\"yes?\"", None)]
    #[case("{\"a\":1}", None)]
    fn a_flag_may_be_written_as_text_or_number(#[case] json: &str, #[case] expected: Option<bool>) {
        assert_eq!(serde_json::from_str::<Flag>(json).unwrap().0, expected);
    }

    #[rstest]
    #[case("19000", Some("19000"))]
    #[case("\"19000\"", Some("19000"))]
    #[case("\"\"", None)]
    #[case("null", None)]
    fn an_amount_is_its_literal(#[case] json: &str, #[case] expected: Option<&str>) {
        let raw: &RawValue = serde_json::from_str(json).unwrap();
        assert_eq!(amount_text(raw), expected);
    }

    #[test]
    fn a_list_of_another_shape_is_an_empty_one() {
        let raw: &RawValue = serde_json::from_str("[1,\"\",null]").unwrap();
        assert_eq!(list::<Number>(Some(raw)).len(), 3);
        let raw: &RawValue = serde_json::from_str("{\"a\":1}").unwrap();
        assert!(list::<Number>(Some(raw)).is_empty() && list::<Number>(None).is_empty());
    }
}
