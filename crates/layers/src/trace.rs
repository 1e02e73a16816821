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
    DestinationFilter, EsimKey, FoundOrders, Operation, OrderLookup, OrderRequest, PackageQuery,
    ProviderOrder, ProvisionRequest, ProvisionTarget, Result, TopUpQuery, TopUpRequest, UsageQuery,
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
        Call::start(operation, self.inner.name(), reference, Arc::clone(&self.clock))
    }

    fn listing(
        &self,
        operation: Operation,
        open: impl FnOnce(&P) -> BoxStream<'static, Result<Package>>,
    ) -> BoxStream<'static, Result<Package>> {
        let call = self.start(operation, None);
        let inner = call.span.in_scope(|| open(&self.inner)).fuse();
        Listing { inner, call, items: 0, errors: 0 }.boxed()
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
        Self { items: Some(items), provider_order: None }
    }
}

fn order(answer: &ProviderOrder) -> Told<'_> {
    Told { items: Some(answer.items.len()), provider_order: Some(answer.id.as_str()) }
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
            info_span!("provider", operation = name, provider = place, reference = reference_text)
        } else {
            debug_span!("provider", operation = name, provider = place, reference = reference_text)
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
        let Told { items, provider_order } = told;
        let outcome = "ok";
        if self.operation.has_effect() {
            info!(
                operation, provider, duration_ms, outcome, reference, provider_order, items,
                "provider call succeeded"
            );
        } else {
            debug!(
                operation, provider, duration_ms, outcome, reference, items,
                "provider call succeeded"
            );
        }
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
                operation, provider, duration_ms, reference,
                "provider call dropped before its answer, its effect is unknown"
            );
        } else {
            debug!(operation, provider, duration_ms, "provider call dropped before its answer");
        }
    }
}

/// A listing under way: counts what comes and tells each error and the end.
struct Listing {
    inner: futures::stream::Fuse<BoxStream<'static, Result<Package>>>,
    call: Call,
    items: usize,
    errors: usize,
}

