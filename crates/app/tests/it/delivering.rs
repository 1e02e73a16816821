//! Providers that deliver later, in parts, at another price or by the day.

use std::num::NonZeroU16;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use roamport_app::order_and_provision::{Wish, WishLine};
use roamport_app::orders::Terms;
use roamport_app::{AppError, Refusal};
use roamport_domain::order::{AttentionReason, Ending, ItemState, OrderState};
use roamport_domain::package::DayRange;
use roamport_domain::provider::{
    ErrorKind, MockEsimProvider, Operation, OrderLookup, ProviderOrder, ProviderOrderStatus,
};
use roamport_domain::{Capabilities, OrderJournal as _, ProviderError};

use crate::support::mocks::{self, Desk, PACKAGE};
use crate::support::{carry, package_id, usd};

fn pending(esims: &[&str]) -> ProviderOrder {
    let mut order = mocks::placed("P-1", esims);
    order.status = ProviderOrderStatus::Pending;
    order.total = None;
    order
}

/// A provider that takes an order and names no eSIM; its reads answer one after the other, the last
/// one for ever.
fn later(reads: Vec<ProviderOrder>) -> (Desk, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let done = count.clone();
    let desk = Desk::at(mocks::provider(|mock| {
        mock.expect_purchase()
            .times(1)
            .returning(|_| Ok(pending(&[])));
        mock.expect_find_orders().returning(move |lookup| {
            if !matches!(lookup, OrderLookup::Id(id) if id.as_str() == "P-1") {
                return Ok(mocks::nothing());
            }
            let number = done.fetch_add(1, Ordering::SeqCst);
            Ok(mocks::found(vec![
                reads[number.min(reads.len() - 1)].clone(),
            ]))
        });
    }));
    (desk, count)
}

