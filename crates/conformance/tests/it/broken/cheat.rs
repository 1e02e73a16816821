//! A provider that breaks one promise about what it sells, delivers or says: a sandbox behind a cheat.

use super::lines;
use std::num::NonZeroU16;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures::stream::{self, BoxStream};
use futures::{FutureExt as _, StreamExt as _};
use roamport_conformance::ProviderHarness as _;
use roamport_domain::esim::{EsimReport, PlanState, ProfileState};
use roamport_domain::package::DayRange;
use roamport_domain::provider::{
    CancelRequest, CancelledEsim, DestinationFilter, ErrorKind, EsimKey, FoundOrders, Operation,
    OrderLookup, PackageQuery, ProviderOrder, ProvisionRequest, Provisioning, Purchase,
    PurchaseRequest, Reaction, Result, TopUpQuery, UsageQuery, UsageSupport,
};
use roamport_domain::{
    Activation, Capabilities, Currency, Destination, Esim, EsimProvider, Money, Package,
    ProviderError, ProviderName, Secret, Usage,
};

use crate::sandbox::{accepting, replaying};
use crate::world::{TOKEN, WorldHarness};

/// How a provider cheats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trick {
    ChargesForProfiles,
    ShufflesItsCatalogue,
    ListsEverythingForAnId,
    PricesInAnotherCurrency,
    SellsForNoDays,
    TopsUpAgainWhenDropped,
    AnswersWhatItRulesOut,
    LosesItsPlaceWhenDropped,
    DeliversOneOfMany,
    SellsSomethingElse,
    CutsLargeOrders,
    CallsRefusalsOutages,
    InventsActivations,
    CallsPendingAnError,
    MakesUpATravelDate,
    ProvisionsNothingGladly,
    PromisesToPoll,
    PromisesProfilesAtOnce,
    KnowsNoCardNumbers,
    PutsSecretsIntoNotes,
    TopsUpSomethingElse,
    ListsTopUpsForEveryEsim,
    ReadsManyWithoutSaying,
    PrintsItsToken,
}

#[derive(Debug)]
struct Cheat {
    inner: Arc<dyn EsimProvider>,
    trick: Trick,
    listings: AtomicU64,
    dropped: Arc<AtomicUsize>,
    last_order: Mutex<Option<Purchase>>,
    last_top_up: Arc<Mutex<Option<Package>>>,
    /// What it sells in the place of something else.
    ordinary: Mutex<Option<Package>>,
    /// What `Debug` shows.
    #[expect(dead_code, reason = "it is there to be printed")]
    note: Option<&'static str>,
}

impl Cheat {
    fn does(&self, trick: Trick) -> bool {
        self.trick == trick
    }

    fn error(&self, kind: ErrorKind, operation: Operation) -> ProviderError {
        ProviderError::new(kind, self.name().clone(), operation, "something happened")
    }

    fn outage<T>(&self, answer: Result<T>, operation: Operation) -> Result<T> {
        answer.map_err(|error| {
            if self.does(Trick::CallsRefusalsOutages)
                && matches!(error.reaction(), Reaction::Refuse | Reaction::Halt)
            {
                self.error(ErrorKind::Unavailable, operation)
            } else {
                error
            }
        })
    }

    fn has_no_name(&self, key: &EsimKey, operation: Operation) -> Result<()> {
        if self.does(Trick::KnowsNoCardNumbers) && key.id().is_none() {
            return Err(self.error(ErrorKind::NotFound, operation));
        }
        Ok(())
    }

    /// A package that is for sale, the first listed one that needs nothing special.
    async fn ordinary(&self) -> Option<Package> {
        let known = self.ordinary.lock().unwrap().clone();
        if known.is_some() {
            return known;
        }
        let mut packages = self.inner.packages(PackageQuery::default());
        while let Some(Ok(package)) = packages.next().await {
            if package.by_day.is_none() && !package.flags.travel_date_required {
                *self.ordinary.lock().unwrap() = Some(package.clone());
                return Some(package);
            }
        }
        None
    }
}

/// The package as this trick lists it.
fn dressed(trick: Trick, package: Package) -> Package {
    match trick {
        Trick::PricesInAnotherCurrency => Package {
            price: Money::new(package.price.amount(), Currency::EUR).unwrap(),
            ..package
        },
        Trick::SellsForNoDays => Package {
            by_day: package.by_day.map(|range| DayRange {
                least: range.most + 1,
                ..range
            }),
            ..package
        },
        _ => package,
    }
}

/// Counts that a listing was dropped before its end.
struct Watch {
    dropped: Arc<AtomicUsize>,
    has_ended: bool,
}

