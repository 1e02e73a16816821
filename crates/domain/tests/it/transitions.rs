//! Every edge of the diagram, and for every state the events that must not follow.

use roamport_domain::Order;
use roamport_domain::order::{
    AttentionReason, Ending, EsimProgress, Event, GuardReason, OrderState, ProvisioningOutcome,
    Resolution,
};
use roamport_domain::provider::ProviderOrderStatus;

use crate::support::{
    Scene, abandoned, absent, ambiguous, asked, at, bought, cancelled, conclusively_nothing,
    deferred, found, generated, not_sent, nothing, pending, placed, raised, refused, resolved,
    settled, unhealthy,
};

/// `event` leads from `scene` to `state`, live and on replay.
#[track_caller]
fn check(scene: Scene, event: Event, state: OrderState) -> Scene {
    let scene = scene.with(event);
    assert_eq!(scene.state(), state);
    assert_eq!(
        scene.replayed(),
        scene.order,
        "replay differs from the live order"
    );
    scene
}

/// An order in this state, by the shortest way.
fn standing(state: OrderState) -> Scene {
    let scene = Scene::new();
    match state {
        OrderState::Requested => scene,
        OrderState::Placing => scene.sent(1, 0),
        OrderState::Reconciling => scene.sent(1, 0).with(settled(1, 5, ambiguous())),
        OrderState::Placed => scene
            .sent(1, 0)
            .with(settled(1, 5, placed(pending("po-1")))),
        OrderState::Provisioning => {
            scene
                .sent(1, 0)
                .with(settled(1, 5, placed(bought("po-1", &["esim-1"]))))
        }
        OrderState::Fulfilled => {
            standing(OrderState::Provisioning).with(generated(0, 9, ProvisioningOutcome::Ready))
        }
        OrderState::Failed => scene.sent(1, 0).with(settled(1, 5, refused())),
        OrderState::Cancelled => scene.with(cancelled(5)),
        OrderState::NeedsAttention => standing(OrderState::Reconciling)
            .with(raised(9, AttentionReason::OutcomeUnknown { attempt: 1 })),
    }
}

/// `event` is refused in exactly these states.
#[track_caller]
fn refused_in(event: &Event, states: &[OrderState]) {
    for state in OrderState::ALL {
        let scene = standing(state);
        assert_eq!(scene.state(), state);
        if states.contains(&state) {
            scene.refuses(event);
        } else {
            let mut order = scene.order.clone();
            assert!(
                order.apply(event).is_ok(),
                "{} is refused in {state}",
                event.name()
            );
        }
    }
}

/// Every state but these.
fn all_but(states: &[OrderState]) -> Vec<OrderState> {
    OrderState::ALL
        .into_iter()
        .filter(|state| !states.contains(state))
        .collect()
}

#[test]
fn a_wish_is_requested_at_version_one() {
    let scene = Scene::new();
    assert_eq!(scene.state(), OrderState::Requested);
    assert_eq!(scene.order.version().count(), 1);
    assert!(!scene.order.money_may_have_moved());
}

#[test]
fn each_event_is_one_version() {
    let scene = Scene::new().sent(1, 0).with(settled(1, 5, ambiguous()));
    assert_eq!(
        scene.order.version().count(),
        u64::try_from(scene.events.len()).unwrap()
    );
    assert_eq!(scene.replayed(), scene.order);
}

#[test]
fn a_started_call_is_placing() {
    check(
        Scene::new().with(nothing(0)),
        Scene::new().start(1, 0, None, false),
        OrderState::Placing,
    );
}

#[test]
fn a_call_that_was_not_sent_goes_back_to_requested_and_is_no_attempt() {
    let scene = check(
        Scene::new().sent(1, 0),
        settled(1, 5, not_sent()),
        OrderState::Requested,
    );
    assert_eq!(scene.order.counted_attempts(), 0);
    assert!(!scene.order.money_may_have_moved());
    assert!(scene.order.deferral().is_some());
}

