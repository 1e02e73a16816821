//! Providers that promise something about a second order: what the promise allows, and its end.

use std::time::Duration;

use roamport_domain::order::{AttentionReason, Event, OrderState, Step, Waiting};
use roamport_domain::provider::Dedup;
use roamport_domain::provider::PurchaseRequest;

use crate::support::{
    PLACE_BEFORE, Scene, ambiguous, at, bought, conclusively_nothing, deferred, found, not_sent,
    nothing, pending, placed, refused, settled, unhealthy,
};

const FIVE_MINUTES: Dedup = Dedup::Replays {
    window: Some(Duration::from_mins(5)),
};
/// Five minutes less one client time-out.
const PROMISED: i64 = 240;

fn lost(dedup: Dedup) -> Scene {
    Scene::new()
        .at_a_provider_that(dedup)
        .sent(1, 0)
        .with(settled(1, 5, ambiguous()))
        .now(5)
        .watched_for(5)
}

fn permitted(dedup: Dedup) -> Scene {
    let mut scene = lost(dedup).with(nothing(7)).now(7).watched_for(7);
    let step = scene.settle_down();
    assert_eq!(
        step,
        Step::Place {
            attempt: 2,
            replays: Some(1),
            blind: false
        }
    );
    scene
}

#[test]
fn one_look_up_comes_before_the_stored_request_is_sent_again() {
    let scene = lost(FIVE_MINUTES);
    assert_eq!(scene.wait(), (2, Waiting::LookUp));
    let mut scene = scene.now(7).watched_for(7);
    assert_eq!(scene.step(), Step::LookUp { conclusive: false });
    scene.take(unhealthy(7));
    let until = at(PROMISED);
    let permit = Event::ReplayPermitted {
        attempt: 1,
        at: at(7),
        until,
    };
    assert_eq!(scene.step(), Step::Record(vec![permit]));
}

#[test]
fn an_order_that_this_look_up_finds_is_not_sent_again() {
    let scene = lost(FIVE_MINUTES).with(found(7, vec![pending("po-1")]));
    assert_eq!(scene.state(), OrderState::Placed);
}

#[test]
fn a_repetition_inside_the_window_is_no_attempt() {
    let scene = permitted(FIVE_MINUTES)
        .repeated(2, 1, 8)
        .with(settled(2, 9, ambiguous()));
    assert_eq!(scene.order.counted_attempts(), 1);
    assert_eq!(scene.order.attempts().len(), 2);
    assert_eq!(scene.state(), OrderState::Reconciling);
}

#[test]
fn a_repetition_that_is_answered_explains_the_first_call() {
    let scene = permitted(FIVE_MINUTES).repeated(2, 1, 8).with(settled(
        2,
        9,
        placed(bought("po-1", &["esim-1"])),
    ));
    assert_eq!(scene.state(), OrderState::Provisioning);
    assert!(scene.order.unresolved_attempt().is_none());
}

#[test]
fn a_late_answer_to_the_first_call_explains_its_repetition() {
    let scene = Scene::new()
        .at_a_provider_that(FIVE_MINUTES)
        .sent(1, 0)
        .with(crate::support::abandoned(1, 5))
        .with(Event::ReplayPermitted {
            attempt: 1,
            at: at(7),
            until: at(PROMISED),
        })
        .repeated(2, 1, 8)
        .with(settled(2, 9, ambiguous()))
        .with(settled(1, 20, placed(bought("po-1", &["esim-1"]))));
    assert_eq!(scene.state(), OrderState::Provisioning);
    assert!(scene.open_reasons().is_empty());
}

#[test]
fn a_repetition_sends_the_stored_request_and_nothing_else() {
    let scene = permitted(FIVE_MINUTES);
    let Event::PlacementStarted {
        attempt,
        opens_at,
        closes_at,
        replays,
        blind,
        ..
    } = scene.start(2, 8, Some(1), false)
    else {
        unreachable!()
    };
    let request = PurchaseRequest::PlaceOrder {
        lines: Vec::new(),
        start_date: None,
    };
    let other = Event::PlacementStarted {
        attempt,
        opens_at,
        closes_at,
        request,
        replays,
        blind,
        evidence: None,
    };
    scene.refuses(&other);
    scene.refuses(&scene.start(2, 8, None, true));
    scene.refuses(&scene.start(2, 8, Some(2), false));
}

#[test]
fn without_a_promise_nothing_is_repeated() {
    let scene = Scene::new().proven_absent().with(nothing(301));
    scene.refuses(&scene.start(2, 302, Some(1), false));
}

