//! Changes that misbehave, rows that are not as they were, and who shares a batch with them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::{join, join_all, join3, join4};
use roamport_conformance::journal::{MovableClock, change_at, sample};
use roamport_domain::journal::{NewOrder, Version};
use roamport_domain::order::Event;
use roamport_domain::{Clock as _, OrderId, OrderJournal};
use sqlx::AssertSqlSafe;
use tempfile::TempDir;

use super::*;
use crate::SqliteJournal;
use crate::changes::profiles::{Erase, Keep};

struct Bench {
    _directory: TempDir,
    clock: Arc<MovableClock>,
    journal: SqliteJournal,
}

impl Bench {
    async fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let clock = Arc::new(MovableClock::default());
        let path = directory.path().join("roamport.db");
        let journal = SqliteJournal::open(path, Arc::clone(&clock) as _)
            .await
            .unwrap();
        Self {
            _directory: directory,
            clock,
            journal,
        }
    }

    /// An order of two events.
    async fn recorded(&self, key: &str) -> NewOrder {
        let new = sample::order(key, self.clock.now());
        OrderJournal::open(&self.journal, &new).await.unwrap();
        let version = self.append(&new, Version::FIRST, "first").await;
        assert_eq!(version.unwrap().count(), 2);
        new
    }

    fn waited(&self, message: &str) -> Event {
        sample::waited(self.clock.now(), message)
    }

    /// Appends one event.
    async fn append(
        &self,
        new: &NewOrder,
        expected: Version,
        message: &str,
    ) -> Result<Version, JournalError> {
        let change = change_at(new, expected, &[self.waited(message)]);
        self.journal.append(&change, None).await?;
        Ok(change.after().version())
    }

    async fn events(&self, id: OrderId) -> Vec<Event> {
        let events = self.journal.events(id).await.unwrap();
        events.into_iter().map(|recorded| recorded.event).collect()
    }

    /// Runs statements on the writer's own connection, which tells nobody that it wrote.
    async fn tamper(&self, sql: String) {
        self.journal.writer.make(Tamper(sql)).await.unwrap();
    }
}

struct Tamper(String);

#[async_trait]
impl Change for Tamper {
    type Answer = ();

    async fn make(&self, writing: &mut Writing<'_>) -> Result<(), Failure> {
        let sql = AssertSqlSafe(self.0.clone());
        sqlx::raw_sql(sql).execute(writing.connection()).await?;
        Ok(())
    }
}

/// Writes to every order, and is then refused.
struct WritesAndIsRefused {
    tells: bool,
}

#[async_trait]
impl Change for WritesAndIsRefused {
    type Answer = ();

    async fn make(&self, writing: &mut Writing<'_>) -> Result<(), Failure> {
        let written = sqlx::query("UPDATE orders SET key = key || ' of nobody'")
            .execute(writing.connection())
            .await?;
        if self.tells {
            writing.wrote(written.rows_affected());
        }
        Err(JournalError::Duplicate { what: "the whim" }.into())
    }
}

/// Counts how often it was made.
struct Counted(Arc<AtomicUsize>);

#[async_trait]
impl Change for Counted {
    type Answer = ();

