//! Purchases: inside their window, and what each refusal of the provider costs.

use std::time::Duration;

use roamport_adapter_esim_access::EsimAccess;
use roamport_domain::provider::{
    CallProof, CancelRequest, ErrorKind, EsimProvider as _, PurchaseRequest, Reaction,
};
use roamport_domain::{Currency, Money};
use roamport_provider_http::test_support::TestClock;
use rstest::rstest;
use wiremock::MockServer;

use crate::support::{
    also, asked, by_iccid, config, esim_access, fixture, json, line, lines, order, reference,
    refusal, sample, serving, top_up, usd,
};

/// A server that would sell.
async fn seller() -> MockServer {
    sample("/esim/order", "post-esim-order").await
}

#[tokio::test]
async fn nothing_is_sent_once_the_window_is_over() {
    let server = seller().await;
    let clock = TestClock::new();
    let provider = EsimAccess::new(&config(&server.uri()), clock.clone()).unwrap();
    let request = order(&clock);
    clock.advance(Duration::from_mins(1));
    let error = provider.purchase(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.message().contains("nothing was sent"), "{error}");
    let request = top_up(&*clock);
    clock.advance(Duration::from_mins(2));
    let error = provider.purchase(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[rstest]
#[case(json(500, ""), ErrorKind::Unavailable)]
#[case(json(429, ""), ErrorKind::RateLimited)]
#[case(refusal("101003"), ErrorKind::Unauthorized)]
#[case(refusal("900001"), ErrorKind::RateLimited)]
#[case(json(200, "<html>"), ErrorKind::InvalidResponse)]
#[case(
    json(200, fixture("post-esim-query.empty.assumed")),
    ErrorKind::NotFound
)]
#[case(
    json(200, fixture("post-esim-query.allocating-200010")),
    ErrorKind::Unavailable
)]
#[tokio::test]
async fn an_esim_that_cannot_be_read_is_not_canceled(
    #[case] answer: wiremock::ResponseTemplate,
    #[case] expected: ErrorKind,
) {
    let server = serving("/esim/query", answer).await;
    let request = CancelRequest { esim: by_iccid() };
    let error = esim_access(&server.uri())
        .cancel(&request)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), expected, "{error}");
    assert_eq!(error.proof(), CallProof::NotSent, "{error}");
    let sent = asked(&server).await;
    assert!(
        matches!(&sent[..], [one] if one.starts_with("/esim/query ")),
        "{sent:?}"
    );
}

