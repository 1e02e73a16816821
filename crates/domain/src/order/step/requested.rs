//! What to do with an order that waits to be sent.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{AccountStanding, Decision, Step, Waiting};
use crate::clock::later;
use crate::order::event::{AttemptNumber, AttentionReason, DeferralReason, Event, Resolution};
use crate::order::policy::{LONGEST_HOLD, MAX_TURNED_AWAY, PROOFS_APART, TURNED_AWAY_PAUSE};
use crate::order::state::{Attempt, OrderState};
use crate::provider::Dedup;

impl Decision<'_> {
    /// Under credentials of another account an order that may be sent is for a person. Once its own
    /// account is in use again, it goes on.
    pub(super) fn other_account(&self) -> Option<Step> {
        let asked =
            |reason: &AttentionReason| matches!(reason, AttentionReason::OtherAccount { .. });
        let is_open = self.order.open_attention().any(asked);
        match (self.moment.standing, self.order.state()) {
            (AccountStanding::Own, OrderState::NeedsAttention) if is_open => {
                Some(Step::Record(vec![Event::AttentionResolved {
                    at: self.now(),
                    resolution: Resolution::SameAccount {
                        account: self.moment.account.clone(),
                    },
                    by: "roamport".to_owned(),
                    why: "the credentials in use are those of the order's account".to_owned(),
                }]))
            }
            (AccountStanding::Other, OrderState::Requested | OrderState::Reconciling) => {
                Some(self.raise(AttentionReason::OtherAccount {
                    sent_with: self.order.account().cloned(),
                    current: self.moment.account.clone(),
                }))
            }
            _ => None,
        }
    }

    /// While new orders are held at the account, an order that waits is not sent and does not expire.
    /// Once they are not, it gets the time back that it would have had, once and within limits.
    fn held(&self) -> Option<Step> {
        let last = later(self.order.requested().place_before, LONGEST_HOLD);
        let deferral = self.order.deferral();
        let was_held = deferral.is_some_and(|last| last.reason == Some(DeferralReason::Held));
        if self.moment.is_held {
            if self.now() >= last {
                return None;
            }
            return Some(if was_held {
                self.wait(self.policy.look_up_wait(u32::MAX), Waiting::Deferred)
            } else {
                Step::Record(vec![Event::Deferred {
                    at: self.now(),
                    reason: DeferralReason::Held,
                    message: "new orders are held at this account until a person releases it"
                        .to_owned(),
                }])
            });
        }
        let place_before = later(self.now(), self.policy.place_within).min(last);
        let gains = place_before > self.order.place_before() && self.now() < place_before;
        (was_held && gains && !self.order.was_prolonged()).then(|| {
            Step::Record(vec![Event::Prolonged {
                at: self.now(),
                place_before,
            }])
        })
    }

    pub(super) fn requested(&self) -> Step {
        if let Some(step) = self.held() {
            return step;
        }
        if let Some(attempt) = self.order.doubtful_attempt()
            && let Some(step) = self.doubtful(attempt)
        {
            return step;
        }
        if self.now() >= self.order.place_before() || self.order.turned_away() >= MAX_TURNED_AWAY {
            return self.expiring();
        }
        let replays = self.order.attempts().iter().rev().find_map(|attempt| {
            attempt
                .replay_until
                .filter(|_| !attempt.explained)
                .map(|until| (attempt, until))
        });
        if let Some((attempt, until)) = replays
            && self.now() >= until
        {
            // The promise ran out while the order waited: what became of the attempt is a question
            // again, for look-ups or, where there are none, for a person.
            return if self.capabilities.finds_by_reference() {
                Step::LookUp { conclusive: false }
            } else {
                self.raise(AttentionReason::OutcomeUnknown {
                    attempt: attempt.number,
                })
            };
        }
        if replays.is_none()
            && let Some(left) = self.unwatched()
        {
            return self.wait(left, Waiting::QuietPeriod);
        }
        if let Some(deferral) = self.order.deferral() {
            let left = self.left(
                deferral.at,
                self.policy.look_up_wait(deferral.count.saturating_sub(1)),
            );
            let asked = deferral.not_before.map_or(Duration::ZERO, |not_before| {
                Duration::try_from(not_before.duration_since(self.now()))
                    .unwrap_or_default()
                    .min(self.policy.place_within)
            });
            if left.max(asked) > Duration::ZERO {
                return self.wait(left.max(asked), Waiting::Deferred);
            }
        }
        if let Some(step) = self.proving_first() {
            return step;
        }
        let replays = replays
            .map(|(attempt, _)| attempt.root())
            .or_else(|| self.repeated());
        Step::Place {
            attempt: AttemptNumber::try_from(self.order.attempts().len() + 1)
                .unwrap_or(AttemptNumber::MAX),
            replays,
            blind: !self.capabilities.finds_by_reference(),
        }
    }

    /// Whether absence was proven as often as the policy asks for before an order's first call.
    fn is_proven_first(&self) -> bool {
        !self.policy.proven_absence_first
            || self.order.look_ups().proven >= self.policy.look_ups_for_absence
    }

    /// The next look-up that must prove absence before the order's first call. They lie apart, so that one
    /// replica of the provider does not answer them all.
    fn proving_first(&self) -> Option<Step> {
        let is_first = !self.order.needs_proof() && self.capabilities.finds_by_reference();
        if self.is_proven_first() || !is_first {
            return None;
        }
        Some(match self.order.look_ups().last_at {
            Some(last) => self.look_up_after(last, PROOFS_APART, false),
            None => Step::LookUp { conclusive: false },
        })
    }

    /// The call that is sent again as it was stored: the last one, where it was turned away by a provider
    /// that answers a repeated request with the first order.
    fn repeated(&self) -> Option<AttemptNumber> {
        let last = self.order.attempts().last()?;
        let repeatable = last.is_turned_away() || last.is_doubtful();
        let replays = matches!(self.capabilities.dedup, Dedup::Replays { .. });
        (replays && repeatable && self.now() < self.replay_ends(last)?).then(|| last.root())
    }

    /// A call that an earlier release recorded as not sent over an answer that proves nothing is looked
    /// up like one of unknown outcome, without leaving its state. `None` where the stored request may be
    /// sent again instead.
    fn doubtful(&self, attempt: &Attempt) -> Option<Step> {
        if self.repeated().is_some() && self.now() < self.order.place_before() {
            return None;
        }
        let unknown = AttentionReason::OutcomeUnknown {
            attempt: attempt.number,
        };
        if !self.capabilities.finds_by_reference() {
            return Some(self.raise(unknown));
        }
        let look_ups = self.order.look_ups();
        if look_ups.proven_empty.len() >= usize::from(self.policy.look_ups_for_absence) {
            return Some(self.absence(attempt));
        }
        let Some(first) = look_ups.first_at else {
            return Some(Step::LookUp {
                conclusive: self.is_conclusive(attempt),
            });
        };
        if self.is_over(first, self.policy.reconcile_for) {
            return Some(self.raise(unknown));
        }
        let wait = self.policy.look_up_wait(look_ups.count);
        let last = look_ups.last_at.unwrap_or(first);
        Some(self.look_up_after(last, wait, self.is_conclusive(attempt)))
    }

    /// How long this process must still watch before it may send again after an attempt of unknown
    /// outcome; `None` where it has, or where there was none.
    fn unwatched(&self) -> Option<Duration> {
        let absent = self.order.attempts().iter().rev().find(|attempt| {
            attempt.explained && !attempt.is_surely_unsent() && !attempt.is_settled_for_good()
        })?;
        let left = self.must_watch(absent).saturating_sub(self.moment.watched);
        (!left.is_zero()).then_some(left)
    }

    /// Window and quiet period of an attempt: how long after its start nothing is certain.
    pub(super) fn must_watch(&self, attempt: &Attempt) -> Duration {
        let window: SignedDuration = attempt.closes_at.duration_since(attempt.opens_at);
        Duration::try_from(window)
            .unwrap_or_default()
            .saturating_add(self.policy.quiet_period_for(self.capabilities))
    }

    /// The order was not sent in time, or was turned away too often: one look-up after that confirms
    /// that nothing is there before it is given up. Where a call may have reached the provider, that
    /// look-up has to prove it.
    fn expiring(&self) -> Step {
        let expired = Step::Record(vec![Event::Expired { at: self.now() }]);
        if !self.capabilities.finds_by_reference() {
            return expired;
        }
        let look_ups = self.order.look_ups();
        let since = self.ended_at();
        let confirmed_at = if self.policy.needs_proof(self.order) {
            look_ups.last_proven_at
        } else {
            look_ups.last_empty_at
        };
        if self.is_proven_first() && confirmed_at.is_some_and(|at| at >= since) {
            return expired;
        }
        // Counted from the first look-up, not from `place_before`: an order may be resumed long after.
        if look_ups
            .late_since
            .is_some_and(|since| self.is_over(since, self.policy.reconcile_for))
        {
            return self.raise(AttentionReason::UnsentUnconfirmed);
        }
        match look_ups.last_at.filter(|at| *at >= since) {
            None if self.now() < since => {
                let left = Duration::try_from(since.duration_since(self.now()));
                self.wait(left.unwrap_or_default(), Waiting::LookUp)
            }
            None => Step::LookUp { conclusive: false },
            Some(last) => self.look_up_after(last, self.policy.look_up_wait(look_ups.count), false),
        }
    }

    /// The moment after which a look-up confirms that the order can be given up.
    fn ended_at(&self) -> Timestamp {
        let turned_away = self
            .order
            .attempts()
            .iter()
            .filter(|attempt| attempt.is_turned_away());
        let last = turned_away
            .clone()
            .filter_map(|attempt| attempt.settled_at)
            .max()
            .map(|at| later(at, TURNED_AWAY_PAUSE));
        let place_before = self.order.place_before();
        match last {
            Some(last) if turned_away.count() >= MAX_TURNED_AWAY => last,
            Some(last) => place_before.max(last),
            None => place_before,
        }
    }
}
