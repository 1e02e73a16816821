//! The server goes away in the middle, hangs, and comes back.

use std::time::Duration;

use futures::FutureExt as _;
use roamport_adapter_postgres::{PostgresJournal, PostgresJournalConfig};
use roamport_conformance::journal::{AppendAt as _, sample};
use roamport_domain::OrderJournal;
use roamport_domain::journal::{JournalError, OrderFilter, Owner, Version};

use crate::support::{Bench, run};
use crate::test_cluster::TestCluster;

#[tokio::test]
async fn a_server_that_crashes_refuses_cleanly_and_works_again_with_everything() {
    let Some(mut cluster) = TestCluster::own() else {
        return;
    };
    let bench = Bench::on(cluster.database()).await;
    let new = bench.opened("kept").await;
    let event = |text: &str| [sample::waited(new.requested.at, text)];
    let version = bench
        .journal
        .append_at(new.id, Version::FIRST, &event("before"), None)
        .await
        .unwrap();
    for round in 0..2 {
        cluster.kill();
        let owner = Owner::new("worker");
        for error in [
            bench
                .journal
                .append_at(new.id, version, &event("meanwhile"), None)
                .await
                .map(drop)
                .unwrap_err(),
            bench.journal.load(new.id).await.map(drop).unwrap_err(),
            bench
                .journal
                .claim_order(new.id, &owner, sample::MINUTE)
                .await
                .map(drop)
                .unwrap_err(),
            bench.journal.now().await.map(drop).unwrap_err(),
            PostgresJournal::connect(&bench.config())
                .await
                .map(drop)
                .unwrap_err(),
        ] {
            assert!(matches!(error, JournalError::Unavailable { .. }), "{error}");
            assert!(std::error::Error::source(&error).is_some(), "{error}");
        }
        let mut list = bench.journal.list(OrderFilter::default());
        let error = futures::StreamExt::next(&mut list).await.unwrap();
        assert!(matches!(error, Err(JournalError::Unavailable { .. })));
        cluster.start();
        assert_eq!(
            bench.journal.load(new.id).await.unwrap().version(),
            version,
            "in round {round}"
        );
    }
    let next = bench
        .journal
        .append_at(new.id, version, &event("after"), None)
        .await
        .unwrap();
    assert_eq!(next, version.next());
    let recorded = bench.journal.events(new.id).await.unwrap();
    assert_eq!(recorded[1].event, event("before")[0]);
    assert_eq!(recorded[2].event, event("after")[0]);
}

/// Holds the row of every order until the shell ends its transaction.
async fn held(bench: &Bench) -> sqlx::PgConnection {
    let mut shell = bench.shell().await;
    run(&mut shell, "BEGIN; SELECT id FROM orders FOR UPDATE").await;
    shell
}

#[tokio::test]
async fn a_connection_that_breaks_in_the_middle_of_an_append_says_so() {
    let Some(bench) = Bench::new().await else {
        return;
    };
    let new = bench.opened("cut off").await;
    let mut holder = held(&bench).await;
    let event = [sample::waited(new.requested.at, "cut off")];
    let append = bench
        .journal
        .append_at(new.id, Version::FIRST, &event, None);
    let cut = async {
        let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
                       AND datname = current_database()";
        let mut shell = bench.shell().await;
        while sqlx::query_scalar::<_, i64>(waiting)
            .fetch_one(&mut shell)
            .await
            .unwrap()
            == 0
        {
            tokio::task::yield_now().await;
        }
        run(
            &mut shell,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE wait_event_type = 'Lock' AND datname = current_database()",
        )
        .await;
    };
    let (answer, ()) = futures::join!(append, cut);
    let error = answer.unwrap_err();
    assert!(matches!(error, JournalError::Unavailable { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("read the order again"), "{text}");
    assert!(!text.contains("nothing was written"), "{text}");
    run(&mut holder, "ROLLBACK").await;
    assert_eq!(
        bench.journal.load(new.id).await.unwrap().version(),
        Version::FIRST
    );
    bench
        .journal
        .append_at(new.id, Version::FIRST, &event, None)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_row_that_somebody_holds_is_said_to_be_and_nothing_is_written() {
    let Some(bench) = Bench::new().await else {
        return;
    };
    let new = bench.opened("held up").await;
    let config = PostgresJournalConfig {
        statement_time_out: Duration::from_millis(50),
        ..bench.config()
    };
    let impatient = PostgresJournal::connect(&config).await.unwrap();
    let mut holder = held(&bench).await;
    let event = [sample::waited(new.requested.at, "again")];
    let error = impatient
        .append_at(new.id, Version::FIRST, &event, None)
        .await
        .unwrap_err();
    assert!(matches!(error, JournalError::Unavailable { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("took too long") && text.contains("nothing was written"),
        "{text}"
    );
    // Reading goes on meanwhile, and claiming passes the row by.
    assert_eq!(
        impatient.load(new.id).await.unwrap().version(),
        Version::FIRST
    );
    let one = std::num::NonZeroU16::MIN;
    let claims = impatient
        .claim_for(
            &new.requested.provider,
            &sample::account("any"),
            &Owner::new("worker"),
            sample::MINUTE,
            one,
        )
        .await;
    assert_eq!(claims.unwrap(), []);
    run(&mut holder, "ROLLBACK").await;
    impatient
        .append_at(new.id, Version::FIRST, &event, None)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_caller_that_goes_away_breaks_nothing() {
    let Some(bench) = Bench::new().await else {
        return;
    };
    let new = bench.opened("impatient").await;
    let event = [sample::waited(new.requested.at, "by somebody who left")];
    for polls in 0..20 {
        let mut append = bench
            .journal
            .append_at(new.id, Version::FIRST, &event, None);
        for _ in 0..polls {
            if (&mut append).now_or_never().is_some() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(append);
        // Whatever came of it: it is whole, and the journal goes on.
        let order = bench.journal.load(new.id).await.unwrap();
        assert!((1..=2).contains(&order.version().count()));
    }
}

#[tokio::test]
async fn a_closed_journal_refuses() {
    let Some(bench) = Bench::new().await else {
        return;
    };
    let new = bench.opened("closed").await;
    bench.journal.close().await;
    let error = bench.journal.load(new.id).await.unwrap_err();
    assert!(matches!(error, JournalError::Unavailable { .. }));
    assert!(error.to_string().contains("it was closed"), "{error}");
    bench.journal.close().await;
    let again = bench.open_another().await.unwrap();
    assert_eq!(again.load(new.id).await.unwrap().id(), new.id);
}
