//! What the fault list means for one call: the rules that take part, put together.

use std::time::Duration;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Change, Fault, Lasting, MixUp, Operation, Rule, Spelling, Times};
use crate::switches::ReferenceSearch;

/// What happens to the text of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Garble {
    NumbersAsText,
    UnknownFields,
    UnknownState(String),
    Edit { at: String, change: Change },
}

/// The faults of one call. The default is a call that goes well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The fault that ends the call.
    pub(crate) ending: Option<Fault>,
    pub(crate) stall: Duration,
    pub(crate) garbles: Vec<Garble>,
    pub(crate) moves: Vec<(u64, bool)>,
    pub(crate) page_cap: Option<u64>,
    pub(crate) endless: bool,
    pub(crate) search: Option<ReferenceSearch>,
    pub(crate) spelling: Option<Spelling>,
    pub(crate) mix_up: Option<MixUp>,
    /// By how many milliseconds a read lags behind.
    pub(crate) stale: u64,
    pub(crate) twists: Twists,
    /// The names of the faults that apply.
    pub(crate) faults: Vec<String>,
}

/// How an effect turns out otherwise than it was asked for. Kept with an effect that happens late.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Twists {
    pub(crate) late_visibility: u64,
    pub(crate) pending_profile: Option<Lasting>,
    pub(crate) order_state: Option<(String, Lasting)>,
    pub(crate) price_percent: i32,
    pub(crate) missing_items: usize,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) out_of_stock: bool,
}

impl Twists {
    /// A price of the catalogue with the change in force, with as many decimals as before
    /// but at least two, never negative.
    pub(crate) fn price(&self, price: Decimal) -> Decimal {
        if self.price_percent == 0 {
            return price;
        }
        let percent = Decimal::from(100 + i64::from(self.price_percent)).max(Decimal::ZERO);
        let changed = price * percent / Decimal::ONE_HUNDRED;
        changed.round_dp(price.scale().max(2))
    }
}

impl Plan {
    /// Whether the caller gets the answer that belongs to what happened.
    pub(crate) fn answers(&self) -> bool {
        self.ending.as_ref().is_none_or(|ending| !ending.hides())
    }

    /// Whether the call is stopped before anything happens.
    pub(crate) fn stops(&self, operation: Operation) -> bool {
        match &self.ending {
            Some(Fault::Answer { before, .. }) => *before,
            Some(Fault::LateEffect { .. }) => !operation.is_purchase(),
            Some(
                Fault::DropBeforeEffect
                | Fault::StatusBeforeEffect { .. }
                | Fault::RateLimit { .. }
                | Fault::HtmlError { .. }
                | Fault::FailureBodyWith200 { .. },
            ) => true,
            _ => false,
        }
    }

    fn add(&mut self, fault: Fault) {
        self.faults.push(fault.name());
        if ends(&fault) {
            self.ending = Some(fault);
        } else {
            self.modify(fault);
        }
    }

    fn modify(&mut self, fault: Fault) {
        match fault {
            Fault::Stall { ms } => self.stall += Duration::from_millis(ms),
            Fault::NumbersAsText => self.garbles.push(Garble::NumbersAsText),
            Fault::UnknownFields => self.garbles.push(Garble::UnknownFields),
            Fault::UnknownState { state } => self.garbles.push(Garble::UnknownState(state)),
            Fault::Edit { at, change } => self.garbles.push(Garble::Edit { at, change }),
            Fault::LooseFilter { search } => self.search = Some(search),
            Fault::RespellReference { spelling } => self.spelling = Some(spelling),
            Fault::MixUp { with } => self.mix_up = Some(with),
            Fault::Stale { ms } => self.stale = self.stale.saturating_add(ms),
            Fault::PageMoves { by, insert } => self.moves.push((by, insert)),
            Fault::CapPageSize { max } => self.page_cap = Some(max),
            Fault::EndlessPages => self.endless = true,
            Fault::LateVisibility { ms } => self.twists.late_visibility += ms,
            Fault::PendingProfile { ms } => self.twists.pending_profile = Some(ms),
            Fault::OrderState { state, ms } => self.twists.order_state = Some((state, ms)),
            Fault::PriceChange { percent } => self.twists.price_percent += percent,
            Fault::OutOfStock => self.twists.out_of_stock = true,
            Fault::FewerItems { by } => self.twists.missing_items += by,
            ending => self.ending = Some(ending),
        }
    }
}

