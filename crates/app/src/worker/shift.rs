//! One run of a worker: claims, keeps count of what it holds, and drains at the end.

use std::collections::BTreeSet;
use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::Duration;

use roamport_domain::OrderId;
use roamport_domain::journal::{Claim, JournalError};
use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinSet};

use super::{Worker, WorkerPolicy};
use crate::driver::{Driver, Pace, Turns, Workshop};
use crate::{AppError, Observer, StopSignal, Stopper};

type Ended = Result<(OrderId, Result<(), AppError>), JoinError>;

/// What there is to do after a look for due orders.
enum Found {
    /// As many as were asked for: there may be more.
    Full,
    /// Fewer: there are no more.
    Dry,
    /// The worker holds or has lined up as many as it may.
    NoRoom,
    /// The journal could not be used.
    Trouble(JournalError),
}

/// The work from one start to its end.
pub(super) struct Shift {
    workshop: Workshop,
    policy: WorkerPolicy,
    observer: Arc<dyn Observer>,
    longest_wait: Duration,
    watches: bool,
    turns: Arc<Turns>,
    stopper: Stopper,
    signal: StopSignal,
    driven: JoinSet<(OrderId, Result<(), AppError>)>,
    first_error: Option<AppError>,
}

impl Shift {
    pub(super) fn new(worker: &Worker, longest_wait: Duration, watches: bool) -> Self {
        let (stopper, signal) = Stopper::new();
        Self {
            workshop: worker.orders.workshop(),
            policy: worker.policy,
            observer: worker.observer.clone(),
            longest_wait,
            watches,
            turns: Turns::new(usize::from(worker.policy.at_once.get())),
            stopper,
            signal,
            driven: JoinSet::new(),
            first_error: None,
        }
    }

    /// Works until asked to stop, or until whoever started it is gone.
    pub(super) async fn until(
        mut self,
        stop: StopSignal,
        gone: oneshot::Receiver<()>,
    ) -> Result<(), AppError> {
        let mut asked = std::pin::pin!(asked(stop, gone));
        let mut failures = 0_u32;
        loop {
            // A claim is never broken off half-way: what it took would be nobody's for a lease.
            let found = self.claim_more(|_| true).await;
            if let Found::Trouble(error @ JournalError::Superseded { .. }) = found {
                self.drain().await;
                return Err(error.into());
            }
            failures = match found {
                Found::Trouble(_) => failures.saturating_add(1),
                _ => 0,
            };
            tokio::select! {
                biased;
                () = &mut asked => break,
                () = self.rest(found, failures) => {}
            }
        }
        self.drain().await;
        Ok(())
    }

    /// Takes what is due, each order once.
    pub(super) async fn once(
        mut self,
        stop: StopSignal,
        gone: oneshot::Receiver<()>,
    ) -> Result<usize, AppError> {
        let mut asked = std::pin::pin!(asked(stop, gone));
        let mut seen = BTreeSet::new();
        loop {
            let before = seen.len();
            match self.claim_more(|order| seen.insert(order)).await {
                Found::Trouble(error) => {
                    self.drain().await;
                    return Err(error.into());
                }
                Found::Dry => break,
                // An order that is due again has had its turn.
                Found::Full if seen.len() == before => break,
                Found::Full => {}
                Found::NoRoom => tokio::select! {
                    biased;
                    () = &mut asked => {
                        self.stopper.stop();
                        break;
                    }
                    () = self.room() => {}
                },
            }
        }
        if !self.signal.is_stopped() {
            tokio::select! {
                () = asked => {}
                () = self.all_ended() => {}
            }
        }
        self.drain().await;
        match self.first_error {
            None => Ok(seen.len()),
            Some(error) => Err(error),
        }
    }

    /// Claims as many due orders as there is room for, and begins with those that `admits`.
    async fn claim_more(&mut self, mut admits: impl FnMut(OrderId) -> bool) -> Found {
        while let Some(ended) = self.driven.try_join_next() {
            self.take(ended);
        }
        let Some(limit) = self.free() else {
            return Found::NoRoom;
        };
        let parts = &self.workshop.parts;
        let (instance, lease) = (&parts.instance, parts.lease.lease);
        let claims = parts
            .journal
            .claim_for(instance, &parts.account, &parts.owner, lease, limit)
            .await;
        let claims = match claims {
            Ok(claims) => claims,
            Err(error) => return Found::Trouble(error),
        };
        let found = if claims.len() < usize::from(limit.get()) {
            Found::Dry
        } else {
            Found::Full
        };
        for claim in claims {
            if admits(claim.order) {
                self.begin(claim);
            } else if let Err(error) = self.workshop.parts.journal.release(&claim).await {
                tracing::warn!(order.id = %claim.order, %error, "the claim could not be given back; it runs out by itself");
            }
        }
        found
    }

