//! What happened is appended whole, in order, on the version its writer knew.

use futures::future::join_all;
use roamport_domain::Order;
use roamport_domain::journal::{JournalError, Version};
use roamport_domain::order::{Event, OrderState};

use super::trial::{Trial, ids, refused};
use super::{AppendAt as _, JournalHarness, sample};
use crate::Verdict;
use crate::verdict::{OrBroken as _, ensure};

/// Events come back in order, each with its version and the time of its append.
///
/// # Errors
///
/// How the promise was broken.
pub async fn events_are_kept_in_order_with_version_and_time(
    harness: &dyn JournalHarness,
) -> Verdict {
    let trial = Trial::of(harness).await?;
    let new = trial.opened("in order").await?;
    let mut appended = vec![Event::Requested(Box::new(new.requested))];
    let mut version = Version::FIRST;
    for round in 0..4 {
        trial.pass(10).await;
        let now = trial.now().await?;
        let events: Vec<Event> = (0..3)
            .map(|part| sample::waited(now, &format!("round {round}, part {part}")))
            .collect();
        let next = trial.append(new.id, version, &events, Some(now)).await?;
        ensure(next.count() == version.count() + 3, || {
            format!("three events took version {version} to {next}")
        })?;
        version = next;
        appended.extend(events);
    }
    let recorded = trial
        .journal
        .events(new.id)
        .await
        .or_broken("reading events")?;
    ensure(
        recorded
            .iter()
            .map(|recorded| &recorded.event)
            .eq(&appended),
        || format!("appended were {appended:?}, read were {recorded:?}"),
    )?;
    ensure(
        recorded
            .iter()
            .map(|recorded| recorded.version.count())
            .eq(1..=13),
        || "the versions are not 1 to 13".to_owned(),
    )?;
    for (place, recorded) in recorded.iter().enumerate() {
        let seconds = place.div_ceil(3) * 10;
        let earliest = sample::after(trial.start, i64::try_from(seconds).unwrap_or_default());
        let late = recorded.at >= sample::after(earliest, 10);
        ensure(recorded.at >= earliest && !late, || {
            format!(
                "event {} was appended at {earliest} and bears {}",
                place + 1,
                recorded.at
            )
        })?;
    }
    Ok(())
}

/// After each step of an order's life, what is loaded is what the events make.
///
/// # Errors
///
/// How the promise was broken.
pub async fn a_whole_life_is_read_back(harness: &dyn JournalHarness) -> Verdict {
    let trial = Trial::of(harness).await?;
    let new = trial.opened("a life").await?;
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
        let due = Some(trial.now().await?);
        trial
            .append(
                new.id,
                expected.version(),
                std::slice::from_ref(&event),
                due,
            )
            .await?;
        expected.apply(&event).or_broken("applying a sample")?;
        let loaded = trial
            .journal
            .load(new.id)
            .await
            .or_broken("loading an order")?;
        ensure(loaded == expected, || {
            format!("expected {expected:?}, loaded {loaded:?}")
        })?;
    }
    ensure(expected.state() == OrderState::Fulfilled, || {
        format!("the sample's life ends in {}", expected.state())
    })
}

/// An append that builds on an old version, or on one that is not there yet, writes nothing and says
/// which version the order has.
///
/// # Errors
///
/// How the promise was broken.
pub async fn an_append_on_an_old_version_writes_nothing(harness: &dyn JournalHarness) -> Verdict {
    let trial = Trial::of(harness).await?;
    let id = trial.due("raced", None).await?;
    let now = trial.now().await?;
    let version = trial
        .append(id, Version::FIRST, &[sample::waited(now, "first")], None)
        .await?;
    for stale in [Version::FIRST, version.next()] {
        for events in [vec![sample::waited(now, "late")], Vec::new()] {
            let answer = trial.journal.append_at(id, stale, &events, Some(now)).await;
            let error = refused(answer, "an append on another version")?;
            let is_named = matches!(
                error,
                JournalError::VersionConflict { order, expected, actual }
                    if order == id && expected == stale && actual == version
            );
            ensure(is_named, || {
                format!("an append on another version gave {error}")
            })?;
        }
    }
    ensure(trial.version(id).await? == version, || {
        "a refused append was written".to_owned()
    })?;
    let claims = trial.claim("worker", 10).await?;
    ensure(claims.is_empty(), || {
        "a refused append made the order due".to_owned()
    })
}

/// Of many that append to one version at once, one wins; that is the fence between workers.
///
/// # Errors
///
/// How the promise was broken.
pub async fn of_many_appends_on_one_version_one_wins(harness: &dyn JournalHarness) -> Verdict {
    let trial = Trial::of(harness).await?;
    let new = trial.opened("contended").await?;
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
        return ensure(false, || {
            format!("{} appends won one version", winners.len())
        });
    };
    for error in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        ensure(
            matches!(error, JournalError::VersionConflict { .. }),
            || format!("a lost race gave {error}"),
        )?;
    }
    let recorded = trial
        .journal
        .events(new.id)
        .await
        .or_broken("reading events")?;
    ensure(
        recorded.len() == 2 && recorded[1].event == events[*winner][0],
        || "what is kept is not what the winner wrote".to_owned(),
    )
}

