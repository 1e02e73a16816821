//! The gate that keeps requests under a provider's rate, the urgent ones first.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use governor::clock::{Clock as GovernorClock, ReasonablyRealtime};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use roamport_domain::Gate;
use roamport_domain::provider::CallClass;
use tokio::sync::Notify;
use tokio::time::Instant;

/// Admits so many requests a second, with a burst after a rest.
///
/// Where several wait, a purchase goes before a read and a read before a page of a listing; within
/// a class, the one that came first. A purchase waits for no more than the next permit and the
/// purchases before it. Reads alone cannot hold a listing up for ever: after 9 reads that went before
/// a waiting page, one page goes. Nobody is refused.
///
/// Waiting costs a place in a queue and nothing else: whoever stops waiting gives it up, and no
/// permit is lost.
#[derive(Debug)]
pub struct RateLimit {
    per_second: NonZeroU32,
    burst: NonZeroU32,
    limiter: RateLimiter<NotKeyed, InMemoryState, TokioTime, NoOpMiddleware<Duration>>,
    clock: TokioTime,
    queue: Mutex<Queue>,
}

impl RateLimit {
    /// Admits `per_second` requests a second in the long run, and up to `burst` at once after a
    /// rest. Both are the provider's figures, or less.
    pub fn new(per_second: NonZeroU32, burst: NonZeroU32) -> Self {
        let clock = TokioTime {
            start: Instant::now(),
        };
        let quota = Quota::per_second(per_second).allow_burst(burst);
        let limiter = RateLimiter::direct_with_clock(quota, clock);
        Self {
            per_second,
            burst,
            limiter,
            clock,
            queue: Mutex::default(),
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // Every change of the queue is one insertion or removal, whole even if its thread panicked.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn join(&self, class: CallClass) -> Waiter<'_> {
        let turn = Arc::new(Notify::new());
        let place = self.queue().join(class, Arc::clone(&turn));
        Waiter {
            gate: self,
            place,
            turn,
            admitted: false,
        }
    }

    /// How long to wait for the next permit, or `None` when one was taken just now.
    fn take(&self) -> Option<Duration> {
        let wait = self.limiter.check().err()?.wait_time_from(self.clock.now());
        // Tokio's timer counts milliseconds: a shorter sleep would only ask again in a busy loop.
        Some(wait.max(Duration::from_millis(1)))
    }
}

impl fmt::Display for RateLimit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "RateLimit({} a second, {} at once)",
            self.per_second, self.burst
        )
    }
}

#[async_trait]
impl Gate for RateLimit {
    async fn admit(&self, class: CallClass) {
        let mut waiter = self.join(class);
        loop {
            if !waiter.is_first() {
                waiter.turn.notified().await;
            } else if let Some(wait) = self.take() {
                tokio::time::sleep(wait).await;
            } else {
                // The permit is spent and nothing is awaited any more: dropping the waiter lets the
                // next one try.
                waiter.admitted = true;
                return;
            }
        }
    }
}

/// A class and a number. The lowest goes first, but for a page whose turn it is.
type Place = (CallClass, u64);

/// How many reads may go before a page that waits.
const READS_BEFORE_A_PAGE: u32 = 9;

#[derive(Debug, Default)]
struct Queue {
    waiting: BTreeMap<Place, Arc<Notify>>,
    next_number: u64,
    /// Reads that went before a waiting page, since the last page.
    reads_before: u32,
}

impl Queue {
    fn join(&mut self, class: CallClass, turn: Arc<Notify>) -> Place {
        let place = (class, self.next_number);
        self.next_number += 1;
        self.waiting.insert(place, turn);
        place
    }

    /// Whose turn it is.
    fn first(&self) -> Option<(&Place, &Arc<Notify>)> {
        let first = self.waiting.first_key_value()?;
        let read_is_first = first.0.0 == CallClass::Read;
        if read_is_first && self.reads_before >= READS_BEFORE_A_PAGE {
            return self.first_page().or(Some(first));
        }
        Some(first)
    }

    fn first_page(&self) -> Option<(&Place, &Arc<Notify>)> {
        self.waiting.range((CallClass::Listing, 0)..).next()
    }

    /// Takes a waiter out, admitted or not, and wakes the one whose turn it is now.
    fn leave(&mut self, place: Place, admitted: bool) {
        self.waiting.remove(&place);
        if admitted {
            self.reads_before = match place.0 {
                CallClass::Purchase => self.reads_before,
                CallClass::Read if self.first_page().is_some() => self.reads_before + 1,
                CallClass::Read | CallClass::Listing => 0,
            };
        }
        // A notification that nobody awaits yet is kept for the next await, so none is missed.
        if let Some((_, next)) = self.first() {
            next.notify_one();
        }
    }
}

/// A place in the queue, given up on drop.
#[derive(Debug)]
struct Waiter<'a> {
    gate: &'a RateLimit,
    place: Place,
    turn: Arc<Notify>,
    admitted: bool,
}

impl Waiter<'_> {
    fn is_first(&self) -> bool {
        let queue = self.gate.queue();
        queue.first().is_some_and(|(place, _)| *place == self.place)
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.gate.queue().leave(self.place, self.admitted);
    }
}

/// Tokio's clock for governor, so that a test that pauses one pauses the other.
#[derive(Clone, Copy, Debug)]
struct TokioTime {
    start: Instant,
}

impl GovernorClock for TokioTime {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.start.elapsed()
    }
}

impl ReasonablyRealtime for TokioTime {}

#[cfg(test)]
mod tests;
