//! Giving eSIMs back: once, on record, and never one that somebody installed.

use std::sync::Arc;

use roamport_app::{AppError, Cancellations, Decision, GivenBack, Refusal};
use roamport_domain::esim::PlanState;
use roamport_domain::journal::{InMemoryJournal, OrderChange, OrderJournal as _};
use roamport_domain::order::{CancellationOutcome, Event, OrderState};
use roamport_domain::provider::{
    CancelledEsim, ErrorKind, EsimKey, MockEsimProvider, Operation as Call, Refund,
};
use roamport_domain::{
    Capabilities, EsimId, EsimProvider as _, Iccid, Order, OrderId, ProfileStore as _,
};
use roamport_sandbox::{Fault, Operation};

use crate::support::mocks::{self, Desk};
use crate::support::{Shop, only_esim, usd};

fn decision() -> Decision {
    Decision::new("ada", "the journey is off").unwrap()
}

async fn give_back(shop: &Shop, id: OrderId) -> Result<GivenBack, AppError> {
    let cancellations = Cancellations::new(shop.orders.clone());
    cancellations.cancel(id, 0, &decision()).await
}

fn refunds(shop: &Shop) -> usize {
    shop.world.refunds().unwrap().len()
}

async fn kept_plan(shop: &Shop, order: &Order) -> PlanState {
    let key = EsimKey::from_id(only_esim(order));
    let name = shop.parts.provider.name();
    let kept = shop.journal.find_profile(name, &key).await.unwrap();
    kept.unwrap().esim.plan().clone()
}

fn refused(error: AppError) -> Refusal {
    match error {
        AppError::Refused(refusal) => refusal,
        other => panic!("a refusal, not {other}"),
    }
}

#[tokio::test(start_paused = true)]
async fn an_esim_is_given_back_once_and_its_money_returns() {
    let shop = Shop::careless();
    let full = shop.parts.provider.balance().await.unwrap();
    let order = shop.buy("traveller").await;
    let given = give_back(&shop, order.id()).await.unwrap();
    let price = shop.world.ledger().unwrap()[0].amount;
    let CancellationOutcome::Cancelled { refund, amount } = &given.outcome else {
        panic!("given back, not {:?}", given.outcome)
    };
    assert_eq!((*refund, amount.unwrap().amount()), (Refund::AtOnce, price));
    assert_eq!(given.esim, only_esim(&order));
    assert_eq!(given.order.state(), OrderState::Fulfilled);
    assert_eq!(shop.parts.provider.balance().await.unwrap(), full);
    assert_eq!(kept_plan(&shop, &order).await, PlanState::Cancelled);
    let names = shop.names_of_events(order.id()).await;
    assert!(names.ends_with(&["cancellation_started", "cancellation_settled"]));
    let cancellation = given.order.items()[0].cancellation.clone().unwrap();
    assert_eq!(
        (cancellation.by.as_str(), cancellation.is_done()),
        ("ada", true)
    );

    let again = refused(give_back(&shop, order.id()).await.unwrap_err());
    assert_eq!(
        again,
        Refusal::AlreadyGivenBack {
            esim: only_esim(&order)
        }
    );
    assert_eq!(
        (refunds(&shop), shop.world.calls(Operation::Cancel)),
        (1, 1)
    );
    assert_eq!(shop.names_of_events(order.id()).await, names);
}

