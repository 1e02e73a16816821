//! The face in process: the port `EsimProvider` straight over a world, without HTTP.

mod convert;
mod failure;
mod find;
mod listing;
mod purchase;

use std::num::NonZeroU16;
use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;
use roamport_domain::provider::{
    CancelRequest, CancelledEsim, Capabilities, Dedup, DestinationFilter, ErrorKind, EsimKey,
    EsimProvider, FoundOrders, LookupSupport, Operation as Call, OrderLookup, PackageQuery,
    ProviderError, ProviderOrder, ProvisionRequest, Provisioning, Purchase as PortPurchase,
    PurchaseRequest, Refund, Result, SendWindow, TopUpQuery, UsageQuery, UsageSupport,
};
use roamport_domain::{Clock, Destination, Esim, Money, Package, ProviderName, Usage};

use crate::fault::{Fault, Operation, Plan};
use crate::switches::Tolerance;
use crate::world::{ApplyTarget, OrderSearch, Purchase, Refusal, World, WorldError};

/// A provider over a [`World`] in the same process.
///
/// The world's faults strike here as well: a lost answer is [`ErrorKind::Ambiguous`], a stall waits
/// in tokio's time, which a test can pause. Faults of HTTP alone (numbers as text, unknown fields,
/// pages that move or have no end) have nothing to spoil here.
#[derive(Clone, Debug)]
pub struct SandboxProvider {
    world: World,
    name: ProviderName,
    clock: Option<Arc<dyn Clock>>,
    capabilities: Option<Capabilities>,
}

impl SandboxProvider {
    /// A provider with the name `sandbox`.
    pub fn new(world: World) -> Self {
        let name = ProviderName::parse("sandbox").expect("the word is a provider name");
        Self {
            world,
            name,
            clock: None,
            capabilities: None,
        }
    }

    /// The same provider under another name.
    #[must_use]
    pub fn named(self, name: ProviderName) -> Self {
        Self { name, ..self }
    }

    /// The same provider, measuring the window of a purchase on both clocks of the caller. Without
    /// it only the wall clock is compared: two monotonic clocks have no common beginning.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self {
            clock: Some(clock),
            ..self
        }
    }

    /// The same provider with promises of one's own, whether it keeps them or not.
    #[must_use]
    pub fn with_capabilities(self, capabilities: Capabilities) -> Self {
        Self {
            capabilities: Some(capabilities),
            ..self
        }
    }

    /// The world behind it.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// One call: takes its faults, does the work unless they forbid it, and ends as they say.
    async fn attempt<T: Send>(
        &self,
        operation: Operation,
        call: Call,
        work: impl FnOnce(&Plan) -> Result<T, WorldError> + Send,
    ) -> Result<T> {
        let refused = |error: &WorldError| failure::refused(&self.name, call, error);
        let plan = self
            .world
            .draw(operation)
            .map_err(|error| refused(&error))?;
        let outcome = (!plan.stops(operation)).then(|| work(&plan));
        if !plan.stall.is_zero() {
            tokio::time::sleep(plan.stall).await;
        }
        match (plan.ending, outcome) {
            (None, Some(outcome)) => outcome.map_err(|error| refused(&error)),
            (Some(ending), Some(outcome)) if !ending.hides() => {
                outcome.map_err(|error| refused(&error))
            }
            (Some(ending), _) => Err(failure::ended(&self.name, call, &ending)),
            (None, None) => unreachable!("only an ending stops a call"),
        }
    }

    /// The same provider over the world as a call with these faults sees it.
    fn seen_by(&self, plan: &Plan) -> Self {
        Self {
            world: self.world.seen_by(plan),
            ..self.clone()
        }
    }

    async fn buy(
        &self,
        operation: Operation,
        call: Call,
        purchase: Purchase,
    ) -> Result<ProviderOrder> {
        self.attempt(operation, call, |plan| {
            if let Some(Fault::LateEffect { ms }) = plan.ending {
                self.world.purchase_later(&purchase, plan, ms)?;
                // The caller gets the error of the ending whatever stands here.
                return Err(Refusal::StillPending.into());
            }
            let order = self.world.purchase_with(&purchase, plan)?;
            let order = self.world.told_order(order, plan)?;
            Ok(convert::order(&order, Vec::new(), plan, self.world.now()?))
        })
        .await
    }

    /// The error of a purchase that may not be sent now.
    fn outside(&self, window: &SendWindow, call: Call) -> Option<ProviderError> {
        let now = self.world.real_now();
        let open = self.clock.as_ref().map_or_else(
            || window.opens_at <= now && now < window.closes_at,
            |clock| window.remaining(clock).is_some(),
        );
        let message = "the time in which it may be sent is over; nothing was sent";
        (!open).then(|| {
            ProviderError::new(ErrorKind::Unavailable, self.name.clone(), call, message).not_sent()
        })
    }

    fn unsupported(&self, call: Call, message: &str) -> ProviderError {
        ProviderError::new(ErrorKind::Unsupported, self.name.clone(), call, message).not_sent()
    }
}

