//! The port through which time is read: a wall clock and one that is never set back.

use std::fmt::Debug;
use std::time::Duration;

use jiff::Timestamp;

/// A moment on a clock that only goes forward, counted from a start that means something inside one
/// process alone. Never stored, never sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Monotonic(Duration);

impl Monotonic {
    /// The moment `since_start` after the start of this process's clock.
    pub const fn at(since_start: Duration) -> Self {
        Self(since_start)
    }

    /// The moment `duration` later; the last representable one where that is past the end.
    #[must_use]
    pub const fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration))
    }

    /// How long after `earlier` this moment lies; zero where it lies before.
    pub const fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// Where a library gets its time from. Implementations live outside `domain`; tests move theirs.
pub trait Clock: Debug + Send + Sync + 'static {
    /// The wall clock. It may be stepped back or forward at any time.
    fn now(&self) -> Timestamp;

    /// The clock that only goes forward.
    fn monotonic(&self) -> Monotonic;
}

impl<C: Clock + ?Sized> Clock for std::sync::Arc<C> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }

    fn monotonic(&self) -> Monotonic {
        (**self).monotonic()
    }
}

/// `moment` plus `duration`, or the last representable moment.
pub(crate) fn later(moment: Timestamp, duration: Duration) -> Timestamp {
    jiff::SignedDuration::try_from(duration)
        .ok()
        .and_then(|duration| moment.checked_add(duration).ok())
        .unwrap_or(Timestamp::MAX)
}
