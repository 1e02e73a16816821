//! Events that Roamify sends by itself, signed over their very bytes.

use std::collections::BTreeMap;
use std::fmt;

use hmac_sha256::{HMAC, Hash};
use roamport_domain::provider::{
    DecodedDelivery, Delivery, DeliveryError, EsimKey, EventDecoder, ProviderEvent,
    ProviderEventKind, Trust,
};
use roamport_domain::{EsimId, Iccid, ProviderName, Secret};
use roamport_provider_http::json::{Identifier, Reading, Text, WireTime, list};
use serde::Deserialize;
use serde_json::Value;
use serde_json::error::Category;
use serde_json::value::RawValue;

use crate::config::RoamifyConfigError;

/// The header of the signature (reference: webhooks).
const SIGNATURE: &str = "X-Roamify-Signature";
/// Bytes of a delivery. One about usage lists days and places; a year of them stays far below.
const LARGEST: usize = 256 << 10;
/// How deep the order of keys makes no difference. Real deliveries are two levels deep.
const DEEPEST: usize = 32;
/// Characters of an event's id.
const LONGEST_ID: usize = 128;
/// Characters of a type that is passed on.
const LONGEST_TYPE: usize = 80;

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
    /// [`RoamifyConfigError::NoWebhookSecret`] where the secret is empty: anybody could sign with it.
    pub fn new(provider: ProviderName, secret: Secret) -> Result<Self, RoamifyConfigError> {
        if secret.expose().trim().is_empty() {
            return Err(RoamifyConfigError::NoWebhookSecret);
        }
        Ok(Self { provider, secret })
    }

    /// Whether the one signature of the delivery is that of its bytes.
    fn verify(&self, delivery: &Delivery<'_>) -> Result<(), DeliveryError> {
        let given = delivery.header(SIGNATURE).ok_or(DeliveryError::Unsigned)?;
        let given = unhex(given).ok_or(DeliveryError::WrongSignature)?;
        // Compared in constant time.
        if HMAC::verify(delivery.body, self.secret.expose(), &given) {
            Ok(())
        } else {
            Err(DeliveryError::WrongSignature)
        }
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
        if delivery.body.len() > LARGEST {
            return Err(DeliveryError::TooLarge {
                bytes: delivery.body.len(),
                limit: LARGEST,
            });
        }
        self.verify(delivery)?;
        let body = object(delivery.body)?;
        let data: EventData<'_> = serde_json::from_str(body.data.get())
            .map_err(|_| malformed("its `data` is no object"))?;
        let event = ProviderEvent {
            id: id(&body),
            kind: kind(&body, &data)?,
            occurred_at: match data.timestamp.read() {
                Reading::Present(moment) => Some(moment),
                // When it happened is shown to people and decides nothing.
                Reading::Absent | Reading::Unreadable(_) => None,
            },
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
    timestamp: WireTime,
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

/// Hexadecimal digits in either case; `None` for anything else.
fn unhex(text: &[u8]) -> Option<[u8; 32]> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let (pairs, rest) = text.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let bytes: Option<Vec<u8>> = pairs
        .iter()
        .map(|[high, low]| u8::try_from(digit(*high)? << 4 | digit(*low)?).ok())
        .collect();
    bytes?.try_into().ok()
}

fn malformed(words: impl Into<String>) -> DeliveryError {
    DeliveryError::Malformed(words.into())
}

fn object(body: &[u8]) -> Result<EventBody<'_>, DeliveryError> {
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
    let body: EventBody<'_> = serde_json::from_str(text).map_err(|error| {
        malformed(match error.classify() {
            Category::Eof => format!("it ends in the middle, after {} bytes", text.len()),
            Category::Data => "it has no `data`, or fields of another shape".to_owned(),
            Category::Syntax | Category::Io => format!(
                "it is no JSON (line {}, column {})",
                error.line(),
                error.column()
            ),
        })
    })?;
    if body.event_type.get().is_none() {
        return Err(malformed("it names no `event_type`"));
    }
    Ok(body)
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
        ("", kind) => ProviderEventKind::Other(kind.chars().take(LONGEST_TYPE).collect()),
        (category, kind) => {
            let whole = format!("{category}/{kind}");
            ProviderEventKind::Other(whole.chars().take(LONGEST_TYPE).collect())
        }
    })
}

/// One name is enough: the eSIM is read again under it. A name that cannot be read is none.
fn esim(data: &EventData<'_>) -> Result<EsimKey, DeliveryError> {
    let mut unreadable = Vec::new();
    let id = data
        .esim_id
        .read()
        .then("is no eSIM id", EsimId::parse)
        .or_note("eSIM", "esim_id", &mut unreadable);
    let iccid = data
        .iccid
        .read()
        .then("is no card number", Iccid::parse)
        .or_note("card", "iccid", &mut unreadable);
    EsimKey::new(id, iccid).map_err(|_| match unreadable.first() {
        Some(oddity) => malformed(format!("of an event about an eSIM, {}", oddity.why)),
        None => malformed("an event about an eSIM names neither `esim_id` nor `iccid`"),
    })
}

/// Refunds have an id that is stable across deliveries. Every other event is told by a digest of what
/// it says: category, type and data, whatever the order of the keys and the spelling of the type.
fn id(body: &EventBody<'_>) -> String {
    let given = body.event_id.or_empty();
    let fits = (1..=LONGEST_ID).contains(&given.len())
        && given.bytes().all(|byte| byte.is_ascii_graphic());
    if fits {
        return given.to_owned();
    }
    let (category, kind) = body.name();
    let mut hasher = Hash::new();
    for part in [category, kind] {
        hasher.update(part.as_bytes());
        hasher.update(b"\0");
    }
    digest(body.data, 0, &mut hasher);
    let bytes = hasher.finalize();
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let hex: String = digits
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect();
    format!("sha256:{hex}")
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
