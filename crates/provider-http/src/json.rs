//! Reading a provider's JSON: tolerant of fields that are odd, exact where money stands, and silent about
//! values when something is wrong.
//!
//! - An amount is taken as [`RawValue`] and read from its literal by [`amount_text`]: never through a float.
//! - An [`Identifier`] is its literal text: never rounded, never repaired.
//! - [`Text`], [`Number`] and [`Flag`] never fail on their type, so that one odd field loses nothing but
//!   itself. No value goes through a float.
//! - A [`Misfit`] says where a body is not what it should be, and shows no value: a value may be an
//!   activation code.

mod elements;
mod identifier;
mod literal;
mod reading;
mod value;
mod wire_time;

use std::fmt;

use roamport_domain::{Currency, Money};
use serde::Deserialize;
use serde_json::error::Category;
use serde_json::value::RawValue;

pub use self::elements::Elements;
pub use self::identifier::Identifier;
pub use self::reading::Reading;
pub use self::value::{Flag, Number, Text};
pub use self::wire_time::WireTime;
use crate::{Effect, Failure};

/// The literal of an amount, of a number or of a text that holds one; `None` for `null` and `""`.
///
/// ```
/// use serde_json::value::RawValue;
///
/// let raw: &RawValue = serde_json::from_str("9.809999999999999")?;
/// let text = roamport_provider_http::json::amount_text(raw);
/// assert_eq!(text, Some("9.809999999999999"));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn amount_text(raw: &RawValue) -> Option<&str> {
    let literal = raw.get().trim();
    let text = literal
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(literal);
    let text = text.trim();
    (!text.is_empty() && text != "null").then_some(text)
}

/// The object that the body of a successful answer is, as a `T`.
///
/// # Errors
///
/// [`Failure::unusable`]: it says where the body is not what it should be, and shows no value.
pub fn decode<'a, T: Deserialize<'a>>(
    effect: impl Into<Effect>,
    body: &'a [u8],
) -> Result<T, Failure> {
    let decoded = object_text(body)
        .and_then(|text| serde_json::from_str(text).map_err(|_| misfit::<T>(text)));
    decoded
        .map_err(|misfit| Failure::unusable(effect, format!("the answer cannot be read: {misfit}")))
}

/// An amount of this currency, from its literal; absent for `null` and `""`.
pub fn money(raw: &RawValue, currency: Currency) -> Reading<Money> {
    match amount_text(raw) {
        None => Reading::Absent,
        Some(text) => match Money::parse_amount(text, currency) {
            Ok(money) => Reading::Present(money),
            Err(_) => Reading::Unreadable("is no amount"),
        },
    }
}

/// A nested object; an empty one where it is missing or has another shape.
pub fn part<'a, T: Deserialize<'a> + Default>(raw: Option<&'a RawValue>) -> T {
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok())
        .unwrap_or_default()
}

/// The elements of a nested list, each still raw; `None` where it is missing, no list, or one of more than
/// [`Elements::MOST`].
pub fn list(raw: Option<&RawValue>) -> Option<Vec<&RawValue>> {
    let elements: Elements<'_> = serde_json::from_str(raw?.get()).ok()?;
    Some(elements.0)
}

/// Whether a value says anything: all but `null`, `false`, 0, `"0"`, an empty text, list or object. By it an
/// error field beside a success is told from one that is always sent.
pub fn holds_something(raw: &RawValue) -> bool {
    let text = raw.get();
    let inner = |open, close| {
        text.strip_prefix(open)
            .and_then(|rest| rest.strip_suffix(close))
            .map(str::trim)
    };
    let is_empty = inner('[', ']').or_else(|| inner('{', '}')) == Some("");
    let is_blank = inner('"', '"').is_some_and(|text| text.is_empty() || text == "0");
    let is_zero = text
        .parse::<serde_json::Number>()
        .is_ok_and(|_| text.bytes().all(|byte| matches!(byte, b'0' | b'.' | b'-')));
    !(is_empty || is_blank || is_zero || matches!(text, "null" | "false"))
}

/// Why a body is not the JSON it should be, in words that show no value of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// Where in the body: `data.items[2].id`. `None` where the whole is wrong.
    pub path: Option<String>,
    /// What is wrong there.
    pub words: String,
}

impl Misfit {
    fn whole(words: impl Into<String>) -> Self {
        Self {
            path: None,
            words: words.into(),
        }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => write!(formatter, "`{path}` {}", self.words),
            None => formatter.write_str(&self.words),
        }
    }
}

/// The text of a body that is to be read as an object.
///
/// # Errors
///
/// [`Misfit`] where it is not UTF-8, or a list: serde would read a struct from a list as well.
pub fn object_text(body: &[u8]) -> Result<&str, Misfit> {
    let text = std::str::from_utf8(body)
        .map_err(|error| Misfit::whole(format!("byte {} is not UTF-8", error.valid_up_to())))?;
    if text.trim_start().starts_with('[') {
        return Err(Misfit::whole("it is a list, not an object"));
    }
    Ok(text)
}

/// The object that a body is, where it is one that can be read as a `T`: for answers that may be anything, as
/// those to failed calls are.
pub fn find_object<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Option<T> {
    let text = std::str::from_utf8(body).ok()?;
    // A struct would be read from a list as well.
    let object = text.trim_start().starts_with('{');
    object.then(|| serde_json::from_str(text).ok()).flatten()
}

