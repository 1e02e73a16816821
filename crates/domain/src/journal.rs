//! The ports to what is kept: the order journal, the profile store, the balances that were read and
//! the provider events that were acted upon.

mod accounts;
mod balances;
mod change;
mod damage;
mod derived;
mod digest;
mod inbox;
mod memory;
mod profiles;
mod stored;

use std::fmt::{self, Debug};
use std::num::NonZeroU16;
use std::time::Duration;

use async_trait::async_trait;
use futures_core::stream::BoxStream;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[cfg(feature = "mock")]
pub use self::accounts::MockAccountStore;
pub use self::accounts::{
    AccountHold, AccountStore, Charge, ChargeState, KnownOrder, LookupProbe, Spending,
};
#[cfg(feature = "mock")]
pub use self::balances::MockBalanceStore;
pub use self::balances::{BalanceReading, BalanceStore};
pub use self::change::OrderChange;
pub use self::derived::{AttemptRecord, RefundRecord};
pub use self::digest::DigestKey;
pub use self::inbox::EventInbox;
#[cfg(feature = "mock")]
pub use self::inbox::MockEventInbox;
pub use self::memory::InMemoryJournal;
#[cfg(feature = "mock")]
pub use self::profiles::MockProfileStore;
pub use self::profiles::{Delivery, DuplicateDelivery, Duplicated, KeptProfile, ProfileStore};
pub use self::stored::StoredSummary;
use crate::order::{Event, IllegalEvent, Order, OrderState, ProviderInstance, Requested};
use crate::{
    Account, EsimId, IdempotencyKey, Money, OrderId, ProviderName, ProviderOrderId, Reference,
};

/// How many events an order has. `append` names the version it builds on: that compare-and-set is
/// the fence between workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(u64);

impl Version {
    /// The version of an order with its first event.
    pub const FIRST: Self = Self(1);

    /// The version with this many events.
    pub const fn from_count(events: u64) -> Self {
        Self(events)
    }

    /// How many events that is.
    pub const fn count(self) -> u64 {
        self.0
    }

    /// The version after one more event.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

/// Who drives an order: a name that is unique among the processes that run.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Owner(String);

impl Owner {
    /// The owner with this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The right to drive an order until a moment of the journal's clock. It saves work; safety comes
/// from versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Which order.
    pub order: OrderId,
    /// Who holds it.
    pub owner: Owner,
    /// Which of the holder's claims: a later one of the same owner is another.
    pub lease: u64,
    /// Until when.
    pub until: Timestamp,
}

impl Claim {
    /// How long an order must have been due before a worker of another account claims it: one minute.
    pub const OTHERS_OVERDUE: Duration = Duration::from_mins(1);
}

/// An order to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOrder {
    /// Our id, drawn by the caller.
    pub id: OrderId,
    /// The wish.
    pub requested: Requested,
}

/// What became of an order to be recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opened {
    /// It was recorded.
    New(OrderId),
    /// The key already names an order for the same thing; this is it.
    Existing(OrderId),
    /// The key already names an order for something else; this is it. Nothing was recorded.
    KeyReused(OrderId),
}

/// An event with its place and time in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The version it made.
    pub version: Version,
    /// When it was appended, on the journal's clock.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
}

/// Which orders to list. Empty: all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// In one of these states; empty for any.
    pub states: Vec<OrderState>,
    /// That bought this eSIM or topped it up.
    pub esim: Option<EsimId>,
    /// For the same thing.
    pub fingerprint: Option<crate::order::Fingerprint>,
    /// At this provider.
    pub provider: Option<ProviderName>,
    /// Under this reference.
    pub reference: Option<Reference>,
    /// That is the provider's order with this id.
    pub provider_order: Option<ProviderOrderId>,
}

impl OrderFilter {
    /// Whether `order` belongs in the list.
    pub fn admits(&self, order: &Order) -> bool {
        let requested = order.requested();
        (self.states.is_empty() || self.states.contains(&order.state()))
            && self
                .esim
                .as_ref()
                .is_none_or(|esim| order.esims().contains(esim))
            && self
                .fingerprint
                .as_ref()
                .is_none_or(|wanted| requested.fingerprint == *wanted)
            && self
                .provider
                .as_ref()
                .is_none_or(|wanted| requested.provider.name == *wanted)
            && self
                .reference
                .as_ref()
                .is_none_or(|wanted| requested.reference == *wanted)
            && self
                .provider_order
                .as_ref()
                .is_none_or(|wanted| order.placed().is_some_and(|placed| placed.id == *wanted))
    }
}

