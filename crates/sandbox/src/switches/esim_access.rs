//! The points on which eSIM Access's documents are silent, or say two things.

use serde::{Deserialize, Serialize};

use super::Tolerance;

/// What an order under a known `transactionId` does that is *not* the same request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KnownTransaction {
    /// It answers the first order again, as for the same request.
    #[default]
    First,
    /// It is refused: 200008.
    Refused,
    /// It is another order, and charged.
    SoldAgain,
}

/// How `errorCode` is written where nothing went wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuccessCode {
    /// `"0"`.
    #[default]
    Text,
    /// `0`.
    Number,
    /// `null`.
    Null,
    /// Not at all.
    Missing,
}

/// The switches of the second dialect. On the wire any subset may be given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EsimAccessSwitches {
    /// How long profiles are allocated after an order, in milliseconds of the world's clock. Until
    /// then a query answers 200010.
    pub allocation_ms: u64,
    /// What an order under a known `transactionId` with another body does. Point 4 of the reference.
    pub known_transaction: KnownTransaction,
    /// How long a `transactionId` is remembered, in milliseconds of the world's clock; for ever where
    /// none is given. Point 4.
    pub transaction_memory_ms: Option<u64>,
    /// The most eSIMs in one order.
    pub most_esims_per_order: u64,
    /// Whether a query for an unknown `esimTranNo` or ICCID is an empty list (`accepted`) or an
    /// error. Point 6.
    pub unknown_esim: Tolerance,
    /// Whether `packageList` of an eSIM begins with the package it was bought with. Point 5.
    pub base_package_listed: bool,
    /// Whether a country's packages hold the regional ones that cover it, too.
    pub regional_in_country: bool,
    /// Whether the text of the envelope is called `errorMessage` instead of `errorMsg`. Point 2.
    pub error_message: bool,
    /// How `errorCode` is written on success.
    pub success_code: SuccessCode,
    /// Whether `success` is written as a text.
    pub success_as_text: bool,
    /// Whether times end in `Z` instead of `+0000`.
    pub zulu_times: bool,
    /// Whether every request must be signed. A signature that is there is looked at in any case.
    /// Point 1.
    pub signature_required: bool,
    /// How far the timestamp of a signed request may be from the real clock, in milliseconds.
    pub timestamp_window_ms: u64,
    /// Whether every caller's address is blocked: 101002.
    pub address_blocked: bool,
    /// The status of the answer `404` to an unknown path.
    pub unknown_path_status: u16,
    /// The most requests in a second of real time; without a limit where none is given. The
    /// provider's own limit is 8.
    pub requests_per_second: Option<u32>,
}

impl Default for EsimAccessSwitches {
    fn default() -> Self {
        Self {
            allocation_ms: 200,
            known_transaction: KnownTransaction::default(),
            transaction_memory_ms: None,
            most_esims_per_order: 30,
            unknown_esim: Tolerance::Accepted,
            base_package_listed: true,
            regional_in_country: false,
            error_message: false,
            success_code: SuccessCode::default(),
            success_as_text: false,
            zulu_times: false,
            signature_required: false,
            timestamp_window_ms: 300_000,
            address_blocked: false,
            unknown_path_status: 200,
            requests_per_second: None,
        }
    }
}