#[tokio::test]
async fn what_the_provider_would_refuse_is_refused_here() {
    let server = seller().await;
    let provider = esim_access(&server.uri());
    let clock = TestClock::new();
    let euro = Money::parse_amount("1", Currency::EUR).unwrap();
    let mut requests = vec![order(&*clock); 8];
    lines(&mut requests[0]).clear();
    requests[1].request = PurchaseRequest::PlaceOrder {
        lines: vec![line("P", 1)],
        start_date: Some(jiff::civil::date(2026, 12, 24)),
    };
    requests[2].reference = reference(&"r".repeat(51));
    *lines(&mut requests[3]) = vec![line("P", 16), line("Q", 15)];
    lines(&mut requests[4])[0].unit_price = usd("1.90005");
    lines(&mut requests[5])[0].unit_price = euro;
    lines(&mut requests[6])[0].days = Some(366);
    lines(&mut requests[7])[0].days = Some(0);
    let mut shown = Vec::new();
    for request in requests {
        let error = provider.purchase(&request).await.unwrap_err();
        assert_eq!(error.reaction(), Reaction::Refuse, "{error}");
        shown.push(error.message().to_owned());
    }
    insta::assert_snapshot!(shown.join("\n"), @r"
    an order needs at least one line; nothing was sent and no money moved
    eSIM Access takes no travel date: days begin with installation or first use; order without one; nothing was sent and no money moved
    the reference is longer than the 50 characters eSIM Access takes; nothing was sent and no money moved
    31 eSIMs were asked for and eSIM Access takes 30 in one order; split it; nothing was sent and no money moved
    eSIM Access counts in ten-thousandths of a dollar, and the price is 1.90005 USD; nothing was sent and no money moved
    eSIM Access sells for US dollars, and the price is 1.00 EUR; nothing was sent and no money moved
    366 days were asked for and eSIM Access sells 1 to 365; nothing was sent and no money moved
    0 days were asked for and eSIM Access sells 1 to 365; nothing was sent and no money moved
    ");
    let mut request = top_up(&*clock);
    let PurchaseRequest::TopUp { unit_price, .. } = &mut request.request else {
        panic!("a top-up")
    };
    *unit_price = usd("0.00005");
    let error = provider.purchase(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected, "{error}");
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[rstest]
#[case("000001", ErrorKind::Ambiguous, "money may have moved")]
#[case("900001", ErrorKind::Ambiguous, "money may have moved")]
#[case("200009", ErrorKind::Ambiguous, "money may have moved")]
#[case("200010", ErrorKind::Ambiguous, "money may have moved")]
#[case("777777", ErrorKind::Ambiguous, "money may have moved")]
#[case(
    "200005",
    ErrorKind::Rejected,
    "the price changed and nothing was charged: quote again"
)]
#[case(
    "200006",
    ErrorKind::Rejected,
    "the price changed and nothing was charged: quote again"
)]
#[case(
    "200007",
    ErrorKind::InsufficientFunds,
    "nothing was bought: add funds"
)]
#[case(
    "200011",
    ErrorKind::Rejected,
    "nothing was charged: try later, or another package"
)]
#[case("310241", ErrorKind::NotFound, "nothing was bought")]
#[case("000107", ErrorKind::Rejected, "nothing was bought")]
#[case("101001", ErrorKind::Unauthorized, "set this machine's clock right")]
#[case("101002", ErrorKind::Unauthorized, "allow this machine's address")]
#[case("101003", ErrorKind::Unauthorized, "check `secret_key`")]
#[case("000101", ErrorKind::Unauthorized, "check `access_code`")]
#[tokio::test]
async fn a_refused_purchase_says_what_it_cost_and_is_sent_once(
    #[case] code: &str,
    #[case] expected: ErrorKind,
    #[case] words: &str,
) {
    let server = serving("/esim/order", refusal(code)).await;
    also(&server, "/esim/topup", refusal(code)).await;
    let provider = esim_access(&server.uri());
    let clock = TestClock::new();
    let order = provider.purchase(&order(&*clock)).await.unwrap_err();
    let topped = provider.purchase(&top_up(&*clock)).await.unwrap_err();
    for error in [order, topped] {
        assert_eq!(error.kind(), expected, "{error}");
        assert!(error.message().contains(words), "{error}");
        assert_eq!(error.code(), Some(code));
    }
    assert_eq!(asked(&server).await.len(), 2);
}

#[rstest]
#[case(201)]
#[case(203)]
#[case(206)]
#[tokio::test]
async fn a_refusal_under_a_success_other_than_200_leaves_the_purchase_unknown(#[case] status: u16) {
    let refusal = r#"{"success":false,"errorCode":"200005","errorMsg":"words","obj":null}"#;
    let server = serving("/esim/order", json(status, refusal)).await;
    also(&server, "/esim/topup", json(status, refusal)).await;
    let provider = esim_access(&server.uri());
    let clock = TestClock::new();
    let order = provider.purchase(&order(&*clock)).await.unwrap_err();
    let topped = provider.purchase(&top_up(&*clock)).await.unwrap_err();
    for error in [order, topped] {
        assert_eq!(error.kind(), ErrorKind::Ambiguous, "{error}");
        assert_eq!(error.proof(), CallProof::Unknown, "{error}");
    }
}
