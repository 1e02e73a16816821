//! Repeats reads and listings that failed for a moment; the only place that does.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use async_trait::async_trait;
use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use roamport_domain::provider::{
    CancelRequest, CancelledEsim, DestinationFilter, ErrorKind, EsimKey, FoundOrders, Operation,
    OrderLookup, PackageQuery, ProviderOrder, ProvisionRequest, Purchase, Reaction, Result,
    TopUpQuery, UsageQuery,
};
use roamport_domain::{
    Capabilities, Destination, Esim, EsimProvider, Money, Package, ProviderError, ProviderName,
    Usage,
};
use tokio::time::{Instant, timeout_at};
use tracing::{debug, warn};

/// How often and after which pauses [`Retry`] repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Calls in all, the first one included; for a listing, failures in a row at one page. 4.
    pub tries: NonZeroU32,
    /// The first pause, which doubles from try to try; to each pause a random part of itself is
    /// added. 250 ms.
    pub shortest_pause: Duration,
    /// Where the doubling stops. 8 s.
    pub longest_pause: Duration,
    /// The longest wait a provider may ask for. Where it asks for more, its error is returned at
    /// once and the caller decides. 30 s.
    pub longest_hint: Duration,
    /// The longest time for one read with all its tries and pauses; for a listing, for its next package. A try
    /// under way is given up then: a read changes nothing. 100 s.
    pub longest_read: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            tries: NonZeroU32::new(4).expect("4 is not zero"),
            shortest_pause: Duration::from_millis(250),
            longest_pause: Duration::from_secs(8),
            longest_hint: Duration::from_secs(30),
            longest_read: Duration::from_secs(100),
        }
    }
}

impl fmt::Display for RetryPolicy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} tries", self.tries)
    }
}

/// Repeats a read, or the page of a listing, while its error reacts with [`Reaction::Retry`].
///
/// Purchases and provisioning pass through untouched, whatever their error says: the order machine
/// alone repeats an effect. Pauses grow and are jittered, a provider's `retry_after` is a lower
/// bound of them, and the error that is returned in the end is the last real one. One limit bounds the time of a
/// read over all of that. Dropping a call
/// during a pause is harmless: nothing is under way then.
#[derive(Clone, Debug)]
pub struct Retry<P: EsimProvider> {
    inner: P,
    policy: RetryPolicy,
}

impl<P: EsimProvider> Retry<P> {
    /// Retries the reads of `inner` under `policy`.
    pub const fn new(inner: P, policy: RetryPolicy) -> Self {
        Self { inner, policy }
    }

    async fn read<'a, T, F>(
        &'a self,
        operation: Operation,
        call: impl Fn(&'a P) -> F + Send + Sync,
    ) -> Result<T>
    where
        T: Send,
        F: Future<Output = Result<T>> + Send,
    {
        let mut tries = Tries::new(self.policy);
        loop {
            match timeout_at(tries.deadline, call(&self.inner)).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) => tries.pause_after(error).await?,
                Err(_) => return Err(tries.out_of_time(self.inner.name(), operation)),
            }
        }
    }

    fn listing(
        &self,
        operation: Operation,
        inner: BoxStream<'static, Result<Package>>,
    ) -> BoxStream<'static, Result<Package>> {
        let (policy, name) = (self.policy, self.inner.name().clone());
        stream::unfold(Some((inner, name)), move |under_way| async move {
            let (mut inner, name) = under_way?;
            let mut tries = Tries::new(policy);
            loop {
                let failed = match timeout_at(tries.deadline, inner.next()).await {
                    Ok(None) => return None,
                    Ok(Some(Ok(package))) => return Some((Ok(package), Some((inner, name)))),
                    Ok(Some(Err(error))) => tries.pause_after(error).await,
                    Err(_) => Err(tries.out_of_time(&name, operation)),
                };
                if let Err(error) = failed {
                    return Some((Err(error), None));
                }
            }
        })
        .fuse()
        .boxed()
    }
}

impl<P: EsimProvider> fmt::Display for Retry<P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Retry({}, {})", self.policy, self.inner.name())
    }
}

/// The tries of one call, or those in a row of one listing.
#[derive(Debug)]
struct Tries {
    policy: RetryPolicy,
    failed: u32,
    pauses: ExponentialBackoff,
    deadline: Instant,
    /// The last real error.
    last: Option<ProviderError>,
}

impl Tries {
    fn new(policy: RetryPolicy) -> Self {
        Self {
            policy,
            failed: 0,
            pauses: pauses(policy),
            deadline: Instant::now() + policy.longest_read,
            last: None,
        }
    }

