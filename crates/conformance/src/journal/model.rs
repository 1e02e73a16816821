//! A journal beside a model of the contract: whatever is done to both, in any order, they agree.
//!
//! The cases of the suite each try one promise. Here steps of every kind are drawn at random, wishes,
//! appends, claims, time that goes by, a store that is opened again, and after each one everything that
//! the journal shows is held against plain maps that were written from the contract alone. A run that
//! fails is made as short as it still fails, and told step by step.
//!
//! [`journal_suite!`](crate::journal_suite) runs it with every journal. By hand:
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use roamport_conformance::journal::model::{self, Plan};
//! use roamport_conformance::journal::{JournalHarness, MovableClock};
//! use roamport_domain::journal::InMemoryJournal;
//! use roamport_domain::{OrderJournal, ProfileStore};
//!
//! #[derive(Debug)]
//! struct Mine(Arc<MovableClock>, Arc<InMemoryJournal>);
//!
//! #[async_trait::async_trait]
//! impl JournalHarness for Mine {
//!     fn journal(&self) -> Arc<dyn OrderJournal> {
//!         self.1.clone()
//!     }
//!     fn profiles(&self) -> Arc<dyn ProfileStore> {
//!         self.1.clone()
//!     }
//!     async fn pass(&self, time: Duration) {
//!         self.0.pass(time);
//!     }
//! }
//!
//! let report = model::check(&Plan { cases: 8, ..Plan::default() }, async || {
//!     let clock = Arc::new(MovableClock::default());
//!     Mine(clock.clone(), Arc::new(InMemoryJournal::new(clock)))
//! });
//! let report = report.expect("the journal in memory does what the model does");
//! assert_eq!(report.cases, 8);
//! ```

mod claiming;
mod events;
mod generate;
mod happening;
mod inbox;
mod leases;
mod observe;
mod perform;
mod reference;
mod shown;
mod transition;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::Ordering;
use std::time::Duration;

use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};
use proptest_state_machine::ReferenceStateMachine as _;

use self::generate::Steps;
use self::perform::{Judged, Pair};
use self::transition::Transition;
use super::JournalHarness;
use crate::verdict::{Stopped, Verdict};

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
    if let Err(Stopped::Skipped(why)) = first {
        println!("{name}: skipped, {why}");
        return;
    }
    let make = async || {
        let harness = make().await;
        harness.unwrap_or_else(|stopped| panic!("{name} is {stopped}"))
    };
    match check(&Plan::default(), make) {
        Ok(report) => println!("{name}: {report}"),
        Err(stopped) => panic!("{name} is {stopped}"),
    }
}

/// Runs the journal that `make` gives beside the model. `make` is called once for each case, on a
/// runtime of that case, and gives a harness over an *empty* store.
///
/// Failed cases are written nowhere: this runs in whoever's crate the journal is, and its files are
/// theirs. The seed in the verdict finds the case again.
///
/// # Errors
///
/// How the journal and the model disagree, after which steps, and from which seed.
///
/// # Panics
///
/// Inside a runtime: each case has its own.
pub fn check<H: JournalHarness>(plan: &Plan, make: impl AsyncFn() -> H) -> Result<Report, Stopped> {
    let config = Config {
        cases: plan.cases,
        rng_seed: RngSeed::Fixed(plan.seed),
        failure_persistence: None,
        max_shrink_iters: 600,
        max_shrink_time: 20_000,
        ..Config::default()
    };
    let started = tokio::time::Instant::now();
    let report = RefCell::new(Report {
        seed: plan.seed,
        ..Report::default()
    });
    // How many steps the last failed case took: the shortest, in the end.
    let failed_at = Cell::new(None);
    let out_of_time = || {
        let is_long = plan.time.is_some_and(|time| started.elapsed() > time);
        is_long && failed_at.get().is_none() && report.borrow().cases >= plan.least_cases
    };
    let steps = Steps::sequential_strategy(plan.steps.div_ceil(2).max(1)..=plan.steps.max(1));
    let outcome = TestRunner::new(config).run(&steps, |(_, steps, seen)| {
        if out_of_time() {
            return Ok(());
        }
        let taken = Cell::new(0);
        let note = || {
            taken.set(taken.get() + 1);
            if let Some(seen) = &seen {
                seen.fetch_add(1, Ordering::SeqCst);
            }
        };
        match run_case(&make, &steps, note, &report) {
            Ok(()) => Ok(()),
            Err(stopped) => {
                failed_at.set(Some(taken.get()));
                Err(TestCaseError::fail(stopped.to_string()))
            }
        }
    });
    match outcome {
        Ok(()) => Ok(report.into_inner()),
        Err(TestError::Fail(reason, (_, mut steps, _))) => {
            steps.truncate(failed_at.get().unwrap_or(steps.len()));
            Err(Stopped::Broken(tell(plan.seed, reason.message(), &steps)))
        }
        Err(TestError::Abort(reason)) => Err(Stopped::Broken(format!(
            "no cases could be drawn from seed {}: {reason}",
            plan.seed
        ))),
    }
}

/// One case: a fresh store, the steps on it and on the model.
fn run_case<H: JournalHarness>(
    make: impl AsyncFn() -> H,
    steps: &[Transition],
    note: impl Fn(),
    report: &RefCell<Report>,
) -> Result<(), Stopped> {
    runtime().block_on(async {
        let harness = make().await;
        let mut pair = Pair::new(&harness).await?;
        let mut is_cut_short = false;
        let mut taken = 0;
        for step in steps {
            note();
            taken += 1;
            if let Judged::ClockRanOn = pair.step(step).await? {
                is_cut_short = true;
                break;
            }
        }
        let mut report = report.borrow_mut();
        report.cases += 1;
        report.steps += taken;
        report.cut_short += u32::from(is_cut_short);
        for (answer, count) in std::mem::take(&mut pair.answers) {
            *report.answers.entry(answer).or_default() += count;
        }
        Ok(())
    })
}

/// A runtime of its own, for one case.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a test may start a runtime")
}

/// How journal and model disagree, for a person.
fn tell(seed: u64, reason: &str, steps: &[Transition]) -> String {
    let numbered = steps
        .iter()
        .enumerate()
        .map(|(place, step)| format!("{:>4}. {step}", place + 1));
    let steps: Vec<String> = numbered.collect();
    format!(
        "{reason}\nIt is the last of these steps that shows it:\n{}\n\
         The same cases again: PROPTEST_RNG_SEED={seed}",
        steps.join("\n")
    )
}
