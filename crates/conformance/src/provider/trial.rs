//! What the cases have in common: list, buy, wait for a delivery, generate, count the charges.

use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::BoxStream;
use roamport_domain::provider::{
    ErrorKind, EsimKey, EsimProviderExt as _, FoundOrders, Line, OrderLookup, PackageQuery,
    ProviderOrder, ProvisionRequest, Provisioning, Purchase, PurchaseRequest, Result as Answer,
    SendWindow, TopUpQuery,
};
use roamport_domain::{
    Capabilities, Clock, Esim, EsimId, EsimProvider, Money, Monotonic, Package, PackageId,
    ProviderOrderId, Reference,
};

use crate::verdict::{OrBroken as _, skipped};
use crate::{ProviderHarness, Trouble, Verdict};

/// How often a delivery or a profile is asked for before the case gives up, and the pause between.
const PATIENCE: u32 = 60;
const PAUSE: Duration = Duration::from_secs(30);

/// One case at work.
pub(super) struct Trial<'a> {
    pub(super) harness: &'a dyn ProviderHarness,
    pub(super) provider: Arc<dyn EsimProvider>,
    pub(super) capabilities: Capabilities,
    pub(super) clock: Arc<dyn Clock>,
}

/// An order that went well.
pub(super) struct Bought {
    pub(super) reference: Reference,
    pub(super) order: ProviderOrder,
}

impl Bought {
    /// The ids of its eSIMs.
    pub(super) fn esims(&self) -> Vec<EsimId> {
        let items = self.order.items.iter();
        match items
            .map(|item| item.esim.clone())
            .collect::<Option<Vec<_>>>()
        {
            Some(esims) => esims,
            None => panic!("a delivered order has an item that names no eSIM"),
        }
    }
}

impl<'a> Trial<'a> {
    pub(super) fn of(harness: &'a dyn ProviderHarness) -> Self {
        let provider = harness.provider();
        let capabilities = provider.capabilities();
        Self {
            harness,
            capabilities,
            clock: harness.clock(),
            provider,
        }
    }

    /// All packages of a query; an error is a broken promise.
    pub(super) async fn packages(&self, query: PackageQuery) -> Vec<Package> {
        listed(self.provider.packages(query))
            .await
            .or_broken("a listing of packages")
    }

    /// All top-ups of a query; an error is a broken promise.
    pub(super) async fn top_ups(&self, query: TopUpQuery) -> Vec<Package> {
        listed(self.provider.top_up_packages(query))
            .await
            .or_broken("a listing of top-ups")
    }

    /// The harness's ordinary package.
    pub(super) async fn ordinary(&self) -> Verdict<Package> {
        match self.harness.a_package().await {
            Some(id) => Ok(self.sold(&id).await),
            None => skipped("the harness names no ordinary package"),
        }
    }

    /// The package of this id.
    pub(super) async fn sold(&self, id: &PackageId) -> Package {
        let found = self
            .provider
            .find_package(id)
            .await
            .or_broken("finding a package by its id");
        match found {
            Some(package) => package,
            None => panic!("package {id} is for sale and was not found by its id"),
        }
    }

    /// What is in the wallet; an error is a broken promise.
    pub(super) async fn balance(&self) -> Money {
        self.provider
            .balance()
            .await
            .or_broken("reading the wallet")
    }

    /// How long a new order may stay invisible to look-ups.
    pub(super) fn lag(&self) -> Duration {
        self.capabilities
            .lookup
            .map_or(Duration::ZERO, |support| support.lag)
    }

    /// Asks the harness for this trouble.
    pub(super) async fn trouble(&self, trouble: Trouble) -> Verdict {
        if self.harness.make(trouble).await {
            return Ok(());
        }
        skipped(format!("the harness cannot make {trouble:?}"))
    }

    /// A window that opens now.
    pub(super) fn window(&self) -> SendWindow {
        SendWindow::open(&*self.clock, self.capabilities.purchase_time_out)
    }

