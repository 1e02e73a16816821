//! Wall clocks that are stepped while an order waits: no step costs money.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::SignedDuration;
use roamport_app::{Observer, Progress, StopSignal};
use roamport_domain::OrderId;
use roamport_domain::journal::InMemoryJournal;
use roamport_domain::order::OrderState;
use roamport_sandbox::{Fault, Operation};

use crate::support::{PORTUGAL_3GB, Shop, TestClock, WINDOW_AND_QUIET, carry_beside, wish};

/// An hour is no reason to give up, so that only the two clocks decide.
fn patient() -> Shop {
    Shop::careless().under(|policy| {
        policy.place_within = Duration::from_hours(10);
        policy.reconcile_for = Duration::from_hours(10);
    })
}

/// Has the wall clock stepped by so many hours, this long after the work began.
async fn stepped(shop: &Shop, hours: i64, after: Duration) -> OrderState {
    let id = shop.order(&wish(PORTUGAL_3GB, 1), "stepped").await;
    let work = carry_beside(&shop.orders, id);
    tokio::time::sleep(after).await;
    shop.clock.step(SignedDuration::from_hours(hours));
    work.await.unwrap().order.state()
}

#[tokio::test(start_paused = true)]
async fn a_wall_clock_set_forward_does_not_shorten_the_quiet_period() {
    for after in [1, 30, 61, 120] {
        let shop = patient();
        shop.fault(Operation::Order, Fault::LateEffect { ms: 200_000 });
        let state = stepped(&shop, 1, Duration::from_secs(after)).await;
        assert_eq!(state, OrderState::Fulfilled, "after {after} s");
        assert_eq!(
            (shop.charges(), shop.purchase_calls()),
            (1, 1),
            "after {after} s"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_wall_clock_set_forward_does_not_hasten_the_second_call() {
    let shop = patient();
    shop.fault(Operation::Order, Fault::DropBeforeEffect);
    assert_eq!(
        stepped(&shop, 1, Duration::from_secs(30)).await,
        OrderState::Fulfilled
    );
    assert_eq!((shop.charges(), shop.purchase_calls()), (1, 2));
    assert!(
        shop.charged_at()[0] >= WINDOW_AND_QUIET,
        "{:?}",
        shop.charged_at()
    );
}

#[tokio::test(start_paused = true)]
async fn a_wall_clock_set_back_neither_doubles_nor_loses_a_charge() {
    for fault in [
        Fault::DropAfterEffect,
        Fault::DropBeforeEffect,
        Fault::LateEffect { ms: 200_000 },
    ] {
        for after in [1, 30, 61, 230] {
            let shop = patient();
            shop.fault(Operation::Order, fault.clone());
            let state = stepped(&shop, -1, Duration::from_secs(after)).await;
            assert_eq!(state, OrderState::Fulfilled, "{fault:?} after {after} s");
            assert_eq!(shop.charges(), 1, "{fault:?} after {after} s");
            // A second call waits until the wall clock, too, says that the time is over. To look
            // for the first one needs no clock.
            let minutes = if fault == Fault::DropBeforeEffect {
                70
            } else {
                5
            };
            let waited = shop.clock.elapsed();
            assert!(
                waited < Duration::from_mins(minutes),
                "{fault:?} after {after} s: {waited:?}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn under_the_usual_policy_a_step_forward_asks_a_person_and_the_next_look_settles_it() {
    let shop = Shop::careless();
    shop.fault(Operation::Order, Fault::LateEffect { ms: 200_000 });
    let state = stepped(&shop, 1, Duration::from_secs(30)).await;
    assert_eq!(state, OrderState::NeedsAttention);
    tokio::time::sleep(Duration::from_mins(10)).await;
    let [unfinished] = &shop.orders.unfinished().await.unwrap()[..] else {
        panic!("one order")
    };
    let order = shop.carry(unfinished.id).await.order;
    assert_eq!(
        (order.state(), order.open_attention().count()),
        (OrderState::Fulfilled, 0)
    );
    assert_eq!((shop.charges(), shop.purchase_calls()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_journal_whose_clock_is_an_hour_ahead_or_behind_changes_nothing() {
    for hours in [-1, 1] {
        let shop = patient();
        let clock = TestClock::new();
        clock.step(SignedDuration::from_hours(hours));
        let journal = Arc::new(InMemoryJournal::new(clock));
        let orders = shop.process("elsewhere", |parts| {
            parts.journal = journal.clone();
            parts.profiles = journal.clone();
        });
        let shop = Shop {
            journal,
            orders,
            ..shop
        };
        shop.fault(Operation::Order, Fault::DropBeforeEffect);
        assert_eq!(shop.buy("apart").await.state(), OrderState::Fulfilled);
        assert_eq!((shop.charges(), shop.purchase_calls()), (1, 2));
        let at = shop.charged_at()[0];
        assert!(
            at >= WINDOW_AND_QUIET && at < Duration::from_mins(8),
            "{at:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_set_back_before_the_call_sends_nothing_outside_its_window() {
    // The wall clock goes back for good while the order waits to be sent: its window is one of the
    // new time, and the purchase happens once.
    let shop = patient();
    let id = shop.order(&wish(PORTUGAL_3GB, 1), "early").await;
    shop.fault(Operation::Balance, Fault::HtmlError { status: 503 });
    let work = carry_beside(&shop.orders, id);
    tokio::time::sleep(Duration::from_secs(1)).await;
    shop.clock.step(SignedDuration::from_hours(-1));
    assert_eq!(work.await.unwrap().order.state(), OrderState::Fulfilled);
    assert_eq!((shop.charges(), shop.purchase_calls()), (1, 1));
}

/// Has the wall clock stepped between the durable intent and the call, once.
#[derive(Debug)]
struct StepsAtTheCall {
    clock: Arc<TestClock>,
    hours: i64,
    done: AtomicBool,
}

impl Observer for StepsAtTheCall {
    fn notice(&self, _: OrderId, progress: &Progress) {
        if matches!(progress, Progress::Purchasing { .. })
            && !self.done.swap(true, Ordering::Relaxed)
        {
            self.clock.step(SignedDuration::from_hours(self.hours));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_between_intent_and_call_sends_nothing_and_counts_as_no_attempt() {
    for hours in [-1, 1] {
        let shop = patient();
        let id = shop.order(&wish(PORTUGAL_3GB, 1), "stepped").await;
        let clock = shop.clock.clone();
        let observer = StepsAtTheCall {
            clock,
            hours,
            done: AtomicBool::new(false),
        };
        let work = shop
            .orders
            .carry_on(id, Arc::new(observer), StopSignal::never());
        let order = work.await.unwrap().order;
        assert_eq!(order.state(), OrderState::Fulfilled);
        assert_eq!((order.attempts().len(), order.counted_attempts()), (2, 1));
        assert_eq!((shop.charges(), shop.purchase_calls()), (1, 1));
    }
}
