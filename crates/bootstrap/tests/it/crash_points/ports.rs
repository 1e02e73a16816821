//! The two ports with points at which a process is stopped: before and after every call that writes
//! to the journal, and every call to the provider.

mod accounts;

use std::fmt;
use std::num::NonZeroU16;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use jiff::Timestamp;
use roamport_app::{StopSignal, Stopper};
use roamport_domain::journal::{
    AccountStore, Claim, Delivery, DuplicateDelivery, JournalError, KeptProfile, NewOrder, Opened,
    OrderChange, OrderFilter, OrderSummary, Owner, Pressure, Recorded,
};
use roamport_domain::order::{Event, ProviderInstance};
use roamport_domain::provider::{
    CancelRequest, CancelledEsim, DestinationFilter, EsimKey, FoundOrders, OrderLookup,
    PackageQuery, ProviderOrder, ProvisionRequest, Purchase, Result, TopUpQuery, UsageQuery,
};
use roamport_domain::{
    Account, Capabilities, Destination, Esim, EsimId, EsimProvider, IdempotencyKey, Money, Order,
    OrderId, OrderJournal, Package, ProfileStore, ProviderName, Usage,
};
use roamport_sandbox::SandboxProvider;

/// The points one process comes to, and the one at which it is stopped.
#[derive(Debug)]
pub(crate) struct Points {
    stop_at: usize,
    reached: Mutex<Vec<String>>,
    dead: AtomicBool,
    stopper: Stopper,
}

/// What the tasks of a stopped process unwind with.
#[derive(Debug)]
struct ProcessStopped;

impl Points {
    /// Points of which the one with this number, from 0, stops the process; and the signal that then
    /// wakes whatever sleeps in it.
    pub(crate) fn until(stop_at: usize) -> (Arc<Self>, StopSignal) {
        let (stopper, stop) = Stopper::new();
        let points = Self {
            stop_at,
            reached: Mutex::default(),
            dead: AtomicBool::new(false),
            stopper,
        };
        (Arc::new(points), stop)
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.reached.lock().unwrap().clone()
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.dead.load(Ordering::Acquire)
    }

    /// Comes to a point. A process that is stopped there drops everything where it stands.
    fn reach(&self, point: String) {
        self.go_on();
        let number = {
            let mut reached = self.reached.lock().unwrap();
            reached.push(point);
            reached.len() - 1
        };
        if number == self.stop_at {
            self.dead.store(true, Ordering::Release);
            self.stopper.stop();
            self.go_on();
        }
    }

    /// Nothing of a stopped process happens any more.
    fn go_on(&self) {
        if self.is_dead() {
            std::panic::resume_unwind(Box::new(ProcessStopped));
        }
    }

    async fn around<T>(&self, call: &str, work: impl Future<Output = T>) -> T {
        self.reach(format!("before {call}"));
        let done = work.await;
        self.reach(format!("after {call}"));
        done
    }
}

/// Waits for work on other threads while tokio's paused clock stands: otherwise it would jump to the
/// next time-out whenever the runtime itself has nothing to do.
pub(crate) async fn while_time_stands<T>(work: impl Future<Output = T>) -> T {
    let (done, wait) = std::sync::mpsc::channel::<()>();
    let blocking = tokio::task::spawn_blocking(move || wait.recv().is_ok());
    let result = work.await;
    drop(done);
    blocking.await.unwrap();
    result
}

/// A journal as one process has it open.
pub(crate) struct Kept {
    pub(crate) journal: Arc<dyn OrderJournal>,
    pub(crate) profiles: Arc<dyn ProfileStore>,
    pub(crate) accounts: Arc<dyn AccountStore>,
    pub(crate) before_each: Arc<dyn Fn() + Send + Sync>,
}

/// A journal with points.
pub(crate) struct StoppingJournal {
    kept: Kept,
    points: Arc<Points>,
}

impl fmt::Debug for StoppingJournal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("StoppingJournal")
            .finish_non_exhaustive()
    }
}

type Journalled<T> = std::result::Result<T, JournalError>;

impl StoppingJournal {
    pub(crate) fn new(kept: Kept, points: Arc<Points>) -> Self {
        Self { kept, points }
    }

    /// A call that writes.
    async fn write<T>(
        &self,
        call: &str,
        work: impl Future<Output = Journalled<T>>,
    ) -> Journalled<T> {
        self.points.around(call, self.timed(work)).await
    }

    /// Any other call: no point, and none is made by the dead.
    async fn call<T>(&self, work: impl Future<Output = Journalled<T>>) -> Journalled<T> {
        self.points.go_on();
        let done = self.timed(work).await;
        self.points.go_on();
        done
    }

    async fn timed<T>(&self, work: impl Future<Output = Journalled<T>>) -> Journalled<T> {
        (self.kept.before_each)();
        while_time_stands(work).await
    }
}

#[async_trait]
impl OrderJournal for StoppingJournal {
    async fn open(&self, order: &NewOrder) -> Journalled<Opened> {
        self.write("open", self.kept.journal.open(order)).await
    }

    async fn load(&self, id: OrderId) -> Journalled<Order> {
        self.call(self.kept.journal.load(id)).await
    }

    async fn find(&self, key: &IdempotencyKey) -> Journalled<Option<Order>> {
        self.call(self.kept.journal.find(key)).await
    }

