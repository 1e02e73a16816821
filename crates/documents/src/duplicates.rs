//! What an earlier release delivered to two orders.

use roamport_domain::journal::{DuplicateDelivery, Duplicated};
use serde::Serialize;

/// An eSIM or an activation code that two orders have.
#[derive(Debug, Serialize)]
pub struct DuplicateJson {
    what: &'static str,
    esim: String,
    order: String,
    duplicate_of: String,
}

impl From<&DuplicateDelivery> for DuplicateJson {
    fn from(duplicate: &DuplicateDelivery) -> Self {
        Self {
            what: match duplicate.what {
                Duplicated::Esim => "esim",
                Duplicated::ActivationCode => "activation_code",
            },
            esim: duplicate.esim.to_string(),
            order: duplicate.order.to_string(),
            duplicate_of: duplicate.duplicate_of.to_string(),
        }
    }
}
