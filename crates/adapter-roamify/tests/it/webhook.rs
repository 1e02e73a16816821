//! Deliveries: signed samples as events, and everything that is refused.

use hmac::{Hmac, KeyInit as _, Mac as _};
use roamport_adapter_roamify::RoamifyEvents;
use roamport_domain::provider::{
    Delivery, DeliveryError, EsimKey, EventDecoder as _, ProviderEvent, ProviderEventKind, Trust,
};
use roamport_domain::{EsimId, Iccid, ProviderName, Secret};
use rstest::rstest;
use sha2::Sha256;

use crate::support::fixture;

const SECRET: &str = "wh-secret-0815";
const HEADER: &str = "X-Roamify-Signature";

fn events() -> RoamifyEvents {
    let name = ProviderName::parse("roamify").unwrap();
    RoamifyEvents::new(name, Secret::new(SECRET)).unwrap()
}

/// What the provider would put into the header.
fn signed(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    let bytes = mac.finalize().into_bytes();
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .map(|digit| char::from_digit(digit.into(), 16).unwrap())
        .collect()
}

fn decode(headers: &[(&str, &[u8])], body: &[u8]) -> Result<ProviderEvent, DeliveryError> {
    let delivery = Delivery {
        headers,
        body,
        received_at: "2026-11-20T00:00:00Z".parse().unwrap(),
    };
    let decoded = events().decode(&delivery)?;
    assert_eq!(decoded.trust, Trust::Verified);
    assert_eq!(decoded.events.len(), 1);
    Ok(decoded.events.into_iter().next().unwrap())
}

/// Decodes a body under its right signature.
fn taken(body: &str) -> Result<ProviderEvent, DeliveryError> {
    let signature = signed(SECRET, body.as_bytes());
    decode(&[(HEADER, signature.as_bytes())], body.as_bytes())
}

fn esim() -> EsimKey {
    EsimKey::new(
        Some(EsimId::parse("7d0f3b52-1c84-4a6e-9f0b-5b2c8a61e901").unwrap()),
        Some(Iccid::parse("8988303000001234567").unwrap()),
    )
    .unwrap()
}

#[rstest]
#[case("webhook.esim-status", ProviderEventKind::EsimChanged { esim: esim() })]
#[case("webhook.esim-usage", ProviderEventKind::UsageChanged { esim: esim() })]
#[case("webhook.partner-balance.low", ProviderEventKind::BalanceChanged)]
#[case(
    "webhook.partner-balance.insufficient",
    ProviderEventKind::BalanceChanged
)]
#[case("webhook.partner-balance.top-up", ProviderEventKind::BalanceChanged)]
#[case("webhook.refund.assumed", ProviderEventKind::RefundDecided { esim: esim() })]
#[case(
    "webhook.affiliate-order",
    ProviderEventKind::Other("affiliate/order".to_owned()))]
fn every_sample_is_an_event(#[case] name: &str, #[case] expected: ProviderEventKind) {
    let event = taken(&fixture(name)).unwrap();
    assert_eq!(event.kind, expected);
    assert!(!event.id.is_empty() && event.id.len() <= 128);
}

#[rstest]
#[case("\"status\"", "\"esim_status\"", "webhook.esim-status")]
#[case("\"usage\"", "\"esim_usage\"", "webhook.esim-usage")]
fn both_spellings_of_a_type_are_the_same_event(
    #[case] one: &str,
    #[case] other: &str,
    #[case] name: &str,
) {
    let body = fixture(name);
    let respelled = body.replacen(
        &format!("\"event_type\": {one}"),
        &format!("\"event_type\": {other}"),
        1,
    );
    assert_ne!(body, respelled);
    assert_eq!(taken(&body).unwrap(), taken(&respelled).unwrap());
}

#[test]
fn the_header_is_found_in_any_case_and_its_digits_in_either() {
    let body = fixture("webhook.esim-status");
    let signature = signed(SECRET, body.as_bytes());
    let upper = signature.to_ascii_uppercase();
    for (name, value) in [
        ("x-roamify-signature", &signature),
        ("X-ROAMIFY-SIGNATURE", &upper),
    ] {
        decode(&[(name, value.as_bytes())], body.as_bytes()).unwrap();
    }
}