#[test]
fn a_refused_call_fails_the_order() {
    let scene = check(
        Scene::new().sent(1, 0),
        settled(1, 5, refused()),
        OrderState::Failed,
    );
    assert!(matches!(scene.order.ending(), Some(Ending::Refused { .. })));
    assert!(!scene.order.money_may_have_moved());
}

#[test]
fn an_ambiguous_call_is_reconciled() {
    let scene = check(
        Scene::new().sent(1, 0),
        settled(1, 5, ambiguous()),
        OrderState::Reconciling,
    );
    assert!(scene.order.money_may_have_moved());
}

#[test]
fn an_abandoned_call_is_reconciled() {
    check(
        Scene::new().sent(1, 0),
        abandoned(1, 70),
        OrderState::Reconciling,
    );
}

#[test]
fn a_placed_order_without_items_awaits_them() {
    let answer = settled(1, 5, placed(pending("po-1")));
    check(Scene::new().sent(1, 0), answer, OrderState::Placed);
}

#[test]
fn a_placed_order_with_its_items_is_provisioned() {
    let answer = settled(1, 5, placed(bought("po-1", &["esim-1"])));
    check(Scene::new().sent(1, 0), answer, OrderState::Provisioning);
}

#[test]
fn items_named_by_a_later_read_are_provisioned() {
    let read = Event::OrderRead {
        at: at(9),
        order: Some(bought("po-1", &["esim-1"])),
        evidence: None,
    };
    check(standing(OrderState::Placed), read, OrderState::Provisioning);
}

#[test]
fn a_final_status_ends_the_wait_for_items() {
    let read = Event::OrderRead {
        at: at(9),
        order: Some(roamport_domain::order::PlacedOrder {
            status: ProviderOrderStatus::Completed,
            ..pending("po-1")
        }),
        evidence: None,
    };
    let scene = check(
        standing(OrderState::Placed),
        read,
        OrderState::NeedsAttention,
    );
    assert_eq!(
        scene.open_reasons(),
        [AttentionReason::ItemCountDiffers {
            expected: 1,
            actual: 0
        }]
    );
}

#[test]
fn all_profiles_ready_is_fulfilled() {
    let ready = generated(0, 9, ProvisioningOutcome::Ready);
    check(
        standing(OrderState::Provisioning),
        ready,
        OrderState::Fulfilled,
    );
}

#[test]
fn a_failed_profile_needs_attention() {
    let failed = generated(
        0,
        9,
        ProvisioningOutcome::Failed {
            message: "no profiles left".to_owned(),
        },
    );
    check(
        standing(OrderState::Provisioning),
        failed,
        OrderState::NeedsAttention,
    );
}

#[test]
fn one_order_found_is_placed_from_each_state_that_looks() {
    for state in [
        OrderState::Requested,
        OrderState::Reconciling,
        OrderState::NeedsAttention,
    ] {
        check(
            standing(state),
            found(300, vec![pending("po-1")]),
            OrderState::Placed,
        );
    }
}

#[test]
fn several_orders_found_need_a_person() {
    for state in [
        OrderState::Requested,
        OrderState::Reconciling,
        OrderState::NeedsAttention,
    ] {
        let several = found(300, vec![pending("po-1"), pending("po-2")]);
        let scene = check(standing(state), several, OrderState::NeedsAttention);
        assert!(scene.open_reasons().iter().any(|reason| matches!(
            reason,
            AttentionReason::SeveralFound { orders } if orders.len() == 2
        )));
    }
}

#[test]
fn absence_leads_back_to_requested() {
    let scene = Scene::new()
        .sent(1, 0)
        .with(settled(1, 5, ambiguous()))
        .with(conclusively_nothing(240))
        .with(conclusively_nothing(270))
        .with(conclusively_nothing(300));
    check(scene, absent(1, &[240, 270, 300]), OrderState::Requested);
}

