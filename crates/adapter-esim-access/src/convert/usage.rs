//! Usage: bytes, from the usage query where it answers, otherwise from the eSIM itself.

use jiff::Timestamp;
use roamport_domain::esim::PlanState;
use roamport_domain::usage::RawQuantity;
use roamport_domain::{Esim, EsimId, ProviderName, Usage};
use roamport_provider_http::json::Number;
use rust_decimal::Decimal;

use super::timestamp;
use crate::wire::{UsageRow, WireEsim};

/// `dataType` of a package without an end of data.
const UNLIMITED: i64 = 4;

const NONE: RawQuantity = RawQuantity {
    allowed: None,
    remaining: None,
};

/// The usage of a row. The query tells figures alone: how far the plan is stays unknown.
pub(crate) fn usage(
    wire: &UsageRow<'_>,
    esim: &EsimId,
    provider: &ProviderName,
    now: Timestamp,
) -> Usage {
    Usage {
        provider: provider.clone(),
        esim: Some(esim.clone()),
        iccid: None,
        plan: PlanState::Unknown,
        started_at: None,
        ends_at: None,
        data: quantity(wire.total_data, wire.data_usage),
        sms: NONE,
        voice: NONE,
        daily: Vec::new(),
        unlimited: false,
        as_of: timestamp(wire.last_update_time.or_empty()).unwrap_or(now),
    }
}

/// What the eSIM itself tells: the plan, its start and end, and figures that are 2 to 3 hours late.
pub(crate) fn from_esim(wire: &WireEsim<'_>, esim: &Esim, now: Timestamp) -> Usage {
    let started_at = timestamp(wire.activate_time.or_empty());
    Usage {
        provider: esim.provider().clone(),
        esim: Some(esim.id().clone()),
        iccid: esim.iccid().cloned(),
        plan: esim.plan().clone(),
        started_at,
        // Before it is activated this is the last day of installation, not the end of the plan.
        ends_at: started_at.and(esim.report().usable_until),
        data: quantity(wire.total_volume, wire.order_usage),
        sms: NONE,
        voice: NONE,
        daily: Vec::new(),
        unlimited: wire.data_type.whole() == Some(UNLIMITED),
        as_of: now,
    }
}

/// Some use a little more than they were allowed: nothing is left then, not less.
fn quantity(allowed: Number, used: Number) -> RawQuantity {
    let figure = |number: Number| number.whole().filter(|figure| *figure >= 0);
    let allowed = figure(allowed);
    let remaining = allowed
        .zip(figure(used))
        .map(|(allowed, used)| allowed.saturating_sub(used).max(0));
    RawQuantity {
        allowed: allowed.map(Decimal::from),
        remaining: remaining.map(Decimal::from),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Some(3072), Some(1000), Some(3072), Some(2072))]
    #[case(Some(3072), Some(4000), Some(3072), Some(0))]
    #[case(Some(3072), None, Some(3072), None)]
    #[case(None, Some(7), None, None)]
    #[case(Some(-1), Some(7), None, None)]
    #[case(Some(7), Some(-1), Some(7), None)]
    fn what_is_left_is_never_below_zero(
        #[case] total: Option<i64>,
        #[case] used: Option<i64>,
        #[case] allowed: Option<i64>,
        #[case] remaining: Option<i64>,
    ) {
        let number = |figure: Option<i64>| figure.map_or(Number::None, Number::Whole);
        let found = quantity(number(total), number(used));
        assert_eq!(found.allowed, allowed.map(Decimal::from));
        assert_eq!(found.remaining, remaining.map(Decimal::from));
    }
}
