//! What the tests share: a transport on a server, and requests of each kind.

use std::sync::Arc;
use std::time::Duration;

use roamport_domain::package::{Destination, Place, Validity, ValidityStart};
use roamport_domain::provider::{Operation, SendWindow};
use roamport_domain::{Clock, DataAllowance, Money, Package, PackageId, ProviderName};
use roamport_provider_http::settings::{BaseUrl, secret_header};
use roamport_provider_http::{Effect, HeaderMap, Request, Transport};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::test_support::TestClock;

/// The token of every test: no error and no `Debug` may show it.
pub(crate) const TOKEN: &str = "test-token-4711";
/// Longer than any test takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) const EFFECTS: [Effect; 2] = [Effect::Change, Effect::Purchase];

pub(crate) fn transport(base_url: &str, clock: &Arc<TestClock>) -> Transport {
    let mut headers = HeaderMap::new();
    headers.insert(
        "authorization",
        secret_header("token", "Bearer ", TOKEN).unwrap(),
    );
    let base_url = BaseUrl::parse(base_url).unwrap();
    let clock: Arc<dyn Clock> = clock.clone();
    Transport::new(base_url, headers, PATIENCE, clock).unwrap()
}

pub(crate) fn read() -> Request<'static> {
    Request::read(Operation::Balance, "/balance", PATIENCE)
}

pub(crate) fn change() -> Request<'static> {
    let body = b"{\"change\":1}".to_vec();
    Request::change(Operation::Cancel, "/cancel", body, PATIENCE)
}

/// A purchase that may be sent for a minute from now.
pub(crate) fn purchase(clock: &TestClock) -> Request<'static> {
    let window = SendWindow::open(clock, Duration::from_mins(1));
    let body = b"{\"buy\":1}".to_vec();
    Request::purchase(Operation::PlaceOrder, "/order", body, PATIENCE, window)
}

/// A request that changes so much.
pub(crate) fn with_effect(effect: Effect, clock: &TestClock) -> Request<'static> {
    match effect {
        Effect::None => read(),
        Effect::Change => change(),
        Effect::Purchase => purchase(clock),
    }
}

/// A server that answers everything with this.
pub(crate) async fn answering(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

/// A package with this id, at no price.
pub(crate) fn package(id: &str) -> Package {
    let destination = Destination {
        place: Place::Unknown,
        code: String::new(),
        name: String::new(),
    };
    Package::new(
        ProviderName::parse("acme").unwrap(),
        PackageId::parse(id).unwrap(),
        destination,
        DataAllowance::Unlimited { fair_use: None },
        Validity {
            days: 7,
            starts: ValidityStart::FirstUse,
        },
        Money::zero(roamport_domain::Currency::USD),
    )
}
