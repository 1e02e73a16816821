//! The one order in which the layers lie on a provider.
//!
//! ```text
//!   caller
//!     │
//!   Trace    sees every call once, with the time its retries took and its final outcome
//!     │
//!   Guard    refuses what capabilities rule out: traced, but never retried and never sent
//!     │
//!   Retry    repeats reads and listings; each try is one call of the adapter
//!     │
//!   adapter ──asks──▶ Gate (RateLimit) before each HTTP request, so each try and each page waits
//! ```
//!
//! `Trace` inside `Retry` would count one read as several. `Guard` inside `Retry` would do no harm,
//! but the refusal would look like a try. A time-out around `Retry` would cut it short in the middle
//! of a pause: time-outs belong to the adapter, which alone knows what was sent.

use std::fmt;
use std::sync::Arc;

use roamport_domain::{Clock, EsimProvider};

use crate::{Guard, Retry, RetryPolicy, Trace};

/// A provider under all layers.
pub type Layered<P> = Trace<Guard<Retry<P>>>;

/// Lays the layers on a provider, always in the order drawn at the top of this module:
/// `Trace → Guard → Retry → adapter`.
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
    retry: RetryPolicy,
}

impl Stack {
    /// The stack whose durations are measured on `clock`, with the default [`RetryPolicy`].
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            retry: RetryPolicy::default(),
        }
    }

    /// The same with another policy for retries.
    #[must_use]
    pub const fn with_retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// `provider` under all layers. It may be an adapter, an `Arc` or a `Box`.
    pub fn over<P: EsimProvider>(&self, provider: P) -> Layered<P> {
        let retried = Retry::new(provider, self.retry);
        Trace::new(Guard::new(retried), Arc::clone(&self.clock))
    }
}

/// The order of the layers, outermost first.
impl fmt::Display for Stack {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Trace → Guard → Retry({})", self.retry)
    }
}

#[cfg(test)]
mod tests {
    use roamport_domain::provider::{ErrorKind, MockEsimProvider, Operation};

    use super::*;
    use crate::testing::{Events, TokioClock, error, mock};

    fn stack() -> Stack {
        Stack::new(Arc::new(TokioClock::new()))
    }

    #[test]
    fn the_order_is_drawn_by_display() {
        assert_eq!(stack().to_string(), "Trace → Guard → Retry(4 tries)");
    }

    #[tokio::test(start_paused = true)]
    async fn a_read_that_took_three_tries_is_traced_once() {
        let mut provider = mock();
        let mut left = 2;
        provider.expect_balance().times(3).returning(move || {
            if left == 0 {
                return Ok(crate::testing::money("12.50"));
            }
            left -= 1;
            Err(error(ErrorKind::Unavailable, Operation::Balance))
        });
        let events = Events::capture();
        let balance = stack().over(provider).balance().await.unwrap();
        assert_eq!(balance, crate::testing::money("12.50"));
        assert_eq!(events.lines_with("provider call succeeded").len(), 1);
    }

    #[tokio::test]
    async fn what_the_guard_refuses_is_traced_and_reaches_nobody() {
        let mut provider = MockEsimProvider::new();
        crate::testing::name_and_capabilities(&mut provider, roamport_domain::Capabilities::NONE);
        provider.expect_usage().never();
        let events = Events::capture();
        let layered = stack().over(Arc::new(provider) as Arc<dyn EsimProvider>);
        let error = layered
            .usage(&crate::testing::usage_query())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert_eq!(events.lines_with("outcome=\"unsupported\"").len(), 1);
    }
}
