//! The wallet between two reconciliations: what went out against what the orders cost.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use roamport_app::{AppError, Reconciler};
use roamport_domain::journal::{BalanceStore as _, JournalError, MockBalanceStore};
use roamport_domain::provider::{FoundOrders, OrderLookup};
use roamport_sandbox::{Fault, Operation, Rule};

use crate::reconciling::{at, pass, provider, reconcile, reconciler};
use crate::support::{Shop, noon, usd};

#[tokio::test(start_paused = true)]
async fn money_that_left_the_wallet_without_an_order_is_missing() {
    let shop = Shop::careless();
    reconcile(&shop).await;
    pass(Duration::from_mins(1)).await;
    shop.buy("ours").await;
    shop.world.add_balance("-2.5".parse().unwrap()).unwrap();
    let found = reconcile(&shop).await;
    let movement = found.movements.last().unwrap();
    assert_eq!(
        (movement.orders, movement.unexplained),
        (1, Some(usd("-2.5")))
    );
    assert!(movement.is_missing_money());
    assert_eq!(found.findings, []);
    assert!(!found.is_clean());
}

#[tokio::test(start_paused = true)]
async fn money_that_came_in_is_shown_and_no_difference() {
    let shop = Shop::careless();
    reconcile(&shop).await;
    pass(Duration::from_mins(1)).await;
    shop.world.add_balance("500".parse().unwrap()).unwrap();
    shop.buy("ours").await;
    pass(Duration::from_mins(1)).await;
    let found = reconcile(&shop).await;
    assert_eq!(
        found.movements.last().unwrap().unexplained,
        Some(usd("500"))
    );
    assert!(found.is_clean(), "{found:?}");
    // Each reading is kept, and compared with the next.
    pass(Duration::from_mins(1)).await;
    let found = reconcile(&shop).await;
    assert_eq!(found.movements.len(), 2);
    assert!(found.movements[1].unexplained.unwrap().is_zero());
    let kept = shop
        .journal
        .balances(&shop.parts.instance, noon())
        .await
        .unwrap();
    assert_eq!(kept.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_clock_of_ours_that_is_wrong_makes_no_money_go_missing() {
    let shop = Shop::careless();
    shop.buy("before").await;
    // Readings of ours are an hour ahead of the provider's clock from here on.
    shop.clock.step(SignedDuration::from_hours(1));
    reconcile(&shop).await;
    pass(Duration::from_mins(1)).await;
    shop.buy("after").await;
    let found = reconcile(&shop).await;
    let movement = found.movements.last().unwrap();
    assert_eq!(movement.orders, 1);
    assert!(movement.unexplained.unwrap().is_zero(), "{movement:?}");
}

#[tokio::test(start_paused = true)]
async fn a_wallet_that_moves_while_it_is_read_is_read_again_and_then_not_compared() {
    let shop = Shop::careless();
    reconcile(&shop).await;
    let world = shop.world.clone();
    let spend = move |lookup: &OrderLookup, found: FoundOrders| {
        if matches!(lookup, OrderLookup::Since(_)) {
            world.add_balance("-1".parse().unwrap()).unwrap();
        }
        found
    };
    let busy = provider(&shop, |_| true, spend);
    let found = at(&shop, busy).reconcile(None).await.unwrap();
    assert!(!found.balance.comparable);
    assert_eq!(found.movements, []);
    assert!(found.is_clean(), "{found:?}");
    let kept = shop
        .journal
        .balances(&shop.parts.instance, noon())
        .await
        .unwrap();
    assert_eq!(kept.len(), 2, "kept all the same");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_reconciled_where_list_or_wallet_cannot_be_read() {
    for operation in [Operation::Orders, Operation::Balance] {
        let shop = Shop::careless();
        shop.buy("ours").await;
        shop.rule(Rule::new(operation, Fault::HtmlError { status: 502 }).for_ever());
        let error = reconciler(&shop).reconcile(None).await.unwrap_err();
        assert!(matches!(error, AppError::Provider(_)), "{error}");
        let kept = shop
            .journal
            .balances(&shop.parts.instance, noon())
            .await
            .unwrap();
        assert_eq!(kept, []);
    }
}

#[tokio::test(start_paused = true)]
async fn a_balance_that_cannot_be_kept_is_an_error() {
    let shop = Shop::careless();
    let mut store = MockBalanceStore::new();
    store.expect_balances().returning(|_, _| Ok(Vec::new()));
    store
        .expect_keep_balance()
        .times(1)
        .returning(|_| Err(crate::support::mocks::full_disk()));
    let reconciler = Reconciler::new(shop.orders.clone(), Some(Arc::new(store)));
    let error = reconciler.reconcile(None).await.unwrap_err();
    assert!(
        matches!(error, AppError::Journal(JournalError::Unavailable { .. })),
        "{error}"
    );
}

/// The shop's provider as one that names no price of an order, and lists none that `lists` keeps back.
fn without_prices(
    shop: &Shop,
    lists: bool,
    complete: bool,
) -> roamport_domain::provider::MockEsimProvider {
    provider(
        shop,
        |_| true,
        move |lookup, mut found| {
            for order in &mut found.orders {
                order.total = None;
            }
            if matches!(lookup, OrderLookup::Since(_)) {
                found.orders.retain(|_| lists);
                found.complete = complete;
            }
            found
        },
    )
}

#[tokio::test(start_paused = true)]
async fn where_the_provider_names_no_price_the_wallet_is_held_against_the_journal() {
    // Whether the list has the order or it is looked up by its id alone.
    for lists in [true, false] {
        let shop = Shop::careless();
        at(&shop, without_prices(&shop, lists, true))
            .reconcile(None)
            .await
            .unwrap();
        pass(Duration::from_mins(1)).await;
        let order = shop.buy("ours").await;
        let found = at(&shop, without_prices(&shop, lists, true))
            .reconcile(None)
            .await
            .unwrap();
        let movement = found.movements.last().unwrap();
        assert_eq!(movement.charged, order.expected_total(), "{found:?}");
        assert!(movement.unexplained.unwrap().is_zero(), "{movement:?}");
        assert!(found.is_clean(), "{found:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_that_is_not_proven_whole_is_a_notice_and_the_wallet_is_compared_all_the_same() {
    let shop = Shop::careless();
    at(&shop, without_prices(&shop, true, false))
        .reconcile(None)
        .await
        .unwrap();
    pass(Duration::from_mins(1)).await;
    shop.buy("ours").await;
    let found = at(&shop, without_prices(&shop, true, false))
        .reconcile(None)
        .await
        .unwrap();
    assert!(found.is_unproven() && !found.is_clean(), "{found:?}");
    assert!(
        found
            .movements
            .last()
            .unwrap()
            .unexplained
            .unwrap()
            .is_zero()
    );

    // What is gone may be an order that the list left out: shown, and not called missing.
    shop.world.add_balance("-2.5".parse().unwrap()).unwrap();
    pass(Duration::from_mins(1)).await;
    let found = at(&shop, without_prices(&shop, true, false))
        .reconcile(None)
        .await
        .unwrap();
    let movement = found.movements.last().unwrap();
    assert_eq!(movement.unexplained, Some(usd("-2.5")));
    assert!(!movement.is_proven && !movement.is_missing_money());
    assert!(found.is_unproven(), "{found:?}");
}
