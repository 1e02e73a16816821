//! What is no event is refused with words, whoever signed it, and shows nothing of itself.

use roamport_domain::provider::{DecodedDelivery, DeliveryError};

use super::events::samples;
use super::{DecoderHarness, Headers, decode, genuine};
use crate::Verdict;
use crate::suite::promises;
use crate::verdict::skipped;

promises! { sync dyn DecoderHarness:
    /// A body that was cut anywhere is refused as malformed.
    a_truncated_delivery_is_refused,
    /// A body of ten megabytes is refused for its size, and the refusal says how large one may be.
    a_delivery_of_ten_megabytes_is_refused,
    /// What is no event is refused as malformed, and nothing panics: no bytes, no text, no JSON, JSON of
    /// another shape.
    garbage_is_refused,
    /// Neither a refusal nor `Debug` of the decoder shows a secret, and a refusal shows nothing of the
    /// body: whoever can write into it writes into logs otherwise.
    a_refusal_shows_no_secret_and_no_body,
}

/// More than any event of any provider.
const TEN_MEGABYTES: usize = 10_000_000;
/// A word that stands in refused bodies and must appear in no error.
const MARKER: &str = "conformance-marker-5f2a";

/// Decodes a body under the signature of the provider, where it signs.
fn delivered(harness: &dyn DecoderHarness, body: &[u8]) -> Result<DecodedDelivery, DeliveryError> {
    let headers: Headers = genuine(harness, body);
    decode(harness, &headers, body)
}

fn a_truncated_delivery_is_refused(harness: &dyn DecoderHarness) -> Verdict {
    for sample in samples(harness)? {
        let body = sample.body.trim_ascii_end();
        for length in 0..body.len() {
            match delivered(harness, &body[..length]) {
                Ok(_) => {
                    let (name, whole) = (&sample.name, body.len());
                    panic!("{length} of the {whole} bytes of {name} were taken");
                }
                Err(error) => assert!(
                    matches!(error, DeliveryError::Malformed(_)),
                    "a cut delivery is refused for another reason: {error}"
                ),
            }
        }
    }
    Ok(())
}

fn a_delivery_of_ten_megabytes_is_refused(harness: &dyn DecoderHarness) -> Verdict {
    for sample in samples(harness)?.into_iter().take(1) {
        let mut body = sample.body;
        body.resize(TEN_MEGABYTES, b' ');
        match delivered(harness, &body) {
            Err(DeliveryError::TooLarge { bytes, limit }) => {
                assert!(
                    bytes == TEN_MEGABYTES && limit < bytes,
                    "{TEN_MEGABYTES} bytes are said to be {bytes}, the most {limit}"
                );
            }
            Err(error) => {
                panic!("a huge delivery is refused for another reason: {error}");
            }
            Ok(_) => panic!("a delivery of ten megabytes was taken"),
        }
    }
    Ok(())
}

fn garbage_is_refused(harness: &dyn DecoderHarness) {
    let deep = "[".repeat(1_000);
    for body in [
        &b""[..],
        b" \n",
        b"\0",
        b"\xff\xfe\xfd",
        b"null",
        b"[]",
        b"{}",
        b"42",
        b"\"text\"",
        b"<html></html>",
        b"{\"a\":}",
        deep.as_bytes(),
    ] {
        match delivered(harness, body) {
            Ok(_) => {
                let start = String::from_utf8_lossy(&body[..body.len().min(20)]).into_owned();
                panic!("{start:?} was taken for an event");
            }
            Err(error) => assert!(
                matches!(error, DeliveryError::Malformed(_)),
                "garbage is refused for another reason: {error}"
            ),
        }
    }
}

fn a_refusal_shows_no_secret_and_no_body(harness: &dyn DecoderHarness) -> Verdict {
    let mut texts = vec![format!("{:?} {:#?}", harness.decoder(), harness.decoder())];
    let marked = [
        MARKER.to_owned(),
        format!("{{\"{MARKER}\":"),
        format!("[\"{MARKER}\"]"),
        format!("{{\"{MARKER}\":\"{MARKER}\"}}"),
    ];
    for body in &marked {
        let body = body.as_bytes();
        for headers in [genuine(harness, body), Headers::new()] {
            if let Err(error) = decode(harness, &headers, body) {
                texts.push(format!("{error} {error:?}"));
            }
        }
    }
    if texts.len() == 1 {
        return skipped("every delivery is taken");
    }
    for text in &texts {
        assert!(
            !text.contains(MARKER),
            "a refusal shows the body it refuses"
        );
        for secret in harness.secrets() {
            assert!(
                !text.contains(secret.expose()),
                "a secret appears in `Debug` or a refusal"
            );
        }
    }
    Ok(())
}
