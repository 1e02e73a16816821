//! A provider that breaks one promise, and keeps the others: a sandbox behind a liar.

use super::lines;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use roamport_domain::provider::{
    CancelRequest, CancelledEsim, Dedup, DestinationFilter, ErrorKind, EsimKey, FoundOrders,
    Operation, OrderLookup, PackageQuery, ProviderOrder, ProvisionRequest, Purchase, Refund,
    Result, SendWindow, TopUpQuery, UsageQuery,
};
use roamport_domain::{
    Capabilities, Destination, Esim, EsimId, EsimProvider, Iccid, Money, Monotonic, Package,
    ProviderError, ProviderName, ProviderOrderId, Usage,
};

use crate::sandbox::{accepting, replaying};
use crate::world::{TOKEN, WorldHarness};

use super::lie::Lie;

#[derive(Debug)]
struct Liar {
    inner: Arc<dyn EsimProvider>,
    lie: Lie,
    called: AtomicBool,
    placed: AtomicU64,
    last: Mutex<Option<Purchase>>,
    /// The first eSIM that was seen with each card number.
    bearers: Mutex<Vec<(Iccid, EsimId)>>,
}

impl Liar {
    fn is(&self, lie: Lie) -> bool {
        self.lie == lie
    }

    fn error(&self, kind: ErrorKind, operation: Operation) -> ProviderError {
        ProviderError::new(kind, self.name().clone(), operation, "something happened")
    }

    fn former_bearer(&self, iccid: &Iccid) -> Option<EsimKey> {
        let bearers = self.bearers.lock().unwrap();
        let first = bearers.iter().find(|(borne, _)| borne == iccid)?;
        Some(EsimKey::from_id(first.1.clone()))
    }

    fn listing(
        &self,
        whole: BoxStream<'static, Result<Package>>,
    ) -> BoxStream<'static, Result<Package>> {
        let error = self.error(ErrorKind::InvalidResponse, Operation::Packages);
        match self.lie {
            Lie::ShortensTheCatalogue => whole.take(470).boxed(),
            Lie::RepeatsAPackage => whole
                .flat_map(|item| match item {
                    Ok(package) if package.validity.days == 7 => {
                        stream::iter(vec![Ok(package.clone()), Ok(package)])
                    }
                    other => stream::iter(vec![other]),
                })
                .boxed(),
            Lie::SwallowsErrors => whole
                .take_while(|item| futures::future::ready(item.is_ok()))
                .boxed(),
            Lie::EndsOnAPassingFailure => whole
                .scan(false, |failed, item| {
                    let ended = *failed;
                    *failed |= item.is_err();
                    futures::future::ready((!ended).then_some(item))
                })
                .boxed(),
            Lie::SpeaksAfterTheEnd => {
                let mut whole = whole.fuse();
                let mut last = Some(error);
                let mut ended = false;
                stream::poll_fn(move |context| {
                    if ended {
                        return std::task::Poll::Ready(last.take().map(Err));
                    }
                    let next = std::task::ready!(whole.poll_next_unpin(context));
                    ended = next.is_none();
                    std::task::Poll::Ready(next)
                })
                .boxed()
            }
            Lie::RoundsMoney => whole
                .map(|item| {
                    item.map(|package| Package {
                        price: rounded(package.price),
                        ..package
                    })
                })
                .boxed(),
            _ => whole,
        }
    }
}

/// As a provider would that counts whole dollars.
fn rounded(money: Money) -> Money {
    Money::new(money.amount().round(), money.currency()).unwrap()
}

fn always_open() -> SendWindow {
    SendWindow {
        opens_at: jiff::Timestamp::UNIX_EPOCH,
        closes_at: jiff::Timestamp::MAX,
        closes_at_monotonic: Monotonic::at(Duration::MAX),
    }
}

impl Liar {
    async fn order(&self, request: &Purchase) -> Result<ProviderOrder> {
        let mut request = request.clone();
        if self.is(Lie::SendsLate) {
            request.window = always_open();
        }
        if self.is(Lie::SellsDaysForOne) {
            for line in lines(&mut request) {
                line.days = line.days.map(|_| 1);
            }
        }
        *self.last.lock().unwrap() = Some(Purchase {
            window: always_open(),
            ..request.clone()
        });
        let _again = self.is(Lie::BuysAgainWhenDropped).then(|| BuysAgain {
            inner: Arc::clone(&self.inner),
            request: request.clone(),
        });
        let answer = self.inner.purchase(&request).await;
        match (self.lie, answer) {
            (Lie::ReplaysAsAnother, Ok(order)) => {
                let number = self.placed.fetch_add(1, Ordering::Relaxed);
                let id = ProviderOrderId::parse(format!("{}-{number}", order.id)).unwrap();
                Ok(ProviderOrder { id, ..order })
            }
            (Lie::ChargesTwice, Ok(_)) | (Lie::RepeatsOnAnError, Err(_)) => {
                self.inner.purchase(&request).await
            }
            (Lie::HidesADoubt, Err(error)) if error.kind() == ErrorKind::Ambiguous => {
                Err(self.error(ErrorKind::Unavailable, Operation::PlaceOrder))
            }
            (_, answer) => answer,
        }
    }

