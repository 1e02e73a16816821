//! What a process knows of accounts, over the same way as its journal.

use async_trait::async_trait;
use jiff::Timestamp;
use roamport_domain::journal::{AccountHold, AccountStore, KnownOrder, LookupProbe, Spending};
use roamport_domain::order::ProviderInstance;
use roamport_domain::{Account, OrderId, Secret};

use super::journal::{Result, SimulatedJournal};

#[async_trait]
impl AccountStore for SimulatedJournal {
    async fn account(&self, identity: &Secret) -> Result<Account> {
        self.call(self.kept().account(identity)).await
    }

    async fn confirm_same(&self, one: &Account, other: &Account, by: &str) -> Result<()> {
        self.call(self.kept().confirm_same(one, other, by)).await
    }

    async fn same_as(&self, account: &Account) -> Result<Vec<Account>> {
        self.call(self.kept().same_as(account)).await
    }

    async fn known_at(
        &self,
        provider: &ProviderInstance,
        account: &Account,
        before: Timestamp,
        except: OrderId,
    ) -> Result<Option<KnownOrder>> {
        let work = self.kept().known_at(provider, account, before, except);
        self.call(work).await
    }

    async fn spending(
        &self,
        account: &Account,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Spending> {
        self.call(self.kept().spending(account, from, to)).await
    }

    async fn note_witness(
        &self,
        account: &Account,
        order: OrderId,
        since: Timestamp,
    ) -> Result<u64> {
        self.call(self.kept().note_witness(account, order, since))
            .await
    }

    async fn hold(&self, account: &Account, reason: &str) -> Result<bool> {
        self.call(self.kept().hold(account, reason)).await
    }

    async fn held(&self, account: &Account) -> Result<Option<AccountHold>> {
        self.call(self.kept().held(account)).await
    }

    async fn lift_hold(&self, account: &Account, by: &str) -> Result<bool> {
        self.call(self.kept().lift_hold(account, by)).await
    }

    async fn keep_probe(&self, account: &Account, probe: &LookupProbe) -> Result<()> {
        self.call(self.kept().keep_probe(account, probe)).await
    }

    async fn probe(&self, account: &Account) -> Result<Option<LookupProbe>> {
        self.call(self.kept().probe(account)).await
    }
}
