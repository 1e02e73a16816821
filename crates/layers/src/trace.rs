//! Says what every call did and how long it took.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use async_trait::async_trait;
use futures::Stream;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use roamport_domain::provider::{
    CancelRequest, CancelledEsim, DestinationFilter, EsimKey, FoundOrders, Operation, OrderLookup,
    PackageQuery, ProviderOrder, ProvisionRequest, Purchase, Reaction, Result, TopUpQuery,
    UsageQuery,
};
use roamport_domain::{
    Capabilities, Clock, Destination, Esim, EsimProvider, Money, Monotonic, Package, ProviderError,
    ProviderName, Reference, Usage,
};
use tracing::{Instrument as _, Span, debug, debug_span, info, info_span, warn};

/// One span and one event for each call: operation, provider, outcome, duration, and how much came.
///
/// What has an effect is told at `INFO`, a read or a listing at `DEBUG`, and every failure at
/// `WARN`. A call that is dropped before its answer is told too: after a purchase call that means
/// an unknown outcome.
///
/// Fields: `operation`, `provider`, `duration_ms` (milliseconds on the clock's monotonic side),
/// `outcome` (`ok` or the name of the error's kind), and where there is one `reference` (ours, for
/// an order), `provider_order`, `items` (how many came) and `code` (the provider's error code).
/// Nothing else: an eSIM's id, ICCID and phone number, activation data, the token, and also an
/// error's message, in which a provider may repeat any of them, are left to whoever handles the
/// answer.
#[derive(Clone, Debug)]
pub struct Trace<P: EsimProvider> {
    inner: P,
    clock: Arc<dyn Clock>,
}

impl<P: EsimProvider> Trace<P> {
    /// Traces `inner`, with durations from `clock`.
    pub const fn new(inner: P, clock: Arc<dyn Clock>) -> Self {
        Self { inner, clock }
    }

    fn start(&self, operation: Operation, reference: Option<&Reference>) -> Call {
        Call::start(
            operation,
            self.inner.name(),
            reference,
            Arc::clone(&self.clock),
        )
    }

    fn listing(
        &self,
        operation: Operation,
        open: impl FnOnce(&P) -> BoxStream<'static, Result<Package>>,
    ) -> BoxStream<'static, Result<Package>> {
        let call = self.start(operation, None);
        let inner = call.span.in_scope(|| open(&self.inner)).fuse();
        Listing {
            inner,
            call,
            items: 0,
            failed: false,
        }
        .boxed()
    }
}

impl<P: EsimProvider> fmt::Display for Trace<P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Trace({})", self.inner.name())
    }
}

/// What an answer gives to tell.
#[derive(Clone, Copy, Debug, Default)]
struct Told<'a> {
    items: Option<usize>,
    provider_order: Option<&'a str>,
}

impl Told<'_> {
    const fn items(items: usize) -> Self {
        Self {
            items: Some(items),
            provider_order: None,
        }
    }
}

fn order(answer: &ProviderOrder) -> Told<'_> {
    Told {
        items: Some(answer.items.len()),
        provider_order: Some(answer.id.as_str()),
    }
}

/// One call under way. Dropped before it was settled, it says so.
#[derive(Debug)]
struct Call {
    operation: Operation,
    provider: ProviderName,
    reference: Option<Reference>,
    clock: Arc<dyn Clock>,
    started: Monotonic,
    span: Span,
    settled: bool,
}

impl Call {
    fn start(
        operation: Operation,
        provider: &ProviderName,
        reference: Option<&Reference>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (name, place) = (operation.as_str(), provider.as_str());
        let reference_text = reference.map(Reference::as_str);
        let span = if operation.has_effect() {
            info_span!(
                "provider",
                operation = name,
                provider = place,
                reference = reference_text
            )
        } else {
            debug_span!(
                "provider",
                operation = name,
                provider = place,
                reference = reference_text
            )
        };
        Self {
            operation,
            provider: provider.clone(),
            reference: reference.cloned(),
            started: clock.monotonic(),
            clock,
            span,
            settled: false,
        }
    }

    /// Awaits the answer and tells it.
    async fn tell<T: Send>(
        mut self,
        answer: impl Future<Output = Result<T>> + Send,
        told: impl for<'a> FnOnce(&'a T) -> Told<'a> + Send,
    ) -> Result<T> {
        let answer = answer.instrument(self.span.clone()).await;
        self.settled = true;
        match &answer {
            Ok(answer) => self.succeeded(told(answer)),
            Err(error) => self.failed(error),
        }
        answer
    }

    fn duration_ms(&self) -> u64 {
        let duration = self.clock.monotonic().since(self.started);
        u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
    }

    fn reference(&self) -> Option<&str> {
        self.reference.as_ref().map(Reference::as_str)
    }

    fn succeeded(&self, told: Told<'_>) {
        let (operation, provider) = (self.operation.as_str(), self.provider.as_str());
        let (duration_ms, reference) = (self.duration_ms(), self.reference());
        let Told {
            items,
            provider_order,
        } = told;
        let outcome = "ok";
        if self.operation.has_effect() {
            info!(
                operation,
                provider,
                duration_ms,
                outcome,
                reference,
                provider_order,
                items,
                "provider call succeeded"
            );
        } else {
            debug!(
                operation,
                provider, duration_ms, outcome, reference, items, "provider call succeeded"
            );
        }
    }

    fn left_early(&self, items: usize) {
        let (operation, provider) = (self.operation.as_str(), self.provider.as_str());
        let duration_ms = self.duration_ms();
        debug!(
            operation,
            provider, duration_ms, items, "listing left before its end"
        );
    }

    fn failed(&self, error: &ProviderError) {
        warn!(
            operation = self.operation.as_str(),
            provider = self.provider.as_str(),
            duration_ms = self.duration_ms(),
            outcome = error.kind().as_str(),
            reference = self.reference(),
            code = error.code(),
            "provider call failed"
        );
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if self.settled {
            return;
        }
        let (operation, provider) = (self.operation.as_str(), self.provider.as_str());
        let (duration_ms, reference) = (self.duration_ms(), self.reference());
        if self.operation.has_effect() {
            warn!(
                operation,
                provider,
                duration_ms,
                reference,
                "provider call dropped before its answer, its effect is unknown"
            );
        } else {
            debug!(
                operation,
                provider, duration_ms, "provider call dropped before its answer"
            );
        }
    }
}

