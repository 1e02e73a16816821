//! The suite of decoders passes honest ones, signed and unsigned, and finds broken ones out.

use std::sync::Arc;

use roamport_conformance::Verdict;
use roamport_conformance::decoder::{DecoderHarness, Headers, SUITE, Sample};
use roamport_conformance::suite::{Making, Tally};
use roamport_domain::provider::{
    DecodedDelivery, Delivery, DeliveryError, EsimKey, EventDecoder, ProviderEvent,
    ProviderEventKind, Trust,
};
use roamport_domain::{EsimId, ProviderName, ProviderOrderId, Secret};

const SECRET: &str = "decoder-secret-2b81";
const HEADER: &str = "X-Shop-Signature";
const LIMIT: usize = 2_000;

/// What a decoder does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    TakesUnsigned,
    LooksAtNoSignature,
    ComparesTheStartAlone,
    SignsWhatItUnderstood,
    ReadsTheBodyFirst,
    TakesTheFirstSignature,
    KnowsOneSpellingOfAHeader,
    TakesCutBodies,
    TakesAnySize,
    CountsDeliveries,
    HasOneId,
    RefusesUnknownKinds,
    CallsHintsVerified,
    ShowsTheBody,
    ShowsItsSecret,
}

/// Deliveries such as `order 17 4711.`, perhaps after `again `; signed, or not.
struct Shop {
    name: ProviderName,
    signs: bool,
    fault: Fault,
}

impl std::fmt::Debug for Shop {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let secret = if self.fault == Fault::ShowsItsSecret {
            SECRET
        } else {
            "…"
        };
        formatter.debug_tuple("Shop").field(&secret).finish()
    }
}

/// A keyed sum, good enough to tell bytes apart (Fowler, Noll and Vo's hash).
fn sum(secret: &str, body: &[u8]) -> String {
    let bytes = secret.bytes().chain(body.iter().copied());
    let sum = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{sum:016x}")
}

impl Shop {
    fn is(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn verify(&self, delivery: &Delivery<'_>) -> Result<(), DeliveryError> {
        if !self.signs || self.is(Fault::LooksAtNoSignature) {
            return Ok(());
        }
        let first = || {
            let mut named = delivery.headers.iter();
            named
                .find(|(name, _)| name.eq_ignore_ascii_case(HEADER))
                .map(|(_, value)| *value)
        };
        let given = match self.fault {
            Fault::TakesTheFirstSignature => first(),
            Fault::KnowsOneSpellingOfAHeader => {
                let mut named = delivery.headers.iter();
                named
                    .find(|(name, _)| *name == HEADER)
                    .map(|(_, value)| *value)
            }
            _ => delivery.header(HEADER),
        };
        let Some(given) = given else {
            return if self.is(Fault::TakesUnsigned) {
                Ok(())
            } else {
                Err(DeliveryError::Unsigned)
            };
        };
        let body = if self.is(Fault::SignsWhatItUnderstood) {
            delivery.body.trim_ascii()
        } else {
            delivery.body
        };
        let right = sum(SECRET, body);
        let fits = if self.is(Fault::ComparesTheStartAlone) {
            right.as_bytes().starts_with(given)
        } else {
            right.as_bytes() == given
        };
        fits.then_some(()).ok_or(DeliveryError::WrongSignature)
    }

    fn read(&self, delivery: &Delivery<'_>) -> Result<ProviderEvent, DeliveryError> {
        let shown = if self.is(Fault::ShowsTheBody) {
            String::from_utf8_lossy(delivery.body).into_owned()
        } else {
            "no kind, number and subject with a full stop".to_owned()
        };
        let malformed = || DeliveryError::Malformed(shown.clone());
        let text = std::str::from_utf8(delivery.body).map_err(|_| malformed())?;
        let text = text.strip_prefix("again ").unwrap_or(text).trim();
        let whole = if self.is(Fault::TakesCutBodies) {
            text.trim_end_matches('.')
        } else {
            text.strip_suffix('.').ok_or_else(malformed)?
        };
        let mut words = whole.split(' ');
        let (Some(kind), Some(number), Some(subject)) = (words.next(), words.next(), words.next())
        else {
            return Err(malformed());
        };
        let kind = match kind {
            "order" => ProviderEventKind::OrderChanged {
                order: ProviderOrderId::parse(subject).ok(),
                reference: None,
            },
            "usage" => ProviderEventKind::UsageChanged {
                esim: EsimKey::from_id(EsimId::parse(subject).map_err(|_| malformed())?),
            },
            _ if self.is(Fault::RefusesUnknownKinds) => return Err(malformed()),
            other => ProviderEventKind::Other(other.to_owned()),
        };
        let id = match self.fault {
            Fault::CountsDeliveries => delivery.received_at.to_string(),
            Fault::HasOneId => "event".to_owned(),
            _ => number.to_owned(),
        };
        Ok(ProviderEvent { id, kind })
    }
}

impl EventDecoder for Shop {
    fn provider(&self) -> &ProviderName {
        &self.name
    }

