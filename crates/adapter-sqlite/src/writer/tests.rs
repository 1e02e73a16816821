//! Changes that misbehave, rows that are not as they are remembered, and who shares a batch with them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::{join, join_all, join3, join4};
use roamport_conformance::journal::{MovableClock, sample};
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

    /// An order of two events, which the writer has in mind.
    async fn remembered(&self, key: &str) -> NewOrder {
        let new = sample::order(key, self.clock.now());
        OrderJournal::open(&self.journal, &new).await.unwrap();
        let version = self.append(new.id, Version::FIRST, "first").await;
        assert_eq!(version.unwrap().count(), 2);
        new
    }

    fn waited(&self, message: &str) -> Event {
        sample::waited(self.clock.now(), message)
    }

    /// Appends one event.
    async fn append(
        &self,
        id: OrderId,
        expected: Version,
        message: &str,
    ) -> Result<Version, JournalError> {
        let event = [self.waited(message)];
        self.journal.append(id, expected, &event, None).await
    }

    async fn events(&self, id: OrderId) -> Vec<Event> {
        let events = self.journal.events(id).await.unwrap();
        events.into_iter().map(|recorded| recorded.event).collect()
    }

    /// Runs statements on the writer's own connection, which tells nobody that it wrote: what is in
    /// mind is not forgotten for it.
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
        let (one, two) = (bench.remembered("one").await, bench.remembered("two").await);
        let (before, refused, after) = join3(
            bench.append(one.id, TWO, "before it"),
            bench.journal.writer.make(WritesAndIsRefused { tells }),
            bench.append(two.id, TWO, "after it"),
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
    let new = bench.remembered("alone").await;
    let refused = bench
        .journal
        .writer
        .make(WritesAndIsRefused { tells: true });
    assert!(is_whim(&refused.await));
    assert_eq!(bench.append(new.id, TWO, "next").await.unwrap(), THREE);
    let found = bench.journal.find(&new.requested.key).await.unwrap();
    assert_eq!(found.unwrap().version(), THREE);
}