/// A listing under way: counts what comes and tells each error and the end.
struct Listing {
    inner: futures::stream::Fuse<BoxStream<'static, Result<Package>>>,
    call: Call,
    items: usize,
    /// Whether the last thing that came was an error: an end right after it is no success.
    failed: bool,
}

impl Listing {
    fn tell(&mut self, next: Option<&Result<Package>>) {
        match next {
            Some(Ok(_)) => {
                self.items += 1;
                self.failed = false;
            }
            Some(Err(error)) => {
                self.failed = true;
                self.call.settled = !matches!(error.reaction(), Reaction::Retry { .. });
                self.call.failed(error);
            }
            None if self.call.settled => {}
            None => {
                self.call.settled = true;
                if !self.failed {
                    self.call.succeeded(Told::items(self.items));
                }
            }
        }
    }
}

impl Stream for Listing {
    type Item = Result<Package>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { inner, call, .. } = &mut *self;
        let next = call.span.in_scope(|| inner.poll_next_unpin(context));
        if let Poll::Ready(next) = &next {
            self.tell(next.as_ref());
        }
        next
    }
}

impl Drop for Listing {
    fn drop(&mut self) {
        if !self.call.settled {
            self.call.settled = true;
            self.call.left_early(self.items);
        }
    }
}

#[async_trait]
impl<P: EsimProvider> EsimProvider for Trace<P> {
    fn name(&self) -> &ProviderName {
        self.inner.name()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn destinations(&self, filter: &DestinationFilter) -> Result<Vec<Destination>> {
        let call = self.start(Operation::Destinations, None);
        call.tell(self.inner.destinations(filter), |found| {
            Told::items(found.len())
        })
        .await
    }

    fn packages(&self, query: PackageQuery) -> BoxStream<'static, Result<Package>> {
        self.listing(Operation::Packages, |inner| inner.packages(query))
    }

    fn top_up_packages(&self, query: TopUpQuery) -> BoxStream<'static, Result<Package>> {
        self.listing(Operation::TopUpPackages, |inner| {
            inner.top_up_packages(query)
        })
    }

    async fn find_orders(&self, lookup: &OrderLookup) -> Result<FoundOrders> {
        let reference = match lookup {
            OrderLookup::Reference { reference, .. } => Some(reference),
            OrderLookup::Id(_) | OrderLookup::Since(_) => None,
        };
        let call = self.start(Operation::FindOrders, reference);
        call.tell(self.inner.find_orders(lookup), |found| {
            Told::items(found.orders.len())
        })
        .await
    }

    async fn esim(&self, key: &EsimKey) -> Result<Esim> {
        let call = self.start(Operation::Esim, None);
        call.tell(self.inner.esim(key), |_| Told::default()).await
    }

    async fn usage(&self, query: &UsageQuery) -> Result<Usage> {
        let call = self.start(Operation::Usage, None);
        call.tell(self.inner.usage(query), |_| Told::default())
            .await
    }

    async fn usage_batch(&self, esims: &[EsimKey]) -> Result<Vec<Option<Usage>>> {
        let call = self.start(Operation::UsageBatch, None);
        call.tell(self.inner.usage_batch(esims), |usages| {
            Told::items(usages.len())
        })
        .await
    }

    async fn balance(&self) -> Result<Money> {
        let call = self.start(Operation::Balance, None);
        call.tell(self.inner.balance(), |_| Told::default()).await
    }

    async fn provision(&self, request: &ProvisionRequest) -> Result<Esim> {
        let call = self.start(Operation::Provision, None);
        call.tell(self.inner.provision(request), |_| Told::items(1))
            .await
    }

    async fn cancel(&self, request: &CancelRequest) -> Result<CancelledEsim> {
        let call = self.start(Operation::Cancel, None);
        call.tell(self.inner.cancel(request), |_| Told::default())
            .await
    }

    async fn purchase(&self, purchase: &Purchase) -> Result<ProviderOrder> {
        let call = self.start(purchase.request.operation(), Some(&purchase.reference));
        call.tell(self.inner.purchase(purchase), order).await
    }
}

#[cfg(test)]
mod tests;
