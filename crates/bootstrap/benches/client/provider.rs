//! The adapter and the bare HTTP client that it is compared with.

use std::sync::Arc;
use std::time::Instant;

use roamport_adapter_roamify::{Roamify, RoamifyConfig};
use roamport_app::SystemClock;
use roamport_domain::Clock;

use crate::Outcome;

/// The token of every sandbox here; it guards nothing.
pub(crate) const TOKEN: &str = "bench";

/// The adapter alone, as it comes.
pub(crate) fn adapter(base_url: &str) -> Outcome<Roamify> {
    Ok(Roamify::new(&RoamifyConfig::new(base_url, TOKEN), clock())?)
}

/// This machine's clock.
pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

/// A bare client with the defaults of its crate, and no certificates: it only reaches loopback.
pub(crate) fn bare() -> Outcome<reqwest::Client> {
    Ok(reqwest::Client::builder().tls_certs_only([]).build()?)
}

/// Now, on the clock by which figures are measured.
#[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
