//! An order's events and row, read back.

use jiff::Timestamp;
use roamport_domain::journal::{JournalError, OrderSummary, Recorded, StoredSummary, Version};
use roamport_domain::order::Event;
use roamport_domain::{Order, OrderId};
use serde::Serialize;
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use crate::error::Failure;
use crate::moment;

/// An order and everything that happened to it, as one statement saw them.
pub(crate) struct Stored {
    pub(crate) order: Order,
    pub(crate) events: Vec<Recorded>,
}

/// The order with this id.
pub(crate) async fn read(
    connection: &mut SqliteConnection,
    id: OrderId,
) -> Result<Stored, Failure> {
    let rows = sqlx::query(
        "SELECT orders.version AS newest, events.version, events.at, events.body \
         FROM orders LEFT JOIN events ON events.order_id = orders.id \
         WHERE orders.id = ? ORDER BY events.version",
    )
    .bind(id.to_string())
    .fetch_all(connection)
    .await?;
    let Some(last) = rows.last() else {
        return Err(JournalError::NotFound(id).into());
    };
    let newest: i64 = last.try_get("newest")?;
    let mut events = Vec::with_capacity(rows.len());
    for (row, expected) in rows.iter().zip(1_u64..) {
        events.push(decode_event(id, row, expected)?);
    }
    let order = Recorded::replay(id, newest, &events)?;
    Ok(Stored { order, events })
}

fn decode_event(id: OrderId, row: &SqliteRow, expected: u64) -> Result<Recorded, Failure> {
    let version: Option<i64> = row.try_get("version")?;
    if version.map(u64::try_from) != Some(Ok(expected)) {
        return Err(Recorded::missing(id, expected).into());
    }
    let body: &str = row.try_get("body")?;
    let event = Event::from_stored(body)
        .map_err(|error| JournalError::unreadable_event(id, expected, error))?;
    Ok(Recorded {
        version: Version::from_count(expected),
        at: decode_moment(id, row, "at")?,
        event,
    })
}

/// The columns that [`decode_summary`] reads.
pub(crate) const SUMMARY_COLUMNS: &str = "id, key, reference, provider, base_url, state, is_top_up, \
     lines, total, esims, created_at, updated_at";

/// The order of a row of [`SUMMARY_COLUMNS`], as lists show it.
pub(crate) fn decode_summary(row: &SqliteRow) -> Result<OrderSummary, Failure> {
    let id = decode_id(row)?;
    let text = |column| row.try_get::<&str, _>(column);
    let stored = StoredSummary {
        id,
        key: text("key")?,
        reference: text("reference")?,
        provider: text("provider")?,
        base_url: text("base_url")?,
        state: text("state")?,
        is_top_up: row.try_get("is_top_up")?,
        lines: text("lines")?,
        total: row.try_get("total")?,
        esims: text("esims")?,
        created_at: decode_moment(id, row, "created_at")?,
        updated_at: decode_moment(id, row, "updated_at")?,
    };
    Ok(stored.read()?)
}

/// The `id` of a row.
pub(crate) fn decode_id(row: &SqliteRow) -> Result<OrderId, Failure> {
    let id: &str = row.try_get("id")?;
    id.parse().map_err(|error| {
        Failure::Refused(JournalError::Corrupt {
            message: format!(
                "an order's id is damaged ({error}); nothing was written: stop and restore a backup"
            ),
        })
    })
}

fn decode_moment(id: OrderId, row: &SqliteRow, column: &str) -> Result<Timestamp, Failure> {
    let text: &str = row.try_get(column)?;
    moment::from_text(text).ok_or_else(|| damaged(id, &format!("its `{column}` is no moment")))
}

/// What is kept of this order cannot be read.
pub(crate) fn damaged(id: OrderId, what: &str) -> Failure {
    JournalError::damaged(id, what).into()
}

/// JSON of a plain value of ours.
pub(crate) fn to_json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("our own plain values serialise")
}
