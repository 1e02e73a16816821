//! The guarantees G1 to G4, as far as the pure machine can keep them.

use roamport_domain::order::{AttentionReason, Event, OrderState, Step, Waiting};

use crate::support::{
    PLACE_BEFORE, QUIET, Scene, WINDOW, abandoned, absent, ambiguous, at, conclusively_nothing,
    deferred, found, not_sent, nothing, pending, placed, settled, unhealthy,
};

#[test]
fn g1_no_call_starts_beside_one_in_flight() {
    let scene = Scene::new().sent(1, 0);
    for second in [0, 30, 61, 500, 5000] {
        scene.refuses(&scene.start(2, second, None, true));
    }
}

#[test]
fn g1_whoever_finds_a_call_in_flight_abandons_it_and_never_sends() {
    let scene = Scene::new().sent(1, 0).now(20).watched_for(0);
    let expected = Event::PlacementAbandoned {
        attempt: 1,
        at: at(20),
    };
    assert_eq!(scene.step(), Step::Record(vec![expected]));
}

#[test]
fn attempts_are_numbered_without_a_gap() {
    let scene = Scene::new().with(nothing(0));
    scene.refuses(&scene.start(0, 0, None, false));
    scene.refuses(&scene.start(2, 0, None, false));
}

#[test]
fn a_window_that_closes_before_it_opens_is_refused() {
    let scene = Scene::new().with(nothing(0));
    for closes_at in [at(0), at(-1)] {
        scene.refuses(&Event::PlacementStarted {
            attempt: 1,
            opens_at: at(0),
            closes_at,
            request: scene.order.requested().content.request(),
            replays: None,
            blind: false,
            evidence: None,
        });
    }
}

#[test]
fn no_call_starts_at_or_after_place_before() {
    let scene = Scene::new().with(nothing(PLACE_BEFORE - 1));
    scene.refuses(&scene.start(1, PLACE_BEFORE, None, false));
    scene.refuses(&scene.start(1, PLACE_BEFORE + 60, None, true));
    scene.with(Scene::new().start(1, PLACE_BEFORE - 1, None, false));
}

#[test]
fn the_first_call_too_needs_a_look_up_that_found_nothing_just_before() {
    let start = Scene::new().start(1, 1, None, false);
    Scene::new().refuses(&start);
    Scene::new().with(unhealthy(0)).refuses(&start);
    Scene::new()
        .with(nothing(0))
        .with(unhealthy(0))
        .refuses(&start);
    Scene::new()
        .with(nothing(0))
        .with(deferred(0))
        .refuses(&start);
    Scene::new().with(nothing(0)).with(start);
}

#[test]
fn a_look_up_serves_one_call_only() {
    let scene = Scene::new().sent(1, 0).with(settled(1, 5, not_sent()));
    scene.refuses(&scene.start(2, 10, None, false));
}

#[test]
fn a_provider_without_look_up_is_sold_to_blindly_and_the_journal_says_so() {
    let scene = Scene::new().without_look_up();
    assert_eq!(
        scene.step(),
        Step::Place {
            attempt: 1,
            replays: None,
            blind: true
        }
    );
    scene.sent(1, 0);
}

#[test]
fn g2_a_look_up_counts_only_when_window_and_quiet_period_are_over_on_both_clocks() {
    let scene = Scene::new().sent(1, 0).with(settled(1, 5, ambiguous()));
    let conclusive =
        |now: i64, watched: i64| match scene.clone().now(now).watched_for(watched).step() {
            Step::LookUp { conclusive } => conclusive,
            other => panic!("{other:?}"),
        };
    let over = WINDOW + QUIET;
    assert!(!conclusive(over - 1, over));
    assert!(!conclusive(over, over - 1));
    assert!(!conclusive(over, 0));
    assert!(!conclusive(WINDOW, 10 * over));
    assert!(conclusive(over, over));
}

