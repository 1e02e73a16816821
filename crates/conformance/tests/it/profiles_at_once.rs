//! A provider whose orders are answered with the finished profiles keeps every promise: the one way of
//! provisioning that no provider of this repository has.

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;
use roamport_domain::provider::{
    CancelRequest, CancelledEsim, DestinationFilter, EsimKey, FoundOrders, OrderLookup,
    PackageQuery, ProviderOrder, ProvisionRequest, Provisioning, Purchase, PurchaseRequest, Result,
    TopUpQuery, UsageQuery,
};
use roamport_domain::{
    Capabilities, Destination, Esim, EsimProvider, Money, Package, ProviderName, Usage,
};

use crate::sandbox::accepting;
use crate::world::WorldHarness;

/// A sandbox that has each profile generated before it answers an order.
#[derive(Debug)]
struct AtOnce(Arc<dyn EsimProvider>);

#[async_trait]
impl EsimProvider for AtOnce {
    fn name(&self) -> &ProviderName {
        self.0.name()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            provisioning: Provisioning::WithOrder,
            ..self.0.capabilities()
        }
    }

    async fn destinations(&self, filter: &DestinationFilter) -> Result<Vec<Destination>> {
        self.0.destinations(filter).await
    }

    fn packages(&self, query: PackageQuery) -> BoxStream<'static, Result<Package>> {
        self.0.packages(query)
    }

    fn top_up_packages(&self, query: TopUpQuery) -> BoxStream<'static, Result<Package>> {
        self.0.top_up_packages(query)
    }

    async fn find_orders(&self, lookup: &OrderLookup) -> Result<FoundOrders> {
        self.0.find_orders(lookup).await
    }

    async fn esim(&self, key: &EsimKey) -> Result<Esim> {
        self.0.esim(key).await
    }

    async fn usage(&self, query: &UsageQuery) -> Result<Usage> {
        self.0.usage(query).await
    }

    async fn usage_batch(&self, esims: &[EsimKey]) -> Result<Vec<Option<Usage>>> {
        self.0.usage_batch(esims).await
    }

    async fn balance(&self) -> Result<Money> {
        self.0.balance().await
    }

    async fn provision(&self, request: &ProvisionRequest) -> Result<Esim> {
        self.0.provision(request).await
    }

    async fn cancel(&self, request: &CancelRequest) -> Result<CancelledEsim> {
        self.0.cancel(request).await
    }

    async fn purchase(&self, purchase: &Purchase) -> Result<ProviderOrder> {
        let mut order = self.0.purchase(purchase).await?;
        let PurchaseRequest::PlaceOrder { start_date, .. } = purchase.request else {
            return Ok(order);
        };
        for item in &mut order.items {
            if let Some(esim) = item.esim.clone() {
                let request = ProvisionRequest { esim, start_date };
                item.profile = Some(self.0.provision(&request).await?);
            }
        }
        Ok(order)
    }
}

fn at_once() -> WorldHarness {
    accepting().wrapped(|provider| Arc::new(AtOnce(provider)))
}

mod suite {
    use super::at_once;
    use crate::sandbox::{ABLE, CARELESS, PLAIN};

    /// Its profiles need no call of their own.
    const AT_ONCE: &[&str] = &[
        "a_provider_without_top_ups_says_so",
        "a_profile_comes_by_itself_where_that_is_promised",
        "an_esim_without_a_profile_has_no_activation",
        "provisioning_twice_is_safe",
        "a_pending_profile_is_no_error",
        "a_lost_reply_of_provisioning_is_ambiguous",
        "a_missing_travel_date_is_rejected",
        "provisioning_an_unknown_esim_is_refused",
    ];

    roamport_conformance::provider_suite!(
        at_once(),
        not_applicable = [AT_ONCE, ABLE, PLAIN, CARELESS].concat()
    );
}
