//! An order as its events made it, and which event may follow.

mod admit;
mod apply;
mod attempt;
mod derive;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use self::attempt::{Attempt, AttemptState};
use super::event::{
    AttentionReason, CancellationOutcome, DeferralReason, EsimProgress, GuardReason, OrderContent,
    PlacedOrder, Requested,
};
use super::evidence::Doubt;
use crate::journal::Version;
use crate::{Account, EsimId, Money, Oddity, OrderId, PackageId};

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OrderState {
    /// Recorded; nothing is on its way.
    Requested,
    /// A purchase call is in flight, or its sender is gone.
    Placing,
    /// A purchase call may have landed; it is looked for.
    Reconciling,
    /// The provider has it; its items are awaited.
    Placed,
    /// Its profiles are being generated.
    Provisioning,
    /// Everything that was ordered is there.
    Fulfilled,
    /// Nothing was bought.
    Failed,
    /// Called off before anything was bought.
    Cancelled,
    /// A person has to look.
    NeedsAttention,
}

impl OrderState {
    /// Every state, in the order of a life.
    pub const ALL: [Self; 9] = [
        Self::Requested,
        Self::Placing,
        Self::Reconciling,
        Self::Placed,
        Self::Provisioning,
        Self::Fulfilled,
        Self::Failed,
        Self::Cancelled,
        Self::NeedsAttention,
    ];

    /// The name of it, as it stands in the journal, in JSON and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Placing => "placing",
            Self::Reconciling => "reconciling",
            Self::Placed => "placed",
            Self::Provisioning => "provisioning",
            Self::Fulfilled => "fulfilled",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::NeedsAttention => "needs-attention",
        }
    }

    /// The state with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether the order came to its end.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Fulfilled | Self::Failed | Self::Cancelled)
    }

    /// Whether the order goes no further by itself: it ended, or a person has to look.
    pub const fn is_settled(self) -> bool {
        self.is_final() || matches!(self, Self::NeedsAttention)
    }
}

impl std::fmt::Display for OrderState {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// How far one eSIM of an order is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemState {
    /// Bought; its profile was not asked for.
    Awaiting,
    /// Its profile was asked for.
    Provisioning {
        /// When it was first asked for.
        since: Timestamp,
        /// When it was last asked for.
        asked_at: Timestamp,
        /// When anything was last heard of it.
        heard_at: Timestamp,
        /// How often it was read since it was last asked for.
        reads: u32,
        /// What was last heard.
        progress: EsimProgress,
    },
    /// Its profile can be installed.
    Ready,
    /// Its profile will not come.
    Failed {
        /// Why.
        message: String,
    },
}

impl ItemState {
    /// Whether nothing more will happen to it.
    pub const fn is_settled(&self) -> bool {
        matches!(self, Self::Ready | Self::Failed { .. })
    }

    /// Why the last answer about it could not be used, in words.
    pub fn problem(&self) -> Option<&str> {
        match self {
            Self::Provisioning {
                progress: EsimProgress::Unreadable { message },
                ..
            } => Some(message),
            _ => None,
        }
    }
}

/// How far giving an eSIM back has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemCancellation {
    /// Since when it was last asked for.
    pub at: Timestamp,
    /// Who asked.
    pub by: String,
    /// How the call ended; `None` while it has not, or its sender is gone.
    pub outcome: Option<CancellationOutcome>,
}

impl ItemCancellation {
    /// Whether the provider took the eSIM back.
    pub const fn is_done(&self) -> bool {
        matches!(self.outcome, Some(CancellationOutcome::Cancelled { .. }))
    }
}

/// One eSIM of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The provider's name for it.
    pub esim: EsimId,
    /// Its package, where the answer named it.
    pub package: Option<PackageId>,
    /// How far it is.
    pub state: ItemState,
    /// Whether it was to be given back, and what came of it.
    pub cancellation: Option<ItemCancellation>,
}

/// Something a person should know or decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attention {
    /// What.
    pub reason: AttentionReason,
    /// Whether it is still open.
    pub open: bool,
}

/// Why an order ended otherwise than by delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The provider refused the purchase.
    Refused {
        /// Its words.
        message: String,
    },
    /// A check before the purchase refused it.
    GuardRefused {
        /// Why.
        reason: GuardReason,
        /// In words.
        message: String,
    },
    /// It was not sent in time.
    Expired,
    /// It was called off.
    Cancelled {
        /// Why.
        why: String,
    },
    /// A person took it as it is.
    Accepted,
    /// A person gave it up.
    WrittenOff,
}

