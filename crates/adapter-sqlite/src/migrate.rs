//! Brings a file to the tables of this release; never back.

use std::path::Path;

use jiff::Timestamp;
use sqlx::sqlite::SqliteConnection;

use crate::error::{Failure, Trouble};
use crate::{backfill, moment};

/// `Roam` in ASCII: SQLite's header field by which a file says whose it is.
const APPLICATION_ID: i64 = 0x526F_616D;

/// The number with which this release writes. A migration that earlier releases must not write beside
/// raises the number in the table `journal`, which each transaction compares with this one.
pub(crate) const WRITER: i64 = 2;

/// The version of the tables that the data step of accounts and deliveries fills.
const FILLED: usize = 4;

/// Each one is run once, in this order; its place is the version it makes. None is ever edited.
const MIGRATIONS: [&str; 4] = [
    include_str!("../migrations/0001_journal.sql"),
    include_str!("../migrations/0002_balances.sql"),
    include_str!("../migrations/0003_provider_events.sql"),
    include_str!("../migrations/0004_accounts.sql"),
];

/// What a file says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// An empty database.
    Nothing,
    /// A journal with the tables of this version.
    Journal(usize),
}

/// Refuses a file that is no journal, or that a later release wrote. Writes nothing.
pub(crate) async fn check(connection: &mut SqliteConnection, path: &Path) -> Result<(), Failure> {
    look(connection, path).await.map(drop)
}

/// Runs the migrations that are missing, in one transaction. Also tries to write, so that a file that
/// this user may only read is noticed here and not in the middle of an order.
///
/// A journal that somebody works on is not migrated: a worker of an earlier release would go on with
/// tables that it does not know. `now` is the journal's clock.
pub(crate) async fn run(
    connection: &mut SqliteConnection,
    path: &Path,
    now: Timestamp,
) -> Result<(), Failure> {
    execute(connection, "BEGIN IMMEDIATE").await?;
    // Asked again under the lock: another process may have migrated in between.
    let done = match look(connection, path).await? {
        Found::Nothing => 0,
        Found::Journal(version) => version,
    };
    if 0 < done && done < MIGRATIONS.len() {
        refuse_while_leased(connection, path, now).await?;
    }
    for migration in &MIGRATIONS[done..] {
        execute(connection, migration).await?;
    }
    if 0 < done && done < FILLED {
        backfill::run(connection).await?;
    }
    if done < MIGRATIONS.len() {
        // A pragma takes no parameters; both values are constants of ours.
        let version = MIGRATIONS.len();
        let marks =
            format!("PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {version}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(marks))
            .execute(&mut *connection)
            .await?;
    }
    // On a file that can only be read, SQLite begins even an immediate transaction without complaint;
    // the first statement that writes is refused, one that finds nothing to write included.
    execute(connection, "DELETE FROM events WHERE 0").await?;
    execute(connection, "COMMIT").await
}

async fn refuse_while_leased(
    connection: &mut SqliteConnection,
    path: &Path,
    now: Timestamp,
) -> Result<(), Failure> {
    let held: Option<(String, String)> = sqlx::query_as(
        "SELECT lease_owner, lease_until FROM orders WHERE lease_until > ? \
         ORDER BY lease_until DESC LIMIT 1",
    )
    .bind(moment::to_text(now))
    .fetch_optional(connection)
    .await?;
    match held {
        None => Ok(()),
        Some((owner, until)) => Err(Failure::Refused(
            Trouble::refusal(format!(
                "{} is to be brought to the tables of this release, and the worker `{owner}` holds an \
                 order until {until}; nothing was written: stop all workers, then start this release \
                 again (the lease of a worker that crashed runs out by itself)",
                path.display()
            ))
            .into(),
        )),
    }
}

async fn execute(connection: &mut SqliteConnection, sql: &'static str) -> Result<(), Failure> {
    sqlx::raw_sql(sql).execute(connection).await?;
    Ok(())
}

async fn look(connection: &mut SqliteConnection, path: &Path) -> Result<Found, Failure> {
    // One statement, so that all three are of one moment: another process may be migrating.
    let (application, version, tables): (i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT application_id FROM pragma_application_id), \
                (SELECT user_version FROM pragma_user_version), \
                count(*) FROM sqlite_schema",
    )
    .fetch_one(connection)
    .await?;
    let path = path.display();
    if application == 0 && version == 0 && tables == 0 {
        return Ok(Found::Nothing);
    }
    if application != APPLICATION_ID {
        return Err(damage(format!(
            "{path} is the database of another program; nothing was written: name another file for \
             the journal"
        )));
    }
    match usize::try_from(version) {
        Ok(version) if (1..=MIGRATIONS.len()).contains(&version) => Ok(Found::Journal(version)),
        _ => Err(damage(format!(
            "{path} has tables of version {version}, this release knows up to {}; nothing was \
             written: use the release that wrote it, or a later one",
            MIGRATIONS.len()
        ))),
    }
}

fn damage(message: String) -> Failure {
    Failure::Refused(Trouble::damage(message).into())
}
