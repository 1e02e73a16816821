//! A world with a ledger, a journal, and processes that carry orders out: in process or over HTTP.

mod clock;
mod work;

use std::net::{Ipv4Addr, SocketAddr};
use std::num::{NonZeroU16, NonZeroU32};
use std::sync::Arc;
use std::time::Duration;

use roamport_adapter_roamify::{Roamify, RoamifyConfig};
use roamport_adapter_sqlite::SqliteJournal;
use roamport_app::order_and_provision::Wish;
use roamport_app::{LeasePolicy, Orders, OrdersParts, Quote};
use roamport_domain::journal::{InMemoryJournal, Owner};
use roamport_domain::order::{OrderPolicy, OrderState, ProviderInstance};
use roamport_domain::provider::EsimKey;
use roamport_domain::{Account, EsimId, EsimProvider, Order, OrderId, PackageId};
use roamport_layers::{CircuitBreakerPolicy, RateLimit, RetryPolicy, Stack};
use roamport_sandbox::switches::{Switches, Tolerance};
use roamport_sandbox::{
    Charge, ChargeKind, Fault, Operation, Rule, SandboxProvider, Server, World,
};
use tempfile::TempDir;

pub(crate) use self::clock::TestClock;
pub(crate) use self::work::{
    Once, carry, carry_beside, carry_telling, frozen, on, place, purchasing, ready, until,
};
use super::ports::Quick;

pub(crate) const PACKAGE: &str = "esim-portugal-15days-3gb-all";
const TOKEN: &str = "token-of-bad-luck";

/// What is bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goods {
    Esims,
    TopUp,
}

impl Goods {
    pub(crate) const BOTH: [Self; 2] = [Self::Esims, Self::TopUp];

    /// The call that costs money.
    pub(crate) const fn call(self) -> Operation {
        match self {
            Self::Esims => Operation::Order,
            Self::TopUp => Operation::Topup,
        }
    }

    const fn kind(self) -> ChargeKind {
        match self {
            Self::Esims => ChargeKind::Order,
            Self::TopUp => ChargeKind::Topup,
        }
    }
}

fn account() -> Account {
    Account::parse("the shop's account").unwrap()
}

/// A provider that charges every order it is sent, a journal, and one process that buys.
pub(crate) struct Shop {
    pub(crate) goods: Goods,
    pub(crate) world: World,
    /// The process's clocks, and the journal's.
    pub(crate) clock: Arc<TestClock>,
    pub(crate) parts: OrdersParts,
    pub(crate) orders: Orders,
    esim: Option<EsimId>,
    served: Option<Served>,
}

/// What a shop over HTTP keeps alive.
struct Served {
    _server: Server,
    directory: TempDir,
}

impl Shop {
    /// On paused time, with the times of production and a journal in memory.
    pub(crate) async fn in_process(goods: Goods) -> Self {
        Self::in_process_with(goods, |_| {}).await
    }

    /// The same under another policy.
    pub(crate) async fn in_process_with(
        goods: Goods,
        change: impl FnOnce(&mut OrderPolicy),
    ) -> Self {
        let (clock, world) = (TestClock::new(), world());
        let provider = SandboxProvider::new(world.clone()).with_clock(clock.clone());
        let journal = Arc::new(InMemoryJournal::new(clock.clone()));
        let mut policy = OrderPolicy::default();
        change(&mut policy);
        let parts = OrdersParts {
            instance: instance(&provider),
            provider: Arc::new(provider),
            journal: journal.clone(),
            profiles: journal.clone(),
            accounts: journal,
            account: account(),
            clock: clock.clone(),
            policy,
            lease: LeasePolicy::default(),
            owner: Owner::new("this process"),
        };
        Self::open(goods, world, clock, parts, None).await
    }

