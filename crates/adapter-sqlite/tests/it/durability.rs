//! What was answered stays, whoever goes away and however much arrives together.

use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::join_all;
use roamport_conformance::journal::{AppendAt as _, change_at, sample};
use roamport_domain::journal::{Delivery, JournalError, OrderFilter, Owner, Version};
use roamport_domain::provider::EsimKey;
use roamport_domain::{Clock as _, OrderJournal, ProfileStore as _};

use crate::support::{Bench, commits, is_on_disk, open, run};

#[tokio::test]
async fn a_reopened_journal_has_everything() {
    let bench = Bench::new().await;
    let now = bench.clock.now();
    let new = bench.opened("kept").await;
    let events = sample::purchase(&new.requested, now, "R-1", "esim-1");
    bench
        .journal
        .append_at(new.id, Version::FIRST, &events, Some(now))
        .await
        .unwrap();
    let profile = sample::profile(sample::PROVIDER, "esim-1", None);
    let kept = bench.journal.keep(&profile).await.unwrap();
    assert_eq!(kept, Delivery::Kept);
    let owner = Owner::new("worker");
    let claim = bench
        .journal
        .claim_order(new.id, &owner, sample::MINUTE)
        .await
        .unwrap()
        .unwrap();
    let order = bench.journal.load(new.id).await.unwrap();
    let recorded = bench.journal.events(new.id).await.unwrap();
    bench.journal.close().await;

    let reopened = open(&bench.path(), &bench.clock).await.unwrap();
    assert_eq!(reopened.load(new.id).await.unwrap(), order);
    assert_eq!(reopened.events(new.id).await.unwrap(), recorded);
    let key = EsimKey::from_id(sample::esim("esim-1"));
    let provider = sample::provider(sample::PROVIDER);
    assert_eq!(
        reopened.find_profile(&provider, &key).await.unwrap(),
        Some(profile)
    );
    assert_eq!(
        reopened
            .claim_order(new.id, &Owner::new("two"), sample::MINUTE)
            .await
            .unwrap(),
        None
    );
    reopened.renew(&claim, sample::MINUTE).await.unwrap();
}

#[tokio::test]
async fn a_journal_that_was_dropped_unclosed_has_everything() {
    let bench = Bench::new().await;
    let new = bench.opened("dropped").await;
    let Bench {
        directory,
        clock,
        journal,
    } = bench;
    drop(journal);
    let reopened = open(&directory.path().join("roamport.db"), &clock)
        .await
        .unwrap();
    assert_eq!(
        reopened.load(new.id).await.unwrap().requested(),
        &new.requested
    );
}

#[tokio::test]
async fn a_closed_journal_writes_what_was_queued_and_then_refuses() {
    let bench = Bench::new().await;
    let new = bench.opened("queued").await;
    let event = [sample::waited(bench.clock.now(), "queued before the end")];
    let change = change_at(&new, Version::FIRST, &event);
    let append = bench.journal.append(&change, None);
    let (appended, ()) = futures::join!(append, bench.journal.close());
    appended.unwrap();
    for error in [
        bench.journal.load(new.id).await.map(drop).unwrap_err(),
        bench
            .journal
            .append_at(new.id, Version::FIRST, &[], None)
            .await
            .map(drop)
            .unwrap_err(),
    ] {
        assert!(matches!(error, JournalError::Unavailable { .. }));
        assert!(error.to_string().contains("it was closed"), "{error}");
    }
    bench.journal.close().await;
}

#[tokio::test]
async fn a_caller_that_goes_away_takes_nothing_back() {
    let bench = Bench::new().await;
    let new = bench.opened("impatient").await;
    let event = [sample::waited(
        bench.clock.now(),
        "written by somebody who left",
    )];
    let change = change_at(&new, Version::FIRST, &event);
    let mut append = bench.journal.append(&change, None);
    // One poll queues it; then the caller is gone.
    assert!((&mut append).now_or_never().is_none());
    drop(append);
    let late = bench
        .journal
        .append_at(new.id, Version::FIRST, &[], None)
        .await
        .unwrap_err();
    assert!(
        matches!(late, JournalError::VersionConflict { .. }),
        "{late}"
    );
    assert_eq!(
        bench.journal.events(new.id).await.unwrap()[1].event,
        event[0]
    );
}

#[tokio::test]
async fn appends_that_arrive_together_share_a_commit() {
    let bench = Bench::new().await;
    let mut orders = Vec::new();
    for number in 0..64 {
        orders.push(bench.opened(&format!("order {number}")).await);
    }
    run(&bench.path(), "PRAGMA wal_checkpoint(TRUNCATE)").await;
    let event = [sample::waited(bench.clock.now(), "all at once")];
    let changes = orders
        .iter()
        .map(|new| change_at(new, Version::FIRST, &event));
    let changes: Vec<_> = changes.collect();
    let appends = changes
        .iter()
        .map(|change| bench.journal.append(change, None));
    for answer in join_all(appends).await {
        answer.unwrap();
    }
    let log = std::fs::read(bench.directory.path().join("roamport.db-wal")).unwrap();
    let commits = commits(&log);
    assert!(
        (1..=4).contains(&commits),
        "64 appends took {commits} commits"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn workers_on_many_threads_lose_nothing() {
    let bench = Arc::new(Bench::new().await);
    let workers = (0..16).map(|worker| {
        let bench = Arc::clone(&bench);
        tokio::spawn(async move {
            let new = bench.opened(&format!("worker {worker}")).await;
            let mut version = Version::FIRST;
            for turn in 0..10 {
                let event = [sample::waited(bench.clock.now(), &format!("turn {turn}"))];
                version = bench
                    .journal
                    .append_at(new.id, version, &event, None)
                    .await
                    .unwrap();
                // Whoever was answered finds it, through any connection.
                assert_eq!(bench.journal.load(new.id).await.unwrap().version(), version);
            }
            version.count()
        })
    });
    for count in join_all(workers).await {
        assert_eq!(count.unwrap(), 11);
    }
    let listed = futures::StreamExt::count(bench.journal.list(OrderFilter::default())).await;
    assert_eq!(listed, 16);
}

#[tokio::test]
async fn a_list_holds_no_connection_between_its_pages() {
    let bench = Bench::new().await;
    for number in 0..3 {
        bench.opened(&format!("order {number}")).await;
    }
    let mut lists: Vec<_> = (0..20)
        .map(|_| bench.journal.list(OrderFilter::default()))
        .collect();
    for list in &mut lists {
        futures::StreamExt::next(list).await.unwrap().unwrap();
    }
    // More lists are half read than there are connections; others still get one.
    assert_eq!(
        futures::StreamExt::count(bench.journal.list(OrderFilter::default())).await,
        3
    );
}

#[tokio::test]
async fn an_erased_activation_code_is_in_none_of_the_files() {
    let bench = Bench::new().await;
    let provider = sample::provider(sample::PROVIDER);
    for number in 0..20 {
        let profile = sample::profile(sample::PROVIDER, &format!("esim-{number}"), None);
        let kept = bench.journal.keep(&profile).await.unwrap();
        assert_eq!(kept, Delivery::Kept);
    }
    assert!(is_on_disk(bench.directory.path(), sample::MATCHING_ID));
    for number in 0..20 {
        let esim = sample::esim(&format!("esim-{number}"));
        bench.journal.erase(&provider, &esim).await.unwrap();
    }
    assert!(!is_on_disk(bench.directory.path(), sample::MATCHING_ID));
}
