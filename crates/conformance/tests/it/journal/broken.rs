//! Journals that break one promise each, and the cases that notice.

use std::num::NonZeroU16;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use jiff::Timestamp;
use roamport_conformance::journal::{
    JournalHarness, MovableClock, appending, claims, inbox, lists, opening, pressure, profiles,
    sample,
};
use roamport_conformance::{Stopped, Verdict};
use roamport_domain::journal::{
    Claim, InMemoryJournal, JournalError, KeptProfile, NewOrder, Opened, OrderFilter, OrderSummary,
    Owner, Pressure, Recorded, Version,
};
use roamport_domain::order::{Event, ProviderInstance};
use roamport_domain::provider::EsimKey;
use roamport_domain::{
    EsimId, EventInbox, IdempotencyKey, Order, OrderId, OrderJournal, ProfileStore, ProviderName,
    Reference,
};

/// What is wrong with a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// Appends to whatever version is there.
    NoFence,
    /// Appends the legal events before an illegal one.
    AppendsByParts,
    /// Takes a reused key for the same wish.
    ForgetsFingerprints,
    /// Leaves out the oldest order of a list of more than a hundred.
    ShortList,
    /// Never sets when an order is due.
    ForgetsDue,
    /// Renews claims that others hold.
    RenewsAnything,
    /// Counts no unknown outcome.
    BlindToUnknown,
    /// Erases nothing.
    KeepsProfiles,
    /// Gives out what is held already.
    ClaimsTwice,
    /// Records another order under a known key.
    ForgetsKeys,
    /// Takes every order that is due some day for due now.
    ClaimsTooEarly,
    /// Frees whatever claim is held when an older one is given back.
    FreesNewerClaims,
    /// Measures leases on a clock that goes three times as fast.
    ShortLeases,
    /// Lets the orders of others take up the limit of a claim.
    SharesTheLimit,
    /// Wakes nothing.
    SleepsOn,
    /// Wakes orders at rest, too.
    WakesTheDead,
    /// Takes every event for a new one.
    ForgetsEvents,
    /// Knows the events of one provider as those of another.
    MixesProviders,
    /// Forgets no event, however old.
    ForgetsNoEvent,
}

