//! What look-ups by reference change, and when they prove that nothing is there.

use jiff::Timestamp;

use super::Verdict;
use crate::order::event::{AttemptNumber, AttentionReason, LookUpResult};
use crate::order::state::{Order, OrderState};

impl Order {
    pub(super) fn looked_up(
        &mut self,
        at: Timestamp,
        conclusive: bool,
        result: &LookUpResult,
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
        let unresolved = self.unresolved_attempt();
        if conclusive && unresolved.is_none_or(|attempt| at < attempt.closes_at) {
            return Err("a look-up before the window is over proves nothing");
        }
        self.look_ups.count = self.look_ups.count.saturating_add(1);
        self.look_ups.last_at = Some(at);
        if at >= self.place_before {
            self.look_ups.late_since.get_or_insert(at);
        }
        self.look_ups.fresh_empty = false;
        let LookUpResult::Healthy { found } = result else {
            return Ok(());
        };
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

    pub(super) fn establish_absence(
        &mut self,
        number: AttemptNumber,
        look_ups: &[Timestamp],
    ) -> Verdict {
        self.in_state(OrderState::Reconciling)?;
        if look_ups.is_empty() || look_ups != self.look_ups.conclusive_empty {
            return Err("the look-ups named are not those that found nothing");
        }
        let attempt = self.attempt_mut(number)?;
        if !attempt.is_unresolved() {
            return Err("the attempt is not unresolved");
        }
        let root = attempt.root();
        self.explain_request(root);
        self.look_ups.fresh_empty = false;
        self.deferral = None;
        Ok(())
    }
}
