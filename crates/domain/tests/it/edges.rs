//! The edges of the machine's rules: the very moment at which each begins and ends, and what it must
//! leave alone.

use roamport_domain::order::{
    AttentionReason, Ending, Event, ItemState, OrderState, PlacedOrder, ProvisioningOutcome,
    Resolution, Step, Waiting,
};
use roamport_domain::provider::{Dedup, ProviderOrderStatus};

use crate::support::{
    QUIET, Scene, WINDOW, abandoned, absent, ambiguous, asked, at, bought, conclusively_nothing,
    esims, found, generated, line, not_sent, nothing, package, pending, placed, raised, refused,
    resolved, settled, top_up_content, usd,
};

/// A call of unknown outcome that a person was asked about.
fn asked_about() -> Scene {
    Scene::new()
        .sent(1, 0)
        .with(settled(1, 5, ambiguous()))
        .with(raised(905, AttentionReason::OutcomeUnknown { attempt: 1 }))
        .now(905)
        .watched_for(905)
}

/// A call of unknown outcome that may be repeated for this long.
fn permitted(until: i64) -> Scene {
    Scene::new()
        .at_a_provider_that(Dedup::Replays { window: None })
        .sent(1, 0)
        .with(settled(1, 5, ambiguous()))
        .with(nothing(7))
        .with(Event::ReplayPermitted {
            attempt: 1,
            at: at(7),
            until: at(until),
        })
}

fn read(second: i64, order: Option<PlacedOrder>) -> Event {
    Event::OrderRead {
        at: at(second),
        order,
        evidence: None,
    }
}

#[test]
fn an_order_without_items_is_read_after_2_5_10_20_30_30_seconds() {
    let mut scene = Scene::new()
        .sent(1, 0)
        .with(settled(1, 5, placed(pending("po-1"))))
        .now(5)
        .watched_for(5);
    let mut waits = Vec::new();
    for reads in 0..6 {
        assert_eq!(scene.order.order_reads(), reads);
        let (seconds, waiting) = scene.wait();
        assert_eq!(waiting, Waiting::Delivery);
        waits.push(seconds);
        scene.pass(seconds);
        assert_eq!(scene.step(), Step::ReadOrder(pending("po-1").id));
        scene.take(read(scene.now, None));
        assert_eq!(scene.order.last_order_read(), Some(at(scene.now)));
    }
    assert_eq!(waits, [2, 5, 10, 20, 30, 30]);
}

#[test]
fn a_limit_that_begins_now_is_not_over_however_long_this_process_has_watched() {
    let scene = Scene::new()
        .sent(1, 0)
        .with(settled(1, 5, ambiguous()))
        .now(5)
        .watched_for(100_000);
    assert_eq!(scene.wait(), (2, Waiting::LookUp));
}

#[test]
fn where_the_clock_was_set_back_a_limit_is_over_once_this_process_has_watched_for_it() {
    let scene = Scene::new()
        .sent(1, 0)
        .with(settled(1, 5, ambiguous()))
        .now(-86_400);
    let reconcile_for = 15 * 60;
    let almost = scene.clone().watched_for(reconcile_for - 1);
    assert_eq!(almost.step(), Step::LookUp { conclusive: false });
    let over = raised(scene.now, AttentionReason::OutcomeUnknown { attempt: 1 });
    assert_eq!(
        scene.watched_for(reconcile_for).step(),
        Step::Record(vec![over])
    );
}

#[test]
fn a_call_that_turns_out_not_to_have_been_sent_needs_no_watch() {
    let scene = Scene::new()
        .sent(1, 0)
        .with(abandoned(1, 70))
        .with(conclusively_nothing(310))
        .with(conclusively_nothing(340))
        .with(conclusively_nothing(370))
        .with(absent(1, &[310, 340, 370]))
        .now(380)
        .watched_for(0);
    assert_eq!(scene.wait(), (WINDOW + QUIET, Waiting::QuietPeriod));
    let harmless = scene.with(settled(1, 375, not_sent()));
    assert!(matches!(harmless.step(), Step::Place { attempt: 2, .. }));
}

#[test]
fn a_conclusive_look_up_is_accepted_from_the_end_of_the_window_on() {
    let scene = Scene::new().sent(1, 0).with(settled(1, 5, ambiguous()));
    scene.refuses(&conclusively_nothing(WINDOW - 1));
    scene.with(conclusively_nothing(WINDOW));
}

#[test]
fn a_promise_lasts_until_its_end_and_not_at_it() {
    let until = 240;
    let before = permitted(until).with(nothing(until - 1));
    assert_eq!(before.state(), OrderState::Requested);
    let at_the_end = permitted(until).with(nothing(until));
    assert_eq!(at_the_end.state(), OrderState::Reconciling);
    assert_eq!(at_the_end.order.unresolved_attempt().unwrap().number, 1);
}

