//! Answers to a purchase that differ from what was asked for: carried on, and shown to a person.

use std::time::Duration;

use roamport_domain::Order;
use roamport_domain::order::{AttentionReason, ItemState, OrderState};
use roamport_domain::provider::ProviderOrderStatus;
use roamport_sandbox::{Fault, Lasting, Operation, Rule, Target};

use crate::support::{PORTUGAL_3GB, Shop, wish};

fn ready(order: &Order) -> usize {
    order
        .items()
        .iter()
        .filter(|item| item.state == ItemState::Ready)
        .count()
}

fn state(state: &str, ms: Lasting) -> Fault {
    Fault::OrderState {
        state: state.into(),
        ms,
    }
}

#[tokio::test(start_paused = true)]
async fn another_price_than_the_one_agreed_is_shown_to_a_person_with_the_esims_ready() {
    let shop = Shop::careless();
    let agreed = shop
        .orders
        .quote(&wish(PORTUGAL_3GB, 1))
        .await
        .unwrap()
        .total;
    shop.fault(Operation::Order, Fault::PriceChange { percent: 50 });
    let order = shop.buy("dearer").await;
    assert_eq!(
        (order.state(), ready(&order)),
        (OrderState::NeedsAttention, 1)
    );
    let charged = shop.world.ledger().unwrap()[0].amount;
    assert!(
        matches!(
            order.open_attention().collect::<Vec<_>>()[..],
            [AttentionReason::PriceDiffers { quoted, charged: paid }]
                if *quoted == agreed && paid.amount() == charged
        ),
        "{:?}",
        order.attention()
    );
    assert_eq!(shop.charges(), 1);
}

#[tokio::test(start_paused = true)]
async fn fewer_esims_than_asked_for_are_shown_to_a_person_with_those_that_came_ready() {
    let shop = Shop::careless();
    shop.fault(Operation::Order, Fault::FewerItems { by: 1 });
    let id = shop.order(&wish(PORTUGAL_3GB, 3), "fewer").await;
    let order = shop.carry(id).await.order;
    assert_eq!(
        (order.state(), ready(&order)),
        (OrderState::NeedsAttention, 2)
    );
    assert_eq!(
        order.open_attention().collect::<Vec<_>>(),
        [&AttentionReason::ItemCountDiffers {
            expected: 3,
            actual: 2
        }]
    );
    assert_eq!((shop.charges(), shop.purchase_calls()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn states_nobody_has_documented_keep_nothing_waiting() {
    let shop = Shop::careless();
    let strange = Fault::UnknownState {
        state: "QUANTUM".into(),
    };
    shop.rule(
        Rule {
            on: Target::Any,
            ..Rule::new(Operation::Order, strange)
        }
        .for_ever(),
    );
    let order = shop.buy("strange").await;
    assert_eq!((order.state(), ready(&order)), (OrderState::Fulfilled, 1));
    let status = &order.placed().unwrap().status;
    assert_eq!(*status, ProviderOrderStatus::Other("QUANTUM".into()));
}

#[tokio::test(start_paused = true)]
async fn an_undocumented_state_and_missing_items_end_with_a_person_in_half_an_hour() {
    let shop = Shop::careless();
    shop.fault(Operation::Order, Fault::FewerItems { by: 1 });
    shop.fault(Operation::Order, state("QUANTUM", Lasting::ForEver));
    let id = shop.order(&wish(PORTUGAL_3GB, 2), "strange").await;
    let order = shop.carry(id).await.order;
    assert_eq!(
        (order.state(), ready(&order)),
        (OrderState::NeedsAttention, 1)
    );
    assert!(
        order
            .open_attention()
            .any(|why| *why == AttentionReason::DeliveryOverdue)
    );
    assert!(
        shop.clock.elapsed() < Duration::from_mins(31),
        "{:?}",
        shop.clock.elapsed()
    );
    assert_eq!(shop.charges(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_pending_order_that_names_its_esims_is_not_waited_for() {
    let shop = Shop::careless();
    shop.fault(Operation::Order, state("PENDING", Lasting::ForEver));
    assert_eq!(shop.buy("pending").await.state(), OrderState::Fulfilled);
}

#[tokio::test(start_paused = true)]
async fn an_order_the_provider_takes_back_or_holds_is_shown_to_a_person() {
    for (word, status) in [
        ("CANCELLED", ProviderOrderStatus::Cancelled),
        ("REFUNDED", ProviderOrderStatus::Refunded),
        ("REQUIRE_ACTION", ProviderOrderStatus::ActionRequired),
    ] {
        let shop = Shop::careless();
        shop.fault(Operation::Order, state(word, Lasting::ForEver));
        let order = shop.buy("taken back").await;
        assert_eq!(order.state(), OrderState::NeedsAttention, "{word}");
        let told = order.open_attention().any(|why| {
            *why == AttentionReason::ProviderStatus {
                status: status.clone(),
            }
        });
        assert!(told, "{:?}", order.attention());
        assert_eq!((shop.charges(), shop.purchase_calls()), (1, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_profile_that_never_comes_ends_with_a_person() {
    let shop = Shop::careless();
    shop.fault(
        Operation::Apply,
        Fault::PendingProfile {
            ms: Lasting::ForEver,
        },
    );
    let id = shop.order(&wish(PORTUGAL_3GB, 2), "one of two").await;
    let order = shop.carry(id).await.order;
    assert_eq!(
        (order.state(), ready(&order)),
        (OrderState::NeedsAttention, 1)
    );
    assert!(
        shop.clock.elapsed() < Duration::from_mins(31),
        "{:?}",
        shop.clock.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_purchase_refused_for_an_empty_wallet_bought_nothing_and_says_what_is_missing() {
    let shop = Shop::careless();
    let refused = Fault::StatusBeforeEffect {
        status: 409,
        body: Some(r#"{"message":"Insufficient partner balance"}"#.into()),
        retry_after: None,
    };
    shop.rule(Rule::new(Operation::Order, refused).for_ever());
    let order = shop.buy("spent elsewhere").await;
    assert_eq!((order.state(), shop.charges()), (OrderState::Failed, 0));
    assert!(!order.money_may_have_moved());
    assert!(
        order
            .deferral()
            .unwrap()
            .message
            .contains("too small a wallet")
    );
}