    /// How many more orders may be claimed: within what is held, and no longer a line than keeps
    /// every turn busy, so that other workers get their share.
    fn free(&self) -> Option<NonZeroU16> {
        let held = usize::from(self.policy.held.get()).saturating_sub(self.driven.len());
        let line = usize::from(self.policy.at_once.get()) * 2;
        let free = held
            .min(line.saturating_sub(self.turns.lined_up()))
            .min(usize::from(self.policy.batch.get()));
        u16::try_from(free).ok().and_then(NonZeroU16::new)
    }

    fn begin(&mut self, claim: Claim) {
        let order = claim.order;
        let pace = Pace::Among {
            turn: self.turns.line_up(),
            longest_wait: self.longest_wait,
            watches: self.watches,
        };
        let (observer, stop) = (self.observer.clone(), self.signal.clone());
        let driver = Driver::new(&self.workshop, order, observer, stop, pace);
        self.driven
            .spawn(async move { (order, driver.run_claimed(claim).await) });
    }

    fn take(&mut self, ended: Ended) {
        let error = match ended {
            Ok((_, Ok(()))) => return,
            Ok((order, Err(error))) => {
                tracing::error!(order.id = %order, %error, "an order could not be carried on; it is tried again once its claim runs out");
                error
            }
            Err(error) => {
                tracing::error!(%error, "the work on an order was broken off by a fault of this program; it is tried again once its claim runs out");
                AppError::Broken(error.to_string())
            }
        };
        self.first_error.get_or_insert(error);
    }

    /// Waits until another look for due orders is worth it.
    async fn rest(&mut self, found: Found, failures: u32) {
        match found {
            Found::Full => {}
            Found::NoRoom => self.room().await,
            // Many workers on one journal should not look at the same moment.
            Found::Dry => tokio::time::sleep(shortened(self.policy.idle_poll)).await,
            Found::Trouble(error) => {
                tracing::error!(%error, "no due orders could be claimed; trying again");
                tokio::time::sleep(shortened(pause(failures))).await;
            }
        }
    }

    /// Returns once there may be room for another order.
    async fn room(&mut self) {
        let ended = tokio::select! {
            () = self.turns.ended() => return,
            Some(ended) = self.driven.join_next() => ended,
        };
        self.take(ended);
    }

    async fn all_ended(&mut self) {
        while let Some(ended) = self.driven.join_next().await {
            self.take(ended);
        }
    }

    /// Has every order come to a halt, and waits for it.
    async fn drain(&mut self) {
        self.stopper.stop();
        self.all_ended().await;
    }
}

async fn asked(mut stop: StopSignal, gone: oneshot::Receiver<()>) {
    tokio::select! {
        () = stop.stopped() => {}
        _ = gone => {}
    }
}

/// The pause after so many failures in a row: half a second, doubled up to half a minute.
fn pause(failures: u32) -> Duration {
    const LONGEST: Duration = Duration::from_secs(30);
    let doubled = 2_u32.saturating_pow(failures.saturating_sub(1).min(10));
    (Duration::from_millis(500).saturating_mul(doubled)).min(LONGEST)
}

/// At most the wait, at least half of it.
fn shortened(wait: Duration) -> Duration {
    let half = wait / 2;
    let most = u64::try_from(half.as_millis()).unwrap_or(u64::MAX);
    half.saturating_add(Duration::from_millis(fastrand::u64(0..=most)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_grows_to_half_a_minute() {
        let pauses: Vec<u128> = (1..=8)
            .map(|failures| pause(failures).as_millis())
            .collect();
        assert_eq!(pauses, [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000]);
    }

    #[test]
    fn a_shortened_wait_is_never_longer_and_at_least_half() {
        for millis in [0, 1, 500, 30_000] {
            let wait = Duration::from_millis(millis);
            for _ in 0..100 {
                let short = shortened(wait);
                assert!(short <= wait && short >= wait / 2, "{short:?} of {wait:?}");
            }
        }
    }
}
