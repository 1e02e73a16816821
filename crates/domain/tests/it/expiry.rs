//! An order that was not sent in time: one healthy look-up confirms that nothing is there.

use roamport_domain::order::{AttentionReason, Ending, Event, OrderState, Step};

use crate::support::{
    PLACE_BEFORE, Scene, at, bought, deferred, found, not_sent, nothing, settled, unhealthy,
};

fn late() -> Scene {
    Scene::new()
        .with(deferred(890))
        .now(PLACE_BEFORE)
        .watched_for(PLACE_BEFORE)
}

#[test]
fn an_order_is_placed_until_place_before_and_not_from_then_on() {
    assert!(matches!(
        Scene::new().now(PLACE_BEFORE - 1).step(),
        Step::Place { .. }
    ));
    assert_eq!(
        Scene::new().now(PLACE_BEFORE).step(),
        Step::LookUp { conclusive: false }
    );
}

#[test]
fn one_healthy_look_up_after_place_before_ends_the_order() {
    let mut scene = late().with(nothing(PLACE_BEFORE));
    assert_eq!(scene.settle_down(), Step::Rest);
    assert_eq!(scene.state(), OrderState::Failed);
    assert_eq!(scene.order.ending(), Some(&Ending::Expired));
}

#[test]
fn a_look_up_from_before_does_not_confirm_it() {
    let scene = Scene::new()
        .with(nothing(PLACE_BEFORE - 1))
        .now(PLACE_BEFORE + 100);
    assert_eq!(scene.step(), Step::LookUp { conclusive: false });
}

#[test]
fn an_order_that_was_there_all_along_is_taken() {
    let scene = late().with(found(PLACE_BEFORE, vec![bought("po-1", &["esim-1"])]));
    assert_eq!(scene.state(), OrderState::Provisioning);
}

#[test]
fn an_order_nobody_can_confirm_as_unsent_goes_to_a_person_within_a_bound() {
    let mut scene = late();
    let mut look_ups = 0;
    while scene.state() == OrderState::Requested {
        match scene.settle_down() {
            Step::LookUp { .. } => {
                look_ups += 1;
                scene.take(unhealthy(scene.now));
            }
            Step::Wait { .. } => {
                let (seconds, _) = scene.wait();
                scene.pass(seconds);
            }
            _ => {}
        }
        assert!(
            scene.now <= PLACE_BEFORE + 16 * 60,
            "still unconfirmed at {}",
            scene.now
        );
    }
    assert!(look_ups > 5, "given up after {look_ups} look-ups");
    assert_eq!(scene.open_reasons(), [AttentionReason::UnsentUnconfirmed]);
}

#[test]
fn an_order_resumed_long_after_is_looked_up_before_it_is_given_up() {
    let scene = Scene::new().now(10 * 86_400).watched_for(0);
    assert_eq!(scene.step(), Step::LookUp { conclusive: false });
    let mut confirmed = scene.clone().with(nothing(10 * 86_400));
    assert_eq!(confirmed.settle_down(), Step::Rest);
    assert_eq!(confirmed.state(), OrderState::Failed);
    let mut unlucky = scene.with(unhealthy(10 * 86_400));
    let step = unlucky.settle_down();
    assert!(
        matches!(step, Step::Wait { .. } | Step::LookUp { .. }),
        "one failed read: {step:?}"
    );
    assert_eq!(unlucky.state(), OrderState::Requested);
}

#[test]
fn without_a_look_up_an_unsent_order_just_expires() {
    let mut scene = late().without_look_up();
    let expired = Event::Expired {
        at: at(PLACE_BEFORE),
    };
    assert_eq!(scene.step(), Step::Record(vec![expired]));
    scene.settle_down();
    assert_eq!(scene.state(), OrderState::Failed);
}

#[test]
fn calls_that_were_not_sent_do_not_keep_an_order_from_expiring() {
    let mut scene = Scene::new()
        .sent(1, 0)
        .with(settled(1, 5, not_sent()))
        .with(nothing(PLACE_BEFORE))
        .now(PLACE_BEFORE)
        .watched_for(PLACE_BEFORE);
    scene.settle_down();
    assert_eq!(scene.state(), OrderState::Failed);
}

#[test]
fn a_lost_call_found_absent_too_late_is_not_failed_but_shown() {
    let mut scene = Scene::new()
        .proven_absent()
        .with(nothing(PLACE_BEFORE))
        .now(PLACE_BEFORE)
        .watched_for(900);
    scene.settle_down();
    assert_eq!(scene.state(), OrderState::NeedsAttention);
}
