//! The points on which the provider's documents are silent or contradict each other, as switches.
//!
//! Each default is the reading that the provider reference recommends; the other values are what a
//! client must survive as well.

mod esim_access;

use std::num::NonZeroU16;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

pub use self::esim_access::{EsimAccessSwitches, KnownTransaction, SuccessCode};

/// The unit of data in usage answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UsageUnit {
    /// Megabytes, dates as `YYYYMMDD`, the eSIM's own state words: the provider's site.
    #[default]
    Mb,
    /// Kilobytes, dates as `YYYY-MM-DD`, `ACTIVE` for an eSIM in use: the provider's explorer.
    Kb,
}

/// What a page of the catalogue counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageCount {
    /// Packages of the flattened list, regrouped in each answer.
    #[default]
    Packages,
    /// Groups, each with all its packages.
    Groups,
}

/// What the server does with something it could refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tolerance {
    /// It answers with an error.
    #[serde(alias = "rejects")]
    Refused,
    /// It goes on as if nothing were the matter.
    #[serde(alias = "accepts")]
    Accepted,
}

/// How an absent text is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Absent {
    /// The field is missing.
    #[default]
    Missing,
    /// The field is `""`.
    Empty,
}

/// How the allowance of an unlimited plan is written in usage answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnlimitedUsage {
    /// 2^53 − 1, as in the catalogue.
    #[default]
    Largest,
    /// 0.
    Zero,
    /// −1.
    MinusOne,
    /// The fields are missing.
    Missing,
}

/// How look-ups compare what they are asked for, such as a reference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReferenceSearch {
    /// For equality.
    #[default]
    Equals,
    /// For containing the text, as some providers do.
    Contains,
    /// For beginning with the text.
    Prefix,
    /// Not at all: everything is found.
    Ignored,
}

impl ReferenceSearch {
    /// Whether a search for `asked` finds what is called `name`.
    pub(crate) fn finds(self, asked: &str, name: &str) -> bool {
        match self {
            Self::Equals => name == asked,
            Self::Contains => name.contains(asked),
            Self::Prefix => name.starts_with(asked),
            Self::Ignored => true,
        }
    }
}

/// All switches. On the wire any subset may be given; the others stay as they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Switches {
    /// Unit, dates and words of usage answers. Points 1 and 3 of the reference.
    pub usage_unit: UsageUnit,
    /// What a page counts. Point 4.
    pub page_counts: PageCount,
    /// Whether a page behind the end is an empty list (`accepted`) or 404. Point 5.
    pub page_past_end: Tolerance,
    /// The most rows of a page, whatever was asked for. Point 6.
    pub page_size_cap: Option<u64>,
    /// Whether a page behind the end repeats the last one.
    pub endless_pages: bool,
    /// Whether a destination nobody sells is an empty list (`accepted`) or 400. Point 7.
    pub unmatched_country: Tolerance,
    /// The status for a wallet that is too small. Point 11.
    pub low_balance_status: u16,
    /// Whether a second order under one reference is 409 or simply another order. Point 12.
    pub duplicate_reference: Tolerance,
    /// Whether an order with a known reference and no items answers the order of that reference again
    /// and charges nothing, or is 400 as in recorded traffic. The provider's overview mentions the form;
    /// none of its other pages does.
    pub order_by_reference: Tolerance,
    /// The status for a package nobody sells. Point 13.
    pub unknown_package_status: u16,
    /// The status of «still pending processing». Point 15.
    pub pending_status: u16,
    /// Whether a start date in the past is 400. Point 18.
    pub past_start_date: Tolerance,
    /// How usage writes an unlimited plan. Point 21.
    pub unlimited_usage: UnlimitedUsage,
    /// How an order writes that it has no reference. Point 24.
    pub absent_reference: Absent,
    /// Whether a country says its geography. Point 25.
    pub country_geography: bool,
    /// The status of a purchase or a profile that went well. Point 27.
    pub success_status: u16,
    /// Whether lists begin with the newest. Point 28.
    pub newest_first: bool,
    /// How look-ups compare a reference.
    pub reference_search: ReferenceSearch,
    /// Whether health wants the token. Point 34.
    pub health_needs_token: bool,
    /// Whether undocumented parameters are 400.
    pub strict: bool,
    /// The most eSIMs in one order.
    pub most_esims_per_order: u64,
    /// Whether a second order under one reference answers the first one again and charges nothing,
    /// whatever `duplicate_reference` says. The second dialect always does.
    pub replays_references: bool,
    /// Whether the face in process compares the prices that an order names, and refuses where they
    /// have moved. The second dialect always does.
    pub price_guard: bool,
    /// Whether the face in process lists packages that are sold by the day. The second dialect
    /// always does.
    pub day_passes: bool,
    /// Whether the face in process takes an eSIM back that nobody has installed.
    pub cancellation: bool,
    /// How many eSIMs' usage the face in process tells at once; none where it tells one at a time.
    pub usage_batch: Option<NonZeroU16>,
    /// Whether a new eSIM is given the card number of one that is over.
    pub reuse_iccids: bool,
    /// Whether the first dialect's events of eSIMs are called `esim_status` and `esim_usage` instead
    /// of `status` and `usage`.
    pub long_event_types: bool,
    /// Below this much money, in US dollars, the first dialect says that the wallet is low.
    #[serde(with = "rust_decimal::serde::str")]
    pub low_balance: Decimal,
    /// Further tokens (access codes in the second dialect) that may call: each is an account with
    /// orders, eSIMs, a wallet and a ledger of its own.
    pub accounts: Vec<String>,
    /// The switches of the second dialect.
    pub esim_access: EsimAccessSwitches,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            usage_unit: UsageUnit::default(),
            page_counts: PageCount::default(),
            page_past_end: Tolerance::Accepted,
            page_size_cap: None,
            endless_pages: false,
            unmatched_country: Tolerance::Accepted,
            low_balance_status: 409,
            duplicate_reference: Tolerance::Refused,
            order_by_reference: Tolerance::Refused,
            unknown_package_status: 500,
            pending_status: 409,
            past_start_date: Tolerance::Refused,
            unlimited_usage: UnlimitedUsage::default(),
            absent_reference: Absent::default(),
            country_geography: true,
            success_status: 200,
            newest_first: true,
            reference_search: ReferenceSearch::default(),
            health_needs_token: false,
            strict: true,
            most_esims_per_order: 10,
            replays_references: false,
            price_guard: false,
            day_passes: false,
            cancellation: true,
            usage_batch: NonZeroU16::new(10),
            reuse_iccids: false,
            long_event_types: false,
            low_balance: Decimal::TEN,
            accounts: Vec::new(),
            esim_access: EsimAccessSwitches::default(),
        }
    }
}
