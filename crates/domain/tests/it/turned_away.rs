//! Calls that the provider turned away, and calls that an earlier release said were not sent.

use roamport_domain::order::{
    Absence, AttentionReason, Event, NotSentCause, OrderState, PlacementOutcome, Step,
};
use roamport_domain::provider::Dedup;

use crate::support::{
    Scene, absent, ambiguous, at, cancelled, conclusively_nothing, nothing, nothing_worth, pending,
    placed, refused, settled,
};

fn turned_away() -> PlacementOutcome {
    PlacementOutcome::TurnedAway {
        code: None,
        message: "the wallet is too small".to_owned(),
        not_before: None,
    }
}

fn once() -> Scene {
    Scene::new().sent(1, 0).with(settled(1, 5, turned_away()))
}

/// As releases before format 2 recorded a 401, 402 or 403, whatever its body.
fn halted() -> Scene {
    let outcome = PlacementOutcome::NotSent {
        cause: NotSentCause::Halted,
        message: "HTTP 403: an HTML page".to_owned(),
        not_before: None,
    };
    let old = Event::PlacementSettled {
        attempt: 1,
        at: at(5),
        outcome,
        evidence: None,
    };
    Scene::new().sent(1, 0).with(old).now(5).watched_for(5)
}

#[test]
fn a_call_that_was_turned_away_charged_nothing_and_is_no_attempt() {
    let scene = once();
    assert_eq!(scene.state(), OrderState::Requested);
    assert!(!scene.order.money_may_have_moved());
    assert_eq!(scene.order.counted_attempts(), 0);
    assert!(scene.order.needs_proof());
}

#[test]
fn the_next_call_needs_one_proof_half_a_minute_after_the_answer() {
    let scene = once();
    for scene in [
        scene.clone().with(nothing(34)),
        scene.clone().with(nothing_worth(60, false, Absence::Weak)),
    ] {
        scene.refuses(&scene.start(2, 60, None, false));
    }
    let scene = scene.now(20).watched_for(20);
    let (seconds, _) = scene.wait();
    assert_eq!(seconds, 15);
    assert_eq!(scene.sent(2, 35).state(), OrderState::Placing);
}

#[test]
fn five_calls_turned_away_end_the_order_after_a_proof() {
    let mut scene = Scene::new();
    for attempt in 1..=5 {
        let second = i64::from(attempt) * 60;
        scene = scene
            .sent(attempt, second)
            .with(settled(attempt, second + 5, turned_away()));
    }
    let mut scene = scene.now(310).watched_for(60);
    loop {
        match scene.settle_down() {
            Step::LookUp { .. } => scene.take(nothing(scene.now)),
            Step::Wait { .. } => {
                let (seconds, _) = scene.wait();
                scene.pass(seconds);
            }
            other => {
                assert_eq!(other, Step::Rest);
                break;
            }
        }
    }
    assert_eq!(scene.state(), OrderState::Failed);
    assert_eq!(scene.order.attempts().len(), 5);
    assert!(!scene.order.money_may_have_moved());
    assert!(scene.now >= 335);
}

#[test]
fn a_provider_that_replays_gets_the_stored_request_again_without_proof() {
    let scene = Scene::new()
        .at_a_provider_that(Dedup::Replays { window: None })
        .without_look_up()
        .sent(1, 0)
        .with(settled(1, 5, turned_away()))
        .now(40)
        .watched_for(40);
    let Step::Place {
        attempt: 2,
        replays: Some(1),
        ..
    } = scene.step()
    else {
        panic!("{:?}", scene.step());
    };
    let scene = scene
        .repeated(2, 1, 40)
        .with(settled(2, 45, placed(pending("po-1"))));
    assert_eq!(scene.state(), OrderState::Placed);
}

#[test]
fn a_replay_that_is_turned_away_says_nothing_of_the_call_it_repeats() {
    let scene = Scene::new()
        .at_a_provider_that(Dedup::Replays { window: None })
        .without_look_up()
        .sent(1, 0)
        .with(settled(1, 5, ambiguous()));
    let mut scene = scene.now(10).watched_for(10);
    scene.settle_down();
    let scene = scene.repeated(2, 1, 10).with(settled(2, 15, turned_away()));
    assert!(scene.order.money_may_have_moved());
    let scene = scene.now(60).watched_for(60);
    assert!(
        matches!(
            scene.step(),
            Step::Place {
                replays: Some(1),
                ..
            }
        ),
        "{:?}",
        scene.step()
    );
}

#[test]
fn a_replay_that_is_refused_ends_an_order_none_of_whose_calls_was_taken() {
    let scene = Scene::new()
        .at_a_provider_that(Dedup::Replays { window: None })
        .without_look_up()
        .sent(1, 0)
        .with(settled(1, 5, turned_away()))
        .repeated(2, 1, 40)
        .with(settled(2, 45, refused()));
    assert_eq!(scene.state(), OrderState::Failed);
}

#[test]
fn a_call_that_an_earlier_release_called_not_sent_may_have_been_charged() {
    let scene = halted();
    assert_eq!(scene.state(), OrderState::Requested, "its state is kept");
    assert!(scene.order.money_may_have_moved());
    for event in [cancelled(10), Event::Expired { at: at(1000) }] {
        assert!(scene.order.admit(&event).is_err(), "{}", event.name());
    }
    scene
        .with(nothing(20))
        .refuses(&halted().start(2, 20, None, false));
}

#[test]
fn a_call_in_doubt_from_an_earlier_release_is_sent_again_only_after_three_proofs() {
    let mut scene = halted();
    let mut looked = 0;
    loop {
        match scene.settle_down() {
            Step::LookUp { conclusive } => {
                looked += u32::from(conclusive);
                let event = if conclusive {
                    conclusively_nothing(scene.now)
                } else {
                    nothing(scene.now)
                };
                scene.take(event);
            }
            Step::Wait { .. } => {
                let (seconds, _) = scene.wait();
                scene.pass(seconds);
            }
            Step::Place { .. } => break,
            other => panic!("{other:?} in {}", scene.state()),
        }
    }
    assert_eq!(looked, 3);
    assert!(!scene.order.money_may_have_moved());
}

#[test]
fn a_call_in_doubt_from_an_earlier_release_that_nothing_explains_is_for_a_person() {
    let mut scene = halted();
    while scene.state() == OrderState::Requested {
        match scene.settle_down() {
            Step::LookUp { conclusive } => {
                scene.take(nothing_worth(scene.now, conclusive, Absence::Weak));
            }
            Step::Wait { .. } => {
                let (seconds, _) = scene.wait();
                scene.pass(seconds);
            }
            other => panic!("{other:?}"),
        }
    }
    let unknown = AttentionReason::OutcomeUnknown { attempt: 1 };
    assert_eq!(scene.open_reasons(), [unknown]);
}

#[test]
fn absence_is_not_established_for_a_call_that_was_surely_not_sent() {
    let scene = once().with(nothing(40));
    scene.refuses(&absent(1, &[40]));
}
