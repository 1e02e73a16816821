//! What back-pressure is decided by, counted.

use std::time::Duration;

use jiff::Timestamp;
use roamport_domain::ProviderName;
use roamport_domain::journal::Pressure;
use roamport_domain::order::Event;
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use crate::error::Failure;
use crate::{moment, rows};

/// Settled purchase calls count toward back-pressure for so long.
const LATELY: Duration = Duration::from_mins(1);

/// The pressure at a provider as it is at `now`.
pub(crate) async fn read(
    connection: &mut SqliteConnection,
    provider: &ProviderName,
    now: Timestamp,
) -> Result<Pressure, Failure> {
    let row = sqlx::query(
        "SELECT count(*) AS settled, coalesce(sum(is_unknown), 0) AS unknown \
         FROM attempts WHERE provider = ? AND settled_at >= ?",
    )
    .bind(provider.as_str())
    .bind(moment::to_text(moment::earlier(now, LATELY)))
    .fetch_one(&mut *connection)
    .await?;
    let count = |column| -> Result<u64, Failure> {
        let count: i64 = row.try_get(column)?;
        Ok(u64::try_from(count).expect("SQLite counts from zero"))
    };
    Ok(Pressure {
        reconciling: reconciling(connection, provider, now).await?,
        settled_last_minute: count("settled")?,
        unknown_last_minute: count("unknown")?,
    })
}

/// Orders of unknown outcome are few, so the end of a window is read from the event that opened it.
async fn reconciling(
    connection: &mut SqliteConnection,
    provider: &ProviderName,
    now: Timestamp,
) -> Result<u64, Failure> {
    // Beside `max()`, SQLite gives the other columns of the row that has it.
    let last_calls = sqlx::query(
        "SELECT orders.id AS id, events.body AS body, max(events.version) \
         FROM orders JOIN events ON events.order_id = orders.id \
         WHERE orders.provider = ? AND orders.state = 'reconciling' \
             AND events.name = 'placement_started' \
         GROUP BY orders.id",
    )
    .bind(provider.as_str())
    .fetch_all(connection)
    .await?;
    let mut count = 0;
    for row in &last_calls {
        let closes_at = decode_window(row)?;
        count += u64::from(moment::later(closes_at, Pressure::RECENTLY) > now);
    }
    Ok(count)
}

/// When the window of a stored `placement_started` ends.
fn decode_window(row: &SqliteRow) -> Result<Timestamp, Failure> {
    let body: &str = row.try_get("body")?;
    match Event::from_stored(body) {
        Ok(Event::PlacementStarted { closes_at, .. }) => Ok(closes_at),
        _ => Err(rows::damaged(
            rows::decode_id(row)?,
            "its last purchase call cannot be read",
        )),
    }
}
