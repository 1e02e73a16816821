//! What a lookup of the account is worth, found out by reads alone.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use roamport_domain::journal::AccountStore as _;
use roamport_domain::provider::{AnswerForm, FoundOrders, OrderLookup};
use roamport_domain::{Capabilities, Reference};

use crate::support::mocks::{self, Desk, found, nothing, placed};

/// A provider that finds an order under its own reference if `finds`, and answers every other lookup so.
fn desk(finds: bool, other: impl Fn() -> FoundOrders + Send + 'static) -> Desk {
    let sent: Arc<Mutex<Option<Reference>>> = Arc::default();
    let known = sent.clone();
    Desk::at(mocks::provider(|mock| {
        mock.expect_purchase().returning(move |request| {
            *sent.lock().unwrap() = Some(request.reference.clone());
            Ok(placed("P-1", &["esim-1"]))
        });
        mock.expect_find_orders().returning(move |lookup| {
            let OrderLookup::Reference { reference, .. } = lookup else {
                return Ok(nothing());
            };
            let is_known = known.lock().unwrap().as_ref() == Some(reference);
            Ok(if is_known && finds {
                found(vec![placed("P-0", &["esim-0"]), placed("P-1", &["esim-1"])])
            } else {
                other()
            })
        });
    }))
}

#[tokio::test(start_paused = true)]
async fn a_probe_shows_both_answers_and_stores_what_they_are_worth() {
    let gone = AnswerForm::NotFound("{}".into());
    let none = gone.clone();
    let desk = desk(true, move || FoundOrders {
        form: none.clone(),
        ..nothing()
    });
    desk.buy().await;
    let young = desk.orders.probe().await.unwrap().unwrap();
    assert_eq!(young.known, None, "no order is a minute old");

    tokio::time::sleep(Duration::from_mins(2)).await;
    let report = desk.orders.probe().await.unwrap().unwrap();
    assert_eq!(report.known, Some(("P-1".parse().unwrap(), true)));
    assert_eq!((report.none, report.strangers), (gone, 0));
    assert!(report.probe.filter_held);
    assert_eq!(report.probe.none_body.as_deref(), Some("{}"));
    let stored = desk.journal.probe(&desk.parts.account).await.unwrap();
    assert_eq!(stored, Some(report.probe));
}

#[tokio::test(start_paused = true)]
async fn a_probe_shows_that_the_filter_is_ignored_and_that_a_known_order_is_not_found() {
    let desk = desk(false, || {
        found(vec![placed("T-1", &["esim-9"]), placed("T-2", &["esim-8"])])
    });
    desk.buy().await;
    tokio::time::sleep(Duration::from_mins(2)).await;
    let report = desk.orders.probe().await.unwrap().unwrap();
    assert_eq!(report.strangers, 2);
    assert!(!report.probe.filter_held);
    assert_eq!(report.probe.none_body, None);
    assert_eq!(report.known, Some(("P-1".parse().unwrap(), false)));
}

#[tokio::test(start_paused = true)]
async fn where_nothing_is_found_by_reference_there_is_nothing_to_probe() {
    let desk = Desk::at(mocks::provider(|mock| {
        mock.expect_capabilities().return_const(Capabilities::NONE);
        mock.expect_find_orders().never();
    }));
    assert_eq!(desk.orders.probe().await.unwrap(), None);
    let stored = desk.journal.probe(&desk.parts.account).await.unwrap();
    assert_eq!(stored, None);
}
