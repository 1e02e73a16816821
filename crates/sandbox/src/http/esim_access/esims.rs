//! The one lookup of this dialect: eSIMs by order, card, number or time, page by page.

use jiff::Timestamp;

use super::super::api::{Answer, Call, Failure};
use super::super::json::{Json, object};
use super::catalog::{EXIT, FIRST_CONNECTION};
use super::price_list::{Codes, TOP_UP, bytes, codes, location_code, name, slug};
use super::{clock, invalid_field};
use crate::catalogue::Catalogue;
use crate::http::check::Problem;
use crate::ledger::ChargeKind;
use crate::switches::{ReferenceSearch, Switches, Tolerance};
use crate::world::{EsimRecord, EsimState, OrderRecord, OrderSearch, Refusal, SMDP_ADDRESS};

pub(super) fn query(call: &Call<'_>) -> Result<Answer, Failure> {
    let pager = call.fields.object("pager");
    let count = |name| pager.and_then(|pager| pager.count(name)).unwrap_or(1);
    let (page, asked) = (count("pageNum"), count("pageSize"));
    let found = found(call)?;
    let rows = call.rows(found.len(), page, call.capped(asked).max(1))?;
    let now = call.now()?;
    let orders = call.world.orders()?;
    let mut esims = Vec::with_capacity(rows.len());
    for row in rows {
        let esim = call.shown_esim(found[row].clone())?;
        let order = orders.iter().find(|order| order.id == esim.order_id);
        let order_no = order.map_or("", OrderRecord::number);
        esims.push(answer(call, &esim, order_no, now));
    }
    let pager = object! { "pageSize": asked, "pageNum": page, "total": found.len() as u64 };
    Ok(object! { "esimList": esims, "pager": pager }.into())
}

/// The allocated eSIMs that match everything that is asked for, oldest first.
fn found(call: &Call<'_>) -> Result<Vec<EsimRecord>, Failure> {
    let fields = call.fields;
    let (number, iccid) = (fields.text("esimTranNo"), fields.text("iccid"));
    let (start, end) = (fields.moment("startTime"), fields.moment("endTime"));
    let order = match fields.text("orderNo") {
        Some(number) => Some(orders_of(call, number)?),
        None => None,
    };
    let by_time = start.is_some() && end.is_some();
    if order.is_none() && number.is_none() && iccid.is_none() && !by_time {
        let names = "orderNo, iccid, esimTranNo, or startTime and endTime";
        return Err(invalid_field(&(names.to_owned(), Problem::Missing)));
    }
    let mut esims = call.world.list_esims(usize::MAX, |esim, _| {
        let of = |order: &OrderRecord| order.id == esim.order_id;
        let profile = esim.profile.as_ref();
        order.as_ref().is_none_or(|orders| orders.iter().any(of))
            && number.is_none_or(|number| number == esim.transaction())
            && start.is_none_or(|start| start <= esim.created_at)
            && end.is_none_or(|end| esim.created_at <= end)
            && iccid.is_none_or(|iccid| profile.is_some_and(|profile| profile.iccid == iccid))
    })?;
    esims.sort_by_key(|esim| esim.number);
    let any = !esims.is_empty();
    let now = call.now()?;
    esims.retain(|esim| esim.ready_profile(now).is_some());
    match (esims.is_empty(), any) {
        (true, true) if !by_time || order.is_some() => Err(Refusal::StillPending.into()),
        (true, false) if order.is_some() && (iccid.is_some() || number.is_some()) => {
            Err(Refusal::UnknownEsim.into())
        }
        // All that was ordered is missing: a fault, and the provider goes on allocating.
        (true, false) if order.is_some() => Err(Refusal::StillPending.into()),
        (true, false)
            if !by_time && call.switches.esim_access.unknown_esim == Tolerance::Refused =>
        {
            Err(Refusal::UnknownEsim.into())
        }
        _ => Ok(esims),
    }
}

/// The order of this number; where a fault says so, all whose number is found in its way.
fn orders_of(call: &Call<'_>, number: &str) -> Result<Vec<OrderRecord>, Failure> {
    let loose = call.plan.search;
    let loose = loose.filter(|search| *search != ReferenceSearch::Equals);
    let search = OrderSearch {
        id: loose.is_none().then(|| number.to_owned()),
        ..OrderSearch::default()
    };
    let (mut orders, _) = call.world.find_orders(&search, usize::MAX)?;
    orders.retain(|order| {
        order.kind == ChargeKind::Order
            && loose.is_none_or(|search| search.finds(number, order.number()))
    });
    if orders.is_empty() {
        return Err(Refusal::UnknownOrder.into());
    }
    Ok(orders)
}

