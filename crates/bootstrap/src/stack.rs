//! The layers on the chosen provider, and the gate its adapter asks.

use std::sync::Arc;

use roamport_domain::provider::{Gate, OpenGate};
use roamport_domain::{Clock, EsimProvider};
use roamport_layers::{RateLimit, RetryPolicy, Stack};

use crate::settings::RateSettings;

/// The gate for a limit on requests: purchases before reads before pages; the open one without.
pub fn gate(rate: Option<RateSettings>) -> Arc<dyn Gate> {
    match rate {
        Some(rate) => Arc::new(RateLimit::new(rate.per_second, rate.burst)),
        None => Arc::new(OpenGate),
    }
}

/// The adapter under all layers: `Trace → Guard → Retry → adapter`.
pub(crate) fn layered(
    adapter: Arc<dyn EsimProvider>,
    clock: Arc<dyn Clock>,
    retry: RetryPolicy,
) -> Arc<dyn EsimProvider> {
    Arc::new(Stack::new(clock).with_retry(retry).over(adapter))
}
