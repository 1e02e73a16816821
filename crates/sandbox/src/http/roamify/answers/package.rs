//! Destinations and packages, in the two shapes that the provider has for a package.

use rust_decimal::Decimal;
use serde::Serialize;

use super::{AccessPoint, Amount, UNLIMITED};
use crate::catalogue::{CataloguePackage, Group, PlanData, Signal, Talk};

const APN: &str = "internet.sandbox.invalid";

#[derive(Serialize)]
pub(in super::super) struct Countries<'a> {
    pub(in super::super) countries: Vec<CountryAnswer<'a>>,
}

#[derive(Serialize)]
pub(in super::super) struct CountryAnswer<'a> {
    pub(in super::super) code: &'a str,
    pub(in super::super) name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in super::super) geography: Option<&'static str>,
}

#[derive(Serialize)]
pub(in super::super) struct Groups<'a> {
    pub(in super::super) packages: Vec<GroupAnswer<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct GroupAnswer<'a> {
    id: String,
    country_name: &'a str,
    country_code: &'a str,
    country_slug: &'a str,
    region: &'a str,
    geography: &'static str,
    min_price: Amount,
    max_price: Amount,
    image: String,
    signals: Vec<SignalAnswer<'a>>,
    pub(in super::super) packages: Vec<FlatPackage>,
}

impl<'a> GroupAnswer<'a> {
    pub(in super::super) fn of(group: &'a Group, price: impl Fn(Decimal) -> Decimal) -> Self {
        Self {
            id: format!("{}-esims", group.slug),
            country_name: &group.name,
            country_code: &group.code,
            country_slug: &group.slug,
            region: group.region,
            geography: group.geography.as_str(),
            min_price: Amount(price(group.lowest_price)),
            max_price: Amount(price(group.highest_price)),
            image: format!("https://images.sandbox.invalid/flags/{}.png", group.slug),
            signals: group.signals.iter().map(SignalAnswer::of).collect(),
            packages: Vec::new(),
        }
    }
}

#[derive(Serialize)]
struct SignalAnswer<'a> {
    code: &'a str,
    name: &'a str,
    networks: &'a [&'static str],
    carriers: &'a [&'static str],
}

impl<'a> SignalAnswer<'a> {
    fn of(signal: &'a Signal) -> Self {
        Self {
            code: signal.code,
            name: &signal.name,
            networks: &signal.networks,
            carriers: &signal.carriers,
        }
    }
}

/// A package of the catalogue: everything at one level.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct FlatPackage {
    package_id: String,
    package: String,
    plan: &'static str,
    activation: &'static str,
    day: u16,
    price: Amount,
    is_unlimited: bool,
    #[serde(rename = "isAPNAutomatic")]
    is_apn_automatic: bool,
    apn: &'static str,
    data_amount: u64,
    data_unit: &'static str,
    call_type: &'static str,
    call_amount: i64,
    call_unit: &'static str,
    sms_type: &'static str,
    sms_amount: i64,
    sms_unit: &'static str,
    #[serde(rename = "withSMS")]
    with_sms: bool,
    with_call: bool,
    with_hotspot: bool,
    with_data_roaming: bool,
    with_destination_install: bool,
    with_usage_check: bool,
    with_throttle: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    throttle: Option<Slowing>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requirements: Option<Requirements>,
    notes: Vec<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are the provider's")]
struct Slowing {
    throttle_speed: u32,
    throttle_speed_unit: &'static str,
    throttle_threshold: u32,
    throttle_threshold_unit: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Requirements {
    travel_date: bool,
}

/// Amounts and units of calls and texts: −1 and no unit where they are not part of the plan.
fn talk(package: &CataloguePackage) -> ((i64, &'static str), (i64, &'static str)) {
    match package.plan.talk {
        None => ((-1, ""), (-1, "")),
        Some(Talk::Counted { sms, minutes }) => ((minutes.into(), "minutes"), (sms.into(), "sms")),
        Some(Talk::Unlimited) => {
            let all = i64::try_from(UNLIMITED).expect("2^53 fits");
            ((all, "minutes"), (all, "sms"))
        }
    }
}

fn plan_word(package: &CataloguePackage) -> &'static str {
    if package.plan.talk.is_some() {
        "data-voice-sms"
    } else {
        "data-only"
    }
}

impl FlatPackage {
    pub(in super::super) fn of(package: CataloguePackage, price: Decimal) -> Self {
        let ((call_amount, call_unit), (sms_amount, sms_unit)) = talk(&package);
        let throttled = package.plan.data == PlanData::UnlimitedThrottled;
        Self {
            plan: plan_word(&package),
            activation: "first-use",
            day: package.plan.days,
            price: Amount(price),
            is_unlimited: package.plan.is_unlimited(),
            is_apn_automatic: true,
            apn: APN,
            data_amount: package.plan.megabytes().unwrap_or(UNLIMITED),
            data_unit: "MB",
            call_type: "all",
            call_amount,
            call_unit,
            sms_type: "all",
            sms_amount,
            sms_unit,
            with_sms: package.plan.talk.is_some(),
            with_call: package.plan.talk.is_some(),
            with_hotspot: package.hotspot,
            with_data_roaming: true,
            with_destination_install: false,
            with_usage_check: package.usage_check,
            with_throttle: throttled,
            throttle: throttled.then_some(Slowing {
                throttle_speed: 128,
                throttle_speed_unit: "kbps",
                throttle_threshold: 2,
                throttle_threshold_unit: "gb",
            }),
            requirements: package
                .travel_date
                .then_some(Requirements { travel_date: true }),
            notes: package.notes(),
            package_id: package.id,
            package: package.name,
        }
    }
}

/// A package of the top-up list: the same facts in objects of their own.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct NestedPackage {
    package_id: String,
    package: String,
    plan: &'static str,
    activation: &'static str,
    day: u16,
    price: Amount,
    with_hotspot: bool,
    with_data_roaming: bool,
    with_destination_install: bool,
    with_usage_check: bool,
    apn: AccessPoint<'static>,
    data: NestedData,
    call: NestedCall,
    sms: NestedSms,
    notes: Vec<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NestedData {
    is_unlimited: bool,
    data_amount: u64,
    data_unit: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NestedCall {
    with_call: bool,
    call_type: &'static str,
    call_amount: i64,
    call_unit: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NestedSms {
    #[serde(rename = "withSMS")]
    with_sms: bool,
    sms_type: &'static str,
    sms_amount: i64,
    sms_unit: &'static str,
}

impl NestedPackage {
    pub(in super::super) fn of(package: CataloguePackage, price: Decimal) -> Self {
        let ((call_amount, call_unit), (sms_amount, sms_unit)) = talk(&package);
        let talks = package.plan.talk.is_some();
        Self {
            plan: plan_word(&package),
            activation: "first-use",
            day: package.plan.days,
            price: Amount(price),
            with_hotspot: package.hotspot,
            with_data_roaming: true,
            with_destination_install: false,
            with_usage_check: package.usage_check,
            apn: AccessPoint {
                apn_automatic: true,
                apn_name: APN,
                apn_username: "",
                apn_password: "",
            },
            data: NestedData {
                is_unlimited: package.plan.is_unlimited(),
                data_amount: package.plan.megabytes().unwrap_or(UNLIMITED),
                data_unit: "MB",
            },
            call: NestedCall {
                with_call: talks,
                call_type: "all",
                call_amount,
                call_unit,
            },
            sms: NestedSms {
                with_sms: talks,
                sms_type: "all",
                sms_amount,
                sms_unit,
            },
            notes: package.notes(),
            package_id: package.id,
            package: package.name,
        }
    }
}
