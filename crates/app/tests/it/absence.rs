//! One purchase call was charged and its answer lost. Whatever lookups answer after it, there is no second
//! call while a witness speaks against absence or the answer proves none.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use roamport_domain::journal::{AccountStore as _, LookupProbe};
use roamport_domain::order::{AttentionReason, OrderState};
use roamport_domain::provider::{AnswerForm, FoundOrders, OrderLookup};
use roamport_domain::{Order, Reference};

use rstest::rstest;

use crate::support::mocks::{self, Desk, found, nothing, placed, under};
use crate::support::{carry, carry_beside, key, noon, usd, wish};

type Answer = fn(&Reference) -> FoundOrders;

/// The usual wallet, and the one after a charge.
const FULL: &str = "100";
const CHARGED: &str = "96";

/// Buys; every lookup after the purchase call is answered so, and the wallet then holds this.
async fn lost(answer: Answer, left: &'static str) -> (Desk, Order, usize) {
    let calls = Arc::new(AtomicUsize::new(0));
    let (counted, looked, paid) = (calls.clone(), calls.clone(), calls.clone());
    let desk = Desk::at(mocks::provider(|mock| {
        mock.expect_purchase()
            .returning(move |_| match counted.fetch_add(1, Ordering::SeqCst) {
                0 => Err(mocks::lost()),
                _ => Ok(placed("P-again", &["esim-again"])),
            });
        mock.expect_balance().returning(move || {
            let is_charged = paid.load(Ordering::SeqCst) > 0;
            Ok(usd(if is_charged { left } else { FULL }))
        });
        mock.expect_find_orders()
            .returning(move |lookup| match lookup {
                OrderLookup::Reference { reference, .. } if looked.load(Ordering::SeqCst) > 0 => {
                    Ok(answer(reference))
                }
                _ => Ok(nothing()),
            });
        mock.expect_provision()
            .returning(|_| Ok(mocks::ready("esim-1")));
    }));
    let order = desk.buy().await.order;
    (desk, order, calls.load(Ordering::SeqCst))
}

fn ours_as(text: &str) -> FoundOrders {
    let reference = Reference::parse(text).unwrap();
    let order = mocks::without_profiles(placed("P-1", &["esim-1"]));
    found(vec![under(&reference, order)])
}

fn foreign() -> FoundOrders {
    let rows = (0..20).map(|number| {
        let key = key(&format!("order {number} of somebody else"));
        let theirs = Reference::derive(&mocks::name(), &key);
        under(&theirs, placed(&format!("T-{number}"), &["esim-9"]))
    });
    found(rows.collect())
}

