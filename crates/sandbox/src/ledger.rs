//! The ledger: every charge and refund the simulated provider ever made. The oracle of every money
//! test.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// What was paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChargeKind {
    /// New eSIMs.
    Order,
    /// More data for an eSIM.
    Topup,
}

/// One charge to the wallet. Amounts are US dollars.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// The number of the charge, from 1, without gaps.
    pub seq: u64,
    /// When, on the world's clock.
    pub at: Timestamp,
    /// The caller's reference, where one was given.
    pub reference: Option<String>,
    /// The provider's order.
    pub order_id: String,
    /// What was paid for.
    pub kind: ChargeKind,
    /// How much was taken.
    #[serde(with = "rust_decimal::serde::str")]
    pub amount: Decimal,
    /// What was left.
    #[serde(with = "rust_decimal::serde::str")]
    pub balance_after: Decimal,
    /// The packages, one entry for each eSIM or top-up that was paid for.
    pub packages: Vec<String>,
    /// Whether the caller was sent the answer that belongs to the charge.
    pub answered: bool,
}

/// Money given back to the wallet. Amounts are US dollars.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// The number of the refund, from 1, without gaps; charges are counted apart.
    pub seq: u64,
    /// When, on the world's clock.
    pub at: Timestamp,
    /// The reference of the order that bought the eSIM, where one was given.
    pub reference: Option<String>,
    /// That order.
    pub order_id: String,
    /// The eSIM that was given back.
    pub esim_id: String,
    /// How much was given back.
    #[serde(with = "rust_decimal::serde::str")]
    pub amount: Decimal,
    /// What was then in the wallet.
    #[serde(with = "rust_decimal::serde::str")]
    pub balance_after: Decimal,
    /// Whether the caller was sent the answer that belongs to the refund.
    pub answered: bool,
}
