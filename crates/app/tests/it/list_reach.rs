//! How far the provider's list reaches: what was cut is said, looked up where it can be, never clean.

use std::time::Duration;

use roamport_app::Reconciler;
use roamport_app::reconcile::Difference;
use roamport_domain::Capabilities;
use roamport_domain::journal::OrderJournal as _;
use roamport_domain::provider::{FoundOrders, LookupSupport, OrderLookup};

use crate::reconciling::{at, buy_under, only, pass, provider, reconciler, with_capabilities};
use crate::support::Shop;

#[tokio::test(start_paused = true)]
async fn an_order_that_the_list_left_out_is_looked_up_by_itself() {
    let shop = Shop::careless();
    shop.buy("ours").await;
    // As a list that lags: the order is there when it is asked for.
    let lagging = provider(
        &shop,
        |_| true,
        |lookup, found| match lookup {
            OrderLookup::Since(_) => FoundOrders {
                orders: Vec::new(),
                ..found
            },
            _ => found,
        },
    );
    let found = at(&shop, lagging).reconcile(None).await.unwrap();
    assert!(found.is_clean(), "{found:?}");
    assert_eq!((found.ours.listed, found.ours.looked_up), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn an_order_that_cannot_be_looked_up_leaves_nothing_clean() {
    let shop = Shop::careless();
    shop.buy("ours").await;
    let silent = provider(
        &shop,
        |lookup| matches!(lookup, OrderLookup::Since(_)),
        |_, found| FoundOrders {
            orders: Vec::new(),
            ..found
        },
    );
    let found = at(&shop, silent).reconcile(None).await.unwrap();
    assert_eq!((found.findings.len(), found.ours.unanswered), (0, 1));
    assert!(!found.is_clean());
}

#[tokio::test(start_paused = true)]
async fn a_list_that_is_cut_is_complete_from_a_moment_on_and_never_clean() {
    let shop = Shop::careless();
    let mut orders = Vec::new();
    for number in 0..60 {
        orders.push(shop.buy(&format!("order {number}")).await);
        pass(Duration::from_secs(10)).await;
    }
    // The newest 50 of 60.
    let cut = provider(
        &shop,
        |_| true,
        |lookup, mut found| {
            if matches!(lookup, OrderLookup::Since(_)) && found.orders.len() > 50 {
                found.orders.truncate(50);
                found.complete = false;
            }
            found
        },
    );
    let reconciler = at(&shop, cut);
    let found = reconciler.reconcile(None).await.unwrap();
    assert_eq!(found.findings, []);
    assert!(!found.is_clean() && !found.is_complete());
    // Of the moment of the oldest one there may be more: complete from the next one on.
    let complete_from = found.list.complete_from.unwrap();
    let placed = |number: usize| orders[number].placed_at().unwrap();
    assert!(
        complete_from > placed(10) && complete_from <= placed(11),
        "{complete_from}"
    );
    // The ten that were cut off were asked for one by one.
    let ours = found.ours;
    assert_eq!(
        (ours.bought, ours.listed, ours.looked_up, ours.unanswered),
        (60, 50, 10, 0)
    );
    assert!(!found.balance.comparable || found.movements.is_empty());

    // A span that the list covers is clean.
    let found = reconciler.reconcile(Some(complete_from)).await.unwrap();
    assert!(found.is_clean(), "{found:?}");
    assert_eq!(found.list.orders, 49);
}

#[tokio::test(start_paused = true)]
async fn a_provider_without_a_list_is_asked_order_by_order_and_never_called_clean() {
    let shop = Shop::careless();
    let order = shop.buy("ours").await;
    let second = buy_under(&shop, order.requested().reference.as_str()).await;
    let lookup = LookupSupport {
        by_reference: true,
        since: false,
        lag: Duration::ZERO,
    };
    let capabilities = Capabilities {
        lookup: Some(lookup),
        ..shop.parts.provider.capabilities()
    };
    let no_list = |lookup: &OrderLookup| !matches!(lookup, OrderLookup::Since(_));
    let provider = with_capabilities(&shop, capabilities, no_list, |_, found| found);
    let found = at(&shop, provider).reconcile(None).await.unwrap();
    assert_eq!((found.list.orders, found.list.complete_from), (0, None));
    assert_eq!(found.ours.looked_up, 1);
    let Difference::Twice { others, .. } = &only(&found).difference else {
        panic!("{found:?}")
    };
    assert_eq!(others, &[second]);
    assert!(!found.is_clean());
}

#[tokio::test(start_paused = true)]
async fn orders_of_another_address_and_of_earlier_times_are_left_alone() {
    let shop = Shop::careless();
    shop.buy("old").await;
    pass(Duration::from_hours(2)).await;
    let since = shop.journal.now().await.unwrap();
    shop.buy("new").await;
    let found = reconciler(&shop).reconcile(Some(since)).await.unwrap();
    assert!(found.is_clean(), "{found:?}");
    assert_eq!((found.list.orders, found.ours.bought), (1, 1));
    let elsewhere = shop.process("elsewhere", |parts| {
        parts.instance.base_url = "https://another.example".into();
    });
    let found = Reconciler::new(elsewhere, None)
        .reconcile(Some(since))
        .await
        .unwrap();
    assert_eq!(found.ours.bought, 0);
    assert!(
        matches!(only(&found).difference, Difference::TheirsNotOurs { .. }),
        "{found:?}"
    );
}
