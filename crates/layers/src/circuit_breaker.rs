//! Leaves a provider alone that keeps failing, and finds out when it works again.

mod circuit;
mod listing;
mod watch;

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use roamport_domain::provider::{
    CancelRequest, CancelledEsim, DestinationFilter, ErrorKind, EsimKey, FoundOrders, Operation,
    OrderLookup, PackageQuery, ProviderOrder, ProvisionRequest, Purchase, Result, TopUpQuery,
    UsageQuery,
};
use roamport_domain::{
    Capabilities, Clock, Destination, Esim, EsimProvider, Money, Package, ProviderError,
    ProviderName, Usage,
};

use self::circuit::{Kind, Verdict};
use self::listing::Listing;
use self::watch::Watch;

/// When [`CircuitBreaker`] stops calling a provider, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CircuitBreakerPolicy {
    /// How many calls have to fail in a row, retries not counted, until the provider is left alone;
    /// `None` for never. 5.
    pub failures: Option<NonZeroU32>,
    /// How long it is left alone, and how long again after each probe that failed. 15 s.
    pub pause: Duration,
    /// How long the answer to a probe is awaited before another one may be made. A [`Stack`](crate::Stack)
    /// makes it at least as long as a read with all its retries may take. 2 min.
    pub probe_limit: Duration,
}

impl Default for CircuitBreakerPolicy {
    fn default() -> Self {
        Self {
            failures: NonZeroU32::new(5),
            pause: Duration::from_secs(15),
            probe_limit: Duration::from_mins(2),
        }
    }
}

impl fmt::Display for CircuitBreakerPolicy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.failures {
            Some(failures) => write!(formatter, "{failures} failures"),
            None => formatter.write_str("off"),
        }
    }
}

/// Refuses calls at once while the provider is known to fail, and lets one through now and then to
/// see whether it still does.
///
/// # Closed, open, half-open
///
/// The circuit begins closed: everything passes. [`CircuitBreakerPolicy::failures`] failed calls in
/// a row open it, whatever they were. While it is open, all other calls are answered with
/// [`ErrorKind::Unavailable`] before anything is sent: for a purchase that means that no money can
/// have moved, so the order machine waits and has nothing to look up. `retry_after` says how long
/// it will be at most until a call may be let through. After the pause the circuit is half-open: one
/// call is let through as a probe. An answer closes the circuit for everybody; a failure opens it for
/// another pause.
///
/// # What counts
///
/// | Error | Means |
/// |---|---|
/// | `Unavailable`, `Ambiguous`, `InvalidResponse` | a failure; time-outs are among them |
/// | `Rejected`, `NotFound`, `InsufficientFunds`, `Unauthorized` | an answer: the provider works |
/// | `RateLimited` | neither: the provider is up and busy, and `Retry` and the gate see to that. It ends no row of failures; a probe that meets it is followed by another pause |
/// | `Unsupported`, `Config` | nothing: it may have been said without asking the provider |
///
/// A purchase that is `Unavailable` because its window closed while it waited in our own queue means
/// nothing either, and so does a call that its caller dropped.
///
/// # Who probes
///
/// A read or a listing, and not what costs money: an effect is let through only if nothing has been tried for a whole
/// further pause.
///
/// What settles an unknown outcome is never refused: a lookup of orders, and a purchase that is
/// [sent again](Purchase::replays) because the provider charges it once. The order machine paces both, and their answer
/// closes the circuit for everybody.
///
/// A probe is one call, with the tries that `Retry` gives it. A listing that is under way when the
/// circuit opens goes on; it is admitted when it is polled for the first time. Clones share one
/// circuit.
#[derive(Clone, Debug)]
pub struct CircuitBreaker<P: EsimProvider> {
    inner: P,
    watch: Arc<Watch>,
}

