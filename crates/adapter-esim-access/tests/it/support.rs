//! What the tests share: a provider on a server, requests and fixtures.

use std::num::NonZeroU16;
use std::time::Duration;

use roamport_adapter_esim_access::{EsimAccess, EsimAccessConfig};
use roamport_domain::provider::{EsimKey, Line, Purchase, PurchaseRequest, SendWindow};
use roamport_domain::{Clock, Currency, EsimId, Iccid, Money, PackageId, Reference};
use roamport_provider_http::test_support::TestClock;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// The access code of every test: no error and no `Debug` may show it.
pub(crate) const CODE: &str = "test-code-4711";
/// The secret key of the tests that sign.
pub(crate) const KEY: &str = "test-key-0815";

/// The first eSIM of the samples, and its card.
pub(crate) const ESIM: &str = "26112009140011";
pub(crate) const ICCID: &str = "8999900000005200015";
/// The order of the samples, and its reference.
pub(crate) const ORDER: &str = "B26112009140001";
pub(crate) const REFERENCE: &str = "ref-01JD8Z6W3N7Q4V";

/// Where every path begins.
pub(crate) const API: &str = "/api/v1/open";

pub(crate) fn config(base_url: &str) -> EsimAccessConfig {
    EsimAccessConfig::new(base_url, CODE)
}

/// The provider on this base URL.
pub(crate) fn esim_access(base_url: &str) -> EsimAccess {
    EsimAccess::new(&config(base_url), TestClock::new()).unwrap()
}

pub(crate) fn esim_id() -> EsimId {
    EsimId::parse(ESIM).unwrap()
}

pub(crate) fn by_id() -> EsimKey {
    EsimKey::from_id(esim_id())
}

pub(crate) fn by_iccid() -> EsimKey {
    EsimKey::from_iccid(Iccid::parse(ICCID).unwrap())
}

/// The text of a sample body.
pub(crate) fn fixture(name: &str) -> String {
    let path = format!(
        "{}/../../fixtures/esim-access/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub(crate) fn json(status: u16, body: impl Into<String>) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body.into(), "application/json; charset=utf-8")
}

/// An envelope that says that the call failed.
pub(crate) fn refusal(code: &str) -> ResponseTemplate {
    json(
        200,
        format!(r#"{{"success":false,"errorCode":"{code}","errorMsg":"words","obj":null}}"#),
    )
}

/// Another answer of a server.
pub(crate) async fn also(server: &MockServer, at: &str, answer: ResponseTemplate) {
    Mock::given(method("POST"))
        .and(path(format!("{API}{at}")))
        .respond_with(answer)
        .mount(server)
        .await;
}

/// A server that answers one call with one body.
pub(crate) async fn serving(at: &str, answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    also(&server, at, answer).await;
    server
}

/// A server that answers one call with a sample.
pub(crate) async fn sample(at: &str, name: &str) -> MockServer {
    serving(at, json(200, fixture(name))).await
}

/// Path and body of all that a server was asked.
pub(crate) async fn asked(server: &MockServer) -> Vec<String> {
    let requests = server.received_requests().await.unwrap();
    requests
        .iter()
        .map(|request| {
            assert_eq!(request.method.as_str(), "POST");
            let path = request.url.path();
            let body = String::from_utf8_lossy(&request.body);
            format!("{} {body}", path.strip_prefix(API).unwrap_or(path))
        })
        .collect()
}

pub(crate) fn usd(text: &str) -> Money {
    Money::parse_amount(text, Currency::USD).unwrap()
}

pub(crate) fn reference(text: &str) -> Reference {
    Reference::parse(text).unwrap()
}

pub(crate) fn line(package: &str, quantity: u16) -> Line {
    Line {
        package: PackageId::parse(package).unwrap(),
        quantity: NonZeroU16::new(quantity).unwrap(),
        unit_price: usd("1.90"),
        days: None,
    }
}

/// An order that may be sent for a minute from now.
pub(crate) fn order(clock: &dyn Clock) -> Purchase {
    Purchase {
        reference: reference(REFERENCE),
        request: PurchaseRequest::PlaceOrder {
            lines: vec![line("PINV01ES3", 2)],
            start_date: None,
        },
        window: SendWindow::open(clock, Duration::from_mins(1)),
        replays: false,
    }
}

/// The lines of an order, to change.
pub(crate) fn lines(purchase: &mut Purchase) -> &mut Vec<Line> {
    match &mut purchase.request {
        PurchaseRequest::PlaceOrder { lines, .. } => lines,
        PurchaseRequest::TopUp { .. } => panic!("a top-up has no lines"),
    }
}

/// A top-up of the samples.
pub(crate) fn top_up(clock: &dyn Clock) -> Purchase {
    Purchase {
        reference: reference("ref-01JD8Z6W3N7Q60"),
        request: PurchaseRequest::TopUp {
            esim: esim_id(),
            iccid: None,
            package: PackageId::parse("TOPUP_PINV05ES1").unwrap(),
            unit_price: usd("0.75"),
            days: None,
        },
        window: order(clock).window,
        replays: false,
    }
}
