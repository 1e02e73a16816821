//! The promises of the port that decodes provider events.
//!
//! A case takes a [`DecoderHarness`]: the decoder, sample deliveries with what they mean, and how a
//! genuine delivery is signed. [`decoder_suite!`](crate::decoder_suite) tries them all. Nothing is sent and
//! nothing is bought.
//!
//! # A decoder of your own
//!
//! ```
//! use std::sync::Arc;
//!
//! use roamport_conformance::decoder::{DecoderHarness, SUITE, Sample};
//! use roamport_conformance::suite::{Making, Tally};
//! use roamport_conformance::Verdict;
//! use roamport_domain::provider::{
//!     DecodedDelivery, Delivery, DeliveryError, EventDecoder, ProviderEvent, ProviderEventKind, Trust,
//! };
//! use roamport_domain::{ProviderName, ProviderOrderId};
//!
//! /// Deliveries such as `order 4711.`, unsigned.
//! #[derive(Debug)]
//! struct ShopEvents(ProviderName);
//!
//! impl EventDecoder for ShopEvents {
//!     fn provider(&self) -> &ProviderName {
//!         &self.0
//!     }
//!
//!     fn decode(&self, delivery: &Delivery<'_>) -> Result<DecodedDelivery, DeliveryError> {
//!         let (bytes, limit) = (delivery.body.len(), 4_000);
//!         if bytes > limit {
//!             return Err(DeliveryError::TooLarge { bytes, limit });
//!         }
//!         let malformed = || DeliveryError::Malformed("no order, number and full stop".to_owned());
//!         let text = std::str::from_utf8(delivery.body).map_err(|_| malformed())?;
//!         let number = text.strip_prefix("order ").and_then(|text| text.strip_suffix('.'));
//!         let number = number.ok_or_else(malformed)?;
//!         let order = ProviderOrderId::parse(number).map_err(|_| malformed())?;
//!         let kind = ProviderEventKind::OrderChanged { order: Some(order), reference: None };
//!         let event = ProviderEvent { id: text.to_owned(), kind };
//!         Ok(DecodedDelivery { trust: Trust::Hint, events: vec![event] })
//!     }
//! }
//!
//! #[derive(Debug)]
//! struct Shop(Arc<ShopEvents>);
//!
//! impl DecoderHarness for Shop {
//!     fn decoder(&self) -> Arc<dyn EventDecoder> {
//!         self.0.clone()
//!     }
//!
//!     fn samples(&self) -> Vec<Sample> {
//!         let order = ProviderOrderId::parse("4711").ok();
//!         let kind = ProviderEventKind::OrderChanged { order, reference: None };
//!         vec![Sample::new("an order", "order 4711.", kind)]
//!     }
//!     // A signed provider's harness says how genuine deliveries are signed, too: `sign`, `forge`.
//! }
//!
//! fn shop() -> Shop {
//!     Shop(Arc::new(ShopEvents(ProviderName::parse("shop").expect("four letters are a name"))))
//! }
//!
//! // In a test file: roamport_conformance::decoder_suite!(shop()); or by hand:
//! let make = || -> Making<dyn DecoderHarness> {
//!     Box::pin(async { Verdict::<Box<dyn DecoderHarness>>::Ok(Box::new(shop())) })
//! };
//! let promises: Vec<_> = SUITE.promises().collect();
//! let tally = Tally::of(&promises, make)?;
//! assert!(tally.broken.is_empty(), "{tally}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod events;
mod refusals;
mod signatures;

use std::fmt::Debug;
use std::sync::Arc;

use jiff::Timestamp;
use roamport_domain::Secret;
use roamport_domain::provider::{
    DecodedDelivery, Delivery, DeliveryError, EventDecoder, ProviderEventKind,
};

use crate::suite::{Area, Suite};

/// Headers of a delivery: names and values.
pub type Headers = Vec<(String, Vec<u8>)>;

/// One delivery as the provider sends it, and what it means.
#[derive(Clone, Debug)]
pub struct Sample {
    /// What it is called in messages.
    pub name: String,
    /// Its body, to the byte.
    pub body: Vec<u8>,
    /// What its one event is about.
    pub kind: ProviderEventKind,
}

impl Sample {
    /// A delivery with this body, about this.
    pub fn new(name: impl Into<String>, body: impl Into<Vec<u8>>, kind: ProviderEventKind) -> Self {
        Self {
            name: name.into(),
            body: body.into(),
            kind,
        }
    }
}

/// The decoder under test, and what only its own tests know: what its provider sends.
///
/// A case that needs what a harness lacks is skipped and says so.
pub trait DecoderHarness: Debug {
    /// The decoder under test.
    fn decoder(&self) -> Arc<dyn EventDecoder>;

    /// One delivery for each kind of event that the provider documents, no event twice.
    fn samples(&self) -> Vec<Sample>;

    /// The headers that sign this body as the provider would, with the decoder's secret; `None`, the
    /// default, where the provider signs nothing. Then every delivery is a hint.
    fn sign(&self, _body: &[u8]) -> Option<Headers> {
        None
    }

    /// The headers that sign this body with *another* secret.
    fn forge(&self, _body: &[u8]) -> Option<Headers> {
        None
    }

    /// The body of an event of a kind that this release has no word for.
    fn unknown_kind(&self) -> Option<Vec<u8>> {
        None
    }

    /// Other bodies that tell the very same event as the sample: sent again, written otherwise.
    fn repeats(&self, _sample: &Sample) -> Vec<Vec<u8>> {
        Vec::new()
    }

    /// Texts that must appear nowhere: the signing secret.
    fn secrets(&self) -> Vec<Secret> {
        Vec::new()
    }
}

/// Every promise of the port that decodes provider events.
pub static SUITE: Suite<dyn DecoderHarness> = Suite {
    name: "decoder_suite!",
    title: "Decoders of provider events",
    areas: &[
        Area::new("events", "Events", events::PROMISES),
        Area::new("signatures", "Signatures", signatures::PROMISES),
        Area::new("refusals", "Refusals", refusals::PROMISES),
    ],
};

/// Makes one test that tries every promise of the port that decodes provider events, and names each that
/// is broken. The expression makes a new [`DecoderHarness`](crate::decoder::DecoderHarness) for each.
/// `not_applicable` and `only` are those of [`provider_suite!`](crate::provider_suite).
#[macro_export]
macro_rules! decoder_suite {
    ($($arguments:tt)+) => {
        $crate::suite_test! {
            every_promise_of_the_decoder_is_kept,
            $crate::decoder::SUITE,
            dyn $crate::decoder::DecoderHarness;
            $($arguments)+
        }
    };
}

/// Decodes this body under these headers.
fn decode(
    harness: &dyn DecoderHarness,
    headers: &Headers,
    body: &[u8],
) -> Result<DecodedDelivery, DeliveryError> {
    decode_at(harness, headers, body, 1_795_430_400)
}

fn decode_at(
    harness: &dyn DecoderHarness,
    headers: &Headers,
    body: &[u8],
    second: i64,
) -> Result<DecodedDelivery, DeliveryError> {
    let headers: Vec<(&str, &[u8])> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_slice()))
        .collect();
    let delivery = Delivery {
        headers: &headers,
        body,
        received_at: Timestamp::from_second(second).expect("a second of this century"),
    };
    harness.decoder().decode(&delivery)
}

/// The headers of a genuine delivery of this body; none where the provider signs nothing.
fn genuine(harness: &dyn DecoderHarness, body: &[u8]) -> Headers {
    harness.sign(body).unwrap_or_default()
}
