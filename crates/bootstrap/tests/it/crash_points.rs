//! Crash points: a process is stopped before and after every append and every provider call, each
//! point in its turn, and another one carries the order on. The judge is the sandbox's ledger; the
//! sandbox charges every order that reaches it, whatever its reference.

pub(crate) mod ports;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use roamport_adapter_postgres::test_cluster::{TestCluster, TestDatabase};
use roamport_adapter_postgres::{ClockOffset, PostgresJournal, PostgresJournalConfig};
use roamport_adapter_sqlite::SqliteJournal;
use roamport_app::order_and_provision::Wish;
use roamport_app::orders::{Placement, Terms};
use roamport_app::{Halt, LeasePolicy, Orders, OrdersParts, Quote, Silent, StopSignal};
use roamport_domain::journal::{InMemoryJournal, Owner};
use roamport_domain::order::{OrderPolicy, OrderState, ProviderInstance};
use roamport_domain::provider::{Dedup, EsimKey};
use roamport_domain::{
    Account, Capabilities, Clock, EsimId, EsimProvider as _, IdempotencyKey, Monotonic, Order,
    PackageId, Secret,
};
use roamport_sandbox::switches::{Switches, Tolerance};
use roamport_sandbox::world::{ApplyTarget, Purchase};
use roamport_sandbox::{SandboxProvider, World};
use tempfile::TempDir;
use tokio::time::Instant;

use self::ports::{Kept, Points, StoppingJournal, StoppingProvider, while_time_stands};

const PACKAGE: &str = "esim-portugal-15days-3gb-all";
const TOP_UP: &str = "esim-portugal-30days-5gb-all";
/// A point that no process comes to.
const NEVER: usize = usize::MAX;

/// The time of tokio's own clock.
#[derive(Clone, Copy, Debug)]
struct PausedClock(Instant);

impl Clock for PausedClock {
    fn now(&self) -> Timestamp {
        let noon: Timestamp = "2026-11-18T12:00:00Z".parse().unwrap();
        noon + SignedDuration::try_from(self.0.elapsed()).unwrap()
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::at(self.0.elapsed())
    }
}

/// What is bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goods {
    Esim,
    TopUp,
}

/// Where the journal lies.
enum Place {
    Memory(Arc<InMemoryJournal>),
    Sqlite(TempDir),
    Postgres(TestDatabase),
}

/// One journal and one provider, and orders that processes are stopped at.
struct Bench {
    clock: PausedClock,
    world: World,
    place: Place,
    /// How far PostgreSQL's clock was moved on to keep up with the paused one.
    server_clock: (ClockOffset, Arc<Mutex<Duration>>),
    goods: Goods,
    esim: EsimId,
    /// What the provider claims, where that is not the truth.
    claims: Option<Capabilities>,
}

impl Bench {
    fn new(goods: Goods, place: impl FnOnce(PausedClock) -> Place) -> Self {
        let clock = PausedClock(Instant::now());
        let switches = Switches {
            duplicate_reference: Tolerance::Accepted,
            ..Switches::default()
        };
        let world = World::builder().packages(60).balance("10000000");
        let world = world.switches(switches).clock(Arc::new(clock));
        let world = world.build().unwrap();
        let sold = world
            .purchase(&Purchase::order(PACKAGE, 1, "sold-before"))
            .unwrap();
        let esim = sold.items[0].esim_id.clone();
        world.apply(&ApplyTarget::Esim(esim.clone()), None).unwrap();
        Self {
            clock,
            world,
            place: place(clock),
            server_clock: Default::default(),
            goods,
            esim: EsimId::parse(esim).unwrap(),
            claims: None,
        }
    }

    /// The journal as a new process opens it.
    async fn open(&self) -> Kept {
        match &self.place {
            Place::Memory(journal) => Kept {
                journal: journal.clone(),
                profiles: journal.clone(),
                accounts: journal.clone(),
                before_each: Arc::new(|| {}),
            },
            Place::Sqlite(directory) => {
                let path: PathBuf = directory.path().join("roamport.db");
                let opening = SqliteJournal::open(path, Arc::new(self.clock));
                let journal = Arc::new(while_time_stands(opening).await.unwrap());
                Kept {
                    journal: journal.clone(),
                    profiles: journal.clone(),
                    accounts: journal,
                    before_each: Arc::new(|| {}),
                }
            }
            Place::Postgres(database) => {
                let config = PostgresJournalConfig::new(Secret::new(database.url()));
                let (offset, kept_up) = self.server_clock.clone();
                let opening = PostgresJournal::connect_shifted(&config, offset.clone());
                let journal = Arc::new(while_time_stands(opening).await.unwrap());
                let clock = self.clock;
                Kept {
                    journal: journal.clone(),
                    profiles: journal.clone(),
                    accounts: journal,
                    before_each: Arc::new(move || {
                        let mut kept_up = kept_up.lock().unwrap();
                        let elapsed = clock.0.elapsed();
                        offset.pass(elapsed.saturating_sub(*kept_up));
                        *kept_up = elapsed.max(*kept_up);
                    }),
                }
            }
        }
    }

