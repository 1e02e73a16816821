//! What is refused without a call, and what passes.

use std::num::NonZeroU16;
use std::time::Duration;

use jiff::Timestamp;
use roamport_domain::provider::{MockEsimProvider, UsageSupport};
use roamport_domain::{ProviderOrderId, Reference};

use super::*;
use crate::testing::{
    Answer, Troubled, esim_key, line, name_and_capabilities, order_request, placed, top_up_request,
    usage_query,
};

const LOOKUP: LookupSupport = LookupSupport {
    by_reference: true,
    since: true,
    lag: Duration::ZERO,
};

/// A mock without one expectation: it panics when anything but its name is asked for.
fn unreachable(capabilities: Capabilities) -> Guard<MockEsimProvider> {
    let mut provider = MockEsimProvider::new();
    name_and_capabilities(&mut provider, capabilities);
    Guard::new(provider)
}

fn check_refused<T: fmt::Debug>(answer: Result<T>, kind: ErrorKind, words: &str) {
    let error = answer.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.message().contains(words), "{error}");
    assert_eq!(error.provider().as_str(), "mock");
}

fn by_reference() -> OrderLookup {
    let reference = Reference::parse("R-1").unwrap();
    OrderLookup::Reference {
        reference,
        not_before: Timestamp::UNIX_EPOCH,
    }
}

#[tokio::test]
async fn a_top_up_that_nobody_sells_is_never_sent() {
    let guard = unreachable(Capabilities::NONE);
    let answer = guard.purchase(&top_up_request()).await;
    check_refused(answer, ErrorKind::Unsupported, "buy a new package");
}

#[tokio::test]
async fn a_listing_of_top_ups_that_nobody_sells_is_one_error_and_ends() {
    let guard = unreachable(Capabilities::NONE);
    let mut listing = guard.top_up_packages(TopUpQuery::all(esim_key()));
    check_refused(
        listing.next().await.unwrap(),
        ErrorKind::Unsupported,
        "no top-ups",
    );
    assert!(listing.next().await.is_none());
    assert!(listing.next().await.is_none());
}

#[tokio::test]
async fn usage_that_cannot_be_read_is_never_asked_for() {
    let guard = unreachable(Capabilities::NONE);
    check_refused(
        guard.usage(&usage_query()).await,
        ErrorKind::Unsupported,
        "usage",
    );
}

#[tokio::test]
async fn usage_of_several_at_once_is_never_asked_for_where_it_cannot_be_read_or_is_too_much() {
    let esims = vec![esim_key(); 3];
    let guard = unreachable(Capabilities::NONE);
    let answer = guard.usage_batch(&esims).await;
    check_refused(answer, ErrorKind::Unsupported, "one eSIM at a time");
    let guard = unreachable(Capabilities {
        usage: Some(UsageSupport {
            lag: Duration::ZERO,
            daily: false,
            batch: NonZeroU16::new(2),
        }),
        ..Capabilities::NONE
    });
    let answer = guard.usage_batch(&esims).await;
    check_refused(answer, ErrorKind::Unsupported, "ask in parts");
}

#[tokio::test]
async fn a_cancellation_that_nobody_offers_is_never_sent() {
    let guard = unreachable(Capabilities::NONE);
    let request = CancelRequest { esim: esim_key() };
    let answer = guard.cancel(&request).await;
    check_refused(answer, ErrorKind::Unsupported, "ask its support");
}

#[tokio::test]
async fn what_everything_can_do_passes_every_call_of_the_port() {
    let provider = Troubled::new(|_| Answer::good());
    let guard = Guard::new(provider.clone());
    guard.usage_batch(&[esim_key()]).await.unwrap();
    let request = CancelRequest { esim: esim_key() };
    guard.cancel(&request).await.unwrap();
    assert_eq!(provider.count_of(Operation::UsageBatch), 1);
    assert_eq!(provider.count_of(Operation::Cancel), 1);
}

