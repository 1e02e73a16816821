//! What the layer lets through, what it answers in the provider's place, and what it makes of the
//! answers, on tokio's paused clock.

use std::sync::atomic::{AtomicBool, Ordering};

use futures::future::join_all;
use futures::{FutureExt as _, stream};
use roamport_domain::provider::{Reaction, SendWindow};
use tokio::time::Instant;

use super::*;
use crate::testing::{
    Answer, Events, ICCID, TokioClock, Troubled, error, esim_key, line, look_up, mock,
    order_request, package, provision_request, top_up_request, usage_query,
};

pub(super) const PAUSE: Duration = Duration::from_secs(15);

pub(super) fn breaker<P: EsimProvider>(provider: P) -> CircuitBreaker<P> {
    CircuitBreaker::new(
        provider,
        CircuitBreakerPolicy::default(),
        Arc::new(TokioClock::new()),
    )
}

/// A provider that is down while the switch is on, under a breaker that has had enough of it.
async fn opened() -> (CircuitBreaker<Troubled>, Troubled, Arc<AtomicBool>) {
    let down = Arc::new(AtomicBool::new(true));
    let asked = Arc::clone(&down);
    let provider = Troubled::new(move |_| {
        if asked.load(Ordering::SeqCst) {
            Answer::bad(ErrorKind::Unavailable)
        } else {
            Answer::good().after(Duration::from_millis(1))
        }
    });
    let breaker = breaker(provider.clone());
    for _ in 0..5 {
        breaker.balance().await.unwrap_err();
    }
    assert_eq!(provider.count(), 5);
    (breaker, provider, down)
}

/// Makes every call of the port, and gives the error of each.
async fn every_call(provider: &dyn EsimProvider) -> Vec<(Operation, Option<ProviderError>)> {
    let request = order_request(vec![line(1)]);
    let cancel = CancelRequest { esim: esim_key() };
    let filter = DestinationFilter::default();
    let first = |mut listing: BoxStream<'static, Result<Package>>| async move {
        listing.next().await.and_then(Result::err)
    };
    vec![
        (
            Operation::Destinations,
            provider.destinations(&filter).await.err(),
        ),
        (
            Operation::Packages,
            first(provider.packages(PackageQuery::default())).await,
        ),
        (
            Operation::TopUpPackages,
            first(provider.top_up_packages(TopUpQuery::all(esim_key()))).await,
        ),
        (
            Operation::FindOrders,
            provider.find_orders(&look_up()).await.err(),
        ),
        (Operation::Esim, provider.esim(&esim_key()).await.err()),
        (Operation::Usage, provider.usage(&usage_query()).await.err()),
        (
            Operation::UsageBatch,
            provider.usage_batch(&[esim_key()]).await.err(),
        ),
        (Operation::Balance, provider.balance().await.err()),
        (
            Operation::Provision,
            provider.provision(&provision_request()).await.err(),
        ),
        (Operation::Cancel, provider.cancel(&cancel).await.err()),
        (
            Operation::PlaceOrder,
            provider.purchase(&request).await.err(),
        ),
        (
            Operation::TopUp,
            provider.purchase(&top_up_request()).await.err(),
        ),
    ]
}

