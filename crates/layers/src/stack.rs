//! The one order in which the layers lie on a provider.
//!
//! ```text
//!   caller
//!     │
//!   Trace           sees every call once, with the time its retries took and its final outcome
//!     │
//!   Guard           refuses what capabilities rule out: traced, but never retried and never sent
//!     │
//!   CircuitBreaker  refuses everything for a while once the provider keeps failing
//!     │
//!   Retry           repeats reads and listings; each try is one call of the adapter
//!     │
//!   adapter ──asks──▶ Gate (RateLimit) before each HTTP request, so each try and each page waits
//! ```
//!
//! `Trace` inside `Retry` would count one read as several. `Guard` inside `Retry` would do no harm,
//! but the refusal would look like a try; inside `CircuitBreaker` it would take the turn of a call
//! that could tell something. `CircuitBreaker` inside `Retry` would have its refusals retried, and
//! would take one bad moment for four. A time-out around `Retry` would cut it short in the middle of
//! a pause: time-outs belong to the adapter, which alone knows what was sent.

use std::fmt;
use std::sync::Arc;

use roamport_domain::{Clock, EsimProvider};

use crate::{CircuitBreaker, CircuitBreakerPolicy, Guard, Retry, RetryPolicy, Trace};

/// A provider under all layers.
pub type Layered<P> = Trace<Guard<CircuitBreaker<Retry<P>>>>;

/// Lays the layers on a provider, always in the order drawn at the top of this module:
/// `Trace → Guard → CircuitBreaker → Retry → adapter`.
///
/// ```
/// use std::sync::Arc;
///
/// use roamport_domain::{Clock, EsimProvider};
/// use roamport_layers::{RetryPolicy, Stack};
///
/// fn ready_for_use(
///     adapter: Arc<dyn EsimProvider>,
///     clock: Arc<dyn Clock>,
/// ) -> Arc<dyn EsimProvider> {
///     Arc::new(Stack::new(clock).with_retry(RetryPolicy::default()).over(adapter))
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Stack {
    clock: Arc<dyn Clock>,
    circuit_breaker: CircuitBreakerPolicy,
    retry: RetryPolicy,
}

impl Stack {
    /// The stack whose durations are measured on `clock`, which is also the clock on which the
    /// windows of purchases are opened, with the default policies.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            circuit_breaker: CircuitBreakerPolicy::default(),
            retry: RetryPolicy::default(),
        }
    }

    /// The same with another policy for retries.
    #[must_use]
    pub const fn with_retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// The same with another policy for leaving a failing provider alone.
    #[must_use]
    pub const fn with_circuit_breaker(mut self, policy: CircuitBreakerPolicy) -> Self {
        self.circuit_breaker = policy;
        self
    }

    /// `provider` under all layers. It may be an adapter, an `Arc` or a `Box`. Each call makes a
    /// circuit of its own: lay the layers once and share what comes out.
    pub fn over<P: EsimProvider>(&self, provider: P) -> Layered<P> {
        let retried = Retry::new(provider, self.retry);
        let clock = Arc::clone(&self.clock);
        // A probe is a read with all its tries: while one may still be under way, there is no second.
        let circuit_breaker = CircuitBreakerPolicy {
            probe_limit: self
                .circuit_breaker
                .probe_limit
                .max(self.retry.longest_read),
            ..self.circuit_breaker
        };
        let watched = CircuitBreaker::new(retried, circuit_breaker, clock);
        Trace::new(Guard::new(watched), Arc::clone(&self.clock))
    }
}

/// The order of the layers, outermost first.
impl fmt::Display for Stack {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (circuit_breaker, retry) = (self.circuit_breaker, self.retry);
        write!(
            formatter,
            "Trace → Guard → CircuitBreaker({circuit_breaker}) → Retry({retry})"
        )
    }
}

#[cfg(test)]
mod tests;
