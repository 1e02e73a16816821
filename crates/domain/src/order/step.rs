//! What to do next with an order.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::event::{
    AttemptNumber, AttentionReason, EsimProgress, Event, ItemNumber, ProvisioningOutcome,
};
use super::policy::OrderPolicy;
use super::state::{Attempt, AttemptState, ItemState, Order, OrderState};
use crate::clock::later;
use crate::provider::{Dedup, Provisioning};
use crate::{Capabilities, ProviderOrderId};

/// The moment at which a decision is made, on both clocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The journal's clock.
    pub now: Timestamp,
    /// How long this process itself has watched the order, on its own clock: since it took the order
    /// over, or since its last purchase call began. Zero after a take-over.
    pub watched: Duration,
    /// The items this process is working on right now.
    pub busy: BTreeSet<ItemNumber>,
}

/// What to do with one eSIM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemStep {
    /// Record that its profile is asked for, then ask.
    Provision(ItemNumber),
    /// Read it.
    Read(ItemNumber),
}

/// Why an order waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// To be sent: see [`Order::deferral`].
    Deferred,
    /// For window and quiet period to be over in this process, before another attempt.
    QuietPeriod,
    /// For the next look-up.
    LookUp,
    /// For the provider's order to name its items.
    Delivery,
    /// For a profile.
    Profile,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Append these events: they follow from what is known and the time alone. Then ask again.
    Record(Vec<Event>),
    /// Check package, wallet and, unless `blind`, absence at the provider; then record the attempt
    /// and make the purchase call.
    Place {
        /// The number of the attempt.
        attempt: AttemptNumber,
        /// The attempt whose stored request is sent again.
        replays: Option<AttemptNumber>,
        /// Whether the provider has no look-up by reference.
        blind: bool,
    },
    /// Look for our reference at the provider.
    LookUp {
        /// Whether window and quiet period are over on both clocks.
        conclusive: bool,
    },
    /// Read the provider's order.
    ReadOrder(ProviderOrderId),
    /// Work on these eSIMs, each by itself.
    Items(Vec<ItemStep>),
    /// Nothing to do before this moment of the journal's clock.
    Wait {
        /// Until when.
        until: Timestamp,
        /// What for.
        waiting: Waiting,
    },
    /// Nothing to do: the order ended, or a person has to look.
    Rest,
}

/// What to do next with `order` at a provider that can do `capabilities`, under `policy`.
///
/// Pure: the same arguments give the same step. A purchase is only ever the answer in
/// [`OrderState::Requested`].
pub fn next_step(
    order: &Order,
    capabilities: &Capabilities,
    policy: &OrderPolicy,
    moment: &Moment,
) -> Step {
    let decision = Decision {
        order,
        capabilities,
        policy,
        moment,
    };
    match order.state() {
        OrderState::Requested => decision.requested(),
        OrderState::Placing => decision.placing(),
        OrderState::Reconciling => decision.reconciling(),
        OrderState::Placed => decision.placed(),
        OrderState::Provisioning => decision.provisioning(),
        OrderState::NeedsAttention => decision.needs_attention(),
        OrderState::Fulfilled | OrderState::Failed | OrderState::Cancelled => Step::Rest,
    }
}

struct Decision<'a> {
    order: &'a Order,
    capabilities: &'a Capabilities,
    policy: &'a OrderPolicy,
    moment: &'a Moment,
}

