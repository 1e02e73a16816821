//! Deliveries: every sample as a hint, and everything that is refused.

use roamport_adapter_esim_access::EsimAccessEvents;
use roamport_domain::provider::{
    Delivery, DeliveryError, EsimKey, EventDecoder as _, ProviderEvent, ProviderEventKind, Trust,
};
use roamport_domain::{EsimId, Iccid, ProviderName, ProviderOrderId};
use rstest::rstest;

use crate::support::{ESIM, ICCID, ORDER, REFERENCE, fixture, reference};

fn decode(body: &[u8]) -> Result<ProviderEvent, DeliveryError> {
    let delivery = Delivery {
        headers: &[("X-Signature", b"anything")],
        body,
        received_at: "2026-11-20T09:14:13Z".parse().unwrap(),
    };
    let decoder = EsimAccessEvents::new(ProviderName::parse("esim-access").unwrap());
    assert_eq!(decoder.provider().as_str(), "esim-access");
    let found = decoder.decode(&delivery)?;
    assert_eq!(found.trust, Trust::Hint);
    assert_eq!(found.events.len(), 1);
    Ok(found.events.into_iter().next().unwrap())
}

fn taken(body: &str) -> Result<ProviderEvent, DeliveryError> {
    decode(body.as_bytes())
}

fn esim() -> EsimKey {
    EsimKey::new(
        Some(EsimId::parse(ESIM).unwrap()),
        Some(Iccid::parse(ICCID).unwrap()),
    )
    .unwrap()
}

fn changed() -> ProviderEventKind {
    ProviderEventKind::EsimChanged { esim: esim() }
}

fn order() -> ProviderEventKind {
    ProviderEventKind::OrderChanged {
        order: Some(ProviderOrderId::parse(ORDER).unwrap()),
        reference: Some(reference(REFERENCE)),
    }
}

#[rstest]
#[case("check-health", 1, ProviderEventKind::Ping)]
#[case("order-status", 2, order())]
#[case("esim-status.in-use", 3, changed())]
#[case("esim-status.used-up", 4, changed())]
#[case("esim-status.revoked.assumed", 5, changed())]
#[case("smdp-event", 6, changed())]
#[case("data-usage", 7, ProviderEventKind::UsageChanged { esim: esim() })]
#[case("validity-usage", 8, changed())]
fn every_sample_is_a_hint_of_what_to_read(
    #[case] name: &str,
    #[case] number: u8,
    #[case] expected: ProviderEventKind,
) {
    let event = taken(&fixture(&format!("webhook.{name}"))).unwrap();
    assert_eq!(event.kind, expected);
    assert_eq!(
        event.id,
        format!("0b6f1d3a-0000-4000-8000-00000000000{number}")
    );
}

#[test]
fn a_repeated_event_has_the_same_id() {
    let body = fixture("webhook.order-status");
    let again = body.replace("09:14:12Z", "09:20:00Z");
    assert_ne!(body, again);
    assert_eq!(taken(&body).unwrap().id, taken(&again).unwrap().id);
}

#[rstest]
#[case("")]
#[case("two words")]
#[case("ümlaut")]
fn an_event_without_a_usable_id_is_told_by_its_digest(#[case] given: &str) {
    let body = |usage: u8| {
        format!(
            r#"{{"notifyType":"DATA_USAGE","notifyId":"{given}","content":{{"esimTranNo":"1","remain":{usage}}}}}"#
        )
    };
    let id = taken(&body(1)).unwrap().id;
    assert!(id.starts_with("sha256:") && id.len() <= 128, "{id}");
    assert_eq!(id, taken(&body(1)).unwrap().id);
    assert_ne!(id, taken(&body(2)).unwrap().id);
}

#[test]
fn an_id_too_long_to_keep_is_told_by_its_digest() {
    let body = |length: usize| {
        let id = "x".repeat(length);
        format!(r#"{{"notifyType":"CHECK_HEALTH","notifyId":"{id}"}}"#)
    };
    assert_eq!(taken(&body(128)).unwrap().id.len(), 128);
    assert!(taken(&body(129)).unwrap().id.starts_with("sha256:"));
}

#[rstest]
#[case(
    r#"{"notifyType":"MOON_LANDED","notifyId":"1","content":{"a":1},"new":[]}"#,
    "MOON_LANDED"
)]
#[case(r#"{"notifyType":"order_status","notifyId":"1"}"#, "order_status")]
#[case(r#"{"notifyType":7,"notifyId":"1","content":"odd"}"#, "7")]
fn an_unknown_type_is_passed_on_by_name(#[case] body: &str, #[case] expected: &str) {
    assert_eq!(
        taken(body).unwrap().kind,
        ProviderEventKind::Other(expected.to_owned())
    );
}

