//! What follows from an order's facts: its state, and what a person should know.

use rust_decimal::Decimal;

use super::super::comparison::was_ordered;
use super::super::event::{AttentionReason, PlacedOrder};
use super::{Attempt, Ending, Order, OrderState};
use crate::Money;
use crate::provider::ProviderOrderStatus;

impl Order {
    /// Derives the state from the facts. The facts alone are changed by events, so that no order of
    /// events can leave the two at odds.
    pub(super) fn derive(&mut self) {
        self.compare_with_the_wish();
        self.state = self.derived_state();
        if self.state == OrderState::NeedsAttention || self.state.is_final() {
            self.look_ups.fresh_empty = false;
        }
    }

    fn derived_state(&self) -> OrderState {
        let open = self.attention.iter().any(|attention| attention.open);
        let unless_open = |state| {
            if open {
                OrderState::NeedsAttention
            } else {
                state
            }
        };
        if self.attempt_in_flight().is_some() {
            return OrderState::Placing;
        }
        match &self.ending {
            Some(Ending::Accepted) => return unless_open(OrderState::Fulfilled),
            Some(Ending::WrittenOff) => return unless_open(OrderState::Failed),
            _ => {}
        }
        if self.placed.is_some() {
            return self.state_of_placed(open);
        }
        if self.unresolved_attempt().is_some() {
            return unless_open(OrderState::Reconciling);
        }
        let harmless = self.attempts.iter().all(Attempt::is_harmless);
        match &self.ending {
            Some(_) if !harmless => OrderState::NeedsAttention,
            Some(Ending::Cancelled { .. }) => unless_open(OrderState::Cancelled),
            Some(_) => unless_open(OrderState::Failed),
            None => unless_open(OrderState::Requested),
        }
    }

    fn state_of_placed(&self, open: bool) -> OrderState {
        let Some(placed) = &self.placed else {
            return OrderState::NeedsAttention;
        };
        // An earlier attempt nobody can explain, beside an order that is there: perhaps a second
        // charge.
        if self.unresolved_attempt().is_some() || placed.status.wants_attention() {
            return OrderState::NeedsAttention;
        }
        if !self.is_delivered() {
            return OrderState::Placed;
        }
        if self.items.iter().any(|item| !item.state.is_settled()) {
            return OrderState::Provisioning;
        }
        if open {
            OrderState::NeedsAttention
        } else {
            OrderState::Fulfilled
        }
    }

    /// Whether nothing more is awaited from the provider's order itself.
    pub(in crate::order) fn is_delivered(&self) -> bool {
        let Some(placed) = &self.placed else {
            return false;
        };
        if self.delivery_closed || placed.status.is_final() {
            return true;
        }
        if self.requested.content.is_top_up() {
            return !placed.items.is_empty() && placed.status != ProviderOrderStatus::Pending;
        }
        self.items.len() >= self.requested.content.expected_items()
    }

    /// Raises what a person should know once the provider's order is there.
    fn compare_with_the_wish(&mut self) {
        let Some(placed) = self.placed.clone() else {
            return;
        };
        if self.is_decided() {
            return;
        }
        if placed.status.wants_attention() {
            self.note(AttentionReason::ProviderStatus {
                status: placed.status.clone(),
            });
        }
        let charged = placed.total.or_else(|| {
            let all = self.is_compared && self.is_delivered();
            all.then(|| placed.total_of_items()).flatten()
        });
        if let (Some(quoted), Some(charged)) = (self.expected_total(), charged)
            && differs(quoted, charged)
        {
            self.note(AttentionReason::PriceDiffers { quoted, charged });
        }
        let unresolved = self.unresolved_attempt().map(|attempt| attempt.number);
        if let Some(attempt) = unresolved {
            self.note(AttentionReason::OutcomeUnknown { attempt });
        }
        let expected = self.requested.content.expected_items();
        if !self.requested.content.is_top_up()
            && self.is_delivered()
            && self.items.len() != expected
        {
            let count = |count: usize| u16::try_from(count).unwrap_or(u16::MAX);
            self.note(AttentionReason::ItemCountDiffers {
                expected: count(expected),
                actual: count(self.items.len()),
            });
        }
    }

    /// Whether a person took the order as it is, or gave it up.
    pub(super) const fn is_decided(&self) -> bool {
        matches!(self.ending, Some(Ending::Accepted | Ending::WrittenOff))
    }

    /// Whether an order that a look-up found can be the one that was asked for: the packages it
    /// names are those of the wish. The price is compared apart: a provider that charged another
    /// one still charged.
    pub(super) fn is_what_was_asked_for(&self, order: &PlacedOrder) -> bool {
        let names_all = order.items.iter().all(|item| item.package.is_some());
        // Fewer items than asked for may still be coming; each one named must have been asked for.
        !names_all || was_ordered(&self.requested.content, order).unwrap_or(true)
    }
}

/// Whether two amounts differ by at least 0.0001, or in their currency.
fn differs(quoted: Money, charged: Money) -> bool {
    quoted.currency() != charged.currency()
        || (quoted.amount() - charged.amount()).abs() >= Decimal::new(1, 4)
}
