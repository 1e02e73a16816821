//! Orders: what was wished, what was bought, and the pure machine that decides what may follow.
//!
//! An [`Order`] is the fold of its [`Event`]s: [`Order::apply`] rejects an illegal successor both
//! live and on replay. [`next_step`] says what to do next. Neither reads a clock nor does I/O;
//! `app` performs the steps and appends the events.

pub mod comparison;
mod event;
mod evidence;
mod policy;
mod state;
mod step;

use serde::Serialize;

pub use self::event::{
    AttemptNumber, AttentionReason, CancellationOutcome, DeferralReason, EsimProgress, Event,
    EventFormatError, Fingerprint, GuardReason, ItemNumber, LookUpResult, NotSentCause,
    OrderContent, OrderedLine, PlacedItem, PlacedOrder, PlacementOutcome, ProviderInstance,
    ProvisioningOutcome, Requested, Resolution,
};
pub use self::evidence::{
    Absence, AbsenceEvidence, Adoption, AnswerEvidence, AnswerField, ControlEvidence, Doubt,
    FilterEvidence, LookUpEvidence, PlacementEvidence, WalletEvidence, WalletReading,
};
pub use self::policy::{MAX_TURNED_AWAY, OrderPolicy, TURNED_AWAY_PAUSE};
pub use self::state::{
    Attempt, AttemptState, Attention, Ending, IllegalEvent, Item, ItemCancellation, ItemState,
    Order, OrderState,
};
pub use self::step::{AccountStanding, Beginning, ItemStep, Moment, Step, Waiting, next_step};

/// JSON of a type of ours: plain structs with text keys, which serialise without fail.
pub(crate) fn to_json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("our own plain structs serialise")
}