    /// A process that is stopped at a point; the signal wakes whatever sleeps in it.
    async fn process(&self, name: &str, points: &Arc<Points>) -> Orders {
        let provider = SandboxProvider::new(self.world.clone()).with_clock(Arc::new(self.clock));
        let provider = match self.claims {
            Some(claims) => provider.with_capabilities(claims),
            None => provider,
        };
        let instance = ProviderInstance {
            name: provider.name().clone(),
            base_url: "https://provider.example".to_owned(),
        };
        let journal = Arc::new(StoppingJournal::new(self.open().await, points.clone()));
        Orders::new(OrdersParts {
            provider: Arc::new(StoppingProvider::new(provider, points.clone())),
            instance,
            journal: journal.clone(),
            profiles: journal.clone(),
            accounts: journal,
            account: Account::parse("the shop's account").unwrap(),
            clock: Arc::new(self.clock),
            policy: OrderPolicy::default(),
            lease: LeasePolicy::default(),
            owner: Owner::new(name),
        })
    }

    async fn quote(&self) -> Quote {
        let (points, _) = Points::until(NEVER);
        let orders = self.process("quoting", &points).await;
        match self.goods {
            Goods::Esim => {
                let package = PackageId::parse(PACKAGE).unwrap();
                let one = std::num::NonZeroU16::MIN;
                orders.quote(&Wish::new(package, one)).await.unwrap()
            }
            Goods::TopUp => {
                let (esim, package) = (EsimKey::from_id(self.esim.clone()), TOP_UP);
                let package = PackageId::parse(package).unwrap();
                orders.quote_top_up(&esim, &package, None).await.unwrap()
            }
        }
    }

    /// One order: a process for each stop, and a last one that nothing stops.
    async fn order(&self, quote: &Quote, stops: &[usize]) -> Outcome {
        let name = format!("{:?}-stopped-at-{stops:?}", self.goods);
        let key = IdempotencyKey::parse(name).unwrap();
        let mut lives = Vec::new();
        for (number, stop_at) in stops.iter().copied().chain([NEVER]).enumerate() {
            let (points, stop) = Points::until(stop_at);
            let orders = self.process(&format!("process {number}"), &points).await;
            let working = tokio::spawn(work(orders, quote.clone(), key.clone(), stop));
            // Whoever is stopped unwinds, in this task or in one that it started.
            let worked = working.await.ok().flatten();
            lives.push((points, worked));
        }
        let (last, settled) = lives.pop().unwrap();
        let order = settled.expect("the last process settles the order");
        let charges = self
            .world
            .charges_for(order.requested().reference.as_str())
            .unwrap();
        Outcome {
            stopped: lives.iter().filter(|(points, _)| points.is_dead()).count(),
            points: last.names(),
            charges: charges.len(),
            order,
        }
    }

    /// The names of the points that an undisturbed order comes to.
    async fn undisturbed(&self, quote: &Quote) -> Vec<String> {
        let outcome = self.order(quote, &[]).await;
        assert_eq!(
            (outcome.order.state(), outcome.charges),
            (OrderState::Fulfilled, 1)
        );
        outcome.points
    }

    /// Stops a process at each point in turn.
    #[expect(
        clippy::print_stdout,
        reason = "how much was tried belongs to the result"
    )]
    async fn stop_at_each_point(&self) {
        let quote = self.quote().await;
        let points = self.undisturbed(&quote).await;
        self.assert_the_points_that_matter(&points);
        println!("{} points", points.len());
        for (number, point) in points.iter().enumerate() {
            let outcome = self.order(&quote, &[number]).await;
            assert_eq!(outcome.stopped, 1, "{point}");
            assert_eq!(outcome.charges, 1, "{point}: {:?}", outcome.order);
            let state = outcome.order.state();
            assert_eq!(state, OrderState::Fulfilled, "{point}: {:?}", outcome.order);
        }
    }

    fn assert_the_points_that_matter(&self, points: &[String]) {
        let call = match self.goods {
            Goods::Esim => "place_order",
            Goods::TopUp => "top_up",
        };
        for around in [
            "open",
            "append looked_up",
            "append placement_started",
            "append placement_settled",
            "find_orders",
            "balance",
            call,
        ] {
            for side in ["before", "after"] {
                let point = format!("{side} {around}");
                assert!(points.contains(&point), "{point} is missing in {points:?}");
            }
        }
        if self.goods == Goods::Esim {
            for point in [
                "after provision",
                "before keep",
                "after append provisioning_started",
            ] {
                assert!(points.iter().any(|known| known == point), "{points:?}");
            }
        }
    }

    /// Stops a process at each point, and the one that takes over at each of its own.
    #[expect(
        clippy::print_stdout,
        reason = "how much was tried belongs to the result"
    )]
    async fn stop_twice_at_each_point(&self) {
        let quote = self.quote().await;
        let first = self.undisturbed(&quote).await;
        let (mut runs, mut parked) = (0, 0);
        for one in 0..first.len() {
            for two in 0.. {
                let outcome = self.order(&quote, &[one, two]).await;
                let order = &outcome.order;
                let said = format!("{one} and {two}: {order:?}");
                assert!(outcome.charges <= 1, "{said}");
                match order.state() {
                    OrderState::Fulfilled => assert_eq!(outcome.charges, 1, "{said}"),
                    // Both calls that were allowed were stopped before they were made.
                    OrderState::NeedsAttention => {
                        assert_eq!(order.attempts().len(), 2, "{said}");
                        parked += 1;
                    }
                    _ => panic!("{said}"),
                }
                if outcome.stopped < 2 {
                    break;
                }
                runs += 1;
            }
        }
        println!("{runs} pairs of points, {parked} parked");
        assert!(runs > first.len() * 10, "{runs} runs");
        assert!(parked > 0 && parked < runs / 50, "{parked} of {runs}");
    }
}

