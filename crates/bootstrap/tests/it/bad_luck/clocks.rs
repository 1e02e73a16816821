//! Wall clocks that are set an hour back or forward: in the process that sends, and in the one that
//! takes over.
//!
//! Each is tried with a journal that has a clock of its own, as a database server has, and with one
//! that goes by the machine's clock, as SQLite does and hence jumps with it.

use std::sync::Arc;
use std::time::Duration;

use roamport_app::{Halt, Orders, OrdersParts};
use roamport_domain::OrderId;
use roamport_domain::journal::InMemoryJournal;
use roamport_sandbox::Fault;

use super::shop::{
    Goods, Once, Shop, TestClock, carry, carry_beside, carry_telling, frozen, purchasing,
};

/// Whose clock jumps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Jumps {
    /// The process's alone: the journal is a database on another machine.
    ProcessAlone,
    /// The machine's: process and journal go by it.
    Machine,
}

/// A shop whose journal may have a clock of its own, which nothing moves. An hour is no reason to
/// give up, so that only the clocks decide.
async fn shop(goods: Goods, jumps: Jumps) -> Shop {
    let shop = Shop::in_process_with(goods, |policy| {
        policy.place_within = Duration::from_hours(10);
        policy.reconcile_for = Duration::from_hours(10);
        policy.provision_within = Duration::from_hours(10);
    })
    .await;
    if jumps == Jumps::Machine {
        return shop;
    }
    let journal = Arc::new(InMemoryJournal::new(TestClock::new()));
    let parts = OrdersParts {
        journal: journal.clone(),
        ..shop.parts.clone()
    };
    shop.with(parts)
}

const FAULTS: [Fault; 3] = [
    Fault::DropAfterEffect,
    Fault::DropBeforeEffect,
    Fault::LateEffect { ms: 200_000 },
];

/// How many calls a purchase takes that meets this fault.
fn calls(fault: &Fault) -> u64 {
    if *fault == Fault::DropBeforeEffect {
        2
    } else {
        1
    }
}

async fn every(check: impl AsyncFn(&Shop, &Fault, &str)) {
    for goods in Goods::BOTH {
        for jumps in [Jumps::ProcessAlone, Jumps::Machine] {
            for fault in FAULTS {
                let shop = shop(goods, jumps).await;
                shop.fault(fault.clone());
                check(&shop, &fault, &format!("{jumps:?}, {fault:?}")).await;
            }
        }
    }
}

/// The sender's clock jumps at several moments after its purchase call began.
async fn in_the_sender(hours: i64) {
    for after in [1, 30, 61, 230] {
        every(async |shop, fault, what| {
            let id = shop.order("stepped").await;
            let began = shop.clock.elapsed();
            let work = carry_beside(&shop.orders, id);
            tokio::time::sleep(Duration::from_secs(after)).await;
            shop.clock.step(hours);
            let order = work.await.unwrap().order;
            let what = format!("{hours} h after {after} s, {what}");
            shop.check_bought_once(&order, calls(fault), &what);
            check_patience(shop, fault, began, &what);
        })
        .await;
    }
    // Between the durable intent and the call: the window is not the one that was recorded.
    every(async |shop, fault, what| {
        let id = shop.order("stepped").await;
        let clock = shop.clock.clone();
        let observer = Once::at(purchasing, move || clock.step(hours));
        let order = carry_telling(&shop.orders, id, observer).await.order;
        let what = format!("{hours} h between intent and call, {what}");
        shop.check_bought_once(&order, calls(fault), &what);
    })
    .await;
}

/// Nothing was sent a second time before window and quiet period were over by a clock that does not
/// jump.
fn check_patience(shop: &Shop, fault: &Fault, began: Duration, what: &str) {
    if calls(fault) == 2 {
        let took = shop.clock.since(began);
        assert!(took >= shop.window_and_quiet(), "{what}: {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wall_clock_set_an_hour_back_in_the_sender_costs_nothing() {
    in_the_sender(-1).await;
}

#[tokio::test(start_paused = true)]
async fn a_wall_clock_set_an_hour_forward_in_the_sender_costs_nothing() {
    in_the_sender(1).await;
}

/// A sender dies in its purchase call; the clock of the one that takes over jumps before it comes,
/// and once more while it looks.
async fn in_the_successor(hours: i64) {
    every(async |shop, fault, what| {
        let what = format!("{hours} h, {what}");
        let id = shop.order("stepped").await;
        // The call never comes back: its process is dead.
        shop.fault(Fault::Stall {
            ms: 1_000 * 3_600 * 10_000,
        });
        let dead = carry_beside(&shop.process("dead", frozen), id);
        tokio::time::sleep(Duration::from_secs(5)).await;
        shop.clock.step(hours);
        let took_over_at = shop.clock.elapsed();
        let successor = shop.process("successor", |_| {});
        let work = tokio::spawn(async move { persist(&successor, id).await });
        tokio::time::sleep(Duration::from_secs(100)).await;
        shop.clock.step(hours);
        let order = work.await.unwrap();
        shop.check_bought_once(&order, calls(fault), &what);
        check_patience(shop, fault, took_over_at, &what);
        dead.abort();
    })
    .await;
}

/// Carries an order on however often another seems to hold it: a lease may last an hour longer on a
/// clock that went back.
async fn persist(orders: &Orders, id: OrderId) -> roamport_domain::Order {
    for _ in 0..1_000 {
        let carried = carry(orders, id).await;
        if carried.halt == Halt::Settled {
            return carried.order;
        }
        tokio::time::sleep(Duration::from_mins(1)).await;
    }
    panic!("the order was never free");
}

#[tokio::test(start_paused = true)]
async fn a_wall_clock_set_an_hour_back_in_the_one_that_takes_over_costs_nothing() {
    in_the_successor(-1).await;
}

#[tokio::test(start_paused = true)]
async fn a_wall_clock_set_an_hour_forward_in_the_one_that_takes_over_costs_nothing() {
    in_the_successor(1).await;
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_a_step_forward_cuts_short_lets_two_work_and_one_buy() {
    // The holder is alive and in its call; the other's clock says that the lease is over.
    for goods in Goods::BOTH {
        let shop = shop(goods, Jumps::Machine).await;
        let id = shop.order("stepped").await;
        shop.fault(Fault::LateVisibility { ms: 100_000 });
        shop.fault(Fault::Stall { ms: 40_000 });
        let holder = carry_beside(&shop.process("holder", |_| {}), id);
        tokio::time::sleep(Duration::from_secs(1)).await;
        shop.clock.step(1);
        let other = shop.process("other", |_| {});
        let other = tokio::spawn(async move { persist(&other, id).await });
        holder.await.unwrap();
        let order = other.await.unwrap();
        shop.check_bought_once(&order, 1, "two at work");
    }
}
