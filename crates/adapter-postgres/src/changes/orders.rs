//! Recording a wish, and what happened to it since.

use jiff::Timestamp;
use roamport_domain::journal::{
    JournalError, NewOrder, Opened, OrderChange, OrderSummary, Version,
};
use roamport_domain::order::Event;
use roamport_domain::{Account, EsimId, Order, OrderId};
use sqlx::Row as _;
use sqlx::postgres::PgConnection;
use sqlx::types::Uuid;

use crate::error::{Failure, violated};
use crate::moment::{Moment, Read};
use crate::rows::{self, AttemptColumns, EventColumns, RefundColumns};

/// An order and its first event, due at once; nothing where a name of it is taken.
const OPEN: &str = "WITH clock AS MATERIALIZED (SELECT roamport_clock(2) AS now), \
     added AS ( \
         INSERT INTO orders (id, version, state, key, fingerprint, provider, base_url, reference, \
             is_top_up, lines, total, esims, created_at, updated_at, due_at, account) \
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, now, now, $17 FROM clock \
         ON CONFLICT DO NOTHING RETURNING id, updated_at), \
     event AS ( \
         INSERT INTO events (order_id, version, at, name, body) \
         SELECT id, $2, updated_at, $14, $15 FROM added), \
     esims AS ( \
         INSERT INTO order_esims (order_id, esim) \
         SELECT id, esim FROM added, unnest($16::text[]) AS esim ON CONFLICT DO NOTHING) \
     SELECT count(*) FROM added";

/// Records a wish, or finds the order its key already names.
pub(crate) async fn open(connection: &mut PgConnection, new: &NewOrder) -> Result<Opened, Failure> {
    let wish = &new.requested;
    let order = Order::open(new.id, wish.clone());
    let summary = OrderSummary::of(&order, wish.at);
    let event = Event::Requested(Box::new(wish.clone()));
    let added: i64 = sqlx::query_scalar(OPEN)
        .bind(new.id.as_uuid())
        .bind(rows::count(order.version().count()))
        .bind(order.state().as_str())
        .bind(wish.key.as_str())
        .bind(wish.fingerprint.as_str())
        .bind(wish.provider.name.as_str())
        .bind(wish.provider.base_url.as_str())
        .bind(wish.reference.as_str())
        .bind(summary.is_top_up)
        .bind(rows::to_json(&summary.lines))
        .bind(summary.total.as_ref().map(rows::to_json))
        .bind(rows::to_json(&summary.esims))
        .bind(Moment::of(summary.created_at))
        .bind(event.name())
        .bind(event.to_stored())
        .bind(names(&summary.esims))
        .bind(order.account().map(Account::as_str))
        .fetch_one(&mut *connection)
        .await?;
    if added == 1 {
        Ok(Opened::New(new.id))
    } else {
        known(connection, new).await
    }
}

/// Who has a name of the new order already. Orders are never deleted, so whoever was in the way is
/// there now.
async fn known(connection: &mut PgConnection, new: &NewOrder) -> Result<Opened, Failure> {
    let wish = &new.requested;
    let others = sqlx::query(
        "SELECT id, key, fingerprint, provider = $2 AND reference = $3 AS same_reference \
         FROM orders WHERE key = $1 OR (provider = $2 AND reference = $3) OR id = $4",
    )
    .bind(wish.key.as_str())
    .bind(wish.provider.name.as_str())
    .bind(wish.reference.as_str())
    .bind(new.id.as_uuid())
    .fetch_all(connection)
    .await?;
    let mut what = "the order's id";
    for row in &others {
        let key: &str = row.try_get("key")?;
        if key == wish.key.as_str() {
            let id = rows::decode_id(row)?;
            let fingerprint: &str = row.try_get("fingerprint")?;
            let is_same = fingerprint == wish.fingerprint.as_str();
            return Ok(if is_same {
                Opened::Existing(id)
            } else {
                Opened::KeyReused(id)
            });
        }
        if row.try_get("same_reference")? {
            what = "the reference";
        }
    }
    Err(JournalError::Duplicate { what }.into())
}

