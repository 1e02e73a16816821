//! The one task that writes: it gathers what arrives together into one commit.
//!
//! ```text
//! callers ──▶ queue ──▶ BEGIN IMMEDIATE ─▶ SAVEPOINT ─▶ change ─▶ RELEASE ─┐
//!    ▲                                        └──── next one ◀────────────┤
//!    └──────────────── answers, only after ◀── COMMIT (reaches the disk) ◀┘
//! ```
//!
//! While a commit waits for the disk, the next changes queue up and share the one after it. A change
//! that is refused undoes its own savepoint alone. A caller that goes away takes nothing back: what
//! is in the queue is written.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use roamport_domain::Clock;
use roamport_domain::journal::JournalError;
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use tokio::sync::{mpsc, oneshot};

use crate::error::{Failure, Trouble};
use crate::file::FileIdentity;
use crate::readers::closed;

/// How many changes wait at most before callers wait to queue theirs.
const QUEUE: usize = 1024;

/// How many changes share one commit at most.
const LARGEST_BATCH: usize = 256;

/// Something to be written, whole or not at all.
#[async_trait]
pub(crate) trait Change: Send + Sync + 'static {
    /// What the caller is told after the commit.
    type Answer: Send + 'static;

    /// Makes the change at `now` of the journal's clock. May be run again, after everything it did
    /// was rolled back.
    async fn make(
        &self,
        connection: &mut SqliteConnection,
        now: Timestamp,
    ) -> Result<Self::Answer, Failure>;
}

/// Where the writer writes.
pub(crate) struct Database {
    pub(crate) path: PathBuf,
    pub(crate) identity: FileIdentity,
    pub(crate) options: SqliteConnectOptions,
}

/// The way to the task that writes.
pub(crate) struct Writer {
    queue: mpsc::Sender<Message>,
}

impl fmt::Debug for Writer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Writer").finish_non_exhaustive()
    }
}

enum Message {
    Change(Box<dyn Job>),
    Close(oneshot::Sender<()>),
}

impl Writer {
    /// Starts the task on the runtime of the caller.
    pub(crate) fn start(
        database: Database,
        connection: SqliteConnection,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (queue, inbox) = mpsc::channel(QUEUE);
        let task = Task {
            database,
            connection: Some(connection),
            clock,
        };
        tokio::spawn(task.run(inbox));
        Self { queue }
    }

    /// Queues a change, and answers once it is durable or refused.
    pub(crate) async fn make<C: Change>(&self, change: C) -> Result<C::Answer, JournalError> {
        let (caller, answer) = oneshot::channel();
        let job = Box::new(Queued {
            change,
            verdict: None,
            caller,
        });
        self.queue
            .send(Message::Change(job))
            .await
            .map_err(|_| closed())?;
        answer.await.map_err(|_| stopped())?
    }

    /// Writes what is queued, takes no more, and lets go of the file.
    pub(crate) async fn close(&self) {
        let (caller, done) = oneshot::channel();
        if self.queue.send(Message::Close(caller)).await.is_ok() {
            // An error means that the task ended before: closed as well.
            done.await.ok();
        }
    }
}

/// The runtime ended between the queue and the answer.
fn stopped() -> JournalError {
    Trouble::refusal(
        "it was stopped before it answered: open it and read the order again before going on"
            .to_owned(),
    )
    .into()
}

/// What became of a change inside a transaction.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Made,
    Refused,
}

/// A [`Change`] with the caller who waits for it.
#[async_trait]
trait Job: Send {
    /// Makes the change and keeps its answer.
    async fn run(
        &mut self,
        connection: &mut SqliteConnection,
        now: Timestamp,
    ) -> Result<Verdict, sqlx::Error>;

    /// Tells the caller: the commit is on disk.
    fn answer(self: Box<Self>);

    /// Tells the caller: nothing of it stands.
    fn fail(self: Box<Self>, trouble: &Trouble);
}

struct Queued<C: Change> {
    change: C,
    verdict: Option<Result<C::Answer, JournalError>>,
    caller: oneshot::Sender<Result<C::Answer, JournalError>>,
}

#[async_trait]
impl<C: Change> Job for Queued<C> {
    async fn run(
        &mut self,
        connection: &mut SqliteConnection,
        now: Timestamp,
    ) -> Result<Verdict, sqlx::Error> {
        let (verdict, kept) = match self.change.make(connection, now).await {
            Ok(answer) => (Verdict::Made, Ok(answer)),
            Err(Failure::Refused(error)) => (Verdict::Refused, Err(error)),
            Err(Failure::Database(error)) => return Err(error),
        };
        self.verdict = Some(kept);
        Ok(verdict)
    }

