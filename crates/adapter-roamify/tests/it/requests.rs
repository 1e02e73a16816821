//! What is sent: paths, parameters, bodies, headers, and the gate before each.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::StreamExt as _;
use jiff::civil::date;
use roamport_adapter_roamify::{EsimFilter, EsimStatus, Roamify, RoamifyConfig};
use roamport_domain::package::Geography;
use roamport_domain::provider::{
    CallClass, Dedup, DestinationFilter, ErrorKind, EsimKey, EsimProvider as _, Gate, PackageQuery,
    ProvisionRequest, Provisioning, Purchase, PurchaseRequest, TopUpQuery, UsageQuery,
};
use roamport_domain::{CountryCode, DataSize, EsimId, Iccid, PackageId};
use roamport_provider_http::test_support::TestClock;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request};

use crate::support::{TOKEN, config, fixture, json, line, order, reference, roamify, usd};

/// A server that refuses everything, so that what matters is what it was asked.
async fn refusing() -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(json(400, r#"{"error":"no"}"#))
        .mount(&server)
        .await;
    server
}

async fn only(server: &MockServer) -> Request {
    let mut requests = server.received_requests().await.unwrap();
    assert_eq!(requests.len(), 1, "{requests:?}");
    requests.remove(0)
}

/// Method, path, parameters and body in one line.
fn shown(request: &Request) -> String {
    let query = request
        .url
        .query()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    let body = String::from_utf8_lossy(&request.body);
    format!("{} {}{query} {body}", request.method, request.url.path())
        .trim_end()
        .to_owned()
}

fn iccid() -> Iccid {
    Iccid::parse("8988303000001234567").unwrap()
}

fn esim_id() -> EsimId {
    EsimId::parse("e-1").unwrap()
}

#[tokio::test]
async fn every_request_bears_the_token_and_says_json() {
    let server = refusing().await;
    let provider = roamify(&format!("{}/", server.uri()));
    provider.balance().await.unwrap_err();
    provider
        .purchase(&order(&*TestClock::new()))
        .await
        .unwrap_err();
    for request in server.received_requests().await.unwrap() {
        assert_eq!(
            request.headers["authorization"],
            format!("Bearer {TOKEN}").as_str()
        );
        assert_eq!(request.headers["content-type"], "application/json");
        assert!(request.url.path().starts_with("/api/") && !request.url.path().ends_with('/'));
    }
}

#[tokio::test]
async fn a_base_url_with_a_path_keeps_it() {
    let server = refusing().await;
    roamify(&format!("{}/roamify/", server.uri()))
        .balance()
        .await
        .unwrap_err();
    assert_eq!(shown(&only(&server).await), "GET /roamify/api/balance");
}

async fn packages(query: PackageQuery) -> String {
    let server = refusing().await;
    let config = RoamifyConfig {
        pages_in_flight: 1.try_into().unwrap(),
        ..config(&server.uri())
    };
    let provider = Roamify::new(&config, TestClock::new()).unwrap();
    provider.packages(query).next().await.unwrap().unwrap_err();
    shown(&only(&server).await)
}

#[tokio::test]
async fn every_filter_is_sent_as_the_provider_takes_it() {
    let all = PackageQuery::default();
    let start = "GET /api/esim/packages?page=1&pageSize=50";
    assert_eq!(packages(all.clone()).await, start);
    let query = PackageQuery {
        country: Some(CountryCode::parse("FR").unwrap()),
        ..all.clone()
    };
    assert_eq!(packages(query).await, format!("{start}&countryCode=FR"));
    let query = PackageQuery {
        destination_code: Some("EUR".to_owned()),
        destination_name: Some("Åland & more".to_owned()),
        geography: Some(Geography::Regional),
        days: Some(30),
        data: Some(DataSize::from_bytes(3 << 29)),
        unlimited: true,
        ..all.clone()
    };
    let rest = "countryCode=EUR&country=%C3%85land+%26+more&geography=regional&days=30&gbs=1.5&isUnlimited=true";
    assert_eq!(packages(query).await, format!("{start}&{rest}"));
    // Beside an id, other filters are ignored by the provider and applied here.
    let package = Some(PackageId::parse("esim-x").unwrap());
    let query = PackageQuery {
        package,
        days: Some(7),
        ..all
    };
    assert_eq!(packages(query).await, format!("{start}&packageId=esim-x"));
}

#[tokio::test]
async fn an_order_is_a_pure_function_of_its_request() {
    let server = refusing().await;
    let request = Purchase {
        request: PurchaseRequest::PlaceOrder {
            lines: vec![line("p-1", 2), line("p-2", 1), line("p-1", 3)],
            start_date: Some(date(2026, 12, 24)),
        },
        ..order(&*TestClock::new())
    };
    let provider = roamify(&server.uri());
    for _ in 0..2 {
        provider.purchase(&request).await.unwrap_err();
    }
    let body = r#"{"items":[{"packageId":"p-1","quantity":2},{"packageId":"p-2","quantity":1},{"packageId":"p-1","quantity":3}],"referenceId":"shop-10442"}"#;
    for sent in server.received_requests().await.unwrap() {
        assert_eq!(shown(&sent), format!("POST /api/esim/order {body}"));
    }
}

#[tokio::test]
async fn an_instant_order_goes_its_own_way_and_takes_no_travel_date() {
    let server = refusing().await;
    let config = RoamifyConfig {
        instant_orders: true,
        ..config(&server.uri())
    };
    let provider = Roamify::new(&config, TestClock::new()).unwrap();
    let request = order(&*TestClock::new());
    let dated = Purchase {
        request: PurchaseRequest::PlaceOrder {
            lines: vec![line("p", 1)],
            start_date: Some(date(2026, 12, 24)),
        },
        ..request.clone()
    };
    let error = provider.purchase(&dated).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    provider.purchase(&request).await.unwrap_err();
    assert!(shown(&only(&server).await).starts_with("POST /api/esim/order/instant {\"items\":"));
}

#[tokio::test]
async fn a_top_up_is_sent_for_the_iccid() {
    let server = refusing().await;
    let request = Purchase {
        reference: reference("t-1"),
        request: PurchaseRequest::TopUp {
            esim: esim_id(),
            iccid: Some(iccid()),
            package: PackageId::parse("p-5").unwrap(),
            unit_price: usd("5.10"),
            days: None,
        },
        window: order(&*TestClock::new()).window,
        replays: false,
    };
    roamify(&server.uri()).purchase(&request).await.unwrap_err();
    assert_eq!(
        shown(&only(&server).await),
        r#"POST /api/esim/order/topup {"iccid":"8988303000001234567","packageId":"p-5","referenceId":"t-1"}"#
    );
}

#[tokio::test]
async fn a_top_up_by_id_reads_the_iccid_first() {
    let server = MockServer::start().await;
    Mock::given(wiremock::matchers::path("/api/esim"))
        .respond_with(json(200, fixture("get-esim.by-esimId")))
        .mount(&server)
        .await;
    let id = EsimId::parse("7d0f3b52-1c84-4a6e-9f0b-5b2c8a61e901").unwrap();
    let request = Purchase {
        reference: reference("t-1"),
        request: PurchaseRequest::TopUp {
            esim: id,
            iccid: None,
            package: PackageId::parse("p-5").unwrap(),
            unit_price: usd("5.10"),
            days: None,
        },
        window: order(&*TestClock::new()).window,
        replays: false,
    };
    let error = roamify(&server.uri()).purchase(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous, "{error}");
    let sent: Vec<_> = server
        .received_requests()
        .await
        .unwrap()
        .iter()
        .map(shown)
        .collect();
    assert_eq!(
        sent,
        [
            "GET /api/esim?esimId=7d0f3b52-1c84-4a6e-9f0b-5b2c8a61e901",
            r#"POST /api/esim/order/topup {"iccid":"8988303000001234567","packageId":"p-5","referenceId":"t-1"}"#,
        ]
    );
}

#[tokio::test]
async fn a_card_number_sent_as_a_number_tops_up_exactly_that_card() {
    let server = MockServer::start().await;
    let body = r#"{"status":"success","data":{"id":71234567890123456789,"iccid":89883030000012345012,"status":"READY"}}"#;
    Mock::given(wiremock::matchers::path("/api/esim"))
        .respond_with(json(200, body))
        .mount(&server)
        .await;
    let id = EsimId::parse("71234567890123456789").unwrap();
    let request = Purchase {
        reference: reference("t-1"),
        request: PurchaseRequest::TopUp {
            esim: id,
            iccid: None,
            package: PackageId::parse("p-5").unwrap(),
            unit_price: usd("5.10"),
            days: None,
        },
        window: order(&*TestClock::new()).window,
        replays: false,
    };
    roamify(&server.uri()).purchase(&request).await.unwrap_err();
    let sent = server.received_requests().await.unwrap();
    assert_eq!(
        shown(sent.last().unwrap()),
        r#"POST /api/esim/order/topup {"iccid":"89883030000012345012","packageId":"p-5","referenceId":"t-1"}"#,
    );
}

#[tokio::test]
async fn no_card_is_topped_up_under_a_number_that_was_rounded() {
    let server = MockServer::start().await;
    let body =
        r#"{"status":"success","data":{"id":"e-1","iccid":8.988303000001235e19,"status":"READY"}}"#;
    Mock::given(wiremock::matchers::path("/api/esim"))
        .respond_with(json(200, body))
        .mount(&server)
        .await;
    let request = Purchase {
        reference: reference("t-1"),
        request: PurchaseRequest::TopUp {
            esim: EsimId::parse("e-1").unwrap(),
            iccid: None,
            package: PackageId::parse("p-5").unwrap(),
            unit_price: usd("5.10"),
            days: None,
        },
        window: order(&*TestClock::new()).window,
        replays: false,
    };
    roamify(&server.uri()).purchase(&request).await.unwrap_err();
    let sent = server.received_requests().await.unwrap();
    assert!(sent.iter().all(|request| request.method.as_str() == "GET"));
}

#[tokio::test]
async fn a_provisioning_names_the_esim_or_the_order_and_the_day() {
    for (start_date, body) in [
        (None, r#"{"esimId":"e-1"}"#),
        (
            Some(date(2026, 12, 24)),
            r#"{"esimId":"e-1","startDate":"2026-12-24"}"#,
        ),
    ] {
        let server = refusing().await;
        let esim = esim_id();
        let request = ProvisionRequest { esim, start_date };
        roamify(&server.uri())
            .provision(&request)
            .await
            .unwrap_err();
        assert_eq!(
            shown(&only(&server).await),
            format!("POST /api/esim/apply {body}")
        );
    }
}

#[tokio::test]
async fn reads_name_what_they_ask_for_once() {
    let server = refusing().await;
    let provider = roamify(&server.uri());
    let both = EsimKey::new(Some(esim_id()), Some(iccid())).unwrap();
    provider.esim(&both).await.unwrap_err();
    provider
        .esim(&EsimKey::from_iccid(iccid()))
        .await
        .unwrap_err();
    provider
        .usage(&UsageQuery {
            esim: both.clone(),
            daily: false,
        })
        .await
        .unwrap_err();
    provider
        .usage(&UsageQuery {
            esim: both,
            daily: true,
        })
        .await
        .unwrap_err();
    let filter = DestinationFilter {
        geography: Some(Geography::Global),
    };
    provider.destinations(&filter).await.unwrap_err();
    let filter = EsimFilter {
        status: Some(EsimStatus::Ready),
        reference: Some(reference("R")),
    };
    provider.esims(&filter).await.unwrap_err();
    provider.history(&iccid()).await.unwrap_err();
    provider.health().await.unwrap_err();
    provider.order_under(&reference("R")).await.unwrap_err();
    let sent: Vec<_> = server
        .received_requests()
        .await
        .unwrap()
        .iter()
        .map(shown)
        .collect();
    assert_eq!(
        sent,
        [
            "GET /api/esim?esimId=e-1",
            "GET /api/esim?iccid=8988303000001234567",
            "GET /api/esim/usage?iccid=8988303000001234567",
            "GET /api/esim/usage/details?iccid=8988303000001234567",
            "GET /api/esim/countries?geography=global",
            "GET /api/esims?limit=50&status=READY&referenceId=R",
            "GET /api/esim/history?iccid=8988303000001234567",
            "GET /api/health",
            "GET /api/esim/order?referenceId=R",
        ]
    );
}

#[tokio::test]
async fn top_up_filters_are_sent_and_applied() {
    let server = MockServer::start().await;
    let body = r#"{"status":"success","data":{"id":"e-1","iccid":"8988303000001234567"}}"#;
    Mock::given(wiremock::matchers::path("/api/esim"))
        .respond_with(json(200, body))
        .mount(&server)
        .await;
    let rows = r#"{"status":"success","data":[{"packageId":"a","day":30,"price":1,"dataAmount":5120},
        {"packageId":"b","day":7,"price":1,"dataAmount":5120},
        {"packageId":"a","day":30,"price":1,"dataAmount":5120}]}"#;
    Mock::given(wiremock::matchers::path("/api/esim/topup/packages"))
        .respond_with(json(200, rows))
        .mount(&server)
        .await;
    let query = TopUpQuery {
        days: Some(30),
        data: Some(DataSize::from_bytes(5 << 30)),
        ..TopUpQuery::all(EsimKey::from_id(esim_id()))
    };
    let found: Vec<_> = roamify(&server.uri())
        .top_up_packages(query)
        .collect()
        .await;
    let ids: Vec<_> = found
        .iter()
        .map(|package| package.as_ref().unwrap().id.as_str())
        .collect();
    assert_eq!(ids, ["a"]);
    let requests = server.received_requests().await.unwrap();
    assert_eq!(
        shown(&requests[1]),
        "GET /api/esim/topup/packages?iccid=8988303000001234567&days=30&gbs=5"
    );
}

