//! Purchases: inside their window, and what each refusal of the provider costs.

use std::time::Duration;

use roamport_adapter_roamify::Roamify;
use roamport_domain::provider::{ErrorKind, EsimProvider as _, Purchase, PurchaseRequest};
use roamport_domain::{EsimId, Iccid, PackageId};
use roamport_provider_http::test_support::TestClock;
use rstest::rstest;
use wiremock::MockServer;

use crate::support::{config, fixture, json, lines, order, reference, roamify, serving, usd};

fn top_up(clock: &TestClock, iccid: Option<Iccid>) -> Purchase {
    Purchase {
        reference: reference("top-up-1"),
        request: PurchaseRequest::TopUp {
            esim: EsimId::parse("e-1").unwrap(),
            iccid,
            package: PackageId::parse("p").unwrap(),
            unit_price: usd("5.10"),
            days: None,
        },
        window: order(clock).window,
        replays: false,
    }
}

/// A server that would sell.
async fn seller() -> MockServer {
    serving(
        "POST",
        "/api/esim/order",
        json(200, fixture("post-esim-order")),
    )
    .await
}

#[tokio::test]
async fn nothing_is_sent_once_the_window_is_over() {
    let server = seller().await;
    let clock = TestClock::new();
    let provider = Roamify::new(&config(&server.uri()), clock.clone()).unwrap();
    let request = order(&clock);
    clock.advance(Duration::from_mins(1));
    let error = provider.purchase(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.message().contains("nothing was sent"), "{error}");
    let iccid = Iccid::parse("8988303000001234567").unwrap();
    let request = top_up(&clock, Some(iccid));
    clock.advance(Duration::from_mins(2));
    let error = provider.purchase(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[rstest]
#[case(500, "", ErrorKind::Unavailable)]
#[case(404, "", ErrorKind::NotFound)]
#[case(401, "", ErrorKind::Unauthorized)]
#[case(200, "<html>", ErrorKind::InvalidResponse)]
#[case(
    200,
    r#"{"status":"success","data":{"id":"e-1","iccid":"8988303000001234567","withTopUp":false}}"#,
    ErrorKind::Unsupported
)]
#[case(
    200,
    r#"{"status":"success","data":{"id":"e-1","iccid":"","status":"NEW"}}"#,
    ErrorKind::Rejected
)]
#[tokio::test]
async fn a_top_up_whose_esim_cannot_be_read_sends_no_purchase(
    #[case] status: u16,
    #[case] body: &str,
    #[case] expected: ErrorKind,
) {
    let server = serving("GET", "/api/esim", json(status, body)).await;
    let request = top_up(&TestClock::new(), None);
    let error = roamify(&server.uri()).purchase(&request).await.unwrap_err();
    assert_eq!(error.kind(), expected, "{error}");
    assert!(
        error
            .message()
            .contains("nothing was sent and no money moved"),
        "{error}"
    );
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].url.path(), "/api/esim");
}

#[tokio::test]
async fn an_order_without_lines_is_refused_here() {
    let server = seller().await;
    let mut request = order(&TestClock::new());
    lines(&mut request).clear();
    let error = roamify(&server.uri()).purchase(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[rstest]
#[case(
    409,
    r#"{"message":"Insufficient partner balance","status":"failed"}"#,
    ErrorKind::InsufficientFunds
)]
#[case(
    402,
    r#"{"message":"Payment required","status":"failed"}"#,
    ErrorKind::InsufficientFunds
)]
#[case::without_its_own_body(402, "", ErrorKind::Ambiguous)]
#[case::a_page(403, "<html>Forbidden</html>", ErrorKind::Ambiguous)]
#[case::our_own_order(
    400,
    r#"{"status":"success","data":{"id":"o-1","referenceId":"R"}}"#,
    ErrorKind::Ambiguous
)]
#[case(
    409,
    r#"{"message":"duplicate referenceId","status":"failed"}"#,
    ErrorKind::Ambiguous
)]
#[case(
    500,
    r#"{"message":"Unknown error","status":"failed"}"#,
    ErrorKind::Ambiguous
)]
#[case(400, r#"{"error":"\"items\" is required"}"#, ErrorKind::Rejected)]
#[case(
    401,
    r#"{"message":"Unauthorized","status":"failed"}"#,
    ErrorKind::Unauthorized
)]
#[case(
    403,
    r#"{"message":"Forbidden","status":"failed"}"#,
    ErrorKind::Unauthorized
)]
#[tokio::test]
async fn a_refused_purchase_says_what_it_cost(
    #[case] status: u16,
    #[case] body: &str,
    #[case] expected: ErrorKind,
) {
    let server = serving("POST", "/api/esim/order", json(status, body)).await;
    let error = roamify(&server.uri())
        .purchase(&order(&TestClock::new()))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), expected, "{error}");
    let words = if expected == ErrorKind::Ambiguous {
        "money may have moved"
    } else {
        "nothing was bought"
    };
    assert!(error.message().contains(words), "{error}");
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}
