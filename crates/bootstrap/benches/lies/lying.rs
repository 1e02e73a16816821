//! The lying provider: the real use-cases, layers and adapters over an honest sandbox whose answers are
//! changed on their way.
//!
//! Every case follows from the run's seed and its number, so that a single one replays. This part is
//! shared by the program `lies` and by tests.

#[path = "calls.rs"]
mod calls;
#[path = "case.rs"]
mod case;
#[path = "detectable.rs"]
mod detectable;
#[path = "edits.rs"]
mod edits;
#[path = "fields.rs"]
mod fields;
#[path = "json.rs"]
pub(crate) mod json;
#[path = "judge.rs"]
mod judge;
#[path = "liar.rs"]
mod liar;
#[path = "living.rs"]
mod living;
#[path = "log.rs"]
mod log;
#[path = "naive.rs"]
mod naive;
#[path = "panics.rs"]
mod panics;
#[path = "report.rs"]
mod report;
#[path = "rules.rs"]
mod rules;
#[path = "serve.rs"]
mod serve;
#[path = "stage.rs"]
mod stage;
#[path = "told.rs"]
mod told;
#[path = "transcript.rs"]
pub(crate) mod transcript;
#[path = "wire.rs"]
pub(crate) mod wire;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

pub(crate) use self::case::Case;
pub(crate) use self::judge::Verdict;
pub(crate) use self::naive::Naive;
pub(crate) use self::report::Report;
use crate::simulated::{dice, faults, journal, order, process};

/// What a run between processes gives or fails with.
pub(crate) type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Lives the cases with these numbers on so many threads.
pub(crate) fn run(seed: u64, cases: u64, threads: usize, naive: Option<Naive>) -> Report {
    let began = tokio::time::Instant::now();
    let (next, total) = (AtomicU64::new(0), Mutex::new(Report::default()));
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                let mut report = Report::default();
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= cases {
                        break;
                    }
                    let told = replay(seed, index, naive);
                    report.take(&told);
                }
                let mut total = total.lock().expect("no thread panics while it adds up");
                total.add(report);
            });
        }
    });
    let mut report = total
        .into_inner()
        .expect("no thread panics while it adds up");
    report.seed = seed;
    report.took = began.elapsed();
    report
}

/// A case that was lived, and the judgment over it.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) case: Case,
    pub(crate) lived: living::Lived,
    pub(crate) verdict: Verdict,
}

/// Lives one case.
pub(crate) fn replay(seed: u64, index: u64, naive: Option<Naive>) -> Told {
    let case = Case::drawn(seed, index);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without sockets can be made");
    let log = log::Log::default();
    let _logging = log.begin(index);
    runtime.block_on(async {
        panics::watch();
        let lived = tokio::spawn(living::live(case.clone(), naive)).await;
        let lived = lived.unwrap_or_else(|_| {
            let told = panics::taken();
            panic!("case {index} of seed {seed} broke the harness: {told:?}")
        });
        let mut verdict = judge::judge(&lived, panics::taken()).await;
        verdict.problems.extend(log.problems(&lived));
        Told {
            case,
            lived,
            verdict,
        }
    })
}

impl Told {
    /// The whole life, a line each.
    pub(crate) async fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("{:?}", self.case)];
        for exchange in self.lived.stage.exchanges() {
            let changed = exchange
                .lie
                .map_or(String::new(), |lie| format!(" CHANGED ({lie})"));
            let lost = if exchange.lost { " LOST" } else { "" };
            lines.push(format!(
                "{:>12} ms, process {}, account {}: {}{changed}{lost}: {}",
                exchange.sent.as_millis(),
                exchange.process,
                exchange.account,
                exchange.call.name(),
                judge::shown(&exchange.answer)
            ));
        }
        let lived = self.lived.order.as_ref().or(self.lived.earlier.as_ref());
        if let Some(order) = lived {
            let events = self.lived.journal.events(order.id()).await;
            for recorded in events.unwrap_or_default() {
                let text: String = format!("{:?}", recorded.event).chars().take(600).collect();
                lines.push(format!("{} {text}", recorded.at));
            }
        }
        for charge in self.lived.stage.charged() {
            lines.push(format!(
                "charged: {} {} {}",
                charge.created_at, charge.id, charge.total
            ));
        }
        for harm in &self.verdict.undetected {
            lines.push(format!("undetectable: {harm}"));
        }
        for problem in &self.verdict.problems {
            lines.push(format!("PROBLEM: {problem}"));
        }
        lines
    }
}
