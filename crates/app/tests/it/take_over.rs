//! Several processes on one journal: one drives, another takes over once the lease is over, and an
//! owner that wakes late drops no answer.

use std::time::Duration;

use roamport_app::Halt;
use roamport_domain::order::{AttemptState, AttentionReason, Doubt, OrderState};
use roamport_sandbox::{Fault, Operation};

use crate::support::{
    PORTUGAL_3GB, Shop, WINDOW_AND_QUIET, carry, carry_beside, frozen, usd, wish,
};

/// A call that a dead process never hears of again.
const FOR_EVER: u64 = 30 * 24 * 3_600 * 1_000;

#[tokio::test(start_paused = true)]
async fn an_order_that_is_worked_on_is_left_alone() {
    let shop = Shop::careless();
    shop.fault(Operation::Order, Fault::Stall { ms: 300_000 });
    let id = shop.order(&wish(PORTUGAL_3GB, 1), "held").await;
    let holder = carry_beside(&shop.orders, id);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let carried = carry(&shop.process("another", |_| {}), id).await;
    assert_eq!(
        (carried.order.state(), carried.halt),
        (OrderState::Placing, Halt::HeldElsewhere)
    );
    // It waited as long as the lease of a dead process could have lasted.
    let waited = shop.clock.elapsed();
    assert!(
        (Duration::from_secs(31)..Duration::from_secs(35)).contains(&waited),
        "{waited:?}"
    );
    let carried = holder.await.unwrap();
    assert_eq!(
        (carried.order.state(), carried.halt),
        (OrderState::Fulfilled, Halt::Settled)
    );
    assert_eq!((shop.charges(), shop.purchase_calls()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_process_killed_between_the_charge_and_the_answer_is_taken_over_within_the_lease() {
    let shop = Shop::careless();
    shop.fault(Operation::Order, Fault::Stall { ms: FOR_EVER });
    let id = shop.order(&wish(PORTUGAL_3GB, 1), "killed").await;
    let dead = carry_beside(&shop.process("dead", frozen), id);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(shop.charges(), 1);
    let carried = shop.carry(id).await;
    assert_eq!(
        (carried.order.state(), carried.halt),
        (OrderState::Fulfilled, Halt::Settled)
    );
    assert_eq!((shop.charges(), shop.purchase_calls()), (1, 1));
    let waited = shop.clock.elapsed();
    assert!(
        (Duration::from_secs(30)..Duration::from_secs(36)).contains(&waited),
        "{waited:?}"
    );
    let names = shop.names_of_events(id).await;
    assert!(names.contains(&"placement_abandoned"), "{names:?}");
    dead.abort();
}

#[tokio::test(start_paused = true)]
async fn whoever_takes_over_watches_anew_before_anything_is_sent_again() {
    // The process dies between the intent and the call. By the time another one comes, window and
    // quiet period are long over on the journal's clock; what happened meanwhile nobody has seen.
    let shop = Shop::careless().under(|policy| policy.place_within = Duration::from_hours(2));
    shop.fault(Operation::Order, Fault::DropBeforeEffect);
    shop.fault(Operation::Order, Fault::Stall { ms: FOR_EVER });
    let id = shop.order(&wish(PORTUGAL_3GB, 1), "killed").await;
    let dead = carry_beside(&shop.process("dead", frozen), id);
    let idle = Duration::from_mins(20);
    tokio::time::sleep(idle).await;
    let carried = shop.carry(id).await;
    assert_eq!(carried.order.state(), OrderState::Fulfilled);
    assert_eq!((shop.charges(), shop.purchase_calls()), (1, 2));
    assert!(
        shop.charged_at()[0] >= idle + WINDOW_AND_QUIET,
        "{:?}",
        shop.charged_at()
    );
    dead.abort();
}

#[tokio::test(start_paused = true)]
async fn a_process_killed_during_provisioning_is_taken_over_and_its_profile_read() {
    let shop = Shop::careless();
    shop.fault(Operation::Apply, Fault::Stall { ms: FOR_EVER });
    let id = shop.order(&wish(PORTUGAL_3GB, 1), "killed").await;
    let dead = carry_beside(&shop.process("dead", frozen), id);
    tokio::time::sleep(Duration::from_secs(40)).await;
    assert_eq!(shop.carry(id).await.order.state(), OrderState::Fulfilled);
    assert_eq!((shop.charges(), shop.world.calls(Operation::Apply)), (1, 1));
    dead.abort();
}

#[tokio::test(start_paused = true)]
async fn a_frozen_owner_that_wakes_with_a_paid_answer_records_it_although_all_is_done() {
    let shop = Shop::careless();
    shop.fault(Operation::Order, Fault::Stall { ms: 600_000 });
    let id = shop.order(&wish(PORTUGAL_3GB, 1), "frozen").await;
    let sleeper = carry_beside(&shop.process("frozen", frozen), id);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(shop.carry(id).await.order.state(), OrderState::Fulfilled);
    assert_eq!(
        shop.orders.order(id).await.unwrap().attempts()[0].state,
        AttemptState::Abandoned
    );
    let woken = sleeper.await.unwrap();
    assert_eq!(woken.halt, Halt::HeldElsewhere);
    assert_eq!(woken.order.state(), OrderState::Fulfilled);
    let paid = &woken.order.placed().unwrap().id;
    assert_eq!(
        woken.order.attempts()[0].state,
        AttemptState::Placed {
            order: paid.clone()
        }
    );
    assert_eq!(
        (woken.order.open_attention().count(), shop.charges()),
        (0, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_frozen_owner_that_wakes_while_another_still_looks_ends_the_search() {
    let shop = Shop::careless();
    shop.fault(Operation::Order, Fault::Stall { ms: 100_000 });
    shop.fault(Operation::Order, Fault::LateVisibility { ms: 100_000_000 });
    let id = shop.order(&wish(PORTUGAL_3GB, 1), "frozen").await;
    let sleeper = carry_beside(&shop.process("frozen", frozen), id);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let searcher = carry_beside(&shop.orders, id);
    let (woken, ended) = (sleeper.await.unwrap(), searcher.await.unwrap());
    assert_eq!(woken.halt, Halt::HeldElsewhere);
    let paid = shop.world.ledger().unwrap()[0].order_id.clone();
    assert_eq!(woken.order.placed().unwrap().id.as_str(), paid);
    // Whoever lost the race let go; somebody carries it on, and nothing is sent again.
    if ended.halt == Halt::HeldElsewhere {
        shop.carry(id).await;
    }
    assert_eq!(
        shop.orders.order(id).await.unwrap().state(),
        OrderState::Fulfilled
    );
    assert_eq!((shop.charges(), shop.purchase_calls()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_second_charge_that_comes_to_light_is_shown_with_both_ids() {
    // A look-up that lags longer than every period allows: the one thing nobody can exclude.
    let shop = Shop::careless();
    shop.fault(Operation::Order, Fault::Stall { ms: 1_200_000 });
    shop.fault(Operation::Order, Fault::LateVisibility { ms: 100_000_000 });
    let id = shop.order(&wish(PORTUGAL_3GB, 1), "twice").await;
    let sleeper = carry_beside(&shop.process("frozen", frozen), id);
    tokio::time::sleep(Duration::from_secs(1)).await;
    // Funds are added in between, so that the wallet does not tell either.
    shop.world.set_balance(usd("10000").amount()).unwrap();
    assert_eq!(shop.carry(id).await.order.state(), OrderState::Fulfilled);
    assert_eq!(shop.charges(), 2);
    assert!(shop.charged_at()[1] >= shop.charged_at()[0] + WINDOW_AND_QUIET);

    let order = sleeper.await.unwrap().order;
    assert_eq!(order.state(), OrderState::NeedsAttention);
    let ledger = shop.world.ledger().unwrap();
    assert_eq!(order.placed().unwrap().id.as_str(), ledger[1].order_id);
    assert!(
        matches!(
            order.open_attention().collect::<Vec<_>>()[..],
            [AttentionReason::SecondCharge { order }] if order.as_str() == ledger[0].order_id
        ),
        "{:?}",
        order.attention()
    );
}

#[tokio::test(start_paused = true)]
async fn a_charge_that_no_look_up_shows_is_noticed_in_the_wallet() {
    let shop = Shop::careless();
    shop.fault(Operation::Order, Fault::Stall { ms: 1_200_000 });
    shop.fault(Operation::Order, Fault::LateVisibility { ms: 100_000_000 });
    let id = shop.order(&wish(PORTUGAL_3GB, 1), "once").await;
    let sleeper = carry_beside(&shop.process("frozen", frozen), id);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let order = shop.carry(id).await.order;
    assert_eq!(order.state(), OrderState::NeedsAttention);
    assert_eq!(order.look_ups().last_doubt, Some(Doubt::Wallet));
    assert_eq!((shop.charges(), shop.purchase_calls()), (1, 1));
    // The answer that comes at last is the order's.
    sleeper.await.unwrap();
    let order = shop.carry(id).await.order;
    assert_eq!(order.state(), OrderState::Fulfilled);
    assert_eq!(shop.charges(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_claim_lost_before_the_purchase_means_no_purchase() {
    // The owner sleeps through its lease while it reads the package; the other one buys meanwhile.
    let shop = Shop::careless();
    let id = shop.order(&wish(PORTUGAL_3GB, 1), "slow").await;
    shop.fault(Operation::Packages, Fault::Stall { ms: 120_000 });
    let sleeper = carry_beside(&shop.process("frozen", frozen), id);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(shop.carry(id).await.order.state(), OrderState::Fulfilled);
    let woken = sleeper.await.unwrap();
    assert_eq!(
        (woken.halt, woken.order.state()),
        (Halt::HeldElsewhere, OrderState::Fulfilled)
    );
    assert_eq!((shop.charges(), shop.purchase_calls()), (1, 1));
}
