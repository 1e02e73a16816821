//! The port through `Arc` and `Box`.

use std::sync::Arc;

use async_trait::async_trait;
use futures_core::stream::BoxStream;

use super::{
    CancelRequest, CancelledEsim, Capabilities, DestinationFilter, EsimKey, EsimProvider,
    FoundOrders, OrderLookup, PackageQuery, ProviderOrder, ProvisionRequest, Purchase, Result,
    TopUpQuery, UsageQuery,
};
use crate::{Destination, Esim, Money, Package, ProviderName, Usage};

macro_rules! forward {
    ($pointer:ident) => {
        #[async_trait]
        impl<P: EsimProvider + ?Sized> EsimProvider for $pointer<P> {
            fn name(&self) -> &ProviderName {
                (**self).name()
            }

            fn capabilities(&self) -> Capabilities {
                (**self).capabilities()
            }

            async fn destinations(&self, filter: &DestinationFilter) -> Result<Vec<Destination>> {
                (**self).destinations(filter).await
            }

            fn packages(&self, query: PackageQuery) -> BoxStream<'static, Result<Package>> {
                (**self).packages(query)
            }

            fn top_up_packages(&self, query: TopUpQuery) -> BoxStream<'static, Result<Package>> {
                (**self).top_up_packages(query)
            }

            async fn find_orders(&self, lookup: &OrderLookup) -> Result<FoundOrders> {
                (**self).find_orders(lookup).await
            }

            async fn esim(&self, key: &EsimKey) -> Result<Esim> {
                (**self).esim(key).await
            }

            async fn usage(&self, query: &UsageQuery) -> Result<Usage> {
                (**self).usage(query).await
            }

            async fn usage_batch(&self, esims: &[EsimKey]) -> Result<Vec<Option<Usage>>> {
                (**self).usage_batch(esims).await
            }

            async fn balance(&self) -> Result<Money> {
                (**self).balance().await
            }

            async fn provision(&self, request: &ProvisionRequest) -> Result<Esim> {
                (**self).provision(request).await
            }

            async fn cancel(&self, request: &CancelRequest) -> Result<CancelledEsim> {
                (**self).cancel(request).await
            }

            async fn purchase(&self, purchase: &Purchase) -> Result<ProviderOrder> {
                (**self).purchase(purchase).await
            }
        }
    };
}

forward!(Arc);
forward!(Box);