#[tokio::test(start_paused = true)]
async fn an_order_that_is_delivered_later_in_parts_is_waited_for_and_bought_once() {
    let all = ["esim-1", "esim-2", "esim-3"];
    let finished = mocks::placed("P-1", &all);
    let (desk, reads) = later(vec![
        pending(&[]),
        pending(&all[..1]),
        pending(&[]),
        finished,
    ]);
    let id = desk.order(3).await;
    let order = carry(&desk.orders, id).await.order;
    assert_eq!(
        (order.state(), reads.load(Ordering::SeqCst)),
        (OrderState::Fulfilled, 4)
    );
    let esims: Vec<&str> = order
        .items()
        .iter()
        .map(|item| item.esim.as_str())
        .collect();
    assert_eq!(esims, all);
    assert!(
        order
            .items()
            .iter()
            .all(|item| item.state == ItemState::Ready)
    );
    assert_eq!(order.placed().unwrap().total, Some(usd("12.00")));
    assert_eq!(order.open_attention().count(), 0);
    let profiles = desk.orders.profiles(&order).await.unwrap();
    assert_eq!(profiles.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_delivery_that_stops_half_way_ends_with_a_person_and_keeps_what_came() {
    let (desk, reads) = later(vec![pending(&[]), pending(&["esim-1"])]);
    let id = desk.order(2).await;
    let order = carry(&desk.orders, id).await.order;
    assert_eq!(order.state(), OrderState::NeedsAttention);
    let open: Vec<_> = order.open_attention().collect();
    assert!(
        open.contains(&&AttentionReason::DeliveryOverdue),
        "{open:?}"
    );
    assert_eq!(order.items()[0].state, ItemState::Ready);
    assert_eq!(desk.orders.profiles(&order).await.unwrap().len(), 1);
    let (reads, elapsed) = (reads.load(Ordering::SeqCst), desk.clock.elapsed());
    assert!(reads > 10, "{reads}");
    assert!(
        (Duration::from_mins(30)..Duration::from_mins(32)).contains(&elapsed),
        "{elapsed:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_order_that_never_delivers_ends_with_a_person_and_is_not_sent_again() {
    let (desk, _) = later(vec![pending(&[])]);
    let carried = desk.buy().await;
    assert_eq!(carried.order.state(), OrderState::NeedsAttention);
    assert_eq!(
        carried.order.open_attention().collect::<Vec<_>>(),
        [
            &AttentionReason::DeliveryOverdue,
            &AttentionReason::ItemCountDiffers {
                expected: 1,
                actual: 0
            }
        ]
    );
    assert!(carried.order.money_may_have_moved());
}

#[tokio::test(start_paused = true)]
async fn an_order_the_provider_refuses_ends_with_its_words_and_nothing_charged() {
    for words in [
        "the price of esim-portugal is now 4.10; quote again",
        "esim-portugal is out of stock",
    ] {
        let desk = Desk::at(mocks::provider(|mock| {
            mock.expect_capabilities().return_const(Capabilities {
                price_guard: true,
                ..mocks::capabilities()
            });
            mock.expect_purchase()
                .times(1)
                .withf(|request| request.request.lines()[0].unit_price == usd("4.00"))
                .returning(move |_| {
                    let kind = ErrorKind::Rejected;
                    Err(
                        ProviderError::new(kind, mocks::name(), Operation::PlaceOrder, words)
                            .turned_away(),
                    )
                });
        }));
        let order = desk.buy().await.order;
        assert_eq!(order.state(), OrderState::Failed);
        let Some(Ending::Refused { message }) = order.ending() else {
            panic!("refused, not {:?}", order.ending())
        };
        assert!(message.contains(words), "{message}");
        assert!(!order.money_may_have_moved());
        assert!(order.placed().is_none() && order.open_attention().count() == 0);
    }
}

/// A provider that sells its package by the day: 1.50 a day, for 2 to 30 days.
fn by_day(set: impl FnOnce(&mut MockEsimProvider)) -> MockEsimProvider {
    mocks::provider(|mock| {
        set(mock);
        mock.expect_packages().returning(|_| {
            let mut package = mocks::package("1.50");
            package.by_day = Some(DayRange { least: 2, most: 30 });
            mocks::listed(vec![package])
        });
    })
}

fn for_days(quantity: u16, days: Option<u16>) -> Wish {
    Wish {
        lines: vec![WishLine {
            package: package_id(PACKAGE),
            quantity: NonZeroU16::new(quantity).unwrap(),
            days,
        }],
        start_date: None,
    }
}

#[tokio::test(start_paused = true)]
async fn a_package_sold_by_the_day_costs_its_price_times_days_times_quantity() {
    let desk = Desk::at(by_day(|mock| {
        mock.expect_purchase()
            .times(1)
            .withf(|request| {
                let line = &request.request.lines()[0];
                (line.unit_price, line.days, line.total().ok())
                    == (usd("1.50"), Some(7), Some(usd("21")))
            })
            .returning(|_| {
                let mut order = mocks::placed("P-1", &["esim-1", "esim-2"]);
                order.total = Some(usd("21.00"));
                Ok(order)
            });
    }));
    let quote = desk.orders.quote(&for_days(2, Some(7))).await.unwrap();
    assert_eq!(quote.total, usd("21.00"));
    let id = desk.record(&for_days(2, Some(7))).await;
    let order = carry(&desk.orders, id).await.order;
    assert_eq!(
        (order.state(), order.open_attention().count()),
        (OrderState::Fulfilled, 0)
    );
    let kept = desk.journal.load(id).await.unwrap();
    assert_eq!(kept.requested().content.lines()[0].line.days, Some(7));
    assert_eq!(kept.requested().cap, usd("21.00"));
}

#[tokio::test(start_paused = true)]
async fn days_are_part_of_the_wish_its_range_and_its_cap() {
    let desk = Desk::at(by_day(|mock| {
        mock.expect_purchase().never();
    }));
    let fingerprint = |days| desk.orders.fingerprint(&for_days(1, Some(days)));
    assert_eq!(fingerprint(7), fingerprint(7));
    assert_ne!(fingerprint(7), fingerprint(8));
    for days in [None, Some(0), Some(1), Some(31), Some(u16::MAX)] {
        let error = desk.orders.quote(&for_days(1, days)).await.unwrap_err();
        let AppError::Refused(Refusal::Days { asked, .. }) = error else {
            panic!("refused for its days, not {error}")
        };
        assert_eq!(asked, days);
    }
    let quote = desk.orders.quote(&for_days(3, Some(30))).await.unwrap();
    assert_eq!(quote.total, usd("135.00"));
    let terms = Terms {
        maximum: Some(usd("134.99")),
        ..Terms::default()
    };
    let error = desk.orders.place(&quote, &terms).await.unwrap_err();
    let AppError::Refused(refusal) = error else {
        panic!("refused, not {error}")
    };
    assert!(
        matches!(
            refusal,
            Refusal::AboveMaximum { .. } | Refusal::WalletShort { .. }
        ),
        "{refusal}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_package_sold_as_it_stands_takes_no_days() {
    let desk = Desk::at(mocks::provider(|mock| {
        mock.expect_purchase().never();
    }));
    let error = desk.orders.quote(&for_days(1, Some(7))).await.unwrap_err();
    assert!(
        matches!(error, AppError::Refused(Refusal::Days { sold: None, .. })),
        "{error}"
    );
}