    /// Over HTTP, the adapter and all layers, with a journal on SQLite; all times are short.
    pub(crate) async fn over_http(goods: Goods) -> Self {
        let (clock, world) = (TestClock::new(), world());
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server = Server::start(world.clone(), address).await.unwrap();
        let provider = layered(&server.base_url(), &clock);
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("roamport.db");
        let journal = SqliteJournal::open(path, clock.clone()).await.unwrap();
        let journal = Arc::new(journal);
        let parts = OrdersParts {
            instance: instance(&provider),
            provider,
            journal: journal.clone(),
            profiles: journal.clone(),
            accounts: journal,
            account: account(),
            clock: clock.clone(),
            policy: quick_policy(),
            lease: LeasePolicy {
                lease: Duration::from_millis(600),
                renew_every: Duration::from_millis(150),
            },
            owner: Owner::new("this process"),
        };
        let alive = Served {
            _server: server,
            directory,
        };
        Self::open(goods, world, clock, parts, Some(alive)).await
    }

    async fn open(
        goods: Goods,
        world: World,
        clock: Arc<TestClock>,
        parts: OrdersParts,
        served: Option<Served>,
    ) -> Self {
        let mut shop = Self {
            goods: Goods::Esims,
            world,
            clock,
            orders: Orders::new(parts.clone()),
            parts,
            esim: None,
            served,
        };
        if goods == Goods::TopUp {
            // The eSIM that is topped up was bought before the bad luck begins.
            let order = shop.buy("the eSIM").await;
            assert_eq!(order.state(), OrderState::Fulfilled);
            shop.esim = Some(order.items()[0].esim.clone());
            shop.goods = goods;
        }
        shop
    }

    /// The same with other parts.
    pub(crate) fn with(self, parts: OrdersParts) -> Self {
        Self {
            orders: Orders::new(parts.clone()),
            parts,
            ..self
        }
    }

    /// Another process on the same journal, at the same provider.
    pub(crate) fn process(&self, owner: &str, change: impl FnOnce(&mut OrdersParts)) -> Orders {
        let mut parts = OrdersParts {
            owner: Owner::new(owner),
            ..self.parts.clone()
        };
        change(&mut parts);
        Orders::new(parts)
    }

    /// Another handle on the journal's file, as another process would have it.
    pub(crate) async fn another_handle(&self) -> Arc<SqliteJournal> {
        let path = self.database();
        let journal = SqliteJournal::open(path, self.clock.clone()).await;
        Arc::new(journal.unwrap())
    }

    /// The journal's file.
    pub(crate) fn database(&self) -> std::path::PathBuf {
        let served = self.served.as_ref().expect("the shop is over HTTP");
        served.directory.path().join("roamport.db")
    }

    /// The next purchase call goes wrong so.
    pub(crate) fn fault(&self, fault: Fault) {
        self.rule(Rule::new(self.goods.call(), fault));
    }

    pub(crate) fn rule(&self, rule: Rule) {
        self.world.add_fault(rule).unwrap();
    }

    /// What is bought: one eSIM, or data for the one that is there.
    pub(crate) async fn quote(&self, orders: &Orders) -> Quote {
        let package = PackageId::parse(PACKAGE).unwrap();
        let quote = match &self.esim {
            None => orders.quote(&Wish::new(package, NonZeroU16::MIN)).await,
            Some(esim) => {
                let esim = EsimKey::from_id(esim.clone());
                orders.quote_top_up(&esim, &package, None).await
            }
        };
        quote.unwrap()
    }

    /// Records an order under a key.
    pub(crate) async fn order(&self, key: &str) -> OrderId {
        let quote = self.quote(&self.orders).await;
        place(&self.orders, &quote, key).await
    }

    /// Buys under a key, and works until the order rests.
    pub(crate) async fn buy(&self, key: &str) -> Order {
        let id = self.order(key).await;
        carry(&self.orders, id).await.order
    }

    /// The order as the journal has it.
    pub(crate) async fn now(&self, id: OrderId) -> Order {
        self.orders.order(id).await.unwrap()
    }