    fn answer(self: Box<Self>) {
        if let Some(verdict) = self.verdict {
            // A caller that went away needs no answer.
            self.caller.send(verdict).ok();
        }
    }

    fn fail(self: Box<Self>, trouble: &Trouble) {
        self.caller.send(Err(trouble.clone().into())).ok();
    }
}

struct Task {
    database: Database,
    /// `None` after a failure: the next batch connects anew.
    connection: Option<SqliteConnection>,
    clock: Arc<dyn Clock>,
}

/// Why a whole transaction came to nothing.
struct Stopped {
    trouble: Trouble,
    /// One of several changes met it: the others may go through without that one.
    by_a_change: bool,
}

impl Task {
    async fn run(mut self, mut inbox: mpsc::Receiver<Message>) {
        let mut messages = Vec::new();
        let mut closing = Vec::new();
        while inbox.recv_many(&mut messages, LARGEST_BATCH).await > 0 {
            let mut jobs = Vec::with_capacity(messages.len());
            for message in messages.drain(..) {
                match message {
                    Message::Change(job) => jobs.push(job),
                    Message::Close(caller) => {
                        inbox.close();
                        closing.push(caller);
                    }
                }
            }
            if !jobs.is_empty() {
                self.serve(jobs).await;
            }
        }
        if let Some(connection) = self.connection.take() {
            self.let_go(connection).await;
        }
        for caller in closing {
            caller.send(()).ok();
        }
    }

    /// Writes a batch and answers everybody in it.
    async fn serve(&mut self, mut jobs: Vec<Box<dyn Job>>) {
        match self.commit(&mut jobs).await {
            Ok(()) => jobs.into_iter().for_each(Job::answer),
            Err(stopped) if stopped.by_a_change && jobs.len() > 1 => {
                for mut job in jobs {
                    match self.commit(std::slice::from_mut(&mut job)).await {
                        Ok(()) => job.answer(),
                        Err(stopped) => job.fail(&stopped.trouble),
                    }
                }
            }
            Err(stopped) => jobs.into_iter().for_each(|job| job.fail(&stopped.trouble)),
        }
    }

    /// One transaction: all of the batch that is not refused is on disk, or nothing is.
    async fn commit(&mut self, jobs: &mut [Box<dyn Job>]) -> Result<(), Stopped> {
        let whole = |trouble| Stopped {
            trouble,
            by_a_change: false,
        };
        self.database
            .identity
            .check(&self.database.path)
            .map_err(whole)?;
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => SqliteConnection::connect_with(&self.database.options)
                .await
                .map_err(|error| whole(Trouble::of(&self.database.path, error)))?,
        };
        match transact(&mut connection, jobs, &*self.clock).await {
            Ok(()) => {
                self.connection = Some(connection);
                Ok(())
            }
            Err((error, by_a_change)) => {
                tracing::warn!(path = %self.database.path.display(), %error, "a commit failed");
                self.let_go(connection).await;
                Err(Stopped {
                    trouble: Trouble::of(&self.database.path, error),
                    by_a_change,
                })
            }
        }
    }

    /// Closes a connection, which rolls back what it has not committed.
    async fn let_go(&self, connection: SqliteConnection) {
        if let Err(error) = connection.close().await {
            tracing::debug!(path = %self.database.path.display(), %error, "closing the writer failed");
        }
    }
}

async fn transact(
    connection: &mut SqliteConnection,
    jobs: &mut [Box<dyn Job>],
    clock: &dyn Clock,
) -> Result<(), (sqlx::Error, bool)> {
    let by_itself = |error| (error, false);
    execute(connection, "BEGIN IMMEDIATE")
        .await
        .map_err(by_itself)?;
    for job in jobs {
        run_alone(connection, job, clock.now())
            .await
            .map_err(|error| (error, true))?;
    }
    execute(connection, "COMMIT").await.map_err(by_itself)
}

/// Runs one change so that a refusal undoes it and nothing else.
async fn run_alone(
    connection: &mut SqliteConnection,
    job: &mut Box<dyn Job>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    execute(connection, "SAVEPOINT change").await?;
    if job.run(connection, now).await? == Verdict::Refused {
        execute(connection, "ROLLBACK TO change").await?;
    }
    execute(connection, "RELEASE change").await
}

async fn execute(connection: &mut SqliteConnection, sql: &'static str) -> Result<(), sqlx::Error> {
    sqlx::query(sql).execute(connection).await?;
    Ok(())
}
