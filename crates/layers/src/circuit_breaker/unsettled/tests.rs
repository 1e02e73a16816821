//! Repeats of purchases of unknown outcome under an open circuit, on tokio's paused clock.

use futures::FutureExt as _;
use roamport_domain::provider::{Dedup, ErrorKind, Operation, Purchase};
use roamport_domain::{Capabilities, EsimProvider as _};

use super::super::tests::{PAUSE, breaker};
use super::*;
use crate::CircuitBreaker;
use crate::testing::{Answer, Troubled, everything, line, order_request, top_up_request};

fn reference(text: &str) -> Reference {
    Reference::parse(text).unwrap()
}

fn order(text: &str) -> Purchase {
    Purchase {
        reference: reference(text),
        ..order_request(vec![line(1)])
    }
}

fn top_up(text: &str) -> Purchase {
    Purchase {
        reference: reference(text),
        ..top_up_request()
    }
}

/// Its first purchases meet this, whatever they are, and later ones a good answer; every read fails.
async fn opened(dedup: Dedup, met: [ErrorKind; 2]) -> (CircuitBreaker<Troubled>, Troubled) {
    let capabilities = Capabilities {
        dedup,
        ..everything()
    };
    let provider = Troubled::able(capabilities, move |call| match call.operation {
        Operation::PlaceOrder | Operation::TopUp => met
            .get(call.number)
            .map_or(Answer::good(), |kind| Answer::bad(*kind)),
        _ => Answer::bad(ErrorKind::Unavailable),
    });
    let breaker = breaker(provider.clone());
    breaker.purchase(&order("order")).await.unwrap_err();
    breaker.purchase(&top_up("top-up")).await.unwrap_err();
    for _ in 0..5 {
        breaker.balance().await.unwrap_err();
    }
    (breaker, provider)
}

const UNKNOWN: [ErrorKind; 2] = [ErrorKind::Ambiguous; 2];

#[tokio::test(start_paused = true)]
async fn a_repeat_that_settles_an_unknown_outcome_is_not_held_back_by_reads_that_fail() {
    for dedup in [Dedup::Replays { window: None }, Dedup::Rejects] {
        let (breaker, provider) = opened(dedup, UNKNOWN).await;
        breaker.purchase(&order("order")).await.unwrap_err();
        assert_eq!(provider.count_of(Operation::PlaceOrder), 1, "not at once");
        tokio::time::advance(PAUSE).await;
        breaker.balance().await.unwrap_err();
        breaker.purchase(&order("another")).await.unwrap_err();
        breaker.purchase(&top_up("another")).await.unwrap_err();
        assert_eq!(provider.count_of(Operation::PlaceOrder), 1);
        assert_eq!(provider.count_of(Operation::TopUp), 1);
        breaker.purchase(&top_up("top-up")).await.unwrap();
        breaker.purchase(&order("another")).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_repeat_waits_where_the_provider_does_not_promise_to_charge_once() {
    let (breaker, provider) = opened(Dedup::None, UNKNOWN).await;
    for _ in 0..10 {
        tokio::time::advance(PAUSE).await;
        breaker.balance().await.unwrap_err();
        breaker.purchase(&order("order")).await.unwrap_err();
    }
    assert_eq!(provider.count_of(Operation::PlaceOrder), 1);
}

#[tokio::test(start_paused = true)]
async fn what_certainly_did_not_happen_is_no_unknown_outcome() {
    for kind in [ErrorKind::Unavailable, ErrorKind::Rejected] {
        let (breaker, provider) = opened(Dedup::Replays { window: None }, [kind; 2]).await;
        tokio::time::advance(PAUSE).await;
        breaker.balance().await.unwrap_err();
        breaker.purchase(&order("order")).await.unwrap_err();
        assert_eq!(provider.count_of(Operation::PlaceOrder), 1, "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_repeat_that_could_not_be_sent_leaves_the_outcome_unknown() {
    let kinds = [ErrorKind::Ambiguous, ErrorKind::Unavailable];
    let capabilities = Capabilities {
        dedup: Dedup::Replays { window: None },
        ..everything()
    };
    let provider = Troubled::able(capabilities, move |call| match kinds.get(call.number) {
        Some(kind) => Answer::bad(*kind),
        None if call.operation == Operation::PlaceOrder => Answer::good(),
        None => Answer::bad(ErrorKind::Unavailable),
    });
    let breaker = breaker(provider.clone());
    breaker.purchase(&order("order")).await.unwrap_err();
    breaker.purchase(&order("order")).await.unwrap_err();
    for _ in 0..5 {
        breaker.balance().await.unwrap_err();
    }
    tokio::time::advance(PAUSE).await;
    breaker.balance().await.unwrap_err();
    breaker.purchase(&order("order")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_purchase_call_that_was_dropped_is_of_unknown_outcome() {
    let capabilities = Capabilities {
        dedup: Dedup::Replays { window: None },
        ..everything()
    };
    let provider = Troubled::able(capabilities, move |call| match call.operation {
        Operation::PlaceOrder => Answer::good().after(PAUSE / 10),
        _ => Answer::bad(ErrorKind::Unavailable),
    });
    let breaker = breaker(provider.clone());
    let request = order("order");
    let mut purchase = breaker.purchase(&request).boxed();
    assert!(futures::poll!(&mut purchase).is_pending());
    drop(purchase);
    for _ in 0..5 {
        breaker.balance().await.unwrap_err();
    }
    tokio::time::advance(PAUSE).await;
    breaker.balance().await.unwrap_err();
    breaker.purchase(&request).await.unwrap();
    assert_eq!(provider.count_of(Operation::PlaceOrder), 2);
}

#[test]
fn only_so_many_are_kept_and_the_oldest_goes_first() {
    let mut unsettled = Unsettled::default();
    let all: Vec<Reference> = (0..=MOST)
        .map(|n| reference(&format!("order-{n}")))
        .collect();
    for reference in &all {
        unsettled.note(reference);
        unsettled.note(reference);
    }
    assert_eq!(unsettled.0.len(), MOST);
    assert!(!unsettled.contains(&all[0]));
    assert!(unsettled.contains(&all[1]) && unsettled.contains(&all[MOST]));
    unsettled.forget(&all[1]);
    assert!(!unsettled.contains(&all[1]));
}
