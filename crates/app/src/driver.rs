//! Carries one order on: load, decide, act, append; then again.
//!
//! The decision is [`next_step`]'s, and pure. What is here holds the claim, keeps both clocks and
//! waits; [`check`] reads what a purchase depends on, [`place`] makes purchase calls, [`reads`]
//! looks things up, [`items`] has profiles made.

mod check;
mod claim;
mod items;
mod place;
mod reads;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use jiff::Timestamp;
use roamport_domain::journal::JournalError;
use roamport_domain::order::{Event, Moment, OrderState, Step, Waiting, next_step};
use roamport_domain::{Monotonic, Order, OrderId};

use self::claim::HeldClaim;
use self::items::Working;
use crate::OrdersParts;
use crate::{AppError, Carried, Halt, Observer, Progress, StopSignal};

/// Why the loop ends before the order does.
enum Break {
    /// Somebody else changed the order or holds it.
    Elsewhere,
    /// An error to report.
    Error(AppError),
}

impl From<JournalError> for Break {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::VersionConflict { .. } | JournalError::ClaimLost(_) => Self::Elsewhere,
            error => Self::Error(error.into()),
        }
    }
}

/// The work on one order in this process.
pub(crate) struct Driver {
    parts: Arc<OrdersParts>,
    id: OrderId,
    observer: Arc<dyn Observer>,
    stop: StopSignal,
    /// Since when this process has watched the order without a break.
    watched_since: Monotonic,
}

impl Driver {
    pub(crate) fn new(
        parts: Arc<OrdersParts>,
        id: OrderId,
        observer: Arc<dyn Observer>,
        stop: StopSignal,
    ) -> Self {
        let watched_since = parts.clock.monotonic();
        Self {
            parts,
            id,
            observer,
            stop,
            watched_since,
        }
    }

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
        // A take-over starts the watch anew: nothing is known of what happened before.
        self.watched_since = self.parts.clock.monotonic();
        let result = self.drive(&claim).await;
        claim.give_back().await;
        let halt = match result {
            Ok(halt) => halt,
            Err(Break::Elsewhere) => Halt::HeldElsewhere,
            Err(Break::Error(error)) => return Err(error),
        };
        Ok(Carried {
            order: self.load().await?,
            halt,
        })
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
        let mut working: Working = FuturesUnordered::new();
        let mut busy = BTreeSet::new();
        loop {
            if claim.is_lost() {
                return Err(Break::Elsewhere);
            }
            if self.stop.is_stopped() && !order.state().is_settled() {
                return Ok(self.stopped());
            }
            match self.decide(&order, &busy).await? {
                Step::Record(events) => self.append(&mut order, &events).await?,
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
                    self.look_up(&mut order, conclusive).await?;
                    if parked && order.state() == OrderState::NeedsAttention {
                        return Ok(Halt::Settled);
                    }
                }
                Step::ReadOrder(id) => self.read_order(&mut order, &id).await?,
                Step::Items(steps) => {
                    self.start_items(&mut order, &steps, &mut working, &mut busy)
                        .await?;
                }
                Step::Wait { .. } if order.state() == OrderState::NeedsAttention => {
                    return Ok(Halt::Settled);
                }
                Step::Wait { until, waiting } => {
                    self.wait(&mut order, until, waiting, &mut working, &mut busy)
                        .await?;
                }
                Step::Rest => return Ok(Halt::Settled),
            }
        }
    }

    async fn decide(&self, order: &Order, busy: &BTreeSet<u16>) -> Result<Step, Break> {
        let moment = self.moment(busy.clone()).await?;
        Ok(self.next(order, &moment))
    }

    fn next(&self, order: &Order, moment: &Moment) -> Step {
        next_step(
            order,
            &self.parts.provider.capabilities(),
            &self.parts.policy,
            moment,
        )
    }

    async fn moment(&self, busy: BTreeSet<u16>) -> Result<Moment, Break> {
        Ok(Moment {
            now: self.parts.journal.now().await?,
            watched: self.parts.clock.monotonic().since(self.watched_since),
            busy,
        })
    }

    /// Appends, and takes the events into `order`. A lost race ends the loop: whoever loses it sends
    /// nothing more.
    async fn append(&self, order: &mut Order, events: &[Event]) -> Result<(), Break> {
        let mut next = order.clone();
        for event in events {
            next.apply(event).map_err(JournalError::from)?;
        }
        let due = self.due(&next).await?;
        self.parts
            .journal
            .append(self.id, order.version(), events, due)
            .await?;
        if next.state() != order.state() {
            tracing::info!(order.id = %self.id, from = %order.state(), to = %next.state(), "order state");
            self.notice(&Progress::State(next.state()));
        }
        *order = next;
        Ok(())
    }

    /// When a worker should next look at the order.
    async fn due(&self, order: &Order) -> Result<Option<Timestamp>, Break> {
        let moment = self.moment(BTreeSet::new()).await?;
        Ok(match self.next(order, &moment) {
            Step::Wait { until, .. } => Some(until),
            Step::Rest => None,
            _ => Some(moment.now),
        })
    }

    /// Waits until the moment, until an item's work ends, or until asked to stop.
    async fn wait(
        &mut self,
        order: &mut Order,
        until: Timestamp,
        waiting: Waiting,
        working: &mut Working,
        busy: &mut BTreeSet<u16>,
    ) -> Result<(), Break> {
        let message = order.deferral().map(|deferral| deferral.message.clone());
        let message = message.filter(|_| waiting == Waiting::Deferred);
        self.notice(&Progress::Waiting {
            waiting,
            until,
            message,
        });
        let now = self.parts.journal.now().await?;
        let left = Duration::try_from(until.duration_since(now)).unwrap_or_default();
        let mut stop = self.stop.clone();
        tokio::select! {
            Some(done) = working.next(), if !working.is_empty() => {
                busy.remove(&done.item);
                self.finish_item(order, done).await
            }
            () = tokio::time::sleep(jittered(left, waiting)) => Ok(()),
            () = stop.stopped() => Ok(()),
        }
    }
}

/// A wait between look-ups, up to a tenth longer, so that many orders do not ask at once.
fn jittered(left: Duration, waiting: Waiting) -> Duration {
    match waiting {
        Waiting::LookUp => {
            let tenth = u64::try_from(left.as_millis() / 10).unwrap_or(u64::MAX);
            left.saturating_add(Duration::from_millis(fastrand::u64(0..=tenth)))
        }
        Waiting::Deferred | Waiting::QuietPeriod | Waiting::Delivery | Waiting::Profile => left,
    }
}
