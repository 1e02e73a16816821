//! The journal and everything beside it in memory: for tests, and for whoever needs no durability.

mod accounts;
mod profiles;

use std::collections::HashMap;
use std::num::NonZeroU16;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use futures_core::Stream;
use futures_core::stream::BoxStream;
use jiff::Timestamp;

use self::accounts::Accounts;
use self::profiles::Profiles;
use super::{
    BalanceReading, BalanceStore, Claim, DigestKey, EventInbox, JournalError, NewOrder, Opened,
    OrderChange, OrderFilter, OrderJournal, OrderSummary, Owner, Pressure, Recorded, Version,
};
use crate::clock::later;
use crate::order::{Attempt, AttemptState, Event, Order, OrderState, ProviderInstance};
use crate::{Account, Clock, IdempotencyKey, OrderId, ProviderName};

/// Keeps everything in memory: the same behaviour as a database without the durability.
#[derive(Debug)]
pub struct InMemoryJournal {
    clock: Arc<dyn Clock>,
    /// Fixed: what is digested here ends with the process, and tests see the same digests at every run.
    key: DigestKey,
    memory: Mutex<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    orders: HashMap<OrderId, Row>,
    keys: HashMap<IdempotencyKey, OrderId>,
    profiles: Profiles,
    balances: Vec<BalanceReading>,
    accounts: Accounts,
    /// Events that were acted upon, and when.
    events: HashMap<ProviderName, HashMap<String, Timestamp>>,
    leases: u64,
}

#[derive(Debug)]
struct Row {
    order: Order,
    events: Vec<Recorded>,
    due: Option<Timestamp>,
    claim: Option<Claim>,
}

impl Row {
    fn is_free(&self, now: Timestamp) -> bool {
        self.claim.as_ref().is_none_or(|claim| claim.until <= now)
    }

    fn updated_at(&self) -> Timestamp {
        self.events
            .last()
            .map_or(Timestamp::UNIX_EPOCH, |recorded| recorded.at)
    }
}

impl InMemoryJournal {
    /// An empty journal whose time is that of `clock`.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            key: DigestKey::new(*b"the key of any journal in memory"),
            memory: Mutex::default(),
        }
    }

    /// When an order is due and the claim that was given on it last, which no port shows: for tests. `None` if
    /// the order is not found.
    pub fn schedule(&self, id: OrderId) -> Option<(Option<Timestamp>, Option<Claim>)> {
        let memory = self.stored();
        let row = memory.orders.get(&id)?;
        Some((row.due, row.claim.clone()))
    }

    fn stored(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    fn row(&mut self, id: OrderId) -> Result<&mut Row, JournalError> {
        self.orders.get_mut(&id).ok_or(JournalError::NotFound(id))
    }

    fn lease(
        &mut self,
        id: OrderId,
        owner: &Owner,
        until: Timestamp,
    ) -> Result<Claim, JournalError> {
        self.leases += 1;
        let claim = Claim {
            order: id,
            owner: owner.clone(),
            lease: self.leases,
            until,
        };
        self.row(id)?.claim = Some(claim.clone());
        Ok(claim)
    }

    fn claim_due(
        &mut self,
        (provider, account): (&ProviderInstance, &Account),
        owner: &Owner,
        now: Timestamp,
        until: Timestamp,
        limit: NonZeroU16,
    ) -> Result<Vec<Claim>, JournalError> {
        let same = self.accounts.same_as(account);
        let is_ours = |order: &Order| order.account().is_none_or(|own| same.contains(own));
        let is_overdue = |due: Timestamp| later(due, Claim::OTHERS_OVERDUE) < now;
        let mut due: Vec<(Timestamp, OrderId)> = self
            .orders
            .iter()
            .filter(|(_, row)| row.is_free(now) && row.order.requested().provider == *provider)
            .filter_map(|(id, row)| {
                let due = row.due.filter(|due| *due <= now)?;
                (is_ours(&row.order) || is_overdue(due)).then_some((due, *id))
            })
            .collect();
        due.sort_unstable();
        due.truncate(usize::from(limit.get()));
        due.into_iter()
            .map(|(_, id)| self.lease(id, owner, until))
            .collect()
    }

    fn owns_provider_order(&self, order: &Order) -> bool {
        let Some(placed) = order.placed() else {
            return true;
        };
        self.orders.values().all(|row| {
            row.order.id() == order.id()
                || row.order.requested().provider.name != order.requested().provider.name
                || row.order.placed().is_none_or(|other| other.id != placed.id)
        })
    }
}

