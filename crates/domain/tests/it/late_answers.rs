//! Answers that arrive late: accepted in every state for a started, unsettled attempt, never dropped.

use roamport_domain::order::{
    AttemptState, AttentionReason, Event, OrderState, PlacementOutcome, ProvisioningOutcome,
    Resolution,
};

use crate::support::{
    Scene, abandoned, absent, ambiguous, at, bought, conclusively_nothing, found, generated,
    not_sent, nothing, pending, placed, raised, refused, resolved, settled,
};

/// Attempt 1 was given up by a new owner, and three look-ups found nothing.
fn abandoned_and_absent() -> Scene {
    Scene::new()
        .sent(1, 0)
        .with(abandoned(1, 70))
        .with(conclusively_nothing(310))
        .with(conclusively_nothing(340))
        .with(conclusively_nothing(370))
        .with(absent(1, &[310, 340, 370]))
        .now(370)
        .watched_for(300)
}

/// Every state in which attempt 1 was started and its sender has not told its end.
fn awaiting_the_answer() -> Vec<(OrderState, Scene)> {
    let gone = Scene::new().sent(1, 0).with(abandoned(1, 70));
    let found_it = gone.clone().with(found(80, vec![pending("po-1")]));
    let unknown = gone
        .clone()
        .with(raised(1000, AttentionReason::OutcomeUnknown { attempt: 1 }));
    let cases = vec![
        (OrderState::Placing, Scene::new().sent(1, 0)),
        (OrderState::Placing, abandoned_and_absent().sent(2, 380)),
        (OrderState::Reconciling, gone),
        (
            OrderState::Reconciling,
            abandoned_and_absent().sent(2, 380).with(abandoned(2, 450)),
        ),
        (OrderState::Requested, abandoned_and_absent()),
        (OrderState::Placed, found_it.clone()),
        (
            OrderState::Provisioning,
            found_it.clone().with(Event::OrderRead {
                at: at(90),
                order: Some(bought("po-1", &["esim-1"])),
                evidence: None,
            }),
        ),
        (
            OrderState::Fulfilled,
            found_it
                .with(Event::OrderRead {
                    at: at(90),
                    order: Some(bought("po-1", &["esim-1"])),
                    evidence: None,
                })
                .with(generated(0, 95, ProvisioningOutcome::Ready)),
        ),
        (OrderState::NeedsAttention, unknown.clone()),
        (
            OrderState::Failed,
            unknown.with(resolved(1010, Resolution::WriteOff)),
        ),
        (
            OrderState::NeedsAttention,
            abandoned_and_absent().with(Event::Expired { at: at(901) }),
        ),
    ];
    for (state, scene) in &cases {
        assert_eq!(scene.state(), *state);
    }
    cases
}

#[test]
fn every_outcome_is_accepted_in_every_state_for_an_unsettled_attempt() {
    for (state, scene) in awaiting_the_answer() {
        for outcome in [placed(pending("po-1")), refused(), not_sent(), ambiguous()] {
            let scene = scene.clone().with(settled(1, 2000, outcome.clone()));
            assert_eq!(scene.replayed(), scene.order, "{state} {outcome:?}");
        }
    }
}

#[test]
fn the_same_answer_twice_changes_nothing_and_another_is_refused() {
    for outcome in [placed(pending("po-1")), refused(), not_sent(), ambiguous()] {
        let once = Scene::new().sent(1, 0).with(settled(1, 5, outcome.clone()));
        let twice = once.clone().with(settled(1, 6, outcome.clone()));
        assert_eq!(twice.state(), once.state());
        assert_eq!(twice.order.attempts(), once.order.attempts());
        for other in [placed(pending("po-2")), refused(), not_sent(), ambiguous()] {
            if std::mem::discriminant(&other) != std::mem::discriminant(&outcome) {
                once.refuses(&settled(1, 7, other));
            }
        }
    }
}

#[test]
fn an_answer_for_an_attempt_that_was_never_started_is_refused() {
    Scene::new().refuses(&settled(1, 5, placed(pending("po-1"))));
    Scene::new()
        .sent(1, 0)
        .refuses(&settled(2, 5, placed(pending("po-1"))));
}

#[test]
fn a_late_success_is_taken_as_the_order_wherever_there_is_none_yet() {
    for (state, scene) in awaiting_the_answer() {
        let had_order = scene.order.placed().is_some();
        let written_off = scene.state() == OrderState::Failed;
        let scene = scene.with(settled(1, 2000, placed(pending("po-1"))));
        if written_off {
            let second = AttentionReason::SecondCharge {
                order: pending("po-1").id,
            };
            assert_eq!(scene.open_reasons(), [second]);
            assert_eq!(scene.state(), OrderState::NeedsAttention);
        } else {
            assert_eq!(
                scene.order.placed().unwrap().id,
                pending("po-1").id,
                "{state}"
            );
            assert!(had_order || !scene.order.state().is_final(), "{state}");
        }
    }
}

#[test]
fn a_late_success_that_names_another_order_is_a_second_charge() {
    for (state, scene) in awaiting_the_answer() {
        if scene.order.placed().is_none() {
            continue;
        }
        let scene = scene.with(settled(1, 2000, placed(pending("po-other"))));
        let second = AttentionReason::SecondCharge {
            order: pending("po-other").id,
        };
        assert!(scene.open_reasons().contains(&second), "{state}");
        assert!(!scene.state().is_final(), "{state} hides a second charge");
    }
}

