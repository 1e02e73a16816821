//! What the cases have in common: a journal at hand, and steps that must go well.

use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt as _;
use jiff::Timestamp;
use roamport_domain::journal::{
    Claim, JournalError, NewOrder, Opened, OrderFilter, OrderSummary, Owner, Recorded, Version,
};
use roamport_domain::order::{Event, ProviderInstance};
use roamport_domain::{Account, Order, OrderId, OrderJournal, ProfileStore};

use super::{AppendAt as _, JournalHarness, sample};
use crate::verdict::OrBroken as _;

/// A harness with its ports taken out.
pub(super) struct Trial<'a> {
    pub(super) harness: &'a dyn JournalHarness,
    pub(super) journal: Arc<dyn OrderJournal>,
    pub(super) profiles: Arc<dyn ProfileStore>,
    /// The journal's clock when the trial began.
    pub(super) start: Timestamp,
}

impl<'a> Trial<'a> {
    pub(super) async fn of(harness: &'a dyn JournalHarness) -> Self {
        let journal = harness.journal();
        let start = journal.now().await.or_broken("reading the journal's clock");
        Self {
            harness,
            profiles: harness.profiles(),
            journal,
            start,
        }
    }

    pub(super) async fn now(&self) -> Timestamp {
        self.journal
            .now()
            .await
            .or_broken("reading the journal's clock")
    }

    /// The moment so many seconds after the start.
    pub(super) fn at(&self, seconds: i64) -> Timestamp {
        sample::after(self.start, seconds)
    }

    /// Lets seconds go by.
    pub(super) async fn pass(&self, seconds: u64) {
        self.harness.pass(Duration::from_secs(seconds)).await;
    }

    /// Records a wish that must be new.
    pub(super) async fn open(&self, new: &NewOrder) -> OrderId {
        match self.journal.open(new).await.or_broken("recording a wish") {
            Opened::New(id) if id == new.id => id,
            other => panic!("a new wish was recorded as {other:?}, not under {}", new.id),
        }
    }

    /// Records a plain wish under this key.
    pub(super) async fn opened(&self, key: &str) -> NewOrder {
        let new = sample::order(key, self.now().await);
        self.open(&new).await;
        new
    }

    /// Records a plain wish that is due at a moment, or never.
    pub(super) async fn due(&self, key: &str, due: Option<Timestamp>) -> OrderId {
        let id = self.opened(key).await.id;
        self.append(id, Version::FIRST, &[], due).await;
        id
    }

    /// Appends what must be taken.
    pub(super) async fn append(
        &self,
        id: OrderId,
        expected: Version,
        events: &[Event],
        due: Option<Timestamp>,
    ) -> Version {
        self.journal
            .append_at(id, expected, events, due)
            .await
            .or_broken("appending")
    }

    /// Claims what is due at the provider of plain wishes, for a minute.
    pub(super) async fn claim(&self, owner: &str, limit: u16) -> Vec<Claim> {
        self.claim_at(&sample::instance(sample::PROVIDER), owner, limit)
            .await
    }

    /// Claims what is due at the provider of plain wishes for a worker of this account, for a minute.
    pub(super) async fn claim_by(&self, account: &Account, limit: u16) -> Vec<Claim> {
        let provider = sample::instance(sample::PROVIDER);
        self.claim_with(&provider, account, "worker", limit).await
    }

    /// Claims what is due at this provider instance, for a minute.
    pub(super) async fn claim_at(
        &self,
        provider: &ProviderInstance,
        owner: &str,
        limit: u16,
    ) -> Vec<Claim> {
        self.claim_with(provider, &sample::account("any"), owner, limit)
            .await
    }

    async fn claim_with(
        &self,
        provider: &ProviderInstance,
        account: &Account,
        owner: &str,
        limit: u16,
    ) -> Vec<Claim> {
        let limit = NonZeroU16::new(limit).unwrap_or(NonZeroU16::MIN);
        let owner = Owner::new(owner);
        self.journal
            .claim_for(provider, account, &owner, sample::MINUTE, limit)
            .await
            .or_broken("claiming what is due")
    }

    /// Claims one order for a minute.
    pub(super) async fn claim_one(&self, id: OrderId, owner: &str) -> Option<Claim> {
        let owner = Owner::new(owner);
        self.journal
            .claim_order(id, &owner, sample::MINUTE)
            .await
            .or_broken("claiming an order")
    }

    /// Claims one order that must be free, for a minute.
    pub(super) async fn held(&self, id: OrderId, owner: &str) -> Claim {
        match self.claim_one(id, owner).await {
            Some(claim) => claim,
            None => panic!("an order that nobody holds could not be claimed"),
        }
    }

    /// Prolongs a claim that is held to a minute from now.
    pub(super) async fn renew(&self, claim: &Claim) {
        let renewed = self.journal.renew(claim, sample::MINUTE).await;
        renewed.or_broken("renewing a claim");
    }

    /// Releases a claim, be it lost.
    pub(super) async fn release(&self, claim: &Claim) {
        let released = self.journal.release(claim).await;
        released.or_broken("giving a claim back");
    }

    /// Makes an order due now.
    pub(super) async fn wake(&self, id: OrderId) {
        self.journal.wake(id).await.or_broken("waking an order");
    }

    /// Loads an order that is there.
    pub(super) async fn load(&self, id: OrderId) -> Order {
        self.journal.load(id).await.or_broken("loading an order")
    }

    /// Everything that happened to an order that is there.
    pub(super) async fn events(&self, id: OrderId) -> Vec<Recorded> {
        self.journal.events(id).await.or_broken("reading events")
    }

    /// The whole list.
    pub(super) async fn list(&self, filter: OrderFilter) -> Vec<OrderSummary> {
        self.journal
            .list(filter)
            .try_collect()
            .await
            .or_broken("listing orders")
    }

    /// How many events an order has.
    pub(super) async fn version(&self, id: OrderId) -> Version {
        self.journal
            .load(id)
            .await
            .or_broken("loading an order")
            .version()
    }
}

/// Which orders were claimed, in this order.
pub(super) fn ids(claims: &[Claim]) -> Vec<OrderId> {
    claims.iter().map(|claim| claim.order).collect()
}

/// The error that was to come, as the case wants to see it.
pub(super) fn refused<T: std::fmt::Debug>(
    answer: Result<T, JournalError>,
    what: &str,
) -> JournalError {
    match answer {
        Err(error) => error,
        Ok(answer) => panic!("{what} was answered with {answer:?}, not refused"),
    }
}
