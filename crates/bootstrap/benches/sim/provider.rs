//! The provider as one process reaches it: the port over the truth in `world`.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use futures::{StreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use roamport_domain::esim::{EsimReport, PlanState, ProfileState};
use roamport_domain::money::Currency;
use roamport_domain::package::{Place, Validity, ValidityStart};
use roamport_domain::provider::{
    CancelRequest, CancelledEsim, DestinationFilter, ErrorKind, EsimKey, FoundOrders,
    LookupSupport, Operation, OrderLookup, PackageQuery, ProviderOrder, ProviderOrderItem,
    ProviderOrderStatus, ProvisionRequest, Purchase, Result, SendWindow, TopUpQuery, UsageQuery,
};
use roamport_domain::{
    Activation, Capabilities, DataAllowance, DataSize, Destination, Esim, EsimId, EsimProvider,
    Money, Package, PackageId, ProviderError, ProviderName, ProviderOrderId, Reference, Secret,
    Usage,
};

use super::dice::Dice;
use super::faults::Fault;
use super::process::{Process, noon};
use super::world::{Charge, Heard, LAG, TIME_OUT};

/// What is sold: one package, at 4.00 US dollars.
pub(crate) static PACKAGE: LazyLock<Package> = LazyLock::new(|| Package {
    name: "1 GB - 7 Days".to_owned(),
    ..Package::new(
        NAME.clone(),
        PackageId::parse("simulated-1gb").expect("a plain text"),
        Destination {
            place: Place::World,
            code: "WW".to_owned(),
            name: "World".to_owned(),
        },
        DataAllowance::Fixed {
            size: DataSize::GIBIBYTE,
        },
        Validity {
            days: 7,
            starts: ValidityStart::FirstUse,
        },
        dollars("4"),
    )
});

pub(crate) static NAME: LazyLock<ProviderName> =
    LazyLock::new(|| ProviderName::parse("simulated").expect("a plain word"));

pub(crate) fn dollars(text: &str) -> Money {
    Money::parse_amount(text, Currency::USD).expect("the text is an amount")
}

/// Orders of others at a provider that ignores the filter.
const OTHERS: i64 = 5;

/// The call is one that nobody makes here.
const UNUSED: &str = "the simulated provider cannot do that";

/// What one order asks for, as far as the provider must know to answer.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) reference: Reference,
    pub(crate) quantity: u16,
}

/// The provider, seen from one process.
#[derive(Clone, Debug)]
pub(crate) struct SimulatedProvider {
    process: Arc<Process>,
    wanted: Wanted,
}

impl SimulatedProvider {
    pub(crate) const fn new(process: Arc<Process>, wanted: Wanted) -> Self {
        Self { process, wanted }
    }

    fn error(kind: ErrorKind, operation: Operation, message: &str) -> ProviderError {
        let error = ProviderError::new(kind, NAME.clone(), operation, message);
        match kind {
            ErrorKind::Unavailable => error.not_sent(),
            _ => error,
        }
    }

    /// One read: fails now and then, and otherwise gives what `work` finds at the provider.
    async fn read<T>(
        &self,
        operation: Operation,
        work: impl FnOnce(&Self) -> Result<T>,
    ) -> Result<T> {
        self.process.pass().await;
        let life = &self.process.life;
        let (there, back) = life.draw(|dice| (dice.between(5, 200), dice.between(5, 200)));
        tokio::time::sleep(there).await;
        let answer = if life.strikes(Fault::ReadFailed, 5_000) {
            let message = "the connection broke";
            Err(Self::error(ErrorKind::Unavailable, operation, message))
        } else {
            work(self)
        };
        self.process.rest(back).await;
        self.process.pass().await;
        answer
    }

    /// The purchase: after all waiting the window is asked, and then the request is written.
    async fn buy(&self, operation: Operation, window: &SendWindow) -> Result<ProviderOrder> {
        self.process.pass().await;
        let life = self.process.life.clone();
        let connecting = life.draw(|dice| dice.between(1, 300));
        self.process.rest(connecting).await;
        let Some(left) = window.remaining(&*self.process) else {
            let message = "the time in which it may be sent is over; nothing was sent";
            return Err(Self::error(ErrorKind::Unavailable, operation, message));
        };
        let call = Call::begin(&self.process);
        self.process.reach_for_the_socket().await;
        let (heard, after) = life.world().send(life.elapsed(), left.min(TIME_OUT));
        self.process.rest(after).await;
        drop(call);
        let answer = match heard {
            Heard::Taken(number) => {
                let charge = life.world().charges()[number].clone();
                Ok(self.order(&charge))
            }
            Heard::NotReached => Err(Self::error(
                ErrorKind::Unavailable,
                operation,
                "the connection was refused; nothing was sent",
            )),
            Heard::Nothing => Err(Self::error(
                ErrorKind::Ambiguous,
                operation,
                "no answer in time",
            )),
            Heard::ServerError => Err(Self::error(
                ErrorKind::Ambiguous,
                operation,
                "the server failed (500)",
            )),
        };
        self.process.pass().await;
        answer
    }

