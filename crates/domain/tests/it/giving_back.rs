//! Giving an eSIM back, as far as the pure machine knows it: once is once.

use roamport_domain::journal::{OrderChange, RefundRecord};
use roamport_domain::order::{CancellationOutcome, Event};
use roamport_domain::provider::Refund;

use crate::support::{Scene, at, bought, placed, settled, usd};

fn delivered() -> Scene {
    Scene::new()
        .sent(1, 0)
        .with(settled(1, 1, placed(bought("P-1", &["E-1"]))))
}

fn asked_for(second: i64) -> Event {
    Event::CancellationStarted {
        item: 0,
        at: at(second),
        by: "ada".to_owned(),
        why: "the journey was called off".to_owned(),
    }
}

fn ended(second: i64, outcome: CancellationOutcome) -> Event {
    Event::CancellationSettled {
        item: 0,
        at: at(second),
        outcome,
    }
}

fn taken_back() -> CancellationOutcome {
    CancellationOutcome::Cancelled {
        refund: Refund::AtOnce,
        amount: None,
    }
}

fn unknown() -> CancellationOutcome {
    CancellationOutcome::Unknown {
        message: "no answer came".to_owned(),
    }
}

fn outcome(scene: &Scene) -> Option<CancellationOutcome> {
    let item = &scene.order.items()[0];
    item.cancellation.as_ref().unwrap().outcome.clone()
}

#[test]
fn an_end_that_nobody_asked_for_is_refused() {
    delivered().refuses(&ended(10, taken_back()));
}

#[test]
fn what_was_given_back_is_not_given_back_again() {
    let scene = delivered()
        .with(asked_for(10))
        .with(ended(11, taken_back()));
    scene.refuses(&asked_for(20));
    // A late word about it takes nothing away from what is known.
    let scene = scene.with(ended(21, unknown()));
    assert_eq!(outcome(&scene), Some(taken_back()));
}

#[test]
fn what_may_not_have_been_given_back_may_be_asked_for_again() {
    let scene = delivered().with(asked_for(10)).with(ended(11, unknown()));
    assert_eq!(outcome(&scene), Some(unknown()));
    let scene = scene.with(asked_for(20));
    assert_eq!(outcome(&scene), None);
    let scene = scene.with(ended(21, taken_back()));
    assert_eq!(outcome(&scene), Some(taken_back()));
}

#[test]
fn a_cancellation_that_names_an_amount_is_a_refund() {
    let order = delivered().with(asked_for(10)).order;
    let amount = Some(usd("3.27"));
    let refunded = CancellationOutcome::Cancelled {
        refund: Refund::AtOnce,
        amount,
    };
    for (outcome, refund) in [(refunded, amount), (taken_back(), None), (unknown(), None)] {
        let change = OrderChange::of(&order, vec![ended(11, outcome)]).unwrap();
        let expected = refund.map(|amount| RefundRecord {
            item: 0,
            at: at(11),
            amount,
        });
        assert_eq!(
            change.refunds().collect::<Vec<_>>(),
            Vec::from_iter(expected)
        );
    }
}
