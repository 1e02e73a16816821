//! The world's records in the words of the domain.

use std::sync::Arc;

use jiff::Timestamp;
use roamport_domain::data::{AfterLimit, FairUse};
use roamport_domain::esim::{EsimReport, Plan as BoughtPlan, PlanState, ProfileState};
use roamport_domain::money::Currency;
use roamport_domain::package::{
    Allowance, Area, Coverage, DayRange, Geography as Reach, PackageFlags, Place, Validity,
    ValidityStart,
};
use roamport_domain::provider::{ProviderOrder, ProviderOrderItem, ProviderOrderStatus};
use roamport_domain::usage::{DailyUsage, RawQuantity};
use roamport_domain::{
    Activation, CountryCode, DataAllowance, DataSize, Destination, Esim, EsimId, Iccid, Money,
    Package, PackageId, ProviderName, ProviderOrderId, Reference, Secret, Usage,
};
use rust_decimal::Decimal;

use crate::catalogue::{CataloguePackage, DayPass, Geography, Group, MOST_DAYS, PlanData, Talk};
use crate::fault::{Garble, Plan};
use crate::ledger::ChargeKind;
use crate::switches::UsageUnit;
use crate::world::{EsimRecord, EsimState, OrderRecord, Profile, SMDP_ADDRESS};

/// Why a made-up thing always is a valid one of the domain.
const OWN: &str = "the sandbox makes only ids, amounts and codes that the domain accepts";

pub(super) fn money(amount: Decimal) -> Money {
    Money::new(amount, Currency::USD).expect(OWN)
}

pub(super) fn destination(group: &Group) -> Destination {
    let place = match group.geography {
        Geography::Local => CountryCode::parse(&group.code).map_or(Place::Unknown, Place::Country),
        Geography::Regional => Place::Region,
        Geography::Global => Place::World,
    };
    Destination {
        place,
        code: group.code.clone(),
        name: group.name.clone(),
    }
}

pub(super) const fn geography(reach: Reach) -> Geography {
    match reach {
        Reach::Local => Geography::Local,
        Reach::Regional => Geography::Regional,
        Reach::Global => Geography::Global,
    }
}

pub(super) fn area(group: &Group) -> Area {
    let own = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Area {
        destination: destination(group),
        coverage: group
            .signals
            .iter()
            .map(|signal| Coverage {
                country: CountryCode::parse(signal.code).ok(),
                name: signal.name.clone(),
                networks: own(&signal.networks),
                carriers: own(&signal.carriers),
            })
            .collect(),
    }
}

pub(super) fn package(
    provider: &ProviderName,
    area: Arc<Area>,
    sold: CataloguePackage,
    price: Decimal,
) -> Package {
    let (voice, sms) = match sold.plan.talk {
        None => (Allowance::None, Allowance::None),
        Some(Talk::Counted { sms, minutes }) => (
            Allowance::Count(minutes.into()),
            Allowance::Count(sms.into()),
        ),
        Some(Talk::Unlimited) => (Allowance::Unlimited, Allowance::Unlimited),
    };
    Package {
        by_day: sold.by_day.map(|_| DayRange {
            least: 1,
            most: MOST_DAYS,
        }),
        alias: None,
        install_within_days: None,
        provider: provider.clone(),
        area,
        data: match sold.by_day {
            Some(pass) => daily(pass),
            None => data(sold.plan.data),
        },
        voice,
        sms,
        validity: Validity {
            days: sold.plan.days,
            starts: ValidityStart::FirstUse,
        },
        price: money(price),
        flags: PackageFlags {
            hotspot: sold.hotspot,
            usage_readable: sold.usage_check,
            travel_date_required: sold.travel_date,
            data_roaming: true,
            install_at_destination: false,
            apn_automatic: true,
        },
        apn: None,
        notes: sold.notes().into_iter().map(str::to_owned).collect(),
        name: sold.name,
        id: PackageId::parse(sold.id).expect(OWN),
    }
}

