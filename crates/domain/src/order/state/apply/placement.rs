//! What a purchase call and its answer change.

use jiff::Timestamp;

use super::Verdict;
use crate::clock::later;
use crate::order::event::{
    AttemptNumber, AttentionReason, Event, NotSentCause, PlacedOrder, PlacementOutcome,
};
use crate::order::evidence::{AnswerEvidence, AnswerField};
use crate::order::policy::TURNED_AWAY_PAUSE;
use crate::order::state::{Attempt, AttemptState, Deferral, Ending, LookUps, Order, OrderState};
use crate::provider::PurchaseRequest;

impl Order {
    pub(super) fn start_placement(&mut self, event: &Event) -> Verdict {
        let Event::PlacementStarted {
            attempt,
            opens_at,
            closes_at,
            request,
            replays,
            blind,
            evidence,
        } = event
        else {
            return Err("not a placement");
        };
        self.in_state(OrderState::Requested)?;
        if usize::from(*attempt) != self.attempts.len() + 1 {
            return Err("attempts are numbered from 1 without a gap");
        }
        if closes_at <= opens_at {
            return Err("the window closes before it opens");
        }
        if *opens_at >= self.place_before {
            return Err("it is too late to place the order");
        }
        let permitted = self
            .attempts
            .iter()
            .rev()
            .find(|earlier| earlier.replay_until.is_some());
        match (replays, permitted) {
            (Some(root), Some(earlier)) if earlier.root() == *root => {
                if earlier.request != *request {
                    return Err("a repetition sends the stored request");
                }
                if earlier.replay_until.is_some_and(|until| *opens_at >= until) {
                    return Err("the promise to answer a repetition ran out");
                }
            }
            (Some(root), None) if evidence.is_some() => self.may_repeat(*root, request)?,
            (None, None) => {
                if !self.look_ups.fresh_empty && !blind {
                    return Err("no healthy look-up found nothing just before");
                }
                if evidence.is_some() && !blind {
                    self.may_follow()?;
                }
            }
            _ => return Err("only the permitted attempt may be repeated"),
        }
        if let Some(evidence) = evidence {
            self.account = Some(evidence.account.clone());
        }
        self.attempts.push(Attempt {
            number: *attempt,
            opens_at: *opens_at,
            closes_at: *closes_at,
            request: request.clone(),
            account: evidence.as_ref().map(|evidence| evidence.account.clone()),
            baseline: evidence.as_ref().and_then(|evidence| evidence.baseline),
            replays: *replays,
            state: AttemptState::InFlight,
            settled_at: None,
            explained: false,
            replay_until: None,
        });
        self.look_ups = LookUps::default();
        Ok(())
    }

    /// A call may follow calls that may have reached the provider only where the look-up just before it
    /// proved that nothing is there, some time after the last of them was turned away.
    fn may_follow(&self) -> Verdict {
        if self.doubtful_attempt().is_some() {
            return Err("an earlier release left a call in doubt");
        }
        if !self.needs_proof() {
            return Ok(());
        }
        let Some(proven_at) = self.look_ups.fresh_proven_at else {
            return Err("the look-up just before proves no absence");
        };
        let turned_away = self
            .attempts
            .iter()
            .filter(|attempt| attempt.is_turned_away());
        let soonest = turned_away
            .filter_map(|attempt| attempt.settled_at)
            .max()
            .map(|at| later(at, TURNED_AWAY_PAUSE));
        match soonest {
            Some(soonest) if proven_at < soonest => {
                Err("the look-up came too soon after the call was turned away")
            }
            _ => Ok(()),
        }
    }

    /// At a provider that answers a repeated request with the first order, the stored request may be
    /// sent again after it was turned away: should it have been charged after all, that answers it.
    fn may_repeat(&self, root: AttemptNumber, request: &PurchaseRequest) -> Verdict {
        let same = self
            .attempts
            .iter()
            .filter(|attempt| attempt.root() == root);
        let Some(first) = same.clone().next() else {
            return Err("no such attempt was started");
        };
        if first.request != *request {
            return Err("a repetition sends the stored request");
        }
        if same
            .clone()
            .any(|attempt| attempt.is_unknown() && !attempt.explained)
        {
            return Err("the promise to answer a repetition was not recorded");
        }
        let repeatable = |attempt: &Attempt| attempt.is_turned_away() || attempt.is_doubtful();
        if same.clone().any(repeatable) {
            Ok(())
        } else {
            Err("only a call that was turned away may be repeated")
        }
    }

    /// Takes what comparing an answer with the request showed.
    pub(super) fn compared(&mut self, evidence: Option<&AnswerEvidence>) {
        let Some(evidence) = evidence else { return };
        let is_strangers = evidence.stranger.is_some();
        if self.placed.is_none() || (evidence.problem.is_some() && !is_strangers) {
            return;
        }
        self.is_compared = true;
        if !is_strangers {
            self.unreadable.clone_from(&evidence.unreadable);
        }
        self.note_differences(&evidence.different);
    }

