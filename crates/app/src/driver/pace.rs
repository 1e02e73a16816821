//! Whether a driver stays with its order, or is one of many that take turns and let go of what waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use crate::StopSignal;

/// How a driver waits.
pub(crate) enum Pace {
    /// Somebody waits for this order: it is carried on until it rests.
    Alone,
    /// One order of many in a worker.
    Among {
        /// Its turn to act.
        turn: Turn,
        /// The longest wait for which the order is kept.
        longest_wait: Duration,
        /// Whether an order that has to be watched is kept whatever the wait.
        watches: bool,
    },
}

impl Pace {
    /// Waits for a turn to act; at once where the order has one, or is the only one. Ends early where
    /// the work is asked to stop.
    pub(super) async fn begin(&mut self, stop: &mut StopSignal) {
        if let Self::Among { turn, .. } = self {
            tokio::select! {
                () = turn.begin() => {}
                () = stop.stopped() => {}
            }
        }
    }

    /// Leaves the turn to others.
    pub(super) fn pass(&mut self) {
        if let Self::Among { turn, .. } = self {
            turn.end();
        }
    }
}

/// Turns to act, so many at once. Orders that merely wait have none.
#[derive(Debug)]
pub(crate) struct Turns {
    permits: Arc<Semaphore>,
    lined_up: AtomicUsize,
    ended: Notify,
}

impl Turns {
    /// So many turns at once.
    pub(crate) fn new(at_once: usize) -> Arc<Self> {
        Arc::new(Self {
            permits: Arc::new(Semaphore::new(at_once.min(Semaphore::MAX_PERMITS))),
            lined_up: AtomicUsize::new(0),
            ended: Notify::new(),
        })
    }

    /// How many orders act or wait for their turn.
    pub(crate) fn lined_up(&self) -> usize {
        self.lined_up.load(Ordering::Acquire)
    }

    /// Returns once a turn has ended since this was last asked.
    pub(crate) async fn ended(&self) {
        self.ended.notified().await;
    }

    /// A turn for an order that has something to do right now: it is in line from here on.
    pub(crate) fn line_up(self: &Arc<Self>) -> Turn {
        self.lined_up.fetch_add(1, Ordering::AcqRel);
        Turn {
            turns: Arc::clone(self),
            is_lined_up: true,
            permit: None,
        }
    }
}

/// One order's turn: waited for, held, over, and so on.
#[derive(Debug)]
pub(crate) struct Turn {
    turns: Arc<Turns>,
    is_lined_up: bool,
    permit: Option<OwnedSemaphorePermit>,
}

impl Turn {
    async fn begin(&mut self) {
        if self.permit.is_some() {
            return;
        }
        if !self.is_lined_up {
            self.is_lined_up = true;
            self.turns.lined_up.fetch_add(1, Ordering::AcqRel);
        }
        let permit = Arc::clone(&self.turns.permits).acquire_owned().await;
        self.permit = Some(permit.expect("nobody closes the turns"));
    }

    fn end(&mut self) {
        self.permit = None;
        if self.is_lined_up {
            self.is_lined_up = false;
            self.turns.lined_up.fetch_sub(1, Ordering::AcqRel);
            self.turns.ended.notify_one();
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.end();
    }
}
