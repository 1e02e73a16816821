//! Answers that differ from the wish: price, number of eSIMs, orders that bear no reference.

use roamport_domain::order::{
    AnswerField, AttentionReason, Event, ItemState, OrderState, PlacedItem, PlacedOrder,
    ProvisioningOutcome, Step,
};
use roamport_domain::provider::ProviderOrderStatus;
use roamport_domain::{Currency, Money};

use crate::support::{
    Scene, ambiguous, at, bought, esim, esims, found, found_before_evidence, found_differing,
    generated, line, package, pending, placed, settled, unhealthy, usd,
};

fn answered(order: PlacedOrder) -> Scene {
    Scene::new().sent(1, 0).with(settled(1, 5, placed(order)))
}

fn charged(total: Option<Money>) -> PlacedOrder {
    PlacedOrder {
        total,
        ..bought("po-1", &["esim-1"])
    }
}

#[test]
fn a_price_that_differs_by_a_ten_thousandth_is_shown_and_the_order_goes_on() {
    let off = ["3.2701", "3.2699", "3.28", "0", "100"];
    for text in off {
        let scene = answered(charged(Some(usd(text))));
        assert_eq!(scene.state(), OrderState::Provisioning, "{text}");
        let differs = AttentionReason::PriceDiffers {
            quoted: usd("3.27"),
            charged: usd(text),
        };
        assert_eq!(scene.open_reasons(), [differs]);
        let done = scene.with(generated(0, 9, ProvisioningOutcome::Ready));
        assert_eq!(done.state(), OrderState::NeedsAttention);
        assert_eq!(done.order.items()[0].state, ItemState::Ready);
    }
}

#[test]
fn the_tail_of_a_providers_float_is_no_difference() {
    for text in ["3.27", "3.270000", "3.27009", "3.26991", "3.2699999999"] {
        assert!(
            answered(charged(Some(usd(text)))).open_reasons().is_empty(),
            "{text}"
        );
    }
    assert!(answered(charged(None)).open_reasons().is_empty());
}

#[test]
fn another_currency_is_another_price() {
    let euro = Money::parse_amount("3.27", Currency::EUR).unwrap();
    let scene = answered(charged(Some(euro)));
    let differs = AttentionReason::PriceDiffers {
        quoted: usd("3.27"),
        charged: euro,
    };
    assert_eq!(scene.open_reasons(), [differs]);
}

#[test]
fn the_price_is_compared_with_what_was_sent_not_with_the_first_quote() {
    let scene = Scene::new().with(crate::support::nothing(0));
    let Event::PlacementStarted {
        attempt,
        opens_at,
        closes_at,
        replays,
        blind,
        ..
    } = scene.start(1, 0, None, false)
    else {
        unreachable!()
    };
    let cheaper = line("one", 1, "3.00").line;
    let request = roamport_domain::provider::PurchaseRequest::PlaceOrder {
        lines: vec![cheaper],
        start_date: None,
    };
    let start = Event::PlacementStarted {
        attempt,
        opens_at,
        closes_at,
        request,
        replays,
        blind,
        evidence: None,
    };
    let scene = scene
        .with(start)
        .with(settled(1, 5, placed(charged(Some(usd("3.00"))))));
    assert!(scene.open_reasons().is_empty());
}

#[test]
fn fewer_or_more_esims_than_asked_for_are_shown_and_those_that_came_are_provisioned() {
    let wish = || Scene::wishing(esims(vec![line("one", 2, "3.27")])).sent(1, 0);
    for names in [&["esim-1"][..], &["esim-1", "esim-2", "esim-3"][..]] {
        let order = PlacedOrder {
            total: Some(usd("6.54")),
            ..bought("po-1", names)
        };
        let mut scene = wish().with(settled(1, 5, placed(order)));
        assert_eq!(scene.state(), OrderState::Provisioning);
        let actual = u16::try_from(names.len()).unwrap();
        let differs = AttentionReason::ItemCountDiffers {
            expected: 2,
            actual,
        };
        assert_eq!(scene.open_reasons(), [differs]);
        for item in 0..actual {
            scene.take(generated(item, 9, ProvisioningOutcome::Ready));
        }
        assert_eq!(scene.state(), OrderState::NeedsAttention);
    }
}