#[test]
fn a_type_of_any_length_is_cut() {
    let body = format!(r#"{{"notifyType":"{}"}}"#, "T".repeat(5_000));
    let ProviderEventKind::Other(name) = taken(&body).unwrap().kind else {
        panic!("not passed on")
    };
    assert_eq!(name.len(), 80);
}

#[rstest]
#[case(
    r#"{"notifyType":"ORDER_STATUS","notifyId":"1","content":{"orderNo":"B1"}}"#,
    Some("B1"),
    None
)]
#[case(
    r#"{"notifyType":"ORDER_STATUS","notifyId":"1","content":{"transactionId":"R1","orderNo":""}}"#,
    None,
    Some("R1")
)]
fn either_name_of_an_order_is_enough(
    #[case] body: &str,
    #[case] number: Option<&str>,
    #[case] ours: Option<&str>,
) {
    let expected = ProviderEventKind::OrderChanged {
        order: number.map(|text| ProviderOrderId::parse(text).unwrap()),
        reference: ours.map(reference),
    };
    assert_eq!(taken(body).unwrap().kind, expected);
}

#[test]
fn an_esim_is_named_by_what_can_be_read() {
    let body = r#"{"notifyType":"ESIM_STATUS","notifyId":"1","content":{"esimTranNo":26112009140011,"iccid":8.9e18}}"#;
    let expected = ProviderEventKind::EsimChanged {
        esim: EsimKey::from_id(EsimId::parse(ESIM).unwrap()),
    };
    assert_eq!(taken(body).unwrap().kind, expected);
}

#[test]
fn every_shortened_body_is_refused() {
    let body = fixture("webhook.smdp-event");
    for length in 0..body.trim_end().len() {
        let error = decode(&body.as_bytes()[..length]).unwrap_err();
        assert!(
            matches!(error, DeliveryError::Malformed(_)),
            "{length}: {error}"
        );
    }
}

#[test]
fn ten_megabytes_are_refused_unread() {
    let error = decode(&vec![b'{'; 10 << 20]).unwrap_err();
    insta::assert_snapshot!(error, @"the delivery has 10485760 bytes; at most 65536 are read");
}

#[rstest]
#[case("", "it is empty")]
#[case(" \n", "it is empty")]
#[case("[]", "it is no JSON object")]
#[case("\"INV-SECRET\"", "it is no JSON object")]
#[case("<html>INV-SECRET", "it is no JSON object")]
#[case("{INV-SECRET}", "it is no JSON (line 1, column 2)")]
#[case("{}", "it names no `notifyType`")]
#[case(r#"{"notifyType":"","content":{}}"#, "it names no `notifyType`")]
#[case(
    r#"{"notifyType":"CHECK_HEALTH"} INV-SECRET"#,
    "it is no JSON (line 1, column 31)"
)]
#[case(
    r#"{"notifyType":"ORDER_STATUS","notifyId":"1","content":{"iccid":"INV-SECRET"}}"#,
    "an event about an order names neither `orderNo` nor `transactionId`"
)]
#[case(
    r#"{"notifyType":"ORDER_STATUS","notifyId":"1"}"#,
    "an event about an order names neither `orderNo` nor `transactionId`"
)]
#[case(
    r#"{"notifyType":"DATA_USAGE","notifyId":"1","content":"INV-SECRET"}"#,
    "an event about an eSIM names neither `esimTranNo` nor `iccid`"
)]
fn what_is_no_event_is_refused_without_a_value(#[case] body: &str, #[case] expected: &str) {
    assert_eq!(
        taken(body).unwrap_err(),
        DeliveryError::Malformed(expected.to_owned())
    );
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    assert_eq!(
        decode(b"{\"notifyType\":\"\xff\"}").unwrap_err(),
        DeliveryError::Malformed("byte 15 is not UTF-8".to_owned())
    );
}
