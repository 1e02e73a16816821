//! What was bought and is not delivered for ten minutes.

use std::time::Duration;

use jiff::SignedDuration;
use roamport_domain::order::OrderState;
use roamport_sandbox::{Fault, Lasting, Operation, Rule};

use super::shop::{Goods, Shop, carry_beside, until};

const TEN_MINUTES: Duration = Duration::from_mins(10);

/// What was bought stays pending: the profile, or the top-up's order.
fn pending(shop: &Shop) {
    let ms = Lasting::Milliseconds(u64::try_from(TEN_MINUTES.as_millis()).unwrap());
    match shop.goods {
        Goods::Esims => shop.rule(Rule::new(Operation::Apply, Fault::PendingProfile { ms })),
        Goods::TopUp => shop.fault(Fault::OrderState {
            state: "PENDING".to_owned(),
            ms,
        }),
    }
}

#[tokio::test(start_paused = true)]
async fn what_stays_pending_for_ten_minutes_is_waited_for_and_not_asked_for_again() {
    for goods in Goods::BOTH {
        let shop = Shop::in_process(goods).await;
        let asked = shop.world.calls(Operation::Apply);
        pending(&shop);
        let began = shop.clock.elapsed();
        let order = shop.buy("pending").await;
        shop.check_bought_once(&order, 1, "pending for ten minutes");
        let took = shop.clock.since(began);
        let expected = TEN_MINUTES..TEN_MINUTES + Duration::from_mins(1);
        assert!(expected.contains(&took), "{goods:?}: {took:?}");
        let times = shop.world.calls(Operation::Apply) - asked;
        assert_eq!(times, u64::from(goods == Goods::Esims), "{goods:?}");
    }
}

#[tokio::test]
async fn what_stays_pending_for_ten_minutes_of_the_providers_clock_is_read_until_it_is_there() {
    for goods in Goods::BOTH {
        let shop = Shop::over_http(goods).await;
        let asked = shop.world.calls(Operation::Apply);
        pending(&shop);
        let id = shop.order("pending").await;
        let work = carry_beside(&shop.orders, id);
        until("what is pending", async || match goods {
            Goods::Esims => shop.world.calls(Operation::Apply) > asked,
            Goods::TopUp => !shop.charges().is_empty(),
        })
        .await;
        until("that it is waited for", async || {
            let state = shop.now(id).await.state();
            matches!(state, OrderState::Placed | OrderState::Provisioning)
        })
        .await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(!work.is_finished(), "{goods:?}: it is pending");
        // The provider's ten minutes pass.
        let by = SignedDuration::try_from(TEN_MINUTES).unwrap();
        shop.world.advance(by).unwrap();
        let order = work.await.unwrap().order;
        shop.check_bought_once(&order, 1, "pending for ten minutes");
        let times = shop.world.calls(Operation::Apply) - asked;
        assert_eq!(times, u64::from(goods == Goods::Esims), "{goods:?}");
    }
}
