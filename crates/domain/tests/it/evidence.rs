//! What an answer proves: absence that counts and absence that does not, and orders that only resemble
//! ours.

use roamport_domain::ProviderOrderId;
use roamport_domain::order::{
    Absence, AccountStanding, AnswerField, AttentionReason, ControlEvidence, Doubt, Event,
    LookUpEvidence, OrderState, Resolution, Step, Waiting, WalletEvidence,
};
use rstest::rstest;

use crate::support::{
    Scene, absent, account, ambiguous, at, bought, conclusively_nothing, found,
    found_before_evidence, looked_up, not_sent, nothing, nothing_worth, pending, proof,
    provider_order, resolved, settled, usd,
};

const DOUBTS: [Doubt; 7] = [
    Doubt::Form,
    Doubt::Filter,
    Doubt::Resembles,
    Doubt::Control,
    Doubt::Wallet,
    Doubt::Stale,
    Doubt::Cut,
];

fn in_doubt() -> Scene {
    Scene::new().sent(1, 0).with(settled(1, 5, ambiguous()))
}

/// Waits and looks until the machine wants something else than a look-up or a wait.
fn look_until_settled(scene: &mut Scene, absence: Absence) -> Step {
    loop {
        match scene.settle_down() {
            Step::LookUp { conclusive } => {
                let event = nothing_worth(scene.now, conclusive, absence);
                scene.take(event);
            }
            Step::Wait { .. } => {
                let (seconds, _) = scene.wait();
                scene.pass(seconds);
            }
            other => return other,
        }
        if scene.state() == OrderState::NeedsAttention {
            return scene.step();
        }
    }
}

#[test]
fn unproven_absence_never_leads_to_a_second_call_and_ends_at_a_person() {
    let weak = std::iter::once(Absence::Weak);
    for absence in weak.chain(DOUBTS.map(|doubt| Absence::Unproven { doubt })) {
        let mut scene = in_doubt();
        look_until_settled(&mut scene, absence);
        assert_eq!(scene.state(), OrderState::NeedsAttention, "{absence:?}");
        let unknown = AttentionReason::OutcomeUnknown { attempt: 1 };
        assert_eq!(scene.open_reasons(), [unknown], "{absence:?}");
    }
}

#[test]
fn proven_absence_leads_to_a_second_call() {
    let mut scene = in_doubt();
    let step = look_until_settled(&mut scene, Absence::Proven);
    assert!(matches!(step, Step::Place { attempt: 2, .. }), "{step:?}");
}

#[test]
fn an_unproven_look_between_three_proven_ones_does_not_count() {
    let doubt = Absence::Unproven {
        doubt: Doubt::Control,
    };
    let scene = in_doubt()
        .with(conclusively_nothing(240))
        .with(nothing_worth(250, true, doubt))
        .with(conclusively_nothing(270));
    scene.refuses(&absent(1, &[240, 250, 270]));
    let scene = scene.with(conclusively_nothing(300));
    assert_eq!(
        scene.with(absent(1, &[240, 270, 300])).state(),
        OrderState::Requested
    );
}

#[rstest]
#[case::the_control_was_not_found(LookUpEvidence {
    absence: Absence::Unproven { doubt: Doubt::Control },
    control: ControlEvidence::Missing { order: ProviderOrderId::parse("PO-0").unwrap() },
    ..proof()
})]
#[case::the_wallet_was_short(LookUpEvidence {
    absence: Absence::Unproven { doubt: Doubt::Wallet },
    wallet: WalletEvidence::Short { gone: usd("3.27"), explained: usd("0") },
    ..proof()
})]
fn a_witness_that_spoke_against_absence_once_keeps_later_proofs_from_counting(
    #[case] against: LookUpEvidence,
) {
    let scene = in_doubt()
        .with(conclusively_nothing(240))
        .with(looked_up(250, true, against))
        .with(conclusively_nothing(270))
        .with(conclusively_nothing(300))
        .with(conclusively_nothing(330));
    scene.refuses(&absent(1, &[270, 300, 330]));
    scene.refuses(&absent(1, &[240, 270, 300, 330]));
    let mut scene = scene;
    scene.pass(60);
    look_until_settled(&mut scene, Absence::Proven);
    assert_eq!(scene.state(), OrderState::NeedsAttention);
}

#[test]
fn a_wallet_that_open_calls_of_other_orders_may_explain_is_no_veto() {
    let undecided = LookUpEvidence {
        absence: Absence::Unproven {
            doubt: Doubt::Wallet,
        },
        wallet: WalletEvidence::Undecided { gone: usd("3.27") },
        ..proof()
    };
    let scene = in_doubt()
        .with(looked_up(240, true, undecided))
        .with(conclusively_nothing(270))
        .with(conclusively_nothing(300))
        .with(conclusively_nothing(330));
    let scene = scene.with(absent(1, &[270, 300, 330]));
    assert_eq!(scene.state(), OrderState::Requested);
}

#[test]
fn weak_absence_is_enough_while_nothing_can_have_arrived() {
    for scene in [
        Scene::new(),
        Scene::new().sent(1, 0).with(settled(1, 5, not_sent())),
    ] {
        let next = u16::try_from(scene.order.attempts().len()).unwrap() + 1;
        let scene = scene.with(nothing_worth(20, false, Absence::Weak));
        let start = scene.start(next, 20, None, false);
        assert_eq!(scene.with(start).state(), OrderState::Placing);
    }
}

#[test]
fn weak_absence_is_remembered_only_while_nothing_can_have_arrived() {
    for (scene, remembered) in [(Scene::new(), true), (in_doubt(), false)] {
        let scene = scene.with(nothing_worth(120, false, Absence::Weak));
        let look_ups = scene.order.look_ups();
        assert_eq!(look_ups.last_empty_at, remembered.then_some(at(120)));
        assert_eq!(look_ups.fresh_empty, remembered);
    }
}

