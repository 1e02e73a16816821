//! A journal in a directory of its own, and a look at its file from outside.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use roamport_adapter_sqlite::{SqliteJournal, SqliteJournalConfig};
use roamport_conformance::journal::{Handle, JournalHarness, MovableClock};
use roamport_domain::journal::{JournalError, NewOrder, Opened};
use roamport_domain::{
    AccountStore, BalanceStore, Clock as _, EventInbox, OrderJournal, ProfileStore,
};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection as _};
use tempfile::TempDir;

#[derive(Debug)]
pub(crate) struct Bench {
    pub(crate) directory: TempDir,
    pub(crate) clock: Arc<MovableClock>,
    pub(crate) journal: Arc<SqliteJournal>,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let clock = Arc::new(MovableClock::default());
        let journal = open(&directory.path().join("roamport.db"), &clock)
            .await
            .unwrap();
        Self {
            directory,
            clock,
            journal: Arc::new(journal),
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("roamport.db")
    }

    /// Another handle on the same file, as another process would have it.
    pub(crate) async fn open_another(&self) -> Result<SqliteJournal, JournalError> {
        open(&self.path(), &self.clock).await
    }

    /// Records a plain wish.
    pub(crate) async fn opened(&self, key: &str) -> NewOrder {
        let new = roamport_conformance::journal::sample::order(key, self.clock.now());
        assert_eq!(
            OrderJournal::open(&*self.journal, &new).await.unwrap(),
            Opened::New(new.id)
        );
        new
    }
}

pub(crate) async fn open(
    path: &Path,
    clock: &Arc<MovableClock>,
) -> Result<SqliteJournal, JournalError> {
    SqliteJournal::open(path, Arc::clone(clock) as _).await
}

/// The journal at `path`, which waits for nobody.
pub(crate) async fn open_impatient(
    path: &Path,
    clock: &Arc<MovableClock>,
) -> Result<SqliteJournal, JournalError> {
    let config = SqliteJournalConfig {
        busy_time_out: Duration::from_millis(1),
        ..SqliteJournalConfig::new(path)
    };
    SqliteJournal::open_with(config, Arc::clone(clock) as _).await
}

#[async_trait]
impl JournalHarness for Bench {
    fn journal(&self) -> Arc<dyn OrderJournal> {
        Arc::clone(&self.journal) as _
    }

    fn profiles(&self) -> Arc<dyn ProfileStore> {
        Arc::clone(&self.journal) as _
    }

    fn accounts(&self) -> Option<Arc<dyn AccountStore>> {
        Some(Arc::clone(&self.journal) as _)
    }

    fn balances(&self) -> Option<Arc<dyn BalanceStore>> {
        Some(Arc::clone(&self.journal) as _)
    }

    fn inbox(&self) -> Option<Arc<dyn EventInbox>> {
        Some(Arc::clone(&self.journal) as _)
    }

    async fn pass(&self, time: Duration) {
        self.clock.pass(time);
    }

    async fn another(&self) -> Option<Handle> {
        let other = Arc::new(self.open_another().await.unwrap());
        Some(Handle::whole(other))
    }
}

/// A plain connection to a file, as somebody with a database shell has it.
pub(crate) async fn shell(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true);
    SqliteConnection::connect_with(&options).await.unwrap()
}

/// Runs statements on a file from outside.
pub(crate) async fn run(path: &Path, sql: &str) {
    let mut shell = shell(path).await;
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(&mut shell)
        .await
        .unwrap();
    shell.close().await.unwrap();
}

/// Whether any of the journal's files holds this text.
pub(crate) fn is_on_disk(directory: &Path, text: &str) -> bool {
    std::fs::read_dir(directory).unwrap().any(|entry| {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        bytes
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    })
}

/// The commits in a write-ahead log: frames whose header says how large the database is after them,
/// <https://www.sqlite.org/fileformat2.html#the_write_ahead_log>.
pub(crate) fn commits(log: &[u8]) -> usize {
    let number = |at: usize| u32::from_be_bytes(log[at..at + 4].try_into().unwrap());
    let page_size = usize::try_from(number(8)).unwrap();
    let salts = &log[16..24];
    let frames = log[32..].chunks_exact(24 + page_size);
    frames
        .filter(|frame| frame[8..16] == *salts && frame[4..8] != [0; 4])
        .count()
}
