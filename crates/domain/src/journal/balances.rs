//! The port to what was read of wallets: each reading kept, so that two can be compared later.

use std::fmt::Debug;

use async_trait::async_trait;
use jiff::Timestamp;

use super::JournalError;
use crate::order::ProviderInstance;
use crate::{Money, ProviderOrderId};

/// What a wallet held when it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BalanceReading {
    /// Whose wallet: another account or address has another one.
    pub provider: ProviderInstance,
    /// When it was read, on the journal's clock.
    pub at: Timestamp,
    /// What it held.
    pub balance: Money,
    /// When the newest order in the provider's list at that moment was made, on the provider's
    /// clock: later orders are paid from what was left here. `None` where the list named none.
    pub newest_order_at: Option<Timestamp>,
    /// The orders in that list that were made at just that moment: a provider's clock may tell whole
    /// seconds, and a later order fall into the same one.
    pub newest_orders: Vec<ProviderOrderId>,
    /// Whether another reading can be compared with it: the balance stood still while the list was
    /// read, and the list showed the newest orders.
    pub comparable: bool,
}

/// Keeps balances that were read, in the journal's database. Readings are added and never changed.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait BalanceStore: Debug + Send + Sync + 'static {
    /// Keeps a reading. Durable when it returns `Ok`.
    ///
    /// # Errors
    ///
    /// [`JournalError::Unavailable`]; nothing was written.
    async fn keep_balance(&self, reading: &BalanceReading) -> Result<(), JournalError>;

    /// The readings of one wallet at this moment or later, the oldest first; those of one moment in
    /// the order in which they were kept.
    ///
    /// # Errors
    ///
    /// [`JournalError::Unavailable`], [`JournalError::Corrupt`].
    async fn balances(
        &self,
        provider: &ProviderInstance,
        since: Timestamp,
    ) -> Result<Vec<BalanceReading>, JournalError>;
}
