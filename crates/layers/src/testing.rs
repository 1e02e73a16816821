//! What the tests of the layers share: providers, requests, a clock and captured events.

mod troubled;

use std::io;
use std::num::NonZeroU16;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use jiff::Timestamp;
use roamport_domain::package::{Place, Validity, ValidityStart};
use roamport_domain::provider::{
    CancelRequest, CancelledEsim, DestinationFilter, ErrorKind, EsimKey, FoundOrders, Line,
    LookupSupport, MockEsimProvider, Operation, OrderLookup, PackageQuery, ProviderOrder,
    ProviderOrderStatus, ProvisionRequest, Purchase, PurchaseRequest, Refund, Result, SendWindow,
    TopUpQuery, UsageQuery, UsageSupport,
};
use roamport_domain::{
    Capabilities, Clock, CountryCode, DataAllowance, DataSize, Destination, Esim, EsimId,
    EsimProvider, Iccid, Money, Monotonic, Package, PackageId, ProviderError, ProviderName,
    ProviderOrderId, Reference, Usage,
};
use tracing_subscriber::fmt::MakeWriter;

pub(crate) use self::troubled::{Answer, Call, Troubled};

/// The card number in every request: it must appear in no event.
pub(crate) const ICCID: &str = "8988303000001234567";

/// The time of tokio's own clock, which a test pauses.
#[derive(Debug)]
pub(crate) struct TokioClock(tokio::time::Instant);

impl TokioClock {
    pub(crate) fn new() -> Self {
        Self(tokio::time::Instant::now())
    }
}

impl Clock for TokioClock {
    fn now(&self) -> Timestamp {
        let since_start = jiff::SignedDuration::try_from(self.0.elapsed()).unwrap();
        Timestamp::UNIX_EPOCH.checked_add(since_start).unwrap()
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::at(self.0.elapsed())
    }
}

/// The lines that were written while this lives, on this thread.
#[derive(Debug)]
pub(crate) struct Events {
    written: Written,
    _subscribed: tracing::subscriber::DefaultGuard,
}

