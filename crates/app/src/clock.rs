//! The machine's clocks: the one place of the library where they are read.

use std::sync::LazyLock;
use std::time::Instant;

use jiff::Timestamp;
use roamport_domain::{Clock, Monotonic};

/// Where the monotonic clock of this process begins. One for all: moments of two clocks are compared, as the end of a
/// purchase's window is.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the clock that everybody else is handed"
)]
static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The machine's wall clock, and its clock that only goes forward. All values of it are one clock: its monotonic moments
/// count from one origin in the whole process.
///
/// ```
/// use roamport_app::SystemClock;
/// use roamport_domain::Clock;
///
/// let earlier = SystemClock.monotonic();
/// assert!(SystemClock.monotonic() >= earlier);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that everybody else is handed"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::at(ORIGIN.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use roamport_domain::provider::SendWindow;

    use super::*;

    #[test]
    fn a_window_of_one_clock_is_open_on_another_that_was_made_later() {
        let window = SendWindow::open(&SystemClock, Duration::from_mins(1));
        std::thread::sleep(Duration::from_millis(5));
        let later = SystemClock;
        let left = window.remaining(&later).unwrap();
        assert!(left < Duration::from_mins(1) && left > Duration::from_secs(30));
    }
}
