//! Events in Roamify's words: snake case, Unix seconds, signed over the bytes of the body.

use std::fmt::Write as _;

use hmac::Mac as _;
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::Serialize;

use super::super::esim_access::hmac;
use super::super::roamify::Amount;
use crate::switches::Switches;
use crate::world::{EsimRecord, EsimState, Hook, Notice, NoticeKind};

/// The header of the signature.
pub(super) const SIGNATURE: &str = "X-Roamify-Signature";

#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are the provider's")]
struct Event<T> {
    #[serde(skip_serializing_if = "Option::is_none")]
    event_id: Option<String>,
    event_category: &'static str,
    event_type: String,
    data: T,
}

#[derive(Serialize)]
struct EsimData<'a> {
    timestamp: i64,
    iccid: &'a str,
    esim_id: &'a str,
    reference_id: &'a str,
    start: i64,
    end: i64,
    status: &'static str,
    #[serde(flatten)]
    usage: Option<UsageData<'a>>,
}

#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are the provider's")]
struct UsageData<'a> {
    package_id: &'a str,
    package_name: &'a str,
    data_units: &'static str,
    voice_units: &'static str,
    sms_units: &'static str,
    usage_data: Counters,
    usage_list: Vec<Day<'a>>,
}

#[derive(Serialize)]
struct Counters {
    #[serde(rename = "isUnlimited")]
    is_unlimited: bool,
    allowed_data: u64,
    remaining_data: u64,
    allowed_sms: u64,
    remaining_sms: u64,
    allowed_voice: u64,
    remaining_voice: u64,
}

#[derive(Serialize)]
struct Day<'a> {
    date: String,
    data_used: u64,
    location: &'a str,
}

#[derive(Serialize)]
struct WalletData {
    timestamp: i64,
    balance: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    threshold: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    threshold_percentage: Option<u8>,
    currency: &'static str,
}

#[derive(Serialize)]
struct RefundData<'a> {
    timestamp: i64,
    refund_id: &'a str,
    status: &'static str,
    product_type: &'static str,
    esim_id: &'a str,
    iccid: &'a str,
    order_id: &'a str,
    reference_id: &'a str,
    amount: Amount,
    currency: &'static str,
    rejection_reason: &'static str,
}

/// Lower-case hex of HMAC-SHA256 over the body.
pub(super) fn signature(hook: &Hook, body: &str) -> String {
    let mut mac = hmac(hook.secret.as_deref().unwrap_or_default().as_bytes());
    mac.update(body.as_bytes());
    let bytes = mac.finalize().into_bytes();
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// The body of an event.
pub(super) fn body(notice: &Notice, switches: &Switches) -> String {
    let at = notice.at;
    match &notice.kind {
        NoticeKind::State | NoticeKind::Device(_) => esim_event("status", notice, switches),
        NoticeKind::Usage(_) | NoticeKind::Ending => esim_event("usage", notice, switches),
        NoticeKind::LowBalance(percent) => {
            let mut data = wallet(at, notice.balance);
            data.threshold = Some(Amount(switches.low_balance));
            data.threshold_percentage = *percent;
            event("partner", "low_balance", data)
        }
        NoticeKind::InsufficientBalance => event(
            "partner",
            "insufficient_balance",
            wallet(at, notice.balance),
        ),
        NoticeKind::FundsAdded => event("partner", "top_up", wallet(at, notice.balance)),
        NoticeKind::Refunded => refund("refunded", "REFUNDED", "", notice),
        NoticeKind::Rejected => refund("rejected", "REJECTED", "example reason", notice),
        NoticeKind::Health | NoticeKind::OrderReady => {
            event("partner", "health", wallet(at, notice.balance))
        }
        NoticeKind::Unheard(kind) => event("partner", kind, wallet(at, notice.balance)),
    }
}

fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("events have text keys and exact numbers")
}

fn event(category: &'static str, kind: &str, data: impl Serialize) -> String {
    text(&Event {
        event_id: None,
        event_category: category,
        event_type: kind.to_owned(),
        data,
    })
}

fn wallet(at: Timestamp, balance: Decimal) -> WalletData {
    WalletData {
        timestamp: at.as_second(),
        balance: Amount(balance),
        threshold: None,
        threshold_percentage: None,
        currency: "USD",
    }
}

fn esim_event(kind: &str, notice: &Notice, switches: &Switches) -> String {
    let prefix = if switches.long_event_types {
        "esim_"
    } else {
        ""
    };
    let name = format!("{prefix}{kind}");
    let Some(esim) = &notice.esim else {
        return event("esim", &name, serde_json::json!({}));
    };
    let data = EsimData {
        timestamp: notice.at.as_second(),
        iccid: iccid(esim),
        esim_id: &esim.id,
        reference_id: esim.reference.as_deref().unwrap_or_default(),
        start: esim.activated_at.map_or(-1, Timestamp::as_second),
        end: esim.expires_at().map_or(-1, Timestamp::as_second),
        status: state(esim, notice.at),
        usage: (kind == "usage").then(|| usage(esim)),
    };
    event("esim", &name, data)
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

fn usage(esim: &EsimRecord) -> UsageData<'_> {
    let allowed = esim.allowed_kilobytes();
    let left = allowed.map(|allowed| allowed.saturating_sub(esim.used_kilobytes()));
    let unlimited = super::super::roamify::UNLIMITED;
    let megabytes =
        |kilobytes: Option<u64>| kilobytes.map_or(unlimited, |kilobytes| kilobytes / 1024);
    let first = &esim.allowances[0];
    let sms = esim.allowances.iter().map(|allowance| allowance.sms).sum();
    let voice = esim
        .allowances
        .iter()
        .map(|allowance| allowance.minutes)
        .sum();
    UsageData {
        package_id: &first.item.package_id,
        package_name: &first.item.package,
        data_units: "MB",
        voice_units: "minutes",
        sms_units: "sms",
        usage_data: Counters {
            is_unlimited: esim.is_unlimited(),
            allowed_data: megabytes(allowed),
            remaining_data: megabytes(left),
            allowed_sms: sms,
            remaining_sms: sms,
            allowed_voice: voice,
            remaining_voice: voice,
        },
        usage_list: esim
            .used
            .iter()
            .map(|day| Day {
                date: day.date.to_string(),
                data_used: day.kilobytes / 1024,
                location: &day.location,
            })
            .collect(),
    }
}

fn refund(kind: &str, status: &'static str, reason: &'static str, notice: &Notice) -> String {
    let Some(esim) = &notice.esim else {
        return event("refund", kind, serde_json::json!({}));
    };
    let paid = esim.allowances.iter().map(|allowance| allowance.item.price);
    text(&Event {
        event_id: Some(format!("rfd_{}_{kind}", notice.id)),
        event_category: "refund",
        event_type: kind.to_owned(),
        data: RefundData {
            timestamp: notice.at.as_second(),
            refund_id: &notice.id,
            status,
            product_type: "esim",
            esim_id: &esim.id,
            iccid: iccid(esim),
            order_id: &esim.order_id,
            reference_id: esim.reference.as_deref().unwrap_or_default(),
            amount: Amount(paid.sum()),
            currency: "USD",
            rejection_reason: reason,
        },
    })
}