#[async_trait]
impl EsimProvider for SandboxProvider {
    fn name(&self) -> &ProviderName {
        &self.name
    }

    fn capabilities(&self) -> Capabilities {
        if let Some(capabilities) = self.capabilities {
            return capabilities;
        }
        let switches = self.world.switches().unwrap_or_default();
        Capabilities {
            dedup: match switches.duplicate_reference {
                _ if switches.replays_references => Dedup::Replays {
                    window: switches
                        .esim_access
                        .transaction_memory_ms
                        .map(std::time::Duration::from_millis),
                },
                Tolerance::Refused => Dedup::Rejects,
                Tolerance::Accepted => Dedup::None,
            },
            lookup: Some(LookupSupport {
                by_reference: true,
                since: true,
                lag: std::time::Duration::ZERO,
            }),
            provisioning: Provisioning::SeparateCall,
            esims_per_order: u16::try_from(switches.most_esims_per_order)
                .ok()
                .and_then(NonZeroU16::new),
            top_up: true,
            usage: Some(UsageSupport {
                lag: std::time::Duration::ZERO,
                daily: true,
                batch: switches.usage_batch,
            }),
            price_guard: switches.price_guard,
            cancellation: switches.cancellation.then_some(Refund::AtOnce),
            ..Capabilities::NONE
        }
    }

    async fn destinations(&self, filter: &DestinationFilter) -> Result<Vec<Destination>> {
        let reach = filter.geography.map(convert::geography);
        self.attempt(Operation::Countries, Call::Destinations, |_| {
            let groups = self.world.catalogue().groups().iter();
            Ok(groups
                .filter(|group| reach.is_none_or(|reach| reach == group.geography))
                .map(convert::destination)
                .collect())
        })
        .await
    }

