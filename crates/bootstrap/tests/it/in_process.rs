//! The transport without a socket: everything above the socket is as it is over one.

use std::num::NonZeroU16;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use roamport_adapter_roamify::{Roamify, RoamifyConfig};
use roamport_domain::money::Currency;
use roamport_domain::provider::{ErrorKind, Line, Purchase, PurchaseRequest, SendWindow};
use roamport_domain::{
    Clock as _, EsimProvider as _, IdempotencyKey, Money, Monotonic, PackageId, ProviderName,
    Reference,
};
use roamport_provider_http::in_process::{BrokenConnection, InProcessHandler, InProcessHost};
use roamport_sandbox::http::InProcess;
use roamport_sandbox::{Dialects, Fault, Operation, Rule, World};

/// The paused clock of the runtime, on both ports.
#[derive(Debug)]
struct PausedClock(tokio::time::Instant);

impl roamport_domain::Clock for PausedClock {
    fn now(&self) -> jiff::Timestamp {
        let start: jiff::Timestamp = "2026-11-20T00:00:00Z".parse().unwrap();
        start + self.0.elapsed()
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::at(self.0.elapsed())
    }
}

fn clock() -> Arc<PausedClock> {
    Arc::new(PausedClock(tokio::time::Instant::now()))
}

fn purchase(clock: &PausedClock) -> Purchase {
    let key = IdempotencyKey::parse("a-key").unwrap();
    Purchase {
        reference: Reference::derive(&ProviderName::parse("roamify").unwrap(), &key),
        request: PurchaseRequest::PlaceOrder {
            lines: vec![Line {
                package: PackageId::parse("esim-portugal-7days-1gb-all").unwrap(),
                quantity: NonZeroU16::MIN,
                unit_price: Money::parse_amount("1.76", Currency::USD).unwrap(),
                days: None,
            }],
            start_date: None,
        },
        window: SendWindow::open(clock, Duration::from_mins(1)),
        replays: false,
    }
}

/// A provider whose every request ends in this way, and how many there were.
fn ending(
    url: &str,
    clock: &Arc<PausedClock>,
    end: fn() -> Result<reqwest::Response, BrokenConnection>,
    after: Duration,
) -> (Roamify, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&count);
    let handler: InProcessHandler = Arc::new(move |_| {
        seen.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move {
            tokio::time::sleep(after).await;
            end()
        })
    });
    let host = InProcessHost::serve(url, handler);
    let config = RoamifyConfig::new(host.base_url(), "a-token");
    (Roamify::new(&config, clock.clone()).unwrap(), count)
}

#[tokio::test(start_paused = true)]
async fn a_purchase_outside_its_window_reaches_no_handler() {
    let clock = clock();
    let end = || Err(BrokenConnection::NoAnswer);
    let (provider, count) = ending("http://window.test", &clock, end, Duration::ZERO);
    let request = purchase(&clock);
    tokio::time::sleep(Duration::from_mins(1)).await;
    let error = provider.purchase(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn a_purchase_without_an_answer_is_ambiguous_and_one_that_was_not_sent_is_not() {
    let clock = clock();
    for (url, end, expected) in [
        (
            "http://no-answer.test",
            (|| Err(BrokenConnection::NoAnswer))
                as fn() -> Result<reqwest::Response, BrokenConnection>,
            ErrorKind::Ambiguous,
        ),
        (
            "http://not-reached.test",
            || Err(BrokenConnection::NotReached),
            ErrorKind::Unavailable,
        ),
        (
            "http://broken-off.test",
            || {
                let cut = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
                let parts = [Ok("{\"status\":"), Err(cut)];
                let body = reqwest::Body::wrap_stream(futures::stream::iter(parts));
                Ok(http::Response::new(body).into())
            },
            ErrorKind::Ambiguous,
        ),
    ] {
        let (provider, count) = ending(url, &clock, end, Duration::ZERO);
        let error = provider.purchase(&purchase(&clock)).await.unwrap_err();
        assert_eq!(error.kind(), expected, "{url}: {error}");
        assert_eq!(count.load(Ordering::SeqCst), 1, "{url}");
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_hears_nothing_gives_up_at_the_end_of_the_window() {
    let clock = clock();
    let end = || Err(BrokenConnection::NoAnswer);
    let hour = Duration::from_hours(1);
    let (provider, _) = ending("http://silence.test", &clock, end, hour);
    let began = clock.monotonic();
    let error = provider.purchase(&purchase(&clock)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous);
    assert!(clock.monotonic().since(began) <= Duration::from_secs(61));
}

#[tokio::test(start_paused = true)]
async fn the_sandbox_answers_in_process_and_closes_connections_there() {
    let world = World::builder().packages(24).build().unwrap();
    let sandbox = InProcess::new(world.clone(), Dialects::Roamify);
    let ask = || {
        let headers = [("authorization", "Bearer sandbox")];
        sandbox.answer("GET", "/api/balance", headers, Vec::new())
    };
    let answer = ask().await.unwrap();
    assert_eq!(answer.status, 200);
    let body = String::from_utf8(answer.body).unwrap();
    assert_eq!(
        body,
        r#"{"status":"success","data":{"balance":1000,"currency":"USD"}}"#
    );
    let drop = Rule::new(Operation::Balance, Fault::DropAfterEffect);
    world.add_fault(drop).unwrap();
    assert_eq!(ask().await, None);
    assert_eq!(ask().await.map(|answer| answer.status), Some(200));
}
