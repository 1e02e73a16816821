//! Fills the tables of accounts and deliveries from what earlier releases stored.
//!
//! Part of the migration that makes these tables, in its transaction. It writes no event and changes no
//! order. What cannot be read is left out, with a warning: the order itself says so when it is loaded.

use std::collections::HashMap;

use roamport_domain::journal::RefundRecord;
use roamport_domain::{Account, Esim, OrderId, Secret};
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use crate::connection::digest_key;
use crate::error::Failure;
use crate::recording::{add_attempt, add_refund};
use crate::rows;
use crate::script::Script;

/// The first order that named an eSIM had it delivered; later ones are duplicates. A top-up delivers
/// nothing.
const DELIVERIES: &str = "\
    INSERT INTO deliveries (provider, base_url, esim, epoch, order_id, duplicate_of) \
    SELECT provider, base_url, esim, 0, id, CASE WHEN id <> first THEN first END \
    FROM (SELECT orders.provider, orders.base_url, order_esims.esim, orders.id, \
            first_value(orders.id) OVER (PARTITION BY orders.provider, orders.base_url, \
                order_esims.esim ORDER BY orders.created_at, orders.id) AS first \
        FROM order_esims JOIN orders ON orders.id = order_esims.order_id \
        WHERE orders.is_top_up = 0)";

/// Profiles whose order does not name them, as far as there are any.
const PROFILES: &str = "\
    INSERT INTO deliveries (provider, base_url, esim, epoch, order_id, duplicate_of) \
    SELECT provider, base_url, esim, epoch, order_id, \
        (SELECT first.order_id FROM deliveries AS first \
            WHERE first.provider = profiles.provider AND first.base_url = profiles.base_url \
                AND first.esim = profiles.esim AND first.epoch = profiles.epoch \
                AND first.duplicate_of IS NULL) \
    FROM profiles WHERE true ON CONFLICT DO NOTHING";

/// Fills them.
pub(crate) async fn run(connection: &mut SqliteConnection) -> Result<(), Failure> {
    fill_attempts(connection).await?;
    for statement in [DELIVERIES, PROFILES] {
        sqlx::query(statement).execute(&mut *connection).await?;
    }
    fill_codes(connection).await
}

async fn fill_attempts(connection: &mut SqliteConnection) -> Result<(), Failure> {
    let ids: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT order_id FROM events WHERE name = 'placement_started' ORDER BY order_id",
    )
    .fetch_all(&mut *connection)
    .await?;
    for id in ids {
        let Ok(id) = id.parse::<OrderId>() else {
            tracing::warn!("the purchase calls of an order whose id is damaged are left out");
            continue;
        };
        let stored = match rows::read(connection, id).await {
            Ok(stored) => stored,
            Err(Failure::Refused(error)) => {
                tracing::warn!(order.id = %id, %error, "its purchase calls are left out");
                continue;
            }
            Err(failure) => return Err(failure),
        };
        let mut script = Script::default();
        for attempt in stored.order.attempt_records() {
            add_attempt(&mut script, &stored.order, &attempt);
        }
        let events = stored.events.iter().map(|recorded| &recorded.event);
        for refund in events.filter_map(RefundRecord::of) {
            add_refund(&mut script, &stored.order, &refund);
        }
        if let Some(account) = stored.order.account() {
            script.statement("UPDATE orders SET account = ? WHERE id = ?");
            script.bind(Account::as_str(account)).bind(id.to_string());
        }
        script.execute(connection).await?;
    }
    Ok(())
}

/// Codes are read from the profiles that are still there, those of the oldest order first, and belong to
/// the order that had the eSIM first.
async fn fill_codes(connection: &mut SqliteConnection) -> Result<(), Failure> {
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
    let mut first: HashMap<[String; 3], String> = HashMap::new();
    for row in &profiles {
        let text = |column| row.try_get::<String, _>(column);
        let (provider, base_url) = (text("provider")?, text("base_url")?);
        let (esim, order) = (text("esim")?, text("order_id")?);
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
        let duplicate_of = first.get(&place).cloned();
        sqlx::query(
            "INSERT INTO delivered_codes (provider, base_url, digest, esim, order_id, duplicate_of) \
             VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(provider)
        .bind(base_url)
        .bind(digest)
        .bind(esim)
        .bind(order.as_str())
        .bind(duplicate_of)
        .execute(&mut *connection)
        .await?;
        first.entry(place).or_insert(order);
    }
    Ok(())
}

/// The stored eSIM; `None` where it cannot be read.
fn read_profile(row: &SqliteRow) -> Result<Option<Esim>, Failure> {
    let stored: String = row.try_get("stored")?;
    Ok(Esim::from_stored(&Secret::new(stored)).ok())
}
