//! Carries one order on: load, decide, act, append; then again.
//!
//! The decision is [`next_step`]'s, and pure. What is here holds the claim, keeps both clocks and
//! waits; [`check`] reads what a purchase depends on, [`place`] makes purchase calls, [`reads`]
//! looks things up, [`items`] has profiles made; [`pace`] tells one who works for a person from one
//! of many in a worker.

mod back_pressure;
mod check;
mod claim;
mod due;
mod items;
mod pace;
mod place;
mod reads;
mod standing;
mod witness;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use jiff::Timestamp;
use roamport_domain::journal::{Claim, JournalError, OrderChange};
use roamport_domain::order::{
    Attempt, Beginning, Event, Moment, OrderState, Step, Waiting, next_step,
};
use roamport_domain::{Monotonic, Order, OrderId};

pub(crate) use self::back_pressure::BackPressure;
pub use self::back_pressure::BackPressurePolicy;
use self::claim::HeldClaim;
pub(crate) use self::due::due;
use self::items::Working;
pub(crate) use self::pace::{Pace, Turns};
pub(crate) use self::place::after;
pub(crate) use self::standing::moment;
use crate::OrdersParts;
use crate::{AppError, Carried, Halt, Observer, Progress, StopSignal};

/// Why the loop ends before the order does.
enum Break {
    /// Somebody else changed the order.
    Overtaken,
    /// Somebody else holds the order.
    Elsewhere,
    /// Nothing is to be done for longer than the order is worth holding.
    NotDue,
    /// An error to report.
    Error(AppError),
}

impl From<JournalError> for Break {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::VersionConflict { .. } => Self::Overtaken,
            JournalError::ClaimLost(_) => Self::Elsewhere,
            error => Self::Error(error.into()),
        }
    }
}

/// What every driver of one process works with.
#[derive(Clone, Debug)]
pub(crate) struct Workshop {
    pub(crate) parts: Arc<OrdersParts>,
    pub(crate) back_pressure: Arc<BackPressure>,
}

/// The work on one order in this process.
pub(crate) struct Driver {
    parts: Arc<OrdersParts>,
    back_pressure: Arc<BackPressure>,
    id: OrderId,
    observer: Arc<dyn Observer>,
    stop: StopSignal,
    pace: Pace,
    /// Since when this process has watched the order without a break.
    watched_since: Monotonic,
    /// Why the work on the order begins, until it has.
    begins: Option<Beginning>,
}

impl Driver {
    pub(crate) fn new(
        workshop: &Workshop,
        id: OrderId,
        observer: Arc<dyn Observer>,
        stop: StopSignal,
        pace: Pace,
    ) -> Self {
        let Workshop {
            parts,
            back_pressure,
        } = workshop.clone();
        let watched_since = parts.clock.monotonic();
        Self {
            parts,
            back_pressure,
            id,
            observer,
            stop,
            pace,
            watched_since,
            begins: Some(Beginning::Named),
        }
    }

    /// Claims the order, for as long as a lease can last, and carries it on.
    pub(crate) async fn run(mut self) -> Result<Carried, AppError> {
        let order = self.load().await?;
        if order.requested().provider != self.parts.instance {
            return Err(AppError::OtherProvider {
                order: self.id,
                started_with: Box::new(order.requested().provider.clone()),
                current: Box::new(self.parts.instance.clone()),
            });
        }
        let Some(claim) = self.claim().await? else {
            let halt = if self.stop.is_stopped() {
                self.stopped()
            } else {
                Halt::HeldElsewhere
            };
            return Ok(Carried {
                order: self.load().await?,
                halt,
            });
        };
        let result = self.hold(&claim).await;
        claim.give_back().await;
        let halt = match result {
            Ok(halt) => halt,
            Err(Break::Overtaken | Break::Elsewhere | Break::NotDue) => Halt::HeldElsewhere,
            Err(Break::Error(error)) => return Err(error),
        };
        Ok(Carried {
            order: self.load().await?,
            halt,
        })
    }

