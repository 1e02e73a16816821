//! Purchases that the provider refused in its own form, held against what wallet and lookup show.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use roamport_domain::order::{AttentionReason, Ending, OrderState};
use roamport_domain::provider::{
    ErrorKind, LookupSupport, MockEsimProvider, Operation, OrderLookup,
};
use roamport_domain::{Capabilities, Money, Order, Reference};
use rstest::rstest;

use crate::support::mocks::{
    Desk, capabilities, error, found, nothing, ours, placed, provider, ready, under,
};
use crate::support::{noon, usd};

/// Refuses every purchase in a form that says that nothing was bought.
fn refusing(mock: &mut MockEsimProvider) {
    mock.expect_purchase()
        .times(1)
        .returning(|_| Err(error(ErrorKind::Rejected, Operation::PlaceOrder)));
}

/// Holds one amount until the purchase, and another one after it. Returns how often it was read.
fn wallet(mock: &mut MockEsimProvider, before: &str, after: &str) -> Arc<AtomicU32> {
    let reads = Arc::new(AtomicU32::new(0));
    let counted = reads.clone();
    let (before, after): (Money, Money) = (usd(before), usd(after));
    mock.expect_balance().returning(move || {
        let read = counted.fetch_add(1, Ordering::SeqCst);
        // The quote reads it, and the check before the purchase.
        Ok(if read < 2 { before } else { after })
    });
    reads
}

fn no_lookup(mock: &mut MockEsimProvider) {
    mock.expect_capabilities().return_const(Capabilities {
        lookup: None,
        ..capabilities()
    });
}

/// Refuses the purchase at a provider that lists its orders; returns the reference once it was sent.
fn refusing_with_a_list(
    mock: &mut MockEsimProvider,
    by_reference: bool,
) -> Arc<Mutex<Option<Reference>>> {
    let reference = Arc::new(Mutex::new(None));
    let sent = reference.clone();
    mock.expect_purchase().times(1).returning(move |request| {
        *sent.lock().unwrap() = Some(request.reference.clone());
        Err(error(ErrorKind::Rejected, Operation::PlaceOrder))
    });
    mock.expect_capabilities().return_const(Capabilities {
        lookup: Some(LookupSupport {
            by_reference,
            since: true,
            lag: Duration::ZERO,
        }),
        ..capabilities()
    });
    reference
}

fn is_in_doubt(order: &Order) -> bool {
    order
        .open_attention()
        .any(|reason| matches!(reason, AttentionReason::OutcomeUnknown { .. }))
}

#[tokio::test(start_paused = true)]
async fn a_refused_purchase_that_the_provider_lists_is_delivered() {
    let found = Arc::new(AtomicU32::new(0));
    let lookups = found.clone();
    let desk = Desk::at(provider(|mock| {
        refusing(mock);
        mock.expect_provision().returning(|_| Ok(ready("esim-1")));
        mock.expect_find_orders().returning(move |lookup| {
            let is_first = lookups.fetch_add(1, Ordering::SeqCst) == 0;
            Ok(if is_first {
                nothing()
            } else {
                ours(lookup, vec![placed("PO-1", &["esim-1"])])
            })
        });
    }));
    let order = desk.buy().await.order;
    assert_eq!(order.state(), OrderState::Fulfilled);
    assert_eq!(order.placed().unwrap().id.as_str(), "PO-1");
}

