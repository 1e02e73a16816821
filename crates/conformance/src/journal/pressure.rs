//! What back-pressure is decided by, and the journal's clock.

use std::time::Duration;

use roamport_domain::journal::{NewOrder, Pressure, Version};
use roamport_domain::order::{Event, NotSentCause, PlacementOutcome};

use super::trial::Trial;
use super::{JournalHarness, sample};
use crate::suite::promises;
use crate::verdict::OrBroken as _;

promises! { dyn JournalHarness:
    /// Pressure counts the orders of unknown outcome now, and the purchase calls that ended in the last
    /// minute, with those of them that ended unknown, at one provider.
    pressure_counts_the_last_minute_at_one_provider,
    /// An attempt that was given up counts as unknown, and no longer does once its answer came.
    pressure_follows_what_becomes_of_an_attempt,
    /// An order of unknown outcome says nothing more about the provider once the window of its last
    /// purchase call ended `Pressure::RECENTLY` ago.
    an_order_of_unknown_outcome_counts_while_its_last_call_is_recent,
    /// The journal's clock goes on as time goes by.
    the_journals_clock_goes_on,
}

async fn check(trial: &Trial<'_>, provider: &str, expected: (u64, u64, u64)) {
    let pressure = trial.journal.pressure(&sample::provider(provider)).await;
    let pressure = pressure.or_broken("reading the pressure");
    let (reconciling, settled_last_minute, unknown_last_minute) = expected;
    let expected = Pressure {
        reconciling,
        settled_last_minute,
        unknown_last_minute,
    };
    assert!(
        pressure == expected,
        "expected {expected:?}, read {pressure:?}"
    );
}

/// Starts a purchase call now and, where an outcome is given, ends it at once.
async fn call(trial: &Trial<'_>, new: &NewOrder, outcome: Option<PlacementOutcome>) {
    trial.open(new).await;
    let now = trial.now().await;
    let mut events = sample::started(&new.requested, 1, now);
    events.extend(outcome.map(|outcome| sample::settled(1, now, outcome)));
    trial
        .append(new.id, Version::FIRST, &events, Some(now))
        .await;
}

async fn pressure_counts_the_last_minute_at_one_provider(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    check(&trial, sample::PROVIDER, (0, 0, 0)).await;
    let order = |key: &str| sample::order(key, trial.start);
    let not_sent = PlacementOutcome::NotSent {
        cause: NotSentCause::Unreachable,
        message: "no route".to_owned(),
        not_before: None,
    };
    call(&trial, &order("in flight"), None).await;
    check(&trial, sample::PROVIDER, (0, 0, 0)).await;
    call(
        &trial,
        &order("bought"),
        Some(sample::bought("R-1", &["esim-1"])),
    )
    .await;
    call(&trial, &order("not sent"), Some(not_sent)).await;
    check(&trial, sample::PROVIDER, (0, 2, 0)).await;
    trial.pass(30).await;
    call(&trial, &order("unknown"), Some(sample::unknown())).await;
    let elsewhere = sample::order_of("elsewhere", "unknown elsewhere", "FR-1GB-7D", trial.start);
    call(&trial, &elsewhere, Some(sample::unknown())).await;
    check(&trial, sample::PROVIDER, (1, 3, 1)).await;
    check(&trial, "elsewhere", (1, 1, 1)).await;
    check(&trial, "unheard-of", (0, 0, 0)).await;
    trial.pass(31).await;
    check(&trial, sample::PROVIDER, (1, 1, 1)).await;
    trial.pass(30).await;
    check(&trial, sample::PROVIDER, (1, 0, 0)).await;
}

async fn pressure_follows_what_becomes_of_an_attempt(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    let new = sample::order("abandoned", trial.start);
    call(&trial, &new, None).await;
    let now = trial.now().await;
    let abandoned = Event::PlacementAbandoned {
        attempt: 1,
        at: now,
    };
    let version = trial
        .append(new.id, Version::from_count(3), &[abandoned], Some(now))
        .await;
    check(&trial, sample::PROVIDER, (1, 1, 1)).await;
    let late = sample::settled(1, now, sample::bought("R-1", &["esim-1"]));
    trial.append(new.id, version, &[late], Some(now)).await;
    check(&trial, sample::PROVIDER, (0, 1, 0)).await;
}

async fn an_order_of_unknown_outcome_counts_while_its_last_call_is_recent(
    harness: &dyn JournalHarness,
) {
    let trial = Trial::of(harness).await;
    let new = sample::order("unknown", trial.start);
    call(&trial, &new, Some(sample::unknown())).await;
    let order = trial.load(new.id).await;
    let Some(attempt) = order.attempts().last() else {
        panic!("an order with a purchase call has no attempt");
    };
    check(&trial, sample::PROVIDER, (1, 1, 1)).await;
    let ends = Duration::try_from(attempt.closes_at.duration_since(trial.now().await));
    let ends = ends.unwrap_or_default() + Pressure::RECENTLY;
    trial.pass(ends.as_secs() - 5).await;
    check(&trial, sample::PROVIDER, (1, 0, 0)).await;
    trial.pass(10).await;
    check(&trial, sample::PROVIDER, (0, 0, 0)).await;
    let now = trial.now().await;
    let recent = sample::order("unknown since", now);
    call(&trial, &recent, Some(sample::unknown())).await;
    check(&trial, sample::PROVIDER, (1, 1, 1)).await;
}

async fn the_journals_clock_goes_on(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    trial.pass(90).await;
    let now = trial.now().await;
    assert!(
        now >= sample::after(trial.start, 90),
        "90 s after {} the journal says {now}",
        trial.start
    );
}