    /// The judge: every charge for what is bought here.
    pub(crate) fn charges(&self) -> Vec<Charge> {
        let ledger = self.world.ledger().unwrap();
        let kind = self.goods.kind();
        ledger
            .into_iter()
            .filter(|charge| charge.kind == kind)
            .collect()
    }

    /// How often the provider was sent the call that costs money.
    pub(crate) fn calls(&self) -> u64 {
        self.world.calls(self.goods.call())
    }

    /// How long after an attempt's beginning it may be sent again at the earliest.
    pub(crate) fn window_and_quiet(&self) -> Duration {
        let capabilities = self.parts.provider.capabilities();
        capabilities.purchase_time_out + self.parts.policy.quiet_period_for(&capabilities)
    }

    /// The charge came as many times as wanted, and one order of ours stands for it.
    #[track_caller]
    pub(crate) fn check_bought_once(&self, order: &Order, calls: u64, what: &str) {
        let goods = self.goods;
        let attention: Vec<_> = order.open_attention().collect();
        assert_eq!(
            (order.state(), attention.len()),
            (OrderState::Fulfilled, 0),
            "{goods:?}, {what}: {attention:?}"
        );
        let charges = self.charges();
        assert_eq!(
            (charges.len(), self.calls()),
            (1, calls),
            "{goods:?}, {what}: {charges:?}"
        );
        assert_eq!(
            order.placed().unwrap().id.as_str(),
            charges[0].order_id,
            "{goods:?}, {what}"
        );
        let ready = ready(order);
        let expected = usize::from(goods == Goods::Esims);
        assert_eq!(ready, expected, "{goods:?}, {what}: eSIMs that are ready");
    }

    pub(crate) async fn names_of_events(&self, id: OrderId) -> Vec<&'static str> {
        let events = self.orders.events(id).await.unwrap();
        events
            .iter()
            .map(|recorded| recorded.event.name())
            .collect()
    }
}

fn world() -> World {
    let switches = Switches {
        // The worst of providers: it charges a second order under one reference.
        duplicate_reference: Tolerance::Accepted,
        ..Switches::default()
    };
    World::builder()
        .packages(60)
        .token(TOKEN)
        .switches(switches)
        // The provider's clock is another one: steps of ours do not move it.
        .clock(TestClock::new())
        .build()
        .unwrap()
}

fn layered(base_url: &str, clock: &Arc<TestClock>) -> Arc<dyn EsimProvider> {
    let config = RoamifyConfig {
        purchase_time_out: Duration::from_millis(400),
        ..RoamifyConfig::new(base_url, TOKEN)
    };
    let often = NonZeroU32::new(10_000).unwrap();
    let roamify = Roamify::new(&config, clock.clone())
        .unwrap()
        .with_gate(Arc::new(RateLimit::new(often, often)));
    let retry = RetryPolicy {
        shortest_pause: Duration::from_millis(1),
        longest_pause: Duration::from_millis(2),
        ..RetryPolicy::default()
    };
    let circuit_breaker = CircuitBreakerPolicy {
        pause: Duration::from_millis(20),
        ..CircuitBreakerPolicy::default()
    };
    let stack = Stack::new(clock.clone())
        .with_circuit_breaker(circuit_breaker)
        .with_retry(retry);
    Arc::new(stack.over(Quick(roamify)))
}

/// Times as short as a test can afford, in the proportions of production.
fn quick_policy() -> OrderPolicy {
    OrderPolicy {
        place_within: Duration::from_secs(30),
        quiet_period: Duration::from_millis(400),
        look_up_waits: vec![Duration::from_millis(20)],
        reconcile_for: Duration::from_secs(30),
        profile_waits: vec![Duration::from_millis(20)],
        ..OrderPolicy::default()
    }
}

fn instance(provider: &dyn EsimProvider) -> ProviderInstance {
    ProviderInstance {
        name: provider.name().clone(),
        base_url: "https://provider.example".into(),
    }
}
