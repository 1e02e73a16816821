//! The journal itself: opens the file, and answers the order journal's port.

use std::fmt;
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use jiff::Timestamp;
use roamport_domain::journal::{
    Claim, DigestKey, JournalError, NewOrder, Opened, OrderChange, OrderFilter, OrderSummary,
    Owner, Pressure, Recorded,
};
use roamport_domain::order::ProviderInstance;
use roamport_domain::{Account, Clock, IdempotencyKey, Order, OrderId, OrderJournal, ProviderName};
use sqlx::sqlite::SqliteConnectOptions;

use crate::changes::claims::{ClaimDue, ClaimOne, Release, Renew, Wake};
use crate::changes::orders::{Append, Open};
use crate::error::Failure;
use crate::file::{self, FileIdentity};
use crate::readers::Readers;
use crate::rows::Stored;
use crate::writer::{Database, Writer};
use crate::{SqliteJournalConfig, connection, list, pressure, rows};

/// The order journal, the profile store and the balances that were read, in one SQLite file.
///
/// One task writes, on the runtime on which the journal was opened; several connections read. Any
/// number of processes of one machine may have the same file open. Clones of an `Arc` around it
/// share everything. Dropped, it still writes what is queued, as long as the runtime lives;
/// [`SqliteJournal::close`] waits for that.
pub struct SqliteJournal {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) key: DigestKey,
    pub(crate) writer: Writer,
    pub(crate) readers: Arc<Readers>,
}

impl fmt::Debug for SqliteJournal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SqliteJournal")
            .field("path", &self.path())
            .finish_non_exhaustive()
    }
}

impl SqliteJournal {
    /// Opens the journal at `path`, and makes it where there is none: directories with mode 0700,
    /// the file with mode 0600.
    ///
    /// Leases, due orders and the time of events go by `clock`; processes that share the file should
    /// share the machine's clock. Call it on a Tokio runtime that lives as long as the journal: the
    /// writing task is started there.
    ///
    /// # Errors
    ///
    /// [`JournalError::Unavailable`] where the file cannot be made, opened, written or waited for;
    /// [`JournalError::Corrupt`] where it is no journal or a later release wrote it. It is then left
    /// as it was.
    pub async fn open(
        path: impl Into<PathBuf>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, JournalError> {
        Self::open_with(SqliteJournalConfig::new(path), clock).await
    }

    /// The same with every setting.
    ///
    /// # Errors
    ///
    /// Those of [`SqliteJournal::open`].
    pub async fn open_with(
        config: SqliteJournalConfig,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, JournalError> {
        let writing = connection::writer_options(&config);
        Self::open_writing(config, writing, clock).await
    }

    pub(crate) async fn open_writing(
        config: SqliteJournalConfig,
        writing: SqliteConnectOptions,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, JournalError> {
        file::prepare(&config.path)?;
        let identity = FileIdentity::of(&config.path)?;
        let (connection, key) = connection::open(&writing, &config.path, clock.now())
            .await
            .map_err(|failure| failure.into_error(&config.path))?;
        let reading = connection::reader_options(&config);
        let readers = Readers::new(reading, config.path.clone(), config.readers.get());
        let database = Database {
            path: config.path,
            identity,
            options: writing,
        };
        let writer = Writer::start(database, connection, Arc::clone(&clock));
        Ok(Self {
            clock,
            key,
            writer,
            readers: Arc::new(readers),
        })
    }

    /// Where the journal lies.
    pub fn path(&self) -> &Path {
        self.readers.path()
    }

    /// Writes what is queued and lets go of the file. Calls that come later are refused.
    pub async fn close(&self) {
        self.writer.close().await;
        self.readers.close().await;
    }

    async fn stored(&self, id: OrderId) -> Result<Stored, JournalError> {
        let mut reader = self.readers.lend().await?;
        let stored = rows::read(&mut reader, id).await;
        let stored = stored.map_err(|failure| self.readers.explain(failure))?;
        reader.give_back();
        Ok(stored)
    }

    async fn named(&self, key: &IdempotencyKey) -> Result<Option<OrderId>, JournalError> {
        let mut reader = self.readers.lend().await?;
        let row = sqlx::query("SELECT id FROM orders WHERE key = ?")
            .bind(key.as_str())
            .fetch_optional(&mut *reader)
            .await
            .map_err(Failure::from)
            .and_then(|row| row.as_ref().map(rows::decode_id).transpose());
        let id = row.map_err(|failure| self.readers.explain(failure))?;
        reader.give_back();
        Ok(id)
    }

    async fn count(&self, provider: &ProviderName) -> Result<Pressure, Failure> {
        let mut reader = self.readers.lend().await?;
        let pressure = pressure::read(&mut reader, provider, self.clock.now()).await?;
        reader.give_back();
        Ok(pressure)
    }
}

#[async_trait]
impl OrderJournal for SqliteJournal {
    async fn open(&self, order: &NewOrder) -> Result<Opened, JournalError> {
        self.writer.make(Open(order.clone())).await
    }

    async fn load(&self, id: OrderId) -> Result<Order, JournalError> {
        Ok(self.stored(id).await?.order)
    }

    async fn find(&self, key: &IdempotencyKey) -> Result<Option<Order>, JournalError> {
        match self.named(key).await? {
            Some(id) => self.load(id).await.map(Some),
            None => Ok(None),
        }
    }

    async fn events(&self, id: OrderId) -> Result<Vec<Recorded>, JournalError> {
        Ok(self.stored(id).await?.events)
    }

    fn list(&self, filter: OrderFilter) -> BoxStream<'static, Result<OrderSummary, JournalError>> {
        list::list(Arc::clone(&self.readers), filter)
    }

    async fn append(
        &self,
        change: &OrderChange,
        due: Option<Timestamp>,
    ) -> Result<Timestamp, JournalError> {
        let change = change.clone();
        self.writer.make(Append { change, due }).await
    }

    async fn claim_for(
        &self,
        provider: &ProviderInstance,
        account: &Account,
        owner: &Owner,
        lease: Duration,
        limit: NonZeroU16,
    ) -> Result<Vec<Claim>, JournalError> {
        self.writer
            .make(ClaimDue {
                provider: provider.clone(),
                account: account.clone(),
                owner: owner.clone(),
                lease,
                limit,
            })
            .await
    }

    async fn wake(&self, id: OrderId) -> Result<(), JournalError> {
        self.writer.make(Wake(id)).await
    }

    async fn claim_order(
        &self,
        id: OrderId,
        owner: &Owner,
        lease: Duration,
    ) -> Result<Option<Claim>, JournalError> {
        self.writer
            .make(ClaimOne {
                id,
                owner: owner.clone(),
                lease,
            })
            .await
    }

    async fn renew(&self, claim: &Claim, lease: Duration) -> Result<(), JournalError> {
        self.writer
            .make(Renew {
                claim: claim.clone(),
                lease,
            })
            .await
    }

    async fn release(&self, claim: &Claim) -> Result<(), JournalError> {
        self.writer.make(Release(claim.clone())).await
    }

    async fn pressure(&self, provider: &ProviderName) -> Result<Pressure, JournalError> {
        self.count(provider)
            .await
            .map_err(|failure| self.readers.explain(failure))
    }

    async fn now(&self) -> Result<Timestamp, JournalError> {
        Ok(self.clock.now())
    }
}

#[cfg(test)]
mod tests;
