//! Taking, prolonging and giving back the right to drive an order.

use std::num::NonZeroU16;
use std::time::Duration;

use jiff::Timestamp;
use roamport_domain::journal::{Claim, JournalError, Owner};
use roamport_domain::order::ProviderInstance;
use roamport_domain::{Account, OrderId};
use sqlx::Row as _;
use sqlx::postgres::{PgConnection, PgRow};

use super::orders::exists;
use crate::accounts::same;
use crate::error::Failure;
use crate::{moment, rows};

/// One statement over an index of due orders: `$1` account, `$2` owner, `$3` lease, `$4` limit, `$5` and
/// `$6` name and base URL of the provider whose orders are meant, `$7` how long those of other accounts
/// must have been due. Rows that another claim has in hand are passed over, not waited for. The clock is
/// read once, so that the index can be used.
pub(crate) const CLAIM_DUE: &str = concat!(
    same!(),
    ", clock AS MATERIALIZED (SELECT roamport_clock(2) AS now), \
     due AS MATERIALIZED ( \
         SELECT id, due_at FROM orders \
         WHERE due_at <= (SELECT now FROM clock) \
             AND (lease_until IS NULL OR lease_until <= (SELECT now FROM clock)) \
             AND provider = $5 AND base_url = $6 \
             AND (account IS NULL OR due_at < (SELECT now FROM clock) - $7 \
                 OR account IN (SELECT account FROM same)) \
         ORDER BY due_at, id LIMIT $4 FOR NO KEY UPDATE SKIP LOCKED) \
     UPDATE orders SET lease_owner = $2, lease_number = lease_number + 1, \
         lease_until = (SELECT now FROM clock) + $3 \
     FROM due WHERE orders.id = due.id \
     RETURNING orders.id, lease_number, lease_until, due.due_at"
);

/// Claims due orders of one provider instance that nobody holds.
pub(crate) async fn claim_due(
    connection: &mut PgConnection,
    (provider, account): (&ProviderInstance, &Account),
    owner: &Owner,
    lease: Duration,
    limit: NonZeroU16,
) -> Result<Vec<Claim>, Failure> {
    let claimed = sqlx::query(CLAIM_DUE)
        .bind(account.as_str())
        .bind(owner.as_str())
        .bind(moment::interval(lease))
        .bind(i64::from(limit.get()))
        .bind(provider.name.as_str())
        .bind(provider.base_url.as_str())
        .bind(moment::interval(Claim::OTHERS_OVERDUE))
        .fetch_all(connection)
        .await?;
    let mut claims: Vec<(Timestamp, Claim)> = Vec::with_capacity(claimed.len());
    for row in &claimed {
        let due = rows::decode_moment(row, "due_at")?;
        claims.push((due, decode_claim(row, owner)?));
    }
    // `RETURNING` promises no order.
    claims.sort_unstable_by_key(|(due, claim)| (*due, claim.order));
    Ok(claims.into_iter().map(|(_, claim)| claim).collect())
}

/// Makes an order that is due some day due now.
pub(crate) async fn wake(connection: &mut PgConnection, id: OrderId) -> Result<(), Failure> {
    let woken = sqlx::query(
        "WITH clock AS MATERIALIZED (SELECT roamport_clock(2) AS now) \
         UPDATE orders SET due_at = (SELECT now FROM clock) \
         WHERE id = $1 AND due_at > (SELECT now FROM clock)",
    )
    .bind(id.as_uuid())
    .execute(&mut *connection)
    .await?;
    if woken.rows_affected() == 1 || exists(connection, id).await? {
        Ok(())
    } else {
        Err(JournalError::NotFound(id).into())
    }
}

/// Claims one order, due or not.
pub(crate) async fn claim_one(
    connection: &mut PgConnection,
    id: OrderId,
    owner: &Owner,
    lease: Duration,
) -> Result<Option<Claim>, Failure> {
    let claimed = sqlx::query(
        "WITH clock AS MATERIALIZED (SELECT roamport_clock(2) AS now) \
         UPDATE orders SET lease_owner = $1, lease_number = lease_number + 1, \
             lease_until = (SELECT now FROM clock) + $2 \
         WHERE id = $3 AND (lease_until IS NULL OR lease_until <= (SELECT now FROM clock)) \
         RETURNING id, lease_number, lease_until",
    )
    .bind(owner.as_str())
    .bind(moment::interval(lease))
    .bind(id.as_uuid())
    .fetch_optional(&mut *connection)
    .await?;
    match claimed {
        Some(row) => Ok(Some(decode_claim(&row, owner)?)),
        None if exists(connection, id).await? => Ok(None),
        None => Err(JournalError::NotFound(id).into()),
    }
}

fn decode_claim(row: &PgRow, owner: &Owner) -> Result<Claim, Failure> {
    let lease: i64 = row.try_get("lease_number")?;
    let order = rows::decode_id(row)?;
    let lease = u64::try_from(lease).map_err(|_| rows::damaged(order, "its lease is no number"))?;
    Ok(Claim {
        order,
        owner: owner.clone(),
        lease,
        until: rows::decode_moment(row, "lease_until")?,
    })
}

/// Prolongs a claim that is still held.
pub(crate) async fn renew(
    connection: &mut PgConnection,
    claim: &Claim,
    lease: Duration,
) -> Result<(), Failure> {
    let renewed = sqlx::query(
        "UPDATE orders SET lease_until = roamport_clock(2) + $1 \
         WHERE id = $2 AND lease_owner = $3 AND lease_number = $4",
    )
    .bind(moment::interval(lease))
    .bind(claim.order.as_uuid())
    .bind(claim.owner.as_str())
    .bind(lease_number(claim))
    .execute(&mut *connection)
    .await?;
    if renewed.rows_affected() == 1 {
        return Ok(());
    }
    let lost = if exists(connection, claim.order).await? {
        JournalError::ClaimLost(claim.order)
    } else {
        JournalError::NotFound(claim.order)
    };
    Err(lost.into())
}

/// Gives a claim back, where it is still held.
pub(crate) async fn release(connection: &mut PgConnection, claim: &Claim) -> Result<(), Failure> {
    let released = sqlx::query(
        "UPDATE orders SET lease_owner = NULL, lease_until = NULL \
         WHERE id = $1 AND lease_owner = $2 AND lease_number = $3",
    )
    .bind(claim.order.as_uuid())
    .bind(claim.owner.as_str())
    .bind(lease_number(claim))
    .execute(&mut *connection)
    .await?;
    if released.rows_affected() == 1 || exists(connection, claim.order).await? {
        Ok(())
    } else {
        Err(JournalError::NotFound(claim.order).into())
    }
}

/// A number no lease of this journal bears stands for one that is too large to be ours.
fn lease_number(claim: &Claim) -> i64 {
    i64::try_from(claim.lease).unwrap_or(-1)
}
