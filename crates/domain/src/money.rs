//! Exact amounts of one currency.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

/// An ISO 4217 currency.
pub use iso_currency::Currency;

/// How many decimals an amount keeps. Providers bill in 1/10 000; six leave room and cut off the
/// tails that a provider's own binary floats leak (`9.809999999999999`).
const DECIMALS: u32 = 6;

/// The largest amount, in major units: far above any wallet, far below where `Decimal` loses digits.
const LARGEST: i64 = 1_000_000_000_000;

/// An exact amount in an ISO 4217 currency, with at most six decimals.
///
/// Two currencies never mix: arithmetic and comparison are checked. An amount is read from its
/// text, never from a binary float. Serialised as `{"amount":"3.27","currency":"USD"}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Money {
    amount: Decimal,
    currency: Currency,
}

/// Why an amount could not be read or computed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MoneyError {
    /// The text is no decimal number.
    #[error("`{0}` is not an amount")]
    NotANumber(String),
    /// The text is no ISO 4217 code.
    #[error("`{0}` is not an ISO 4217 currency code")]
    UnknownCurrency(String),
    /// The amount is beyond ±1 000 000 000 000.
    #[error("the amount is out of range")]
    OutOfRange,
    /// Two currencies met.
    #[error("{0} and {1} cannot be combined")]
    CurrenciesDiffer(&'static str, &'static str),
}

impl Money {
    /// `amount` of `currency`, rounded half-even to six decimals.
    ///
    /// # Errors
    ///
    /// [`MoneyError::OutOfRange`] beyond ±1 000 000 000 000.
    pub fn new(amount: Decimal, currency: Currency) -> Result<Self, MoneyError> {
        let amount = amount
            .round_dp_with_strategy(DECIMALS, RoundingStrategy::MidpointNearestEven)
            .normalize();
        if amount.abs() > Decimal::from(LARGEST) {
            return Err(MoneyError::OutOfRange);
        }
        Ok(Self { amount, currency })
    }

    /// Reads an amount from the text of a JSON number or a person: `3.27`, `-1`, `1e2`.
    ///
    /// # Errors
    ///
    /// [`MoneyError::NotANumber`] and [`MoneyError::OutOfRange`].
    pub fn parse_amount(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let text = text.trim();
        let amount = if text.bytes().any(|byte| matches!(byte, b'e' | b'E')) {
            Decimal::from_scientific(text)
        } else {
            Decimal::from_str(text)
        };
        let amount = amount.map_err(|_| MoneyError::NotANumber(text.chars().take(40).collect()))?;
        Self::new(amount, currency)
    }

    /// The currency with this ISO 4217 code.
    ///
    /// # Errors
    ///
    /// [`MoneyError::UnknownCurrency`].
    pub fn parse_currency(code: &str) -> Result<Currency, MoneyError> {
        Currency::from_code(&code.trim().to_ascii_uppercase())
            .ok_or_else(|| MoneyError::UnknownCurrency(code.chars().take(40).collect()))
    }

    /// Nothing of `currency`.
    pub const fn zero(currency: Currency) -> Self {
        Self {
            amount: Decimal::ZERO,
            currency,
        }
    }

    /// The amount in major units.
    pub const fn amount(&self) -> Decimal {
        self.amount
    }

    /// The currency.
    pub const fn currency(&self) -> Currency {
        self.currency
    }

    /// Whether the amount is below zero.
    pub const fn is_negative(&self) -> bool {
        self.amount.is_sign_negative() && !self.amount.is_zero()
    }

    /// Whether the amount is zero.
    pub const fn is_zero(&self) -> bool {
        self.amount.is_zero()
    }

    /// The sum of two amounts.
    ///
    /// # Errors
    ///
    /// [`MoneyError::CurrenciesDiffer`] and [`MoneyError::OutOfRange`].
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let amount = self
            .amount
            .checked_add(other.amount)
            .ok_or(MoneyError::OutOfRange)?;
        Self::new(amount, self.currency)
    }

    /// What is left after taking `other` away; may be negative.
    ///
    /// # Errors
    ///
    /// [`MoneyError::CurrenciesDiffer`] and [`MoneyError::OutOfRange`].
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let amount = self
            .amount
            .checked_sub(other.amount)
            .ok_or(MoneyError::OutOfRange)?;
        Self::new(amount, self.currency)
    }

    /// `count` times the amount.
    ///
    /// # Errors
    ///
    /// [`MoneyError::OutOfRange`].
    pub fn checked_times(self, count: u32) -> Result<Self, MoneyError> {
        let amount = self
            .amount
            .checked_mul(Decimal::from(count))
            .ok_or(MoneyError::OutOfRange)?;
        Self::new(amount, self.currency)
    }

    /// Which of two amounts of one currency is larger.
    ///
    /// # Errors
    ///
    /// [`MoneyError::CurrenciesDiffer`].
    pub fn compare(self, other: Self) -> Result<Ordering, MoneyError> {
        self.same_currency(other)?;
        Ok(self.amount.cmp(&other.amount))
    }

    /// The amount for a person, rounded half-even to the currency's own decimals (ISO 4217).
    #[must_use]
    pub fn rounded_for_display(self) -> Self {
        let decimals = u32::from(self.currency.exponent().unwrap_or(2));
        let amount = self
            .amount
            .round_dp_with_strategy(decimals, RoundingStrategy::MidpointNearestEven);
        Self {
            amount,
            currency: self.currency,
        }
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::CurrenciesDiffer(
                self.currency.code(),
                other.currency.code(),
            ))
        }
    }
}

