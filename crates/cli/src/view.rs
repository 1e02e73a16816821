//! How domain things are shown: the command line's own JSON types, and text for people.
//!
//! The JSON types are a contract of their own: money as text with its currency, data in bytes,
//! moments in RFC 3339. A domain type may change without changing them.

mod duplicates;
pub(crate) mod esim;
pub(crate) mod order;
pub(crate) mod package;
pub(crate) mod provider;
pub(crate) mod reconcile;
pub(crate) mod usage;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use roamport_domain::Money;
use serde::Serialize;

use crate::text::TerminalText;

/// An amount: decimal text and ISO 4217 code.
#[derive(Debug, Serialize)]
pub(crate) struct MoneyJson {
    amount: String,
    currency: &'static str,
}

impl From<Money> for MoneyJson {
    fn from(money: Money) -> Self {
        let shown = money.to_string();
        let amount = shown.split(' ').next().unwrap_or_default().to_owned();
        Self {
            amount,
            currency: money.currency().code(),
        }
    }
}

/// A moment for a person, to the second, in UTC: `2026-11-23 08:42:10 UTC`.
pub(crate) fn moment(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC)
        .strftime("%Y-%m-%d %H:%M:%S UTC")
        .to_string()
}

/// The time of day of a moment, in UTC: `08:42:10 UTC`.
pub(crate) fn time_of_day(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC)
        .strftime("%H:%M:%S UTC")
        .to_string()
}

/// `1 eSIM`, `3 eSIMs`.
pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    if count == 1 {
        format!("1 {one}")
    } else {
        format!("{count} {many}")
    }
}

/// Lines of `label  value`, the values under each other; an absent value makes no line.
pub(crate) fn facts(facts: &[(&str, Option<String>)]) -> TerminalText {
    let given = || {
        facts
            .iter()
            .filter_map(|(label, value)| Some((label, value.as_ref()?)))
    };
    let width = given()
        .map(|(label, _)| label.chars().count())
        .max()
        .unwrap_or_default();
    let mut text = TerminalText::new();
    for (label, value) in given() {
        text.push_line(format_args!("{label:width$}  {value}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use roamport_domain::money::Currency;

    use super::*;

    #[test]
    fn money_is_text_with_the_currencys_decimals() {
        let json = |amount: &str, currency| {
            let money = Money::parse_amount(amount, currency).unwrap();
            serde_json::to_string(&MoneyJson::from(money)).unwrap()
        };
        assert_eq!(
            json("3.5", Currency::USD),
            r#"{"amount":"3.50","currency":"USD"}"#
        );
        assert_eq!(
            json("-0.0025", Currency::USD),
            r#"{"amount":"-0.0025","currency":"USD"}"#
        );
        assert_eq!(
            json("120", Currency::JPY),
            r#"{"amount":"120","currency":"JPY"}"#
        );
    }

    #[test]
    fn facts_stand_under_each_other_and_absent_ones_are_left_out() {
        let text = facts(&[
            ("ICCID", Some("8988".into())),
            ("PIN", None),
            ("Provider", Some("x".into())),
        ]);
        assert_eq!(text.as_str(), "ICCID     8988\nProvider  x\n");
    }

    #[test]
    fn a_moment_says_its_time_zone() {
        assert_eq!(moment(Timestamp::UNIX_EPOCH), "1970-01-01 00:00:00 UTC");
    }
}
