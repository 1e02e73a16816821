//! A journal beside a model of the contract: whatever is done to both, in any order, they agree.
//!
//! The cases of the suite each try one promise. Here steps of every kind are drawn at random (order requests,
//! appends, claims, time that goes by, a store that is opened again) and taken on the journal under test and on
//! the journal in memory, which keeps every promise of the suite. After each one everything that the one shows
//! is compared with what the other shows. A run that fails is made as short as it still fails, and reported
//! step by step.
//!
//! [`journal_suite!`](crate::journal_suite) runs it with every journal; the [module](super) shows how to run it
//! by hand.

mod agreement;
mod generate;
mod happening;
mod pair;
mod perform;
mod transition;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use self::pair::{Judged, Pair};
use self::transition::Transition;
use super::JournalHarness;
use crate::suite::{caught, runtime};
use crate::verdict::Verdict;

/// How long a failed case may take to be made shorter.
const PATIENCE: Duration = Duration::from_secs(20);

/// How much is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// How many cases, each over a store of its own.
    pub cases: u32,
    /// How many steps a case has at most; it has at least half as many.
    pub steps: usize,
    /// No new case begins after this time, once [`Plan::least_cases`] have run; `None`: all run.
    pub time: Option<Duration>,
    /// So many cases run however long they take.
    pub least_cases: u32,
    /// What the cases are drawn from: the same number gives the same cases.
    pub seed: u64,
}

impl Default for Plan {
    /// 64 cases of 20 to 40 steps, as many as begin within 6 seconds and at least 5, from a new seed.
    ///
    /// `proptest`'s own variables go before: `PROPTEST_CASES` for another number of cases and
    /// `PROPTEST_RNG_SEED` for the cases of an earlier run. Where one is set, time is no limit.
    fn default() -> Self {
        let (asked, usual) = (Config::default(), 256);
        let seed = match asked.rng_seed {
            RngSeed::Fixed(seed) => Some(seed),
            RngSeed::Random => None,
        };
        let cases = (asked.cases != usual).then_some(asked.cases);
        let is_asked = seed.is_some() || cases.is_some();
        Self {
            cases: cases.unwrap_or(64),
            steps: 40,
            time: (!is_asked).then_some(Duration::from_secs(6)),
            least_cases: 5,
            seed: seed.unwrap_or_else(|| RandomState::new().hash_one(0)),
        }
    }
}

/// What was tried, where nothing was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// What the cases were drawn from.
    pub seed: u64,
    /// How many cases ran.
    pub cases: u32,
    /// How many of them were left before their end: the journal's clock runs on by itself, and went
    /// so far that a lease may have ended in one and not in the other.
    pub cut_short: u32,
    /// How many steps were taken.
    pub steps: u32,
    /// How often a kind of step had a kind of answer, as `append: Conflict`.
    pub answers: BTreeMap<String, u32>,
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            seed, cases, steps, ..
        } = self;
        write!(formatter, "{cases} cases, {steps} steps, seed {seed}")?;
        if self.cut_short > 0 {
            let cut = self.cut_short;
            write!(formatter, "; {cut} cases cut short, as the clock ran on")?;
        }
        Ok(())
    }
}

/// Runs the journal that `make` gives beside the model, as the test that the suite's macro makes
/// does: it says in one line what was tried, or why nothing was.
///
/// # Panics
///
/// Where they disagree: that is how a test fails. Also inside a runtime, since each case has its own.
#[expect(
    clippy::print_stdout,
    reason = "a test says from which seed it can be run again, where tests report"
)]
pub fn run<H: JournalHarness>(name: &str, make: impl AsyncFn() -> Verdict<H>) {
    let first = runtime().block_on(make());
    if let Err(skipped) = first {
        println!("{name}: skipped, {skipped}");
        return;
    }
    let make = async || {
        let harness = make().await;
        harness.unwrap_or_else(|skipped| panic!("{name}: {skipped}"))
    };
    match check(&Plan::default(), make) {
        Ok(report) => println!("{name}: {report}"),
        Err(how) => panic!("{name} is broken: {how}"),
    }
}