impl<P: EsimProvider> CircuitBreaker<P> {
    /// Watches over `inner` under `policy`. Pauses are measured on `clock`, which is also the clock
    /// on which the windows of purchases were opened.
    pub fn new(inner: P, policy: CircuitBreakerPolicy, clock: Arc<dyn Clock>) -> Self {
        let watch = Watch::new(inner.name().clone(), policy, clock);
        Self {
            inner,
            watch: Arc::new(watch),
        }
    }

    /// Makes a call, or refuses it.
    async fn call<T: Send>(
        &self,
        operation: Operation,
        call: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        let mut admitted = self.watch.admit(Kind::of(operation), operation)?;
        let answer = call.await;
        admitted.settle(verdict(&answer));
        answer
    }

    fn listing(
        &self,
        operation: Operation,
        inner: BoxStream<'static, Result<Package>>,
    ) -> BoxStream<'static, Result<Package>> {
        Listing::new(inner, operation, Arc::clone(&self.watch)).boxed()
    }
}

impl<P: EsimProvider> fmt::Display for CircuitBreaker<P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (policy, provider) = (self.watch.policy, &self.watch.provider);
        write!(formatter, "CircuitBreaker({policy}, {provider})")
    }
}

fn verdict<T>(answer: &Result<T>) -> Verdict {
    answer
        .as_ref()
        .map_or_else(|error| error.kind().into(), |_| Verdict::Healthy)
}

#[async_trait]
impl<P: EsimProvider> EsimProvider for CircuitBreaker<P> {
    fn name(&self) -> &ProviderName {
        self.inner.name()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn destinations(&self, filter: &DestinationFilter) -> Result<Vec<Destination>> {
        self.call(Operation::Destinations, self.inner.destinations(filter))
            .await
    }

    fn packages(&self, query: PackageQuery) -> BoxStream<'static, Result<Package>> {
        self.listing(Operation::Packages, self.inner.packages(query))
    }

    fn top_up_packages(&self, query: TopUpQuery) -> BoxStream<'static, Result<Package>> {
        self.listing(Operation::TopUpPackages, self.inner.top_up_packages(query))
    }

    async fn find_orders(&self, lookup: &OrderLookup) -> Result<FoundOrders> {
        self.call(Operation::FindOrders, self.inner.find_orders(lookup))
            .await
    }

    async fn esim(&self, key: &EsimKey) -> Result<Esim> {
        self.call(Operation::Esim, self.inner.esim(key)).await
    }

    async fn usage(&self, query: &UsageQuery) -> Result<Usage> {
        self.call(Operation::Usage, self.inner.usage(query)).await
    }

    async fn usage_batch(&self, esims: &[EsimKey]) -> Result<Vec<Option<Usage>>> {
        self.call(Operation::UsageBatch, self.inner.usage_batch(esims))
            .await
    }

    async fn balance(&self) -> Result<Money> {
        self.call(Operation::Balance, self.inner.balance()).await
    }

    async fn provision(&self, request: &ProvisionRequest) -> Result<Esim> {
        self.call(Operation::Provision, self.inner.provision(request))
            .await
    }

    async fn cancel(&self, request: &CancelRequest) -> Result<CancelledEsim> {
        self.call(Operation::Cancel, self.inner.cancel(request))
            .await
    }

    async fn purchase(&self, purchase: &Purchase) -> Result<ProviderOrder> {
        let operation = purchase.request.operation();
        let kind = if purchase.replays {
            Kind::Settling
        } else {
            Kind::of(operation)
        };
        let mut admitted = self.watch.admit(kind, operation)?;
        let answer = self.inner.purchase(purchase).await;
        let unsent = |error: &ProviderError| error.kind() == ErrorKind::Unavailable;
        let too_late = purchase.window.remaining(&*self.watch.clock).is_none();
        if too_late && answer.as_ref().is_err_and(unsent) {
            admitted.settle(Verdict::Nothing);
        } else {
            admitted.settle(verdict(&answer));
        }
        answer
    }
}

#[cfg(test)]
mod tests;
