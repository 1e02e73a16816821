//! Values as tolerantly as the provider may send them: text, numbers and flags that never fail on
//! their type, so that one odd field loses nothing but itself.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
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

struct TextVisitor;

macro_rules! empty_on_containers {
    ($lifetime:lifetime, $empty:expr) => {
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok($empty)
        }

        fn visit_none<E>(self) -> Result<Self::Value, E> {
            Ok($empty)
        }

        fn visit_map<M: MapAccess<$lifetime>>(self, mut map: M) -> Result<Self::Value, M::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok($empty)
        }
    };
}

macro_rules! empty_on_lists {
    ($lifetime:lifetime, $empty:expr) => {
        fn visit_seq<S: SeqAccess<$lifetime>>(self, mut list: S) -> Result<Self::Value, S::Error> {
            while list.next_element::<IgnoredAny>()?.is_some() {}
            Ok($empty)
        }
    };
}

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(number.to_string())))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(number.to_string())))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(number.to_string())))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(Text(Cow::Borrowed(if flag { "true" } else { "false" })))
    }

    empty_on_containers!('de, Text::default());
    empty_on_lists!('de, Text::default());
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(TextVisitor)
    }
}

/// Several texts; one alone counts as a list of one, anything else as none.
#[derive(Default)]
pub(crate) struct Texts<'a>(pub(crate) Vec<Text<'a>>);

impl Texts<'_> {
    /// The texts that say something.
    pub(crate) fn owned(&self) -> Vec<String> {
        self.0
            .iter()
            .filter_map(Text::get)
            .map(str::to_owned)
            .collect()
    }
}

struct TextsVisitor;

impl<'de> Visitor<'de> for TextsVisitor {
    type Value = Texts<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of texts")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Texts(vec![Text(Cow::Borrowed(text))]))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Texts(vec![Text(Cow::Owned(text.to_owned()))]))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Texts::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Texts::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Texts::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Texts::default())
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Self::Value, S::Error> {
        let mut texts = Vec::new();
        while let Some(text) = list.next_element()? {
            texts.push(text);
        }
        Ok(Texts(texts))
    }

    empty_on_containers!('de, Texts::default());
}

impl<'de: 'a, 'a> Deserialize<'de> for Texts<'a> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(TextsVisitor)
    }
}

/// A number that is no money: whole or not, as a number or as text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Number {
    /// Missing, `null` or `""`.
    #[default]
    None,
    /// Without decimals.
    Whole(i64),
    /// With decimals, or beyond 64 bits.
    Decimal(Decimal),
    /// Something else.
    Unreadable,
}

impl Number {
    /// The number where it has no decimals.
    pub(crate) fn whole(self) -> Option<i64> {
        match self {
            Self::Whole(number) => Some(number),
            Self::Decimal(number) if number.fract().is_zero() => i64::try_from(number).ok(),
            Self::None | Self::Decimal(_) | Self::Unreadable => None,
        }
    }

    /// The number.
    pub(crate) fn decimal(self) -> Option<Decimal> {
        match self {
            Self::Whole(number) => Some(Decimal::from(number)),
            Self::Decimal(number) => Some(number),
            Self::None | Self::Unreadable => None,
        }
    }

    fn read(text: &str) -> Self {
        let text = text.trim();
        if text.is_empty() {
            return Self::None;
        }
        if let Ok(number) = text.parse() {
            return Self::Whole(number);
        }
        Decimal::from_str(text)
            .or_else(|_| Decimal::from_scientific(text))
            .map_or(Self::Unreadable, Self::Decimal)
    }
}

struct NumberVisitor;

impl<'de> Visitor<'de> for NumberVisitor {
    type Value = Number;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a number")
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(number).map_or_else(|_| Number::Decimal(number.into()), Number::Whole))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Number::Whole(number))
    }

    // No amount of money comes this way. The shortest text of a float is what the provider wrote.
    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Number::read(&number.to_string()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Number::read(text))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Number::Unreadable)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Number::None)
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(Number::None)
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Number::Unreadable)
    }

    empty_on_lists!('de, Number::Unreadable);
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(NumberVisitor)
    }
}

/// A flag, as `true`, `1` or their texts; `None` where the provider does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flag(pub(crate) Option<bool>);

impl Flag {
    /// Whether the provider says yes.
    pub(crate) fn is_set(self) -> bool {
        self.0 == Some(true)
    }
}

struct FlagVisitor;

impl<'de> Visitor<'de> for FlagVisitor {
    type Value = Flag;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("true or false")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(Flag(Some(flag)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Flag((number <= 1).then_some(number == 1)))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Flag(None))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Flag(None))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        let text = text.trim();
        let is = |word: &str| text.eq_ignore_ascii_case(word);
        Ok(Flag(if is("true") || is("1") {
            Some(true)
        } else if is("false") || is("0") {
            Some(false)
        } else {
            None
        }))
    }

    empty_on_containers!('de, Flag(None));
    empty_on_lists!('de, Flag(None));
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(FlagVisitor)
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

/// A nested object; an empty one where it is missing or has another shape.
pub(crate) fn part<'a, T: Deserialize<'a> + Default>(raw: Option<&'a RawValue>) -> T {
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok())
        .unwrap_or_default()
}

/// The elements of a nested list, each still raw; `None` where it is missing or no list.
pub(crate) fn list(raw: Option<&RawValue>) -> Option<Vec<&RawValue>> {
    serde_json::from_str(raw?.get()).ok()
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
    #[case("7", Number::Whole(7))]
    #[case("\"7\"", Number::Whole(7))]
    #[case("7.0", Number::Whole(7))]
    #[case("0.5", Number::Decimal(Decimal::new(5, 1)))]
    #[case("\"1e2\"", Number::Decimal(Decimal::from(100)))]
    #[case("9007199254740991", Number::Whole(9_007_199_254_740_991))]
    #[case("18446744073709551615", Number::Decimal(Decimal::from(u64::MAX)))]
    #[case("null", Number::None)]
    #[case("\"\"", Number::None)]
    #[case("\"seven\"", Number::Unreadable)]
    #[case("{}", Number::Unreadable)]
    #[case("[1]", Number::Unreadable)]
    #[case("true", Number::Unreadable)]
    #[case("1e300", Number::Unreadable)]
    fn a_number_may_be_written_as_text(#[case] json: &str, #[case] expected: Number) {
        assert_eq!(serde_json::from_str::<Number>(json).unwrap(), expected);
    }

    #[rstest]
    #[case("true", Some(true))]
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
    #[case("[\"4G\",\"\",null,5]", &["4G", "5"])]
    #[case("\"4G\"", &["4G"])]
    #[case("null", &[])]
    #[case("{\"a\":\"4G\"}", &[])]
    fn texts_may_be_one_text(#[case] json: &str, #[case] expected: &[&str]) {
        assert_eq!(
            serde_json::from_str::<Texts<'_>>(json).unwrap().owned(),
            expected
        );
    }

    #[rstest]
    #[case("1.18", Some("1.18"))]
    #[case("\"1.18\"", Some("1.18"))]
    #[case("9.809999999999999", Some("9.809999999999999"))]
    #[case("1e2", Some("1e2"))]
    #[case("\"\"", None)]
    #[case("null", None)]
    fn an_amount_is_its_literal(#[case] json: &str, #[case] expected: Option<&str>) {
        let raw: &RawValue = serde_json::from_str(json).unwrap();
        assert_eq!(amount_text(raw), expected);
    }
}
