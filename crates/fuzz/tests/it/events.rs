//! What every decoder of events promises, whoever sent the delivery.

use std::collections::HashSet;

use roamport_domain::provider::{
    Delivery, DeliveryError, EsimKey, EventDecoder, ProviderEventKind, Trust,
};
use roamport_fuzz::Cursor;
use roamport_fuzz::corpus::{Seed, seeds};
use roamport_fuzz::edit::edit_json;
use roamport_fuzz::json::literals;

use crate::promises::CODE;
use crate::stage::StillClock;

/// The sample deliveries of one provider.
pub(crate) fn deliveries(provider: &str) -> Vec<Seed> {
    let mut seeds = seeds(provider);
    seeds.retain(|seed| seed.name.starts_with("webhook."));
    assert!(
        seeds.len() > 4,
        "{provider} has {} sample deliveries",
        seeds.len()
    );
    seeds
}

/// The body of a delivery: one of the samples, changed, or bytes.
pub(crate) fn body(seeds: &[Seed], words: &[&str], cursor: &mut Cursor<'_>) -> Vec<u8> {
    if cursor.chance(16) {
        return cursor.bytes(400).to_vec();
    }
    let seed = &seeds[cursor.below(seeds.len())];
    edit_json(&seed.body, words, cursor)
}

/// Decodes a delivery twice, and checks what comes of it. Gives whether it was accepted.
pub(crate) fn check(
    decoder: &dyn EventDecoder,
    headers: &[(&str, &[u8])],
    body: &[u8],
    trust: Trust,
) -> Result<(), DeliveryError> {
    let delivery = Delivery {
        headers,
        body,
        received_at: StillClock::moment(),
    };
    let outcome = decoder.decode(&delivery);
    assert_eq!(
        outcome,
        decoder.decode(&delivery),
        "the same delivery says the same"
    );
    let delivered = match outcome {
        Ok(delivered) => delivered,
        Err(error) => {
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains(CODE), "a value is shown: {shown}");
            return Err(error);
        }
    };
    assert_eq!(delivered.trust, trust);
    let known = literals(&String::from_utf8_lossy(body));
    for event in &delivered.events {
        let fits = (1..=128).contains(&event.id.len())
            && event.id.bytes().all(|byte| byte.is_ascii_graphic());
        assert!(fits, "`{}` is no id of an event", event.id);
        check_kind(&event.kind, &known);
    }
    Ok(())
}

fn check_kind(kind: &ProviderEventKind, known: &HashSet<String>) {
    let check_id = |id: &str| assert!(known.contains(id), "`{id}` stands nowhere in the delivery");
    let check_esim = |esim: &EsimKey| {
        if let Some(id) = esim.id() {
            check_id(id.as_str());
        }
        if let Some(iccid) = esim.iccid().filter(|iccid| !iccid.is_well_formed()) {
            check_id(iccid.as_str());
        }
    };
    match kind {
        ProviderEventKind::OrderChanged {
            order: Some(id), ..
        } => check_id(id.as_str()),
        ProviderEventKind::EsimChanged { esim }
        | ProviderEventKind::UsageChanged { esim }
        | ProviderEventKind::RefundDecided { esim } => check_esim(esim),
        ProviderEventKind::Other(text) => {
            assert!(
                text.chars().count() <= 161,
                "a type of {} characters",
                text.chars().count()
            );
        }
        _ => {}
    }
}
