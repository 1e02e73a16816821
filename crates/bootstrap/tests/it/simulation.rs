//! Thousands of orders through crashes, freezes and faults: the simulation of `benches/sim`, small.

use std::collections::HashSet;

use self::library::{Bound, Fault, Naive, Plan, Report, Weather};

#[path = "../../benches/sim/simulation.rs"]
pub(crate) mod library;

const SEED: u64 = 1;

fn run(plan: &Plan, orders: u64) -> Report {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    library::run(plan, orders, threads.min(4))
}

#[track_caller]
fn assert_everything_struck(report: &Report, but: &[Fault]) {
    for (fault, name) in Fault::ALL {
        let count = report.tally.of(fault);
        assert_eq!(
            count == 0,
            but.contains(&fault),
            "{name}: {count}\n{report}"
        );
    }
}

#[test]
fn ten_thousand_orders_are_each_charged_once_at_most_and_none_is_lost() {
    let report = run(&Plan::new(SEED, Bound::Kept), 10_000);
    assert!(report.is_good(), "{report}");
    assert_eq!((report.second_charges, report.lost), (0, 0), "{report}");
    let rested = report.fulfilled + report.failed + report.parked;
    assert_eq!(rested, 10_000, "{report}");
    // A few wait for a person; one in fifty would be a nuisance.
    assert!(report.parked < 200, "{report}");
    assert_everything_struck(&report, &[Fault::BeyondBound, Fault::Suspended]);
}

#[test]
fn every_charge_that_escapes_beyond_the_bound_is_found_and_shown() {
    let report = run(&Plan::new(SEED, Bound::Broken), 4_000);
    assert!(report.is_good(), "{report}");
    assert_eq!(report.lost, 0, "{report}");
    // Otherwise nothing would have been shown by it.
    assert!(report.second_charges > 0 && report.found > 0, "{report}");
    assert_everything_struck(&report, &[]);
}

#[test]
fn without_a_quiet_period_the_simulation_catches_double_charges() {
    // One effect in ten is late, so that a few orders are enough.
    let mut plan = Plan {
        late: 100_000,
        ..Plan::new(SEED, Bound::Kept)
    };
    let careful = run(&plan, 1_500);
    assert!(careful.is_good(), "{careful}");
    plan.policy.quiet_period = std::time::Duration::ZERO;
    let report = run(&plan, 1_500);
    assert!(!report.is_good() && report.second_charges > 0, "{report}");
    let (index, problems) = &report.problems[0];
    assert_eq!(problems[0], "charged 2 times");
    let printed = report.to_string();
    let again = format!("cargo xtask sim --seed {SEED} --bound kept --only {index}");
    assert!(printed.contains(&again), "{printed}");
    // The seed and the index are enough to see it again.
    let ending = library::replay(&plan, *index);
    assert_eq!(&ending.problems, problems);
    assert_eq!(ending.history.charges.len(), 2);
}

#[test]
fn a_run_follows_from_its_seed_whatever_lives_beside_it() {
    let plan = Plan::new(7, Bound::Broken);
    let (alone, beside) = (library::run(&plan, 600, 1), library::run(&plan, 600, 2));
    assert_eq!(alone.tally, beside.tally);
    assert_eq!(
        (alone.fulfilled, alone.processes, alone.second_charges),
        (beside.fulfilled, beside.processes, beside.second_charges)
    );
    let lives = (0..40).map(|index| {
        let (first, second) = (library::replay(&plan, index), library::replay(&plan, index));
        assert_eq!(first.history.events, second.history.events, "index {index}");
        format!("{:?}", first.history.charges)
    });
    assert!(lives.collect::<HashSet<_>>().len() > 20);
}

#[test]
fn the_naive_rules_charge_twice_where_roamport_does_not() {
    let orders = 20_000;
    let naive = library::compare(SEED, orders);
    let charges: Vec<u64> = naive.iter().map(|row| row.second_charges).collect();
    let [repeat, look_once, look_for_a_minute] = charges[..] else {
        panic!("three rules, not {naive:?}")
    };
    assert!(
        repeat > look_once && look_once > look_for_a_minute,
        "{naive:?}"
    );
    assert!(look_once > 20, "{naive:?}");
    let plan = Plan {
        weather: Some(Weather::STILL),
        ..Plan::new(SEED, Bound::Kept)
    };
    let ours = Naive::of("Roamport", &run(&plan, 4_000));
    assert_eq!(ours.second_charges, 0);
    // One purchase call in 57 never charges; two of one order, one order in 3,000 or so.
    assert!(ours.parked < 10, "{ours}");
}
