//! A wall clock that is set back or forward costs no money, and no order waits for it.

use std::collections::BTreeSet;

use roamport_domain::order::{
    EsimProgress, Event, OrderState, ProvisioningOutcome, Resolution, Step,
};

use crate::support::{
    PLACE_BEFORE, QUIET, Scene, WINDOW, ambiguous, asked, at, bought, deferred, generated, nothing,
    pending, placed, resolved, settled, unhealthy,
};

const DAY: i64 = 86_400;

/// One scene for each state that waits for something, as it was a moment ago.
fn waiting() -> Vec<Scene> {
    let reconciling = Scene::new()
        .sent(1, 0)
        .with(settled(1, 5, ambiguous()))
        .now(6)
        .watched_for(6);
    let provisioning = Scene::new()
        .sent(1, 0)
        .with(settled(1, 5, placed(bought("po-1", &["esim-1"]))))
        .with(asked(0, 6))
        .now(7)
        .watched_for(7);
    vec![
        Scene::new().with(deferred(5)).now(6).watched_for(6),
        reconciling.clone(),
        reconciling.clone().with(unhealthy(6)),
        Scene::new()
            .sent(1, 0)
            .with(settled(1, 5, placed(pending("po-1"))))
            .now(6)
            .watched_for(6),
        provisioning,
        Scene::new().proven_absent().watched_for(0),
        reconciling.with(crate::support::raised(
            20,
            roamport_domain::order::AttentionReason::OutcomeUnknown { attempt: 1 },
        )),
    ]
}