/// Why the order waits in [`OrderState::Requested`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deferral {
    /// Since when.
    pub at: Timestamp,
    /// Not before, where the provider said so.
    pub not_before: Option<Timestamp>,
    /// How many in a row.
    pub count: u32,
    /// Why; `None` where a purchase call could not be sent.
    pub reason: Option<DeferralReason>,
    /// In words.
    pub message: String,
}

/// What look-ups by reference have given so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LookUps {
    /// How many, since the outcome last became unknown.
    pub count: u32,
    /// When the last one was started.
    pub last_at: Option<Timestamp>,
    /// When each conclusive one was started that found nothing, since the outcome became unknown.
    pub conclusive_empty: Vec<Timestamp>,
    /// When the last healthy one was started that found nothing.
    pub last_empty_at: Option<Timestamp>,
    /// When the first one was started after [`Order::place_before`]: from then on it is counted how
    /// long nobody can confirm that nothing was sent.
    pub late_since: Option<Timestamp>,
    /// Whether the last thing that happened toward a purchase is a healthy look-up that found
    /// nothing: only then may a purchase call start.
    pub fresh_empty: bool,
    /// When the first one was started since the outcome became unknown.
    pub first_at: Option<Timestamp>,
    /// When each conclusive one was started that proved absence, since the outcome became unknown:
    /// the count that another purchase call needs.
    pub proven_empty: Vec<Timestamp>,
    /// How many proved absence in the order's life.
    pub proven: u16,
    /// When the last one was started that proved absence.
    pub last_proven_at: Option<Timestamp>,
    /// When the look-up of [`fresh_empty`](Self::fresh_empty) was started, where it proved absence.
    pub fresh_proven_at: Option<Timestamp>,
    /// Why the last one proved nothing.
    pub last_doubt: Option<Doubt>,
    /// The witness that has spoken against absence since the outcome became unknown: control or wallet.
    /// What it said stays true, whatever a later look-up finds, so that none counts any more.
    pub veto: Option<Doubt>,
}

/// An order: the fold of its events.
///
/// Made by [`Order::open`] and [`Order::replay`], changed by [`Order::apply`] alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    id: OrderId,
    version: Version,
    requested: Requested,
    start_date: Option<Date>,
    place_before: Timestamp,
    state: OrderState,
    attempts: Vec<Attempt>,
    /// Attempts a person granted beyond the policy's limit.
    granted_attempts: u16,
    look_ups: LookUps,
    deferral: Option<Deferral>,
    placed: Option<PlacedOrder>,
    placed_at: Option<Timestamp>,
    reads: u32,
    last_order_read: Option<Timestamp>,
    /// Nobody waits for items any more.
    delivery_closed: bool,
    /// The account it belongs to, as far as events say.
    account: Option<Account>,
    /// How many purchase calls a person has answered for by granting another.
    cleared_attempts: usize,
    /// Whether the provider's order came with evidence, so that it is compared in full.
    is_compared: bool,
    /// What the provider's order has and could not be read, by its latest answer.
    unreadable: Vec<Oddity>,
    /// Why the last read of the provider's order gave nothing that could be used.
    read_problem: Option<String>,
    /// Whether it got more time once, for having been held.
    was_prolonged: bool,
    items: Vec<Item>,
    attention: Vec<Attention>,
    ending: Option<Ending>,
}

/// An event that cannot follow. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{event}` cannot follow in state `{state}`: {why}")]
pub struct IllegalEvent {
    /// The event's name.
    pub event: &'static str,
    /// The state it met.
    pub state: OrderState,
    /// Why not.
    pub why: &'static str,
}

impl Order {
    /// Our id.
    pub const fn id(&self) -> OrderId {
        self.id
    }

    /// How many events made it.
    pub const fn version(&self) -> Version {
        self.version
    }

    /// Where it stands.
    pub const fn state(&self) -> OrderState {
        self.state
    }

    /// The wish it began with.
    pub const fn requested(&self) -> &Requested {
        &self.requested
    }

    /// The first day of travel with which profiles are asked for: as it was ordered, or as a person changed
    /// it since. `None` where none was given.
    pub const fn start_date(&self) -> Option<Date> {
        self.start_date
    }

    /// No purchase call begins after this moment.
    pub const fn place_before(&self) -> Timestamp {
        self.place_before
    }

    /// Its purchase calls, in order.
    pub fn attempts(&self) -> &[Attempt] {
        &self.attempts
    }

    /// How many purchase calls count toward the limit.
    pub fn counted_attempts(&self) -> usize {
        self.attempts
            .iter()
            .filter(|attempt| attempt.counts())
            .count()
    }

    /// The account it belongs to: the one it was requested or last sent with, or that a person said is
    /// the same. `None` in orders of releases before format 2.
    pub const fn account(&self) -> Option<&Account> {
        self.account.as_ref()
    }