impl Decision<'_> {
    fn now(&self) -> Timestamp {
        self.moment.now
    }

    /// What is left of a wait that began at `since`. A beginning that lies ahead means that the wall
    /// clock was set back: then the wait is over, since nothing tells how much of it has passed, and
    /// whatever is done next is recorded on the clock as it now stands.
    fn left(&self, since: Timestamp, wait: Duration) -> Duration {
        if self.now() < since {
            return Duration::ZERO;
        }
        Duration::try_from(later(since, wait).duration_since(self.now())).unwrap_or_default()
    }

    /// Whether a limit that runs from `since` is over. Where the wall clock was set back before
    /// that, this process's own watch decides, so that no limit is prolonged by the step. Never for
    /// what may lead to a purchase: see [`Decision::is_conclusive`].
    fn is_over(&self, since: Timestamp, limit: Duration) -> bool {
        if self.now() < since {
            return self.moment.watched >= limit;
        }
        self.now() >= later(since, limit)
    }

    fn wait(&self, left: Duration, waiting: Waiting) -> Step {
        Step::Wait {
            until: later(self.now(), left),
            waiting,
        }
    }

    fn requested(&self) -> Step {
        if self.now() >= self.order.place_before() {
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
        Step::Place {
            attempt: AttemptNumber::try_from(self.order.attempts().len() + 1)
                .unwrap_or(AttemptNumber::MAX),
            replays: replays.map(|(attempt, _)| attempt.root()),
            blind: !self.capabilities.finds_by_reference(),
        }
    }

    /// How long this process must still watch before it may send again after an attempt of unknown
    /// outcome; `None` where it has, or where there was none.
    fn unwatched(&self) -> Option<Duration> {
        let absent = self
            .order
            .attempts()
            .iter()
            .rev()
            .find(|attempt| attempt.explained && !attempt.is_harmless())?;
        let left = self.must_watch(absent).saturating_sub(self.moment.watched);
        (!left.is_zero()).then_some(left)
    }

    /// Window and quiet period of an attempt: how long after its start nothing is certain.
    fn must_watch(&self, attempt: &Attempt) -> Duration {
        let window: SignedDuration = attempt.closes_at.duration_since(attempt.opens_at);
        Duration::try_from(window)
            .unwrap_or_default()
            .saturating_add(self.policy.quiet_period_for(self.capabilities))
    }

    /// The order was not sent in time: one healthy look-up after that confirms that nothing is
    /// there before it is given up.
    fn expiring(&self) -> Step {
        let expired = Step::Record(vec![Event::Expired { at: self.now() }]);
        if !self.capabilities.finds_by_reference() {
            return expired;
        }
        let look_ups = self.order.look_ups();
        if look_ups
            .last_empty_at
            .is_some_and(|at| at >= self.order.place_before())
        {
            return expired;
        }
        // Counted from the first look-up, not from `place_before`: an order may be resumed long after.
        if look_ups
            .late_since
            .is_some_and(|since| self.is_over(since, self.policy.reconcile_for))
        {
            return self.raise(AttentionReason::UnsentUnconfirmed);
        }
        match look_ups
            .last_at
            .filter(|at| *at >= self.order.place_before())
        {
            None => Step::LookUp { conclusive: false },
            Some(last) => self.look_up_after(last, self.policy.look_up_wait(look_ups.count), false),
        }
    }

    fn raise(&self, reason: AttentionReason) -> Step {
        Step::Record(vec![Event::AttentionRaised {
            at: self.now(),
            reason,
        }])
    }

    /// Whoever asks finds the call of somebody who is gone: what it did is unknown.
    fn placing(&self) -> Step {
        match self.order.attempt_in_flight() {
            Some(attempt) => Step::Record(vec![Event::PlacementAbandoned {
                attempt: attempt.number,
                at: self.now(),
            }]),
            None => Step::Rest,
        }
    }

    fn reconciling(&self) -> Step {
        let Some(attempt) = self.order.unresolved_attempt() else {
            return Step::Rest;
        };
        let since = attempt.settled_at.unwrap_or(attempt.closes_at);
        if let Some(step) = self.replay(attempt, since) {
            return step;
        }
        if !self.capabilities.finds_by_reference() {
            return self.raise(AttentionReason::OutcomeUnknown {
                attempt: attempt.number,
            });
        }
        let look_ups = self.order.look_ups();
        if look_ups.conclusive_empty.len() >= usize::from(self.policy.look_ups_for_absence) {
            return self.absent(attempt);
        }
        if self.is_over(since, self.policy.reconcile_for) {
            return self.raise(AttentionReason::OutcomeUnknown {
                attempt: attempt.number,
            });
        }
        let wait = self.policy.look_up_wait(look_ups.count);
        self.look_up_after(
            look_ups.last_at.unwrap_or(since),
            wait,
            self.is_conclusive(attempt),
        )
    }

    fn look_up_after(&self, last: Timestamp, wait: Duration, conclusive: bool) -> Step {
        let left = self.left(last, wait);
        if left.is_zero() {
            Step::LookUp { conclusive }
        } else {
            self.wait(left, Waiting::LookUp)
        }
    }

    /// Whether window and quiet period are over on both clocks.
    fn is_conclusive(&self, attempt: &Attempt) -> bool {
        let quiet_period = self.policy.quiet_period_for(self.capabilities);
        self.now() >= later(attempt.closes_at, quiet_period)
            && self.moment.watched >= self.must_watch(attempt)
    }

    fn absent(&self, attempt: &Attempt) -> Step {
        let allowed = usize::from(self.policy.max_attempts)
            .saturating_add(usize::from(self.order.granted_attempts()));
        if self.order.counted_attempts() >= allowed || self.now() >= self.order.place_before() {
            return self.raise(AttentionReason::AttemptsUsedUp);
        }
        Step::Record(vec![Event::AbsenceEstablished {
            attempt: attempt.number,
            look_ups: self.order.look_ups().conclusive_empty.clone(),
            evidence: None,
        }])
    }

    /// Inside a provider's dedup window the stored request may be sent again, at growing intervals:
    /// after one look-up that settled nothing where there is a look-up, otherwise after the wait.
    /// Not once a repetition was refused: then only look-ups can tell.
    fn replay(&self, attempt: &Attempt, since: Timestamp) -> Option<Step> {
        const UNDOCUMENTED: Duration = Duration::from_hours(1);
        let window = match self.capabilities.dedup {
            Dedup::None => return None,
            Dedup::Rejects => UNDOCUMENTED,
            Dedup::Replays { window } => window.unwrap_or(UNDOCUMENTED),
        };
        let root = attempt.root();
        let sent = self
            .order
            .attempts()
            .iter()
            .filter(|other| other.root() == root);
        if sent
            .clone()
            .any(|other| matches!(other.state, AttemptState::Refused { .. }))
        {
            return None;
        }
        let started = self
            .order
            .attempts()
            .iter()
            .find(|other| other.number == root)?
            .opens_at;
        let until = later(
            started,
            window.saturating_sub(self.capabilities.purchase_time_out),
        );
        let until = until.min(self.order.place_before());
        if self.now() >= until {
            return None;
        }
        let looked = self.order.look_ups().count > 0;
        let repetitions = u32::try_from(sent.count().saturating_sub(1)).unwrap_or(u32::MAX);
        let wait = self.policy.look_up_wait(repetitions);
        if self.capabilities.finds_by_reference() && !looked {
            return Some(self.look_up_after(since, wait, false));
        }
        let left = self.left(since, wait);
        if !looked && !left.is_zero() {
            return Some(self.wait(left, Waiting::LookUp));
        }
        Some(Step::Record(vec![Event::ReplayPermitted {
            attempt: attempt.number,
            at: self.now(),
            until,
        }]))
    }

    fn placed(&self) -> Step {
        let (Some(placed), Some(since)) = (self.order.placed(), self.order.placed_at()) else {
            return Step::Rest;
        };
        let left = self.left(
            self.order.last_order_read().unwrap_or(since),
            self.policy.look_up_wait(self.order.order_reads()),
        );
        // Read first: an order that was left alone for longer is most likely delivered by now.
        if left.is_zero() {
            Step::ReadOrder(placed.id.clone())
        } else if self.is_over(since, self.policy.delivery_within) {
            self.raise(AttentionReason::DeliveryOverdue)
        } else {
            self.wait(left, Waiting::Delivery)
        }
    }

    fn provisioning(&self) -> Step {
        let free =
            usize::from(self.policy.items_at_once.max(1)).saturating_sub(self.moment.busy.len());
        let (mut steps, mut overdue, mut soonest) = (Vec::new(), Vec::new(), None::<Duration>);
        for (number, item) in self.order.items().iter().enumerate() {
            let number = ItemNumber::try_from(number).unwrap_or(ItemNumber::MAX);
            if item.state.is_settled() || self.moment.busy.contains(&number) {
                continue;
            }
            match self.item(number, &item.state) {
                Ok(step) => steps.push(step),
                Err(None) => overdue.push(self.give_up(number)),
                Err(Some(left)) => soonest = Some(soonest.map_or(left, |other| other.min(left))),
            }
        }
        if !overdue.is_empty() {
            return Step::Record(overdue);
        }
        steps.truncate(free);
        if !steps.is_empty() {
            return Step::Items(steps);
        }
        // Busy items tell of themselves; the wait is only for those nobody works on.
        self.wait(
            soonest.unwrap_or(self.policy.profile_wait(u32::MAX)),
            Waiting::Profile,
        )
    }

    /// What to do with one item; `Err` with the time to wait, or with `None` once it took too long.
    fn item(&self, number: ItemNumber, state: &ItemState) -> Result<ItemStep, Option<Duration>> {
        let ItemState::Provisioning {
            since,
            asked_at,
            heard_at,
            reads,
            progress,
        } = state
        else {
            return Ok(match self.capabilities.provisioning {
                Provisioning::SeparateCall => ItemStep::Provision(number),
                Provisioning::WithOrder | Provisioning::Polled => ItemStep::Read(number),
            });
        };
        let left = self.left(*heard_at, self.policy.profile_wait(*reads));
        if self.is_over(*since, self.policy.provision_within) {
            // Read first: a profile that was left alone for longer is most likely there by now.
            return if left.is_zero() {
                Ok(ItemStep::Read(number))
            } else {
                Err(None)
            };
        }
        if self.capabilities.provisioning == Provisioning::SeparateCall
            && *progress == EsimProgress::NotStarted
            && self
                .left(*asked_at, self.policy.provision_again_after)
                .is_zero()
        {
            return Ok(ItemStep::Provision(number));
        }
        if left.is_zero() {
            Ok(ItemStep::Read(number))
        } else {
            Err(Some(left))
        }
    }

    fn give_up(&self, item: ItemNumber) -> Event {
        let minutes = self.policy.provision_within.as_secs() / 60;
        Event::ProvisioningSettled {
            item,
            at: self.now(),
            outcome: ProvisioningOutcome::Failed {
                message: format!("the profile was still not there after {minutes} minutes"),
            },
        }
    }

    /// An order with a call of unknown outcome is still looked up, never sent: also where earlier
    /// look-ups found nothing, since a charge may come to light later.
    fn needs_attention(&self) -> Step {
        let unknown = self
            .order
            .attempts()
            .iter()
            .rev()
            .find(|attempt| attempt.is_unknown());
        let Some(attempt) = unknown else {
            return Step::Rest;
        };
        if self.order.placed().is_some() || !self.capabilities.finds_by_reference() {
            return Step::Rest;
        }
        let since = attempt.settled_at.unwrap_or(attempt.closes_at);
        if self.is_over(since, self.policy.attention_look_up_for) {
            return Step::Rest;
        }
        let last = self.order.look_ups().last_at.unwrap_or(since);
        self.look_up_after(last, self.policy.attention_look_up_every, false)
    }
}