    /// Carries the order on under a claim that was just taken, as far as it is worth holding.
    ///
    /// Where that fails the claim is left to run out: the rest of the lease is the pause before
    /// anybody tries again.
    pub(crate) async fn run_claimed(mut self, claim: Claim) -> Result<(), AppError> {
        let claim = HeldClaim::hold(self.parts.clone(), claim);
        self.begins = Some(Beginning::Due);
        match self.hold(&claim).await {
            Err(Break::Error(error)) => Err(error),
            Ok(_) | Err(Break::Overtaken | Break::Elsewhere | Break::NotDue) => {
                claim.give_back().await;
                Ok(())
            }
        }
    }

    /// Drives the order while the claim is held. Where somebody changed it all the same, a call of
    /// its own was answered late or a person decided: then it is looked at anew.
    async fn hold(&mut self, claim: &HeldClaim) -> Result<Halt, Break> {
        loop {
            // A take-over starts the watch anew, and so does a change by somebody else: nothing is
            // known of what they did before.
            self.watched_since = self.parts.clock.monotonic();
            match self.drive(claim).await {
                Err(Break::Overtaken) => {
                    if !claim.is_confirmed().await? {
                        return Err(Break::Elsewhere);
                    }
                }
                ended => return ended,
            }
        }
    }

    async fn load(&self) -> Result<Order, AppError> {
        Ok(self.parts.journal.load(self.id).await?)
    }

    fn stopped(&self) -> Halt {
        if self.stop.is_late() {
            Halt::TimeUp
        } else {
            Halt::Stopped
        }
    }

    fn notice(&self, progress: &Progress) {
        self.observer.notice(self.id, progress);
    }

    async fn drive(&mut self, claim: &HeldClaim) -> Result<Halt, Break> {
        let mut order = self.parts.journal.load(self.id).await?;
        let found = order.version();
        let mut working: Working = FuturesUnordered::new();
        let mut busy = BTreeSet::new();
        loop {
            self.pace.begin(&mut self.stop).await;
            if claim.is_lost() {
                return Err(Break::Elsewhere);
            }
            if self.stop.is_stopped() && !order.state().is_settled() {
                return Ok(self.stopped());
            }
            let mut moment = self.moment(&order, busy.clone()).await?;
            moment.begins = self.begins.take();
            match self.next(&order, &moment) {
                Step::Record(events) => self.append(&mut order, events).await?,
                Step::Place {
                    attempt,
                    replays,
                    blind,
                } => {
                    self.place(&mut order, claim, attempt, replays, blind)
                        .await?;
                }
                Step::LookUp { conclusive } => {
                    // A parked order is looked up once by whoever asks, and then left to its rest.
                    let parked = order.state() == OrderState::NeedsAttention;
                    self.notice(&Progress::LookingUp);
                    let ends = order.state() == OrderState::Requested;
                    let proof = self.parts.policy.needs_proof(&order) && (conclusive || ends);
                    self.look_up(&mut order, conclusive, proof).await?;
                    if parked && order.state() == OrderState::NeedsAttention {
                        return Ok(Halt::Settled);
                    }
                }
                Step::ReadOrder(id) => self.read_order(&mut order, &id).await?,
                Step::Items(steps) => {
                    self.start_items(&mut order, &steps, &mut working, &mut busy)
                        .await?;
                }
                Step::Wait { until, waiting } => {
                    let left = Duration::try_from(until.duration_since(moment.now));
                    let wait = Wait {
                        until,
                        waiting,
                        left: left.unwrap_or_default(),
                    };
                    let settled = order.state() == OrderState::NeedsAttention;
                    if settled || (working.is_empty() && self.lets_go(&order, wait)) {
                        let due = due::jittered_due(&order, until, moment.now, waiting);
                        let unset = order.version() == found || due::is_watch(&order, waiting);
                        self.leave(&mut order, unset, Some(due)).await?;
                        return if settled {
                            Ok(Halt::Settled)
                        } else {
                            Err(Break::NotDue)
                        };
                    }
                    self.wait(&mut order, wait, &mut working, &mut busy).await?;
                }
                Step::Rest => {
                    let unset = order.version() == found;
                    self.leave(&mut order, unset, None).await?;
                    return Ok(Halt::Settled);
                }
            }
        }
    }

