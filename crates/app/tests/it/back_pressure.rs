//! Back-pressure: while a provider leaves purchase calls unanswered, new orders wait.

use std::sync::Arc;
use std::time::Duration;

use roamport_app::Silent;
use roamport_domain::OrderId;
use roamport_domain::order::{DeferralReason, Ending, OrderState};
use roamport_sandbox::{Fault, Operation, Rule};

use crate::support::workers::{Working, at_once, orders, state, until_all};
use crate::support::{PORTUGAL_3GB, Shop, WINDOW_AND_QUIET, carry, wish};

async fn waits_for(shop: &Shop, id: OrderId) -> Option<DeferralReason> {
    let order = shop.orders.order(id).await.unwrap();
    order.deferral().and_then(|deferral| deferral.reason)
}

/// Six orders whose one purchase call got lost on its way.
async fn six_unknown(shop: &Shop) -> (Working, Vec<OrderId>) {
    shop.rule(Rule::new(Operation::Order, Fault::DropBeforeEffect).times(6));
    let unknown = orders(shop, 6).await;
    let working = Working::with(&shop.orders, at_once(8, 32), Arc::new(Silent));
    tokio::time::sleep(Duration::from_secs(5)).await;
    for id in &unknown {
        assert_eq!(state(shop, *id).await, OrderState::Reconciling);
    }
    (working, unknown)
}

#[tokio::test(start_paused = true)]
async fn new_orders_wait_while_six_are_of_unknown_outcome_and_go_when_that_is_over() {
    let shop = Shop::careless();
    let (working, unknown) = six_unknown(&shop).await;
    let mut new = Vec::new();
    for number in 0..10 {
        new.push(
            shop.order(&wish(PORTUGAL_3GB, 1), &format!("new {number}"))
                .await,
        );
    }
    tokio::time::sleep(WINDOW_AND_QUIET.saturating_sub(Duration::from_secs(20))).await;
    for id in &new {
        assert_eq!(state(&shop, *id).await, OrderState::Requested);
        assert_eq!(
            waits_for(&shop, *id).await,
            Some(DeferralReason::BackPressure)
        );
    }
    assert_eq!((shop.charges(), shop.purchase_calls()), (0, 6));
    until_all(&shop, &unknown, OrderState::Fulfilled).await;
    until_all(&shop, &new, OrderState::Fulfilled).await;
    working.stop().await;
    assert_eq!((shop.charges(), shop.purchase_calls()), (16, 22));
    // They were not all let go of in one moment.
    let charged: std::collections::BTreeSet<Duration> = shop.charged_at().into_iter().collect();
    assert!(charged.len() > 8, "{charged:?}");
}

#[tokio::test(start_paused = true)]
async fn five_of_unknown_outcome_hold_nothing_back() {
    let shop = Shop::careless();
    shop.rule(Rule::new(Operation::Order, Fault::DropBeforeEffect).times(5));
    let unknown = orders(&shop, 5).await;
    let working = Working::start(&shop.orders);
    tokio::time::sleep(Duration::from_secs(5)).await;
    let new = shop.order(&wish(PORTUGAL_3GB, 1), "new").await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(state(&shop, new).await, OrderState::Fulfilled);
    assert_eq!(state(&shop, unknown[0]).await, OrderState::Reconciling);
    working.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_minute_of_unanswered_calls_holds_new_orders_back_although_all_were_found() {
    let shop = Shop::careless();
    let answered = orders(&shop, 8).await;
    let working = Working::start(&shop.orders);
    until_all(&shop, &answered, OrderState::Fulfilled).await;
    shop.rule(Rule::new(Operation::Order, Fault::DropAfterEffect).times(3));
    let mut lost = Vec::new();
    for number in 0..3 {
        lost.push(
            shop.order(&wish(PORTUGAL_3GB, 1), &format!("lost {number}"))
                .await,
        );
    }
    until_all(&shop, &lost, OrderState::Fulfilled).await;
    let began = shop.clock.elapsed();
    assert!(began < Duration::from_secs(20), "{began:?}");
    let new = shop.order(&wish(PORTUGAL_3GB, 1), "new").await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(state(&shop, new).await, OrderState::Requested);
    assert_eq!(
        waits_for(&shop, new).await,
        Some(DeferralReason::BackPressure)
    );
    until_all(&shop, &[new], OrderState::Fulfilled).await;
    // The calls were found, so that they count as answered; it is the minute that had to pass.
    assert!(shop.clock.elapsed() < Duration::from_mins(2));
    working.stop().await;
    assert_eq!((shop.charges(), shop.purchase_calls()), (12, 12));
}

#[tokio::test(start_paused = true)]
async fn an_order_that_waited_its_time_out_was_never_sent() {
    // The provider stays as it is: whoever is sent again is lost again, and is parked in the end.
    let shop = Shop::careless().under(|policy| policy.place_within = Duration::from_mins(3));
    let (working, _) = six_unknown(&shop).await;
    let new = shop.order(&wish(PORTUGAL_3GB, 1), "new").await;
    until_all(&shop, &[new], OrderState::Failed).await;
    working.stop().await;
    let order = shop.orders.order(new).await.unwrap();
    assert_eq!(order.ending(), Some(&Ending::Expired));
    assert_eq!(order.attempts(), []);
    assert_eq!((shop.charges(), shop.purchase_calls()), (0, 6));
}

#[tokio::test(start_paused = true)]
async fn whoever_buys_for_a_person_waits_as_well() {
    let shop = Shop::careless();
    let (working, _) = six_unknown(&shop).await;
    let id = shop.order(&wish(PORTUGAL_3GB, 1), "by hand").await;
    let by_hand = shop.process("command line", |_| {});
    let carried = carry(&by_hand, id).await;
    assert_eq!(carried.order.state(), OrderState::Fulfilled);
    assert!(shop.clock.elapsed() >= WINDOW_AND_QUIET);
    let names = shop.names_of_events(id).await;
    assert!(names.contains(&"deferred"), "{names:?}");
    working.stop().await;
}
