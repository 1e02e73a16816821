//! How the file is made, opened and refused.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use roamport_adapter_sqlite::SqliteJournal;
use roamport_conformance::journal::{AppendAt as _, MovableClock, change_at, sample};
use roamport_domain::journal::{BalanceReading, Delivery, JournalError, Version};
use roamport_domain::{
    BalanceStore as _, Clock as _, Currency, EventInbox as _, Money, OrderJournal,
};
use tempfile::TempDir;

use crate::support::{Bench, open, open_impatient, run, shell};

/// Opens what cannot be a journal, and checks that it is left as it was.
async fn check_refused(path: &Path, says: &[&str]) -> JournalError {
    let before = std::fs::read(path).unwrap();
    let error = open(path, &Arc::new(MovableClock::default()))
        .await
        .unwrap_err();
    let text = error.to_string();
    for words in says {
        assert!(text.contains(words), "{text}");
    }
    assert!(text.contains(&path.display().to_string()), "{text}");
    assert_eq!(std::fs::read(path).unwrap(), before, "the file was changed");
    error
}

#[cfg(unix)]
#[tokio::test]
async fn files_and_directories_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let directory = TempDir::new().unwrap();
    let path = directory
        .path()
        .join("deep")
        .join("deeper")
        .join("roamport.db");
    let journal = open(&path, &Arc::new(MovableClock::default()))
        .await
        .unwrap();
    let new = sample::order("private", jiff::Timestamp::UNIX_EPOCH);
    OrderJournal::open(&journal, &new).await.unwrap();
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    assert_eq!(mode(path.parent().unwrap().parent().unwrap()), 0o700);
    for name in ["roamport.db", "roamport.db-wal", "roamport.db-shm"] {
        assert_eq!(mode(&path.with_file_name(name)), 0o600, "{name}");
    }
    journal.close().await;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    open(&path, &Arc::new(MovableClock::default()))
        .await
        .unwrap();
    assert_eq!(mode(&path), 0o600);
}

#[tokio::test]
async fn an_empty_file_becomes_a_journal() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("with blank & ümlaut?.db");
    std::fs::write(&path, "").unwrap();
    let journal = open(&path, &Arc::new(MovableClock::default()))
        .await
        .unwrap();
    assert_eq!(journal.path(), path);
    let new = sample::order("first", jiff::Timestamp::UNIX_EPOCH);
    OrderJournal::open(&journal, &new).await.unwrap();
    assert_eq!(
        journal.load(new.id).await.unwrap().version(),
        Version::FIRST
    );
    assert!(std::fs::metadata(&path).unwrap().len() > 0);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("notes.txt");
    std::fs::write(
        &path,
        "not a database, but long enough to be looked at\n".repeat(200),
    )
    .unwrap();
    let error = check_refused(&path, &["no SQLite database", "move it away"]).await;
    assert!(matches!(error, JournalError::Corrupt { .. }));
}

#[tokio::test]
async fn the_database_of_another_program_is_refused() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("bookmarks.db");
    run(&path, "CREATE TABLE bookmarks (url TEXT)").await;
    let error = check_refused(&path, &["another program", "name another file"]).await;
    assert!(matches!(error, JournalError::Corrupt { .. }));
}

#[tokio::test]
async fn the_journal_of_a_later_release_is_refused() {
    let bench = Bench::new().await;
    bench.opened("of the future").await;
    bench.journal.close().await;
    run(&bench.path(), "PRAGMA user_version = 99").await;
    let says = ["version 99", "use the release that wrote it"];
    let error = check_refused(&bench.path(), &says).await;
    assert!(matches!(error, JournalError::Corrupt { .. }));
}

#[tokio::test]
async fn the_journal_of_an_earlier_release_keeps_its_orders_and_gains_the_later_tables() {
    let bench = Bench::new().await;
    let new = bench.opened("of the past").await;
    bench.journal.close().await;
    // As the first release left it: without the tables of later ones.
    run(
        &bench.path(),
        "DROP TABLE balances; DROP TABLE provider_events; DROP TABLE journal; DROP TABLE refunds; \
         DROP TABLE account_confirmations; DROP TABLE account_witnesses; DROP TABLE account_holds; \
         DROP TABLE account_probes; DROP TABLE deliveries; DROP TABLE delivered_codes; \
         ALTER TABLE orders DROP COLUMN account; ALTER TABLE profiles DROP COLUMN base_url; \
         ALTER TABLE profiles DROP COLUMN epoch; PRAGMA user_version = 1",
    )
    .await;
    let journal = bench.open_another().await.unwrap();
    assert_eq!(journal.load(new.id).await.unwrap().id(), new.id);
    let provider = new.requested.provider;
    let reading = BalanceReading {
        provider: provider.clone(),
        at: bench.clock.now(),
        balance: Money::zero(Currency::USD),
        newest_order_at: None,
        newest_orders: Vec::new(),
        comparable: true,
    };
    journal.keep_balance(&reading).await.unwrap();
    let kept = journal.balances(&provider, Timestamp::MIN).await.unwrap();
    assert_eq!(kept, [reading]);
    let new = journal
        .remember(&provider.name, "evt_1", Timestamp::MIN)
        .await
        .unwrap();
    assert!(new);
}

