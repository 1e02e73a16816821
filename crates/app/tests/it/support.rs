//! What every test starts from: a clock on tokio's paused time, a world, a journal and its orders.

pub(crate) mod mocks;
pub(crate) mod workers;

use std::num::NonZeroU16;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use roamport_app::order_and_provision::Wish;
use roamport_app::orders::{Placement, Terms};
use roamport_app::{
    Carried, LeasePolicy, Observer, Orders, OrdersParts, Progress, Silent, StopSignal, Stopper,
};
use roamport_domain::journal::{InMemoryJournal, Owner};
use roamport_domain::money::Currency;
use roamport_domain::order::{Event, OrderPolicy, ProviderInstance};
use roamport_domain::{
    Account, Clock, EsimId, EsimProvider, IdempotencyKey, Money, Monotonic, Order, OrderId,
    PackageId,
};
use roamport_sandbox::switches::{Switches, Tolerance};
use roamport_sandbox::world::WorldBuilder;
use roamport_sandbox::{Fault, Operation, Rule, SandboxProvider, World};
use tokio::time::Instant;

pub(crate) const PORTUGAL_1GB: &str = "esim-portugal-7days-1gb-all";
pub(crate) const PORTUGAL_3GB: &str = "esim-portugal-15days-3gb-all";
pub(crate) const PORTUGAL_5GB: &str = "esim-portugal-30days-5gb-all";
pub(crate) const KENYA_TRAVEL_DATE: &str = "esim-kenya-7days-ungb-all";
pub(crate) const KENYA_NO_USAGE: &str = "esim-kenya-30days-5gb-100sms-60min-all";

/// Window and quiet period of a purchase under the default policy.
pub(crate) const WINDOW_AND_QUIET: Duration = Duration::from_mins(1 + 3);

/// Longer than anything waits: whoever is not done by then waits for ever.
const FOR_EVER: Duration = Duration::from_hours(60);

/// The time of tokio's own clock, with a wall clock on top that can be stepped.
#[derive(Debug)]
pub(crate) struct TestClock {
    start: Instant,
    stepped: Mutex<SignedDuration>,
}

impl TestClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            start: Instant::now(),
            stepped: Mutex::default(),
        })
    }

    /// Sets the wall clock forward, or back where `by` is negative.
    pub(crate) fn step(&self, by: SignedDuration) {
        *self.stepped.lock().unwrap() += by;
    }

    /// How long ago the test began.
    pub(crate) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// How long after the beginning a moment of an unstepped wall clock lies.
    pub(crate) fn since_start(moment: Timestamp) -> Duration {
        Duration::try_from(moment.duration_since(noon())).unwrap()
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        let elapsed = SignedDuration::try_from(self.elapsed()).unwrap();
        noon() + elapsed + *self.stepped.lock().unwrap()
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::at(self.elapsed())
    }
}

pub(crate) fn noon() -> Timestamp {
    "2026-11-18T12:00:00Z".parse().unwrap()
}

/// A sandbox, a journal in memory, and one process that carries orders out.
pub(crate) struct Shop {
    pub(crate) world: World,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) journal: Arc<InMemoryJournal>,
    pub(crate) parts: OrdersParts,
    pub(crate) orders: Orders,
}

impl Shop {
    /// At a provider that charges every order under one reference.
    pub(crate) fn careless() -> Self {
        Self::over(Tolerance::Accepted, |world| world)
    }

    /// At a provider that refuses a second order under one reference.
    pub(crate) fn strict() -> Self {
        Self::over(Tolerance::Refused, |world| world)
    }

    /// At a provider that charges every order, with this wallet.
    pub(crate) fn with_balance(balance: &str) -> Self {
        Self::over(Tolerance::Accepted, |world| world.balance(balance))
    }