#[derive(Debug)]
struct Flawed {
    inner: InMemoryJournal,
    flaw: Flaw,
    given: Mutex<Vec<Claim>>,
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
        id: OrderId,
        expected: Version,
        events: &[Event],
        due: Option<Timestamp>,
    ) -> Result<Version, JournalError> {
        match self.flaw {
            Flaw::NoFence => {
                let newest = self.inner.load(id).await?.version();
                self.inner.append(id, newest, events, due).await
            }
            Flaw::AppendsByParts => {
                let mut version = self.inner.append(id, expected, &[], due).await?;
                for event in events {
                    version = self
                        .inner
                        .append(id, version, std::slice::from_ref(event), due)
                        .await?;
                }
                Ok(version)
            }
            Flaw::ForgetsDue => self.inner.append(id, expected, events, None).await,
            Flaw::ClaimsTooEarly => {
                let due = due.map(|_| Timestamp::UNIX_EPOCH);
                self.inner.append(id, expected, events, due).await
            }
            _ => self.inner.append(id, expected, events, due).await,
        }
    }

    async fn claim(
        &self,
        owner: &Owner,
        lease: Duration,
        limit: NonZeroU16,
    ) -> Result<Vec<Claim>, JournalError> {
        if self.flaw == Flaw::ClaimsTwice {
            self.free(|_| true).await?;
        }
        let measured = self.measured(lease);
        let claims = self.inner.claim(owner, measured, limit).await?;
        Ok(claims
            .into_iter()
            .map(|claim| self.give(claim, lease))
            .collect())
    }

    async fn claim_for(
        &self,
        provider: &ProviderInstance,
        owner: &Owner,
        lease: Duration,
        limit: NonZeroU16,
    ) -> Result<Vec<Claim>, JournalError> {
        let measured = self.measured(lease);
        if self.flaw == Flaw::SharesTheLimit {
            // Claims anything and gives back what is another's.
            let mut ours = Vec::new();
            for claim in self.inner.claim(owner, measured, limit).await? {
                if self.inner.load(claim.order).await?.requested().provider == *provider {
                    ours.push(claim);
                } else {
                    self.inner.release(&claim).await?;
                }
            }
            return Ok(ours);
        }
        let claims = self
            .inner
            .claim_for(provider, owner, measured, limit)
            .await?;
        Ok(claims
            .into_iter()
            .map(|claim| self.give(claim, lease))
            .collect())
    }

    async fn wake(&self, id: OrderId) -> Result<(), JournalError> {
        match self.flaw {
            Flaw::SleepsOn => self.inner.load(id).await.map(drop),
            Flaw::WakesTheDead => {
                let (version, now) = (self.inner.load(id).await?.version(), self.now().await?);
                self.inner.append(id, version, &[], Some(now)).await?;
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
    async fn keep(&self, profile: &KeptProfile) -> Result<(), JournalError> {
        self.inner.keep(profile).await
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

    fn inbox(&self) -> Option<Arc<dyn EventInbox>> {
        Some(Arc::clone(&self.journal) as _)
    }

    async fn pass(&self, time: Duration) {
        self.clock.pass(time);
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
        }),
    }
}

#[track_caller]
fn check(verdict: &Verdict) {
    assert!(
        verdict.as_ref().is_err_and(Stopped::is_broken),
        "{verdict:?}"
    );
}

#[tokio::test]
async fn a_journal_without_a_fence_is_noticed() {
    check(&appending::an_append_on_an_old_version_writes_nothing(&with(Flaw::NoFence)).await);
    check(&appending::of_many_appends_on_one_version_one_wins(&with(Flaw::NoFence)).await);
}

#[tokio::test]
async fn a_journal_that_appends_by_parts_is_noticed() {
    check(&appending::an_illegal_event_writes_nothing(&with(Flaw::AppendsByParts)).await);
}

#[tokio::test]
async fn a_journal_that_forgets_fingerprints_is_noticed() {
    let harness = with(Flaw::ForgetsFingerprints);
    check(&opening::a_key_reused_for_something_else_records_nothing(&harness).await);
}

#[tokio::test]
async fn a_short_list_is_noticed() {
    check(&lists::the_newest_come_first_and_none_is_missing(&with(Flaw::ShortList)).await);
    check(&lists::orders_of_one_moment_are_all_listed(&with(Flaw::ShortList)).await);
}

#[tokio::test]
async fn a_journal_that_forgets_what_is_due_is_noticed() {
    check(&claims::nothing_is_claimed_before_it_is_due(&with(Flaw::ForgetsDue)).await);
    check(
        &appending::an_append_without_events_sets_the_due_time_alone(&with(Flaw::ForgetsDue)).await,
    );
}

#[tokio::test]
async fn a_journal_that_renews_what_was_lost_is_noticed() {
    check(&claims::a_claim_that_was_taken_is_lost(&with(Flaw::RenewsAnything)).await);
}

#[tokio::test]
async fn a_journal_that_is_blind_to_unknown_outcomes_is_noticed() {
    let harness = with(Flaw::BlindToUnknown);
    check(&pressure::pressure_counts_the_last_minute_at_one_provider(&harness).await);
}

#[tokio::test]
async fn a_store_that_erases_nothing_is_noticed() {
    check(&profiles::an_erased_profile_is_gone_and_no_other(&with(Flaw::KeepsProfiles)).await);
}

#[tokio::test]
async fn a_journal_in_which_others_orders_take_up_the_limit_is_noticed() {
    let harness = with(Flaw::SharesTheLimit);
    check(&claims::a_claim_for_one_provider_leaves_the_orders_of_others_alone(&harness).await);
}

#[tokio::test]
async fn a_journal_that_gives_claims_out_twice_is_noticed() {
    check(&claims::many_claimers_never_hold_one_order(&with(Flaw::ClaimsTwice)).await);
}

#[tokio::test]
async fn a_journal_that_forgets_keys_is_noticed() {
    check(&opening::a_hundred_callers_with_one_key_make_one_order(&with(Flaw::ForgetsKeys)).await);
}

#[tokio::test]
async fn a_journal_that_claims_too_early_is_noticed() {
    check(&claims::nothing_is_claimed_before_it_is_due(&with(Flaw::ClaimsTooEarly)).await);
}

#[tokio::test]
async fn a_journal_that_frees_newer_claims_is_noticed() {
    check(&claims::a_lost_claim_frees_nothing(&with(Flaw::FreesNewerClaims)).await);
}

#[tokio::test]
async fn a_journal_whose_leases_are_short_is_noticed() {
    let harness = with(Flaw::ShortLeases);
    check(&claims::a_held_order_is_claimed_again_when_its_lease_is_over(&harness).await);
}

#[tokio::test]
async fn a_journal_that_wakes_nothing_is_noticed() {
    check(&claims::a_woken_order_is_due_at_once(&with(Flaw::SleepsOn)).await);
}

#[tokio::test]
async fn a_journal_that_wakes_orders_at_rest_is_noticed() {
    check(&claims::an_order_at_rest_is_not_woken(&with(Flaw::WakesTheDead)).await);
}

#[tokio::test]
async fn an_inbox_that_forgets_or_mixes_events_is_noticed() {
    let forgetful = with(Flaw::ForgetsEvents);
    check(&inbox::an_event_is_new_once(&forgetful).await);
    check(&inbox::of_many_who_remember_one_event_one_is_first(&forgetful).await);
    check(&inbox::events_of_another_provider_stay_apart(&with(Flaw::MixesProviders)).await);
    let hoarding = with(Flaw::ForgetsNoEvent);
    check(&inbox::events_are_forgotten_by_age_and_number(&hoarding).await);
}
