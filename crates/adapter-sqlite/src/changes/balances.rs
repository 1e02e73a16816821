//! Keeping what was read of a wallet.

use async_trait::async_trait;
use jiff::Timestamp;
use roamport_domain::journal::BalanceReading;
use sqlx::sqlite::SqliteConnection;

use crate::error::Failure;
use crate::writer::Change;
use crate::{moment, rows};

/// Keeps a reading.
pub(crate) struct KeepBalance(pub(crate) BalanceReading);

#[async_trait]
impl Change for KeepBalance {
    type Answer = ();

    async fn make(&self, connection: &mut SqliteConnection, _: Timestamp) -> Result<(), Failure> {
        let Self(reading) = self;
        sqlx::query(
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
        .execute(connection)
        .await?;
        Ok(())
    }
}
