//! A journal that breaks one promise, and keeps the others: one in memory behind a flaw.

mod accounts;

use std::collections::HashMap;
use std::num::NonZeroU16;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use roamport_conformance::journal::{AppendAt as _, Handle, JournalHarness, MovableClock, sample};
use roamport_domain::esim::EsimReport;
use roamport_domain::journal::{
    Claim, Delivery, DuplicateDelivery, InMemoryJournal, JournalError, KeptProfile, NewOrder,
    Opened, OrderChange, OrderFilter, OrderSummary, Owner, Pressure, Recorded,
};
use roamport_domain::order::ProviderInstance;
use roamport_domain::provider::EsimKey;
use roamport_domain::{
    Account, AccountStore, Esim, EsimId, EventInbox, IdempotencyKey, Order, OrderId, OrderJournal,
    ProfileStore, ProviderName, Reference,
};

use super::flaw::Flaw;

#[derive(Debug)]
struct Flawed {
    inner: InMemoryJournal,
    flaw: Flaw,
    given: Mutex<Vec<Claim>>,
    /// When orders were last said to be due, by appends.
    due: Mutex<HashMap<OrderId, Option<Timestamp>>>,
    erased: Mutex<Vec<EsimId>>,
    calls: AtomicU64,
}

impl Flawed {
    /// The lease as the flawed clock measures it.
    fn measured(&self, lease: Duration) -> Duration {
        match self.flaw {
            Flaw::ShortLeases => lease / 3,
            _ => lease,
        }
    }

    /// Remembers a claim, and says of it what a sound journal would.
    fn give(&self, mut claim: Claim, lease: Duration) -> Claim {
        let missing = lease.saturating_sub(self.measured(lease));
        claim.until += jiff::SignedDuration::try_from(missing).unwrap();
        self.given.lock().unwrap().push(claim.clone());
        claim
    }

    /// The provider under whose name an event is looked for.
    fn mixed(&self, provider: &ProviderName) -> ProviderName {
        match self.flaw {
            Flaw::MixesProviders => sample::provider(sample::PROVIDER),
            _ => provider.clone(),
        }
    }

    /// Every provider instance that has orders, this one last.
    async fn instances(
        &self,
        last: &ProviderInstance,
    ) -> Result<Vec<ProviderInstance>, JournalError> {
        let orders: Vec<OrderSummary> = self
            .inner
            .list(OrderFilter::default())
            .try_collect()
            .await?;
        let mut instances: Vec<_> = orders.into_iter().map(|order| order.provider).collect();
        instances.sort_by(|one, other| one.base_url.cmp(&other.base_url));
        instances.dedup();
        instances.retain(|instance| instance != last);
        instances.push(last.clone());
        Ok(instances)
    }

    /// Whether a claimed order is of this account, or of none.
    async fn belongs_to(&self, claim: &Claim, account: &Account) -> Result<bool, JournalError> {
        let order = self.inner.load(claim.order).await?;
        let same = self.inner.same_as(account).await?;
        Ok(order.account().is_none_or(|own| same.contains(own)))
    }