#[tokio::test]
async fn a_directory_is_no_journal() {
    let directory = TempDir::new().unwrap();
    let error = open(directory.path(), &Arc::new(MovableClock::default()))
        .await
        .unwrap_err();
    assert!(matches!(error, JournalError::Unavailable { .. }));
    assert!(error.to_string().contains("cannot be opened"), "{error}");
}

#[tokio::test]
async fn a_directory_that_cannot_be_made_says_so() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("a file");
    std::fs::write(&file, "").unwrap();
    let path = file.join("roamport.db");
    let error = open(&path, &Arc::new(MovableClock::default()))
        .await
        .unwrap_err();
    assert!(matches!(error, JournalError::Unavailable { .. }));
    let text = error.to_string();
    assert!(
        text.contains("making") && text.contains("name another place"),
        "{text}"
    );
}

#[cfg(unix)]
#[tokio::test]
async fn a_read_only_file_is_refused_before_anything_is_bought() {
    use std::os::unix::fs::PermissionsExt as _;

    let bench = Bench::new().await;
    bench.journal.close().await;
    std::fs::set_permissions(bench.path(), std::fs::Permissions::from_mode(0o400)).unwrap();
    if std::fs::OpenOptions::new()
        .write(true)
        .open(bench.path())
        .is_ok()
    {
        println!("skipped: this user may write read-only files");
        return;
    }
    let error = check_refused(&bench.path(), &["read-only", "writable"]).await;
    assert!(matches!(error, JournalError::Unavailable { .. }));
}

#[tokio::test]
async fn a_file_that_somebody_else_holds_is_said_to_be_and_works_again_later() {
    let bench = Bench::new().await;
    let new = bench.opened("held up").await;
    let impatient = open_impatient(&bench.path(), &bench.clock).await.unwrap();
    let mut holder = shell(&bench.path()).await;
    sqlx::raw_sql("BEGIN IMMEDIATE")
        .execute(&mut holder)
        .await
        .unwrap();
    let event = [sample::waited(jiff::Timestamp::UNIX_EPOCH, "again")];
    let error = impatient
        .append_at(new.id, Version::FIRST, &event, None)
        .await
        .unwrap_err();
    assert!(matches!(error, JournalError::Unavailable { .. }));
    assert!(
        error.to_string().contains("another process keeps"),
        "{error}"
    );
    assert!(std::error::Error::source(&error).is_some());
    // Reading goes on meanwhile, and opening says the same.
    assert_eq!(
        impatient.load(new.id).await.unwrap().version(),
        Version::FIRST
    );
    let error = open_impatient(&bench.path(), &bench.clock)
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("another process keeps"),
        "{error}"
    );
    sqlx::raw_sql("ROLLBACK")
        .execute(&mut holder)
        .await
        .unwrap();
    impatient
        .append_at(new.id, Version::FIRST, &event, None)
        .await
        .unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_was_taken_away_takes_no_more_intents() {
    let bench = Bench::new().await;
    let new = bench.opened("taken away").await;
    let aside = bench.directory.path().join("aside.db");
    std::fs::rename(bench.path(), &aside).unwrap();
    for replacement in [None, Some("")] {
        if let Some(content) = replacement {
            std::fs::write(bench.path(), content).unwrap();
        }
        let change = change_at(&new, Version::FIRST, &[]);
        let error = bench.journal.append(&change, None).await.unwrap_err();
        assert!(matches!(error, JournalError::Unavailable { .. }));
        assert!(
            error.to_string().contains("moved, deleted or replaced"),
            "{error}"
        );
    }
    std::fs::rename(&aside, bench.path()).unwrap();
    bench
        .journal
        .append_at(new.id, Version::FIRST, &[], None)
        .await
        .unwrap();
}

#[tokio::test]
async fn two_that_make_one_journal_at_once_both_open_it() {
    for _ in 0..5 {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("roamport.db");
        let clock = Arc::new(MovableClock::default());
        let opening = (0..4).map(|_| open(&path, &clock));
        let journals: Vec<SqliteJournal> = futures::future::join_all(opening)
            .await
            .into_iter()
            .map(Result::unwrap)
            .collect();
        for (number, journal) in journals.iter().enumerate() {
            let new = sample::order(&format!("order {number}"), jiff::Timestamp::UNIX_EPOCH);
            OrderJournal::open(journal, &new).await.unwrap();
        }
    }
}

#[tokio::test]
async fn an_orders_id_belongs_to_one_order() {
    let bench = Bench::new().await;
    let first = bench.opened("first").await;
    let mut second = sample::order("second", jiff::Timestamp::UNIX_EPOCH);
    second.id = first.id;
    let error = OrderJournal::open(&*bench.journal, &second)
        .await
        .unwrap_err();
    assert!(matches!(error, JournalError::Duplicate { .. }), "{error}");
    assert_eq!(
        bench.journal.load(first.id).await.unwrap().requested(),
        &first.requested
    );
}

#[tokio::test]
async fn debug_of_a_journal_shows_where_it_lies_and_no_secret() {
    use roamport_domain::ProfileStore as _;

    let bench = Bench::new().await;
    let profile = sample::profile(sample::PROVIDER, "esim-1", None);
    let kept = bench.journal.keep(&profile).await.unwrap();
    assert_eq!(kept, Delivery::Kept);
    let shown = format!("{:?}", bench.journal);
    assert!(
        shown.contains("roamport.db") && !shown.contains(sample::MATCHING_ID),
        "{shown}"
    );
}