    /// Whether the order is given back rather than held until the wait is over.
    fn lets_go(&self, order: &Order, wait: Wait) -> bool {
        let Pace::Among {
            longest_wait,
            watches,
            ..
        } = &self.pace
        else {
            return false;
        };
        // Whoever sends again must have watched without a break, so what may be sent again is held.
        let may_be_sent_again =
            order.placed().is_none() && order.attempts().iter().any(Attempt::is_unknown);
        let is_watched = may_be_sent_again || due::is_watch(order, wait.waiting);
        wait.left > *longest_wait && !(is_watched && *watches)
    }

    /// Sets when the order is due before a worker gives it back, where no append of this driver has:
    /// it would be claimed again at once.
    async fn leave(
        &self,
        order: &mut Order,
        unset: bool,
        due: Option<Timestamp>,
    ) -> Result<(), Break> {
        if unset && matches!(self.pace, Pace::Among { .. }) {
            let same = OrderChange::of(order, Vec::new()).map_err(JournalError::from)?;
            self.parts.journal.append(&same, due).await?;
        }
        Ok(())
    }

    fn next(&self, order: &Order, moment: &Moment) -> Step {
        next_step(
            order,
            &self.parts.provider.capabilities(),
            &self.parts.policy,
            moment,
        )
    }

    async fn moment(&self, order: &Order, busy: BTreeSet<u16>) -> Result<Moment, Break> {
        let watched = self.parts.clock.monotonic().since(self.watched_since);
        Ok(moment(&self.parts, order, watched, busy).await?)
    }

    /// Appends, and takes the events into `order`. A lost race ends the loop: whoever loses it sends
    /// nothing more.
    async fn append(&self, order: &mut Order, events: impl Into<Vec<Event>>) -> Result<(), Break> {
        let change = OrderChange::admitted(order, events.into()).map_err(JournalError::from)?;
        let moment = self.moment(change.after(), BTreeSet::new()).await?;
        let due = due(&self.parts, change.after(), &moment);
        self.parts.journal.append(&change, due).await?;
        let next = change.into_order();
        if next.state() != order.state() {
            tracing::info!(order.id = %self.id, from = %order.state(), to = %next.state(), "order state");
            self.notice(&Progress::State(next.state()));
        }
        let parked = next.state() == OrderState::NeedsAttention && order.state() != next.state();
        *order = next;
        if parked {
            witness::parked(&self.parts, order).await?;
        }
        Ok(())
    }

    /// Waits until the moment, until an item's work ends, or until asked to stop. While items are
    /// worked on the order keeps its turn.
    async fn wait(
        &mut self,
        order: &mut Order,
        wait: Wait,
        working: &mut Working,
        busy: &mut BTreeSet<u16>,
    ) -> Result<(), Break> {
        if working.is_empty() {
            self.pace.pass();
        }
        let message = order
            .wait_reason()
            .filter(|_| wait.waiting != Waiting::LookUp);
        let message = message.map(str::to_owned);
        self.notice(&Progress::Waiting {
            waiting: wait.waiting,
            until: wait.until,
            message,
        });
        let left = due::jittered(order, wait.left, wait.waiting);
        let mut stop = self.stop.clone();
        tokio::select! {
            Some(done) = working.next(), if !working.is_empty() => {
                busy.remove(&done.item);
                self.finish_item(order, done).await
            }
            () = tokio::time::sleep(left) => Ok(()),
            () = stop.stopped() => Ok(()),
        }
    }
}

/// Nothing to do before a moment.
#[derive(Clone, Copy)]
struct Wait {
    until: Timestamp,
    waiting: Waiting,
    left: Duration,
}
