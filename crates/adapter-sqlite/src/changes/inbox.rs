//! Remembering and forgetting provider events that were acted upon.

use async_trait::async_trait;
use jiff::Timestamp;
use roamport_domain::ProviderName;

use crate::error::Failure;
use crate::moment;
use crate::writer::{Change, Writing};

/// Remembers an event; says whether it was new.
pub(crate) struct Remember {
    pub(crate) provider: ProviderName,
    pub(crate) event: String,
    pub(crate) at: Timestamp,
}

#[async_trait]
impl Change for Remember {
    type Answer = bool;

    async fn make(&self, writing: &mut Writing<'_>) -> Result<bool, Failure> {
        let remembered = sqlx::query(
            "INSERT INTO provider_events (provider, event, at) VALUES (?, ?, ?) \
             ON CONFLICT (provider, event) DO NOTHING",
        )
        .bind(self.provider.as_str())
        .bind(self.event.as_str())
        .bind(moment::to_text(self.at))
        .execute(writing.connection())
        .await?;
        writing.wrote(remembered.rows_affected());
        Ok(remembered.rows_affected() == 1)
    }
}

/// Forgets events by age and number; says how many.
pub(crate) struct Forget {
    pub(crate) provider: ProviderName,
    pub(crate) before: Timestamp,
    pub(crate) most: u32,
}

#[async_trait]
impl Change for Forget {
    type Answer = u64;

    async fn make(&self, writing: &mut Writing<'_>) -> Result<u64, Failure> {
        let forgotten = sqlx::query(
            "DELETE FROM provider_events WHERE provider = ?1 AND (at < ?2 OR event IN \
             (SELECT event FROM provider_events WHERE provider = ?1 \
              ORDER BY at DESC, event DESC LIMIT -1 OFFSET ?3))",
        )
        .bind(self.provider.as_str())
        .bind(moment::to_text(self.before))
        .bind(i64::from(self.most))
        .execute(writing.connection())
        .await?;
        writing.wrote(forgotten.rows_affected());
        Ok(forgotten.rows_affected())
    }
}