#[test]
fn an_unsent_order_is_called_off() {
    check(Scene::new(), cancelled(5), OrderState::Cancelled);
    check(
        Scene::new().sent(1, 0).with(settled(1, 5, not_sent())),
        cancelled(9),
        OrderState::Cancelled,
    );
}

#[test]
fn an_order_with_a_call_of_unknown_outcome_is_never_called_off() {
    Scene::new().proven_absent().refuses(&cancelled(301));
}

#[test]
fn an_unsent_order_that_is_too_late_or_refused_by_a_guard_failed() {
    let guard = Event::GuardRefused {
        at: at(5),
        reason: GuardReason::AboveCap,
        message: "it now costs 4 USD".to_owned(),
    };
    check(Scene::new(), guard, OrderState::Failed);
    check(
        Scene::new(),
        Event::Expired { at: at(900) },
        OrderState::Failed,
    );
}

#[test]
fn an_order_is_failed_only_when_every_call_is_known_to_be_harmless() {
    let guard = Event::GuardRefused {
        at: at(301),
        reason: GuardReason::PackageGone,
        message: "no longer sold".to_owned(),
    };
    for event in [guard, Event::Expired { at: at(901) }] {
        let scene = check(
            Scene::new().proven_absent(),
            event,
            OrderState::NeedsAttention,
        );
        assert_eq!(scene.open_reasons(), [AttentionReason::AttemptsUsedUp]);
    }
    let second = Scene::new().proven_absent().sent(2, 310);
    check(
        second,
        settled(2, 315, refused()),
        OrderState::NeedsAttention,
    );
}

#[test]
fn a_person_attaches_resends_accepts_or_writes_off() {
    let attach = Resolution::Attach {
        order: pending("po-9"),
    };
    check(
        standing(OrderState::NeedsAttention),
        resolved(10, attach),
        OrderState::Placed,
    );
    let resend = Resolution::Resend {
        place_before: at(2000),
    };
    check(
        standing(OrderState::NeedsAttention),
        resolved(10, resend),
        OrderState::Requested,
    );
    let write_off = resolved(10, Resolution::WriteOff);
    check(
        standing(OrderState::NeedsAttention),
        write_off,
        OrderState::Failed,
    );
    let short = standing(OrderState::Placed).with(raised(2000, AttentionReason::DeliveryOverdue));
    check(
        short,
        resolved(2010, Resolution::Accept),
        OrderState::Fulfilled,
    );
}

#[test]
fn what_only_an_unsent_order_can_meet_is_refused_everywhere_else() {
    let others = all_but(&[OrderState::Requested]);
    let guard = Event::GuardRefused {
        at: at(9),
        reason: GuardReason::PackageGone,
        message: "no longer sold".to_owned(),
    };
    for event in [
        deferred(9),
        guard,
        cancelled(9),
        Event::Expired { at: at(9) },
    ] {
        refused_in(&event, &others);
    }
}

#[test]
fn a_wish_is_recorded_once() {
    let requested = Event::Requested(Box::new(Scene::new().order.requested().clone()));
    refused_in(&requested, &OrderState::ALL);
}

#[test]
fn a_purchase_call_starts_from_requested_alone() {
    for state in all_but(&[OrderState::Requested]) {
        let scene = standing(state);
        let next = u16::try_from(scene.order.attempts().len() + 1).unwrap();
        scene.refuses(&scene.start(next, 400, None, true));
        scene.refuses(&scene.start(next, 400, Some(1), true));
    }
}

#[test]
fn only_a_call_in_flight_is_abandoned() {
    refused_in(&abandoned(1, 70), &all_but(&[OrderState::Placing]));
    standing(OrderState::Placing).refuses(&abandoned(2, 70));
}

#[test]
fn nothing_is_looked_for_once_the_call_is_in_flight_or_its_order_known() {
    let looking = [
        OrderState::Requested,
        OrderState::Reconciling,
        OrderState::NeedsAttention,
    ];
    for event in [
        nothing(300),
        unhealthy(300),
        found(300, vec![pending("po-1")]),
    ] {
        refused_in(&event, &all_but(&looking));
    }
}

