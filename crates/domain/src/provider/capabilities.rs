//! Facts about a provider that change a decision.

use std::num::NonZeroU16;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a provider does with a second order under one reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dedup {
    /// Nothing it promises: it may charge twice.
    None,
    /// It refuses, and the refusal is the sign that the first one landed.
    Rejects,
    /// It answers with the first order again.
    Replays {
        /// For how long after the first one; `None` where undocumented (then one hour is assumed).
        window: Option<Duration>,
    },
}

/// How an order can be found again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LookupSupport {
    /// By our reference.
    pub by_reference: bool,
    /// By the moment it was made.
    pub since: bool,
    /// How long a new order may stay invisible.
    pub lag: Duration,
}

/// How a profile comes to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provisioning {
    /// By a call of its own after the order.
    SeparateCall,
    /// The order's answer holds it.
    WithOrder,
    /// By itself after the order; reading the eSIM shows when.
    Polled,
}

/// How usage can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsageSupport {
    /// How far behind the figures may be.
    pub lag: Duration,
    /// Whether there are figures for each day.
    pub daily: bool,
    /// How many eSIMs one call of [`EsimProvider::usage_batch`](super::EsimProvider::usage_batch) may
    /// name; `None` where usage is read one eSIM at a time.
    pub batch: Option<NonZeroU16>,
}

/// When the money of a cancelled eSIM comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refund {
    /// It is in the wallet when the call is answered.
    AtOnce,
    /// It comes later, by itself.
    Later,
    /// It does not come back.
    Never,
}

/// What a provider can do and promises. Every field changes a decision somewhere; a provider that
/// lies about one fails the conformance suite.
///
/// Written from [`Capabilities::NONE`]: `Capabilities { top_up: true, ..Capabilities::NONE }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// What a second order under one reference does.
    pub dedup: Dedup,
    /// How an order can be found again; `None` where it cannot.
    pub lookup: Option<LookupSupport>,
    /// The longest time after a request in which its effect may still appear, as documented.
    pub longest_effect: Duration,
    /// The adapter's time-out of a purchase call.
    pub purchase_time_out: Duration,
    /// How a profile comes to be.
    pub provisioning: Provisioning,
    /// Lines in one order; `None` where no limit is documented.
    pub lines_per_order: Option<NonZeroU16>,
    /// eSIMs in one order; `None` where no limit is documented.
    pub esims_per_order: Option<NonZeroU16>,
    /// Whether an eSIM can be topped up.
    pub top_up: bool,
    /// Whether and how usage can be read.
    pub usage: Option<UsageSupport>,
    /// Whether an order names the prices it was quoted at, and is refused where they have moved. One
    /// that does not charges what it likes; the difference is found afterwards.
    pub price_guard: bool,
    /// Whether an eSIM that nobody has installed can be given back by a call that people need not
    /// decide about, and when its money returns; `None` where it cannot.
    pub cancellation: Option<Refund>,
    /// Whether it sends events by webhook.
    pub webhooks: bool,
}

impl Capabilities {
    /// A provider that can do nothing but sell, and promises nothing.
    pub const NONE: Self = Self {
        dedup: Dedup::None,
        lookup: None,
        longest_effect: Duration::ZERO,
        purchase_time_out: Duration::from_mins(1),
        provisioning: Provisioning::SeparateCall,
        lines_per_order: None,
        esims_per_order: None,
        top_up: false,
        usage: None,
        price_guard: false,
        cancellation: None,
        webhooks: false,
    };

    /// Whether an order can be found by our reference.
    pub fn finds_by_reference(&self) -> bool {
        self.lookup.is_some_and(|lookup| lookup.by_reference)
    }

    /// Whether the orders since a moment can be listed.
    pub fn lists_since(&self) -> bool {
        self.lookup.is_some_and(|lookup| lookup.since)
    }
}
