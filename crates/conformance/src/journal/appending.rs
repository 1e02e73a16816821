//! What happened is appended whole, in order, on the version its writer knew.

use futures::future::join_all;
use roamport_domain::Order;
use roamport_domain::journal::{JournalError, Version};
use roamport_domain::order::{Event, OrderState};

use super::trial::{Trial, ids, refused};
use super::{AppendAt as _, JournalHarness, sample};
use crate::suite::promises;
use crate::verdict::OrBroken as _;

promises! { dyn JournalHarness:
    /// Events come back in order, each with its version and the time of its append.
    events_are_kept_in_order_with_version_and_time,
    /// After each step of an order's life, what is loaded is what the events make.
    a_whole_life_is_read_back,
    /// An append that builds on an old version, or on one that is not there yet, writes nothing and says
    /// which version the order has.
    an_append_on_an_old_version_writes_nothing,
    /// Of many that append to one version at once, one wins; that is the fence between workers.
    of_many_appends_on_one_version_one_wins,
    /// An append without events changes when the order is due, and neither its version nor the time it
    /// was last changed.
    an_append_without_events_sets_the_due_time_alone,
    /// Versions give safety, leases only save work: an append is taken from whoever knows the version,
    /// so that an answer that arrives after a lease is never lost.
    an_append_needs_no_claim,
    /// A provider's order belongs to one order of ours; another provider may use the same id.
    a_providers_order_belongs_to_one_order,
    /// Appends to many orders at once are all kept, each on its own order.
    appends_to_many_orders_at_once_are_all_kept,
}

async fn events_are_kept_in_order_with_version_and_time(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    let new = trial.opened("in order").await;
    let mut appended = vec![Event::Requested(Box::new(new.requested))];
    let mut version = Version::FIRST;
    for round in 0..4 {
        trial.pass(10).await;
        let now = trial.now().await;
        let events: Vec<Event> = (0..3)
            .map(|part| sample::waited(now, &format!("round {round}, part {part}")))
            .collect();
        let next = trial.append(new.id, version, &events, Some(now)).await;
        assert!(
            next.count() == version.count() + 3,
            "three events took version {version} to {next}"
        );
        version = next;
        appended.extend(events);
    }
    let recorded = trial.events(new.id).await;
    assert!(
        recorded
            .iter()
            .map(|recorded| &recorded.event)
            .eq(&appended),
        "appended were {appended:?}, read were {recorded:?}"
    );
    assert!(
        recorded
            .iter()
            .map(|recorded| recorded.version.count())
            .eq(1..=13),
        "the versions are not 1 to 13"
    );
    for (place, recorded) in recorded.iter().enumerate() {
        let seconds = place.div_ceil(3) * 10;
        let earliest = sample::after(trial.start, i64::try_from(seconds).unwrap_or_default());
        let late = recorded.at >= sample::after(earliest, 10);
        assert!(
            recorded.at >= earliest && !late,
            "event {} was appended at {earliest} and bears {}",
            place + 1,
            recorded.at
        );
    }
}

async fn a_whole_life_is_read_back(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    let new = trial.opened("a life").await;
    let mut expected = Order::open(new.id, new.requested.clone());
    let mut events = vec![sample::waited(trial.start, "the wallet is short")];
    events.extend(sample::purchase(
        &new.requested,
        trial.start,
        "R-1",
        "esim-1",
    ));
    events.extend(sample::provisioned(sample::after(trial.start, 9)));
    for event in events {
        let due = Some(trial.now().await);
        trial
            .append(
                new.id,
                expected.version(),
                std::slice::from_ref(&event),
                due,
            )
            .await;
        expected.apply(&event).or_broken("applying a sample");
        let loaded = trial.load(new.id).await;
        assert!(
            loaded == expected,
            "expected {expected:?}, loaded {loaded:?}"
        );
    }
    assert!(
        expected.state() == OrderState::Fulfilled,
        "the sample's life ends in {}",
        expected.state()
    );
}

async fn an_append_on_an_old_version_writes_nothing(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    let id = trial.due("raced", None).await;
    let now = trial.now().await;
    let version = trial
        .append(id, Version::FIRST, &[sample::waited(now, "first")], None)
        .await;
    for stale in [Version::FIRST, version.next()] {
        for events in [vec![sample::waited(now, "late")], Vec::new()] {
            let answer = trial.journal.append_at(id, stale, &events, Some(now)).await;
            let error = refused(answer, "an append on another version");
            let is_named = matches!(
                error,
                JournalError::VersionConflict { order, expected, actual }
                    if order == id && expected == stale && actual == version
            );
            assert!(is_named, "an append on another version gave {error}");
        }
    }
    assert!(
        trial.version(id).await == version,
        "a refused append was written"
    );
    let claims = trial.claim("worker", 10).await;
    assert!(claims.is_empty(), "a refused append made the order due");
}

