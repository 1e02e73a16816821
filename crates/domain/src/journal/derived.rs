//! What a journal of rows derives from an order beside its events: the account, the purchase calls and
//! the refunds.

use jiff::Timestamp;

use super::{Charge, ChargeState};
use crate::order::{
    Attempt, AttemptNumber, AttemptState, CancellationOutcome, Event, ItemNumber, Order,
};
use crate::{Account, Money, OrderId, ProviderOrderId};

/// A purchase call as a row of a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptRecord {
    /// Its number in the order, from 1.
    pub number: AttemptNumber,
    /// The account that sent it; the order's where the attempt names none, absent where neither does.
    pub account: Option<Account>,
    /// When its window opened.
    pub opened_at: Timestamp,
    /// When its end became known or unknown; absent while it is in flight.
    pub settled_at: Option<Timestamp>,
    /// Whether it was settled as unknown: what back-pressure counts, whatever was found out later.
    pub is_unknown: bool,
    /// What is known of its charge now.
    pub state: ChargeState,
    /// What it costs at the prices it was sent with. Absent where the sum is out of range.
    pub amount: Option<Money>,
    /// The provider's order that it made, once that is known.
    pub placed: Option<ProviderOrderId>,
    /// When that became known.
    pub placed_at: Option<Timestamp>,
}

impl AttemptRecord {
    /// The charge as the wallet may show it.
    pub fn charge_of(self, order: OrderId) -> Charge {
        Charge {
            order,
            amount: self.amount,
            opened_at: self.opened_at,
            settled_at: self.placed_at.or(self.settled_at),
            state: self.state,
            placed: self.placed,
        }
    }
}

/// What a cancellation put back into the wallet, as a row of a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundRecord {
    /// The item of the order whose eSIM was canceled, from 0.
    pub item: ItemNumber,
    /// When the provider confirmed the cancellation, on the journal's clock.
    pub at: Timestamp,
    /// How much, as the provider reported it.
    pub amount: Money,
}

impl RefundRecord {
    /// The refund that `event` records. `None` for every other event, and where the provider named no
    /// amount.
    pub fn of(event: &Event) -> Option<Self> {
        match event {
            Event::CancellationSettled {
                item,
                at,
                outcome:
                    CancellationOutcome::Cancelled {
                        amount: Some(amount),
                        ..
                    },
            } => Some(Self {
                item: *item,
                at: *at,
                amount: *amount,
            }),
            _ => None,
        }
    }
}

impl Order {
    /// Its purchase calls as a journal of rows stores them.
    pub fn attempt_records(&self) -> Vec<AttemptRecord> {
        let charged = self.charged_attempt();
        let record = |attempt: &Attempt| {
            let placed = match (&attempt.state, self.placed()) {
                (AttemptState::Placed { order }, _) => Some(order.clone()),
                (_, Some(placed)) if charged == Some(attempt.number) => Some(placed.id.clone()),
                _ => None,
            };
            let is_the_orders = self.placed().map(|placed| &placed.id) == placed.as_ref();
            let placed_at = match &placed {
                Some(_) if is_the_orders => self.placed_at(),
                Some(_) => attempt.settled_at,
                None => None,
            };
            AttemptRecord {
                number: attempt.number,
                account: attempt.account.clone().or_else(|| self.account().cloned()),
                opened_at: attempt.opens_at,
                settled_at: attempt.settled_at,
                is_unknown: attempt.is_unknown(),
                state: match &attempt.state {
                    AttemptState::InFlight => ChargeState::InFlight,
                    _ if placed.is_some() => ChargeState::Placed,
                    _ if attempt.is_unknown() || attempt.is_doubtful() => ChargeState::Unknown,
                    _ => ChargeState::None,
                },
                amount: attempt.request.total(),
                placed,
                placed_at,
            }
        };
        self.attempts().iter().map(record).collect()
    }

    /// The attempt that made the order's purchase: the one that the provider accepted with its answer,
    /// otherwise the last of those whose outcome was unknown when the purchase was found.
    fn charged_attempt(&self) -> Option<AttemptNumber> {
        let placed = self.placed()?;
        let accepted = |attempt: &&Attempt| matches!(&attempt.state, AttemptState::Placed { order } if *order == placed.id);
        let mut attempts = self.attempts().iter();
        let by_answer = attempts.clone().find(accepted);
        by_answer
            .or_else(|| attempts.rfind(|attempt| attempt.is_unknown() || was_doubtful(attempt)))
            .map(|attempt| attempt.number)
    }
}

/// Whether an earlier release recorded it as not sent over an answer that proves nothing.
fn was_doubtful(attempt: &Attempt) -> bool {
    matches!(attempt.state, AttemptState::NotSent { doubtful: true, .. })
}
