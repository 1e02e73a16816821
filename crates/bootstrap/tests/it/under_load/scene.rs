//! A sandbox in one dialect, the wire to it, and its adapter under all layers behind a gate.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::{NonZeroU16, NonZeroU32};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _};
use jiff::{SignedDuration, Timestamp};
use roamport_adapter_esim_access::{EsimAccess, EsimAccessConfig};
use roamport_adapter_roamify::{Roamify, RoamifyConfig};
use roamport_domain::provider::{
    Line, OrderLookup, PackageQuery, Purchase, PurchaseRequest, Result, SendWindow,
};
use roamport_domain::{Clock, Currency, EsimProvider, Money, Monotonic, PackageId, Reference};
use roamport_layers::{CircuitBreakerPolicy, RateLimit, RetryPolicy, Stack};
use roamport_sandbox::{Dialect, Server, World};

use super::watched_gate::WatchedGate;
use super::wire::Wire;

const TOKEN: &str = "token-of-the-load-tests";

/// How long the circuit stays open, on the clock that a test moves.
pub(crate) const PAUSE: Duration = Duration::from_secs(15);

/// Settings of a stack.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// Requests a second, one at once.
    pub(crate) per_second: u32,
    /// Whether each request is let go once the one before has arrived.
    pub(crate) in_step: bool,
    /// Tries of a read.
    pub(crate) tries: u32,
    /// Failed calls in a row that open the circuit.
    pub(crate) failures: u32,
    /// Real time for each answer.
    pub(crate) time_out: Duration,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            per_second: 1_000,
            in_step: false,
            tries: 3,
            failures: 3,
            time_out: Duration::from_secs(20),
        }
    }
}

/// A clock that stands until a test moves it.
#[derive(Debug)]
pub(crate) struct HandClock(Mutex<Duration>);

impl HandClock {
    pub(crate) fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        let start: Timestamp = "2026-11-23T09:00:00Z".parse().unwrap();
        start + SignedDuration::try_from(*self.0.lock().unwrap()).unwrap()
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::at(*self.0.lock().unwrap())
    }
}

/// Everything that a test has to do with.
pub(crate) struct Scene {
    pub(crate) dialect: Dialect,
    pub(crate) world: World,
    pub(crate) wire: Wire,
    pub(crate) gate: Arc<WatchedGate>,
    pub(crate) clock: Arc<HandClock>,
    /// The adapter under all layers.
    pub(crate) provider: Arc<dyn EsimProvider>,
    _server: Server,
}

impl Scene {
    /// A provider of some hundred packages.
    pub(crate) async fn new(dialect: Dialect, terms: Terms) -> Self {
        let clock = Arc::new(HandClock(Mutex::new(Duration::from_hours(1))));
        let world = World::builder()
            .packages(120)
            .token(TOKEN)
            .clock(Arc::clone(&clock) as _)
            .build()
            .unwrap();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server = Server::start(world.clone(), address).await.unwrap();
        let wire = Wire::to(server.address(), dialect).await;
        let rate = NonZeroU32::new(terms.per_second).unwrap();
        let gate = WatchedGate::new(RateLimit::new(rate, NonZeroU32::MIN));
        let gate = Arc::new(if terms.in_step {
            gate.in_step(wire.counter())
        } else {
            gate
        });
        let adapter = adapter(dialect, &wire.url(), terms, &clock, &gate);
        let stack = Stack::new(Arc::clone(&clock) as _)
            .with_retry(RetryPolicy {
                tries: NonZeroU32::new(terms.tries).unwrap(),
                shortest_pause: Duration::from_millis(1),
                longest_pause: Duration::from_millis(2),
                ..RetryPolicy::default()
            })
            .with_circuit_breaker(CircuitBreakerPolicy {
                failures: NonZeroU32::new(terms.failures),
                pause: PAUSE,
                ..CircuitBreakerPolicy::default()
            });
        Self {
            dialect,
            world,
            wire,
            gate,
            clock,
            provider: Arc::new(stack.over(adapter)),
            _server: server,
        }
    }

