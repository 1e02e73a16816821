//! Attaching: a person names the order at the provider that is the one, and it is carried on.

use std::time::Duration;

use roamport_app::AppError;
use roamport_app::attention::{Action, DecisionError, Role, Warning};
use roamport_domain::order::{AttentionReason, Ending, Fingerprint, OrderState, Resolution};
use roamport_domain::{Order, ProviderOrderId};
use roamport_sandbox::world::{OrderDetails, Purchase, PurchaseLine};
use roamport_sandbox::{Fault, Operation, Rule};

use crate::deciding::{
    decision, last_decision, never_bought, provider_id, refused, unknown_for_ever,
};
use crate::support::{PORTUGAL_1GB, PORTUGAL_3GB, Shop, carry, wish};

/// An order with two charges under one reference, and none taken.
async fn several_found(shop: &Shop) -> (Order, Vec<ProviderOrderId>) {
    let id = shop.order(&wish(PORTUGAL_3GB, 1), "several").await;
    let reference = shop
        .orders
        .order(id)
        .await
        .unwrap()
        .requested()
        .reference
        .clone();
    let purchase = Purchase::order(PORTUGAL_3GB, 1, reference.as_str());
    let made: Vec<ProviderOrderId> = (0..2)
        .map(|_| provider_id(&shop.world.purchase(&purchase).unwrap().id))
        .collect();
    let order = shop.carry(id).await.order;
    assert_eq!(
        (order.state(), shop.purchase_calls()),
        (OrderState::NeedsAttention, 0)
    );
    (order, made)
}

#[tokio::test(start_paused = true)]
async fn an_order_of_unknown_outcome_is_attached_to_its_charge_and_provisioned() {
    let shop = Shop::careless();
    let order = unknown_for_ever(&shop).await;
    let charged = provider_id(&shop.world.ledger().unwrap()[0].order_id);
    let decided = shop
        .orders
        .attach(order.id(), &charged, &decision())
        .await
        .unwrap();
    // The provider's answer named its eSIM, so that profiles are next.
    assert_eq!(decided.order.state(), OrderState::Provisioning);
    assert_eq!(decided.warnings, []);
    let order = shop.carry(order.id()).await.order;
    assert_eq!(
        (order.state(), order.open_attention().count()),
        (OrderState::Fulfilled, 0)
    );
    assert_eq!((shop.charges(), shop.purchase_calls()), (1, 1));
    assert_eq!(shop.orders.profiles(&order).await.unwrap().len(), 1);
    let (resolution, by, why) = last_decision(&shop.orders, order.id()).await;
    assert!(matches!(resolution, Resolution::Attach { order } if order.id == charged));
    assert_eq!(
        (by.as_str(), why.as_str()),
        ("ada", "asked the provider, ticket 4711")
    );
}

#[tokio::test(start_paused = true)]
async fn of_several_found_one_is_attached_and_the_other_stays_a_second_charge_until_accepted() {
    let shop = Shop::careless();
    let (order, made) = several_found(&shop).await;
    let review = shop.orders.review(order.id()).await.unwrap();
    let attachable: Vec<&Action> = review.choices.iter().map(|choice| &choice.action).collect();
    for id in &made {
        assert!(
            attachable.contains(&&Action::Attach(Some(id.clone()))),
            "{attachable:?}"
        );
    }
    assert!(!attachable.contains(&&Action::Resend), "{attachable:?}");

    let decided = shop
        .orders
        .attach(order.id(), &made[0], &decision())
        .await
        .unwrap();
    let second = Warning::SecondCharge {
        provider_order: made[1].clone(),
    };
    assert_eq!(decided.warnings, [second]);
    let order = shop.carry(order.id()).await.order;
    assert_eq!(order.state(), OrderState::NeedsAttention);
    assert_eq!(order.placed().unwrap().id, made[0]);
    let open: Vec<_> = order.open_attention().cloned().collect();
    assert_eq!(
        open,
        [AttentionReason::SecondCharge {
            order: made[1].clone()
        }]
    );
    assert_eq!(
        shop.orders.profiles(&order).await.unwrap().len(),
        1,
        "the eSIM is there"
    );

    let review = shop.orders.review(order.id()).await.unwrap();
    let roles: Vec<(&str, Role)> = review
        .provider_orders
        .iter()
        .map(|known| (known.id.as_str(), known.role))
        .collect();
    assert_eq!(roles.len(), 2);
    assert!(roles.contains(&(made[0].as_str(), Role::Ours)), "{roles:?}");
    assert!(
        roles.contains(&(made[1].as_str(), Role::SecondCharge)),
        "{roles:?}"
    );

    let order = shop
        .orders
        .accept(order.id(), &decision())
        .await
        .unwrap()
        .order;
    assert_eq!(
        (order.state(), order.open_attention().count()),
        (OrderState::Fulfilled, 0)
    );
    assert_eq!(order.ending(), Some(&Ending::Accepted));
}

