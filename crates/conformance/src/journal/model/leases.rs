//! Who may drive which order until when, in the model.

use roamport_domain::OrderId;

use super::reference::{Answer, Holder, Model, Refusal, instance};
use super::transition::{Hand, STEP};

impl Model {
    pub(super) fn is_free(&self, id: OrderId) -> bool {
        self.holders
            .get(&id)
            .is_none_or(|holder| holder.until <= self.now)
    }

    /// What is due and free at one place, the longest due first.
    pub(super) fn claimable(&self, place: usize) -> Vec<(i64, OrderId)> {
        let place = instance(place);
        let is_there = |id: &OrderId| self.lives[id].order.requested().provider == place;
        let due = self.due.iter().filter(|(_, due)| **due <= self.now);
        let mut claimable: Vec<(i64, OrderId)> = due
            .filter(|(id, _)| self.is_free(**id) && is_there(id))
            .map(|(id, due)| (*due, *id))
            .collect();
        claimable.sort_unstable();
        claimable
    }

    pub(super) fn give(&mut self, id: OrderId, lease: i64) -> usize {
        let claim = self.claims.len();
        self.claims.push(id);
        let until = self.now + lease * STEP;
        self.holders.insert(id, Holder { claim, until });
        claim
    }

    /// Whether a claim was neither taken by somebody since nor given back.
    pub(super) fn is_held(&self, claim: usize) -> bool {
        self.holders
            .get(&self.claims[claim])
            .is_some_and(|holder| holder.claim == claim)
    }

    pub(super) fn renew(
        &mut self,
        claim: usize,
        hand: Hand,
        lease: i64,
    ) -> Result<Answer, Refusal> {
        if !self.is_held(claim) || hand == Hand::Foreign {
            return Err(Refusal::ClaimLost);
        }
        let until = self.now + lease * STEP;
        self.holders
            .insert(self.claims[claim], Holder { claim, until });
        Ok(Answer::Done)
    }
}
