//! Which events of a provider were acted upon, and what a wake does, in the model.

use std::collections::BTreeSet;

use roamport_domain::order::OrderState;

use super::reference::{Answer, Model};
use super::transition::STEP;

impl Model {
    /// An event comes, however often: the first who brings it is told that it is new, and its moment
    /// stays.
    pub(super) fn remember(&mut self, provider: usize, event: usize, ago: i64) -> Answer {
        let name = (provider, event);
        if self.events.contains_key(&name) {
            return Answer::Remembered(0);
        }
        self.events.insert(name, self.now - ago * STEP);
        Answer::Remembered(1)
    }

    /// The moments of a provider's events, the newest first.
    fn newest_events(&self, provider: usize) -> Vec<(i64, usize)> {
        let events = self.events.iter();
        let own = events.filter(|((at, _), _)| *at == provider);
        let mut newest: Vec<(i64, usize)> = own.map(|((_, event), at)| (*at, *event)).collect();
        newest.sort_unstable_by(|one, other| other.cmp(one));
        newest
    }

    /// Forgets a provider's events by age and number.
    pub(super) fn forget(&mut self, provider: usize, ago: i64, most: u32) -> Answer {
        let before = self.now - ago * STEP;
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let newest = self.newest_events(provider).into_iter();
        let kept: BTreeSet<usize> = newest
            .take(most)
            .filter(|(at, _)| *at >= before)
            .map(|(_, event)| event)
            .collect();
        let had = self.events.len();
        self.events
            .retain(|(at, event), _| *at != provider || kept.contains(event));
        Answer::Forgotten(u64::try_from(had - self.events.len()).unwrap_or(u64::MAX))
    }

    /// Whether of events of one moment some would be forgotten and some not: either may be.
    pub(super) fn forgets_some_of_a_moment(&self, provider: usize, most: u32) -> bool {
        let newest = self.newest_events(provider);
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        most > 0 && most < newest.len() && newest[most - 1].0 == newest[most].0
    }

    /// The orders of unknown outcome.
    pub(super) fn of_unknown_outcome(&self) -> Vec<u8> {
        let orders = self.orders.keys().copied();
        let is_unknown = |order: &u8| self.life(*order).order.state() == OrderState::Reconciling;
        orders.filter(is_unknown).collect()
    }

    /// What kinds of order a wake of this one wakes, for the report.
    pub(super) fn wakes(&self, order: u8) -> Vec<&'static str> {
        let id = self.orders[&order];
        let mut kinds = vec![match self.due.get(&id) {
            None => "at rest",
            Some(due) if *due <= self.now => "due already",
            Some(_) => "due later",
        }];
        if !self.is_free(id) {
            kinds.push("held");
        }
        if self.lives[&id].order.state() == OrderState::Reconciling {
            kinds.push("of unknown outcome");
        }
        kinds
    }
}
