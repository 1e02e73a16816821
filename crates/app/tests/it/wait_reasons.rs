//! A paid order says why it waits: the provider answers about another order or eSIM, or not at all.

use std::time::Duration;

use roamport_app::{Progress, StopSignal};
use roamport_domain::order::{AttentionReason, Event, ItemState, OrderState, Waiting};
use roamport_domain::provider::{
    ErrorKind, FoundOrders, MockEsimProvider, Operation, OrderLookup, ProviderOrder,
    ProviderOrderStatus, Result,
};
use roamport_domain::{Oddity, Order, ProviderOrderId};

use crate::support::Listener;
use crate::support::mocks::{self, Desk, found, nothing, placed};

const LOWER: &str = "0192f0c8-7d5e-7a11-8c3d-4b6a9f2e1d0c";

/// An order that is accepted under this id and delivered later.
fn accepted(id: &str) -> ProviderOrder {
    ProviderOrder {
        status: ProviderOrderStatus::Pending,
        total: None,
        ..placed(id, &[])
    }
}

/// A provider that accepts an order under `id` and answers questions about it so.
fn asked(id: &'static str, answer: impl Fn() -> Result<FoundOrders> + Send + 'static) -> Desk {
    Desk::at(mocks::provider(|mock: &mut MockEsimProvider| {
        mock.expect_purchase()
            .times(1)
            .returning(move |_| Ok(accepted(id)));
        mock.expect_find_orders()
            .returning(move |lookup| match lookup {
                OrderLookup::Id(_) => answer(),
                _ => Ok(nothing()),
            });
    }))
}

/// Buys, and returns the order and the reasons that were told while it waited, each once.
async fn buy(desk: &Desk, waits: Waiting) -> (Order, Vec<String>) {
    let id = desk.order(1).await;
    let listener = Listener::new();
    let work = desk
        .orders
        .carry_on(id, listener.clone(), StopSignal::never());
    let carried = work.await.unwrap();
    let mut reasons: Vec<String> = listener
        .heard()
        .into_iter()
        .filter_map(|heard| match heard {
            Progress::Waiting {
                waiting,
                message: Some(message),
                ..
            } if waiting == waits => Some(message),
            _ => None,
        })
        .collect();
    reasons.dedup();
    (carried.order, reasons)
}

#[tokio::test(start_paused = true)]
async fn why_the_providers_order_cannot_be_used_is_told_while_it_is_awaited() {
    let unavailable = || Err(mocks::error(ErrorKind::Unavailable, Operation::FindOrders));
    let other = "the provider answers about its order p-1 instead";
    let cases = [
        (
            asked("P-1", || Ok(found(vec![placed("p-1", &["esim-1"])]))),
            other,
        ),
        (
            asked("P-1", || Ok(nothing())),
            "the provider answers that it has no such order",
        ),
        (asked("P-1", unavailable), "as the test has it"),
    ];
    for (desk, reason) in cases {
        let (order, told) = buy(&desk, Waiting::Delivery).await;
        assert!(
            matches!(&told[..], [only] if only.contains(reason)),
            "{reason}: {told:?}"
        );
        assert_eq!(order.state(), OrderState::NeedsAttention);
        let overdue = AttentionReason::DeliveryOverdue;
        assert!(order.open_attention().any(|open| *open == overdue));
        let events = desk.orders.events(order.id()).await.unwrap();
        let kept = events.iter().any(|recorded| {
            matches!(&recorded.event, Event::OrderRead { order: None, evidence: Some(evidence), .. }
                if evidence.problem.as_ref().is_some_and(|kept| kept.contains(reason)))
        });
        assert!(kept, "{reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_whose_id_is_a_uuid_in_other_letters_is_the_same_order() {
    let desk = asked(LOWER, || {
        let upper = LOWER.to_ascii_uppercase();
        Ok(found(vec![placed(&upper, &["esim-1"])]))
    });
    let (order, told) = buy(&desk, Waiting::Delivery).await;
    assert_eq!(order.state(), OrderState::Fulfilled);
    assert_eq!(told, Vec::<String>::new());
    assert_eq!(
        order.placed().unwrap().id,
        ProviderOrderId::parse(LOWER).unwrap()
    );
}

#[tokio::test(start_paused = true)]
async fn why_an_esim_cannot_be_used_is_told_while_it_is_awaited_and_when_it_is_given_up() {
    let desk = Desk::at(mocks::provider(|mock| {
        mock.expect_purchase()
            .returning(|_| Ok(mocks::without_profiles(placed("P-1", &["esim-1"]))));
        mock.expect_provision()
            .returning(|_| Err(mocks::error(ErrorKind::Ambiguous, Operation::Provision)));
        mock.expect_esim()
            .returning(|_| Err(mocks::error(ErrorKind::InvalidResponse, Operation::Esim)));
    }));
    let (order, told) = buy(&desk, Waiting::Profile).await;
    assert!(
        matches!(&told[..], [only] if only.contains("as the test has it")),
        "{told:?}"
    );
    assert_eq!(order.state(), OrderState::NeedsAttention);
    let ItemState::Failed { message } = &order.items()[0].state else {
        panic!("{:?}", order.items())
    };
    assert!(message.contains("after 30 minutes"), "{message}");
    assert!(message.contains("as the test has it"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_read_of_an_order_is_told_and_answers_that_follow_replace_it() {
    let odd = || Oddity {
        what: "total".to_owned(),
        why: "`total` is no amount of a known currency".to_owned(),
    };
    let direct = Desk::at(mocks::provider(|mock| {
        mock.expect_purchase().returning(move |_| {
            Ok(ProviderOrder {
                total: None,
                oddities: vec![odd()],
                ..placed("P-1", &["esim-1"])
            })
        });
    }));
    let (order, _) = buy(&direct, Waiting::Profile).await;
    assert_eq!(order.state(), OrderState::Fulfilled);
    assert_eq!(order.unreadable(), [odd()]);

    let later = asked("P-1", || Ok(found(vec![placed("P-1", &["esim-1"])])));
    let (order, _) = buy(&later, Waiting::Delivery).await;
    assert_eq!(order.unreadable(), []);

    let lookup = Desk::at(mocks::provider(|mock| {
        mock.expect_purchase().never();
        mock.expect_find_orders().returning(move |lookup| {
            let found = ProviderOrder {
                oddities: vec![odd()],
                ..placed("P-1", &["esim-1"])
            };
            Ok(mocks::ours(lookup, vec![found]))
        });
        mock.expect_provision()
            .returning(|_| Ok(mocks::ready("esim-1")));
    }));
    let (order, _) = buy(&lookup, Waiting::Profile).await;
    assert_eq!(order.unreadable(), [odd()]);
    let waited = lookup.clock.elapsed();
    assert!(waited < Duration::from_mins(1), "{waited:?}");
}
