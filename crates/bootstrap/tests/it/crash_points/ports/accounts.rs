//! What a process knows of accounts, over the same way as its journal.

use async_trait::async_trait;
use jiff::Timestamp;
use roamport_domain::journal::{AccountHold, AccountStore, KnownOrder, LookupProbe, Spending};
use roamport_domain::order::ProviderInstance;
use roamport_domain::{Account, OrderId, Secret};

use super::{Journalled, StoppingJournal};

#[async_trait]
impl AccountStore for StoppingJournal {
    async fn account(&self, identity: &Secret) -> Journalled<Account> {
        self.call(self.kept.accounts.account(identity)).await
    }

    async fn confirm_same(&self, one: &Account, other: &Account, by: &str) -> Journalled<()> {
        self.call(self.kept.accounts.confirm_same(one, other, by))
            .await
    }

    async fn same_as(&self, account: &Account) -> Journalled<Vec<Account>> {
        self.call(self.kept.accounts.same_as(account)).await
    }

    async fn known_at(
        &self,
        provider: &ProviderInstance,
        account: &Account,
        before: Timestamp,
        except: OrderId,
    ) -> Journalled<Option<KnownOrder>> {
        let work = self
            .kept
            .accounts
            .known_at(provider, account, before, except);
        self.call(work).await
    }

    async fn spending(
        &self,
        account: &Account,
        from: Timestamp,
        to: Timestamp,
    ) -> Journalled<Spending> {
        self.call(self.kept.accounts.spending(account, from, to))
            .await
    }

    async fn note_witness(
        &self,
        account: &Account,
        order: OrderId,
        since: Timestamp,
    ) -> Journalled<u64> {
        self.call(self.kept.accounts.note_witness(account, order, since))
            .await
    }

    async fn hold(&self, account: &Account, reason: &str) -> Journalled<bool> {
        self.call(self.kept.accounts.hold(account, reason)).await
    }

    async fn held(&self, account: &Account) -> Journalled<Option<AccountHold>> {
        self.call(self.kept.accounts.held(account)).await
    }

    async fn lift_hold(&self, account: &Account, by: &str) -> Journalled<bool> {
        self.call(self.kept.accounts.lift_hold(account, by)).await
    }

    async fn keep_probe(&self, account: &Account, probe: &LookupProbe) -> Journalled<()> {
        self.call(self.kept.accounts.keep_probe(account, probe))
            .await
    }

    async fn probe(&self, account: &Account) -> Journalled<Option<LookupProbe>> {
        self.call(self.kept.accounts.probe(account)).await
    }
}