#[tokio::test(start_paused = true)]
async fn an_installed_or_ended_esim_is_refused_and_nothing_is_sent() {
    for end in ["installed", "used", "revoked"] {
        let shop = Shop::careless();
        let order = shop.buy("traveller").await;
        let esim = only_esim(&order);
        match end {
            "installed" => drop(shop.world.install(esim.as_str()).unwrap()),
            "used" => drop(shop.world.use_data(esim.as_str(), 1).unwrap()),
            _ => drop(shop.world.revoke(esim.as_str()).unwrap()),
        }
        let names = shop.names_of_events(order.id()).await;
        let refusal = refused(give_back(&shop, order.id()).await.unwrap_err());
        let Refusal::TooLateToCancel {
            esim: told, why, ..
        } = &refusal
        else {
            panic!("{end}: {refusal}")
        };
        assert!(*told == esim && !why.is_empty());
        assert!(
            refusal.to_string().contains("nothing was sent"),
            "{refusal}"
        );
        assert_eq!(
            (refunds(&shop), shop.world.calls(Operation::Cancel)),
            (0, 0)
        );
        assert_eq!(shop.names_of_events(order.id()).await, names);
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_settled_by_reading_the_esim() {
    let shop = Shop::careless();
    let order = shop.buy("traveller").await;
    shop.fault(Operation::Cancel, Fault::DropAfterEffect);
    let given = give_back(&shop, order.id()).await.unwrap();
    let by_reading = CancellationOutcome::Cancelled {
        refund: Refund::AtOnce,
        amount: None,
    };
    assert_eq!(given.outcome, by_reading);
    assert_eq!(kept_plan(&shop, &order).await, PlanState::Cancelled);
    assert_eq!(
        (refunds(&shop), shop.world.calls(Operation::Cancel)),
        (1, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn an_unknown_outcome_is_said_and_asking_again_finishes_it() {
    let shop = Shop::careless();
    let order = shop.buy("traveller").await;
    shop.fault(Operation::Cancel, Fault::DropBeforeEffect);
    let given = give_back(&shop, order.id()).await.unwrap();
    assert!(
        matches!(given.outcome, CancellationOutcome::Unknown { .. }),
        "{:?}",
        given.outcome
    );
    assert_eq!(
        (refunds(&shop), kept_plan(&shop, &order).await),
        (0, PlanState::NotStarted)
    );
    let given = give_back(&shop, order.id()).await.unwrap();
    assert!(matches!(
        given.outcome,
        CancellationOutcome::Cancelled { .. }
    ));
    assert_eq!(
        (refunds(&shop), shop.world.calls(Operation::Cancel)),
        (1, 2)
    );
}

#[tokio::test(start_paused = true)]
async fn a_process_that_died_before_the_answer_is_finished_by_asking_again() {
    for landed in [false, true] {
        let shop = Shop::careless();
        let order = shop.buy("traveller").await;
        let started = Event::CancellationStarted {
            item: 0,
            at: shop.journal.now().await.unwrap(),
            by: "somebody who is gone".into(),
            why: "the journey is off".into(),
        };
        let change = OrderChange::of(&order, vec![started]).unwrap();
        shop.journal.append(&change, None).await.unwrap();
        if landed {
            shop.world.cancel(only_esim(&order).as_str()).unwrap();
        }
        let given = give_back(&shop, order.id()).await.unwrap();
        assert!(matches!(
            given.outcome,
            CancellationOutcome::Cancelled { .. }
        ));
        let calls = shop.world.calls(Operation::Cancel);
        assert_eq!(
            (refunds(&shop), calls),
            (1, u64::from(!landed)),
            "landed: {landed}"
        );
        assert_eq!(kept_plan(&shop, &order).await, PlanState::Cancelled);
    }
}

#[tokio::test(start_paused = true)]
async fn an_esim_that_was_given_back_elsewhere_is_taken_down_without_a_call() {
    let shop = Shop::careless();
    let order = shop.buy("traveller").await;
    shop.world.cancel(only_esim(&order).as_str()).unwrap();
    let given = give_back(&shop, order.id()).await.unwrap();
    assert!(
        given.order.items()[0]
            .cancellation
            .as_ref()
            .unwrap()
            .is_done()
    );
    assert_eq!(
        (refunds(&shop), shop.world.calls(Operation::Cancel)),
        (1, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn two_who_give_one_esim_back_get_one_refund() {
    let shop = Shop::careless();
    let order = shop.buy("traveller").await;
    let (one, other) = tokio::join!(give_back(&shop, order.id()), give_back(&shop, order.id()));
    for given in [one, other] {
        match given {
            Ok(given) => assert!(matches!(
                given.outcome,
                CancellationOutcome::Cancelled { .. }
            )),
            Err(error) => assert!(matches!(refused(error), Refusal::AlreadyGivenBack { .. })),
        }
    }
    assert_eq!(refunds(&shop), 1);
}

#[tokio::test(start_paused = true)]
async fn an_item_that_is_not_there_is_named_with_how_many_there_are() {
    let shop = Shop::careless();
    let order = shop.buy("traveller").await;
    let cancellations = Cancellations::new(shop.orders.clone());
    let refusal = refused(
        cancellations
            .cancel(order.id(), 1, &decision())
            .await
            .unwrap_err(),
    );
    assert!(
        matches!(
            refusal,
            Refusal::NoSuchItem {
                item: 1,
                items: 1,
                ..
            }
        ),
        "{refusal}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_esim_is_found_by_either_name_and_one_not_bought_here_is_not() {
    let shop = Shop::careless();
    let order = shop.buy("traveller").await;
    let esim = only_esim(&order);
    let cancellations = Cancellations::new(shop.orders.clone());
    let record = shop.world.find_esim(esim.as_str()).unwrap().unwrap();
    let iccid = Iccid::parse(record.profile.unwrap().iccid).unwrap();
    for key in [EsimKey::from_id(esim), EsimKey::from_iccid(iccid)] {
        assert_eq!(cancellations.find(&key).await.unwrap(), (order.id(), 0));
    }
    let key = EsimKey::from_id(EsimId::parse("nobody's").unwrap());
    let refusal = refused(cancellations.find(&key).await.unwrap_err());
    assert!(refusal.to_string().contains("nobody's"), "{refusal}");
}

/// A provider that sells one eSIM and can take it back, as `set` has it.
fn seller(set: impl FnOnce(&mut MockEsimProvider)) -> MockEsimProvider {
    mocks::provider(|mock| {
        set(mock);
        mock.expect_capabilities().return_const(Capabilities {
            cancellation: Some(Refund::Later),
            ..mocks::capabilities()
        });
        mock.expect_purchase()
            .returning(|_| Ok(mocks::placed("P-1", &["esim-1"])));
        mock.expect_esim().returning(|_| Ok(mocks::ready("esim-1")));
    })
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_takes_nothing_back_is_not_asked_and_says_what_can_be_done() {
    let desk = Desk::at(mocks::provider(|mock| {
        mock.expect_purchase()
            .returning(|_| Ok(mocks::placed("P-1", &["esim-1"])));
        mock.expect_cancel().never();
        mock.expect_esim().never();
    }));
    let order = desk.buy().await.order;
    let cancellations = Cancellations::new(desk.orders.clone());
    let refusal = refused(
        cancellations
            .cancel(order.id(), 0, &decision())
            .await
            .unwrap_err(),
    );
    assert_eq!(
        refusal.to_string(),
        "mock takes no eSIM back by a call, so nothing was sent; ask mock for a refund under its \
         order P-1 of eSIM esim-1, before anybody installs it"
    );
}

#[tokio::test(start_paused = true)]
async fn a_wish_that_cannot_be_recorded_is_never_sent() {
    let desk = Desk::at(seller(|mock| {
        mock.expect_cancel().never();
    }));
    let order = desk.buy().await.order;
    let inner = desk.journal.clone();
    let full = |events: &[Event]| {
        let starts = events
            .iter()
            .any(|event| event.name() == "cancellation_started");
        starts.then(mocks::full_disk)
    };
    let desk = desk.on(mocks::journal(&inner, full, || None));
    let cancellations = Cancellations::new(desk.orders.clone());
    let error = cancellations
        .cancel(order.id(), 0, &decision())
        .await
        .unwrap_err();
    assert!(matches!(error, AppError::Journal(_)), "{error}");
}

#[tokio::test(start_paused = true)]
async fn the_wish_is_durable_before_the_provider_is_asked() {
    let seen: Arc<std::sync::OnceLock<(Arc<InMemoryJournal>, OrderId)>> = Arc::default();
    let looked = seen.clone();
    let desk = Desk::at(seller(|mock| {
        mock.expect_cancel().times(1).returning(move |_| {
            let (journal, id) = looked.get().unwrap();
            let events = mocks::at_once(journal.events(*id)).unwrap();
            assert_eq!(events.last().unwrap().event.name(), "cancellation_started");
            Ok(CancelledEsim {
                refund: Refund::Later,
                amount: Some(usd("4.00")),
            })
        });
    }));
    let order = desk.buy().await.order;
    seen.set((desk.journal.clone(), order.id())).unwrap();
    let cancellations = Cancellations::new(desk.orders.clone());
    let given = cancellations
        .cancel(order.id(), 0, &decision())
        .await
        .unwrap();
    let expected = CancellationOutcome::Cancelled {
        refund: Refund::Later,
        amount: Some(usd("4.00")),
    };
    assert_eq!(given.outcome, expected);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_cannot_be_recorded_is_told_to_whoever_asked() {
    let desk = Desk::at(seller(|mock| {
        mock.expect_cancel().times(1).returning(|_| {
            Ok(CancelledEsim {
                refund: Refund::Later,
                amount: None,
            })
        });
    }));
    let order = desk.buy().await.order;
    let inner = desk.journal.clone();
    let full = |events: &[Event]| {
        let settles = events
            .iter()
            .any(|event| event.name() == "cancellation_settled");
        settles.then(mocks::full_disk)
    };
    let desk = desk.on(mocks::journal(&inner, full, || None));
    let cancellations = Cancellations::new(desk.orders.clone());
    let error = cancellations
        .cancel(order.id(), 0, &decision())
        .await
        .unwrap_err();
    assert!(matches!(error, AppError::CancellationNotRecorded { .. }));
    let told = error.to_string();
    assert!(
        told.contains("took the eSIM back") && told.contains("ask again"),
        "{told}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_the_provider_says_is_kept_by_what_it_means() {
    for (kind, expected) in [
        (ErrorKind::Rejected, "refused"),
        (ErrorKind::NotFound, "refused"),
        (ErrorKind::Unavailable, "not_done"),
        (ErrorKind::RateLimited, "not_done"),
        (ErrorKind::Unauthorized, "not_done"),
        (ErrorKind::InvalidResponse, "unknown"),
        (ErrorKind::Ambiguous, "unknown"),
    ] {
        let desk = Desk::at(seller(|mock| {
            mock.expect_cancel()
                .times(1)
                .returning(move |_| Err(mocks::error(kind, Call::Cancel)));
        }));
        let order = desk.buy().await.order;
        let cancellations = Cancellations::new(desk.orders.clone());
        let given = cancellations
            .cancel(order.id(), 0, &decision())
            .await
            .unwrap();
        let (name, message) = match &given.outcome {
            CancellationOutcome::Refused { message } => ("refused", message),
            CancellationOutcome::NotDone { message } => ("not_done", message),
            CancellationOutcome::Unknown { message } => ("unknown", message),
            CancellationOutcome::Cancelled { .. } => panic!("{kind:?} gave an eSIM back"),
        };
        assert_eq!(name, expected, "{kind:?}");
        assert!(message.contains("as the test has it"), "{message}");
        assert_eq!(given.order.state(), order.state());
        let kept = desk.journal.load(order.id()).await.unwrap();
        let cancellation = kept.items()[0].cancellation.clone().unwrap();
        assert_eq!(cancellation.outcome, Some(given.outcome));
    }
}

#[tokio::test(start_paused = true)]
async fn an_esim_that_cannot_be_read_is_not_given_back() {
    let desk = Desk::at(mocks::provider(|mock| {
        mock.expect_capabilities().return_const(Capabilities {
            cancellation: Some(Refund::AtOnce),
            ..mocks::capabilities()
        });
        mock.expect_purchase()
            .returning(|_| Ok(mocks::placed("P-1", &["esim-1"])));
        mock.expect_esim()
            .returning(|_| Err(mocks::error(ErrorKind::Unavailable, Call::Esim)));
        mock.expect_cancel().never();
    }));
    let order = desk.buy().await.order;
    let cancellations = Cancellations::new(desk.orders.clone());
    let error = cancellations
        .cancel(order.id(), 0, &decision())
        .await
        .unwrap_err();
    assert!(matches!(error, AppError::Provider(_)), "{error}");
    let kept = desk.journal.load(order.id()).await.unwrap();
    assert!(kept.items()[0].cancellation.is_none());
}