    async fn top_up(&self, request: &Purchase) -> Result<ProviderOrder> {
        let mut request = request.clone();
        if self.is(Lie::SendsLate) {
            request.window = always_open();
        }
        if self.is(Lie::TakesAwayWithATopUp) {
            self.placed.store(1, Ordering::Relaxed);
        }
        let answer = self.inner.purchase(&request).await;
        match (self.lie, answer) {
            (Lie::ChargesTwice, Ok(_)) => self.inner.purchase(&request).await,
            (Lie::HidesADoubt, Err(_)) => Err(self.error(ErrorKind::Unavailable, Operation::TopUp)),
            (_, answer) => answer,
        }
    }
}

#[async_trait]
impl EsimProvider for Liar {
    fn name(&self) -> &ProviderName {
        self.inner.name()
    }

    fn capabilities(&self) -> Capabilities {
        let honest = self.inner.capabilities();
        match self.lie {
            Lie::PromisesToReplay => Capabilities {
                dedup: Dedup::Replays { window: None },
                ..honest
            },
            Lie::RefusesARepeat => Capabilities {
                dedup: Dedup::Rejects,
                ..honest
            },
            Lie::EffectsTooLate => Capabilities {
                longest_effect: Duration::from_secs(5),
                ..honest
            },
            Lie::GuardsNoPrice => Capabilities {
                price_guard: true,
                ..honest
            },
            Lie::TakesNothingBackButDoes => Capabilities {
                cancellation: None,
                ..honest
            },
            Lie::ChangesItsMind => Capabilities {
                webhooks: self.called.load(Ordering::Relaxed),
                ..honest
            },
            Lie::CallsEverythingUnsupported => Capabilities {
                top_up: false,
                ..honest
            },
            _ => honest,
        }
    }

    async fn destinations(&self, filter: &DestinationFilter) -> Result<Vec<Destination>> {
        let all = DestinationFilter::default();
        self.inner
            .destinations(if self.is(Lie::IgnoresFilters) {
                &all
            } else {
                filter
            })
            .await
    }

