//! A top-up is an order that ends once it is placed: no items, no provisioning.

use roamport_domain::order::{
    AttentionReason, Event, Fingerprint, OrderState, PlacedOrder, Step, Waiting,
};
use roamport_domain::provider::ProviderOrderStatus;

use crate::support::{
    Scene, ambiguous, at, bought, esim, found, package, pending, placed, raised, settled,
    top_up_content, usd,
};

fn top_up() -> Scene {
    Scene::wishing(top_up_content())
}

fn done(id: &str) -> PlacedOrder {
    PlacedOrder {
        items: Vec::new(),
        ..bought(id, &[])
    }
}

#[test]
fn a_placed_top_up_is_fulfilled_at_once() {
    let scene = top_up()
        .sent(1, 0)
        .with(settled(1, 5, placed(done("po-1"))));
    assert_eq!(scene.state(), OrderState::Fulfilled);
    assert!(scene.order.items().is_empty());
    assert_eq!(scene.order.esims(), [esim("esim-1")]);
    assert_eq!(scene.step(), Step::Rest);
}

#[test]
fn a_top_up_that_names_its_esim_needs_no_profile() {
    let mut order = bought("po-1", &["esim-1"]);
    order.items[0].package = Some(package("more"));
    let scene = top_up().sent(1, 0).with(settled(1, 5, placed(order)));
    assert_eq!(scene.state(), OrderState::Fulfilled);
}

#[test]
fn a_pending_top_up_is_read_until_it_is_done() {
    let mut scene = top_up()
        .sent(1, 0)
        .with(settled(1, 5, placed(pending("po-1"))))
        .now(5)
        .watched_for(5);
    assert_eq!(scene.state(), OrderState::Placed);
    assert_eq!(scene.wait(), (2, Waiting::Delivery));
    scene.pass(2);
    assert_eq!(scene.step(), Step::ReadOrder(pending("po-1").id));
    scene.take(Event::OrderRead {
        at: at(7),
        order: Some(done("po-1")),
        evidence: None,
    });
    assert_eq!(scene.state(), OrderState::Fulfilled);
}

#[test]
fn a_top_up_in_a_state_nobody_knows_does_not_wait_for_ever() {
    let order = PlacedOrder {
        status: ProviderOrderStatus::Other("queued".to_owned()),
        ..done("po-1")
    };
    let mut scene = top_up()
        .sent(1, 0)
        .with(settled(1, 5, placed(order.clone())))
        .now(5)
        .watched_for(5);
    while !scene.state().is_settled() {
        match scene.settle_down() {
            Step::Wait { .. } => {
                let (seconds, _) = scene.wait();
                scene.pass(seconds);
            }
            Step::ReadOrder(_) => {
                scene.take(Event::OrderRead {
                    at: at(scene.now),
                    order: Some(order.clone()),
                    evidence: None,
                });
            }
            _ => {}
        }
        assert!(scene.now < 2000, "still {} at {}", scene.state(), scene.now);
    }
    assert_eq!(scene.open_reasons(), [AttentionReason::DeliveryOverdue]);
}

#[test]
fn a_resumed_order_is_read_before_its_delivery_is_overdue() {
    let scene = top_up()
        .sent(1, 0)
        .with(settled(1, 5, placed(pending("po-1"))))
        .now(86_400);
    assert_eq!(scene.step(), Step::ReadOrder(pending("po-1").id));
    let late = Event::OrderRead {
        at: at(86_400),
        order: Some(done("po-1")),
        evidence: None,
    };
    assert_eq!(scene.clone().with(late).state(), OrderState::Fulfilled);
    let mut unread = scene.with(Event::OrderRead {
        at: at(86_400),
        order: None,
        evidence: None,
    });
    unread.settle_down();
    assert_eq!(unread.open_reasons(), [AttentionReason::DeliveryOverdue]);
}

#[test]
fn a_lost_top_up_that_is_found_is_fulfilled() {
    let mut order = bought("po-1", &["esim-1"]);
    order.items[0].package = Some(package("more"));
    let scene = top_up()
        .sent(1, 0)
        .with(settled(1, 5, ambiguous()))
        .with(found(10, vec![order]));
    assert_eq!(scene.state(), OrderState::Fulfilled);
}

#[test]
fn a_top_up_at_another_price_needs_a_person() {
    let order = PlacedOrder {
        total: Some(usd("4")),
        ..done("po-1")
    };
    let scene = top_up().sent(1, 0).with(settled(1, 5, placed(order)));
    assert_eq!(scene.state(), OrderState::NeedsAttention);
    let differs = AttentionReason::PriceDiffers {
        quoted: usd("3.27"),
        charged: usd("4"),
    };
    assert_eq!(scene.open_reasons(), [differs]);
}

#[test]
fn a_top_up_is_another_thing_than_an_order_and_than_one_for_another_esim() {
    let scene = top_up();
    let provider = &scene.order.requested().provider;
    let of = |name: &str| Fingerprint::of_top_up(provider, &esim(name), &package("more"), None);
    assert_eq!(scene.order.requested().fingerprint, of("esim-1"));
    assert_ne!(of("esim-1"), of("esim-2"));
    let content = crate::support::esims(vec![crate::support::line("more", 1, "3.27")]);
    assert_ne!(Fingerprint::of(provider, &content), of("esim-1"));
}

#[test]
fn an_overdue_top_up_can_be_attached_again() {
    use roamport_domain::order::Resolution;
    let scene = top_up()
        .sent(1, 0)
        .with(settled(1, 5, placed(pending("po-1"))))
        .with(raised(2000, AttentionReason::DeliveryOverdue))
        .with(crate::support::resolved(
            2010,
            Resolution::Attach {
                order: done("po-1"),
            },
        ));
    assert_eq!(scene.state(), OrderState::Fulfilled);
}
