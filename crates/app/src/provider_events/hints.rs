//! How many reads unsigned events may cause: so many in any minute, and no more.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use roamport_domain::Monotonic;

const MINUTE: Duration = Duration::from_mins(1);

/// When the reads of the last minute were admitted. Anybody can send an unsigned event; this is what
/// stands between a flood of them and the provider's own rate limit.
#[derive(Debug, Default)]
pub(super) struct Hints {
    admitted: Mutex<VecDeque<Monotonic>>,
}

impl Hints {
    /// Whether so many more reads are within `most` in the minute that ends now; if so, they count.
    /// More than `most` at once count as `most`, so that no event waits for ever.
    pub(super) fn admits(&self, reads: usize, most: NonZeroU32, now: Monotonic) -> bool {
        let most = usize::try_from(most.get()).unwrap_or(usize::MAX);
        let mut admitted = self.admitted.lock().unwrap_or_else(PoisonError::into_inner);
        while admitted.front().is_some_and(|at| now.since(*at) >= MINUTE) {
            admitted.pop_front();
        }
        let reads = reads.min(most);
        if admitted.len() + reads > most {
            return false;
        }
        admitted.extend(std::iter::repeat_n(now, reads));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_minute_admits_more_reads_than_the_limit() {
        let (hints, most) = (Hints::default(), NonZeroU32::new(3).unwrap());
        let at = |seconds| Monotonic::at(Duration::from_secs(seconds));
        let admitted: Vec<u64> = (0..200)
            .filter(|second| hints.admits(1, most, at(*second)))
            .collect();
        assert_eq!(
            admitted,
            [0, 1, 2, 60, 61, 62, 120, 121, 122, 180, 181, 182]
        );
    }

    #[test]
    fn an_event_with_many_reads_is_admitted_once_the_minute_is_free() {
        let (hints, most) = (Hints::default(), NonZeroU32::new(3).unwrap());
        let at = |seconds| Monotonic::at(Duration::from_secs(seconds));
        assert!(hints.admits(1, most, at(0)));
        assert!(!hints.admits(9, most, at(59)));
        assert!(hints.admits(9, most, at(60)));
        assert!(!hints.admits(1, most, at(119)));
    }
}
