//! The sums over a run, and how they are printed.

use std::fmt;
use std::time::Duration;

use super::faults::{Bound, Fault, Tally};
use super::order::{Ending, Fate, Plan};
use super::per_hundred_thousand;

/// The most orders that are named one by one.
const MOST_NAMED: usize = 10;

/// The sums over the orders of a run.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    pub(crate) seed: u64,
    pub(crate) bound: Bound,
    pub(crate) orders: u64,
    pub(crate) fulfilled: u64,
    pub(crate) failed: u64,
    pub(crate) parked: u64,
    /// Charges beyond the first of an order.
    pub(crate) second_charges: u64,
    /// Charges that an order did not name and that reconciliation found.
    pub(crate) found: u64,
    /// Orders without an end, and charges that nobody was told of.
    pub(crate) lost: u64,
    pub(crate) processes: u64,
    /// The longest time, on the simulated clock, until an order rested.
    pub(crate) longest: Duration,
    pub(crate) tally: Tally,
    /// How many orders broke a promise.
    pub(crate) broken: u64,
    /// The first of them.
    pub(crate) problems: Vec<(u64, Vec<String>)>,
    pub(crate) took: Duration,
}

impl Report {
    pub(crate) fn new(plan: &Plan) -> Self {
        Self {
            seed: plan.seed,
            bound: plan.bound,
            orders: 0,
            fulfilled: 0,
            failed: 0,
            parked: 0,
            second_charges: 0,
            found: 0,
            lost: 0,
            processes: 0,
            longest: Duration::ZERO,
            tally: Tally::default(),
            broken: 0,
            problems: Vec::new(),
            took: Duration::ZERO,
        }
    }

    pub(crate) fn take(&mut self, index: u64, ending: &Ending) {
        self.orders += 1;
        match ending.fate {
            Fate::Fulfilled => self.fulfilled += 1,
            Fate::Failed => self.failed += 1,
            Fate::Parked => self.parked += 1,
            Fate::Stuck => {}
        }
        self.second_charges += ending.second_charges;
        self.found += ending.found;
        self.lost += ending.lost;
        self.processes += u64::from(ending.processes);
        self.longest = self.longest.max(ending.rested_after);
        self.tally.add(&ending.tally);
        if !ending.problems.is_empty() {
            self.broken += 1;
            self.problems.push((index, ending.problems.clone()));
            self.name_the_first();
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.orders += other.orders;
        self.fulfilled += other.fulfilled;
        self.failed += other.failed;
        self.parked += other.parked;
        self.second_charges += other.second_charges;
        self.found += other.found;
        self.lost += other.lost;
        self.processes += other.processes;
        self.longest = self.longest.max(other.longest);
        self.tally.add(&other.tally);
        self.broken += other.broken;
        self.problems.extend(other.problems);
        self.name_the_first();
    }

    fn name_the_first(&mut self) {
        self.problems.sort_by_key(|(index, _)| *index);
        self.problems.truncate(MOST_NAMED);
    }

    /// Whether every promise was kept.
    pub(crate) fn is_good(&self) -> bool {
        self.broken == 0
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let meaning = match self.bound {
            Bound::Kept => "freezes, late effects and look-up lag together under the quiet period",
            Bound::Broken => "freezes and late effects of up to hours",
        };
        writeln!(formatter, "Bound {}: {meaning}", self.bound.as_str())?;
        for (name, value) in [
            ("orders", self.orders),
            ("processes that worked on them", self.processes),
            ("fulfilled", self.fulfilled),
            ("failed, nothing charged", self.failed),
            ("parked for a person", self.parked),
            ("double charges", self.second_charges),
            ("charges found by reconciliation alone", self.found),
            ("lost orders", self.lost),
            ("orders that broke a promise", self.broken),
            (
                "longest life until it rested, simulated minutes",
                self.longest.as_secs() / 60,
            ),
        ] {
            writeln!(formatter, "  {name:<56} {value:>12}")?;
        }
        writeln!(formatter, "  faults injected")?;
        for (fault, words) in Fault::ALL {
            writeln!(formatter, "    {words:<54} {:>12}", self.tally.of(fault))?;
        }
        let (milliseconds, a_second) = (
            self.took.as_millis(),
            super::a_second(self.orders, self.took),
        );
        writeln!(
            formatter,
            "  {}.{:03} s, {a_second} orders a second",
            milliseconds / 1000,
            milliseconds % 1000
        )?;
        for (index, problems) in &self.problems {
            let (seed, bound) = (self.seed, self.bound.as_str());
            writeln!(
                formatter,
                "  seed {seed} index {index}: {}",
                problems.join("; ")
            )?;
            writeln!(
                formatter,
                "    replay with `cargo xtask sim --seed {seed} --bound {bound} --only {index}`"
            )?;
        }
        Ok(())
    }
}

/// One rule's row in the comparison.
#[derive(Clone, Debug)]
pub(crate) struct Naive {
    pub(crate) name: &'static str,
    pub(crate) orders: u64,
    pub(crate) second_charges: u64,
    pub(crate) parked: u64,
}

impl Naive {
    /// The row of the real use-cases.
    pub(crate) fn of(name: &'static str, report: &Report) -> Self {
        Self {
            name,
            orders: report.orders,
            second_charges: report.second_charges,
            parked: report.parked,
        }
    }
}

impl fmt::Display for Naive {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let charges = per_hundred_thousand(self.second_charges, self.orders);
        let parked = per_hundred_thousand(self.parked, self.orders);
        write!(formatter, "  {:<56} {charges:>12} {parked:>12}", self.name)
    }
}