    /// An order as it is told now.
    fn order(&self, charge: &Charge) -> ProviderOrder {
        let delivered = charge.delivered_at <= self.process.life.elapsed();
        let item = |place: u16| ProviderOrderItem {
            package: Some(PACKAGE.id.clone()),
            esim: Some(esim_id(charge.number, place)),
            iccid: None,
            price: Some(PACKAGE.price),
            profile: None,
        };
        let total = PACKAGE.price.checked_times(self.wanted.quantity.into());
        ProviderOrder {
            id: provider_order_id(charge.number),
            reference: Some(self.wanted.reference.clone()),
            status: if delivered {
                ProviderOrderStatus::Completed
            } else {
                ProviderOrderStatus::Pending
            },
            total: total.ok(),
            items: if delivered {
                (0..self.wanted.quantity).map(item).collect()
            } else {
                Vec::new()
            },
            created_at: Some(on_wall(charge.at)),
            oddities: Vec::new(),
        }
    }

    /// Every order since a moment, the newest first. At a provider that ignores the filter others have bought with
    /// the same account before; what reconciliation shows of them once all is calm is no matter here.
    fn all_since(&self, moment: Timestamp) -> Result<FoundOrders> {
        let mut found = self.found(|charge| on_wall(charge.at) >= moment)?;
        let life = &self.process.life;
        let others = (1..=OTHERS).filter(|_| !life.filter_holds() && !life.is_calm());
        let others = others.map(|number| ProviderOrder {
            id: ProviderOrderId::parse(format!("other-{number}")).expect("a plain text"),
            reference: Reference::parse(format!("shop-number-{number:06}")).ok(),
            created_at: noon()
                .checked_sub(SignedDuration::from_hours(9 * number))
                .ok(),
            status: ProviderOrderStatus::Completed,
            total: Some(PACKAGE.price),
            items: Vec::new(),
            oddities: Vec::new(),
        });
        found.orders.extend(others);
        found
            .orders
            .retain(|order| order.created_at.is_some_and(|made| made >= moment));
        found
            .orders
            .sort_by_key(|order| std::cmp::Reverse(order.created_at));
        Ok(found)
    }

    fn found(&self, fits: impl Fn(&Charge) -> bool) -> Result<FoundOrders> {
        let life = &self.process.life;
        let calm = life.is_calm();
        let mut charges = life.world().look(life.elapsed());
        while calm && charges.is_none() {
            charges = life.world().look(life.elapsed());
        }
        let Some(charges) = charges else {
            let (kind, message) = (ErrorKind::Unavailable, "the look-up failed");
            return Err(Self::error(kind, Operation::FindOrders, message));
        };
        let orders = charges.iter().filter(|charge| fits(charge));
        let orders = orders.map(|charge| self.order(charge)).collect();
        Ok(FoundOrders::documented(orders))
    }
}

/// A purchase call between its last check and its answer. One that crashes ends too.
struct Call<'a>(&'a Process);

impl<'a> Call<'a> {
    fn begin(process: &'a Process) -> Self {
        process.life.world().begin_call();
        Self(process)
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.0.life.world().end_call();
    }
}

/// The provider's clock is another one than ours: no step moves it.
fn on_wall(at: Duration) -> Timestamp {
    noon() + SignedDuration::try_from(at).expect("a life of some days")
}

/// What the provider calls the order of a charge.
pub(crate) fn provider_order_id(number: usize) -> ProviderOrderId {
    ProviderOrderId::parse(format!("order-{number}")).expect("a plain text")
}

fn esim_id(charge: usize, place: u16) -> EsimId {
    EsimId::parse(format!("esim-{charge}-{place}")).expect("a plain text")
}

fn esim(id: &EsimId, profile: ProfileState) -> Esim {
    let activation = (profile == ProfileState::Ready)
        .then(|| Activation::new("smdp.example.com", Secret::new(format!("SIM-{id}"))));
    Esim::from_report(EsimReport {
        activation,
        ..EsimReport::new(NAME.clone(), id.clone(), profile, PlanState::NotStarted)
    })
}

