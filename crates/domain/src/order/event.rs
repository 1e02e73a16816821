//! What the journal keeps of an order, in the order it happened.
//!
//! These types are a format on disk: a golden file in `tests/it/golden` fixes each variant. A field
//! may be added with a default, and a variant beside the others: an earlier release then says that it
//! does not know it. No name changes, and an old golden is never edited.

mod attention;
mod content;
mod stored;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use self::attention::{AttentionReason, Resolution};
pub use self::content::{
    AttemptNumber, Fingerprint, ItemNumber, OrderContent, OrderedLine, PlacedItem, PlacedOrder,
    ProviderInstance, Requested,
};
pub use self::stored::EventFormatError;
use super::evidence::{AbsenceEvidence, AnswerEvidence, LookUpEvidence, PlacementEvidence};
use crate::Money;
use crate::provider::{PurchaseRequest, Refund};

/// Why a purchase call is known not to have happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotSentCause {
    /// Nothing reached the provider.
    Unreachable,
    /// The provider refused it unprocessed, for asking too often.
    RateLimited,
    /// The provider refused until a person acts: wallet, token, settings. Releases before format 2
    /// wrote it over answers that prove nothing, so that such a call may have been charged: it is not
    /// written any more, see [`Attempt::is_doubtful`](super::Attempt::is_doubtful).
    Halted,
}

/// How a purchase call ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum PlacementOutcome {
    /// The provider took the order.
    Placed {
        /// As it answered.
        order: PlacedOrder,
    },
    /// The provider understood and refused for good; nothing was charged.
    Refused {
        /// Its words.
        message: String,
    },
    /// Nothing happened, and it may be tried again: no attempt.
    NotSent {
        /// Why.
        cause: NotSentCause,
        /// In words.
        message: String,
        /// Not before.
        not_before: Option<Timestamp>,
    },
    /// It may have happened.
    Ambiguous {
        /// What was seen.
        message: String,
    },
    /// The provider turned the request away before it did anything, for a reason that a person can
    /// mend: the token, a permission, the wallet. Nothing was charged.
    TurnedAway {
        /// The provider's code, where it gave one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// The provider's words.
        message: String,
        /// Not before, where the provider asked to wait.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        not_before: Option<Timestamp>,
    },
}

/// What a look-up by reference gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum LookUpResult {
    /// No answer, or none that can be trusted: it says nothing.
    Unhealthy {
        /// Why.
        message: String,
    },
    /// A decoded answer in which no order names another reference.
    Healthy {
        /// Every order that bears our reference or none.
        found: Vec<PlacedOrder>,
    },
}

/// Why an order was refused before it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GuardReason {
    /// The package is no longer sold.
    PackageGone,
    /// It now costs more than the cap.
    AboveCap,
    /// It needs a travel date that was not given.
    TravelDateMissing,
    /// The provider cannot do that.
    Unsupported,
}

/// Why an order waits before it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeferralReason {
    /// The wallet is short.
    WalletShort,
    /// A read before the purchase failed.
    ProviderUnavailable,
    /// The look-up before the purchase was not healthy.
    LookUpUnhealthy,
    /// The provider refuses until a person acts.
    Halted,
    /// Too many purchase calls of late ended unknown: each one sent now may add another.
    BackPressure,
    /// New orders are held at the account until a person releases it.
    Held,
}

/// How a provisioning call ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum ProvisioningOutcome {
    /// The profile is there.
    Ready,
    /// The provider is still generating it.
    Pending,
    /// A time-out or a gateway's error: it may be generating.
    Unknown {
        /// What was seen.
        message: String,
    },
    /// Nothing happened; it may be asked for again.
    NotDone {
        /// What was seen.
        message: String,
    },
    /// It will not be generated.
    Failed {
        /// Why.
        message: String,
    },
}

/// What reading an eSIM said while its profile was awaited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "progress", rename_all = "snake_case")]
pub enum EsimProgress {
    /// Being generated.
    Pending,
    /// Nothing has happened yet.
    NotStarted,
    /// The read failed.
    Unreadable {
        /// What was seen.
        message: String,
    },
}

/// How the call to give an eSIM back ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum CancellationOutcome {
    /// The provider took it back.
    Cancelled {
        /// When its money comes back.
        refund: Refund,
        /// How much of it, where the provider said so.
        amount: Option<Money>,
    },
    /// The provider refused: it is installed, used or over.
    Refused {
        /// Its words.
        message: String,
    },
    /// Nothing happened; it may be asked for again.
    NotDone {
        /// What was seen.
        message: String,
    },
    /// It may have happened. Asking again is harmless.
    Unknown {
        /// What was seen.
        message: String,
    },
}

