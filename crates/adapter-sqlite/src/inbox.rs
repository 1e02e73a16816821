//! The provider events that were acted upon, kept in the journal's file.

use async_trait::async_trait;
use jiff::Timestamp;
use roamport_domain::journal::JournalError;
use roamport_domain::{EventInbox, ProviderName};

use crate::SqliteJournal;
use crate::changes::inbox::{Forget, Remember};
use crate::error::Failure;

impl SqliteJournal {
    async fn has_event(&self, provider: &ProviderName, event: &str) -> Result<bool, Failure> {
        let mut reader = self.readers.lend().await?;
        let known: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM provider_events WHERE provider = ? AND event = ?)",
        )
        .bind(provider.as_str())
        .bind(event)
        .fetch_one(&mut *reader)
        .await?;
        reader.give_back();
        Ok(known)
    }
}

#[async_trait]
impl EventInbox for SqliteJournal {
    async fn is_known(&self, provider: &ProviderName, event: &str) -> Result<bool, JournalError> {
        self.has_event(provider, event)
            .await
            .map_err(|failure| self.readers.explain(failure))
    }

    async fn remember(
        &self,
        provider: &ProviderName,
        event: &str,
        at: Timestamp,
    ) -> Result<bool, JournalError> {
        self.writer
            .make(Remember {
                provider: provider.clone(),
                event: event.to_owned(),
                at,
            })
            .await
    }

    async fn forget(
        &self,
        provider: &ProviderName,
        before: Timestamp,
        most: u32,
    ) -> Result<u64, JournalError> {
        self.writer
            .make(Forget {
                provider: provider.clone(),
                before,
                most,
            })
            .await
    }
}
