//! A harness over the sandbox's world: the world is oracle, clock and source of troubles for any
//! provider that stands in front of it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use roamport_conformance::{ProviderHarness, Trouble};
use roamport_domain::money::Currency;
use roamport_domain::{
    Clock, EsimId, EsimProvider, Money, Monotonic, PackageId, Reference, Secret,
};
use roamport_sandbox::catalogue::CataloguePackage;
use roamport_sandbox::{Dialect, Fault, Lasting, Operation, Rule, Switches, World};
use rust_decimal::Decimal;

/// The world's token. It is looked for everywhere.
pub(crate) const TOKEN: &str = "conformance-token-9c41e7";

/// A clock that stands until it is moved.
#[derive(Debug)]
pub(crate) struct HandClock(Mutex<Duration>);

impl HandClock {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Duration::from_hours(1)))
    }

    fn since_start(&self) -> Duration {
        *self.0.lock().unwrap()
    }

    pub(crate) fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        let start: Timestamp = "2026-11-23T09:00:00Z".parse().unwrap();
        start + SignedDuration::try_from(self.since_start()).unwrap()
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::at(self.since_start())
    }
}

/// A provider in front of a sandbox's world.
#[derive(Debug)]
pub(crate) struct WorldHarness {
    pub(crate) world: World,
    clock: Arc<HandClock>,
    provider: Arc<dyn EsimProvider>,
    /// The dialect that it is reached in over HTTP; none for the face in process.
    pub(crate) dialect: Option<Dialect>,
    /// How late an order in doubt may land: less than the provider promises at most.
    pub(crate) lateness: Option<Duration>,
}

impl WorldHarness {
    /// A new world of a few hundred packages, and the provider that `face` makes of it.
    pub(crate) fn new(
        switches: Switches,
        face: impl FnOnce(&World, Arc<dyn Clock>) -> Arc<dyn EsimProvider>,
    ) -> Self {
        let clock = Arc::new(HandClock::new());
        let follows: Arc<dyn Clock> = Arc::clone(&clock) as _;
        let world = World::builder()
            .packages(480)
            .token(TOKEN)
            .clock(Arc::clone(&follows))
            .switches(switches)
            .build()
            .unwrap();
        let provider = face(&world, follows);
        Self {
            world,
            clock,
            provider,
            dialect: None,
            lateness: None,
        }
    }

    /// The same world behind what `wrap` makes of the provider.
    pub(crate) fn wrapped(
        mut self,
        wrap: impl FnOnce(Arc<dyn EsimProvider>) -> Arc<dyn EsimProvider>,
    ) -> Self {
        self.provider = wrap(self.provider);
        self
    }

    /// Everything that is for sale here.
    fn packages(&self) -> Box<dyn Iterator<Item = CataloguePackage> + '_> {
        let catalogue = self.world.catalogue();
        match self.dialect {
            Some(dialect) => catalogue.packages_in(dialect),
            None if self.world.switches().unwrap().day_passes => {
                Box::new(catalogue.packages().chain(catalogue.day_passes()))
            }
            None => Box::new(catalogue.packages()),
        }
    }

    fn sold(&self, fits: impl Fn(&CataloguePackage) -> bool) -> Option<PackageId> {
        self.packages()
            .find(fits)
            .map(|package| PackageId::parse(package.id).unwrap())
    }
}

fn dollars(amount: Decimal) -> Money {
    Money::new(amount, Currency::USD).unwrap()
}

