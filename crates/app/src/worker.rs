//! A worker: claims the orders that are due and carries them on, until it is asked to stop.

mod shift;

use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use self::shift::Shift;
use crate::{AppError, Observer, Orders, Silent, StopSignal};

/// How much a worker takes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkerPolicy {
    /// Due orders that are claimed in one statement, at most. 32.
    pub batch: NonZeroU16,
    /// Orders that act at the same time: check, buy, look up, read, have profiles made. 64.
    pub at_once: NonZeroU16,
    /// Orders that are held at the same time, those that merely wait included. 256.
    pub held: NonZeroU16,
    /// The longest time between two looks for due orders while there are none. 500 milliseconds.
    pub idle_poll: Duration,
}

impl Default for WorkerPolicy {
    fn default() -> Self {
        let number = |number| NonZeroU16::new(number).expect("the number is above zero");
        Self {
            batch: number(32),
            at_once: number(64),
            held: number(256),
            idle_poll: Duration::from_millis(500),
        }
    }
}

/// Carries on every order of one provider instance that is due, beside any number of other workers on
/// the same journal.
///
/// An order whose purchase may have to be repeated is held without a break, since only a process that
/// has itself watched it for window and quiet period may send again. Orders that wait for anything
/// else, longer than [`LeasePolicy::renew_every`](crate::LeasePolicy::renew_every), are given back
/// with the moment at which they are due, for any worker to take.
#[derive(Clone, Debug)]
pub struct Worker {
    orders: Orders,
    policy: WorkerPolicy,
    observer: Arc<dyn Observer>,
}

impl Worker {
    /// The longest wait for which [`Worker::run_once`] stays with an order.
    pub const LONGEST_WAIT_ONCE: Duration = Duration::from_secs(5);

    /// A worker on these orders.
    pub fn new(orders: Orders, policy: WorkerPolicy) -> Self {
        Self {
            orders,
            policy,
            observer: Arc::new(Silent),
        }
    }

    /// The same that tells `observer` of every order.
    #[must_use]
    pub fn observed(self, observer: Arc<dyn Observer>) -> Self {
        Self { observer, ..self }
    }

    /// Works until `stop` is given, then ends what it is doing: no order is begun, no wait is waited
    /// for, and each purchase call in flight is answered and recorded before this returns.
    ///
    /// A journal that cannot be used is tried again, with growing pauses, for ever, unless a later release
    /// has taken it over. The work runs in
    /// tasks of its own: dropping this future asks it to stop and cancels no purchase.
    ///
    /// # Errors
    ///
    /// [`AppError::Broken`]: a fault of this program ended the worker. [`AppError::Journal`]: a later
    /// release has taken the journal over ([`JournalError::Superseded`](roamport_domain::journal::JournalError::Superseded)).
    pub async fn run(&self, stop: StopSignal) -> Result<(), AppError> {
        let (_here, gone) = oneshot::channel();
        let longest_wait = self.orders.parts().lease.renew_every;
        let shift = Shift::new(self, longest_wait, true);
        let work = tokio::spawn(shift.until(stop, gone));
        match work.await {
            Ok(ended) => ended,
            Err(error) => Err(AppError::Broken(error.to_string())),
        }
    }

    /// Takes every order that is due now, carries each as far as it goes without a wait of more than
    /// [`Worker::LONGEST_WAIT_ONCE`], and gives it back with the moment at which it is due. Gives how
    /// many orders that were.
    ///
    /// It begins each watch anew, so that an order of unknown outcome is looked up by it and never
    /// sent again: that needs [`Worker::run`].
    ///
    /// # Errors
    ///
    /// [`AppError::Journal`], for the journal as a whole or, after all others were worked on, for the
    /// first order with which that went wrong; [`AppError::AnswerNotRecorded`], likewise;
    /// [`AppError::Broken`].
    pub async fn run_once(&self, stop: StopSignal) -> Result<usize, AppError> {
        let (_here, gone) = oneshot::channel();
        let shift = Shift::new(self, Self::LONGEST_WAIT_ONCE, false);
        let work = tokio::spawn(shift.once(stop, gone));
        match work.await {
            Ok(worked) => worked,
            Err(error) => Err(AppError::Broken(error.to_string())),
        }
    }
}