#[test]
fn a_repetition_is_never_started_once_the_promise_is_over() {
    let scene = permitted(FIVE_MINUTES);
    scene.refuses(&scene.start(2, PROMISED, Some(1), false));
    scene.refuses(&scene.start(2, PROMISED + 100, Some(1), false));
    scene
        .clone()
        .with(scene.start(2, PROMISED - 1, Some(1), false));
}

#[test]
fn an_undocumented_window_is_an_hour_and_never_outlives_place_before() {
    for dedup in [Dedup::Replays { window: None }, Dedup::Rejects] {
        let mut scene = lost(dedup).with(nothing(7)).now(7);
        let until = at(PLACE_BEFORE);
        let permit = Event::ReplayPermitted {
            attempt: 1,
            at: at(7),
            until,
        };
        assert_eq!(scene.step(), Step::Record(vec![permit]));
        scene = Scene::new()
            .at_a_provider_that(dedup)
            .sent(1, 0)
            .with(settled(1, 5, ambiguous()))
            .with(nothing(7))
            .now(PLACE_BEFORE);
        assert!(
            !matches!(scene.step(), Step::Record(events) if matches!(events[..], [Event::ReplayPermitted { .. }]))
        );
    }
}

#[test]
fn repetitions_come_at_growing_intervals() {
    let mut scene = lost(Dedup::Replays { window: None });
    let mut sent_at = vec![0];
    while scene.now < 200 {
        match scene.settle_down() {
            Step::Wait { .. } => {
                let (seconds, _) = scene.wait();
                scene.pass(seconds);
            }
            Step::LookUp { .. } => scene.take(nothing(scene.now)),
            Step::Place {
                attempt, replays, ..
            } => {
                sent_at.push(scene.now);
                let second = scene.now;
                scene = scene.repeated(attempt, replays.unwrap(), second);
                scene.take(settled(attempt, second, ambiguous()));
            }
            other => panic!("{other:?}"),
        }
    }
    let gaps: Vec<i64> = sent_at.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(gaps[1..6], [5, 10, 20, 30, 30]);
}

#[test]
fn after_the_window_the_rules_without_a_promise_hold() {
    let mut scene = permitted(FIVE_MINUTES)
        .repeated(2, 1, 8)
        .with(settled(2, 9, ambiguous()))
        .now(PROMISED + 1)
        .watched_for(PROMISED - 7);
    assert_eq!(scene.step(), Step::LookUp { conclusive: false });
    for second in [400, 430, 460] {
        let at_that = scene.clone().now(second).watched_for(second - 8);
        assert_eq!(at_that.step(), Step::LookUp { conclusive: true });
        scene.take(conclusively_nothing(second));
    }
    scene = scene.now(460).watched_for(452);
    let step = scene.settle_down();
    assert_eq!(scene.state(), OrderState::Requested);
    assert_eq!(
        step,
        Step::Place {
            attempt: 3,
            replays: None,
            blind: false
        }
    );
    assert!(scene.sent(3, 461).order.counted_attempts() == 2);
}

#[test]
fn without_any_look_up_the_end_of_the_window_goes_to_a_person() {
    let mut scene = Scene::new()
        .at_a_provider_that(FIVE_MINUTES)
        .without_look_up()
        .sent(1, 0)
        .with(settled(1, 5, ambiguous()))
        .now(PROMISED);
    assert_eq!(scene.settle_down(), Step::Rest);
    assert_eq!(
        scene.open_reasons(),
        [AttentionReason::OutcomeUnknown { attempt: 1 }]
    );
}

#[test]
fn without_any_look_up_the_first_wait_comes_before_the_repetition() {
    let scene = Scene::new()
        .at_a_provider_that(FIVE_MINUTES)
        .without_look_up()
        .sent(1, 0)
        .with(settled(1, 5, ambiguous()))
        .now(5);
    assert_eq!(scene.wait(), (2, Waiting::LookUp));
    let mut scene = scene.now(7);
    assert_eq!(
        scene.settle_down(),
        Step::Place {
            attempt: 2,
            replays: Some(1),
            blind: true
        }
    );
}

#[test]
fn a_promise_that_ran_out_while_the_order_waited_opens_the_question_again() {
    let mut scene = permitted(FIVE_MINUTES)
        .with(deferred(8))
        .now(PROMISED + 1)
        .watched_for(PROMISED + 1);
    assert_eq!(scene.settle_down(), Step::LookUp { conclusive: false });
    scene.take(nothing(PROMISED + 1));
    assert_eq!(scene.state(), OrderState::Reconciling);
    assert_eq!(scene.order.unresolved_attempt().unwrap().number, 1);
    scene.pass(30);
    assert_eq!(scene.settle_down(), Step::LookUp { conclusive: true });
}