#[async_trait]
impl OrderJournal for InMemoryJournal {
    async fn open(&self, new: &NewOrder) -> Result<Opened, JournalError> {
        let at = self.clock.now();
        let mut memory = self.stored();
        if let Some(id) = memory.keys.get(&new.requested.key).copied() {
            let same = memory.row(id)?.order.requested().fingerprint == new.requested.fingerprint;
            return Ok(if same {
                Opened::Existing(id)
            } else {
                Opened::KeyReused(id)
            });
        }
        let taken = |row: &Row| {
            let requested = row.order.requested();
            requested.reference == new.requested.reference
                && requested.provider.name == new.requested.provider.name
        };
        if memory.orders.values().any(taken) {
            return Err(JournalError::Duplicate {
                what: "the reference",
            });
        }
        if memory.orders.contains_key(&new.id) {
            return Err(JournalError::Duplicate {
                what: "the order id",
            });
        }
        let event = Event::Requested(Box::new(new.requested.clone()));
        let row = Row {
            order: Order::open(new.id, new.requested.clone()),
            events: vec![Recorded {
                version: Version::FIRST,
                at,
                event,
            }],
            due: Some(at),
            claim: None,
        };
        memory.keys.insert(new.requested.key.clone(), new.id);
        memory.orders.insert(new.id, row);
        Ok(Opened::New(new.id))
    }

    async fn load(&self, id: OrderId) -> Result<Order, JournalError> {
        Ok(self.stored().row(id)?.order.clone())
    }

    async fn find(&self, key: &IdempotencyKey) -> Result<Option<Order>, JournalError> {
        let mut memory = self.stored();
        match memory.keys.get(key).copied() {
            Some(id) => Ok(Some(memory.row(id)?.order.clone())),
            None => Ok(None),
        }
    }

    async fn events(&self, id: OrderId) -> Result<Vec<Recorded>, JournalError> {
        Ok(self.stored().row(id)?.events.clone())
    }

    fn list(&self, filter: OrderFilter) -> BoxStream<'static, Result<OrderSummary, JournalError>> {
        let mut rows: Vec<OrderSummary> = self
            .stored()
            .orders
            .values()
            .filter(|row| filter.admits(&row.order))
            .map(|row| OrderSummary::of(&row.order, row.updated_at()))
            .collect();
        rows.sort_by_key(|row| std::cmp::Reverse((row.created_at, row.id)));
        Box::pin(Listed(rows.into_iter()))
    }

    async fn append(
        &self,
        change: &OrderChange,
        due: Option<Timestamp>,
    ) -> Result<Timestamp, JournalError> {
        let at = self.clock.now();
        let mut memory = self.stored();
        let (id, expected) = (change.id(), change.expected());
        let actual = memory.row(id)?.order.version();
        if actual != expected {
            return Err(JournalError::VersionConflict {
                order: id,
                expected,
                actual,
            });
        }
        if !memory.owns_provider_order(change.after()) {
            return Err(JournalError::Duplicate {
                what: "the provider's order id",
            });
        }
        let row = memory.row(id)?;
        for event in change.events() {
            let version = Version::from_count(row.events.len() as u64 + 1);
            row.events.push(Recorded {
                version,
                at,
                event: event.clone(),
            });
        }
        row.order = change.after().clone();
        row.due = due;
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
        let now = self.clock.now();
        self.stored()
            .claim_due((provider, account), owner, now, later(now, lease), limit)
    }

    async fn wake(&self, id: OrderId) -> Result<(), JournalError> {
        let now = self.clock.now();
        let mut memory = self.stored();
        let row = memory.row(id)?;
        row.due = row.due.map(|due| due.min(now));
        Ok(())
    }

    async fn claim_order(
        &self,
        id: OrderId,
        owner: &Owner,
        lease: Duration,
    ) -> Result<Option<Claim>, JournalError> {
        let now = self.clock.now();
        let mut memory = self.stored();
        if !memory.row(id)?.is_free(now) {
            return Ok(None);
        }
        memory.lease(id, owner, later(now, lease)).map(Some)
    }

    async fn renew(&self, claim: &Claim, lease: Duration) -> Result<(), JournalError> {
        let until = later(self.clock.now(), lease);
        let mut memory = self.stored();
        match &mut memory.row(claim.order)?.claim {
            Some(held) if held.owner == claim.owner && held.lease == claim.lease => {
                held.until = until;
                Ok(())
            }
            _ => Err(JournalError::ClaimLost(claim.order)),
        }
    }

    async fn release(&self, claim: &Claim) -> Result<(), JournalError> {
        let mut memory = self.stored();
        let row = memory.row(claim.order)?;
        let held = |held: &Claim| held.owner == claim.owner && held.lease == claim.lease;
        if row.claim.as_ref().is_some_and(held) {
            row.claim = None;
        }
        Ok(())
    }

    async fn pressure(&self, provider: &ProviderName) -> Result<Pressure, JournalError> {
        let now = self.clock.now();
        let since = now.saturating_sub(jiff::SignedDuration::from_secs(60));
        let since = since.unwrap_or(Timestamp::MIN);
        let is_recent = |attempt: &Attempt| later(attempt.closes_at, Pressure::RECENTLY) > now;
        let memory = self.stored();
        let mut pressure = Pressure::default();
        let ours = |row: &&Row| row.order.requested().provider.name == *provider;
        for row in memory.orders.values().filter(ours) {
            let reconciling = row.order.state() == OrderState::Reconciling;
            let recent = row.order.attempts().last().is_some_and(is_recent);
            pressure.reconciling += u64::from(reconciling && recent);
            for attempt in row.order.attempts() {
                if attempt.settled_at.is_some_and(|at| at >= since) {
                    pressure.settled_last_minute += 1;
                    pressure.unknown_last_minute += u64::from(matches!(
                        attempt.state,
                        AttemptState::Ambiguous { .. } | AttemptState::Abandoned
                    ));
                }
            }
        }
        Ok(pressure)
    }

    async fn now(&self) -> Result<Timestamp, JournalError> {
        Ok(self.clock.now())
    }
}

