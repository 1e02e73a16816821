//! How single arguments are read: quantities, prices, waits, dates, gigabytes, eSIM names.

use std::num::NonZeroU16;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::builder::{PathBufValueParser, PossibleValuesParser, TypedValueParser};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};
use roamport_domain::money::{Currency, Money, MoneyError};
use roamport_domain::order::OrderState;
use roamport_domain::provider::EsimKey;
use roamport_domain::{DataSize, EsimId, Iccid};

/// A file to write a picture to. Standard output takes none: `-` would be a file of that name.
pub(crate) fn picture() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| {
        if path.as_os_str() == "-" {
            Err("a picture goes to a file, not to standard output: name one, such as `esim.png`")
        } else {
            Ok(path)
        }
    })
}

/// How many eSIMs: at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quantity(pub(crate) NonZeroU16);

impl FromStr for Quantity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let largest = u16::MAX;
        match text.parse::<u16>().map(NonZeroU16::new) {
            Ok(Some(quantity)) => Ok(Self(quantity)),
            Ok(None) => Err("the quantity is at least 1".to_owned()),
            Err(_) => Err(format!("a quantity is a whole number from 1 to {largest}")),
        }
    }
}

/// The most an order may cost: an amount whose currency is that of the price it is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PriceLimit(String);

impl FromStr for PriceLimit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Any currency will do: only the number is checked here.
        let amount = Money::parse_amount(text, Currency::USD)
            .map_err(|error| format!("{error}; write it like 4.50"))?;
        if amount.is_negative() {
            return Err("the most an order may cost is not below zero".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

impl PriceLimit {
    /// The limit in `currency`.
    pub(crate) fn in_currency(&self, currency: Currency) -> Result<Money, MoneyError> {
        Money::parse_amount(&self.0, currency)
    }
}

/// How long to wait for an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wait(pub(crate) Duration);

impl FromStr for Wait {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text == "0" {
            return Ok(Self(Duration::ZERO));
        }
        let duration: SignedDuration = text
            .parse()
            .map_err(|_| "a wait is written like `90s`, `5m` or `1h 30m`, or `0`".to_owned())?;
        Duration::try_from(duration)
            .map(Self)
            .map_err(|_| "a wait is not below zero".to_owned())
    }
}

/// A moment from which on something is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    /// This one.
    Moment(Timestamp),
    /// So long ago.
    Ago(SignedDuration),
}

impl FromStr for Since {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if let Ok(day) = Date::strptime("%Y-%m-%d", text) {
            let moment = day
                .to_zoned(TimeZone::UTC)
                .map_err(|error| error.to_string())?;
            return Ok(Self::Moment(moment.timestamp()));
        }
        if let Ok(moment) = text.parse::<Timestamp>() {
            return Ok(Self::Moment(moment));
        }
        let ago = text.parse::<Span>().ok();
        let ago = ago.and_then(|ago| ago.to_duration(SpanRelativeTo::days_are_24_hours()).ok());
        match ago {
            Some(ago) if ago.is_positive() => Ok(Self::Ago(ago)),
            _ => Err(
                "write a day like 2026-11-01, a moment like 2026-11-01T08:00:00Z, or how long \
                      ago, like `7d` or `36h`"
                    .to_owned(),
            ),
        }
    }
}

/// A day of the calendar.
pub(super) fn date(text: &str) -> Result<Date, String> {
    Date::strptime("%Y-%m-%d", text)
        .map_err(|_| "a date is written YYYY-MM-DD, for example 2026-12-24".to_owned())
}

/// Gigabytes of 1024³ bytes, with at most three decimals.
pub(super) fn gigabytes(text: &str) -> Result<DataSize, String> {
    let unreadable = || "gigabytes are written like `1`, `20` or `0.5`".to_owned();
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > 3 {
        return Err(unreadable());
    }
    let whole: u64 = whole.parse().map_err(|_| unreadable())?;
    let part: u64 = format!("{part:0<3}").parse().map_err(|_| unreadable())?;
    let too_large = || "that is more data than any plan has".to_owned();
    let thousandths = whole
        .checked_mul(1000)
        .and_then(|sum| sum.checked_add(part));
    let thousandths = thousandths.ok_or_else(too_large)?;
    if thousandths == 0 {
        return Err("a plan has more than 0 GB".to_owned());
    }
    DataSize::GIBIBYTE
        .checked_times(thousandths)
        .map(|size| DataSize::from_bytes(size.bytes() / 1000))
        .ok_or_else(too_large)
}

