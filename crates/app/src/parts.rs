//! What orders are carried out with, and how far one was carried.

use std::sync::Arc;
use std::time::Duration;

use roamport_domain::journal::{AccountStore, Owner};
use roamport_domain::order::{OrderPolicy, ProviderInstance};
use roamport_domain::{Account, Clock, EsimProvider, Order, OrderJournal, ProfileStore};

/// How long a claim lasts and how often it is renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeasePolicy {
    /// How long. 30 seconds.
    pub lease: Duration,
    /// How often it is renewed while work goes on. 10 seconds.
    pub renew_every: Duration,
}

impl Default for LeasePolicy {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(30),
            renew_every: Duration::from_secs(10),
        }
    }
}

/// What orders are carried out with.
#[derive(Clone, Debug)]
pub struct OrdersParts {
    /// The provider, in its layers.
    pub provider: Arc<dyn EsimProvider>,
    /// The provider as orders remember it.
    pub instance: ProviderInstance,
    /// Where orders are kept.
    pub journal: Arc<dyn OrderJournal>,
    /// Where profiles are kept.
    pub profiles: Arc<dyn ProfileStore>,
    /// What is known of accounts at providers.
    pub accounts: Arc<dyn AccountStore>,
    /// The account whose credentials the provider was made with.
    pub account: Account,
    /// This process's clocks.
    pub clock: Arc<dyn Clock>,
    /// Times and limits.
    pub policy: OrderPolicy,
    /// Times of claims.
    pub lease: LeasePolicy,
    /// A name that is unique among the processes that run.
    pub owner: Owner,
}

/// Why the work on an order came to a halt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halt {
    /// The order ended, or a person has to look.
    Settled,
    /// Whoever waited asked to stop.
    Stopped,
    /// The time to wait is over.
    TimeUp,
    /// Another process holds the order, or took it over.
    HeldElsewhere,
}

/// How far an order was carried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// The order as it stands.
    pub order: Order,
    /// Why the work came to a halt.
    pub halt: Halt,
}
