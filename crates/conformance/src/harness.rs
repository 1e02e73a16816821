//! What a provider's own tests lend to the suite: the provider, a clock, and what only they can do.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt as _;
use roamport_domain::package::Allowance;
use roamport_domain::provider::{EsimKey, EsimProvider, PackageQuery};
use roamport_domain::{Clock, EsimId, Iccid, IdempotencyKey, Money, PackageId, Reference, Secret};

/// Something that goes wrong once, on demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Trouble {
    /// The next order is charged, and its answer never arrives.
    LostOrderReply,
    /// The next order is charged, and the answer says that the server failed.
    FailedOrderReply,
    /// The next order is charged, and the answer stops in the middle.
    UnreadableOrderReply,
    /// The connection breaks before the next order is charged, and after it was sent.
    LostOrder,
    /// The next order is refused for asking too often.
    RateLimitedOrder,
    /// The next top-up is charged, and its answer never arrives.
    LostTopUpReply,
    /// The next profile is generated, and the answer never arrives.
    LostProvisionReply,
    /// The next profile takes a while: longer than the call, at most
    /// [`ProviderHarness::pass`]ing half an hour.
    PendingProfile,
    /// The second page of the next listing of packages fails once, for a moment.
    FailedPage,
    /// The second page of the next listing of packages is answered with something unreadable.
    UnreadablePage,
    /// The next reading of the wallet fails once, for a moment.
    FailedRead,
    /// The next order is charged at once, and its answer takes half a second of real time.
    SlowOrderReply,
    /// The next order is answered with nothing, and is charged a while later: within the
    /// [longest effect](roamport_domain::Capabilities::longest_effect) that the provider documents.
    LateOrder,
    /// The next order is charged and answered before it is delivered: it is pending for a while, at
    /// most [`ProviderHarness::pass`]ing half an hour.
    LateDelivery,
    /// The next eSIM is given back, and the answer never arrives.
    LostCancellationReply,
}

/// The provider under test and what can be done with its world.
///
/// Only [`ProviderHarness::provider`] and [`ProviderHarness::clock`] are required. Every other
/// method is a power: where it answers `None` or `false`, the cases that need it are skipped, and the
/// suite's tally names them: a promise that was not tried is not known to be kept. A provider's quirk belongs here, never into a case. The cases buy: point a harness at a
/// sandbox or a test account, never at a wallet with real money in it.
#[async_trait]
pub trait ProviderHarness: Debug + Send + Sync {
    /// The provider under test.
    fn provider(&self) -> Arc<dyn EsimProvider>;

    /// The clock on which purchase windows are opened.
    fn clock(&self) -> Arc<dyn Clock>;

    /// A reference that was never used: from the clock, the process and a counter by default.
    fn reference(&self) -> Reference {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let moment = self.clock().now().as_nanosecond();
        let key = format!("conformance-{moment}-{}-{number}", std::process::id());
        let key = IdempotencyKey::parse(key).expect("digits and dashes are a key");
        Reference::derive(self.provider().name(), &key)
    }

    /// Lets this much time go by: for the provider's world where it has a clock of its own, for
    /// real by default.
    async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    /// An ordinary package: data only, usage readable, an eSIM of it can be topped up, no travel
    /// date, not sold by the day. By default the first listed one that looks so.
    async fn a_package(&self) -> Option<PackageId> {
        let mut packages = self.provider().packages(PackageQuery::default());
        while let Some(Ok(package)) = packages.next().await {
            let data_only = package.voice == Allowance::None && package.sms == Allowance::None;
            let flags = package.flags;
            let ordinary =
                flags.usage_readable && !flags.travel_date_required && package.by_day.is_none();
            if data_only && ordinary && package.data.fixed_size().is_some() {
                return Some(package.id);
            }
        }
        None
    }

    /// A package that is [sold by the day](roamport_domain::Package::by_day). By default the first
    /// listed one.
    async fn package_by_day(&self) -> Option<PackageId> {
        let mut packages = self.provider().packages(PackageQuery::default());
        while let Some(Ok(package)) = packages.next().await {
            if package.by_day.is_some() && !package.flags.travel_date_required {
                return Some(package.id);
            }
        }
        None
    }

    /// A package that cannot be bought or provisioned without a travel date.
    async fn package_needing_travel_date(&self) -> Option<PackageId> {
        None
    }

    /// A package whose eSIMs cannot be topped up, though the provider has top-ups.
    async fn package_without_top_up(&self) -> Option<PackageId> {
        None
    }

    /// A package whose eSIMs' usage cannot be read, though the provider has usage.
    async fn package_without_usage(&self) -> Option<PackageId> {
        None
    }

    /// A package id that nobody sells.
    fn unknown_package(&self) -> PackageId {
        PackageId::parse("conformance-sold-by-nobody").expect("letters and dashes are an id")
    }

    /// Names of eSIMs that do not exist or belong to somebody else.
    fn unknown_esims(&self) -> Vec<EsimKey> {
        let id = EsimId::parse("conformance-nobodys-esim").expect("letters and dashes are an id");
        let iccid = Iccid::parse("8900000000000000000").expect("19 digits are an ICCID");
        vec![EsimKey::from_id(id), EsimKey::from_iccid(iccid)]
    }

    /// The oracle: how many packages are for sale.
    async fn catalogue_size(&self) -> Option<usize> {
        None
    }

    /// The oracle: a package and its exact price, best one with all decimals the provider bills in.
    async fn exact_price(&self) -> Option<(PackageId, Money)> {
        None
    }

    /// The oracle: every charge ever made under `reference`.
    async fn charges(&self, _reference: &Reference) -> Option<Vec<Money>> {
        None
    }

    /// The oracle: everything that was ever paid back for an eSIM.
    async fn refunds(&self, _esim: &EsimId) -> Option<Vec<Money>> {
        None
    }

    /// The oracle: what is in the wallet.
    async fn wallet(&self) -> Option<Money> {
        None
    }

    /// Puts this into the wallet in place of what is there, and says whether it could.
    async fn set_wallet(&self, _balance: Money) -> bool {
        false
    }

    /// Whether nobody else spends from this wallet while a case runs.
    fn wallet_is_ours_alone(&self) -> bool {
        true
    }

    /// Has the provider charge another price for this package from now on than the one it was listed
    /// at, and says whether it could.
    async fn move_price(&self, _package: &PackageId) -> bool {
        false
    }

    /// Installs an eSIM, as a traveller's device would, and says whether it could.
    async fn install(&self, _esim: &EsimId) -> bool {
        false
    }

    /// Has the provider give the card numbers of eSIMs that are over to new ones from now on, and says
    /// whether it could.
    async fn reuse_card_numbers(&self) -> bool {
        false
    }

    /// Makes this go wrong once, at the next call it fits, and says whether it can.
    async fn make(&self, _trouble: Trouble) -> bool {
        false
    }

    /// Texts that must appear nowhere: the token, above all.
    fn secrets(&self) -> Vec<Secret> {
        Vec::new()
    }
}
