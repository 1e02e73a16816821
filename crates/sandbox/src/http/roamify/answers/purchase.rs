//! Orders and eSIMs.

use jiff::Timestamp;
use serde::Serialize;

use super::{AccessPoint, Amount, seconds};
use crate::switches::Absent;
use crate::world::{EsimRecord, ItemRecord, OrderRecord, SMDP_ADDRESS};

#[derive(Serialize)]
pub(in super::super) struct Orders<'a> {
    pub(in super::super) orders: Vec<OrderAnswer<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct OrderAnswer<'a> {
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
    pub(in super::super) esims: Option<Vec<EsimAnswer<'a>>>,
}

impl<'a> OrderAnswer<'a> {
    pub(in super::super) fn of(order: &'a OrderRecord, absent: Absent, now: Timestamp) -> Self {
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
    pub(in super::super) fn instant(self, esims: Vec<EsimAnswer<'a>>) -> Self {
        Self {
            items: None,
            esims: Some(esims),
            ..self
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct ItemAnswer<'a> {
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
    pub(in super::super) fn of(item: &'a ItemRecord) -> Self {
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
pub(in super::super) struct EsimAnswer<'a> {
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
    apn: AccessPoint<'static>,
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
    pub(in super::super) fn of(esim: &'a EsimRecord, now: Timestamp) -> Self {
        let profile = esim.ready_profile(now);
        let talks = esim
            .allowances
            .iter()
            .any(|allowance| allowance.minutes > 0);
        let changed = [
            esim.activated_at,
            esim.installed_at,
            profile.map(|profile| profile.ready_at),
        ];
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
            apn: AccessPoint {
                apn_automatic: true,
                apn_name: "",
                apn_username: "",
                apn_password: "",
            },
            data: EsimData {
                is_unlimited: esim.is_unlimited(),
            },
            call: EsimCall {
                with_call: talks,
                call_type: "all",
            },
            sms: EsimSms {
                with_sms: talks,
                sms_type: "all",
            },
            notes: &esim.notes,
            created_at: esim.created_at.as_second(),
            updated_at: changed
                .into_iter()
                .flatten()
                .max()
                .unwrap_or(esim.created_at)
                .as_second(),
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
