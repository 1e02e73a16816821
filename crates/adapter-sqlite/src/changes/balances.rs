//! Keeping what was read of a wallet.

use async_trait::async_trait;
use roamport_domain::journal::BalanceReading;

use crate::error::Failure;
use crate::writer::{Change, Writing};
use crate::{moment, rows};

/// Keeps a reading.
pub(crate) struct KeepBalance(pub(crate) BalanceReading);

#[async_trait]
impl Change for KeepBalance {
    type Answer = ();

    async fn make(&self, writing: &mut Writing<'_>) -> Result<(), Failure> {
        let Self(reading) = self;
        let kept = sqlx::query(
            "INSERT INTO balances (provider, base_url, at, balance, newest_order_at, newest_orders, \
             is_comparable) VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(reading.provider.name.as_str())
        .bind(reading.provider.base_url.as_str())
        .bind(moment::to_text(reading.at))
        .bind(rows::to_json(&reading.balance))
        .bind(reading.newest_order_at.map(moment::to_text))
        .bind(rows::to_json(&reading.newest_orders))
        .bind(reading.comparable)
        .execute(writing.connection())
        .await?;
        writing.wrote(kept.rows_affected());
        Ok(())
    }
}