/// The exact amount with at least the currency's own decimals: `3.50 USD`, `0.0025 USD`, `120 JPY`.
impl fmt::Display for Money {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = u32::from(self.currency.exponent().unwrap_or(2)).max(self.amount.scale());
        let decimals = usize::try_from(decimals).expect("at most 28 decimals");
        formatter.pad(&format!(
            "{:.decimals$} {}",
            self.amount,
            self.currency.code()
        ))
    }
}

/// How money is written down: text, so that no reader goes through a float.
#[derive(Serialize, Deserialize)]
struct Written {
    amount: Decimal,
    currency: Currency,
}

impl From<Money> for Written {
    fn from(money: Money) -> Self {
        Self {
            amount: money.amount,
            currency: money.currency,
        }
    }
}

impl TryFrom<Written> for Money {
    type Error = MoneyError;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        Self::new(written.amount, written.currency)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn usd(text: &str) -> Money {
        Money::parse_amount(text, Currency::USD).unwrap()
    }

    #[test]
    fn four_decimals_survive() {
        assert_eq!(usd("0.0001").to_string(), "0.0001 USD");
        assert_eq!(usd("12345.6789").to_string(), "12345.6789 USD");
    }

    #[test]
    fn a_providers_float_tail_is_cut_off() {
        assert_eq!(usd("9.809999999999999"), usd("9.81"));
        assert_eq!(usd("8.2000000000000001"), usd("8.2"));
    }

    #[test]
    fn both_written_forms_are_read() {
        assert_eq!(usd("1e2"), usd("100"));
        assert_eq!(usd("1.18"), usd("118E-2"));
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in ["", "abc", "1,5", "NaN", "inf", "1.2.3", "--1", "1e", "0x10"] {
            assert!(
                Money::parse_amount(text, Currency::USD).is_err(),
                "{text:?}"
            );
        }
        assert_eq!(
            Money::parse_amount("1e13", Currency::USD),
            Err(MoneyError::OutOfRange)
        );
    }

    #[test]
    fn two_currencies_never_mix() {
        let euro = Money::parse_amount("1", Currency::EUR).unwrap();
        assert_eq!(
            usd("1").checked_add(euro),
            Err(MoneyError::CurrenciesDiffer("USD", "EUR"))
        );
        assert!(usd("1").compare(euro).is_err());
    }

    #[test]
    fn display_shows_the_currencys_own_decimals_and_never_hides_one() {
        assert_eq!(usd("3.5").to_string(), "3.50 USD");
        assert_eq!(
            Money::parse_amount("120", Currency::JPY)
                .unwrap()
                .to_string(),
            "120 JPY"
        );
        assert_eq!(usd("0.005").rounded_for_display().to_string(), "0.00 USD");
        assert_eq!(usd("0.015").rounded_for_display().to_string(), "0.02 USD");
    }

    #[test]
    fn money_is_written_as_text() {
        let json = serde_json::to_string(&usd("3.27")).unwrap();
        assert_eq!(json, r#"{"amount":"3.27","currency":"USD"}"#);
        assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), usd("3.27"));
    }

    proptest! {
        #[test]
        fn hundredths_add_up_exactly(cents in proptest::collection::vec(0_i64..1_000_000, 0..50)) {
            let total = cents.iter().try_fold(Money::zero(Currency::USD), |sum, cent| {
                sum.checked_add(Money::new(Decimal::new(*cent, 2), Currency::USD).unwrap())
            });
            let expected = Money::new(Decimal::new(cents.iter().sum(), 2), Currency::USD);
            prop_assert_eq!(total, expected);
        }

        #[test]
        fn an_amount_survives_its_own_text(units in -999_999_999_999_i64..999_999_999_999, scale in 0_u32..=6) {
            let money = Money::new(Decimal::new(units, scale), Currency::USD).unwrap();
            let text = money.to_string();
            let back = Money::parse_amount(text.trim_end_matches(" USD"), Currency::USD).unwrap();
            prop_assert_eq!(back, money);
        }

        #[test]
        fn times_is_repeated_addition(cents in 0_i64..100_000, count in 0_u32..20) {
            let unit = Money::new(Decimal::new(cents, 2), Currency::USD).unwrap();
            let mut sum = Money::zero(Currency::USD);
            for _ in 0..count { sum = sum.checked_add(unit).unwrap(); }
            prop_assert_eq!(unit.checked_times(count).unwrap(), sum);
        }
    }
}