#[tokio::test]
async fn a_look_up_that_is_not_supported_is_never_made() {
    let id = || OrderLookup::Id(ProviderOrderId::parse("O-1").unwrap());
    let since = OrderLookup::Since(Timestamp::UNIX_EPOCH);

    let guard = unreachable(Capabilities::NONE);
    check_refused(
        guard.find_orders(&id()).await,
        ErrorKind::Unsupported,
        "dashboard",
    );

    let lookup = Some(LookupSupport {
        by_reference: false,
        since: false,
        ..LOOKUP
    });
    let guard = unreachable(Capabilities {
        lookup,
        ..Capabilities::NONE
    });
    let answer = guard.find_orders(&by_reference()).await;
    check_refused(answer, ErrorKind::Unsupported, "order id");
    check_refused(
        guard.find_orders(&since).await,
        ErrorKind::Unsupported,
        "by time",
    );
}

#[tokio::test]
async fn an_order_above_a_limit_is_never_sent() {
    let limited = Capabilities {
        lines_per_order: NonZeroU16::new(2),
        esims_per_order: NonZeroU16::new(10),
        ..Capabilities::NONE
    };
    let guard = unreachable(limited);
    let answer = guard.purchase(&order_request(vec![])).await;
    check_refused(answer, ErrorKind::Rejected, "no line");
    let answer = guard
        .purchase(&order_request(vec![line(1), line(1), line(1)]))
        .await;
    check_refused(answer, ErrorKind::Rejected, "3 lines and at most 2");
    let answer = guard.purchase(&order_request(vec![line(8), line(3)])).await;
    check_refused(answer, ErrorKind::Rejected, "11 eSIMs and at most 10");
    let answer = guard
        .purchase(&order_request(vec![line(u16::MAX), line(u16::MAX)]))
        .await;
    check_refused(answer, ErrorKind::Rejected, "131070 eSIMs");
}

#[tokio::test]
async fn an_order_at_the_limit_is_sent_once() {
    let mut provider = MockEsimProvider::new();
    let limited = Capabilities {
        lines_per_order: NonZeroU16::new(2),
        esims_per_order: NonZeroU16::new(10),
        ..Capabilities::NONE
    };
    name_and_capabilities(&mut provider, limited);
    provider
        .expect_purchase()
        .times(1)
        .returning(|_| Ok(placed()));
    let guard = Guard::new(provider);
    assert!(
        guard
            .purchase(&order_request(vec![line(9), line(1)]))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn what_the_provider_can_do_passes() {
    let mut provider = MockEsimProvider::new();
    let able = Capabilities {
        top_up: true,
        usage: Some(UsageSupport {
            lag: Duration::ZERO,
            batch: None,
            daily: false,
        }),
        lookup: Some(LookupSupport {
            since: false,
            ..LOOKUP
        }),
        ..Capabilities::NONE
    };
    name_and_capabilities(&mut provider, able);
    provider
        .expect_purchase()
        .times(1)
        .returning(|_| Ok(placed()));
    provider
        .expect_top_up_packages()
        .times(1)
        .returning(|_| stream::empty().boxed());
    provider
        .expect_find_orders()
        .times(2)
        .returning(|_| Ok(FoundOrders::documented(vec![placed()])));
    provider
        .expect_usage()
        .times(1)
        .returning(|_| Err(crate::testing::error(ErrorKind::NotFound, Operation::Usage)));
    let guard = Guard::new(provider);

    assert!(guard.purchase(&top_up_request()).await.is_ok());
    assert!(
        guard
            .top_up_packages(TopUpQuery::all(esim_key()))
            .next()
            .await
            .is_none()
    );
    assert!(guard.find_orders(&by_reference()).await.is_ok());
    let id = OrderLookup::Id(ProviderOrderId::parse("O-1").unwrap());
    assert!(guard.find_orders(&id).await.is_ok());
    let error = guard.usage(&usage_query()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(guard.to_string(), "Guard(mock)");
}
