//! Appending to an order as it was at a version, for tests that know an order by its id.

use async_trait::async_trait;
use jiff::Timestamp;
use roamport_domain::journal::{JournalError, NewOrder, OrderChange, Version};
use roamport_domain::order::{Event, IllegalEvent};
use roamport_domain::{Order, OrderId, OrderJournal};

use super::sample;

/// [`OrderJournal::append`] by id and version.
#[async_trait]
pub trait AppendAt: OrderJournal {
    /// Reads the order as it was at the version `expected`, and appends these events to it. At a version that
    /// the order has not reached it is taken to have waited until then. Returns the version it then has.
    ///
    /// # Errors
    ///
    /// [`JournalError::Illegal`] where the events may not follow; those of [`OrderJournal::events`] and of
    /// [`OrderJournal::append`].
    async fn append_at(
        &self,
        id: OrderId,
        expected: Version,
        events: &[Event],
        due: Option<Timestamp>,
    ) -> Result<Version, JournalError> {
        let recorded = self.events(id).await?;
        let events_so_far = recorded.iter().map(|recorded| &recorded.event);
        let order = as_of(id, events_so_far, expected)?;
        let change = OrderChange::of(&order, events.to_vec())?;
        self.append(&change, due).await?;
        Ok(change.after().version())
    }
}

/// The order that these events made at a version. Where they do not reach it, it waited until then.
pub(super) fn as_of<'a>(
    id: OrderId,
    events: impl IntoIterator<Item = &'a Event>,
    version: Version,
) -> Result<Order, IllegalEvent> {
    let known = usize::try_from(version.count()).unwrap_or(usize::MAX);
    let mut order = Order::replay(id, events.into_iter().take(known))?;
    while order.version() < version {
        order.apply(&sample::waited(Timestamp::UNIX_EPOCH, "nobody wrote this"))?;
    }
    Ok(order)
}

impl<Journal: OrderJournal + ?Sized> AppendAt for Journal {}

/// The change that these events make to an order that waited from its first version until `expected`.
///
/// # Panics
///
/// Where they may not follow.
pub fn change_at(new: &NewOrder, expected: Version, events: &[Event]) -> OrderChange {
    let requested = Event::Requested(Box::new(new.requested.clone()));
    let order = as_of(new.id, [&requested], expected).expect("an order may wait");
    OrderChange::of(&order, events.to_vec()).expect("the events may follow")
}
