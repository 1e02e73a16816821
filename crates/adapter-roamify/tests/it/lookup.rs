//! Finding orders again: what counts as found, and what proves an absence.

use jiff::Timestamp;
use roamport_adapter_roamify::{Roamify, RoamifyConfig};
use roamport_domain::ProviderOrderId;
use roamport_domain::provider::{ErrorKind, EsimProvider as _, FoundOrders, OrderLookup};
use roamport_provider_http::test_support::TestClock;
use rstest::rstest;
use wiremock::matchers::{header, method, path, query_param};
use wiremock::{Mock, MockServer};

use crate::support::{config, fixture, json, reference, roamify, serving};

/// The day of the samples.
const THEN: i64 = 1_795_003_200;

fn moment(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn lookup(name: &str) -> OrderLookup {
    OrderLookup::Reference {
        reference: reference(name),
        not_before: moment(THEN),
    }
}

fn ids(found: &FoundOrders) -> Vec<&str> {
    found.orders.iter().map(|order| order.id.as_str()).collect()
}

/// A list of orders, each as id, reference (or nothing) and second.
fn orders(rows: &[(&str, Option<&str>, i64)]) -> String {
    let rows: Vec<_> = rows
        .iter()
        .map(|(id, reference, at)| {
            let reference = reference.map(|text| format!(r#""referenceId":"{text}","#));
            format!(
                r#"{{"id":"{id}",{}"status":"COMPLETED","createdAt":{at}}}"#,
                reference.unwrap_or_default()
            )
        })
        .collect();
    format!(
        r#"{{"status":"success","data":{{"orders":[{}]}}}}"#,
        rows.join(",")
    )
}

async fn answering(body: String) -> (MockServer, Roamify) {
    let server = serving("GET", "/api/esim/orders", json(200, body)).await;
    let config = RoamifyConfig {
        list_limit: 3.try_into().unwrap(),
        ..config(&server.uri())
    };
    (server, Roamify::new(&config, TestClock::new()).unwrap())
}

#[tokio::test]
async fn a_lookup_asks_the_list_and_hands_on_every_row() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path("/api/esim/orders"))
        .and(query_param("referenceId", "shop-10442"))
        .and(query_param("limit", "50"))
        .respond_with(json(200, fixture("get-esim-orders")))
        .expect(1)
        .mount(&server)
        .await;
    let found = roamify(&server.uri())
        .find_orders(&lookup("shop-10442"))
        .await
        .unwrap();
    // The sample's first order names another reference, which shows what the filter is worth.
    assert_eq!(
        ids(&found),
        [
            "e05b7c98-4d21-4f6a-b3c9-118f2a60d7e4",
            "2f8e6a14-93b7-4c05-a1de-7740bb19c6f2",
            "90d4f7c1-0b5e-4f18-86a2-3be07d9a51cc"
        ]
    );
    assert!(found.complete);
}

#[tokio::test]
async fn two_orders_under_one_reference_are_both_found() {
    let body = orders(&[("a", Some("R"), THEN), ("b", Some("R"), THEN)]);
    let (_server, provider) = answering(body).await;
    let found = provider.find_orders(&lookup("R")).await.unwrap();
    assert_eq!(ids(&found), ["a", "b"]);
    assert!(found.complete);
}

#[tokio::test]
async fn none_found_is_an_absence_only_in_a_list_that_was_not_cut() {
    let (_server, provider) = answering(orders(&[])).await;
    let found = provider.find_orders(&lookup("R")).await.unwrap();
    assert_eq!((ids(&found), found.complete), (vec![], true));
    // A provider that ignores the filter answers the newest orders of everybody.
    let body = orders(&[
        ("a", Some("R1"), THEN),
        ("b", Some("R2"), THEN),
        ("c", Some("xR"), THEN),
    ]);
    let (_server, provider) = answering(body).await;
    let found = provider.find_orders(&lookup("R")).await.unwrap();
    assert_eq!((ids(&found).len(), found.complete), (3, false));
}

#[rstest]
#[case::lower_case("3gz22bapa972yehf4rmy7ycmq3")]
#[case::cut("3GZ22BAPA972YEHF")]
#[tokio::test]
async fn a_reference_is_handed_on_as_the_provider_spells_it(#[case] spelled: &str) {
    let (_server, provider) = answering(orders(&[("a", Some(spelled), THEN)])).await;
    let found = provider
        .find_orders(&lookup("3GZ22BAPA972YEHF4RMY7YCMQ3"))
        .await
        .unwrap();
    let named = found.orders[0].reference.as_ref().unwrap();
    assert_eq!(named.as_str(), spelled);
}

#[tokio::test]
async fn an_answer_from_a_cache_says_so() {
    let server = MockServer::start().await;
    let answer = json(200, orders(&[])).insert_header("Age", "30");
    Mock::given(path("/api/esim/orders"))
        .and(header("cache-control", "no-cache"))
        .respond_with(answer)
        .expect(1)
        .mount(&server)
        .await;
    let found = roamify(&server.uri())
        .find_orders(&lookup("R"))
        .await
        .unwrap();
    assert!(!found.fresh);
}

#[tokio::test]
async fn an_answer_without_a_list_proves_nothing() {
    for body in [
        r#"{"status":"success","data":{}}"#,
        r#"{"status":"success","data":{"orders":[{"status":"COMPLETED"}]}}"#,
        r#"{"status":"success","data":{"orders":["x"]}}"#,
        r#"{"status":"failed","message":"try later"}"#,
    ] {
        let (_server, provider) = answering(body.to_owned()).await;
        let error = provider.find_orders(&lookup("R")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{body}: {error}");
    }
}

#[tokio::test]
async fn a_lookup_by_id_finds_one_or_none() {
    let answer = json(200, fixture("get-esim-order"));
    let server = serving("GET", "/api/esim/order", answer).await;
    let provider = roamify(&server.uri());
    let id = |text| OrderLookup::Id(ProviderOrderId::parse(text).unwrap());
    let found = provider
        .find_orders(&id("2f8e6a14-93b7-4c05-a1de-7740bb19c6f2"))
        .await
        .unwrap();
    assert_eq!((found.orders.len(), found.complete), (1, true));
    let error = provider.find_orders(&id("another")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{error}");

    let answer = json(404, r#"{"message":"Order not found","status":"failed"}"#);
    let server = serving("GET", "/api/esim/order", answer).await;
    let found = roamify(&server.uri())
        .find_orders(&id("another"))
        .await
        .unwrap();
    assert_eq!((found.orders.len(), found.complete), (0, true));
    // A proxy's page is no proof of absence.
    let server = serving(
        "GET",
        "/api/esim/order",
        json(404, "<html>Cannot GET</html>"),
    )
    .await;
    let error = roamify(&server.uri())
        .find_orders(&id("another"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{error}");
}

#[tokio::test]
async fn recent_orders_are_complete_once_an_older_one_is_seen() {
    let since = OrderLookup::Since(moment(THEN));
    let body = orders(&[
        ("c", None, THEN + 9),
        ("b", Some("R"), THEN),
        ("a", None, THEN - 1),
    ]);
    let (_server, provider) = answering(body).await;
    let found = provider.find_orders(&since).await.unwrap();
    assert_eq!((ids(&found), found.complete), (vec!["c", "b"], true));
    // From old to new, an older order says nothing about what was cut off.
    let body = orders(&[
        ("a", None, THEN - 1),
        ("b", None, THEN),
        ("c", None, THEN + 9),
    ]);
    let (_server, provider) = answering(body).await;
    let found = provider.find_orders(&since).await.unwrap();
    assert_eq!((ids(&found), found.complete), (vec!["b", "c"], false));
}

#[tokio::test]
async fn a_cut_list_of_recent_orders_is_asked_for_at_greater_length() {
    let server = MockServer::start().await;
    let all: Vec<_> = (0..8)
        .map(|number| (format!("o{number}"), THEN - number))
        .collect();
    for (limit, length) in [("3", 3), ("12", 8)] {
        let rows: Vec<_> = all[..length]
            .iter()
            .map(|(id, at)| (id.as_str(), None, *at))
            .collect();
        Mock::given(path("/api/esim/orders"))
            .and(query_param("limit", limit))
            .respond_with(json(200, orders(&rows)))
            .expect(1)
            .mount(&server)
            .await;
    }
    let config = RoamifyConfig {
        list_limit: 3.try_into().unwrap(),
        ..config(&server.uri())
    };
    let provider = Roamify::new(&config, TestClock::new()).unwrap();
    let found = provider
        .find_orders(&OrderLookup::Since(moment(THEN - 5)))
        .await
        .unwrap();
    assert_eq!((found.orders.len(), found.complete), (6, true));
}

#[tokio::test]
async fn a_list_that_a_silent_cap_cuts_is_not_complete() {
    let body = orders(&[
        ("c", None, THEN + 2),
        ("b", None, THEN + 1),
        ("a", None, THEN),
    ]);
    let (server, provider) = answering(body).await;
    let found = provider
        .find_orders(&OrderLookup::Since(moment(THEN)))
        .await
        .unwrap();
    assert_eq!((found.orders.len(), found.complete), (3, false));
    assert_eq!(server.received_requests().await.unwrap().len(), 2);
}
