//! Usage: bytes, from the usage query where it answers, otherwise from the eSIM itself.

use jiff::Timestamp;
use roamport_domain::esim::PlanState;
use roamport_domain::usage::{DataUnit, RawQuantity};
use roamport_domain::{Esim, EsimId, Oddity, ProviderName, Usage};
use roamport_provider_http::json::Number;
use rust_decimal::Decimal;

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
    let mut oddities = Vec::new();
    let updated_at = wire.last_update_time.read().or_note(
        "time of the figures",
        "lastUpdateTime",
        &mut oddities,
    );
    Usage {
        provider: provider.clone(),
        esim: Some(esim.clone()),
        iccid: None,
        plan: PlanState::Unknown,
        started_at: None,
        ends_at: None,
        data: quantity(
            (wire.total_data, "totalData"),
            (wire.data_usage, "dataUsage"),
            &mut oddities,
        ),
        sms: NONE,
        voice: NONE,
        daily: Vec::new(),
        unlimited: false,
        unit: Some(DataUnit::Bytes),
        as_of: updated_at.unwrap_or(now),
        oddities,
    }
}

/// What the eSIM itself tells: the plan, its start and end, and figures that are 2 to 3 hours late.
pub(crate) fn from_esim(wire: &WireEsim<'_>, esim: &Esim, now: Timestamp) -> Usage {
    let mut oddities = esim.report().oddities.clone();
    let started_at = wire
        .activate_time
        .read()
        .or_note("start", "activateTime", &mut oddities);
    Usage {
        provider: esim.provider().clone(),
        esim: Some(esim.id().clone()),
        iccid: esim.iccid().cloned(),
        plan: esim.plan().clone(),
        started_at,
        // Before it is activated this is the last day of installation, not the end of the plan.
        ends_at: started_at.and(esim.report().usable_until),
        data: quantity(
            (wire.total_volume, "totalVolume"),
            (wire.order_usage, "orderUsage"),
            &mut oddities,
        ),
        sms: NONE,
        voice: NONE,
        daily: Vec::new(),
        unlimited: wire.data_type.whole() == Some(UNLIMITED),
        unit: Some(DataUnit::Bytes),
        as_of: now,
        oddities,
    }
}

/// Some use a little more than they were allowed: nothing is left then, not less.
fn quantity(
    (allowed, allowed_field): (Number, &str),
    (used, used_field): (Number, &str),
    oddities: &mut Vec<Oddity>,
) -> RawQuantity {
    let mut figure = |number: Number, field| {
        let figure = number.read().or_note("usage", field, oddities);
        figure.filter(|figure| !figure.is_sign_negative())
    };
    let allowed = figure(allowed, allowed_field);
    let used = figure(used, used_field);
    let left = |(allowed, used): (Decimal, Decimal)| allowed.checked_sub(used);
    RawQuantity {
        allowed,
        remaining: allowed
            .zip(used)
            .and_then(left)
            .map(|left| left.max(Decimal::ZERO)),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn a_figure_that_cannot_be_read_is_noted() {
        let mut oddities = Vec::new();
        let unreadable = Number::Unreadable;
        let found = quantity(
            (Number::Whole(7), "totalData"),
            (unreadable, "dataUsage"),
            &mut oddities,
        );
        assert_eq!(
            (found.allowed, found.remaining),
            (Some(Decimal::from(7)), None)
        );
        assert_eq!(
            oddities[0].to_string(),
            "usage: `dataUsage` is not a number"
        );
    }

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
        let found = quantity(
            (number(total), "total"),
            (number(used), "used"),
            &mut Vec::new(),
        );
        assert_eq!(found.allowed, allowed.map(Decimal::from));
        assert_eq!(found.remaining, remaining.map(Decimal::from));
    }
}
