//! The two ports with bad luck built in: a process that dies at one point, a journal that is gone for
//! a while, a provider that promises shorter times.

use std::num::NonZeroU16;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use jiff::Timestamp;
use roamport_domain::journal::{
    Claim, JournalError, NewOrder, Opened, OrderChange, OrderFilter, OrderSummary, Owner, Pressure,
    Recorded,
};
use roamport_domain::order::{Event, ProviderInstance};
use roamport_domain::provider::{
    CancelRequest, CancelledEsim, DestinationFilter, EsimKey, FoundOrders, OrderLookup,
    PackageQuery, ProviderOrder, ProvisionRequest, Purchase, Result, TopUpQuery, UsageQuery,
};
use roamport_domain::{
    Account, Capabilities, Destination, Esim, EsimProvider, IdempotencyKey, Money, Order, OrderId,
    OrderJournal, Package, ProviderName, Usage,
};

/// Where a process dies. From there on nothing of it happens any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Death {
    /// The intent is durable, the call is not made.
    Unsent,
    /// The call is made, its answer never read.
    Unanswered,
    /// The answer is there, and is not recorded.
    Unrecorded,
}

/// A point that is reached once: whoever comes there never goes on.
#[derive(Clone, Debug)]
pub(crate) struct Dying {
    death: Death,
    dead: Arc<AtomicBool>,
}

impl Dying {
    pub(crate) fn at(death: Death) -> Self {
        Self {
            death,
            dead: Arc::default(),
        }
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.dead.load(Ordering::Acquire)
    }

    async fn reach(&self, point: Death) {
        if self.death == point {
            self.dead.store(true, Ordering::Release);
        }
        if self.is_dead() {
            std::future::pending::<()>().await;
        }
    }
}

/// A database that can be taken away.
#[derive(Clone, Debug, Default)]
pub(crate) struct Database(Arc<AtomicBool>);

impl Database {
    pub(crate) fn go(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub(crate) fn come_back(&self) {
        self.0.store(false, Ordering::Release);
    }

    fn reach(&self) -> Result<(), JournalError> {
        if !self.0.load(Ordering::Acquire) {
            return Ok(());
        }
        Err(JournalError::Unavailable {
            message: "the database cannot be reached".to_owned(),
            source: None,
        })
    }
}

/// A journal in front of which a process dies or the database goes away.
#[derive(Clone, Debug)]
pub(crate) struct Behind {
    pub(crate) inner: Arc<dyn OrderJournal>,
    pub(crate) dying: Option<Dying>,
    pub(crate) database: Database,
}

impl Behind {
    async fn die(&self, point: Death) {
        if let Some(dying) = &self.dying {
            dying.reach(point).await;
        }
    }
}

fn holds(events: &[Event], name: &str) -> bool {
    events.iter().any(|event| event.name() == name)
}

#[async_trait]
impl OrderJournal for Behind {
    async fn open(&self, order: &NewOrder) -> Result<Opened, JournalError> {
        self.database.reach()?;
        self.inner.open(order).await
    }

    async fn load(&self, id: OrderId) -> Result<Order, JournalError> {
        self.database.reach()?;
        self.inner.load(id).await
    }

    async fn find(&self, key: &IdempotencyKey) -> Result<Option<Order>, JournalError> {
        self.database.reach()?;
        self.inner.find(key).await
    }

    async fn events(&self, id: OrderId) -> Result<Vec<Recorded>, JournalError> {
        self.database.reach()?;
        self.inner.events(id).await
    }

    fn list(&self, filter: OrderFilter) -> BoxStream<'static, Result<OrderSummary, JournalError>> {
        match self.database.reach() {
            Ok(()) => self.inner.list(filter),
            Err(error) => futures::stream::iter([Err(error)]).boxed(),
        }
    }

    async fn append(
        &self,
        change: &OrderChange,
        due: Option<Timestamp>,
    ) -> Result<Timestamp, JournalError> {
        self.database.reach()?;
        if holds(change.events(), "placement_settled") {
            self.die(Death::Unrecorded).await;
        }
        let at = self.inner.append(change, due).await?;
        if holds(change.events(), "placement_started") {
            self.die(Death::Unsent).await;
        }
        Ok(at)
    }

