//! The use-case "show an eSIM": as the provider tells it now, or as it was kept.

use std::sync::Arc;

use roamport_domain::esim::{PlanState, ProfileState};
use roamport_domain::journal::{Delivery, JournalError, KeptProfile};
use roamport_domain::provider::{EsimKey, Reaction};
use roamport_domain::{Esim, EsimProvider, ProfileStore};

use crate::AppError;

/// An eSIM, and how fresh it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EsimView {
    /// The eSIM.
    pub esim: Esim,
    /// Whether the provider told it just now; otherwise it is what was kept when it was bought.
    pub live: bool,
}

/// Shows eSIMs.
#[derive(Clone, Debug)]
pub struct Esims {
    provider: Arc<dyn EsimProvider>,
    profiles: Arc<dyn ProfileStore>,
}

impl Esims {
    /// The eSIMs of `provider`, with those kept in `profiles`.
    pub const fn new(provider: Arc<dyn EsimProvider>, profiles: Arc<dyn ProfileStore>) -> Self {
        Self { provider, profiles }
    }

    /// One eSIM: read from the provider, and kept anew where we bought it. Where the provider cannot
    /// be reached, the kept one.
    ///
    /// # Errors
    ///
    /// [`AppError::Provider`] where it can be had from neither.
    pub async fn esim(&self, key: &EsimKey) -> Result<EsimView, AppError> {
        let kept = self
            .profiles
            .find_profile(self.provider.name(), key)
            .await?;
        // The provider's id is for life; a card number may have moved on to another eSIM.
        let by_id = kept
            .as_ref()
            .map(|kept| EsimKey::from_id(kept.esim.id().clone()));
        match (
            self.provider.esim(by_id.as_ref().unwrap_or(key)).await,
            kept,
        ) {
            (Ok(esim), Some(kept)) => {
                replace(&*self.profiles, kept, &esim).await?;
                Ok(EsimView { esim, live: true })
            }
            (Ok(esim), None) => Ok(EsimView { esim, live: true }),
            (Err(error), Some(kept)) if matches!(error.reaction(), Reaction::Retry { .. }) => {
                Ok(EsimView {
                    esim: kept.esim,
                    live: false,
                })
            }
            (Err(error), _) => Err(error.into()),
        }
    }
}

/// Replaces what is kept of an eSIM by what was just read. One that is not kept stays so.
pub(crate) async fn refresh(profiles: &dyn ProfileStore, esim: &Esim) -> Result<(), JournalError> {
    let key = EsimKey::from_id(esim.id().clone());
    match profiles.find_profile(esim.provider(), &key).await? {
        Some(kept) => replace(profiles, kept, esim).await,
        None => Ok(()),
    }
}

/// Only what has an activation, or was ended for good, takes the place of a profile: an answer that
/// merely lacks the activation, or has one that cannot be read, does not.
async fn replace(
    profiles: &dyn ProfileStore,
    kept: KeptProfile,
    esim: &Esim,
) -> Result<(), JournalError> {
    let ended = *esim.profile() == ProfileState::Revoked
        || matches!(esim.plan(), PlanState::Cancelled | PlanState::Revoked);
    let installable = esim.activation().is_some() && !esim.is_pending();
    if *esim == kept.esim || !(ended || installable) {
        return Ok(());
    }
    let esim = esim.clone();
    let order = kept.order;
    match profiles.keep(&KeptProfile { esim, ..kept }).await? {
        Delivery::Kept => {}
        Delivery::DeliveredBefore(other) => tracing::warn!(
            order.id = %order, other.id = %other,
            "an eSIM was delivered to two orders; what is stored of it stays as it was"
        ),
    }
    Ok(())
}
