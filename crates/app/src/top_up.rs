//! The use-case "top up": more data for an eSIM that is there.

use std::num::NonZeroU16;

use roamport_domain::order::{Fingerprint, OrderContent};
use roamport_domain::provider::EsimKey;
use roamport_domain::{EsimId, EsimProviderExt as _, PackageId, TopUp};

use crate::Quote;
use crate::order_and_provision::ordered_line;
use crate::{AppError, Orders, Refusal};

impl Orders {
    /// What makes another top-up the same.
    pub fn top_up_fingerprint(
        &self,
        esim: &EsimId,
        package: &PackageId,
        days: Option<u16>,
    ) -> Fingerprint {
        Fingerprint::of_top_up(&self.parts().instance, esim, package, days)
    }

    /// Both names of an eSIM: from what was kept when we bought it, otherwise from the provider.
    ///
    /// # Errors
    ///
    /// [`AppError::Provider`] where there is no such eSIM; [`AppError::Journal`].
    pub async fn resolve(&self, key: &EsimKey) -> Result<EsimKey, AppError> {
        let parts = self.parts();
        if let Some(kept) = parts
            .profiles
            .find_profile(&parts.instance.name, key)
            .await?
        {
            let (id, iccid) = (kept.esim.id().clone(), kept.esim.iccid().cloned());
            return Ok(EsimKey::new(Some(id), iccid).expect("the id is given"));
        }
        Ok(parts.provider.resolve(key).await?)
    }

    /// What a top-up costs today, and what the wallet holds; for so many `days`, where it is
    /// [sold by the day](roamport_domain::Package::by_day). Reads only.
    ///
    /// # Errors
    ///
    /// [`Refusal::IncompatiblePackage`], [`Refusal::Days`]; [`AppError::Provider`]: no such eSIM, or one that cannot be
    /// topped up.
    pub async fn quote_top_up(
        &self,
        esim: &EsimKey,
        package: &PackageId,
        days: Option<u16>,
    ) -> Result<Quote, AppError> {
        let key = self.resolve(esim).await?;
        let id = key.id().expect("a resolved key has the id").clone();
        let found = self
            .parts()
            .provider
            .find_top_up_package(&key, package)
            .await?;
        let Some(found) = found else {
            let package = package.clone();
            return Err(Refusal::IncompatiblePackage { package, esim: id }.into());
        };
        self.quoted(OrderContent::TopUp(TopUp {
            esim: id,
            iccid: key.iccid().cloned(),
            line: ordered_line(&found, NonZeroU16::MIN, days)?,
        }))
        .await
    }
}
