//! Recording a wish, and what happened to it since.

use async_trait::async_trait;
use jiff::Timestamp;
use roamport_domain::journal::{JournalError, NewOrder, Opened, OrderChange, Version};
use roamport_domain::order::Event;
use roamport_domain::{Order, OrderId};
use sqlx::Row as _;

use crate::error::{Failure, is_refused, is_taken};
use crate::writer::{Change, Writing};
use crate::{recording, rows};

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

/// Makes a change of an order that has the version it builds on, and says when the order is due.
pub(crate) struct Append {
    pub(crate) change: OrderChange,
    pub(crate) due: Option<Timestamp>,
}

#[async_trait]
impl Change for Append {
    type Answer = Timestamp;

    async fn make(&self, writing: &mut Writing<'_>) -> Result<Timestamp, Failure> {
        let now = writing.now();
        let script = recording::appending(&self.change, now, self.due);
        // Whatever is refused is refused at the order's row, the first thing that is written.
        match script.run(writing).await {
            Ok(written) if written.first() == Some(&1) => Ok(now),
            Ok(_) => Err(JournalError::NotFound(self.change.id()).into()),
            Err(error) if is_taken(&error) => Err(JournalError::Duplicate {
                what: "the provider's order id",
            }
            .into()),
            Err(error) if is_refused(&error) => Err(self.refusal(writing).await?.into()),
            Err(error) => Err(error.into()),
        }
    }
}

impl Append {
    /// Why the row of the order could not be changed.
    async fn refusal(&self, writing: &mut Writing<'_>) -> Result<JournalError, Failure> {
        let (order, expected) = (self.change.id(), self.change.expected());
        let version: Option<i64> = sqlx::query_scalar("SELECT version FROM orders WHERE id = ?")
            .bind(order.to_string())
            .fetch_optional(writing.connection())
            .await?;
        let Some(version) = version else {
            return Ok(JournalError::NotFound(order));
        };
        // The table takes no version below 1.
        let actual = Version::from_count(u64::try_from(version).unwrap_or_default());
        Ok(JournalError::VersionConflict {
            order,
            expected,
            actual,
        })
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
