//! Profiles: asked for once, polled by reading, asked for again only where nothing has happened.

use std::time::Duration;

use roamport_domain::esim::{ActivationError, EsimReport, PlanState, ProfileState};
use roamport_domain::order::{AttentionReason, ItemState, OrderState};
use roamport_domain::provider::{ErrorKind, MockEsimProvider, Operation};
use roamport_domain::{Activation, Esim, Order, ProviderError, Secret};
use roamport_sandbox::{Fault, Operation as Call, Rule};

use crate::support::mocks::{Desk, Diary, error, esim, placed, provider, ready, without_profiles};
use crate::support::{PORTUGAL_3GB, Shop, carry, carry_beside, wish};

/// A provider that sold one eSIM; provisioning it and reading it answer this, by number of call.
fn sold(
    diary: &Diary,
    provision: impl Fn(usize) -> Result<Esim, ProviderError> + Send + 'static,
    read: impl Fn(usize) -> Result<Esim, ProviderError> + Send + 'static,
) -> MockEsimProvider {
    let (asked, polled) = (diary.clone(), diary.clone());
    provider(|mock| {
        mock.expect_purchase()
            .times(1)
            .returning(|_| Ok(without_profiles(placed("paid", &["e1"]))));
        mock.expect_provision()
            .returning(move |_| provision(asked.note("provision")));
        mock.expect_esim()
            .returning(move |_| read(polled.note("read")));
    })
}

fn time_out() -> ProviderError {
    error(ErrorKind::Ambiguous, Operation::Provision)
}

#[tokio::test(start_paused = true)]
async fn a_time_out_is_polled_by_reading_the_esim_and_not_repeated() {
    let diary = Diary::new();
    let read = |number| {
        Ok(if number < 6 {
            esim("e1", ProfileState::Generating, None)
        } else {
            ready("e1")
        })
    };
    let desk = Desk::at(sold(&diary, |_| Err(time_out()), read));
    let order = desk.buy().await.order;
    assert_eq!(order.state(), OrderState::Fulfilled);
    assert_eq!(diary.times("provision").len(), 1);
    let reads: Vec<u64> = diary.times("read").iter().map(Duration::as_secs).collect();
    assert_eq!(reads, [5, 15, 45, 75, 105, 135]);
}

#[tokio::test(start_paused = true)]
async fn it_is_asked_for_again_only_after_two_minutes_and_where_a_read_says_nothing_happened() {
    let diary = Diary::new();
    let provision = |number| {
        if number == 1 {
            Err(time_out())
        } else {
            Ok(ready("e1"))
        }
    };
    let read = |_| Ok(esim("e1", ProfileState::Unprovisioned, None));
    let desk = Desk::at(sold(&diary, provision, read));
    assert_eq!(desk.buy().await.order.state(), OrderState::Fulfilled);
    let calls = diary.times("provision");
    assert_eq!(calls.len(), 2);
    assert!(calls[1] >= calls[0] + Duration::from_mins(2), "{calls:?}");
}

