//! Mocks of the two ports, and the things they answer with.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::{FutureExt as _, StreamExt as _};
use roamport_app::order_and_provision::Wish;
use roamport_app::orders::{Placement, Terms};
use roamport_app::{Carried, Orders, OrdersParts, Quote};
use roamport_domain::esim::{EsimReport, PlanState, ProfileState};
use roamport_domain::journal::{InMemoryJournal, JournalError, MockOrderJournal, OrderJournal};
use roamport_domain::order::Event;
use roamport_domain::package::{Place, Validity, ValidityStart};
use roamport_domain::provider::{
    ErrorKind, FoundOrders, LookupSupport, MockEsimProvider, Operation, OrderLookup, ProviderOrder,
    ProviderOrderItem, ProviderOrderStatus,
};
use roamport_domain::{
    Activation, Capabilities, DataAllowance, DataSize, Destination, Esim, EsimId, OrderId, Package,
    ProviderError, ProviderName, ProviderOrderId, Reference, Secret,
};

use super::{TestClock, carry, key, package_id, parts, usd, wish};

pub(crate) const PACKAGE: &str = "esim-portugal";

pub(crate) fn name() -> ProviderName {
    ProviderName::parse("mock").unwrap()
}

/// What the usual mock can do: the least that safe ordering needs.
pub(crate) fn capabilities() -> Capabilities {
    let lookup = LookupSupport {
        by_reference: true,
        since: false,
        lag: Duration::ZERO,
    };
    Capabilities {
        lookup: Some(lookup),
        ..Capabilities::NONE
    }
}

/// A provider that answers what a test sets, and beyond that sells one package at 4.00, has
/// 100.00 in the wallet, knows no order and has no profile ready. It buys nothing by itself.
pub(crate) fn provider(set: impl FnOnce(&mut MockEsimProvider)) -> MockEsimProvider {
    let mut provider = MockEsimProvider::new();
    set(&mut provider);
    provider.expect_name().return_const(name());
    provider.expect_capabilities().return_const(capabilities());
    provider
        .expect_packages()
        .returning(|_| listed(vec![package("4.00")]));
    provider.expect_balance().returning(|| Ok(usd("100")));
    provider.expect_find_orders().returning(|_| Ok(nothing()));
    provider
}

pub(crate) fn listed(
    packages: Vec<Package>,
) -> futures::stream::BoxStream<'static, roamport_domain::provider::Result<Package>> {
    futures::stream::iter(packages).map(Ok).boxed()
}

pub(crate) fn package(price: &str) -> Package {
    let destination = Destination {
        place: Place::Country(roamport_domain::CountryCode::parse("PT").unwrap()),
        code: "PT".into(),
        name: "Portugal".into(),
    };
    Package {
        name: "3 GB - 15 Days".into(),
        ..Package::new(
            name(),
            package_id(PACKAGE),
            destination,
            DataAllowance::Fixed {
                size: DataSize::GIBIBYTE,
            },
            Validity {
                days: 15,
                starts: ValidityStart::FirstUse,
            },
            usd(price),
        )
    }
}

pub(crate) fn error(kind: ErrorKind, operation: Operation) -> ProviderError {
    let error = ProviderError::new(kind, name(), operation, "as the test has it");
    match kind {
        ErrorKind::Ambiguous | ErrorKind::InvalidResponse => error,
        ErrorKind::Unavailable => error.not_sent(),
        _ => error.turned_away(),
    }
}

/// A purchase that may or may not have happened.
pub(crate) fn lost() -> ProviderError {
    error(ErrorKind::Ambiguous, Operation::PlaceOrder)
}

pub(crate) fn nothing() -> FoundOrders {
    FoundOrders::documented(Vec::new())
}

pub(crate) fn found(orders: Vec<ProviderOrder>) -> FoundOrders {
    FoundOrders::documented(orders)
}

