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
    /// What is due is claimed, everywhere or at one place, for a number of steps.
    Claim {
        place: Option<usize>,
        owner: usize,
        lease: i64,
        limit: u16,
    },
    /// One order is claimed, for a number of steps.
    ClaimOrder { order: u8, owner: usize, lease: i64 },
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
    /// A profile is kept.
    Keep {
        provider: usize,
        esim: usize,
        card: Option<usize>,
    },
    /// A profile is erased.
    Erase { provider: usize, esim: usize },
    /// The balance of the wallet at a place is kept, as it was so many steps ago.
    KeepBalance { place: usize, ago: i64 },
}

impl Transition {
    /// The kind of step, for the report.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Open { .. } => "open",
            Self::Append { .. } => "append",
            Self::Claim { place: None, .. } => "claim",
            Self::Claim { .. } => "claim_for",
            Self::ClaimOrder { .. } => "claim_order",
            Self::Renew { .. } => "renew",
            Self::Release { .. } => "release",
            Self::Pass(_) => "pass",
            Self::Reopen => "reopen",
            Self::AskForNoOrder => "ask for no order",
            Self::List { .. } => "list",
            Self::Keep { .. } => "keep",
            Self::Erase { .. } => "erase",
            Self::KeepBalance { .. } => "keep_balance",
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
