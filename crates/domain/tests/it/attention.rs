//! What a person is told beside the state, and what becomes of the order when one decides.

use roamport_domain::order::{
    AttentionReason, Ending, Event, OrderState, PlacedOrder, ProvisioningOutcome, Resolution, Step,
    Waiting,
};
use roamport_domain::provider::ProviderOrderStatus;

use crate::support::{
    QUIET, Scene, WINDOW, ambiguous, at, bought, cancelled, conclusively_nothing, found,
    found_before_evidence, generated, nothing, pending, placed, raised, resolved, settled,
    unhealthy,
};

fn unknown() -> Scene {
    Scene::new()
        .sent(1, 0)
        .with(settled(1, 5, ambiguous()))
        .with(raised(905, AttentionReason::OutcomeUnknown { attempt: 1 }))
        .now(905)
        .watched_for(905)
}

fn resend(before: i64) -> Event {
    resolved(
        before - 800,
        Resolution::Resend {
            place_before: at(before),
        },
    )
}

/// The second call too left no trace: no attempt is left.
fn used_up() -> Scene {
    let mut scene = Scene::new()
        .proven_absent()
        .sent(2, 310)
        .with(settled(2, 315, ambiguous()))
        .with(conclusively_nothing(550))
        .with(conclusively_nothing(580))
        .with(conclusively_nothing(610))
        .now(610)
        .watched_for(300);
    scene.settle_down();
    assert_eq!(scene.open_reasons(), [AttentionReason::AttemptsUsedUp]);
    scene
}

#[test]
fn an_ambiguous_order_in_attention_is_looked_up_every_10_minutes_for_24_hours() {
    let mut scene = unknown();
    let mut look_ups = 0;
    loop {
        match scene.step() {
            Step::Wait { .. } => {
                let (seconds, waiting) = scene.wait();
                assert_eq!(waiting, Waiting::LookUp);
                assert!(seconds <= 600);
                scene.pass(seconds);
            }
            Step::LookUp { conclusive } => {
                assert!(!conclusive, "no look-up here may lead to a call");
                look_ups += 1;
                scene.take(nothing(scene.now));
                assert_eq!(scene.state(), OrderState::NeedsAttention);
            }
            Step::Rest => break,
            other => panic!("{other:?}"),
        }
    }
    assert!(
        (24 * 3600..=24 * 3600 + 600).contains(&scene.now),
        "{}",
        scene.now
    );
    // A 24th of a day is six of them.
    assert!((142..=144).contains(&look_ups), "{look_ups}");
}

#[test]
fn an_order_found_while_a_person_is_asked_settles_the_question() {
    let scene = unknown().with(found(1000, vec![bought("po-1", &["esim-1"])]));
    assert_eq!(scene.state(), OrderState::Provisioning);
    assert!(scene.open_reasons().is_empty());
}

#[test]
fn whatever_was_sent_and_never_explained_is_looked_for_once_a_person_is_asked() {
    let late = Scene::new()
        .proven_absent()
        .with(Event::Expired { at: at(901) })
        .now(901);
    for scene in [unknown(), used_up(), late] {
        assert_eq!(scene.state(), OrderState::NeedsAttention);
        let later = scene.now + 700;
        let scene = scene.now(later);
        assert_eq!(scene.step(), Step::LookUp { conclusive: false });
        assert_eq!(
            scene.with(found(later, vec![pending("po-1")])).state(),
            OrderState::Placed
        );
    }
}

#[test]
fn an_order_in_attention_is_never_sent() {
    for scene in [unknown(), used_up()] {
        for second in (scene.now..scene.now + 90_000).step_by(601) {
            let step = scene.clone().now(second).watched_for(90_000).step();
            assert!(
                !matches!(step, Step::Place { .. } | Step::Record(_)),
                "{step:?}"
            );
        }
    }
}

#[test]
fn a_resolution_closes_what_was_open_and_is_kept() {
    let scene = unknown().with(resolved(1000, Resolution::WriteOff));
    assert_eq!(scene.state(), OrderState::Failed);
    assert!(scene.open_reasons().is_empty());
    assert_eq!(scene.order.attention().len(), 1);
    assert_eq!(scene.order.ending(), Some(&Ending::WrittenOff));
    assert_eq!(scene.step(), Step::Rest);
}

