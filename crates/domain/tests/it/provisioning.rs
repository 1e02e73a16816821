//! Profiles: when they are asked for, how they are polled, when they are given up.

use roamport_domain::order::{
    AttentionReason, EsimProgress, Event, ItemNumber, ItemState, ItemStep, OrderState,
    ProvisioningOutcome, Step, Waiting,
};
use roamport_domain::provider::Provisioning;

use crate::support::{Scene, asked, at, bought, esims, generated, line, placed, settled};

/// An order whose eSIMs, this many, were just bought.
fn bought_just_now(count: u16) -> Scene {
    let names: Vec<String> = (1..=count).map(|number| format!("esim-{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    Scene::wishing(esims(vec![line("one", count, "3.27")]))
        .sent(1, 0)
        .with(settled(1, 5, placed(bought("po-1", &names))))
        .now(5)
        .watched_for(5)
}

fn read(item: ItemNumber, second: i64, progress: EsimProgress) -> Event {
    Event::EsimRead {
        item,
        at: at(second),
        progress,
    }
}

fn unreadable() -> EsimProgress {
    EsimProgress::Unreadable {
        message: "no connection".to_owned(),
    }
}

fn provision(items: &[ItemNumber]) -> Step {
    Step::Items(items.iter().copied().map(ItemStep::Provision).collect())
}

fn read_step(items: &[ItemNumber]) -> Step {
    Step::Items(items.iter().copied().map(ItemStep::Read).collect())
}

#[test]
fn a_profile_is_asked_for_at_once_and_only_after_it_is_recorded() {
    let scene = bought_just_now(1);
    assert_eq!(scene.step(), provision(&[0]));
    let scene = scene.with(asked(0, 5));
    assert_eq!(scene.wait(), (5, Waiting::Profile));
    scene.refuses(&asked(0, 6));
}

#[test]
fn a_pending_profile_is_read_after_5_10_30_30_seconds() {
    for pending in [
        ProvisioningOutcome::Pending,
        ProvisioningOutcome::Unknown {
            message: "gateway time-out".to_owned(),
        },
    ] {
        let mut scene = bought_just_now(1)
            .with(asked(0, 5))
            .with(generated(0, 5, pending));
        let mut waits = Vec::new();
        for _ in 0..6 {
            let (seconds, waiting) = scene.wait();
            assert_eq!(waiting, Waiting::Profile);
            waits.push(seconds);
            scene.pass(seconds);
            assert_eq!(scene.step(), read_step(&[0]));
            scene.take(read(0, scene.now, EsimProgress::Pending));
        }
        assert_eq!(waits, [5, 10, 30, 30, 30, 30]);
    }
}

#[test]
fn a_profile_is_asked_for_again_only_after_a_read_says_so_and_120_seconds() {
    let base = bought_just_now(1).with(asked(0, 5));
    let not_started = base.clone().with(read(0, 10, EsimProgress::NotStarted));
    for (scene, again) in [
        (base.clone().with(read(0, 10, EsimProgress::Pending)), false),
        (base.clone().with(read(0, 10, unreadable())), false),
        (not_started.clone().with(read(0, 20, unreadable())), false),
        (
            not_started.clone().with(read(0, 20, EsimProgress::Pending)),
            false,
        ),
        (not_started.clone(), true),
    ] {
        let early = scene.clone().now(124).watched_for(124);
        assert_eq!(early.step(), read_step(&[0]));
        let late = scene.now(125).watched_for(125);
        assert_eq!(
            late.step(),
            if again {
                provision(&[0])
            } else {
                read_step(&[0])
            }
        );
    }
    let again = not_started.with(asked(0, 125));
    assert!(matches!(
        again.order.items()[0].state,
        ItemState::Provisioning { since, asked_at, reads: 0, .. }
            if since == at(5) && asked_at == at(125)
    ));
}

#[test]
fn a_call_that_did_nothing_is_made_again_after_120_seconds() {
    let not_done = ProvisioningOutcome::NotDone {
        message: "too many requests".to_owned(),
    };
    let scene = bought_just_now(1)
        .with(asked(0, 5))
        .with(generated(0, 6, not_done));
    assert_eq!(
        scene.clone().now(125).watched_for(125).step(),
        provision(&[0])
    );
}

#[test]
fn a_profile_that_is_still_not_there_after_30_minutes_has_failed() {
    let mut scene = bought_just_now(1).with(asked(0, 5));
    while scene.state() == OrderState::Provisioning {
        assert!(scene.now <= 5 + 30 * 60 + 30, "{}", scene.now);
        match scene.settle_down() {
            Step::Wait { .. } => {
                let (seconds, _) = scene.wait();
                scene.pass(seconds);
            }
            Step::Items(_) => scene.take(read(0, scene.now, EsimProgress::Pending)),
            _ => {}
        }
    }
    assert!(scene.now >= 5 + 30 * 60, "given up early, at {}", scene.now);
    assert!(matches!(
        scene.open_reasons()[..],
        [AttentionReason::ItemFailed { item: 0, .. }]
    ));
    assert_eq!(scene.state(), OrderState::NeedsAttention);
}

#[test]
fn a_resumed_order_reads_the_profile_before_it_gives_it_up() {
    let scene = bought_just_now(1)
        .with(asked(0, 5))
        .now(86_400)
        .watched_for(0);
    assert_eq!(
        scene.step(),
        read_step(&[0]),
        "the profile is most likely there"
    );
    let mut gone = scene.with(read(0, 86_400, EsimProgress::Pending));
    gone.settle_down();
    assert!(matches!(
        gone.order.items()[0].state,
        ItemState::Failed { .. }
    ));
}

#[test]
fn four_are_worked_on_at_a_time_and_busy_ones_are_left_alone() {
    let mut scene = bought_just_now(6);
    assert_eq!(scene.step(), provision(&[0, 1, 2, 3]));
    for item in 0..4 {
        scene.take(asked(item, 5));
        scene.busy.insert(item);
    }
    assert!(matches!(
        scene.step(),
        Step::Wait {
            waiting: Waiting::Profile,
            ..
        }
    ));
    scene.pass(600);
    assert!(
        matches!(scene.step(), Step::Wait { .. }),
        "a busy item was touched"
    );
    scene.busy.remove(&2);
    scene.take(generated(2, 605, ProvisioningOutcome::Ready));
    assert_eq!(scene.step(), provision(&[4]));
}

#[test]
fn a_busy_item_is_not_given_up() {
    let mut scene = bought_just_now(1).with(asked(0, 5)).now(86_400);
    scene.busy.insert(0);
    assert!(matches!(scene.step(), Step::Wait { .. }));
}

#[test]
fn one_stuck_item_does_not_hold_up_the_others() {
    let mut scene = bought_just_now(5);
    for item in 0..4 {
        scene.take(asked(item, 5));
        scene.take(generated(item, 5, ProvisioningOutcome::Pending));
    }
    assert_eq!(scene.step(), provision(&[4]));
    for item in 1..5 {
        if item == 4 {
            scene.take(asked(4, 6));
        }
        scene.take(generated(item, 7, ProvisioningOutcome::Ready));
    }
    assert_eq!(scene.state(), OrderState::Provisioning);
    assert_eq!(
        scene
            .with(generated(0, 9, ProvisioningOutcome::Ready))
            .state(),
        OrderState::Fulfilled
    );
}

#[test]
fn a_limit_of_no_item_at_all_still_works_on_one() {
    let mut scene = bought_just_now(2);
    scene.policy.items_at_once = 0;
    assert_eq!(scene.step(), provision(&[0]));
}

#[test]
fn profiles_that_come_by_themselves_are_read_and_never_asked_for() {
    for way in [Provisioning::WithOrder, Provisioning::Polled] {
        let scene = bought_just_now(1).provisioned(way);
        assert_eq!(scene.step(), read_step(&[0]));
        let scene = scene
            .with(read(0, 5, EsimProgress::NotStarted))
            .now(400)
            .watched_for(400);
        assert_eq!(scene.step(), read_step(&[0]));
    }
}

#[test]
fn a_ready_profile_stays_ready_and_a_failed_one_stays_failed_until_it_is_there() {
    let ready =
        bought_just_now(2)
            .with(asked(0, 5))
            .with(generated(0, 9, ProvisioningOutcome::Ready));
    ready.refuses(&asked(0, 10));
    let failed = ProvisioningOutcome::Failed {
        message: "late word".to_owned(),
    };
    let after = ready.clone().with(generated(0, 10, failed.clone()));
    assert_eq!(after.order.items()[0].state, ItemState::Ready);
    let given_up = ready.with(generated(1, 11, failed));
    assert_eq!(given_up.state(), OrderState::NeedsAttention);
    given_up.refuses(&generated(1, 12, ProvisioningOutcome::Pending));
    let again = ProvisioningOutcome::Failed {
        message: "another word".to_owned(),
    };
    let twice = given_up.with(generated(1, 13, again));
    assert_eq!(
        twice.open_reasons().len(),
        1,
        "one failed profile was told twice"
    );
}

#[test]
fn an_item_the_order_does_not_have_is_refused() {
    let scene = bought_just_now(1);
    scene.refuses(&asked(1, 6));
    scene.refuses(&generated(1, 6, ProvisioningOutcome::Ready));
    scene.refuses(&read(7, 6, EsimProgress::Pending));
    scene.refuses(&generated(0, 6, ProvisioningOutcome::Pending));
}

fn redated(second: i64) -> Event {
    Event::StartDateChanged {
        at: at(second),
        start_date: jiff::civil::date(2026, 3, 9),
        by: "ada".to_owned(),
        why: "the day was refused".to_owned(),
    }
}

#[test]
fn after_a_refused_day_another_is_asked_for_and_only_where_no_profile_is_there() {
    let failed = ProvisioningOutcome::Failed {
        message: "the day is over".to_owned(),
    };
    let scene = bought_just_now(2)
        .with(asked(0, 5))
        .with(asked(1, 5))
        .with(generated(0, 6, ProvisioningOutcome::Ready))
        .with(generated(1, 6, failed))
        .now(6);
    assert_eq!(scene.state(), OrderState::NeedsAttention);
    assert_eq!(scene.replayed().start_date(), None);

    let scene = scene.with(redated(7)).now(7);
    assert_eq!(scene.state(), OrderState::Provisioning);
    assert!(scene.open_reasons().is_empty());
    assert_eq!(scene.step(), provision(&[1]));
    let changed = scene.replayed().start_date();
    assert_eq!(changed, Some(jiff::civil::date(2026, 3, 9)));

    let scene = scene.with(asked(1, 8));
    scene.refuses(&redated(8));
    let scene = scene.with(generated(1, 9, ProvisioningOutcome::Ready));
    assert_eq!(scene.state(), OrderState::Fulfilled);
    scene.refuses(&redated(10));
}

#[test]
fn a_day_is_not_changed_before_the_purchase_nor_after_a_person_gave_the_order_up() {
    Scene::new().refuses(&redated(1));
    let failed = ProvisioningOutcome::Failed {
        message: "the day is over".to_owned(),
    };
    let scene = bought_just_now(1)
        .with(asked(0, 5))
        .with(generated(0, 6, failed))
        .with(crate::support::resolved(
            7,
            roamport_domain::order::Resolution::WriteOff,
        ));
    scene.refuses(&redated(8));
}