/// An append without events changes when the order is due, and neither its version nor the time it
/// was last changed.
///
/// # Errors
///
/// How the promise was broken.
pub async fn an_append_without_events_sets_the_due_time_alone(
    harness: &dyn JournalHarness,
) -> Verdict {
    let trial = Trial::of(harness).await?;
    let new = trial.opened("postponed").await?;
    let before = trial
        .list(roamport_domain::journal::OrderFilter::default())
        .await?;
    trial.pass(5).await;
    let due = sample::after(trial.now().await?, 100);
    let version = trial.append(new.id, Version::FIRST, &[], Some(due)).await?;
    ensure(version == Version::FIRST, || {
        format!("the version became {version}")
    })?;
    let after = trial
        .list(roamport_domain::journal::OrderFilter::default())
        .await?;
    ensure(before == after, || format!("{before:?} became {after:?}"))?;
    let early = trial.claim("worker", 10).await?;
    ensure(early.is_empty(), || "it is still due".to_owned())?;
    trial.pass(101).await;
    let claims = trial.claim("worker", 10).await?;
    ensure(ids(&claims) == [new.id], || {
        "it is not due at the new time".to_owned()
    })
}

/// Versions give safety, leases only save work: an append is taken from whoever knows the version,
/// so that an answer that arrives after a lease is never lost.
///
/// # Errors
///
/// How the promise was broken.
pub async fn an_append_needs_no_claim(harness: &dyn JournalHarness) -> Verdict {
    let trial = Trial::of(harness).await?;
    let new = trial.opened("unclaimed").await?;
    let claim = trial.held(new.id, "one").await?;
    let now = trial.now().await?;
    trial
        .append(
            new.id,
            Version::FIRST,
            &[sample::waited(now, "by another")],
            Some(now),
        )
        .await?;
    trial
        .journal
        .renew(&claim, sample::MINUTE)
        .await
        .or_broken("renewing after an append")
}

/// A provider's order belongs to one order of ours; another provider may use the same id.
///
/// # Errors
///
/// How the promise was broken.
pub async fn a_providers_order_belongs_to_one_order(harness: &dyn JournalHarness) -> Verdict {
    let trial = Trial::of(harness).await?;
    let first = trial.opened("first").await?;
    let second = trial.opened("second").await?;
    let purchase = |wish, esim| sample::purchase(wish, trial.start, "R-1", esim);
    let events = purchase(&first.requested, "esim-1");
    trial
        .append(first.id, Version::FIRST, &events, None)
        .await?;
    let events = purchase(&second.requested, "esim-2");
    let answer = trial
        .journal
        .append_at(second.id, Version::FIRST, &events, None)
        .await;
    let error = refused(answer, "another order's provider order")?;
    ensure(matches!(error, JournalError::Duplicate { .. }), || {
        format!("another order's provider order gave {error}")
    })?;
    ensure(trial.version(second.id).await? == Version::FIRST, || {
        "it was written".to_owned()
    })?;
    let elsewhere = sample::order_of("elsewhere", "third", "FR-1GB-7D", trial.start);
    trial.open(&elsewhere).await?;
    let events = purchase(&elsewhere.requested, "esim-3");
    trial
        .append(elsewhere.id, Version::FIRST, &events, None)
        .await?;
    // The same order may say its own id again.
    let read = Event::OrderRead {
        at: trial.start,
        order: None,
        evidence: None,
    };
    trial
        .append(first.id, Version::from_count(4), &[read], None)
        .await
        .map(drop)
}

/// Appends to many orders at once are all kept, each on its own order.
///
/// # Errors
///
/// How the promise was broken.
pub async fn appends_to_many_orders_at_once_are_all_kept(harness: &dyn JournalHarness) -> Verdict {
    let trial = Trial::of(harness).await?;
    let mut orders = Vec::new();
    for number in 0..64 {
        orders.push(trial.opened(&format!("order {number}")).await?);
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
        let recorded = trial
            .journal
            .events(new.id)
            .await
            .or_broken("reading events")?;
        if number % 8 == 7 {
            let error = refused(answer, "an illegal event")?;
            ensure(
                matches!(error, JournalError::Illegal(_)) && recorded.len() == 1,
                || format!("an illegal event among others gave {error}"),
            )?;
        } else {
            answer.or_broken("appending among others")?;
            ensure(recorded.len() == 2 && recorded[1].event == *event, || {
                format!("order {number} has {recorded:?}")
            })?;
        }
    }
    Ok(())
}
