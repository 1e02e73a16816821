//! The journal in memory passes the journal's suite, and broken journals do not pass it.

pub(crate) mod broken;
mod model;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use roamport_conformance::journal::{JournalHarness, MovableClock};
use roamport_domain::journal::InMemoryJournal;
use roamport_domain::{AccountStore, BalanceStore, EventInbox, OrderJournal, ProfileStore};

#[derive(Debug)]
struct InMemory {
    clock: Arc<MovableClock>,
    journal: Arc<InMemoryJournal>,
}

impl InMemory {
    fn new() -> Self {
        let clock = Arc::new(MovableClock::default());
        Self {
            journal: Arc::new(InMemoryJournal::new(Arc::clone(&clock) as _)),
            clock,
        }
    }
}

#[async_trait]
impl JournalHarness for InMemory {
    fn journal(&self) -> Arc<dyn OrderJournal> {
        Arc::clone(&self.journal) as _
    }

    fn profiles(&self) -> Arc<dyn ProfileStore> {
        Arc::clone(&self.journal) as _
    }

    fn accounts(&self) -> Option<Arc<dyn AccountStore>> {
        Some(Arc::clone(&self.journal) as _)
    }

    fn balances(&self) -> Option<Arc<dyn BalanceStore>> {
        Some(Arc::clone(&self.journal) as _)
    }

    fn inbox(&self) -> Option<Arc<dyn EventInbox>> {
        Some(Arc::clone(&self.journal) as _)
    }

    async fn pass(&self, time: Duration) {
        self.clock.pass(time);
    }
}

mod in_memory {
    // It lives in one process alone.
    roamport_conformance::journal_suite!(
        super::InMemory::new(),
        not_applicable = [
            "another_handle_sees_what_was_written",
            "two_handles_fence_each_other",
            "two_handles_never_hold_one_order",
            "one_key_through_two_handles_makes_one_order",
            "an_order_woken_through_one_handle_is_due_through_another",
            "an_event_is_new_through_one_of_two_handles",
            "an_account_is_the_same_through_two_handles",
        ]
    );
}
