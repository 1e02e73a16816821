//! The journal's clock is the server's. A test may shift it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// How far the journal's clock is ahead of the server's, for tests of what waits: they cannot move
/// the clock of a server. Clones share one offset. Nothing but a test makes one.
#[derive(Clone, Debug, Default)]
pub struct ClockOffset(Arc<AtomicI64>);

impl ClockOffset {
    /// Moves the clock on; no further than 2⁶³ microseconds.
    pub fn pass(&self, time: Duration) {
        let step = i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
        let moved = |offset: i64| Some(offset.saturating_add(step));
        self.0
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, moved)
            .ok();
    }

    /// The offset in microseconds.
    pub(crate) fn microseconds(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}
