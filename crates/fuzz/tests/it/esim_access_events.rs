//! Every delivery that claims to be an event of eSIM Access's.

use roamport_adapter_esim_access::EsimAccessEvents;
use roamport_domain::ProviderName;
use roamport_domain::provider::Trust;
use roamport_fuzz::Cursor;
use roamport_fuzz::corpus::Seed;

use crate::events::{body, check, deliveries};
use crate::promises::CODE;

const WORDS: &[&str] = &[
    CODE,
    "ORDER_STATUS",
    "ESIM_STATUS",
    "DATA_USAGE",
    "VALIDITY_USAGE",
    "SMDP_EVENT",
    "CHECK_HEALTH",
];

thread_local! {
    static SAMPLES: Vec<Seed> = deliveries("esim-access");
}

fn decode(mut cursor: Cursor<'_>) {
    let decoder = EsimAccessEvents::new(ProviderName::parse("esim-access").unwrap());
    let body = SAMPLES.with(|samples| body(samples, WORDS, &mut cursor));
    // Refused or not: an unsigned event is a hint, and says only what to read again.
    drop(check(&decoder, &[], &body, Trust::Hint));
}

#[test]
fn no_delivery_to_esim_access_is_more_than_a_hint() {
    roamport_fuzz::target!("esim-access-events", decode);
}
