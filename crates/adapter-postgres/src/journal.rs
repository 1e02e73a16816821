//! The journal itself: connects to the database, and answers the order journal's port.

use std::fmt;
use std::num::NonZeroU16;
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
use roamport_domain::{Account, IdempotencyKey, Order, OrderId, OrderJournal, ProviderName};
use sqlx::postgres::PgConnection;
use sqlx::types::Uuid;

use crate::changes::claims;
use crate::changes::orders::{self, Append};
use crate::connections::Connections;
use crate::error::Failure;
use crate::moment::Read;
use crate::rows::Stored;
use crate::{ClockOffset, PostgresJournalConfig, list, pressure, rows};

/// The order journal, the profile store and the balances that were read, in one schema of a
/// PostgreSQL database.
///
/// Any number of processes on any number of machines may have the same one open. Clones of an `Arc`
/// around it share its connections.
pub struct PostgresJournal {
    pub(crate) connections: Arc<Connections>,
    pub(crate) key: DigestKey,
}

impl fmt::Debug for PostgresJournal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PostgresJournal")
            .field("server", &self.connections.name())
            .finish_non_exhaustive()
    }
}

impl PostgresJournal {
    /// Connects, checks the server, and makes the tables or brings them up to date.
    ///
    /// Moments are the server's and have microseconds: leases, due orders and the time of events go
    /// by its clock, whatever the clocks of the workers say.
    ///
    /// # Errors
    ///
    /// [`JournalError::Unavailable`] where the URL cannot be read, the server cannot be reached, does
    /// not let this user in, is older than PostgreSQL 13, is read-only, does not commit durably or is
    /// not encoded in UTF-8; [`JournalError::Corrupt`] where the schema is another program's, was
    /// written by a later release, or is half made. It is then left as it was.
    pub async fn connect(config: &PostgresJournalConfig) -> Result<Self, JournalError> {
        Self::connect_shifted(config, ClockOffset::default()).await
    }

    /// The same with a clock that a test may move.
    ///
    /// # Errors
    ///
    /// Those of [`PostgresJournal::connect`].
    #[doc(hidden)]
    pub async fn connect_shifted(
        config: &PostgresJournalConfig,
        offset: ClockOffset,
    ) -> Result<Self, JournalError> {
        let connections = Connections::open(config, offset).await?;
        let mut lent = connections.lend().await?;
        let done = connections.timed(digest_key(&mut lent)).await;
        let key = lent.finish(done)?;
        Ok(Self {
            connections: Arc::new(connections),
            key,
        })
    }

    /// Where the journal lies: host, port and database.
    pub fn server(&self) -> &str {
        self.connections.name()
    }

    /// Says farewell to the server. Calls that come later are refused.
    pub async fn close(&self) {
        self.connections.close().await;
    }

    async fn stored(&self, id: OrderId) -> Result<Stored, JournalError> {
        let mut lent = self.connections.lend().await?;
        let done = self.connections.timed(rows::read(&mut lent, id)).await;
        lent.finish(done)
    }
}

async fn find(
    connection: &mut PgConnection,
    key: &IdempotencyKey,
) -> Result<Option<Stored>, Failure> {
    let id: Option<Uuid> = sqlx::query_scalar("SELECT id FROM orders WHERE key = $1")
        .bind(key.as_str())
        .fetch_optional(&mut *connection)
        .await?;
    match id {
        Some(id) => rows::read(connection, OrderId::from_uuid(id))
            .await
            .map(Some),
        None => Ok(None),
    }
}

/// The key that the migration drew.
pub(crate) async fn digest_key(connection: &mut PgConnection) -> Result<DigestKey, Failure> {
    let bytes: Vec<u8> = sqlx::query_scalar("SELECT digest_key FROM journal")
        .fetch_one(connection)
        .await?;
    let bytes = bytes.try_into().map_err(|_| {
        Failure::Refused(JournalError::Corrupt {
            message: "the journal's digest key is damaged; nothing was written: restore a backup"
                .to_owned(),
        })
    })?;
    Ok(DigestKey::new(bytes))
}

