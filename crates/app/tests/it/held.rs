//! New orders are held at an account where answers contradict each other, until a person releases it.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use roamport_app::{Orders, OrdersParts};
use roamport_domain::journal::AccountStore as _;
use roamport_domain::order::{AttentionReason, DeferralReason, Event, OrderState};
use roamport_domain::provider::{ErrorKind, Operation};
use roamport_domain::{Account, Money, OrderId};

use crate::deciding::decision;
use crate::support::mocks::{self, Desk, PACKAGE};
use crate::support::{carry, carry_beside, package_id, usd, wish};

/// A desk whose wallet can be emptied.
struct Shop {
    desk: Desk,
    wallet: Wallet,
}

impl Deref for Shop {
    type Target = Desk;

    fn deref(&self) -> &Desk {
        &self.desk
    }
}

#[derive(Clone, Default)]
struct Wallet(Arc<AtomicBool>);

impl Wallet {
    fn empty(&self, is_empty: bool) {
        self.0.store(is_empty, Ordering::SeqCst);
    }

    fn balance(&self) -> Money {
        let is_empty = self.0.load(Ordering::SeqCst);
        usd(if is_empty { "0" } else { "100" })
    }
}

/// A provider whose first answers are about another package than the one that was ordered. Counts the
/// purchase calls.
fn mixing_up(first: usize) -> (Shop, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let wallet = Wallet::default();
    let read = wallet.clone();
    let desk = Desk::at(mocks::provider(|mock| {
        mock.expect_balance().returning(move || Ok(read.balance()));
        mock.expect_purchase().returning(move |_| {
            let call = counted.fetch_add(1, Ordering::SeqCst);
            let mut order = mocks::placed(&format!("P-{call}"), &[&format!("esim-{call}")]);
            if call < first {
                order.items[0].package = Some(package_id("esim-elsewhere"));
            }
            Ok(order)
        });
    }));
    (Shop { desk, wallet }, calls)
}

async fn record(orders: &Orders, under: &str) -> OrderId {
    mocks::recorded(orders, &wish(PACKAGE, 1), under).await
}

/// Buys `count` times, `apart` between two orders. Each order needs attention because its goods differ.
async fn buy_wrong(desk: &Shop, count: usize, apart: Duration) {
    for number in 0..count {
        tokio::time::sleep(apart).await;
        let id = record(&desk.orders, &format!("order {number}")).await;
        let order = carry(&desk.orders, id).await.order;
        assert_eq!(order.state(), OrderState::NeedsAttention);
        let open: Vec<_> = order.open_attention().collect();
        assert!(
            matches!(open[..], [AttentionReason::GoodsDiffer { .. }]),
            "{open:?}"
        );
    }
}

async fn is_held(desk: &Shop) -> bool {
    let accounts = &desk.journal;
    accounts.held(&desk.parts.account).await.unwrap().is_some()
}