#[tokio::test(start_paused = true)]
async fn a_second_order_whose_money_went_back_is_no_second_charge() {
    let shop = Shop::careless();
    let refund = Fault::OrderState {
        state: "REFUNDED".into(),
        ms: roamport_sandbox::Lasting::ForEver,
    };
    let id = shop.order(&wish(PORTUGAL_3GB, 1), "several").await;
    let reference = shop
        .orders
        .order(id)
        .await
        .unwrap()
        .requested()
        .reference
        .clone();
    let purchase = Purchase::order(PORTUGAL_3GB, 1, reference.as_str());
    let kept = provider_id(&shop.world.purchase(&purchase).unwrap().id);
    // The other one is bought by a call of its own, so that the fault takes it.
    shop.fault(Operation::Order, refund);
    let other = crate::reconciling::buy_under(&shop, reference.as_str()).await;
    let order = shop.carry(id).await.order;
    assert_eq!(order.state(), OrderState::NeedsAttention);
    let decided = shop
        .orders
        .attach(order.id(), &kept, &decision())
        .await
        .unwrap();
    assert_eq!(decided.warnings, [], "{other} was refunded");
    let order = shop.carry(order.id()).await.order;
    assert_eq!(order.state(), OrderState::Fulfilled);
}

#[tokio::test(start_paused = true)]
async fn only_an_order_that_is_there_and_ours_is_attached() {
    let shop = Shop::careless();
    let order = never_bought(&shop).await;
    let id = order.id();

    let nobodys = provider_id("no-such-order");
    let error = shop.orders.attach(id, &nobodys, &decision()).await;
    let error = refused(&shop, id, error).await;
    assert!(
        matches!(&error, DecisionError::UnknownProviderOrder { provider_order, .. } if *provider_order == nobodys),
        "{error}"
    );

    let other = shop.buy("another").await;
    let others = other.placed().unwrap().id.clone();
    let error = shop.orders.attach(id, &others, &decision()).await;
    let error = refused(&shop, id, error).await;
    let DecisionError::OtherReference { theirs, ours, .. } = error else {
        panic!("{error}")
    };
    assert_eq!(theirs, other.requested().reference);
    assert_eq!(ours, order.requested().reference);
}

#[tokio::test(start_paused = true)]
async fn an_order_bought_by_hand_is_attached_with_a_warning_and_to_one_order_alone() {
    let shop = Shop::careless();
    let order = never_bought(&shop).await;
    let by_hand = Purchase::Order(OrderDetails {
        lines: vec![PurchaseLine::of(PORTUGAL_1GB, 1)],
        ..OrderDetails::default()
    });
    let made = provider_id(&shop.world.purchase(&by_hand).unwrap().id);
    let decided = shop
        .orders
        .attach(order.id(), &made, &decision())
        .await
        .unwrap();
    let provider_order = made.clone();
    let expected = [
        Warning::NoReference {
            provider_order: provider_order.clone(),
        },
        Warning::OtherPackages { provider_order },
    ];
    assert_eq!(decided.warnings, expected);
    let order = shop.carry(order.id()).await.order;
    // It cost less than was quoted: that is shown.
    assert_eq!(order.state(), OrderState::NeedsAttention);
    assert!(
        order
            .open_attention()
            .all(|why| matches!(why, AttentionReason::PriceDiffers { .. })),
        "{:?}",
        order.attention()
    );

    shop.rule(Rule::new(Operation::Order, Fault::DropBeforeEffect).times(2));
    let second = shop.buy("another").await;
    let error = shop.orders.attach(second.id(), &made, &decision()).await;
    let error = refused(&shop, second.id(), error).await;
    assert_eq!(
        error,
        DecisionError::BelongsToAnother {
            provider_order: made
        }
    );
}

