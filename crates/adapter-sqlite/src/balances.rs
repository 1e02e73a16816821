//! The balances that were read of wallets, and reading them back.

use async_trait::async_trait;
use jiff::Timestamp;
use roamport_domain::BalanceStore;
use roamport_domain::journal::{BalanceReading, JournalError};
use roamport_domain::order::ProviderInstance;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::changes::balances::KeepBalance;
use crate::error::Failure;
use crate::{SqliteJournal, moment};

impl SqliteJournal {
    async fn readings(
        &self,
        provider: &ProviderInstance,
        since: Timestamp,
    ) -> Result<Vec<BalanceReading>, Failure> {
        let mut reader = self.readers.lend().await?;
        let rows = sqlx::query(
            "SELECT number, at, balance, newest_order_at, newest_orders, is_comparable FROM balances \
             WHERE provider = ? AND base_url = ? AND at >= ? ORDER BY at, number",
        )
        .bind(provider.name.as_str())
        .bind(provider.base_url.as_str())
        .bind(moment::to_text(since))
        .fetch_all(&mut *reader)
        .await?;
        let readings = rows.iter().map(|row| decode(provider, row)).collect();
        reader.give_back();
        readings
    }
}

fn decode(provider: &ProviderInstance, row: &SqliteRow) -> Result<BalanceReading, Failure> {
    let number: i64 = row.try_get("number")?;
    let damaged = |what: &str| {
        Failure::Refused(JournalError::Corrupt {
            message: format!(
                "balance reading {number} is damaged ({what}); nothing was written: restore the \
                 journal from a backup, or delete that row of `balances`"
            ),
        })
    };
    let at: &str = row.try_get("at")?;
    let balance: &str = row.try_get("balance")?;
    let newest_orders: &str = row.try_get("newest_orders")?;
    let newest: Option<&str> = row.try_get("newest_order_at")?;
    let newest_order_at = match newest {
        Some(text) => {
            Some(moment::from_text(text).ok_or_else(|| damaged("its newest order's time"))?)
        }
        None => None,
    };
    Ok(BalanceReading {
        provider: provider.clone(),
        at: moment::from_text(at).ok_or_else(|| damaged("its time"))?,
        balance: serde_json::from_str(balance).map_err(|_| damaged("its amount"))?,
        newest_order_at,
        newest_orders: serde_json::from_str(newest_orders)
            .map_err(|_| damaged("its newest orders"))?,
        comparable: row.try_get("is_comparable")?,
    })
}

#[async_trait]
impl BalanceStore for SqliteJournal {
    async fn keep_balance(&self, reading: &BalanceReading) -> Result<(), JournalError> {
        self.writer.make(KeepBalance(reading.clone())).await
    }

    async fn balances(
        &self,
        provider: &ProviderInstance,
        since: Timestamp,
    ) -> Result<Vec<BalanceReading>, JournalError> {
        self.readings(provider, since)
            .await
            .map_err(|failure| self.readers.explain(failure))
    }
}
