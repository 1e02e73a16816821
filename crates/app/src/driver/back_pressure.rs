//! Whether new orders wait: how many purchase calls ended unknown of late.

use std::fmt;
use std::time::Duration;

use roamport_domain::Monotonic;
use roamport_domain::journal::{JournalError, Pressure};
use tokio::sync::Mutex;

use crate::OrdersParts;

/// From when on new orders wait. Each one sent while a provider leaves calls unanswered may add one
/// more charge of unknown outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackPressurePolicy {
    /// The most orders of unknown outcome, of the last 15 minutes, beside which new ones are sent. 5.
    pub reconciling: u64,
    /// The largest share of the purchase calls of the last minute that may have ended unknown, in
    /// percent; 100 for any. 20.
    pub share_percent: u64,
    /// Fewer calls than this in the last minute have no share. 10.
    pub calls: u64,
}

impl Default for BackPressurePolicy {
    fn default() -> Self {
        Self {
            reconciling: 5,
            share_percent: 20,
            calls: 10,
        }
    }
}

impl BackPressurePolicy {
    /// In words, why new orders wait at this pressure; `None` where they do not.
    pub fn reason_to_wait(&self, pressure: &Pressure) -> Option<String> {
        let (unknown, settled) = (pressure.unknown_last_minute, pressure.settled_last_minute);
        if pressure.reconciling > self.reconciling {
            return Some(format!(
                "{} orders of unknown outcome are being looked for, which is more than {}; new ones \
                 wait until that is over",
                pressure.reconciling, self.reconciling
            ));
        }
        let too_many = settled >= self.calls
            && unknown.saturating_mul(100) > settled.saturating_mul(self.share_percent);
        too_many.then(|| {
            format!(
                "of {settled} purchase calls in the last minute {unknown} ended unknown, which is more \
                 than {} %; new ones wait until that is over",
                self.share_percent
            )
        })
    }
}

/// The pressure in one process, read once for orders that ask together.
pub(crate) struct BackPressure {
    policy: BackPressurePolicy,
    last: Mutex<Option<(Monotonic, Pressure)>>,
}

impl fmt::Debug for BackPressure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BackPressure")
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

impl BackPressure {
    /// How long one reading is good for. A purchase call may take a minute to end unknown, so that
    /// an older reading than this would be no worse; reading for each order would cost more.
    const FRESH: Duration = Duration::from_secs(1);

    pub(crate) fn new(policy: BackPressurePolicy) -> Self {
        Self {
            policy,
            last: Mutex::new(None),
        }
    }

    /// In words, why a new order waits now; `None` where it does not.
    pub(super) async fn reason_to_wait(
        &self,
        parts: &OrdersParts,
    ) -> Result<Option<String>, JournalError> {
        let mut last = self.last.lock().await;
        let now = parts.clock.monotonic();
        let pressure = match *last {
            Some((at, pressure)) if now.since(at) < Self::FRESH => pressure,
            _ => {
                let pressure = parts.journal.pressure(&parts.instance.name).await?;
                *last = Some((now, pressure));
                pressure
            }
        };
        Ok(self.policy.reason_to_wait(&pressure))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(reconciling: u64, settled: u64, unknown: u64) -> bool {
        let pressure = Pressure {
            reconciling,
            settled_last_minute: settled,
            unknown_last_minute: unknown,
        };
        BackPressurePolicy::default()
            .reason_to_wait(&pressure)
            .is_some()
    }

    #[test]
    fn a_sixth_order_of_unknown_outcome_holds_new_ones_back() {
        assert!(!waits(5, 0, 0));
        assert!(waits(6, 0, 0));
    }

    #[test]
    fn more_than_a_fifth_of_at_least_ten_calls_holds_new_ones_back() {
        assert!(!waits(0, 9, 9));
        assert!(!waits(0, 10, 2));
        assert!(waits(0, 10, 3));
        assert!(!waits(0, 100, 20));
        assert!(waits(0, 100, 21));
    }

    #[test]
    fn a_share_of_a_hundred_percent_holds_nothing_back() {
        let any = BackPressurePolicy {
            share_percent: 100,
            ..BackPressurePolicy::default()
        };
        let pressure = Pressure {
            reconciling: 5,
            settled_last_minute: 1000,
            unknown_last_minute: 1000,
        };
        assert_eq!(any.reason_to_wait(&pressure), None);
    }
}
