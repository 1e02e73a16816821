//! What a journal says of an order that it can no longer read.

use super::JournalError;
use crate::OrderId;
use crate::order::EventFormatError;

impl JournalError {
    /// [`JournalError::Corrupt`] for an order of which something is missing or broken: `what` says
    /// what, and shows no value of it.
    pub fn damaged(order: OrderId, what: &str) -> Self {
        Self::Corrupt {
            message: format!(
                "order {order} is damaged: {what}; nothing was written: do not buy it again, look it up \
                 at the provider by its reference, and restore a backup"
            ),
        }
    }

    /// [`JournalError::Corrupt`] for the event with this number, from 1, whose stored text could not be
    /// read: damage, or the word of a later release.
    pub fn unreadable_event(order: OrderId, number: u64, error: EventFormatError) -> Self {
        match error {
            // serde_json may quote a value in its message, so only the place is passed on.
            EventFormatError::Unreadable(error) => Self::damaged(
                order,
                &format!(
                    "its event {number} is damaged near line {} column {}",
                    error.line(),
                    error.column()
                ),
            ),
            error => Self::Corrupt {
                message: format!(
                    "order {order}: {error} (event {number}); nothing was written: use the release that \
                     wrote it, or a later one"
                ),
            },
        }
    }
}
