//! What is appended to an order: events that may follow, and all that they make of it.

use super::{AttemptRecord, RefundRecord, Version};
use crate::OrderId;
use crate::order::{Event, IllegalEvent, Order};

/// Events that may be appended to an order, with the order they lead to and the rows that follow from them.
///
/// They are applied once, here, and are legal by construction. What a journal still decides is whether the
/// order has the version that they build on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderChange {
    expected: Version,
    events: Vec<Event>,
    after: Order,
    attempts: Vec<AttemptRecord>,
    moves_esims: bool,
}

impl OrderChange {
    /// The change that `events` make to `order`. Without events only the time at which it is due changes.
    ///
    /// # Errors
    ///
    /// [`IllegalEvent`] where one of them may not follow.
    pub fn of(order: &Order, events: Vec<Event>) -> Result<Self, IllegalEvent> {
        Self::made(order, events, Order::apply)
    }

    /// The same with events that this release writes: see [`Order::admit`].
    ///
    /// # Errors
    ///
    /// Those of [`OrderChange::of`] and of [`Order::admit`].
    pub fn admitted(order: &Order, events: Vec<Event>) -> Result<Self, IllegalEvent> {
        Self::made(order, events, |after, event| {
            after.admit(event)?;
            after.apply(event)
        })
    }

    fn made(
        order: &Order,
        events: Vec<Event>,
        take: impl Fn(&mut Order, &Event) -> Result<(), IllegalEvent>,
    ) -> Result<Self, IllegalEvent> {
        let mut after = order.clone();
        for event in &events {
            take(&mut after, event)?;
        }
        let before = order.attempt_records();
        let mut attempts = after.attempt_records();
        attempts.retain(|attempt| !before.contains(attempt));
        Ok(Self {
            expected: order.version(),
            moves_esims: order.esims() != after.esims(),
            events,
            after,
            attempts,
        })
    }

    /// The order that is changed.
    pub const fn id(&self) -> OrderId {
        self.after.id()
    }

    /// The version that it must have.
    pub const fn expected(&self) -> Version {
        self.expected
    }

    /// What is appended, in order.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The order as the events make it.
    pub const fn after(&self) -> &Order {
        &self.after
    }

    /// The same, to go on with once the change is written.
    pub fn into_order(self) -> Order {
        self.after
    }

    /// The purchase calls that are new or not as they were.
    pub fn attempts(&self) -> &[AttemptRecord] {
        &self.attempts
    }

    /// The refunds that the events tell of.
    pub fn refunds(&self) -> impl Iterator<Item = RefundRecord> {
        self.events.iter().filter_map(RefundRecord::of)
    }

    /// Whether the order is about other eSIMs afterwards.
    pub const fn moves_esims(&self) -> bool {
        self.moves_esims
    }
}