/// What the number of every telecommunications card begins with (ITU-T E.118).
const CARDS: &str = "89";

/// An eSIM by its id or its ICCID. Digits that begin with 89 are an ICCID, and must be one; other
/// digits are an id, since some providers count their eSIMs.
pub(super) fn esim(text: &str) -> Result<EsimKey, String> {
    let text = text.trim();
    if text.starts_with(CARDS) && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let digits = text.len();
        return Iccid::parse(text).map(EsimKey::from_iccid).map_err(|_| {
            format!("an ICCID has 16 to 22 digits, as in 8988303000001234567; this has {digits}")
        });
    }
    EsimId::parse(text)
        .map(EsimKey::from_id)
        .map_err(|error| error.to_string())
}

/// The names of order states, for help, completion and errors.
pub(super) fn order_states() -> impl TypedValueParser<Value = OrderState> {
    PossibleValuesParser::new(OrderState::ALL.map(OrderState::as_str))
        .map(|name| OrderState::from_name(&name).expect("only names of states are let through"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_is_at_least_one() {
        assert_eq!("3".parse::<Quantity>().unwrap().0.get(), 3);
        for bad in ["0", "-1", "1.5", "x", "", "65536"] {
            assert!(bad.parse::<Quantity>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_price_limit_is_exact_and_not_negative() {
        let limit: PriceLimit = "4.50".parse().unwrap();
        let expected = Money::parse_amount("4.5", Currency::EUR).unwrap();
        assert_eq!(limit.in_currency(Currency::EUR), Ok(expected));
        for bad in ["", "-1", "4,50", "cheap", "1e99"] {
            assert!(bad.parse::<PriceLimit>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_wait_is_read_as_people_write_it() {
        let seconds = |text: &str| text.parse::<Wait>().map(|wait| wait.0.as_secs());
        assert_eq!(seconds("0"), Ok(0));
        assert_eq!(seconds("90s"), Ok(90));
        assert_eq!(seconds("5m"), Ok(300));
        assert_eq!(seconds("1h 30m"), Ok(5400));
        assert_eq!(seconds("PT2M"), Ok(120));
        for bad in ["", "90", "soon", "-5s"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_since_is_a_day_a_moment_or_a_time_ago() {
        let moment = |text: &str| Ok(Since::Moment(text.parse().unwrap()));
        assert_eq!("2026-11-01".parse(), moment("2026-11-01T00:00:00Z"));
        assert_eq!(
            "2026-11-01T08:00:00+01:00".parse(),
            moment("2026-11-01T07:00:00Z")
        );
        assert_eq!(
            "7d".parse(),
            Ok(Since::Ago(SignedDuration::from_hours(168)))
        );
        assert_eq!(
            "1w".parse(),
            Ok(Since::Ago(SignedDuration::from_hours(168)))
        );
        assert_eq!(
            "36h".parse(),
            Ok(Since::Ago(SignedDuration::from_hours(36)))
        );
        for bad in [
            "",
            "yesterday",
            "-7d",
            "0s",
            "2026-13-01",
            "7",
            "1 month",
            "2026-11-01 08:00",
        ] {
            assert!(bad.parse::<Since>().is_err(), "{bad}");
        }
    }

    #[test]
    fn gigabytes_become_exact_bytes() {
        assert_eq!(gigabytes("1"), Ok(DataSize::GIBIBYTE));
        assert_eq!(gigabytes("0.5"), Ok(DataSize::from_bytes(512 << 20)));
        assert_eq!(gigabytes("20"), Ok(DataSize::from_bytes(20 << 30)));
        for bad in [
            "",
            "0",
            "0.0",
            "-1",
            "1,5",
            "1.",
            ".5",
            "1.2345",
            "99999999999999999999",
            "99999999999",
        ] {
            assert!(gigabytes(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn digits_that_begin_as_cards_do_are_an_iccid_and_others_an_id() {
        assert!(esim("261123704400004").unwrap().id().is_some());
        assert!(esim("8988303000001234567").unwrap().iccid().is_some());
        assert!(esim("esim-42").unwrap().id().is_some());
        for bad in ["898830", "89883030000012345678901", ""] {
            assert!(esim(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_date_is_a_day_that_exists() {
        assert_eq!(date("2026-12-24"), Ok(jiff::civil::date(2026, 12, 24)));
        for bad in ["", "24.12.2026", "2026-02-30", "2026-12-24T10:00"] {
            assert!(date(bad).is_err(), "{bad}");
        }
    }
}
