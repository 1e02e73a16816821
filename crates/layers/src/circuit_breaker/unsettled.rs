//! Which purchases may have happened without anybody here knowing.

use std::collections::VecDeque;

use roamport_domain::Reference;

/// How many references are kept; then the oldest is forgotten. Orders rest long before.
const MOST: usize = 1_000;

/// The references of purchases of unknown outcome, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Unsettled(VecDeque<Reference>);

impl Unsettled {
    pub(super) fn contains(&self, reference: &Reference) -> bool {
        self.0.contains(reference)
    }

    /// From here on it may have happened.
    pub(super) fn note(&mut self, reference: &Reference) {
        if self.contains(reference) {
            return;
        }
        if self.0.len() == MOST {
            self.0.pop_front();
        }
        self.0.push_back(reference.clone());
    }

    /// What came of it is known.
    pub(super) fn forget(&mut self, reference: &Reference) {
        self.0.retain(|noted| noted != reference);
    }
}

#[cfg(test)]
mod tests;