fn answer(call: &Call<'_>, esim: &EsimRecord, order_no: &str, now: Timestamp) -> Json {
    let time = |moment: Option<Timestamp>| moment.map(|moment| clock(moment, call.switches));
    let catalogue = call.world.catalogue();
    let profile = esim.ready_profile(now);
    let code = profile.map_or("", |profile| &profile.activation_code);
    let base = catalogue.find(&esim.allowances[0].item.package_id);
    let codes = base.as_ref().map_or(Codes::UNKNOWN, codes);
    let page = format!("https://p.sandbox.invalid/{}", esim.transaction());
    let first = usize::from(!call.switches.esim_access.base_package_listed);
    let packages =
        (first..esim.allowances.len()).map(|place| package(catalogue, esim, place, call.switches));
    object! {
        "esimTranNo": esim.transaction(),
        "orderNo": order_no,
        "transactionId": esim.reference.as_deref().unwrap_or_default(),
        "imsi": format!("99970{:010}", esim.number),
        "iccid": profile.map_or("", |profile| &profile.iccid),
        "smsStatus": codes.message_type,
        "msisdn": "",
        "ac": format!("LPA:1${SMDP_ADDRESS}${code}"),
        "qrCodeUrl": format!("{page}.png"),
        "shortUrl": page,
        "smdpStatus": profile_state(esim),
        "eid": eid(esim),
        "activeType": FIRST_CONNECTION,
        "dataType": codes.data_type,
        "activateTime": time(esim.activated_at),
        "expiredTime": time(esim.expires_at()),
        "installationTime": time(esim.installed_at),
        "totalVolume": data_bytes(catalogue, esim),
        "totalDuration": validity_days(esim),
        "durationUnit": "DAY",
        "orderUsage": used_bytes(esim),
        "esimStatus": state(esim, now),
        "pin": "1234",
        "puk": "12345678",
        "apn": "internet.sandbox.invalid",
        "ipExport": EXIT,
        "supportTopUpType": if esim.top_up { codes.top_up_type } else { 1 },
        "fupPolicy": codes.fair_use,
        "packageList": packages.collect::<Json>(),
    }
}

/// One of the packages on an eSIM.
fn package(catalogue: &Catalogue, esim: &EsimRecord, place: usize, switches: &Switches) -> Json {
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
    object! {
        "packageName": package_name,
        "packageCode": format!("{prefix}{}", allowance.item.package_id),
        "slug": slug,
        "duration": allowance.days,
        "volume": allowance_bytes(catalogue, esim, place),
        "locationCode": location_code,
        "createTime": clock(allowance.item.created_at, switches),
        "esimTranNo": number.unwrap_or_default(),
        "transactionId": reference.unwrap_or_default(),
    }
}

/// All data ever bought for an eSIM, in bytes; of plans without an end, what comes at full speed.
pub(super) fn data_bytes(catalogue: &Catalogue, esim: &EsimRecord) -> u64 {
    (0..esim.allowances.len())
        .map(|place| allowance_bytes(catalogue, esim, place))
        .sum()
}

fn allowance_bytes(catalogue: &Catalogue, esim: &EsimRecord, place: usize) -> u64 {
    let allowance = &esim.allowances[place];
    if let Some(megabytes) = allowance.megabytes {
        return megabytes << 20;
    }
    let package = catalogue.find(&allowance.item.package_id);
    package.map_or(0, |package| {
        let by_day = package.by_day.is_some();
        bytes(&package) * if by_day { u64::from(allowance.days) } else { 1 }
    })
}

/// All data used, in bytes.
pub(super) fn used_bytes(esim: &EsimRecord) -> u64 {
    esim.used_kilobytes().saturating_mul(1024)
}

/// All days ever bought for an eSIM.
pub(super) fn validity_days(esim: &EsimRecord) -> u64 {
    let days = esim.allowances.iter().map(|allowance| allowance.days);
    days.map(u64::from).sum()
}

/// The number of the device's chip (EID, 32 digits), once it is known: an invented one.
pub(super) fn eid(esim: &EsimRecord) -> String {
    match esim.installed_at {
        Some(_) => format!("89999{:027}", esim.number),
        None => String::new(),
    }
}

/// The state of the profile.
pub(super) fn profile_state(esim: &EsimRecord) -> &'static str {
    match (esim.installed_at, esim.deleted_at, esim.switched_off) {
        (_, Some(_), _) => "DELETED",
        (None, None, _) => "RELEASED",
        (Some(_), None, true) => "DISABLED",
        (Some(_), None, false) => "ENABLED",
    }
}

/// The state of what was bought.
pub(super) fn state(esim: &EsimRecord, now: Timestamp) -> &'static str {
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
