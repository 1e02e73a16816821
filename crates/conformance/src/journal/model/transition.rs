//! What is done to a journal, one step at a time, in the small values that a failed case is told in.

use std::fmt;

use roamport_domain::order::OrderState;

use super::happening::Happening;

/// Seconds: leases, due times and the time that goes by are whole multiples, so that a database's
/// clock, which runs on by itself, settles everything as a clock that stands still does.
pub(super) const STEP: i64 = 30;

/// The keys that callers bring.
pub(super) const KEYS: u8 = 8;

/// The providers that orders are for.
pub(super) const PROVIDERS: [&str; 2] = [crate::journal::sample::PROVIDER, "elsewhere"];

/// Where orders are placed: providers by number and address. The last is the first at another address,
/// so another instance, though names are unique at both together.
pub(super) const PLACES: [(usize, &str); 3] = [
    (0, "https://sandbox.example.com"),
    (1, "https://elsewhere.example.com"),
    (0, "https://moved.example.com"),
];

/// The eSIMs that orders buy and profiles are kept of.
pub(super) const ESIMS: [&str; 3] = ["esim-0", "esim-1", "esim-2"];

/// The card numbers that eSIMs bear.
pub(super) const CARDS: [&str; 2] = ["8988303000001234567", "8988303000007654321"];

/// The ids that providers give to events.
pub(super) const EVENTS: [&str; 3] = ["evt_1", "EVT_1", "evt_2"];

/// Who drives orders.
pub(super) const OWNERS: [&str; 3] = ["one", "two", "three"];

/// What a wish is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// One eSIM of a package.
    Package,
    /// One eSIM of another package.
    OtherPackage,
    /// More data for an eSIM.
    TopUp,
}

/// Which version an append builds on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Basis {
    /// The order's own.
    Current,
    /// So many events too old.
    Old(u64),
    /// One that is not there yet.
    Ahead,
}

/// When an order is due after an append, in steps from now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Nothing to do before somebody acts.
    Never,
    /// Now, earlier or later.
    Steps(i64),
}

/// Whose hand a claim is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hand {
    /// The holder's.
    Own,
    /// Somebody's who says that it is theirs.
    Foreign,
}

/// How an event comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comes {
    /// One delivery.
    Once,
    /// One delivery, and the same event again a step later.
    Twice,
    /// At two processes at the same time.
    AtTwoAtOnce,
}

/// One step. An order is told by the number of its key, a claim by how many were given before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Transition {
    /// A wish is recorded.
    Open {
        key: u8,
        place: usize,
        wish: Wish,
        /// How many minutes ago it was made.
        age: i64,
        /// The order whose reference it bears, instead of one of its own.
        reference_of: Option<u8>,
    },
    /// Events are appended.
    Append {
        order: u8,
        basis: Basis,
        happenings: Vec<Happening>,
        due: Due,
    },
    /// What is due at one place is claimed, for a number of steps.
    Claim {
        place: usize,
        owner: usize,
        lease: i64,
        limit: u16,
    },
    /// One order is claimed, for a number of steps.
    ClaimOrder { order: u8, owner: usize, lease: i64 },
    /// An order is made due now.
    Wake { order: u8 },
    /// A claim is prolonged, to a number of steps from now.
    Renew {
        claim: usize,
        hand: Hand,
        lease: i64,
    },
    /// A claim is given back.
    Release { claim: usize, hand: Hand },
    /// So many steps of time go by.
    Pass(i64),
    /// From now on through a fresh handle on the store, as after a restart.
    Reopen,
    /// Everything is asked about an order that is not there.
    AskForNoOrder,
    /// Some of the orders are listed.
    List {
        states: Vec<OrderState>,
        esim: Option<usize>,
        /// For the same thing as this order.
        like: Option<u8>,
        provider: Option<usize>,
    },
    /// A profile is kept: now and then for another order, or with the code of another eSIM.
    Keep {
        provider: usize,
        esim: usize,
        card: Option<usize>,
    },
    /// A profile is erased.
    Erase { provider: usize, esim: usize },
    /// The balance of the wallet at a place is kept, as it was so many steps ago.
    KeepBalance { place: usize, ago: i64 },
    /// An event of a provider is remembered as acted upon so many steps ago.
    Remember {
        provider: usize,
        event: usize,
        ago: i64,
        comes: Comes,
    },
    /// A provider's events that are older than so many steps are forgotten, and all but so many.
    Forget {
        provider: usize,
        ago: i64,
        most: u32,
    },
}

impl Transition {
    /// The kind of step, for the report.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Open { .. } => "open",
            Self::Append { .. } => "append",
            Self::Claim { .. } => "claim_for",
            Self::ClaimOrder { .. } => "claim_order",
            Self::Wake { .. } => "wake",
            Self::Renew { .. } => "renew",
            Self::Release { .. } => "release",
            Self::Pass(_) => "pass",
            Self::Reopen => "reopen",
            Self::AskForNoOrder => "ask for no order",
            Self::List { .. } => "list",
            Self::Keep { .. } => "keep",
            Self::Erase { .. } => "erase",
            Self::KeepBalance { .. } => "keep_balance",
            Self::Remember { .. } => "remember",
            Self::Forget { .. } => "forget",
        }
    }
}

impl fmt::Display for Transition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pass(steps) => write!(formatter, "{} seconds go by", steps * STEP),
            other => write!(formatter, "{other:?}"),
        }
    }
}