fn data(data: PlanData) -> DataAllowance {
    match data {
        PlanData::Gigabytes(gigabytes) => DataAllowance::Fixed {
            size: DataSize::GIBIBYTE
                .checked_times(gigabytes.into())
                .expect(OWN),
        },
        PlanData::Unlimited => DataAllowance::Unlimited { fair_use: None },
        PlanData::UnlimitedThrottled => DataAllowance::Unlimited {
            fair_use: Some(FairUse {
                threshold: DataSize::GIBIBYTE.checked_times(2),
                then: AfterLimit::Slowed {
                    kilobits_per_second: 128,
                },
            }),
        },
    }
}

fn daily(pass: DayPass) -> DataAllowance {
    let per_day = DataSize::MEBIBYTE
        .checked_times(pass.megabytes_a_day())
        .expect(OWN);
    let slowed = |kilobits_per_second| AfterLimit::Slowed {
        kilobits_per_second,
    };
    match pass {
        DayPass::Slowed => DataAllowance::Daily {
            per_day,
            then: slowed(384),
        },
        DayPass::CutOff => DataAllowance::Daily {
            per_day,
            then: AfterLimit::Stopped,
        },
        DayPass::Unlimited => DataAllowance::Unlimited {
            fair_use: Some(FairUse {
                threshold: Some(per_day),
                then: slowed(128),
            }),
        },
    }
}

fn unknown_state(plan: &Plan) -> Option<&str> {
    plan.garbles.iter().find_map(|garble| match garble {
        Garble::UnknownState(state) => Some(state.as_str()),
        Garble::NumbersAsText | Garble::UnknownFields | Garble::Edit { .. } => None,
    })
}

pub(super) fn order(
    order: &OrderRecord,
    profiles: Vec<Option<Esim>>,
    plan: &Plan,
    now: Timestamp,
) -> ProviderOrder {
    let status = match unknown_state(plan).unwrap_or_else(|| order.state(now)) {
        "PENDING" => ProviderOrderStatus::Pending,
        "COMPLETED" => ProviderOrderStatus::Completed,
        "CANCELLED" => ProviderOrderStatus::Cancelled,
        "REFUNDED" => ProviderOrderStatus::Refunded,
        "REQUIRE_ACTION" => ProviderOrderStatus::ActionRequired,
        "ARCHIVED" => ProviderOrderStatus::Archived,
        other => ProviderOrderStatus::Other(other.to_owned()),
    };
    // A top-up's entry names an id that is not the eSIM's: better none.
    let esim = |id: &str| match order.kind {
        ChargeKind::Order => EsimId::parse(id).ok(),
        ChargeKind::Topup => None,
    };
    let profiles = profiles.into_iter().chain(std::iter::repeat(None));
    ProviderOrder {
        id: ProviderOrderId::parse(order.id.as_str()).expect(OWN),
        reference: order
            .reference
            .as_deref()
            .and_then(|text| Reference::parse(text).ok()),
        status,
        total: Some(money(order.total)),
        items: order
            .items
            .iter()
            .zip(profiles)
            .map(|(item, profile)| ProviderOrderItem {
                package: PackageId::parse(item.package_id.as_str()).ok(),
                esim: esim(&item.esim_id),
                iccid: None,
                price: Some(money(item.price)),
                profile,
            })
            .collect(),
        created_at: Some(order.created_at),
        oddities: Vec::new(),
    }
}

