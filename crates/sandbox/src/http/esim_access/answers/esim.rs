//! eSIMs: the profile, its two states, and the packages on it.

use jiff::Timestamp;
use serde::Serialize;

use super::super::price_list::{
    TOP_UP, data_type, fair_use, location_code, message_type, name, slug, top_up_type,
};
use super::package::{EXIT, FIRST_CONNECTION};
use super::{allowance_bytes, clock, data_bytes, used_bytes, validity_days};
use crate::catalogue::Catalogue;
use crate::switches::EsimAccessSwitches;
use crate::world::{EsimRecord, EsimState, SMDP_ADDRESS};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct EsimAnswer<'a> {
    esim_tran_no: &'a str,
    order_no: &'a str,
    transaction_id: &'a str,
    imsi: String,
    iccid: &'a str,
    sms_status: u8,
    msisdn: &'static str,
    ac: String,
    qr_code_url: String,
    short_url: String,
    smdp_status: &'static str,
    eid: String,
    active_type: u8,
    data_type: u8,
    activate_time: Option<String>,
    expired_time: Option<String>,
    installation_time: Option<String>,
    total_volume: u64,
    total_duration: u64,
    duration_unit: &'static str,
    order_usage: u64,
    esim_status: &'static str,
    pin: &'static str,
    puk: &'static str,
    apn: &'static str,
    ip_export: &'static str,
    support_top_up_type: u8,
    fup_policy: &'static str,
    package_list: Vec<EsimPackage<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EsimPackage<'a> {
    package_name: String,
    package_code: String,
    slug: String,
    duration: u16,
    volume: u64,
    location_code: String,
    create_time: String,
    esim_tran_no: &'a str,
    transaction_id: &'a str,
}

impl<'a> EsimAnswer<'a> {
    pub(in super::super) fn of(
        catalogue: &Catalogue,
        esim: &'a EsimRecord,
        order_no: &'a str,
        now: Timestamp,
        switches: &EsimAccessSwitches,
    ) -> Self {
        let time = |moment: Option<Timestamp>| moment.map(|moment| clock(moment, switches));
        let profile = esim.ready_profile(now);
        let code = profile.map_or("", |profile| &profile.activation_code);
        let base = catalogue.find(&esim.allowances[0].item.package_id);
        let base = base.as_ref();
        let first = usize::from(!switches.base_package_listed);
        let page = format!("https://p.sandbox.invalid/{}", esim.transaction());
        Self {
            esim_tran_no: esim.transaction(),
            order_no,
            transaction_id: esim.reference.as_deref().unwrap_or_default(),
            imsi: format!("99970{:010}", esim.number),
            iccid: profile.map_or("", |profile| &profile.iccid),
            sms_status: base.map_or(0, message_type),
            msisdn: "",
            ac: format!("LPA:1${SMDP_ADDRESS}${code}"),
            qr_code_url: format!("{page}.png"),
            short_url: page,
            smdp_status: profile_state(esim),
            eid: eid(esim),
            active_type: FIRST_CONNECTION,
            data_type: base.map_or(1, data_type),
            activate_time: time(esim.activated_at),
            expired_time: time(esim.expires_at()),
            installation_time: time(esim.installed_at),
            total_volume: data_bytes(catalogue, esim),
            total_duration: validity_days(esim),
            duration_unit: "DAY",
            order_usage: used_bytes(esim),
            esim_status: esim_state(esim, now),
            pin: "1234",
            puk: "12345678",
            apn: "internet.sandbox.invalid",
            ip_export: EXIT,
            support_top_up_type: if esim.top_up {
                base.map_or(1, top_up_type)
            } else {
                1
            },
            fup_policy: base.map_or("", fair_use),
            package_list: (first..esim.allowances.len())
                .map(|place| EsimPackage::of(catalogue, esim, place, switches))
                .collect(),
        }
    }
}

impl<'a> EsimPackage<'a> {
    fn of(
        catalogue: &Catalogue,
        esim: &'a EsimRecord,
        place: usize,
        switches: &EsimAccessSwitches,
    ) -> Self {
        let allowance = &esim.allowances[place];
        let package = catalogue.find(&allowance.item.package_id);
        let named = package.as_ref().map(|package| {
            let group = &catalogue.groups()[package.group];
            (
                name(group, package),
                slug(group, package),
                location_code(group),
            )
        });
        let (package_name, slug, location_code) = named.unwrap_or_default();
        let prefix = if place == 0 { "" } else { TOP_UP };
        let first = (place == 0).then(|| esim.transaction());
        let number = allowance.transaction.as_deref().or(first);
        let reference = allowance.reference.as_deref().or(esim.reference.as_deref());
        Self {
            package_name,
            package_code: format!("{prefix}{}", allowance.item.package_id),
            slug,
            duration: allowance.days,
            volume: allowance_bytes(catalogue, esim, place),
            location_code,
            create_time: clock(allowance.item.created_at, switches),
            esim_tran_no: number.unwrap_or_default(),
            transaction_id: reference.unwrap_or_default(),
        }
    }
}

/// The number of the device's chip (EID, 32 digits), once it is known: an invented one.
pub(in super::super::super) fn eid(esim: &EsimRecord) -> String {
    match esim.installed_at {
        Some(_) => format!("89999{:027}", esim.number),
        None => String::new(),
    }
}

/// The state of the profile.
pub(in super::super::super) fn profile_state(esim: &EsimRecord) -> &'static str {
    match (esim.installed_at, esim.deleted_at, esim.switched_off) {
        (_, Some(_), _) => "DELETED",
        (None, None, _) => "RELEASED",
        (Some(_), None, true) => "DISABLED",
        (Some(_), None, false) => "ENABLED",
    }
}

/// The state of what was bought.
pub(in super::super::super) fn esim_state(esim: &EsimRecord, now: Timestamp) -> &'static str {
    match esim.state(now) {
        EsimState::Cancelled => "CANCEL",
        EsimState::Revoked => "REVOKE",
        EsimState::Expired if esim.activated_at.is_some() => "USED_EXPIRED",
        EsimState::Expired => "UNUSED_EXPIRED",
        EsimState::New => "GETTING_RESOURCE",
        EsimState::Ready | EsimState::Installed if esim.suspended_at.is_some() => "SUSPENDED",
        EsimState::Ready | EsimState::Installed if esim.activated_at.is_none() => "GOT_RESOURCE",
        EsimState::Ready | EsimState::Installed if esim.is_used_up() => "USED_UP",
        EsimState::Ready | EsimState::Installed => "IN_USE",
    }
}