#[tokio::test(start_paused = true)]
async fn a_reference_in_another_spelling_is_ours_and_found_at_once() {
    let lower: Answer = |reference| ours_as(&reference.as_str().to_ascii_lowercase());
    let (desk, order, calls) = lost(lower, CHARGED).await;
    assert_eq!(order.state(), OrderState::Fulfilled);
    assert_eq!(order.placed().unwrap().id.as_str(), "P-1");
    assert_eq!(calls, 1);
    assert!(desk.clock.elapsed() < Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn a_reference_that_looks_like_ours_is_shown_to_a_person_at_once() {
    let half: Answer = |reference| ours_as(&reference.as_str()[..14]);
    let (desk, order, calls) = lost(half, CHARGED).await;
    assert_eq!(order.state(), OrderState::NeedsAttention);
    let open: Vec<_> = order.open_attention().collect();
    assert!(
        matches!(open[..], [AttentionReason::LooksAlike { orders }] if orders[0].as_str() == "P-1"),
        "{open:?}"
    );
    assert!(desk.clock.elapsed() < Duration::from_secs(10));
    assert_eq!(calls, 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_proves_no_absence_leads_to_a_person_and_to_no_second_call() {
    let tolerated: Answer = |_| FoundOrders {
        form: AnswerForm::Tolerated,
        ..nothing()
    };
    let not_found: Answer = |_| FoundOrders {
        form: AnswerForm::NotFound("{}".into()),
        ..nothing()
    };
    let cached: Answer = |_| FoundOrders {
        fresh: false,
        ..nothing()
    };
    let cut: Answer = |_| FoundOrders {
        complete: false,
        ..nothing()
    };
    for (why, answer, left) in [
        ("the envelope is not the documented one", tolerated, FULL),
        ("a 404 that no probe has seen", not_found, FULL),
        ("it came from a cache", cached, FULL),
        ("the list was cut", cut, FULL),
        ("the filter lets other orders through", |_| foreign(), FULL),
        ("the wallet is short of the price", |_| nothing(), CHARGED),
    ] as [(&str, Answer, &str); 6]
    {
        let (_, order, calls) = lost(answer, left).await;
        assert_eq!(order.state(), OrderState::NeedsAttention, "{why}");
        let unknown = AttentionReason::OutcomeUnknown { attempt: 1 };
        assert!(order.open_attention().any(|open| *open == unknown), "{why}");
        assert!(order.money_may_have_moved(), "{why}");
        assert_eq!(calls, 1, "{why}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_404_counts_as_none_after_a_probe_has_seen_the_very_body() {
    for (seen, state) in [
        ("{}", OrderState::Fulfilled),
        ("{ }", OrderState::NeedsAttention),
    ] {
        let desk = Desk::at(mocks::provider(|mock| {
            let mut calls = 0;
            mock.expect_purchase().returning(move |_| {
                calls += 1;
                match calls {
                    1 => Err(mocks::lost()),
                    _ => Ok(placed("P-again", &["esim-again"])),
                }
            });
            mock.expect_find_orders().returning(|_| {
                Ok(FoundOrders {
                    form: AnswerForm::NotFound("{}".into()),
                    ..nothing()
                })
            });
        }));
        let probe = LookupProbe {
            at: noon(),
            filter_held: true,
            none_body: Some(seen.into()),
        };
        let account = &desk.parts.account;
        desk.journal.keep_probe(account, &probe).await.unwrap();
        assert_eq!(desk.buy().await.order.state(), state, "{seen}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_any_doubt_absence_is_proven_and_the_order_sent_once_more() {
    let (_, order, calls) = lost(|_| nothing(), FULL).await;
    assert_eq!(order.state(), OrderState::Fulfilled);
    assert_eq!(order.placed().unwrap().id.as_str(), "P-again");
    assert_eq!(calls, 2);
}

#[tokio::test(start_paused = true)]
async fn a_lookup_that_does_not_find_an_order_which_is_there_proves_no_absence() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let desk = Desk::at(mocks::provider(|mock| {
        mock.expect_purchase()
            .returning(move |_| match counted.fetch_add(1, Ordering::SeqCst) {
                0 => Ok(placed("P-control", &["esim-0"])),
                _ => Err(mocks::lost()),
            });
    }));
    assert_eq!(desk.buy().await.order.state(), OrderState::Fulfilled);
    tokio::time::sleep(Duration::from_mins(2)).await;
    let id = desk.record_under(&wish(mocks::PACKAGE, 1), "lost").await;
    let order = carry(&desk.orders, id).await.order;
    assert_eq!(order.state(), OrderState::NeedsAttention);
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

/// The call of one of two orders is charged after both were lost, and its order shows up much later.
#[rstest]
#[case::its_answer_was_lost_after_the_reading("second")]
#[case::its_answer_was_lost_before_the_reading("first")]
#[tokio::test(start_paused = true)]
async fn while_another_order_is_in_doubt_what_left_the_wallet_is_held_against_nobody(
    #[case] charged: &str,
) {
    let calls = Arc::new(AtomicUsize::new(0));
    let is_shown = Arc::new(AtomicUsize::new(0));
    let (counted, paid, shown) = (calls.clone(), calls.clone(), is_shown.clone());
    let taken = Reference::derive(&mocks::name(), &key(charged));
    let desk = Desk::at(mocks::provider(|mock| {
        mock.expect_purchase()
            .returning(move |_| match counted.fetch_add(1, Ordering::SeqCst) {
                0 | 1 => Err(mocks::lost()),
                _ => Ok(placed("P-again", &["esim-again"])),
            });
        mock.expect_balance().returning(move || {
            let is_charged = paid.load(Ordering::SeqCst) > 1;
            Ok(usd(if is_charged { CHARGED } else { FULL }))
        });
        mock.expect_find_orders().returning(move |lookup| {
            let is_taken =
                matches!(lookup, OrderLookup::Reference { reference, .. } if *reference == taken);
            Ok(if is_taken && shown.load(Ordering::SeqCst) > 0 {
                mocks::ours(lookup, vec![placed("P-taken", &["esim-1"])])
            } else {
                nothing()
            })
        });
        mock.expect_provision()
            .returning(|_| Ok(mocks::ready("esim-1")));
    }));
    let mut work = Vec::new();
    for name in ["first", "second"] {
        let id = desk.record_under(&wish(mocks::PACKAGE, 1), name).await;
        work.push((name, carry_beside(&desk.orders, id)));
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
    tokio::time::sleep(Duration::from_mins(8)).await;
    assert_eq!(calls.load(Ordering::SeqCst), 2, "neither is sent again");
    is_shown.store(1, Ordering::SeqCst);
    for (name, work) in work {
        let order = work.await.unwrap().order;
        let expected = if name == charged {
            "P-taken"
        } else {
            "P-again"
        };
        assert_eq!(order.placed().unwrap().id.as_str(), expected, "{name}");
    }
}
