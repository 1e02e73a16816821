//! What is checked before money moves: where a check says no, the purchase call is never made.

use std::time::Duration;

use roamport_app::order_and_provision::Wish;
use roamport_app::{Halt, Progress};
use roamport_domain::OrderJournal as _;
use roamport_domain::order::{DeferralReason, Ending, GuardReason, OrderState, Waiting};
use roamport_domain::package::PackageFlags;
use roamport_domain::provider::{ErrorKind, Operation};
use roamport_domain::{Capabilities, Clock as _, Order};

use crate::support::mocks::{
    Desk, Diary, capabilities, error, full_disk, journal, listed, lost, name, package, provider,
};
use crate::support::{Listener, carry, usd, wish};

fn guard_refused(order: &Order) -> (GuardReason, String) {
    assert_eq!(order.state(), OrderState::Failed);
    assert!(order.attempts().is_empty() && !order.money_may_have_moved());
    match order.ending() {
        Some(Ending::GuardRefused { reason, message }) => (*reason, message.clone()),
        other => panic!("refused by a check, not {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_journal_that_refuses_the_intent_means_no_purchase_call() {
    let provider = provider(|mock| {
        mock.expect_purchase().never();
    });
    let desk = Desk::at(provider);
    let refusing = journal(
        &desk.journal,
        |events| {
            let intent = events
                .iter()
                .any(|event| event.name() == "placement_started");
            intent.then(full_disk)
        },
        || None,
    );
    let desk = desk.on(refusing);
    let id = desk.order(1).await;
    let error = desk
        .orders
        .carry_on(id, Listener::new(), roamport_app::StopSignal::never())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("the disk is full"), "{error}");
    assert_eq!(
        desk.orders.order(id).await.unwrap().state(),
        OrderState::Requested
    );
}

#[tokio::test(start_paused = true)]
async fn a_package_that_is_gone_is_not_bought() {
    let mut asked = 0;
    let desk = Desk::at(provider(|mock| {
        mock.expect_purchase().never();
        mock.expect_packages().returning(move |_| {
            asked += 1;
            listed(if asked == 1 {
                vec![package("4.00")]
            } else {
                Vec::new()
            })
        });
    }));
    let (reason, message) = guard_refused(&desk.buy().await.order);
    assert_eq!(reason, GuardReason::PackageGone);
    assert_eq!(message, "mock no longer sells package `esim-portugal`");
}

#[tokio::test(start_paused = true)]
async fn a_price_above_the_cap_is_never_paid() {
    let mut asked = 0;
    let desk = Desk::at(provider(|mock| {
        mock.expect_purchase().never();
        mock.expect_packages().returning(move |_| {
            asked += 1;
            listed(vec![package(if asked == 1 { "4.00" } else { "4.000001" })])
        });
    }));
    let (reason, message) = guard_refused(&desk.buy().await.order);
    assert_eq!(reason, GuardReason::AboveCap);
    assert!(
        message.contains("4.000001") && message.contains("the maximum of"),
        "{message}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_travel_date_that_became_necessary_stops_the_order() {
    let mut asked = 0;
    let desk = Desk::at(provider(|mock| {
        mock.expect_purchase().never();
        mock.expect_packages().returning(move |_| {
            asked += 1;
            let flags = PackageFlags {
                travel_date_required: asked > 1,
                ..PackageFlags::default()
            };
            listed(vec![roamport_domain::Package {
                flags,
                ..package("4.00")
            }])
        });
    }));
    let (reason, message) = guard_refused(&desk.buy().await.order);
    assert_eq!(reason, GuardReason::TravelDateMissing);
    assert_eq!(message, "package `esim-portugal` needs the date of travel");
}

#[tokio::test(start_paused = true)]
async fn a_short_wallet_is_waited_for_and_then_given_up_naming_what_is_missing() {
    let mut asked = 0;
    let desk = Desk::at(provider(|mock| {
        mock.expect_purchase().never();
        mock.expect_balance().returning(move || {
            asked += 1;
            Ok(usd(if asked == 1 { "100" } else { "1.50" }))
        });
    }));
    let id = desk.order(1).await;
    let listener = Listener::new();
    let carried = desk
        .orders
        .carry_on(id, listener.clone(), roamport_app::StopSignal::never())
        .await
        .unwrap();
    assert_eq!(
        (carried.order.state(), carried.halt),
        (OrderState::Failed, Halt::Settled)
    );
    assert_eq!(carried.order.ending(), Some(&Ending::Expired));
    let deferral = carried.order.deferral().unwrap();
    assert_eq!(deferral.reason, Some(DeferralReason::WalletShort));
    assert!(
        deferral.message.contains("2.50") && deferral.message.contains("1.50"),
        "{deferral:?}"
    );
    let told = listener.heard().into_iter().any(|progress| {
        matches!(progress, Progress::Waiting { waiting: Waiting::Deferred, message: Some(message), .. }
            if message.contains("2.50"))
    });
    assert!(told);
    let waited = desk.clock.elapsed();
    assert!(
        (Duration::from_mins(15)..Duration::from_mins(16)).contains(&waited),
        "{waited:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_does_not_accept_the_token_is_waited_for() {
    let diary = Diary::new();
    let asked = diary.clone();
    let desk = Desk::at(provider(|mock| {
        mock.expect_purchase().never();
        mock.expect_balance()
            .returning(move || match asked.note("balance") {
                1 => Ok(usd("100")),
                _ => Err(error(ErrorKind::Unauthorized, Operation::Balance)),
            });
    }));
    let order = desk.buy().await.order;
    assert_eq!(order.state(), OrderState::Failed);
    let deferral = order.deferral().unwrap();
    assert_eq!(deferral.reason, Some(DeferralReason::Halted));
    assert!(
        deferral.message.contains("does not let us in"),
        "{deferral:?}"
    );
    // With back-off: far fewer calls than seconds.
    assert!(
        (20..60).contains(&diary.times("balance").len()),
        "{:?}",
        diary.times("balance")
    );
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_to_stop_during_the_checks_has_bought_nothing() {
    let desk = Desk::at(provider(|mock| {
        mock.expect_purchase().never();
    }));
    let id = desk.order(1).await;
    let (listener, stop) = Listener::stopping(|progress| matches!(progress, Progress::Checking));
    let carried = desk.orders.carry_on(id, listener, stop).await.unwrap();
    assert_eq!(
        (carried.order.state(), carried.halt),
        (OrderState::Requested, Halt::Stopped)
    );
    assert!(!carried.order.money_may_have_moved());
}

#[tokio::test(start_paused = true)]
async fn without_any_look_up_an_unknown_outcome_goes_to_a_person() {
    let mut mock = roamport_domain::provider::MockEsimProvider::new();
    mock.expect_capabilities().return_const(Capabilities {
        lookup: None,
        ..capabilities()
    });
    mock.expect_find_orders().never();
    mock.expect_purchase().times(1).returning(|_| Err(lost()));
    let desk = Desk::at(with_the_rest(mock));
    let carried = desk.buy().await;
    assert_eq!(carried.order.state(), OrderState::NeedsAttention);
    assert!(carried.order.money_may_have_moved());
    // Carrying it on again sends nothing either.
    assert_eq!(
        carry(&desk.orders, carried.order.id()).await.halt,
        Halt::Settled
    );
    assert!(
        desk.journal
            .load(carried.order.id())
            .await
            .unwrap()
            .unresolved_attempt()
            .is_some()
    );
}

fn with_the_rest(
    mut mock: roamport_domain::provider::MockEsimProvider,
) -> roamport_domain::provider::MockEsimProvider {
    mock.expect_name().return_const(name());
    mock.expect_packages()
        .returning(|_| listed(vec![package("4.00")]));
    mock.expect_balance().returning(|| Ok(usd("100")));
    mock
}

#[tokio::test(start_paused = true)]
async fn a_travel_date_that_is_past_everywhere_is_refused_before_anything_is_read() {
    let desk = Desk::at(provider(|mock| {
        mock.expect_packages().never();
        mock.expect_balance().never();
    }));
    let today = desk.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    for (days_ago, past) in [(1, true), (0, false)] {
        let date = today - jiff::ToSpan::days(days_ago);
        let wish = Wish {
            start_date: Some(date),
            ..wish("esim-portugal", 1)
        };
        if past {
            let error = desk.orders.quote(&wish).await.unwrap_err();
            assert!(error.to_string().contains("is past"), "{error}");
        } else {
            let desk = Desk::at(provider(|_| {}));
            desk.orders.quote(&wish).await.unwrap();
        }
    }
}
