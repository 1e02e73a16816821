//! Every delivery that claims to be an event of Roamify's.

use hmac_sha256::HMAC;
use roamport_adapter_roamify::RoamifyEvents;
use roamport_domain::provider::{DeliveryError, Trust};
use roamport_domain::{ProviderName, Secret};
use roamport_fuzz::Cursor;
use roamport_fuzz::corpus::Seed;

use crate::events::{body, check, deliveries};
use crate::promises::CODE;

const SECRET: &str = "whsec_fuzz_roamify_51d8";
const WORDS: &[&str] = &[
    CODE,
    SECRET,
    "esim",
    "status",
    "usage",
    "esim_status",
    "partner_balance",
    "refund",
];

thread_local! {
    static SAMPLES: Vec<Seed> = deliveries("roamify");
}

fn decode(mut cursor: Cursor<'_>) {
    let name = ProviderName::parse("roamify").unwrap();
    let decoder = RoamifyEvents::new(name, Secret::new(SECRET)).unwrap();
    let body = SAMPLES.with(|samples| body(samples, WORDS, &mut cursor));
    let mac = HMAC::mac(&body, SECRET);
    let digit = |half: u8| char::from_digit(half.into(), 16).unwrap();
    let pair = |byte: &u8| [digit(byte >> 4), digit(byte & 15)];
    let right: String = mac.iter().flat_map(pair).collect();
    let mut given = right.clone().into_bytes();
    let is_right = !cursor.chance(64);
    if !is_right {
        roamport_fuzz::edit::edit_bytes(&mut given, &mut cursor);
    }
    let is_right = given.eq_ignore_ascii_case(right.as_bytes());
    let headers: &[(&str, &[u8])] = &[
        ("x-roamify-signature", &given),
        ("content-type", b"application/json"),
    ];
    let outcome = check(&decoder, headers, &body, Trust::Verified);
    let unsigned = check(&decoder, &headers[1..], &body, Trust::Verified);
    let too_large = matches!(outcome, Err(DeliveryError::TooLarge { .. }));
    assert!(
        unsigned.is_err(),
        "a delivery without a signature was accepted"
    );
    if !is_right && !too_large {
        assert_eq!(outcome, Err(DeliveryError::WrongSignature));
    } else if is_right {
        assert_ne!(outcome, Err(DeliveryError::WrongSignature));
    }
    let shown = format!("{outcome:?} {decoder:?}");
    assert!(!shown.contains(SECRET), "{shown}");
}

#[test]
fn no_delivery_to_roamify_is_trusted_without_its_signature() {
    roamport_fuzz::target!("roamify-events", decode);
}