#[tokio::test]
async fn a_change_that_wrote_untold_is_noticed_at_the_next_refusal_and_stands() {
    let bench = Bench::new().await;
    let new = bench.remembered("untold").await;
    let untold = "UPDATE orders SET due_at = NULL".to_owned();
    let (told, refused) = join(
        bench.journal.writer.make(Tamper(untold)),
        bench.append(new.id, Version::FIRST, "too late"),
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
    let new = bench.remembered("late").await;
    let times = Arc::<AtomicUsize>::default();
    let writer = &bench.journal.writer;
    let (counted, _, _, refused) = join4(
        writer.make(Counted(Arc::clone(&times))),
        writer.make(one),
        writer.make(two),
        bench.append(new.id, Version::FIRST, "too late"),
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
    let (one, two) = (bench.remembered("one").await, bench.remembered("two").await);
    let messages = ["third", "fourth"];
    let (first, failed, second) = join3(
        join(
            bench.append(one.id, TWO, messages[0]),
            bench.append(one.id, THREE, messages[1]),
        ),
        bench.journal.writer.make(Fails),
        bench.append(two.id, TWO, messages[0]),
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
    let next = bench.append(one.id, THREE.next(), "fifth").await.unwrap();
    assert_eq!(next.count(), 5);
}

#[tokio::test]
async fn two_appends_of_one_batch_to_one_version_meet_each_other() {
    let bench = Bench::new().await;
    let new = bench.remembered("contested").await;
    let appends = ["one", "two", "three"].map(|text| bench.append(new.id, TWO, text));
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
async fn an_append_to_a_remembered_order_reads_no_event() {
    let bench = Bench::new().await;
    let new = bench.remembered("known by heart").await;
    let kept = "CREATE TEMP TABLE aside AS SELECT * FROM events; UPDATE events SET body = ''";
    bench.tamper(kept.to_owned()).await;
    assert!(bench.journal.load(new.id).await.is_err());
    assert_eq!(bench.append(new.id, TWO, "by heart").await.unwrap(), THREE);
    let back = "UPDATE events SET body = aside.body FROM aside \
                WHERE events.order_id = aside.order_id AND events.version = aside.version";
    bench.tamper(back.to_owned()).await;
    let expected = [bench.waited("first"), bench.waited("by heart")];
    assert_eq!(bench.events(new.id).await[1..], expected);
}

const OF_ANOTHER_TIME: &str = "UPDATE orders SET updated_at = '2020-01-01T00:00:00.000000000Z'";
const OF_AN_EARLIER_VERSION: &str =
    "UPDATE orders SET version = 1; DELETE FROM events WHERE version = 2";

#[tokio::test]
async fn an_append_whose_row_is_of_another_time_builds_on_what_is_there() {
    let bench = Bench::new().await;
    let new = bench.remembered("restored").await;
    let other = bench.waited("another").to_stored();
    let event = format!("UPDATE events SET body = '{other}' WHERE version = 2");
    bench.tamper(format!("{OF_ANOTHER_TIME}; {event}")).await;
    assert_eq!(bench.append(new.id, TWO, "next").await.unwrap(), THREE);
    let expected = [bench.waited("another"), bench.waited("next")];
    assert_eq!(bench.events(new.id).await[1..], expected);
    // What is in mind now is what is there.
    let version = bench.append(new.id, THREE, "last").await;
    assert_eq!(version.unwrap(), THREE.next());
}

#[tokio::test]
async fn an_append_whose_row_is_of_an_earlier_version_conflicts() {
    let bench = Bench::new().await;
    let new = bench.remembered("restored").await;
    bench.tamper(OF_AN_EARLIER_VERSION.to_owned()).await;
    let error = bench.append(new.id, TWO, "next").await.unwrap_err();
    let actual = Version::FIRST;
    assert!(
        matches!(error, JournalError::VersionConflict { actual: found, .. } if found == actual),
        "{error}"
    );
    assert_eq!(bench.events(new.id).await.len(), 1);
    assert_eq!(bench.append(new.id, actual, "again").await.unwrap(), TWO);
}

#[tokio::test]
async fn a_row_that_is_not_as_remembered_takes_no_other_change_with_it() {
    for (sql, goes_on) in [(OF_ANOTHER_TIME, true), (OF_AN_EARLIER_VERSION, false)] {
        let bench = Bench::new().await;
        let new = bench.remembered("restored").await;
        bench.tamper(sql.to_owned()).await;
        let fresh = sample::order("fresh", bench.clock.now());
        let (opened, appended, last) = join3(
            OrderJournal::open(&bench.journal, &fresh),
            bench.append(new.id, TWO, "beside"),
            bench.append(fresh.id, Version::FIRST, "last"),
        )
        .await;
        opened.unwrap();
        assert_eq!(last.unwrap(), TWO);
        assert_eq!(bench.events(fresh.id).await[1..], [bench.waited("last")]);
        assert_eq!(appended.is_ok(), goes_on);
        let count = if goes_on { 3 } else { 1 };
        assert_eq!(bench.events(new.id).await.len(), count);
    }
}

#[tokio::test]
async fn a_row_that_never_is_as_it_was_read_is_not_written() {
    let bench = Bench::new().await;
    let new = bench.remembered("slippery").await;
    let slippery = "CREATE TEMP TRIGGER slippery BEFORE UPDATE ON orders \
                    BEGIN SELECT RAISE(IGNORE); END";
    bench.tamper(slippery.to_owned()).await;
    let error = bench.append(new.id, TWO, "lost").await.unwrap_err();
    assert!(matches!(error, JournalError::Unavailable { .. }));
    let text = error.to_string();
    assert!(text.contains(&new.id.to_string()), "{text}");
    assert!(text.contains("nothing was written"), "{text}");
    assert_eq!(bench.events(new.id).await.len(), 2);
    bench.tamper("DROP TRIGGER slippery".to_owned()).await;
    assert_eq!(bench.append(new.id, TWO, "kept").await.unwrap(), THREE);
}
