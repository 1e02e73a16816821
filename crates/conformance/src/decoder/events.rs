//! Genuine deliveries are the events they tell of, told again as the same ones.

use std::collections::HashMap;

use roamport_domain::provider::{ProviderEvent, ProviderEventKind, Trust};

use super::{DecoderHarness, Headers, Sample, decode, decode_at, genuine};
use crate::Verdict;
use crate::suite::promises;
use crate::verdict::{OrBroken as _, skipped};

promises! { sync dyn DecoderHarness:
    /// Every sample is the event it tells of.
    every_sample_is_its_event,
    /// Every event has an id that fits where ids are kept, and no two events share one.
    an_event_has_an_id_of_its_own,
    /// A delivery that is sent again, later or written otherwise, has the id of the first one.
    a_repeated_delivery_has_the_same_id,
    /// The names of headers are compared without regard to case (RFC 9110, section 5.1), and headers
    /// that mean nothing are passed over.
    a_header_is_found_in_any_case_and_among_others,
    /// A kind of event that is not known is no error: it says what the provider calls it.
    an_unknown_kind_of_event_is_no_error,
    /// A delivery is verified where its provider signs it, and a hint where it does not.
    a_delivery_is_as_trustworthy_as_its_signature,
    /// A decoder names its provider, the same one before and after a delivery.
    a_decoder_names_its_provider,
}

/// Characters of an event's id, as [`ProviderEvent::id`] says.
const LONGEST_ID: usize = 128;

/// The one event of a sample.
fn event(harness: &dyn DecoderHarness, sample: &Sample) -> ProviderEvent {
    event_of(
        harness,
        &genuine(harness, &sample.body),
        &sample.body,
        &sample.name,
    )
}

fn event_of(
    harness: &dyn DecoderHarness,
    headers: &Headers,
    body: &[u8],
    name: &str,
) -> ProviderEvent {
    let decoded = decode(harness, headers, body);
    let decoded = decoded.or_broken(&format!("decoding {name}"));
    match <[ProviderEvent; 1]>::try_from(decoded.events) {
        Ok([event]) => event,
        Err(events) => panic!("{name} was decoded as {} events", events.len()),
    }
}

/// The samples; without any, a case means nothing.
pub(super) fn samples(harness: &dyn DecoderHarness) -> Verdict<Vec<Sample>> {
    let samples = harness.samples();
    if samples.is_empty() {
        return skipped("the harness has no sample");
    }
    Ok(samples)
}

fn every_sample_is_its_event(harness: &dyn DecoderHarness) -> Verdict {
    for sample in samples(harness)? {
        let event = event(harness, &sample);
        assert!(
            event.kind == sample.kind,
            "{} is {:?} and was decoded as {:?}",
            sample.name,
            sample.kind,
            event.kind
        );
    }
    Ok(())
}

fn an_event_has_an_id_of_its_own(harness: &dyn DecoderHarness) -> Verdict {
    let mut known: HashMap<String, String> = HashMap::new();
    for sample in samples(harness)? {
        let id = event(harness, &sample).id;
        let length = id.chars().count();
        assert!(
            (1..=LONGEST_ID).contains(&length),
            "the id of {} has {length} characters",
            sample.name
        );
        if let Some(other) = known.insert(id, sample.name.clone()) {
            panic!("{} and {other} have one id", sample.name);
        }
    }
    Ok(())
}

fn a_repeated_delivery_has_the_same_id(harness: &dyn DecoderHarness) -> Verdict {
    for sample in samples(harness)? {
        let first = event(harness, &sample).id;
        let headers = genuine(harness, &sample.body);
        let later = decode_at(harness, &headers, &sample.body, 1_795_516_800);
        let later = later.or_broken("decoding a delivery a day later").events;
        let same = later.iter().map(|event| &event.id).eq([&first]);
        assert!(
            same,
            "{} has another id when it arrives a day later",
            sample.name
        );
        for body in harness.repeats(&sample) {
            let headers = genuine(harness, &body);
            let again = event_of(harness, &headers, &body, &sample.name);
            assert!(
                again.id == first && again.kind == sample.kind,
                "{} is another event when it is sent again",
                sample.name
            );
        }
    }
    Ok(())
}

fn a_header_is_found_in_any_case_and_among_others(harness: &dyn DecoderHarness) -> Verdict {
    for sample in samples(harness)? {
        let expected = event(harness, &sample);
        let headers = genuine(harness, &sample.body);
        for spell in [str::to_ascii_lowercase, str::to_ascii_uppercase] {
            let mut spelled: Headers = headers
                .iter()
                .map(|(name, value)| (spell(name), value.clone()))
                .collect();
            spelled.insert(0, ("X-Request-Id".to_owned(), b"\xff not text".to_vec()));
            spelled.push(("Content-Type".to_owned(), b"application/json".to_vec()));
            let given = event_of(harness, &spelled, &sample.body, &sample.name);
            assert!(
                given == expected,
                "{} is another event under other headers",
                sample.name
            );
        }
    }
    Ok(())
}

fn an_unknown_kind_of_event_is_no_error(harness: &dyn DecoderHarness) -> Verdict {
    let Some(body) = harness.unknown_kind() else {
        return skipped("the harness has no event of an unknown kind");
    };
    let headers = genuine(harness, &body);
    let event = event_of(harness, &headers, &body, "an unknown kind of event");
    match event.kind {
        ProviderEventKind::Other(word) => {
            assert!(
                !word.trim().is_empty(),
                "an unknown kind of event has no word"
            );
            Ok(())
        }
        kind => panic!("an unknown kind of event was decoded as {kind:?}"),
    }
}

fn a_delivery_is_as_trustworthy_as_its_signature(harness: &dyn DecoderHarness) -> Verdict {
    for sample in samples(harness)? {
        let signed = harness.sign(&sample.body);
        let expected = if signed.is_some() {
            Trust::Verified
        } else {
            Trust::Hint
        };
        let decoded = decode(harness, &signed.unwrap_or_default(), &sample.body);
        let trust = decoded.or_broken("decoding a sample").trust;
        assert!(
            trust == expected,
            "{} is {expected:?} and was decoded as {trust:?}",
            sample.name
        );
    }
    Ok(())
}

fn a_decoder_names_its_provider(harness: &dyn DecoderHarness) -> Verdict {
    let decoder = harness.decoder();
    let name = decoder.provider().clone();
    for sample in samples(harness)? {
        event(harness, &sample);
    }
    assert!(
        *decoder.provider() == name,
        "the decoder of {name} now names {}",
        decoder.provider()
    );
    Ok(())
}
