//! What settles a purchase of unknown outcome gets through an open circuit, however much else fails.

use roamport_domain::ProviderError;
use roamport_domain::provider::ErrorKind;
use roamport_sandbox::{Dialect, Fault, Operation, Rule};

use super::scene::{PAUSE, Scene, Terms};
use super::wire::{Asked, Way};

/// Whatever is neither about orders nor a purchase fails, for ever.
fn reads_fail(scene: &Scene) {
    scene.wire.follow(|_, asked| match asked {
        Asked::Read | Asked::Page => Way::failure(),
        Asked::Purchase | Asked::LookUp => Way::Through,
    });
}

/// Asks what became of a purchase: by a look-up, or where orders are not found by our reference, by the same
/// order once more.
async fn settled(scene: &Scene, reference: &str) -> Result<usize, ProviderError> {
    match scene.dialect {
        Dialect::Roamify => {
            let look_up = scene.look_up(reference);
            let found = scene.provider.find_orders(&look_up).await?;
            Ok(found.orders.len())
        }
        Dialect::EsimAccess => scene.buy_again(reference).await.map(|()| 1),
    }
}

async fn an_unknown_outcome_is_settled_at_once_although_every_read_fails(dialect: Dialect) {
    let scene = Scene::new(dialect, Terms::default()).await;
    let lost = Rule::new(Operation::Order, Fault::DropAfterEffect);
    scene.world.add_fault(lost).unwrap();
    reads_fail(&scene);
    let unknown = scene.buy("order").await.unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::Ambiguous, "{unknown}");
    for _ in 0..2 {
        scene.provider.balance().await.unwrap_err();
    }
    let refused = scene.buy("another").await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unavailable, "{refused}");
    assert_eq!(settled(&scene, "order").await.unwrap(), 1);
    assert_eq!(scene.charges("order"), 1, "and it was not bought twice");

    // The provider answers, hence the circuit is closed.
    scene.buy("another").await.unwrap();
    assert_eq!(scene.charges("another"), 1);
}

async fn an_unknown_outcome_is_asked_for_through_an_open_circuit_until_it_is_known(
    dialect: Dialect,
) {
    let scene = Scene::new(dialect, Terms::default()).await;
    let lost = Rule::new(Operation::Order, Fault::DropAfterEffect);
    scene.world.add_fault(lost).unwrap();
    scene.buy("order").await.unwrap_err();
    scene.wire.always(Way::failure());
    for _ in 0..2 {
        scene.provider.balance().await.unwrap_err();
    }
    let kind = match dialect {
        Dialect::Roamify => Asked::LookUp,
        Dialect::EsimAccess => Asked::Purchase,
    };
    // Retries are for reads: a look-up has three tries, and a purchase one.
    let tries = match dialect {
        Dialect::Roamify => 3,
        Dialect::EsimAccess => 1,
    };
    let before = scene.wire.count_of(kind);
    for round in 1..=10 {
        scene.provider.balance().await.unwrap_err();
        settled(&scene, "order").await.unwrap_err();
        let asked = scene.wire.count_of(kind) - before;
        assert_eq!(asked, round * tries, "each time");
    }
    reads_fail(&scene);
    scene.clock.advance(PAUSE);
    assert_eq!(settled(&scene, "order").await.unwrap(), 1);
    assert_eq!(scene.charges("order"), 1);
}

async fn a_purchase_that_was_never_sent_waits_for_the_reads_as_ever(dialect: Dialect) {
    let scene = Scene::new(dialect, Terms::default()).await;
    reads_fail(&scene);
    for _ in 0..3 {
        scene.provider.balance().await.unwrap_err();
    }
    for _ in 0..5 {
        let refused = scene.buy("order").await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unavailable, "{refused}");
        scene.clock.advance(PAUSE);
        scene.provider.balance().await.unwrap_err();
    }
    assert_eq!(scene.wire.count_of(Asked::Purchase), 0);
    // Where nobody reads for another pause, the purchase is what tries.
    scene.clock.advance(PAUSE * 2);
    scene.buy("order").await.unwrap();
    assert_eq!(scene.charges("order"), 1);
}

super::in_both_dialects!(
    an_unknown_outcome_is_settled_at_once_although_every_read_fails,
    an_unknown_outcome_is_asked_for_through_an_open_circuit_until_it_is_known,
    a_purchase_that_was_never_sent_waits_for_the_reads_as_ever,
);