/// Why `text`, which could not be read as a `T`, could not. Reads it once more, slowly: for the failure
/// alone.
#[cold]
pub fn misfit<'a, T: Deserialize<'a>>(text: &'a str) -> Misfit {
    let mut reader = serde_json::Deserializer::from_str(text);
    let Err(error) = serde_path_to_error::deserialize::<_, T>(&mut reader) else {
        return Misfit::whole("there is something behind its end");
    };
    let inner = error.inner();
    match inner.classify() {
        Category::Eof => {
            Misfit::whole(format!("it ends in the middle, after {} bytes", text.len()))
        }
        Category::Syntax | Category::Io if text.trim_start().starts_with('<') => {
            Misfit::whole("it is an HTML page, not JSON")
        }
        Category::Syntax | Category::Io => Misfit::whole(format!(
            "it is no JSON (line {}, column {})",
            inner.line(),
            inner.column()
        )),
        Category::Data => Misfit {
            path: Some(error.path().to_string()),
            words: expectation(&inner.to_string()),
        },
    }
}

/// The part of serde's message that it wrote itself. The other part shows the value.
fn expectation(message: &str) -> String {
    let message = message
        .rsplit_once(" at line ")
        .map_or(message, |(before, _)| before);
    if let Some((_, expected)) = message.rsplit_once(", expected ") {
        format!("should be {expected}")
    } else if message.starts_with("more than ") {
        format!("holds {message}")
    } else if message.starts_with("missing field `") || message.starts_with("duplicate field `") {
        format!("has a {message}")
    } else {
        "is not what it should be".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Sample {
        #[expect(dead_code, reason = "only whether it can be read is asked")]
        items: Vec<u8>,
    }

    fn told(body: &[u8]) -> String {
        match object_text(body) {
            Ok(text) => misfit::<Sample>(text).to_string(),
            Err(misfit) => misfit.to_string(),
        }
    }

    #[rstest]
    #[case(b"", "it ends in the middle, after 0 bytes")]
    #[case(br#"{"items":[1"#, "it ends in the middle, after 11 bytes")]
    #[case(b" <html>K2-SECRET", "it is an HTML page, not JSON")]
    #[case(b"K2-SECRET", "it is no JSON (line 1, column 1)")]
    #[case(br#" [{"items":[]}]"#, "it is a list, not an object")]
    #[case(b"{\"a\":\"\xff\"}", "byte 6 is not UTF-8")]
    #[case(br#"{"items":[1,"K2-SECRET"]}"#, "`items[1]` should be u8")]
    #[case(br#"{"items":[256]}"#, "`items[0]` should be u8")]
    #[case(br#"{"K2-SECRET":1}"#, "`.` has a missing field `items`")]
    #[case(br#"{"items":[]} K2-SECRET"#, "there is something behind its end")]
    fn the_reason_names_the_place_and_no_value(#[case] body: &[u8], #[case] expected: &str) {
        assert_eq!(told(body), expected);
    }

    #[rstest]
    #[case("1.18", Some("1.18"))]
    #[case("\"1.18\"", Some("1.18"))]
    #[case("9.809999999999999", Some("9.809999999999999"))]
    #[case("1e2", Some("1e2"))]
    #[case("19000", Some("19000"))]
    #[case("\" 19000 \"", Some("19000"))]
    #[case("\"\"", None)]
    #[case("null", None)]
    fn an_amount_is_its_literal(#[case] json: &str, #[case] expected: Option<&str>) {
        let raw: &RawValue = serde_json::from_str(json).unwrap();
        assert_eq!(amount_text(raw), expected);
    }

    #[rstest]
    #[case(br#" {"items":[1]}"#, true)]
    #[case(b"[[1]]", false)]
    #[case(br#"{"items":"1"}"#, false)]
    #[case(br#"{"items":[1]"#, false)]
    #[case(b"<html>", false)]
    #[case(b"{\"items\":[],\"a\":\"\xff\"}", false)]
    #[case(b"", false)]
    fn only_an_object_is_an_object(#[case] body: &[u8], #[case] expected: bool) {
        assert_eq!(find_object::<Sample>(body).is_some(), expected);
    }

    #[rstest]
    #[case("null", false)]
    #[case("false", false)]
    #[case("0", false)]
    #[case("0.0", false)]
    #[case("-0", false)]
    #[case("\"\"", false)]
    #[case("\"  \"", false)]
    #[case("\"0\"", false)]
    #[case("[]", false)]
    #[case("[ ]", false)]
    #[case("{}", false)]
    #[case("true", true)]
    #[case("1", true)]
    #[case("0.1", true)]
    #[case("\"db down\"", true)]
    #[case("[0]", true)]
    #[case("{\"code\":0}", true)]
    fn a_value_holds_something_or_not(#[case] json: &str, #[case] expected: bool) {
        let raw: &RawValue = serde_json::from_str(json).unwrap();
        assert_eq!(holds_something(raw), expected);
    }

    #[test]
    fn a_part_of_another_shape_is_an_empty_one() {
        let raw: &RawValue = serde_json::from_str("[1,2]").unwrap();
        assert_eq!(part::<Vec<u8>>(Some(raw)), [1, 2]);
        assert_eq!(part::<String>(Some(raw)), "");
        assert_eq!(part::<String>(None), "");
    }

    #[test]
    fn only_a_list_is_a_list() {
        let raw: &RawValue = serde_json::from_str("[1,\"\",null]").unwrap();
        assert_eq!(list(Some(raw)).unwrap().len(), 3);
        let raw: &RawValue = serde_json::from_str("{\"a\":1}").unwrap();
        assert!(list(Some(raw)).is_none() && list(None).is_none());
    }
}