#[test]
fn an_esim_named_twice_is_one_esim() {
    let scene = Scene::wishing(esims(vec![line("one", 2, "3.27")]))
        .sent(1, 0)
        .with(settled(1, 5, placed(bought("po-1", &["esim-1", "esim-1"]))));
    assert_eq!(scene.order.items().len(), 1);
    let differs = AttentionReason::ItemCountDiffers {
        expected: 2,
        actual: 1,
    };
    assert_eq!(scene.open_reasons(), [differs]);
}

#[test]
fn items_that_come_one_by_one_are_awaited_until_the_last() {
    let coming = |names: &[&str]| PlacedOrder {
        status: ProviderOrderStatus::Pending,
        total: Some(usd("6.54")),
        ..bought("po-1", names)
    };
    let scene = Scene::wishing(esims(vec![line("one", 2, "3.27")]))
        .sent(1, 0)
        .with(settled(1, 5, placed(coming(&["esim-1"]))));
    assert_eq!(scene.state(), OrderState::Placed);
    let read = Event::OrderRead {
        at: at(9),
        order: Some(coming(&["esim-1", "esim-2"])),
        evidence: None,
    };
    let scene = scene.with(read);
    assert_eq!(scene.state(), OrderState::Provisioning);
    assert!(scene.open_reasons().is_empty());
    let shorter = Event::OrderRead {
        at: at(12),
        order: Some(coming(&[])),
        evidence: None,
    };
    assert_eq!(
        scene.with(shorter).order.items().len(),
        2,
        "an eSIM that was named is gone"
    );
}

#[test]
fn items_that_never_come_end_in_attention_with_those_that_did() {
    let order = PlacedOrder {
        status: ProviderOrderStatus::Pending,
        total: Some(usd("6.54")),
        ..bought("po-1", &["esim-1"])
    };
    let mut scene = Scene::wishing(esims(vec![line("one", 2, "3.27")]))
        .sent(1, 0)
        .with(settled(1, 5, placed(order)))
        .now(5)
        .watched_for(5);
    while scene.state() == OrderState::Placed {
        match scene.settle_down() {
            Step::Wait { .. } => {
                let (seconds, _) = scene.wait();
                assert!(seconds <= 30);
                scene.pass(seconds);
            }
            Step::ReadOrder(_) => scene.take(Event::OrderRead {
                at: at(scene.now),
                order: None,
                evidence: None,
            }),
            _ => {}
        }
        assert!(scene.now < 1900, "still waiting at {}", scene.now);
    }
    assert!(scene.now >= 1805);
    assert_eq!(scene.state(), OrderState::Provisioning);
    let scene = scene.with(generated(0, 1900, ProvisioningOutcome::Ready));
    assert_eq!(
        scene.open_reasons(),
        [
            AttentionReason::DeliveryOverdue,
            AttentionReason::ItemCountDiffers {
                expected: 2,
                actual: 1
            }
        ]
    );
}

/// What a look-up found while the outcome of a call was unknown.
fn looked_up(order: PlacedOrder) -> Scene {
    in_doubt().with(found(10, vec![order]))
}

/// Two of package `one` and one of package `two`, whose call has an unknown outcome.
fn in_doubt() -> Scene {
    Scene::wishing(esims(vec![
        line("one", 1, "3.27"),
        line("two", 1, "5"),
        line("one", 1, "3.27"),
    ]))
    .sent(1, 0)
    .with(settled(1, 5, ambiguous()))
}

fn of_packages(names: &[Option<&str>]) -> PlacedOrder {
    let item = |(number, name): (usize, Option<&str>)| PlacedItem {
        esim: Some(esim(&format!("esim-{number}"))),
        package: name.map(package),
        price: None,
    };
    PlacedOrder {
        total: Some(usd("11.54")),
        items: names.iter().copied().enumerate().map(item).collect(),
        ..bought("po-1", &[])
    }
}

