//! Values as tolerantly as a provider may send them: text, numbers and flags that never fail on their
//! type.

use std::borrow::Cow;
use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::Reading;
use super::literal::Literal;

/// Characters of the longest text that is kept: a note, or the words of an error.
const LONGEST_TEXT: usize = 2_000;
/// Characters of the longest name.
const LONGEST_NAME: usize = 200;

/// A text that is shown to people; missing, `null`, `""` and blanks alike are none. Numbers and flags are taken as
/// text, objects and lists as none. Half a surrogate pair becomes U+FFFD, and no more than 2,000 characters are
/// kept: whatever it says, it does not lose the row that it stands in.
///
/// `Debug` shows no character: it may be an activation code.
#[derive(Clone, Default)]
pub struct Text<'a>(Cow<'a, str>);

impl<'a> Text<'a> {
    /// This text.
    pub fn new(text: impl Into<Cow<'a, str>>) -> Self {
        Self(text.into())
    }

    /// The text, without the blanks around it, where there is one.
    pub fn get(&self) -> Option<&str> {
        let text = self.0.trim();
        (!text.is_empty()).then_some(text)
    }

    /// The text, or nothing.
    pub fn or_empty(&self) -> &str {
        self.0.trim()
    }

    /// The text as a name, of at most 200 characters.
    pub fn name(&self) -> Option<String> {
        self.get().map(|text| cut(text, LONGEST_NAME).into_owned())
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Text(…)")
    }
}

/// A number that is no money: whole or not, as a number or as text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Number {
    /// Missing, `null` or `""`.
    #[default]
    None,
    /// Without decimals.
    Whole(i64),
    /// With a fraction, or beyond 64 bits.
    Decimal(Decimal),
    /// Something else.
    Unreadable,
}

impl Number {
    /// The number where it has no decimals and 64 bits hold it.
    pub const fn whole(self) -> Option<i64> {
        match self {
            Self::Whole(number) => Some(number),
            Self::None | Self::Decimal(_) | Self::Unreadable => None,
        }
    }

    /// The number, none, or why what stands here is no number.
    pub fn read(self) -> Reading<Decimal> {
        match self {
            Self::None => Reading::Absent,
            Self::Whole(number) => Reading::Present(Decimal::from(number)),
            Self::Decimal(number) => Reading::Present(number),
            Self::Unreadable => Reading::Unreadable("is not a number"),
        }
    }

    /// The number.
    pub fn decimal(self) -> Option<Decimal> {
        match self {
            Self::Whole(number) => Some(Decimal::from(number)),
            Self::Decimal(number) => Some(number),
            Self::None | Self::Unreadable => None,
        }
    }

    fn of_text(text: &str) -> Self {
        let text = text.trim();
        if text.is_empty() {
            return Self::None;
        }
        if let Ok(number) = text.parse() {
            return Self::Whole(number);
        }
        let Ok(number) = Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text))
        else {
            return Self::Unreadable;
        };
        // `7.0` and `7e0` are 7, however they are written.
        let whole = number.fract().is_zero().then(|| i64::try_from(number));
        match whole {
            Some(Ok(number)) => Self::Whole(number),
            _ => Self::Decimal(number),
        }
    }
}

/// A flag, as `true`, `1` or their texts; `None` where the provider does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flag(pub Option<bool>);

impl Flag {
    /// Whether the provider says yes.
    pub fn is_set(self) -> bool {
        self.0 == Some(true)
    }

    /// Whether the provider says no.
    pub fn is_refused(self) -> bool {
        self.0 == Some(false)
    }
}

impl<'a> Text<'a> {
    /// The text that a value is.
    pub fn of(raw: &'a RawValue) -> Self {
        Self(match Literal::of(raw) {
            Literal::Text(Cow::Borrowed(text)) => cut(text, LONGEST_TEXT),
            Literal::Text(Cow::Owned(text)) | Literal::Repaired(text) => {
                Cow::Owned(cut(&text, LONGEST_TEXT).into_owned())
            }
            Literal::Number(digits) => Cow::Borrowed(digits),
            Literal::Flag(flag) => Cow::Borrowed(if flag { "true" } else { "false" }),
            Literal::Null | Literal::Container => Cow::Borrowed(""),
        })
    }
}

/// The text with an ellipsis for what is beyond the limit, which counts characters.
fn cut(text: &str, limit: usize) -> Cow<'_, str> {
    if text.len() <= limit || text.chars().nth(limit).is_none() {
        return Cow::Borrowed(text);
    }
    let mut kept: String = text.chars().take(limit - 1).collect();
    kept.push('…');
    Cow::Owned(kept)
}

impl Number {
    fn of(raw: &RawValue) -> Self {
        match Literal::of(raw) {
            Literal::Text(text) => Self::of_text(&text),
            Literal::Number(digits) => Self::of_text(digits),
            Literal::Null => Self::None,
            Literal::Repaired(_) | Literal::Flag(_) | Literal::Container => Self::Unreadable,
        }
    }
}

