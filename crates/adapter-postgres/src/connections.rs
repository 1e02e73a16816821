//! The connections of one process: opened when needed, given back, and let go when they broke.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use roamport_domain::journal::JournalError;
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use crate::clock::ClockOffset;
use crate::connection::Server;
use crate::error::{Failure, Trouble, is_broken};
use crate::{PostgresJournalConfig, migrate};

/// A connection that lay idle for longer is asked whether it still stands.
const FRESH: Duration = Duration::from_secs(1);

/// How long bringing the tables up to date may take, waiting for another process included.
const MIGRATION: Duration = Duration::from_mins(2);

/// A bounded number of connections.
///
/// Not `sqlx::Pool`: its time-outs cannot be switched off, and a test that pauses the runtime's clock
/// finds them expired while the server is at work.
pub(crate) struct Connections {
    server: Server,
    offset: ClockOffset,
    connect_within: Option<Duration>,
    answer_within: Option<Duration>,
    permits: Semaphore,
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    connection: PgConnection,
    /// The clock offset that its session has.
    offset: i64,
    since: Instant,
}

impl fmt::Debug for Connections {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Connections")
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

/// A connection that was lent. Dropped without [`Lent::finish`], it is closed: somebody stopped in
/// the middle of a statement.
pub(crate) struct Lent<'a> {
    connections: &'a Connections,
    connection: Option<PgConnection>,
    offset: i64,
    _permit: SemaphorePermit<'a>,
}

impl Connections {
    /// Connects once, checks the server and brings the tables up to date.
    pub(crate) async fn open(
        config: &PostgresJournalConfig,
        offset: ClockOffset,
    ) -> Result<Self, JournalError> {
        let slack = config.answer_within;
        let connections = Self {
            server: Server::of(config)?,
            offset,
            connect_within: slack.map(|_| config.connect_time_out),
            answer_within: slack.map(|slack| config.statement_time_out.saturating_add(slack)),
            permits: Semaphore::new(config.max_connections.get().into()),
            idle: Mutex::default(),
        };
        let mut first = connections.lend().await?;
        let schema = connections.server.schema.as_str();
        let within = slack.map(|_| MIGRATION);
        let migrated = limited(within, migrate::run(&mut first, schema)).await;
        if let Err(failure) = migrated {
            // A transaction may be open: this connection is not given back.
            return Err(connections.explain(failure));
        }
        first.finish(Ok(()))?;
        Ok(connections)
    }

    /// A connection, as soon as one is free.
    pub(crate) async fn lend(&self) -> Result<Lent<'_>, JournalError> {
        let lent = self.timed(self.find()).await;
        lent.map_err(|failure| self.explain(failure))
    }

    async fn find(&self) -> Result<Lent<'_>, Failure> {
        let permit = self.permits.acquire().await.map_err(|_| closed())?;
        let (connection, offset) = match self.stored().await {
            Some(found) => found,
            None => (
                limited(self.connect_within, Box::pin(self.server.connect())).await?,
                0,
            ),
        };
        let mut lent = Lent {
            connections: self,
            connection: Some(connection),
            offset,
            _permit: permit,
        };
        lent.shift().await?;
        Ok(lent)
    }

    /// An idle connection that still stands.
    async fn stored(&self) -> Option<(PgConnection, i64)> {
        loop {
            let mut idle = self.idle().pop()?;
            if idle.since.elapsed() < FRESH || idle.connection.ping().await.is_ok() {
                return Some((idle.connection, idle.offset));
            }
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is asked of the server, or the failure to answer in time.
    pub(crate) async fn timed<T>(
        &self,
        asked: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        limited(self.answer_within, asked).await
    }

    /// The port's error for a failure.
    pub(crate) fn explain(&self, failure: Failure) -> JournalError {
        failure.into_error(&self.server.name)
    }

    /// Host, port, database.
    pub(crate) fn name(&self) -> &str {
        &self.server.name
    }

    /// Lends no more, and closes what lies idle.
    pub(crate) async fn close(&self) {
        self.permits.close();
        let idle = std::mem::take(&mut *self.idle());
        for Idle { connection, .. } in idle {
            let farewell = async { Ok(connection.close().await?) };
            if let Err(failure) = limited(self.connect_within, farewell).await {
                // A server that is gone does not answer a farewell either.
                let error = self.explain(failure);
                tracing::debug!(server = self.name(), %error, "closing a connection failed");
            }
        }
    }
}

async fn limited<T>(
    within: Option<Duration>,
    asked: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    match within {
        Some(within) => tokio::time::timeout(within, asked)
            .await
            .unwrap_or(Err(Failure::Silent(within))),
        None => asked.await,
    }
}

/// The journal was closed before the call.
fn closed() -> JournalError {
    Trouble::refusal("it was closed; nothing was written: open it again".to_owned()).into()
}

impl Lent<'_> {
    /// Gives the session the clock offset of now: never more than a comparison, but in tests.
    async fn shift(&mut self) -> Result<(), Failure> {
        let offset = self.connections.offset.microseconds();
        if offset == self.offset {
            return Ok(());
        }
        sqlx::query("SELECT set_config('roamport.clock_offset', $1, false)")
            .bind(format!("{offset} microseconds"))
            .execute(&mut **self)
            .await?;
        self.offset = offset;
        Ok(())
    }

    /// Gives the connection back where it can be used again, and says how it went.
    ///
    /// One that broke is let go, and so are those that lie idle: what ended one ended them too.
    pub(crate) fn finish<T>(mut self, done: Result<T, Failure>) -> Result<T, JournalError> {
        match &done {
            Err(Failure::Silent(_)) => self.connections.idle().clear(),
            Err(Failure::Database(error)) if is_broken(error) => self.connections.idle().clear(),
            _ => self.give_back(),
        }
        done.map_err(|failure| self.connections.explain(failure))
    }

    fn give_back(&mut self) {
        if let Some(connection) = self.connection.take() {
            let idle = Idle {
                connection,
                offset: self.offset,
                since: Instant::now(),
            };
            if !self.connections.permits.is_closed() {
                self.connections.idle().push(idle);
            }
        }
    }
}

impl Deref for Lent<'_> {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        self.connection
            .as_ref()
            .expect("only `finish` takes it, and consumes what was lent")
    }
}

impl DerefMut for Lent<'_> {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.connection
            .as_mut()
            .expect("only `finish` takes it, and consumes what was lent")
    }
}