/// Events and all that follows from them, where the order still has the version they build on: that
/// comparison is the fence. `$2` is that version, `$10` whether there are events.
const APPEND: &str = "WITH clock AS MATERIALIZED (SELECT roamport_clock(2) AS now), \
     changed AS ( \
         UPDATE orders SET version = $3, state = $4, provider_order_id = $5, total = $6, \
             esims = $7, window_closes_at = $8, due_at = $9, account = $18, \
             updated_at = CASE WHEN $10 THEN (SELECT now FROM clock) ELSE updated_at END \
         WHERE id = $1 AND version = $2 RETURNING id, provider), \
     added AS ( \
         INSERT INTO events (order_id, version, at, name, body) \
         SELECT changed.id, event.version, clock.now, event.name, event.body \
         FROM changed, clock, unnest($11::bigint[], $12::text[], $13::text[]) \
             AS event (version, name, body)), \
     called AS ( \
         INSERT INTO attempts (order_id, number, provider, settled_at, is_unknown, account, opened_at, \
             state, amount, placed, placed_at) \
         SELECT changed.id, attempt.number, changed.provider, attempt.settled_at, attempt.is_unknown, \
             attempt.account, attempt.opened_at, attempt.state, attempt.amount, attempt.placed, \
             attempt.placed_at \
         FROM changed, unnest($14::integer[], $15::timestamptz[], $16::boolean[], $19::text[], \
             $20::timestamptz[], $21::text[], $22::text[], $23::text[], $24::timestamptz[]) \
             AS attempt (number, settled_at, is_unknown, account, opened_at, state, amount, placed, \
                 placed_at) \
         ON CONFLICT (order_id, number) DO UPDATE \
             SET settled_at = excluded.settled_at, is_unknown = excluded.is_unknown, \
                 account = excluded.account, state = excluded.state, placed = excluded.placed, \
                 placed_at = excluded.placed_at), \
     refunded AS ( \
         INSERT INTO refunds (order_id, item, account, at, amount) \
         SELECT changed.id, refund.item, $18, refund.at, refund.amount \
         FROM changed, unnest($25::integer[], $26::timestamptz[], $27::text[]) \
             AS refund (item, at, amount) ON CONFLICT DO NOTHING), \
     lost AS ( \
         DELETE FROM order_esims USING changed \
         WHERE order_id = changed.id AND NOT esim = ANY ($17::text[])), \
     gained AS ( \
         INSERT INTO order_esims (order_id, esim) \
         SELECT changed.id, esim FROM changed, unnest($17::text[]) AS esim ON CONFLICT DO NOTHING) \
     SELECT clock.now FROM changed, clock";

/// A change of an order that has the version it builds on.
pub(crate) struct Append<'a> {
    pub(crate) change: &'a OrderChange,
    pub(crate) due: Option<Timestamp>,
}

impl Append<'_> {
    /// Makes it. Returns the journal's time.
    pub(crate) async fn run(&self, connection: &mut PgConnection) -> Result<Timestamp, Failure> {
        let id = self.change.id();
        if let Some(Read(at)) = self.write(connection).await? {
            return Ok(at);
        }
        let actual: Option<i64> = sqlx::query_scalar("SELECT version FROM orders WHERE id = $1")
            .bind(id.as_uuid())
            .fetch_optional(connection)
            .await?;
        let actual = actual.ok_or(JournalError::NotFound(id))?;
        let actual =
            u64::try_from(actual).map_err(|_| rows::damaged(id, "its version is no count"))?;
        Err(JournalError::VersionConflict {
            order: id,
            expected: self.change.expected(),
            actual: Version::from_count(actual),
        }
        .into())
    }

    /// When it was made; `None` where the order had another version.
    async fn write(&self, connection: &mut PgConnection) -> Result<Option<Read>, Failure> {
        let (change, after) = (self.change, self.change.after());
        let summary = OrderSummary::of(after, Timestamp::UNIX_EPOCH);
        let events = EventColumns::of(after, change.events());
        let attempts = AttemptColumns::of(change.attempts().to_vec());
        let refunds = RefundColumns::of(change.events());
        let window = after
            .attempts()
            .last()
            .map(|last| Moment::of(last.closes_at));
        let written: Result<Option<Read>, sqlx::Error> = sqlx::query_scalar(APPEND)
            .bind(change.id().as_uuid())
            .bind(rows::count(change.expected().count()))
            .bind(rows::count(after.version().count()))
            .bind(after.state().as_str())
            .bind(after.placed().map(|placed| placed.id.as_str()))
            .bind(summary.total.as_ref().map(rows::to_json))
            .bind(rows::to_json(&summary.esims))
            .bind(window)
            .bind(self.due.map(Moment::not_before))
            .bind(!change.events().is_empty())
            .bind(events.versions)
            .bind(events.names)
            .bind(events.bodies)
            .bind(attempts.numbers)
            .bind(attempts.settled_at)
            .bind(attempts.are_unknown)
            .bind(names(&summary.esims))
            .bind(after.account().map(Account::as_str))
            .bind(attempts.accounts)
            .bind(attempts.opened_at)
            .bind(attempts.states)
            .bind(attempts.amounts)
            .bind(attempts.placed)
            .bind(attempts.placed_at)
            .bind(refunds.items)
            .bind(refunds.at)
            .bind(refunds.amounts)
            .fetch_optional(connection)
            .await;
        match written {
            Ok(at) => Ok(at),
            Err(error) if violated(&error) == Some("orders_provider_order") => {
                Err(JournalError::Duplicate {
                    what: "the provider's order id",
                }
                .into())
            }
            Err(error) => Err(error.into()),
        }
    }
}

fn names(esims: &[EsimId]) -> Vec<&str> {
    esims.iter().map(EsimId::as_str).collect()
}

/// Whether there is such an order.
pub(crate) async fn exists(connection: &mut PgConnection, id: OrderId) -> Result<bool, Failure> {
    let found: Option<Uuid> = sqlx::query_scalar("SELECT id FROM orders WHERE id = $1")
        .bind(id.as_uuid())
        .fetch_optional(connection)
        .await?;
    Ok(found.is_some())
}