pub(super) fn esim(
    provider: &ProviderName,
    esim: &EsimRecord,
    plan: &Plan,
    now: Timestamp,
) -> Esim {
    let ready = esim.ready_profile(now);
    let profile = match (unknown_state(plan), esim.state(now)) {
        (Some("DELETED"), _) => ProfileState::Deleted,
        (Some("FAILED"), _) => ProfileState::Failed,
        (Some("EXPIRED"), _) | (None, EsimState::Expired) => ProfileState::Expired,
        (Some("REVOKED"), _) | (None, EsimState::Cancelled | EsimState::Revoked) => {
            ProfileState::Revoked
        }
        (Some(state), _) => ProfileState::Other(state.to_owned()),
        (None, EsimState::New) if esim.profile.is_some() => ProfileState::Generating,
        (None, EsimState::New) => ProfileState::Unprovisioned,
        (None, EsimState::Ready) => ProfileState::Ready,
        (None, EsimState::Installed) if esim.deleted_at.is_some() => ProfileState::Deleted,
        (None, EsimState::Installed) if esim.switched_off => ProfileState::Disabled,
        (None, EsimState::Installed) => ProfileState::Installed,
    };
    let changed = [
        esim.activated_at,
        esim.installed_at,
        ready.map(|profile| profile.ready_at),
    ];
    Esim::from_report(EsimReport {
        plans: esim.allowances.iter().map(bought_plan).collect(),
        provider: provider.clone(),
        id: EsimId::parse(esim.id.as_str()).expect(OWN),
        iccid: ready.and_then(|profile| Iccid::parse(profile.iccid.as_str()).ok()),
        profile,
        plan: plan_state(esim, now),
        activation: ready.map(|profile| Ok(activation(profile))),
        pin: None,
        puk: None,
        msisdn: None,
        top_up: Some(esim.top_up),
        usage_readable: Some(esim.usage_check),
        hotspot: Some(esim.hotspot),
        created_at: Some(esim.created_at),
        updated_at: changed
            .into_iter()
            .flatten()
            .max()
            .or(Some(esim.created_at)),
        usable_until: ready.and_then(|_| esim.expires_at()),
        notes: esim.notes.clone(),
        oddities: Vec::new(),
    })
}

fn bought_plan(allowance: &crate::world::Allowance) -> BoughtPlan {
    let data = allowance.megabytes;
    BoughtPlan {
        package: PackageId::parse(allowance.item.package_id.as_str()).ok(),
        name: allowance.item.package.clone(),
        data: data.and_then(|megabytes| DataSize::MEBIBYTE.checked_times(megabytes)),
        days: Some(allowance.days),
        created_at: Some(allowance.item.created_at),
    }
}

fn activation(profile: &Profile) -> Activation {
    Activation::new(SMDP_ADDRESS, Secret::new(profile.activation_code.as_str())).expect(OWN)
}

fn plan_state(esim: &EsimRecord, now: Timestamp) -> PlanState {
    match esim.state(now) {
        EsimState::Cancelled => PlanState::Cancelled,
        EsimState::Revoked => PlanState::Revoked,
        EsimState::Expired => PlanState::Expired,
        _ if esim.suspended_at.is_some() => PlanState::Suspended,
        _ if esim.activated_at.is_none() => PlanState::NotStarted,
        _ if esim.is_used_up() => PlanState::UsedUp,
        _ => PlanState::Active,
    }
}

pub(super) fn usage(
    provider: &ProviderName,
    esim: &EsimRecord,
    unit: UsageUnit,
    daily: bool,
    now: Timestamp,
) -> Usage {
    let counted = |kilobytes: u64| match unit {
        UsageUnit::Mb => Decimal::from(kilobytes / 1024),
        UsageUnit::Kb => Decimal::from(kilobytes),
    };
    let all = |amount: u64| RawQuantity {
        allowed: Some(Decimal::from(amount)),
        remaining: Some(Decimal::from(amount)),
    };
    let allowed = esim.allowed_kilobytes();
    let left = allowed.map(|allowed| allowed.saturating_sub(esim.used_kilobytes()));
    let days = if daily { esim.used.as_slice() } else { &[] };
    Usage {
        provider: provider.clone(),
        esim: EsimId::parse(esim.id.as_str()).ok(),
        iccid: esim
            .ready_profile(now)
            .and_then(|profile| Iccid::parse(profile.iccid.as_str()).ok()),
        plan: plan_state(esim, now),
        started_at: esim.activated_at,
        ends_at: esim.activated_at.and_then(|_| esim.expires_at()),
        data: RawQuantity {
            allowed: allowed.map(counted),
            remaining: left.map(counted),
        },
        sms: all(esim.allowances.iter().map(|allowance| allowance.sms).sum()),
        voice: all(esim
            .allowances
            .iter()
            .map(|allowance| allowance.minutes)
            .sum()),
        daily: days
            .iter()
            .map(|day| DailyUsage {
                date: day.date,
                used: counted(day.kilobytes),
                location: Some(day.location.clone()),
            })
            .collect(),
        unlimited: esim.is_unlimited(),
        unit: None,
        as_of: now,
        oddities: Vec::new(),
    }
}
