//! The connections that read. They see every commit that was answered, and never wait for one.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use roamport_domain::journal::JournalError;
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::error::{Failure, Trouble};

/// A bounded number of reading connections, opened when they are first needed.
///
/// Not `sqlx::Pool`: its time-outs run on the runtime's clock, which a test pauses and then finds
/// expired while SQLite's own thread is at work.
pub(crate) struct Readers {
    options: SqliteConnectOptions,
    path: PathBuf,
    permits: Semaphore,
    idle: Mutex<Vec<SqliteConnection>>,
}

impl fmt::Debug for Readers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Readers")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// A connection that was lent. Dropped, it is closed: somebody stopped in the middle of a statement.
pub(crate) struct Reader<'a> {
    readers: &'a Readers,
    connection: Option<SqliteConnection>,
    _permit: SemaphorePermit<'a>,
}

impl Readers {
    pub(crate) fn new(options: SqliteConnectOptions, path: PathBuf, count: u16) -> Self {
        Self {
            options,
            path,
            permits: Semaphore::new(count.into()),
            idle: Mutex::default(),
        }
    }

    /// A connection, as soon as one is free.
    pub(crate) async fn lend(&self) -> Result<Reader<'_>, JournalError> {
        let permit = self.permits.acquire().await.map_err(|_| closed())?;
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let connection = match idle {
            Some(connection) => connection,
            None => SqliteConnection::connect_with(&self.options)
                .await
                .map_err(|error| self.explain(error.into()))?,
        };
        Ok(Reader {
            readers: self,
            connection: Some(connection),
            _permit: permit,
        })
    }

    /// The port's error for a failed read.
    pub(crate) fn explain(&self, failure: Failure) -> JournalError {
        failure.into_error(&self.path)
    }

    /// Lends no more, and closes what lies idle.
    pub(crate) async fn close(&self) {
        self.permits.close();
        let idle = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        for connection in idle {
            if let Err(error) = connection.close().await {
                tracing::debug!(path = %self.path.display(), %error, "closing a reader failed");
            }
        }
    }

    /// Where the journal lies.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// The journal was closed before the call.
pub(crate) fn closed() -> JournalError {
    Trouble::refusal("it was closed; nothing was written: open it again".to_owned()).into()
}

impl Reader<'_> {
    /// Gives the connection back where the read went well, and answers in the port's words.
    pub(crate) fn finish<T>(self, read: Result<T, Failure>) -> Result<T, JournalError> {
        let readers = self.readers;
        if read.is_ok() {
            self.give_back();
        }
        read.map_err(|failure| readers.explain(failure))
    }

    /// Gives the connection back, all its statements done.
    pub(crate) fn give_back(mut self) {
        if let Some(connection) = self.connection.take() {
            self.readers
                .idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(connection);
        }
    }
}

impl Deref for Reader<'_> {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        self.connection
            .as_ref()
            .expect("only `give_back` takes it, and consumes the reader")
    }
}

impl DerefMut for Reader<'_> {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        self.connection
            .as_mut()
            .expect("only `give_back` takes it, and consumes the reader")
    }
}
