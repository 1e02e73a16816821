//! The provider's JSON, field by field, as its documents show it. Shared with no client.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::catalogue::{CataloguePackage, Group, PlanData, Signal, Talk};
use crate::switches::Absent;
use crate::world::{EsimRecord, ItemRecord, OrderRecord, SMDP_ADDRESS};

/// 2^53 − 1: how the provider writes «unlimited».
pub(super) const UNLIMITED: u64 = 9_007_199_254_740_991;
const APN: &str = "internet.sandbox.invalid";

/// An amount as a JSON number with exactly its decimal text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Amount(pub(super) Decimal);

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.normalize().to_string())
            .map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }
}

/// A moment in Unix seconds; −1 for none.
pub(super) fn seconds(moment: Option<Timestamp>) -> i64 {
    moment.map_or(-1, Timestamp::as_second)
}

#[derive(Serialize)]
pub(super) struct Countries<'a> {
    pub(super) countries: Vec<CountryAnswer<'a>>,
}

#[derive(Serialize)]
pub(super) struct CountryAnswer<'a> {
    pub(super) code: &'a str,
    pub(super) name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) geography: Option<&'static str>,
}

#[derive(Serialize)]
pub(super) struct Groups<'a> {
    pub(super) packages: Vec<GroupAnswer<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GroupAnswer<'a> {
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
    pub(super) packages: Vec<FlatPackage>,
}

impl<'a> GroupAnswer<'a> {
    pub(super) fn of(group: &'a Group, price: impl Fn(Decimal) -> Decimal) -> Self {
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
pub(super) struct FlatPackage {
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
    throttle: Option<Throttle>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requirements: Option<Requirements>,
    notes: Vec<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Throttle {
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
    if package.plan.talk.is_some() { "data-voice-sms" } else { "data-only" }
}

impl FlatPackage {
    pub(super) fn of(package: CataloguePackage, price: Decimal) -> Self {
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
            throttle: throttled.then_some(Throttle {
                throttle_speed: 128,
                throttle_speed_unit: "kbps",
                throttle_threshold: 2,
                throttle_threshold_unit: "gb",
            }),
            requirements: package.travel_date.then_some(Requirements { travel_date: true }),
            notes: package.notes(),
            package_id: package.id,
            package: package.name,
        }
    }
}

/// A package of the top-up list: the same facts in objects of their own.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NestedPackage {
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
    apn: Apn<'static>,
    data: NestedData,
    call: NestedCall,
    sms: NestedSms,
    notes: Vec<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Apn<'a> {
    apn_automatic: bool,
    apn_name: &'a str,
    apn_username: &'a str,
    apn_password: &'a str,
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
    pub(super) fn of(package: CataloguePackage, price: Decimal) -> Self {
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
            apn: Apn { apn_automatic: true, apn_name: APN, apn_username: "", apn_password: "" },
            data: NestedData {
                is_unlimited: package.plan.is_unlimited(),
                data_amount: package.plan.megabytes().unwrap_or(UNLIMITED),
                data_unit: "MB",
            },
            call: NestedCall { with_call: talks, call_type: "all", call_amount, call_unit },
            sms: NestedSms { with_sms: talks, sms_type: "all", sms_amount, sms_unit },
            notes: package.notes(),
            package_id: package.id,
            package: package.name,
        }
    }
}

#[derive(Serialize)]
pub(super) struct Orders<'a> {
    pub(super) orders: Vec<OrderAnswer<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrderAnswer<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference_id: Option<&'a str>,
    order_type: &'static str,
    status: &'a str,
    total: Amount,
    currency: &'static str,
    created_at: i64,
    updated_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    items: Option<Vec<ItemAnswer<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) esims: Option<Vec<EsimAnswer<'a>>>,
}

impl<'a> OrderAnswer<'a> {
    pub(super) fn of(order: &'a OrderRecord, absent: Absent, now: Timestamp) -> Self {
        let reference = order.reference.as_deref();
        Self {
            id: &order.id,
            reference_id: reference.or((absent == Absent::Empty).then_some("")),
            order_type: "api",
            status: order.state(now),
            total: Amount(order.total),
            currency: "USD",
            created_at: order.created_at.as_second(),
            updated_at: order.created_at.as_second(),
            items: Some(order.items.iter().map(ItemAnswer::of).collect()),
            esims: None,
        }
    }

