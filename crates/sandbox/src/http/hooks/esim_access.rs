//! Events in eSIM Access's words: unsigned, each with an id that a repeat bears again.

use jiff::Timestamp;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::super::esim_access::{
    data_bytes, eid, esim_state, profile_state, used_bytes, validity_days,
};
use crate::catalogue::Catalogue;
use crate::world::{EsimRecord, Notice, NoticeKind};

/// The body of an event, as of `at`.
pub(super) fn body(notice: &Notice, catalogue: &Catalogue, at: Timestamp) -> String {
    let (kind, content) = match &notice.kind {
        NoticeKind::Health => (
            "CHECK_HEALTH",
            json!({ "orderNo": "1234567890", "orderStatus": "Test" }).to_string(),
        ),
        NoticeKind::OrderReady => ("ORDER_STATUS", order_ready(notice)),
        NoticeKind::Device(word) => ("SMDP_EVENT", device(notice, word, at)),
        NoticeKind::Usage(percent) => ("DATA_USAGE", usage(notice, catalogue, *percent)),
        NoticeKind::Ending => ("VALIDITY_USAGE", ending(notice)),
        NoticeKind::Unheard(kind) => (kind.as_str(), about(notice).into_text()),
        NoticeKind::State
        | NoticeKind::LowBalance(_)
        | NoticeKind::InsufficientBalance
        | NoticeKind::FundsAdded
        | NoticeKind::Refunded
        | NoticeKind::Rejected => ("ESIM_STATUS", state(notice, catalogue, at)),
    };
    let kind = Value::from(kind);
    format!(
        r#"{{"notifyType":{kind},"eventGenerateTime":"{}","notifyId":"{}","content":{content}}}"#,
        zulu(at),
        notice.id
    )
}

fn zulu(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The fields of a `content`.
struct Content(Map<String, Value>);

impl Content {
    fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    fn into_text(self) -> String {
        Value::Object(self.0).to_string()
    }
}

/// Which eSIM, under all its names.
fn about(notice: &Notice) -> Content {
    let content = Content(Map::new());
    let Some(esim) = &notice.esim else {
        return content;
    };
    let order = notice.order.as_deref();
    let profile = esim.profile.as_ref();
    content
        .with("iccid", profile.map_or("", |profile| &profile.iccid))
        .with("orderNo", order.map_or("", |order| order.number()))
        .with("esimTranNo", esim.transaction())
        .with(
            "transactionId",
            esim.reference.as_deref().unwrap_or_default(),
        )
}

fn order_ready(notice: &Notice) -> String {
    let order = notice.order.as_deref();
    Content(Map::new())
        .with("orderNo", order.map_or("", |order| order.number()))
        .with("orderStatus", "GOT_RESOURCE")
        .with(
            "transactionId",
            order
                .and_then(|order| order.reference.as_deref())
                .unwrap_or_default(),
        )
        .into_text()
}

/// Events have another word for one state than answers have.
fn word(esim: &EsimRecord, at: Timestamp) -> &'static str {
    match esim_state(esim, at) {
        "REVOKE" => "REVOKED",
        other => other,
    }
}

fn state(notice: &Notice, catalogue: &Catalogue, at: Timestamp) -> String {
    let content = about(notice);
    let Some(esim) = &notice.esim else {
        return content.into_text();
    };
    let content = content
        .with("esimStatus", word(esim, at))
        .with("smdpStatus", profile_state(esim));
    // Only where it is used up does the sample tell how much there was.
    if !esim.is_used_up() {
        return content.into_text();
    }
    let total = data_bytes(catalogue, esim);
    content
        .with("totalVolume", total)
        .with("orderUsage", used_bytes(esim))
        .with("remainVolume", total.saturating_sub(used_bytes(esim)))
        .into_text()
}

fn device(notice: &Notice, event: &str, at: Timestamp) -> String {
    let content = about(notice);
    let Some(esim) = &notice.esim else {
        return content.into_text();
    };
    let number = match event {
        "DOWNLOAD" => 1,
        "INSTALLATION" => 2,
        "ENABLED" => 3,
        "DISABLED" => 4,
        _ => 5,
    };
    content
        .with("eid", eid(esim))
        .with("esimStatus", word(esim, at))
        .with("smdpStatus", event)
        .with("timestamp", zulu(at))
        .with("seqNumber", number)
        .with("notifyStatus", "Executed-Success")
        .into_text()
}

fn usage(notice: &Notice, catalogue: &Catalogue, percent: u8) -> String {
    let content = about(notice);
    let Some(esim) = &notice.esim else {
        return content.into_text();
    };
    let (total, used) = (data_bytes(catalogue, esim), used_bytes(esim));
    let threshold = match percent {
        ..=50 => "0.5",
        51..=80 => "0.2",
        _ => "0.1",
    };
    let mut fields = content
        .with("totalVolume", total)
        .with("orderUsage", used)
        .with("remain", total.saturating_sub(used))
        .with("lastUpdateTime", zulu(notice.at))
        .into_text();
    // Written as text, so that the fraction is exactly the documented one.
    let threshold = RawValue::from_string(threshold.to_owned()).expect("a decimal is JSON");
    fields.pop();
    format!(r#"{fields},"remainThreshold":{threshold}}}"#)
}

fn ending(notice: &Notice) -> String {
    let content = about(notice);
    let Some(esim) = &notice.esim else {
        return content.into_text();
    };
    content
        .with("durationUnit", "DAY")
        .with("totalDuration", validity_days(esim))
        .with(
            "expiredTime",
            esim.expires_at()
                .map_or(Value::Null, |end| zulu(end).into()),
        )
        .with("remain", 1)
        .into_text()
}
