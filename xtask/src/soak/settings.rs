//! The times under which a soak runs: short ones, printed, since safety is bought with time.

use std::time::Duration;

/// How long a purchase call may take, to the end of its answer.
pub(crate) const WINDOW: Duration = Duration::from_secs(2);

/// How long a worker that was killed keeps its orders.
pub(crate) const LEASE: Duration = Duration::from_secs(3);

/// How late an effect may come, as the adapter is told: later than anything the sandbox and the proxy
/// hold back. The quiet period is never shorter than twice this.
const LONGEST_EFFECT: Duration = Duration::from_secs(4);

/// What `orders.quiet_period` is set to.
const ASKED_QUIET_PERIOD: Duration = Duration::from_secs(5);

/// The quiet period in force.
pub(crate) fn quiet_period() -> Duration {
    ASKED_QUIET_PERIOD.max(LONGEST_EFFECT * 2)
}

/// The settings of every `roamport` of the run, as `section.key` and value, beside where the provider
/// and the journal are. `faults` is how long things go wrong.
pub(crate) fn settings(faults: Duration) -> Vec<(&'static str, String)> {
    let patience = faults + (quiet_period() + WINDOW) * 3 + Duration::from_mins(5);
    let fixed = |(key, value): (&'static str, &str)| (key, value.to_owned());
    let mut settings = vec![
        ("roamify.purchase_timeout", seconds(WINDOW)),
        ("orders.quiet_period", seconds(ASKED_QUIET_PERIOD)),
        ("roamify.longest_effect", seconds(LONGEST_EFFECT)),
        ("orders.lease", seconds(LEASE)),
        // How long an order may wait to be sent, or be looked for, before it is given to a person.
        ("orders.place_within", seconds(patience)),
        ("orders.reconcile_for", seconds(patience)),
    ];
    settings.extend(
        [
            ("orders.renew_every", "1s"),
            ("orders.look_up_waits", "200ms,500ms,1s,2s"),
            ("orders.profile_waits", "200ms,500ms,1s"),
            ("orders.provision_again_after", "3s"),
            // No back-pressure: a provider this bad would hold every new order back, and the run wants
            // purchases under faults.
            ("orders.back_pressure_reconciling", "1000000"),
            ("orders.back_pressure_share", "100"),
            ("worker.idle_poll", "200ms"),
            ("roamify.connect_timeout", "1s"),
            ("roamify.read_timeout", "2s"),
            ("roamify.listing_timeout", "3s"),
            ("roamify.provisioning_timeout", "4s"),
            ("roamify.requests_per_second", "0"),
            // Short, so that the run sees the provider left alone and still buys under faults.
            ("circuit_breaker.pause", "200ms"),
            ("circuit_breaker.probe_limit", "10s"),
            ("retry.longest_read", "10s"),
            ("retry.shortest_pause", "20ms"),
            ("retry.longest_pause", "200ms"),
        ]
        .map(fixed),
    );
    settings
}

/// A setting's name in the environment.
pub(crate) fn variable(key: &str) -> String {
    format!("ROAMPORT__{}", key.replace('.', "__").to_uppercase())
}

fn seconds(time: Duration) -> String {
    format!("{}s", time.as_secs())
}

#[cfg(test)]
mod tests {
    use super::super::faults::LATEST_EFFECT;
    use super::super::proxy::LONGEST_STALL;
    use super::*;

    #[test]
    fn a_setting_is_named_in_the_environment() {
        assert_eq!(
            variable("orders.quiet_period"),
            "ROAMPORT__ORDERS__QUIET_PERIOD"
        );
        assert_eq!(variable("journal"), "ROAMPORT__JOURNAL");
    }

    #[test]
    fn nothing_that_the_soak_delays_outlasts_the_quiet_period() {
        let latest = LONGEST_STALL + Duration::from_millis(LATEST_EFFECT);
        assert!(latest < LONGEST_EFFECT && LONGEST_STALL < WINDOW);
        assert!(latest < quiet_period());
    }

    #[test]
    fn an_order_is_looked_for_longer_than_two_calls_of_unknown_outcome_take() {
        let faults = Duration::from_mins(1);
        let settings = settings(faults);
        let reconcile_for = settings
            .iter()
            .find(|(key, _)| *key == "orders.reconcile_for");
        let seconds = reconcile_for.unwrap().1.trim_end_matches('s').to_owned();
        let patience = Duration::from_secs(seconds.parse().unwrap());
        assert!(patience > faults + (quiet_period() + WINDOW) * 2);
    }
}