#[test]
fn a_promise_that_ran_out_where_nothing_can_be_looked_up_goes_to_a_person() {
    let mut scene = Scene::new()
        .at_a_provider_that(FIVE_MINUTES)
        .without_look_up()
        .sent(1, 0)
        .with(settled(1, 5, ambiguous()))
        .now(7);
    scene.settle_down();
    let mut scene = scene.with(deferred(8)).now(PROMISED);
    assert_eq!(scene.settle_down(), Step::Rest);
    assert_eq!(
        scene.open_reasons(),
        [AttentionReason::OutcomeUnknown { attempt: 1 }]
    );
}

#[test]
fn a_call_that_turns_out_not_to_have_been_sent_needs_no_promise() {
    let mut scene = Scene::new()
        .at_a_provider_that(FIVE_MINUTES)
        .sent(1, 0)
        .with(crate::support::abandoned(1, 70))
        .with(nothing(72))
        .now(72)
        .watched_for(2);
    scene.settle_down();
    scene.take(settled(1, 80, not_sent()));
    let mut scene = scene.now(PROMISED + 60).watched_for(PROMISED);
    assert_eq!(
        scene.settle_down(),
        Step::Place {
            attempt: 2,
            replays: None,
            blind: false
        }
    );
    scene.sent(2, PROMISED + 60);
}

#[test]
fn a_refused_repetition_is_the_sign_that_the_first_call_landed() {
    for dedup in [Dedup::Rejects, FIVE_MINUTES] {
        let scene = permitted(dedup)
            .repeated(2, 1, 8)
            .with(settled(2, 9, refused()))
            .now(9)
            .watched_for(1);
        assert_eq!(scene.state(), OrderState::Reconciling, "{dedup:?}");
        let found_it = scene
            .clone()
            .with(found(12, vec![bought("po-1", &["esim-1"])]));
        assert_eq!(found_it.state(), OrderState::Provisioning);
        assert!(found_it.open_reasons().is_empty());
        // Once refused, it is not repeated: only looked for.
        let mut waiting = scene;
        for _ in 0..200 {
            match waiting.settle_down() {
                Step::Wait { .. } => {
                    let (seconds, _) = waiting.wait();
                    waiting.pass(seconds);
                }
                Step::LookUp { .. } => waiting.take(unhealthy(waiting.now)),
                Step::Rest => break,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(waiting.state(), OrderState::NeedsAttention);
    }
}

#[test]
fn an_order_that_is_too_late_under_a_promise_is_still_looked_for_and_never_failed() {
    let mut scene = permitted(Dedup::Replays { window: None })
        .now(PLACE_BEFORE)
        .watched_for(PLACE_BEFORE);
    let mut look_ups = 0;
    while !scene.state().is_settled() {
        match scene.settle_down() {
            Step::Wait { .. } => scene.pass(10),
            Step::LookUp { conclusive: true } => scene.take(conclusively_nothing(scene.now)),
            Step::LookUp { conclusive: false } => scene.take(nothing(scene.now)),
            Step::Rest => {}
            other => panic!("{other:?}"),
        }
        look_ups += 1;
        assert!(look_ups < 50, "{}", scene.state());
    }
    assert_eq!(
        scene.open_reasons(),
        [AttentionReason::OutcomeUnknown { attempt: 1 }]
    );
    let mut expired = permitted(Dedup::Rejects).with(Event::Expired {
        at: at(PLACE_BEFORE),
    });
    assert_eq!(
        expired.open_reasons(),
        [AttentionReason::OutcomeUnknown { attempt: 1 }]
    );
    expired.pass(2000);
    assert_eq!(expired.step(), Step::LookUp { conclusive: false });
}

#[test]
fn a_person_who_resends_after_a_promise_gets_a_call_of_its_own() {
    use roamport_domain::order::Resolution;
    let mut scene = permitted(Dedup::Rejects).with(Event::Expired {
        at: at(PLACE_BEFORE),
    });
    let resend = Resolution::Resend {
        place_before: at(5000),
    };
    scene = scene
        .with(crate::support::resolved(1000, resend))
        .now(2000)
        .watched_for(2000);
    assert_eq!(
        scene.settle_down(),
        Step::Place {
            attempt: 2,
            replays: None,
            blind: false
        }
    );
    scene.sent(2, 2000);
}
