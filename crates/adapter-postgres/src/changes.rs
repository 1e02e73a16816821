//! What is written of orders: each change is one statement, so that it stands whole or not at all.

pub(crate) mod claims;
pub(crate) mod orders;
