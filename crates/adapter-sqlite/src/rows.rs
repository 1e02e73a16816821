//! An order's events and row: how they are written and read back.

use std::num::NonZeroU16;

use jiff::Timestamp;
use roamport_domain::journal::{JournalError, NewOrder, OrderSummary, Recorded, Version};
use roamport_domain::order::{
    Attempt, AttemptState, Event, EventFormatError, OrderState, ProviderInstance,
};
use roamport_domain::{EsimId, IdempotencyKey, Money, Order, OrderId, ProviderName, Reference};
use serde::Serialize;
use serde::de::DeserializeOwned;
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
    if i64::try_from(events.len()) != Ok(newest) {
        return Err(damaged(
            id,
            &format!("{newest} events were written, {} are there", events.len()),
        ));
    }
    let order = Order::replay(id, events.iter().map(|recorded| &recorded.event))
        .map_err(|illegal| damaged(id, &illegal.to_string()))?;
    Ok(Stored { order, events })
}

fn decode_event(id: OrderId, row: &SqliteRow, expected: u64) -> Result<Recorded, Failure> {
    let version: Option<i64> = row.try_get("version")?;
    if version.map(u64::try_from) != Some(Ok(expected)) {
        return Err(damaged(id, &format!("its event {expected} is missing")));
    }
    let body: &str = row.try_get("body")?;
    let event = Event::from_stored(body).map_err(|error| match error {
        // serde_json may quote a value in its message, so only the place is passed on.
        EventFormatError::Unreadable(error) => damaged(
            id,
            &format!(
                "its event {expected} is damaged near line {} column {}",
                error.line(),
                error.column()
            ),
        ),
        error => Failure::Refused(JournalError::Corrupt {
            message: format!(
                "order {id}: {error} (event {expected}); nothing was written: use the release that \
                 wrote it, or a later one"
            ),
        }),
    })?;
    Ok(Recorded {
        version: Version::from_count(expected),
        at: decode_moment(id, row, "at")?,
        event,
    })
}

