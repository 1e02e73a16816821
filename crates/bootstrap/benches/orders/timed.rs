//! A journal under a stop-watch: how long each append took until it was durable.

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
use roamport_domain::{Account, IdempotencyKey, Order, OrderId, OrderJournal, ProviderName};

use crate::provider::now;

/// Passes every call on; notes how long appends that write events took.
#[derive(Debug)]
pub(crate) struct Timed {
    inner: Arc<dyn OrderJournal>,
    appends: Mutex<Vec<Duration>>,
}

impl Timed {
    pub(crate) fn new(inner: Arc<dyn OrderJournal>) -> Self {
        Self {
            inner,
            appends: Mutex::default(),
        }
    }

    /// The times so far, taken out.
    pub(crate) fn take(&self) -> Vec<Duration> {
        std::mem::take(&mut self.appends.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl OrderJournal for Timed {
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

    async fn append(
        &self,
        change: &OrderChange,
        due: Option<Timestamp>,
    ) -> Result<Timestamp, JournalError> {
        let begin = now();
        let appended = self.inner.append(change, due).await;
        let took = begin.elapsed();
        if appended.is_ok() && !change.events().is_empty() {
            let mut appends = self.appends.lock().unwrap_or_else(PoisonError::into_inner);
            appends.push(took);
        }
        appended
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

    async fn now(&self) -> Result<Timestamp, JournalError> {
        self.inner.now().await
    }
}
