//! A journal of an earlier release is brought to the tables of this one, and a later one is left to it.

use std::num::NonZeroU16;

use futures::TryStreamExt as _;
use roamport_adapter_postgres::PostgresJournal;
use roamport_conformance::journal::{AppendAt as _, sample};
use roamport_domain::journal::{
    Delivery, Duplicated, JournalError, KeptProfile, OrderFilter, OrderSummary, Owner, Version,
};
use roamport_domain::{AccountStore as _, OrderJournal, ProfileStore as _, Secret};
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;

use crate::support::{Bench, config, run};
use crate::test_cluster::{TestCluster, TestDatabase};

/// A database with the journal that an earlier release left; `None` where there is no server.
fn earlier() -> Option<TestDatabase> {
    let fixture = include_str!("../../../../fixtures/journals/journal.sql");
    let database = TestCluster::shared()?.database();
    database.run(fixture);
    Some(database)
}

async fn shell(database: &TestDatabase) -> PgConnection {
    let mut shell = PgConnection::connect(database.url()).await.unwrap();
    run(&mut shell, "SET search_path TO roamport").await;
    shell
}

async fn opened(database: &TestDatabase) -> Result<PostgresJournal, JournalError> {
    PostgresJournal::connect(&config(database.url())).await
}

async fn all(journal: &PostgresJournal) -> Vec<OrderSummary> {
    let listed = OrderJournal::list(journal, OrderFilter::default());
    listed.try_collect().await.unwrap()
}

fn named<'a>(orders: &'a [OrderSummary], key: &str) -> &'a OrderSummary {
    let mut orders = orders.iter();
    orders.find(|order| order.key.as_str() == key).unwrap()
}

#[tokio::test]
async fn the_purchase_calls_of_an_earlier_journal_are_filled_in_from_its_events() {
    let Some(database) = earlier() else {
        return;
    };
    let journal = opened(&database).await.unwrap();
    let mut expected = Vec::new();
    for order in all(&journal).await {
        for attempt in journal.load(order.id).await.unwrap().attempt_records() {
            let placed = attempt.placed.map(|placed| placed.to_string());
            expected.push(format!(
                "{} {} {} {} {}",
                order.id,
                attempt.number,
                attempt.state.as_str(),
                attempt.is_unknown,
                placed.unwrap_or_default(),
            ));
        }
    }
    expected.sort_unstable();
    let mut stored: Vec<String> = sqlx::query_scalar(
        "SELECT order_id || ' ' || number || ' ' || state || ' ' || is_unknown || ' ' \
             || coalesce(placed, '') FROM attempts",
    )
    .fetch_all(&mut shell(&database).await)
    .await
    .unwrap();
    stored.sort_unstable();
    assert_eq!(stored, expected);
    assert!(stored.len() > 40, "{}", stored.len());
}

#[tokio::test]
async fn an_esim_that_an_earlier_journal_delivered_three_times_belongs_to_the_first_order() {
    let Some(database) = earlier() else {
        return;
    };
    let journal = opened(&database).await.unwrap();
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
async fn two_codes_of_one_text_in_an_earlier_journal_are_duplicates_and_no_failure() {
    let Some(database) = earlier() else {
        return;
    };
    run(
        &mut shell(&database).await,
        "UPDATE profiles SET stored = (SELECT stored FROM profiles WHERE provider = 'esim-access' LIMIT 1) \
         WHERE provider = 'esim-access'",
    )
    .await;
    let journal = opened(&database).await.unwrap();
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
    let Some(database) = earlier() else {
        return;
    };
    let mut shell = shell(&database).await;
    run(
        &mut shell,
        "UPDATE orders SET lease_owner = 'the old worker', lease_until = now() + interval '30 s' \
         WHERE key = 'roamify-placed'",
    )
    .await;
    let error = opened(&database).await.unwrap_err();
    assert!(matches!(error, JournalError::Unavailable { .. }), "{error}");
    let text = error.to_string();
    for says in ["the old worker", "stop all workers", "nothing was written"] {
        assert!(text.contains(says), "{says}: {text}");
    }
    let version: i32 = sqlx::query_scalar("SELECT max(version) FROM migrations")
        .fetch_one(&mut shell)
        .await
        .unwrap();
    assert_eq!(version, 3);
    run(
        &mut shell,
        "UPDATE orders SET lease_until = now() WHERE lease_owner IS NOT NULL",
    )
    .await;
    let journal = opened(&database).await.unwrap();
    assert!(!all(&journal).await.is_empty());
}

#[tokio::test]
async fn a_process_stops_writing_when_a_later_release_has_taken_the_journal_over() {
    let Some(bench) = Bench::new().await else {
        return;
    };
    let new = bench.opened("of the past").await;
    bench.run("UPDATE journal SET writer = 3").await;
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
    bench.run("UPDATE journal SET writer = 2").await;
    let claims = bench
        .journal
        .claim_for(instance, &account, &owner, sample::MINUTE, one)
        .await;
    assert_eq!(claims.unwrap().len(), 1);
}

#[tokio::test]
async fn two_journals_have_different_digests_and_a_reopened_one_the_same() {
    let (Some(one), Some(other)) = (Bench::new().await, Bench::new().await) else {
        return;
    };
    let token = Secret::new("token-of-the-portal");
    let account = one.journal.account(&token).await.unwrap();
    assert_ne!(other.journal.account(&token).await.unwrap(), account);
    let again = one.open_another().await.unwrap();
    assert_eq!(again.account(&token).await.unwrap(), account);
}
