//! Recording a wish, and what happened to it since.

use async_trait::async_trait;
use jiff::Timestamp;
use roamport_domain::journal::{JournalError, NewOrder, Opened, Version};
use roamport_domain::order::Event;
use roamport_domain::{Order, OrderId};
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;

use crate::error::Failure;
use crate::rows;
use crate::writer::Change;

/// Records a wish, or finds the order its key already names.
pub(crate) struct Open(pub(crate) NewOrder);

#[async_trait]
impl Change for Open {
    type Answer = Opened;

    async fn make(
        &self,
        connection: &mut SqliteConnection,
        now: Timestamp,
    ) -> Result<Opened, Failure> {
        let Self(new) = self;
        let wish = &new.requested;
        let same_key = sqlx::query("SELECT id, fingerprint FROM orders WHERE key = ?")
            .bind(wish.key.as_str())
            .fetch_optional(&mut *connection)
            .await?;
        if let Some(row) = same_key {
            let id = rows::decode_id(&row)?;
            let fingerprint: &str = row.try_get("fingerprint")?;
            let is_same = fingerprint == wish.fingerprint.as_str();
            return Ok(if is_same {
                Opened::Existing(id)
            } else {
                Opened::KeyReused(id)
            });
        }
        let same_reference =
            sqlx::query("SELECT id FROM orders WHERE provider = ? AND reference = ?")
                .bind(wish.provider.name.as_str())
                .bind(wish.reference.as_str())
                .fetch_optional(&mut *connection)
                .await?;
        if same_reference.is_some() {
            return Err(JournalError::Duplicate {
                what: "the reference",
            }
            .into());
        }
        if exists(connection, new.id).await? {
            return Err(JournalError::Duplicate {
                what: "the order's id",
            }
            .into());
        }
        let order = Order::open(new.id, wish.clone());
        rows::add_order(connection, new, &order, now).await?;
        let event = Event::Requested(Box::new(wish.clone()));
        rows::add_events(connection, &order, &[event], now).await?;
        Ok(Opened::New(new.id))
    }
}

/// Appends events to an order of a known version.
pub(crate) struct Append {
    pub(crate) id: OrderId,
    pub(crate) expected: Version,
    pub(crate) events: Vec<Event>,
    pub(crate) due: Option<Timestamp>,
}

#[async_trait]
impl Change for Append {
    type Answer = Version;

    async fn make(
        &self,
        connection: &mut SqliteConnection,
        now: Timestamp,
    ) -> Result<Version, Failure> {
        let before = rows::read(connection, self.id).await?.order;
        let actual = before.version();
        if actual != self.expected {
            let (order, expected) = (self.id, self.expected);
            return Err(JournalError::VersionConflict {
                order,
                expected,
                actual,
            }
            .into());
        }
        let mut after = before.clone();
        for event in &self.events {
            after.apply(event)?;
        }
        refuse_foreign_provider_order(connection, &before, &after).await?;
        rows::add_events(connection, &after, &self.events, now).await?;
        let at = (!self.events.is_empty()).then_some(now);
        rows::update_order(connection, &before, &after, at, self.due).await?;
        Ok(after.version())
    }
}

/// An order of the provider belongs to one order of ours.
async fn refuse_foreign_provider_order(
    connection: &mut SqliteConnection,
    before: &Order,
    after: &Order,
) -> Result<(), Failure> {
    let id = |order: &Order| order.placed().map(|placed| placed.id.clone());
    let Some(placed) = id(after).filter(|placed| id(before).as_ref() != Some(placed)) else {
        return Ok(());
    };
    let other = sqlx::query(
        "SELECT id FROM orders WHERE provider = ? AND provider_order_id = ? AND id <> ?",
    )
    .bind(after.requested().provider.name.as_str())
    .bind(placed.as_str())
    .bind(after.id().to_string())
    .fetch_optional(connection)
    .await?;
    match other {
        Some(_) => Err(JournalError::Duplicate {
            what: "the provider's order id",
        }
        .into()),
        None => Ok(()),
    }
}

/// Whether there is such an order.
pub(crate) async fn exists(
    connection: &mut SqliteConnection,
    id: OrderId,
) -> Result<bool, Failure> {
    let row = sqlx::query("SELECT 1 FROM orders WHERE id = ?")
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?;
    Ok(row.is_some())
}
