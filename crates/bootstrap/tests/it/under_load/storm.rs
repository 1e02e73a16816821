//! A provider that answers 429 to everything, with and without saying for how long.

use std::sync::Arc;
use std::time::Duration;

use jiff::fmt::rfc2822::DateTimePrinter;
use jiff::{SignedDuration, Timestamp};
use roamport_domain::Clock as _;
use roamport_domain::provider::{ErrorKind, Reaction};
use roamport_sandbox::{Dialect, Fault, Operation, Rule, Target};

use super::scene::{PAUSE, Scene, Terms, until};
use super::wire::{Asked, Way};

/// The sandbox's own 429, in its dialect, on every call.
fn storm(scene: &Scene, retry_after: Option<u64>) {
    let rule = Rule {
        on: Target::Any,
        ..Rule::new(Operation::Balance, Fault::RateLimit { retry_after }).for_ever()
    };
    scene.world.add_fault(rule).unwrap();
}

/// A 429 with this header.
fn limited(retry_after: &str) -> Way {
    let header = format!("Retry-After: {retry_after}\r\n");
    Way::answered("429 Too Many Requests", &header, "{}")
}

/// A wait in both forms that HTTP has for it: seconds, and a date (RFC 9110, section 10.2.3).
fn both_forms(now: Timestamp, seconds: i64) -> [String; 2] {
    let moment = now + SignedDuration::from_secs(seconds);
    let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&moment);
    [seconds.max(0).to_string(), date.unwrap()]
}

async fn reads_are_tried_so_many_times_each_and_open_no_circuit(dialect: Dialect) {
    let scene = Scene::new(dialect, Terms::default()).await;
    storm(&scene, None);
    for _ in 0..10 {
        let error = scene.provider.balance().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RateLimited, "{error}");
    }
    assert_eq!(scene.world.calls(Operation::Balance), 10 * 3);
    let error = scene.listed().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited, "{error}");
    // The storm is over: nobody waits for a pause of ours.
    scene.world.clear_faults().unwrap();
    scene.provider.balance().await.unwrap();
    assert_eq!(scene.world.calls(Operation::Balance), 31);
    assert_eq!(scene.listed().await.unwrap(), scene.for_sale());
}

async fn a_wait_beyond_the_bound_is_told_and_nothing_is_sent_again(dialect: Dialect) {
    let scene = Scene::new(dialect, Terms::default()).await;
    for form in both_forms(scene.clock.now(), 120) {
        scene.wire.always(limited(&form));
        // Pages that the listing before gave up may still be on their way: they do not count.
        let before = scene.wire.count_of(Asked::Read);
        for _ in 0..10 {
            let error = scene.provider.balance().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::RateLimited, "{form}: {error}");
            assert_eq!(error.retry_after(), Some(Duration::from_mins(2)), "{form}");
        }
        assert_eq!(
            scene.wire.count_of(Asked::Read),
            before + 10,
            "{form}: each once"
        );
        let error = scene.listed().await.unwrap_err();
        assert_eq!(error.retry_after(), Some(Duration::from_mins(2)), "{form}");
    }
    scene.wire.always(Way::Through);
    scene.provider.balance().await.unwrap();
}

async fn a_wait_within_the_bound_is_waited_by_that_call_alone(dialect: Dialect) {
    let scene = Scene::new(dialect, Terms::default()).await;
    for (number, form) in both_forms(scene.clock.now(), 20).into_iter().enumerate() {
        scene.wire.follow(move |_, asked| match asked {
            Asked::Read => limited(&form),
            _ => Way::Through,
        });
        let before = scene.wire.count_of(Asked::Read);
        let provider = Arc::clone(&scene.provider);
        let read = tokio::spawn(async move { provider.balance().await });
        let asked = || scene.wire.count_of(Asked::Read) > before;
        until("the read is sent", asked).await;
        // Without the wait all three tries would be over in a few milliseconds.
        tokio::time::sleep(Duration::from_millis(60)).await;
        assert!(!read.is_finished());
        assert_eq!(scene.wire.count_of(Asked::Read), before + 1);
        scene.buy(&format!("order {number}")).await.unwrap();
        read.abort();
    }
}

