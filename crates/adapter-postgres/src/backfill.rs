//! Fills the tables of accounts and deliveries from what earlier releases stored.
//!
//! Part of the migration that makes these tables, in its transaction. It writes no event and changes no
//! order. What cannot be read is left out, with a warning: the order itself says so when it is loaded.

use std::collections::HashMap;

use roamport_domain::{Account, Esim, OrderId, Secret};
use sqlx::Row as _;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::types::Uuid;

use crate::error::Failure;
use crate::journal::digest_key;
use crate::rows::{self, AttemptColumns, RefundColumns, Stored};

const ATTEMPTS: &str = "\
    INSERT INTO attempts (order_id, number, provider, account, opened_at, settled_at, is_unknown, \
        state, amount, placed, placed_at) \
    SELECT $1, number, $2, account, opened_at, settled_at, is_unknown, state, amount, placed, placed_at \
    FROM unnest($3::integer[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::boolean[], \
        $8::text[], $9::text[], $10::text[], $11::timestamptz[]) \
        AS attempt (number, account, opened_at, settled_at, is_unknown, state, amount, placed, \
            placed_at)";

const REFUNDS: &str = "\
    INSERT INTO refunds (order_id, item, account, at, amount) \
    SELECT $1, item, $2, at, amount \
    FROM unnest($3::integer[], $4::timestamptz[], $5::text[]) AS refund (item, at, amount) \
    ON CONFLICT DO NOTHING";

/// The first order that named an eSIM had it delivered; later ones are duplicates. A top-up delivers
/// nothing.
const DELIVERIES: &str = "\
    INSERT INTO deliveries (provider, base_url, esim, epoch, order_id, duplicate_of) \
    SELECT provider, base_url, esim, 0, id, CASE WHEN id <> first THEN first END \
    FROM (SELECT orders.provider, orders.base_url, order_esims.esim, orders.id, \
            first_value(orders.id) OVER (PARTITION BY orders.provider, orders.base_url, \
                order_esims.esim ORDER BY orders.created_at, orders.id) AS first \
        FROM order_esims JOIN orders ON orders.id = order_esims.order_id \
        WHERE NOT orders.is_top_up) AS named";

/// Profiles whose order does not name them, as far as there are any.
const PROFILES: &str = "\
    INSERT INTO deliveries (provider, base_url, esim, epoch, order_id, duplicate_of) \
    SELECT provider, base_url, esim, epoch, order_id, \
        (SELECT first.order_id FROM deliveries AS first \
            WHERE first.provider = profiles.provider AND first.base_url = profiles.base_url \
                AND first.esim = profiles.esim AND first.epoch = profiles.epoch \
                AND first.duplicate_of IS NULL) \
    FROM profiles ON CONFLICT DO NOTHING";

/// Fills them.
pub(crate) async fn run(connection: &mut PgConnection) -> Result<(), Failure> {
    fill_attempts(connection).await?;
    for statement in [DELIVERIES, PROFILES] {
        sqlx::query(statement).execute(&mut *connection).await?;
    }
    fill_codes(connection).await
}

async fn fill_attempts(connection: &mut PgConnection) -> Result<(), Failure> {
    let ids: Vec<Uuid> =
        sqlx::query_scalar("SELECT DISTINCT order_id FROM events WHERE name = 'placement_started'")
            .fetch_all(&mut *connection)
            .await?;
    for id in ids.into_iter().map(OrderId::from_uuid) {
        match rows::read(connection, id).await {
            Ok(stored) => fill_order(connection, id, &stored).await?,
            Err(Failure::Refused(error)) => {
                tracing::warn!(order.id = %id, %error, "its purchase calls are left out");
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(())
}

async fn fill_order(
    connection: &mut PgConnection,
    id: OrderId,
    stored: &Stored,
) -> Result<(), Failure> {
    let attempts = AttemptColumns::of(stored.order.attempt_records());
    let account = stored.order.account().map(Account::as_str);
    sqlx::query(ATTEMPTS)
        .bind(id.as_uuid())
        .bind(stored.order.requested().provider.name.as_str())
        .bind(attempts.numbers)
        .bind(attempts.accounts)
        .bind(attempts.opened_at)
        .bind(attempts.settled_at)
        .bind(attempts.are_unknown)
        .bind(attempts.states)
        .bind(attempts.amounts)
        .bind(attempts.placed)
        .bind(attempts.placed_at)
        .execute(&mut *connection)
        .await?;
    let refunds = RefundColumns::of(stored.events.iter().map(|recorded| &recorded.event));
    if !refunds.items.is_empty() {
        sqlx::query(REFUNDS)
            .bind(id.as_uuid())
            .bind(account)
            .bind(refunds.items)
            .bind(refunds.at)
            .bind(refunds.amounts)
            .execute(&mut *connection)
            .await?;
    }
    if account.is_some() {
        sqlx::query("UPDATE orders SET account = $1 WHERE id = $2")
            .bind(account)
            .bind(id.as_uuid())
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// Codes are read from the profiles that are still there, those of the oldest order first, and belong to
/// the order that had the eSIM first.
async fn fill_codes(connection: &mut PgConnection) -> Result<(), Failure> {
    let key = digest_key(connection).await?;
    let profiles = sqlx::query(
        "SELECT profiles.provider, profiles.base_url, profiles.esim, first.order_id, profiles.stored \
         FROM profiles JOIN deliveries AS first ON first.provider = profiles.provider \
             AND first.base_url = profiles.base_url AND first.esim = profiles.esim \
             AND first.epoch = profiles.epoch AND first.duplicate_of IS NULL \
         LEFT JOIN orders ON orders.id = first.order_id \
         ORDER BY coalesce(orders.created_at, profiles.kept_at), first.order_id, profiles.esim",
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut first: HashMap<[String; 3], Uuid> = HashMap::new();
    for row in &profiles {
        let text = |column| row.try_get::<String, _>(column);
        let (provider, base_url, esim) = (text("provider")?, text("base_url")?, text("esim")?);
        let order: Uuid = row.try_get("order_id")?;
        let Some(profile) = read_profile(row)? else {
            tracing::warn!(
                esim,
                "the code of a profile that cannot be read is left out"
            );
            continue;
        };
        let code = profile
            .activation()
            .and_then(|code| key.activation_code(code));
        let Some(digest) = code else { continue };
        let place = [provider.clone(), base_url.clone(), digest.clone()];
        let duplicate_of = first.get(&place).copied();
        sqlx::query(
            "INSERT INTO delivered_codes (provider, base_url, digest, esim, order_id, duplicate_of) \
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(provider)
        .bind(base_url)
        .bind(digest)
        .bind(esim)
        .bind(order)
        .bind(duplicate_of)
        .execute(&mut *connection)
        .await?;
        first.entry(place).or_insert(order);
    }
    Ok(())
}

/// The stored eSIM; `None` where it cannot be read.
fn read_profile(row: &PgRow) -> Result<Option<Esim>, Failure> {
    let stored: String = row.try_get("stored")?;
    Ok(Esim::from_stored(&Secret::new(stored)).ok())
}
