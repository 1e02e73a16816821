//! Events that eSIM Access sends by itself: unsigned, so that each is a hint of what to read again.

use roamport_domain::provider::{
    DecodedDelivery, Delivery, DeliveryError, EsimKey, EventDecoder, ProviderEvent,
    ProviderEventKind, Trust,
};
use roamport_domain::{ProviderName, ProviderOrderId, Reference};
use roamport_provider_http::events::{
    check_size, esim_key, event_id, malformed, read_object, unknown_name,
};
use roamport_provider_http::json::{Identifier, Text};
use serde::Deserialize;
use serde_json::value::RawValue;

/// Bytes of a delivery; the longest documented one has some five hundred.
const LARGEST: usize = 64 << 10;

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
        check_size(delivery, LARGEST)?;
        let notice: Notice<'_> = read_object(delivery.body, "it has fields of another shape")?;
        if notice.notify_type.get().is_none() {
            return Err(malformed("it names no `notifyType`"));
        }
        let event = ProviderEvent {
            // The same delivery is the same event, where the provider gives it no id.
            id: event_id(notice.notify_id.or_empty(), |hash| {
                hash.update(delivery.body);
            }),
            kind: kind(&notice)?,
        };
        Ok(DecodedDelivery {
            trust: Trust::Hint,
            events: vec![event],
        })
    }
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
        other => ProviderEventKind::Other(unknown_name(other)),
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

fn esim(content: &Content<'_>) -> Result<EsimKey, DeliveryError> {
    esim_key(
        ("esimTranNo", &content.esim_tran_no),
        ("iccid", &content.iccid),
    )
}