#[test]
fn a_person_who_is_asked_about_a_call_is_the_end_of_the_promise_to_repeat_it() {
    let scene = permitted(240).with(raised(250, AttentionReason::OutcomeUnknown { attempt: 1 }));
    assert_eq!(scene.order.attempts()[0].replay_until, None);
    assert_eq!(scene.order.unresolved_attempt().unwrap().number, 1);
}

#[test]
fn a_call_of_known_outcome_carries_no_promise() {
    let permit = |attempt, second| Event::ReplayPermitted {
        attempt,
        at: at(second),
        until: at(240),
    };
    let scene = Scene::new()
        .at_a_provider_that(Dedup::Replays { window: None })
        .sent(1, 0)
        .with(abandoned(1, 5))
        .with(nothing(7))
        .with(permit(1, 7))
        .repeated(2, 1, 8)
        .with(settled(2, 9, ambiguous()))
        .with(settled(1, 10, not_sent()))
        .with(permit(2, 11));
    let promises: Vec<_> = scene
        .order
        .attempts()
        .iter()
        .map(|attempt| attempt.replay_until)
        .collect();
    assert_eq!(promises, [None, Some(at(240))]);
}

#[test]
fn nobody_is_asked_about_a_call_that_was_never_made() {
    let unknown = |attempt| raised(9, AttentionReason::OutcomeUnknown { attempt });
    Scene::new().refuses(&unknown(1));
    asked_about().refuses(&unknown(2));
}

#[test]
fn an_established_absence_is_neither_repeated_nor_followed_by_a_repetition() {
    let scene = Scene::new()
        .proven_absent()
        .sent(2, 310)
        .with(settled(2, 315, ambiguous()))
        .with(conclusively_nothing(550));
    scene.refuses(&absent(1, &[550]));
    scene.refuses(&Event::ReplayPermitted {
        attempt: 1,
        at: at(551),
        until: at(800),
    });
    scene.with(absent(2, &[550]));
}

#[test]
fn a_look_up_while_a_person_is_asked_permits_no_call() {
    let scene = asked_about().with(nothing(1000));
    assert_eq!(scene.state(), OrderState::NeedsAttention);
    assert!(!scene.order.look_ups().fresh_empty);
    assert_eq!(scene.order.look_ups().last_empty_at, Some(at(1000)));
}

#[test]
fn an_order_that_is_known_is_not_looked_for_while_a_person_is_asked_about_another_call() {
    let scene = Scene::new()
        .proven_absent()
        .sent(2, 310)
        .with(settled(2, 315, ambiguous()))
        .with(conclusively_nothing(550))
        .with(absent(2, &[550]))
        .with(found(600, vec![pending("po-1")]))
        .with(raised(2400, AttentionReason::DeliveryOverdue));
    assert_eq!(scene.state(), OrderState::NeedsAttention);
    assert!(scene.order.attempts()[1].is_unknown());
    assert_eq!(scene.now(5000).step(), Step::Rest);
}

#[test]
fn a_granted_call_is_one_more_than_the_policy_allows() {
    let scene = asked_about().with(resolved(
        1000,
        Resolution::Resend {
            place_before: at(2000),
        },
    ));
    assert_eq!(scene.order.granted_attempts(), 1);
    let scene = scene
        .sent(2, 1300)
        .with(settled(2, 1305, ambiguous()))
        .with(conclusively_nothing(1560))
        .with(conclusively_nothing(1590))
        .with(conclusively_nothing(1620))
        .now(1620)
        .watched_for(320);
    // Two calls were made: without the grant a person would be asked now.
    assert_eq!(
        scene.step(),
        Step::Record(vec![absent(2, &[1560, 1590, 1620])])
    );
    assert_eq!(Scene::new().order.granted_attempts(), 0);
}

#[test]
fn a_late_refusal_of_a_call_whose_order_was_found_changes_nothing() {
    let scene = Scene::new()
        .sent(1, 0)
        .with(abandoned(1, 70))
        .with(found(80, vec![pending("po-1")]))
        .with(settled(1, 90, refused()));
    assert_eq!(scene.state(), OrderState::Placed);
    assert_eq!(scene.order.ending(), None);
    assert!(scene.order.attention().is_empty());
}

