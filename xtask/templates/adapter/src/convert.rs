//! From @Words@'s JSON to the domain: what cannot be right is an error, never a guess.

use roamport_domain::{Currency, Money};
use roamport_provider_http::json::amount_text;
use serde_json::value::RawValue;

/// Why an answer that was JSON of the right form still makes no sense.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unreadable(pub(crate) String);

/// An amount from the literal of a JSON number, or from a text that holds one: never through a float.
pub(crate) fn money(literal: &RawValue, currency: Currency) -> Result<Money, Unreadable> {
    let text = amount_text(literal).unwrap_or_default();
    Money::parse_amount(text, currency)
        .map_err(|error| Unreadable(format!("an amount cannot be read: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_keeps_every_decimal() {
        for literal in ["3.2705", "\"3.2705\""] {
            let raw: &RawValue = serde_json::from_str(literal).unwrap();
            let expected = Money::parse_amount("3.2705", Currency::USD).unwrap();
            assert_eq!(money(raw, Currency::USD), Ok(expected));
        }
    }

    #[test]
    fn an_amount_that_is_none_is_an_error() {
        for literal in ["null", "\"\"", "true", "\"free\"", "[]"] {
            let raw: &RawValue = serde_json::from_str(literal).unwrap();
            assert!(money(raw, Currency::USD).is_err(), "{literal}");
        }
    }
}