    /// An order for one eSIM, which may be sent from now on.
    pub(crate) fn order(&self, reference: &str) -> Purchase {
        let catalogue = self.world.catalogue();
        let mut packages = catalogue.packages_in(self.dialect);
        let package = packages
            .find(|package| package.by_day.is_none() && !package.travel_date)
            .unwrap();
        Purchase {
            reference: Reference::parse(reference).unwrap(),
            request: PurchaseRequest::PlaceOrder {
                lines: vec![Line {
                    package: PackageId::parse(package.id).unwrap(),
                    quantity: NonZeroU16::MIN,
                    unit_price: Money::new(package.price, Currency::USD).unwrap(),
                    days: None,
                }],
                start_date: None,
            },
            window: SendWindow::open(&*self.clock, Duration::from_mins(1)),
            replays: false,
        }
    }

    /// Buys, and leaves the answer away.
    pub(crate) async fn buy(&self, reference: &str) -> Result<()> {
        let bought = self.provider.purchase(&self.order(reference)).await;
        bought.map(|_| ())
    }

    /// Sends the same order again, as the order machine does.
    pub(crate) async fn buy_again(&self, reference: &str) -> Result<()> {
        let purchase = Purchase {
            replays: true,
            ..self.order(reference)
        };
        self.provider.purchase(&purchase).await.map(|_| ())
    }

    /// A look-up that this provider supports.
    pub(crate) fn look_up(&self, reference: &str) -> OrderLookup {
        let not_before = self.clock.now() - SignedDuration::from_hours(1);
        match self.dialect {
            Dialect::Roamify => OrderLookup::Reference {
                reference: Reference::parse(reference).unwrap(),
                not_before,
            },
            Dialect::EsimAccess => OrderLookup::Since(not_before),
        }
    }

    /// How many charges the ledger knows under a reference.
    pub(crate) fn charges(&self, reference: &str) -> usize {
        self.world.charges_for(reference).unwrap().len()
    }

    /// The whole catalogue: the ids of its packages.
    pub(crate) async fn listed(&self) -> Result<Vec<String>> {
        listed(Arc::clone(&self.provider)).await
    }

    /// The ids of all that is for sale, in the ledger's own words.
    pub(crate) fn for_sale(&self) -> Vec<String> {
        let catalogue = self.world.catalogue();
        let packages = catalogue.packages_in(self.dialect);
        let mut ids: Vec<String> = packages.map(|package| package.id).collect();
        ids.sort_unstable();
        ids
    }
}

/// The whole catalogue, in the order of its packages' ids.
pub(crate) async fn listed(provider: Arc<dyn EsimProvider>) -> Result<Vec<String>> {
    let listing = provider.packages(PackageQuery::default());
    let ids = listing.map(|package| Ok(package?.id.as_str().to_owned()));
    let mut ids: Vec<String> = ids.try_collect().await?;
    ids.sort_unstable();
    Ok(ids)
}

fn adapter(
    dialect: Dialect,
    base_url: &str,
    terms: Terms,
    clock: &Arc<HandClock>,
    gate: &Arc<WatchedGate>,
) -> Arc<dyn EsimProvider> {
    let (clock, gate) = (Arc::clone(clock) as _, Arc::clone(gate) as _);
    let time_out = terms.time_out;
    match dialect {
        Dialect::Roamify => {
            let config = RoamifyConfig {
                page_size: NonZeroU16::new(8).unwrap(),
                read_time_out: time_out,
                listing_time_out: time_out,
                purchase_time_out: time_out,
                ..RoamifyConfig::new(base_url, TOKEN)
            };
            Arc::new(Roamify::new(&config, clock).unwrap().with_gate(gate))
        }
        Dialect::EsimAccess => {
            let config = EsimAccessConfig {
                read_time_out: time_out,
                catalogue_time_out: time_out,
                purchase_time_out: time_out,
                ..EsimAccessConfig::new(base_url, TOKEN)
            };
            Arc::new(EsimAccess::new(&config, clock).unwrap().with_gate(gate))
        }
    }
}

/// Waits until `reached` says so; fails where it does not come to that.
pub(crate) async fn until(what: &str, reached: impl Fn() -> bool) {
    for _ in 0..10_000 {
        if reached() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("it never came to that: {what}");
}
