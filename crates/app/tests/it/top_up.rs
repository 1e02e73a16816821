//! Topping up: an order like any other, under the same guarantees.

use std::time::Duration;

use roamport_app::orders::{Placement, Terms};
use roamport_app::{AppError, Refusal};
use roamport_domain::order::{AttentionReason, OrderState};
use roamport_domain::provider::{ErrorKind, EsimKey};
use roamport_domain::{EsimId, Iccid, Order, OrderId};
use roamport_sandbox::{ChargeKind, Fault, Lasting, Operation, Rule};

use crate::support::{
    KENYA_NO_USAGE, PORTUGAL_1GB, PORTUGAL_3GB, PORTUGAL_5GB, Shop, WINDOW_AND_QUIET, key,
    only_esim, package_id, wish,
};

/// A shop that sold one eSIM.
async fn sold() -> (Shop, EsimId) {
    let shop = Shop::careless();
    let esim = only_esim(&shop.buy("the eSIM").await);
    (shop, esim)
}

async fn record(shop: &Shop, esim: &EsimId, name: &str) -> OrderId {
    let esim = EsimKey::from_id(esim.clone());
    let quote = shop
        .orders
        .quote_top_up(&esim, &package_id(PORTUGAL_5GB), None)
        .await
        .unwrap();
    let terms = Terms {
        key: Some(key(name)),
        ..Terms::default()
    };
    match shop.orders.place(&quote, &terms).await.unwrap() {
        Placement::New(order) | Placement::Continued(order) => order.id(),
        Placement::Unfinished(_) => unreachable!("a key was given"),
    }
}

async fn top_up(shop: &Shop, esim: &EsimId, name: &str) -> Order {
    let id = record(shop, esim, name).await;
    shop.carry(id).await.order
}

fn top_ups(shop: &Shop) -> usize {
    let ledger = shop.world.ledger().unwrap();
    ledger
        .iter()
        .filter(|charge| charge.kind == ChargeKind::Topup)
        .count()
}

#[tokio::test(start_paused = true)]
async fn a_top_up_is_an_order_that_ends_with_its_charge() {
    let (shop, esim) = sold().await;
    let order = top_up(&shop, &esim, "more").await;
    assert_eq!(order.state(), OrderState::Fulfilled);
    assert!(order.items().is_empty());
    assert_eq!(order.esims(), std::slice::from_ref(&esim));
    assert_eq!((top_ups(&shop), shop.world.calls(Operation::Apply)), (1, 1));
    let record = shop.world.find_esim(esim.as_str()).unwrap().unwrap();
    assert_eq!(record.allowances.len(), 2);
    // The same key is the same top-up.
    assert_eq!(top_up(&shop, &esim, "more").await, order);
    assert_eq!(top_ups(&shop), 1);
    let listed = shop.orders.list(Vec::new()).await.unwrap();
    assert_eq!(
        listed
            .iter()
            .map(|order| order.is_top_up)
            .collect::<Vec<_>>(),
        [true, false]
    );
}

#[tokio::test(start_paused = true)]
async fn an_esim_can_be_named_by_the_number_of_its_card() {
    let (shop, esim) = sold().await;
    let record = shop.world.find_esim(esim.as_str()).unwrap().unwrap();
    let iccid = Iccid::parse(record.profile.unwrap().iccid).unwrap();
    let by_card = EsimKey::from_iccid(iccid.clone());
    let quote = shop
        .orders
        .quote_top_up(&by_card, &package_id(PORTUGAL_5GB), None)
        .await
        .unwrap();
    let order = match shop.orders.place(&quote, &Terms::default()).await.unwrap() {
        Placement::New(order) => shop.carry(order.id()).await.order,
        other => panic!("a new order, not {other:?}"),
    };
    assert_eq!(
        (order.state(), order.esims()),
        (OrderState::Fulfilled, vec![esim.clone()])
    );
    // One that was bought elsewhere is read from the provider.
    shop.parts
        .profiles
        .erase(shop.parts.provider.name(), &esim)
        .await
        .unwrap();
    let resolved = shop.orders.resolve(&by_card).await.unwrap();
    assert_eq!(
        (resolved.id(), resolved.iccid()),
        (Some(&esim), Some(&iccid))
    );
}

