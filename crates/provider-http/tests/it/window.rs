//! The window of a purchase and the gate before it: asked in this order, and nothing is sent late.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use roamport_conformance::http::{Behaviour, RawServer};
use roamport_domain::Clock as _;
use roamport_domain::provider::CallProof;
use roamport_domain::provider::{CallClass, ErrorKind, Gate};
use roamport_provider_http::{Failure, HeaderMap, HeaderValue};
use wiremock::ResponseTemplate;

use crate::support::{answering, change, purchase, read, transport};
use crate::test_support::TestClock;

/// A gate at which time passes, and which remembers whom it let through.
#[derive(Debug)]
struct SlowGate {
    clock: Arc<TestClock>,
    wait: Duration,
    seen: Mutex<Vec<CallClass>>,
}

impl SlowGate {
    fn new(clock: &Arc<TestClock>, wait: Duration) -> Arc<Self> {
        Arc::new(Self {
            clock: Arc::clone(clock),
            wait,
            seen: Mutex::default(),
        })
    }
}

#[async_trait]
impl Gate for SlowGate {
    async fn admit(&self, class: CallClass) {
        self.clock.advance(self.wait);
        self.seen.lock().unwrap().push(class);
    }
}

#[track_caller]
fn check_not_sent(failure: &Failure) {
    assert_eq!(failure.kind, ErrorKind::Unavailable);
    assert_eq!((failure.proof, failure.status), (CallProof::NotSent, None));
    let words = "the time in which this purchase may be sent is over";
    assert_eq!(failure.message, words);
}

#[tokio::test]
async fn nothing_is_sent_once_the_window_is_over_or_before_it_opens() {
    let server = answering(ResponseTemplate::new(200)).await;
    let clock = TestClock::new();
    let transport = transport(&server.uri(), &clock);
    let request = purchase(&clock);
    clock.advance(Duration::from_mins(1));
    check_not_sent(&transport.attempt(request).await.unwrap_err());
    let request = purchase(&clock);
    clock.set_back(Duration::from_secs(1));
    check_not_sent(&transport.attempt(request).await.unwrap_err());
    assert!(server.received_requests().await.unwrap().is_empty());
    // In the same moment whatever is no purchase is sent.
    transport.attempt(read()).await.unwrap();
    transport.attempt(purchase(&clock)).await.unwrap();
    assert_eq!(server.received_requests().await.unwrap().len(), 2);
}

#[tokio::test]
async fn the_window_is_asked_after_the_gate() {
    let server = answering(ResponseTemplate::new(200)).await;
    let clock = TestClock::new();
    let mut transport = transport(&server.uri(), &clock);
    transport.set_gate(SlowGate::new(&clock, Duration::from_secs(61)));
    let outcome = transport.attempt(purchase(&clock)).await;
    check_not_sent(&outcome.unwrap_err());
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_left_of_the_window_bounds_the_time_out() {
    let server = RawServer::start(vec![Behaviour::Silence]).await;
    let clock = TestClock::new();
    let transport = transport(&server.url(), &clock);
    let request = purchase(&clock);
    clock.advance(Duration::from_millis(59_940));
    let call = transport.attempt(request);
    let outcome = tokio::time::timeout(Duration::from_secs(20), call).await;
    assert_eq!(outcome.unwrap().unwrap_err().kind, ErrorKind::Ambiguous);
}

#[tokio::test]
async fn a_window_does_not_lengthen_the_time_out() {
    let server = RawServer::start(vec![Behaviour::Silence]).await;
    let clock = TestClock::new();
    let request = purchase(&clock).with_time_out(Duration::from_millis(60));
    let transport = transport(&server.url(), &clock);
    let call = transport.attempt(request);
    let outcome = tokio::time::timeout(Duration::from_secs(20), call).await;
    assert_eq!(outcome.unwrap().unwrap_err().kind, ErrorKind::Ambiguous);
}

#[tokio::test]
async fn the_gate_is_told_what_each_request_is_for() {
    use CallClass::{Listing, Purchase, Read};
    let server = answering(ResponseTemplate::new(200)).await;
    let clock = TestClock::new();
    let gate = SlowGate::new(&clock, Duration::ZERO);
    let mut transport = transport(&server.uri(), &clock);
    transport.set_gate(gate.clone());
    let listing = read().with_class(Listing);
    for request in [read(), listing, change(), purchase(&clock)] {
        transport.clone().attempt(request).await.unwrap();
    }
    let seen = gate.seen.lock().unwrap().clone();
    assert_eq!(seen, [Read, Listing, Purchase, Purchase]);
}

#[tokio::test]
async fn a_request_is_signed_after_the_gate_over_the_very_bytes_it_sends() {
    let server = answering(ResponseTemplate::new(200)).await;
    let clock = TestClock::new();
    let mut transport = transport(&server.uri(), &clock);
    transport.set_gate(SlowGate::new(&clock, Duration::from_secs(5)));
    let sign = |body: &[u8]| {
        let text = format!("{}/{}", clock.now(), String::from_utf8_lossy(body));
        let value = HeaderValue::try_from(text).unwrap();
        HeaderMap::from_iter([("x-signature".parse().unwrap(), value)])
    };
    for request in [read().signed(sign), purchase(&clock).signed(sign)] {
        transport.attempt(request).await.unwrap();
    }
    let requests = server.received_requests().await.unwrap();
    let signature = |number: usize| requests[number].headers["x-signature"].to_str().unwrap();
    assert_eq!(signature(0), "2026-11-20T00:00:05Z/");
    assert_eq!(signature(1), "2026-11-20T00:00:10Z/{\"buy\":1}");
    assert_eq!(requests[1].body, b"{\"buy\":1}");
}

#[tokio::test]
async fn nothing_is_signed_outside_the_window() {
    let clock = TestClock::new();
    let transport = transport("http://127.0.0.1:9", &clock);
    let request = purchase(&clock).signed(|_| unreachable!("the window is over"));
    clock.advance(Duration::from_mins(2));
    check_not_sent(&transport.attempt(request).await.unwrap_err());
}
