//! An eSIM, or an activation code, that an order already has is delivered to no other.

use std::sync::atomic::{AtomicUsize, Ordering};

use roamport_app::orders::{Placement, Terms};
use roamport_domain::esim::ProfileState;
use roamport_domain::order::{AttentionReason, ItemState, OrderState};
use roamport_domain::provider::{EsimKey, MockEsimProvider, ProviderOrder};
use roamport_domain::{EsimId, Order, ProfileStore as _};

use crate::support::mocks::{self, Desk, PACKAGE};
use crate::support::{carry, key, wish};

/// A provider that answers the purchases with these orders, one after the other.
fn selling(orders: Vec<ProviderOrder>, set: impl FnOnce(&mut MockEsimProvider)) -> Desk {
    let sold = AtomicUsize::new(0);
    Desk::at(mocks::provider(|mock| {
        mock.expect_purchase().returning(move |_| {
            let number = sold.fetch_add(1, Ordering::SeqCst);
            Ok(orders[number].clone())
        });
        set(mock);
    }))
}

async fn buy(desk: &Desk, under: &str, quantity: u16) -> Order {
    let quote = desk.orders.quote(&wish(PACKAGE, quantity)).await.unwrap();
    let terms = Terms {
        key: Some(key(under)),
        ..Terms::default()
    };
    let placed = desk.orders.place(&quote, &terms).await.unwrap();
    let Placement::New(order) = placed else {
        panic!("a new order, not {placed:?}");
    };
    carry(&desk.orders, order.id()).await.order
}

/// The order needs attention over this item, which belongs to `first`; nothing of it is stored.
async fn check(desk: &Desk, order: &Order, item: u16, first: &Order) {
    assert_eq!(order.state(), OrderState::NeedsAttention);
    let expected = AttentionReason::EsimDeliveredBefore {
        item,
        order: first.id(),
    };
    let open: Vec<_> = order.open_attention().collect();
    assert!(open.contains(&&expected), "{open:?}");
    let item = &order.items()[usize::from(item)];
    let ItemState::Failed { message } = &item.state else {
        panic!("the item is {:?}", item.state);
    };
    assert!(message.contains(&first.id().to_string()), "{message}");
    assert!(!message.contains("K2-"), "{message}");
    assert_eq!(
        order_of(desk, item.esim.as_str()).await,
        stored_for(order, first, &item.esim)
    );
}

/// Whose profile is stored of the eSIM: the first order's, where that has it.
fn stored_for(order: &Order, first: &Order, esim: &EsimId) -> Option<roamport_domain::OrderId> {
    let has_it = |order: &Order| {
        let mut items = order.items().iter();
        items.any(|item| item.esim == *esim && item.state == ItemState::Ready)
    };
    (has_it(first) && order.id() != first.id()).then(|| first.id())
}

async fn order_of(desk: &Desk, esim: &str) -> Option<roamport_domain::OrderId> {
    let esim = EsimKey::from_id(EsimId::parse(esim).unwrap());
    let kept = desk.journal.find_profile(&mocks::name(), &esim).await;
    kept.unwrap().map(|kept| kept.order)
}

#[tokio::test(start_paused = true)]
async fn the_esim_of_an_earlier_order_is_not_delivered_again() {
    let sold = ["P-1", "P-2"].map(|id| mocks::placed(id, &["esim-1"]));
    let desk = selling(sold.into(), |_| {});
    let first = buy(&desk, "first", 1).await;
    assert_eq!(first.state(), OrderState::Fulfilled);
    let second = buy(&desk, "second", 1).await;
    check(&desk, &second, 0, &first).await;
    assert_eq!(order_of(&desk, "esim-1").await, Some(first.id()));
}

#[tokio::test(start_paused = true)]
async fn a_profile_that_comes_later_is_held_against_earlier_deliveries_as_well() {
    let sold = ["P-1", "P-2"].map(|id| mocks::without_profiles(mocks::placed(id, &["esim-1"])));
    let desk = selling(sold.into(), |mock| {
        mock.expect_provision()
            .returning(|_| Ok(mocks::esim("esim-1", ProfileState::Generating, None)));
        mock.expect_esim().returning(|_| Ok(mocks::ready("esim-1")));
    });
    let first = buy(&desk, "first", 1).await;
    assert_eq!(first.state(), OrderState::Fulfilled);
    let second = buy(&desk, "second", 1).await;
    check(&desk, &second, 0, &first).await;
}

#[tokio::test(start_paused = true)]
async fn the_code_of_an_earlier_order_is_not_delivered_under_another_esim() {
    let mut again = mocks::placed("P-2", &["esim-2"]);
    again.items[0].profile = Some(mocks::with_code("esim-2", "esim-1"));
    let desk = selling(vec![mocks::placed("P-1", &["esim-1"]), again], |_| {});
    let first = buy(&desk, "first", 1).await;
    let second = buy(&desk, "second", 1).await;
    check(&desk, &second, 0, &first).await;
    assert_eq!(order_of(&desk, "esim-2").await, None);
}

#[tokio::test(start_paused = true)]
async fn two_esims_of_one_order_with_one_code_are_one_delivery() {
    let mut sold = mocks::placed("P-1", &["esim-1", "esim-2"]);
    sold.items[1].profile = Some(mocks::with_code("esim-2", "esim-1"));
    let desk = selling(vec![sold], |_| {});
    let order = buy(&desk, "both", 2).await;
    assert_eq!(order.items()[0].state, ItemState::Ready);
    check(&desk, &order, 1, &order).await;
    assert_eq!(order_of(&desk, "esim-2").await, None);
}

#[tokio::test(start_paused = true)]
async fn showing_an_esim_again_is_no_second_delivery() {
    let desk = selling(vec![mocks::placed("P-1", &["esim-1"])], |mock| {
        mock.expect_esim()
            .returning(|_| Ok(mocks::with_code("esim-1", "a-newer-code")));
    });
    let order = buy(&desk, "first", 1).await;
    let esims = roamport_app::Esims::new(desk.parts.provider.clone(), desk.journal.clone());
    let key = EsimKey::from_id(EsimId::parse("esim-1").unwrap());
    let shown = esims.esim(&key).await.unwrap();
    let kept = desk.journal.find_profile(&mocks::name(), &key).await;
    let kept = kept.unwrap().unwrap();
    assert_eq!((kept.order, kept.esim), (order.id(), shown.esim));
}