/// A finished order of the usual package: these eSIMs, 4.00 each, ready to be installed.
pub(crate) fn placed(id: &str, esims: &[&str]) -> ProviderOrder {
    let total = usd("4.00")
        .checked_times(u32::try_from(esims.len()).unwrap())
        .unwrap();
    ProviderOrder {
        id: ProviderOrderId::parse(id).unwrap(),
        reference: None,
        status: ProviderOrderStatus::Completed,
        total: Some(total),
        items: esims
            .iter()
            .map(|id| ProviderOrderItem {
                package: Some(package_id(PACKAGE)),
                esim: Some(EsimId::parse(*id).unwrap()),
                iccid: None,
                price: Some(usd("4.00")),
                profile: Some(ready(id)),
            })
            .collect(),
        created_at: None,
        oddities: Vec::new(),
    }
}

/// The same without the profiles: they have to be asked for.
pub(crate) fn without_profiles(mut order: ProviderOrder) -> ProviderOrder {
    for item in &mut order.items {
        item.profile = None;
    }
    order
}

/// The answer to a look-up that has these orders, each under the reference that was asked for.
pub(crate) fn ours(lookup: &OrderLookup, orders: Vec<ProviderOrder>) -> FoundOrders {
    let OrderLookup::Reference { reference, .. } = lookup else {
        return found(orders);
    };
    found(
        orders
            .into_iter()
            .map(|order| under(reference, order))
            .collect(),
    )
}

pub(crate) fn under(reference: &Reference, order: ProviderOrder) -> ProviderOrder {
    ProviderOrder {
        reference: Some(reference.clone()),
        ..order
    }
}

pub(crate) fn ready(id: &str) -> Esim {
    with_code(id, id)
}

/// The same with the activation code of this eSIM.
pub(crate) fn with_code(id: &str, code_of: &str) -> Esim {
    let matching_id = Secret::new(format!("K2-{code_of}"));
    let activation = Activation::new("smdp.example.com", matching_id).unwrap();
    esim(id, ProfileState::Ready, Some(activation))
}

pub(crate) fn esim(id: &str, profile: ProfileState, activation: Option<Activation>) -> Esim {
    Esim::from_report(EsimReport {
        activation: activation.map(Ok),
        ..EsimReport::new(
            name(),
            EsimId::parse(id).unwrap(),
            profile,
            PlanState::NotStarted,
        )
    })
}

/// When calls were made, counted from the beginning of the test.
#[derive(Clone, Debug)]
pub(crate) struct Diary {
    start: tokio::time::Instant,
    calls: Arc<Mutex<Vec<(&'static str, Duration)>>>,
}

impl Diary {
    pub(crate) fn new() -> Self {
        Self {
            start: tokio::time::Instant::now(),
            calls: Arc::default(),
        }
    }

    /// Takes a call down and says how many of its name there now are.
    pub(crate) fn note(&self, call: &'static str) -> usize {
        self.calls
            .lock()
            .unwrap()
            .push((call, self.start.elapsed()));
        self.times(call).len()
    }

    pub(crate) fn times(&self, call: &str) -> Vec<Duration> {
        let calls = self.calls.lock().unwrap();
        calls
            .iter()
            .filter(|(name, _)| *name == call)
            .map(|(_, at)| *at)
            .collect()
    }

    pub(crate) fn between(&self, call: &str, from: Duration, to: Duration) -> usize {
        self.times(call)
            .into_iter()
            .filter(|at| (from..to).contains(at))
            .count()
    }
}

/// Orders at a mocked provider, on a journal in memory.
pub(crate) struct Desk {
    pub(crate) journal: Arc<InMemoryJournal>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) parts: OrdersParts,
    pub(crate) orders: Orders,
}

impl Desk {
    pub(crate) fn at(provider: MockEsimProvider) -> Self {
        Self::with(provider, |_| {})
    }

    pub(crate) fn with(provider: MockEsimProvider, change: impl FnOnce(&mut OrdersParts)) -> Self {
        let clock = TestClock::new();
        let journal = Arc::new(InMemoryJournal::new(clock.clone()));
        let mut parts = parts(Arc::new(provider), &journal, &clock);
        change(&mut parts);
        Self {
            journal,
            clock,
            orders: Orders::new(parts.clone()),
            parts,
        }
    }

