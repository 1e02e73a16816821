//! What the tests share: a provider on a server, requests and fixtures.

use std::num::NonZeroU16;
use std::time::Duration;

use roamport_adapter_roamify::{Roamify, RoamifyConfig};
use roamport_domain::provider::{Line, Purchase, PurchaseRequest, SendWindow};
use roamport_domain::{Clock, Currency, Money, PackageId, Reference};
use roamport_provider_http::test_support::TestClock;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// The token of every test: no error and no `Debug` may show it.
pub(crate) const TOKEN: &str = "test-token-4711";

pub(crate) fn config(base_url: &str) -> RoamifyConfig {
    RoamifyConfig::new(base_url, TOKEN)
}

/// The provider on this base URL.
pub(crate) fn roamify(base_url: &str) -> Roamify {
    Roamify::new(&config(base_url), TestClock::new()).unwrap()
}

/// The text of a sample body.
pub(crate) fn fixture(name: &str) -> String {
    let path = format!(
        "{}/../../fixtures/roamify/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub(crate) fn json(status: u16, body: impl Into<String>) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body.into(), "application/json; charset=utf-8")
}

/// A server that answers one call with one body.
pub(crate) async fn serving(verb: &str, at: &str, answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method(verb))
        .and(path(at))
        .respond_with(answer)
        .mount(&server)
        .await;
    server
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
        unit_price: usd("3.27"),
        days: None,
    }
}

/// An order that may be sent for a minute from now.
pub(crate) fn order(clock: &dyn Clock) -> Purchase {
    Purchase {
        reference: reference("shop-10442"),
        request: PurchaseRequest::PlaceOrder {
            lines: vec![line("esim-portugal-15days-3gb-all", 2)],
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