async fn a_wait_that_is_over_is_none(dialect: Dialect) {
    let scene = Scene::new(dialect, Terms::default()).await;
    for form in both_forms(scene.clock.now(), -60) {
        scene.wire.follow(move |number, _| match number {
            0 => limited(&form),
            _ => Way::Through,
        });
        let before = scene.wire.count();
        scene.provider.balance().await.unwrap();
        assert_eq!(scene.wire.count(), before + 2);
    }
}

async fn pages_that_met_429_are_asked_for_again_and_none_is_lost(dialect: Dialect) {
    let scene = Scene::new(dialect, Terms::default()).await;
    scene.wire.follow(|number, _| match number {
        0 | 1 => limited("0"),
        _ => Way::Through,
    });
    assert_eq!(scene.listed().await.unwrap(), scene.for_sale());
}

/// Neither provider documents that a 429 comes before anything is done.
async fn a_purchase_that_met_429_is_of_unknown_outcome_and_sent_once(dialect: Dialect) {
    for retry_after in [None, Some(7)] {
        let scene = Scene::new(dialect, Terms::default()).await;
        storm(&scene, retry_after);
        for number in 0..3 {
            let reference = format!("order {number}");
            let error = scene.buy(&reference).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Ambiguous, "{error}");
            assert_eq!(error.reaction(), Reaction::Reconcile);
            assert_eq!(scene.charges(&reference), 0);
        }
        assert_eq!(scene.world.calls(Operation::Order), 3, "each once");
        // To the circuit, too, an unknown outcome is a failure: the next one is not sent.
        let error = scene.buy("order 3").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(error.message().contains("no money moved"), "{error}");
        assert_eq!(scene.world.calls(Operation::Order), 3);
    }
}

async fn a_probe_that_meets_429_is_followed_by_another_pause(dialect: Dialect) {
    let scene = Scene::new(dialect, Terms::default()).await;
    scene.wire.always(Way::failure());
    for _ in 0..3 {
        scene.provider.balance().await.unwrap_err();
    }
    scene.wire.always(limited("120"));
    scene.clock.advance(PAUSE);
    let probe = scene.provider.balance().await.unwrap_err();
    assert_eq!(probe.kind(), ErrorKind::RateLimited, "{probe}");
    assert_eq!(scene.wire.count(), 9 + 1);
    scene.wire.always(Way::Through);
    let refused = scene.provider.balance().await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unavailable, "{refused}");
    assert_eq!(refused.retry_after(), Some(PAUSE));
    scene.clock.advance(PAUSE);
    scene.provider.balance().await.unwrap();
    assert_eq!(scene.wire.count(), 9 + 2);
}

/// The one dialect says that it is busy in a 200, too (900001).
#[tokio::test]
async fn busy_in_a_good_answer_is_a_429_by_another_name() {
    let scene = Scene::new(Dialect::EsimAccess, Terms::default()).await;
    let busy = r#"{"success":false,"errorCode":"900001","errorMsg":"system busy","obj":null}"#;
    scene.wire.always(Way::answered("200 OK", "", busy));
    for _ in 0..5 {
        let error = scene.provider.balance().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RateLimited, "{error}");
    }
    assert_eq!(scene.wire.count(), 5 * 3);
    let error = scene.buy("order").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous, "{error}");
    assert_eq!(scene.wire.count_of(Asked::Purchase), 1);
    scene.wire.always(Way::Through);
    scene.provider.balance().await.unwrap();
}

super::in_both_dialects!(
    reads_are_tried_so_many_times_each_and_open_no_circuit,
    a_wait_beyond_the_bound_is_told_and_nothing_is_sent_again,
    a_wait_within_the_bound_is_waited_by_that_call_alone,
    a_wait_that_is_over_is_none,
    pages_that_met_429_are_asked_for_again_and_none_is_lost,
    a_purchase_that_met_429_is_of_unknown_outcome_and_sent_once,
    a_probe_that_meets_429_is_followed_by_another_pause,
);
