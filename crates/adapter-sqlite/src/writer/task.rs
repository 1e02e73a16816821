//! The task that writes: batches, transactions, and what becomes of one that came to nothing.

use std::sync::Arc;

use roamport_domain::Clock;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection as _, Row as _};
use tokio::sync::{mpsc, oneshot};

use super::writing::Writing;
use super::{Database, Job, LARGEST_BATCH, Message, Ruin, Verdict};
use crate::error::Trouble;
use crate::migrate::WRITER;

pub(super) struct Task {
    database: Database,
    /// `None` after a failure: the next batch connects anew.
    connection: Option<SqliteConnection>,
    clock: Arc<dyn Clock>,
}

/// A transaction that came to nothing.
struct Stopped {
    trouble: Trouble,
    /// Whether the changes may go through one by one.
    apart: bool,
}

/// What a transaction begins with.
struct Opening {
    total_changes: i64,
    /// The lowest writer number that the journal takes.
    writer: i64,
}

impl Task {
    pub(super) fn new(
        database: Database,
        connection: SqliteConnection,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            database,
            connection: Some(connection),
            clock,
        }
    }

    pub(super) async fn run(mut self, mut inbox: mpsc::Receiver<Message>) {
        let mut messages = Vec::new();
        let mut closing: Vec<oneshot::Sender<()>> = Vec::new();
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
            Err(stopped) if stopped.apart => {
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
            apart: false,
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
        match self.transact(&mut connection, jobs).await {
            Ok(()) => {
                self.connection = Some(connection);
                Ok(())
            }
            Err(ruin) => Err(self.clear_away(connection, ruin, jobs.len()).await),
        }
    }

    async fn transact(
        &mut self,
        connection: &mut SqliteConnection,
        jobs: &mut [Box<dyn Job>],
    ) -> Result<(), Ruin> {
        let opening = begin(connection).await.map_err(Ruin::Database)?;
        if opening.writer > WRITER {
            return Err(Ruin::Superseded(opening.writer));
        }
        let is_alone = jobs.len() == 1;
        let mut writing = Writing::new(connection, opening.total_changes);
        for job in jobs {
            let before = writing.begin_change(self.clock.now());
            if job.run(&mut writing).await? == Verdict::Made {
                continue;
            }
            if is_alone {
                return execute(connection, "ROLLBACK")
                    .await
                    .map_err(Ruin::Database);
            }
            let is_untouched = writing.is_untouched_since(before).await;
            if !is_untouched.map_err(Ruin::Database)? {
                return Err(Ruin::HalfDone(Trouble::refusal(
                    "a change was refused after it had written; nothing was written: try again"
                        .to_owned(),
                )));
            }
        }
        execute(connection, "COMMIT").await.map_err(Ruin::Database)
    }

    /// Sees to it that nothing of a ruined transaction stands.
    async fn clear_away(
        &mut self,
        mut connection: SqliteConnection,
        ruin: Ruin,
        jobs: usize,
    ) -> Stopped {
        let stopped = match ruin {
            Ruin::Superseded(needed) => Stopped {
                trouble: Trouble::superseded(needed, WRITER),
                apart: false,
            },
            Ruin::HalfDone(trouble) => {
                let (path, reason) = (self.database.path.display(), trouble.message());
                tracing::warn!(%path, reason, "a transaction is made again, change by change");
                let stopped = Stopped {
                    trouble,
                    apart: true,
                };
                if execute(&mut connection, "ROLLBACK").await.is_ok() {
                    self.connection = Some(connection);
                    return stopped;
                }
                stopped
            }
            Ruin::Change(error) => Stopped {
                trouble: self.told(error),
                apart: jobs > 1,
            },
            Ruin::Database(error) => Stopped {
                trouble: self.told(error),
                apart: false,
            },
        };
        self.let_go(connection).await;
        stopped
    }

    fn told(&self, error: sqlx::Error) -> Trouble {
        let path = &self.database.path;
        tracing::warn!(path = %path.display(), %error, "a commit failed");
        Trouble::of(path, error)
    }

    /// Closes a connection, which rolls back what it has not committed.
    async fn let_go(&self, connection: SqliteConnection) {
        if let Err(error) = connection.close().await {
            tracing::debug!(path = %self.database.path.display(), %error, "closing the writer failed");
        }
    }
}

/// Begins a transaction that writes, and learns in the same hop what it begins with.
async fn begin(connection: &mut SqliteConnection) -> Result<Opening, sqlx::Error> {
    let rows = sqlx::raw_sql("BEGIN IMMEDIATE; SELECT total_changes(); SELECT writer FROM journal")
        .fetch_all(connection)
        .await?;
    let number = |place: usize| -> Result<i64, sqlx::Error> {
        rows.get(place).ok_or(sqlx::Error::RowNotFound)?.try_get(0)
    };
    Ok(Opening {
        total_changes: number(0)?,
        writer: number(1)?,
    })
}

async fn execute(connection: &mut SqliteConnection, sql: &'static str) -> Result<(), sqlx::Error> {
    sqlx::query(sql).execute(connection).await?;
    Ok(())
}
