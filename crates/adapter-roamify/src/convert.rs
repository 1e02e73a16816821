//! From the provider's JSON to the domain's words: total, so that every body gives a value or says
//! why it gives none.

mod esim;
mod order;
mod package;
mod place;
mod usage;

use roamport_domain::{Currency, Iccid, Money};
use roamport_provider_http::json::{Identifier, Reading, amount_text};
use serde_json::value::RawValue;

pub(crate) use self::esim::{esim, generating};
pub(crate) use self::order::{history_entry, order};
pub(crate) use self::package::{gigabytes, page, top_ups};
pub(crate) use self::place::destinations;
pub(crate) use self::usage::usage;

/// The number that stands for "unlimited": 2^53−1, the largest whole number of JavaScript.
pub(crate) const UNLIMITED: i64 = (1 << 53) - 1;

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

/// An amount of the currency named beside it, or of US dollars: every sample of Roamify's is in USD,
/// and packages name none.
pub(crate) fn money(
    raw: Option<&RawValue>,
    currency: Option<&str>,
) -> Result<Option<Money>, Unreadable> {
    let Some(text) = raw.and_then(amount_text) else {
        return Ok(None);
    };
    let currency = match currency {
        None | Some("USD") => Currency::USD,
        Some(code) => {
            Money::parse_currency(code).map_err(|error| Unreadable::new(error.to_string()))?
        }
    };
    Money::parse_amount(text, currency)
        .map(Some)
        .map_err(|error| Unreadable::new(error.to_string()))
}
