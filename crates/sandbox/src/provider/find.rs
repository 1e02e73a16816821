//! Finding eSIMs by the names that the port has for them.

use roamport_domain::provider::{EsimKey, ProvisionTarget};

use super::SandboxProvider;
use crate::world::{EsimRecord, OrderSearch, WorldError};

impl SandboxProvider {
    /// The eSIM of an id, or the newest one that was given a card number.
    pub(super) fn find(&self, key: &EsimKey) -> Result<Option<EsimRecord>, WorldError> {
        match (key.id(), key.iccid()) {
            (Some(id), _) => self.world.find_esim(id.as_str()),
            (None, Some(iccid)) => self.world.find_esim_by_iccid(iccid.as_str()),
            (None, None) => Ok(None),
        }
    }

    pub(super) fn esims_of(&self, target: &ProvisionTarget) -> Result<Vec<EsimRecord>, WorldError> {
        match target {
            ProvisionTarget::Esim(id) => {
                Ok(self.world.find_esim(id.as_str())?.into_iter().collect())
            }
            ProvisionTarget::Order(reference) => {
                let search = OrderSearch {
                    reference: Some(reference.as_str().to_owned()),
                    ..OrderSearch::default()
                };
                let (orders, _) = self.world.find_orders(&search, usize::MAX)?;
                let mut esims = Vec::new();
                for item in orders.iter().flat_map(|order| &order.items) {
                    esims.extend(self.world.find_esim(&item.esim_id)?);
                }
                Ok(esims)
            }
        }
    }
}
