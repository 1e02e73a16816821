//! Effects that come late: after the connection broke, and after the client gave up.

use std::time::Duration;

use jiff::Timestamp;
use roamport_app::Reconciler;
use roamport_app::reconcile::Difference;
use roamport_domain::order::{Event, OrderState};
use roamport_sandbox::Fault;

use super::on_both_faces;
use super::shop::{Goods, Shop};

on_both_faces!(
    an_effect_that_comes_late_is_found_and_not_bought_beside,
    an_effect_after_the_clients_time_out_is_found_and_not_bought_beside,
);

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap()
}

async fn an_effect_that_comes_late_is_found_and_not_bought_beside(shop: Shop) {
    // As late as the rules allow for, but for a moment.
    let late = shop.window_and_quiet() * 9 / 10;
    shop.fault(Fault::LateEffect {
        ms: milliseconds(late),
    });
    let order = shop.buy("late").await;
    shop.check_bought_once(&order, 1, "a late effect");
    let sent = window(&shop, &order).await.0;
    let waited = shop.charges()[0].at.duration_since(sent);
    assert!(waited.unsigned_abs() >= late, "{waited:?}");
}

async fn an_effect_after_the_clients_time_out_is_found_and_not_bought_beside(shop: Shop) {
    // The client waits until its window is over; only then the provider charges.
    let window_length = shop.parts.provider.capabilities().purchase_time_out;
    let late = window_length + shop.parts.policy.quiet_period / 3;
    shop.fault(Fault::LateEffect {
        ms: milliseconds(late),
    });
    shop.fault(Fault::Stall {
        ms: milliseconds(window_length * 2),
    });
    let order = shop.buy("later").await;
    shop.check_bought_once(&order, 1, "an effect after the time-out");
    let end = window(&shop, &order).await.1;
    assert!(
        shop.charges()[0].at > end,
        "the charge came after the window"
    );
}

/// The window of the first purchase call.
async fn window(shop: &Shop, order: &roamport_domain::Order) -> (Timestamp, Timestamp) {
    let events = shop.orders.events(order.id()).await.unwrap();
    let windows = events.iter().filter_map(|recorded| match &recorded.event {
        Event::PlacementStarted {
            opens_at,
            closes_at,
            ..
        } => Some((*opens_at, *closes_at)),
        _ => None,
    });
    windows.into_iter().next().expect("a call was made")
}

#[tokio::test(start_paused = true)]
async fn an_effect_later_than_every_bound_is_charged_twice_and_shown_by_reconciling() {
    // What no client can exclude at such a provider; the ledger tells, and so does the journal.
    for goods in Goods::BOTH {
        let shop = Shop::in_process(goods).await;
        let late = shop.window_and_quiet() + Duration::from_mins(10);
        shop.fault(Fault::LateEffect {
            ms: milliseconds(late),
        });
        let order = shop.buy("too late").await;
        assert_eq!(order.state(), OrderState::Fulfilled, "{goods:?}");
        tokio::time::sleep(late).await;
        assert_eq!(shop.charges().len(), 2, "{goods:?}");

        let reconciler = Reconciler::new(shop.orders.clone(), None);
        let found = reconciler.reconcile(None).await.unwrap();
        assert!(!found.is_clean(), "{goods:?}");
        let twice = found.findings.iter().any(|finding| {
            matches!(&finding.difference, Difference::Twice { order: ours, taken: Some(taken), others }
                if *ours == order.id()
                    && Some(taken) == order.placed().map(|placed| &placed.id)
                    && others.len() == 1)
        });
        assert!(twice, "{goods:?}: {:?}", found.findings);
        let order = shop.now(order.id()).await;
        assert_eq!(order.state(), OrderState::NeedsAttention, "{goods:?}");
        let shown = format!("{order:?}");
        for charge in shop.charges() {
            assert!(shown.contains(&charge.order_id), "{goods:?}: {shown}");
        }
    }
}
