//! Moments, in every form that says which one is meant.

use jiff::Timestamp;
use jiff::fmt::strtime;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::Reading;
use super::literal::Literal;

/// From here on a whole number counts milliseconds: in seconds it would be the year 5138.
const MILLISECONDS_FROM: i64 = 100_000_000_000;

/// A moment as Unix seconds or milliseconds, as a number or as text, or as ISO 8601 with an offset (`Z`, `+00:00`,
/// `+0000`). Missing, `null`, `""`, 0 and −1 are none. A text without an offset names no moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct WireTime(Reading<Timestamp>);

impl WireTime {
    /// The moment, none, or why it cannot be told.
    pub fn read(self) -> Reading<Timestamp> {
        self.0
    }

    fn of(raw: &RawValue) -> Self {
        Self(match Literal::of(raw) {
            Literal::Text(text) => moment(text.trim()),
            Literal::Number(digits) => moment(digits),
            Literal::Null => Reading::Absent,
            Literal::Repaired(_) | Literal::Flag(_) | Literal::Container => {
                Reading::Unreadable("is not a time")
            }
        })
    }
}

fn moment(text: &str) -> Reading<Timestamp> {
    if text.is_empty() {
        return Reading::Absent;
    }
    if let Ok(number) = text.parse::<i64>() {
        let moment = match number {
            -1 | 0 => return Reading::Absent,
            seconds @ 1..MILLISECONDS_FROM => Timestamp::from_second(seconds),
            milliseconds if milliseconds > 0 => Timestamp::from_millisecond(milliseconds),
            _ => return Reading::Unreadable("is not a time"),
        };
        return moment.map_or(Reading::Unreadable("is out of range"), Reading::Present);
    }
    let parsed = text.parse().ok().or_else(|| {
        let parsed = strtime::parse("%Y-%m-%dT%H:%M:%S%.f%z", text).ok()?;
        parsed.to_timestamp().ok()
    });
    match parsed {
        Some(moment) => Reading::Present(moment),
        None if text.parse::<jiff::civil::DateTime>().is_ok() => {
            Reading::Unreadable("is a time without an offset from UTC")
        }
        None => Reading::Unreadable("is not a time"),
    }
}

impl<'de> Deserialize<'de> for WireTime {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        <&RawValue>::deserialize(reader).map(Self::of)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn read(json: &str) -> Reading<Timestamp> {
        serde_json::from_str::<WireTime>(json).unwrap().read()
    }

    #[rstest]
    #[case("1795166047")]
    #[case("\"1795166047\"")]
    #[case("1795166047000")]
    #[case("\"1795166047000\"")]
    #[case("\"2026-11-20T09:14:07Z\"")]
    #[case("\"2026-11-20T09:14:07+00:00\"")]
    #[case("\"2026-11-20T09:14:07+0000\"")]
    #[case("\"2026-11-20T10:14:07+0100\"")]
    #[case("\" 2026-11-20 09:14:07Z \"")]
    fn a_moment_is_read_in_every_form_that_names_one(#[case] json: &str) {
        let expected = Timestamp::from_second(1_795_166_047).unwrap();
        assert_eq!(read(json), Reading::Present(expected));
    }

    #[test]
    fn a_part_of_a_second_is_kept() {
        let expected = "2026-11-20T09:14:07.25Z".parse().unwrap();
        for json in ["\"2026-11-20T09:14:07.250+0000\"", "1795166047250"] {
            assert_eq!(read(json), Reading::Present(expected), "{json}");
        }
    }

    #[rstest]
    #[case("null")]
    #[case("\"\"")]
    #[case("\" \"")]
    #[case("0")]
    #[case("-1")]
    #[case("\"-1\"")]
    fn no_moment_is_absent(#[case] json: &str) {
        assert_eq!(read(json), Reading::Absent);
    }

    #[rstest]
    #[case("\"2026-11-20T09:14:07\"", "is a time without an offset from UTC")]
    #[case("\"2026-11-20\"", "is a time without an offset from UTC")]
    #[case("\"2026-13-20T09:14:07+0000\"", "is not a time")]
    #[case("\"soon\"", "is not a time")]
    #[case("-5", "is not a time")]
    #[case("1.5", "is not a time")]
    #[case("true", "is not a time")]
    #[case("{}", "is not a time")]
    #[case("[1795166047]", "is not a time")]
    #[case("9223372036854775807", "is out of range")]
    fn what_names_no_moment_is_unreadable_and_not_absent(
        #[case] json: &str,
        #[case] why: &'static str,
    ) {
        assert_eq!(read(json), Reading::Unreadable(why));
    }
}
