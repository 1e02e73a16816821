//! Several workers on one journal, with a provider that has bad days: one charge for each order.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use roamport_app::orders::{Placement, Terms};
use roamport_app::{BackPressurePolicy, Silent};
use roamport_domain::OrderId;
use roamport_domain::order::{AttemptState, OrderState};
use roamport_sandbox::{Fault, Operation, Rule};

use crate::support::workers::{Working, at_once, orders, state, until_all};
use crate::support::{PORTUGAL_3GB, Shop, frozen, key, wish};

/// A call that a dead process never hears of again.
const FOR_EVER: u64 = 30 * 24 * 3_600 * 1_000;

/// Every order has one charge, and every charge an order.
async fn one_charge_each(shop: &Shop, ids: &[OrderId]) {
    let ledger = shop.world.ledger().unwrap();
    let charged: BTreeSet<String> = ledger
        .iter()
        .map(|charge| charge.order_id.clone())
        .collect();
    assert_eq!(charged.len(), ledger.len(), "a charge counts twice");
    let mut placed = BTreeSet::new();
    for id in ids {
        let order = shop.orders.order(*id).await.unwrap();
        placed.insert(order.placed().unwrap().id.as_str().to_owned());
    }
    assert_eq!((placed.len(), placed), (ids.len(), charged));
}

