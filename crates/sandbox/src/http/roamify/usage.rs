//! What an eSIM has used, what it was bought with, and what happened to it.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::super::reply::Reply;
use super::Call;
use super::answers::{ItemAnswer, UNLIMITED, seconds};
use crate::switches::{UnlimitedUsage, UsageUnit};
use crate::world::{EsimRecord, EsimState, OrderSearch, Refusal};

/// 32 digits: the number of a device's secure element, once it downloaded the profile.
const EID: &str = "89999000000000000000000000000000";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UsageAnswer<'a> {
    id: &'a str,
    iccid: &'a str,
    status: &'static str,
    started_at: i64,
    expired_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_data: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remaining_data: Option<i64>,
    allowed_sms: u64,
    remaining_sms: u64,
    allowed_voice: u64,
    remaining_voice: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_usages: Option<Vec<UsageOfDay<'a>>>,
}

#[derive(Serialize)]
struct UsageOfDay<'a> {
    date: String,
    usage: u64,
    location: &'a str,
}

pub(super) fn summary(call: &Call<'_>) -> Result<Reply, Reply> {
    let esim = esim(call)?;
    Ok(Reply::success(200, usage_of(call, &esim, false)?))
}

pub(super) fn details(call: &Call<'_>) -> Result<Reply, Reply> {
    let esim = esim(call)?;
    Ok(Reply::success(200, usage_of(call, &esim, true)?))
}

pub(super) fn history(call: &Call<'_>) -> Result<Reply, Reply> {
    let esim = esim(call)?;
    let items: Vec<ItemAnswer<'_>> = esim
        .allowances
        .iter()
        .map(|allowance| ItemAnswer::of(&allowance.item))
        .collect();
    Ok(Reply::success(200, items))
}

fn esim(call: &Call<'_>) -> Result<EsimRecord, Reply> {
    call.query.only(&["iccid"])?;
    let found = call.world.find_esim_by_iccid(call.query.required("iccid")?);
    call.of(found)?
        .ok_or_else(|| call.refuse(&Refusal::UnknownEsim.into()))
}

fn usage_of<'a>(
    call: &Call<'_>,
    esim: &'a EsimRecord,
    detailed: bool,
) -> Result<UsageAnswer<'a>, Reply> {
    if !esim.usage_check {
        return Err(call.refuse(&Refusal::UsageUnsupported.into()));
    }
    let unit = call.switches.usage_unit;
    let counted = |kilobytes: u64| {
        if unit == UsageUnit::Mb {
            kilobytes / 1024
        } else {
            kilobytes
        }
    };
    let (allowed_data, remaining_data) =
        match (esim.allowed_kilobytes(), call.switches.unlimited_usage) {
            (Some(allowed), _) => {
                let left = allowed.saturating_sub(esim.used_kilobytes());
                (
                    i64::try_from(counted(allowed)).ok(),
                    i64::try_from(counted(left)).ok(),
                )
            }
            (None, UnlimitedUsage::Largest) => {
                let all = i64::try_from(UNLIMITED).ok();
                (all, all)
            }
            (None, UnlimitedUsage::Zero) => (Some(0), Some(0)),
            (None, UnlimitedUsage::MinusOne) => (Some(-1), Some(-1)),
            (None, UnlimitedUsage::Missing) => (None, None),
        };
    let sms = esim.allowances.iter().map(|allowance| allowance.sms).sum();
    let minutes: u64 = esim
        .allowances
        .iter()
        .map(|allowance| allowance.minutes)
        .sum();
    let voice = if unit == UsageUnit::Mb {
        minutes
    } else {
        minutes * 60
    };
    Ok(UsageAnswer {
        id: &esim.id,
        iccid: esim.profile.as_ref().map_or("", |profile| &profile.iccid),
        status: state_word(esim, call.now()?, unit),
        started_at: seconds(esim.activated_at),
        expired_at: seconds(esim.expires_at()),
        allowed_data,
        remaining_data,
        allowed_sms: sms,
        remaining_sms: sms,
        allowed_voice: voice,
        remaining_voice: voice,
        data_usages: detailed.then(|| {
            let days = esim.used.iter();
            days.map(|day| UsageOfDay {
                date: day
                    .date
                    .strftime(if unit == UsageUnit::Mb {
                        "%Y%m%d"
                    } else {
                        "%Y-%m-%d"
                    })
                    .to_string(),
                usage: counted(day.kilobytes),
                location: &day.location,
            })
            .collect()
        }),
    })
}

fn state_word(esim: &EsimRecord, now: Timestamp, unit: UsageUnit) -> &'static str {
    match (esim.state(now), unit) {
        (EsimState::Installed, UsageUnit::Kb) if esim.activated_at.is_some() => "ACTIVE",
        (state, _) => state.as_str(),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventsAnswer<'a> {
    iccid: &'a str,
    esim_id: &'a str,
    reference_id: &'a str,
    events: Vec<EventAnswer<'a>>,
    locations: [&'a str; 0],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventAnswer<'a> {
    iccid: &'a str,
    eid: &'static str,
    status: &'static str,
    // The provider's own spelling.
    time_stamp: i64,
    date_time: String,
}

pub(super) fn events(call: &Call<'_>) -> Result<Reply, Reply> {
    call.query.only(&["iccid", "esimId", "referenceId"])?;
    let (iccid, id) = (call.query.text("iccid")?, call.query.text("esimId")?);
    let reference = call.query.text("referenceId")?;
    let esim = match (iccid, id, reference) {
        (Some(iccid), None, None) => call.of(call.world.find_esim_by_iccid(iccid))?,
        (None, Some(id), None) => call.of(call.world.find_esim(id))?,
        (None, None, Some(reference)) => first_under(call, reference)?,
        _ => {
            return Err(Reply::invalid(
                "\"value\" must contain exactly one of [iccid, esimId, referenceId]",
            ));
        }
    };
    let esim = esim.ok_or_else(|| call.refuse(&Refusal::UnknownEsim.into()))?;
    let iccid = esim
        .ready_profile(call.now()?)
        .map_or("", |profile| &profile.iccid);
    let happened = [
        ("NEW", "", Some(esim.created_at)),
        ("DOWNLOADED", EID, esim.installed_at),
        ("INSTALLED", EID, esim.installed_at),
        ("ACTIVATED", EID, esim.activated_at),
    ];
    let events = happened.into_iter().filter_map(|(status, eid, at)| {
        let at = at?;
        let date_time = at
            .to_zoned(TimeZone::UTC)
            .strftime("%Y-%m-%d %H:%M:%S")
            .to_string();
        Some(EventAnswer {
            iccid,
            eid,
            status,
            time_stamp: at.as_second(),
            date_time,
        })
    });
    // This answer has no envelope.
    Ok(Reply::json(
        200,
        &EventsAnswer {
            iccid,
            esim_id: &esim.id,
            reference_id: esim.reference.as_deref().unwrap_or_default(),
            events: events.collect(),
            locations: [],
        },
    ))
}

fn first_under(call: &Call<'_>, reference: &str) -> Result<Option<EsimRecord>, Reply> {
    let search = OrderSearch {
        reference: Some(reference.to_owned()),
        ..OrderSearch::default()
    };
    let (orders, _) = call.of(call.world.find_orders(&search, 1))?;
    match orders.first().and_then(|order| order.items.first()) {
        Some(item) => call.of(call.world.find_esim(&item.esim_id)),
        None => Ok(None),
    }
}