/// What happened to an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// Somebody wants to buy.
    Requested(Box<Requested>),
    /// The order waits before it is sent.
    Deferred {
        /// When that was seen.
        at: Timestamp,
        /// Why.
        reason: DeferralReason,
        /// In words, for a person.
        message: String,
    },
    /// A check before the purchase call refused the order: nothing was sent.
    GuardRefused {
        /// When.
        at: Timestamp,
        /// Why.
        reason: GuardReason,
        /// In words, for a person.
        message: String,
    },
    /// A purchase call is about to be made. Durable before the call.
    PlacementStarted {
        /// Its number.
        attempt: AttemptNumber,
        /// When it may be sent, from.
        opens_at: Timestamp,
        /// When it must have been answered.
        closes_at: Timestamp,
        /// The full request.
        request: PurchaseRequest,
        /// The attempt whose stored request this repeats, inside the provider's dedup window.
        replays: Option<AttemptNumber>,
        /// Whether no look-up was possible before it.
        blind: bool,
        /// Who sends it, and what the wallet held. Absent in orders of releases before format 2.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        evidence: Option<PlacementEvidence>,
    },
    /// The purchase call ended.
    PlacementSettled {
        /// Its number.
        attempt: AttemptNumber,
        /// When.
        at: Timestamp,
        /// How.
        outcome: PlacementOutcome,
        /// What comparing the answer with the request showed. Absent in orders of releases before format 2.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        evidence: Option<AnswerEvidence>,
    },
    /// A new owner found the purchase call unsettled.
    PlacementAbandoned {
        /// Its number.
        attempt: AttemptNumber,
        /// When.
        at: Timestamp,
    },
    /// The provider's orders were searched for our reference.
    LookedUp {
        /// When the look-up was started.
        started_at: Timestamp,
        /// Whether window and quiet period were over on both clocks when it was started.
        conclusive: bool,
        /// What it gave.
        result: LookUpResult,
        /// What the answer proves. Absent where no answer came, and in orders of releases before format 2.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        evidence: Option<Box<LookUpEvidence>>,
    },
    /// Enough conclusive look-ups found nothing: the attempt may be followed by another.
    AbsenceEstablished {
        /// Which.
        attempt: AttemptNumber,
        /// When each of those look-ups was started.
        look_ups: Vec<Timestamp>,
        /// On what it rests. Absent in orders of releases before format 2.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        evidence: Option<AbsenceEvidence>,
    },
    /// The provider promises to answer a repeated request with the first order: the stored request
    /// may be sent again.
    ReplayPermitted {
        /// Which attempt is repeated.
        attempt: AttemptNumber,
        /// When this was decided.
        at: Timestamp,
        /// The end of the provider's promise.
        until: Timestamp,
    },
    /// The provider's order was read.
    OrderRead {
        /// When.
        at: Timestamp,
        /// What it said; `None` where the read failed.
        order: Option<PlacedOrder>,
        /// What comparing the answer with the request showed. Absent where the read failed, and in orders of
        /// releases before format 2.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        evidence: Option<AnswerEvidence>,
    },
    /// A profile is about to be asked for. Durable before the call.
    ProvisioningStarted {
        /// Which item.
        item: ItemNumber,
        /// When.
        at: Timestamp,
    },
    /// The call for a profile ended, or a read found the profile.
    ProvisioningSettled {
        /// Which item.
        item: ItemNumber,
        /// When.
        at: Timestamp,
        /// How.
        outcome: ProvisioningOutcome,
    },
    /// The eSIM was read while its profile was awaited.
    EsimRead {
        /// Which item.
        item: ItemNumber,
        /// When.
        at: Timestamp,
        /// What it said.
        progress: EsimProgress,
    },
    /// Something a person should know.
    AttentionRaised {
        /// When.
        at: Timestamp,
        /// What.
        reason: AttentionReason,
    },
    /// A person decided.
    AttentionResolved {
        /// When.
        at: Timestamp,
        /// How.
        resolution: Resolution,
        /// Who.
        by: String,
        /// Why.
        why: String,
    },
    /// An eSIM is about to be given back. Durable before the call; it changes no state of the order.
    CancellationStarted {
        /// Which item.
        item: ItemNumber,
        /// When.
        at: Timestamp,
        /// Who.
        by: String,
        /// Why.
        why: String,
    },
    /// The call to give an eSIM back ended, or a read showed how it did.
    CancellationSettled {
        /// Which item.
        item: ItemNumber,
        /// When.
        at: Timestamp,
        /// How.
        outcome: CancellationOutcome,
    },
    /// Profiles that are not there yet are to be asked for with another first day of travel; those that
    /// failed are asked for again.
    StartDateChanged {
        /// When.
        at: Timestamp,
        /// The day.
        start_date: Date,
        /// Who.
        by: String,
        /// Why.
        why: String,
    },
    /// The order was called off before it was sent.
    Cancelled {
        /// When.
        at: Timestamp,
        /// Who.
        by: String,
        /// Why.
        why: String,
    },
    /// The order was not sent in time.
    Expired {
        /// When.
        at: Timestamp,
    },
    /// New orders were held at the account while the order waited: it may be sent until later. Once in
    /// its life.
    Prolonged {
        /// When.
        at: Timestamp,
        /// No purchase call begins after this moment.
        place_before: Timestamp,
    },
}
