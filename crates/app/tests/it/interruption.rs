//! Whoever waits goes away: asked to stop, out of time, or dropped. Nothing is lost, nothing doubled.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use roamport_app::{Halt, Progress, Silent, StopSignal, Stopper};
use roamport_domain::order::{OrderState, Waiting};
use roamport_sandbox::{Fault, Lasting, Operation};

use crate::support::{Listener, PORTUGAL_3GB, Shop, wish};

#[tokio::test(start_paused = true)]
async fn an_order_stopped_during_provisioning_is_carried_on_without_a_second_charge() {
    let shop = Shop::careless();
    let pending = Lasting::Milliseconds(90_000);
    shop.fault(Operation::Apply, Fault::PendingProfile { ms: pending });
    let id = shop.order(&wish(PORTUGAL_3GB, 2), "interrupted").await;
    let (listener, signal) = Listener::stopping(|progress| {
        matches!(
            progress,
            Progress::Waiting {
                waiting: Waiting::Profile,
                ..
            }
        )
    });
    let carried = shop.orders.carry_on(id, listener, signal).await.unwrap();
    assert_eq!(
        (carried.order.state(), carried.halt),
        (OrderState::Provisioning, Halt::Stopped)
    );
    let carried = shop.carry(id).await;
    assert_eq!(
        (carried.order.state(), carried.halt),
        (OrderState::Fulfilled, Halt::Settled)
    );
    assert_eq!((shop.charges(), shop.purchase_calls()), (1, 1));
    // Both profiles were asked for at most twice: the calls in flight were let go of.
    assert!(shop.world.calls(Operation::Apply) <= 4);
}

#[tokio::test(start_paused = true)]
async fn an_order_stopped_at_each_state_in_turn_is_carried_on_to_its_end() {
    let states: [fn(&Progress) -> bool; 4] = [
        |progress| matches!(progress, Progress::State(OrderState::Placing)),
        |progress| matches!(progress, Progress::State(OrderState::Reconciling)),
        |progress| matches!(progress, Progress::LookingUp),
        |progress| matches!(progress, Progress::State(OrderState::Provisioning)),
    ];
    for at in states {
        let shop = Shop::careless();
        shop.fault(Operation::Order, Fault::LateVisibility { ms: 20_000 });
        shop.fault(Operation::Order, Fault::DropAfterEffect);
        let id = shop.order(&wish(PORTUGAL_3GB, 1), "interrupted").await;
        let (listener, signal) = Listener::stopping(at);
        let carried = shop.orders.carry_on(id, listener, signal).await.unwrap();
        assert_eq!(carried.halt, Halt::Stopped);
        assert!(!carried.order.state().is_settled());
        assert!(carried.order.money_may_have_moved());
        assert_eq!(shop.carry(id).await.order.state(), OrderState::Fulfilled);
        assert_eq!((shop.charges(), shop.purchase_calls()), (1, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_purchase_call_in_flight_is_waited_for_although_somebody_asked_to_stop() {
    let shop = Shop::careless();
    shop.fault(Operation::Order, Fault::Stall { ms: 40_000 });
    let id = shop.order(&wish(PORTUGAL_3GB, 1), "in flight").await;
    let (stopper, signal) = Stopper::new();
    let work = shop.orders.carry_on(id, Arc::new(Silent), signal);
    let (carried, ()) = tokio::join!(work, async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        stopper.stop();
    });
    let carried = carried.unwrap();
    assert_eq!(carried.halt, Halt::Stopped);
    assert_eq!(
        carried.order.state(),
        OrderState::Provisioning,
        "the answer is recorded"
    );
    assert_eq!(shop.clock.elapsed(), Duration::from_secs(40));
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_wait_is_told_apart_from_being_asked_to_stop() {
    let shop = Shop::careless();
    shop.fault(
        Operation::Apply,
        Fault::PendingProfile {
            ms: Lasting::ForEver,
        },
    );
    let id = shop.order(&wish(PORTUGAL_3GB, 1), "patient").await;
    let signal = StopSignal::never().after(Duration::from_secs(20));
    let carried = shop
        .orders
        .carry_on(id, Arc::new(Silent), signal)
        .await
        .unwrap();
    assert_eq!(
        (carried.order.state(), carried.halt),
        (OrderState::Provisioning, Halt::TimeUp)
    );
    assert_eq!(shop.clock.elapsed().as_secs(), 20);
}

#[tokio::test(start_paused = true)]
async fn without_any_time_an_order_is_recorded_and_not_bought() {
    let shop = Shop::careless();
    let id = shop.order(&wish(PORTUGAL_3GB, 1), "recorded").await;
    let signal = StopSignal::never().after(Duration::ZERO);
    let carried = shop
        .orders
        .carry_on(id, Arc::new(Silent), signal)
        .await
        .unwrap();
    assert_eq!(
        (carried.order.state(), carried.halt),
        (OrderState::Requested, Halt::TimeUp)
    );
    let (stopper, signal) = Stopper::new();
    stopper.stop();
    let carried = shop
        .orders
        .carry_on(id, Arc::new(Silent), signal)
        .await
        .unwrap();
    assert_eq!(
        (carried.order.state(), carried.halt),
        (OrderState::Requested, Halt::Stopped)
    );
    assert_eq!((shop.charges(), shop.purchase_calls()), (0, 0));
    assert_eq!(shop.carry(id).await.order.state(), OrderState::Fulfilled);
}

#[tokio::test(start_paused = true)]
async fn a_stopper_that_is_dropped_stops_nothing() {
    let shop = Shop::careless();
    let id = shop.order(&wish(PORTUGAL_3GB, 1), "dropped").await;
    let (stopper, signal) = Stopper::new();
    drop(stopper);
    let carried = shop
        .orders
        .carry_on(id, Arc::new(Silent), signal)
        .await
        .unwrap();
    assert_eq!(carried.halt, Halt::Settled);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_future_of_a_caller_cancels_no_purchase() {
    let shop = Shop::careless();
    shop.fault(Operation::Order, Fault::Stall { ms: 30_000 });
    let id = shop.order(&wish(PORTUGAL_3GB, 1), "dropped").await;
    {
        let work = shop
            .orders
            .carry_on(id, Arc::new(Silent), StopSignal::never());
        tokio::pin!(work);
        let time_out = tokio::time::timeout(Duration::from_secs(3), &mut work);
        assert!(time_out.await.is_err(), "the call is in flight");
        assert!(work.now_or_never().is_none());
    }
    assert_eq!(
        shop.orders.order(id).await.unwrap().state(),
        OrderState::Placing
    );
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(
        shop.orders.order(id).await.unwrap().state(),
        OrderState::Fulfilled
    );
    assert_eq!((shop.charges(), shop.purchase_calls()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn whoever_stops_while_another_process_holds_the_order_is_told_so_at_once() {
    let shop = Shop::careless();
    shop.fault(Operation::Order, Fault::Stall { ms: 300_000 });
    let id = shop.order(&wish(PORTUGAL_3GB, 1), "held").await;
    let holder = crate::support::carry_beside(&shop.orders, id);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let other = shop.process("another", |_| {});
    let (listener, signal) =
        Listener::stopping(|progress| matches!(progress, Progress::HeldElsewhere));
    let carried = other.carry_on(id, listener, signal).await.unwrap();
    assert_eq!(
        (carried.order.state(), carried.halt),
        (OrderState::Placing, Halt::Stopped)
    );
    assert!(shop.clock.elapsed() < Duration::from_secs(3));
    assert_eq!(holder.await.unwrap().order.state(), OrderState::Fulfilled);
}