#[test]
fn a_found_order_with_our_packages_in_any_order_is_ours() {
    for names in [
        &[Some("one"), Some("one"), Some("two")][..],
        &[Some("two"), Some("one"), Some("one")][..],
        &[None, None, None][..],
        &[Some("one"), None, Some("two")][..],
    ] {
        let scene = looked_up(of_packages(names));
        assert_eq!(scene.state(), OrderState::Provisioning, "{names:?}");
        assert!(scene.open_reasons().is_empty(), "{names:?}");
    }
}

#[test]
fn a_found_order_whose_items_are_still_coming_is_ours() {
    let early = PlacedOrder {
        status: ProviderOrderStatus::Pending,
        ..of_packages(&[Some("two")])
    };
    assert_eq!(looked_up(early).state(), OrderState::Placed);
    assert_eq!(looked_up(pending("po-1")).state(), OrderState::Placed);
}

#[test]
fn a_found_order_of_other_packages_is_ours_and_the_difference_is_shown() {
    let order = of_packages(&[Some("three"), Some("one"), Some("two")]);
    let fields = vec![AnswerField::Packages];
    let scene = in_doubt().with(found_differing(10, order, fields.clone()));
    assert_eq!(scene.state(), OrderState::Provisioning);
    let differ = AttentionReason::GoodsDiffer { fields };
    assert_eq!(scene.open_reasons(), [differ]);
}

#[test]
fn an_earlier_release_left_a_found_order_of_other_packages_to_a_person() {
    for names in [
        &[Some("three")][..],
        &[Some("one"), Some("two"), Some("two")][..],
        &[Some("one"), Some("one"), Some("one")][..],
        &[Some("one"), Some("one"), Some("two"), Some("one")][..],
    ] {
        let scene = in_doubt().with(found_before_evidence(10, vec![of_packages(names)]));
        assert_eq!(scene.state(), OrderState::NeedsAttention, "{names:?}");
        let differs = AttentionReason::FoundDiffers {
            order: pending("po-1").id,
        };
        assert_eq!(scene.open_reasons(), [differs]);
        assert!(scene.order.placed().is_none());
    }
}

#[test]
fn a_found_order_at_another_price_is_ours_and_the_price_is_shown() {
    let order = PlacedOrder {
        total: Some(usd("20")),
        ..of_packages(&[Some("one")])
    };
    let scene = looked_up(order);
    assert!(scene.order.placed().is_some());
    let differs = AttentionReason::PriceDiffers {
        quoted: usd("11.54"),
        charged: usd("20"),
    };
    assert!(scene.open_reasons().contains(&differs));
}

#[test]
fn several_found_are_shown_with_every_id_and_none_is_taken() {
    let scene = Scene::new()
        .sent(1, 0)
        .with(settled(1, 5, ambiguous()))
        .with(found(
            10,
            vec![pending("po-1"), pending("po-2"), pending("po-3")],
        ));
    let ids = ["po-1", "po-2", "po-3"].map(|id| pending(id).id).to_vec();
    assert_eq!(
        scene.open_reasons(),
        [AttentionReason::SeveralFound { orders: ids }]
    );
    assert!(scene.order.placed().is_none());
}

#[test]
fn a_cut_list_proves_nothing_and_is_followed_by_another_look_up() {
    let mut scene = Scene::new()
        .sent(1, 0)
        .with(settled(1, 5, ambiguous()))
        .now(300)
        .watched_for(300);
    for _ in 0..5 {
        assert_eq!(scene.step(), Step::LookUp { conclusive: true });
        scene.take(unhealthy(scene.now));
        assert!(scene.order.look_ups().conclusive_empty.is_empty());
        scene.pass(30);
    }
    assert_eq!(scene.state(), OrderState::Reconciling);
}
