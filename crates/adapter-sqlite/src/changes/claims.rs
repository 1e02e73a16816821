//! Taking, prolonging and giving back the right to drive an order.

use std::num::NonZeroU16;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use roamport_domain::journal::{Claim, JournalError, Owner};
use roamport_domain::order::ProviderInstance;
use roamport_domain::{Account, OrderId};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::orders::exists;
use crate::accounts::same;
use crate::error::Failure;
use crate::writer::{Change, Writing};
use crate::{moment, rows};

/// One statement over the index of due orders: `?1` account, `?2` owner, `?3` end of the lease, `?4` now,
/// `?5` limit, `?6` and `?7` name and base URL of the provider whose orders are meant, `?8` the moment
/// before which the orders of other accounts are overdue. The `+` keeps the provider's own index out of
/// it, which holds every order that ever was.
pub(crate) const CLAIM_DUE: &str = concat!(
    same!(),
    " UPDATE orders \
     SET lease_owner = ?2, lease_number = lease_number + 1, lease_until = ?3 \
     WHERE id IN (SELECT id FROM orders \
         WHERE due_at IS NOT NULL AND due_at <= ?4 AND (lease_until IS NULL OR lease_until <= ?4) \
             AND +provider = ?6 AND base_url = ?7 \
             AND (account IS NULL OR due_at < ?8 OR account IN (SELECT account FROM same)) \
         ORDER BY due_at, id LIMIT ?5) \
     RETURNING id, lease_number, due_at"
);

/// Claims due orders of one provider instance that nobody holds.
pub(crate) struct ClaimDue {
    pub(crate) provider: ProviderInstance,
    pub(crate) account: Account,
    pub(crate) owner: Owner,
    pub(crate) lease: Duration,
    pub(crate) limit: NonZeroU16,
}

#[async_trait]
impl Change for ClaimDue {
    type Answer = Vec<Claim>;

    async fn make(&self, writing: &mut Writing<'_>) -> Result<Vec<Claim>, Failure> {
        let now = writing.now();
        let until = moment::later(now, self.lease);
        let overdue = moment::earlier(now, Claim::OTHERS_OVERDUE);
        let claimed = sqlx::query(CLAIM_DUE)
            .bind(self.account.as_str())
            .bind(self.owner.as_str())
            .bind(moment::to_text(until))
            .bind(moment::to_text(now))
            .bind(i64::from(self.limit.get()))
            .bind(self.provider.name.as_str())
            .bind(self.provider.base_url.as_str())
            .bind(moment::to_text(overdue))
            .fetch_all(writing.connection())
            .await?;
        writing.wrote(count(&claimed));
        let mut claims = Vec::with_capacity(claimed.len());
        for row in &claimed {
            let due: String = row.try_get("due_at")?;
            claims.push((due, decode_claim(row, &self.owner, until)?));
        }
        // `RETURNING` promises no order.
        claims.sort_unstable_by(|one, other| (&one.0, one.1.order).cmp(&(&other.0, other.1.order)));
        Ok(claims.into_iter().map(|(_, claim)| claim).collect())
    }
}

/// Makes an order that is due some day due now.
pub(crate) struct Wake(pub(crate) OrderId);

#[async_trait]
impl Change for Wake {
    type Answer = ();

    async fn make(&self, writing: &mut Writing<'_>) -> Result<(), Failure> {
        let Self(id) = self;
        let woken = sqlx::query("UPDATE orders SET due_at = ?1 WHERE id = ?2 AND due_at > ?1")
            .bind(moment::to_text(writing.now()))
            .bind(id.to_string())
            .execute(writing.connection())
            .await?;
        writing.wrote(woken.rows_affected());
        if woken.rows_affected() == 1 || exists(writing, *id).await? {
            Ok(())
        } else {
            Err(JournalError::NotFound(*id).into())
        }
    }
}

/// Claims one order, due or not.
pub(crate) struct ClaimOne {
    pub(crate) id: OrderId,
    pub(crate) owner: Owner,
    pub(crate) lease: Duration,
}

