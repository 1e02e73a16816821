//! One purchase call of an order, and what is known of it.

use jiff::Timestamp;

use crate::order::event::AttemptNumber;
use crate::order::evidence::WalletReading;
use crate::provider::PurchaseRequest;
use crate::{Account, ProviderOrderId};

/// What is known of one purchase call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttemptState {
    /// Started; its sender has not told its end.
    InFlight,
    /// Its sender is gone; what became of it is unknown.
    Abandoned,
    /// Its sender does not know what became of it.
    Ambiguous {
        /// What was seen.
        message: String,
    },
    /// It never happened.
    NotSent {
        /// What was seen.
        message: String,
        /// Whether an earlier release called it so over an answer that proves nothing.
        doubtful: bool,
    },
    /// The provider turned it away before it did anything, for a reason that a person can mend.
    TurnedAway {
        /// What was seen.
        message: String,
    },
    /// The provider refused it.
    Refused {
        /// The provider's words.
        message: String,
    },
    /// The provider took it.
    Placed {
        /// The provider's id.
        order: ProviderOrderId,
    },
}

/// One purchase call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Its number, from 1.
    pub number: AttemptNumber,
    /// When it might be sent, from.
    pub opens_at: Timestamp,
    /// When it had to be answered.
    pub closes_at: Timestamp,
    /// What was sent.
    pub request: PurchaseRequest,
    /// The account whose credentials sent it. Absent in orders of releases before format 2.
    pub account: Option<Account>,
    /// The wallet before it was sent. Absent where it was not read.
    pub baseline: Option<WalletReading>,
    /// The attempt it repeats inside the provider's dedup window.
    pub replays: Option<AttemptNumber>,
    /// What became of it.
    pub state: AttemptState,
    /// When its end became known or unknown.
    pub settled_at: Option<Timestamp>,
    /// Whether what became of it has been established since: look-ups proved as well as they can
    /// that it did not happen, they found its order, or a person decided.
    pub explained: bool,
    /// Until when the provider promises to answer a repetition with the first order.
    pub replay_until: Option<Timestamp>,
}

impl Attempt {
    /// Whether it is recorded that this call charged nothing: it was not sent, turned away or refused.
    /// Decides what follows on replay; what is sent and said asks [`Attempt::is_doubtful`] too.
    pub const fn is_harmless(&self) -> bool {
        matches!(
            self.state,
            AttemptState::NotSent { .. }
                | AttemptState::TurnedAway { .. }
                | AttemptState::Refused { .. }
        )
    }

    /// Whether an earlier release recorded it as not sent over an answer that proves nothing, and
    /// nothing has explained it since: it may have been charged.
    pub const fn is_doubtful(&self) -> bool {
        matches!(self.state, AttemptState::NotSent { doubtful: true, .. }) && !self.explained
    }

    /// Whether it is certain that no byte of it reached the provider. All others demand proof of
    /// absence before another call.
    pub const fn is_surely_unsent(&self) -> bool {
        matches!(
            self.state,
            AttemptState::NotSent {
                doubtful: false,
                ..
            }
        )
    }

    /// Whether the provider answered it for good, so that no effect is awaited any more.
    pub(in crate::order) const fn is_settled_for_good(&self) -> bool {
        matches!(
            self.state,
            AttemptState::TurnedAway { .. } | AttemptState::Refused { .. }
        )
    }

    /// Whether the provider turned it away.
    pub const fn is_turned_away(&self) -> bool {
        matches!(self.state, AttemptState::TurnedAway { .. })
    }

    /// Whether its sender could not tell what became of it, or was gone before it could.
    pub const fn is_unknown(&self) -> bool {
        matches!(
            self.state,
            AttemptState::Abandoned | AttemptState::Ambiguous { .. }
        )
    }

    /// Whether what became of it is unknown, nothing has since explained it, and it is not to be
    /// repeated under a provider's promise.
    pub const fn is_unresolved(&self) -> bool {
        self.is_unknown() && !self.explained && self.replay_until.is_none()
    }

    /// The first of the attempts that send one stored request.
    pub fn root(&self) -> AttemptNumber {
        self.replays.unwrap_or(self.number)
    }

    /// Whether it counts toward the purchase calls an order may make: one that was not sent does
    /// not, nor one that only repeats another under a provider's promise.
    pub const fn counts(&self) -> bool {
        self.replays.is_none()
            && !matches!(
                self.state,
                AttemptState::NotSent { .. } | AttemptState::TurnedAway { .. }
            )
    }
}
