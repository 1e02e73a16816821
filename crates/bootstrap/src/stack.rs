//! The layers on the chosen provider, and the gate its adapter asks.

use std::sync::Arc;

use roamport_domain::provider::{Gate, OpenGate};
use roamport_domain::{Clock, EsimProvider};
use roamport_layers::{RateLimit, Stack};

use crate::settings::{RateSettings, Settings};

/// The gate for a limit on requests: purchases before reads before pages; the open one without.
pub fn gate(rate: Option<RateSettings>) -> Arc<dyn Gate> {
    match rate {
        Some(rate) => Arc::new(RateLimit::new(rate.per_second, rate.burst)),
        None => Arc::new(OpenGate),
    }
}

/// The adapter under all layers: `Trace → Guard → CircuitBreaker → Retry → adapter`.
pub(crate) fn layered(
    adapter: Arc<dyn EsimProvider>,
    clock: Arc<dyn Clock>,
    settings: &Settings,
) -> Arc<dyn EsimProvider> {
    let stack = Stack::new(clock)
        .with_circuit_breaker(settings.circuit_breaker)
        .with_retry(settings.retry);
    Arc::new(stack.over(adapter))
}
