//! How often the purchase call is made, and when: counted by a mock.

use std::time::Duration;

use roamport_app::orders::{Placement, Terms};
use roamport_app::{Carried, Halt};
use roamport_domain::ProviderError;
use roamport_domain::order::{
    AttemptState, AttentionReason, Ending, Event, OrderPolicy, OrderState,
};
use roamport_domain::provider::{ErrorKind, Operation, ProviderOrder};

use crate::support::mocks::{Desk, Diary, error, lost, nothing, ours, placed, provider};
use crate::support::{WINDOW_AND_QUIET, carry, key, started, wish};

/// Buys where the purchase call answers this, each time it is made; gives what became of it and
/// when calls were made.
async fn buying(
    policy: impl FnOnce(&mut OrderPolicy),
    times: usize,
    answer: impl Fn(usize) -> Result<ProviderOrder, ProviderError> + Send + 'static,
) -> (Carried, Diary, Desk) {
    let diary = Diary::new();
    let (looked, bought) = (diary.clone(), diary.clone());
    let provider = provider(|mock| {
        mock.expect_find_orders().returning(move |_| {
            looked.note("find");
            Ok(nothing())
        });
        mock.expect_purchase()
            .times(times)
            .returning(move |_| answer(bought.note("place")));
    });
    let desk = Desk::with(provider, |parts| policy(&mut parts.policy));
    (desk.buy().await, diary, desk)
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_is_looked_up_and_never_repeated() {
    let mut looked = 0;
    let desk = Desk::at(provider(|mock| {
        mock.expect_purchase().times(1).returning(|_| Err(lost()));
        mock.expect_find_orders().returning(move |lookup| {
            looked += 1;
            Ok(if looked < 4 {
                nothing()
            } else {
                ours(lookup, vec![placed("landed", &["e1"])])
            })
        });
        mock.expect_provision()
            .times(1)
            .returning(|_| Ok(crate::support::mocks::ready("e1")));
    }));
    let order = desk.buy().await.order;
    assert_eq!(order.state(), OrderState::Fulfilled);
    assert_eq!(order.placed().unwrap().id.as_str(), "landed");
    assert!(order.attempts()[0].explained);
}

#[tokio::test(start_paused = true)]
async fn a_refused_order_is_never_sent_again() {
    let refusals = [
        ErrorKind::Rejected,
        ErrorKind::NotFound,
        ErrorKind::Unsupported,
    ];
    for kind in refusals {
        let (carried, _, desk) =
            buying(|_| {}, 1, move |_| Err(error(kind, Operation::PlaceOrder))).await;
        assert_eq!(carried.order.state(), OrderState::Failed, "{kind:?}");
        assert!(matches!(
            carried.order.ending(),
            Some(Ending::Refused { .. })
        ));
        assert!(!carried.order.money_may_have_moved());
        let again = carry(&desk.orders, carried.order.id()).await;
        assert_eq!((again.order, again.halt), (carried.order, Halt::Settled));
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_call_waits_for_the_quiet_period_and_three_look_ups_that_find_nothing() {
    let answer = |number| {
        if number == 1 {
            Err(lost())
        } else {
            Ok(placed("second", &["e1"]))
        }
    };
    let (carried, diary, desk) = buying(|_| {}, 2, answer).await;
    assert_eq!(carried.order.state(), OrderState::Fulfilled);
    let calls = diary.times("place");
    let quiet = calls[0] + WINDOW_AND_QUIET;
    assert!(calls[1] >= quiet, "{calls:?}");
    // Three that prove absence, and the one that precedes every purchase call.
    assert!(
        diary.between("find", quiet, calls[1] + Duration::from_millis(1)) >= 4,
        "{diary:?}"
    );
    let events = desk.orders.events(carried.order.id()).await.unwrap();
    let evidence = events.iter().find_map(|recorded| match &recorded.event {
        Event::AbsenceEstablished {
            attempt: 1,
            look_ups,
            ..
        } => Some(look_ups.len()),
        _ => None,
    });
    assert_eq!(evidence, Some(3));
}

#[tokio::test(start_paused = true)]
async fn look_ups_before_the_end_of_the_quiet_period_prove_nothing() {
    // Were they counted, three would be there after ten seconds.
    let answer = |number| {
        if number == 1 {
            Err(lost())
        } else {
            Ok(placed("second", &["e1"]))
        }
    };
    let (_, diary, _) = buying(|_| {}, 2, answer).await;
    assert!(
        diary.between("find", Duration::ZERO, WINDOW_AND_QUIET) > 6,
        "{diary:?}"
    );
    assert!(diary.times("place")[1] >= WINDOW_AND_QUIET);
}

#[tokio::test(start_paused = true)]
async fn a_longer_effect_that_a_provider_documents_is_waited_for() {
    let diary = Diary::new();
    let bought = diary.clone();
    let mut mock = roamport_domain::provider::MockEsimProvider::new();
    let slow = roamport_domain::Capabilities {
        longest_effect: Duration::from_mins(4),
        ..crate::support::mocks::capabilities()
    };
    mock.expect_capabilities().return_const(slow);
    mock.expect_purchase()
        .times(2)
        .returning(move |_| match bought.note("place") {
            1 => Err(lost()),
            _ => Ok(placed("second", &["e1"])),
        });
    mock.expect_name()
        .return_const(crate::support::mocks::name());
    mock.expect_packages()
        .returning(|_| crate::support::mocks::listed(vec![crate::support::mocks::package("4.00")]));
    mock.expect_balance()
        .returning(|| Ok(crate::support::usd("100")));
    mock.expect_find_orders().returning(|_| Ok(nothing()));
    let order = Desk::at(mock).buy().await.order;
    assert_eq!(order.state(), OrderState::Fulfilled);
    assert!(
        diary.times("place")[1] >= Duration::from_mins(1 + 2 * 4),
        "{diary:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn there_are_never_more_calls_than_allowed() {
    for most in [1, 2, 3] {
        let (carried, diary, desk) = buying(
            |policy| {
                policy.max_attempts = most;
                policy.place_within = Duration::from_hours(10);
            },
            usize::from(most),
            |_| Err(lost()),
        )
        .await;
        assert_eq!(carried.order.state(), OrderState::NeedsAttention);
        assert!(
            carried
                .order
                .open_attention()
                .any(|why| *why == AttentionReason::AttemptsUsedUp)
        );
        for pair in diary.times("place").windows(2) {
            assert!(pair[1] >= pair[0] + WINDOW_AND_QUIET, "{diary:?}");
        }
        // Whoever carries it on once more looks, and sends nothing.
        carry(&desk.orders, carried.order.id()).await;
        let events = desk.orders.events(carried.order.id()).await.unwrap();
        assert_eq!(started(&events), usize::from(most));
    }
}

#[tokio::test(start_paused = true)]
async fn look_ups_that_fail_prove_no_absence() {
    let mut looked = 0;
    let desk = Desk::at(provider(|mock| {
        mock.expect_purchase().times(1).returning(|_| Err(lost()));
        mock.expect_find_orders().returning(move |_| {
            looked += 1;
            if looked == 1 {
                Ok(nothing())
            } else {
                Err(error(ErrorKind::Unavailable, Operation::FindOrders))
            }
        });
    }));
    let order = desk.buy().await.order;
    assert_eq!(order.state(), OrderState::NeedsAttention);
    assert!(order.money_may_have_moved());
    assert_eq!(
        order.open_attention().collect::<Vec<_>>(),
        [&AttentionReason::OutcomeUnknown { attempt: 1 }]
    );
    let waited = desk.clock.elapsed();
    assert!(
        (Duration::from_mins(15)..Duration::from_mins(17)).contains(&waited),
        "{waited:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_order_that_rests_unknown_is_looked_up_again_and_settled_by_what_is_found() {
    let mut looked = 0;
    let desk = Desk::at(provider(|mock| {
        mock.expect_purchase().times(1).returning(|_| Err(lost()));
        mock.expect_find_orders().returning(move |lookup| {
            looked += 1;
            match looked {
                1 => Ok(nothing()),
                // Down for a quarter of an hour and more: the order comes to rest meanwhile.
                2..=45 => Err(error(ErrorKind::Unavailable, Operation::FindOrders)),
                _ => Ok(ours(lookup, vec![placed("landed", &["e1"])])),
            }
        });
        mock.expect_provision()
            .returning(|_| Ok(crate::support::mocks::ready("e1")));
    }));
    let id = desk.buy().await.order.id();
    let mut order = desk.orders.order(id).await.unwrap();
    assert_eq!(order.state(), OrderState::NeedsAttention);
    assert_eq!(desk.orders.unfinished().await.unwrap().len(), 1);
    for _ in 0..45 {
        tokio::time::sleep(Duration::from_mins(10)).await;
        order = carry(&desk.orders, id).await.order;
        if order.state() == OrderState::Fulfilled {
            break;
        }
    }
    assert_eq!(order.state(), OrderState::Fulfilled);
    assert_eq!(order.open_attention().count(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_cannot_be_read_may_have_been_that_to_a_charge() {
    let answer = |number| match number {
        1 => Err(error(ErrorKind::InvalidResponse, Operation::PlaceOrder)),
        _ => Ok(placed("second", &["e1"])),
    };
    let (carried, diary, _) = buying(|_| {}, 2, answer).await;
    assert!(matches!(
        carried.order.attempts()[0].state,
        AttemptState::Ambiguous { .. }
    ));
    assert!(diary.times("place")[1] >= WINDOW_AND_QUIET);
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_is_waited_out_and_counts_as_no_attempt() {
    let answer = |number| match number {
        1 => Err(error(ErrorKind::RateLimited, Operation::PlaceOrder)
            .with_retry_after(Duration::from_secs(90))),
        _ => Ok(placed("second", &["e1"])),
    };
    let (carried, diary, _) = buying(|policy| policy.max_attempts = 1, 2, answer).await;
    assert_eq!(carried.order.state(), OrderState::Fulfilled);
    assert_eq!(carried.order.counted_attempts(), 1);
    let calls = diary.times("place");
    let gap = calls[1].saturating_sub(calls[0]);
    assert!(
        (Duration::from_secs(90)..Duration::from_secs(95)).contains(&gap),
        "{gap:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_was_not_sent_counts_as_no_attempt_and_is_tried_again_with_back_off() {
    let answer = |number| match number {
        1..=4 => Err(error(ErrorKind::Unavailable, Operation::PlaceOrder)),
        _ => Ok(placed("fifth", &["e1"])),
    };
    let (carried, diary, _) = buying(|policy| policy.max_attempts = 1, 5, answer).await;
    assert_eq!(carried.order.state(), OrderState::Fulfilled);
    let calls = diary.times("place");
    let gaps: Vec<u64> = calls
        .windows(2)
        .map(|pair| pair[1].saturating_sub(pair[0]).as_secs())
        .collect();
    assert_eq!(gaps, [2, 5, 10, 20]);
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_halts_at_the_purchase_is_waited_for_and_then_given_up() {
    let diary = Diary::new();
    let bought = diary.clone();
    let desk = Desk::at(provider(|mock| {
        mock.expect_purchase().returning(move |_| {
            bought.note("place");
            Err(error(ErrorKind::InsufficientFunds, Operation::PlaceOrder))
        });
    }));
    let order = desk.buy().await.order;
    assert_eq!(
        (order.state(), order.counted_attempts()),
        (OrderState::Failed, 0)
    );
    assert!(!order.money_may_have_moved());
    assert!(
        order
            .deferral()
            .unwrap()
            .message
            .contains("too small a wallet")
    );
    assert!(
        diary
            .times("place")
            .into_iter()
            .all(|at| at < Duration::from_mins(15)),
        "{diary:?}"
    );
}

/// The provider answers every purchase with one and the same order, and every look-up with none: so it
/// does not find the first order either, and nothing it says of the second one counts.
fn always_the_same() -> roamport_domain::provider::MockEsimProvider {
    provider(|mock| {
        mock.expect_purchase()
            .times(2)
            .returning(|_| Ok(placed("one-and-the-same", &["esim-1"])));
    })
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_names_another_orders_purchase_is_recorded_and_never_taken_for_this_one() {
    let desk = Desk::at(always_the_same());
    let first = desk.buy().await.order;
    assert_eq!(first.state(), OrderState::Fulfilled);

    let terms = Terms {
        key: Some(key("shop-10443")),
        ..Terms::default()
    };
    let quote = desk.orders.quote(&wish("esim-portugal", 1)).await.unwrap();
    let Placement::New(order) = desk.orders.place(&quote, &terms).await.unwrap() else {
        panic!("another key is another order");
    };
    let second = carry(&desk.orders, order.id()).await.order;
    assert_eq!(second.state(), OrderState::NeedsAttention);
    assert!(second.placed().is_none() && second.money_may_have_moved());
    let told = format!("{:?}", second.attempts());
    assert!(
        told.contains("one-and-the-same, which already belongs"),
        "{told}"
    );
}
