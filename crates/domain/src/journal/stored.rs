//! What any journal of rows reads back: an order from its events, and its line in a list.

use std::num::NonZeroU16;

use jiff::Timestamp;
use serde::de::DeserializeOwned;

use super::{JournalError, OrderSummary, Recorded};
use crate::order::{Order, OrderState, ProviderInstance};
use crate::{IdempotencyKey, Money, OrderId, ProviderName, Reference};

impl Recorded {
    /// The order that its stored events make, all of them, in order. `newest` is the version that the
    /// journal noted apart from them, by which a missing last event is noticed.
    ///
    /// # Errors
    ///
    /// [`JournalError::Corrupt`] where an event is missing or cannot follow.
    pub fn replay(id: OrderId, newest: i64, events: &[Self]) -> Result<Order, JournalError> {
        for (recorded, number) in events.iter().zip(1..) {
            if recorded.version.count() != number {
                return Err(Self::missing(id, number));
            }
        }
        if i64::try_from(events.len()) != Ok(newest) {
            let there = events.len();
            let what = format!("{newest} events were written, {there} are there");
            return Err(JournalError::damaged(id, &what));
        }
        Order::replay(id, events.iter().map(|recorded| &recorded.event))
            .map_err(|illegal| JournalError::damaged(id, &illegal.to_string()))
    }

    /// What a journal says where the event with this number, from 1, is not there.
    pub fn missing(order: OrderId, number: u64) -> JournalError {
        JournalError::damaged(order, &format!("its event {number} is missing"))
    }
}

/// The row of an order in a list, as a database gives it: texts that this journal wrote, and two
/// moments in whatever form it keeps them.
#[derive(Clone, Copy, Debug)]
pub struct StoredSummary<'a> {
    /// Our id.
    pub id: OrderId,
    /// The caller's key.
    pub key: &'a str,
    /// What we call it toward the provider.
    pub reference: &'a str,
    /// The provider's name.
    pub provider: &'a str,
    /// Where the provider is reached.
    pub base_url: &'a str,
    /// The state's name.
    pub state: &'a str,
    /// Whether it is a top-up.
    pub is_top_up: bool,
    /// [`OrderSummary::lines`] as JSON.
    pub lines: &'a str,
    /// [`OrderSummary::total`] as JSON, where there is one.
    pub total: Option<&'a str>,
    /// [`OrderSummary::esims`] as JSON.
    pub esims: &'a str,
    /// When it was recorded.
    pub created_at: Timestamp,
    /// When its last event was recorded.
    pub updated_at: Timestamp,
}

impl StoredSummary<'_> {
    /// The order as lists show it.
    ///
    /// # Errors
    ///
    /// [`JournalError::Corrupt`], which names the column that cannot be read and shows nothing of it.
    pub fn read(self) -> Result<OrderSummary, JournalError> {
        let unreadable = |column: &str| {
            JournalError::damaged(self.id, &format!("its `{column}` cannot be read"))
        };
        let total: Option<Money> = match self.total {
            Some(total) => Some(from_json(total).ok_or_else(|| unreadable("total"))?),
            None => None,
        };
        let lines: Vec<(String, NonZeroU16)> =
            from_json(self.lines).ok_or_else(|| unreadable("lines"))?;
        Ok(OrderSummary {
            id: self.id,
            key: IdempotencyKey::parse(self.key).map_err(|_| unreadable("key"))?,
            reference: Reference::parse(self.reference).map_err(|_| unreadable("reference"))?,
            provider: ProviderInstance {
                name: ProviderName::parse(self.provider).map_err(|_| unreadable("provider"))?,
                base_url: self.base_url.to_owned(),
            },
            state: OrderState::from_name(self.state).ok_or_else(|| unreadable("state"))?,
            is_top_up: self.is_top_up,
            lines,
            total,
            esims: from_json(self.esims).ok_or_else(|| unreadable("esims"))?,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

fn from_json<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_str(text).ok()
}