    async fn events(&self, id: OrderId) -> Journalled<Vec<Recorded>> {
        self.call(self.kept.journal.events(id)).await
    }

    fn list(&self, filter: OrderFilter) -> BoxStream<'static, Journalled<OrderSummary>> {
        self.points.go_on();
        self.kept.journal.list(filter)
    }

    async fn append(&self, change: &OrderChange, due: Option<Timestamp>) -> Journalled<Timestamp> {
        let names: Vec<&str> = change.events().iter().map(Event::name).collect();
        let call = format!("append {}", names.join(" and "));
        let work = self.kept.journal.append(change, due);
        self.write(&call, work).await
    }

    async fn claim_for(
        &self,
        provider: &ProviderInstance,
        account: &Account,
        owner: &Owner,
        lease: Duration,
        limit: NonZeroU16,
    ) -> Journalled<Vec<Claim>> {
        let work = self
            .kept
            .journal
            .claim_for(provider, account, owner, lease, limit);
        self.call(work).await
    }

    async fn wake(&self, id: OrderId) -> Journalled<()> {
        self.write("wake", self.kept.journal.wake(id)).await
    }

    async fn claim_order(
        &self,
        id: OrderId,
        owner: &Owner,
        lease: Duration,
    ) -> Journalled<Option<Claim>> {
        self.call(self.kept.journal.claim_order(id, owner, lease))
            .await
    }

    async fn renew(&self, claim: &Claim, lease: Duration) -> Journalled<()> {
        self.call(self.kept.journal.renew(claim, lease)).await
    }

    async fn release(&self, claim: &Claim) -> Journalled<()> {
        self.call(self.kept.journal.release(claim)).await
    }

    async fn pressure(&self, provider: &ProviderName) -> Journalled<Pressure> {
        // Every stopped order is of unknown outcome for a while; here each is looked at by itself.
        let _ = provider;
        self.points.go_on();
        Ok(Pressure::default())
    }

    async fn now(&self) -> Journalled<Timestamp> {
        self.call(self.kept.journal.now()).await
    }
}

#[async_trait]
impl ProfileStore for StoppingJournal {
    async fn keep(&self, profile: &KeptProfile) -> Journalled<Delivery> {
        self.write("keep", self.kept.profiles.keep(profile)).await
    }

    async fn duplicates(&self, provider: &ProviderInstance) -> Journalled<Vec<DuplicateDelivery>> {
        self.call(self.kept.profiles.duplicates(provider)).await
    }

    async fn find_profile(
        &self,
        provider: &ProviderName,
        key: &EsimKey,
    ) -> Journalled<Option<KeptProfile>> {
        self.call(self.kept.profiles.find_profile(provider, key))
            .await
    }

    async fn erase(&self, provider: &ProviderName, esim: &EsimId) -> Journalled<()> {
        self.write("erase", self.kept.profiles.erase(provider, esim))
            .await
    }
}

/// The sandbox with points.
#[derive(Clone, Debug)]
pub(crate) struct StoppingProvider {
    inner: SandboxProvider,
    points: Arc<Points>,
}

impl StoppingProvider {
    pub(crate) const fn new(inner: SandboxProvider, points: Arc<Points>) -> Self {
        Self { inner, points }
    }

    /// A list, read whole between two points.
    fn listed(
        &self,
        call: &'static str,
        list: BoxStream<'static, Result<Package>>,
    ) -> BoxStream<'static, Result<Package>> {
        let points = self.points.clone();
        let read = async move {
            let all = points.around(call, list.collect::<Vec<_>>()).await;
            stream::iter(all)
        };
        stream::once(read).flatten().boxed()
    }
}

#[async_trait]
impl EsimProvider for StoppingProvider {
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
        self.listed("packages", self.inner.packages(query))
    }

    fn top_up_packages(&self, query: TopUpQuery) -> BoxStream<'static, Result<Package>> {
        self.listed("top_up_packages", self.inner.top_up_packages(query))
    }

    async fn find_orders(&self, lookup: &OrderLookup) -> Result<FoundOrders> {
        let work = self.inner.find_orders(lookup);
        self.points.around("find_orders", work).await
    }

    async fn esim(&self, key: &EsimKey) -> Result<Esim> {
        self.points.around("esim", self.inner.esim(key)).await
    }

    async fn usage(&self, query: &UsageQuery) -> Result<Usage> {
        self.points.around("usage", self.inner.usage(query)).await
    }

    async fn usage_batch(&self, esims: &[EsimKey]) -> Result<Vec<Option<Usage>>> {
        let work = self.inner.usage_batch(esims);
        self.points.around("usage_batch", work).await
    }

    async fn cancel(&self, request: &CancelRequest) -> Result<CancelledEsim> {
        let work = self.inner.cancel(request);
        self.points.around("cancel", work).await
    }

    async fn balance(&self) -> Result<Money> {
        self.points.around("balance", self.inner.balance()).await
    }

    async fn provision(&self, request: &ProvisionRequest) -> Result<Esim> {
        let work = self.inner.provision(request);
        self.points.around("provision", work).await
    }

    async fn purchase(&self, request: &Purchase) -> Result<ProviderOrder> {
        let work = self.inner.purchase(request);
        self.points
            .around(request.request.operation().as_str(), work)
            .await
    }
}
