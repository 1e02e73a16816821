//! Purchases whose outcome is unknown, with the ledger as the judge: at most one charge, and an end.

use std::time::Duration;

use roamport_domain::order::{AttentionReason, OrderState};
use roamport_sandbox::{Fault, Operation, Rule};

use crate::support::{Shop, WINDOW_AND_QUIET, started};

async fn calls(shop: &Shop, order: &roamport_domain::Order) -> usize {
    started(&shop.orders.events(order.id()).await.unwrap())
}

#[tokio::test(start_paused = true)]
async fn whatever_spoils_the_answer_after_the_charge_it_is_one_charge_and_one_call() {
    let spoilt = [
        Fault::DropAfterEffect,
        Fault::StatusAfterEffect {
            status: 500,
            body: None,
            retry_after: None,
        },
        Fault::StatusAfterEffect {
            status: 504,
            body: None,
            retry_after: Some(1),
        },
        Fault::BrokenJson,
        Fault::Html { status: 200 },
    ];
    for fault in spoilt {
        let shop = Shop::careless();
        shop.fault(Operation::Order, fault.clone());
        let order = shop.buy("lost").await;
        assert_eq!(order.state(), OrderState::Fulfilled, "{fault:?}");
        assert_eq!((shop.charges(), shop.purchase_calls()), (1, 1), "{fault:?}");
        assert_eq!(
            order.placed().unwrap().id.as_str(),
            shop.world.ledger().unwrap()[0].order_id
        );
        assert!(
            shop.clock.elapsed() < Duration::from_secs(5),
            "{:?}",
            shop.clock.elapsed()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_spoils_the_call_before_the_charge_it_is_sent_again_once_absence_is_proved() {
    let spoilt = [
        Fault::DropBeforeEffect,
        Fault::StatusBeforeEffect {
            status: 500,
            body: None,
            retry_after: None,
        },
        Fault::HtmlError { status: 502 },
        Fault::FailureBodyWith200 {
            message: "Unknown error".into(),
        },
    ];
    for fault in spoilt {
        let shop = Shop::careless();
        shop.fault(Operation::Order, fault.clone());
        let order = shop.buy("nothing").await;
        assert_eq!(order.state(), OrderState::Fulfilled, "{fault:?}");
        assert_eq!((shop.charges(), shop.purchase_calls()), (1, 2), "{fault:?}");
        assert!(
            shop.charged_at()[0] >= WINDOW_AND_QUIET,
            "{fault:?}: {:?}",
            shop.charged_at()
        );
        let names = shop.names_of_events(order.id()).await;
        assert!(names.contains(&"absence_established"), "{names:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_effect_that_comes_late_is_found_and_not_bought_beside() {
    for seconds in [1, 59, 100, 179, 239] {
        let shop = Shop::careless();
        shop.fault(
            Operation::Order,
            Fault::LateEffect {
                ms: seconds * 1_000,
            },
        );
        let order = shop.buy("late").await;
        assert_eq!(order.state(), OrderState::Fulfilled, "{seconds} s");
        assert_eq!(
            (shop.charges(), shop.purchase_calls()),
            (1, 1),
            "{seconds} s"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn without_the_quiet_period_the_judge_sees_the_double_charge() {
    // What the rules are for, and the proof that the ledger would tell.
    let shop = Shop::careless().under(|policy| policy.quiet_period = Duration::ZERO);
    shop.fault(Operation::Order, Fault::LateEffect { ms: 239_000 });
    assert_eq!(shop.buy("hasty").await.state(), OrderState::Fulfilled);
    tokio::time::sleep(Duration::from_mins(4)).await;
    assert_eq!((shop.charges(), shop.purchase_calls()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn look_ups_that_lag_behind_the_charge_do_not_cause_another() {
    for seconds in [3, 60, 230] {
        let shop = Shop::careless();
        shop.fault(
            Operation::Order,
            Fault::LateVisibility {
                ms: seconds * 1_000,
            },
        );
        shop.fault(Operation::Order, Fault::DropAfterEffect);
        let order = shop.buy("lag").await;
        assert_eq!(order.state(), OrderState::Fulfilled, "{seconds} s");
        assert_eq!(
            (shop.charges(), shop.purchase_calls()),
            (1, 1),
            "{seconds} s"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_answered_order_that_cannot_be_looked_up_yet_is_not_bought_again() {
    let shop = Shop::careless();
    shop.fault(Operation::Order, Fault::LateVisibility { ms: 600_000 });
    assert_eq!(shop.buy("lag").await.state(), OrderState::Fulfilled);
    assert_eq!((shop.charges(), shop.purchase_calls()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn look_ups_that_fail_beside_a_lost_answer_only_delay() {
    let shop = Shop::careless();
    shop.fault(Operation::Order, Fault::DropAfterEffect);
    // The look-up before the purchase passes, the ten after it fail.
    shop.rule(
        Rule::new(Operation::Orders, Fault::HtmlError { status: 502 })
            .skip(1)
            .times(10),
    );
    let order = shop.buy("double trouble").await;
    assert_eq!(order.state(), OrderState::Fulfilled);
    assert_eq!((shop.charges(), shop.purchase_calls()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_loses_every_call_ends_with_a_person_and_without_a_charge() {
    let shop = Shop::careless();
    shop.rule(Rule::new(Operation::Order, Fault::DropBeforeEffect).for_ever());
    let order = shop.buy("never").await;
    assert_eq!(order.state(), OrderState::NeedsAttention);
    assert!(
        order
            .open_attention()
            .any(|why| *why == AttentionReason::AttemptsUsedUp)
    );
    assert_eq!((shop.charges(), calls(&shop, &order).await), (0, 2));
    assert!(
        shop.clock.elapsed() < Duration::from_mins(30),
        "{:?}",
        shop.clock.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_charge_that_comes_after_all_look_ups_is_found_and_settles_the_order() {
    for attempts in [1, 2] {
        let shop = Shop::careless().under(|policy| policy.max_attempts = attempts);
        shop.fault(Operation::Order, Fault::LateEffect { ms: 1_800_000 });
        // Where there is a second call, it is refused: nothing more is sent, and one charge is out.
        let refused = Fault::StatusBeforeEffect {
            status: 400,
            body: None,
            retry_after: None,
        };
        shop.fault(Operation::Order, refused);
        let order = shop.buy("very late").await;
        assert_eq!(
            (order.state(), shop.charges()),
            (OrderState::NeedsAttention, 0)
        );
        assert!(order.money_may_have_moved());
        tokio::time::sleep(Duration::from_mins(30)).await;
        // Whoever carries on what is unfinished finds it among that.
        let unfinished = shop.orders.unfinished().await.unwrap();
        assert_eq!(unfinished.len(), 1, "after {attempts} calls");
        let order = shop.carry(unfinished[0].id).await.order;
        assert_eq!(
            (order.state(), order.open_attention().count()),
            (OrderState::Fulfilled, 0)
        );
        assert_eq!(
            (shop.charges(), shop.purchase_calls()),
            (1, u64::from(attempts))
        );
        assert!(shop.orders.unfinished().await.unwrap().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_that_needs_attention_is_looked_up_as_soon_as_it_is_named() {
    let shop = Shop::careless().under(|policy| policy.max_attempts = 1);
    shop.fault(Operation::Order, Fault::LateVisibility { ms: 1_200_000 });
    shop.fault(Operation::Order, Fault::DropAfterEffect);
    let parked = shop.buy("named").await;
    assert_eq!(parked.state(), OrderState::NeedsAttention);
    let (looked, at) = (shop.world.calls(Operation::Orders), shop.clock.elapsed());
    let still = shop.carry(parked.id()).await.order;
    assert_eq!(still.state(), OrderState::NeedsAttention);
    assert_eq!(shop.world.calls(Operation::Orders), looked + 1);
    assert!(shop.clock.elapsed() < at + Duration::from_secs(1));
    // It is named again a minute before and a minute after the provider shows it: less than the ten
    // minutes between the look-ups that come by themselves.
    let left = Duration::from_mins(19).checked_sub(shop.clock.elapsed());
    tokio::time::sleep(left.unwrap()).await;
    let still = shop.carry(parked.id()).await.order;
    assert_eq!(still.state(), OrderState::NeedsAttention);
    tokio::time::sleep(Duration::from_mins(2)).await;
    let found = shop.carry(parked.id()).await.order;
    assert_eq!(found.state(), OrderState::Fulfilled);
    assert_eq!((shop.charges(), shop.purchase_calls()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn an_order_that_is_no_longer_looked_up_by_itself_is_when_it_is_named() {
    let shop = Shop::careless().under(|policy| policy.max_attempts = 1);
    shop.fault(Operation::Order, Fault::LateVisibility { ms: 3_600_000 });
    shop.fault(Operation::Order, Fault::DropAfterEffect);
    let parked = shop.buy("named").await;
    assert_eq!(parked.state(), OrderState::NeedsAttention);
    tokio::time::sleep(Duration::from_hours(48)).await;
    assert!(shop.orders.unfinished().await.unwrap().is_empty());
    let found = shop.carry(parked.id()).await.order;
    assert_eq!(found.state(), OrderState::Fulfilled);
    assert_eq!((shop.charges(), shop.purchase_calls()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn an_order_whose_purchase_is_known_is_not_looked_up_for_being_named() {
    let shop = Shop::careless();
    shop.fault(Operation::Order, Fault::PriceChange { percent: 10 });
    let order = shop.buy("dearer").await;
    assert_eq!(order.state(), OrderState::NeedsAttention);
    let looked = shop.world.calls(Operation::Orders);
    assert_eq!(shop.carry(order.id()).await.order, order);
    assert_eq!(shop.world.calls(Operation::Orders), looked);
}

#[tokio::test(start_paused = true)]
async fn a_rejecting_provider_is_sent_the_same_request_again_and_charges_once() {
    for fault in [
        Fault::DropBeforeEffect,
        Fault::DropAfterEffect,
        Fault::BrokenJson,
    ] {
        let shop = Shop::strict();
        shop.fault(Operation::Order, fault.clone());
        let order = shop.buy("rejects").await;
        assert_eq!(order.state(), OrderState::Fulfilled, "{fault:?}");
        assert_eq!(
            (shop.charges(), order.counted_attempts()),
            (1, 1),
            "{fault:?}"
        );
        assert!(
            shop.clock.elapsed() < Duration::from_secs(10),
            "{:?}",
            shop.clock.elapsed()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_a_second_order_is_the_sign_that_the_first_one_landed() {
    let shop = Shop::strict();
    shop.fault(Operation::Order, Fault::LateVisibility { ms: 60_000 });
    shop.fault(Operation::Order, Fault::DropAfterEffect);
    let order = shop.buy("rejects").await;
    assert_eq!(order.state(), OrderState::Fulfilled);
    assert_eq!((shop.charges(), order.counted_attempts()), (1, 1));
    assert_eq!(order.open_attention().count(), 0);
    let sent = calls(&shop, &order).await;
    assert!((2..40).contains(&sent), "{sent}");
}

#[tokio::test(start_paused = true)]
async fn a_late_effect_at_a_rejecting_provider_is_one_charge_too() {
    let shop = Shop::strict();
    shop.fault(Operation::Order, Fault::LateEffect { ms: 30_000 });
    let order = shop.buy("rejects").await;
    assert_eq!(order.state(), OrderState::Fulfilled);
    assert_eq!(shop.charges(), 1);
    tokio::time::sleep(Duration::from_mins(5)).await;
    assert_eq!(shop.charges(), 1);
}
