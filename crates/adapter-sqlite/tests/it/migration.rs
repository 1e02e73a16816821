//! A journal of an earlier release is brought to the tables of this one, and a later one is left to it.

use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::TryStreamExt as _;
use roamport_adapter_sqlite::SqliteJournal;
use roamport_conformance::journal::{AppendAt as _, MovableClock, sample};
use roamport_domain::journal::{
    Delivery, Duplicated, JournalError, KeptProfile, OrderFilter, OrderSummary, Owner, Version,
};
use roamport_domain::{
    AccountStore as _, Clock as _, EsimId, OrderJournal, ProfileStore as _, Secret,
};
use tempfile::TempDir;

use crate::support::{Bench, open, run, shell};

/// A copy of the journal that an earlier release left.
fn earlier() -> (TempDir, PathBuf) {
    let fixture = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../fixtures/journals/journal.db"
    );
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("roamport.db");
    std::fs::copy(fixture, &path).unwrap();
    (directory, path)
}

async fn all(journal: &SqliteJournal) -> Vec<OrderSummary> {
    let listed = OrderJournal::list(journal, OrderFilter::default());
    listed.try_collect().await.unwrap()
}

fn named<'a>(orders: &'a [OrderSummary], key: &str) -> &'a OrderSummary {
    let mut orders = orders.iter();
    orders.find(|order| order.key.as_str() == key).unwrap()
}

async fn texts(path: &Path, sql: &str) -> Vec<String> {
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql.to_owned()))
        .fetch_all(&mut shell(path).await)
        .await
        .unwrap()
}

#[tokio::test]
async fn the_purchase_calls_of_an_earlier_journal_are_filled_in_from_its_events() {
    let (_directory, path) = earlier();
    let journal = open(&path, &Arc::new(MovableClock::default()))
        .await
        .unwrap();
    let mut expected = Vec::new();
    for order in all(&journal).await {
        for attempt in journal.load(order.id).await.unwrap().attempt_records() {
            let settled = attempt.settled_at.map(|at| format!("{at:.9}"));
            let placed = attempt.placed.map(|placed| placed.to_string());
            expected.push(format!(
                "{} {} {} {:.9} {} {} {}",
                order.id,
                attempt.number,
                attempt.state.as_str(),
                attempt.opened_at,
                settled.unwrap_or_default(),
                u8::from(attempt.is_unknown),
                placed.unwrap_or_default(),
            ));
        }
    }
    expected.sort_unstable();
    let mut stored = texts(
        &path,
        "SELECT order_id || ' ' || number || ' ' || state || ' ' || opened_at || ' ' \
             || coalesce(settled_at, '') || ' ' || is_unknown || ' ' || coalesce(placed, '') \
         FROM attempts",
    )
    .await;
    stored.sort_unstable();
    assert_eq!(stored, expected);
    for state in ["in_flight", "placed", "unknown", "none"] {
        let state = format!(" {state} ");
        assert!(stored.iter().any(|row| row.contains(&state)), "{state}");
    }
}

#[tokio::test]
async fn an_esim_that_an_earlier_journal_delivered_three_times_belongs_to_the_first_order() {
    let (_directory, path) = earlier();
    let journal = open(&path, &Arc::new(MovableClock::default()))
        .await
        .unwrap();
    let orders = all(&journal).await;
    let [first, second, third] = ["first", "second", "third"]
        .map(|which| named(&orders, &format!("roamify-same-esim-{which}")));
    let duplicates = journal.duplicates(&first.provider).await.unwrap();
    let named: Vec<_> = duplicates
        .iter()
        .map(|delivery| (delivery.what, delivery.order, delivery.duplicate_of))
        .collect();
    let esim = Duplicated::Esim;
    assert_eq!(
        named,
        [(esim, second.id, first.id), (esim, third.id, first.id)]
    );
    // No event was written, and the profile is as it was.
    let key = roamport_domain::provider::EsimKey::from_id(first.esims[0].clone());
    let kept = journal.find_profile(&first.provider.name, &key).await;
    let kept = kept.unwrap().unwrap();
    assert_eq!(
        (kept.order, &kept.base_url),
        (second.id, &first.provider.base_url)
    );
    for (order, delivery) in [
        (first.id, Delivery::Kept),
        (third.id, Delivery::DeliveredBefore(first.id)),
    ] {
        let profile = KeptProfile {
            order,
            ..kept.clone()
        };
        assert_eq!(journal.keep(&profile).await.unwrap(), delivery);
    }
}

