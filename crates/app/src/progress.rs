//! What is told while an order is carried out.

use std::fmt::Debug;

use jiff::Timestamp;
use roamport_domain::OrderId;
use roamport_domain::order::{AttemptNumber, OrderState, Waiting};

/// One thing worth telling whoever waits for an order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// Another process holds the order; it is waited for.
    HeldElsewhere,
    /// Package, wallet and earlier orders are checked.
    Checking,
    /// A purchase call is made: from here until it ends, it is waited for whatever happens.
    Purchasing {
        /// Its number.
        attempt: AttemptNumber,
        /// When it must have been answered.
        until: Timestamp,
    },
    /// The purchase call ended.
    PurchaseEnded {
        /// Its number.
        attempt: AttemptNumber,
        /// In words, what became of it.
        outcome: String,
    },
    /// The provider is searched for the order.
    LookingUp,
    /// Profiles are generated.
    Provisioning {
        /// How many are ready.
        ready: usize,
        /// How many there are.
        total: usize,
    },
    /// Nothing to do before a moment.
    Waiting {
        /// What for.
        waiting: Waiting,
        /// Until when, on the journal's clock.
        until: Timestamp,
        /// In words, why, where there is more to say.
        message: Option<String>,
    },
    /// The order came into another state.
    State(OrderState),
}

/// Whoever wants to be told. Called between the steps of the work; it must not block.
pub trait Observer: Debug + Send + Sync {
    /// Takes note.
    fn notice(&self, order: OrderId, progress: &Progress);
}

/// Nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn notice(&self, _: OrderId, _: &Progress) {}
}
