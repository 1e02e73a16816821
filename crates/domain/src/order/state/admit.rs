//! Which events are still written. Replay knows more of them: those of earlier releases.

use super::super::event::{Event, LookUpResult, NotSentCause, PlacementOutcome};
use super::{IllegalEvent, Order};

impl Order {
    /// Whether this release writes `event` as the next of this order. Asked before an append;
    /// [`Order::apply`] then says whether it may follow.
    ///
    /// # Errors
    ///
    /// [`IllegalEvent`] for an event without the evidence that this release records, and for one that
    /// ends an order over a call that an earlier release left in doubt.
    pub fn admit(&self, event: &Event) -> Result<(), IllegalEvent> {
        match self.refusal(event) {
            None => Ok(()),
            Some(why) => Err(IllegalEvent {
                event: event.name(),
                state: self.state,
                why,
            }),
        }
    }

    fn refusal(&self, event: &Event) -> Option<&'static str> {
        const NO_EVIDENCE: &str = "it carries no evidence";
        let in_doubt = self.doubtful_attempt().is_some();
        match event {
            Event::Requested(requested) if requested.account.is_none() => {
                Some("it names no account")
            }
            Event::PlacementStarted { evidence: None, .. }
            | Event::PlacementSettled { evidence: None, .. }
            | Event::AbsenceEstablished { evidence: None, .. }
            | Event::LookedUp {
                result: LookUpResult::Healthy { .. },
                evidence: None,
                ..
            }
            | Event::OrderRead {
                order: Some(_),
                evidence: None,
                ..
            } => Some(NO_EVIDENCE),
            Event::PlacementSettled {
                outcome:
                    PlacementOutcome::NotSent {
                        cause: NotSentCause::Halted,
                        ..
                    },
                ..
            } => Some("what turned a call away is recorded as such"),
            Event::Cancelled { .. } | Event::Expired { .. } | Event::GuardRefused { .. }
                if in_doubt =>
            {
                Some("an earlier release left a call in doubt")
            }
            _ => None,
        }
    }
}