#[tokio::test(start_paused = true)]
async fn while_it_is_open_every_call_but_a_lookup_is_answered_at_once_and_none_is_sent() {
    let (breaker, provider, _) = opened().await;
    tokio::time::advance(Duration::from_secs(5)).await;
    let started = Instant::now();
    for (operation, error) in every_call(&breaker).await {
        let error = error.unwrap();
        if operation == Operation::FindOrders {
            assert_eq!(error.retry_after(), None, "it was sent");
            continue;
        }
        assert_eq!(
            (error.kind(), error.operation(), error.retry_after()),
            (
                ErrorKind::Unavailable,
                operation,
                Some(Duration::from_secs(10))
            )
        );
        let after = Some(Duration::from_secs(10));
        assert_eq!(error.reaction(), Reaction::Retry { after });
    }
    assert_eq!(started.elapsed(), Duration::ZERO);
    assert_eq!(
        (provider.count(), provider.count_of(Operation::FindOrders)),
        (6, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_refused_purchase_says_that_no_money_moved_and_when_to_come_back() {
    let (breaker, _, _) = opened().await;
    tokio::time::advance(Duration::from_millis(2_500)).await;
    let request = order_request(vec![line(1)]);
    let refused = breaker.purchase(&request).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "mock could not be reached (place_order): call after call failed, so it is left alone for \
         now; nothing was sent and no money moved; try again in 13 s"
    );
    let refused = breaker.balance().await.unwrap_err();
    assert!(!refused.to_string().contains("money"), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn every_call_passes_a_closed_circuit_and_every_one_counts() {
    let provider = Troubled::new(|_| Answer::good());
    every_call(&breaker(provider.clone())).await;
    assert_eq!(provider.count(), 12);
    for number in 0..12 {
        // This call fails, after four other failures: the next read is refused.
        let provider = Troubled::new(move |call| {
            if call.number < 4 || call.number == 4 + number {
                Answer::bad(ErrorKind::InvalidResponse)
            } else {
                Answer::bad(ErrorKind::Config)
            }
        });
        let breaker = breaker(provider.clone());
        for _ in 0..4 {
            breaker.balance().await.unwrap_err();
        }
        every_call(&breaker).await;
        // The lookup, which is the fourth call, passes nevertheless.
        let lookup = usize::from(number < 3);
        assert_eq!(provider.count(), 5 + number + lookup);
        let refused = breaker.balance().await.unwrap_err();
        assert_eq!(refused.retry_after(), Some(PAUSE));
    }
}

/// How many of ten calls that all end so reach the provider.
async fn reached(kind: ErrorKind) -> usize {
    let provider = Troubled::new(move |_| Answer::bad(kind));
    let breaker = breaker(provider.clone());
    for _ in 0..5 {
        breaker.esim(&esim_key()).await.unwrap_err();
        let request = order_request(vec![line(1)]);
        breaker.purchase(&request).await.unwrap_err();
    }
    provider.count()
}

#[tokio::test(start_paused = true)]
async fn only_failures_of_the_provider_open_it() {
    for kind in [
        ErrorKind::Unavailable,
        ErrorKind::Ambiguous,
        ErrorKind::InvalidResponse,
    ] {
        assert_eq!(reached(kind).await, 5, "{kind:?}");
    }
    for kind in [
        ErrorKind::Rejected,
        ErrorKind::NotFound,
        ErrorKind::InsufficientFunds,
        ErrorKind::Unauthorized,
        ErrorKind::RateLimited,
        ErrorKind::Unsupported,
        ErrorKind::Config,
    ] {
        assert_eq!(reached(kind).await, 10, "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_ends_a_row_of_failures_and_too_many_requests_do_not() {
    for (between, open) in [
        (ErrorKind::Rejected, false),
        (ErrorKind::NotFound, false),
        (ErrorKind::InsufficientFunds, false),
        (ErrorKind::Unauthorized, false),
        (ErrorKind::RateLimited, true),
        (ErrorKind::Unsupported, true),
        (ErrorKind::Config, true),
    ] {
        let provider = Troubled::new(move |call| match call.number {
            4 => Answer::bad(between),
            _ => Answer::bad(ErrorKind::Unavailable),
        });
        let breaker = breaker(provider.clone());
        for _ in 0..6 {
            breaker.balance().await.unwrap_err();
        }
        let last = breaker.balance().await.unwrap_err();
        assert_eq!(last.retry_after().is_some(), open, "{between:?}");
        assert_eq!(provider.count(), if open { 6 } else { 7 }, "{between:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn after_the_pause_one_read_is_let_through_and_its_answer_opens_the_way() {
    let (breaker, provider, down) = opened().await;
    down.store(false, Ordering::SeqCst);
    tokio::time::advance(PAUSE).await;
    let request = order_request(vec![line(1)]);
    let refused = breaker.purchase(&request).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unavailable, "reads go first");
    assert_eq!(provider.count_of(Operation::PlaceOrder), 0);
    breaker.balance().await.unwrap();
    breaker.purchase(&request).await.unwrap();
    assert_eq!(provider.count_of(Operation::PlaceOrder), 1);
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_fails_means_another_pause() {
    let (breaker, provider, _) = opened().await;
    for round in 1..=3 {
        tokio::time::advance(PAUSE).await;
        let probe = breaker.balance().await.unwrap_err();
        assert_eq!(probe.retry_after(), None, "the provider's own error");
        let refused = breaker.balance().await.unwrap_err();
        assert_eq!(refused.retry_after(), Some(PAUSE));
        assert_eq!(provider.count(), 5 + round);
    }
}

#[tokio::test(start_paused = true)]
async fn a_lookup_that_works_passes_an_open_circuit_and_closes_it() {
    let provider = Troubled::new(|call| match call.operation {
        Operation::FindOrders => Answer::good(),
        _ => Answer::bad(ErrorKind::Unavailable),
    });
    let breaker = breaker(provider.clone());
    for _ in 0..6 {
        breaker.balance().await.unwrap_err();
    }
    assert_eq!(provider.count_of(Operation::Balance), 5);
    breaker.find_orders(&look_up()).await.unwrap();
    breaker.balance().await.unwrap_err();
    assert_eq!(provider.count_of(Operation::Balance), 6);
}

#[tokio::test(start_paused = true)]
async fn a_purchase_that_is_sent_again_passes_an_open_circuit_and_a_first_one_does_not() {
    let provider = Troubled::new(|call| match call.operation {
        Operation::PlaceOrder | Operation::TopUp => Answer::good(),
        _ => Answer::bad(ErrorKind::Unavailable),
    });
    for first in [order_request(vec![line(1)]), top_up_request()] {
        let breaker = breaker(provider.clone());
        for _ in 0..5 {
            breaker.balance().await.unwrap_err();
        }
        let again = Purchase {
            replays: true,
            ..first.clone()
        };
        let refused = breaker.purchase(&first).await.unwrap_err();
        assert_eq!(refused.retry_after(), Some(PAUSE));
        breaker.purchase(&again).await.unwrap();
        breaker.purchase(&first).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn purchases_alone_are_not_refused_for_ever() {
    let provider = Troubled::new(|call| match call.number {
        0..5 => Answer::bad(ErrorKind::Unavailable),
        _ => Answer::good(),
    });
    let breaker = breaker(provider.clone());
    let request = order_request(vec![line(1)]);
    let started = Instant::now();
    let mut refused = 0;
    while let Err(error) = breaker.purchase(&request).await {
        refused += usize::from(error.retry_after().is_some());
        tokio::time::sleep(error.retry_after().unwrap_or_default()).await;
    }
    assert_eq!((provider.count(), refused), (6, 2));
    assert_eq!(started.elapsed(), PAUSE * 2);
}

#[tokio::test(start_paused = true)]
async fn a_purchase_that_missed_its_window_in_our_own_queue_says_nothing_of_the_provider() {
    let provider =
        Troubled::new(|_| Answer::bad(ErrorKind::Unavailable).after(Duration::from_secs(61)));
    let clock = Arc::new(TokioClock::new());
    let policy = CircuitBreakerPolicy::default();
    let breaker = CircuitBreaker::new(provider.clone(), policy, clock.clone());
    for _ in 0..10 {
        let window = SendWindow::open(&*clock, Duration::from_mins(1));
        let mut request = order_request(vec![line(1)]);
        request.window = window;
        breaker.purchase(&request).await.unwrap_err();
        let mut request = top_up_request();
        request.window = SendWindow::open(&*clock, Duration::from_mins(1));
        breaker.purchase(&request).await.unwrap_err();
    }
    assert_eq!(provider.count(), 20);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_was_dropped_says_nothing_and_gives_its_turn_away() {
    let (breaker, provider, down) = opened().await;
    down.store(false, Ordering::SeqCst);
    tokio::time::advance(PAUSE).await;
    // Never polled: it has no turn to lose.
    drop(breaker.balance());
    let mut probe = breaker.balance().boxed();
    assert!(futures::poll!(&mut probe).is_pending());
    assert!(breaker.balance().await.is_err(), "the turn is taken");
    drop(probe);
    breaker.balance().await.unwrap();
    assert_eq!(provider.count(), 7);
}

#[tokio::test(start_paused = true)]
async fn an_opened_listing_counts_its_first_answer_each_error_and_the_answer_after_it() {
    let failed = || Err(error(ErrorKind::Unavailable, Operation::Packages));
    let mut provider = mock();
    provider.expect_packages().times(4).returning(move |_| {
        let items = vec![
            failed(),
            failed(),
            failed(),
            failed(),
            Ok(package("P-1")),
            Ok(package("P-2")),
            failed(),
        ];
        stream::iter(items).boxed()
    });
    let unavailable = |_: &_| Err(error(ErrorKind::Unavailable, Operation::Esim));
    provider.expect_esim().times(1).returning(unavailable);
    let breaker = breaker(provider);
    for _ in 0..2 {
        // Four failures and the one at the end are never five in a row.
        let listed: Vec<_> = breaker.packages(PackageQuery::default()).collect().await;
        assert_eq!(listed.len(), 7);
        assert_eq!(listed.iter().filter(|item| item.is_ok()).count(), 2);
        // An answer, so that the next listing begins at zero.
        breaker
            .watch
            .on_circuit(|circuit, now| circuit.count(Verdict::Healthy, now));
    }
    let mut listing = breaker.packages(PackageQuery::default());
    for _ in 0..4 {
        listing.next().await.unwrap().unwrap_err();
    }
    breaker.esim(&esim_key()).await.unwrap_err();
    let refused = breaker.esim(&esim_key()).await.unwrap_err();
    assert_eq!(refused.retry_after(), Some(PAUSE), "five in a row");
    // What is under way goes on.
    assert_eq!(listing.next().await.unwrap().unwrap().id.as_str(), "P-1");
    let mut another = breaker.packages(PackageQuery::default());
    let refused = another.next().await.unwrap().unwrap_err();
    assert_eq!(refused.retry_after(), Some(PAUSE));
    assert!(
        another.next().await.is_none(),
        "an ended listing stays ended"
    );
}

#[tokio::test(start_paused = true)]
async fn a_listing_that_is_never_polled_takes_no_turn() {
    let (breaker, provider, down) = opened().await;
    down.store(false, Ordering::SeqCst);
    tokio::time::advance(PAUSE).await;
    let idle = breaker.packages(PackageQuery::default());
    let listed: Vec<_> = breaker.packages(PackageQuery::default()).collect().await;
    assert!(listed.iter().all(Result::is_ok) && listed.len() == 1);
    drop(idle);
    assert_eq!(provider.count(), 6);
}

#[tokio::test(start_paused = true)]
async fn an_empty_listing_is_an_answer() {
    let mut provider = mock();
    provider
        .expect_packages()
        .returning(|_| stream::empty().boxed());
    provider
        .expect_balance()
        .times(8)
        .returning(|| Err(error(ErrorKind::Unavailable, Operation::Balance)));
    let breaker = breaker(provider);
    for _ in 0..2 {
        for _ in 0..4 {
            breaker.balance().await.unwrap_err();
        }
        let listed: Vec<_> = breaker.packages(PackageQuery::default()).collect().await;
        assert!(listed.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn clones_share_one_circuit() {
    let (breaker, provider, _) = opened().await;
    breaker.clone().balance().await.unwrap_err();
    assert_eq!(provider.count(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_crowd_on_many_threads_exactly_one_probes() {
    let provider = Troubled::new(|call| match call.number {
        0..5 => Answer::bad(ErrorKind::Unavailable),
        _ => Answer::bad(ErrorKind::Unavailable).after(Duration::from_millis(200)),
    });
    let policy = CircuitBreakerPolicy {
        pause: Duration::from_millis(20),
        ..CircuitBreakerPolicy::default()
    };
    let breaker = CircuitBreaker::new(provider.clone(), policy, Arc::new(TokioClock::new()));
    for _ in 0..5 {
        breaker.balance().await.unwrap_err();
    }
    tokio::time::sleep(Duration::from_millis(30)).await;
    let crowd = (0..100).map(|_| {
        let breaker = breaker.clone();
        tokio::spawn(async move { breaker.balance().await.unwrap_err().retry_after() })
    });
    let refused = join_all(crowd.collect::<Vec<_>>()).await;
    let refused = refused
        .into_iter()
        .filter(|joined| joined.as_ref().unwrap().is_some());
    assert_eq!((provider.count(), refused.count()), (6, 99));
}

#[tokio::test(start_paused = true)]
async fn the_log_tells_each_change_once_and_repeats_no_words_of_the_provider() {
    let events = Events::capture();
    let (breaker, _, down) = opened().await;
    breaker.balance().await.unwrap_err();
    tokio::time::advance(PAUSE).await;
    breaker.balance().await.unwrap_err();
    down.store(false, Ordering::SeqCst);
    tokio::time::advance(PAUSE).await;
    breaker.balance().await.unwrap();
    breaker.balance().await.unwrap();
    for words in [
        "provider keeps failing",
        "provider still fails",
        "provider answers again",
    ] {
        assert_eq!(events.lines_with(words).len(), 1, "{}", events.text());
    }
    assert!(!events.text().contains(ICCID), "{}", events.text());
}

#[tokio::test]
async fn it_names_its_limit_and_its_provider() {
    let breaker = breaker(Troubled::new(|_| Answer::good()));
    assert_eq!(breaker.to_string(), "CircuitBreaker(5 failures, mock)");
    let off = CircuitBreakerPolicy {
        failures: None,
        ..CircuitBreakerPolicy::default()
    };
    assert_eq!(off.to_string(), "off");
}
