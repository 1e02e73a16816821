//! Tokio's time, which a test can pause, with a wall clock on top that can be stepped.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use roamport_domain::{Clock, Monotonic};
use tokio::time::Instant;

/// Tokio's time, with a wall clock on top that can be stepped.
#[derive(Debug)]
pub(crate) struct TestClock {
    start: Instant,
    stepped: Mutex<SignedDuration>,
}

impl TestClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            start: Instant::now(),
            stepped: Mutex::default(),
        })
    }

    /// Sets the wall clock forward, or back where `hours` is negative.
    pub(crate) fn step(&self, hours: i64) {
        *self.stepped.lock().unwrap() += SignedDuration::from_hours(hours);
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// How long ago it was that so much had elapsed.
    pub(crate) fn since(&self, earlier: Duration) -> Duration {
        self.elapsed().checked_sub(earlier).unwrap()
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        let elapsed = SignedDuration::try_from(self.elapsed()).unwrap();
        noon() + elapsed + *self.stepped.lock().unwrap()
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::at(self.elapsed())
    }
}

fn noon() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}
