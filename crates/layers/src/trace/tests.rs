//! What is told of each call, and what never is.

use std::time::Duration;

use futures::stream;
use roamport_domain::EsimId;
use roamport_domain::provider::{ErrorKind, MockEsimProvider};

use super::*;
use crate::testing::{
    Answer, Events, ICCID, Slow, TokioClock, Troubled, error, esim_key, line, mock, money,
    order_request, package, placed, top_up_request, usage_query,
};

fn clock() -> Arc<dyn Clock> {
    Arc::new(TokioClock::new())
}

fn trace(provider: MockEsimProvider) -> Trace<MockEsimProvider> {
    Trace::new(provider, Arc::new(TokioClock::new()))
}

fn only_line(events: &Events) -> String {
    let lines = events.lines_with("provider call");
    assert_eq!(lines.len(), 1, "{lines:#?}");
    lines.into_iter().next().unwrap()
}

fn check_line(line: &str, words: &[&str]) {
    for word in words {
        assert!(line.contains(word), "`{word}` is not in: {line}");
    }
}

#[tokio::test]
async fn a_purchase_is_told_at_info_with_reference_and_order() {
    let mut provider = mock();
    provider.expect_purchase().returning(|_| Ok(placed()));
    let events = Events::capture();
    trace(provider)
        .purchase(&order_request(vec![line(1)]))
        .await
        .unwrap();
    let words = [
        "INFO",
        "operation=\"place_order\"",
        "provider=\"mock\"",
        "outcome=\"ok\"",
    ];
    let line = only_line(&events);
    check_line(&line, &words);
    check_line(
        &line,
        &[
            "reference=\"REFERENCE-1\"",
            "provider_order=\"ORDER-1\"",
            "items=0",
        ],
    );
}

#[tokio::test]
async fn a_cancellation_is_told_as_an_effect_and_usage_of_several_as_a_read() {
    let trace = Trace::new(Troubled::new(|_| Answer::good()), clock());
    let events = Events::capture();
    let request = CancelRequest { esim: esim_key() };
    trace.cancel(&request).await.unwrap();
    check_line(&only_line(&events), &["INFO", "operation=\"cancel\""]);
    let events = Events::capture();
    trace.usage_batch(&[esim_key(), esim_key()]).await.unwrap();
    check_line(
        &only_line(&events),
        &["DEBUG", "operation=\"usage_batch\"", "items=2"],
    );
}

#[tokio::test]
async fn a_read_is_told_at_debug() {
    let mut provider = mock();
    provider.expect_balance().returning(|| Ok(money("1")));
    let events = Events::capture();
    trace(provider).balance().await.unwrap();
    check_line(
        &only_line(&events),
        &["DEBUG", "operation=\"balance\"", "duration_ms=0"],
    );
}

#[tokio::test]
async fn a_failure_is_told_at_warn_by_its_kind_and_code_alone() {
    let mut provider = mock();
    provider
        .expect_purchase()
        .returning(|_| Err(error(ErrorKind::Ambiguous, Operation::TopUp).with_code("E-504")));
    provider
        .expect_usage()
        .returning(|_| Err(error(ErrorKind::NotFound, Operation::Usage)));
    let events = Events::capture();
    let trace = trace(provider);
    trace.purchase(&top_up_request()).await.unwrap_err();
    trace.usage(&usage_query()).await.unwrap_err();
    let lines = events.lines_with("provider call failed");
    check_line(
        &lines[0],
        &[
            "WARN",
            "outcome=\"ambiguous\"",
            "code=\"E-504\"",
            "REFERENCE-2",
        ],
    );
    check_line(&lines[1], &["WARN", "outcome=\"not_found\""]);
    assert!(!events.text().contains(ICCID), "{}", events.text());
    assert!(
        !events.text().contains("something about"),
        "{}",
        events.text()
    );
}