    fn decode(&self, delivery: &Delivery<'_>) -> Result<DecodedDelivery, DeliveryError> {
        let bytes = delivery.body.len();
        if bytes > LIMIT && !self.is(Fault::TakesAnySize) {
            return Err(DeliveryError::TooLarge {
                bytes,
                limit: LIMIT,
            });
        }
        if self.is(Fault::ReadsTheBodyFirst) {
            self.read(delivery)?;
        }
        self.verify(delivery)?;
        let event = self.read(delivery)?;
        let trust = if self.signs || self.is(Fault::CallsHintsVerified) {
            Trust::Verified
        } else {
            Trust::Hint
        };
        Ok(DecodedDelivery {
            trust,
            events: vec![event],
        })
    }
}

#[derive(Debug)]
struct ShopHarness(Arc<Shop>);

fn shop(signs: bool, fault: Fault) -> ShopHarness {
    let name = ProviderName::parse("shop").unwrap();
    ShopHarness(Arc::new(Shop { name, signs, fault }))
}

fn headers(secret: &str, body: &[u8]) -> Headers {
    vec![(HEADER.to_owned(), sum(secret, body).into_bytes())]
}

impl DecoderHarness for ShopHarness {
    fn decoder(&self) -> Arc<dyn EventDecoder> {
        self.0.clone()
    }

    fn samples(&self) -> Vec<Sample> {
        let order = ProviderEventKind::OrderChanged {
            order: ProviderOrderId::parse("4711").ok(),
            reference: None,
        };
        let usage = ProviderEventKind::UsageChanged {
            esim: EsimKey::from_id(EsimId::parse("e-1").unwrap()),
        };
        vec![
            Sample::new("an order", "order 17 4711.", order),
            Sample::new("usage", "usage 18 e-1.", usage),
        ]
    }

    fn sign(&self, body: &[u8]) -> Option<Headers> {
        self.0.signs.then(|| headers(SECRET, body))
    }

    fn forge(&self, body: &[u8]) -> Option<Headers> {
        self.0.signs.then(|| headers("another-secret", body))
    }

    fn unknown_kind(&self) -> Option<Vec<u8>> {
        Some(b"weather 19 sunny.".to_vec())
    }

    fn repeats(&self, sample: &Sample) -> Vec<Vec<u8>> {
        vec![[&b"again "[..], &sample.body].concat()]
    }

    fn secrets(&self) -> Vec<Secret> {
        vec![Secret::new(SECRET)]
    }
}

mod signed {
    use super::{Fault, shop};

    roamport_conformance::decoder_suite!(shop(true, Fault::None), not_applicable = []);
}

mod unsigned {
    use super::{Fault, shop};