#[test]
fn what_an_earlier_release_found_is_ours_if_it_names_what_was_asked_for() {
    let ours = in_doubt().with(found_before_evidence(
        120,
        vec![bought("po-1", &["esim-1"])],
    ));
    assert!(ours.order.placed().is_some());
    assert_eq!(ours.open_reasons(), []);
}

#[test]
fn a_person_is_told_why_an_answer_proves_nothing_and_whether_it_speaks_against_absence() {
    let lines = DOUBTS.map(|doubt| {
        let side = if doubt.speaks_against() {
            "against"
        } else {
            "silent"
        };
        format!("{side}: {}", doubt.words())
    });
    insta::assert_snapshot!(lines.join("\n"), @r"
    silent: the answer does not have the documented form
    against: the provider's filter let other orders through, and its list proves nothing
    against: the provider has an order that resembles this one
    against: the same lookup does not find an order that the provider has
    against: the wallet is short of the price, and no known order explains it
    silent: the answer came from a cache
    silent: the provider's list was cut
    ");
    let fields = AnswerField::ALL.map(AnswerField::words);
    insta::assert_snapshot!(fields.join(", "), @"reference, packages, quantities, eSIM ids, number of eSIMs, ICCID, total, currency");
}

#[rstest]
#[case(Absence::Weak)]
#[case(Absence::Unproven { doubt: Doubt::Control })]
fn the_look_before_another_call_has_to_prove_absence(#[case] absence: Absence) {
    let scene = Scene::new().proven_absent();
    let scene = scene.with(nothing_worth(310, false, absence));
    scene.refuses(&scene.start(2, 310, None, false));
    let scene = scene.with(nothing(320));
    assert_eq!(scene.clone().sent(2, 320).state(), OrderState::Placing);
}

#[test]
fn weak_absence_is_enough_where_a_person_said_to_send_again() {
    let resend = Resolution::Resend {
        place_before: at(5000),
    };
    let mut scene = in_doubt();
    look_until_settled(&mut scene, Absence::Weak);
    let scene = scene.with(resolved(2000, resend));
    let scene = scene.with(nothing_worth(2001, false, Absence::Weak));
    let start = scene.start(2, 2001, None, false);
    assert_eq!(scene.with(start).state(), OrderState::Placing);
}

#[test]
fn an_order_that_resembles_ours_is_shown_at_once_and_stops_every_call() {
    let orders = vec![provider_order("po-alike")];
    let alike = LookUpEvidence {
        look_alikes: orders.clone(),
        ..proof()
    };
    let same = LookUpEvidence {
        candidates: orders.clone(),
        ..proof()
    };
    for (evidence, reason) in [
        (
            alike,
            AttentionReason::LooksAlike {
                orders: orders.clone(),
            },
        ),
        (same, AttentionReason::SameGoods { orders }),
    ] {
        for scene in [Scene::new(), in_doubt(), Scene::new().proven_absent()] {
            let scene = scene.with(looked_up(310, false, evidence.clone()));
            assert_eq!(scene.state(), OrderState::NeedsAttention);
            let look_ups = scene.order.look_ups();
            assert_eq!(look_ups.last_doubt, Some(Doubt::Resembles));
            assert!(!look_ups.fresh_empty);
            assert_eq!(scene.open_reasons(), std::slice::from_ref(&reason));
            let found = scene.with(found(320, vec![pending("po-1")]));
            assert_eq!(found.state(), OrderState::Placed, "it is found after all");
            assert_eq!(found.open_reasons(), []);
        }
    }
}

#[test]
fn under_credentials_of_another_account_an_order_is_for_a_person() {
    for mut scene in [Scene::new(), in_doubt(), Scene::new().proven_absent()] {
        let before = scene.state();
        scene.standing = AccountStanding::Other;
        scene.settle_down();
        assert_eq!(scene.state(), OrderState::NeedsAttention);
        let other = |reason: &AttentionReason| matches!(reason, AttentionReason::OtherAccount { current, .. } if *current == account());
        assert!(scene.open_reasons().iter().all(other));
        assert!(!matches!(scene.step(), Step::Place { .. }));
        scene.standing = AccountStanding::Own;
        scene.settle_down();
        assert_eq!(scene.state(), before, "its own account goes on with it");
    }
}

#[test]
fn while_new_orders_are_held_one_that_waits_is_not_sent_and_does_not_expire() {
    let mut scene = Scene::new();
    scene.is_held = true;
    for _ in 0..100 {
        scene.settle_down();
        let (seconds, waiting) = scene.wait();
        assert_eq!(waiting, Waiting::Deferred);
        scene.pass(seconds);
    }
    assert!(scene.now > 2000, "longer than it had");
    scene.is_held = false;
    let step = scene.settle_down();
    assert_eq!(scene.order.place_before(), at(scene.now + 900));
    assert!(
        matches!(step, Step::Wait { .. } | Step::Place { .. }),
        "{step:?}"
    );
}

#[test]
fn a_hold_gives_time_once_and_a_day_at_most() {
    let mut scene = Scene::new();
    scene.is_held = true;
    scene.settle_down();
    scene.pass(24 * 3600 + 900);
    assert!(
        matches!(scene.settle_down(), Step::LookUp { .. }),
        "it expires"
    );
    let prolonged = |second| Event::Prolonged {
        at: at(100),
        place_before: at(second),
    };
    let scene = Scene::new().with(prolonged(1000));
    scene.refuses(&prolonged(2000));
    Scene::new().refuses(&prolonged(900));
}