    /// Windows in which nothing may be sent, each with what is wrong with it.
    pub(super) fn closed_windows(&self) -> [(&'static str, SendWindow); 3] {
        let open = self.window();
        let earlier = open.opens_at - jiff::SignedDuration::from_secs(60);
        let later = open.opens_at + jiff::SignedDuration::from_secs(60);
        let no_time = Monotonic::at(Duration::ZERO);
        [
            (
                "over on the wall clock",
                SendWindow {
                    opens_at: earlier,
                    closes_at: earlier,
                    ..open
                },
            ),
            (
                "over on the process's clock",
                SendWindow {
                    closes_at_monotonic: no_time,
                    ..open
                },
            ),
            (
                "not begun",
                SendWindow {
                    opens_at: later,
                    closes_at: later,
                    ..open
                },
            ),
        ]
    }

    /// A line for so many of a package, for the fewest days where it is sold by the day.
    pub(super) fn line(package: &Package, quantity: u16) -> Line {
        Line {
            package: package.id.clone(),
            quantity: NonZeroU16::new(quantity).expect("a case orders at least one"),
            unit_price: package.price,
            days: package.by_day.map(|range| range.least),
        }
    }

    /// A line for a package that nobody sells, at the price of one that somebody does.
    pub(super) fn unknown_line(&self, like: &Package) -> Line {
        Line {
            package: self.harness.unknown_package(),
            ..Self::line(like, 1)
        }
    }

    /// A request for these lines under a new reference, to be sent now.
    pub(super) fn request(&self, lines: Vec<Line>) -> Purchase {
        let reference = self.harness.reference();
        Purchase {
            reference,
            request: PurchaseRequest::PlaceOrder {
                lines,
                start_date: None,
            },
            window: self.window(),
            replays: false,
        }
    }

    /// A request for a top-up of an eSIM whose id is known, under a new reference, to be sent now.
    pub(super) fn top_up_request(&self, esim: &EsimKey, package: &Package) -> Purchase {
        Purchase {
            reference: self.harness.reference(),
            request: PurchaseRequest::TopUp {
                esim: esim.id().cloned().expect("a case names the id"),
                iccid: esim.iccid().cloned(),
                package: package.id.clone(),
                unit_price: package.price,
                days: package.by_day.map(|range| range.least),
            },
            window: self.window(),
            replays: false,
        }
    }

    /// Buys so many of a package and waits until the order names its eSIMs.
    pub(super) async fn buy(&self, package: &Package, quantity: u16) -> Bought {
        self.buy_lines(vec![Self::line(package, quantity)]).await
    }

    /// Buys these lines and waits until the order names its eSIMs.
    pub(super) async fn buy_lines(&self, lines: Vec<Line>) -> Bought {
        let request = self.request(lines);
        let placed = self
            .provider
            .purchase(&request)
            .await
            .or_broken("an ordinary order");
        let order = self.delivered(placed).await;
        Bought {
            reference: request.reference,
            order,
        }
    }

    /// Reads an order until it has items or will never have any.
    async fn delivered(&self, placed: ProviderOrder) -> ProviderOrder {
        let there = |order: &ProviderOrder| !order.items.is_empty() || order.status.is_final();
        self.read_until(placed, there).await
    }

    /// Reads an order until it is final.
    pub(super) async fn completed(&self, placed: ProviderOrder) -> ProviderOrder {
        let order = self
            .read_until(placed, |order| order.status.is_final())
            .await;
        assert!(
            order.status.is_final(),
            "order {} is still {:?} after half an hour",
            order.id,
            order.status
        );
        order
    }

    async fn read_until(
        &self,
        placed: ProviderOrder,
        enough: impl Fn(&ProviderOrder) -> bool,
    ) -> ProviderOrder {
        let lookup = OrderLookup::Id(placed.id.clone());
        let mut order = placed;
        for _ in 0..PATIENCE {
            if enough(&order) {
                break;
            }
            self.harness.pass(PAUSE).await;
            let found = self.find(&lookup).await;
            order = match <[ProviderOrder; 1]>::try_from(found.orders) {
                Ok([order]) => order,
                Err(found) => panic!("{} orders have one id", found.len()),
            };
        }
        order
    }

    /// Makes a purchase that must go well.
    pub(super) async fn purchase(&self, purchase: &Purchase, doing: &str) -> ProviderOrder {
        self.provider.purchase(purchase).await.or_broken(doing)
    }

    /// Reads an eSIM of ours.
    pub(super) async fn esim(&self, key: &EsimKey) -> Esim {
        let esim = self.provider.esim(key).await;
        esim.or_broken("reading an eSIM of ours")
    }

    /// Looks orders up; an error is a broken promise.
    pub(super) async fn find(&self, lookup: &OrderLookup) -> FoundOrders {
        self.provider
            .find_orders(lookup)
            .await
            .or_broken("a look-up of orders")
    }

    /// The look-up by a reference that this case drew.
    pub(super) fn by_reference(&self, reference: &Reference) -> OrderLookup {
        let not_before = self.clock.now() - jiff::SignedDuration::from_hours(1);
        OrderLookup::Reference {
            reference: reference.clone(),
            not_before,
        }
    }

    /// The ids of all orders under a reference, once the provider's lag is over. The answer has to
    /// be complete.
    pub(super) async fn ids_under(&self, reference: &Reference) -> Verdict<Vec<ProviderOrderId>> {
        let Some(support) = self
            .capabilities
            .lookup
            .filter(|support| support.by_reference)
        else {
            return skipped("the provider's orders cannot be found by reference");
        };
        if !support.lag.is_zero() {
            self.harness.pass(support.lag).await;
        }
        let found = self.find(&self.by_reference(reference)).await;
        assert!(found.complete, "the look-up of {reference} was cut");
        Ok(found.orders.into_iter().map(|order| order.id).collect())
    }

    /// Checks with the oracle, where there is one, that so many charges were made.
    pub(super) async fn charged(&self, reference: &Reference, times: usize) {
        let Some(charges) = self.harness.charges(reference).await else {
            return;
        };
        let count = charges.len();
        assert!(
            count == times,
            "{count} charges were made under {reference}, where {times} should have been"
        );
    }

    /// How many charges were made, by the oracle where there is one, by a look-up otherwise.
    pub(super) async fn charges(&self, reference: &Reference) -> Verdict<usize> {
        match self.harness.charges(reference).await {
            Some(charges) => Ok(charges.len()),
            None => self.ids_under(reference).await.map(|found| found.len()),
        }
    }

    /// Like [`Trial::charged`], for a case that means nothing without the oracle or a look-up.
    pub(super) async fn charged_exactly(&self, reference: &Reference, times: usize) -> Verdict {
        if self.harness.charges(reference).await.is_some() {
            self.charged(reference, times).await;
            return Ok(());
        }
        let found = self.ids_under(reference).await?.len();
        assert!(
            found == times,
            "{found} orders are found under {reference}, where {times} should be"
        );
        Ok(())
    }

    /// Buys one of a package and has its profile generated.
    pub(super) async fn installable(&self, package: &Package) -> (Bought, Esim) {
        let bought = self.buy(package, 1).await;
        let [id] = <[EsimId; 1]>::try_from(bought.esims())
            .unwrap_or_else(|ids| panic!("an order for one eSIM has {}", ids.len()));
        if self.capabilities.provisioning == Provisioning::SeparateCall {
            self.provision(&id).await;
        }
        let esim = self.ready(&id).await;
        (bought, esim)
    }

    /// Generates a profile; an error is a broken promise.
    pub(super) async fn provision(&self, id: &EsimId) -> Esim {
        let request = ProvisionRequest {
            esim: id.clone(),
            start_date: None,
        };
        self.provider
            .provision(&request)
            .await
            .or_broken("an ordinary provisioning")
    }

    /// Reads an eSIM until it is ready.
    pub(super) async fn ready(&self, id: &EsimId) -> Esim {
        let key = EsimKey::from_id(id.clone());
        for _ in 0..PATIENCE {
            let esim = self
                .provider
                .esim(&key)
                .await
                .or_broken("reading an eSIM of ours");
            if esim.is_ready() {
                return esim;
            }
            self.harness.pass(PAUSE).await;
        }
        panic!("a profile that was asked for was still not ready after half an hour")
    }

    /// Skips a case about profiles that need a call of their own.
    pub(super) fn provisions_by_call(&self) -> Verdict {
        if self.capabilities.provisioning == Provisioning::SeparateCall {
            return Ok(());
        }
        skipped("the provider's profiles need no call of their own")
    }
}

/// A call that must fail with an error of this kind.
#[track_caller]
pub(super) fn refused_as<T>(answer: Answer<T>, kind: ErrorKind, what: &str) {
    match answer {
        Ok(_) => panic!("{what} was answered as if nothing were wrong"),
        Err(error) => assert!(
            error.kind() == kind,
            "{what} is an error of another kind: {error}"
        ),
    }
}

/// Everything a listing gives, or its first error.
pub(super) async fn listed(
    mut listing: BoxStream<'static, Answer<Package>>,
) -> Answer<Vec<Package>> {
    let mut packages = Vec::new();
    while let Some(package) = listing.next().await {
        packages.push(package?);
    }
    Ok(packages)
}

/// The ids of packages, in their order.
pub(super) fn ids<'p>(packages: impl IntoIterator<Item = &'p Package>) -> Vec<&'p PackageId> {
    packages.into_iter().map(|package| &package.id).collect()
}
