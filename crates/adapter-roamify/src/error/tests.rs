//! `classify` as a table: status × kind of call × form of the body.

use roamport_domain::Secret;
use rstest::rstest;

use super::*;
use ErrorKind::{
    Ambiguous, InsufficientFunds, InvalidResponse, NotFound, RateLimited, Rejected, Unauthorized,
    Unavailable,
};

const HTML: &str = "<html><body>Bad gateway</body></html>";
const EMPTY: &str = "";
const UNKNOWN: &str = r#"{"message":"Unknown error","status":"failed"}"#;
const VALIDATION: &str = r#"{"error":"\"items\" is required"}"#;
const WALLET: &str = r#"{"message":"Insufficient partner balance","status":"failed","code":"LOW"}"#;
const DUPLICATE: &str = r#"{"message":"referenceId already exists","status":"failed"}"#;
const OUR_OWN_ORDER: &str = r#"{"status":"success","data":{"id":"o-1","referenceId":"R"}}"#;
const PENDING_BODY: &str = r#"{"message":"eSIM is Still Pending Processing","status":"failed"}"#;
const PERMISSION: &str = r#"{"message":"insufficient permission","status":"failed"}"#;

const PURCHASES: [Operation; 2] = [Operation::PlaceOrder, Operation::TopUp];
const READS: [Operation; 9] = [
    Operation::Destinations,
    Operation::Packages,
    Operation::TopUpPackages,
    Operation::FindOrders,
    Operation::Esim,
    Operation::Usage,
    Operation::Balance,
    Operation::Other("health"),
    Operation::Other("history"),
];

fn check(operations: &[Operation], status: u16, body: &str, expected: ErrorKind) {
    for operation in operations {
        let failure = classify(*operation, Sent::Maybe, Some(status), body.as_bytes());
        assert_eq!(failure.kind, expected, "{operation} {status} {body}");
        assert!(
            failure.message.starts_with(&format!("HTTP {status}: ")),
            "{}",
            failure.message
        );
    }
}

#[rstest]
fn a_request_that_was_never_sent_did_nothing(
    #[values(
        Operation::PlaceOrder,
        Operation::TopUp,
        Operation::Provision,
        Operation::Balance
    )]
    operation: Operation,
) {
    assert_eq!(classify(operation, Sent::No, None, b"").kind, Unavailable);
}

#[rstest]
#[case(Operation::PlaceOrder, Ambiguous)]
#[case(Operation::TopUp, Ambiguous)]
#[case(Operation::Provision, Ambiguous)]
#[case(Operation::FindOrders, Unavailable)]
#[case(Operation::Packages, Unavailable)]
fn an_answer_that_never_came_is_ambiguous_for_effects_alone(
    #[case] operation: Operation,
    #[case] expected: ErrorKind,
) {
    assert_eq!(classify(operation, Sent::Maybe, None, b"").kind, expected);
}

#[rstest]
fn a_purchase_in_doubt_is_ambiguous(
    #[values(
        100, 200, 201, 204, 301, 302, 307, 308, 408, 409, 412, 421, 425, 428, 429, 451, 499, 500,
        501, 502, 503, 504, 520, 522, 524, 599, 600
    )]
    status: u16,
    #[values(HTML, EMPTY, UNKNOWN, VALIDATION, DUPLICATE, PERMISSION)] body: &str,
) {
    check(&PURCHASES, status, body, Ambiguous);
}

#[rstest]
fn a_provisioning_in_doubt_is_ambiguous(
    #[values(200, 302, 408, 409, 429, 500, 502, 503, 504, 524)] status: u16,
    #[values(HTML, EMPTY, UNKNOWN, VALIDATION)] body: &str,
) {
    check(&[Operation::Provision], status, body, Ambiguous);
}

#[rstest]
fn a_purchase_that_was_understood_and_refused_is_rejected(
    #[values(400, 405, 406, 411, 413, 415, 422, 431)] status: u16,
    #[values(UNKNOWN, PERMISSION)] body: &str,
) {
    check(&PURCHASES, status, body, Rejected);
    check(&[Operation::Provision], status, body, Rejected);
}

#[rstest]
fn a_purchase_refused_without_the_providers_own_body_is_ambiguous(
    #[values(
        400, 401, 402, 403, 404, 405, 406, 409, 410, 411, 413, 414, 415, 422, 423, 429, 431, 451
    )]
    status: u16,
    #[values(HTML, EMPTY, OUR_OWN_ORDER)] body: &str,
) {
    check(&PURCHASES, status, body, Ambiguous);
    check(&[Operation::Provision], status, body, Ambiguous);
}

#[rstest]
#[case(402, UNKNOWN, InsufficientFunds)]
#[case(409, WALLET, InsufficientFunds)]
#[case(400, WALLET, InsufficientFunds)]
#[case(422, WALLET, InsufficientFunds)]
#[case(200, WALLET, Ambiguous)]
#[case(429, WALLET, Ambiguous)]
#[case(500, WALLET, Ambiguous)]
#[case(503, WALLET, Ambiguous)]
#[case(401, UNKNOWN, Unauthorized)]
#[case(403, PERMISSION, Unauthorized)]
#[case(404, UNKNOWN, NotFound)]
fn a_short_wallet_is_one_only_where_the_provider_surely_refused(
    #[case] status: u16,
    #[case] body: &str,
    #[case] expected: ErrorKind,
) {
    check(&PURCHASES, status, body, expected);
}

