//! The journal as one process reaches it: kept in memory, behind everything that goes wrong on the
//! way there.

use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use jiff::Timestamp;
use roamport_domain::journal::{
    Claim, Delivery, DuplicateDelivery, InMemoryJournal, JournalError, KeptProfile, NewOrder,
    Opened, OrderChange, OrderFilter, OrderSummary, Owner, Pressure, Recorded,
};
use roamport_domain::order::ProviderInstance;
use roamport_domain::provider::EsimKey;
use roamport_domain::{
    Account, EsimId, IdempotencyKey, Order, OrderId, OrderJournal, ProfileStore, ProviderName,
};

use super::faults::Fault;
use super::process::Process;

/// The journal of one order, seen from one process.
#[derive(Debug)]
pub(crate) struct SimulatedJournal {
    kept: Arc<InMemoryJournal>,
    process: Arc<Process>,
}

pub(super) type Result<T, E = JournalError> = std::result::Result<T, E>;

impl SimulatedJournal {
    pub(crate) fn new(kept: Arc<InMemoryJournal>, process: Arc<Process>) -> Self {
        Self { kept, process }
    }

    /// What is kept, without the way there.
    pub(super) fn kept(&self) -> &InMemoryJournal {
        &self.kept
    }

    /// A call that changes nothing, or that may be repeated.
    pub(super) async fn call<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.process.pass().await;
        self.reach()?;
        let result = work.await;
        self.process.pass().await;
        result
    }

    /// A call that writes: its answer may be lost after the commit.
    async fn write<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.process.pass().await;
        self.reach()?;
        let result = work.await;
        self.process.pass().await;
        let life = &self.process.life;
        if result.is_ok() && life.strikes(Fault::JournalAckLost, life.weather().journal) {
            return Err(unavailable("the connection broke after the commit"));
        }
        result
    }

    fn reach(&self) -> Result<()> {
        let life = &self.process.life;
        if life.journal_is_gone() {
            return Err(unavailable("the database is gone"));
        }
        if life.strikes(Fault::JournalRefused, life.weather().journal) {
            return Err(unavailable("the disk is full"));
        }
        Ok(())
    }
}

fn unavailable(message: &str) -> JournalError {
    JournalError::Unavailable {
        message: message.to_owned(),
        source: None,
    }
}

#[async_trait]
impl OrderJournal for SimulatedJournal {
    async fn open(&self, order: &NewOrder) -> Result<Opened> {
        self.write(self.kept.open(order)).await
    }

    async fn load(&self, id: OrderId) -> Result<Order> {
        self.call(self.kept.load(id)).await
    }

    async fn find(&self, key: &IdempotencyKey) -> Result<Option<Order>> {
        self.call(self.kept.find(key)).await
    }

    async fn events(&self, id: OrderId) -> Result<Vec<Recorded>> {
        self.call(self.kept.events(id)).await
    }

    fn list(&self, filter: OrderFilter) -> BoxStream<'static, Result<OrderSummary>> {
        self.kept.list(filter)
    }

    async fn append(&self, change: &OrderChange, due: Option<Timestamp>) -> Result<Timestamp> {
        self.write(self.kept.append(change, due)).await
    }

    async fn claim_for(
        &self,
        provider: &ProviderInstance,
        account: &Account,
        owner: &Owner,
        lease: Duration,
        limit: NonZeroU16,
    ) -> Result<Vec<Claim>> {
        self.call(self.kept.claim_for(provider, account, owner, lease, limit))
            .await
    }

    async fn wake(&self, id: OrderId) -> Result<()> {
        self.write(self.kept.wake(id)).await
    }

    async fn claim_order(
        &self,
        id: OrderId,
        owner: &Owner,
        lease: Duration,
    ) -> Result<Option<Claim>> {
        self.call(self.kept.claim_order(id, owner, lease)).await
    }

    async fn renew(&self, claim: &Claim, lease: Duration) -> Result<()> {
        self.call(self.kept.renew(claim, lease)).await
    }

    async fn release(&self, claim: &Claim) -> Result<()> {
        self.call(self.kept.release(claim)).await
    }

    async fn pressure(&self, provider: &ProviderName) -> Result<Pressure> {
        self.call(self.kept.pressure(provider)).await
    }

    async fn now(&self) -> Result<Timestamp> {
        self.call(self.kept.now()).await
    }
}

#[async_trait]
impl ProfileStore for SimulatedJournal {
    async fn keep(&self, profile: &KeptProfile) -> Result<Delivery> {
        self.write(self.kept.keep(profile)).await
    }

    async fn duplicates(&self, provider: &ProviderInstance) -> Result<Vec<DuplicateDelivery>> {
        self.call(self.kept.duplicates(provider)).await
    }

    async fn find_profile(
        &self,
        provider: &ProviderName,
        key: &EsimKey,
    ) -> Result<Option<KeptProfile>> {
        self.call(self.kept.find_profile(provider, key)).await
    }

    async fn erase(&self, provider: &ProviderName, esim: &EsimId) -> Result<()> {
        self.write(self.kept.erase(provider, esim)).await
    }
}
