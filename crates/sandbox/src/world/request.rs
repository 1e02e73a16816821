//! What is bought, as either dialect and the face in process ask for it.

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize};

use super::identity;

/// A purchase as the provider receives it. State files of earlier releases have further names and
/// forms for the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purchase {
    /// New eSIMs.
    #[serde(alias = "detailed")]
    Order(OrderDetails),
    /// More data for an eSIM.
    #[serde(alias = "detailed_top_up")]
    TopUp(TopUpDetails),
}

/// When the profiles of an order come to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profiles {
    /// When they are asked for.
    #[default]
    Asked,
    /// In the same call.
    AtOnce,
    /// By themselves, after the time that the switch `allocation_ms` says.
    Allocated,
}

/// So many of one package, at a price, for some days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurchaseLine {
    /// The package.
    pub package_id: String,
    /// How many, at least 1.
    pub quantity: u64,
    /// For how many days, where the package is sold by the day.
    #[serde(default)]
    pub days: Option<u16>,
    /// What one costs (for one day, where it is sold by the day), where the order shall be refused at
    /// any other price. US dollars.
    #[serde(default, with = "rust_decimal::serde::str_option")]
    pub unit_price: Option<Decimal>,
}

/// An order of eSIMs in full.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderDetails {
    /// The caller's reference.
    pub reference: Option<String>,
    /// What and how many.
    pub lines: Vec<PurchaseLine>,
    /// What all costs, where the order shall be refused at any other total. US dollars.
    #[serde(default, with = "rust_decimal::serde::str_option")]
    pub total: Option<Decimal>,
    /// When the profiles come to be.
    #[serde(default, alias = "instant", deserialize_with = "profiles")]
    pub profiles: Profiles,
    /// Whether a second order under the reference answers the first one again.
    #[serde(default)]
    pub replays: bool,
}

/// A top-up in full.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopUpDetails {
    /// The caller's reference.
    pub reference: Option<String>,
    /// The eSIM: its id in either dialect, or its card number.
    #[serde(alias = "iccid")]
    pub esim: String,
    /// The package to add.
    pub package_id: String,
    /// For how many days, where the package is sold by the day.
    #[serde(default)]
    pub days: Option<u16>,
    /// What it costs, where it shall be refused at any other price. US dollars.
    #[serde(default, with = "rust_decimal::serde::str_option")]
    pub total: Option<Decimal>,
    /// Whether a second purchase under the reference answers the first one again.
    #[serde(default)]
    pub replays: bool,
    /// Whether the eSIM is named by its card number, and by nothing else.
    #[serde(default)]
    pub by_card: bool,
}

impl Purchase {
    /// An order of one line, with a reference.
    pub fn order(package_id: &str, quantity: u64, reference: &str) -> Self {
        Self::Order(OrderDetails {
            reference: Some(reference.to_owned()),
            lines: vec![PurchaseLine::of(package_id, quantity)],
            ..OrderDetails::default()
        })
    }

    /// A top-up, with a reference.
    pub fn top_up(iccid: &str, package_id: &str, reference: &str) -> Self {
        Self::TopUp(TopUpDetails {
            reference: Some(reference.to_owned()),
            esim: iccid.to_owned(),
            package_id: package_id.to_owned(),
            by_card: true,
            ..TopUpDetails::default()
        })
    }
}

impl PurchaseLine {
    /// So many of one package that is not sold by the day, at any price.
    pub fn of(package_id: &str, quantity: u64) -> Self {
        Self {
            package_id: package_id.to_owned(),
            quantity,
            days: None,
            unit_price: None,
        }
    }
}

/// Reads when profiles come to be; files of earlier releases say only whether it is at once.
fn profiles<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Profiles, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        AtOnce(bool),
        Word(Profiles),
    }
    Ok(match Written::deserialize(deserializer)? {
        Written::AtOnce(true) => Profiles::AtOnce,
        Written::AtOnce(false) => Profiles::Asked,
        Written::Word(profiles) => profiles,
    })
}

/// What tells a repeat of a request from another one.
pub(super) fn fingerprint(details: &impl Serialize) -> String {
    let text = serde_json::to_string(details).expect("purchases have text keys and exact numbers");
    identity::fingerprint(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purchases_of_state_files_of_earlier_releases_are_read() {
        let line = r#"{"package_id":"p","quantity":2}"#;
        let detailed = r#"{"package_id":"p","quantity":2,"days":null,"unit_price":null}"#;
        let order = Purchase::order("p", 2, "r");
        let top_up = Purchase::top_up("8999", "p", "r");
        for (text, expected) in [
            (
                format!(r#"{{"order":{{"lines":[{line}],"reference":"r","instant":false}}}}"#),
                &order,
            ),
            (
                format!(
                    r#"{{"detailed":{{"reference":"r","lines":[{detailed}],"total":null,"profiles":"asked","replays":false}}}}"#
                ),
                &order,
            ),
            (
                r#"{"detailed_top_up":{"reference":"r","esim":"8999","package_id":"p","days":null,"total":null,"replays":false,"by_card":true}}"#.to_owned(),
                &top_up,
            ),
        ] {
            let read: Purchase = serde_json::from_str(&text).unwrap();
            assert_eq!(read, *expected, "{text}");
        }
        let instant = r#"{"order":{"lines":[],"reference":null,"instant":true}}"#;
        let Purchase::Order(read) = serde_json::from_str(instant).unwrap() else {
            panic!("{instant}")
        };
        assert_eq!(read.profiles, Profiles::AtOnce);
        let plain = r#"{"top_up":{"iccid":"8999","package_id":"p","reference":"r"}}"#;
        let Purchase::TopUp(read) = serde_json::from_str(plain).unwrap() else {
            panic!("{plain}")
        };
        assert_eq!(read.esim, "8999");
    }
}
