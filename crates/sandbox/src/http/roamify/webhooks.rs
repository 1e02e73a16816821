//! Events in Roamify's words: snake case, Unix seconds, signed over the bytes of the body.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::super::api::WrittenEvent;
use super::super::hmac::{Mac as _, under};
use super::super::json::{Json, object};
use super::{UNLIMITED, seconds};
use crate::switches::Switches;
use crate::world::{EsimRecord, EsimState, Hook, Notice, NoticeKind, World};

pub(super) fn event(notice: &Notice, hook: &Hook, _: &World, switches: &Switches) -> WrittenEvent {
    let body = body(notice, switches).to_string();
    let signature = signature(hook, &body);
    (body, Some(("X-Roamify-Signature", signature)))
}

/// Lower-case hex of HMAC-SHA256 over the body.
fn signature(hook: &Hook, body: &str) -> String {
    let mut mac = under(hook.secret.as_deref().unwrap_or_default().as_bytes());
    mac.update(body.as_bytes());
    let bytes = mac.finalize().into_bytes();
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn body(notice: &Notice, switches: &Switches) -> Json {
    let wallet = |kind| sent("partner", kind, wallet(notice));
    match &notice.kind {
        NoticeKind::State | NoticeKind::Device(_) => of_esim("status", notice, switches),
        NoticeKind::Usage(_) | NoticeKind::Ending => of_esim("usage", notice, switches),
        NoticeKind::LowBalance(percent) => {
            let head = object! { "timestamp": notice.at.as_second(), "balance": notice.balance };
            let data = head
                .with("threshold", Some(switches.low_balance))
                .with("threshold_percentage", *percent);
            sent("partner", "low_balance", data.with("currency", Some("USD")))
        }
        NoticeKind::InsufficientBalance => wallet("insufficient_balance"),
        NoticeKind::FundsAdded => wallet("top_up"),
        NoticeKind::Refunded => refund("refunded", "REFUNDED", "", notice),
        NoticeKind::Rejected => refund("rejected", "REJECTED", "example reason", notice),
        NoticeKind::Health | NoticeKind::OrderReady => wallet("health"),
        NoticeKind::Unheard(kind) => wallet(kind),
    }
}

fn sent(category: &str, kind: &str, data: Json) -> Json {
    object! { "event_category": category, "event_type": kind, "data": data }
}

fn wallet(notice: &Notice) -> Json {
    object! {
        "timestamp": notice.at.as_second(),
        "balance": notice.balance,
        "currency": "USD",
    }
}

fn of_esim(kind: &str, notice: &Notice, switches: &Switches) -> Json {
    let prefix = if switches.long_event_types {
        "esim_"
    } else {
        ""
    };
    let name = format!("{prefix}{kind}");
    let Some(esim) = &notice.esim else {
        return sent("esim", &name, object! {});
    };
    let data = object! {
        "timestamp": notice.at.as_second(),
        "iccid": iccid(esim),
        "esim_id": &esim.id,
        "reference_id": esim.reference.as_deref().unwrap_or_default(),
        "start": seconds(esim.activated_at),
        "end": seconds(esim.expires_at()),
        "status": state(esim, notice.at),
    };
    let used = if kind == "usage" {
        usage(esim)
    } else {
        object! {}
    };
    sent("esim", &name, data.and(used))
}

fn iccid(esim: &EsimRecord) -> &str {
    let profile = esim.profile.as_ref();
    profile.map_or("", |profile| &profile.iccid)
}

/// The words that this dialect has for events; another list than the one of its answers.
fn state(esim: &EsimRecord, at: Timestamp) -> &'static str {
    match esim.state(at) {
        EsimState::Cancelled | EsimState::Revoked => "REVOKED",
        EsimState::Expired => "EXPIRED",
        _ if esim.deleted_at.is_some() => "DELETED",
        _ if esim.switched_off => "INACTIVE",
        _ if esim.activated_at.is_some() => "ACTIVATED",
        _ if esim.installed_at.is_some() => "INSTALLED",
        _ => "NEW",
    }
}

fn usage(esim: &EsimRecord) -> Json {
    let allowed = esim.allowed_kilobytes();
    let left = allowed.map(|allowed| allowed.saturating_sub(esim.used_kilobytes()));
    let megabytes =
        |kilobytes: Option<u64>| kilobytes.map_or(UNLIMITED, |kilobytes| kilobytes / 1024);
    let first = &esim.allowances[0].item;
    let sms: u64 = esim.allowances.iter().map(|allowance| allowance.sms).sum();
    let voice = esim.allowances.iter().map(|allowance| allowance.minutes);
    let voice: u64 = voice.sum();
    let days = esim.used.iter().map(|day| {
        object! {
            "date": day.date.to_string(),
            "data_used": day.kilobytes / 1024,
            "location": &day.location,
        }
    });
    object! {
        "package_id": &first.package_id,
        "package_name": &first.package,
        "data_units": "MB",
        "voice_units": "minutes",
        "sms_units": "sms",
        "usage_data": object! {
            "isUnlimited": esim.is_unlimited(),
            "allowed_data": megabytes(allowed),
            "remaining_data": megabytes(left),
            "allowed_sms": sms,
            "remaining_sms": sms,
            "allowed_voice": voice,
            "remaining_voice": voice,
        },
        "usage_list": days.collect::<Json>(),
    }
}

fn refund(kind: &str, status: &str, reason: &str, notice: &Notice) -> Json {
    let Some(esim) = &notice.esim else {
        return sent("refund", kind, object! {});
    };
    let paid = esim.allowances.iter().map(|allowance| allowance.item.price);
    let data = object! {
        "timestamp": notice.at.as_second(),
        "refund_id": &notice.id,
        "status": status,
        "product_type": "esim",
        "esim_id": &esim.id,
        "iccid": iccid(esim),
        "order_id": &esim.order_id,
        "reference_id": esim.reference.as_deref().unwrap_or_default(),
        "amount": paid.sum::<rust_decimal::Decimal>(),
        "currency": "USD",
        "rejection_reason": reason,
    };
    object! { "event_id": format!("rfd_{}_{kind}", notice.id) }.and(sent("refund", kind, data))
}
