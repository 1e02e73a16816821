//! A journal that fails around a purchase call: the answer is never dropped, the call never repeated.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use roamport_app::{AppError, Progress, Silent, StopSignal};
use roamport_domain::OrderJournal as _;
use roamport_domain::journal::{JournalError, OrderChange};
use roamport_domain::order::{AttemptState, Event, OrderState};

use crate::support::mocks::{Desk, at_once, full_disk, journal, placed, provider};
use crate::support::{Listener, carry};

fn settles(events: &[Event]) -> bool {
    events
        .iter()
        .any(|event| event.name() == "placement_settled")
}

/// A desk whose provider takes the order, once.
fn desk() -> Desk {
    Desk::at(provider(|mock| {
        mock.expect_purchase()
            .times(1)
            .returning(|_| Ok(placed("paid", &["e1"])));
    }))
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_recorded_as_soon_as_the_journal_can_be_written_again() {
    let desk = desk();
    let refused = AtomicUsize::new(0);
    let moody = journal(
        &desk.journal,
        move |events| {
            let refuse = settles(events) && refused.fetch_add(1, Ordering::Relaxed) < 20;
            refuse.then(full_disk)
        },
        || None,
    );
    let order = desk.on(moody).buy().await.order;
    assert_eq!(order.state(), OrderState::Fulfilled);
    assert_eq!(order.placed().unwrap().id.as_str(), "paid");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_cannot_be_recorded_at_all_is_told_to_a_person() {
    let desk = desk();
    let broken = journal(
        &desk.journal,
        |events| settles(events).then(full_disk),
        || None,
    );
    let desk = desk.on(broken);
    let id = desk.order(1).await;
    let listener = Listener::new();
    let error = desk
        .orders
        .carry_on(id, listener.clone(), StopSignal::never())
        .await
        .unwrap_err();
    let AppError::AnswerNotRecorded {
        order,
        attempt: 1,
        answer,
        reason,
    } = &error
    else {
        panic!("the answer was not recorded, not {error:?}")
    };
    assert_eq!(*order, id);
    assert!(answer.contains("paid"), "{answer}");
    assert!(reason.contains("the disk is full"), "{reason}");
    let told = |progress: &Progress| matches!(progress, Progress::PurchaseEnded { outcome, .. } if outcome.contains("paid"));
    assert!(listener.heard().iter().any(told));
    // The journal says that something may have happened: nobody will send it again unlooked.
    assert_eq!(
        desk.journal.load(id).await.unwrap().state(),
        OrderState::Placing
    );
}

#[tokio::test(start_paused = true)]
async fn an_answer_survives_a_lost_race_followed_by_a_journal_that_cannot_be_read() {
    let desk = desk();
    let trouble = Arc::new(AtomicUsize::new(0));
    let (raced, unread) = (trouble.clone(), trouble.clone());
    let inner = desk.journal.clone();
    let moody = journal(
        &desk.journal,
        move |events| {
            // The first time the order is just being changed by somebody else.
            let first = settles(events)
                && raced
                    .compare_exchange(0, 3, Ordering::Relaxed, Ordering::Relaxed)
                    .is_ok();
            first.then(|| {
                let version = roamport_domain::journal::Version::FIRST;
                let order = roamport_domain::OrderId::from_uuid(uuid());
                JournalError::VersionConflict {
                    order,
                    expected: version,
                    actual: version.next(),
                }
            })
        },
        move || {
            // Then it cannot be read, twice.
            let down = |left: usize| (left > 1).then(|| left - 1);
            unread
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, down)
                .ok()
                .map(|_| full_disk())
        },
    );
    let desk = desk.on(moody);
    let id = desk.order(1).await;
    // Whoever lost the race does no more than that.
    let outcome = desk
        .orders
        .carry_on(id, Arc::new(Silent), StopSignal::never())
        .await;
    let order = inner.load(id).await.unwrap();
    assert!(
        matches!(order.attempts()[0].state, AttemptState::Placed { .. }),
        "{:?} after {outcome:?}",
        order.attempts()[0].state
    );
    assert_eq!(
        carry(&desk.orders, id).await.order.state(),
        OrderState::Fulfilled
    );
}

#[tokio::test(start_paused = true)]
async fn an_intent_whose_fate_is_unknown_is_not_followed_by_the_call() {
    // The connection to the database breaks in the middle: the event may or may not be there.
    let desk = Desk::at(provider(|mock| {
        mock.expect_purchase().never();
    }));
    let inner = desk.journal.clone();
    let written = inner.clone();
    let broken = journal(
        &desk.journal,
        move |events| {
            let Some(Event::PlacementStarted { .. }) = events.first() else {
                return None;
            };
            let write = async {
                let id = only_order(&written).await;
                let order = written.load(id).await?;
                let change = OrderChange::of(&order, events.to_vec())?;
                written.append(&change, None).await
            };
            at_once(write).unwrap();
            Some(full_disk())
        },
        || None,
    );
    let desk = desk.on(broken);
    let id = desk.order(1).await;
    desk.orders
        .carry_on(id, Arc::new(Silent), StopSignal::never())
        .await
        .unwrap_err();
    assert_eq!(inner.load(id).await.unwrap().state(), OrderState::Placing);
}

async fn only_order(
    journal: &roamport_domain::journal::InMemoryJournal,
) -> roamport_domain::OrderId {
    use futures::TryStreamExt as _;
    let filter = roamport_domain::journal::OrderFilter::default();
    journal.list(filter).try_next().await.unwrap().unwrap().id
}

fn uuid() -> uuid::Uuid {
    uuid::Uuid::nil()
}
