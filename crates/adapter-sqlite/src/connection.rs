//! How connections to the file are opened, for writing and for reading.

use std::path::Path;

use jiff::Timestamp;
use roamport_domain::journal::DigestKey;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _};

use crate::SqliteJournalConfig;
use crate::error::{Failure, Trouble, is_busy};
use crate::migrate;

/// How often switching to the write-ahead log is tried while other processes open the same file.
const SWITCHES: u8 = 20;

/// Pages a reader keeps, as SQLite counts kibibytes: 32 MiB. The inner pages of a journal with a million
/// orders fit, so that finding one of them costs hardly more than finding one of ten thousand.
const CACHE: &str = "-32768";

/// The connection that writes.
///
/// What is erased is overwritten (`secure_delete`), since profiles hold activation codes.
pub(crate) fn writer_options(config: &SqliteJournalConfig) -> SqliteConnectOptions {
    options(config).pragma("secure_delete", "ON")
}

/// A connection that reads, and changes nothing (moving the log into the file is no change).
pub(crate) fn reader_options(config: &SqliteJournalConfig) -> SqliteConnectOptions {
    options(config)
        .pragma("query_only", "ON")
        .pragma("cache_size", CACHE)
}

/// `synchronous = FULL` makes every commit reach the disk: with `NORMAL` a power cut may forget a
/// committed intent. `fullfsync` asks the same of macOS, whose plain `fsync` does not.
fn options(config: &SqliteJournalConfig) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(&config.path)
        .create_if_missing(false)
        .foreign_keys(true)
        .busy_timeout(config.busy_time_out)
        .synchronous(SqliteSynchronous::Full)
        .pragma("fullfsync", "ON")
        .pragma("checkpoint_fullfsync", "ON")
        .disable_statement_logging()
}

/// Opens the writing connection for the first time: checks that the file is a journal or empty,
/// then switches it to the write-ahead log and brings its tables up to date.
pub(crate) async fn open(
    options: &SqliteConnectOptions,
    path: &Path,
    now: Timestamp,
) -> Result<(SqliteConnection, DigestKey), Failure> {
    let mut connection = SqliteConnection::connect_with(options).await?;
    migrate::check(&mut connection, path).await?;
    write_ahead(&mut connection, path).await?;
    migrate::run(&mut connection, path, now).await?;
    let key = digest_key(&mut connection).await?;
    Ok((connection, key))
}

/// The key that the migration drew.
pub(crate) async fn digest_key(connection: &mut SqliteConnection) -> Result<DigestKey, Failure> {
    let bytes: Vec<u8> = sqlx::query_scalar("SELECT digest_key FROM journal")
        .fetch_one(connection)
        .await?;
    let bytes = bytes.try_into().map_err(|_| {
        Failure::Refused(
            Trouble::damage(
                "the journal's digest key is damaged; nothing was written: restore a backup"
                    .to_owned(),
            )
            .into(),
        )
    })?;
    Ok(DigestKey::new(bytes))
}

/// Switches the file to the write-ahead log, where it is not.
///
/// The switch needs the file for itself and does not wait for it, so that two processes which make
/// the same journal at once collide here. Whoever loses waits by asking for the write lock, which
/// does wait, and tries again.
async fn write_ahead(connection: &mut SqliteConnection, path: &Path) -> Result<(), Failure> {
    let mut mode = String::new();
    for _ in 0..SWITCHES {
        let answer = sqlx::query_scalar("PRAGMA journal_mode = WAL")
            .fetch_one(&mut *connection)
            .await;
        match answer {
            Ok(answer) => mode = answer,
            Err(error) if is_busy(&error) => {
                sqlx::raw_sql("BEGIN IMMEDIATE; ROLLBACK")
                    .execute(&mut *connection)
                    .await?;
                continue;
            }
            Err(error) => return Err(error.into()),
        }
        if mode.eq_ignore_ascii_case("wal") {
            return Ok(());
        }
        break;
    }
    Err(Failure::Refused(
        Trouble::refusal(format!(
            "{} cannot be written ahead (journal mode {mode:?}); nothing was written: put it on a \
             local disk where this user may write, and see that no other program holds it",
            path.display()
        ))
        .into(),
    ))
}