impl Flag {
    fn of(raw: &RawValue) -> Self {
        let literal = Literal::of(raw);
        let text = match &literal {
            Literal::Flag(flag) => return Self(Some(*flag)),
            Literal::Text(text) => text.trim(),
            Literal::Number(digits) => digits,
            Literal::Repaired(_) | Literal::Null | Literal::Container => "",
        };
        let is = |word: &str| text.eq_ignore_ascii_case(word);
        Self(if is("true") || is("1") {
            Some(true)
        } else if is("false") || is("0") {
            Some(false)
        } else {
            None
        })
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        <&RawValue>::deserialize(reader).map(Self::of)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        <&RawValue>::deserialize(reader).map(Self::of)
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        <&RawValue>::deserialize(reader).map(Self::of)
    }
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
    #[case("18446744073709551615", Some("18446744073709551615"))]
    #[case("89883030000012345012", Some("89883030000012345012"))]
    #[case("1.50", Some("1.50"))]
    #[case(r#""1 GB \ud83c""#, Some("1 GB \u{FFFD}"))]
    #[case("true", Some("true"))]
    #[case("[1,{\"a\":2}]", None)]
    #[case("{\"a\":[1]}", None)]
    #[case(r#""\u00c5land""#, Some("Åland"))]
    fn a_text_never_fails_on_its_type(#[case] json: &str, #[case] expected: Option<&str>) {
        let text: Text<'_> = serde_json::from_str(json).unwrap();
        assert_eq!(text.get(), expected);
        assert_eq!(text.or_empty(), expected.unwrap_or_default());
    }

    #[rstest]
    #[case("7", Number::Whole(7))]
    #[case("\" 7 \"", Number::Whole(7))]
    #[case("-3", Number::Whole(-3))]
    #[case("7.0", Number::Whole(7))]
    #[case("0.5", Number::Decimal(Decimal::new(5, 1)))]
    #[case("\"1e2\"", Number::Whole(100))]
    #[case("1.9E+4", Number::Whole(19_000))]
    #[case("1e400", Number::Unreadable)]
    #[case(
        "0.30000000000000000000000001",
        Number::Decimal(Decimal::from_i128_with_scale(30_000_000_000_000_000_000_000_001, 26))
    )]
    #[case("9007199254740991", Number::Whole(9_007_199_254_740_991))]
    #[case("9223372036854775807", Number::Whole(i64::MAX))]
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
    #[case("\"7.0\"", Some(7))]
    #[case("\"1e2\"", Some(100))]
    #[case("0.5", None)]
    #[case("18446744073709551615", None)]
    #[case("1e300", None)]
    #[case("null", None)]
    #[case("true", None)]
    fn a_whole_number_has_no_decimals_and_64_bits(
        #[case] json: &str,
        #[case] expected: Option<i64>,
    ) {
        let number: Number = serde_json::from_str(json).unwrap();
        assert_eq!(number.whole(), expected);
    }

    #[rstest]
    #[case("true", Some(true))]
    #[case("\"true\"", Some(true))]
    #[case("\"False\"", Some(false))]
    #[case("1", Some(true))]
    #[case("0", Some(false))]
    #[case("\"0\"", Some(false))]
    #[case("2", None)]
    #[case("-1", None)]
    #[case("0.5", None)]
    #[case("18446744073709551615", None)]
    #[case("null", None)]
    #[case("\"yes?\"", None)]
    #[case("{\"a\":1}", None)]
    fn a_flag_may_be_written_as_text_or_number(#[case] json: &str, #[case] expected: Option<bool>) {
        let flag: Flag = serde_json::from_str(json).unwrap();
        assert_eq!(flag.0, expected);
        assert_eq!(flag.is_set(), expected == Some(true));
        assert_eq!(flag.is_refused(), expected == Some(false));
    }

    #[rstest]
    #[case('a')]
    #[case('é')]
    #[case('🌍')]
    fn a_text_is_cut_at_reading(#[case] character: char) {
        let long: String = std::iter::repeat_n(character, 200_000).collect();
        let json = serde_json::to_string(&long).unwrap();
        let text: Text<'_> = serde_json::from_str(&json).unwrap();
        let shown = text.get().unwrap();
        assert_eq!(shown.chars().count(), LONGEST_TEXT);
        assert!(shown.ends_with('…'));
        assert_eq!(text.name().unwrap().chars().count(), LONGEST_NAME);
        let fits: String = std::iter::repeat_n(character, LONGEST_NAME).collect();
        assert_eq!(Text::new(fits.as_str()).name(), Some(fits));
    }

    #[test]
    fn debug_of_a_text_shows_no_character() {
        assert_eq!(format!("{:?}", Text::new("K2-SECRET")), "Text(…)");
    }
}
