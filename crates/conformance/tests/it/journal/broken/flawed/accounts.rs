//! What is known of accounts, behind a flaw.

use std::sync::atomic::Ordering;

use async_trait::async_trait;
use jiff::Timestamp;
use roamport_domain::journal::{
    AccountHold, AccountStore, ChargeState, JournalError, KnownOrder, LookupProbe, Spending,
};
use roamport_domain::order::ProviderInstance;
use roamport_domain::{Account, OrderId, Secret};
use uuid::Uuid;

use super::{Flaw, Flawed};

#[async_trait]
impl AccountStore for Flawed {
    async fn account(&self, identity: &Secret) -> Result<Account, JournalError> {
        if self.flaw == Flaw::DigestsAnew {
            let call = self.calls.fetch_add(1, Ordering::SeqCst);
            let salted = Secret::new(format!("{} {call}", identity.expose()));
            return self.inner.account(&salted).await;
        }
        self.inner.account(identity).await
    }

    async fn confirm_same(
        &self,
        one: &Account,
        other: &Account,
        by: &str,
    ) -> Result<(), JournalError> {
        if self.flaw == Flaw::ForgetsConfirmations {
            return Ok(());
        }
        self.inner.confirm_same(one, other, by).await
    }

    async fn same_as(&self, account: &Account) -> Result<Vec<Account>, JournalError> {
        self.inner.same_as(account).await
    }

    async fn known_at(
        &self,
        provider: &ProviderInstance,
        account: &Account,
        before: Timestamp,
        except: OrderId,
    ) -> Result<Option<KnownOrder>, JournalError> {
        let except = match self.flaw {
            Flaw::KnowsNoOrder => return Ok(None),
            Flaw::KnowsTheAsker => OrderId::from_uuid(Uuid::nil()),
            _ => except,
        };
        self.inner.known_at(provider, account, before, except).await
    }

    async fn spending(
        &self,
        account: &Account,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Spending, JournalError> {
        let mut spending = self.inner.spending(account, from, to).await?;
        match self.flaw {
            Flaw::MissesWhatIsInFlight => spending
                .charges
                .retain(|charge| charge.state != ChargeState::InFlight),
            Flaw::MissesRefunds => spending.refunds.clear(),
            _ => {}
        }
        Ok(spending)
    }

    async fn note_witness(
        &self,
        account: &Account,
        order: OrderId,
        since: Timestamp,
    ) -> Result<u64, JournalError> {
        let counted = self.inner.note_witness(account, order, since).await?;
        if self.flaw == Flaw::CountsWitnessesTwice {
            return Ok(self.calls.fetch_add(1, Ordering::SeqCst) + 1);
        }
        Ok(counted)
    }

    async fn hold(&self, account: &Account, reason: &str) -> Result<bool, JournalError> {
        let held = self.inner.hold(account, reason).await?;
        Ok(held || self.flaw == Flaw::HoldsTwice)
    }

    async fn held(&self, account: &Account) -> Result<Option<AccountHold>, JournalError> {
        self.inner.held(account).await
    }

    async fn lift_hold(&self, account: &Account, by: &str) -> Result<bool, JournalError> {
        if self.flaw == Flaw::HoldsForEver {
            return Ok(self.inner.held(account).await?.is_some());
        }
        self.inner.lift_hold(account, by).await
    }

    async fn keep_probe(&self, account: &Account, probe: &LookupProbe) -> Result<(), JournalError> {
        let has_one = self.inner.probe(account).await?.is_some();
        if has_one && self.flaw == Flaw::KeepsTheFirstProbe {
            return Ok(());
        }
        self.inner.keep_probe(account, probe).await
    }

    async fn probe(&self, account: &Account) -> Result<Option<LookupProbe>, JournalError> {
        self.inner.probe(account).await
    }
}
