//! The orders that were lately written or read by the writer, so that an append need not read them again.
//!
//! What is kept here is never the last word: the writer forgets all of it as soon as another connection
//! has written to the file or a transaction came to nothing, and an append that builds on it compares
//! version and time with the row it changes.

use std::collections::HashMap;

use roamport_domain::{Order, OrderId};

/// How many orders one generation holds. Two are kept: at most 1,024 orders.
const GENERATION: usize = 512;

/// An order as its row stood.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) order: Order,
    /// The row's `updated_at`, letter by letter.
    pub(crate) updated_at: String,
}

/// A bounded number of orders. Whoever was not used while a whole generation was, is forgotten.
#[derive(Debug, Default)]
pub(crate) struct RecentOrders {
    young: HashMap<OrderId, Kept>,
    old: HashMap<OrderId, Kept>,
}

impl RecentOrders {
    /// The order with this id, which is forgotten here until it is kept again.
    pub(crate) fn take(&mut self, id: OrderId) -> Option<Kept> {
        let old = self.old.remove(&id);
        self.young.remove(&id).or(old)
    }

    /// Keeps an order, in the place of what was known of it.
    pub(crate) fn keep(&mut self, kept: Kept) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(kept.order.id(), kept);
    }

    /// Forgets every order.
    pub(crate) fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use roamport_conformance::journal::sample;

    use super::*;

    fn kept(number: usize, updated_at: &str) -> Kept {
        let new = sample::order(&format!("order {number}"), Timestamp::UNIX_EPOCH);
        Kept {
            order: Order::open(new.id, new.requested),
            updated_at: updated_at.to_owned(),
        }
    }

    #[test]
    fn an_order_that_was_taken_is_not_there() {
        let mut recent = RecentOrders::default();
        let one = kept(1, "then");
        let id = one.order.id();
        recent.keep(one);
        assert_eq!(recent.take(id).unwrap().updated_at, "then");
        assert!(recent.take(id).is_none());
    }

    #[test]
    fn what_was_kept_last_counts_across_generations() {
        let mut recent = RecentOrders::default();
        let mut one = kept(0, "then");
        let id = one.order.id();
        recent.keep(one.clone());
        for number in 1..=GENERATION {
            recent.keep(kept(number, "then"));
        }
        one.updated_at = "now".to_owned();
        recent.keep(one);
        assert_eq!(recent.take(id).unwrap().updated_at, "now");
        assert!(recent.take(id).is_none());
    }

    #[test]
    fn no_more_than_two_generations_are_kept() {
        let mut recent = RecentOrders::default();
        let ids: Vec<OrderId> = (0..5 * GENERATION)
            .map(|number| {
                let one = kept(number, "then");
                let id = one.order.id();
                recent.keep(one);
                id
            })
            .collect();
        assert!(recent.young.len() + recent.old.len() <= 2 * GENERATION);
        assert!(recent.take(ids[0]).is_none());
        let newest = ids.last().copied().unwrap();
        assert!(recent.take(newest).is_some());
        recent.clear();
        assert!(ids.into_iter().all(|id| recent.take(id).is_none()));
    }
}