/// An order in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderSummary {
    /// Our id.
    pub id: OrderId,
    /// The caller's key.
    pub key: IdempotencyKey,
    /// What we call it toward the provider.
    pub reference: Reference,
    /// With whom.
    pub provider: ProviderInstance,
    /// Where it stands.
    pub state: OrderState,
    /// Whether it is a top-up.
    pub is_top_up: bool,
    /// Its packages, one entry a line: display name and quantity.
    pub lines: Vec<(String, NonZeroU16)>,
    /// What was charged, or quoted while nothing was.
    pub total: Option<Money>,
    /// Its eSIMs, or the one it topped up.
    pub esims: Vec<EsimId>,
    /// When it was recorded.
    pub created_at: Timestamp,
    /// When its last event was recorded.
    pub updated_at: Timestamp,
}

impl OrderSummary {
    /// The summary of an order whose last event was recorded at `updated_at`.
    pub fn of(order: &Order, updated_at: Timestamp) -> Self {
        let requested = order.requested();
        let lines = requested.content.lines();
        Self {
            id: order.id(),
            key: requested.key.clone(),
            reference: requested.reference.clone(),
            provider: requested.provider.clone(),
            state: order.state(),
            is_top_up: requested.content.is_top_up(),
            lines: lines
                .iter()
                .map(|line| (line.name.clone(), line.line.quantity))
                .collect(),
            total: order
                .placed()
                .and_then(|placed| placed.total)
                .or_else(|| order.quoted_total()),
            esims: order.esims(),
            created_at: requested.at,
            updated_at,
        }
    }
}

/// How many orders are of unknown outcome at a provider, and how many were placed lately: what
/// back-pressure is decided by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pressure {
    /// Orders in [`OrderState::Reconciling`] now, the window of whose last purchase call ended less
    /// than [`Pressure::RECENTLY`] ago or is still open.
    pub reconciling: u64,
    /// Purchase calls settled in the last minute.
    pub settled_last_minute: u64,
    /// Those of them that ended unknown.
    pub unknown_last_minute: u64,
}

impl Pressure {
    /// How long an order of unknown outcome says something about the provider as it is now: 15
    /// minutes from the end of its last purchase call's window.
    pub const RECENTLY: Duration = Duration::from_mins(15);
}

/// Why the journal refused or failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// There is no such order.
    #[error("there is no order {0}")]
    NotFound(OrderId),
    /// Somebody appended in between: nothing was written. Reload, and send nothing.
    #[error("order {order} is at version {actual}, not {expected}: somebody else changed it")]
    VersionConflict {
        /// Which order.
        order: OrderId,
        /// The version the caller built on.
        expected: Version,
        /// The version it has.
        actual: Version,
    },
    /// The reference, or the provider's order id, already belongs to another order.
    #[error("{what} already belongs to another order")]
    Duplicate {
        /// What would have been there twice.
        what: &'static str,
    },
    /// The claim is no longer held.
    #[error("the claim on order {0} was lost")]
    ClaimLost(OrderId),
    /// The event cannot follow; nothing was written.
    #[error(transparent)]
    Illegal(#[from] IllegalEvent),
    /// The journal cannot be reached or written: full, read-only, gone, busy.
    #[error("the journal cannot be used: {message}")]
    Unavailable {
        /// What happened, and what to do.
        message: String,
        /// The database's own error.
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// A later release has taken the journal over, and this one may not write to it any more; nothing was
    /// written. Trying again does not help.
    #[error(
        "a later release has taken this journal over (writer number {needed}, this release has \
         {ours}); nothing was written: stop this process and start the later release"
    )]
    Superseded {
        /// The lowest writer number that the journal takes.
        needed: i64,
        /// The writer number of this release.
        ours: i64,
    },
    /// What the journal holds cannot be read by this release; nothing was written.
    #[error("the journal cannot be read: {message}")]
    Corrupt {
        /// What is wrong, and what to do.
        message: String,
    },
}

