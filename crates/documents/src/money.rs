//! Amounts.

use roamport_domain::Money;
use serde::Serialize;

/// An amount: decimal text and ISO 4217 code.
#[derive(Debug, Serialize)]
pub struct MoneyJson {
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
}
