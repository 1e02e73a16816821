//! Recording a wish, and what happened to it since.

use async_trait::async_trait;
use jiff::Timestamp;
use roamport_domain::journal::{JournalError, NewOrder, Opened, Version};
use roamport_domain::order::Event;
use roamport_domain::{Order, OrderId};
use sqlx::Row as _;

use crate::error::{Failure, is_taken};
use crate::recent::Kept;
use crate::writer::{Change, Writing};
use crate::{moment, recording, rows};

/// Records a wish, or finds the order its key already names.
pub(crate) struct Open(pub(crate) NewOrder);

/// The orders that have anything of a new one which only one may have.
const SAME: &str = "SELECT 'key' AS what, id, fingerprint FROM orders WHERE key = ? \
     UNION ALL SELECT 'reference', id, fingerprint FROM orders WHERE provider = ? AND reference = ? \
     UNION ALL SELECT 'id', id, fingerprint FROM orders WHERE id = ?";

#[async_trait]
impl Change for Open {
    type Answer = Opened;

    async fn make(&self, writing: &mut Writing<'_>) -> Result<Opened, Failure> {
        let Self(new) = self;
        if let Some(there) = self.find(writing).await? {
            return Ok(there);
        }
        let (order, now) = (Order::open(new.id, new.requested.clone()), writing.now());
        let event = Event::Requested(Box::new(new.requested.clone()));
        recording::opening(new, &order, &event, now)
            .run(writing)
            .await?;
        let updated_at = moment::to_text(now);
        writing.recent().keep(Kept { order, updated_at });
        Ok(Opened::New(new.id))
    }
}

impl Open {
    /// The order that the key already names; refused where another has the reference or the id.
    async fn find(&self, writing: &mut Writing<'_>) -> Result<Option<Opened>, Failure> {
        let Self(new) = self;
        let wish = &new.requested;
        let same = sqlx::query(SAME)
            .bind(wish.key.as_str())
            .bind(wish.provider.name.as_str())
            .bind(wish.reference.as_str())
            .bind(new.id.to_string())
            .fetch_all(writing.connection())
            .await?;
        let (mut reference, mut any) = (false, false);
        for row in &same {
            match row.try_get("what")? {
                "key" => {
                    let id = rows::decode_id(row)?;
                    let fingerprint: &str = row.try_get("fingerprint")?;
                    return Ok(Some(if fingerprint == wish.fingerprint.as_str() {
                        Opened::Existing(id)
                    } else {
                        Opened::KeyReused(id)
                    }));
                }
                "reference" => reference = true,
                _ => any = true,
            }
        }
        let what = match (reference, any) {
            (true, _) => "the reference",
            (false, true) => "the order's id",
            (false, false) => return Ok(None),
        };
        Err(JournalError::Duplicate { what }.into())
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

    async fn make(&self, writing: &mut Writing<'_>) -> Result<Version, Failure> {
        let before = self.before(writing).await?;
        let after = self.after(&before, writing.now())?;
        let script = recording::appending(&before, &after, &self.events, writing.now(), self.due);
        match script.run(writing).await {
            Ok(written) if written.first() == Some(&1) => {}
            Ok(_) => return Err(Failure::Outdated(self.id)),
            Err(error) if is_taken(&error) => {
                // It failed at the order's row, the first thing it writes, where this refuses.
                refuse_foreign_provider_order(writing, &before.order, &after.order).await?;
                return Err(error.into());
            }
            Err(error) => return Err(error.into()),
        }
        let version = after.order.version();
        writing.recent().keep(after);
        Ok(version)
    }
}

impl Append {
    /// The order that has the version this builds on: the one in mind, else the one in the file.
    async fn before(&self, writing: &mut Writing<'_>) -> Result<Kept, Failure> {
        let (id, expected) = (self.id, self.expected);
        if let Some(kept) = writing.recent().take(id)
            && kept.order.version() == expected
        {
            return Ok(kept);
        }
        let stored = rows::read(writing.connection(), id).await?;
        let actual = stored.order.version();
        if actual != expected {
            return Err(JournalError::VersionConflict {
                order: id,
                expected,
                actual,
            }
            .into());
        }
        Ok(Kept {
            order: stored.order,
            updated_at: stored.updated_at,
        })
    }

    fn after(&self, before: &Kept, now: Timestamp) -> Result<Kept, Failure> {
        let mut after = before.clone();
        for event in &self.events {
            after.order.apply(event)?;
        }
        if !self.events.is_empty() {
            after.updated_at = moment::to_text(now);
        }
        Ok(after)
    }
}

/// An order of the provider belongs to one order of ours.
async fn refuse_foreign_provider_order(
    writing: &mut Writing<'_>,
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
    .fetch_optional(writing.connection())
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
pub(crate) async fn exists(writing: &mut Writing<'_>, id: OrderId) -> Result<bool, Failure> {
    let row = sqlx::query("SELECT 1 FROM orders WHERE id = ?")
        .bind(id.to_string())
        .fetch_optional(writing.connection())
        .await?;
    Ok(row.is_some())
}