#[async_trait]
impl ProviderHarness for WorldHarness {
    fn provider(&self) -> Arc<dyn EsimProvider> {
        Arc::clone(&self.provider)
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock) as _
    }

    async fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }

    async fn package_by_day(&self) -> Option<PackageId> {
        self.sold(|package| package.by_day.is_some() && !package.travel_date)
    }

    async fn package_needing_travel_date(&self) -> Option<PackageId> {
        self.sold(|package| package.travel_date)
    }

    async fn package_without_top_up(&self) -> Option<PackageId> {
        self.sold(|package| !package.top_up() && !package.travel_date)
    }

    async fn package_without_usage(&self) -> Option<PackageId> {
        // The second dialect tells the usage of every eSIM.
        if self.dialect == Some(Dialect::EsimAccess) {
            return None;
        }
        self.sold(|package| !package.usage_check && !package.travel_date)
    }

    async fn catalogue_size(&self) -> Option<usize> {
        Some(self.packages().count())
    }

    async fn exact_price(&self) -> Option<(PackageId, Money)> {
        // The most decimals: the second dialect bills in ten-thousandths.
        let plain = self
            .packages()
            .filter(|package| package.by_day.is_none() && !package.travel_date);
        let package = plain.max_by_key(|package| package.price.normalize().scale())?;
        Some((
            PackageId::parse(package.id).unwrap(),
            dollars(package.price),
        ))
    }

    async fn charges(&self, reference: &Reference) -> Option<Vec<Money>> {
        let charges = self.world.charges_for(reference.as_str()).unwrap();
        Some(
            charges
                .into_iter()
                .map(|charge| dollars(charge.amount))
                .collect(),
        )
    }

    async fn refunds(&self, esim: &EsimId) -> Option<Vec<Money>> {
        let esim = self.world.find_esim(esim.as_str()).unwrap()?.id;
        let refunds = self.world.refunds().unwrap();
        let own = refunds.into_iter().filter(|refund| refund.esim_id == esim);
        Some(own.map(|refund| dollars(refund.amount)).collect())
    }

    async fn move_price(&self, _package: &PackageId) -> bool {
        [Operation::Order, Operation::Topup, Operation::Packages]
            .into_iter()
            .all(|call| {
                let moved = Rule::new(call, Fault::PriceChange { percent: 50 });
                self.world.add_fault(moved.for_ever()).is_ok()
            })
    }

    async fn install(&self, esim: &EsimId) -> bool {
        self.world.install(esim.as_str()).is_ok()
    }

    async fn reuse_card_numbers(&self) -> bool {
        let mut switches = self.world.switches().unwrap();
        switches.reuse_iccids = true;
        self.world.set_switches(switches).is_ok()
    }

    async fn wallet(&self) -> Option<Money> {
        Some(dollars(self.world.balance().unwrap()))
    }

    async fn set_wallet(&self, balance: Money) -> bool {
        self.world.set_balance(balance.amount()).is_ok()
    }

    async fn make(&self, trouble: Trouble) -> bool {
        let failure = |status| (status, None, None);
        let before = |(status, body, retry_after)| Fault::StatusBeforeEffect {
            status,
            body,
            retry_after,
        };
        let after = |(status, body, retry_after)| Fault::StatusAfterEffect {
            status,
            body,
            retry_after,
        };
        let pending = Fault::PendingProfile {
            ms: Lasting::Milliseconds(60_000),
        };
        let waiting = Fault::OrderState {
            state: "PENDING".to_owned(),
            ms: Lasting::Milliseconds(60_000),
        };
        // The second dialect has one page.
        let page = u64::from(self.dialect != Some(Dialect::EsimAccess));
        let rule = match trouble {
            Trouble::LateDelivery if self.dialect == Some(Dialect::EsimAccess) => {
                let mut switches = self.world.switches().unwrap();
                switches.esim_access.allocation_ms = 60_000;
                return self.world.set_switches(switches).is_ok();
            }
            Trouble::LateDelivery => Rule::new(Operation::Order, waiting),
            Trouble::SlowOrderReply => Rule::new(Operation::Order, Fault::Stall { ms: 500 }),
            Trouble::LateOrder => {
                let Some(lateness) = self.lateness else {
                    return false;
                };
                let ms = lateness.as_millis().try_into().unwrap();
                Rule::new(Operation::Order, Fault::LateEffect { ms })
            }
            Trouble::LostCancellationReply => Rule::new(Operation::Cancel, Fault::DropAfterEffect),
            Trouble::LostOrderReply => Rule::new(Operation::Order, Fault::DropAfterEffect),
            Trouble::FailedOrderReply => Rule::new(Operation::Order, after(failure(500))),
            Trouble::UnreadableOrderReply => Rule::new(Operation::Order, Fault::BrokenJson),
            Trouble::LostOrder => Rule::new(Operation::Order, Fault::DropBeforeEffect),
            Trouble::RateLimitedOrder => {
                Rule::new(Operation::Order, Fault::RateLimit { retry_after: None })
            }
            Trouble::LostTopUpReply => Rule::new(Operation::Topup, Fault::DropAfterEffect),
            Trouble::LostProvisionReply => Rule::new(Operation::Apply, Fault::DropAfterEffect),
            Trouble::PendingProfile => Rule::new(Operation::Apply, pending),
            Trouble::FailedPage => Rule::new(Operation::Packages, before(failure(503))).skip(page),
            Trouble::UnreadablePage => Rule::new(Operation::Packages, Fault::BrokenJson).skip(page),
            Trouble::FailedRead => Rule::new(Operation::Balance, before(failure(503))),
            _ => return false,
        };
        self.world.add_fault(rule).is_ok()
    }

    fn secrets(&self) -> Vec<Secret> {
        vec![Secret::new(TOKEN)]
    }
}