#[tokio::test(start_paused = true)]
async fn the_duration_is_that_of_the_injected_clock() {
    let inner = Slow::new(Duration::from_millis(1234));
    let events = Events::capture();
    Trace::new(inner, Arc::new(TokioClock::new()))
        .balance()
        .await
        .unwrap();
    check_line(&only_line(&events), &["duration_ms=1234"]);
}

#[tokio::test]
async fn an_esims_names_appear_in_no_event() {
    let mut provider = mock();
    provider
        .expect_esim()
        .returning(|_| Err(error(ErrorKind::NotFound, Operation::Esim)));
    provider
        .expect_provision()
        .returning(|_| Err(error(ErrorKind::NotFound, Operation::Provision)));
    let events = Events::capture();
    let trace = trace(provider);
    trace.esim(&esim_key()).await.unwrap_err();
    let esim = EsimId::parse(ICCID).unwrap();
    trace
        .provision(&ProvisionRequest {
            esim,
            start_date: None,
        })
        .await
        .unwrap_err();
    assert!(!events.text().contains(ICCID), "{}", events.text());
}

#[tokio::test]
async fn a_dropped_purchase_call_is_told_as_unknown() {
    let inner = Slow::new(Duration::from_hours(1));
    let events = Events::capture();
    let trace = Trace::new(inner, Arc::new(TokioClock::new()));
    let request = order_request(vec![line(1)]);
    let call = trace.purchase(&request);
    assert!(futures::poll!(call).is_pending());
    check_line(
        &only_line(&events),
        &["WARN", "effect is unknown", "REFERENCE-1"],
    );
}

#[tokio::test]
async fn a_listing_tells_its_errors_and_its_end_once() {
    let mut provider = mock();
    provider.expect_packages().returning(|_| {
        let failed = error(ErrorKind::InvalidResponse, Operation::Packages);
        stream::iter([Ok(package("P-1")), Err(failed)]).boxed()
    });
    provider
        .expect_top_up_packages()
        .returning(|_| stream::iter([Ok(package("P-1")), Ok(package("P-2"))]).boxed());
    let events = Events::capture();
    let trace = trace(provider);
    let mut listing = trace.packages(PackageQuery::default());
    while listing.next().await.is_some() {}
    let query = TopUpQuery::all(esim_key());
    let mut top_ups = trace.top_up_packages(query);
    while top_ups.next().await.is_some() {}
    assert!(
        top_ups.next().await.is_none(),
        "an ended listing stays ended"
    );
    drop((listing, top_ups));
    let lines = events.lines_with("provider call");
    assert_eq!(lines.len(), 2, "{lines:#?}");
    check_line(&lines[0], &["WARN", "outcome=\"invalid_response\""]);
    check_line(
        &lines[1],
        &["DEBUG", "operation=\"top_up_packages\"", "items=2"],
    );
}

#[tokio::test]
async fn a_listing_that_ends_in_an_error_is_no_success() {
    for kind in [ErrorKind::Unavailable, ErrorKind::Rejected] {
        let mut provider = mock();
        provider.expect_packages().returning(move |_| {
            let failed = error(kind, Operation::Packages);
            stream::iter([Ok(package("P-1")), Err(failed)]).boxed()
        });
        let events = Events::capture();
        trace(provider)
            .packages(PackageQuery::default())
            .count()
            .await;
        check_line(&only_line(&events), &["WARN", kind.as_str()]);
    }
}

#[tokio::test]
async fn a_listing_left_early_is_told_with_what_it_gave() {
    let mut provider = mock();
    provider
        .expect_packages()
        .returning(|_| stream::repeat_with(|| Ok(package("P-1"))).boxed());
    let events = Events::capture();
    let mut listing = trace(provider).packages(PackageQuery::default());
    listing.next().await.unwrap().unwrap();
    drop(listing);
    let lines = events.lines_with("listing left before its end");
    check_line(&lines[0], &["DEBUG", "items=1"]);
}
