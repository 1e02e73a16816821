//! What the journal in memory knows of accounts: read from its orders, or noted beside them.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use jiff::Timestamp;

use super::{InMemoryJournal, Memory, Row};
use crate::journal::{
    AccountHold, AccountStore, AttemptRecord, Charge, JournalError, KnownOrder, LookupProbe,
    RefundRecord, Spending,
};
use crate::order::ProviderInstance;
use crate::{Account, OrderId, Secret};

/// What is noted of accounts.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    /// Pairs that a person confirmed to be one account.
    confirmed: Vec<(Account, Account)>,
    /// When an order last had a witness speak against it.
    witnesses: HashMap<(Account, OrderId), Timestamp>,
    holds: HashMap<Account, AccountHold>,
    probes: HashMap<Account, LookupProbe>,
}

impl Accounts {
    /// Every account that is the same as this one, itself first.
    pub(super) fn same_as(&self, account: &Account) -> Vec<Account> {
        let mut same = vec![account.clone()];
        let mut next = 0;
        while let Some(known) = same.get(next).cloned() {
            for (one, other) in &self.confirmed {
                for (from, to) in [(one, other), (other, one)] {
                    if *from == known && !same.contains(to) {
                        same.push(to.clone());
                    }
                }
            }
            next += 1;
        }
        same
    }
}

impl Row {
    fn refunds(&self) -> impl Iterator<Item = RefundRecord> {
        let events = self.events.iter();
        events.filter_map(|recorded| RefundRecord::of(&recorded.event))
    }
}

impl Memory {
    /// The purchase calls that the account made, or one that is the same.
    fn attempts_of(&self, account: &Account) -> Vec<(&Row, AttemptRecord)> {
        let same = self.accounts.same_as(account);
        let is_ours = |attempt: &AttemptRecord| {
            let account = attempt.account.as_ref();
            account.is_some_and(|account| same.contains(account))
        };
        self.orders
            .values()
            .flat_map(|row| {
                let records = row.order.attempt_records().into_iter();
                records.map(move |attempt| (row, attempt))
            })
            .filter(|(_, attempt)| is_ours(attempt))
            .collect()
    }
}

#[async_trait]
impl AccountStore for InMemoryJournal {
    async fn account(&self, identity: &Secret) -> Result<Account, JournalError> {
        Ok(self.key.account(identity))
    }

    async fn confirm_same(
        &self,
        one: &Account,
        other: &Account,
        _by: &str,
    ) -> Result<(), JournalError> {
        let mut memory = self.stored();
        let pair = (one.clone(), other.clone());
        memory.accounts.confirmed.push(pair);
        Ok(())
    }

    async fn same_as(&self, account: &Account) -> Result<Vec<Account>, JournalError> {
        Ok(self.stored().accounts.same_as(account))
    }

    async fn known_at(
        &self,
        provider: &ProviderInstance,
        account: &Account,
        before: Timestamp,
        except: OrderId,
    ) -> Result<Option<KnownOrder>, JournalError> {
        let memory = self.stored();
        let known = memory
            .attempts_of(account)
            .into_iter()
            .filter_map(|(row, attempt)| {
                let requested = row.order.requested();
                let (order, placed_at) = attempt.placed.zip(attempt.placed_at)?;
                let is_meant = requested.provider == *provider
                    && placed_at < before
                    && row.order.id() != except;
                is_meant.then(|| KnownOrder {
                    order,
                    reference: requested.reference.clone(),
                    placed_at,
                })
            });
        Ok(known.max_by_key(|known| (known.placed_at, known.order.clone())))
    }

    async fn spending(
        &self,
        account: &Account,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Spending, JournalError> {
        let memory = self.stored();
        let same: HashSet<Account> = memory.accounts.same_as(account).into_iter().collect();
        let mut charges: Vec<(u16, Charge)> = memory
            .attempts_of(account)
            .into_iter()
            .filter(|(_, attempt)| {
                attempt.opened_at <= to && attempt.settled_at.is_none_or(|settled| settled >= from)
            })
            .map(|(row, attempt)| (attempt.number, attempt.charge_of(row.order.id())))
            .collect();
        charges.sort_by_key(|(number, charge)| (charge.opened_at, charge.order, *number));
        let ours = |row: &&Row| {
            let account = row.order.account();
            account.is_some_and(|account| same.contains(account))
        };
        let mut refunds: Vec<(OrderId, RefundRecord)> = memory
            .orders
            .values()
            .filter(ours)
            .flat_map(|row| row.refunds().map(|refund| (row.order.id(), refund)))
            .filter(|(_, refund)| (from..=to).contains(&refund.at))
            .collect();
        refunds.sort_by_key(|(order, refund)| (refund.at, *order, refund.item));
        Ok(Spending {
            charges: charges.into_iter().map(|(_, charge)| charge).collect(),
            refunds: refunds
                .into_iter()
                .map(|(_, refund)| refund.amount)
                .collect(),
        })
    }

    async fn note_witness(
        &self,
        account: &Account,
        order: OrderId,
        since: Timestamp,
    ) -> Result<u64, JournalError> {
        let now = self.clock.now();
        let accounts = &mut self.stored().accounts;
        accounts.witnesses.insert((account.clone(), order), now);
        let same = accounts.same_as(account);
        let orders: HashSet<OrderId> = accounts
            .witnesses
            .iter()
            .filter(|((account, _), at)| same.contains(account) && **at >= since)
            .map(|((_, order), _)| *order)
            .collect();
        Ok(u64::try_from(orders.len()).unwrap_or(u64::MAX))
    }

    async fn hold(&self, account: &Account, reason: &str) -> Result<bool, JournalError> {
        let since = self.clock.now();
        let accounts = &mut self.stored().accounts;
        let same = accounts.same_as(account);
        if same
            .iter()
            .any(|account| accounts.holds.contains_key(account))
        {
            return Ok(false);
        }
        let hold = AccountHold {
            since,
            reason: reason.to_owned(),
        };
        accounts.holds.insert(account.clone(), hold);
        Ok(true)
    }

    async fn held(&self, account: &Account) -> Result<Option<AccountHold>, JournalError> {
        let accounts = &self.stored().accounts;
        let same = accounts.same_as(account);
        let holds = same
            .iter()
            .filter_map(|account| accounts.holds.get(account));
        Ok(holds.min_by_key(|hold| hold.since).cloned())
    }

    async fn lift_hold(&self, account: &Account, _by: &str) -> Result<bool, JournalError> {
        let accounts = &mut self.stored().accounts;
        let same = accounts.same_as(account);
        accounts
            .witnesses
            .retain(|(account, _), _| !same.contains(account));
        let lifted = same
            .iter()
            .filter_map(|account| accounts.holds.remove(account));
        Ok(lifted.count() > 0)
    }

    async fn keep_probe(&self, account: &Account, probe: &LookupProbe) -> Result<(), JournalError> {
        let accounts = &mut self.stored().accounts;
        accounts.probes.insert(account.clone(), probe.clone());
        Ok(())
    }

    async fn probe(&self, account: &Account) -> Result<Option<LookupProbe>, JournalError> {
        let accounts = &self.stored().accounts;
        let same = accounts.same_as(account);
        let probes = same
            .iter()
            .filter_map(|account| accounts.probes.get(account));
        Ok(probes.max_by_key(|probe| probe.at).cloned())
    }
}