#[tokio::test(start_paused = true)]
async fn whatever_spoils_the_answer_after_the_charge_it_is_one_top_up() {
    for fault in [
        Fault::DropAfterEffect,
        Fault::BrokenJson,
        Fault::LateEffect { ms: 100_000 },
    ] {
        let (shop, esim) = sold().await;
        shop.fault(Operation::Topup, fault.clone());
        let order = top_up(&shop, &esim, "lost").await;
        assert_eq!(order.state(), OrderState::Fulfilled, "{fault:?}");
        assert_eq!(
            (top_ups(&shop), shop.world.calls(Operation::Topup)),
            (1, 1),
            "{fault:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_spoils_the_call_before_the_charge_it_is_sent_again_once_absence_is_proved() {
    let (shop, esim) = sold().await;
    let error = Fault::StatusBeforeEffect {
        status: 500,
        body: None,
        retry_after: None,
    };
    shop.fault(Operation::Topup, error);
    assert_eq!(
        top_up(&shop, &esim, "nothing").await.state(),
        OrderState::Fulfilled
    );
    assert_eq!((top_ups(&shop), shop.world.calls(Operation::Topup)), (1, 2));
    assert!(
        shop.charged_at()[1] >= WINDOW_AND_QUIET,
        "{:?}",
        shop.charged_at()
    );
}

#[tokio::test(start_paused = true)]
async fn a_top_up_that_stays_pending_ends_with_a_person_in_half_an_hour() {
    let (shop, esim) = sold().await;
    let pending = Fault::OrderState {
        state: "PENDING".into(),
        ms: Lasting::ForEver,
    };
    shop.fault(Operation::Topup, pending);
    let order = top_up(&shop, &esim, "pending").await;
    assert_eq!(order.state(), OrderState::NeedsAttention);
    assert!(
        order
            .open_attention()
            .any(|why| *why == AttentionReason::DeliveryOverdue)
    );
    assert!(shop.clock.elapsed() < Duration::from_mins(31));
    assert_eq!(top_ups(&shop), 1);
}

#[tokio::test(start_paused = true)]
async fn a_top_up_that_completes_later_is_read_until_it_has() {
    let (shop, esim) = sold().await;
    let pending = Fault::OrderState {
        state: "PENDING".into(),
        ms: Lasting::Milliseconds(45_000),
    };
    shop.fault(Operation::Topup, pending);
    assert_eq!(
        top_up(&shop, &esim, "later").await.state(),
        OrderState::Fulfilled
    );
    let waited = shop.clock.elapsed();
    assert!(
        (Duration::from_secs(45)..Duration::from_secs(100)).contains(&waited),
        "{waited:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn another_price_is_shown_to_a_person() {
    let (shop, esim) = sold().await;
    shop.fault(Operation::Topup, Fault::PriceChange { percent: 10 });
    let order = top_up(&shop, &esim, "dearer").await;
    assert_eq!(order.state(), OrderState::NeedsAttention);
    assert!(matches!(
        order.open_attention().next(),
        Some(AttentionReason::PriceDiffers { .. })
    ));
}

#[tokio::test(start_paused = true)]
async fn a_top_up_that_became_dearer_than_allowed_or_is_gone_is_not_bought() {
    let (shop, esim) = sold().await;
    let id = record(&shop, &esim, "dearer").await;
    shop.rule(Rule::new(
        Operation::TopupPackages,
        Fault::PriceChange { percent: 1_000 },
    ));
    assert_eq!(shop.carry(id).await.order.state(), OrderState::Failed);

    let id = record(&shop, &esim, "expired").await;
    shop.world.expire(esim.as_str()).unwrap();
    let order = shop.carry(id).await.order;
    assert_eq!((order.state(), top_ups(&shop)), (OrderState::Failed, 0));
    assert!(!order.money_may_have_moved());
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_topped_up_is_refused_by_the_quote() {
    let (shop, esim) = sold().await;
    let quote = async |esim: &EsimKey, package: &str| {
        shop.orders
            .quote_top_up(esim, &package_id(package), None)
            .await
            .unwrap_err()
    };
    let known = EsimKey::from_id(esim);
    let error = quote(&known, "esim-japan-15days-3gb-all").await;
    assert!(
        matches!(
            error,
            AppError::Refused(Refusal::IncompatiblePackage { .. })
        ),
        "{error}"
    );
    let unknown = EsimKey::from_id(EsimId::parse("nobody's").unwrap());
    let AppError::Provider(error) = quote(&unknown, PORTUGAL_1GB).await else {
        panic!("no such eSIM")
    };
    assert_eq!(error.kind(), ErrorKind::NotFound);

    let id = shop.order(&wish(KENYA_NO_USAGE, 1), "with calls").await;
    let talk = EsimKey::from_id(only_esim(&shop.carry(id).await.order));
    let AppError::Provider(error) = quote(&talk, PORTUGAL_1GB).await else {
        panic!("an eSIM with calls cannot be topped up")
    };
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(top_ups(&shop), 0);
}

#[tokio::test(start_paused = true)]
async fn a_key_of_an_order_is_no_key_of_a_top_up() {
    let (shop, esim) = sold().await;
    let quote = shop
        .orders
        .quote_top_up(
            &EsimKey::from_id(esim.clone()),
            &package_id(PORTUGAL_3GB),
            None,
        )
        .await
        .unwrap();
    let terms = Terms {
        key: Some(key("the eSIM")),
        ..Terms::default()
    };
    let error = shop.orders.place(&quote, &terms).await.unwrap_err();
    assert!(matches!(error, AppError::KeyReused { .. }), "{error}");
    let fingerprint = shop
        .orders
        .top_up_fingerprint(&esim, &package_id(PORTUGAL_3GB), None);
    assert!(
        shop.orders
            .find_unfinished(&fingerprint)
            .await
            .unwrap()
            .is_none()
    );
    let Placement::New(order) = shop.orders.place(&quote, &Terms::default()).await.unwrap() else {
        panic!("a new order")
    };
    let unfinished = shop
        .orders
        .find_unfinished(&fingerprint)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(unfinished.id, order.id());
}
