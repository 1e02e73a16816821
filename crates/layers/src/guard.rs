//! Refuses, without network traffic, what a provider's capabilities rule out.

use std::fmt;

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use roamport_domain::provider::{
    DestinationFilter, ErrorKind, EsimKey, FoundOrders, LookupSupport, Operation, OrderLookup,
    OrderRequest, PackageQuery, ProviderOrder, ProvisionRequest, Result, TopUpQuery, TopUpRequest,
    UsageQuery,
};
use roamport_domain::{
    Capabilities, Destination, Esim, EsimProvider, Money, Package, ProviderError, ProviderName,
    Usage,
};

/// Answers for the provider where [`Capabilities`] leave no doubt about the answer.
///
/// - [`ErrorKind::Unsupported`]: top-ups, usage and look-ups that it does not have.
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
        ProviderError::new(kind, self.inner.name().clone(), operation, message)
    }

    fn unsupported(&self, operation: Operation, message: &str) -> ProviderError {
        self.refusal(ErrorKind::Unsupported, operation, message)
    }

    fn without_top_ups(&self, operation: Operation) -> Result<()> {
        const ADVICE: &str = "it sells no top-ups, so nothing was bought; buy a new package instead";
        if self.inner.capabilities().top_up {
            return Ok(());
        }
        Err(self.unsupported(operation, ADVICE))
    }

    fn check_lookup(&self, lookup: &OrderLookup) -> Result<()> {
        let advice = match (self.inner.capabilities().lookup, lookup) {
            (None, _) => "its orders cannot be looked up; look at the provider's own dashboard",
            (Some(LookupSupport { by_reference: false, .. }), OrderLookup::Reference { .. }) => {
                "its orders cannot be found by our reference; look for the provider's order id"
            }
            (Some(LookupSupport { since: false, .. }), OrderLookup::Since(_)) => {
                "its orders cannot be found by time; look for a reference or an order id"
            }
            (Some(_), _) => return Ok(()),
        };
        Err(self.unsupported(Operation::FindOrders, advice))
    }

    fn check_order(&self, request: &OrderRequest) -> Result<()> {
        let Capabilities { lines_per_order, esims_per_order, .. } = self.inner.capabilities();
        let rejected =
            |message: String| Err(self.refusal(ErrorKind::Rejected, Operation::PlaceOrder, message));
        if request.lines.is_empty() {
            return rejected("the order has no line, nothing was bought; name a package".to_owned());
        }
        let lines = request.lines.len();
        if let Some(limit) = lines_per_order.filter(|limit| lines > usize::from(limit.get())) {
            return rejected(format!(
                "the order has {lines} lines and at most {limit} are taken, nothing was bought; \
                 split it into several orders"
            ));
        }
        let esims: u64 = request.lines.iter().map(|line| u64::from(line.quantity.get())).sum();
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

    async fn balance(&self) -> Result<Money> {
        self.inner.balance().await
    }

    async fn provision(&self, request: &ProvisionRequest) -> Result<Vec<Esim>> {
        self.inner.provision(request).await
    }

    async fn place_order(&self, request: &OrderRequest) -> Result<ProviderOrder> {
        self.check_order(request)?;
        self.inner.place_order(request).await
    }

    async fn top_up(&self, request: &TopUpRequest) -> Result<ProviderOrder> {
        self.without_top_ups(Operation::TopUp)?;
        self.inner.top_up(request).await
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU16;
    use std::time::Duration;

    use jiff::Timestamp;
    use roamport_domain::provider::{MockEsimProvider, UsageSupport};
    use roamport_domain::{ProviderOrderId, Reference};

    use super::*;
    use crate::testing::{
        esim_key, line, name_and_capabilities, order_request, placed, top_up_request, usage_query,
    };

    const LOOKUP: LookupSupport =
        LookupSupport { by_reference: true, since: true, lag: Duration::ZERO };

    /// A mock without one expectation: it panics when anything but its name is asked for.
    fn unreachable(capabilities: Capabilities) -> Guard<MockEsimProvider> {
        let mut provider = MockEsimProvider::new();
        name_and_capabilities(&mut provider, capabilities);
        Guard::new(provider)
    }

    fn check_refused<T: fmt::Debug>(answer: Result<T>, kind: ErrorKind, words: &str) {
        let error = answer.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.message().contains(words), "{error}");
        assert_eq!(error.provider().as_str(), "mock");
    }

    fn by_reference() -> OrderLookup {
        let reference = Reference::parse("R-1").unwrap();
        OrderLookup::Reference { reference, not_before: Timestamp::UNIX_EPOCH }
    }

    #[tokio::test]
    async fn a_top_up_that_nobody_sells_is_never_sent() {
        let guard = unreachable(Capabilities::NONE);
        let answer = guard.top_up(&top_up_request()).await;
        check_refused(answer, ErrorKind::Unsupported, "buy a new package");
    }

    #[tokio::test]
    async fn a_listing_of_top_ups_that_nobody_sells_is_one_error_and_ends() {
        let guard = unreachable(Capabilities::NONE);
        let mut listing = guard.top_up_packages(TopUpQuery::all(esim_key()));
        check_refused(listing.next().await.unwrap(), ErrorKind::Unsupported, "no top-ups");
        assert!(listing.next().await.is_none());
        assert!(listing.next().await.is_none());
    }

    #[tokio::test]
    async fn usage_that_cannot_be_read_is_never_asked_for() {
        let guard = unreachable(Capabilities::NONE);
        check_refused(guard.usage(&usage_query()).await, ErrorKind::Unsupported, "usage");
    }

    #[tokio::test]
    async fn a_look_up_that_is_not_supported_is_never_made() {
        let id = || OrderLookup::Id(ProviderOrderId::parse("O-1").unwrap());
        let since = OrderLookup::Since(Timestamp::UNIX_EPOCH);

        let guard = unreachable(Capabilities::NONE);
        check_refused(guard.find_orders(&id()).await, ErrorKind::Unsupported, "dashboard");

        let lookup = Some(LookupSupport { by_reference: false, since: false, ..LOOKUP });
        let guard = unreachable(Capabilities { lookup, ..Capabilities::NONE });
        let answer = guard.find_orders(&by_reference()).await;
        check_refused(answer, ErrorKind::Unsupported, "order id");
        check_refused(guard.find_orders(&since).await, ErrorKind::Unsupported, "by time");
    }

    #[tokio::test]
    async fn an_order_above_a_limit_is_never_sent() {
        let limited = Capabilities {
            lines_per_order: NonZeroU16::new(2),
            esims_per_order: NonZeroU16::new(10),
            ..Capabilities::NONE
        };
        let guard = unreachable(limited);
        let answer = guard.place_order(&order_request(vec![])).await;
        check_refused(answer, ErrorKind::Rejected, "no line");
        let answer = guard.place_order(&order_request(vec![line(1), line(1), line(1)])).await;
        check_refused(answer, ErrorKind::Rejected, "3 lines and at most 2");
        let answer = guard.place_order(&order_request(vec![line(8), line(3)])).await;
        check_refused(answer, ErrorKind::Rejected, "11 eSIMs and at most 10");
        let answer = guard.place_order(&order_request(vec![line(u16::MAX), line(u16::MAX)])).await;
        check_refused(answer, ErrorKind::Rejected, "131070 eSIMs");
    }

    #[tokio::test]
    async fn an_order_at_the_limit_is_sent_once() {
        let mut provider = MockEsimProvider::new();
        let limited = Capabilities {
            lines_per_order: NonZeroU16::new(2),
            esims_per_order: NonZeroU16::new(10),
            ..Capabilities::NONE
        };
        name_and_capabilities(&mut provider, limited);
        provider.expect_place_order().times(1).returning(|_| Ok(placed()));
        let guard = Guard::new(provider);
        assert!(guard.place_order(&order_request(vec![line(9), line(1)])).await.is_ok());
    }

    #[tokio::test]
    async fn what_the_provider_can_do_passes() {
        let mut provider = MockEsimProvider::new();
        let able = Capabilities {
            top_up: true,
            usage: Some(UsageSupport { lag: Duration::ZERO, daily: false }),
            lookup: Some(LookupSupport { since: false, ..LOOKUP }),
            ..Capabilities::NONE
        };
        name_and_capabilities(&mut provider, able);
        provider.expect_top_up().times(1).returning(|_| Ok(placed()));
        provider.expect_top_up_packages().times(1).returning(|_| stream::empty().boxed());
        provider
            .expect_find_orders()
            .times(2)
            .returning(|_| Ok(FoundOrders { orders: vec![placed()], complete: true }));
        provider
            .expect_usage()
            .times(1)
            .returning(|_| Err(crate::testing::error(ErrorKind::NotFound, Operation::Usage)));
        let guard = Guard::new(provider);

        assert!(guard.top_up(&top_up_request()).await.is_ok());
        assert!(guard.top_up_packages(TopUpQuery::all(esim_key())).next().await.is_none());
        assert!(guard.find_orders(&by_reference()).await.is_ok());
        let id = OrderLookup::Id(ProviderOrderId::parse("O-1").unwrap());
        assert!(guard.find_orders(&id).await.is_ok());
        let error = guard.usage(&usage_query()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(guard.to_string(), "Guard(mock)");
    }
}
