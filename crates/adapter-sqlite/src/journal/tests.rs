//! What needs a hand on the connections: a full disk, the settings in force, the plan of a claim.

use std::sync::Arc;

use futures::future::join_all;
use roamport_conformance::journal::{AppendAt as _, MovableClock, change_at, sample};
use roamport_domain::journal::{JournalError, NewOrder, Version};
use roamport_domain::{Clock as _, OrderJournal};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, Row as _, SqliteConnection};
use tempfile::TempDir;

use super::*;

struct Bench {
    directory: TempDir,
    clock: Arc<MovableClock>,
}

impl Bench {
    fn new() -> Self {
        Self {
            directory: TempDir::new().unwrap(),
            clock: Arc::default(),
        }
    }

    fn config(&self) -> SqliteJournalConfig {
        SqliteJournalConfig::new(self.directory.path().join("roamport.db"))
    }

    async fn open(&self, writing: SqliteConnectOptions) -> SqliteJournal {
        let clock = Arc::clone(&self.clock) as _;
        SqliteJournal::open_writing(self.config(), writing, clock)
            .await
            .unwrap()
    }

    /// A journal on a disk that has room for so many pages.
    async fn on_a_disk_of(&self, pages: u32) -> SqliteJournal {
        let config = self.config();
        let writing = connection::writer_options(&config);
        self.open(writing.pragma("max_page_count", pages.to_string()))
            .await
    }

    fn order(&self, key: &str) -> NewOrder {
        sample::order(key, self.clock.now())
    }
}

#[tokio::test]
async fn a_full_disk_refuses_and_loses_nothing() {
    let bench = Bench::new();
    let journal = bench.on_a_disk_of(60).await;
    let new = bench.order("kept");
    OrderJournal::open(&journal, &new).await.unwrap();
    let mut version = Version::FIRST;
    let page = "x".repeat(4000);
    let error = loop {
        let event = [sample::waited(bench.clock.now(), &page)];
        match journal.append_at(new.id, version, &event, None).await {
            Ok(next) => version = next,
            Err(error) => break error,
        }
        assert!(version.count() < 100, "the disk never fills");
    };
    assert!(matches!(error, JournalError::Unavailable { .. }));
    let text = error.to_string();
    assert!(
        text.contains("is full") && text.contains("free some space"),
        "{text}"
    );
    assert_eq!(journal.load(new.id).await.unwrap().version(), version);
    journal.close().await;
    // With room again, the order goes on where it stood.
    let journal = bench.on_a_disk_of(600).await;
    let event = [sample::waited(bench.clock.now(), &page)];
    assert_eq!(
        journal
            .append_at(new.id, version, &event, None)
            .await
            .unwrap(),
        version.next()
    );
}

#[tokio::test]
async fn a_change_that_finds_no_room_takes_no_other_with_it() {
    let bench = Bench::new();
    let journal = bench.on_a_disk_of(60).await;
    let mut orders = Vec::new();
    for number in 0..8 {
        let new = bench.order(&format!("order {number}"));
        OrderJournal::open(&journal, &new).await.unwrap();
        orders.push(new);
    }
    let small = sample::waited(bench.clock.now(), "small");
    let large = sample::waited(bench.clock.now(), &"x".repeat(400_000));
    let changes = orders.iter().enumerate().map(|(number, new)| {
        let event = if number == 3 { &large } else { &small };
        change_at(new, Version::FIRST, std::slice::from_ref(event))
    });
    let changes: Vec<_> = changes.collect();
    let answers = join_all(changes.iter().map(|change| journal.append(change, None))).await;
    for (number, (new, answer)) in orders.iter().zip(answers).enumerate() {
        let events = journal.events(new.id).await.unwrap();
        if number == 3 {
            assert!(answer.unwrap_err().to_string().contains("is full"));
            assert_eq!(events.len(), 1);
        } else {
            answer.unwrap();
            assert_eq!(events[1].event, small);
        }
    }
}

async fn pragma(connection: &mut SqliteConnection, sql: &'static str) -> String {
    let row = sqlx::query(sql).fetch_one(connection).await.unwrap();
    row.try_get::<String, _>(0)
        .or_else(|_| row.try_get::<i64, _>(0).map(|number| number.to_string()))
        .unwrap()
}

#[tokio::test]
async fn both_kinds_of_connection_have_the_settings_that_durability_needs() {
    let bench = Bench::new();
    let config = bench.config();
    let writing = connection::writer_options(&config);
    bench.open(writing.clone()).await.close().await;
    let reading = connection::reader_options(&config);
    for (options, query_only) in [(writing, "0"), (reading, "1")] {
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        for (sql, expected) in [
            ("PRAGMA journal_mode", "wal"),
            ("PRAGMA synchronous", "2"),
            ("PRAGMA foreign_keys", "1"),
            ("PRAGMA busy_timeout", "5000"),
            ("PRAGMA query_only", query_only),
        ] {
            assert_eq!(pragma(&mut connection, sql).await, expected, "{sql}");
        }
    }
    let mut writer = SqliteConnection::connect_with(&connection::writer_options(&config))
        .await
        .unwrap();
    assert_eq!(pragma(&mut writer, "PRAGMA secure_delete").await, "1");
    let loose = "SELECT count(*) FROM pragma_table_list \
                 WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite%' AND strict = 0";
    assert_eq!(pragma(&mut writer, loose).await, "0");
}

#[tokio::test]
async fn a_claim_reads_the_index_of_due_orders_alone() {
    let bench = Bench::new();
    let config = bench.config();
    bench
        .open(connection::writer_options(&config))
        .await
        .close()
        .await;
    let options = connection::reader_options(&config);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let explain = format!("EXPLAIN QUERY PLAN {}", crate::changes::claims::CLAIM_DUE);
    let rows = sqlx::query(sqlx::AssertSqlSafe(explain))
        .bind("worker")
        .bind("later")
        .bind("now")
        .bind(1)
        .fetch_all(&mut connection)
        .await
        .unwrap();
    let plan: Vec<String> = rows
        .iter()
        .map(|row| row.try_get("detail").unwrap())
        .collect();
    assert!(
        plan.iter()
            .any(|step| step.contains("USING INDEX orders_due (")),
        "{plan:?}"
    );
    assert!(
        !plan
            .iter()
            .any(|step| step.contains("SCAN orders") || step.contains("TEMP B-TREE")),
        "{plan:?}"
    );
}