/// Keeps orders, as events, so that they survive anything.
///
/// # The contract
///
/// - When [`OrderJournal::append`] and [`OrderJournal::open`] return `Ok`, the events are durable: a
///   power cut does not take them back. When they return an error, nothing was written, save where
///   the connection to the database broke in the middle: then the caller reloads.
/// - Unique are the caller's key, (provider, reference) and (provider, provider order id).
/// - `now` and lease times come from one clock: the journal's.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait OrderJournal: Debug + Send + Sync + 'static {
    /// Records a wish, or finds the order its key already names.
    ///
    /// # Errors
    ///
    /// [`JournalError::Duplicate`] where the reference belongs to another key's order;
    /// [`JournalError::Unavailable`].
    async fn open(&self, order: &NewOrder) -> Result<Opened, JournalError>;

    /// The order as its events made it.
    ///
    /// # Errors
    ///
    /// [`JournalError::NotFound`], [`JournalError::Corrupt`], [`JournalError::Unavailable`].
    async fn load(&self, id: OrderId) -> Result<Order, JournalError>;

    /// The order that a caller's key names; `None` where it names none.
    ///
    /// # Errors
    ///
    /// [`JournalError::Corrupt`], [`JournalError::Unavailable`].
    async fn find(&self, key: &IdempotencyKey) -> Result<Option<Order>, JournalError>;

    /// Everything that happened to an order, in order.
    ///
    /// # Errors
    ///
    /// Those of [`OrderJournal::load`].
    async fn events(&self, id: OrderId) -> Result<Vec<Recorded>, JournalError>;

    /// The orders that match, the newest first. Complete, or an error.
    fn list(&self, filter: OrderFilter) -> BoxStream<'static, Result<OrderSummary, JournalError>>;

    /// Appends a change to an order that has the version it builds on, and sets when the order is due
    /// next (`None`: nothing to do before somebody acts). Returns the journal's time of the append.
    ///
    /// # Errors
    ///
    /// [`JournalError::VersionConflict`], [`JournalError::Duplicate`], [`JournalError::NotFound`],
    /// [`JournalError::Unavailable`]; nothing was written.
    async fn append(
        &self,
        change: &OrderChange,
        due: Option<Timestamp>,
    ) -> Result<Timestamp, JournalError>;

    /// Claims due orders of one provider instance that nobody holds, at most `limit`, the longest due
    /// first: those of `account`, of an account that was confirmed to be the same, and those without an
    /// account; and those of any other account that have been due for more than
    /// [`Claim::OTHERS_OVERDUE`], since no worker of that account seems to run. Those of another instance
    /// are neither claimed nor counted toward `limit`, so that what nobody carries on holds up nothing.
    ///
    /// # Errors
    ///
    /// [`JournalError::Unavailable`].
    async fn claim_for(
        &self,
        provider: &ProviderInstance,
        account: &Account,
        owner: &Owner,
        lease: Duration,
        limit: NonZeroU16,
    ) -> Result<Vec<Claim>, JournalError>;

    /// Makes an order that is due some day due now, without an event: there is a reason to look at it
    /// earlier. One that is due already stays so, and one at rest stays at rest. Needs no claim and
    /// takes none from its holder, whose next append sets anew when the order is due.
    ///
    /// # Errors
    ///
    /// [`JournalError::NotFound`], [`JournalError::Unavailable`]; nothing was written.
    async fn wake(&self, id: OrderId) -> Result<(), JournalError>;

    /// Claims one order, due or not; `None` where another owner holds it.
    ///
    /// # Errors
    ///
    /// [`JournalError::NotFound`], [`JournalError::Unavailable`].
    async fn claim_order(
        &self,
        id: OrderId,
        owner: &Owner,
        lease: Duration,
    ) -> Result<Option<Claim>, JournalError>;

    /// Prolongs a claim to `lease` from now.
    ///
    /// # Errors
    ///
    /// [`JournalError::ClaimLost`] where somebody else took it; [`JournalError::NotFound`];
    /// [`JournalError::Unavailable`].
    async fn renew(&self, claim: &Claim, lease: Duration) -> Result<(), JournalError>;

    /// Gives a claim back. One that was lost is given back already.
    ///
    /// # Errors
    ///
    /// [`JournalError::NotFound`]; [`JournalError::Unavailable`].
    async fn release(&self, claim: &Claim) -> Result<(), JournalError>;

    /// What back-pressure at a provider is decided by.
    ///
    /// # Errors
    ///
    /// [`JournalError::Unavailable`].
    async fn pressure(&self, provider: &ProviderName) -> Result<Pressure, JournalError>;

    /// The journal's clock.
    ///
    /// # Errors
    ///
    /// [`JournalError::Unavailable`].
    async fn now(&self) -> Result<Timestamp, JournalError>;
}
