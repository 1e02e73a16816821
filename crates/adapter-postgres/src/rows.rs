//! An order's events and row: how they are read back and turned into columns.

use jiff::Timestamp;
use roamport_domain::journal::{
    AttemptRecord, JournalError, OrderSummary, Recorded, RefundRecord, StoredSummary, Version,
};
use roamport_domain::order::Event;
use roamport_domain::{Order, OrderId};
use serde::Serialize;
use sqlx::Row as _;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::types::Uuid;

use crate::error::Failure;
use crate::moment::{Moment, Read};

/// An order and everything that happened to it, as one statement saw them.
pub(crate) struct Stored {
    pub(crate) order: Order,
    pub(crate) events: Vec<Recorded>,
}

/// The order with this id.
pub(crate) async fn read(connection: &mut PgConnection, id: OrderId) -> Result<Stored, Failure> {
    let rows = sqlx::query(
        "SELECT orders.version AS newest, events.version, events.at, events.body \
         FROM orders LEFT JOIN events ON events.order_id = orders.id \
         WHERE orders.id = $1 ORDER BY events.version",
    )
    .bind(id.as_uuid())
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

fn decode_event(id: OrderId, row: &PgRow, expected: u64) -> Result<Recorded, Failure> {
    let version: Option<i64> = row.try_get("version")?;
    if version.map(u64::try_from) != Some(Ok(expected)) {
        return Err(Recorded::missing(id, expected).into());
    }
    let body: &str = row.try_get("body")?;
    let event = Event::from_stored(body)
        .map_err(|error| JournalError::unreadable_event(id, expected, error))?;
    Ok(Recorded {
        version: Version::from_count(expected),
        at: decode_moment(row, "at")?,
        event,
    })
}

/// Events as columns, for one statement that adds them all.
pub(crate) struct EventColumns {
    pub(crate) versions: Vec<i64>,
    pub(crate) names: Vec<&'static str>,
    pub(crate) bodies: Vec<String>,
}

impl EventColumns {
    /// The columns of `events`, the last of which makes the version of `after`.
    pub(crate) fn of(after: &Order, events: &[Event]) -> Self {
        let newest = count(after.version().count());
        let first = newest - i64::try_from(events.len()).expect("a length fits 63 bits") + 1;
        Self {
            versions: (first..=newest).collect(),
            names: events.iter().map(Event::name).collect(),
            bodies: events.iter().map(Event::to_stored).collect(),
        }
    }
}

/// Attempts as columns.
#[derive(Default)]
pub(crate) struct AttemptColumns {
    pub(crate) numbers: Vec<i32>,
    pub(crate) accounts: Vec<Option<String>>,
    pub(crate) opened_at: Vec<Moment>,
    pub(crate) settled_at: Vec<Option<Moment>>,
    pub(crate) are_unknown: Vec<bool>,
    pub(crate) states: Vec<&'static str>,
    pub(crate) amounts: Vec<Option<String>>,
    pub(crate) placed: Vec<Option<String>>,
    pub(crate) placed_at: Vec<Option<Moment>>,
}

impl AttemptColumns {
    /// These attempts.
    pub(crate) fn of(records: Vec<AttemptRecord>) -> Self {
        let mut columns = Self::default();
        for attempt in records {
            columns.numbers.push(attempt.number.into());
            columns
                .accounts
                .push(attempt.account.map(|account| account.to_string()));
            columns.opened_at.push(Moment::of(attempt.opened_at));
            columns.settled_at.push(attempt.settled_at.map(Moment::of));
            columns.are_unknown.push(attempt.is_unknown);
            columns.states.push(attempt.state.as_str());
            columns.amounts.push(attempt.amount.as_ref().map(to_json));
            columns
                .placed
                .push(attempt.placed.map(|placed| placed.to_string()));
            columns.placed_at.push(attempt.placed_at.map(Moment::of));
        }
        columns
    }
}

/// Refunds as columns.
#[derive(Default)]
pub(crate) struct RefundColumns {
    pub(crate) items: Vec<i32>,
    pub(crate) at: Vec<Moment>,
    pub(crate) amounts: Vec<String>,
}

impl RefundColumns {
    /// What `events` record.
    pub(crate) fn of<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut columns = Self::default();
        for refund in events.into_iter().filter_map(RefundRecord::of) {
            columns.items.push(refund.item.into());
            columns.at.push(Moment::of(refund.at));
            columns.amounts.push(to_json(&refund.amount));
        }
        columns
    }
}

/// The columns that [`decode_summary`] reads.
pub(crate) const SUMMARY_COLUMNS: &str = "id, key, reference, provider, base_url, state, is_top_up, \
     lines, total, esims, created_at, updated_at";

/// The order of a row of [`SUMMARY_COLUMNS`], as lists show it.
pub(crate) fn decode_summary(row: &PgRow) -> Result<OrderSummary, Failure> {
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
        created_at: decode_moment(row, "created_at")?,
        updated_at: decode_moment(row, "updated_at")?,
    };
    Ok(stored.read()?)
}

/// The `id` of a row.
pub(crate) fn decode_id(row: &PgRow) -> Result<OrderId, Failure> {
    Ok(OrderId::from_uuid(row.try_get::<Uuid, _>("id")?))
}

/// A moment of a row.
pub(crate) fn decode_moment(row: &PgRow, column: &str) -> Result<Timestamp, Failure> {
    let Read(moment) = row.try_get(column)?;
    Ok(moment)
}

/// What is kept of this order cannot be read.
pub(crate) fn damaged(id: OrderId, what: &str) -> Failure {
    JournalError::damaged(id, what).into()
}

/// A count as PostgreSQL keeps integers.
pub(crate) fn count(count: u64) -> i64 {
    i64::try_from(count).expect("no order has 2^63 events")
}

/// JSON of a plain value of ours.
pub(crate) fn to_json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("our own plain values serialise")
}
