//! A clock that stands still until a test moves it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use roamport_domain::{Clock, Monotonic};

/// A wall clock and a monotonic one that both stand still until they are moved. They begin at
/// 2026-11-23T08:00:00.123456Z: whole microseconds, which every database keeps.
#[derive(Debug)]
pub struct MovableClock {
    hands: Mutex<(Timestamp, Duration)>,
}

impl Default for MovableClock {
    fn default() -> Self {
        let start = Timestamp::from_microsecond(1_795_420_800_123_456).expect("a moment of 2026");
        Self {
            hands: Mutex::new((start, Duration::ZERO)),
        }
    }
}

impl MovableClock {
    /// Moves both clocks on.
    pub fn pass(&self, time: Duration) {
        let mut hands = self.hands();
        let step = SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX);
        hands.0 = hands.0.checked_add(step).unwrap_or(Timestamp::MAX);
        hands.1 = hands.1.saturating_add(time);
    }

    fn hands(&self) -> MutexGuard<'_, (Timestamp, Duration)> {
        self.hands.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for MovableClock {
    fn now(&self) -> Timestamp {
        self.hands().0
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::at(self.hands().1)
    }
}