    fn packages(&self, query: PackageQuery) -> BoxStream<'static, Result<Package>> {
        listing::packages(self.clone(), query)
    }

    fn top_up_packages(&self, query: TopUpQuery) -> BoxStream<'static, Result<Package>> {
        listing::top_ups(self.clone(), query)
    }

    async fn find_orders(&self, lookup: &OrderLookup) -> Result<FoundOrders> {
        self.attempt(Operation::Orders, Call::FindOrders, |plan| {
            let mut search = OrderSearch {
                compare: plan.search,
                ..OrderSearch::default()
            };
            match lookup {
                OrderLookup::Reference { reference, .. } => {
                    search.reference = Some(reference.as_str().to_owned());
                }
                OrderLookup::Id(id) => search.id = Some(id.as_str().to_owned()),
                OrderLookup::Since(_) => {}
            }
            let cap = plan.page_cap.unwrap_or(u64::MAX);
            let cap = usize::try_from(cap).unwrap_or(usize::MAX);
            let world = self.world.seen_by(plan);
            let (mut orders, more) = world.find_orders(&search, cap)?;
            orders.retain(|order| match lookup {
                OrderLookup::Reference { .. } if plan.search.is_some() => true,
                OrderLookup::Reference { reference, .. } => {
                    order.reference.as_deref() == Some(reference.as_str())
                }
                OrderLookup::Id(_) => true,
                OrderLookup::Since(moment) => order.created_at >= *moment,
            });
            let now = self.world.now()?;
            let orders = orders
                .into_iter()
                .map(|order| {
                    let order = self.world.told_order(order, plan)?;
                    Ok(convert::order(&order, Vec::new(), plan, now))
                })
                .collect::<Result<_, WorldError>>()?;
            Ok(FoundOrders {
                complete: !more,
                ..FoundOrders::documented(orders)
            })
        })
        .await
    }

    async fn esim(&self, key: &EsimKey) -> Result<Esim> {
        self.attempt(Operation::Esim, Call::Esim, |plan| {
            let esim = self.seen_by(plan).find(key)?.ok_or(Refusal::UnknownEsim)?;
            let esim = self.world.told_esim(esim, plan)?;
            Ok(convert::esim(&self.name, &esim, plan, self.world.now()?))
        })
        .await
    }

    async fn usage(&self, query: &UsageQuery) -> Result<Usage> {
        self.attempt(Operation::Usage, Call::Usage, |plan| {
            let esim = self
                .seen_by(plan)
                .find(&query.esim)?
                .ok_or(Refusal::UnknownEsim)?;
            if !esim.usage_check {
                return Err(Refusal::UsageUnsupported.into());
            }
            let unit = self.world.switches()?.usage_unit;
            Ok(convert::usage(
                &self.name,
                &esim,
                unit,
                query.daily,
                self.world.now()?,
            ))
        })
        .await
    }

    async fn usage_batch(&self, esims: &[EsimKey]) -> Result<Vec<Option<Usage>>> {
        let batch = self.capabilities().usage.and_then(|usage| usage.batch);
        let Some(most) = batch.map(|most| usize::from(most.get())) else {
            let message = "the sandbox tells the usage of one eSIM at a time; ask for each";
            return Err(self.unsupported(Call::UsageBatch, message));
        };
        if esims.len() > most {
            let message =
                format!("the sandbox tells the usage of {most} eSIMs at once; ask for fewer");
            return Err(self.unsupported(Call::UsageBatch, &message));
        }
        self.attempt(Operation::Usage, Call::UsageBatch, |_| {
            let unit = self.world.switches()?.usage_unit;
            let now = self.world.now()?;
            esims
                .iter()
                .map(|key| {
                    let esim = self.find(key)?.filter(|esim| esim.usage_check);
                    Ok(esim.map(|esim| convert::usage(&self.name, &esim, unit, false, now)))
                })
                .collect()
        })
        .await
    }

    async fn balance(&self) -> Result<Money> {
        self.attempt(Operation::Balance, Call::Balance, |plan| {
            Ok(convert::money(self.world.seen_by(plan).balance()?))
        })
        .await
    }

    async fn provision(&self, request: &ProvisionRequest) -> Result<Esim> {
        self.attempt(Operation::Apply, Call::Provision, |plan| {
            let id = request.esim.as_str();
            let date = request.start_date.map(|date| date.to_string());
            let target = ApplyTarget::Esim(id.to_owned());
            let esim = match self.world.apply_with(&target, date.as_deref(), plan) {
                // A profile under way is no failure: it is one that is not there yet.
                Err(WorldError::Refused(Refusal::StillPending)) => self.world.find_esim(id)?,
                applied => applied?.pop(),
            };
            let esim = esim.ok_or(WorldError::Refused(Refusal::UnknownEsim))?;
            let esim = self.world.told_esim(esim, plan)?;
            Ok(convert::esim(&self.name, &esim, plan, self.world.now()?))
        })
        .await
    }

    async fn cancel(&self, request: &CancelRequest) -> Result<CancelledEsim> {
        if self.capabilities().cancellation.is_none() {
            let message = "the sandbox takes no eSIM back; nothing was given back";
            return Err(self.unsupported(Call::Cancel, message));
        }
        self.attempt(Operation::Cancel, Call::Cancel, |plan| {
            let esim = self.find(&request.esim)?.ok_or(Refusal::UnknownEsim)?;
            purchase::give_back(&self.world, &esim, plan)
        })
        .await
    }

    async fn purchase(&self, bought: &PortPurchase) -> Result<ProviderOrder> {
        let call = bought.request.operation();
        if let Some(error) = self.outside(&bought.window, call) {
            return Err(error);
        }
        let operation = match bought.request {
            PurchaseRequest::PlaceOrder { .. } => Operation::Order,
            PurchaseRequest::TopUp { .. } => Operation::Topup,
        };
        let purchase = purchase::purchase(bought, self.capabilities().price_guard);
        self.buy(operation, call, purchase).await
    }
}
