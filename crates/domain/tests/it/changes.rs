//! What events make of an order, before a journal writes it.

use roamport_domain::journal::OrderChange;
use roamport_domain::order::{Event, OrderState};

use crate::support::{Scene, at, bought, nothing, pending, placed, settled};

#[test]
fn an_event_that_may_not_follow_makes_no_change() {
    let order = Scene::new().order;
    let illegal = settled(9, 5, placed(bought("PO-1", &["esim-1"])));
    for place in 0..3 {
        let mut events = vec![nothing(1), nothing(2), nothing(3)];
        events[place] = illegal.clone();
        assert!(OrderChange::of(&order, events).is_err(), "{place}");
    }
}

#[test]
fn a_change_leads_to_the_order_that_its_events_make() {
    let scene = Scene::new().sent(1, 0);
    let events = vec![settled(1, 5, placed(bought("PO-1", &["esim-1"])))];
    let change = OrderChange::admitted(&scene.order, events.clone()).unwrap();
    assert_eq!(change.id(), scene.order.id());
    assert_eq!(change.expected(), scene.order.version());
    assert_eq!(change.events(), events);
    let mut after = scene.order.clone();
    after.apply(&events[0]).unwrap();
    assert_eq!(*change.after(), after);
    assert_eq!(change.into_order(), after);
}

#[test]
fn a_change_names_the_calls_that_are_not_as_they_were_and_whether_esims_came() {
    let scene = Scene::new().sent(1, 0);
    let looked = OrderChange::of(&Scene::new().order, vec![nothing(1)]).unwrap();
    assert_eq!(looked.attempts(), []);
    assert!(!looked.moves_esims());

    let bought = vec![settled(1, 5, placed(bought("PO-1", &["esim-1"])))];
    let bought = OrderChange::of(&scene.order, bought).unwrap();
    let numbers: Vec<_> = bought.attempts().iter().map(|call| call.number).collect();
    assert_eq!(numbers, [1]);
    assert!(bought.moves_esims());
    assert_eq!(bought.refunds().count(), 0);
}

#[test]
fn without_events_nothing_changes() {
    let order = Scene::new().order;
    let same = OrderChange::admitted(&order, Vec::new()).unwrap();
    assert_eq!(*same.after(), order);
    assert_eq!(same.after().version(), same.expected());
    assert!(same.events().is_empty() && same.attempts().is_empty());
}

#[test]
fn what_is_not_written_any_more_is_no_admitted_change() {
    let scene = Scene::new().sent(1, 0);
    let Event::PlacementSettled {
        attempt, outcome, ..
    } = settled(1, 5, placed(pending("PO-1")))
    else {
        panic!("the sample settles a call");
    };
    let old = Event::PlacementSettled {
        attempt,
        at: at(5),
        outcome,
        evidence: None,
    };
    assert!(OrderChange::admitted(&scene.order, vec![old.clone()]).is_err());
    let replayed = OrderChange::of(&scene.order, vec![old]).unwrap();
    assert_eq!(replayed.after().state(), OrderState::Placed);
}
