//! Answers that nobody documents: what becomes of them, and whether a purchase survives them.

use roamport_domain::ProviderOrderId;
use roamport_domain::provider::{
    ErrorKind, EsimProvider as _, OrderLookup, ProviderOrderStatus, Reaction,
};
use roamport_provider_http::test_support::TestClock;
use rstest::rstest;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{by_id, esim_access, json, order, refusal, serving, top_up};

async fn everything(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(wiremock::matchers::any())
        .respond_with(answer)
        .mount(&server)
        .await;
    server
}

#[rstest]
#[case("404", ErrorKind::Config, "check `base_url`")]
#[case("000103", ErrorKind::Rejected, "words")]
#[tokio::test]
async fn a_path_that_is_unknown_is_a_wrong_setting(
    #[case] code: &str,
    #[case] expected: ErrorKind,
    #[case] words: &str,
) {
    let server = everything(refusal(code)).await;
    let error = esim_access(&server.uri()).balance().await.unwrap_err();
    assert_eq!(error.kind(), expected, "{error}");
    assert!(error.message().contains(words), "{error}");
}

#[rstest]
#[case(r#"{"success":true,"obj":{"balance":1.5}}"#)]
#[case(r#"{"success":true,"obj":{"balance":null}}"#)]
#[case(r#"{"success":true,"obj":{"balance":{}}}"#)]
#[case(r#"{"success":true,"obj":{"balance":"much"}}"#)]
#[tokio::test]
async fn a_balance_in_an_unknown_unit_is_no_balance(#[case] body: &str) {
    let server = serving("/balance/query", json(200, body)).await;
    let error = esim_access(&server.uri()).balance().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{error}");
}

#[tokio::test]
async fn a_busy_provider_is_asked_again_for_reads_alone() {
    let server = everything(refusal("900001")).await;
    let provider = esim_access(&server.uri());
    let error = provider.balance().await.unwrap_err();
    assert_eq!(error.reaction(), Reaction::Retry { after: None });
    let error = provider
        .purchase(&order(&*TestClock::new()))
        .await
        .unwrap_err();
    assert_eq!(error.reaction(), Reaction::Reconcile);
}

#[tokio::test]
async fn a_paid_order_survives_unknown_fields_and_numbers_as_text() {
    let body = r#"{"success":"true","errorCode":null,"new":1,"obj":{"orderNo":26112009140001,
        "transactionId":{"odd":1},"mood":[1]}}"#;
    let server = serving("/esim/order", json(201, body)).await;
    let order = esim_access(&server.uri())
        .purchase(&order(&*TestClock::new()))
        .await
        .unwrap();
    assert_eq!(order.id.as_str(), "26112009140001");
    assert_eq!(
        (order.reference, order.status),
        (None, ProviderOrderStatus::Pending)
    );
}

#[rstest]
#[case(r#"{"success":true,"obj":{"transactionId":"R"}}"#)]
#[case(r#"{"success":true,"obj":null}"#)]
#[case(r#"{"success":true}"#)]
#[tokio::test]
async fn a_purchase_without_an_order_number_is_ambiguous(#[case] body: &str) {
    let server = serving("/esim/order", json(200, body)).await;
    let error = esim_access(&server.uri())
        .purchase(&order(&*TestClock::new()))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous);
    assert!(error.message().contains("money may have moved"), "{error}");
}

#[tokio::test]
async fn a_paid_top_up_survives_an_empty_answer() {
    let server = serving("/esim/topup", json(200, r#"{"success":true,"obj":{}}"#)).await;
    let order = esim_access(&server.uri())
        .purchase(&top_up(&*TestClock::new()))
        .await
        .unwrap();
    assert_eq!(order.id.as_str(), "26112009140011/ref-01JD8Z6W3N7Q60");
    assert_eq!(order.status, ProviderOrderStatus::Completed);
}

#[tokio::test]
async fn names_sent_as_numbers_keep_every_digit() {
    let row = r#"{"success":true,"obj":{"esimList":[{"esimTranNo":26112009140011,"orderNo":98765432109876543210,
        "iccid":89883030000012345012,"esimStatus":"GOT_RESOURCE","smdpStatus":"RELEASED"}],"pager":{"total":1}}}"#;
    let server = serving("/esim/query", json(200, row)).await;
    let provider = esim_access(&server.uri());
    let esim = provider.esim(&by_id()).await.unwrap();
    assert_eq!(esim.iccid().unwrap().as_str(), "89883030000012345012");
    let id = ProviderOrderId::parse("98765432109876543210").unwrap();
    let found = provider.find_orders(&OrderLookup::Id(id.clone())).await;
    assert_eq!(found.unwrap().orders[0].id, id);
}