#[derive(Debug, Default)]
struct Recording(Mutex<Vec<CallClass>>);

#[async_trait]
impl Gate for Recording {
    async fn admit(&self, class: CallClass) {
        self.0.lock().unwrap().push(class);
    }
}

#[tokio::test]
async fn the_gate_is_asked_before_each_request_and_told_what_it_is_for() {
    let server = refusing().await;
    let gate = Arc::new(Recording::default());
    let config = RoamifyConfig {
        pages_in_flight: 1.try_into().unwrap(),
        ..config(&server.uri())
    };
    let provider = Roamify::new(&config, TestClock::new())
        .unwrap()
        .with_gate(gate.clone());
    provider.balance().await.unwrap_err();
    provider
        .purchase(&order(&*TestClock::new()))
        .await
        .unwrap_err();
    let esim = esim_id();
    provider
        .provision(&ProvisionRequest {
            esim,
            start_date: None,
        })
        .await
        .unwrap_err();
    provider
        .packages(PackageQuery::default())
        .next()
        .await
        .unwrap()
        .unwrap_err();
    let one = PackageQuery::one(PackageId::parse("p").unwrap());
    provider.packages(one).next().await.unwrap().unwrap_err();
    let asked = gate.0.lock().unwrap().clone();
    assert_eq!(
        asked,
        [
            CallClass::Read,
            CallClass::Purchase,
            CallClass::Purchase,
            CallClass::Listing,
            CallClass::Read
        ]
    );
    assert_eq!(server.received_requests().await.unwrap().len(), asked.len());
}

#[test]
fn the_capabilities_say_what_roamify_promises_and_no_more() {
    let provider = roamify("http://127.0.0.1:9");
    let capabilities = provider.capabilities();
    assert_eq!(capabilities.dedup, Dedup::None);
    assert!(capabilities.finds_by_reference());
    assert_eq!(capabilities.provisioning, Provisioning::SeparateCall);
    assert_eq!(capabilities.purchase_time_out.as_secs(), 60);
    assert_eq!(
        (capabilities.lines_per_order, capabilities.esims_per_order),
        (None, None)
    );
    assert!(capabilities.top_up && capabilities.usage.unwrap().daily && capabilities.webhooks);
    assert!(!capabilities.price_guard && capabilities.cancellation.is_none());
    let config = RoamifyConfig {
        instant_orders: true,
        ..config("http://127.0.0.1:9")
    };
    let capabilities = Roamify::new(&config, TestClock::new())
        .unwrap()
        .capabilities();
    assert_eq!(capabilities.provisioning, Provisioning::WithOrder);
    assert_eq!(capabilities.purchase_time_out.as_secs(), 100);
}
