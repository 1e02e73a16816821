//! The simulation of orders: the real use-cases `place`, `carry_on` and `reconcile` over a simulated
//! provider, journal and clocks, with a crash, a freeze or a fault possible at any await of a port.
//!
//! Every order's luck follows from the run's seed and its index, so that a single one replays. This
//! part is shared by the program `sim` and by a test.

#[path = "accounts.rs"]
mod accounts;
#[path = "dice.rs"]
pub(crate) mod dice;
#[path = "faults.rs"]
pub(crate) mod faults;
#[path = "journal.rs"]
pub(crate) mod journal;
#[path = "naive.rs"]
mod naive;
#[path = "order.rs"]
pub(crate) mod order;
#[path = "process.rs"]
pub(crate) mod process;
#[path = "provider.rs"]
mod provider;
#[path = "report.rs"]
mod report;
#[path = "world.rs"]
mod world;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

pub(crate) use self::faults::{Bound, Fault, Weather};
use self::naive::Rule;
pub(crate) use self::order::{Ending, Plan};
pub(crate) use self::report::{Naive, Report};
use self::world::{LATE, World};

/// Orders that one runtime lives, one after the other. A new one for each handful of them keeps its
/// clock from running into years.
const AT_A_TIME: u64 = 256;

/// Lives `orders` orders on so many threads, each with a paused runtime of its own.
pub(crate) fn run(plan: &Plan, orders: u64, threads: usize) -> Report {
    let began = tokio::time::Instant::now();
    let (next, total) = (AtomicU64::new(0), Mutex::new(Report::new(plan)));
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                let mut report = Report::new(plan);
                loop {
                    let first = next.fetch_add(AT_A_TIME, Ordering::Relaxed);
                    if first >= orders {
                        break;
                    }
                    runtime().block_on(async {
                        for index in first..(first + AT_A_TIME).min(orders) {
                            report.take(index, &order::live(plan, index).await);
                        }
                    });
                }
                let mut total = total.lock().expect("no thread panics while it adds up");
                total.add(report);
            });
        }
    });
    let mut report = total
        .into_inner()
        .expect("no thread panics while it adds up");
    report.took = began.elapsed();
    report
}

/// Lives one order of a run again.
pub(crate) fn replay(plan: &Plan, index: u64) -> Ending {
    runtime().block_on(order::live(plan, index))
}

/// The naive rules over the same orders.
pub(crate) fn compare(seed: u64, orders: u64) -> Vec<Naive> {
    let rows = Rule::ALL.map(|(rule, name)| {
        let mut row = Naive {
            name,
            orders,
            second_charges: 0,
            parked: 0,
        };
        for index in 0..orders {
            let bought = naive::buy(rule, &mut World::new(seed, index, Bound::Kept, LATE));
            row.second_charges += bought.second_charges;
            row.parked += bought.parked;
        }
        row
    });
    rows.into()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without sockets can be made")
}

/// So many for each 100,000, in tenths.
pub(crate) fn per_hundred_thousand(count: u64, orders: u64) -> String {
    let tenths = u128::from(count) * 1_000_000 / u128::from(orders.max(1));
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// So many in a second.
pub(crate) fn a_second(count: u64, took: Duration) -> u128 {
    u128::from(count) * 1_000 / took.as_millis().max(1)
}
