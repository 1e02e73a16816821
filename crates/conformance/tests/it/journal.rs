//! The journal in memory passes the journal's suite, the suite is whole, and broken journals do not
//! pass it.

mod broken;
mod model;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use roamport_conformance::journal::{JournalHarness, MovableClock};
use roamport_domain::journal::InMemoryJournal;
use roamport_domain::{BalanceStore, EventInbox, OrderJournal, ProfileStore};

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
    roamport_conformance::journal_suite!(super::InMemory::new());
}

#[test]
fn every_case_of_the_journal_is_made_a_test_by_the_macro() {
    let areas = [
        include_str!("../../src/journal/appending.rs"),
        include_str!("../../src/journal/balances.rs"),
        include_str!("../../src/journal/claims.rs"),
        include_str!("../../src/journal/handles.rs"),
        include_str!("../../src/journal/inbox.rs"),
        include_str!("../../src/journal/lists.rs"),
        include_str!("../../src/journal/opening.rs"),
        include_str!("../../src/journal/pressure.rs"),
        include_str!("../../src/journal/profiles.rs"),
    ];
    let lines = areas.iter().flat_map(|area| area.lines());
    let cases: BTreeSet<&str> = lines
        .filter_map(|line| line.strip_prefix("pub async fn ")?.split('(').next())
        .collect();
    let (_, list) = include_str!("../../src/journal.rs")
        .split_once("@tests ($harness)")
        .unwrap();
    let (list, _) = list.split_once("};").unwrap();
    let tests: BTreeSet<&str> = list
        .split_whitespace()
        .filter(|word| word.len() > 12)
        .collect();
    assert!(cases.len() > 40);
    assert_eq!(tests, cases);
}