impl Stream for Listing {
    type Item = Result<Package>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let listing = &mut *self;
        let span = listing.call.span.clone();
        let next = span.in_scope(|| listing.inner.poll_next_unpin(context));
        match &next {
            Poll::Pending => {}
            Poll::Ready(Some(Ok(_))) => listing.items += 1,
            Poll::Ready(Some(Err(error))) => {
                listing.errors += 1;
                listing.call.failed(error);
            }
            Poll::Ready(None) if listing.call.settled => {}
            Poll::Ready(None) => {
                listing.call.settled = true;
                if listing.errors == 0 {
                    listing.call.succeeded(Told::items(listing.items));
                }
            }
        }
        next
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
        call.tell(self.inner.destinations(filter), |found| Told::items(found.len())).await
    }

    fn packages(&self, query: PackageQuery) -> BoxStream<'static, Result<Package>> {
        self.listing(Operation::Packages, |inner| inner.packages(query))
    }

    fn top_up_packages(&self, query: TopUpQuery) -> BoxStream<'static, Result<Package>> {
        self.listing(Operation::TopUpPackages, |inner| inner.top_up_packages(query))
    }

    async fn find_orders(&self, lookup: &OrderLookup) -> Result<FoundOrders> {
        let reference = match lookup {
            OrderLookup::Reference { reference, .. } => Some(reference),
            OrderLookup::Id(_) | OrderLookup::Since(_) => None,
        };
        let call = self.start(Operation::FindOrders, reference);
        call.tell(self.inner.find_orders(lookup), |found| Told::items(found.orders.len())).await
    }

    async fn esim(&self, key: &EsimKey) -> Result<Esim> {
        let call = self.start(Operation::Esim, None);
        call.tell(self.inner.esim(key), |_| Told::default()).await
    }

    async fn usage(&self, query: &UsageQuery) -> Result<Usage> {
        let call = self.start(Operation::Usage, None);
        call.tell(self.inner.usage(query), |_| Told::default()).await
    }

    async fn balance(&self) -> Result<Money> {
        let call = self.start(Operation::Balance, None);
        call.tell(self.inner.balance(), |_| Told::default()).await
    }

    async fn provision(&self, request: &ProvisionRequest) -> Result<Vec<Esim>> {
        let reference = match &request.target {
            ProvisionTarget::Order(reference) => Some(reference),
            ProvisionTarget::Esim(_) => None,
        };
        let call = self.start(Operation::Provision, reference);
        call.tell(self.inner.provision(request), |esims| Told::items(esims.len())).await
    }

    async fn place_order(&self, request: &OrderRequest) -> Result<ProviderOrder> {
        let call = self.start(Operation::PlaceOrder, Some(&request.reference));
        call.tell(self.inner.place_order(request), order).await
    }

    async fn top_up(&self, request: &TopUpRequest) -> Result<ProviderOrder> {
        let call = self.start(Operation::TopUp, Some(&request.reference));
        call.tell(self.inner.top_up(request), order).await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::stream;
    use roamport_domain::EsimId;
    use roamport_domain::provider::{ErrorKind, MockEsimProvider};

    use super::*;
    use crate::testing::{
        Events, ICCID, Slow, TokioClock, error, esim_key, line, mock, money, order_request, package,
        placed, top_up_request, usage_query,
    };

    fn trace(provider: MockEsimProvider) -> Trace<MockEsimProvider> {
        Trace::new(provider, Arc::new(TokioClock::new()))
    }

    fn only_line(events: &Events) -> String {
        let lines = events.lines_with("provider call");
        assert_eq!(lines.len(), 1, "{lines:#?}");
        lines.into_iter().next().unwrap()
    }

    fn check_line(line: &str, words: &[&str]) {
        for word in words {
            assert!(line.contains(word), "`{word}` is not in: {line}");
        }
    }

    #[tokio::test]
    async fn a_purchase_is_told_at_info_with_reference_and_order() {
        let mut provider = mock();
        provider.expect_place_order().returning(|_| Ok(placed()));
        let events = Events::capture();
        trace(provider).place_order(&order_request(vec![line(1)])).await.unwrap();
        let words = ["INFO", "operation=\"place_order\"", "provider=\"mock\"", "outcome=\"ok\""];
        let line = only_line(&events);
        check_line(&line, &words);
        check_line(&line, &["reference=\"REFERENCE-1\"", "provider_order=\"ORDER-1\"", "items=0"]);
    }

    #[tokio::test]
    async fn a_read_is_told_at_debug() {
        let mut provider = mock();
        provider.expect_balance().returning(|| Ok(money("1")));
        let events = Events::capture();
        trace(provider).balance().await.unwrap();
        check_line(&only_line(&events), &["DEBUG", "operation=\"balance\"", "duration_ms=0"]);
    }

    #[tokio::test]
    async fn a_failure_is_told_at_warn_by_its_kind_and_code_alone() {
        let mut provider = mock();
        provider.expect_top_up().returning(|_| {
            Err(error(ErrorKind::Ambiguous, Operation::TopUp).with_code("E-504"))
        });
        provider.expect_usage().returning(|_| Err(error(ErrorKind::NotFound, Operation::Usage)));
        let events = Events::capture();
        let trace = trace(provider);
        trace.top_up(&top_up_request()).await.unwrap_err();
        trace.usage(&usage_query()).await.unwrap_err();
        let lines = events.lines_with("provider call failed");
        check_line(&lines[0], &["WARN", "outcome=\"ambiguous\"", "code=\"E-504\"", "REFERENCE-2"]);
        check_line(&lines[1], &["WARN", "outcome=\"not_found\""]);
        assert!(!events.text().contains(ICCID), "{}", events.text());
        assert!(!events.text().contains("something about"), "{}", events.text());
    }

    #[tokio::test(start_paused = true)]
    async fn the_duration_is_that_of_the_injected_clock() {
        let inner = Slow::new(Duration::from_millis(1234));
        let events = Events::capture();
        Trace::new(inner, Arc::new(TokioClock::new())).balance().await.unwrap();
        check_line(&only_line(&events), &["duration_ms=1234"]);
    }

    #[tokio::test]
    async fn an_esims_names_appear_in_no_event() {
        let mut provider = mock();
        provider.expect_esim().returning(|_| Err(error(ErrorKind::NotFound, Operation::Esim)));
        provider.expect_provision().returning(|_| Ok(Vec::new()));
        let events = Events::capture();
        let trace = trace(provider);
        trace.esim(&esim_key()).await.unwrap_err();
        let target = ProvisionTarget::Esim(EsimId::parse(ICCID).unwrap());
        trace.provision(&ProvisionRequest { target, start_date: None }).await.unwrap();
        assert!(!events.text().contains(ICCID), "{}", events.text());
    }

    #[tokio::test]
    async fn a_dropped_purchase_call_is_told_as_unknown() {
        let inner = Slow::new(Duration::from_secs(3600));
        let events = Events::capture();
        let trace = Trace::new(inner, Arc::new(TokioClock::new()));
        let request = order_request(vec![line(1)]);
        let call = trace.place_order(&request);
        assert!(futures::poll!(call).is_pending());
        check_line(&only_line(&events), &["WARN", "effect is unknown", "REFERENCE-1"]);
    }

    #[tokio::test]
    async fn a_listing_tells_its_errors_and_its_end_once() {
        let mut provider = mock();
        provider.expect_packages().returning(|_| {
            let failed = error(ErrorKind::InvalidResponse, Operation::Packages);
            stream::iter([Ok(package("P-1")), Err(failed)]).boxed()
        });
        provider.expect_top_up_packages().returning(|_| {
            stream::iter([Ok(package("P-1")), Ok(package("P-2"))])
                .boxed()
        });
        let events = Events::capture();
        let trace = trace(provider);
        let mut listing = trace.packages(PackageQuery::default());
        while listing.next().await.is_some() {}
        let query = TopUpQuery::all(esim_key());
        let mut top_ups = trace.top_up_packages(query);
        while top_ups.next().await.is_some() {}
        assert!(top_ups.next().await.is_none(), "an ended listing stays ended");
        drop((listing, top_ups));
        let lines = events.lines_with("provider call");
        assert_eq!(lines.len(), 2, "{lines:#?}");
        check_line(&lines[0], &["WARN", "outcome=\"invalid_response\""]);
        check_line(&lines[1], &["DEBUG", "operation=\"top_up_packages\"", "items=2"]);
    }

    #[tokio::test]
    async fn a_listing_left_early_is_told_as_dropped() {
        let mut provider = mock();
        provider
            .expect_packages()
            .returning(|_| stream::repeat_with(|| Ok(package("P-1"))).boxed());
        let events = Events::capture();
        let mut listing = trace(provider).packages(PackageQuery::default());
        listing.next().await.unwrap().unwrap();
        drop(listing);
        check_line(&only_line(&events), &["DEBUG", "dropped before its answer"]);
    }
}