    /// Raises the fields in which the provider's order is not what was ordered. Its price is raised by
    /// itself, with both amounts.
    pub(super) fn note_differences(&mut self, different: &[AnswerField]) {
        let mut fields = different.to_vec();
        fields.retain(|field| !matches!(field, AnswerField::Total | AnswerField::Currency));
        if !fields.is_empty() && !self.is_decided() {
            self.note(AttentionReason::GoodsDiffer { fields });
        }
    }

    /// Accepted for any started attempt that has not been settled, in every state: an answer that
    /// arrives late is never dropped. A repetition of the same is accepted too.
    pub(super) fn settle_placement(
        &mut self,
        number: AttemptNumber,
        at: Timestamp,
        outcome: &PlacementOutcome,
        evidenced: bool,
    ) -> Verdict {
        let next = match outcome {
            PlacementOutcome::Placed { order } => AttemptState::Placed {
                order: order.id.clone(),
            },
            PlacementOutcome::Refused { message } => AttemptState::Refused {
                message: message.clone(),
            },
            PlacementOutcome::NotSent { message, cause, .. } => AttemptState::NotSent {
                message: message.clone(),
                doubtful: *cause == NotSentCause::Halted,
            },
            PlacementOutcome::TurnedAway { message, .. } => AttemptState::TurnedAway {
                message: message.clone(),
            },
            PlacementOutcome::Ambiguous { message } => AttemptState::Ambiguous {
                message: message.clone(),
            },
        };
        let attempt = self.attempt_mut(number)?;
        match &attempt.state {
            AttemptState::InFlight | AttemptState::Abandoned => {}
            settled if *settled == next => return Ok(()),
            _ => return Err("the attempt was settled otherwise"),
        }
        attempt.state = next;
        attempt.settled_at = Some(at);
        if !attempt.is_unknown() {
            // What is known is not repeated: another call would be a call of its own.
            attempt.replay_until = None;
        }
        let (replays, root) = (attempt.replays, attempt.root());
        let is_last = usize::from(number) == self.attempts.len();
        match outcome {
            PlacementOutcome::Placed { order } => {
                self.placed_by(order.clone(), at);
                self.explain_request(root);
            }
            PlacementOutcome::Refused { message } => {
                if replays.is_some() {
                    // The sign that an earlier call landed, and no proof of it: what became of those
                    // calls is a question for look-ups again.
                    self.promise(root, None);
                    let harmless = self.attempts.iter().all(Attempt::is_harmless);
                    if evidenced && harmless && is_last && self.placed.is_none() {
                        self.end(Ending::Refused {
                            message: message.clone(),
                        });
                    }
                } else if self.placed.is_none() && self.ending.is_none() && is_last {
                    self.end(Ending::Refused {
                        message: message.clone(),
                    });
                }
            }
            PlacementOutcome::NotSent {
                message,
                not_before,
                ..
            } => self.defer(Deferral {
                at,
                not_before: *not_before,
                count: 0,
                reason: None,
                message: message.clone(),
            }),
            PlacementOutcome::TurnedAway {
                message,
                not_before,
                ..
            } => {
                let soonest = later(at, TURNED_AWAY_PAUSE);
                self.defer(Deferral {
                    at,
                    not_before: Some(not_before.map_or(soonest, |asked| asked.max(soonest))),
                    count: 0,
                    reason: None,
                    message: message.clone(),
                });
            }
            PlacementOutcome::Ambiguous { .. } => self.look_ups = LookUps::default(),
        }
        Ok(())
    }

    /// What became of every purchase call so far is established.
    pub(super) fn explain_all(&mut self) {
        for attempt in self
            .attempts
            .iter_mut()
            .filter(|attempt| !attempt.is_harmless() || attempt.is_doubtful())
        {
            attempt.explained = true;
            attempt.replay_until = None;
        }
    }

    /// What became of every call that sent one stored request is established: the provider answered
    /// one of them, and answers all with the same order, or look-ups after the last found nothing.
    pub(super) fn explain_request(&mut self, root: AttemptNumber) {
        for attempt in self
            .attempts
            .iter_mut()
            .filter(|attempt| attempt.root() == root)
        {
            attempt.explained = true;
            attempt.replay_until = None;
        }
    }

    /// Until when one stored request may be sent again: the same for every call that sent it and of
    /// which nothing is known.
    pub(super) fn promise(&mut self, root: AttemptNumber, until: Option<Timestamp>) {
        let sent = self
            .attempts
            .iter_mut()
            .filter(|attempt| attempt.root() == root);
        for attempt in sent.filter(|attempt| attempt.is_unknown() && !attempt.explained) {
            attempt.replay_until = until;
        }
    }

    /// Takes the provider's order as ours, or as a second charge where there already is one.
    pub(super) fn placed_by(&mut self, order: PlacedOrder, at: Timestamp) {
        match &self.placed {
            Some(known) if known.id == order.id => self.merge_order(order),
            Some(_) => self.raise(AttentionReason::SecondCharge { order: order.id }),
            None if self.is_decided() => {
                self.raise(AttentionReason::SecondCharge { order: order.id });
            }
            None => {
                self.ending = None;
                self.placed_at = Some(at);
                self.close_unknown();
                self.placed = Some(order.clone());
                self.merge_order(order);
            }
        }
    }
}