#[test]
fn a_late_refusal_leaves_what_a_person_decided() {
    let scene = Scene::new()
        .sent(1, 0)
        .with(abandoned(1, 70))
        .with(raised(905, AttentionReason::OutcomeUnknown { attempt: 1 }))
        .with(resolved(1000, Resolution::WriteOff))
        .with(settled(1, 1010, refused()));
    assert_eq!(scene.state(), OrderState::Failed);
    assert_eq!(scene.order.ending(), Some(&Ending::WrittenOff));
}

#[test]
fn an_order_found_before_any_call_is_compared_with_the_quote_and_has_cost_money() {
    let dearer = PlacedOrder {
        total: Some(usd("5")),
        ..bought("po-1", &["esim-1"])
    };
    let scene = Scene::new().with(found(5, vec![dearer]));
    assert!(scene.order.money_may_have_moved());
    assert_eq!(scene.order.expected_total(), Some(usd("3.27")));
    let differs = AttentionReason::PriceDiffers {
        quoted: usd("3.27"),
        charged: usd("5"),
    };
    assert_eq!(scene.open_reasons(), [differs]);
}

#[test]
fn items_that_are_still_coming_are_no_question_yet() {
    let mut scene = Scene::wishing(esims(vec![line("one", 2, "3.27")]))
        .sent(1, 0)
        .with(settled(
            1,
            5,
            placed(PlacedOrder {
                total: Some(usd("6.54")),
                ..pending("po-1")
            }),
        ));
    assert!(scene.order.attention().is_empty());
    scene.take(read(
        10,
        Some(PlacedOrder {
            total: None,
            items: bought("po-1", &["esim-1"]).items,
            ..pending("po-1")
        }),
    ));
    assert_eq!(scene.state(), OrderState::Placed);
    assert!(scene.order.attention().is_empty());
    // What a shorter answer leaves out is kept.
    scene.take(read(12, Some(pending("po-1"))));
    let known = scene.order.placed().unwrap();
    assert_eq!(known.items.len(), 1);
    assert_eq!(scene.order.esims(), [crate::support::esim("esim-1")]);
}

#[test]
fn a_top_up_that_names_its_esim_is_done_unless_it_is_pending() {
    let answer = |status| {
        let mut order = bought("po-1", &["esim-1"]);
        order.items[0].package = Some(package("more"));
        let order = PlacedOrder { status, ..order };
        Scene::wishing(top_up_content())
            .sent(1, 0)
            .with(settled(1, 5, placed(order)))
            .state()
    };
    let unknown = ProviderOrderStatus::Other("queued".to_owned());
    assert_eq!(answer(unknown), OrderState::Fulfilled);
    assert_eq!(answer(ProviderOrderStatus::Pending), OrderState::Placed);
}

#[test]
fn a_closed_question_is_not_asked_again_by_what_was_known_already() {
    let dearer = PlacedOrder {
        total: Some(usd("5")),
        ..bought("po-1", &["esim-1"])
    };
    let attach = Resolution::Attach {
        order: dearer.clone(),
    };
    let scene = Scene::new()
        .sent(1, 0)
        .with(settled(1, 5, placed(dearer.clone())))
        .with(generated(0, 9, ProvisioningOutcome::Ready))
        .with(resolved(20, attach))
        .with(read(30, Some(dearer)))
        .with(generated(0, 40, ProvisioningOutcome::Ready));
    assert_eq!(scene.order.attention().len(), 1);
    assert_eq!(scene.state(), OrderState::Fulfilled);
}

#[test]
fn a_profile_given_up_says_after_how_many_minutes() {
    let mut scene = Scene::new()
        .sent(1, 0)
        .with(settled(1, 5, placed(bought("po-1", &["esim-1"]))))
        .with(asked(0, 5))
        .with(Event::EsimRead {
            item: 0,
            at: at(1805),
            progress: roamport_domain::order::EsimProgress::Pending,
        })
        .now(1806)
        .watched_for(1806);
    scene.settle_down();
    let message = "the profile was still not there after 30 minutes".to_owned();
    assert_eq!(scene.order.items()[0].state, ItemState::Failed { message });
}

#[test]
fn a_profile_that_fails_after_a_person_accepted_the_order_asks_nobody_again() {
    let refunded = PlacedOrder {
        status: ProviderOrderStatus::Refunded,
        ..bought("po-1", &["esim-1"])
    };
    let failed = ProvisioningOutcome::Failed {
        message: "the order was taken back".to_owned(),
    };
    let scene = Scene::new()
        .sent(1, 0)
        .with(settled(1, 5, placed(refunded)))
        .with(resolved(20, Resolution::Accept))
        .with(generated(0, 30, failed));
    assert!(matches!(
        scene.order.items()[0].state,
        ItemState::Failed { .. }
    ));
    assert_eq!(scene.state(), OrderState::Fulfilled);
    assert!(scene.open_reasons().is_empty());
}
