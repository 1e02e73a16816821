//! What is bought, as either dialect and the face in process ask for it.

use std::borrow::Cow;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::super::identity;

/// So many of one package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurchaseLine {
    /// The package.
    pub package_id: String,
    /// How many, at least 1.
    pub quantity: u64,
}

/// A purchase as the provider receives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purchase {
    /// New eSIMs.
    Order {
        /// What and how many.
        lines: Vec<PurchaseLine>,
        /// The caller's reference.
        reference: Option<String>,
        /// Whether the profiles are made in the same call.
        instant: bool,
    },
    /// More data for an eSIM.
    TopUp {
        /// Its card number.
        iccid: String,
        /// The package to add.
        package_id: String,
        /// The caller's reference.
        reference: Option<String>,
    },
    /// New eSIMs, with all that can be said about them.
    Detailed(OrderDetails),
    /// More data for an eSIM, with all that can be said about it.
    DetailedTopUp(TopUpDetails),
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
pub struct DetailedLine {
    /// The package.
    pub package_id: String,
    /// How many, at least 1.
    pub quantity: u64,
    /// For how many days, where the package is sold by the day.
    pub days: Option<u16>,
    /// What one costs (for one day, where it is sold by the day), where the order shall be refused at
    /// any other price. US dollars.
    #[serde(with = "rust_decimal::serde::str_option")]
    pub unit_price: Option<Decimal>,
}

/// An order of eSIMs in full.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderDetails {
    /// The caller's reference.
    pub reference: Option<String>,
    /// What and how many.
    pub lines: Vec<DetailedLine>,
    /// What all costs, where the order shall be refused at any other total. US dollars.
    #[serde(with = "rust_decimal::serde::str_option")]
    pub total: Option<Decimal>,
    /// When the profiles come to be.
    pub profiles: Profiles,
    /// Whether a second order under the reference answers the first one again.
    pub replays: bool,
}

/// A top-up in full.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopUpDetails {
    /// The caller's reference.
    pub reference: Option<String>,
    /// The eSIM: its id in either dialect, or its card number.
    pub esim: String,
    /// The package to add.
    pub package_id: String,
    /// For how many days, where the package is sold by the day.
    pub days: Option<u16>,
    /// What it costs, where it shall be refused at any other price. US dollars.
    #[serde(with = "rust_decimal::serde::str_option")]
    pub total: Option<Decimal>,
    /// Whether a second purchase under the reference answers the first one again.
    pub replays: bool,
    /// Whether the eSIM is named by its card number, and by nothing else.
    pub by_card: bool,
}

impl Purchase {
    /// An order of one line, with a reference.
    pub fn order(package_id: &str, quantity: u64, reference: &str) -> Self {
        Self::Order {
            lines: vec![PurchaseLine {
                package_id: package_id.to_owned(),
                quantity,
            }],
            reference: Some(reference.to_owned()),
            instant: false,
        }
    }

    /// A top-up, with a reference.
    pub fn top_up(iccid: &str, package_id: &str, reference: &str) -> Self {
        Self::TopUp {
            iccid: iccid.to_owned(),
            package_id: package_id.to_owned(),
            reference: Some(reference.to_owned()),
        }
    }

    /// The order in full; one without lines for a top-up.
    pub(super) fn order_details(&self) -> Cow<'_, OrderDetails> {
        match self {
            Self::Detailed(details) => Cow::Borrowed(details),
            Self::Order {
                lines,
                reference,
                instant,
            } => Cow::Owned(OrderDetails {
                reference: reference.clone(),
                lines: lines.iter().map(DetailedLine::of).collect(),
                total: None,
                profiles: if *instant {
                    Profiles::AtOnce
                } else {
                    Profiles::Asked
                },
                replays: false,
            }),
            Self::TopUp { .. } | Self::DetailedTopUp(_) => Cow::Owned(OrderDetails::default()),
        }
    }

    /// The top-up in full; one of nothing for an order.
    pub(super) fn top_up_details(&self) -> Cow<'_, TopUpDetails> {
        match self {
            Self::DetailedTopUp(details) => Cow::Borrowed(details),
            Self::TopUp {
                iccid,
                package_id,
                reference,
            } => Cow::Owned(TopUpDetails {
                reference: reference.clone(),
                esim: iccid.clone(),
                package_id: package_id.clone(),
                by_card: true,
                ..TopUpDetails::default()
            }),
            Self::Order { .. } | Self::Detailed(_) => Cow::Owned(TopUpDetails::default()),
        }
    }
}

impl DetailedLine {
    fn of(line: &PurchaseLine) -> Self {
        Self {
            package_id: line.package_id.clone(),
            quantity: line.quantity,
            days: None,
            unit_price: None,
        }
    }
}

/// What tells a repeat of a request from another one.
pub(super) fn fingerprint(details: &impl Serialize) -> String {
    let text = serde_json::to_string(details).expect("purchases have text keys and exact numbers");
    identity::fingerprint(&text)
}
