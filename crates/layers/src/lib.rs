//! Decorators for any provider, and the gate that adapters ask before each request.
//!
//! A layer is a generic struct that implements [`EsimProvider`](roamport_domain::EsimProvider) and
//! holds another one:
//!
//! | Layer | Does |
//! |---|---|
//! | [`Trace`] | one span and one event for each call, with its duration and outcome |
//! | [`Guard`] | refuses what the provider's capabilities rule out, without network traffic |
//! | [`CircuitBreaker`] | leaves a provider alone that keeps failing |
//! | [`Retry`] | repeats reads and listings that failed for a moment; never an effect |
//!
//! Their order matters and is made in one place: [`Stack`]. [`RateLimit`] is no decorator, because
//! one listing hides hundreds of requests: it implements [`Gate`](roamport_domain::Gate), which an
//! adapter awaits before each of them.
//!
//! The layers install no logger and start no runtime. [`Retry`] and [`RateLimit`] sleep with tokio's
//! timer, so they have to be polled inside a tokio runtime whose timer is on.

mod circuit_breaker;
mod guard;
mod rate_limit;
mod retry;
mod stack;
mod trace;

pub use self::circuit_breaker::{CircuitBreaker, CircuitBreakerPolicy};
pub use self::guard::Guard;
pub use self::rate_limit::RateLimit;
pub use self::retry::{Retry, RetryPolicy};
pub use self::stack::{Layered, Stack};
pub use self::trace::Trace;

#[cfg(test)]
mod testing;
