//! Events in eSIM Access's words: unsigned, each with an id that a repeat bears again.

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::super::api::WrittenEvent;
use super::super::json::{Json, object};
use super::esims::{self, data_bytes, eid, profile_state, used_bytes, validity_days};
use crate::catalogue::Catalogue;
use crate::switches::Switches;
use crate::world::{EsimRecord, Hook, Notice, NoticeKind, World};

/// The body of an event, as of the moment it is about.
pub(super) fn event(notice: &Notice, _: &Hook, world: &World, _: &Switches) -> WrittenEvent {
    let catalogue = world.catalogue();
    let (kind, content) = match &notice.kind {
        NoticeKind::Health => (
            "CHECK_HEALTH",
            object! { "orderNo": "1234567890", "orderStatus": "Test" },
        ),
        NoticeKind::OrderReady => ("ORDER_STATUS", order_ready(notice)),
        NoticeKind::Device(event) => (
            "SMDP_EVENT",
            about(notice, |esim| device(esim, event, notice.at)),
        ),
        NoticeKind::Usage(percent) => {
            let usage = |esim: &_| usage(esim, catalogue, *percent, notice.at);
            ("DATA_USAGE", about(notice, usage))
        }
        NoticeKind::Ending => ("VALIDITY_USAGE", about(notice, ending)),
        NoticeKind::Unheard(kind) => (kind.as_str(), about(notice, |_| object! {})),
        NoticeKind::State
        | NoticeKind::LowBalance(_)
        | NoticeKind::InsufficientBalance
        | NoticeKind::FundsAdded
        | NoticeKind::Refunded
        | NoticeKind::Rejected => (
            "ESIM_STATUS",
            about(notice, |esim| state(esim, catalogue, notice.at)),
        ),
    };
    let body = object! {
        "notifyType": kind,
        "eventGenerateTime": zulu(notice.at),
        "notifyId": &notice.id,
        "content": content,
    };
    (body.to_string(), None)
}

fn zulu(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// An eSIM under all its names, and what happened to it. Nothing where the event is of no eSIM.
fn about(notice: &Notice, happened: impl FnOnce(&EsimRecord) -> Json) -> Json {
    let Some(esim) = &notice.esim else {
        return object! {};
    };
    let order = notice.order.as_deref();
    let profile = esim.profile.as_ref();
    let names = object! {
        "iccid": profile.map_or("", |profile| &profile.iccid),
        "orderNo": order.map_or("", |order| order.number()),
        "esimTranNo": esim.transaction(),
        "transactionId": esim.reference.as_deref().unwrap_or_default(),
    };
    names.and(happened(esim))
}

fn order_ready(notice: &Notice) -> Json {
    let order = notice.order.as_deref();
    let reference = order.and_then(|order| order.reference.as_deref());
    object! {
        "orderNo": order.map_or("", |order| order.number()),
        "orderStatus": "GOT_RESOURCE",
        "transactionId": reference.unwrap_or_default(),
    }
}

/// Events have another word for one state than answers have.
fn word(esim: &EsimRecord, at: Timestamp) -> &'static str {
    match esims::state(esim, at) {
        "REVOKE" => "REVOKED",
        other => other,
    }
}

fn state(esim: &EsimRecord, catalogue: &Catalogue, at: Timestamp) -> Json {
    let states = object! { "esimStatus": word(esim, at), "smdpStatus": profile_state(esim) };
    // Only where it is used up does the sample tell how much there was.
    if !esim.is_used_up() {
        return states;
    }
    let (total, used) = (data_bytes(catalogue, esim), used_bytes(esim));
    states.and(object! {
        "totalVolume": total,
        "orderUsage": used,
        "remainVolume": total.saturating_sub(used),
    })
}

fn device(esim: &EsimRecord, event: &str, at: Timestamp) -> Json {
    let number: u8 = match event {
        "DOWNLOAD" => 1,
        "INSTALLATION" => 2,
        "ENABLED" => 3,
        "DISABLED" => 4,
        _ => 5,
    };
    object! {
        "eid": eid(esim),
        "esimStatus": word(esim, at),
        "smdpStatus": event,
        "timestamp": zulu(at),
        "seqNumber": number,
        "notifyStatus": "Executed-Success",
    }
}

fn usage(esim: &EsimRecord, catalogue: &Catalogue, percent: u8, at: Timestamp) -> Json {
    let (total, used) = (data_bytes(catalogue, esim), used_bytes(esim));
    let threshold = match percent {
        ..=50 => 5,
        51..=80 => 2,
        _ => 1,
    };
    object! {
        "totalVolume": total,
        "orderUsage": used,
        "remain": total.saturating_sub(used),
        "lastUpdateTime": zulu(at),
        "remainThreshold": Decimal::new(threshold, 1),
    }
}

fn ending(esim: &EsimRecord) -> Json {
    object! {
        "durationUnit": "DAY",
        "totalDuration": validity_days(esim),
        "expiredTime": esim.expires_at().map(zulu),
        "remain": 1_u8,
    }
}
