//! Events that eSIM Access sends by itself: unsigned, so that each is a hint of what to read again.

use roamport_domain::provider::{
    DecodedDelivery, Delivery, DeliveryError, EsimKey, EventDecoder, ProviderEvent,
    ProviderEventKind, Trust,
};
use roamport_domain::{EsimId, Iccid, ProviderName, ProviderOrderId, Reference};
use roamport_provider_http::json::{Identifier, Text, WireTime};
use serde::Deserialize;
use serde_json::error::Category;
use serde_json::value::RawValue;

use crate::convert::known;
use crate::hex::hex;

/// Bytes of a delivery; the longest documented one has some five hundred.
const LARGEST: usize = 64 << 10;
/// Characters of an event's id.
const LONGEST_ID: usize = 128;
/// Characters of a type that is passed on.
const LONGEST_TYPE: usize = 80;

/// Decodes the deliveries of eSIM Access.
///
/// They bear no signature, so every event is a [`Trust::Hint`]: anybody who knows the address may have
/// sent it. Keep the address secret, and let only the provider's senders through where that is possible.
#[derive(Clone, Debug)]
pub struct EsimAccessEvents {
    provider: ProviderName,
}

impl EsimAccessEvents {
    /// The decoder for the provider under this name.
    pub const fn new(provider: ProviderName) -> Self {
        Self { provider }
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Notice<'a> {
    #[serde(borrow)]
    notify_type: Text<'a>,
    #[serde(borrow)]
    notify_id: Identifier<'a>,
    event_generate_time: WireTime,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Content<'a> {
    #[serde(borrow)]
    order_no: Identifier<'a>,
    #[serde(borrow)]
    transaction_id: Identifier<'a>,
    #[serde(borrow)]
    esim_tran_no: Identifier<'a>,
    #[serde(borrow)]
    iccid: Identifier<'a>,
}

impl EventDecoder for EsimAccessEvents {
    fn provider(&self) -> &ProviderName {
        &self.provider
    }

    fn decode(&self, delivery: &Delivery<'_>) -> Result<DecodedDelivery, DeliveryError> {
        if delivery.body.len() > LARGEST {
            return Err(DeliveryError::TooLarge {
                bytes: delivery.body.len(),
                limit: LARGEST,
            });
        }
        let notice = notice(delivery.body)?;
        let event = ProviderEvent {
            id: id(notice.notify_id.or_empty(), delivery.body),
            kind: kind(&notice)?,
            // When it happened is shown to people and decides nothing.
            occurred_at: known(notice.event_generate_time),
        };
        Ok(DecodedDelivery {
            trust: Trust::Hint,
            events: vec![event],
        })
    }
}

fn malformed(words: impl Into<String>) -> DeliveryError {
    DeliveryError::Malformed(words.into())
}

fn notice(body: &[u8]) -> Result<Notice<'_>, DeliveryError> {
    let text = std::str::from_utf8(body)
        .map_err(|error| malformed(format!("byte {} is not UTF-8", error.valid_up_to())))?;
    if text.trim().is_empty() {
        return Err(malformed("it is empty"));
    }
    // A struct would be read from a list as well.
    if !text.trim_start().starts_with('{') {
        return Err(malformed("it is no JSON object"));
    }
    // The words of the JSON reader may show a value.
    let notice: Notice<'_> = serde_json::from_str(text).map_err(|error| {
        malformed(match error.classify() {
            Category::Eof => format!("it ends in the middle, after {} bytes", text.len()),
            _ => format!(
                "it is no JSON event (line {}, column {})",
                error.line(),
                error.column()
            ),
        })
    })?;
    if notice.notify_type.get().is_none() {
        return Err(malformed("it names no `notifyType`"));
    }
    Ok(notice)
}

/// The provider's id; a digest of the delivery where it is missing or no id.
fn id(given: &str, body: &[u8]) -> String {
    let fits = |text: &str| {
        (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
    };
    if fits(given) {
        return given.to_owned();
    }
    format!("sha256:{}", hex(&hmac_sha256::Hash::hash(body)))
}

fn kind(notice: &Notice<'_>) -> Result<ProviderEventKind, DeliveryError> {
    let name = notice.notify_type.or_empty();
    if name == "CHECK_HEALTH" {
        return Ok(ProviderEventKind::Ping);
    }
    let content: Content<'_> = notice
        .content
        .and_then(|content| serde_json::from_str(content.get()).ok())
        .unwrap_or_default();
    Ok(match name {
        "ORDER_STATUS" => order(&content)?,
        // The end of a plan that comes near is in the eSIM itself.
        "ESIM_STATUS" | "SMDP_EVENT" | "VALIDITY_USAGE" => ProviderEventKind::EsimChanged {
            esim: esim(&content)?,
        },
        "DATA_USAGE" => ProviderEventKind::UsageChanged {
            esim: esim(&content)?,
        },
        other => ProviderEventKind::Other(other.chars().take(LONGEST_TYPE).collect()),
    })
}

fn order(content: &Content<'_>) -> Result<ProviderEventKind, DeliveryError> {
    let order = ProviderOrderId::parse(content.order_no.or_empty()).ok();
    let reference = Reference::parse(content.transaction_id.or_empty()).ok();
    if order.is_none() && reference.is_none() {
        return Err(malformed(
            "an event about an order names neither `orderNo` nor `transactionId`",
        ));
    }
    Ok(ProviderEventKind::OrderChanged { order, reference })
}

/// One name is enough: the eSIM is read again under it. A name that cannot be read is none.
fn esim(content: &Content<'_>) -> Result<EsimKey, DeliveryError> {
    let mut unreadable = Vec::new();
    let id = content
        .esim_tran_no
        .read()
        .then("is no eSIM id", EsimId::parse)
        .or_note("eSIM", "esimTranNo", &mut unreadable);
    let iccid = content
        .iccid
        .read()
        .then("is no card number", Iccid::parse)
        .or_note("card", "iccid", &mut unreadable);
    EsimKey::new(id, iccid).map_err(|_| match unreadable.first() {
        Some(oddity) => malformed(format!("of an event about an eSIM, {}", oddity.why)),
        None => malformed("an event about an eSIM names neither `esimTranNo` nor `iccid`"),
    })
}