#[tokio::test]
async fn a_code_of_an_earlier_journal_is_known_again() {
    let (_directory, path) = earlier();
    let journal = open(&path, &Arc::new(MovableClock::default()))
        .await
        .unwrap();
    let orders = all(&journal).await;
    let owner = named(&orders, "roamify-fulfilled");
    let key = roamport_domain::provider::EsimKey::from_id(owner.esims[0].clone());
    let kept = journal.find_profile(&owner.provider.name, &key).await;
    let kept = kept.unwrap().unwrap();
    let mut report = kept.esim.report().clone();
    report.id = EsimId::parse("the-same-under-another-name").unwrap();
    let again = KeptProfile {
        esim: roamport_domain::Esim::from_report(report),
        order: named(&orders, "roamify-requested").id,
        ..kept
    };
    let delivery = journal.keep(&again).await.unwrap();
    assert_eq!(delivery, Delivery::DeliveredBefore(owner.id));
    let codes = texts(&path, "SELECT digest FROM delivered_codes").await;
    assert!(!codes.is_empty() && codes.iter().all(|code| code.len() == 64));
}

#[tokio::test]
async fn two_codes_of_one_text_in_an_earlier_journal_are_duplicates_and_no_failure() {
    let (_directory, path) = earlier();
    run(
        &path,
        "UPDATE profiles SET stored = (SELECT stored FROM profiles WHERE provider = 'esim-access' LIMIT 1) \
         WHERE provider = 'esim-access'",
    )
    .await;
    let journal = open(&path, &Arc::new(MovableClock::default()))
        .await
        .unwrap();
    let orders = all(&journal).await;
    let instance = &named(&orders, "esim-access-fulfilled").provider;
    let duplicates = journal.duplicates(instance).await.unwrap();
    let codes = duplicates
        .iter()
        .filter(|delivery| delivery.what == Duplicated::ActivationCode);
    assert_eq!(codes.count(), 2);
}

#[tokio::test]
async fn a_journal_that_a_worker_holds_is_not_migrated() {
    let (_directory, path) = earlier();
    let clock = Arc::new(MovableClock::default());
    let until = sample::after(clock.now(), 30);
    let hold = format!(
        "UPDATE orders SET lease_owner = 'the old worker', lease_until = '{until:.9}' \
         WHERE key = 'roamify-placed'"
    );
    run(&path, &hold).await;
    let error = open(&path, &clock).await.unwrap_err();
    assert!(matches!(error, JournalError::Unavailable { .. }), "{error}");
    let text = error.to_string();
    for says in ["the old worker", "stop all workers", "nothing was written"] {
        assert!(text.contains(says), "{says}: {text}");
    }
    assert_eq!(
        texts(&path, "SELECT 'v' || user_version FROM pragma_user_version").await,
        ["v3"]
    );
    clock.pass(sample::MINUTE);
    let journal = open(&path, &clock).await.unwrap();
    assert!(!all(&journal).await.is_empty());
}

#[tokio::test]
async fn a_process_stops_writing_when_a_later_release_has_taken_the_journal_over() {
    let bench = Bench::new().await;
    let new = bench.opened("of the past").await;
    run(&bench.path(), "UPDATE journal SET writer = 3").await;
    let owner = Owner::new("worker");
    let (instance, account) = (&new.requested.provider, sample::account("any"));
    let one = NonZeroU16::MIN;
    let claimed = bench
        .journal
        .claim_for(instance, &account, &owner, sample::MINUTE, one)
        .await;
    let appended = bench
        .journal
        .append_at(new.id, Version::FIRST, &[], None)
        .await;
    let ids = bench
        .journal
        .claim_order(new.id, &owner, sample::MINUTE)
        .await;
    for refused in [claimed.map(drop), appended.map(drop), ids.map(drop)] {
        let error = refused.unwrap_err();
        assert!(
            matches!(error, JournalError::Superseded { needed: 3, ours: 2 }),
            "{error}"
        );
        assert!(
            error.to_string().contains("start the later release"),
            "{error}"
        );
    }
    // What is there can still be read, and nothing was changed.
    assert_eq!(
        bench.journal.load(new.id).await.unwrap().version(),
        Version::FIRST
    );
    run(&bench.path(), "UPDATE journal SET writer = 2").await;
    let claims = bench
        .journal
        .claim_for(instance, &account, &owner, sample::MINUTE, one)
        .await;
    assert_eq!(claims.unwrap().len(), 1);
}

#[tokio::test]
async fn two_journals_have_different_digests_and_a_reopened_one_the_same() {
    let (one, other) = (Bench::new().await, Bench::new().await);
    let token = Secret::new("token-of-the-portal");
    let account = one.journal.account(&token).await.unwrap();
    assert_ne!(other.journal.account(&token).await.unwrap(), account);
    let again = one.open_another().await.unwrap();
    assert_eq!(again.account(&token).await.unwrap(), account);
}
