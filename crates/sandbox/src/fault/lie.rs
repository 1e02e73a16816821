//! How an answer lies: other spellings, things of another order, and values that are not what they
//! should be.

use std::str::FromStr as _;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// How a text is spelled in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spelling {
    /// In lower case.
    Lower,
    /// In upper case.
    Upper,
    /// Only the first characters, so many of them.
    Cut(usize),
    /// With the letters O and I for the digits 0 and 1.
    Confusable,
    /// Not at all.
    Dropped,
}

impl Spelling {
    /// The text in this spelling; none where it is dropped.
    pub(crate) fn spell(self, text: &str) -> Option<String> {
        match self {
            Self::Lower => Some(text.to_lowercase()),
            Self::Upper => Some(text.to_uppercase()),
            Self::Cut(length) => Some(text.chars().take(length).collect()),
            Self::Confusable => Some(text.replace('0', "O").replace('1', "I")),
            Self::Dropped => None,
        }
    }
}

/// What an answer says of another order instead of the right one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MixUp {
    /// Everything: the other order, or its eSIM, is the answer.
    Order,
    /// The reference alone.
    Reference,
    /// The packages: the eSIMs are said to be of another one.
    Package,
    /// The first eSIM of the order, or the eSIM that was asked for.
    Esim,
    /// Nothing of another order: every eSIM has the card number and code of the first one of its own.
    Twin,
}

/// What becomes of a value in the JSON of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// This text stands in its place, JSON or not: `null`, `"READY"` with its quotes,
    /// `89883030000012345012`. A field that is not there is added, unless it is looked for at any depth.
    Set(String),
    /// It is not there.
    Remove,
    /// A text has another spelling.
    Spell(Spelling),
    /// A text or number has this behind it.
    Append(String),
    /// A text has lost its quotes.
    Bare,
    /// A number is so many times as large.
    Times(u32),
    /// A number of seconds is a moment as ISO 8601 writes it.
    Iso,
}

impl Change {
    /// The JSON text that takes the place of this one; none where nothing does.
    pub(crate) fn apply(&self, raw: &str) -> Option<String> {
        let inner = |text: &str, change: &dyn Fn(&str) -> Option<String>| match serde_json::from_str::<
            String,
        >(text)
        {
            Ok(plain) => Some(serde_json::Value::from(change(&plain)?).to_string()),
            Err(_) => change(text),
        };
        match self {
            Self::Set(text) => Some(text.clone()),
            Self::Remove => None,
            Self::Spell(spelling) => inner(raw, &|text| spelling.spell(text)),
            Self::Append(more) => inner(raw, &|text| Some(format!("{text}{more}"))),
            Self::Bare => Some(serde_json::from_str(raw).unwrap_or_else(|_| raw.to_owned())),
            Self::Times(times) => {
                let product = Decimal::from_str(raw)
                    .ok()
                    .and_then(|number| number.checked_mul(Decimal::from(*times)));
                Some(product.map_or_else(|| raw.to_owned(), |product| product.to_string()))
            }
            Self::Iso => {
                let moment = raw.parse().ok().map(Timestamp::from_second);
                let moment = moment.and_then(Result::ok);
                Some(moment.map_or_else(|| raw.to_owned(), |moment| format!("\"{moment}\"")))
            }
        }
    }
}