#[derive(Clone, Debug, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Events {
    pub(crate) fn capture() -> Self {
        // One more subscriber that never goes: as long as there is just one, an event that is first met
        // on a thread without it is switched off on all of them.
        static ANOTHER: OnceLock<tracing::Dispatch> = OnceLock::new();
        ANOTHER.get_or_init(|| tracing::Dispatch::new(tracing_subscriber::registry()));
        let written = Written::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .without_time()
            .with_writer(written.clone())
            .finish();
        Self {
            written,
            _subscribed: tracing::subscriber::set_default(subscriber),
        }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.written.0.lock().unwrap().clone()).unwrap()
    }

    pub(crate) fn lines_with(&self, words: &str) -> Vec<String> {
        self.text()
            .lines()
            .filter(|line| line.contains(words))
            .map(str::to_owned)
            .collect()
    }
}

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Written {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// A mock that has a name and can do everything.
pub(crate) fn mock() -> MockEsimProvider {
    let mut provider = MockEsimProvider::new();
    name_and_capabilities(
        &mut provider,
        Capabilities {
            top_up: true,
            ..Capabilities::NONE
        },
    );
    provider
}

/// What a provider can do that can do everything.
pub(crate) fn everything() -> Capabilities {
    let lag = Duration::from_secs(1);
    Capabilities {
        lookup: Some(LookupSupport {
            by_reference: true,
            since: true,
            lag,
        }),
        top_up: true,
        usage: Some(UsageSupport {
            lag,
            daily: true,
            batch: NonZeroU16::new(10),
        }),
        cancellation: Some(Refund::AtOnce),
        ..Capabilities::NONE
    }
}

pub(crate) fn name_and_capabilities(provider: &mut MockEsimProvider, capabilities: Capabilities) {
    provider.expect_name().return_const(name());
    provider.expect_capabilities().return_const(capabilities);
}

pub(crate) fn name() -> ProviderName {
    ProviderName::parse("mock").unwrap()
}

/// An error whose words repeat a card number, as providers' do.
pub(crate) fn error(kind: ErrorKind, operation: Operation) -> ProviderError {
    ProviderError::new(kind, name(), operation, format!("something about {ICCID}"))
}

pub(crate) fn money(text: &str) -> Money {
    Money::parse_amount(text, Money::parse_currency("USD").unwrap()).unwrap()
}

pub(crate) fn esim_key() -> EsimKey {
    let id = EsimId::parse("E-1").unwrap();
    EsimKey::new(Some(id), Some(Iccid::parse(ICCID).unwrap())).unwrap()
}

pub(crate) fn usage_query() -> UsageQuery {
    UsageQuery {
        esim: esim_key(),
        daily: false,
    }
}

pub(crate) fn line(quantity: u16) -> Line {
    Line {
        package: PackageId::parse("P-1").unwrap(),
        quantity: NonZeroU16::new(quantity).unwrap(),
        unit_price: money("3.27"),
        days: None,
    }
}

fn window() -> SendWindow {
    SendWindow {
        opens_at: Timestamp::UNIX_EPOCH,
        closes_at: Timestamp::MAX,
        closes_at_monotonic: Monotonic::at(Duration::MAX),
    }
}

pub(crate) fn order_request(lines: Vec<Line>) -> Purchase {
    let reference = Reference::parse("REFERENCE-1").unwrap();
    Purchase {
        reference,
        request: PurchaseRequest::PlaceOrder {
            lines,
            start_date: None,
        },
        window: window(),
        replays: false,
    }
}

pub(crate) fn top_up_request() -> Purchase {
    Purchase {
        reference: Reference::parse("REFERENCE-2").unwrap(),
        request: PurchaseRequest::TopUp {
            esim: EsimId::parse("E-1").unwrap(),
            iccid: None,
            package: PackageId::parse("P-1").unwrap(),
            unit_price: money("3.27"),
            days: None,
        },
        window: window(),
        replays: false,
    }
}

pub(crate) fn look_up() -> OrderLookup {
    OrderLookup::Reference {
        reference: Reference::parse("REFERENCE-1").unwrap(),
        not_before: Timestamp::UNIX_EPOCH,
    }
}

pub(crate) fn provision_request() -> ProvisionRequest {
    ProvisionRequest {
        esim: EsimId::parse("E-1").unwrap(),
        start_date: None,
    }
}

pub(crate) fn placed() -> ProviderOrder {
    ProviderOrder {
        id: ProviderOrderId::parse("ORDER-1").unwrap(),
        reference: None,
        status: ProviderOrderStatus::Completed,
        total: None,
        items: Vec::new(),
        created_at: None,
        oddities: Vec::new(),
    }
}

/// A package with this id.
pub(crate) fn package(id: &str) -> Package {
    let place = Place::Country(CountryCode::parse("FR").unwrap());
    let destination = Destination {
        place,
        code: "FR".to_owned(),
        name: "France".to_owned(),
    };
    Package {
        name: "France 1 GB".to_owned(),
        ..Package::new(
            name(),
            PackageId::parse(id).unwrap(),
            destination,
            DataAllowance::Fixed {
                size: DataSize::GIBIBYTE,
            },
            Validity {
                days: 7,
                starts: ValidityStart::FirstUse,
            },
            money("3.27"),
        )
    }
}

/// A provider whose wallet and orders answer only after a while; it has nothing else.
#[derive(Debug)]
pub(crate) struct Slow {
    inner: MockEsimProvider,
    delay: Duration,
}

impl Slow {
    pub(crate) fn new(delay: Duration) -> Self {
        Self {
            inner: mock(),
            delay,
        }
    }
}

#[async_trait]
impl EsimProvider for Slow {
    fn name(&self) -> &ProviderName {
        self.inner.name()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn destinations(&self, filter: &DestinationFilter) -> Result<Vec<Destination>> {
        self.inner.destinations(filter).await
    }

    fn packages(&self, query: PackageQuery) -> BoxStream<'static, Result<Package>> {
        self.inner.packages(query)
    }

    fn top_up_packages(&self, query: TopUpQuery) -> BoxStream<'static, Result<Package>> {
        self.inner.top_up_packages(query)
    }

    async fn find_orders(&self, lookup: &OrderLookup) -> Result<FoundOrders> {
        self.inner.find_orders(lookup).await
    }

    async fn esim(&self, key: &EsimKey) -> Result<Esim> {
        self.inner.esim(key).await
    }

    async fn usage(&self, query: &UsageQuery) -> Result<Usage> {
        self.inner.usage(query).await
    }

    async fn usage_batch(&self, esims: &[EsimKey]) -> Result<Vec<Option<Usage>>> {
        self.inner.usage_batch(esims).await
    }

    async fn balance(&self) -> Result<Money> {
        tokio::time::sleep(self.delay).await;
        Ok(money("1"))
    }

    async fn provision(&self, request: &ProvisionRequest) -> Result<Esim> {
        self.inner.provision(request).await
    }

    async fn cancel(&self, request: &CancelRequest) -> Result<CancelledEsim> {
        self.inner.cancel(request).await
    }

    async fn purchase(&self, purchase: &Purchase) -> Result<ProviderOrder> {
        if purchase.request.operation() == Operation::TopUp {
            return self.inner.purchase(purchase).await;
        }
        tokio::time::sleep(self.delay).await;
        Ok(placed())
    }
}
