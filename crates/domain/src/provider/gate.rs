//! The small port an adapter asks before each HTTP request.

use std::fmt::Debug;

use async_trait::async_trait;

/// What a request is for, the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CallClass {
    /// Costs money, or makes a profile somebody waits for.
    Purchase,
    /// One answer somebody waits for.
    Read,
    /// A page of a long list.
    Listing,
}

/// Admits HTTP requests, one by one.
///
/// Rate limiting is no decorator of the provider, because one `packages()` hides hundreds of
/// requests: an adapter awaits the gate before each of them.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Gate: Debug + Send + Sync + 'static {
    /// Returns when a request of this class may be sent. May be dropped at any time.
    async fn admit(&self, class: CallClass);
}

/// The gate that lets everything through: the default.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenGate;

#[async_trait]
impl Gate for OpenGate {
    async fn admit(&self, _class: CallClass) {}
}
