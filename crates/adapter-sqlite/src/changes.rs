//! Everything that can be written, each as one [`Change`](crate::writer::Change).

pub(crate) mod accounts;
pub(crate) mod balances;
pub(crate) mod claims;
pub(crate) mod inbox;
pub(crate) mod orders;
pub(crate) mod profiles;
