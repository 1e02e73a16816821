//! The sums over a run, and how they are printed.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use roamport_domain::order::OrderState;

use super::Told;
use super::rules::{Rule, is_spoken};
use super::transcript::Call;
use roamport_sandbox::Dialect;

/// The most cases that are named one by one.
const MOST_NAMED: usize = 20;

/// The sums over the cases of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    pub(crate) seed: u64,
    /// Whether the cases were lived between processes.
    pub(crate) wire: bool,
    pub(crate) cases: u64,
    pub(crate) crashed: u64,
    /// How often each rule changed an answer of each call.
    pub(crate) tally: BTreeMap<(Rule, Call), u64>,
    /// In how many cases an answer of each call was changed.
    pub(crate) lied: BTreeMap<Call, u64>,
    pub(crate) ends: BTreeMap<&'static str, u64>,
    pub(crate) undetectable: u64,
    pub(crate) undetected_charges: u64,
    pub(crate) undetected_failures: u64,
    pub(crate) undetected_goods: u64,
    pub(crate) found: u64,
    /// How many cases broke a promise.
    pub(crate) broken: u64,
    /// The first of them.
    pub(crate) problems: Vec<(u64, Vec<String>)>,
    pub(crate) took: Duration,
}

impl Report {
    pub(crate) fn take(&mut self, told: &Told) {
        let (verdict, applied) = (&told.verdict, told.lived.stage.applied());
        self.cases += 1;
        self.crashed += u64::from(told.lived.crashes > 0);
        let mut calls = Vec::new();
        for (rule, call) in applied {
            *self.tally.entry((rule, call)).or_default() += 1;
            if !calls.contains(&call) {
                calls.push(call);
                *self.lied.entry(call).or_default() += 1;
            }
        }
        let end = verdict.state.map_or("never ordered", OrderState::as_str);
        *self.ends.entry(end).or_default() += 1;
        self.undetectable += u64::from(verdict.undetectable);
        self.undetected_charges += verdict.undetected_charges;
        self.undetected_failures += verdict.undetected_failures;
        self.undetected_goods += verdict.undetected_goods;
        self.found += verdict.found;
        if !verdict.problems.is_empty() {
            self.broken += 1;
            self.problems
                .push((told.case.index, verdict.problems.clone()));
            self.name_the_first();
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.cases += other.cases;
        self.crashed += other.crashed;
        for (pair, count) in other.tally {
            *self.tally.entry(pair).or_default() += count;
        }
        for (call, count) in other.lied {
            *self.lied.entry(call).or_default() += count;
        }
        for (end, count) in other.ends {
            *self.ends.entry(end).or_default() += count;
        }
        self.undetectable += other.undetectable;
        self.undetected_charges += other.undetected_charges;
        self.undetected_failures += other.undetected_failures;
        self.undetected_goods += other.undetected_goods;
        self.found += other.found;
        self.broken += other.broken;
        self.problems.extend(other.problems);
        self.name_the_first();
    }

    fn name_the_first(&mut self) {
        self.problems.sort_by_key(|(index, _)| *index);
        self.problems.truncate(MOST_NAMED);
    }

    /// The pairs of a rule and a call that apply in some dialect and were never tried.
    pub(crate) fn untried(&self) -> Vec<(&'static str, &'static str)> {
        let mut untried = Vec::new();
        for (rule, rule_name) in Rule::ALL {
            for (call, call_name) in Call::ALL {
                let applies = [Dialect::Roamify, Dialect::EsimAccess]
                    .into_iter()
                    .any(|dialect| is_spoken(call, dialect) && rule.applies(call, dialect));
                if applies && !self.tally.contains_key(&(rule, call)) {
                    untried.push((rule_name, call_name));
                }
            }
        }
        untried
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{} cases, seed {}", self.cases, self.seed)?;
        for (name, value) in [
            ("with a crash", self.crashed),
            (
                "undetectable: no answer contradicts anything",
                self.undetectable,
            ),
            (
                "undetectable: charges beyond the first",
                self.undetected_charges,
            ),
            (
                "undetectable: called failed over a charge",
                self.undetected_failures,
            ),
            (
                "undetectable: fulfilled with something else",
                self.undetected_goods,
            ),
            ("charges found by reconciliation alone", self.found),
            ("cases that broke a promise", self.broken),
        ] {
            writeln!(formatter, "  {name:<56} {value:>8}")?;
        }
        for (end, count) in &self.ends {
            writeln!(formatter, "  ended as {end:<47} {count:>8}")?;
        }
        writeln!(
            formatter,
            "  cases in which an answer of a call was changed"
        )?;
        for (call, name) in Call::ALL {
            let count = self.lied.get(&call).copied().unwrap_or_default();
            writeln!(formatter, "    {name:<54} {count:>8}")?;
        }
        writeln!(formatter, "  changed answers, by rule and call")?;
        write!(formatter, "    {:<32}", "")?;
        for (_, name) in Call::ALL {
            let short: String = name.chars().take(7).collect();
            write!(formatter, " {short:>7}")?;
        }
        writeln!(formatter)?;
        for (rule, name) in Rule::ALL {
            write!(formatter, "    {name:<32}")?;
            for (call, _) in Call::ALL {
                let count = self.tally.get(&(rule, call));
                let text = count.map_or_else(|| "-".to_owned(), u64::to_string);
                write!(formatter, " {text:>7}")?;
            }
            writeln!(formatter)?;
        }
        let milliseconds = self.took.as_millis();
        writeln!(
            formatter,
            "  {}.{:03} s",
            milliseconds / 1000,
            milliseconds % 1000
        )?;
        for (index, problems) in &self.problems {
            let seed = self.seed;
            let wire = if self.wire { " --wire" } else { "" };
            writeln!(formatter, "  case {index}: {}", problems.join("; "))?;
            writeln!(
                formatter,
                "    replay with `cargo xtask lies --seed {seed} --case {index}{wire}`"
            )?;
        }
        Ok(())
    }
}
