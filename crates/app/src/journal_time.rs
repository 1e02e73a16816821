//! The journal's clock, asked seldom: what it told last, and what this process has counted since.

use std::num::NonZeroU16;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use jiff::Timestamp;
use roamport_domain::journal::{
    Claim, JournalError, NewOrder, Opened, OrderChange, OrderFilter, OrderSummary, Owner, Pressure,
    Recorded,
};
use roamport_domain::order::ProviderInstance;
use roamport_domain::{
    Account, Clock, IdempotencyKey, Monotonic, Order, OrderId, OrderJournal, ProviderName,
};

use crate::driver::after;

/// For how long this process counts on by itself. The journal's clock may be set meanwhile, and a machine that
/// sleeps counts nothing.
const COUNTED_FOR: Duration = Duration::from_secs(1);

/// A journal whose clock is asked again only when nothing it answered tells the time closely enough.
#[derive(Debug)]
pub(crate) struct JournalTime {
    inner: Arc<dyn OrderJournal>,
    clock: Arc<dyn Clock>,
    /// What the journal told last, and when it was asked.
    told: Mutex<Option<(Timestamp, Monotonic)>>,
}

impl JournalTime {
    pub(crate) fn of(inner: Arc<dyn OrderJournal>, clock: Arc<dyn Clock>) -> Self {
        Self {
            inner,
            clock,
            told: Mutex::default(),
        }
    }

    /// Notes what the journal told when it was asked at `asked`. Counted from then on, its time is never behind
    /// the true one, as the end of a send window must not be.
    fn note(&self, told: Timestamp, asked: Monotonic) {
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = Some((told, asked));
    }

    fn counted(&self) -> Option<Timestamp> {
        let told = *self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let (told, asked) = told?;
        let since = self.clock.monotonic().since(asked);
        (since <= COUNTED_FOR).then(|| after(told, since))
    }
}

#[async_trait]
impl OrderJournal for JournalTime {
    async fn now(&self) -> Result<Timestamp, JournalError> {
        if let Some(now) = self.counted() {
            return Ok(now);
        }
        let asked = self.clock.monotonic();
        let told = self.inner.now().await?;
        self.note(told, asked);
        Ok(told)
    }

    async fn append(
        &self,
        change: &OrderChange,
        due: Option<Timestamp>,
    ) -> Result<Timestamp, JournalError> {
        let asked = self.clock.monotonic();
        let told = self.inner.append(change, due).await?;
        self.note(told, asked);
        Ok(told)
    }

    async fn open(&self, order: &NewOrder) -> Result<Opened, JournalError> {
        self.inner.open(order).await
    }

    async fn load(&self, id: OrderId) -> Result<Order, JournalError> {
        self.inner.load(id).await
    }

    async fn find(&self, key: &IdempotencyKey) -> Result<Option<Order>, JournalError> {
        self.inner.find(key).await
    }

    async fn events(&self, id: OrderId) -> Result<Vec<Recorded>, JournalError> {
        self.inner.events(id).await
    }

    fn list(&self, filter: OrderFilter) -> BoxStream<'static, Result<OrderSummary, JournalError>> {
        self.inner.list(filter)
    }

    async fn claim_for(
        &self,
        provider: &ProviderInstance,
        account: &Account,
        owner: &Owner,
        lease: Duration,
        limit: NonZeroU16,
    ) -> Result<Vec<Claim>, JournalError> {
        self.inner
            .claim_for(provider, account, owner, lease, limit)
            .await
    }

    async fn wake(&self, id: OrderId) -> Result<(), JournalError> {
        self.inner.wake(id).await
    }

    async fn claim_order(
        &self,
        id: OrderId,
        owner: &Owner,
        lease: Duration,
    ) -> Result<Option<Claim>, JournalError> {
        self.inner.claim_order(id, owner, lease).await
    }

    async fn renew(&self, claim: &Claim, lease: Duration) -> Result<(), JournalError> {
        self.inner.renew(claim, lease).await
    }

    async fn release(&self, claim: &Claim) -> Result<(), JournalError> {
        self.inner.release(claim).await
    }

    async fn pressure(&self, provider: &ProviderName) -> Result<Pressure, JournalError> {
        self.inner.pressure(provider).await
    }
}