#[tokio::test(start_paused = true)]
async fn two_workers_settle_a_hundred_orders_at_a_faulty_provider_with_one_charge_each() {
    let shop =
        Shop::with_balance("100000").under(|policy| policy.place_within = Duration::from_hours(2));
    let ids = orders(&shop, 100).await;
    let on_order = |fault, skip, times| {
        shop.rule(Rule::new(Operation::Order, fault).skip(skip).times(times));
    };
    let status = |status| Fault::StatusAfterEffect {
        status,
        body: None,
        retry_after: None,
    };
    on_order(Fault::DropAfterEffect, 3, 2);
    on_order(Fault::DropBeforeEffect, 7, 2);
    on_order(Fault::LateEffect { ms: 30_000 }, 12, 2);
    on_order(status(500), 15, 2);
    on_order(Fault::BrokenJson, 20, 1);
    on_order(
        Fault::RateLimit {
            retry_after: Some(20),
        },
        25,
        3,
    );
    on_order(Fault::Stall { ms: 45_000 }, 30, 3);
    let elsewhere = |on: Operation, skip, times| {
        let fault = Fault::DropBeforeEffect;
        shop.rule(Rule::new(on, fault).skip(skip).times(times));
    };
    elsewhere(Operation::Orders, 10, 5);
    elsewhere(Operation::Packages, 20, 5);
    elsewhere(Operation::Apply, 5, 5);
    elsewhere(Operation::Balance, 8, 4);

    let workers = ["first", "second"].map(|name| {
        let process = shop.process(name, |_| {});
        Working::with(&process, at_once(8, 32), Arc::new(Silent))
    });
    until_all(&shop, &ids, OrderState::Fulfilled).await;
    for worker in workers {
        worker.stop().await;
    }
    assert_eq!(shop.charges(), 100);
    one_charge_each(&shop, &ids).await;
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_died_in_a_purchase_call_is_taken_over_within_the_lease_and_a_second() {
    let shop = Shop::careless();
    shop.fault(Operation::Order, Fault::Stall { ms: FOR_EVER });
    let ids = orders(&shop, 1).await;
    let dead = Working::start(&shop.process("dead", frozen));
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(state(&shop, ids[0]).await, OrderState::Placing);
    let claimed_by = shop.clock.elapsed();
    let alive = Working::start(&shop.process("alive", |_| {}));
    tokio::time::sleep(Duration::from_secs(31).saturating_sub(claimed_by)).await;
    let order = shop.orders.order(ids[0]).await.unwrap();
    assert_eq!(order.attempts()[0].state, AttemptState::Abandoned);
    until_all(&shop, &ids, OrderState::Fulfilled).await;
    alive.stop().await;
    dead.abandon();
    assert_eq!((shop.charges(), shop.purchase_calls()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_died_while_it_watched_is_taken_over_at_once_and_the_watch_begins_anew() {
    let shop = Shop::careless();
    shop.fault(Operation::Order, Fault::DropBeforeEffect);
    let ids = orders(&shop, 1).await;
    let dead = Working::start(&shop.process("dead", frozen));
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert_eq!(state(&shop, ids[0]).await, OrderState::Reconciling);
    dead.abandon();
    let alive = Working::start(&shop.process("alive", |_| {}));
    until_all(&shop, &ids, OrderState::Fulfilled).await;
    alive.stop().await;
    assert_eq!((shop.charges(), shop.purchase_calls()), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_lease_lost_while_a_call_runs_drops_no_answer_and_buys_nothing_twice() {
    let shop = Shop::careless();
    shop.fault(Operation::Order, Fault::Stall { ms: 100_000 });
    shop.fault(Operation::Order, Fault::LateVisibility { ms: 100_000_000 });
    let ids = orders(&shop, 1).await;
    let sleeper = Working::start(&shop.process("frozen", frozen));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let searcher = Working::start(&shop.process("searcher", |_| {}));
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(state(&shop, ids[0]).await, OrderState::Reconciling);
    // The late answer ends the search: whoever searches goes on with what it now knows.
    until_all(&shop, &ids, OrderState::Fulfilled).await;
    assert!(shop.clock.elapsed() < Duration::from_secs(100 + 45));
    searcher.stop().await;
    sleeper.stop().await;
    assert_eq!((shop.charges(), shop.purchase_calls()), (1, 1));
    let order = shop.orders.order(ids[0]).await.unwrap();
    assert!(matches!(
        order.attempts()[0].state,
        AttemptState::Placed { .. }
    ));
}

#[tokio::test(start_paused = true)]
async fn a_hundred_callers_with_one_key_beside_two_workers_make_one_order_and_one_charge() {
    let shop = Shop::careless();
    let workers = ["first", "second"].map(|name| Working::start(&shop.process(name, |_| {})));
    let quote = shop.orders.quote(&wish(PORTUGAL_3GB, 1)).await.unwrap();
    let terms = Terms {
        key: Some(key("one wish")),
        ..Terms::default()
    };
    let callers = (0..100).map(|_| async {
        match shop.orders.place(&quote, &terms).await.unwrap() {
            Placement::New(order) | Placement::Continued(order) => order.id(),
            Placement::Unfinished(_) => unreachable!("a key was given"),
        }
    });
    let ids: BTreeSet<OrderId> = join_all(callers).await.into_iter().collect();
    assert_eq!(ids.len(), 1);
    let ids: Vec<OrderId> = ids.into_iter().collect();
    until_all(&shop, &ids, OrderState::Fulfilled).await;
    for worker in workers {
        worker.stop().await;
    }
    assert_eq!((shop.charges(), shop.purchase_calls()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_stopped_worker_leaves_its_orders_to_the_others_at_once() {
    let shop = Shop::careless();
    shop.fault(Operation::Order, Fault::DropAfterEffect);
    shop.fault(Operation::Order, Fault::LateVisibility { ms: 60_000 });
    let ids = orders(&shop, 1).await;
    let first = Working::start(&shop.process("first", |_| {}));
    tokio::time::sleep(Duration::from_secs(10)).await;
    let second = Working::start(&shop.process("second", |_| {}));
    first.ask_to_stop();
    first.stop().await;
    until_all(&shop, &ids, OrderState::Fulfilled).await;
    assert!(shop.clock.elapsed() < Duration::from_secs(60 + 45));
    second.stop().await;
    assert_eq!((shop.charges(), shop.purchase_calls()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn workers_whose_limits_let_everything_through_still_charge_each_order_once() {
    let shop = Shop::with_balance("100000");
    shop.rule(Rule::new(Operation::Order, Fault::DropAfterEffect).for_ever());
    let ids = orders(&shop, 30).await;
    let anything = BackPressurePolicy {
        reconciling: u64::MAX,
        share_percent: 100,
        calls: 1,
    };
    let process = shop.process("eager", |_| {}).with_back_pressure(anything);
    let working = Working::start(&process);
    until_all(&shop, &ids, OrderState::Fulfilled).await;
    working.stop().await;
    assert_eq!(shop.purchase_calls(), 30);
    one_charge_each(&shop, &ids).await;
}