#[test]
fn a_second_charge_reopens_a_fulfilled_order() {
    let scene = Scene::new()
        .sent(1, 0)
        .with(abandoned(1, 70))
        .with(found(80, vec![bought("po-1", &["esim-1"])]))
        .with(generated(0, 95, ProvisioningOutcome::Ready));
    assert_eq!(scene.state(), OrderState::Fulfilled);
    let scene = scene.with(settled(1, 100, placed(pending("po-2"))));
    assert_eq!(scene.state(), OrderState::NeedsAttention);
}

#[test]
fn a_success_answers_the_question_that_was_open() {
    let scene = Scene::new()
        .sent(1, 0)
        .with(abandoned(1, 70))
        .with(raised(1000, AttentionReason::OutcomeUnknown { attempt: 1 }))
        .with(settled(1, 1010, placed(bought("po-1", &["esim-1"]))));
    assert_eq!(scene.state(), OrderState::Provisioning);
    assert!(scene.open_reasons().is_empty());
    assert_eq!(
        scene
            .with(generated(0, 1020, ProvisioningOutcome::Ready))
            .state(),
        OrderState::Fulfilled
    );
}

#[test]
fn a_late_not_sent_lets_the_order_go_on_without_a_lost_attempt() {
    let scene = Scene::new()
        .sent(1, 0)
        .with(abandoned(1, 70))
        .with(settled(1, 90, not_sent()));
    assert_eq!(scene.state(), OrderState::Requested);
    assert_eq!(scene.order.counted_attempts(), 0);
}

#[test]
fn a_late_refusal_of_an_earlier_attempt_does_not_end_the_later_one() {
    let scene = abandoned_and_absent()
        .sent(2, 380)
        .with(settled(1, 390, refused()));
    assert_eq!(scene.state(), OrderState::Placing);
    let scene = scene.with(settled(2, 395, placed(bought("po-2", &["esim-1"]))));
    assert_eq!(scene.state(), OrderState::Provisioning);
}

#[test]
fn a_late_refusal_of_the_last_attempt_ends_the_order() {
    let scene = Scene::new()
        .sent(1, 0)
        .with(abandoned(1, 70))
        .with(settled(1, 90, refused()));
    assert_eq!(scene.state(), OrderState::Failed);
}

#[test]
fn a_late_unknown_outcome_starts_the_evidence_anew() {
    let scene = Scene::new()
        .sent(1, 0)
        .with(abandoned(1, 70))
        .with(conclusively_nothing(310))
        .with(conclusively_nothing(340))
        .with(settled(1, 350, ambiguous()));
    assert_eq!(scene.state(), OrderState::Reconciling);
    assert!(scene.order.look_ups().conclusive_empty.is_empty());
    scene.refuses(&absent(1, &[310, 340]));
}

#[test]
fn a_late_unknown_outcome_makes_the_next_call_look_again() {
    let scene = abandoned_and_absent()
        .with(nothing(375))
        .with(settled(1, 376, ambiguous()));
    assert_eq!(scene.state(), OrderState::Requested);
    scene.refuses(&scene.start(2, 377, None, false));
}

#[test]
fn an_order_beside_an_attempt_nobody_can_explain_needs_a_person() {
    let scene = abandoned_and_absent()
        .sent(2, 380)
        .with(settled(2, 385, ambiguous()))
        .with(settled(1, 390, placed(bought("po-1", &["esim-1"]))));
    assert_eq!(scene.state(), OrderState::NeedsAttention);
    assert_eq!(
        scene.open_reasons(),
        [AttentionReason::OutcomeUnknown { attempt: 2 }]
    );
}

#[test]
fn the_answer_that_a_look_up_had_found_already_is_the_same_order() {
    let scene = Scene::new()
        .sent(1, 0)
        .with(abandoned(1, 70))
        .with(found(80, vec![pending("po-1")]))
        .with(settled(1, 90, placed(bought("po-1", &["esim-1"]))));
    assert_eq!(scene.state(), OrderState::Provisioning);
    assert!(scene.order.attention().is_empty());
    let placed_state = AttemptState::Placed {
        order: pending("po-1").id,
    };
    assert_eq!(scene.order.attempts()[0].state, placed_state);
}

#[test]
fn a_late_answer_after_a_person_attached_its_order_is_no_second_charge() {
    let unknown = Scene::new()
        .sent(1, 0)
        .with(abandoned(1, 70))
        .with(raised(1000, AttentionReason::OutcomeUnknown { attempt: 1 }))
        .with(resolved(
            1010,
            Resolution::Attach {
                order: pending("po-1"),
            },
        ));
    let same = unknown
        .clone()
        .with(settled(1, 1020, placed(pending("po-1"))));
    assert!(same.open_reasons().is_empty());
    let other = unknown.with(settled(1, 1020, placed(pending("po-2"))));
    let second = AttentionReason::SecondCharge {
        order: pending("po-2").id,
    };
    assert_eq!(other.open_reasons(), [second]);
}

#[test]
fn no_late_answer_makes_an_order_with_a_charge_failed_or_cancelled() {
    for (_, scene) in awaiting_the_answer() {
        for outcome in [placed(pending("po-1")), refused(), not_sent(), ambiguous()] {
            let is_charge = matches!(outcome, PlacementOutcome::Placed { .. });
            let state = scene.clone().with(settled(1, 2000, outcome)).state();
            let nothing_bought = matches!(state, OrderState::Failed | OrderState::Cancelled);
            assert!(!(is_charge && nothing_bought));
        }
    }
}