#[async_trait]
impl BalanceStore for InMemoryJournal {
    async fn keep_balance(&self, reading: &BalanceReading) -> Result<(), JournalError> {
        self.stored().balances.push(reading.clone());
        Ok(())
    }

    async fn balances(
        &self,
        provider: &ProviderInstance,
        since: Timestamp,
    ) -> Result<Vec<BalanceReading>, JournalError> {
        let meant =
            |reading: &&BalanceReading| reading.provider == *provider && reading.at >= since;
        let mut readings: Vec<_> = self
            .stored()
            .balances
            .iter()
            .filter(meant)
            .cloned()
            .collect();
        readings.sort_by_key(|reading| reading.at);
        Ok(readings)
    }
}

#[async_trait]
impl EventInbox for InMemoryJournal {
    async fn is_known(&self, provider: &ProviderName, event: &str) -> Result<bool, JournalError> {
        let memory = self.stored();
        let known = memory.events.get(provider);
        Ok(known.is_some_and(|known| known.contains_key(event)))
    }

    async fn remember(
        &self,
        provider: &ProviderName,
        event: &str,
        at: Timestamp,
    ) -> Result<bool, JournalError> {
        let mut memory = self.stored();
        let known = memory.events.entry(provider.clone()).or_default();
        if known.contains_key(event) {
            return Ok(false);
        }
        known.insert(event.to_owned(), at);
        Ok(true)
    }

    async fn forget(
        &self,
        provider: &ProviderName,
        before: Timestamp,
        most: u32,
    ) -> Result<u64, JournalError> {
        let mut memory = self.stored();
        let Some(known) = memory.events.get_mut(provider) else {
            return Ok(0);
        };
        let had = known.len();
        known.retain(|_, at| *at >= before);
        let mut oldest: Vec<(Timestamp, String)> = known
            .iter()
            .map(|(event, at)| (*at, event.clone()))
            .collect();
        oldest.sort_unstable();
        let beyond = oldest
            .len()
            .saturating_sub(usize::try_from(most).unwrap_or(usize::MAX));
        for (_, event) in oldest.into_iter().take(beyond) {
            known.remove(&event);
        }
        Ok(u64::try_from(had - known.len()).unwrap_or(u64::MAX))
    }
}

/// A list that is already there, as a stream.
struct Listed(std::vec::IntoIter<OrderSummary>);

impl Stream for Listed {
    type Item = Result<OrderSummary, JournalError>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.next().map(Ok))
    }
}