    async fn make(&self, _: &mut Writing<'_>) -> Result<(), Failure> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

struct Fails;

#[async_trait]
impl Change for Fails {
    type Answer = ();

    async fn make(&self, _: &mut Writing<'_>) -> Result<(), Failure> {
        Err(sqlx::Error::Protocol("unplugged".to_owned()).into())
    }
}

const TWO: Version = Version::FIRST.next();
const THREE: Version = TWO.next();

fn is_whim(answer: &Result<(), JournalError>) -> bool {
    matches!(answer, Err(JournalError::Duplicate { what: "the whim" }))
}

#[tokio::test]
async fn a_refused_change_that_wrote_is_undone_and_takes_no_other_with_it() {
    for tells in [false, true] {
        let bench = Bench::new().await;
        let (one, two) = (bench.recorded("one").await, bench.recorded("two").await);
        let (before, refused, after) = join3(
            bench.append(&one, TWO, "before it"),
            bench.journal.writer.make(WritesAndIsRefused { tells }),
            bench.append(&two, TWO, "after it"),
        )
        .await;
        assert_eq!((before.unwrap(), after.unwrap()), (THREE, THREE));
        assert!(is_whim(&refused));
        for (new, last) in [(&one, "before it"), (&two, "after it")] {
            let events = bench.events(new.id).await;
            assert_eq!(events[2..], [bench.waited(last)]);
            let found = bench.journal.find(&new.requested.key).await.unwrap();
            assert_eq!(found.unwrap().id(), new.id);
        }
    }
}

#[tokio::test]
async fn a_refused_change_that_wrote_is_undone_when_it_is_alone() {
    let bench = Bench::new().await;
    let new = bench.recorded("alone").await;
    let refused = bench
        .journal
        .writer
        .make(WritesAndIsRefused { tells: true });
    assert!(is_whim(&refused.await));
    assert_eq!(bench.append(&new, TWO, "next").await.unwrap(), THREE);
    let found = bench.journal.find(&new.requested.key).await.unwrap();
    assert_eq!(found.unwrap().version(), THREE);
}

#[tokio::test]
async fn a_change_that_wrote_untold_is_noticed_at_the_next_refusal_and_stands() {
    let bench = Bench::new().await;
    let new = bench.recorded("untold").await;
    let untold = "UPDATE orders SET due_at = NULL".to_owned();
    let (told, refused) = join(
        bench.journal.writer.make(Tamper(untold)),
        bench.append(&new, Version::FIRST, "too late"),
    )
    .await;
    told.unwrap();
    let conflict =
        matches!(refused, Err(JournalError::VersionConflict { actual, .. }) if actual == TWO);
    assert!(conflict);
    let nobody = roamport_domain::journal::Owner::new("worker");
    let (at, one) = (&new.requested.provider, std::num::NonZeroU16::MIN);
    let account = sample::account("any");
    let due = bench
        .journal
        .claim_for(at, &account, &nobody, sample::MINUTE, one);
    assert_eq!(due.await.unwrap(), []);
}

/// Makes a batch of these three and a late append, and tells how often it was made.
async fn times_made(bench: &Bench, one: impl Change, two: impl Change) -> usize {
    let new = bench.recorded("late").await;
    let times = Arc::<AtomicUsize>::default();
    let writer = &bench.journal.writer;
    let (counted, _, _, refused) = join4(
        writer.make(Counted(Arc::clone(&times))),
        writer.make(one),
        writer.make(two),
        bench.append(&new, Version::FIRST, "too late"),
    )
    .await;
    counted.unwrap();
    assert!(matches!(refused, Err(JournalError::VersionConflict { .. })));
    times.load(Ordering::Relaxed)
}

#[tokio::test]
async fn a_batch_is_made_again_only_where_a_row_was_not_told() {
    let bench = Bench::new().await;
    let profile = sample::profile(sample::PROVIDER, "esim-1", None);
    let erase = Erase {
        provider: sample::provider(sample::PROVIDER),
        esim: profile.esim.id().clone(),
    };
    assert_eq!(
        times_made(
            &bench,
            Keep {
                profile,
                code: None
            },
            erase
        )
        .await,
        1
    );
    let bench = Bench::new().await;
    let untold = Tamper("UPDATE orders SET due_at = NULL".to_owned());
    assert_eq!(times_made(&bench, Counted(Arc::default()), untold).await, 2);
}

#[tokio::test]
async fn a_failure_in_the_middle_of_a_batch_forgets_what_the_batch_made() {
    let bench = Bench::new().await;
    let (one, two) = (bench.recorded("one").await, bench.recorded("two").await);
    let messages = ["third", "fourth"];
    let (first, failed, second) = join3(
        join(
            bench.append(&one, TWO, messages[0]),
            bench.append(&one, THREE, messages[1]),
        ),
        bench.journal.writer.make(Fails),
        bench.append(&two, TWO, messages[0]),
    )
    .await;
    assert_eq!((first.0.unwrap(), first.1.unwrap()), (THREE, THREE.next()));
    assert!(matches!(failed, Err(JournalError::Unavailable { .. })));
    assert_eq!(second.unwrap(), THREE);
    assert_eq!(
        bench.events(one.id).await[2..],
        messages.map(|text| bench.waited(text))
    );
    assert_eq!(bench.events(two.id).await[2..], [bench.waited(messages[0])]);
    // And it goes on from there.
    let next = bench.append(&one, THREE.next(), "fifth").await.unwrap();
    assert_eq!(next.count(), 5);
}

#[tokio::test]
async fn two_appends_of_one_batch_to_one_version_meet_each_other() {
    let bench = Bench::new().await;
    let new = bench.recorded("contested").await;
    let appends = ["one", "two", "three"].map(|text| bench.append(&new, TWO, text));
    let answers = join_all(appends).await;
    assert_eq!(*answers[0].as_ref().unwrap(), THREE);
    for late in &answers[1..] {
        assert!(
            matches!(late, Err(JournalError::VersionConflict { actual, .. }) if *actual == THREE),
            "{late:?}"
        );
    }
    assert_eq!(bench.events(new.id).await[2..], [bench.waited("one")]);
}

#[tokio::test]
async fn an_append_reads_no_event() {
    let bench = Bench::new().await;
    let new = bench.recorded("known by heart").await;
    let kept = "CREATE TEMP TABLE aside AS SELECT * FROM events; UPDATE events SET body = ''";
    bench.tamper(kept.to_owned()).await;
    assert!(bench.journal.load(new.id).await.is_err());
    assert_eq!(bench.append(&new, TWO, "by heart").await.unwrap(), THREE);
    let back = "UPDATE events SET body = aside.body FROM aside \
                WHERE events.order_id = aside.order_id AND events.version = aside.version";
    bench.tamper(back.to_owned()).await;
    let expected = [bench.waited("first"), bench.waited("by heart")];
    assert_eq!(bench.events(new.id).await[1..], expected);
}

const OF_AN_EARLIER_VERSION: &str =
    "UPDATE orders SET version = 1; DELETE FROM events WHERE version = 2";

#[tokio::test]
async fn an_append_whose_row_is_of_an_earlier_version_conflicts() {
    let bench = Bench::new().await;
    let new = bench.recorded("restored").await;
    bench.tamper(OF_AN_EARLIER_VERSION.to_owned()).await;
    let error = bench.append(&new, TWO, "next").await.unwrap_err();
    let actual = Version::FIRST;
    assert!(
        matches!(error, JournalError::VersionConflict { actual: found, .. } if found == actual),
        "{error}"
    );
    assert_eq!(bench.events(new.id).await.len(), 1);
    assert_eq!(bench.append(&new, actual, "again").await.unwrap(), TWO);
}

#[tokio::test]
async fn a_refused_append_takes_no_other_change_with_it() {
    let bench = Bench::new().await;
    let new = bench.recorded("restored").await;
    bench.tamper(OF_AN_EARLIER_VERSION.to_owned()).await;
    let fresh = sample::order("fresh", bench.clock.now());
    let (opened, appended, last) = join3(
        OrderJournal::open(&bench.journal, &fresh),
        bench.append(&new, TWO, "beside"),
        bench.append(&fresh, Version::FIRST, "last"),
    )
    .await;
    opened.unwrap();
    assert_eq!(last.unwrap(), TWO);
    assert_eq!(bench.events(fresh.id).await[1..], [bench.waited("last")]);
    assert!(matches!(
        appended,
        Err(JournalError::VersionConflict { .. })
    ));
    assert_eq!(bench.events(new.id).await.len(), 1);
}

#[tokio::test]
async fn an_append_whose_row_does_not_change_writes_nothing() {
    let bench = Bench::new().await;
    let new = bench.recorded("slippery").await;
    let slippery = "CREATE TEMP TRIGGER slippery BEFORE UPDATE ON orders \
                    BEGIN SELECT RAISE(IGNORE); END";
    bench.tamper(slippery.to_owned()).await;
    let error = bench.append(&new, TWO, "lost").await.unwrap_err();
    assert!(matches!(error, JournalError::NotFound(_)), "{error}");
    assert_eq!(bench.events(new.id).await.len(), 2);
    bench.tamper("DROP TRIGGER slippery".to_owned()).await;
    assert_eq!(bench.append(&new, TWO, "kept").await.unwrap(), THREE);
}
