//! What an eSIM has used, what it was bought with, what happened to it; and the wallet.

use jiff::Timestamp;

use super::super::api::{Answer, Call, Failure};
use super::super::json::{Json, object};
use super::{UNLIMITED, invalid, orders::item, seconds};
use crate::switches::{UnlimitedUsage, UsageUnit};
use crate::world::{EsimRecord, EsimState, OrderSearch, Refusal};

/// 32 digits: the number of a device's secure element, once it downloaded the profile.
const EID: &str = "89999000000000000000000000000000";

pub(super) fn usage(call: &Call<'_>) -> Result<Answer, Failure> {
    Ok(used(call, &esim(call)?)?.into())
}

pub(super) fn usage_by_day(call: &Call<'_>) -> Result<Answer, Failure> {
    let esim = esim(call)?;
    let used = used(call, &esim)?;
    let unit = call.switches.usage_unit;
    let format = if unit == UsageUnit::Mb {
        "%Y%m%d"
    } else {
        "%Y-%m-%d"
    };
    let days: Json = esim
        .used
        .iter()
        .map(|day| {
            object! {
                "date": day.date.strftime(format).to_string(),
                "usage": counted(day.kilobytes, unit),
                "location": &day.location,
            }
        })
        .collect();
    Ok(used.with("dataUsages", Some(days)).into())
}

pub(super) fn history(call: &Call<'_>) -> Result<Answer, Failure> {
    let esim = esim(call)?;
    let allowances = esim.allowances.iter();
    let items: Json = allowances.map(|allowance| item(&allowance.item)).collect();
    Ok(items.into())
}

fn esim(call: &Call<'_>) -> Result<EsimRecord, Failure> {
    call.esim_of_card(call.fields.needed("iccid"))
}

fn counted(kilobytes: u64, unit: UsageUnit) -> u64 {
    match unit {
        UsageUnit::Mb => kilobytes / 1024,
        UsageUnit::Kb => kilobytes,
    }
}

fn used(call: &Call<'_>, esim: &EsimRecord) -> Result<Json, Failure> {
    if !esim.usage_check {
        return Err(Refusal::UsageUnsupported.into());
    }
    let unit = call.switches.usage_unit;
    let (allowed, left): (Option<Json>, Option<Json>) =
        match (esim.allowed_kilobytes(), call.switches.unlimited_usage) {
            (Some(allowed), _) => {
                let left = allowed.saturating_sub(esim.used_kilobytes());
                let counted = |kilobytes| Some(counted(kilobytes, unit).into());
                (counted(allowed), counted(left))
            }
            (None, UnlimitedUsage::Largest) => (Some(UNLIMITED.into()), Some(UNLIMITED.into())),
            (None, UnlimitedUsage::Zero) => (Some(0_u8.into()), Some(0_u8.into())),
            (None, UnlimitedUsage::MinusOne) => (Some((-1).into()), Some((-1).into())),
            (None, UnlimitedUsage::Missing) => (None, None),
        };
    let sms: u64 = esim.allowances.iter().map(|allowance| allowance.sms).sum();
    let minutes = esim.allowances.iter().map(|allowance| allowance.minutes);
    let voice = minutes.sum::<u64>() * if unit == UsageUnit::Mb { 1 } else { 60 };
    let head = object! {
        "id": &esim.id,
        "iccid": esim.profile.as_ref().map_or("", |profile| &profile.iccid),
        "status": state_word(esim, call.now()?, unit),
        "startedAt": seconds(esim.activated_at),
        "expiredAt": seconds(esim.expires_at()),
    };
    let data = head
        .with("allowedData", allowed)
        .with("remainingData", left);
    Ok(data.and(object! {
        "allowedSms": sms,
        "remainingSms": sms,
        "allowedVoice": voice,
        "remainingVoice": voice,
    }))
}

fn state_word(esim: &EsimRecord, now: Timestamp, unit: UsageUnit) -> &'static str {
    match (esim.state(now), unit) {
        (EsimState::Installed, UsageUnit::Kb) if esim.activated_at.is_some() => "ACTIVE",
        (state, _) => state.as_str(),
    }
}

pub(super) fn events(call: &Call<'_>) -> Result<Answer, Failure> {
    let fields = call.fields;
    let names = ["iccid", "esimId", "referenceId"].map(|name| fields.text(name));
    let esim = match names {
        [Some(iccid), None, None] => call.world.find_esim_by_iccid(iccid)?,
        [None, Some(id), None] => call.world.find_esim(id)?,
        [None, None, Some(reference)] => first_under(call, reference)?,
        _ => {
            return Err(invalid(
                "\"value\" must contain exactly one of [iccid, esimId, referenceId]",
            ));
        }
    };
    let esim = esim.ok_or(Refusal::UnknownEsim)?;
    let profile = esim.ready_profile(call.now()?);
    let iccid = profile.map_or("", |profile| &profile.iccid);
    let happened = [
        ("NEW", "", Some(esim.created_at)),
        ("DOWNLOADED", EID, esim.installed_at),
        ("INSTALLED", EID, esim.installed_at),
        ("ACTIVATED", EID, esim.activated_at),
    ];
    let happened = happened.into_iter().filter_map(|(status, eid, at)| {
        let at = at?;
        Some(object! {
            "iccid": iccid,
            "eid": eid,
            "status": status,
            // The provider's own spelling.
            "timeStamp": at.as_second(),
            "dateTime": at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        })
    });
    // This answer has no envelope.
    Ok(Answer::Bare(object! {
        "iccid": iccid,
        "esimId": &esim.id,
        "referenceId": esim.reference.as_deref().unwrap_or_default(),
        "events": happened.collect::<Json>(),
        "locations": Vec::<&str>::new(),
    }))
}

fn first_under(call: &Call<'_>, reference: &str) -> Result<Option<EsimRecord>, Failure> {
    let search = OrderSearch {
        reference: Some(reference.to_owned()),
        ..OrderSearch::default()
    };
    let (orders, _) = call.world.find_orders(&search, 1)?;
    match orders.first().and_then(|order| order.items.first()) {
        Some(item) => Ok(call.world.find_esim(&item.esim_id)?),
        None => Ok(None),
    }
}

pub(super) fn balance(call: &Call<'_>) -> Result<Answer, Failure> {
    Ok(object! { "balance": call.world.balance()?, "currency": "USD" }.into())
}

/// The provider's body is not documented: only its envelope.
pub(super) fn health(_: &Call<'_>) -> Result<Answer, Failure> {
    Ok(Answer::Bare(object! { "status": "success" }))
}

pub(super) fn devices(_: &Call<'_>) -> Result<Answer, Failure> {
    let devices = [
        ("Example", "Example One", "android"),
        ("Example", "Example Two", "android"),
        ("Specimen", "Specimen 9", "ios"),
    ];
    let devices = devices.into_iter().map(|(brand, name, os)| {
        object! { "model": name, "deviceType": "smartphone", "os": os, "brand": brand, "name": name }
    });
    Ok(devices.collect::<Json>().into())
}
