//! The profiles in memory, and what was delivered to which order.

use std::collections::HashMap;

use async_trait::async_trait;

use super::InMemoryJournal;
use crate::journal::{Delivery, DuplicateDelivery, JournalError, KeptProfile, ProfileStore};
use crate::order::ProviderInstance;
use crate::provider::EsimKey;
use crate::{EsimId, OrderId, ProviderName};

/// What is kept of profiles.
#[derive(Debug, Default)]
pub(super) struct Profiles {
    /// The last kept comes last: a card number that was used again means the newer eSIM.
    kept: Vec<KeptProfile>,
    delivered: HashMap<(ProviderInstance, EsimId, u32), OrderId>,
    /// By the digest of the code.
    codes: HashMap<(ProviderInstance, String), (OrderId, EsimId)>,
}

#[async_trait]
impl ProfileStore for InMemoryJournal {
    async fn keep(&self, profile: &KeptProfile) -> Result<Delivery, JournalError> {
        let (order, esim) = (profile.order, profile.esim.id());
        let instance = ProviderInstance {
            name: profile.esim.provider().clone(),
            base_url: profile.base_url.clone(),
        };
        let activation = profile.esim.activation();
        let code = activation.and_then(|activation| self.key.activation_code(activation));
        let code = code.map(|digest| (instance.clone(), digest));
        let delivery = (instance, esim.clone(), profile.epoch);

        let profiles = &mut self.stored().profiles;
        let had_esim = profiles.delivered.get(&delivery);
        if let Some(other) = had_esim.filter(|had| **had != order) {
            return Ok(Delivery::DeliveredBefore(*other));
        }
        let had_code = code.as_ref().and_then(|code| profiles.codes.get(code));
        if let Some((other, _)) = had_code.filter(|(had, with)| (*had, with) != (order, esim)) {
            return Ok(Delivery::DeliveredBefore(*other));
        }
        profiles.delivered.insert(delivery, order);
        if let Some(code) = code {
            profiles.codes.insert(code, (order, esim.clone()));
        }
        let same = |kept: &KeptProfile| {
            kept.esim.provider() == profile.esim.provider() && kept.esim.id() == esim
        };
        profiles.kept.retain(|kept| !same(kept));
        profiles.kept.push(profile.clone());
        Ok(Delivery::Kept)
    }

    async fn find_profile(
        &self,
        provider: &ProviderName,
        key: &EsimKey,
    ) -> Result<Option<KeptProfile>, JournalError> {
        let named = |kept: &&KeptProfile| match (key.id(), key.iccid()) {
            (Some(id), _) => kept.esim.id() == id,
            (None, iccid) => iccid.is_some() && kept.esim.iccid() == iccid,
        };
        let memory = self.stored();
        let kept = memory.profiles.kept.iter().rev();
        let mut at_provider = kept.filter(|kept| kept.esim.provider() == provider);
        Ok(at_provider.find(named).cloned())
    }

    async fn erase(&self, provider: &ProviderName, esim: &EsimId) -> Result<(), JournalError> {
        let kept = &mut self.stored().profiles.kept;
        kept.retain(|kept| kept.esim.provider() != provider || kept.esim.id() != esim);
        Ok(())
    }

    /// Nothing in memory is older than the deliveries.
    async fn duplicates(
        &self,
        _: &ProviderInstance,
    ) -> Result<Vec<DuplicateDelivery>, JournalError> {
        Ok(Vec::new())
    }
}
