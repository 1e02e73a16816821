//! When an order is due: the moment from which any process may claim it and go on.

use std::time::Duration;

use jiff::Timestamp;
use roamport_domain::Order;
use roamport_domain::order::{DeferralReason, Moment, OrderState, Step, Waiting, next_step};

use super::place::after;
use crate::OrdersParts;

/// When `order` is due once it stands like this; `None` where nothing is to be done before somebody
/// acts.
///
/// An order that has to be watched is due at once: nobody else takes it while it is held, and where
/// its holder is gone, whoever takes it over begins its watch the sooner.
pub(crate) fn due(parts: &OrdersParts, order: &Order, moment: &Moment) -> Option<Timestamp> {
    let capabilities = parts.provider.capabilities();
    match next_step(order, &capabilities, &parts.policy, moment) {
        Step::Wait { waiting, .. } if is_watch(order, waiting) => Some(moment.now),
        Step::Wait { until, waiting } => Some(jittered_due(order, until, moment.now, waiting)),
        Step::Rest => None,
        _ => Some(moment.now),
    }
}

/// Whether the wait is one in which the order has to be watched without a break, so that it can be
/// sent again some time.
pub(super) fn is_watch(order: &Order, waiting: Waiting) -> bool {
    match waiting {
        Waiting::QuietPeriod => true,
        Waiting::LookUp => order.state() == OrderState::Reconciling,
        Waiting::Deferred | Waiting::Delivery | Waiting::Profile => false,
    }
}

/// The moment of a wait, somewhat later: see [`jittered`].
pub(super) fn jittered_due(
    order: &Order,
    until: Timestamp,
    now: Timestamp,
    waiting: Waiting,
) -> Timestamp {
    let left = Duration::try_from(until.duration_since(now)).unwrap_or_default();
    after(now, jittered(order, left, waiting))
}

/// A wait somewhat longer where many orders would otherwise act at once: up to a tenth between
/// look-ups, up to a quarter where they all wait for the same pressure to be over.
pub(super) fn jittered(order: &Order, left: Duration, waiting: Waiting) -> Duration {
    let reason = order.deferral().and_then(|deferral| deferral.reason);
    let parts = match waiting {
        Waiting::LookUp => 10,
        Waiting::Deferred if reason == Some(DeferralReason::BackPressure) => 4,
        Waiting::Deferred | Waiting::QuietPeriod | Waiting::Delivery | Waiting::Profile => {
            return left;
        }
    };
    let most = u64::try_from(left.as_millis() / parts).unwrap_or(u64::MAX);
    left.saturating_add(Duration::from_millis(fastrand::u64(0..=most)))
}
