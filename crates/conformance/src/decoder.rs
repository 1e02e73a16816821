//! The promises of the port that decodes provider events, one function each.
//!
//! A case takes a [`DecoderHarness`]: the decoder, sample deliveries with what they mean, and how a
//! genuine delivery is signed. [`decoder_suite!`](crate::decoder_suite) makes a test of each promise,
//! under its name. Nothing is sent and nothing is bought.
//!
//! # A decoder of your own
//!
//! ```
//! use std::sync::Arc;
//!
//! use roamport_conformance::decoder::{DecoderHarness, Sample, events, refusals, signatures};
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
//!         let (bytes, limit) = (delivery.body.len(), 80);
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
//! // In a test file: roamport_conformance::decoder_suite!(shop());
//! # let name = ProviderName::parse("shop")?;
//! let shop = Shop(Arc::new(ShopEvents(name)));
//! assert_eq!(events::every_sample_is_its_event(&shop), Ok(()));
//! assert_eq!(refusals::a_truncated_delivery_is_refused(&shop), Ok(()));
//! let not_tried = signatures::a_wrong_signature_is_refused(&shop);
//! assert!(not_tried.is_err_and(|stopped| !stopped.is_broken()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod events;
pub mod refusals;
pub mod signatures;

use std::fmt::Debug;
use std::sync::Arc;

use jiff::Timestamp;
use roamport_domain::Secret;
use roamport_domain::provider::{
    DecodedDelivery, Delivery, DeliveryError, EventDecoder, ProviderEventKind,
};

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

/// Makes one test for each promise of the port that decodes provider events, under the promise's
/// name. The expression makes a new [`DecoderHarness`](crate::decoder::DecoderHarness) for each. One test
/// more tells the [tally](crate::suite::Tally); with `not_applicable = [..]` behind the harness, the names
/// of the promises that need not apply, it is exact.
#[macro_export]
macro_rules! decoder_suite {
    ($harness:expr $(,)?) => {
        $crate::decoder_suite! { @suite ($harness) (None) }
    };
    ($harness:expr, not_applicable = $names:expr $(,)?) => {
        $crate::decoder_suite! { @suite ($harness) ($crate::suite::exactly($names)) }
    };
    (@suite $harness:tt $listed:tt) => {
        $crate::decoder_suite! { @tests $harness $listed
            events {
                every_sample_is_its_event
                an_event_has_an_id_of_its_own
                a_repeated_delivery_has_the_same_id
                a_header_is_found_in_any_case_and_among_others
                an_unknown_kind_of_event_is_no_error
                a_delivery_is_as_trustworthy_as_its_signature
                a_decoder_names_its_provider
            }
            signatures {
                a_delivery_without_a_signature_is_refused
                a_wrong_signature_is_refused
                a_body_changed_on_the_way_is_refused
                several_signatures_are_none
                a_signature_is_asked_for_before_the_body_is_read
            }
            refusals {
                a_truncated_delivery_is_refused
                a_delivery_of_ten_megabytes_is_refused
                garbage_is_refused
                a_refusal_shows_no_secret_and_no_body
            }
        }
    };
    (@tests $harness:tt $listed:tt $($area:ident { $($case:ident)* })*) => {
        #[cfg(test)]
        fn a_new_decoder_harness() -> $crate::suite::Making<dyn $crate::decoder::DecoderHarness> {
            Box::pin(async {
                let harness = $harness;
                $crate::Verdict::<Box<dyn $crate::decoder::DecoderHarness>>::Ok(Box::new(harness))
            })
        }

        #[test]
        fn the_tally_of_the_decoder_is_told() {
            let cases: &[$crate::suite::Case<dyn $crate::decoder::DecoderHarness>] = &[
                $($((
                    stringify!($case),
                    |harness| Box::pin(async move { $crate::decoder::$area::$case(harness) }),
                ),)*)*
            ];
            $crate::suite::tell("decoder_suite", a_new_decoder_harness, cases, $listed);
        }

        $($(
            #[test]
            fn $case() {
                $crate::suite::run_case(
                    stringify!($case),
                    a_new_decoder_harness,
                    |harness| Box::pin(async move { $crate::decoder::$area::$case(harness) }),
                );
            }
        )*)*
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