    /// The error of a read whose time is over: the last real one, if there was any.
    fn out_of_time(&mut self, provider: &ProviderName, operation: Operation) -> ProviderError {
        let seconds = self.policy.longest_read.as_secs();
        self.last.take().unwrap_or_else(|| {
            let words = format!("no answer within {seconds} s, the longest time for a read");
            ProviderError::new(ErrorKind::Unavailable, provider.clone(), operation, words)
        })
    }

    /// Sleeps before the next try, or gives the error back and says why there is none.
    async fn pause_after(&mut self, error: ProviderError) -> Result<()> {
        self.failed += 1;
        let pause = match self.pause(&error) {
            Ok(pause) => pause,
            Err(why) => {
                let outcome = error.kind().as_str();
                let (operation, provider) = (error.operation().as_str(), error.provider().as_str());
                debug!(
                    operation,
                    provider,
                    outcome,
                    tries = self.failed,
                    "not retried: {why}"
                );
                return Err(error);
            }
        };
        warn!(
            operation = error.operation().as_str(),
            provider = error.provider().as_str(),
            outcome = error.kind().as_str(),
            tries = self.failed,
            pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
            "provider call failed, trying again after a pause"
        );
        self.last = Some(error);
        tokio::time::sleep(pause).await;
        Ok(())
    }

    /// How long to wait, or why not to try again.
    fn pause(&mut self, error: &ProviderError) -> Result<Duration, &'static str> {
        let hint = match error.reaction() {
            Reaction::Retry { after } => after.unwrap_or_default(),
            Reaction::Reconcile => return Err("something may have happened"),
            Reaction::Refuse => return Err("the provider refused, and will again"),
            Reaction::Halt => return Err("a person has to act first"),
        };
        if hint > self.policy.longest_hint {
            return Err("the provider asks for a longer wait than the settings allow");
        }
        if self.failed >= self.policy.tries.get() {
            return Err("all tries are used");
        }
        let pause = self.pauses.next().ok_or("all tries are used")?.max(hint);
        if Instant::now() + pause >= self.deadline {
            return Err("the time for a read would be over");
        }
        Ok(pause)
    }
}

fn pauses(policy: RetryPolicy) -> ExponentialBackoff {
    ExponentialBuilder::new()
        .with_min_delay(policy.shortest_pause)
        .with_max_delay(policy.longest_pause)
        .without_max_times()
        .with_jitter()
        .build()
}

/// Says that an effect is not repeated here, where its error would allow it.
fn left_to_the_order_machine<T>(answer: Result<T>) -> Result<T> {
    answer.inspect_err(|error| {
        let outcome = error.kind().as_str();
        let (operation, provider) = (error.operation().as_str(), error.provider().as_str());
        debug!(
            operation,
            provider, outcome, "not retried: only the order machine repeats an effect"
        );
    })
}

#[async_trait]
impl<P: EsimProvider> EsimProvider for Retry<P> {
    fn name(&self) -> &ProviderName {
        self.inner.name()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn destinations(&self, filter: &DestinationFilter) -> Result<Vec<Destination>> {
        self.read(Operation::Destinations, |inner| inner.destinations(filter))
            .await
    }

    fn packages(&self, query: PackageQuery) -> BoxStream<'static, Result<Package>> {
        self.listing(Operation::Packages, self.inner.packages(query))
    }

    fn top_up_packages(&self, query: TopUpQuery) -> BoxStream<'static, Result<Package>> {
        self.listing(Operation::TopUpPackages, self.inner.top_up_packages(query))
    }

    async fn find_orders(&self, lookup: &OrderLookup) -> Result<FoundOrders> {
        self.read(Operation::FindOrders, |inner| inner.find_orders(lookup))
            .await
    }

    async fn esim(&self, key: &EsimKey) -> Result<Esim> {
        self.read(Operation::Esim, |inner| inner.esim(key)).await
    }

    async fn usage(&self, query: &UsageQuery) -> Result<Usage> {
        self.read(Operation::Usage, |inner| inner.usage(query))
            .await
    }

    async fn usage_batch(&self, esims: &[EsimKey]) -> Result<Vec<Option<Usage>>> {
        self.read(Operation::UsageBatch, |inner| inner.usage_batch(esims))
            .await
    }

    async fn balance(&self) -> Result<Money> {
        self.read(Operation::Balance, P::balance).await
    }

    async fn provision(&self, request: &ProvisionRequest) -> Result<Esim> {
        left_to_the_order_machine(self.inner.provision(request).await)
    }

    async fn cancel(&self, request: &CancelRequest) -> Result<CancelledEsim> {
        left_to_the_order_machine(self.inner.cancel(request).await)
    }

    async fn purchase(&self, purchase: &Purchase) -> Result<ProviderOrder> {
        left_to_the_order_machine(self.inner.purchase(purchase).await)
    }
}

#[cfg(test)]
mod tests;
