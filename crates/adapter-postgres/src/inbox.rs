//! The provider events that were acted upon: remembering, knowing again and forgetting them.

use async_trait::async_trait;
use jiff::Timestamp;
use roamport_domain::journal::JournalError;
use roamport_domain::{EventInbox, ProviderName};
use sqlx::postgres::PgConnection;

use crate::PostgresJournal;
use crate::error::Failure;
use crate::moment::Moment;

async fn is_known(
    connection: &mut PgConnection,
    provider: &ProviderName,
    event: &str,
) -> Result<bool, Failure> {
    let known = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM provider_events WHERE provider = $1 AND event = $2)",
    );
    Ok(known
        .bind(provider.as_str())
        .bind(event)
        .fetch_one(connection)
        .await?)
}

async fn remember(
    connection: &mut PgConnection,
    provider: &ProviderName,
    event: &str,
    at: Timestamp,
) -> Result<bool, Failure> {
    let remembered = sqlx::query(
        "INSERT INTO provider_events (provider, event, at) VALUES ($1, $2, $3) \
         ON CONFLICT (provider, event) DO NOTHING",
    )
    .bind(provider.as_str())
    .bind(event)
    .bind(Moment::of(at))
    .execute(connection)
    .await?;
    Ok(remembered.rows_affected() == 1)
}

async fn forget(
    connection: &mut PgConnection,
    provider: &ProviderName,
    before: Timestamp,
    most: u32,
) -> Result<u64, Failure> {
    let forgotten = sqlx::query(
        "DELETE FROM provider_events WHERE provider = $1 AND (at < $2 OR event IN \
         (SELECT event FROM provider_events WHERE provider = $1 \
          ORDER BY at DESC, event DESC OFFSET $3))",
    )
    .bind(provider.as_str())
    .bind(Moment::of(before))
    .bind(i64::from(most))
    .execute(connection)
    .await?;
    Ok(forgotten.rows_affected())
}

#[async_trait]
impl EventInbox for PostgresJournal {
    async fn is_known(&self, provider: &ProviderName, event: &str) -> Result<bool, JournalError> {
        let mut lent = self.connections.lend().await?;
        let asked = is_known(&mut lent, provider, event);
        let done = self.connections.timed(asked).await;
        lent.finish(done)
    }

    async fn remember(
        &self,
        provider: &ProviderName,
        event: &str,
        at: Timestamp,
    ) -> Result<bool, JournalError> {
        let mut lent = self.connections.lend().await?;
        let asked = remember(&mut lent, provider, event, at);
        let done = self.connections.timed(asked).await;
        lent.finish(done)
    }

    async fn forget(
        &self,
        provider: &ProviderName,
        before: Timestamp,
        most: u32,
    ) -> Result<u64, JournalError> {
        let mut lent = self.connections.lend().await?;
        let asked = forget(&mut lent, provider, before, most);
        let done = self.connections.timed(asked).await;
        lent.finish(done)
    }
}
