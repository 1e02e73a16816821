//! What a change has at hand inside a transaction, and how it is known whether a refused one wrote.

use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;

/// A transaction that has begun.
#[derive(Debug)]
pub(crate) struct Writing<'transaction> {
    connection: &'transaction mut SqliteConnection,
    /// What SQLite's own count of written rows must be if nobody wrote a row and kept it to themselves.
    counted: i64,
    now: Timestamp,
}

impl<'transaction> Writing<'transaction> {
    /// A transaction that began when this connection had written so many rows in all.
    pub(crate) const fn new(connection: &'transaction mut SqliteConnection, counted: i64) -> Self {
        Self {
            connection,
            counted,
            now: Timestamp::UNIX_EPOCH,
        }
    }

    /// The connection, to read with. Whoever writes with it says so: [`Writing::wrote`].
    pub(crate) const fn connection(&mut self) -> &mut SqliteConnection {
        self.connection
    }

    /// The journal's clock as the change began.
    pub(crate) const fn now(&self) -> Timestamp {
        self.now
    }

    /// Notes that so many rows were written.
    pub(crate) const fn wrote(&mut self, rows: u64) {
        self.counted = self.counted.saturating_add_unsigned(rows);
    }

    /// A change begins at `now`. Gives how many rows were written before it.
    pub(super) const fn begin_change(&mut self, now: Timestamp) -> i64 {
        self.now = now;
        self.counted
    }

    /// Whether nothing was written since a change began, by its own word and by SQLite's count.
    pub(super) async fn is_untouched_since(&mut self, before: i64) -> Result<bool, sqlx::Error> {
        if self.counted != before {
            return Ok(false);
        }
        let row = sqlx::query("SELECT total_changes()")
            .fetch_one(&mut *self.connection)
            .await?;
        let total: i64 = row.try_get(0)?;
        Ok(total == before)
    }
}