    fn over(duplicates: Tolerance, change: impl FnOnce(WorldBuilder) -> WorldBuilder) -> Self {
        let clock = TestClock::new();
        let switches = Switches {
            duplicate_reference: duplicates,
            ..Switches::default()
        };
        // The provider's clock is another one: steps of ours do not move it.
        let world = World::builder()
            .packages(60)
            .switches(switches)
            .clock(TestClock::new());
        let world = change(world).build().unwrap();
        let provider = SandboxProvider::new(world.clone()).with_clock(clock.clone());
        let journal = Arc::new(InMemoryJournal::new(clock.clone()));
        let parts = parts(Arc::new(provider), &journal, &clock);
        Self {
            world,
            clock,
            journal,
            orders: Orders::new(parts.clone()),
            parts,
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

    /// The same process under another policy.
    pub(crate) fn under(self, change: impl FnOnce(&mut OrderPolicy)) -> Self {
        let mut parts = self.parts.clone();
        change(&mut parts.policy);
        Self {
            orders: Orders::new(parts.clone()),
            parts,
            ..self
        }
    }

    /// The next call of this kind goes wrong so.
    pub(crate) fn fault(&self, on: Operation, fault: Fault) {
        self.rule(Rule::new(on, fault));
    }

    pub(crate) fn rule(&self, rule: Rule) {
        self.world.add_fault(rule).unwrap();
    }

    /// Records an order under a key.
    pub(crate) async fn order(&self, wish: &Wish, key_text: &str) -> OrderId {
        let quote = self.orders.quote(wish).await.unwrap();
        let terms = Terms {
            key: Some(key(key_text)),
            ..Terms::default()
        };
        match self.orders.place(&quote, &terms).await.unwrap() {
            Placement::New(order) | Placement::Continued(order) => order.id(),
            Placement::Unfinished(_) => unreachable!("a key was given"),
        }
    }

    pub(crate) async fn carry(&self, id: OrderId) -> Carried {
        carry(&self.orders, id).await
    }

    /// Buys one eSIM of three gigabytes under a key, and works until the order rests.
    pub(crate) async fn buy(&self, key_text: &str) -> Order {
        let id = self.order(&wish(PORTUGAL_3GB, 1), key_text).await;
        self.carry(id).await.order
    }

    /// Charges so far.
    pub(crate) fn charges(&self) -> usize {
        self.world.ledger().unwrap().len()
    }

    /// How long after the beginning each charge was made.
    pub(crate) fn charged_at(&self) -> Vec<Duration> {
        let ledger = self.world.ledger().unwrap();
        ledger
            .iter()
            .map(|charge| TestClock::since_start(charge.at))
            .collect()
    }

    pub(crate) fn purchase_calls(&self) -> u64 {
        self.world.calls(Operation::Order) + self.world.calls(Operation::Topup)
    }

    pub(crate) async fn names_of_events(&self, id: OrderId) -> Vec<&'static str> {
        let events = self.orders.events(id).await.unwrap();
        events
            .iter()
            .map(|recorded| recorded.event.name())
            .collect()
    }
}

/// Everything that orders need, as usual.
pub(crate) fn parts(
    provider: Arc<dyn EsimProvider>,
    journal: &Arc<InMemoryJournal>,
    clock: &Arc<TestClock>,
) -> OrdersParts {
    let name = provider.name().clone();
    OrdersParts {
        provider,
        instance: ProviderInstance {
            name,
            base_url: "https://provider.example".into(),
        },
        journal: journal.clone(),
        profiles: journal.clone(),
        accounts: journal.clone(),
        account: Account::parse("the shop's account").unwrap(),
        clock: clock.clone(),
        policy: OrderPolicy::default(),
        lease: LeasePolicy::default(),
        owner: Owner::new("this process"),
    }
}

/// A process that stands still renews nothing.
pub(crate) fn frozen(parts: &mut OrdersParts) {
    parts.lease.renew_every = FOR_EVER * 100;
}

/// Works until the order rests. Nothing may wait for ever.
pub(crate) async fn carry(orders: &Orders, id: OrderId) -> Carried {
    let work = orders.carry_on(id, Arc::new(Silent), StopSignal::never());
    tokio::time::timeout(FOR_EVER, work)
        .await
        .expect("nothing waits for ever")
        .unwrap()
}

/// The same in a task of its own.
pub(crate) fn carry_beside(orders: &Orders, id: OrderId) -> tokio::task::JoinHandle<Carried> {
    let orders = orders.clone();
    tokio::spawn(async move { carry(&orders, id).await })
}

pub(crate) fn wish(package: &str, quantity: u16) -> Wish {
    Wish::new(package_id(package), count(quantity))
}

pub(crate) fn package_id(text: &str) -> PackageId {
    PackageId::parse(text).unwrap()
}

pub(crate) fn count(number: u16) -> NonZeroU16 {
    NonZeroU16::new(number).unwrap()
}

pub(crate) fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::parse(text).unwrap()
}

pub(crate) fn usd(text: &str) -> Money {
    Money::parse_amount(text, Currency::USD).unwrap()
}

pub(crate) fn only_esim(order: &Order) -> EsimId {
    let [item] = order.items() else {
        panic!("one eSIM, not {:?}", order.items())
    };
    item.esim.clone()
}

/// How many purchase calls an order's events tell of.
pub(crate) fn started(events: &[roamport_domain::journal::Recorded]) -> usize {
    let is_start = |event: &Event| matches!(event, Event::PlacementStarted { .. });
    events
        .iter()
        .filter(|recorded| is_start(&recorded.event))
        .count()
}

type Fits = fn(&Progress) -> bool;

/// Takes down what it is told; asks the work to stop at the first thing that fits.
#[derive(Debug)]
pub(crate) struct Listener {
    heard: Mutex<Vec<Progress>>,
    stop_at: Option<(Fits, Stopper)>,
}

impl Listener {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            heard: Mutex::default(),
            stop_at: None,
        })
    }

    /// One that stops the work at the first thing that fits, and the signal it gives.
    pub(crate) fn stopping(at: Fits) -> (Arc<Self>, StopSignal) {
        let (stopper, signal) = Stopper::new();
        let stop_at = Some((at, stopper));
        (
            Arc::new(Self {
                heard: Mutex::default(),
                stop_at,
            }),
            signal,
        )
    }

    pub(crate) fn heard(&self) -> Vec<Progress> {
        self.heard.lock().unwrap().clone()
    }
}

impl Observer for Listener {
    fn notice(&self, _: OrderId, progress: &Progress) {
        if let Some((at, stopper)) = &self.stop_at
            && at(progress)
        {
            stopper.stop();
        }
        self.heard.lock().unwrap().push(progress.clone());
    }
}