impl Drop for Watch {
    fn drop(&mut self) {
        if !self.has_ended {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The esim as this trick shows it.
fn shown(trick: Trick, esim: Esim) -> Esim {
    let report = esim.report().clone();
    match trick {
        Trick::InventsActivations if !esim.is_ready() => {
            let activation = Activation::new("smdp.example.com", Secret::new("INVENTED"));
            Esim::from_report(EsimReport {
                profile: ProfileState::Ready,
                activation: Some(activation),
                ..report
            })
        }
        Trick::PutsSecretsIntoNotes => {
            let lpa = esim.activation().map(Activation::lpa);
            let notes = lpa.into_iter().map(|lpa| lpa.expose().to_owned()).collect();
            Esim::from_report(EsimReport { notes, ..report })
        }
        _ => esim,
    }
}

impl Cheat {
    async fn order(&self, request: &Purchase) -> Result<ProviderOrder> {
        let mut request = request.clone();
        *self.last_order.lock().unwrap() = Some(request.clone());
        if self.does(Trick::CutsLargeOrders) {
            let most = self
                .capabilities()
                .esims_per_order
                .map_or(1, NonZeroU16::get);
            for line in lines(&mut request) {
                line.quantity = line.quantity.min(NonZeroU16::new(most).unwrap());
            }
        }
        let answer = self.inner.purchase(&request).await;
        match (self.trick, answer) {
            (Trick::SellsSomethingElse, Err(error)) if error.reaction() == Reaction::Refuse => {
                let Some(ordinary) = self.ordinary().await else {
                    return Err(error);
                };
                for line in lines(&mut request) {
                    line.package = ordinary.id.clone();
                }
                self.inner.purchase(&request).await
            }
            (Trick::DeliversOneOfMany, Ok(mut order)) => {
                order.items.truncate(1);
                Ok(order)
            }
            (_, answer) => self.outage(answer, Operation::PlaceOrder),
        }
    }

    async fn top_up(&self, request: &Purchase) -> Result<ProviderOrder> {
        let _again = self
            .does(Trick::TopsUpAgainWhenDropped)
            .then(|| TopsUpAgain {
                inner: Arc::clone(&self.inner),
                request: request.clone(),
            });
        let answer = self.inner.purchase(request).await;
        match (self.trick, answer) {
            (Trick::TopsUpSomethingElse, Err(error)) if error.reaction() == Reaction::Refuse => {
                let last = self.last_top_up.lock().unwrap().clone();
                let Some(last) = last else {
                    return Err(error);
                };
                let mut request = request.clone();
                if let PurchaseRequest::TopUp { package, .. } = &mut request.request {
                    *package = last.id;
                }
                self.inner.purchase(&request).await
            }
            (_, answer) => answer,
        }
    }
}

#[async_trait]
impl EsimProvider for Cheat {
    fn name(&self) -> &ProviderName {
        self.inner.name()
    }

    fn capabilities(&self) -> Capabilities {
        let honest = self.inner.capabilities();
        match self.trick {
            Trick::AnswersWhatItRulesOut => Capabilities {
                lookup: None,
                ..honest
            },
            Trick::PromisesToPoll => Capabilities {
                provisioning: Provisioning::Polled,
                ..honest
            },
            Trick::PromisesProfilesAtOnce => Capabilities {
                provisioning: Provisioning::WithOrder,
                ..honest
            },
            Trick::ReadsManyWithoutSaying => Capabilities {
                usage: honest.usage.map(|usage| UsageSupport {
                    batch: None,
                    ..usage
                }),
                ..honest
            },
            _ => honest,
        }
    }

    async fn destinations(&self, filter: &DestinationFilter) -> Result<Vec<Destination>> {
        self.inner.destinations(filter).await
    }

    fn packages(&self, mut query: PackageQuery) -> BoxStream<'static, Result<Package>> {
        if self.does(Trick::ListsEverythingForAnId) {
            query.package = None;
        }
        let trick = self.trick;
        let whole = self.inner.packages(query);
        let listing = whole.map(move |item| item.map(|package| dressed(trick, package)));
        let turn = self.listings.fetch_add(1, Ordering::Relaxed);
        match trick {
            Trick::ShufflesItsCatalogue if turn % 2 == 1 => listing
                .collect::<Vec<_>>()
                .map(|items| stream::iter(items.into_iter().rev()))
                .flatten_stream()
                .boxed(),
            Trick::LosesItsPlaceWhenDropped => {
                let skipped = self.dropped.load(Ordering::Relaxed);
                let mut watch = Watch {
                    dropped: Arc::clone(&self.dropped),
                    has_ended: false,
                };
                let mut listing = listing.skip(skipped).boxed();
                stream::poll_fn(move |context| {
                    let watch = &mut watch;
                    let next = std::task::ready!(listing.poll_next_unpin(context));
                    watch.has_ended |= next.is_none();
                    std::task::Poll::Ready(next)
                })
                .fuse()
                .boxed()
            }
            _ => listing.boxed(),
        }
    }

    fn top_up_packages(&self, query: TopUpQuery) -> BoxStream<'static, Result<Package>> {
        if let Err(error) = self.has_no_name(&query.esim, Operation::TopUpPackages) {
            return stream::iter([Err(error)]).boxed();
        }
        let last = Arc::clone(&self.last_top_up);
        let listing = self.inner.top_up_packages(query);
        let noted = listing.inspect(move |item| {
            if let Ok(package) = item {
                *last.lock().unwrap() = Some(package.clone());
            }
        });
        if !self.does(Trick::ListsTopUpsForEveryEsim) {
            return noted.boxed();
        }
        let last = Arc::clone(&self.last_top_up);
        let listed = noted.collect::<Vec<_>>().map(move |items| {
            let mut some: Vec<Package> = items.into_iter().flatten().collect();
            if some.is_empty() {
                let known = last.lock().unwrap_or_else(PoisonError::into_inner);
                some.extend(known.clone());
            }
            stream::iter(some.into_iter().map(Ok))
        });
        listed.flatten_stream().boxed()
    }

    async fn find_orders(&self, lookup: &OrderLookup) -> Result<FoundOrders> {
        self.inner.find_orders(lookup).await
    }

    async fn esim(&self, key: &EsimKey) -> Result<Esim> {
        self.has_no_name(key, Operation::Esim)?;
        let esim = self.inner.esim(key).await?;
        Ok(shown(self.trick, esim))
    }

    async fn usage(&self, query: &UsageQuery) -> Result<Usage> {
        let answer = self.inner.usage(query).await;
        self.outage(answer, Operation::Usage)
    }

    async fn usage_batch(&self, esims: &[EsimKey]) -> Result<Vec<Option<Usage>>> {
        self.inner.usage_batch(esims).await
    }

    async fn balance(&self) -> Result<Money> {
        self.inner.balance().await
    }

    async fn provision(&self, request: &ProvisionRequest) -> Result<Esim> {
        let mut request = request.clone();
        if self.does(Trick::MakesUpATravelDate) {
            request.start_date = Some(jiff::civil::date(2026, 11, 30));
        }
        let answer = self.inner.provision(&request).await;
        if self.does(Trick::ChargesForProfiles) {
            let last = self.last_order.lock().unwrap().clone();
            if let Some(last) = last {
                self.inner.purchase(&last).await?;
            }
        }
        match (self.trick, answer) {
            (Trick::CallsPendingAnError, Ok(esim)) if !esim.is_ready() => {
                Err(self.error(ErrorKind::Rejected, Operation::Provision))
            }
            (Trick::ProvisionsNothingGladly, Err(_)) => {
                let (profile, plan) = (ProfileState::Generating, PlanState::NotStarted);
                let (provider, esim) = (self.name().clone(), request.esim);
                Ok(Esim::from_report(EsimReport::new(
                    provider, esim, profile, plan,
                )))
            }
            (_, answer) => answer,
        }
    }

    async fn cancel(&self, request: &CancelRequest) -> Result<CancelledEsim> {
        self.inner.cancel(request).await
    }

    async fn purchase(&self, purchase: &Purchase) -> Result<ProviderOrder> {
        match purchase.request.operation() {
            Operation::TopUp => self.top_up(purchase).await,
            _ => self.order(purchase).await,
        }
    }
}

/// Tops up once more when its call is over.
#[derive(Debug)]
struct TopsUpAgain {
    inner: Arc<dyn EsimProvider>,
    request: Purchase,
}

impl Drop for TopsUpAgain {
    fn drop(&mut self) {
        let (inner, request) = (Arc::clone(&self.inner), self.request.clone());
        tokio::spawn(async move { inner.purchase(&request).await });
    }
}

pub(super) fn cheat(trick: Trick) -> WorldHarness {
    let honest = match trick {
        Trick::SellsForNoDays => replaying(),
        _ => accepting(),
    };
    assert!(honest.provider().capabilities().top_up);
    honest.wrapped(|inner| {
        Arc::new(Cheat {
            inner,
            trick,
            listings: AtomicU64::new(0),
            dropped: Arc::default(),
            last_order: Mutex::default(),
            last_top_up: Arc::default(),
            ordinary: Mutex::default(),
            note: (trick == Trick::PrintsItsToken).then_some(TOKEN),
        })
    })
}
