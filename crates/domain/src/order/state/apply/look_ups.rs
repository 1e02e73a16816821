//! What look-ups by reference change, and when they prove that nothing is there.

use jiff::Timestamp;

use super::Verdict;
use crate::ProviderOrderId;
use crate::order::event::{AttemptNumber, AttentionReason, LookUpResult, PlacedOrder};
use crate::order::evidence::{Absence, ControlEvidence, Doubt, LookUpEvidence, WalletEvidence};
use crate::order::state::{Order, OrderState};

const LOOKS_ALIKE: fn(Vec<ProviderOrderId>) -> AttentionReason =
    |orders| AttentionReason::LooksAlike { orders };
const SAME_GOODS: fn(Vec<ProviderOrderId>) -> AttentionReason =
    |orders| AttentionReason::SameGoods { orders };

impl Order {
    pub(super) fn looked_up(
        &mut self,
        at: Timestamp,
        conclusive: bool,
        result: &LookUpResult,
        evidence: Option<&LookUpEvidence>,
    ) -> Verdict {
        let awaited = match self.state {
            OrderState::Requested | OrderState::Reconciling => true,
            OrderState::NeedsAttention => self.placed.is_none(),
            _ => false,
        };
        if !awaited {
            return Err("nothing is looked for");
        }
        for attempt in &mut self.attempts {
            // A look-up after the end of a promise opens the question again.
            attempt.replay_until = attempt.replay_until.filter(|until| at < *until);
        }
        let doubtful = self.doubtful_attempt().filter(|_| evidence.is_some());
        let unresolved = self.unresolved_attempt().or(doubtful);
        if conclusive && unresolved.is_none_or(|attempt| at < attempt.closes_at) {
            return Err("a look-up before the window is over proves nothing");
        }
        self.look_ups.count = self.look_ups.count.saturating_add(1);
        self.look_ups.last_at = Some(at);
        self.look_ups.first_at.get_or_insert(at);
        if at >= self.place_before {
            self.look_ups.late_since.get_or_insert(at);
        }
        self.look_ups.fresh_empty = false;
        self.look_ups.fresh_proven_at = None;
        self.look_ups.last_doubt = None;
        let LookUpResult::Healthy { found } = result else {
            return Ok(());
        };
        if let Some(evidence) = evidence {
            self.take_evidence(at, conclusive, found, evidence);
            return Ok(());
        }
        match found.as_slice() {
            [] => {
                self.look_ups.last_empty_at = Some(at);
                self.look_ups.fresh_empty = true;
                if conclusive {
                    self.look_ups.conclusive_empty.push(at);
                }
            }
            [order] if self.is_what_was_asked_for(order) => {
                self.explain_all();
                self.placed_by(order.clone(), at);
            }
            [order] => self.raise(AttentionReason::FoundDiffers {
                order: order.id.clone(),
            }),
            several => self.raise(AttentionReason::SeveralFound {
                orders: several.iter().map(|order| order.id.clone()).collect(),
            }),
        }
        Ok(())
    }

    /// Takes an answer that came with evidence. What it found is ours, whatever else differs: it is
    /// paid for. What only resembles ours is for a person.
    fn take_evidence(
        &mut self,
        at: Timestamp,
        conclusive: bool,
        found: &[PlacedOrder],
        evidence: &LookUpEvidence,
    ) {
        match found {
            [] => {
                let suspects = [
                    (&evidence.look_alikes, LOOKS_ALIKE),
                    (&evidence.candidates, SAME_GOODS),
                ];
                for (orders, reason) in suspects {
                    if !orders.is_empty() {
                        self.raise(reason(orders.clone()));
                    }
                }
                self.take_absence(at, conclusive, evidence);
            }
            [order] => {
                self.explain_all();
                self.placed_by(order.clone(), at);
                self.is_compared = true;
                self.unreadable.clone_from(&evidence.unreadable);
                self.note_differences(&evidence.different);
            }
            several => self.raise(AttentionReason::SeveralFound {
                orders: several.iter().map(|order| order.id.clone()).collect(),
            }),
        }
    }

    fn take_absence(&mut self, at: Timestamp, conclusive: bool, evidence: &LookUpEvidence) {
        let suspected = !evidence.look_alikes.is_empty() || !evidence.candidates.is_empty();
        if let Some(veto) = self.veto_in(evidence) {
            self.look_ups.veto = Some(veto);
            self.look_ups.proven_empty.clear();
        }
        match evidence.absence {
            Absence::Unproven { doubt } => self.look_ups.last_doubt = Some(doubt),
            _ if suspected => self.look_ups.last_doubt = Some(Doubt::Resembles),
            Absence::Weak => {
                self.look_ups.fresh_empty = !self.needs_proof();
                if !self.needs_proof() {
                    self.look_ups.last_empty_at = Some(at);
                }
            }
            Absence::Proven if self.look_ups.veto.is_some() => {
                self.look_ups.last_doubt = self.look_ups.veto;
            }
            Absence::Proven => {
                self.look_ups.fresh_empty = true;
                self.look_ups.last_empty_at = Some(at);
                self.look_ups.proven = self.look_ups.proven.saturating_add(1);
                self.look_ups.last_proven_at = Some(at);
                self.look_ups.fresh_proven_at = Some(at);
                if conclusive {
                    self.look_ups.proven_empty.push(at);
                }
            }
        }
    }

    /// The witness in `evidence` against absence, if the outcome of a call is unknown. A call that was turned
    /// away is not: there the look-up just before the next one decides.
    fn veto_in(&self, evidence: &LookUpEvidence) -> Option<Doubt> {
        self.unresolved_attempt().or(self.doubtful_attempt())?;
        if matches!(evidence.control, ControlEvidence::Missing { .. }) {
            Some(Doubt::Control)
        } else {
            matches!(evidence.wallet, WalletEvidence::Short { .. }).then_some(Doubt::Wallet)
        }
    }

    pub(super) fn establish_absence(
        &mut self,
        number: AttemptNumber,
        look_ups: &[Timestamp],
        evidenced: bool,
    ) -> Verdict {
        let counted = if evidenced {
            &self.look_ups.proven_empty
        } else {
            &self.look_ups.conclusive_empty
        };
        if look_ups.is_empty() || look_ups != counted {
            return Err("the look-ups named are not those that found nothing");
        }
        let state = self.state;
        let attempt = self.attempt_mut(number)?;
        let fits = match state {
            OrderState::Reconciling => attempt.is_unresolved(),
            OrderState::Requested => evidenced && attempt.is_doubtful(),
            _ => false,
        };
        if !fits {
            return Err("the attempt is not unresolved");
        }
        let root = attempt.root();
        self.explain_request(root);
        self.look_ups.fresh_empty = false;
        self.deferral = None;
        Ok(())
    }
}
