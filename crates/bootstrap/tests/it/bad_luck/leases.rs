//! Leases that end while their holder still works: it lost the order, and drops no answer.

use std::time::Duration;

use roamport_app::Halt;
use roamport_domain::order::{AttemptState, OrderState};
use roamport_sandbox::Fault;
use rust_decimal::Decimal;

use super::shop::{Goods, Shop, carry, carry_beside, frozen};

/// Long after every lease, and after a take-over has found what there is.
const LONG: u64 = 20 * 60 * 1_000;

#[tokio::test(start_paused = true)]
async fn a_lease_lost_while_a_call_runs_costs_nothing_and_drops_no_answer() {
    for goods in Goods::BOTH {
        let shop = Shop::in_process(goods).await;
        let id = shop.order("lost lease").await;
        // The call hangs far longer than the lease, and nothing comes of it.
        shop.fault(Fault::DropBeforeEffect);
        shop.fault(Fault::Stall { ms: LONG });
        let holder = carry_beside(&shop.process("holder", frozen), id);
        tokio::time::sleep(Duration::from_secs(1)).await;
        let began = shop.clock.elapsed();
        let order = carry(&shop.orders, id).await.order;
        shop.check_bought_once(&order, 2, "taken over");
        let took = shop.clock.since(began);
        assert!(took >= shop.window_and_quiet(), "{goods:?}: {took:?}");

        let woken = holder.await.unwrap();
        assert_eq!(woken.halt, Halt::HeldElsewhere, "{goods:?}");
        shop.check_bought_once(&woken.order, 2, "and after the holder's answer");
        let told = &woken.order.attempts()[0].state;
        assert!(
            matches!(told, AttemptState::Ambiguous { .. }),
            "{goods:?}: the answer was recorded: {told:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_frozen_owner_that_wakes_with_a_paid_answer_records_it() {
    for goods in Goods::BOTH {
        let shop = Shop::in_process(goods).await;
        let id = shop.order("frozen").await;
        shop.fault(Fault::Stall { ms: LONG });
        let sleeper = carry_beside(&shop.process("sleeper", frozen), id);
        tokio::time::sleep(Duration::from_secs(1)).await;
        let order = carry(&shop.orders, id).await.order;
        shop.check_bought_once(&order, 1, "taken over");
        assert_eq!(order.attempts()[0].state, AttemptState::Abandoned);

        let woken = sleeper.await.unwrap();
        assert_eq!(woken.halt, Halt::HeldElsewhere, "{goods:?}");
        shop.check_bought_once(&woken.order, 1, "and after the sleeper's answer");
        let paid = woken.order.placed().unwrap().id.clone();
        assert_eq!(
            woken.order.attempts()[0].state,
            AttemptState::Placed { order: paid },
            "{goods:?}: the answer was recorded"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_paid_answer_that_contradicts_what_was_bought_since_is_shown_with_both_ids() {
    // The look-ups say nothing of the sleeper's charge for longer than every bound.
    for goods in Goods::BOTH {
        let shop = Shop::in_process(goods).await;
        let id = shop.order("twice").await;
        shop.fault(Fault::Stall { ms: LONG });
        shop.fault(Fault::LateVisibility { ms: LONG * 100 });
        let sleeper = carry_beside(&shop.process("sleeper", frozen), id);
        tokio::time::sleep(Duration::from_secs(1)).await;
        // Funds are added in between, so that the wallet does not tell either.
        shop.world.add_balance(Decimal::from(10_000)).unwrap();
        let order = carry(&shop.orders, id).await.order;
        assert_eq!(order.state(), OrderState::Fulfilled, "{goods:?}");
        let charges = shop.charges();
        assert_eq!(charges.len(), 2, "{goods:?}: nobody can exclude it");

        let woken = sleeper.await.unwrap().order;
        assert_eq!(woken.state(), OrderState::NeedsAttention, "{goods:?}");
        let shown = format!("{:?} {:?}", woken.placed(), woken.attention());
        for charge in &charges {
            assert!(shown.contains(&charge.order_id), "{goods:?}: {shown}");
        }
    }
}
