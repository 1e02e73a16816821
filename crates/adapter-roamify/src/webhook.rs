//! Events that Roamify sends by itself, signed over their very bytes.

use std::collections::BTreeMap;
use std::fmt;

use hmac_sha256::Hash;
use roamport_domain::provider::{
    DecodedDelivery, Delivery, DeliveryError, EsimKey, EventDecoder, ProviderEvent,
    ProviderEventKind, Trust,
};
use roamport_domain::{ProviderName, Secret};
use roamport_provider_http::events::{
    check_hmac_sha256, check_size, esim_key, event_id, malformed, read_object, unknown_name,
};
use roamport_provider_http::json::{Identifier, Text, list};
use roamport_provider_http::settings::SettingError;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// The header of the signature (reference: webhooks).
const SIGNATURE: &str = "X-Roamify-Signature";
/// Bytes of a delivery. One about usage lists days and places; a year of them stays far below.
const LARGEST: usize = 256 << 10;
/// How deep the order of keys makes no difference. Real deliveries are two levels deep.
const DEEPEST: usize = 32;

/// Decodes the deliveries of Roamify: only such as bear the right signature under the webhook secret of
/// the partner portal, so that every event is [`Trust::Verified`].
///
/// The signature is compared in constant time and before the body is looked at. It covers neither a
/// time nor a counter: an old delivery can be sent again, and is told by its id. `Debug` shows no
/// secret.
#[derive(Clone)]
pub struct RoamifyEvents {
    provider: ProviderName,
    secret: Secret,
}

impl RoamifyEvents {
    /// The decoder for the provider under this name, with the webhook secret of the partner portal.
    ///
    /// # Errors
    ///
    /// [`SettingError`] if the secret is empty: anybody could sign with it.
    pub fn new(provider: ProviderName, secret: Secret) -> Result<Self, SettingError> {
        if secret.expose().trim().is_empty() {
            let words = "is empty; copy it from Roamify's partner portal";
            return Err(SettingError::new("webhook_secret", words));
        }
        Ok(Self { provider, secret })
    }
}

impl fmt::Debug for RoamifyEvents {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RoamifyEvents")
            .field("provider", &self.provider.as_str())
            .finish_non_exhaustive()
    }
}

impl EventDecoder for RoamifyEvents {
    fn provider(&self) -> &ProviderName {
        &self.provider
    }

    fn decode(&self, delivery: &Delivery<'_>) -> Result<DecodedDelivery, DeliveryError> {
        check_size(delivery, LARGEST)?;
        check_hmac_sha256(delivery, SIGNATURE, &self.secret)?;
        let shape = "it has no `data`, or fields of another shape";
        let body: EventBody<'_> = read_object(delivery.body, shape)?;
        if body.event_type.get().is_none() {
            return Err(malformed("it names no `event_type`"));
        }
        let data: EventData<'_> = serde_json::from_str(body.data.get())
            .map_err(|_| malformed("its `data` is no object"))?;
        let event = ProviderEvent {
            id: id(&body),
            kind: kind(&body, &data)?,
        };
        Ok(DecodedDelivery {
            trust: Trust::Verified,
            events: vec![event],
        })
    }
}

#[derive(Deserialize)]
struct EventBody<'a> {
    #[serde(borrow, default)]
    event_id: Identifier<'a>,
    #[serde(borrow, default)]
    event_category: Text<'a>,
    #[serde(borrow, default)]
    event_type: Text<'a>,
    #[serde(borrow)]
    data: &'a RawValue,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct EventData<'a> {
    #[serde(borrow)]
    esim_id: Identifier<'a>,
    #[serde(borrow)]
    iccid: Identifier<'a>,
}

impl EventBody<'_> {
    /// Category and type in the spelling of the type pages: an example of theirs routes `esim_status`
    /// where the pages say `esim` and `status`.
    fn name(&self) -> (&str, &str) {
        match (self.event_category.or_empty(), self.event_type.or_empty()) {
            ("esim" | "", "esim_status") => ("esim", "status"),
            ("esim" | "", "esim_usage") => ("esim", "usage"),
            other => other,
        }
    }
}

fn kind(body: &EventBody<'_>, data: &EventData<'_>) -> Result<ProviderEventKind, DeliveryError> {
    Ok(match body.name() {
        ("esim", "status") => ProviderEventKind::EsimChanged { esim: esim(data)? },
        ("esim", "usage") => ProviderEventKind::UsageChanged { esim: esim(data)? },
        ("partner", "low_balance" | "insufficient_balance" | "top_up") => {
            ProviderEventKind::BalanceChanged
        }
        ("refund", "refunded" | "rejected") => {
            ProviderEventKind::RefundDecided { esim: esim(data)? }
        }
        ("", kind) => ProviderEventKind::Other(unknown_name(kind)),
        (category, kind) => ProviderEventKind::Other(unknown_name(&format!("{category}/{kind}"))),
    })
}

fn esim(data: &EventData<'_>) -> Result<EsimKey, DeliveryError> {
    esim_key(("esim_id", &data.esim_id), ("iccid", &data.iccid))
}

/// Refunds have an id that is stable across deliveries. Every other event is told by a digest of what
/// it says: category, type and data, whatever the order of the keys and the spelling of the type.
fn id(body: &EventBody<'_>) -> String {
    event_id(body.event_id.or_empty(), |hash| {
        let (category, kind) = body.name();
        for part in [category, kind] {
            hash.update(part.as_bytes());
            hash.update(b"\0");
        }
        digest(body.data, 0, hash);
    })
}

/// Hashes a value, the keys of its objects in alphabetical order. A number counts as it is written: two card
/// numbers that one float stands for are two.
fn digest(raw: &RawValue, depth: usize, hasher: &mut Hash) {
    let json = raw.get();
    if depth > DEEPEST {
        hasher.update(json);
    } else if let Ok(fields) = serde_json::from_str::<BTreeMap<String, &RawValue>>(json) {
        hasher.update(b"{");
        for (name, field) in fields {
            hasher.update(Value::String(name).to_string());
            hasher.update(b":");
            digest(field, depth + 1, hasher);
            hasher.update(b",");
        }
        hasher.update(b"}");
    } else if let Some(elements) = list(Some(raw)) {
        hasher.update(b"[");
        for element in elements {
            digest(element, depth + 1, hasher);
            hasher.update(b",");
        }
        hasher.update(b"]");
    } else if let Ok(text) = serde_json::from_str::<String>(json) {
        hasher.update(Value::String(text).to_string());
    } else {
        hasher.update(json);
    }
}
