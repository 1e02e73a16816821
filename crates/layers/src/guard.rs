//! Refuses, without network traffic, what a provider's capabilities rule out.

use std::fmt;

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use roamport_domain::provider::{
    CancelRequest, CancelledEsim, DestinationFilter, ErrorKind, EsimKey, FoundOrders, Line,
    LookupSupport, Operation, OrderLookup, PackageQuery, ProviderOrder, ProvisionRequest, Purchase,
    PurchaseRequest, Result, TopUpQuery, UsageQuery,
};
use roamport_domain::{
    Capabilities, Destination, Esim, EsimProvider, Money, Package, ProviderError, ProviderName,
    Usage,
};

/// Answers for the provider where [`Capabilities`] leave no doubt about the answer.
///
/// - [`ErrorKind::Unsupported`]: top-ups, usage, look-ups and cancellations that it does not have.
/// - [`ErrorKind::Rejected`]: an order without a line, or with more lines or eSIMs than it takes.
///
/// Nothing of these is sent, so no money has moved. Everything else passes unchanged.
#[derive(Clone, Debug)]
pub struct Guard<P: EsimProvider> {
    inner: P,
}

impl<P: EsimProvider> Guard<P> {
    /// Guards `inner`.
    pub const fn new(inner: P) -> Self {
        Self { inner }
    }

    fn refusal(
        &self,
        kind: ErrorKind,
        operation: Operation,
        message: impl Into<String>,
    ) -> ProviderError {
        ProviderError::new(kind, self.inner.name().clone(), operation, message).not_sent()
    }

    fn unsupported(&self, operation: Operation, message: &str) -> ProviderError {
        self.refusal(ErrorKind::Unsupported, operation, message)
    }

    fn without_top_ups(&self, operation: Operation) -> Result<()> {
        const ADVICE: &str =
            "it sells no top-ups, so nothing was bought; buy a new package instead";
        if self.inner.capabilities().top_up {
            return Ok(());
        }
        Err(self.unsupported(operation, ADVICE))
    }

    fn check_lookup(&self, lookup: &OrderLookup) -> Result<()> {
        let advice = match (self.inner.capabilities().lookup, lookup) {
            (None, _) => "its orders cannot be looked up; look at the provider's own dashboard",
            (
                Some(LookupSupport {
                    by_reference: false,
                    ..
                }),
                OrderLookup::Reference { .. },
            ) => "its orders cannot be found by our reference; look for the provider's order id",
            (Some(LookupSupport { since: false, .. }), OrderLookup::Since(_)) => {
                "its orders cannot be found by time; look for a reference or an order id"
            }
            (Some(_), _) => return Ok(()),
        };
        Err(self.unsupported(Operation::FindOrders, advice))
    }

    fn check_lines(&self, lines: &[Line]) -> Result<()> {
        let Capabilities {
            lines_per_order,
            esims_per_order,
            ..
        } = self.inner.capabilities();
        let rejected = |message: String| {
            Err(self.refusal(ErrorKind::Rejected, Operation::PlaceOrder, message))
        };
        if lines.is_empty() {
            return rejected(
                "the order has no line, nothing was bought; name a package".to_owned(),
            );
        }
        let count = lines.len();
        if let Some(limit) = lines_per_order.filter(|limit| count > usize::from(limit.get())) {
            return rejected(format!(
                "the order has {count} lines and at most {limit} are taken, nothing was bought; \
                 split it into several orders"
            ));
        }
        let esims: u64 = lines
            .iter()
            .map(|line| u64::from(line.quantity.get()))
            .sum();
        if let Some(limit) = esims_per_order.filter(|limit| esims > u64::from(limit.get())) {
            return rejected(format!(
                "the order has {esims} eSIMs and at most {limit} are taken, nothing was bought; \
                 split it into several orders"
            ));
        }
        Ok(())
    }
}

impl<P: EsimProvider> fmt::Display for Guard<P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Guard({})", self.inner.name())
    }
}

#[async_trait]
impl<P: EsimProvider> EsimProvider for Guard<P> {
    fn name(&self) -> &ProviderName {
        self.inner.name()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn destinations(&self, filter: &DestinationFilter) -> Result<Vec<Destination>> {
        self.inner.destinations(filter).await
    }

    fn packages(&self, query: PackageQuery) -> BoxStream<'static, Result<Package>> {
        self.inner.packages(query)
    }

    fn top_up_packages(&self, query: TopUpQuery) -> BoxStream<'static, Result<Package>> {
        match self.without_top_ups(Operation::TopUpPackages) {
            Ok(()) => self.inner.top_up_packages(query),
            Err(error) => stream::iter([Err(error)]).boxed(),
        }
    }

    async fn find_orders(&self, lookup: &OrderLookup) -> Result<FoundOrders> {
        self.check_lookup(lookup)?;
        self.inner.find_orders(lookup).await
    }

    async fn esim(&self, key: &EsimKey) -> Result<Esim> {
        self.inner.esim(key).await
    }

    async fn usage(&self, query: &UsageQuery) -> Result<Usage> {
        const ADVICE: &str = "it does not tell usage; the traveller can see it on the phone";
        if self.inner.capabilities().usage.is_none() {
            return Err(self.unsupported(Operation::Usage, ADVICE));
        }
        self.inner.usage(query).await
    }

    async fn usage_batch(&self, esims: &[EsimKey]) -> Result<Vec<Option<Usage>>> {
        let batch = self
            .inner
            .capabilities()
            .usage
            .and_then(|usage| usage.batch);
        let advice = match batch {
            None => "it tells the usage of one eSIM at a time; ask for each",
            Some(most) if esims.len() > usize::from(most.get()) => {
                "that is more eSIMs than it tells the usage of at once; ask in parts"
            }
            Some(_) => return self.inner.usage_batch(esims).await,
        };
        Err(self.unsupported(Operation::UsageBatch, advice))
    }

    async fn balance(&self) -> Result<Money> {
        self.inner.balance().await
    }

    async fn provision(&self, request: &ProvisionRequest) -> Result<Esim> {
        self.inner.provision(request).await
    }

    async fn cancel(&self, request: &CancelRequest) -> Result<CancelledEsim> {
        const ADVICE: &str = "it takes no eSIM back by itself, so nothing was given back; ask its \
                              support for a refund";
        if self.inner.capabilities().cancellation.is_none() {
            return Err(self.unsupported(Operation::Cancel, ADVICE));
        }
        self.inner.cancel(request).await
    }

    async fn purchase(&self, purchase: &Purchase) -> Result<ProviderOrder> {
        match &purchase.request {
            PurchaseRequest::PlaceOrder { lines, .. } => self.check_lines(lines)?,
            PurchaseRequest::TopUp { .. } => self.without_top_ups(Operation::TopUp)?,
        }
        self.inner.purchase(purchase).await
    }
}

#[cfg(test)]
mod tests;