async fn now(connection: &mut PgConnection) -> Result<Timestamp, Failure> {
    let Read(now) = sqlx::query_scalar("SELECT roamport_now()")
        .fetch_one(connection)
        .await?;
    Ok(now)
}

#[async_trait]
impl OrderJournal for PostgresJournal {
    async fn open(&self, order: &NewOrder) -> Result<Opened, JournalError> {
        let mut lent = self.connections.lend().await?;
        let done = self.connections.timed(orders::open(&mut lent, order)).await;
        lent.finish(done)
    }

    async fn load(&self, id: OrderId) -> Result<Order, JournalError> {
        Ok(self.stored(id).await?.order)
    }

    async fn find(&self, key: &IdempotencyKey) -> Result<Option<Order>, JournalError> {
        let mut lent = self.connections.lend().await?;
        let done = self.connections.timed(find(&mut lent, key)).await;
        Ok(lent.finish(done)?.map(|stored| stored.order))
    }

    async fn events(&self, id: OrderId) -> Result<Vec<Recorded>, JournalError> {
        Ok(self.stored(id).await?.events)
    }

    fn list(&self, filter: OrderFilter) -> BoxStream<'static, Result<OrderSummary, JournalError>> {
        list::list(Arc::clone(&self.connections), filter)
    }

    async fn append(
        &self,
        change: &OrderChange,
        due: Option<Timestamp>,
    ) -> Result<Timestamp, JournalError> {
        let append = Append { change, due };
        let mut lent = self.connections.lend().await?;
        let done = self.connections.timed(append.run(&mut lent)).await;
        lent.finish(done)
    }

    async fn claim_for(
        &self,
        provider: &ProviderInstance,
        account: &Account,
        owner: &Owner,
        lease: Duration,
        limit: NonZeroU16,
    ) -> Result<Vec<Claim>, JournalError> {
        let mut lent = self.connections.lend().await?;
        let asked = claims::claim_due(&mut lent, (provider, account), owner, lease, limit);
        let done = self.connections.timed(asked).await;
        lent.finish(done)
    }

    async fn wake(&self, id: OrderId) -> Result<(), JournalError> {
        let mut lent = self.connections.lend().await?;
        let done = self.connections.timed(claims::wake(&mut lent, id)).await;
        lent.finish(done)
    }

    async fn claim_order(
        &self,
        id: OrderId,
        owner: &Owner,
        lease: Duration,
    ) -> Result<Option<Claim>, JournalError> {
        let mut lent = self.connections.lend().await?;
        let asked = claims::claim_one(&mut lent, id, owner, lease);
        let done = self.connections.timed(asked).await;
        lent.finish(done)
    }

    async fn renew(&self, claim: &Claim, lease: Duration) -> Result<(), JournalError> {
        let mut lent = self.connections.lend().await?;
        let asked = claims::renew(&mut lent, claim, lease);
        let done = self.connections.timed(asked).await;
        lent.finish(done)
    }

    async fn release(&self, claim: &Claim) -> Result<(), JournalError> {
        let mut lent = self.connections.lend().await?;
        let done = self
            .connections
            .timed(claims::release(&mut lent, claim))
            .await;
        lent.finish(done)
    }

    async fn pressure(&self, provider: &ProviderName) -> Result<Pressure, JournalError> {
        let mut lent = self.connections.lend().await?;
        let done = self
            .connections
            .timed(pressure::read(&mut lent, provider))
            .await;
        lent.finish(done)
    }

    async fn now(&self) -> Result<Timestamp, JournalError> {
        let mut lent = self.connections.lend().await?;
        let done = self.connections.timed(now(&mut lent)).await;
        lent.finish(done)
    }
}

#[cfg(all(test, unix))]
mod tests;
