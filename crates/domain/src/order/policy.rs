//! The times and limits of the order machine.

use std::time::Duration;

use crate::{Capabilities, Order};

/// How long after a call was turned away the look-up starts that another call needs, at least: an answer
/// that was wrong about it has come to light by then.
pub const TURNED_AWAY_PAUSE: Duration = Duration::from_secs(30);

/// How many calls of one order the provider may turn away before the order ends.
pub const MAX_TURNED_AWAY: usize = 5;

/// How much later than first planned an order may be sent that waited while new orders were held.
pub(super) const LONGEST_HOLD: Duration = Duration::from_hours(24);
/// Between two look-ups that prove absence before the first call.
pub(super) const PROOFS_APART: Duration = Duration::from_secs(10);

/// Times and limits under which orders are carried out. The defaults are those of the design; every
/// one is a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderPolicy {
    /// How long an order may wait to be sent. 15 minutes.
    pub place_within: Duration,
    /// How long after a purchase call's window an effect may still appear, at least. 180 seconds;
    /// see [`OrderPolicy::quiet_period_for`].
    pub quiet_period: Duration,
    /// Purchase calls in an order's life. 2.
    pub max_attempts: u16,
    /// Conclusive look-ups that must find nothing before another attempt. 3.
    pub look_ups_for_absence: u16,
    /// Whether an order's first purchase call needs as many look-ups that prove absence, and so does giving it
    /// up unsent. No. Meant for a journal that was restored from a backup, or that shares its account with
    /// another one.
    pub proven_absence_first: bool,
    /// The waits between look-ups, the last one repeated. 2, 5, 10, 20, 30 seconds.
    pub look_up_waits: Vec<Duration>,
    /// How long an unknown outcome is looked up before a person is asked. 15 minutes.
    pub reconcile_for: Duration,
    /// The wait between look-ups once a person was asked. 10 minutes.
    pub attention_look_up_every: Duration,
    /// How long it goes on being looked up then. 24 hours.
    pub attention_look_up_for: Duration,
    /// How long a placed order may take to name its items. 30 minutes.
    pub delivery_within: Duration,
    /// The waits between reads while a profile is generated, the last one repeated. 5, 10, 30
    /// seconds.
    pub profile_waits: Vec<Duration>,
    /// How long after a call for a profile it may be asked for again. 120 seconds.
    pub provision_again_after: Duration,
    /// How long a profile may take. 30 minutes.
    pub provision_within: Duration,
    /// Profiles generated at once, per order. 4.
    pub items_at_once: u16,
}

impl Default for OrderPolicy {
    fn default() -> Self {
        let seconds = |list: &[u64]| list.iter().copied().map(Duration::from_secs).collect();
        Self {
            place_within: Duration::from_mins(15),
            quiet_period: Duration::from_mins(3),
            max_attempts: 2,
            look_ups_for_absence: 3,
            proven_absence_first: false,
            look_up_waits: seconds(&[2, 5, 10, 20, 30]),
            reconcile_for: Duration::from_mins(15),
            attention_look_up_every: Duration::from_mins(10),
            attention_look_up_for: Duration::from_hours(24),
            delivery_within: Duration::from_mins(30),
            profile_waits: seconds(&[5, 10, 30]),
            provision_again_after: Duration::from_mins(2),
            provision_within: Duration::from_mins(30),
            items_at_once: 4,
        }
    }
}

impl OrderPolicy {
    /// The quiet period at a provider: the larger of the setting and twice the longest effect the
    /// provider documents.
    pub fn quiet_period_for(&self, capabilities: &Capabilities) -> Duration {
        self.quiet_period
            .max(capabilities.longest_effect.saturating_mul(2))
    }

    /// Whether a look-up must prove that nothing is there before the next purchase call for `order`.
    pub fn needs_proof(&self, order: &Order) -> bool {
        order.needs_proof() || self.proven_absence_first
    }

    /// The wait before the look-up that follows `done` of them.
    pub fn look_up_wait(&self, done: u32) -> Duration {
        nth_or_last(&self.look_up_waits, done, Duration::from_secs(30))
    }

    /// The wait before the read of an eSIM that follows `done` of them.
    pub fn profile_wait(&self, done: u32) -> Duration {
        nth_or_last(&self.profile_waits, done, Duration::from_secs(30))
    }
}

fn nth_or_last(waits: &[Duration], done: u32, otherwise: Duration) -> Duration {
    let place = usize::try_from(done).unwrap_or(usize::MAX);
    waits
        .get(place)
        .or(waits.last())
        .copied()
        .unwrap_or(otherwise)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_wait_repeats() {
        let policy = OrderPolicy::default();
        let waits: Vec<u64> = (0..7)
            .map(|done| policy.look_up_wait(done).as_secs())
            .collect();
        assert_eq!(waits, [2, 5, 10, 20, 30, 30, 30]);
    }

    #[test]
    fn the_quiet_period_is_at_least_twice_the_longest_documented_effect() {
        let policy = OrderPolicy::default();
        let with = |seconds| Capabilities {
            longest_effect: Duration::from_secs(seconds),
            ..Capabilities::NONE
        };
        assert_eq!(policy.quiet_period_for(&with(10)).as_secs(), 180);
        assert_eq!(policy.quiet_period_for(&with(100)).as_secs(), 200);
    }
}