#[rstest]
#[case(200, HTML, InvalidResponse)]
#[case(200, UNKNOWN, InvalidResponse)]
#[case(204, EMPTY, InvalidResponse)]
#[case(301, EMPTY, InvalidResponse)]
#[case(400, VALIDATION, Rejected)]
#[case(400, WALLET, Rejected)]
#[case(401, EMPTY, Unauthorized)]
#[case(402, EMPTY, InsufficientFunds)]
#[case(403, HTML, Unauthorized)]
#[case(404, UNKNOWN, NotFound)]
#[case(404, EMPTY, NotFound)]
#[case(404, HTML, InvalidResponse)]
#[case(405, HTML, Rejected)]
#[case(408, EMPTY, Unavailable)]
#[case(409, DUPLICATE, Rejected)]
#[case(422, UNKNOWN, Rejected)]
#[case(425, EMPTY, Unavailable)]
#[case(429, EMPTY, RateLimited)]
#[case(429, UNKNOWN, RateLimited)]
#[case(499, EMPTY, Rejected)]
#[case(500, UNKNOWN, Unavailable)]
#[case(502, HTML, Unavailable)]
#[case(524, HTML, Unavailable)]
#[case(600, EMPTY, InvalidResponse)]
fn a_read_that_failed_is_sorted_by_its_status(
    #[case] status: u16,
    #[case] body: &str,
    #[case] expected: ErrorKind,
) {
    check(&READS, status, body, expected);
}

#[rstest]
fn a_pending_apply_is_known_by_its_words_whatever_the_status(
    #[values(200, 400, 404, 409, 422, 425, 500, 503)] status: u16,
) {
    let pending = |operation, body: &str| {
        is_pending(&classify(
            operation,
            Sent::Maybe,
            Some(status),
            body.as_bytes(),
        ))
    };
    assert!(pending(Operation::Provision, PENDING_BODY));
    assert!(!pending(Operation::Provision, UNKNOWN));
    assert!(!pending(Operation::PlaceOrder, PENDING_BODY));
}

#[test]
fn no_read_is_ever_ambiguous_and_no_purchase_ever_retried_after_sending() {
    for status in (100..=600).map(Some).chain([None]) {
        for body in [
            HTML,
            EMPTY,
            UNKNOWN,
            VALIDATION,
            WALLET,
            DUPLICATE,
            PENDING_BODY,
        ] {
            for operation in READS {
                let kind = classify(operation, Sent::Maybe, status, body.as_bytes()).kind;
                assert_ne!(kind, Ambiguous, "{operation} {status:?} {body}");
            }
            for operation in PURCHASES {
                let kind = classify(operation, Sent::Maybe, status, body.as_bytes()).kind;
                assert!(
                    !matches!(kind, Unavailable | RateLimited | InvalidResponse),
                    "{operation} {status:?} {body}: {kind:?}"
                );
            }
        }
    }
}

#[test]
fn the_providers_words_and_code_are_kept() {
    let failure = classify(
        Operation::PlaceOrder,
        Sent::Maybe,
        Some(409),
        WALLET.as_bytes(),
    );
    let provider = ProviderName::parse("roamify").unwrap();
    let secrets = Secrets::new([Secret::new("the-t0ken")]);
    let error = into_error(failure, &provider, Operation::PlaceOrder, &secrets);
    assert_eq!(error.code(), Some("LOW"));
    insta::assert_snapshot!(
        error,
        @"roamify reports too small a wallet (place_order): HTTP 409: Insufficient partner balance; nothing was bought: add funds in the partner portal [LOW]"
    );
}

#[test]
fn no_secret_survives_in_the_error() {
    let body =
        br#"{"message":"token the-t0ken-9 is wrong for LPA:1$smdp.test$K2-SECRET","code":"the-t0ken-9"}"#;
    let failure = classify(Operation::Provision, Sent::Maybe, Some(400), body);
    let provider = ProviderName::parse("roamify").unwrap();
    let secrets = Secrets::new([Secret::new("the-t0ken-9")]);
    let error = into_error(failure, &provider, Operation::Provision, &secrets);
    let shown = format!("{error} {error:?}");
    assert!(
        !shown.contains("t0ken") && !shown.contains("SECRET"),
        "{shown}"
    );
}

#[test]
fn a_failure_keeps_what_is_proven_about_the_request() {
    let proof = |operation, sent, status, body: &str| {
        classify(operation, sent, status, body.as_bytes()).proof
    };
    for operation in [
        Operation::PlaceOrder,
        Operation::TopUp,
        Operation::Provision,
    ] {
        assert_eq!(proof(operation, Sent::No, None, ""), CallProof::NotSent);
        assert_eq!(proof(operation, Sent::Maybe, None, ""), CallProof::Unknown);
        for body in [HTML, EMPTY, DUPLICATE] {
            assert_eq!(
                proof(operation, Sent::Maybe, Some(409), body),
                CallProof::Unknown
            );
        }
        let turned_away = proof(operation, Sent::Maybe, Some(401), UNKNOWN);
        assert_eq!(turned_away, CallProof::TurnedAway);
    }
}