    /// The form of an instant order: profiles in place of items.
    pub(super) fn instant(self, esims: Vec<EsimAnswer<'a>>) -> Self {
        Self { items: None, esims: Some(esims), ..self }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ItemAnswer<'a> {
    esim_id: &'a str,
    package_id: &'a str,
    package: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    price: Amount,
    currency: &'static str,
    created_at: i64,
    updated_at: i64,
}

impl<'a> ItemAnswer<'a> {
    pub(super) fn of(item: &'a ItemRecord) -> Self {
        Self {
            esim_id: &item.esim_id,
            package_id: &item.package_id,
            package: &item.package,
            kind: "esim",
            price: Amount(item.price),
            currency: "USD",
            created_at: item.created_at.as_second(),
            updated_at: item.created_at.as_second(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EsimAnswer<'a> {
    id: &'a str,
    iccid: &'a str,
    status: &'static str,
    activation: &'static str,
    with_top_up: bool,
    with_hotspot: bool,
    with_data_roaming: bool,
    with_destination_install: bool,
    with_usage_check: bool,
    esim: ProfileAnswer,
    apn: Apn<'static>,
    data: EsimData,
    call: EsimCall,
    sms: EsimSms,
    notes: &'a [String],
    created_at: i64,
    updated_at: i64,
    expired_at: i64,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct ProfileAnswer {
    lpa_code: String,
    smdp_address: &'static str,
    activation_code: String,
    qr_code_url: String,
    pin: &'static str,
    puk: &'static str,
    number: &'static str,
    ios_quick_install: String,
    android_quick_install: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EsimData {
    is_unlimited: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EsimCall {
    with_call: bool,
    call_type: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EsimSms {
    #[serde(rename = "withSMS")]
    with_sms: bool,
    sms_type: &'static str,
}

impl<'a> EsimAnswer<'a> {
    pub(super) fn of(esim: &'a EsimRecord, now: Timestamp) -> Self {
        let profile = esim.ready_profile(now);
        let talks = esim.allowances.iter().any(|allowance| allowance.minutes > 0);
        let changed =
            [esim.activated_at, esim.installed_at, profile.map(|profile| profile.ready_at)];
        Self {
            id: &esim.id,
            iccid: profile.map_or("", |profile| &profile.iccid),
            status: esim.state(now).as_str(),
            activation: "first-use",
            with_top_up: esim.top_up,
            with_hotspot: esim.hotspot,
            with_data_roaming: true,
            with_destination_install: false,
            with_usage_check: esim.usage_check,
            esim: profile.map_or_else(ProfileAnswer::default, |profile| {
                profile_answer(&esim.id, &profile.iccid, &profile.activation_code)
            }),
            apn: Apn { apn_automatic: true, apn_name: "", apn_username: "", apn_password: "" },
            data: EsimData { is_unlimited: esim.is_unlimited() },
            call: EsimCall { with_call: talks, call_type: "all" },
            sms: EsimSms { with_sms: talks, sms_type: "all" },
            notes: &esim.notes,
            created_at: esim.created_at.as_second(),
            updated_at: changed.into_iter().flatten().max().unwrap_or(esim.created_at).as_second(),
            expired_at: seconds(profile.and_then(|_| esim.expires_at())),
        }
    }
}

fn profile_answer(id: &str, iccid: &str, code: &str) -> ProfileAnswer {
    let lpa = format!("LPA:1${SMDP_ADDRESS}${code}");
    let link = |host| format!("https://{host}/esim_qrcode_provisioning?carddata={lpa}");
    ProfileAnswer {
        smdp_address: SMDP_ADDRESS,
        activation_code: code.to_owned(),
        qr_code_url: format!("https://images.sandbox.invalid/partners/{id}/{iccid}/public"),
        ios_quick_install: link("esimsetup.apple.com"),
        android_quick_install: link("esimsetup.android.com"),
        lpa_code: lpa,
        pin: "",
        puk: "",
        number: "",
    }
}

#[derive(Serialize)]
pub(super) struct Balance {
    pub(super) balance: Amount,
    pub(super) currency: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Device {
    pub(super) model: &'static str,
    pub(super) device_type: &'static str,
    pub(super) os: &'static str,
    pub(super) brand: &'static str,
    pub(super) name: &'static str,
}

