//! How many requests a second a dialect lets pass.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The requests of the current second of real time.
#[derive(Debug, Default)]
pub(super) struct Pace(Mutex<Option<(Instant, u32)>>);

impl Pace {
    /// Counts a request, and says whether it is within this many a second.
    pub(super) fn admits(&self, most: Option<u32>) -> bool {
        let Some(most) = most else {
            return true;
        };
        let now = Instant::now();
        let mut pace = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, count) = match *pace {
            Some((since, count)) if now.duration_since(since) < Duration::from_secs(1) => {
                (since, count)
            }
            _ => (now, 0),
        };
        *pace = Some((since, count.saturating_add(1)));
        count < most
    }
}
