//! The layers together, on tokio's paused clock: how many calls reach a provider in trouble, and what
//! its caller sees.

use std::time::Duration;

use futures::StreamExt as _;
use futures::future::join_all;
use roamport_domain::ProviderError;
use roamport_domain::provider::{ErrorKind, MockEsimProvider, Operation, PackageQuery};
use tokio::time::Instant;

use super::*;
use crate::testing::{
    Answer, Call, Events, TokioClock, Troubled, error, line, look_up, mock, money, order_request,
    top_up_request, usage_query,
};

const PAUSE: Duration = Duration::from_secs(15);

fn stack() -> Stack {
    Stack::new(Arc::new(TokioClock::new()))
}

/// A provider with troubles, and itself under all layers.
fn layered(
    script: impl Fn(Call) -> Answer + Send + Sync + 'static,
) -> (Layered<Troubled>, Troubled) {
    let provider = Troubled::new(script);
    (stack().over(provider.clone()), provider)
}

async fn buy(provider: &impl EsimProvider) -> Result<(), ProviderError> {
    let request = order_request(vec![line(1)]);
    provider.purchase(&request).await.map(|_| ())
}

/// How long it took, and what came of it.
async fn timed<T>(work: impl Future<Output = T>) -> (Duration, T) {
    let started = Instant::now();
    let result = work.await;
    (started.elapsed(), result)
}

#[test]
fn the_order_is_drawn_by_display() {
    assert_eq!(
        stack().to_string(),
        "Trace → Guard → CircuitBreaker(5 failures) → Retry(4 tries)"
    );
    let off = CircuitBreakerPolicy {
        failures: None,
        ..CircuitBreakerPolicy::default()
    };
    assert_eq!(
        stack().with_circuit_breaker(off).to_string(),
        "Trace → Guard → CircuitBreaker(off) → Retry(4 tries)"
    );
}

#[tokio::test(start_paused = true)]
async fn a_read_that_took_three_tries_is_traced_once() {
    let mut provider = mock();
    let mut left = 2;
    provider.expect_balance().times(3).returning(move || {
        if left == 0 {
            return Ok(money("12.50"));
        }
        left -= 1;
        Err(error(ErrorKind::Unavailable, Operation::Balance))
    });
    let events = Events::capture();
    let balance = stack().over(provider).balance().await.unwrap();
    assert_eq!(balance, money("12.50"));
    assert_eq!(events.lines_with("provider call succeeded").len(), 1);
}

