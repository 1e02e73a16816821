//! The port to the provider events that were acted upon: so that a repeated one is known again.

use std::fmt::Debug;

use async_trait::async_trait;
use jiff::Timestamp;

use super::JournalError;
use crate::ProviderName;

/// Remembers which events of a provider were acted upon, in the journal's database.
///
/// It holds names and moments alone, nothing of what an event said. An event that was forgotten and
/// comes again is acted upon again, which is harmless: all it causes is another read.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait EventInbox: Debug + Send + Sync + 'static {
    /// Whether the event with this id is remembered.
    ///
    /// # Errors
    ///
    /// [`JournalError::Unavailable`].
    async fn is_known(&self, provider: &ProviderName, event: &str) -> Result<bool, JournalError>;

    /// Remembers that the event with this id was acted upon at this moment; `false` where it was
    /// remembered before, and nothing is then changed. Of many who do it at once for one event, one
    /// is told `true`. Durable when it returns `Ok`.
    ///
    /// # Errors
    ///
    /// [`JournalError::Unavailable`]; nothing was written.
    async fn remember(
        &self,
        provider: &ProviderName,
        event: &str,
        at: Timestamp,
    ) -> Result<bool, JournalError>;

    /// Forgets a provider's events that were remembered before this moment, and of the others the
    /// oldest beyond `most`; says how many.
    ///
    /// # Errors
    ///
    /// [`JournalError::Unavailable`]; nothing was forgotten.
    async fn forget(
        &self,
        provider: &ProviderName,
        before: Timestamp,
        most: u32,
    ) -> Result<u64, JournalError>;
}