    /// Whether a purchase call may have reached the provider for which no person has answered, so that
    /// another one needs proof that nothing is there.
    pub fn needs_proof(&self) -> bool {
        self.attempts
            .iter()
            .skip(self.cleared_attempts)
            .any(|attempt| !attempt.is_surely_unsent())
    }

    /// The attempt of which it is unknown what became of it.
    pub fn unresolved_attempt(&self) -> Option<&Attempt> {
        self.attempts
            .iter()
            .rev()
            .find(|attempt| attempt.is_unresolved())
    }

    /// The purchase call whose sender has not told its end.
    pub fn attempt_in_flight(&self) -> Option<&Attempt> {
        self.attempts
            .iter()
            .rev()
            .find(|attempt| attempt.state == AttemptState::InFlight)
    }

    /// What look-ups have given.
    pub const fn look_ups(&self) -> &LookUps {
        &self.look_ups
    }

    /// Why it waits to be sent.
    pub const fn deferral(&self) -> Option<&Deferral> {
        self.deferral.as_ref()
    }

    /// The provider's order, once there is one.
    pub const fn placed(&self) -> Option<&PlacedOrder> {
        self.placed.as_ref()
    }

    /// What the provider's order has and could not be read, by its latest answer.
    pub fn unreadable(&self) -> &[Oddity] {
        &self.unreadable
    }

    /// Why what is waited for has not come, in words, where that is known: what defers the purchase, or why the
    /// last answer about the order or about an eSIM could not be used.
    pub fn wait_reason(&self) -> Option<&str> {
        match self.state {
            OrderState::Requested => self.deferral.as_ref().map(|known| known.message.as_str()),
            OrderState::Placed => self.read_problem.as_deref(),
            OrderState::Provisioning => self.items.iter().find_map(|item| item.state.problem()),
            _ => None,
        }
    }

    /// When the provider's order became known.
    pub const fn placed_at(&self) -> Option<Timestamp> {
        self.placed_at
    }

    /// How often the provider's order was read since.
    pub const fn order_reads(&self) -> u32 {
        self.reads
    }

    /// When it was last read.
    pub const fn last_order_read(&self) -> Option<Timestamp> {
        self.last_order_read
    }

    /// Purchase calls that a person granted beyond the policy's limit.
    pub const fn granted_attempts(&self) -> u16 {
        self.granted_attempts
    }

    /// Its eSIMs, once the provider named them.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The eSIMs it bought, or the one it tops up.
    pub fn esims(&self) -> Vec<EsimId> {
        match &self.requested.content {
            OrderContent::TopUp(top_up) => vec![top_up.esim.clone()],
            OrderContent::Esims { .. } => self.items.iter().map(|item| item.esim.clone()).collect(),
        }
    }

    /// What a person should know, in the order it came to light.
    pub fn attention(&self) -> &[Attention] {
        &self.attention
    }

    /// What a person still has to decide.
    pub fn open_attention(&self) -> impl Iterator<Item = &AttentionReason> {
        self.attention
            .iter()
            .filter(|attention| attention.open)
            .map(|attention| &attention.reason)
    }

    /// How it ended, where it did not end by delivery.
    pub const fn ending(&self) -> Option<&Ending> {
        self.ending.as_ref()
    }

    /// What it was quoted at in all.
    pub fn quoted_total(&self) -> Option<Money> {
        self.requested.content.quoted_total()
    }

    /// What it must cost: at the prices of the last purchase call, or as quoted while none was made.
    pub fn expected_total(&self) -> Option<Money> {
        match self.attempts.last() {
            Some(attempt) => attempt.request.total(),
            None => self.quoted_total(),
        }
    }

    /// Whether money may have moved: a purchase call was started that is not known to be harmless.
    pub fn money_may_have_moved(&self) -> bool {
        self.placed.is_some()
            || self
                .attempts
                .iter()
                .any(|attempt| !attempt.is_harmless() || attempt.is_doubtful())
    }

    /// The call that an earlier release recorded as not sent over an answer that proves nothing, while
    /// nothing has explained it.
    pub fn doubtful_attempt(&self) -> Option<&Attempt> {
        self.attempts
            .iter()
            .rev()
            .find(|attempt| attempt.is_doubtful())
    }

    /// Whether it got more time once, for having been held.
    pub(super) const fn was_prolonged(&self) -> bool {
        self.was_prolonged
    }

    /// How many calls the provider turned away.
    pub fn turned_away(&self) -> usize {
        self.attempts
            .iter()
            .filter(|attempt| attempt.is_turned_away())
            .count()
    }
}