#[tokio::test]
async fn what_the_guard_refuses_is_traced_and_reaches_nobody() {
    let mut provider = MockEsimProvider::new();
    crate::testing::name_and_capabilities(&mut provider, roamport_domain::Capabilities::NONE);
    provider.expect_usage().never();
    let events = Events::capture();
    let layered = stack().over(Arc::new(provider) as Arc<dyn EsimProvider>);
    let error = layered.usage(&usage_query()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(events.lines_with("outcome=\"unsupported\"").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_the_guard_refuses_takes_no_turn_of_an_open_circuit_and_is_refused_all_the_same() {
    let (layered, provider) = layered(|_| Answer::bad(ErrorKind::InvalidResponse));
    for _ in 0..5 {
        layered.balance().await.unwrap_err();
    }
    tokio::time::advance(PAUSE).await;
    let refused = layered
        .purchase(&order_request(Vec::new()))
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Rejected);
    assert_eq!(provider.count(), 5);
    let probe = layered.balance().await.unwrap_err();
    assert_eq!(
        probe.kind(),
        ErrorKind::InvalidResponse,
        "the turn is there"
    );
}

#[tokio::test(start_paused = true)]
async fn what_the_open_circuit_refuses_is_not_retried_and_is_traced_once() {
    let (layered, provider) = layered(|_| Answer::bad(ErrorKind::InvalidResponse));
    for _ in 0..5 {
        layered.balance().await.unwrap_err();
    }
    let events = Events::capture();
    let (took, refused) = timed(layered.balance()).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!((took, provider.count()), (Duration::ZERO, 5));
    assert_eq!(events.lines_with("provider call failed").len(), 1);
    assert!(events.lines_with("trying again").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_tarpit_costs_five_reads_their_time_and_everybody_else_nothing() {
    let (layered, provider) = layered(|call| Answer::timed_out(call.operation));
    for _ in 0..5 {
        let (took, failed) = timed(layered.balance()).await;
        let failed = failed.unwrap_err();
        assert_eq!(failed.kind(), ErrorKind::Unavailable);
        assert_eq!(failed.retry_after(), None, "the adapter's own error");
        assert!(
            took >= Duration::from_mins(1),
            "four time-outs of 15 s: {took:?}"
        );
    }
    assert_eq!(provider.count(), 20);
    let (took, ()) = timed(async {
        let refused = layered.balance().await.unwrap_err();
        assert_eq!(refused.retry_after(), Some(PAUSE));
        let refused = buy(&layered).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unavailable);
        let refused = layered.purchase(&top_up_request()).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unavailable);
        let mut listing = layered.packages(PackageQuery::default());
        let refused = listing.next().await.unwrap().unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unavailable);
        assert!(listing.next().await.is_none());
    })
    .await;
    assert_eq!((took, provider.count()), (Duration::ZERO, 20));
    // Of a crowd that comes after the pause, one waits for the tarpit.
    tokio::time::advance(PAUSE).await;
    let crowd = join_all((0..50).map(|_| timed(layered.balance()))).await;
    let at_once = crowd.iter().filter(|(took, _)| took.is_zero()).count();
    assert_eq!((at_once, provider.count()), (49, 24));
}

#[tokio::test(start_paused = true)]
async fn a_tarpit_swallows_five_purchases_each_sent_once_and_no_sixth() {
    let (layered, provider) = layered(|call| match call.operation {
        Operation::FindOrders => Answer::good(),
        operation => Answer::timed_out(operation),
    });
    for _ in 0..5 {
        let unknown = buy(&layered).await.unwrap_err();
        assert_eq!(unknown.kind(), ErrorKind::Ambiguous);
    }
    assert_eq!(provider.count_of(Operation::PlaceOrder), 5);
    for _ in 0..10 {
        let refused = buy(&layered).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unavailable, "never ambiguous");
    }
    assert_eq!(provider.count_of(Operation::PlaceOrder), 5);
    // The lookup that settles what is unknown is what finds out that the provider answers.
    tokio::time::advance(PAUSE).await;
    buy(&layered).await.unwrap_err();
    layered.find_orders(&look_up()).await.unwrap();
    assert_eq!(provider.count_of(Operation::PlaceOrder), 5);
    let unknown = buy(&layered).await.unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::Ambiguous);
    assert_eq!(provider.count_of(Operation::PlaceOrder), 6);
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_fails_every_other_call_serves_every_read_and_is_never_left_alone() {
    let (layered, provider) = layered(|call| match call.number % 2 {
        0 => Answer::bad(ErrorKind::Unavailable),
        _ => Answer::good(),
    });
    for _ in 0..100 {
        layered.balance().await.unwrap();
        let listing = layered.packages(PackageQuery::default());
        let listed: Vec<_> = listing.map(Result::unwrap).collect().await;
        assert_eq!(listed.len(), 1);
    }
    assert_eq!(provider.count(), 400);
    // A purchase takes the call that fails, is not repeated, and does not open anything.
    for _ in 0..20 {
        let unsent = buy(&layered).await.unwrap_err();
        assert_eq!(unsent.retry_after(), None);
        buy(&layered).await.unwrap();
    }
    assert_eq!(provider.count_of(Operation::PlaceOrder), 40);
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_is_down_for_ten_minutes_is_asked_now_and_then_and_found_again() {
    let minutes = |call: Call| call.at.as_secs() / 60;
    let (layered, provider) = layered(move |call| match minutes(call) {
        5..15 => Answer::bad(ErrorKind::Unavailable),
        _ => Answer::good(),
    });
    let started = Instant::now();
    let (mut down_from, mut up_again) = (None, None);
    let mut reads = 0_usize;
    while started.elapsed() < Duration::from_mins(20) {
        let asked_at = started.elapsed();
        let answer = layered.balance().await;
        match answer {
            Err(_) => down_from = down_from.or(Some(asked_at)),
            Ok(_) if down_from.is_some() => up_again = up_again.or(Some(started.elapsed())),
            Ok(_) => {}
        }
        reads += 1;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(down_from.unwrap().as_secs(), 5 * 60);
    let found_after = up_again.unwrap().saturating_sub(Duration::from_mins(15));
    assert!(
        found_after <= PAUSE + Duration::from_secs(2),
        "{found_after:?}"
    );
    let calls = provider.calls();
    let while_down = calls
        .iter()
        .filter(|call| (5..15).contains(&minutes(**call)))
        .count();
    // 5 reads and one in each of the 40 pauses, each of them four tries.
    assert!((100..=180).contains(&while_down), "{while_down} calls");
    assert!(reads > 1_000, "{reads} reads");
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_429_without_a_wait_is_met_with_growing_pauses_and_opens_nothing() {
    let (layered, provider) = layered(|_| Answer::too_many(None));
    for _ in 0..10 {
        let (took, limited) = timed(layered.balance()).await;
        assert_eq!(limited.unwrap_err().kind(), ErrorKind::RateLimited);
        let pauses = Duration::from_millis(250 + 500 + 1000);
        assert!((pauses..pauses * 2 + Duration::from_millis(10)).contains(&took));
    }
    assert_eq!(provider.count(), 40);
    for _ in 0..10 {
        let limited = buy(&layered).await.unwrap_err();
        assert_eq!(limited.kind(), ErrorKind::RateLimited);
    }
    assert_eq!(provider.count_of(Operation::PlaceOrder), 10, "each once");
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_429_with_a_wait_is_waited_out() {
    let wait = Duration::from_secs(20);
    let (layered, provider) = layered(move |call| {
        if call.at < wait * 2 {
            Answer::too_many(Some(wait))
        } else {
            Answer::good()
        }
    });
    let (took, balance) = timed(layered.balance()).await;
    balance.unwrap();
    assert!(
        (wait * 2..wait * 2 + Duration::from_secs(1)).contains(&took),
        "{took:?}"
    );
    assert_eq!(provider.count(), 3, "no call came before its time");
    let calls = provider.calls();
    let gaps = calls
        .windows(2)
        .map(|pair| pair[1].at.saturating_sub(pair[0].at));
    assert!(gaps.into_iter().all(|gap| gap >= wait));
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_429_with_a_long_wait_is_told_at_once() {
    let wait = Duration::from_mins(2);
    let (layered, provider) = layered(move |_| Answer::too_many(Some(wait)));
    for _ in 0..10 {
        let (took, limited) = timed(layered.balance()).await;
        assert_eq!(limited.unwrap_err().retry_after(), Some(wait));
        assert_eq!(took, Duration::ZERO);
        let limited = buy(&layered).await.unwrap_err();
        assert_eq!(limited.retry_after(), Some(wait));
    }
    assert_eq!(provider.count(), 20);
    assert_eq!(provider.count_of(Operation::PlaceOrder), 10, "each once");
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_429_after_an_outage_keeps_the_circuit_open_for_another_pause() {
    let (layered, provider) = layered(|call| match call.number {
        0..20 => Answer::bad(ErrorKind::Unavailable),
        _ => Answer::too_many(Some(Duration::from_mins(2))),
    });
    for _ in 0..5 {
        layered.balance().await.unwrap_err();
    }
    tokio::time::advance(PAUSE).await;
    let probe = layered.balance().await.unwrap_err();
    assert_eq!(probe.kind(), ErrorKind::RateLimited);
    let refused = layered.balance().await.unwrap_err();
    assert_eq!(
        (refused.kind(), refused.retry_after()),
        (ErrorKind::Unavailable, Some(PAUSE))
    );
    assert_eq!(provider.count(), 21);
}