async fn of_many_appends_on_one_version_one_wins(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    let new = trial.opened("contended").await;
    let events: Vec<Vec<Event>> = (0..20)
        .map(|racer| vec![sample::waited(trial.start, &format!("racer {racer}"))])
        .collect();
    let race = events.iter().map(|events| {
        trial
            .journal
            .append_at(new.id, Version::FIRST, events, None)
    });
    let answers = join_all(race).await;
    let winners: Vec<usize> = answers
        .iter()
        .enumerate()
        .filter(|(_, answer)| answer.is_ok())
        .map(|(racer, _)| racer)
        .collect();
    let [winner] = winners.as_slice() else {
        panic!("{} appends won one version", winners.len());
    };
    for error in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        assert!(
            matches!(error, JournalError::VersionConflict { .. }),
            "a lost race gave {error}"
        );
    }
    let recorded = trial.events(new.id).await;
    assert!(
        recorded.len() == 2 && recorded[1].event == events[*winner][0],
        "what is kept is not what the winner wrote"
    );
}

async fn an_append_without_events_sets_the_due_time_alone(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    let new = trial.opened("postponed").await;
    let before = trial
        .list(roamport_domain::journal::OrderFilter::default())
        .await;
    trial.pass(5).await;
    let due = sample::after(trial.now().await, 100);
    let version = trial.append(new.id, Version::FIRST, &[], Some(due)).await;
    assert!(version == Version::FIRST, "the version became {version}");
    let after = trial
        .list(roamport_domain::journal::OrderFilter::default())
        .await;
    assert!(before == after, "{before:?} became {after:?}");
    let early = trial.claim("worker", 10).await;
    assert!(early.is_empty(), "it is still due");
    trial.pass(101).await;
    let claims = trial.claim("worker", 10).await;
    assert!(ids(&claims) == [new.id], "it is not due at the new time");
}

async fn an_append_needs_no_claim(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    let new = trial.opened("unclaimed").await;
    let claim = trial.held(new.id, "one").await;
    let now = trial.now().await;
    trial
        .append(
            new.id,
            Version::FIRST,
            &[sample::waited(now, "by another")],
            Some(now),
        )
        .await;
    trial.renew(&claim).await;
}

async fn a_providers_order_belongs_to_one_order(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    let first = trial.opened("first").await;
    let second = trial.opened("second").await;
    let purchase = |wish, esim| sample::purchase(wish, trial.start, "R-1", esim);
    let events = purchase(&first.requested, "esim-1");
    trial.append(first.id, Version::FIRST, &events, None).await;
    let events = purchase(&second.requested, "esim-2");
    let answer = trial
        .journal
        .append_at(second.id, Version::FIRST, &events, None)
        .await;
    let error = refused(answer, "another order's provider order");
    assert!(
        matches!(error, JournalError::Duplicate { .. }),
        "another order's provider order gave {error}"
    );
    assert!(
        trial.version(second.id).await == Version::FIRST,
        "it was written"
    );
    let elsewhere = sample::order_of("elsewhere", "third", "FR-1GB-7D", trial.start);
    trial.open(&elsewhere).await;
    let events = purchase(&elsewhere.requested, "esim-3");
    trial
        .append(elsewhere.id, Version::FIRST, &events, None)
        .await;
    // The same order may say its own id again.
    let read = Event::OrderRead {
        at: trial.start,
        order: None,
        evidence: None,
    };
    trial
        .append(first.id, Version::from_count(4), &[read], None)
        .await;
}

async fn appends_to_many_orders_at_once_are_all_kept(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    let mut orders = Vec::new();
    for number in 0..64 {
        orders.push(trial.opened(&format!("order {number}")).await);
    }
    let events: Vec<Event> = orders
        .iter()
        .map(|new| sample::waited(trial.start, &format!("of {}", new.requested.key)))
        .collect();
    // Every eighth is illegal: it must not take its neighbours with it.
    let illegal = sample::impossible(trial.start);
    let appends = orders
        .iter()
        .zip(&events)
        .enumerate()
        .map(|(number, (new, event))| {
            let event = if number % 8 == 7 { &illegal } else { event };
            trial
                .journal
                .append_at(new.id, Version::FIRST, std::slice::from_ref(event), None)
        });
    let answers = join_all(appends).await;
    for (number, ((new, event), answer)) in orders.iter().zip(&events).zip(answers).enumerate() {
        let recorded = trial.events(new.id).await;
        if number % 8 == 7 {
            let error = refused(answer, "an illegal event");
            assert!(
                matches!(error, JournalError::Illegal(_)) && recorded.len() == 1,
                "an illegal event among others gave {error}"
            );
        } else {
            answer.or_broken("appending among others");
            assert!(
                recorded.len() == 2 && recorded[1].event == *event,
                "order {number} has {recorded:?}"
            );
        }
    }
}