/// What came of an order.
struct Outcome {
    order: Order,
    charges: usize,
    /// How many processes were stopped.
    stopped: usize,
    /// The points that the last process came to.
    points: Vec<String>,
}

/// Records the wish or finds it, and carries it on; `None` where it was stopped.
async fn work(
    orders: Orders,
    quote: Quote,
    key: IdempotencyKey,
    stop: StopSignal,
) -> Option<Order> {
    let terms = Terms {
        key: Some(key),
        ..Terms::default()
    };
    let order = match orders.place(&quote, &terms).await.unwrap() {
        Placement::New(order) | Placement::Continued(order) => order.id(),
        Placement::Unfinished(_) => unreachable!("a key was given"),
    };
    let carried = orders.carry_on(order, Arc::new(Silent), stop).await.ok()?;
    assert_eq!(carried.halt, Halt::Settled);
    Some(carried.order)
}

fn in_memory(clock: PausedClock) -> Place {
    Place::Memory(Arc::new(InMemoryJournal::new(Arc::new(clock))))
}

fn on_sqlite(_: PausedClock) -> Place {
    Place::Sqlite(tempfile::tempdir().unwrap())
}

/// `None` where there is no PostgreSQL, as one line says.
fn on_postgres() -> Option<impl FnOnce(PausedClock) -> Place> {
    let database = TestCluster::shared()?.database();
    Some(move |_| Place::Postgres(database))
}

#[tokio::test(start_paused = true)]
async fn wherever_a_purchase_is_stopped_in_memory_it_is_charged_once_and_ends() {
    Bench::new(Goods::Esim, in_memory)
        .stop_at_each_point()
        .await;
}

#[tokio::test(start_paused = true)]
async fn wherever_a_top_up_is_stopped_in_memory_it_is_charged_once_and_ends() {
    Bench::new(Goods::TopUp, in_memory)
        .stop_at_each_point()
        .await;
}

#[tokio::test(start_paused = true)]
async fn wherever_a_purchase_is_stopped_on_sqlite_it_is_charged_once_and_ends() {
    Bench::new(Goods::Esim, on_sqlite)
        .stop_at_each_point()
        .await;
}

#[tokio::test(start_paused = true)]
async fn wherever_a_top_up_is_stopped_on_sqlite_it_is_charged_once_and_ends() {
    Bench::new(Goods::TopUp, on_sqlite)
        .stop_at_each_point()
        .await;
}

#[tokio::test(start_paused = true)]
async fn wherever_a_purchase_is_stopped_on_postgres_it_is_charged_once_and_ends() {
    if let Some(place) = on_postgres() {
        Bench::new(Goods::Esim, place).stop_at_each_point().await;
    }
}

#[tokio::test(start_paused = true)]
async fn wherever_a_top_up_is_stopped_on_postgres_it_is_charged_once_and_ends() {
    if let Some(place) = on_postgres() {
        Bench::new(Goods::TopUp, place).stop_at_each_point().await;
    }
}

#[tokio::test(start_paused = true)]
async fn wherever_a_purchase_is_stopped_twice_it_is_charged_once_at_most() {
    Bench::new(Goods::Esim, in_memory)
        .stop_twice_at_each_point()
        .await;
}

#[tokio::test(start_paused = true)]
async fn wherever_a_top_up_is_stopped_twice_it_is_charged_once_at_most() {
    Bench::new(Goods::TopUp, in_memory)
        .stop_twice_at_each_point()
        .await;
}

/// The points can tell: a provider that claims to know a repetition, and charges for it, is charged
/// by.
#[tokio::test(start_paused = true)]
async fn a_provider_that_only_claims_to_know_repetitions_is_seen_to_charge_twice() {
    let mut bench = Bench::new(Goods::Esim, in_memory);
    let honest = SandboxProvider::new(bench.world.clone()).capabilities();
    bench.claims = Some(Capabilities {
        dedup: Dedup::Replays { window: None },
        lookup: None,
        ..honest
    });
    let quote = bench.quote().await;
    let points = bench.undisturbed(&quote).await;
    let mut twice = Vec::new();
    for (number, point) in points.iter().enumerate() {
        if bench.order(&quote, &[number]).await.charges == 2 {
            twice.push(point.as_str());
        }
    }
    let between_charge_and_record = ["after place_order", "before append placement_settled"];
    assert_eq!(twice, between_charge_and_record);
}