#[tokio::test(start_paused = true)]
async fn a_profile_that_is_being_made_is_never_asked_for_again_and_given_up_in_half_an_hour() {
    let diary = Diary::new();
    let read = |_| Ok(esim("e1", ProfileState::Generating, None));
    let desk = Desk::at(sold(&diary, |_| Err(time_out()), read));
    let order = desk.buy().await.order;
    assert_eq!(order.state(), OrderState::NeedsAttention);
    assert_eq!(diary.times("provision").len(), 1);
    let failed = order.open_attention().any(|why| {
        matches!(why, AttentionReason::ItemFailed { item: 0, message } if message.contains("30 minutes"))
    });
    assert!(failed, "{:?}", order.attention());
    let waited = desk.clock.elapsed();
    assert!(
        (Duration::from_mins(30)..Duration::from_mins(31)).contains(&waited),
        "{waited:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn reads_that_fail_say_nothing_and_end_nothing() {
    let diary = Diary::new();
    let read = |number| match number {
        1..=8 => Err(error(ErrorKind::Unavailable, Operation::Esim)),
        _ => Ok(ready("e1")),
    };
    let desk = Desk::at(sold(&diary, |_| Err(time_out()), read));
    assert_eq!(desk.buy().await.order.state(), OrderState::Fulfilled);
    assert_eq!(diary.times("provision").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_state_nobody_has_documented_counts_as_pending_without_a_code_and_as_ready_with_one() {
    let diary = Diary::new();
    let read = |number| {
        let strange = ProfileState::Other("QUANTUM".into());
        let activation = (number > 2).then(|| ready("e1").activation().unwrap().clone());
        Ok(esim("e1", strange, activation))
    };
    let desk = Desk::at(sold(&diary, |_| Err(time_out()), read));
    assert_eq!(desk.buy().await.order.state(), OrderState::Fulfilled);
    assert_eq!(diary.times("read").len(), 3);
}

#[tokio::test(start_paused = true)]
async fn one_refused_profile_leaves_the_others_to_be_shown() {
    let desk = Desk::at(provider(|mock| {
        mock.expect_purchase()
            .times(1)
            .returning(|_| Ok(without_profiles(placed("paid", &["e1", "e2"]))));
        mock.expect_provision()
            .times(2)
            .returning(|request| match &request.esim {
                id if id.as_str() == "e1" => Err(error(ErrorKind::Rejected, Operation::Provision)),
                _ => Ok(ready("e2")),
            });
    }));
    let id = desk.order(2).await;
    let order = carry(&desk.orders, id).await.order;
    assert_eq!(order.state(), OrderState::NeedsAttention);
    let states: Vec<bool> = order
        .items()
        .iter()
        .map(|item| item.state == ItemState::Ready)
        .collect();
    assert_eq!(states, [false, true]);
    assert!(matches!(
        order.open_attention().collect::<Vec<_>>()[..],
        [AttentionReason::ItemFailed { item: 0, .. }]
    ));
}

#[tokio::test(start_paused = true)]
async fn a_profile_in_the_purchase_answer_is_kept_and_not_asked_for() {
    let desk = Desk::at(provider(|mock| {
        mock.expect_purchase()
            .times(1)
            .returning(|_| Ok(placed("paid", &["e1", "e2"])));
        mock.expect_provision().never();
        mock.expect_esim().never();
    }));
    let id = desk.order(2).await;
    assert_eq!(
        carry(&desk.orders, id).await.order.state(),
        OrderState::Fulfilled
    );
    for name in ["e1", "e2"] {
        let key = roamport_domain::provider::EsimKey::from_id(ready(name).id().clone());
        let provider = crate::support::mocks::name();
        let kept = desk
            .parts
            .profiles
            .find_profile(&provider, &key)
            .await
            .unwrap()
            .unwrap();
        assert_eq!((kept.esim, kept.order), (ready(name), id));
    }
}

#[tokio::test(start_paused = true)]
async fn four_profiles_are_made_at_once() {
    let shop = Shop::careless();
    shop.rule(Rule::new(Call::Apply, Fault::Stall { ms: 10_000 }).for_ever());
    let id = shop.order(&wish(PORTUGAL_3GB, 10), "ten").await;
    let work = carry_beside(&shop.orders, id);
    for calls in [4, 8, 10] {
        tokio::time::sleep(Duration::from_secs(9)).await;
        assert_eq!(shop.world.calls(Call::Apply), calls);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(work.await.unwrap().order.state(), OrderState::Fulfilled);
}

#[tokio::test(start_paused = true)]
async fn a_profile_that_takes_ninety_seconds_is_waited_for() {
    let shop = Shop::careless();
    let pending = roamport_sandbox::Lasting::Milliseconds(90_000);
    shop.fault(Call::Apply, Fault::PendingProfile { ms: pending });
    assert_eq!(shop.buy("slow").await.state(), OrderState::Fulfilled);
    assert_eq!(shop.world.calls(Call::Apply), 1);
    let waited = shop.clock.elapsed();
    assert!(
        (Duration::from_secs(90)..Duration::from_mins(3)).contains(&waited),
        "{waited:?}"
    );
}

/// `ready("e1")` with other states and another activation.
fn reported(
    profile: ProfileState,
    plan: PlanState,
    activation: Result<Activation, ActivationError>,
) -> Esim {
    Esim::from_report(EsimReport {
        profile,
        plan,
        activation: Some(activation),
        ..ready("e1").report().clone()
    })
}

/// Why the only item of an order failed, and when it was settled.
fn failed(order: &Order) -> Option<String> {
    order.open_attention().find_map(|reason| match reason {
        AttentionReason::ItemFailed { message, .. } => Some(message.clone()),
        _ => None,
    })
}

/// An eSIM that is ready and whose activation code names a port.
fn unreadable() -> Esim {
    let code = Secret::new("LPA:1$smdp.example.test:8443$K2-A");
    let activation = Activation::parse_bought(&code);
    reported(ProfileState::Ready, PlanState::NotStarted, activation)
}

#[tokio::test(start_paused = true)]
async fn an_activation_code_that_is_none_is_told_at_once_with_its_reason() {
    for seen_by_reading in [false, true] {
        let provision = move |_| {
            if seen_by_reading {
                Err(time_out())
            } else {
                Ok(unreadable())
            }
        };
        let desk = Desk::at(sold(&Diary::new(), provision, |_| Ok(unreadable())));
        let started = tokio::time::Instant::now();
        let order = desk.buy().await.order;
        assert!(started.elapsed() < Duration::from_secs(30));
        assert_eq!(order.state(), OrderState::NeedsAttention);
        assert_eq!(
            failed(&order).unwrap(),
            "the provider sent an activation code that cannot be used: the SM-DP+ address is not a host name"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_dead_esim_is_not_handed_out_though_it_has_a_code() {
    for (profile, plan, why) in [
        (
            ProfileState::Deleted,
            PlanState::Unknown,
            "the profile was deleted from its device",
        ),
        (
            ProfileState::Expired,
            PlanState::Expired,
            "the eSIM has expired",
        ),
        (
            ProfileState::Failed,
            PlanState::Unknown,
            "the provider could not generate the profile",
        ),
        (
            ProfileState::Ready,
            PlanState::Suspended,
            "the provider suspended the eSIM",
        ),
        (
            ProfileState::Revoked,
            PlanState::Revoked,
            "the provider took the eSIM back",
        ),
    ] {
        let diary = Diary::new();
        let dead = move || {
            let activation = ready("e1").activation().unwrap().clone();
            reported(profile.clone(), plan.clone(), Ok(activation))
        };
        let read = dead.clone();
        let desk = Desk::at(sold(&diary, move |_| Ok(dead()), move |_| Ok(read())));
        let order = desk.buy().await.order;
        assert_eq!(order.state(), OrderState::NeedsAttention, "{why}");
        assert_eq!(failed(&order).unwrap(), why);
    }
}
