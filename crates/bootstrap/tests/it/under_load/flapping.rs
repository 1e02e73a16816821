//! A provider that fails so many requests, answers one, and fails again.

use futures::future::join_all;
use roamport_domain::provider::ErrorKind;
use roamport_sandbox::Dialect;

use super::scene::{PAUSE, Scene, Terms};
use super::wire::{Asked, Way};

/// Fails `failing` requests, answers one, and so on.
fn flap(scene: &Scene, failing: usize) {
    scene.wire.follow(move |number, _| {
        if number % (failing + 1) == failing {
            Way::Through
        } else {
            Way::failure()
        }
    });
}

async fn as_many_failures_as_retries_make_up_for_cost_tries_and_open_nothing(dialect: Dialect) {
    let scene = Scene::new(dialect, Terms::default()).await;
    flap(&scene, 2);
    for _ in 0..20 {
        scene.provider.balance().await.unwrap();
    }
    assert_eq!(scene.wire.count(), 20 * 3, "three tries each, and no more");
}

async fn no_request_is_sent_beyond_what_the_settings_allow(dialect: Dialect) {
    const CALLS: usize = 150;
    let scene = Scene::new(dialect, Terms::default()).await;
    // Every 20th request is answered.
    flap(&scene, 19);
    let (mut sent, mut refused, mut answered) = (0, 0, 0);
    for call in 0..CALLS {
        let before = scene.wire.count();
        match scene.provider.balance().await {
            Ok(_) => answered += 1,
            Err(error) if error.retry_after().is_some() => {
                assert_eq!(error.kind(), ErrorKind::Unavailable);
                assert_eq!(scene.wire.count(), before, "a refusal sends nothing");
                refused += 1;
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Unavailable);
                assert_eq!(scene.wire.count(), before + 3, "all tries, and no more");
                sent += 1;
            }
        }
        // Five calls in each pause.
        if call % 5 == 4 {
            scene.clock.advance(PAUSE);
        }
    }
    // Three failed calls open the circuit; in each pause that follows, one is tried. One answer closes
    // it, and the next three that fail open it again.
    let pauses = CALLS / 5;
    assert_eq!(sent + refused + answered, CALLS);
    assert!(answered >= 1, "the probes found it answering");
    assert!(
        sent <= pauses + 3 * (answered + 1),
        "{sent} failed calls, {answered} good ones"
    );
    let requests = scene.wire.count();
    let most = (pauses + 4 * (answered + 1)) * 3;
    assert!(requests <= most, "{requests} requests, {most} at most");
    assert_eq!(requests / 20, answered, "every 20th was a good answer");
}

async fn the_circuit_opens_and_closes_by_the_documented_counts(dialect: Dialect) {
    let terms = Terms {
        tries: 1,
        ..Terms::default()
    };
    let scene = Scene::new(dialect, terms).await;
    // Two fail, one is answered, and that for ever: never three in a row.
    flap(&scene, 2);
    for _ in 0..30 {
        let _ = scene.provider.balance().await;
    }
    assert_eq!(scene.wire.count(), 30, "every call was sent");
    // Three fail, one is answered: three are sent, and the probe after the pause is the one.
    flap(&scene, 3);
    for round in 1..=5 {
        for _ in 0..10 {
            scene.provider.balance().await.unwrap_err();
        }
        assert_eq!(scene.wire.count(), 30 + 4 * round - 1, "three of ten");
        scene.clock.advance(PAUSE);
        scene.provider.balance().await.unwrap();
        assert_eq!(scene.wire.count(), 30 + 4 * round);
    }
    // Four fail: the probe, too, hence one more pause.
    flap(&scene, 4);
    for round in 1..=5 {
        for _ in 0..10 {
            scene.provider.balance().await.unwrap_err();
        }
        for _ in 0..10 {
            scene.clock.advance(PAUSE / 10);
            let failed = scene.provider.balance().await.unwrap_err();
            assert_eq!(failed.kind(), ErrorKind::Unavailable);
        }
        assert_eq!(
            scene.wire.count(),
            50 + 5 * round - 1,
            "one probe in ten calls"
        );
        scene.clock.advance(PAUSE);
        scene.provider.balance().await.unwrap();
    }
    assert_eq!(scene.wire.count(), 75);
}

async fn purchases_amid_failures_are_sent_once_each_and_charged_as_often_as_answered(
    dialect: Dialect,
) {
    let scene = Scene::new(dialect, Terms::default()).await;
    flap(&scene, 1);
    let mut unknown = 0;
    for number in 0..10 {
        let reference = format!("order {number}");
        match scene.buy(&reference).await {
            Ok(()) => assert_eq!(scene.charges(&reference), 1),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Ambiguous, "{error}");
                assert_eq!(scene.charges(&reference), 0);
                unknown += 1;
            }
        }
    }
    assert_eq!(unknown, 5);
    assert_eq!(scene.wire.seen(), [Asked::Purchase; 10], "each once");
}

async fn a_crowd_that_meets_an_outage_costs_its_tries_and_the_next_crowd_nothing(dialect: Dialect) {
    let scene = Scene::new(dialect, Terms::default()).await;
    scene.wire.always(Way::failure());
    let crowd = || join_all((0..20).map(|_| scene.provider.balance()));
    assert!(crowd().await.iter().all(Result::is_err));
    assert_eq!(scene.wire.count(), 20 * 3, "all were under way");
    for _ in 0..5 {
        assert!(crowd().await.iter().all(Result::is_err));
        assert!(scene.buy("order").await.is_err());
    }
    assert_eq!(scene.wire.count(), 60);
    for pause in 1..=5 {
        scene.clock.advance(PAUSE);
        assert!(crowd().await.iter().all(Result::is_err));
        assert_eq!(scene.wire.count(), 60 + pause * 3, "one of twenty");
    }
}

super::in_both_dialects!(
    as_many_failures_as_retries_make_up_for_cost_tries_and_open_nothing,
    no_request_is_sent_beyond_what_the_settings_allow,
    the_circuit_opens_and_closes_by_the_documented_counts,
    purchases_amid_failures_are_sent_once_each_and_charged_as_often_as_answered,
    a_crowd_that_meets_an_outage_costs_its_tries_and_the_next_crowd_nothing,
);
