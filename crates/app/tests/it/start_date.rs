//! A paid order whose day of travel the provider refuses is given another day, and never bought again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::civil::{Date, date};
use roamport_app::AppError;
use roamport_app::attention::DecisionError;
use roamport_app::order_and_provision::Wish;
use roamport_domain::order::{AttentionReason, Event, OrderState};
use roamport_domain::provider::{ErrorKind, MockEsimProvider, Operation, Provisioning};
use roamport_domain::{Capabilities, Order, OrderId};

use crate::deciding::decision;
use crate::support::mocks::{self, Desk, PACKAGE};
use crate::support::{carry, wish};

const REFUSED: Date = date(2026, 12, 1);
const ACCEPTED: Date = date(2026, 12, 24);

/// A provider that makes profiles for one day alone. Counts the purchase calls.
fn desk(set: impl FnOnce(&mut MockEsimProvider)) -> (Desk, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let desk = Desk::at(mocks::provider(|mock| {
        set(mock);
        mock.expect_purchase().returning(move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
            Ok(mocks::without_profiles(mocks::placed("P-1", &["esim-1"])))
        });
        mock.expect_provision().returning(|request| {
            if request.start_date == Some(ACCEPTED) {
                Ok(mocks::ready("esim-1"))
            } else {
                Err(mocks::error(ErrorKind::Rejected, Operation::Provision))
            }
        });
    }));
    (desk, calls)
}

async fn buy(desk: &Desk, start_date: Date) -> Order {
    let wish = Wish {
        start_date: Some(start_date),
        ..wish(PACKAGE, 1)
    };
    let id = desk.record(&wish).await;
    carry(&desk.orders, id).await.order
}

async fn refused(desk: &Desk, id: OrderId) -> String {
    let before = desk.orders.order(id).await.unwrap();
    let error = desk
        .orders
        .change_start_date(id, ACCEPTED, &decision())
        .await
        .unwrap_err();
    let AppError::Decision(DecisionError::NotPossible { why, .. }) = error else {
        panic!("{error}")
    };
    assert_eq!(desk.orders.order(id).await.unwrap(), before);
    why
}

#[tokio::test(start_paused = true)]
async fn a_profile_refused_for_its_day_is_asked_for_again_on_another() {
    let (desk, calls) = desk(|_| {});
    let order = buy(&desk, REFUSED).await;
    assert_eq!(order.state(), OrderState::NeedsAttention);
    let open: Vec<_> = order.open_attention().collect();
    assert!(
        matches!(open[..], [AttentionReason::ItemFailed { item: 0, .. }]),
        "{open:?}"
    );

    let decided = desk
        .orders
        .change_start_date(order.id(), ACCEPTED, &decision())
        .await
        .unwrap();
    assert_eq!(decided.order.state(), OrderState::Provisioning);
    assert_eq!(decided.order.start_date(), Some(ACCEPTED));
    let order = carry(&desk.orders, order.id()).await.order;
    assert_eq!(order.state(), OrderState::Fulfilled);
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    let events = desk.orders.events(order.id()).await.unwrap();
    let changed = events.iter().find_map(|recorded| match &recorded.event {
        Event::StartDateChanged {
            start_date,
            by,
            why,
            ..
        } => Some((*start_date, by.clone(), why.clone())),
        _ => None,
    });
    let by = decision();
    let expected = (ACCEPTED, by.by().to_owned(), by.why().to_owned());
    assert_eq!(changed, Some(expected));
    // What was sent stays what it was.
    assert_eq!(order.requested().content.start_date(), Some(REFUSED));
}

#[tokio::test(start_paused = true)]
async fn a_day_is_not_changed_where_no_profile_is_left_to_ask_for() {
    let (fulfilled, _) = desk(|_| {});
    let order = buy(&fulfilled, ACCEPTED).await;
    assert_eq!(order.state(), OrderState::Fulfilled);
    let why = refused(&fulfilled, order.id()).await;
    assert_eq!(why, "no profile is left to be asked for");

    let (unsent, calls) = desk(|_| {});
    let wish = Wish {
        start_date: Some(REFUSED),
        ..wish(PACKAGE, 1)
    };
    let id = unsent.record(&wish).await;
    assert_eq!(refused(&unsent, id).await, "nothing was bought yet");
    assert_eq!(calls.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn a_day_is_not_changed_at_a_provider_that_takes_none_after_the_purchase() {
    let (desk, _) = desk(|mock| {
        mock.expect_capabilities().return_const(Capabilities {
            provisioning: Provisioning::Polled,
            ..mocks::capabilities()
        });
        mock.expect_esim()
            .returning(|_| Err(mocks::error(ErrorKind::Unavailable, Operation::Esim)));
    });
    let order = buy(&desk, REFUSED).await;
    assert_eq!(order.state(), OrderState::NeedsAttention);
    let why = refused(&desk, order.id()).await;
    assert_eq!(
        why,
        "its provider takes no day of travel after the purchase"
    );
}
