//! One key, one order, one charge: whoever asks, how often, and how many at once.

use futures::future::join_all;
use roamport_app::orders::{Placement, Terms};
use roamport_app::{AppError, Carried};
use roamport_domain::order::OrderState;
use roamport_domain::{OrderId, OrderJournal as _};
use roamport_sandbox::{Fault, Operation};

use crate::support::{PORTUGAL_1GB, PORTUGAL_3GB, Shop, carry, key, wish};

#[tokio::test(start_paused = true)]
async fn the_same_key_is_the_same_order_whatever_became_of_it() {
    let shop = Shop::careless();
    let first = shop.buy("shop-10442").await;
    // A wallet that would not do for another one is no obstacle to what is there already.
    shop.world
        .set_balance(crate::support::usd("0").amount())
        .unwrap();
    let again = shop.buy("shop-10442").await;
    assert_eq!(first, again);
    assert_eq!(
        (
            shop.charges(),
            shop.orders.list(Vec::new()).await.unwrap().len()
        ),
        (1, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn twenty_callers_with_one_key_cause_one_charge() {
    let shop = Shop::careless();
    let callers = (0..20).map(|number| {
        let orders = shop.process(&format!("process {number}"), |_| {});
        tokio::spawn(async move {
            let quote = orders.quote(&wish(PORTUGAL_3GB, 2)).await.unwrap();
            let terms = Terms {
                key: Some(key("twenty")),
                ..Terms::default()
            };
            let order = match orders.place(&quote, &terms).await.unwrap() {
                Placement::New(order) | Placement::Continued(order) => order,
                Placement::Unfinished(_) => unreachable!("a key was given"),
            };
            carry(&orders, order.id()).await
        })
    });
    let carried: Vec<Carried> = join_all(callers)
        .await
        .into_iter()
        .map(std::result::Result::unwrap)
        .collect();
    let ids: std::collections::BTreeSet<OrderId> =
        carried.iter().map(|carried| carried.order.id()).collect();
    assert_eq!(
        (ids.len(), shop.charges(), shop.purchase_calls()),
        (1, 1, 1)
    );
    for carried in carried {
        assert_eq!(carried.order.state(), OrderState::Fulfilled);
    }
}

#[tokio::test(start_paused = true)]
async fn twenty_callers_cause_one_charge_although_its_answer_is_lost() {
    let shop = Shop::careless();
    shop.fault(Operation::Order, Fault::DropAfterEffect);
    let id = shop.order(&wish(PORTUGAL_3GB, 1), "twenty").await;
    let callers = (0..20).map(|number| {
        let orders = shop.process(&format!("process {number}"), |_| {});
        tokio::spawn(async move { carry(&orders, id).await })
    });
    join_all(callers).await;
    assert_eq!(
        shop.orders.order(id).await.unwrap().state(),
        OrderState::Fulfilled
    );
    assert_eq!((shop.charges(), shop.purchase_calls()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_key_that_names_another_order_is_refused_and_nothing_is_recorded() {
    let shop = Shop::careless();
    let first = shop.buy("shop-10442").await;
    for other in [wish(PORTUGAL_1GB, 1), wish(PORTUGAL_3GB, 2)] {
        let quote = shop.orders.quote(&other).await.unwrap();
        let terms = Terms {
            key: Some(key("shop-10442")),
            ..Terms::default()
        };
        let error = shop.orders.place(&quote, &terms).await.unwrap_err();
        let AppError::KeyReused { order, .. } = &error else {
            panic!("key reused: {error:?}")
        };
        assert_eq!(*order, first.id());
        assert!(error.to_string().contains("shop-10442"), "{error}");
        let fingerprint = shop.orders.fingerprint(&other);
        assert!(
            shop.orders
                .find(&key("shop-10442"), &fingerprint)
                .await
                .is_err()
        );
    }
    assert_eq!(
        (
            shop.charges(),
            shop.orders.list(Vec::new()).await.unwrap().len()
        ),
        (1, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn the_fingerprint_of_a_wish_is_that_of_its_quote() {
    let shop = Shop::careless();
    let order = shop.buy("shop-10442").await;
    let fingerprint = shop.orders.fingerprint(&wish(PORTUGAL_3GB, 1));
    assert_eq!(order.requested().fingerprint, fingerprint);
    let found = shop
        .orders
        .find(&key("shop-10442"), &fingerprint)
        .await
        .unwrap();
    assert_eq!(found, Some(order));
    assert_eq!(
        shop.orders
            .find(&key("another"), &fingerprint)
            .await
            .unwrap(),
        None
    );
}

#[tokio::test(start_paused = true)]
async fn without_a_key_nothing_is_bought_beside_an_unfinished_order_of_the_same_content() {
    let shop = Shop::careless();
    let quote = shop.orders.quote(&wish(PORTUGAL_3GB, 1)).await.unwrap();
    let place = async |terms: Terms| shop.orders.place(&quote, &terms).await.unwrap();
    let Placement::New(first) = place(Terms::default()).await else {
        panic!("a new order")
    };
    let Placement::Unfinished(named) = place(Terms::default()).await else {
        panic!("the unfinished order is named")
    };
    assert_eq!((named.id, &named.key), (first.id(), &first.requested().key));
    // Something else is no obstacle, nor is the same thing where it is asked for expressly.
    let other = shop.orders.quote(&wish(PORTUGAL_1GB, 1)).await.unwrap();
    let placement = shop.orders.place(&other, &Terms::default()).await.unwrap();
    assert!(matches!(placement, Placement::New(_)));
    let beside = Terms {
        beside_unfinished: true,
        ..Terms::default()
    };
    let Placement::New(second) = place(beside).await else {
        panic!("a new order")
    };
    assert_ne!(first.requested().reference, second.requested().reference);
    // And one that ended is none either.
    for id in [first.id(), second.id()] {
        assert_eq!(shop.carry(id).await.order.state(), OrderState::Fulfilled);
    }
    assert!(matches!(place(Terms::default()).await, Placement::New(_)));
    assert_eq!(shop.charges(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_order_that_needs_a_person_is_unfinished_too() {
    let shop = Shop::careless();
    shop.fault(Operation::Order, Fault::FewerItems { by: 1 });
    let id = shop.order(&wish(PORTUGAL_3GB, 2), "short").await;
    assert_eq!(
        shop.carry(id).await.order.state(),
        OrderState::NeedsAttention
    );
    let quote = shop.orders.quote(&wish(PORTUGAL_3GB, 2)).await.unwrap();
    let placement = shop.orders.place(&quote, &Terms::default()).await.unwrap();
    assert!(matches!(placement, Placement::Unfinished(named) if named.id == id));
    // But there is nothing to carry on.
    assert!(shop.orders.unfinished().await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_journal_restored_from_before_the_purchase_finds_the_order_instead_of_buying_again() {
    let shop = Shop::careless();
    let order = shop.buy("shop-10442").await;
    // The same key on a journal that knows nothing: the reference is derived from it.
    let clock = shop.clock.clone();
    let empty = std::sync::Arc::new(roamport_domain::journal::InMemoryJournal::new(clock));
    let restored = shop.process("restored", |parts| {
        parts.journal = empty.clone();
        parts.profiles = empty.clone();
    });
    let quote = restored.quote(&wish(PORTUGAL_3GB, 1)).await.unwrap();
    let terms = Terms {
        key: Some(key("shop-10442")),
        ..Terms::default()
    };
    let Placement::New(again) = restored.place(&quote, &terms).await.unwrap() else {
        panic!("new to this journal")
    };
    let again = carry(&restored, again.id()).await.order;
    assert_eq!(again.state(), OrderState::Fulfilled);
    assert_eq!(again.placed().unwrap().id, order.placed().unwrap().id);
    assert_eq!((shop.charges(), shop.purchase_calls()), (1, 1));
    assert_eq!(empty.load(again.id()).await.unwrap(), again);
}