/// Runs the journal that `make` gives beside the model. `make` is called once for each case, on a
/// runtime of that case, and gives a harness over an *empty* store.
///
/// The seed in the error finds a failed case again.
///
/// # Errors
///
/// How the journal and the model disagree, after which steps, and from which seed.
///
/// # Panics
///
/// Inside a runtime: each case has its own.
pub fn check<H: JournalHarness>(plan: &Plan, make: impl AsyncFn() -> H) -> Result<Report, String> {
    let mut runner = TestRunner::new(Config {
        rng_seed: RngSeed::Fixed(plan.seed),
        failure_persistence: None,
        ..Config::default()
    });
    let started = tokio::time::Instant::now();
    let mut report = Report {
        seed: plan.seed,
        ..Report::default()
    };
    for case in 0..plan.cases {
        let is_late = plan.time.is_some_and(|time| started.elapsed() > time);
        if is_late && case >= plan.least_cases {
            break;
        }
        let steps = plan.steps.div_ceil(2).max(1)..=plan.steps.max(1);
        let steps = drawn(&steps, &mut runner);
        let draw = |pair: &Pair<'_>, number: usize| {
            let is_over = number >= steps;
            (!is_over).then(|| drawn(&generate::step(pair), &mut runner))
        };
        if let Err(failure) = run_case(&make, draw, Some(&mut report)) {
            let failure = shorten(&make, failure);
            return Err(tell(plan.seed, &failure));
        }
    }
    Ok(report)
}

/// A value of this strategy.
fn drawn<S: proptest::strategy::Strategy>(strategy: &S, runner: &mut TestRunner) -> S::Value {
    let tree = strategy.new_tree(runner);
    tree.expect("no strategy of this module rejects what it draws")
        .current()
}

/// A case in which journal and model disagree.
struct Failure {
    /// The steps that were taken; the last one shows it.
    steps: Vec<Transition>,
    /// How they disagree.
    how: String,
}

/// One case: a fresh store, and steps on it and on the model as long as there is a next one.
fn run_case<H: JournalHarness>(
    make: impl AsyncFn() -> H,
    mut next: impl FnMut(&Pair<'_>, usize) -> Option<Transition>,
    report: Option<&mut Report>,
) -> Result<(), Failure> {
    let taken = RefCell::new(Vec::new());
    let case = async {
        let harness = make().await;
        let mut pair = Pair::new(&harness).await;
        let mut is_cut_short = false;
        for number in 0.. {
            pair.refresh().await;
            let Some(step) = next(&pair, number) else {
                break;
            };
            if !pair.admits(&step) {
                continue;
            }
            taken.borrow_mut().push(step.clone());
            if let Judged::ClockRanOn = pair.step(&step).await {
                is_cut_short = true;
                break;
            }
        }
        (pair.answers, is_cut_short)
    };
    let outcome = caught(|| runtime().block_on(case));
    let steps = taken.into_inner();
    let (answers, is_cut_short) = outcome.map_err(|how| Failure {
        steps: steps.clone(),
        how,
    })?;
    if let Some(report) = report {
        report.cases += 1;
        report.steps += u32::try_from(steps.len()).unwrap_or(u32::MAX);
        report.cut_short += u32::from(is_cut_short);
        for (answer, count) in answers {
            *report.answers.entry(answer).or_default() += count;
        }
    }
    Ok(())
}

/// Leaves out one step after another, from the last to the first, wherever the case still fails without it.
fn shorten<H: JournalHarness>(make: impl AsyncFn() -> H, mut failure: Failure) -> Failure {
    let started = tokio::time::Instant::now();
    let mut place = failure.steps.len();
    while place > 0 && started.elapsed() < PATIENCE {
        place -= 1;
        let mut fewer = failure.steps.clone();
        fewer.remove(place);
        let again = |_: &Pair<'_>, number: usize| fewer.get(number).cloned();
        if let Err(shorter) = run_case(&make, again, None) {
            place = place.min(shorter.steps.len());
            failure = shorter;
        }
    }
    failure
}

/// How journal and model disagree, for a person.
fn tell(seed: u64, failure: &Failure) -> String {
    let numbered = failure.steps.iter().enumerate();
    let steps: Vec<String> = numbered
        .map(|(place, step)| format!("{:>4}. {step}", place + 1))
        .collect();
    format!(
        "{}\nIt is the last of these steps that shows it:\n{}\n\
         The same cases again: PROPTEST_RNG_SEED={seed}",
        failure.how,
        steps.join("\n")
    )
}
