//! The first step of a process that takes an order over: somebody woke it, or named it.

use roamport_domain::order::{AttentionReason, Beginning, ItemStep, Step, Waiting};

use crate::support::{
    Scene, ambiguous, bought, deferred, esims, line, pending, placed, provider_order, raised,
    settled,
};

fn waits_for(scene: &Scene, expected: Waiting) {
    let step = scene.step();
    assert!(
        matches!(step, Step::Wait { waiting, .. } if waiting == expected),
        "{step:?}"
    );
}

#[test]
fn an_order_that_is_woken_is_read_before_its_wait_is_over() {
    let scene = Scene::new()
        .sent(1, 0)
        .with(settled(1, 5, placed(pending("po-1"))))
        .now(6);
    waits_for(&scene, Waiting::Delivery);
    let read = Step::ReadOrder(provider_order("po-1"));
    assert_eq!(scene.first_step(Beginning::Due), read);
    assert_eq!(scene.first_step(Beginning::Named), scene.step());
}

#[test]
fn the_profiles_of_a_woken_order_are_read_a_few_at_a_time() {
    let names = ["e-1", "e-2", "e-3", "e-4", "e-5"];
    let scene = Scene::wishing(esims(vec![line("one", 5, "3.27")]))
        .provisioned(roamport_domain::provider::Provisioning::Polled)
        .sent(1, 0)
        .with(settled(1, 5, placed(bought("po-1", &names))));
    let mut scene = scene.now(5);
    for item in 0..5 {
        scene.take(crate::support::asked(item, 5));
    }
    scene.take(crate::support::generated(
        1,
        6,
        roamport_domain::order::ProvisioningOutcome::Ready,
    ));
    let scene = scene.now(6);
    waits_for(&scene, Waiting::Profile);
    let reads = [0, 2, 3, 4].map(ItemStep::Read).to_vec();
    assert_eq!(scene.first_step(Beginning::Due), Step::Items(reads));
}

#[test]
fn a_purchase_and_what_leads_to_one_keep_their_times() {
    let waiting = Scene::new().with(deferred(0)).now(1);
    waits_for(&waiting, Waiting::Deferred);
    assert_eq!(waiting.first_step(Beginning::Due), waiting.step());
    let unknown = Scene::new()
        .sent(1, 0)
        .with(settled(1, 5, ambiguous()))
        .now(6);
    waits_for(&unknown, Waiting::LookUp);
    for begins in [Beginning::Due, Beginning::Named] {
        assert_eq!(unknown.first_step(begins), unknown.step(), "{begins:?}");
    }
}

#[test]
fn an_order_that_needs_attention_is_looked_up_when_it_is_named() {
    let unknown = AttentionReason::OutcomeUnknown { attempt: 1 };
    let scene = Scene::new()
        .sent(1, 0)
        .with(settled(1, 5, ambiguous()))
        .with(raised(6, unknown.clone()))
        .now(7);
    let look_up = Step::LookUp { conclusive: false };
    assert_ne!(scene.step(), look_up);
    assert_eq!(scene.first_step(Beginning::Named), look_up);
    assert_eq!(scene.first_step(Beginning::Due), scene.step());
    let blind = scene.without_look_up();
    assert_eq!(blind.first_step(Beginning::Named), blind.step());
    let known = Scene::new()
        .sent(1, 0)
        .with(settled(1, 5, placed(pending("po-1"))))
        .with(raised(6, AttentionReason::DeliveryOverdue))
        .now(7);
    assert_eq!(known.first_step(Beginning::Named), known.step());
}