#[tokio::test(start_paused = true)]
async fn three_orders_parked_by_contradictions_hold_new_ones_until_a_person_releases_them() {
    let (desk, calls) = mixing_up(3);
    buy_wrong(&desk, 3, Duration::from_mins(10)).await;
    assert!(is_held(&desk).await);

    let id = record(&desk.orders, "waits").await;
    let recorded = desk.orders.order(id).await.unwrap();
    let waiting = carry_beside(&desk.orders, id);
    // Longer than the quarter of an hour in which an order is placed or given up.
    tokio::time::sleep(Duration::from_mins(40)).await;
    let held = desk.orders.order(id).await.unwrap();
    assert_eq!(held.state(), OrderState::Requested);
    let deferral = held.deferral().unwrap();
    assert_eq!(deferral.reason, Some(DeferralReason::Held));
    assert_eq!(calls.load(Ordering::SeqCst), 3);

    assert!(desk.orders.release_account(&decision()).await.unwrap());
    let order = waiting.await.unwrap().order;
    assert_eq!(order.state(), OrderState::Fulfilled);
    assert_eq!(calls.load(Ordering::SeqCst), 4);
    assert!(order.place_before() > recorded.place_before());
    assert!(!is_held(&desk).await);
    assert!(!desk.orders.release_account(&decision()).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn an_order_that_is_held_twice_gets_more_time_once() {
    let (desk, calls) = mixing_up(3);
    buy_wrong(&desk, 3, Duration::ZERO).await;
    let id = record(&desk.orders, "waits").await;
    let waiting = carry_beside(&desk.orders, id);
    tokio::time::sleep(Duration::from_mins(20)).await;
    // After the release the wallet is short, so that the order goes on waiting.
    desk.wallet.empty(true);
    assert!(desk.orders.release_account(&decision()).await.unwrap());
    tokio::time::sleep(Duration::from_mins(5)).await;
    let given = desk.orders.order(id).await.unwrap().place_before();
    let why = "it contradicts itself again";
    desk.journal.hold(&desk.parts.account, why).await.unwrap();
    tokio::time::sleep(Duration::from_mins(20)).await;
    desk.wallet.empty(false);
    assert!(desk.orders.release_account(&decision()).await.unwrap());

    let order = waiting.await.unwrap().order;
    assert_eq!(order.place_before(), given);
    let events = desk.orders.events(id).await.unwrap();
    let moves = events.iter().map(|recorded| &recorded.event);
    let moves = moves.filter(|event| matches!(event, Event::Prolonged { .. }));
    assert_eq!(moves.count(), 1);
    assert_eq!(order.state(), OrderState::Failed);
    assert_eq!(calls.load(Ordering::SeqCst), 3);
}

#[tokio::test(start_paused = true)]
async fn two_orders_or_three_in_more_than_an_hour_hold_nothing() {
    for (count, apart) in [
        (2, Duration::from_secs(1)),
        (3, Duration::from_mins(31)),
        (5, Duration::from_mins(31)),
    ] {
        let (desk, calls) = mixing_up(count);
        buy_wrong(&desk, count, apart).await;
        assert!(!is_held(&desk).await, "{count} every {apart:?}");
        let id = record(&desk.orders, "one more").await;
        let order = carry(&desk.orders, id).await.order;
        assert_eq!(order.state(), OrderState::Fulfilled);
        assert_eq!(calls.load(Ordering::SeqCst), count + 1);
    }
}

#[tokio::test(start_paused = true)]
async fn orders_of_another_account_are_not_held() {
    let (desk, calls) = mixing_up(3);
    buy_wrong(&desk, 3, Duration::ZERO).await;
    let other = Orders::new(OrdersParts {
        account: Account::parse("another account").unwrap(),
        ..desk.parts.clone()
    });
    let id = record(&other, "at the other account").await;
    let order = carry(&other, id).await.order;
    assert_eq!(order.state(), OrderState::Fulfilled);
    assert_eq!(calls.load(Ordering::SeqCst), 4);
    assert!(is_held(&desk).await);
}

#[tokio::test(start_paused = true)]
async fn orders_whose_outcome_nothing_speaks_about_hold_nothing() {
    let desk = Desk::at(mocks::provider(|mock| {
        mock.expect_purchase().returning(|_| Err(mocks::lost()));
        let mut lookups = 0;
        mock.expect_find_orders().returning(move |_| {
            lookups += 1;
            // The lookup before each call is answered, the ones after it are not.
            if lookups % 2 == 1 {
                Ok(mocks::nothing())
            } else {
                Err(mocks::error(ErrorKind::Unavailable, Operation::FindOrders))
            }
        });
    }));
    for number in 0..4 {
        let id = record(&desk.orders, &format!("order {number}")).await;
        let order = carry(&desk.orders, id).await.order;
        assert_eq!(order.state(), OrderState::NeedsAttention);
    }
    let held = desk.journal.held(&desk.parts.account).await.unwrap();
    assert_eq!(held, None);
}