#[test]
fn a_signature_over_reencoded_json_is_wrong() {
    let body = fixture("webhook.esim-status");
    let value: serde_json::Value = serde_json::from_str(&body).unwrap();
    let reencoded = serde_json::to_string(&value).unwrap();
    let signature = signed(SECRET, reencoded.as_bytes());
    let error = decode(&[(HEADER, signature.as_bytes())], body.as_bytes()).unwrap_err();
    assert_eq!(error, DeliveryError::WrongSignature);
    // The very bytes that were signed are taken.
    decode(&[(HEADER, signature.as_bytes())], reencoded.as_bytes()).unwrap();
}

#[rstest]
#[case::another_secret(signed("another-secret", b"{}"))]
#[case::another_body(signed(SECRET, b"{ }"))]
#[case::cut(signed(SECRET, b"{}")[..62].to_owned())]
#[case::odd_length(signed(SECRET, b"{}")[..63].to_owned())]
#[case::longer(format!("{}00", signed(SECRET, b"{}")))]
#[case::prefixed(format!("sha256={}", signed(SECRET, b"{}")))]
#[case::no_hex("zz".repeat(32))]
#[case::empty(String::new())]
fn a_wrong_signature_is_refused_before_the_body_is_read(#[case] signature: String) {
    let error = decode(&[(HEADER, signature.as_bytes())], b"{}").unwrap_err();
    assert_eq!(error, DeliveryError::WrongSignature);
    // One snapshot for all cases: in one process they are one loop to insta.
    insta::allow_duplicates! {
        insta::assert_snapshot!(error, @"the delivery's signature is wrong: another secret, or changed on the way");
    }
}

#[test]
fn a_delivery_with_no_signature_or_two_is_unsigned() {
    let signature = signed(SECRET, b"{}");
    let one = (HEADER, signature.as_bytes());
    for headers in [&[][..], &[("Signature", signature.as_bytes())], &[one, one]] {
        assert_eq!(decode(headers, b"{}").unwrap_err(), DeliveryError::Unsigned);
    }
}

#[test]
fn every_shortened_body_is_refused_under_its_old_signature_and_its_own() {
    let body = fixture("webhook.esim-status");
    let whole = signed(SECRET, body.as_bytes());
    let end = body.trim_end().len();
    for length in 0..end {
        let cut = &body.as_bytes()[..length];
        let error = decode(&[(HEADER, whole.as_bytes())], cut).unwrap_err();
        assert_eq!(error, DeliveryError::WrongSignature, "{length}");
        let own = signed(SECRET, cut);
        let error = decode(&[(HEADER, own.as_bytes())], cut).unwrap_err();
        assert!(
            matches!(error, DeliveryError::Malformed(_)),
            "{length}: {error}"
        );
    }
}

#[test]
fn ten_megabytes_are_refused_unread() {
    let body = vec![b' '; 10 << 20];
    let error = decode(&[], &body).unwrap_err();
    assert_eq!(
        error,
        DeliveryError::TooLarge {
            bytes: 10 << 20,
            limit: 256 << 10
        }
    );
}

#[rstest]
#[case("", "it is empty")]
#[case("   ", "it is empty")]
#[case("[]", "it is no JSON object")]
#[case("\"K2-SECRET\"", "it is no JSON object")]
#[case("<html>", "it is no JSON object")]
#[case("{K2-SECRET}", "it is no JSON (line 1, column 2)")]
#[case("{}", "it has no `data`, or fields of another shape")]
#[case(r#"{"data":{}}"#, "it names no `event_type`")]
#[case(r#"{"event_type":"status","data":7}"#, "its `data` is no object")]
#[case(
    r#"{"event_category":"esim","event_type":"status","data":{"iccid":"K2-SECRET"}}"#,
    "of an event about an eSIM, `iccid` is no card number"
)]
#[case(
    r#"{"event_category":"refund","event_type":"refunded","data":{"iccid":"","esim_id":null}}"#,
    "an event about an eSIM names neither `esim_id` nor `iccid`"
)]
fn what_is_no_event_is_refused_without_a_value(#[case] body: &str, #[case] expected: &str) {
    assert_eq!(
        taken(body).unwrap_err(),
        DeliveryError::Malformed(expected.to_owned())
    );
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let body = b"{\"event_type\":\"\xff\"}";
    let signature = signed(SECRET, body);
    let error = decode(&[(HEADER, signature.as_bytes())], body).unwrap_err();
    assert_eq!(
        error,
        DeliveryError::Malformed("byte 15 is not UTF-8".to_owned())
    );
}