#[test]
fn a_resend_waits_until_this_process_has_watched_the_quiet_period_and_looks_first() {
    let scene = unknown().with(resend(2000)).now(1200).watched_for(0);
    assert_eq!(scene.state(), OrderState::Requested);
    assert_eq!(scene.wait(), (WINDOW + QUIET, Waiting::QuietPeriod));
    let ready = scene.now(1500).watched_for(300);
    assert_eq!(
        ready.step(),
        Step::Place {
            attempt: 2,
            replays: None,
            blind: false
        }
    );
    ready.refuses(&ready.start(2, 1500, None, false));
}

#[test]
fn a_resend_grants_one_call_beyond_the_limit() {
    let mut scene = used_up()
        .with(resend(3000))
        .sent(3, 2300)
        .with(settled(3, 2305, ambiguous()))
        .with(conclusively_nothing(2560))
        .with(conclusively_nothing(2590))
        .with(conclusively_nothing(2620))
        .now(2620)
        .watched_for(320);
    scene.settle_down();
    assert_eq!(scene.state(), OrderState::NeedsAttention);
    assert_eq!(scene.open_reasons(), [AttentionReason::AttemptsUsedUp]);
}

#[test]
fn a_resend_that_could_not_be_confirmed_unsent_is_shown_again() {
    let mut scene = Scene::new().now(901);
    for deadline in [900, 5000] {
        scene = scene.now(deadline).watched_for(0);
        for _ in 0..200 {
            match scene.settle_down() {
                Step::LookUp { .. } => scene.take(unhealthy(scene.now)),
                Step::Wait { .. } => {
                    let (seconds, _) = scene.wait();
                    scene.pass(seconds);
                }
                _ => break,
            }
        }
        assert_eq!(scene.open_reasons(), [AttentionReason::UnsentUnconfirmed]);
        let resend = Resolution::Resend {
            place_before: at(5000),
        };
        if deadline == 900 {
            scene.take(resolved(scene.now, resend));
            assert_eq!(scene.state(), OrderState::Requested);
        }
    }
}

#[test]
fn a_resend_that_meets_the_same_orders_again_comes_back_to_a_person() {
    let orders = vec![pending("po-1"), pending("po-2")];
    let other = {
        let mut other = bought("po-1", &["esim-1"]);
        other.items[0].package = Some(crate::support::package("another"));
        vec![other]
    };
    // An earlier release asked a person about an order of other packages, too.
    for look in [found(1000, orders), found_before_evidence(1000, other)] {
        let scene = unknown().with(look.clone());
        assert_eq!(scene.state(), OrderState::NeedsAttention);
        let scene = scene.with(resend(2000)).with(look);
        assert_eq!(
            scene.state(),
            OrderState::NeedsAttention,
            "it would look for ever"
        );
    }
}

#[test]
fn an_order_that_the_provider_has_is_not_sent_again() {
    let scene = Scene::new()
        .sent(1, 0)
        .with(settled(1, 5, placed(pending("po-1"))))
        .with(raised(2000, AttentionReason::DeliveryOverdue));
    scene.refuses(&resend(4000));
}

#[test]
fn nothing_can_be_accepted_where_nothing_was_bought() {
    unknown().refuses(&resolved(1000, Resolution::Accept));
    used_up().refuses(&resolved(1000, Resolution::Accept));
}

#[test]
fn a_profile_that_fails_again_after_an_attach_is_shown_again() {
    let failed = |second| {
        generated(
            0,
            second,
            ProvisioningOutcome::Failed {
                message: "no profile".to_owned(),
            },
        )
    };
    let attach = Resolution::Attach {
        order: bought("po-1", &["esim-1"]),
    };
    let scene = Scene::new()
        .sent(1, 0)
        .with(settled(1, 5, placed(bought("po-1", &["esim-1"]))))
        .with(failed(10))
        .with(resolved(20, attach));
    assert_eq!(scene.state(), OrderState::Provisioning);
    let scene = scene.with(failed(30));
    assert_eq!(
        scene.state(),
        OrderState::NeedsAttention,
        "a failed eSIM counts as delivered"
    );
}