#[tokio::test(start_paused = true)]
async fn an_attachment_that_cannot_be_read_changes_nothing() {
    let shop = Shop::careless();
    let order = unknown_for_ever(&shop).await;
    let charged = provider_id(&shop.world.ledger().unwrap()[0].order_id);
    shop.fault(Operation::Orders, Fault::HtmlError { status: 502 });
    let error = shop
        .orders
        .attach(order.id(), &charged, &decision())
        .await
        .unwrap_err();
    assert!(matches!(error, AppError::Provider(_)), "{error}");
    assert_eq!(shop.orders.order(order.id()).await.unwrap(), order);
}

#[tokio::test(start_paused = true)]
async fn a_profile_that_failed_is_asked_for_again_by_attaching_the_same_order() {
    let shop = Shop::careless();
    shop.fault(
        Operation::Apply,
        Fault::PendingProfile {
            ms: roamport_sandbox::Lasting::Milliseconds(3_600_000),
        },
    );
    let order = shop.buy("slow").await;
    assert_eq!(order.state(), OrderState::NeedsAttention);
    assert!(
        order
            .open_attention()
            .all(|why| matches!(why, AttentionReason::ItemFailed { .. })),
        "{:?}",
        order.attention()
    );
    let own = order.placed().unwrap().id.clone();
    let review = shop.orders.review(order.id()).await.unwrap();
    assert_eq!(review.choices[0].action, Action::Attach(Some(own.clone())));
    tokio::time::sleep(Duration::from_hours(1)).await;
    let decided = shop
        .orders
        .attach(order.id(), &own, &decision())
        .await
        .unwrap();
    assert_eq!(decided.warnings, []);
    let order = shop.carry(order.id()).await.order;
    assert_eq!((order.state(), shop.charges()), (OrderState::Fulfilled, 1));
    assert_eq!(shop.orders.profiles(&order).await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_top_up_of_unknown_outcome_is_attached_too() {
    let shop = Shop::careless();
    let esim = crate::support::only_esim(&shop.buy("the eSIM").await);
    let key = roamport_domain::provider::EsimKey::from_id(esim);
    let package = crate::support::package_id(PORTUGAL_1GB);
    let quote = shop
        .orders
        .quote_top_up(&key, &package, None)
        .await
        .unwrap();
    let fingerprint = Fingerprint::of(&quote.provider, &quote.content);
    let placed = shop
        .orders
        .place(&quote, &roamport_app::orders::Terms::default())
        .await
        .unwrap();
    let roamport_app::orders::Placement::New(order) = placed else {
        panic!("{placed:?}")
    };
    assert_eq!(order.requested().fingerprint, fingerprint);
    shop.fault(Operation::Topup, Fault::DropAfterEffect);
    shop.rule(
        Rule::new(Operation::Orders, Fault::HtmlError { status: 502 })
            .skip(1)
            .for_ever(),
    );
    let order = carry(&shop.orders, order.id()).await.order;
    assert_eq!(order.state(), OrderState::NeedsAttention);
    shop.world.clear_faults().unwrap();
    let charged = provider_id(&shop.world.ledger().unwrap()[1].order_id);
    shop.orders
        .attach(order.id(), &charged, &decision())
        .await
        .unwrap();
    let order = shop.carry(order.id()).await.order;
    assert_eq!((order.state(), shop.charges()), (OrderState::Fulfilled, 2));
}
