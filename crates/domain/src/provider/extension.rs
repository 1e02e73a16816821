//! Conveniences over the port, written once for every provider.

use async_trait::async_trait;

use super::{ErrorKind, EsimKey, EsimProvider, PackageQuery, Result, TopUpQuery, UsageQuery};
use crate::{Package, PackageId, Usage};

/// What callers often need, made of the port's own calls. Nobody else implements it.
#[async_trait]
pub trait EsimProviderExt: EsimProvider {
    /// The package with this id; `None` where the provider sells none.
    ///
    /// # Errors
    ///
    /// Those of [`EsimProvider::packages`].
    async fn find_package(&self, id: &PackageId) -> Result<Option<Package>> {
        first(self.packages(PackageQuery::one(id.clone())), id).await
    }

    /// The top-up with this id for this eSIM; `None` where it is not compatible.
    ///
    /// # Errors
    ///
    /// Those of [`EsimProvider::top_up_packages`].
    async fn find_top_up_package(&self, esim: &EsimKey, id: &PackageId) -> Result<Option<Package>> {
        let query = TopUpQuery {
            package: Some(id.clone()),
            ..TopUpQuery::all(esim.clone())
        };
        first(self.top_up_packages(query), id).await
    }

    /// The usage of any number of eSIMs, in their order: in batches where the provider reads several
    /// at once, otherwise one by one. `None` where the provider knows nothing of one.
    ///
    /// # Errors
    ///
    /// Those of [`EsimProvider::usage`], save [`ErrorKind::NotFound`]; the first one ends it.
    async fn usages(&self, esims: &[EsimKey]) -> Result<Vec<Option<Usage>>> {
        let mut usages = Vec::with_capacity(esims.len());
        let batch = self.capabilities().usage.and_then(|usage| usage.batch);
        if let Some(batch) = batch {
            for some in esims.chunks(usize::from(batch.get())) {
                usages.extend(self.usage_batch(some).await?);
            }
            return Ok(usages);
        }
        for esim in esims {
            let query = UsageQuery {
                esim: esim.clone(),
                daily: false,
            };
            usages.push(match self.usage(&query).await {
                Ok(usage) => Some(usage),
                Err(error) if error.kind() == ErrorKind::NotFound => None,
                Err(error) => return Err(error),
            });
        }
        Ok(usages)
    }

    /// Both names of an eSIM: reads it where one is missing, since a provider's call may need the
    /// other. The card number stays absent while there is none.
    ///
    /// # Errors
    ///
    /// Those of [`EsimProvider::esim`].
    async fn resolve(&self, key: &EsimKey) -> Result<EsimKey> {
        if key.id().is_some() && key.iccid().is_some() {
            return Ok(key.clone());
        }
        let esim = self.esim(key).await?;
        let iccid = esim.iccid().cloned();
        Ok(EsimKey::new(Some(esim.id().clone()), iccid).expect("the id is given"))
    }
}

impl<P: EsimProvider + ?Sized> EsimProviderExt for P {}

async fn first(
    mut listing: futures_core::stream::BoxStream<'static, Result<Package>>,
    id: &PackageId,
) -> Result<Option<Package>> {
    loop {
        let next = std::future::poll_fn(|context| listing.as_mut().poll_next(context)).await;
        match next {
            None => return Ok(None),
            Some(Ok(package)) if package.id == *id => return Ok(Some(package)),
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(error),
        }
    }
}