#[async_trait]
impl Change for ClaimOne {
    type Answer = Option<Claim>;

    async fn make(&self, writing: &mut Writing<'_>) -> Result<Option<Claim>, Failure> {
        let now = writing.now();
        let until = moment::later(now, self.lease);
        let claimed = sqlx::query(
            "UPDATE orders SET lease_owner = ?1, lease_number = lease_number + 1, lease_until = ?2 \
             WHERE id = ?3 AND (lease_until IS NULL OR lease_until <= ?4) \
             RETURNING id, lease_number",
        )
        .bind(self.owner.as_str())
        .bind(moment::to_text(until))
        .bind(self.id.to_string())
        .bind(moment::to_text(now))
        .fetch_all(writing.connection())
        .await?;
        writing.wrote(count(&claimed));
        match claimed.first() {
            Some(row) => Ok(Some(decode_claim(row, &self.owner, until)?)),
            None if exists(writing, self.id).await? => Ok(None),
            None => Err(JournalError::NotFound(self.id).into()),
        }
    }
}

/// How many rows were written: those that were returned. Should one of them prove damaged, the refusal
/// comes after the writing, and the writer undoes it.
fn count(claimed: &[SqliteRow]) -> u64 {
    u64::try_from(claimed.len()).expect("a length fits 64 bits")
}

fn decode_claim(row: &SqliteRow, owner: &Owner, until: Timestamp) -> Result<Claim, Failure> {
    let lease: i64 = row.try_get("lease_number")?;
    let order = rows::decode_id(row)?;
    let lease = u64::try_from(lease).map_err(|_| rows::damaged(order, "its lease is no number"))?;
    Ok(Claim {
        order,
        owner: owner.clone(),
        lease,
        until,
    })
}

/// Prolongs a claim that is still held.
pub(crate) struct Renew {
    pub(crate) claim: Claim,
    pub(crate) lease: Duration,
}

#[async_trait]
impl Change for Renew {
    type Answer = ();

    async fn make(&self, writing: &mut Writing<'_>) -> Result<(), Failure> {
        let renewed = sqlx::query(
            "UPDATE orders SET lease_until = ? WHERE id = ? AND lease_owner = ? AND lease_number = ?",
        )
        .bind(moment::to_text(moment::later(writing.now(), self.lease)))
        .bind(self.claim.order.to_string())
        .bind(self.claim.owner.as_str())
        .bind(lease_number(&self.claim))
        .execute(writing.connection())
        .await?;
        writing.wrote(renewed.rows_affected());
        if renewed.rows_affected() == 1 {
            return Ok(());
        }
        let lost = if exists(writing, self.claim.order).await? {
            JournalError::ClaimLost(self.claim.order)
        } else {
            JournalError::NotFound(self.claim.order)
        };
        Err(lost.into())
    }
}

/// Gives a claim back, where it is still held.
pub(crate) struct Release(pub(crate) Claim);

#[async_trait]
impl Change for Release {
    type Answer = ();

    async fn make(&self, writing: &mut Writing<'_>) -> Result<(), Failure> {
        let Self(claim) = self;
        let released = sqlx::query(
            "UPDATE orders SET lease_owner = NULL, lease_until = NULL \
             WHERE id = ? AND lease_owner = ? AND lease_number = ?",
        )
        .bind(claim.order.to_string())
        .bind(claim.owner.as_str())
        .bind(lease_number(claim))
        .execute(writing.connection())
        .await?;
        writing.wrote(released.rows_affected());
        if released.rows_affected() == 1 || exists(writing, claim.order).await? {
            Ok(())
        } else {
            Err(JournalError::NotFound(claim.order).into())
        }
    }
}

/// A number no lease of this file bears stands for one that is too large to be ours.
fn lease_number(claim: &Claim) -> i64 {
    i64::try_from(claim.lease).unwrap_or(-1)
}