#[test]
fn absence_is_established_while_reconciling_alone_and_from_recorded_evidence() {
    refused_in(&absent(1, &[300]), &OrderState::ALL);
    let reconciling = standing(OrderState::Reconciling);
    reconciling.refuses(&absent(1, &[]));
    let seen = reconciling.with(conclusively_nothing(240));
    seen.refuses(&absent(1, &[240, 270]));
    seen.refuses(&absent(1, &[241]));
    seen.refuses(&absent(2, &[240]));
}

#[test]
fn a_repetition_is_permitted_while_reconciling_alone() {
    let permitted = Event::ReplayPermitted {
        attempt: 1,
        at: at(9),
        until: at(800),
    };
    refused_in(&permitted, &all_but(&[OrderState::Reconciling]));
    let other = Event::ReplayPermitted {
        attempt: 2,
        at: at(9),
        until: at(800),
    };
    standing(OrderState::Reconciling).refuses(&other);
}

#[test]
fn the_providers_order_is_read_only_where_there_is_one() {
    let with_order = [
        OrderState::Placed,
        OrderState::Provisioning,
        OrderState::Fulfilled,
    ];
    let read = Event::OrderRead {
        at: at(9),
        order: Some(pending("po-1")),
        evidence: None,
    };
    refused_in(&read, &all_but(&with_order));
    refused_in(
        &Event::OrderRead {
            at: at(9),
            order: None,
            evidence: None,
        },
        &all_but(&with_order),
    );
    let other = Event::OrderRead {
        at: at(9),
        order: Some(pending("po-2")),
        evidence: None,
    };
    refused_in(&other, &OrderState::ALL);
}

#[test]
fn profiles_are_asked_for_while_provisioning_alone() {
    refused_in(&asked(0, 9), &all_but(&[OrderState::Provisioning]));
    standing(OrderState::Provisioning).refuses(&asked(1, 9));
}

#[test]
fn no_item_is_heard_of_before_something_was_bought() {
    let unbought = all_but(&[
        OrderState::Placed,
        OrderState::Provisioning,
        OrderState::Fulfilled,
    ]);
    for state in unbought {
        let scene = standing(state);
        scene.refuses(&generated(0, 9, ProvisioningOutcome::Ready));
        let progress = EsimProgress::Pending;
        scene.refuses(&Event::EsimRead {
            item: 0,
            at: at(9),
            progress,
        });
    }
}

#[test]
fn a_person_decides_only_where_one_is_asked() {
    for resolution in [
        Resolution::Accept,
        Resolution::WriteOff,
        Resolution::Resend {
            place_before: at(2000),
        },
        Resolution::Attach {
            order: pending("po-1"),
        },
    ] {
        for state in all_but(&[OrderState::NeedsAttention]) {
            standing(state).refuses(&resolved(9, resolution.clone()));
        }
    }
}

#[test]
fn overdue_delivery_is_raised_for_a_placed_order_alone() {
    let overdue = raised(9, AttentionReason::DeliveryOverdue);
    refused_in(&overdue, &all_but(&[OrderState::Placed]));
}

#[test]
fn a_journal_that_does_not_begin_with_a_wish_is_refused() {
    let id = Scene::new().order.id();
    assert_eq!(Order::replay(id, &[]).unwrap_err().event, "nothing");
    assert_eq!(
        Order::replay(id, &[nothing(0)]).unwrap_err().event,
        "looked_up"
    );
    let scene = standing(OrderState::Reconciling);
    assert!(Order::replay(id, scene.events.iter().skip(1)).is_err());
    let torn: Vec<Event> = scene
        .events
        .iter()
        .enumerate()
        .filter(|(place, _)| *place != 2)
        .map(|(_, e)| e.clone())
        .collect();
    assert!(
        Order::replay(id, &torn).is_err(),
        "a journal that lost an event was accepted"
    );
}