/// A healthy provider at which nothing ever turns up: the worst that is not a fault.
fn answer(scene: &mut Scene, step: Step) {
    let now = scene.now;
    match step {
        Step::LookUp { conclusive } => scene.take(Event::LookedUp {
            started_at: at(now),
            conclusive,
            result: roamport_domain::order::LookUpResult::Healthy { found: Vec::new() },
            evidence: None,
        }),
        Step::ReadOrder(_) => scene.take(Event::OrderRead {
            at: at(now),
            order: None,
            evidence: None,
        }),
        Step::Items(_) => {
            scene.take(Event::EsimRead {
                item: 0,
                at: at(now),
                progress: EsimProgress::Pending,
            });
        }
        Step::Place { .. } => scene.take(deferred(now)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn no_wait_is_longer_than_itself_however_the_clock_is_set() {
    let longest = 600;
    for scene in waiting() {
        for step in [-1000 * DAY, -DAY, -3600, -60, -1, 0] {
            let now = scene.now + step;
            if let Step::Wait { .. } = scene.clone().now(now).step() {
                let (seconds, _) = scene.clone().now(now).wait();
                assert!(
                    (0..=longest).contains(&seconds),
                    "{step}: waits {seconds} s"
                );
            }
        }
    }
}

#[test]
fn a_clock_set_back_stops_nothing() {
    for scene in waiting() {
        for back in [DAY, 3600, 300] {
            let mut scene = scene.clone();
            scene.now -= back;
            let mut slept = 0;
            while let Step::Wait { .. } = scene.settle_down() {
                let (seconds, _) = scene.wait();
                slept += seconds.max(1);
                scene.pass(seconds.max(1));
                assert!(
                    slept <= 700,
                    "{} waits since the clock was set back",
                    scene.state()
                );
                if scene.state().is_settled() {
                    break;
                }
            }
        }
    }
}

#[test]
fn a_clock_set_back_leaves_an_unknown_outcome_bounded() {
    let mut scene = Scene::new()
        .sent(1, 0)
        .with(settled(1, 5, ambiguous()))
        .now(6)
        .watched_for(6);
    scene.now -= DAY;
    while scene.state() == OrderState::Reconciling {
        match scene.settle_down() {
            Step::Wait { .. } => {
                let (seconds, _) = scene.wait();
                scene.pass(seconds.max(1));
            }
            Step::Rest => break,
            step => answer(&mut scene, step),
        }
        assert!(scene.watched < 3600, "nobody is told for an hour");
    }
}

#[test]
fn a_clock_set_back_leaves_a_profile_bounded() {
    let mut scene = Scene::new()
        .sent(1, 0)
        .with(settled(1, 5, placed(bought("po-1", &["esim-1"]))))
        .with(asked(0, 6))
        .now(7)
        .watched_for(7);
    scene.now -= DAY;
    while scene.state() == OrderState::Provisioning {
        match scene.settle_down() {
            Step::Wait { .. } => {
                let (seconds, _) = scene.wait();
                scene.pass(seconds.max(1));
            }
            Step::Rest => break,
            step => answer(&mut scene, step),
        }
        assert!(scene.watched < 7200, "the profile is awaited for two hours");
    }
    assert_eq!(scene.state(), OrderState::NeedsAttention);
}

#[test]
fn a_clock_set_forward_sends_nothing_early() {
    let lost = Scene::new().sent(1, 0).with(settled(1, 5, ambiguous()));
    for ahead in [WINDOW + QUIET, 3600, DAY, 400 * DAY] {
        let mut scene = lost.clone().now(5 + ahead).watched_for(5);
        for _ in 0..10 {
            match scene.settle_down() {
                Step::LookUp { conclusive } => {
                    assert!(
                        !conclusive,
                        "the process has watched for {} s",
                        scene.watched
                    );
                    scene.take(nothing(scene.now));
                }
                Step::Wait { .. } => {
                    let (seconds, _) = scene.wait();
                    scene.pass(seconds.min(20));
                }
                Step::Rest => break,
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn a_clock_set_forward_and_back_again_sends_nothing_early() {
    let lost = Scene::new().sent(1, 100).with(settled(1, 105, ambiguous()));
    for (now, watched) in [
        (100 + DAY, 239),
        (-DAY, 100_000),
        (101, 100_000),
        (339, 100_000),
    ] {
        match lost.clone().now(now).watched_for(watched).settle_down() {
            Step::LookUp { conclusive } => assert!(!conclusive, "{now} {watched}"),
            // After a watch this long a person was asked.
            Step::Wait { .. } | Step::Rest => {}
            other => panic!("{now} {watched}: {other:?}"),
        }
    }
}

#[test]
fn no_clock_at_all_shortens_the_watch_before_another_call() {
    let absent = Scene::new().proven_absent();
    let told = Scene::new()
        .sent(1, 0)
        .with(settled(1, 5, ambiguous()))
        .with(crate::support::raised(
            905,
            roamport_domain::order::AttentionReason::OutcomeUnknown { attempt: 1 },
        ))
        .with(resolved(
            1000,
            Resolution::Resend {
                place_before: at(3_000_000),
            },
        ));
    for scene in [absent, told] {
        for now in [-400 * DAY, -DAY, 0, 301, 600, PLACE_BEFORE - 1, DAY] {
            for watched in [0, 1, 60, 180, 239] {
                let step = scene.clone().now(now).watched_for(watched).step();
                assert!(
                    !matches!(step, Step::Place { .. }),
                    "{now} {watched}: {step:?}"
                );
            }
        }
    }
}

#[test]
fn a_clock_that_jumps_between_two_reads_never_panics() {
    let extremes = [i64::from(i32::MIN), -DAY, 0, DAY, i64::from(i32::MAX)];
    for scene in waiting() {
        for now in extremes {
            for watched in [0, 1, i64::from(i32::MAX)] {
                let scene = Scene {
                    busy: BTreeSet::new(),
                    ..scene.clone().now(now).watched_for(watched)
                };
                scene.step();
            }
        }
    }
}

#[test]
fn a_profile_asked_for_by_a_clock_ahead_can_be_asked_for_again() {
    let scene = Scene::new()
        .sent(1, 0)
        .with(settled(1, 5, placed(bought("po-1", &["esim-1"]))))
        .with(asked(0, DAY))
        .with(Event::EsimRead {
            item: 0,
            at: at(10),
            progress: EsimProgress::NotStarted,
        })
        .now(200)
        .watched_for(200);
    assert!(matches!(scene.step(), Step::Items(_)));
    let ready = scene.with(generated(0, 201, ProvisioningOutcome::Ready));
    assert_eq!(ready.state(), OrderState::Fulfilled);
}