    async fn free(&self, admits: impl Fn(&Claim) -> bool) -> Result<(), JournalError> {
        let given = self.given.lock().unwrap().clone();
        for claim in given.into_iter().filter(admits) {
            self.inner.release(&claim).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl OrderJournal for Flawed {
    async fn open(&self, order: &NewOrder) -> Result<Opened, JournalError> {
        match self.inner.open(order).await? {
            Opened::KeyReused(id) if self.flaw == Flaw::ForgetsFingerprints => {
                Ok(Opened::Existing(id))
            }
            Opened::Existing(_) if self.flaw == Flaw::ForgetsKeys => {
                let mut other = order.clone();
                let key = format!("{} of {}", order.requested.key, order.id);
                other.requested.key = sample::key(&key);
                other.requested.reference =
                    Reference::derive(&order.requested.provider.name, &other.requested.key);
                self.inner.open(&other).await
            }
            opened => Ok(opened),
        }
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
        if self.flaw == Flaw::ShortList {
            return self.inner.list(filter).take(249).boxed();
        }
        self.inner.list(filter)
    }

    async fn append(
        &self,
        change: &OrderChange,
        due: Option<Timestamp>,
    ) -> Result<Timestamp, JournalError> {
        let id = change.id();
        match self.flaw {
            Flaw::NoFence => {
                let newest = self.inner.load(id).await?;
                let change = OrderChange::of(&newest, change.events().to_vec())?;
                self.inner.append(&change, due).await
            }
            Flaw::AppendsByParts => {
                let mut version = change.expected();
                version = self.inner.append_at(id, version, &[], due).await?;
                for event in change.events() {
                    let event = std::slice::from_ref(event);
                    version = self.inner.append_at(id, version, event, due).await?;
                }
                self.now().await
            }
            Flaw::ForgetsDue => self.inner.append(change, None).await,
            Flaw::ClaimsTooEarly => {
                let due = due.map(|_| Timestamp::UNIX_EPOCH);
                self.inner.append(change, due).await
            }
            _ => {
                let at = self.inner.append(change, due).await?;
                self.due.lock().unwrap().insert(id, due);
                Ok(at)
            }
        }
    }

    async fn claim_for(
        &self,
        provider: &ProviderInstance,
        account: &Account,
        owner: &Owner,
        lease: Duration,
        limit: NonZeroU16,
    ) -> Result<Vec<Claim>, JournalError> {
        if self.flaw == Flaw::ClaimsTwice {
            self.free(|_| true).await?;
        }
        let measured = self.measured(lease);
        let limit = usize::from(limit.get());
        let mut claims = Vec::new();
        let at = match self.flaw {
            Flaw::SharesTheLimit | Flaw::ClaimsAnything => self.instances(provider).await?,
            _ => vec![provider.clone()],
        };
        for instance in at {
            let left = u16::try_from(limit - claims.len()).ok();
            let Some(left) = left.and_then(NonZeroU16::new) else {
                break;
            };
            let given = self
                .inner
                .claim_for(&instance, account, owner, measured, left);
            for claim in given.await? {
                claims.push((instance.clone(), claim));
            }
        }
        if self.flaw == Flaw::ClaimsForAll {
            for other in ["theirs", "ours"].map(sample::account) {
                let given =
                    self.inner
                        .claim_for(provider, &other, owner, measured, limit_of(limit));
                claims.extend(
                    given
                        .await?
                        .into_iter()
                        .map(|claim| (provider.clone(), claim)),
                );
            }
        }
        let mut given = Vec::new();
        for (instance, claim) in claims {
            if self.flaw == Flaw::LeavesOthersForEver && !self.belongs_to(&claim, account).await? {
                self.inner.release(&claim).await?;
            } else if instance == *provider || self.flaw == Flaw::ClaimsAnything {
                given.push(self.give(claim, lease));
            } else {
                self.inner.release(&claim).await?;
            }
        }
        Ok(given)
    }

    async fn wake(&self, id: OrderId) -> Result<(), JournalError> {
        match self.flaw {
            Flaw::SleepsOn => self.inner.load(id).await.map(drop),
            Flaw::WakesAnew => {
                let due = self.due.lock().unwrap().get(&id).copied().flatten();
                if due.is_none() {
                    return self.inner.wake(id).await;
                }
                let (order, now) = (self.inner.load(id).await?, self.now().await?);
                let same = OrderChange::of(&order, Vec::new())?;
                self.append(&same, Some(now)).await?;
                Ok(())
            }
            Flaw::WakesTheDead => {
                let (order, now) = (self.inner.load(id).await?, self.now().await?);
                let same = OrderChange::of(&order, Vec::new())?;
                self.inner.append(&same, Some(now)).await?;
                Ok(())
            }
            _ => self.inner.wake(id).await,
        }
    }

    async fn claim_order(
        &self,
        id: OrderId,
        owner: &Owner,
        lease: Duration,
    ) -> Result<Option<Claim>, JournalError> {
        let measured = self.measured(lease);
        let claim = self.inner.claim_order(id, owner, measured).await?;
        Ok(claim.map(|claim| self.give(claim, lease)))
    }

    async fn renew(&self, claim: &Claim, lease: Duration) -> Result<(), JournalError> {
        match self.inner.renew(claim, self.measured(lease)).await {
            Err(JournalError::ClaimLost(_)) if self.flaw == Flaw::RenewsAnything => Ok(()),
            answer => answer,
        }
    }

    async fn release(&self, claim: &Claim) -> Result<(), JournalError> {
        if self.flaw == Flaw::FreesNewerClaims {
            self.free(|given| given.order == claim.order).await?;
        }
        self.inner.release(claim).await
    }

    async fn pressure(&self, provider: &ProviderName) -> Result<Pressure, JournalError> {
        let mut pressure = self.inner.pressure(provider).await?;
        if self.flaw == Flaw::BlindToUnknown {
            pressure.unknown_last_minute = 0;
        }
        Ok(pressure)
    }

    async fn now(&self) -> Result<Timestamp, JournalError> {
        self.inner.now().await
    }
}

#[async_trait]
impl ProfileStore for Flawed {
    async fn keep(&self, profile: &KeptProfile) -> Result<Delivery, JournalError> {
        let mut profile = profile.clone();
        match self.flaw {
            Flaw::ForgetsCodes => {
                profile.esim = Esim::from_report(EsimReport {
                    activation: None,
                    ..profile.esim.report().clone()
                });
            }
            Flaw::MixesAddresses => {
                profile.base_url.clear();
                profile.epoch = 0;
            }
            _ => {}
        }
        let was_erased = self.erased.lock().unwrap().contains(profile.esim.id());
        match self.inner.keep(&profile).await? {
            Delivery::DeliveredBefore(_)
                if self.flaw == Flaw::DeliversAgain
                    || self.flaw == Flaw::ErasesDeliveries && was_erased =>
            {
                Ok(Delivery::Kept)
            }
            delivery => Ok(delivery),
        }
    }

    async fn duplicates(
        &self,
        provider: &ProviderInstance,
    ) -> Result<Vec<DuplicateDelivery>, JournalError> {
        self.inner.duplicates(provider).await
    }

    async fn find_profile(
        &self,
        provider: &ProviderName,
        key: &EsimKey,
    ) -> Result<Option<KeptProfile>, JournalError> {
        self.inner.find_profile(provider, key).await
    }

    async fn erase(&self, provider: &ProviderName, esim: &EsimId) -> Result<(), JournalError> {
        if self.flaw == Flaw::KeepsProfiles {
            return Ok(());
        }
        self.erased.lock().unwrap().push(esim.clone());
        self.inner.erase(provider, esim).await
    }
}

#[async_trait]
impl EventInbox for Flawed {
    async fn is_known(&self, provider: &ProviderName, event: &str) -> Result<bool, JournalError> {
        self.inner.is_known(&self.mixed(provider), event).await
    }

    async fn remember(
        &self,
        provider: &ProviderName,
        event: &str,
        at: Timestamp,
    ) -> Result<bool, JournalError> {
        let provider = self.mixed(provider);
        if self.flaw == Flaw::RemembersTwiceAtOnce {
            let known = self.inner.is_known(&provider, event).await?;
            tokio::task::yield_now().await;
            self.inner.remember(&provider, event, at).await?;
            return Ok(!known);
        }
        let new = self.inner.remember(&provider, event, at).await?;
        Ok(new || self.flaw == Flaw::ForgetsEvents)
    }

    async fn forget(
        &self,
        provider: &ProviderName,
        before: Timestamp,
        most: u32,
    ) -> Result<u64, JournalError> {
        if self.flaw == Flaw::ForgetsNoEvent {
            return Ok(0);
        }
        let provider = self.mixed(provider);
        self.inner.forget(&provider, before, most).await
    }
}

#[derive(Debug)]
pub(crate) struct Harness {
    clock: Arc<MovableClock>,
    journal: Arc<Flawed>,
}

#[async_trait]
impl JournalHarness for Harness {
    fn journal(&self) -> Arc<dyn OrderJournal> {
        Arc::clone(&self.journal) as _
    }

    fn profiles(&self) -> Arc<dyn ProfileStore> {
        Arc::clone(&self.journal) as _
    }

    fn accounts(&self) -> Option<Arc<dyn AccountStore>> {
        Some(Arc::clone(&self.journal) as _)
    }

    fn inbox(&self) -> Option<Arc<dyn EventInbox>> {
        Some(Arc::clone(&self.journal) as _)
    }

    async fn pass(&self, time: Duration) {
        self.clock.pass(time);
    }

    async fn another(&self) -> Option<Handle> {
        let same = Handle::new(Arc::clone(&self.journal));
        let inbox: Arc<dyn EventInbox> = match self.journal.flaw {
            Flaw::LosesEventsWhenOpenedAgain => {
                Arc::new(InMemoryJournal::new(Arc::clone(&self.clock) as _))
            }
            _ => Arc::clone(&self.journal) as _,
        };
        Some(Handle {
            accounts: Some(Arc::clone(&self.journal) as _),
            inbox: Some(inbox),
            ..same
        })
    }
}

pub(crate) fn with(flaw: Flaw) -> Harness {
    let clock = Arc::new(MovableClock::default());
    let inner = InMemoryJournal::new(Arc::clone(&clock) as _);
    Harness {
        clock,
        journal: Arc::new(Flawed {
            inner,
            flaw,
            given: Mutex::default(),
            due: Mutex::default(),
            erased: Mutex::default(),
            calls: AtomicU64::default(),
        }),
    }
}

fn limit_of(limit: usize) -> NonZeroU16 {
    u16::try_from(limit)
        .ok()
        .and_then(NonZeroU16::new)
        .unwrap_or(NonZeroU16::MIN)
}