#[async_trait]
impl EsimProvider for SimulatedProvider {
    fn name(&self) -> &ProviderName {
        &NAME
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            lookup: Some(LookupSupport {
                by_reference: true,
                since: true,
                lag: LAG,
            }),
            purchase_time_out: TIME_OUT,
            top_up: true,
            ..Capabilities::NONE
        }
    }

    async fn destinations(&self, _: &DestinationFilter) -> Result<Vec<Destination>> {
        Err(Self::error(
            ErrorKind::Unsupported,
            Operation::Destinations,
            UNUSED,
        ))
    }

    fn packages(&self, _: PackageQuery) -> BoxStream<'static, Result<Package>> {
        let provider = self.clone();
        let read = async move {
            let package = |_: &Self| Ok(PACKAGE.clone());
            provider.read(Operation::Packages, package).await
        };
        stream::once(read).boxed()
    }

    fn top_up_packages(&self, _: TopUpQuery) -> BoxStream<'static, Result<Package>> {
        self.packages(PackageQuery::default())
    }

    async fn find_orders(&self, lookup: &OrderLookup) -> Result<FoundOrders> {
        self.read(Operation::FindOrders, |provider| match lookup {
            OrderLookup::Reference { .. } if !provider.process.life.filter_holds() => {
                provider.all_since(Timestamp::MIN)
            }
            OrderLookup::Reference { reference, .. } => {
                provider.found(|_| *reference == provider.wanted.reference)
            }
            OrderLookup::Id(id) => provider.found(|charge| *id == provider_order_id(charge.number)),
            OrderLookup::Since(moment) => provider.all_since(*moment),
        })
        .await
    }

    async fn esim(&self, key: &EsimKey) -> Result<Esim> {
        self.read(Operation::Esim, |provider| {
            let id = key.id().ok_or_else(|| {
                Self::error(
                    ErrorKind::NotFound,
                    Operation::Esim,
                    "there is no such eSIM",
                )
            })?;
            let life = &provider.process.life;
            let ready_at = life.world().profile_ready_at(id.as_str());
            Ok(match ready_at {
                Some(ready_at) if ready_at <= life.elapsed() => esim(id, ProfileState::Ready),
                Some(_) => esim(id, ProfileState::Generating),
                None => esim(id, ProfileState::Unprovisioned),
            })
        })
        .await
    }

    async fn usage_batch(&self, _: &[EsimKey]) -> Result<Vec<Option<Usage>>> {
        Err(Self::error(
            ErrorKind::Unsupported,
            Operation::UsageBatch,
            UNUSED,
        ))
    }

    async fn cancel(&self, _: &CancelRequest) -> Result<CancelledEsim> {
        Err(Self::error(
            ErrorKind::Unsupported,
            Operation::Cancel,
            UNUSED,
        ))
    }

    async fn usage(&self, _: &UsageQuery) -> Result<Usage> {
        Err(Self::error(
            ErrorKind::Unsupported,
            Operation::Usage,
            UNUSED,
        ))
    }

    async fn balance(&self) -> Result<Money> {
        self.read(Operation::Balance, |_| Ok(dollars("10000")))
            .await
    }

    async fn provision(&self, request: &ProvisionRequest) -> Result<Esim> {
        let id = &request.esim;
        self.read(Operation::Provision, |provider| {
            let life = &provider.process.life;
            let unknown = life.strikes(Fault::ProfileUnknown, 15_000);
            let pending = life.strikes(Fault::ProfilePending, 20_000);
            let took = if pending {
                life.draw(|dice| dice.between(1_000, 90_000))
            } else {
                Duration::ZERO
            };
            if !(unknown && life.draw(Dice::next) & 1 == 0) {
                life.world()
                    .generate_profile(id.as_str(), life.elapsed() + took);
            }
            let ready_at = life.world().profile_ready_at(id.as_str());
            let ready = ready_at.is_some_and(|ready_at| ready_at <= life.elapsed());
            if unknown {
                let (kind, message) = (ErrorKind::Ambiguous, "no answer in time");
                return Err(Self::error(kind, Operation::Provision, message));
            }
            let profile = if ready {
                ProfileState::Ready
            } else {
                ProfileState::Generating
            };
            Ok(esim(id, profile))
        })
        .await
    }

    async fn purchase(&self, request: &Purchase) -> Result<ProviderOrder> {
        self.buy(request.request.operation(), &request.window).await
    }
}