    roamport_conformance::decoder_suite!(
        shop(false, Fault::None),
        not_applicable = [
            "a_delivery_without_a_signature_is_refused",
            "a_wrong_signature_is_refused",
            "a_body_changed_on_the_way_is_refused",
            "several_signatures_are_none",
            "a_signature_is_asked_for_before_the_body_is_read",
        ]
    );
}

fn boxed(shop: ShopHarness) -> Making<dyn DecoderHarness> {
    Box::pin(async { Verdict::<Box<dyn DecoderHarness>>::Ok(Box::new(shop)) })
}

fn check_broken(names: &[&str], make: fn() -> Making<dyn DecoderHarness>) {
    let tally = Tally::of(&SUITE.named(names), make).unwrap();
    assert_eq!(tally.broken.len(), names.len(), "{tally}");
}

/// Asserts that these cases find this fault out.
macro_rules! found_out {
    ($($test:ident: $signs:literal $fault:ident, $($area:ident::$case:ident),+;)*) => {
        $(
            #[test]
            fn $test() {
                let make = || boxed(shop($signs, Fault::$fault));
                check_broken(&[$(stringify!($case)),+], make);
            }
        )*
    };
}

found_out! {
    a_decoder_that_takes_unsigned_deliveries_is_found_out: true TakesUnsigned,
        signatures::a_delivery_without_a_signature_is_refused;
    a_decoder_that_looks_at_no_signature_is_found_out: true LooksAtNoSignature,
        signatures::a_delivery_without_a_signature_is_refused,
        signatures::a_wrong_signature_is_refused,
        signatures::a_body_changed_on_the_way_is_refused,
        signatures::several_signatures_are_none;
    a_decoder_that_compares_the_start_of_a_signature_is_found_out: true ComparesTheStartAlone,
        signatures::a_wrong_signature_is_refused;
    a_decoder_that_verifies_what_it_understood_is_found_out: true SignsWhatItUnderstood,
        signatures::a_body_changed_on_the_way_is_refused;
    a_decoder_that_reads_a_forged_body_is_found_out: true ReadsTheBodyFirst,
        signatures::a_signature_is_asked_for_before_the_body_is_read;
    a_decoder_that_takes_one_of_two_signatures_is_found_out: true TakesTheFirstSignature,
        signatures::several_signatures_are_none;
    a_decoder_that_knows_one_spelling_of_a_header_is_found_out: true KnowsOneSpellingOfAHeader,
        events::a_header_is_found_in_any_case_and_among_others;
    a_decoder_that_takes_cut_bodies_is_found_out: false TakesCutBodies,
        refusals::a_truncated_delivery_is_refused;
    a_decoder_that_takes_any_size_is_found_out: false TakesAnySize,
        refusals::a_delivery_of_ten_megabytes_is_refused;
    a_decoder_that_counts_deliveries_is_found_out: false CountsDeliveries,
        events::a_repeated_delivery_has_the_same_id;
    a_decoder_with_one_id_for_all_is_found_out: false HasOneId,
        events::an_event_has_an_id_of_its_own;
    a_decoder_that_refuses_unknown_kinds_is_found_out: false RefusesUnknownKinds,
        events::an_unknown_kind_of_event_is_no_error;
    a_decoder_that_calls_a_hint_verified_is_found_out: false CallsHintsVerified,
        events::a_delivery_is_as_trustworthy_as_its_signature;
    a_decoder_that_shows_the_body_is_found_out: false ShowsTheBody,
        refusals::a_refusal_shows_no_secret_and_no_body;
    a_decoder_that_shows_its_secret_is_found_out: true ShowsItsSecret,
        refusals::a_refusal_shows_no_secret_and_no_body;
}

#[test]
fn a_case_about_signatures_is_skipped_where_nothing_is_signed() {
    let promise = SUITE.named(&["a_wrong_signature_is_refused"]);
    let tally = Tally::of(&promise, || boxed(shop(false, Fault::None))).unwrap();
    assert!(tally.not_applicable[0].1.contains("sign"), "{tally}");
}
