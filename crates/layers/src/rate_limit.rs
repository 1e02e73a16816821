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
/// a class, the one that came first. Nobody is refused. A listing can be held up for as long as more
/// urgent requests use the whole rate, which purchases, made one by one, never do.
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
        let mut queue = self.queue();
        let place = (class, queue.next_number);
        queue.next_number += 1;
        let turn = Arc::new(Notify::new());
        queue.waiting.insert(place, Arc::clone(&turn));
        Waiter {
            gate: self,
            place,
            turn,
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
        let waiter = self.join(class);
        loop {
            if !waiter.is_first() {
                waiter.turn.notified().await;
            } else if let Some(wait) = self.take() {
                tokio::time::sleep(wait).await;
            } else {
                // The permit is spent and nothing is awaited any more: dropping the waiter lets the
                // next one try.
                return;
            }
        }
    }
}

/// A class and a number: the lowest goes first.
type Place = (CallClass, u64);

#[derive(Debug, Default)]
struct Queue {
    waiting: BTreeMap<Place, Arc<Notify>>,
    next_number: u64,
}

/// A place in the queue, given up on drop.
#[derive(Debug)]
struct Waiter<'a> {
    gate: &'a RateLimit,
    place: Place,
    turn: Arc<Notify>,
}

impl Waiter<'_> {
    fn is_first(&self) -> bool {
        self.gate
            .queue()
            .waiting
            .first_key_value()
            .is_some_and(|(place, _)| *place == self.place)
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        let mut queue = self.gate.queue();
        queue.waiting.remove(&self.place);
        // A notification that nobody awaits yet is kept for the next await, so none is missed.
        if let Some((_, next)) = queue.waiting.first_key_value() {
            next.notify_one();
        }
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
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::FutureExt as _;
    use futures::future::join_all;

    use super::*;

    fn limit(per_second: u32, burst: u32) -> RateLimit {
        RateLimit::new(
            NonZeroU32::new(per_second).unwrap(),
            NonZeroU32::new(burst).unwrap(),
        )
    }

    /// Asks in this order, at once, and gives the order of admission and the times in milliseconds.
    async fn admitted(gate: &RateLimit, classes: &[CallClass]) -> Vec<(usize, u128)> {
        let started = Instant::now();
        let admitted = Mutex::new(Vec::new());
        let waits = classes.iter().enumerate().map(|(number, class)| {
            let admitted = &admitted;
            async move {
                gate.admit(*class).await;
                admitted
                    .lock()
                    .unwrap()
                    .push((number, started.elapsed().as_millis()));
            }
        });
        join_all(waits).await;
        admitted.into_inner().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_passes_at_once_and_the_rest_at_the_rate() {
        let gate = limit(10, 3);
        let times: Vec<u128> = admitted(&gate, &[CallClass::Read; 6])
            .await
            .into_iter()
            .map(|(_, at)| at)
            .collect();
        assert_eq!(times[..3], [0, 0, 0]);
        for (at, due) in times[3..].iter().zip([100, 200, 300]) {
            assert!((due..due + 3).contains(at), "{times:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_rate_holds_over_a_long_time() {
        let gate = limit(50, 5);
        let times = admitted(&gate, &[CallClass::Listing; 505]).await;
        let (_, last) = times.last().unwrap();
        assert!(
            (10_000..10_600).contains(last),
            "500 beyond the burst take 10 s, not {last} ms"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn purchases_go_before_reads_before_pages_and_each_in_its_turn() {
        use CallClass::{Listing, Purchase, Read};
        let gate = limit(10, 1);
        gate.admit(Read).await;
        let order: Vec<usize> =
            admitted(&gate, &[Listing, Read, Purchase, Listing, Read, Purchase])
                .await
                .into_iter()
                .map(|(number, _)| number)
                .collect();
        assert_eq!(order, [2, 5, 1, 4, 0, 3]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_purchase_that_comes_late_overtakes_a_page_already_waiting() {
        let gate = Arc::new(limit(1, 1));
        gate.admit(CallClass::Read).await;
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = Vec::new();
        for (class, arrives_at) in [
            (CallClass::Listing, 0),
            (CallClass::Listing, 0),
            (CallClass::Purchase, 900),
        ] {
            let (gate, order) = (Arc::clone(&gate), Arc::clone(&order));
            tasks.push(tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(arrives_at)).await;
                gate.admit(class).await;
                order.lock().unwrap().push(class);
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
        let order = order.lock().unwrap().clone();
        assert_eq!(
            order,
            [CallClass::Purchase, CallClass::Listing, CallClass::Listing]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_stops_waiting_takes_no_permit_and_holds_nobody_up() {
        let gate = limit(1, 1);
        gate.admit(CallClass::Read).await;
        let started = Instant::now();
        // Both are polled into the queue: the first sleeps for the permit, the second for its turn.
        let mut first = gate.admit(CallClass::Purchase).boxed();
        let mut second = gate.admit(CallClass::Read).boxed();
        let third = gate.admit(CallClass::Listing).boxed();
        assert!(futures::poll!(&mut first).is_pending());
        assert!(futures::poll!(&mut second).is_pending());
        drop(first);
        drop(second);
        third.await;
        let waited = started.elapsed().as_millis();
        assert!(
            (1000..1003).contains(&waited),
            "the next permit was its own: {waited} ms"
        );
        assert!(gate.queue().waiting.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn the_head_that_is_dropped_wakes_the_next() {
        let gate = Arc::new(limit(1, 1));
        gate.admit(CallClass::Read).await;
        let mut head = gate.admit(CallClass::Purchase).boxed();
        assert!(futures::poll!(&mut head).is_pending());
        let waiting = Arc::clone(&gate);
        let next = tokio::spawn(async move { waiting.admit(CallClass::Listing).await });
        tokio::task::yield_now().await;
        drop(head);
        tokio::time::timeout(Duration::from_secs(2), next)
            .await
            .unwrap()
            .unwrap();
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn many_tasks_on_many_threads_are_all_admitted() {
        let gate = Arc::new(limit(100_000, 64));
        let count = Arc::new(AtomicUsize::new(0));
        let tasks = (0..500).map(|number| {
            let (gate, count) = (Arc::clone(&gate), Arc::clone(&count));
            tokio::spawn(async move {
                let class = [CallClass::Purchase, CallClass::Read, CallClass::Listing][number % 3];
                gate.admit(class).await;
                count.fetch_add(1, Ordering::Relaxed);
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        assert_eq!(count.load(Ordering::Relaxed), 500);
    }
}
