//! The one task that writes: it gathers what arrives together into one commit.
//!
//! ```text
//! callers ──▶ queue ──▶ BEGIN IMMEDIATE ──▶ change ──▶ change ──▶ … ──▶ COMMIT (reaches the disk)
//!    ▲                                                                    │
//!    └──────────────────────── answers, only after ◀──────────────────────┘
//! ```
//!
//! While a commit waits for the disk, the next changes queue up and share the one after it. A caller
//! that goes away takes nothing back: what is in the queue is written.
//!
//! A statement is cheap and the way to SQLite's thread and back is not: on a busy machine each waits for
//! a processor. So a batch of `n` appends takes `n + 2` such hops, one each, and one for either end:
//!
//! - *No savepoints.* A change looks first and writes last, so that a refused one has written nothing and
//!   the others go on. That is not taken on trust: after a refusal the rows SQLite counted are compared
//!   with those the changes said they wrote ([`Writing`]). Where more were written, the whole
//!   transaction is rolled back and made again change by change, where a refusal ends in `ROLLBACK`.
//! - *One text.* Everything that an append writes goes as one [script](crate::script).
//! - *No reading.* Whoever appends brings the order as it was and as it becomes
//!   ([`OrderChange`](roamport_domain::journal::OrderChange)). The row is changed only if it has the version that the
//!   change builds on.

mod task;
#[cfg(test)]
mod tests;
mod writing;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use roamport_domain::Clock;
use roamport_domain::journal::JournalError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use tokio::sync::{mpsc, oneshot};

use self::task::Task;
pub(crate) use self::writing::Writing;
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

    /// Makes the change. May be run again, after everything it did was rolled back.
    ///
    /// A change that is refused ([`Failure::Refused`]) has written nothing: it looks first and writes
    /// last. One that cannot help it is undone all the same, at the price of making the whole batch
    /// again. Each row that is written is told to [`Writing::wrote`].
    async fn make(&self, writing: &mut Writing<'_>) -> Result<Self::Answer, Failure>;
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
        tokio::spawn(Task::new(database, connection, clock).run(inbox));
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

/// Why nothing of a transaction may stand.
enum Ruin {
    /// The database failed, whatever the changes were.
    Database(sqlx::Error),
    /// The database failed under one of the changes.
    Change(sqlx::Error),
    /// A change wrote, and then could not be made.
    HalfDone(Trouble),
    /// A later release has taken the journal over: the lowest writer number that it takes.
    Superseded(i64),
}

/// A [`Change`] with the caller who waits for it.
#[async_trait]
trait Job: Send {
    /// Makes the change and keeps its answer.
    async fn run(&mut self, writing: &mut Writing<'_>) -> Result<Verdict, Ruin>;

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
    async fn run(&mut self, writing: &mut Writing<'_>) -> Result<Verdict, Ruin> {
        let (verdict, kept) = match self.change.make(writing).await {
            Ok(answer) => (Verdict::Made, Ok(answer)),
            Err(Failure::Refused(error)) => (Verdict::Refused, Err(error)),
            Err(Failure::Database(error)) => return Err(Ruin::Change(error)),
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
