//! Writing down what is known of accounts beside their orders.

use async_trait::async_trait;
use jiff::Timestamp;
use roamport_domain::journal::LookupProbe;
use roamport_domain::{Account, OrderId};
use sqlx::AssertSqlSafe;

use crate::accounts::SAME;
use crate::error::Failure;
use crate::writer::{Change, Writing};
use crate::{moment, rows};

/// Records that two accounts are one.
pub(crate) struct ConfirmSame {
    pub(crate) one: Account,
    pub(crate) other: Account,
    pub(crate) by: String,
}

#[async_trait]
impl Change for ConfirmSame {
    type Answer = ();

    async fn make(&self, writing: &mut Writing<'_>) -> Result<(), Failure> {
        let confirmed = sqlx::query(
            "INSERT INTO account_confirmations (one, other, confirmed_by, at) VALUES (?, ?, ?, ?) \
             ON CONFLICT DO NOTHING",
        )
        .bind(self.one.as_str())
        .bind(self.other.as_str())
        .bind(self.by.as_str())
        .bind(moment::to_text(writing.now()))
        .execute(writing.connection())
        .await?;
        writing.wrote(confirmed.rows_affected());
        Ok(())
    }
}

/// Notes an order about which a witness spoke, and counts the account's.
pub(crate) struct NoteWitness {
    pub(crate) account: Account,
    pub(crate) order: OrderId,
    pub(crate) since: Timestamp,
}

#[async_trait]
impl Change for NoteWitness {
    type Answer = u64;

    async fn make(&self, writing: &mut Writing<'_>) -> Result<u64, Failure> {
        let noted = sqlx::query(
            "INSERT INTO account_witnesses (account, order_id, at) VALUES (?, ?, ?) \
             ON CONFLICT DO UPDATE SET at = excluded.at",
        )
        .bind(self.account.as_str())
        .bind(self.order.to_string())
        .bind(moment::to_text(writing.now()))
        .execute(writing.connection())
        .await?;
        writing.wrote(noted.rows_affected());
        let sql = format!(
            "{SAME} SELECT count(DISTINCT order_id) FROM account_witnesses \
             WHERE account IN (SELECT account FROM same) AND at >= ?2"
        );
        let orders: i64 = sqlx::query_scalar(AssertSqlSafe(sql))
            .bind(self.account.as_str())
            .bind(moment::to_text(self.since))
            .fetch_one(writing.connection())
            .await?;
        Ok(u64::try_from(orders).expect("SQLite counts from zero"))
    }
}

/// Holds new orders at an account; says whether they were not held.
pub(crate) struct Hold {
    pub(crate) account: Account,
    pub(crate) reason: String,
}

#[async_trait]
impl Change for Hold {
    type Answer = bool;

    async fn make(&self, writing: &mut Writing<'_>) -> Result<bool, Failure> {
        let sql = format!(
            "{SAME} INSERT INTO account_holds (account, since, reason) SELECT ?1, ?2, ?3 \
             WHERE NOT EXISTS (SELECT 1 FROM account_holds \
                 WHERE lifted_at IS NULL AND account IN (SELECT account FROM same))"
        );
        let held = sqlx::query(AssertSqlSafe(sql))
            .bind(self.account.as_str())
            .bind(moment::to_text(writing.now()))
            .bind(self.reason.as_str())
            .execute(writing.connection())
            .await?;
        writing.wrote(held.rows_affected());
        Ok(held.rows_affected() == 1)
    }
}

/// Lifts a hold and forgets the witnesses; says whether there was a hold.
pub(crate) struct LiftHold {
    pub(crate) account: Account,
    pub(crate) by: String,
}

#[async_trait]
impl Change for LiftHold {
    type Answer = bool;

    async fn make(&self, writing: &mut Writing<'_>) -> Result<bool, Failure> {
        let sql = format!(
            "{SAME} DELETE FROM account_witnesses WHERE account IN (SELECT account FROM same)"
        );
        let forgotten = sqlx::query(AssertSqlSafe(sql))
            .bind(self.account.as_str())
            .execute(writing.connection())
            .await?;
        writing.wrote(forgotten.rows_affected());
        let sql = format!(
            "{SAME} UPDATE account_holds SET lifted_at = ?2, lifted_by = ?3 \
             WHERE lifted_at IS NULL AND account IN (SELECT account FROM same)"
        );
        let lifted = sqlx::query(AssertSqlSafe(sql))
            .bind(self.account.as_str())
            .bind(moment::to_text(writing.now()))
            .bind(self.by.as_str())
            .execute(writing.connection())
            .await?;
        writing.wrote(lifted.rows_affected());
        Ok(lifted.rows_affected() > 0)
    }
}

/// Stores what a probe found.
pub(crate) struct KeepProbe {
    pub(crate) account: Account,
    pub(crate) probe: LookupProbe,
}

#[async_trait]
impl Change for KeepProbe {
    type Answer = ();

    async fn make(&self, writing: &mut Writing<'_>) -> Result<(), Failure> {
        let kept = sqlx::query(
            "INSERT INTO account_probes (account, at, probe) VALUES (?, ?, ?) \
             ON CONFLICT DO UPDATE SET at = excluded.at, probe = excluded.probe",
        )
        .bind(self.account.as_str())
        .bind(moment::to_text(self.probe.at))
        .bind(rows::to_json(&self.probe))
        .execute(writing.connection())
        .await?;
        writing.wrote(kept.rows_affected());
        Ok(())
    }
}