    async fn claim_for(
        &self,
        provider: &ProviderInstance,
        account: &Account,
        owner: &Owner,
        lease: Duration,
        limit: NonZeroU16,
    ) -> Result<Vec<Claim>, JournalError> {
        self.database.reach()?;
        self.inner
            .claim_for(provider, account, owner, lease, limit)
            .await
    }

    async fn wake(&self, id: OrderId) -> Result<(), JournalError> {
        self.database.reach()?;
        self.inner.wake(id).await
    }

    async fn claim_order(
        &self,
        id: OrderId,
        owner: &Owner,
        lease: Duration,
    ) -> Result<Option<Claim>, JournalError> {
        self.database.reach()?;
        self.inner.claim_order(id, owner, lease).await
    }

    async fn renew(&self, claim: &Claim, lease: Duration) -> Result<(), JournalError> {
        self.database.reach()?;
        self.inner.renew(claim, lease).await
    }

    async fn release(&self, claim: &Claim) -> Result<(), JournalError> {
        self.database.reach()?;
        self.inner.release(claim).await
    }

    async fn pressure(&self, provider: &ProviderName) -> Result<Pressure, JournalError> {
        self.database.reach()?;
        self.inner.pressure(provider).await
    }

    async fn now(&self) -> Result<Timestamp, JournalError> {
        self.database.reach()?;
        self.inner.now().await
    }
}

/// Implements the port by handing each call on, with these capabilities and these purchase calls.
macro_rules! hand_on {
    ($type:ident $(<$P:ident>)?, $inner:tt, { $($own:tt)* }) => {
        #[async_trait]
        impl $(<$P: EsimProvider>)? EsimProvider for $type $(<$P>)? {
            $($own)*

            fn name(&self) -> &ProviderName {
                self.$inner.name()
            }

            async fn destinations(&self, filter: &DestinationFilter) -> Result<Vec<Destination>> {
                self.$inner.destinations(filter).await
            }

            fn packages(&self, query: PackageQuery) -> BoxStream<'static, Result<Package>> {
                self.$inner.packages(query)
            }

            fn top_up_packages(&self, query: TopUpQuery) -> BoxStream<'static, Result<Package>> {
                self.$inner.top_up_packages(query)
            }

            async fn find_orders(&self, lookup: &OrderLookup) -> Result<FoundOrders> {
                self.$inner.find_orders(lookup).await
            }

            async fn esim(&self, key: &EsimKey) -> Result<Esim> {
                self.$inner.esim(key).await
            }

            async fn usage(&self, query: &UsageQuery) -> Result<Usage> {
                self.$inner.usage(query).await
            }

            async fn usage_batch(&self, esims: &[EsimKey]) -> Result<Vec<Option<Usage>>> {
                self.$inner.usage_batch(esims).await
            }

            async fn cancel(&self, request: &CancelRequest) -> Result<CancelledEsim> {
                self.$inner.cancel(request).await
            }

            async fn balance(&self) -> Result<Money> {
                self.$inner.balance().await
            }

            async fn provision(&self, request: &ProvisionRequest) -> Result<Esim> {
                self.$inner.provision(request).await
            }
        }
    };
}

/// A provider in front of which a process dies.
#[derive(Clone, Debug)]
pub(crate) struct Unanswered {
    pub(crate) inner: Arc<dyn EsimProvider>,
    pub(crate) dying: Dying,
}

hand_on!(Unanswered, inner, {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn purchase(&self, request: &Purchase) -> Result<ProviderOrder> {
        let answer = self.inner.purchase(request).await;
        self.dying.reach(Death::Unanswered).await;
        answer
    }
});

/// A provider whose effects are promised to be over with the call, so that a quiet period can be as
/// short as a test needs.
#[derive(Clone, Debug)]
pub(crate) struct Quick<P>(pub(crate) P);

hand_on!(Quick<P>, 0, {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            longest_effect: Duration::ZERO,
            ..self.0.capabilities()
        }
    }

    async fn purchase(&self, request: &Purchase) -> Result<ProviderOrder> {
        self.0.purchase(request).await
    }
});
