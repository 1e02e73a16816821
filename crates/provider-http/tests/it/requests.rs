//! What is sent: method, path, parameters, headers and body.

use std::sync::Arc;

use roamport_domain::Clock;
use roamport_domain::provider::Operation;
use roamport_provider_http::settings::BaseUrl;
use roamport_provider_http::{HeaderMap, HeaderValue, Method, Request, Transport};
use wiremock::ResponseTemplate;

use crate::support::{PATIENCE, TOKEN, answering, change, purchase, read, transport};
use crate::test_support::TestClock;

/// Method, path, parameters and body in one line.
fn shown(request: &wiremock::Request) -> String {
    let query = request.url.query().map(|query| format!("?{query}"));
    let query = query.unwrap_or_default();
    let path = request.url.path();
    let body = String::from_utf8_lossy(&request.body);
    format!("{} {path}{query} {body}", request.method)
        .trim_end()
        .to_owned()
}

#[tokio::test]
async fn a_request_is_sent_as_it_was_built() {
    let server = answering(ResponseTemplate::new(200)).await;
    let clock = TestClock::new();
    let transport = transport(&format!("{}/v1/", server.uri()), &clock);
    let query = vec![("q", "a b&c".into()), ("page", "2".into())];
    let requests = [
        read(),
        read().with_query(query),
        read().with_body(b"{}".to_vec()),
        change(),
        change().with_method(Method::DELETE),
        purchase(&clock),
        purchase(&clock).with_method(Method::PUT),
    ];
    for request in requests {
        transport.attempt(request).await.unwrap();
    }
    let received = server.received_requests().await.unwrap();
    let received: Vec<_> = received.iter().map(shown).collect();
    assert_eq!(
        received,
        [
            "GET /v1/balance",
            "GET /v1/balance?q=a+b%26c&page=2",
            "POST /v1/balance {}",
            r#"POST /v1/cancel {"change":1}"#,
            r#"DELETE /v1/cancel {"change":1}"#,
            r#"POST /v1/order {"buy":1}"#,
            r#"PUT /v1/order {"buy":1}"#,
        ]
    );
}

#[tokio::test]
async fn every_request_bears_the_headers_and_says_json() {
    let server = answering(ResponseTemplate::new(200)).await;
    let clock = TestClock::new();
    let transport = transport(&server.uri(), &clock);
    for request in [read(), change(), purchase(&clock)] {
        transport.attempt(request).await.unwrap();
    }
    for request in server.received_requests().await.unwrap() {
        let bearer = format!("Bearer {TOKEN}");
        assert_eq!(request.headers["authorization"], bearer.as_str());
        assert_eq!(request.headers["content-type"], "application/json");
        assert_eq!(request.headers["accept"], "application/json");
        assert!(!request.headers.contains_key("referer"));
        let agent = request.headers["user-agent"].to_str().unwrap();
        assert!(agent.starts_with("roamport/"), "{agent}");
    }
}

#[tokio::test]
async fn an_adapter_may_speak_another_form_than_json() {
    let server = answering(ResponseTemplate::new(200)).await;
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    let headers = HeaderMap::from_iter([("content-type".parse().unwrap(), form)]);
    let clock: Arc<dyn Clock> = TestClock::new();
    let base_url = BaseUrl::parse(&server.uri()).unwrap();
    let transport = Transport::new(base_url, headers, PATIENCE, clock).unwrap();
    let body = b"a=1".to_vec();
    let request = Request::change(Operation::Cancel, "/cancel", body, PATIENCE);
    transport.attempt(request).await.unwrap();
    let received = server.received_requests().await.unwrap();
    let headers = &received[0].headers;
    assert_eq!(headers["content-type"], "application/x-www-form-urlencoded");
    assert_eq!(headers.get_all("content-type").iter().count(), 1);
}

#[tokio::test]
async fn a_header_of_one_request_takes_the_place_of_the_transports() {
    let server = answering(ResponseTemplate::new(200)).await;
    let clock = TestClock::new();
    let transport = transport(&server.uri(), &clock);
    let fresh = HeaderValue::from_static("Bearer fresh");
    let request = purchase(&clock)
        .with_header("authorization".parse().unwrap(), fresh)
        .with_header(
            "idempotency-key".parse().unwrap(),
            HeaderValue::from_static("REF-1"),
        );
    transport.attempt(request).await.unwrap();
    transport.attempt(read()).await.unwrap();
    let received = server.received_requests().await.unwrap();
    let headers = &received[0].headers;
    assert_eq!(headers["authorization"], "Bearer fresh");
    assert_eq!(headers.get_all("authorization").iter().count(), 1);
    assert_eq!(headers["idempotency-key"], "REF-1");
    let next = &received[1].headers;
    assert_eq!(next["authorization"], format!("Bearer {TOKEN}").as_str());
    assert!(!next.contains_key("idempotency-key"));
}
