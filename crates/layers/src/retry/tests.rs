//! What is repeated, how often and after which pauses, on tokio's paused clock.

use std::collections::VecDeque;

use roamport_domain::provider::{ErrorKind, MockEsimProvider, Operation};
use tokio::time::Instant;

use super::*;
use crate::testing::{
    Answer, Events, Troubled, error, esim_key, line, mock, money, order_request, package,
    provision_request, top_up_request, usage_query,
};

fn retry(provider: MockEsimProvider) -> Retry<MockEsimProvider> {
    Retry::new(provider, RetryPolicy::default())
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn transient() -> [ErrorKind; 2] {
    [ErrorKind::Unavailable, ErrorKind::RateLimited]
}

fn lasting() -> [ErrorKind; 8] {
    [
        ErrorKind::Ambiguous,
        ErrorKind::Rejected,
        ErrorKind::NotFound,
        ErrorKind::Unsupported,
        ErrorKind::InsufficientFunds,
        ErrorKind::Unauthorized,
        ErrorKind::InvalidResponse,
        ErrorKind::Config,
    ]
}

#[tokio::test(start_paused = true)]
async fn a_purchase_is_called_exactly_once_whatever_its_error() {
    for kind in transient().into_iter().chain(lasting()) {
        let mut provider = mock();
        provider
            .expect_purchase()
            .times(2)
            .returning(move |purchase| Err(error(kind, purchase.request.operation())));
        provider
            .expect_provision()
            .times(1)
            .returning(move |_| Err(error(kind, Operation::Provision)));
        let retry = retry(provider);
        let ordered = retry.purchase(&order_request(vec![line(1)])).await;
        assert_eq!(ordered.unwrap_err().kind(), kind);
        assert_eq!(
            retry.purchase(&top_up_request()).await.unwrap_err().kind(),
            kind
        );
        let provisioned = retry.provision(&provision_request()).await;
        assert_eq!(provisioned.unwrap_err().kind(), kind);
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_is_tried_four_times_and_ends_in_the_last_error() {
    for kind in transient() {
        let mut provider = mock();
        let mut call = 0;
        provider.expect_balance().times(4).returning(move || {
            call += 1;
            Err(error(kind, Operation::Balance).with_code(format!("call {call}")))
        });
        let last = retry(provider).balance().await.unwrap_err();
        assert_eq!((last.kind(), last.code()), (kind, Some("call 4")));
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_that_recovers_succeeds() {
    let mut provider = mock();
    let mut answers = VecDeque::from([
        Err(error(ErrorKind::Unavailable, Operation::Balance)),
        Err(error(ErrorKind::RateLimited, Operation::Balance)),
        Ok(money("4.20")),
    ]);
    provider
        .expect_balance()
        .times(3)
        .returning(move || answers.pop_front().unwrap());
    assert_eq!(retry(provider).balance().await.unwrap(), money("4.20"));
}

#[tokio::test(start_paused = true)]
async fn every_read_is_retried() {
    let mut provider = mock();
    let failed = |operation| error(ErrorKind::Unavailable, operation);
    provider
        .expect_destinations()
        .times(4)
        .returning(move |_| Err(failed(Operation::Destinations)));
    provider
        .expect_find_orders()
        .times(4)
        .returning(move |_| Err(failed(Operation::FindOrders)));
    provider
        .expect_esim()
        .times(4)
        .returning(move |_| Err(failed(Operation::Esim)));
    provider
        .expect_usage()
        .times(4)
        .returning(move |_| Err(failed(Operation::Usage)));
    let retry = retry(provider);
    assert!(
        retry
            .destinations(&DestinationFilter::default())
            .await
            .is_err()
    );
    let since = OrderLookup::Since(jiff::Timestamp::UNIX_EPOCH);
    assert!(retry.find_orders(&since).await.is_err());
    assert!(retry.esim(&esim_key()).await.is_err());
    assert!(retry.usage(&usage_query()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn usage_of_several_is_retried_and_a_cancellation_is_not() {
    let provider = Troubled::new(|_| Answer::bad(ErrorKind::Unavailable));
    let retry = Retry::new(provider.clone(), RetryPolicy::default());
    assert!(retry.usage_batch(&[esim_key()]).await.is_err());
    let request = CancelRequest { esim: esim_key() };
    assert!(retry.cancel(&request).await.is_err());
    assert_eq!(provider.count_of(Operation::UsageBatch), 4);
    assert_eq!(provider.count_of(Operation::Cancel), 1);
}

#[tokio::test(start_paused = true)]
async fn a_lasting_failure_of_a_read_is_not_tried_again_and_the_log_says_why() {
    for kind in lasting() {
        let mut provider = mock();
        provider
            .expect_esim()
            .times(1)
            .returning(move |_| Err(error(kind, Operation::Esim)));
        let events = Events::capture();
        let started = Instant::now();
        assert_eq!(
            retry(provider).esim(&esim_key()).await.unwrap_err().kind(),
            kind
        );
        assert_eq!(started.elapsed(), Duration::ZERO, "nothing was slept");
        assert_eq!(
            events.lines_with("not retried: ").len(),
            1,
            "{}",
            events.text()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn pauses_double_and_are_jittered() {
    let mut provider = mock();
    let failed = || Err(error(ErrorKind::Unavailable, Operation::Balance));
    provider.expect_balance().times(4).returning(failed);
    let started = Instant::now();
    retry(provider).balance().await.unwrap_err();
    let (least, most) = (
        Duration::from_millis(250 + 500 + 1000),
        Duration::from_millis(3510),
    );
    assert!(
        (least..=most).contains(&started.elapsed()),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_hint_is_the_least_that_is_waited() {
    let mut provider = mock();
    let mut answers = VecDeque::from([
        Err(error(ErrorKind::RateLimited, Operation::Balance).with_retry_after(seconds(30))),
        Ok(money("1")),
    ]);
    provider
        .expect_balance()
        .times(2)
        .returning(move || answers.pop_front().unwrap());
    let started = Instant::now();
    retry(provider).balance().await.unwrap();
    assert!(
        (seconds(30)..seconds(31)).contains(&started.elapsed()),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_hint_beyond_the_bound_is_returned_and_not_slept() {
    let mut provider = mock();
    provider.expect_balance().times(1).returning(|| {
        Err(error(ErrorKind::RateLimited, Operation::Balance).with_retry_after(seconds(31)))
    });
    let events = Events::capture();
    let started = Instant::now();
    let refused = retry(provider).balance().await.unwrap_err();
    assert_eq!(refused.retry_after(), Some(seconds(31)));
    assert_eq!(started.elapsed(), Duration::ZERO);
    assert_eq!(
        events
            .lines_with("longer wait than the settings allow")
            .len(),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn one_try_means_no_retry() {
    let mut provider = mock();
    let failed = || Err(error(ErrorKind::Unavailable, Operation::Balance));
    provider.expect_balance().times(1).returning(failed);
    let policy = RetryPolicy {
        tries: NonZeroU32::MIN,
        ..RetryPolicy::default()
    };
    let retry = Retry::new(provider, policy);
    assert_eq!(retry.to_string(), "Retry(1 tries, mock)");
    assert!(retry.balance().await.is_err());
}

/// Lists what `steps` say through the layer: the ids, and the error that ended it.
async fn listed(steps: Vec<Result<Package>>) -> (Vec<String>, Option<ProviderError>) {
    let mut provider = mock();
    let mut steps = Some(steps);
    provider
        .expect_packages()
        .times(1)
        .returning(move |_| stream::iter(steps.take().expect("listed once")).boxed());
    let mut listing = retry(provider).packages(PackageQuery::default());
    let (mut ids, mut failed) = (Vec::new(), None);
    while let Some(next) = listing.next().await {
        assert!(failed.is_none(), "nothing follows the error");
        match next {
            Ok(package) => ids.push(package.id.to_string()),
            Err(error) => failed = Some(error),
        }
    }
    assert!(
        listing.next().await.is_none(),
        "an ended listing stays ended"
    );
    (ids, failed)
}

fn page_failed(kind: ErrorKind) -> Result<Package> {
    Err(error(kind, Operation::Packages))
}

#[tokio::test(start_paused = true)]
async fn a_page_that_failed_for_a_moment_is_asked_for_again() {
    let unavailable = || page_failed(ErrorKind::Unavailable);
    let limited = || page_failed(ErrorKind::RateLimited);
    let (ids, failed) = listed(vec![
        Ok(package("P-1")),
        unavailable(),
        limited(),
        unavailable(),
        Ok(package("P-2")),
        unavailable(),
        unavailable(),
        limited(),
        Ok(package("P-3")),
    ])
    .await;
    assert_eq!(ids, ["P-1", "P-2", "P-3"]);
    assert!(
        failed.is_none(),
        "three in a row are within the bound, and a package starts anew"
    );
}

#[tokio::test(start_paused = true)]
async fn a_page_that_keeps_failing_ends_the_listing_with_its_error() {
    let mut steps = vec![Ok(package("P-1"))];
    steps.extend((0..4).map(|_| page_failed(ErrorKind::Unavailable)));
    steps.push(Ok(package("P-2")));
    let (ids, failed) = listed(steps).await;
    assert_eq!(ids, ["P-1"]);
    assert_eq!(failed.unwrap().kind(), ErrorKind::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn a_lasting_error_ends_a_listing_at_once() {
    for kind in lasting() {
        let (ids, failed) = listed(vec![
            Ok(package("P-1")),
            page_failed(kind),
            Ok(package("P-2")),
        ])
        .await;
        assert_eq!(ids, ["P-1"]);
        assert_eq!(failed.unwrap().kind(), kind);
    }
}

#[tokio::test(start_paused = true)]
async fn a_listing_of_top_ups_is_mended_too() {
    let mut provider = mock();
    provider.expect_top_up_packages().times(1).returning(|_| {
        let failed = error(ErrorKind::Unavailable, Operation::TopUpPackages);
        stream::iter([Err(failed), Ok(package("T-1"))]).boxed()
    });
    let listing = retry(provider).top_up_packages(TopUpQuery::all(esim_key()));
    let found: Vec<_> = listing
        .map(|item| item.unwrap().id.to_string())
        .collect()
        .await;
    assert_eq!(found, ["T-1"]);
}

#[tokio::test(start_paused = true)]
async fn the_tries_of_one_read_take_no_longer_than_the_limit_in_all() {
    // The third try of 45 seconds begins in time, and the limit cuts it off.
    for (answer_after, tries) in [(15, 4), (45, 3), (1000, 1)] {
        let provider = Troubled::new(move |_| {
            Answer::bad(ErrorKind::Unavailable).after(seconds(answer_after))
        });
        let retry = Retry::new(provider.clone(), RetryPolicy::default());
        let started = Instant::now();
        let failed = retry.balance().await.unwrap_err();
        assert!(started.elapsed() <= seconds(100), "{answer_after}");
        assert_eq!(failed.kind(), ErrorKind::Unavailable);
        assert_eq!(provider.count(), tries, "{answer_after}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_try_that_outlasts_the_limit_is_given_up_with_the_last_real_error() {
    let provider = Troubled::new(|call| match call.number {
        0 => Answer::bad(ErrorKind::RateLimited),
        _ => Answer::good().after(seconds(1000)),
    });
    let started = Instant::now();
    let failed = Retry::new(provider, RetryPolicy::default())
        .balance()
        .await
        .unwrap_err();
    assert_eq!(started.elapsed(), seconds(100));
    assert_eq!(failed.kind(), ErrorKind::RateLimited);
}

#[tokio::test(start_paused = true)]
async fn a_listing_whose_next_package_does_not_come_in_time_ends() {
    let mut provider = mock();
    provider.expect_packages().times(1).returning(|_| {
        stream::iter([Ok(package("P-1"))])
            .chain(stream::pending())
            .boxed()
    });
    let listing = retry(provider).packages(PackageQuery::default());
    let started = Instant::now();
    let items: Vec<_> = listing.collect().await;
    assert_eq!(started.elapsed(), seconds(100));
    assert_eq!(items.len(), 2);
    let failed = items[1].as_ref().unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::Unavailable);
    assert_eq!(failed.operation(), Operation::Packages);
}
