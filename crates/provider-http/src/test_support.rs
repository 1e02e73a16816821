//! What tests of an adapter need, behind the feature `test-support`: a clock that is moved by hand, and a URL
//! at which nothing listens.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use roamport_domain::{Clock, Monotonic};
use tokio::net::TcpListener;

/// Where every [`TestClock`] begins: midnight of 20 November 2026, UTC.
const START: Timestamp = Timestamp::constant(1_795_132_800, 0);

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct TestClock(Mutex<(Timestamp, Duration)>);

impl TestClock {
    /// A clock that stands at midnight of 20 November 2026, UTC.
    pub fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new((START, Duration::ZERO))))
    }

    /// Both clocks go on.
    pub fn advance(&self, duration: Duration) {
        let mut state = self.state();
        state.0 += duration;
        state.1 = state.1.saturating_add(duration);
    }

    /// The wall clock alone is set back.
    pub fn set_back(&self, duration: Duration) {
        self.state().0 -= duration;
    }

    fn state(&self) -> MutexGuard<'_, (Timestamp, Duration)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        self.state().0
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::at(self.state().1)
    }
}

/// The base URL of a port of loopback at which nobody answers.
///
/// # Panics
///
/// Where loopback has no port left.
pub async fn url_of_nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("loopback has a free port");
    let address = listener.local_addr().expect("a bound port has an address");
    format!("http://{address}")
}
