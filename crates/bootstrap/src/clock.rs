//! The machine's clocks: the one place of the program where they are read.

use std::time::Instant;

use jiff::Timestamp;
use roamport_domain::{Clock, Monotonic};

/// The machine's wall clock, and its clock that only goes forward.
///
/// The second one counts from the moment this value was made, so everything in a process that
/// compares moments has to share one `SystemClock`.
///
/// ```
/// use roamport_bootstrap::SystemClock;
/// use roamport_domain::Clock;
///
/// let clock = SystemClock::new();
/// let earlier = clock.monotonic();
/// assert!(clock.monotonic() >= earlier);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// The clock whose going-forward half starts now.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that everybody else is handed"
    )]
    pub fn new() -> Self {
        Self {
            start: Instant::now(),
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that everybody else is handed"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::at(self.start.elapsed())
    }
}