/// Adds the events that lead to `after`, whose last version is that of `after`.
pub(crate) async fn add_events(
    connection: &mut SqliteConnection,
    after: &Order,
    events: &[Event],
    at: Timestamp,
) -> Result<(), Failure> {
    let id = after.id().to_string();
    let at = moment::to_text(at);
    let first =
        after.version().count() - u64::try_from(events.len()).expect("a length fits 64 bits");
    for (event, version) in events.iter().zip(first + 1..) {
        sqlx::query(
            "INSERT INTO events (order_id, version, at, name, body) VALUES (?, ?, ?, ?, ?)",
        )
        .bind(id.as_str())
        .bind(count(version))
        .bind(at.as_str())
        .bind(event.name())
        .bind(event.to_stored())
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Adds the row of an order with its first event alone, due at once.
pub(crate) async fn add_order(
    connection: &mut SqliteConnection,
    new: &NewOrder,
    order: &Order,
    at: Timestamp,
) -> Result<(), Failure> {
    let summary = OrderSummary::of(order, at);
    sqlx::query(
        "INSERT INTO orders (id, version, state, key, fingerprint, provider, base_url, reference, \
         is_top_up, lines, total, esims, created_at, updated_at, due_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(new.id.to_string())
    .bind(count(order.version().count()))
    .bind(order.state().as_str())
    .bind(new.requested.key.as_str())
    .bind(new.requested.fingerprint.as_str())
    .bind(new.requested.provider.name.as_str())
    .bind(new.requested.provider.base_url.as_str())
    .bind(new.requested.reference.as_str())
    .bind(summary.is_top_up)
    .bind(to_json(&summary.lines))
    .bind(summary.total.as_ref().map(to_json))
    .bind(to_json(&summary.esims))
    .bind(moment::to_text(summary.created_at))
    .bind(moment::to_text(at))
    .bind(moment::to_text(at))
    .execute(&mut *connection)
    .await?;
    write_esims(connection, order.id(), &summary.esims).await
}

/// Brings the row from `before` to `after`; `at` is `None` where no event was added.
pub(crate) async fn update_order(
    connection: &mut SqliteConnection,
    before: &Order,
    after: &Order,
    at: Option<Timestamp>,
    due: Option<Timestamp>,
) -> Result<(), Failure> {
    let summary = OrderSummary::of(after, at.unwrap_or(Timestamp::UNIX_EPOCH));
    sqlx::query(
        "UPDATE orders SET version = ?, state = ?, provider_order_id = ?, total = ?, esims = ?, \
         updated_at = coalesce(?, updated_at), due_at = ? WHERE id = ?",
    )
    .bind(count(after.version().count()))
    .bind(after.state().as_str())
    .bind(after.placed().map(|placed| placed.id.as_str()))
    .bind(summary.total.as_ref().map(to_json))
    .bind(to_json(&summary.esims))
    .bind(at.map(moment::to_text))
    .bind(due.map(moment::to_text))
    .bind(after.id().to_string())
    .execute(&mut *connection)
    .await?;
    if before.esims() != summary.esims {
        sqlx::query("DELETE FROM order_esims WHERE order_id = ?")
            .bind(after.id().to_string())
            .execute(&mut *connection)
            .await?;
        write_esims(connection, after.id(), &summary.esims).await?;
    }
    for attempt in after.attempts() {
        if !before.attempts().contains(attempt) {
            write_attempt(connection, after, attempt).await?;
        }
    }
    Ok(())
}

async fn write_esims(
    connection: &mut SqliteConnection,
    id: OrderId,
    esims: &[EsimId],
) -> Result<(), Failure> {
    for esim in esims {
        sqlx::query(
            "INSERT INTO order_esims (order_id, esim) VALUES (?, ?) ON CONFLICT DO NOTHING",
        )
        .bind(id.to_string())
        .bind(esim.as_str())
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

async fn write_attempt(
    connection: &mut SqliteConnection,
    order: &Order,
    attempt: &Attempt,
) -> Result<(), Failure> {
    let Some(settled_at) = attempt.settled_at else {
        return Ok(());
    };
    let is_unknown = matches!(
        attempt.state,
        AttemptState::Ambiguous { .. } | AttemptState::Abandoned
    );
    sqlx::query(
        "INSERT INTO attempts (order_id, number, provider, settled_at, is_unknown) \
         VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET \
         settled_at = excluded.settled_at, is_unknown = excluded.is_unknown",
    )
    .bind(order.id().to_string())
    .bind(attempt.number)
    .bind(order.requested().provider.name.as_str())
    .bind(moment::to_text(settled_at))
    .bind(is_unknown)
    .execute(connection)
    .await?;
    Ok(())
}

/// The columns that [`decode_summary`] reads.
pub(crate) const SUMMARY_COLUMNS: &str = "id, key, reference, provider, base_url, state, is_top_up, \
     lines, total, esims, created_at, updated_at";

/// The order of a row of [`SUMMARY_COLUMNS`], as lists show it.
pub(crate) fn decode_summary(row: &SqliteRow) -> Result<OrderSummary, Failure> {
    let id = decode_id(row)?;
    let text = |column| -> Result<&str, Failure> { Ok(row.try_get(column)?) };
    let unreadable = |column: &str| damaged(id, &format!("its `{column}` cannot be read"));
    let total: Option<&str> = row.try_get("total")?;
    let total: Option<Money> = match total {
        Some(total) => Some(from_json(total).ok_or_else(|| unreadable("total"))?),
        None => None,
    };
    let lines: Vec<(String, NonZeroU16)> =
        from_json(text("lines")?).ok_or_else(|| unreadable("lines"))?;
    Ok(OrderSummary {
        id,
        key: IdempotencyKey::parse(text("key")?).map_err(|_| unreadable("key"))?,
        reference: Reference::parse(text("reference")?).map_err(|_| unreadable("reference"))?,
        provider: ProviderInstance {
            name: ProviderName::parse(text("provider")?).map_err(|_| unreadable("provider"))?,
            base_url: text("base_url")?.to_owned(),
        },
        state: OrderState::from_name(text("state")?).ok_or_else(|| unreadable("state"))?,
        is_top_up: row.try_get("is_top_up")?,
        lines,
        total,
        esims: from_json(text("esims")?).ok_or_else(|| unreadable("esims"))?,
        created_at: decode_moment(id, row, "created_at")?,
        updated_at: decode_moment(id, row, "updated_at")?,
    })
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
    Failure::Refused(JournalError::Corrupt {
        message: format!(
            "order {id} is damaged: {what}; nothing was written: do not buy it again, look it up at \
             the provider by its reference, and restore a backup"
        ),
    })
}

/// A count as SQLite keeps integers.
fn count(count: u64) -> i64 {
    i64::try_from(count).expect("no order has 2^63 events")
}

/// JSON of a plain value of ours.
pub(crate) fn to_json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("our own plain values serialise")
}

fn from_json<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_str(text).ok()
}