    fn packages(&self, query: PackageQuery) -> BoxStream<'static, Result<Package>> {
        let loose = PackageQuery {
            package: query.package.clone(),
            ..PackageQuery::default()
        };
        let query = if self.is(Lie::IgnoresFilters) {
            loose
        } else {
            query
        };
        self.listing(self.inner.packages(query))
    }

    fn top_up_packages(&self, query: TopUpQuery) -> BoxStream<'static, Result<Package>> {
        let loose = TopUpQuery::all(query.esim.clone());
        let query = if self.is(Lie::IgnoresFilters) {
            loose
        } else {
            query
        };
        self.listing(self.inner.top_up_packages(query))
    }

    async fn find_orders(&self, lookup: &OrderLookup) -> Result<FoundOrders> {
        let found = self.inner.find_orders(lookup).await?;
        match (self.lie, lookup) {
            (Lie::ForgetsAWaitingOrder, OrderLookup::Id(_)) => Ok(FoundOrders {
                orders: found
                    .orders
                    .into_iter()
                    .filter(|order| order.status.is_final())
                    .collect(),
                ..found
            }),
            (Lie::LosesOrders, _) => Ok(FoundOrders {
                orders: Vec::new(),
                ..found
            }),
            (Lie::CutsLookUps, _) => Ok(FoundOrders {
                complete: false,
                ..found
            }),
            (Lie::FindsTooMuch, OrderLookup::Reference { not_before, .. }) => {
                self.inner
                    .find_orders(&OrderLookup::Since(*not_before))
                    .await
            }
            (
                Lie::NamesTheReferenceAskedFor,
                OrderLookup::Reference {
                    reference,
                    not_before,
                },
            ) => {
                let since = OrderLookup::Since(*not_before);
                let mut found = self.inner.find_orders(&since).await?;
                for order in &mut found.orders {
                    order.reference = Some(reference.clone());
                }
                Ok(found)
            }
            _ => Ok(found),
        }
    }

    async fn esim(&self, key: &EsimKey) -> Result<Esim> {
        self.called.store(true, Ordering::Relaxed);
        let former = key.iccid().filter(|_| self.is(Lie::NamesTheFormerBearer));
        let former = former.and_then(|iccid| self.former_bearer(iccid));
        let key = former.as_ref().unwrap_or(key);
        let answer = self.inner.esim(key).await;
        if let Ok(esim) = &answer
            && let Some(iccid) = esim.iccid()
        {
            let borne = (iccid.clone(), esim.id().clone());
            self.bearers.lock().unwrap().push(borne);
        }
        answer.map_err(|error| match self.lie {
            Lie::SaysReadsAreInDoubt => self.error(ErrorKind::Ambiguous, Operation::Esim),
            Lie::NamesAnotherCall => self.error(error.kind(), Operation::Balance),
            Lie::ShowsItsToken => error.with_source(format!("token {TOKEN}")),
            _ => error,
        })
    }

    async fn usage(&self, query: &UsageQuery) -> Result<Usage> {
        if self.is(Lie::CallsEverythingUnsupported) {
            return Err(self.error(ErrorKind::Unsupported, Operation::Usage));
        }
        let mut usage = self.inner.usage(query).await?;
        if self.is(Lie::TakesAwayWithATopUp) && self.placed.load(Ordering::Relaxed) > 0 {
            usage.data.remaining = Some(rust_decimal::Decimal::ZERO);
        }
        Ok(usage)
    }

    async fn usage_batch(&self, esims: &[EsimKey]) -> Result<Vec<Option<Usage>>> {
        let most = self.capabilities().usage.and_then(|usage| usage.batch);
        let most = most.map_or(1, |most| usize::from(most.get()));
        let mut answers = Vec::new();
        let chunks = if self.is(Lie::TakesAnyNumber) {
            most
        } else {
            esims.len().max(1)
        };
        for some in esims.chunks(chunks) {
            answers.extend(self.inner.usage_batch(some).await?);
        }
        match self.lie {
            // As a provider would that sorts its answer its own way.
            Lie::MixesABatchUp => answers.reverse(),
            Lie::LeavesUnknownOnesOut => answers.retain(Option::is_some),
            _ => {}
        }
        Ok(answers)
    }

    async fn balance(&self) -> Result<Money> {
        let balance = self.inner.balance().await?;
        Ok(if self.is(Lie::RoundsMoney) {
            rounded(balance)
        } else {
            balance
        })
    }

    async fn provision(&self, request: &ProvisionRequest) -> Result<Esim> {
        let answer = self.inner.provision(request).await;
        match (self.lie, answer) {
            (Lie::HidesADoubt, Err(_)) => {
                Err(self.error(ErrorKind::Unavailable, Operation::Provision))
            }
            (Lie::LosesOrders, Ok(_)) => Err(self.error(ErrorKind::NotFound, Operation::Provision)),
            (_, answer) => answer,
        }
    }

    async fn cancel(&self, request: &CancelRequest) -> Result<CancelledEsim> {
        let said = CancelledEsim {
            refund: Refund::AtOnce,
            amount: None,
        };
        if self.is(Lie::OnlySaysItTookBack) {
            return Ok(said);
        }
        let answer = self.inner.cancel(request).await;
        match (self.lie, answer) {
            (Lie::KeepsTheMoney, Ok(given)) => {
                // What came back is spent at once, on the same again.
                let last = self.last.lock().unwrap().clone();
                if let Some(last) = last {
                    self.inner.purchase(&last).await?;
                }
                Ok(given)
            }
            (Lie::TakesBackTheInstalled, Err(error)) if error.kind() == ErrorKind::Rejected => {
                Ok(said)
            }
            (Lie::FindsUnknownOnesToTakeBack, Err(error))
                if error.kind() == ErrorKind::NotFound =>
            {
                Ok(said)
            }
            (Lie::HidesADoubtAboutTakingBack, Err(_)) => {
                Err(self.error(ErrorKind::Rejected, Operation::Cancel))
            }
            (_, answer) => answer,
        }
    }

    async fn purchase(&self, purchase: &Purchase) -> Result<ProviderOrder> {
        match purchase.request.operation() {
            Operation::TopUp => self.top_up(purchase).await,
            _ => self.order(purchase).await,
        }
    }
}

/// Buys once more when its call is over, as a client would that sends again what was dropped.
#[derive(Debug)]
struct BuysAgain {
    inner: Arc<dyn EsimProvider>,
    request: Purchase,
}

impl Drop for BuysAgain {
    fn drop(&mut self) {
        let (inner, request) = (Arc::clone(&self.inner), self.request.clone());
        tokio::spawn(async move { inner.purchase(&request).await });
    }
}

pub(super) fn liar(lie: Lie) -> WorldHarness {
    let honest = match lie {
        Lie::ReplaysAsAnother | Lie::RefusesARepeat | Lie::SellsDaysForOne => replaying(),
        _ => accepting(),
    };
    honest.wrapped(|inner| {
        Arc::new(Liar {
            inner,
            lie,
            called: AtomicBool::new(false),
            placed: AtomicU64::new(0),
            last: Mutex::default(),
            bearers: Mutex::default(),
        })
    })
}
