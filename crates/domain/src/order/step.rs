//! What to do next with an order.

mod requested;

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use super::event::{
    AttemptNumber, AttentionReason, EsimProgress, Event, ItemNumber, ProvisioningOutcome,
};
use super::evidence::AbsenceEvidence;
use super::policy::OrderPolicy;
use super::state::{Attempt, AttemptState, ItemState, Order, OrderState};
use crate::clock::later;
use crate::provider::{Dedup, Provisioning};
use crate::{Account, Capabilities, ProviderOrderId};

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
    /// Why the work on the order begins, in its first decision alone.
    pub begins: Option<Beginning>,
    /// The account whose credentials this process has.
    pub account: Account,
    /// What that account is to the order.
    pub standing: AccountStanding,
    /// Whether new orders are held at the account.
    pub is_held: bool,
}

/// Why the work on an order begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// It was due. If its wait is not over, it was woken, and what it waits for is read now. That is only what the
    /// provider already has: a purchase, and the look-ups that may lead to one, keep their times.
    Due,
    /// A caller named it. If it needs attention, it is looked up now, whenever that was done last. Such a look-up
    /// never leads to a purchase.
    Named,
}

/// What the account of the credentials in use is to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountStanding {
    /// The order belongs to it.
    Own,
    /// The order belongs to another account, or may: it is looked up and read, and nothing is sent or
    /// concluded from what is not found.
    Other,
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
    let step = decision.by_state();
    match moment.begins {
        Some(Beginning::Due) => decision.woken(step),
        Some(Beginning::Named) => decision.named(step),
        None => step,
    }
}

struct Decision<'a> {
    order: &'a Order,
    capabilities: &'a Capabilities,
    policy: &'a OrderPolicy,
    moment: &'a Moment,
}

impl Decision<'_> {
    fn by_state(&self) -> Step {
        if let Some(step) = self.other_account() {
            return step;
        }
        match self.order.state() {
            OrderState::Requested => self.requested(),
            OrderState::Placing => self.placing(),
            OrderState::Reconciling => self.reconciling(),
            OrderState::Placed => self.placed(),
            OrderState::Provisioning => self.provisioning(),
            OrderState::NeedsAttention => self.needs_attention(),
            OrderState::Fulfilled | OrderState::Failed | OrderState::Cancelled => Step::Rest,
        }
    }

    fn woken(&self, step: Step) -> Step {
        match (&step, self.order.placed()) {
            (
                Step::Wait {
                    waiting: Waiting::Delivery,
                    ..
                },
                Some(placed),
            ) => Step::ReadOrder(placed.id.clone()),
            (
                Step::Wait {
                    waiting: Waiting::Profile,
                    ..
                },
                Some(_),
            ) => {
                let awaited = self.order.items().iter().zip(0..);
                let awaited = awaited.filter(|(item, _)| !item.state.is_settled());
                let reads = awaited.map(|(_, number)| ItemStep::Read(number));
                let at_once = usize::from(self.policy.items_at_once.max(1));
                Step::Items(reads.take(at_once).collect())
            }
            _ => step,
        }
    }

    fn named(&self, step: Step) -> Step {
        let searchable = self.order.state() == OrderState::NeedsAttention
            && self.order.placed().is_none()
            && self.capabilities.finds_by_reference();
        match step {
            Step::Wait { .. } | Step::Rest if searchable => Step::LookUp { conclusive: false },
            step => step,
        }
    }

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
        if look_ups.proven_empty.len() >= usize::from(self.policy.look_ups_for_absence) {
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
        self.absence(attempt)
    }

    fn absence(&self, attempt: &Attempt) -> Step {
        Step::Record(vec![Event::AbsenceEstablished {
            attempt: attempt.number,
            look_ups: self.order.look_ups().proven_empty.clone(),
            evidence: Some(AbsenceEvidence {
                account: self.moment.account.clone(),
            }),
        }])
    }

    /// Inside a provider's dedup window the stored request may be sent again, at growing intervals:
    /// after one look-up that settled nothing where there is a look-up, otherwise after the wait.
    /// Not once a repetition was refused: then only look-ups can tell.
    fn replay(&self, attempt: &Attempt, since: Timestamp) -> Option<Step> {
        let until = self.replay_ends(attempt)?;
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

    /// Until when the stored request of a call may be sent again; `None` at a provider that promises
    /// nothing about repeated requests.
    fn replay_ends(&self, attempt: &Attempt) -> Option<Timestamp> {
        const UNDOCUMENTED: Duration = Duration::from_hours(1);
        let window = match self.capabilities.dedup {
            Dedup::None => return None,
            Dedup::Rejects => UNDOCUMENTED,
            Dedup::Replays { window } => window.unwrap_or(UNDOCUMENTED),
        };
        let root = attempt.root();
        let mut attempts = self.order.attempts().iter();
        let started = attempts.find(|other| other.number == root)?.opens_at;
        let length = window.saturating_sub(self.capabilities.purchase_time_out);
        Some(later(started, length).min(self.order.place_before()))
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
                Err(None) => overdue.push(self.give_up(number, item.state.problem())),
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

    fn give_up(&self, item: ItemNumber, problem: Option<&str>) -> Event {
        let minutes = self.policy.provision_within.as_secs() / 60;
        let mut message = format!("the profile was still not there after {minutes} minutes");
        if let Some(problem) = problem {
            message = format!("{message}; the last answer could not be used: {problem}");
        }
        Event::ProvisioningSettled {
            item,
            at: self.now(),
            outcome: ProvisioningOutcome::Failed { message },
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
            .find(|attempt| attempt.is_unknown() || attempt.is_doubtful());
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