#[test]
fn items_that_do_not_come_after_an_attach_are_shown_again() {
    let attach = Resolution::Attach {
        order: pending("po-1"),
    };
    let overdue = |second| raised(second, AttentionReason::DeliveryOverdue);
    let scene = Scene::new()
        .sent(1, 0)
        .with(settled(1, 5, placed(pending("po-1"))))
        .with(overdue(2000))
        .with(resolved(2010, attach));
    assert_eq!(scene.state(), OrderState::Placed);
    assert_eq!(
        scene.with(overdue(4000)).state(),
        OrderState::NeedsAttention
    );
}

#[test]
fn a_profile_that_comes_after_it_was_given_up_answers_the_question() {
    let scene = Scene::new()
        .sent(1, 0)
        .with(settled(1, 5, placed(bought("po-1", &["esim-1"]))))
        .with(generated(
            0,
            10,
            ProvisioningOutcome::Failed {
                message: "too late".to_owned(),
            },
        ))
        .with(generated(0, 20, ProvisioningOutcome::Ready));
    assert_eq!(scene.state(), OrderState::Fulfilled);
}

#[test]
fn a_provider_that_takes_the_order_back_is_shown_from_every_state_that_has_one() {
    for status in [
        ProviderOrderStatus::Cancelled,
        ProviderOrderStatus::Refunded,
        ProviderOrderStatus::ActionRequired,
    ] {
        let base = Scene::new()
            .sent(1, 0)
            .with(settled(1, 5, placed(bought("po-1", &["esim-1"]))));
        let read = |scene: Scene| {
            let order = PlacedOrder {
                status: status.clone(),
                ..bought("po-1", &["esim-1"])
            };
            scene.with(Event::OrderRead {
                at: at(50),
                order: Some(order),
                evidence: None,
            })
        };
        let fulfilled = base
            .clone()
            .with(generated(0, 9, ProvisioningOutcome::Ready));
        for scene in [read(base), read(fulfilled)] {
            assert_eq!(scene.state(), OrderState::NeedsAttention);
            let reason = AttentionReason::ProviderStatus {
                status: status.clone(),
            };
            assert_eq!(scene.open_reasons(), [reason]);
        }
    }
}

#[test]
fn reconciliation_can_show_a_charge_of_an_order_that_ended() {
    let charge = AttentionReason::SecondCharge {
        order: pending("po-9").id,
    };
    let failed = Scene::new().with(Event::Expired { at: at(901) });
    let called_off = Scene::new().with(cancelled(5));
    for scene in [failed, called_off] {
        let scene = scene.with(raised(5000, charge.clone()));
        assert_eq!(scene.state(), OrderState::NeedsAttention);
        let attach = Resolution::Attach {
            order: bought("po-9", &["esim-1"]),
        };
        assert_eq!(
            scene.with(resolved(5010, attach)).state(),
            OrderState::Provisioning
        );
    }
}

#[test]
fn the_same_reason_is_listed_once() {
    let scene = unknown()
        .with(raised(906, AttentionReason::OutcomeUnknown { attempt: 1 }))
        .with(raised(907, AttentionReason::OutcomeUnknown { attempt: 1 }));
    assert_eq!(scene.order.attention().len(), 1);
}

#[test]
fn the_ready_esims_of_an_order_in_attention_stay_ready() {
    let scene = Scene::wishing(crate::support::esims(vec![crate::support::line(
        "one", 2, "3.27",
    )]))
    .sent(1, 0)
    .with(settled(1, 5, placed(bought("po-1", &["esim-1", "esim-2"]))))
    .with(generated(0, 10, ProvisioningOutcome::Ready))
    .with(generated(
        1,
        11,
        ProvisioningOutcome::Failed {
            message: "none left".to_owned(),
        },
    ));
    assert_eq!(scene.state(), OrderState::NeedsAttention);
    assert_eq!(
        scene.order.items()[0].state,
        roamport_domain::order::ItemState::Ready
    );
    let accepted = scene.with(resolved(20, Resolution::Accept));
    assert_eq!(accepted.state(), OrderState::Fulfilled);
    assert_eq!(accepted.order.ending(), Some(&Ending::Accepted));
}