    /// The same orders kept in another journal.
    pub(crate) fn on(self, journal: impl OrderJournal) -> Self {
        let parts = OrdersParts {
            journal: Arc::new(journal),
            ..self.parts
        };
        Self {
            orders: Orders::new(parts.clone()),
            parts,
            ..self
        }
    }

    /// Records an order for so many eSIMs of the usual package.
    pub(crate) async fn order(&self, quantity: u16) -> OrderId {
        self.record(&wish(PACKAGE, quantity)).await
    }

    pub(crate) async fn record(&self, wish: &Wish) -> OrderId {
        self.record_under(wish, "shop-10442").await
    }

    pub(crate) async fn record_under(&self, wish: &Wish, key_text: &str) -> OrderId {
        recorded(&self.orders, wish, key_text).await
    }

    /// Records an order for one eSIM and works until it rests.
    pub(crate) async fn buy(&self) -> Carried {
        let id = self.order(1).await;
        carry(&self.orders, id).await
    }
}

/// Records a new order under a key.
pub(crate) async fn recorded(orders: &Orders, wish: &Wish, key_text: &str) -> OrderId {
    let quote = orders.quote(wish).await.unwrap();
    quoted(orders, &quote, key_text).await
}

/// Records a new order for a quote under a key.
pub(crate) async fn quoted(orders: &Orders, quote: &Quote, key_text: &str) -> OrderId {
    let terms = Terms {
        key: Some(key(key_text)),
        ..Terms::default()
    };
    match orders.place(quote, &terms).await.unwrap() {
        Placement::New(order) => order.id(),
        other => panic!("a new order, not {other:?}"),
    }
}

/// What a future gives that never waits.
pub(crate) fn at_once<T>(future: impl Future<Output = T>) -> T {
    future
        .now_or_never()
        .expect("a journal in memory answers at once")
}

/// The journal in memory behind a mock that refuses appends and loads where `refuse` and
/// `refuse_load` say so.
pub(crate) fn journal(
    inner: &Arc<InMemoryJournal>,
    refuse: impl Fn(&[Event]) -> Option<JournalError> + Send + 'static,
    refuse_load: impl Fn() -> Option<JournalError> + Send + 'static,
) -> MockOrderJournal {
    journal_over(MockOrderJournal::new(), inner, refuse, refuse_load)
}

/// The same behind what `mock` expects already.
pub(crate) fn journal_over(
    mut mock: MockOrderJournal,
    inner: &Arc<InMemoryJournal>,
    refuse: impl Fn(&[Event]) -> Option<JournalError> + Send + 'static,
    refuse_load: impl Fn() -> Option<JournalError> + Send + 'static,
) -> MockOrderJournal {
    macro_rules! forward {
        ($mock:ident, $expect:ident, $method:ident, |$($argument:ident),*|) => {
            let kept = inner.clone();
            $mock.$expect().returning(move |$($argument),*| at_once(kept.$method($($argument),*)));
        };
    }
    forward!(mock, expect_open, open, |order|);
    forward!(mock, expect_find, find, |key|);
    forward!(mock, expect_events, events, |id|);
    forward!(mock, expect_claim_order, claim_order, |id, owner, lease|);
    forward!(mock, expect_renew, renew, |claim, lease|);
    forward!(mock, expect_release, release, |claim|);
    forward!(mock, expect_now, now, | |);
    forward!(mock, expect_pressure, pressure, |provider|);
    let kept = inner.clone();
    mock.expect_list()
        .returning(move |filter| kept.list(filter));
    let kept = inner.clone();
    mock.expect_load().returning(move |id| match refuse_load() {
        Some(error) => Err(error),
        None => at_once(kept.load(id)),
    });
    let kept = inner.clone();
    mock.expect_append()
        .returning(move |change, due| match refuse(change.events()) {
            Some(error) => Err(error),
            None => at_once(kept.append(change, due)),
        });
    mock
}

pub(crate) fn full_disk() -> JournalError {
    JournalError::Unavailable {
        message: "the disk is full".into(),
        source: None,
    }
}