impl Fault {
    /// Whether the caller does not get the answer that belongs to what happened.
    pub(crate) fn hides(&self) -> bool {
        match self {
            Self::Answer {
                before,
                status,
                body,
                ..
            } => {
                let well = status.is_none_or(|status| status / 100 == 2);
                *before || body.is_some() || !well
            }
            ending => ends(ending),
        }
    }
}

const fn ends(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::DropAfterEffect
            | Fault::DropBeforeEffect
            | Fault::StatusBeforeEffect { .. }
            | Fault::StatusAfterEffect { .. }
            | Fault::LateEffect { .. }
            | Fault::RateLimit { .. }
            | Fault::BrokenJson
            | Fault::Html { .. }
            | Fault::HtmlError { .. }
            | Fault::FailureBodyWith200 { .. }
            | Fault::Answer { .. }
    )
}

/// Puts the rules of a call together, and gives the list that is left, where it changed.
pub(crate) fn plan(rules: &[Rule], operation: Operation) -> (Plan, Option<Vec<Rule>>) {
    let mut plan = Plan::default();
    if !rules.iter().any(|rule| rule.on.takes(operation)) {
        return (plan, None);
    }
    let mut left = Vec::with_capacity(rules.len());
    for rule in rules {
        let mut rule = rule.clone();
        if !rule.on.takes(operation) {
            left.push(rule);
        } else if rule.skip > 0 {
            rule.skip -= 1;
            left.push(rule);
        } else if ends(&rule.fault) && plan.ending.is_some() {
            left.push(rule);
        } else {
            let times = match rule.times {
                Times::ForEver => Times::ForEver,
                Times::Count(0) => continue,
                Times::Count(times) => Times::Count(times - 1),
            };
            plan.add(rule.fault.clone());
            if times != Times::Count(0) {
                left.push(Rule { times, ..rule });
            }
        }
    }
    if operation.has_effect() {
        // What a call does, it does now.
        plan.stale = 0;
    }
    let changed = (left != rules).then_some(left);
    (plan, changed)
}

#[cfg(test)]
mod tests {
    use super::super::Target;
    use super::*;

    fn endings(mut rules: Vec<Rule>, calls: usize) -> Vec<Option<Fault>> {
        (0..calls)
            .map(|_| {
                let (plan, left) = plan(&rules, Operation::Order);
                rules = left.unwrap_or(std::mem::take(&mut rules));
                plan.ending
            })
            .collect()
    }

    #[test]
    fn rules_that_end_a_call_take_turns() {
        let rules = vec![
            Rule::new(Operation::Order, Fault::DropAfterEffect),
            Rule::new(Operation::Order, Fault::BrokenJson),
        ];
        assert_eq!(
            endings(rules, 3),
            [Some(Fault::DropAfterEffect), Some(Fault::BrokenJson), None]
        );
    }

    #[test]
    fn a_rule_lets_calls_pass_and_then_fires_as_often_as_asked() {
        let rules = vec![
            Rule::new(Operation::Order, Fault::BrokenJson)
                .skip(1)
                .times(2),
        ];
        let broken = Some(Fault::BrokenJson);
        assert_eq!(endings(rules, 4), [None, broken.clone(), broken, None]);
    }

    #[test]
    fn a_rule_for_another_call_waits() {
        let rules = [Rule::new(Operation::Apply, Fault::BrokenJson)];
        assert_eq!(plan(&rules, Operation::Order), (Plan::default(), None));
    }

    #[test]
    fn faults_that_do_not_exclude_each_other_combine() {
        let rules = [
            Rule::new(Operation::Order, Fault::LateVisibility { ms: 10 }),
            Rule::new(Operation::Order, Fault::DropAfterEffect),
            Rule {
                on: Target::Any,
                ..Rule::new(Operation::Order, Fault::UnknownFields)
            }
            .for_ever(),
        ];
        let (plan, left) = plan(&rules, Operation::Order);
        assert_eq!(plan.ending, Some(Fault::DropAfterEffect));
        assert_eq!(plan.twists.late_visibility, 10);
        assert_eq!(plan.garbles, [Garble::UnknownFields]);
        assert_eq!(left.unwrap(), rules[2..]);
    }
}
