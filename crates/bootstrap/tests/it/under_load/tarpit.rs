//! A provider that takes every connection and never answers.

use std::time::Duration;

use futures::StreamExt as _;
use futures::future::join_all;
use roamport_domain::ProviderError;
use roamport_domain::provider::{ErrorKind, PackageQuery, Reaction};
use roamport_sandbox::Dialect;

use super::scene::{PAUSE, Scene, Terms, until};
use super::wire::{Asked, Way};

/// An answer has this long; a good one takes a few milliseconds.
const IMPATIENT: Terms = Terms {
    per_second: 1_000,
    in_step: false,
    tries: 2,
    failures: 2,
    time_out: Duration::from_millis(300),
};

/// Refused by the circuit: nothing was sent, and it says when to come back.
#[track_caller]
fn check_refused<T: std::fmt::Debug>(answer: Result<T, ProviderError>) {
    let error = answer.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert_eq!(error.retry_after(), Some(PAUSE), "{error}");
    assert!(error.message().contains("nothing was sent"), "{error}");
    if error.operation().is_purchase() {
        assert!(error.message().contains("no money moved"), "{error}");
    }
}

async fn reads_time_out_so_many_times_and_then_nothing_is_sent_until_a_probe_is_answered(
    dialect: Dialect,
) {
    let scene = Scene::new(dialect, IMPATIENT).await;
    scene.wire.always(Way::Nowhere);
    for unanswered in join_all((0..2).map(|_| scene.provider.balance())).await {
        let error = unanswered.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert_eq!(error.retry_after(), None, "the adapter's own: {error}");
    }
    assert_eq!(scene.wire.count(), 4, "two reads of two tries");

    check_refused(scene.provider.balance().await);
    check_refused(scene.buy("order").await);
    let mut listing = scene.provider.packages(PackageQuery::default());
    check_refused(listing.next().await.unwrap());
    assert!(listing.next().await.is_none());
    assert_eq!(scene.wire.count(), 4, "none of these touched the network");

    // Of a crowd after the pause one is sent, into what is still a tarpit.
    scene.clock.advance(PAUSE);
    let crowd = join_all((0..10).map(|_| scene.provider.balance())).await;
    assert!(crowd.iter().all(Result::is_err), "{crowd:?}");
    assert_eq!(scene.wire.count(), 6, "one probe of two tries");

    scene.wire.always(Way::Through);
    check_refused(scene.provider.balance().await);
    scene.clock.advance(PAUSE);
    let crowd = join_all((0..10).map(|_| scene.provider.balance())).await;
    assert_eq!(crowd.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert_eq!(scene.wire.count(), 7, "the probe was answered");
    let crowd = join_all((0..10).map(|_| scene.provider.balance())).await;
    assert!(crowd.iter().all(Result::is_ok), "{crowd:?}");
    scene.buy("order").await.unwrap();
    assert_eq!((scene.wire.count(), scene.charges("order")), (18, 1));
}

async fn a_listing_into_a_tarpit_ends_in_an_error_after_so_many_tries(dialect: Dialect) {
    let scene = Scene::new(dialect, IMPATIENT).await;
    scene.wire.follow(|_, asked| match asked {
        Asked::Page => Way::Nowhere,
        _ => Way::Through,
    });
    let error = scene.listed().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    // The one dialect has eight pages in flight, of which the first is asked for again.
    let most = match dialect {
        Dialect::Roamify => 8 + 1,
        Dialect::EsimAccess => 2,
    };
    assert_eq!(scene.wire.count_of(Asked::Page), most);
    // One failure alone opens nothing.
    scene.provider.balance().await.unwrap();
}

async fn a_purchase_is_sent_once_its_outcome_unknown_and_a_third_one_not_at_all(dialect: Dialect) {
    let scene = Scene::new(dialect, IMPATIENT).await;
    scene.wire.always(Way::Nowhere);
    let (first, second) = tokio::join!(scene.buy("first"), scene.buy("second"));
    for unknown in [first, second] {
        let error = unknown.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Ambiguous, "{error}");
        assert_eq!(error.reaction(), Reaction::Reconcile);
        assert!(error.message().contains("money may have moved"), "{error}");
    }
    assert_eq!(scene.wire.seen(), [Asked::Purchase; 2], "each sent once");
    for _ in 0..5 {
        check_refused(scene.buy("third").await);
    }
    assert_eq!(scene.wire.count(), 2);
    // Neither after the pause: money is not what tries whether a tarpit is still one.
    scene.clock.advance(PAUSE);
    check_refused(scene.buy("third").await);
    assert_eq!(scene.wire.count(), 2);
}

async fn a_look_up_settles_an_unknown_outcome_while_everything_else_is_in_the_tarpit(
    dialect: Dialect,
) {
    let scene = Scene::new(dialect, IMPATIENT).await;
    scene.wire.always(Way::Unanswered);
    let (first, second) = tokio::join!(scene.buy("first"), scene.buy("second"));
    assert_eq!(first.unwrap_err().kind(), ErrorKind::Ambiguous);
    assert_eq!(second.unwrap_err().kind(), ErrorKind::Ambiguous);
    let charged = || scene.charges("first") == 1 && scene.charges("second") == 1;
    until("both are charged", charged).await;
    check_refused(scene.provider.balance().await);

    scene.wire.follow(|_, asked| match asked {
        Asked::LookUp => Way::Through,
        _ => Way::Nowhere,
    });
    scene.clock.advance(PAUSE);
    let look_up = scene.look_up("first");
    // The read takes the probe's turn and waits in vain; the lookup needs none.
    let read = scene.provider.balance();
    let found = scene.provider.find_orders(&look_up);
    let (read, found) = tokio::join!(biased; read, found);
    assert_eq!(read.unwrap_err().retry_after(), None, "it was sent");
    let found = found.unwrap().orders;
    let orders = match dialect {
        Dialect::Roamify => 1,
        Dialect::EsimAccess => 2,
    };
    assert_eq!(found.len(), orders, "{found:?}");

    // The look-up's answer closed the circuit for everybody.
    scene.wire.always(Way::Through);
    scene.provider.balance().await.unwrap();
    scene.buy("third").await.unwrap();
    for reference in ["first", "second", "third"] {
        assert_eq!(scene.charges(reference), 1, "{reference}");
    }
    assert_eq!(scene.wire.count_of(Asked::Purchase), 3);
}

super::in_both_dialects!(
    reads_time_out_so_many_times_and_then_nothing_is_sent_until_a_probe_is_answered,
    a_listing_into_a_tarpit_ends_in_an_error_after_so_many_tries,
    a_purchase_is_sent_once_its_outcome_unknown_and_a_third_one_not_at_all,
    a_look_up_settles_an_unknown_outcome_while_everything_else_is_in_the_tarpit,
);