#[rstest]
#[case(
    r#"{"event_category":"moon","event_type":"landed","data":{}}"#,
    "moon/landed"
)]
#[case(r#"{"event_type":"landed","data":{}}"#, "landed")]
#[case(
    r#"{"event_category":"refund","event_type":"created","data":{}}"#,
    "refund/created"
)]
fn an_unknown_type_is_passed_on_by_name(#[case] body: &str, #[case] expected: &str) {
    assert_eq!(
        taken(body).unwrap().kind,
        ProviderEventKind::Other(expected.to_owned())
    );
}

#[test]
fn a_repeated_event_has_the_same_id_whatever_the_order_of_its_keys() {
    let body = r#"{"event_category":"esim","event_type":"status",
        "data":{"timestamp":1,"esim_id":"e","list":[1,{"a":1,"b":2}]}}"#;
    let again = r#"{"data":{"list":[1,{"b":2,"a":1}],"esim_id":"e","timestamp":1},
        "event_type":"esim_status","event_category":"esim"}"#;
    assert_eq!(taken(body).unwrap().id, taken(again).unwrap().id);
    for other in [
        body.replace("\"timestamp\":1", "\"timestamp\":2"),
        body.replace("\"e\"", "\"f\""),
        body.replace("\"b\":2", "\"b\":3"),
        body.replace("\"status\"", "\"usage\""),
    ] {
        assert_ne!(
            taken(body).unwrap().id,
            taken(&other).unwrap().id,
            "{other}"
        );
    }
}

#[test]
fn a_refund_keeps_its_own_id() {
    let event = taken(&fixture("webhook.refund.assumed")).unwrap();
    assert_eq!(
        event.id,
        "rfd_4e7d90a2-6b13-4f58-8c0e-b2a1d3f49c76_rejected"
    );
    // One that cannot be an id is told by its digest.
    let body = format!(
        r#"{{"event_id":"{}","event_category":"partner","event_type":"top_up","data":{{}}}}"#,
        "x".repeat(129)
    );
    assert!(taken(&body).unwrap().id.starts_with("sha256:"));
}

#[test]
fn an_empty_secret_is_refused_and_none_is_shown() {
    let name = ProviderName::parse("roamify").unwrap();
    for secret in ["", "  "] {
        let error = RoamifyEvents::new(name.clone(), Secret::new(secret)).unwrap_err();
        assert!(
            error.to_string().starts_with("`webhook_secret` is empty"),
            "{error}"
        );
    }
    let shown = format!("{:?}", events());
    assert!(!shown.contains(SECRET), "{shown}");
}

#[test]
fn card_numbers_that_differ_in_their_last_digit_are_two_events() {
    let body = |iccid: &str| {
        format!(
            r#"{{"event_category":"esim","event_type":"status","data":{{"iccid":{iccid},"a":1}}}}"#
        )
    };
    let [one, other] =
        ["89883030000012345012", "89883030000012345013"].map(|iccid| taken(&body(iccid)).unwrap());
    assert_ne!(one.id, other.id);
    assert_ne!(one.kind, other.kind);
}

#[test]
fn a_delivery_nested_without_end_is_told_by_a_digest() {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let body = format!(r#"{{"event_category":"x","event_type":"y","data":{{"a":{deep}}}}}"#);
    assert!(taken(&body).unwrap().id.starts_with("sha256:"));
}
