//! From the provider's JSON to the domain's words: total, so that every body gives a value or says
//! why it gives none.

mod esim;
mod order;
mod package;
mod place;
mod usage;

use jiff::Timestamp;
use jiff::tz::Offset;
use roamport_domain::{Currency, Iccid, Money};
use roamport_provider_http::json::{Identifier, Reading, amount_text};
use rust_decimal::Decimal;
use serde_json::value::RawValue;

pub(crate) use self::esim::{allocating, esim, has_ended};
pub(crate) use self::order::{
    TopUpId, bought, order_of, orders_since, pending_order, top_up_order, topped_up,
};
pub(crate) use self::package::packages;
pub(crate) use self::place::{Places, destinations};
pub(crate) use self::usage::{from_esim, usage};

/// Decimals of an amount: money is counted in ten-thousandths (reference: formats).
const DECIMALS: u32 = 4;

/// A value that the answer should hold and does not, in words without any secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable(pub(crate) String);

impl Unreadable {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

/// The card number, as it came if it is in an unknown form.
pub(crate) fn iccid(text: &Identifier<'_>) -> Reading<Iccid> {
    text.read().then("is no card number", Iccid::reported)
}

/// A moment as a query takes it: `2026-11-20T09:14:07+0000`.
pub(crate) fn moment(at: Timestamp) -> String {
    let time = Offset::UTC.to_datetime(at);
    format!("{}+0000", time.strftime("%Y-%m-%dT%H:%M:%S"))
}

/// An amount of ten-thousandths, a whole number however it is written: `19000`, `19000.0`, `1.9E+4`. One with a
/// fraction would be in an unknown unit, so it is refused.
pub(crate) fn money(
    raw: Option<&RawValue>,
    currency: Option<&str>,
) -> Result<Option<Money>, Unreadable> {
    let Some(text) = raw.and_then(amount_text) else {
        return Ok(None);
    };
    let units = Decimal::from_str_exact(text)
        .or_else(|_| Decimal::from_scientific(text))
        .ok()
        .filter(|units| units.fract().is_zero())
        .and_then(|units| i64::try_from(units).ok())
        .ok_or_else(|| Unreadable::new("an amount is no whole number of ten-thousandths"))?;
    let currency = match currency {
        None | Some("USD") => Currency::USD,
        Some(code) => {
            Money::parse_currency(code).map_err(|error| Unreadable::new(error.to_string()))?
        }
    };
    Money::new(Decimal::new(units, DECIMALS), currency)
        .map(Some)
        .map_err(|error| Unreadable::new(error.to_string()))
}

/// An amount as a request names it: whole ten-thousandths of a US dollar.
///
/// # Errors
///
/// Why it cannot be named: another currency, a finer price, or a negative one.
pub(crate) fn ten_thousandths(money: Money) -> Result<i64, Unreadable> {
    if money.currency() != Currency::USD {
        return Err(Unreadable::new(format!(
            "eSIM Access sells for US dollars, and the price is {money}"
        )));
    }
    let units = money.amount() * Decimal::from(10_000);
    if !units.fract().is_zero() || units.is_sign_negative() {
        return Err(Unreadable::new(format!(
            "eSIM Access counts in ten-thousandths of a dollar, and the price is {money}"
        )));
    }
    i64::try_from(units).map_err(|_| Unreadable::new(format!("the price {money} is out of range")))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use roamport_provider_http::json::{Reading, WireTime};

    use super::*;

    fn usd(text: &str) -> Money {
        Money::parse_amount(text, Currency::USD).unwrap()
    }

    #[test]
    fn a_moment_is_written_with_an_offset_without_a_colon() {
        let at = "2026-11-20T09:14:07.9Z".parse().unwrap();
        assert_eq!(moment(at), "2026-11-20T09:14:07+0000");
        let read: WireTime = serde_json::from_str(&format!("\"{}\"", moment(at))).unwrap();
        let Reading::Present(read) = read.read() else {
            panic!("not read")
        };
        assert_eq!(read.as_second(), 1_795_166_047);
    }

    #[rstest]
    #[case("19000", "1.90")]
    #[case("\"19000\"", "1.90")]
    #[case("1", "0.0001")]
    #[case("2253501", "225.3501")]
    #[case("0", "0")]
    fn an_amount_is_ten_thousandths_of_a_dollar(#[case] json: &str, #[case] expected: &str) {
        let raw: &RawValue = serde_json::from_str(json).unwrap();
        assert_eq!(money(Some(raw), None).unwrap(), Some(usd(expected)));
        assert_eq!(
            ten_thousandths(usd(expected)).unwrap().to_string(),
            json.trim_matches('"')
        );
    }

    #[rstest]
    #[case("19000.0")]
    #[case("1.9E+4")]
    #[case("1.9e4")]
    #[case("\"19000.00\"")]
    fn an_amount_is_whole_however_it_is_written(#[case] json: &str) {
        let raw: &RawValue = serde_json::from_str(json).unwrap();
        assert_eq!(money(Some(raw), None).unwrap(), Some(usd("1.90")));
    }

    #[rstest]
    #[case("1.90")]
    #[case("1.9005E+2")]
    #[case("\"1,9\"")]
    #[case("1e300")]
    #[case("{}")]
    #[case("99999999999999999999")]
    fn an_amount_in_another_unit_is_refused(#[case] json: &str) {
        let raw: &RawValue = serde_json::from_str(json).unwrap();
        assert!(money(Some(raw), None).is_err(), "{json}");
    }

    #[test]
    fn a_price_that_cannot_be_named_exactly_is_refused() {
        assert!(ten_thousandths(usd("0.00005")).is_err());
        assert!(ten_thousandths(usd("-1")).is_err());
        let euro = Money::parse_amount("1", Currency::EUR).unwrap();
        assert!(ten_thousandths(euro).is_err());
    }
}
