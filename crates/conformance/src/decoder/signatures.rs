//! Where deliveries are signed, none passes whose signature is not that of its very bytes.

use roamport_domain::provider::{DecodedDelivery, DeliveryError};

use super::events::samples;
use super::{DecoderHarness, Headers, Sample, decode};
use crate::Verdict;
use crate::suite::promises;
use crate::verdict::skipped;

promises! { sync dyn DecoderHarness:
    /// A delivery that bears no signature is refused as unsigned.
    a_delivery_without_a_signature_is_refused,
    /// A signature of another secret is wrong; so is one that is cut, longer, empty or no signature at all.
    a_wrong_signature_is_refused,
    /// A signature covers the very bytes: of a body that says the same in other bytes, and of one with a
    /// byte changed, it is wrong.
    a_body_changed_on_the_way_is_refused,
    /// A delivery with its signature twice bears none: somebody put one there.
    several_signatures_are_none,
    /// Nobody learns from a refusal what a body holds: where the signature is wrong, that is said, whatever
    /// the body is.
    a_signature_is_asked_for_before_the_body_is_read,
}

/// Samples of a provider that signs, each with its headers.
fn signed(harness: &dyn DecoderHarness) -> Verdict<Vec<(Sample, Headers)>> {
    let samples = samples(harness)?;
    let signed = samples
        .into_iter()
        .map(|sample| harness.sign(&sample.body).map(|headers| (sample, headers)));
    match signed.collect() {
        Some(signed) => Ok(signed),
        None => skipped("the provider does not sign its deliveries"),
    }
}

fn check(
    what: &str,
    outcome: Result<DecodedDelivery, DeliveryError>,
    fits: impl Fn(&DeliveryError) -> bool,
) {
    match outcome {
        Ok(_) => panic!("{what} was taken"),
        Err(error) => {
            assert!(
                fits(&error),
                "{what} is refused for another reason: {error}"
            );
        }
    }
}

fn is_about_the_signature(error: &DeliveryError) -> bool {
    matches!(
        error,
        DeliveryError::Unsigned | DeliveryError::WrongSignature
    )
}

fn a_delivery_without_a_signature_is_refused(harness: &dyn DecoderHarness) -> Verdict {
    for (sample, _) in signed(harness)? {
        let other = vec![("Content-Type".to_owned(), b"application/json".to_vec())];
        for headers in [Headers::new(), other] {
            let outcome = decode(harness, &headers, &sample.body);
            check("an unsigned delivery", outcome, |error| {
                *error == DeliveryError::Unsigned
            });
        }
    }
    Ok(())
}

fn a_wrong_signature_is_refused(harness: &dyn DecoderHarness) -> Verdict {
    for (sample, headers) in signed(harness)? {
        let Some(forged) = harness.forge(&sample.body) else {
            return skipped("the harness cannot sign with another secret");
        };
        let with = |change: fn(&[u8]) -> Vec<u8>| -> Headers {
            let changed = headers.iter();
            changed
                .map(|(name, value)| (name.clone(), change(value)))
                .collect()
        };
        for wrong in [
            forged,
            with(|value| value[..value.len() / 2].to_vec()),
            with(|value| value.repeat(2)),
            with(|_| Vec::new()),
            with(|_| b"\xff\xfe no signature".to_vec()),
            with(|value| value.iter().rev().copied().collect()),
        ] {
            let outcome = decode(harness, &wrong, &sample.body);
            check("a wrong signature", outcome, is_about_the_signature);
        }
    }
    Ok(())
}

fn a_body_changed_on_the_way_is_refused(harness: &dyn DecoderHarness) -> Verdict {
    for (sample, headers) in signed(harness)? {
        let body = &sample.body;
        let mut flipped = body.clone();
        if let Some(byte) = flipped.last_mut() {
            *byte ^= 1;
        }
        let spaced = [body, &b" "[..]].concat();
        let led = [&b" "[..], body].concat();
        for changed in [flipped, spaced, led] {
            let outcome = decode(harness, &headers, &changed);
            check("a changed body", outcome, |error| {
                *error == DeliveryError::WrongSignature
            });
        }
    }
    Ok(())
}

fn several_signatures_are_none(harness: &dyn DecoderHarness) -> Verdict {
    for (sample, headers) in signed(harness)? {
        let Some(forged) = harness.forge(&sample.body) else {
            return skipped("the harness cannot sign with another secret");
        };
        for several in [
            [headers.clone(), forged.clone()].concat(),
            [forged, headers].concat(),
        ] {
            let outcome = decode(harness, &several, &sample.body);
            check(
                "a delivery with two signatures",
                outcome,
                is_about_the_signature,
            );
        }
    }
    Ok(())
}

fn a_signature_is_asked_for_before_the_body_is_read(harness: &dyn DecoderHarness) -> Verdict {
    signed(harness)?;
    for body in [&b""[..], b"{", b"no json", b"\xff\xff"] {
        let Some(forged) = harness.forge(body) else {
            return skipped("the harness cannot sign with another secret");
        };
        for headers in [Headers::new(), forged] {
            let outcome = decode(harness, &headers, body);
            check(
                "a forged delivery of garbage",
                outcome,
                is_about_the_signature,
            );
        }
    }
    Ok(())
}