#[test]
fn g2_a_longer_documented_effect_prolongs_the_quiet_period() {
    let mut scene = Scene::new().sent(1, 0).with(settled(1, 5, ambiguous()));
    scene.capabilities.longest_effect = std::time::Duration::from_secs(150);
    let scene = scene.now(WINDOW + 299).watched_for(WINDOW + 299);
    assert_eq!(scene.step(), Step::LookUp { conclusive: false });
    assert_eq!(
        scene.now(WINDOW + 300).watched_for(WINDOW + 300).step(),
        Step::LookUp { conclusive: true }
    );
}

#[test]
fn g2_a_conclusive_look_up_inside_the_window_is_refused() {
    let scene = Scene::new().sent(1, 0).with(settled(1, 5, ambiguous()));
    scene.refuses(&conclusively_nothing(WINDOW - 1));
    Scene::new().refuses(&conclusively_nothing(500));
}

#[test]
fn g2_two_conclusive_look_ups_are_not_enough_and_three_are() {
    let mut scene = Scene::new()
        .sent(1, 0)
        .with(settled(1, 5, ambiguous()))
        .with(conclusively_nothing(240))
        .with(conclusively_nothing(270))
        .now(300)
        .watched_for(300);
    assert_eq!(scene.step(), Step::LookUp { conclusive: true });
    scene.take(conclusively_nothing(300));
    assert_eq!(
        scene.step(),
        Step::Record(vec![absent(1, &[240, 270, 300])])
    );
}

#[test]
fn g2_neither_failed_nor_early_look_ups_count() {
    let mut scene = Scene::new().sent(1, 0).with(settled(1, 5, ambiguous()));
    for second in 0..20 {
        scene.take(nothing(60 + second));
        scene.take(unhealthy(300 + second));
    }
    assert!(scene.order.look_ups().conclusive_empty.is_empty());
    assert_eq!(
        scene.now(400).watched_for(400).step(),
        Step::LookUp { conclusive: true }
    );
}

#[test]
fn g2_evidence_of_one_attempt_does_not_serve_the_next() {
    let scene = Scene::new()
        .proven_absent()
        .sent(2, 310)
        .with(settled(2, 315, ambiguous()));
    assert!(scene.order.look_ups().conclusive_empty.is_empty());
    scene.refuses(&absent(2, &[240, 270, 300]));
}

#[test]
fn g2_a_process_that_took_over_watches_the_whole_time_itself_before_it_sends() {
    let scene = Scene::new().proven_absent().watched_for(0);
    assert_eq!(scene.wait(), (WINDOW + QUIET, Waiting::QuietPeriod));
    let almost = scene.clone().now(539).watched_for(239);
    assert_eq!(almost.wait(), (1, Waiting::QuietPeriod));
    let enough = scene.now(540).watched_for(240);
    assert_eq!(
        enough.step(),
        Step::Place {
            attempt: 2,
            replays: None,
            blind: false
        }
    );
}

#[test]
fn g2_the_last_attempt_is_followed_by_a_person_not_by_another() {
    let mut scene = Scene::new()
        .proven_absent()
        .sent(2, 310)
        .with(settled(2, 315, ambiguous()))
        .with(conclusively_nothing(550))
        .with(conclusively_nothing(580))
        .with(conclusively_nothing(610))
        .now(610)
        .watched_for(300);
    assert_eq!(scene.order.counted_attempts(), 2);
    scene.settle_down();
    assert_eq!(scene.state(), OrderState::NeedsAttention);
    assert_eq!(scene.open_reasons(), [AttentionReason::AttemptsUsedUp]);
}

#[test]
fn g2_absence_proven_after_place_before_sends_nothing_more() {
    let mut scene = Scene::new()
        .sent(1, 800)
        .with(settled(1, 805, ambiguous()))
        .with(conclusively_nothing(1040))
        .with(conclusively_nothing(1070))
        .with(conclusively_nothing(1100))
        .now(1100)
        .watched_for(300);
    scene.settle_down();
    assert_eq!(scene.open_reasons(), [AttentionReason::AttemptsUsedUp]);
}

