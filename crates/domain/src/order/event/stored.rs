//! The text of an event in a journal, and its format.

use serde::{Deserialize, Serialize};

use super::Event;

/// The newest format: that of events which carry evidence or an account. All others are written in
/// format 1, byte for byte as earlier releases wrote them.
const FORMAT: u32 = 2;

#[derive(Serialize)]
struct Envelope<'a> {
    v: u32,
    event: &'a Event,
}

#[derive(Deserialize)]
struct StoredEnvelope {
    v: u32,
    event: serde_json::Value,
}

/// A stored event that this release cannot read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EventFormatError {
    /// The text is no event.
    #[error("a stored event cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// A later release wrote it.
    #[error("a stored event has format {0}, this release reads up to {FORMAT}")]
    Newer(u32),
    /// It is whole, and of a kind, or with a reason, outcome or other tag in it, that this release
    /// does not know: most likely a later release wrote it. The tag is not repeated: it might be
    /// anything.
    #[error("a stored event says something that this release has no word for")]
    Unknown,
}

impl EventFormatError {
    /// Why a value of the right format is no event.
    fn of(error: serde_json::Error) -> Self {
        // serde has no other sign for it than these words, which a test holds fast.
        if error.to_string().starts_with("unknown variant") {
            Self::Unknown
        } else {
            Self::Unreadable(error)
        }
    }
}

impl Event {
    /// The name of the variant, as it stands in the journal.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Requested(_) => "requested",
            Self::Deferred { .. } => "deferred",
            Self::GuardRefused { .. } => "guard_refused",
            Self::PlacementStarted { .. } => "placement_started",
            Self::PlacementSettled { .. } => "placement_settled",
            Self::PlacementAbandoned { .. } => "placement_abandoned",
            Self::LookedUp { .. } => "looked_up",
            Self::AbsenceEstablished { .. } => "absence_established",
            Self::ReplayPermitted { .. } => "replay_permitted",
            Self::OrderRead { .. } => "order_read",
            Self::ProvisioningStarted { .. } => "provisioning_started",
            Self::ProvisioningSettled { .. } => "provisioning_settled",
            Self::EsimRead { .. } => "esim_read",
            Self::AttentionRaised { .. } => "attention_raised",
            Self::AttentionResolved { .. } => "attention_resolved",
            Self::CancellationStarted { .. } => "cancellation_started",
            Self::CancellationSettled { .. } => "cancellation_settled",
            Self::StartDateChanged { .. } => "start_date_changed",
            Self::Cancelled { .. } => "cancelled",
            Self::Expired { .. } => "expired",
            Self::Prolonged { .. } => "prolonged",
        }
    }

    /// The text a journal stores: `{"v":1,"event":{…}}`, with 2 for an event that carries evidence or an
    /// account.
    pub fn to_stored(&self) -> String {
        crate::order::to_json(&Envelope {
            v: self.format(),
            event: self,
        })
    }

    /// The format it is stored in: the lowest that a release must know to read it rightly.
    fn format(&self) -> u32 {
        let is_newer = match self {
            Self::Requested(requested) => requested.account.is_some(),
            Self::PlacementStarted { evidence, .. } => evidence.is_some(),
            Self::PlacementSettled { evidence, .. } | Self::OrderRead { evidence, .. } => {
                evidence.is_some()
            }
            Self::LookedUp { evidence, .. } => evidence.is_some(),
            Self::AbsenceEstablished { evidence, .. } => evidence.is_some(),
            _ => false,
        };
        if is_newer { FORMAT } else { 1 }
    }

    /// Reads what [`Event::to_stored`] wrote, now or in an earlier release.
    ///
    /// # Errors
    ///
    /// [`EventFormatError`]: the event is left as it is, and the order is not touched.
    pub fn from_stored(text: &str) -> Result<Self, EventFormatError> {
        let envelope: StoredEnvelope = serde_json::from_str(text)?;
        if envelope.v > FORMAT {
            return Err(EventFormatError::Newer(envelope.v));
        }
        serde_json::from_value(envelope.event).map_err(EventFormatError::of)
    }
}
