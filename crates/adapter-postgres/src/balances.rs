//! The balances that were read of wallets: keeping them, and reading them back.

use async_trait::async_trait;
use jiff::Timestamp;
use roamport_domain::BalanceStore;
use roamport_domain::journal::{BalanceReading, JournalError};
use roamport_domain::order::ProviderInstance;
use sqlx::Row as _;
use sqlx::postgres::{PgConnection, PgRow};

use crate::PostgresJournal;
use crate::error::Failure;
use crate::moment::{Moment, Read};
use crate::rows;

async fn keep(connection: &mut PgConnection, reading: &BalanceReading) -> Result<(), Failure> {
    sqlx::query(
        "INSERT INTO balances (provider, base_url, at, balance, newest_order_at, newest_orders, \
         is_comparable) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(reading.provider.name.as_str())
    .bind(reading.provider.base_url.as_str())
    .bind(Moment::of(reading.at))
    .bind(rows::to_json(&reading.balance))
    .bind(reading.newest_order_at.map(Moment::of))
    .bind(rows::to_json(&reading.newest_orders))
    .bind(reading.comparable)
    .execute(connection)
    .await?;
    Ok(())
}

async fn read(
    connection: &mut PgConnection,
    provider: &ProviderInstance,
    since: Timestamp,
) -> Result<Vec<BalanceReading>, Failure> {
    let rows = sqlx::query(
        "SELECT number, at, balance, newest_order_at, newest_orders, is_comparable FROM balances \
         WHERE provider = $1 AND base_url = $2 AND at >= $3 ORDER BY at, number",
    )
    .bind(provider.name.as_str())
    .bind(provider.base_url.as_str())
    .bind(Moment::of(since))
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| decode(provider, row)).collect()
}

fn decode(provider: &ProviderInstance, row: &PgRow) -> Result<BalanceReading, Failure> {
    let number: i64 = row.try_get("number")?;
    let damaged = |what: &str| {
        Failure::Refused(JournalError::Corrupt {
            message: format!(
                "balance reading {number} is damaged ({what}); nothing was written: restore the \
                 journal from a backup, or delete that row of `balances`"
            ),
        })
    };
    let balance: &str = row.try_get("balance")?;
    let newest_orders: &str = row.try_get("newest_orders")?;
    let newest_order_at: Option<Read> = row.try_get("newest_order_at")?;
    Ok(BalanceReading {
        provider: provider.clone(),
        at: rows::decode_moment(row, "at")?,
        balance: serde_json::from_str(balance).map_err(|_| damaged("its amount"))?,
        newest_order_at: newest_order_at.map(|Read(moment)| moment),
        newest_orders: serde_json::from_str(newest_orders)
            .map_err(|_| damaged("its newest orders"))?,
        comparable: row.try_get("is_comparable")?,
    })
}

#[async_trait]
impl BalanceStore for PostgresJournal {
    async fn keep_balance(&self, reading: &BalanceReading) -> Result<(), JournalError> {
        let mut lent = self.connections.lend().await?;
        let done = self.connections.timed(keep(&mut lent, reading)).await;
        lent.finish(done)
    }

    async fn balances(
        &self,
        provider: &ProviderInstance,
        since: Timestamp,
    ) -> Result<Vec<BalanceReading>, JournalError> {
        let mut lent = self.connections.lend().await?;
        let done = self
            .connections
            .timed(read(&mut lent, provider, since))
            .await;
        lent.finish(done)
    }
}
