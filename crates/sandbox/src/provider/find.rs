//! Finding eSIMs by the names that the port has for them.

use roamport_domain::provider::EsimKey;

use super::SandboxProvider;
use crate::world::{EsimRecord, WorldError};

impl SandboxProvider {
    /// The eSIM of an id, or the newest one that was given a card number.
    pub(super) fn find(&self, key: &EsimKey) -> Result<Option<EsimRecord>, WorldError> {
        match (key.id(), key.iccid()) {
            (Some(id), _) => self.world.find_esim(id.as_str()),
            (None, Some(iccid)) => self.world.find_esim_by_iccid(iccid.as_str()),
            (None, None) => Ok(None),
        }
    }
}