#[test]
fn g3_look_ups_come_after_2_5_10_20_30_30_seconds_and_end_after_15_minutes() {
    let mut scene = Scene::new()
        .sent(1, 0)
        .with(settled(1, 5, ambiguous()))
        .now(5)
        .watched_for(5);
    let mut waits = Vec::new();
    let limit = scene.now + 15 * 60;
    while scene.state() == OrderState::Reconciling {
        match scene.step() {
            Step::Wait { .. } => {
                let (seconds, waiting) = scene.wait();
                assert_eq!(waiting, Waiting::LookUp);
                waits.push(seconds);
                scene.pass(seconds);
            }
            // A provider that never gives a healthy answer.
            Step::LookUp { .. } => scene.take(unhealthy(scene.now)),
            Step::Record(_) => {
                scene.settle_down();
            }
            other => panic!("{other:?}"),
        }
        assert!(scene.now < limit + 30, "still reconciling at {}", scene.now);
    }
    assert_eq!(waits[..7], [2, 5, 10, 20, 30, 30, 30]);
    assert!(scene.now >= limit, "given up early, at {}", scene.now);
    assert_eq!(
        scene.open_reasons(),
        [AttentionReason::OutcomeUnknown { attempt: 1 }]
    );
}

#[test]
fn g3_an_unknown_outcome_without_any_look_up_goes_to_a_person_at_once() {
    let mut scene = Scene::new()
        .without_look_up()
        .sent(1, 0)
        .with(settled(1, 5, ambiguous()))
        .now(5);
    assert_eq!(scene.settle_down(), Step::Rest);
    assert_eq!(
        scene.open_reasons(),
        [AttentionReason::OutcomeUnknown { attempt: 1 }]
    );
}

#[test]
fn g4_a_charge_that_escaped_is_shown_with_the_providers_id() {
    let scene = Scene::new()
        .sent(1, 0)
        .with(abandoned(1, 70))
        .with(conclusively_nothing(310))
        .with(conclusively_nothing(340))
        .with(conclusively_nothing(370))
        .with(absent(1, &[310, 340, 370]))
        .sent(2, 380)
        .with(settled(2, 385, placed(pending("po-2"))))
        .with(settled(1, 400, placed(pending("po-1"))));
    let second = AttentionReason::SecondCharge {
        order: pending("po-1").id,
    };
    assert_eq!(scene.open_reasons(), [second]);
    assert_eq!(scene.order.placed().unwrap().id, pending("po-2").id);
}

#[test]
fn a_restored_journal_finds_what_was_bought_and_does_not_buy_again() {
    let scene = Scene::new().with(found(5, vec![pending("po-1")]));
    assert_eq!(scene.state(), OrderState::Placed);
    assert!(scene.order.attempts().is_empty());
    scene.refuses(&scene.start(1, 6, None, true));
}

#[test]
fn a_back_off_before_the_call_grows_and_never_ends_the_order_by_itself() {
    let mut scene = Scene::new();
    let mut waits = Vec::new();
    for _ in 0..6 {
        scene.take(deferred(scene.now));
        let (seconds, waiting) = scene.wait();
        assert_eq!(waiting, Waiting::Deferred);
        waits.push(seconds);
        scene.pass(seconds);
        assert!(matches!(scene.step(), Step::Place { attempt: 1, .. }));
    }
    assert_eq!(waits, [2, 5, 10, 20, 30, 30]);
}

#[test]
fn a_provider_that_asks_to_wait_longer_is_obeyed() {
    let busy = roamport_domain::order::PlacementOutcome::NotSent {
        cause: roamport_domain::order::NotSentCause::RateLimited,
        message: "too many requests".to_owned(),
        not_before: Some(at(95)),
    };
    let scene = Scene::new().sent(1, 0).with(settled(1, 5, busy)).now(5);
    assert_eq!(scene.wait(), (90, Waiting::Deferred));
    assert!(matches!(
        scene.now(95).step(),
        Step::Place { attempt: 2, .. }
    ));
}