#[tokio::test(start_paused = true)]
async fn a_refused_purchase_whose_price_left_the_wallet_is_not_called_failed() {
    let desk = Desk::at(provider(|mock| {
        refusing(mock);
        no_lookup(mock);
        wallet(mock, "100", "96");
    }));
    let order = desk.buy().await.order;
    assert_eq!(order.state(), OrderState::NeedsAttention);
    assert!(is_in_doubt(&order), "{:?}", order.attention());
    assert!(order.money_may_have_moved());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_beside_an_order_that_looks_like_ours_is_not_called_failed() {
    let desk = Desk::at(provider(|mock| {
        let reference = refusing_with_a_list(mock, true);
        mock.expect_find_orders().returning(move |_| {
            let Some(reference) = reference.lock().unwrap().clone() else {
                return Ok(nothing());
            };
            let half = Reference::parse(&reference.as_str()[..14]).unwrap();
            Ok(found(vec![under(&half, placed("PO-1", &["esim-1"]))]))
        });
    }));
    let order = desk.buy().await.order;
    assert_eq!(order.state(), OrderState::NeedsAttention);
    assert!(order.money_may_have_moved());
}

#[rstest]
#[case::the_price_is_gone_and_the_rest_would_have_paid(ErrorKind::InsufficientFunds, "96")]
#[case::all_is_gone_and_the_refusal_has_another_reason(ErrorKind::Rejected, "0.01")]
#[tokio::test(start_paused = true)]
async fn what_left_the_wallet_contradicts_a_refusal(#[case] kind: ErrorKind, #[case] left: &str) {
    let desk = Desk::at(provider(|mock| {
        mock.expect_purchase()
            .times(1)
            .returning(move |_| Err(error(kind, Operation::PlaceOrder)));
        no_lookup(mock);
        wallet(mock, "100", left);
    }));
    let order = desk.buy().await.order;
    assert_eq!(order.state(), OrderState::NeedsAttention);
    assert!(is_in_doubt(&order), "{:?}", order.attention());
}

#[tokio::test(start_paused = true)]
async fn our_own_order_in_the_list_does_not_explain_what_left_the_wallet() {
    let desk = Desk::at(provider(|mock| {
        let reference = refusing_with_a_list(mock, true);
        wallet(mock, "100", "96");
        // The filtered lookup lies, and the list shows the charge.
        mock.expect_find_orders().returning(move |lookup| {
            let named = reference.lock().unwrap().clone();
            Ok(match (lookup, named) {
                (OrderLookup::Since(_), Some(named)) => {
                    let mut order = under(&named, placed("PO-1", &["esim-1"]));
                    order.created_at = Some(noon() + jiff::SignedDuration::from_mins(1));
                    found(vec![order])
                }
                _ => nothing(),
            })
        });
    }));
    let order = desk.buy().await.order;
    assert_eq!(order.state(), OrderState::NeedsAttention);
    assert!(order.money_may_have_moved());
}

#[tokio::test(start_paused = true)]
async fn where_no_reference_is_looked_up_the_list_speaks_against_a_refusal() {
    let desk = Desk::at(provider(|mock| {
        let reference = refusing_with_a_list(mock, false);
        mock.expect_find_orders().returning(move |lookup| {
            let OrderLookup::Since(since) = lookup else {
                return Ok(nothing());
            };
            // The provider's clock counts whole seconds, so that the order seems older than the call.
            assert!(*since < noon());
            let reference = reference.lock().unwrap().clone().unwrap();
            Ok(found(vec![under(&reference, placed("PO-1", &["esim-1"]))]))
        });
    }));
    let order = desk.buy().await.order;
    assert_eq!(order.state(), OrderState::NeedsAttention);
    assert!(is_in_doubt(&order), "{:?}", order.attention());
}

#[tokio::test(start_paused = true)]
async fn a_wallet_that_is_too_small_bears_out_a_refusal_for_want_of_money() {
    let desk = Desk::at(provider(|mock| {
        mock.expect_purchase()
            .times(1)
            .returning(|_| Err(error(ErrorKind::InsufficientFunds, Operation::PlaceOrder)));
        // Another buyer spent it in between.
        wallet(mock, "100", "0.01");
    }));
    let order = desk.buy().await.order;
    assert!(!order.money_may_have_moved(), "{:?}", order.attempts());
    assert!(order.attempts()[0].is_turned_away());
}

#[rstest]
#[case::nothing_is_gone("100", "100")]
#[case::less_than_the_price_is_gone("100", "96.01")]
#[case::money_came_in("100", "600")]
#[tokio::test(start_paused = true)]
async fn a_refused_purchase_has_failed_where_nothing_speaks_against_it(
    #[case] before: &str,
    #[case] after: &str,
) {
    let mut reads = None;
    let desk = Desk::at(provider(|mock| {
        refusing(mock);
        reads = Some(wallet(mock, before, after));
    }));
    let order = desk.buy().await.order;
    assert_eq!(order.state(), OrderState::Failed);
    assert!(matches!(order.ending(), Some(Ending::Refused { .. })));
    assert!(!order.money_may_have_moved());
    assert_eq!(
        reads.unwrap().load(Ordering::SeqCst),
        3,
        "once after the refusal"
    );
}

#[tokio::test(start_paused = true)]
async fn a_witness_that_cannot_be_read_changes_nothing_about_a_refusal() {
    let reads = Arc::new(AtomicU32::new(0));
    let counted = reads.clone();
    let desk = Desk::at(provider(|mock| {
        refusing(mock);
        mock.expect_balance().returning(move || {
            if counted.fetch_add(1, Ordering::SeqCst) < 2 {
                Ok(usd("100"))
            } else {
                Err(error(ErrorKind::Unavailable, Operation::Balance))
            }
        });
        let mut lookups = 0;
        mock.expect_find_orders().returning(move |_| {
            lookups += 1;
            if lookups == 1 {
                Ok(nothing())
            } else {
                Err(error(ErrorKind::Unavailable, Operation::FindOrders))
            }
        });
    }));
    assert_eq!(desk.buy().await.order.state(), OrderState::Failed);
    assert_eq!(
        reads.load(Ordering::SeqCst),
        5,
        "three times after the refusal"
    );
}
