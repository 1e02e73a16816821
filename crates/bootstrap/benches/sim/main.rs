//! `sim`: lives orders by the hundred thousand through crashes, freezes and faults, and counts double
//! charges and lost orders. Run by `cargo xtask sim`; a run that breaks a promise exits with 1.

#[path = "simulation.rs"]
mod simulation;

use std::error::Error;
use std::io::Write as _;
use std::process::ExitCode;

use crate::simulation::{Bound, Ending, Naive, Plan, Report, Weather};

/// What a program gives or fails with.
type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// What was asked for on the command line.
#[derive(Debug)]
struct Arguments {
    orders: u64,
    seed: u64,
    threads: usize,
    bounds: Vec<Bound>,
    only: Option<u64>,
}

impl Arguments {
    fn parse(arguments: impl Iterator<Item = String>) -> Outcome<Self> {
        let mut parsed = Self {
            orders: 100_000,
            seed: 1,
            threads: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            bounds: vec![Bound::Kept, Bound::Broken],
            only: None,
        };
        // Cargo adds `--bench` by itself.
        let mut arguments = arguments.filter(|argument| argument != "--bench");
        while let Some(name) = arguments.next() {
            let value = arguments
                .next()
                .ok_or_else(|| format!("{name} needs a value"))?;
            let number = || {
                let digits = value.replace('_', "");
                digits
                    .parse::<u64>()
                    .map_err(|error| format!("{name} {value}: {error}"))
            };
            match name.as_str() {
                "--orders" => parsed.orders = number()?,
                "--seed" => parsed.seed = number()?,
                "--threads" => parsed.threads = usize::try_from(number()?)?,
                "--only" => parsed.only = Some(number()?),
                "--bound" => {
                    parsed.bounds = match value.as_str() {
                        "kept" => vec![Bound::Kept],
                        "broken" => vec![Bound::Broken],
                        "both" => vec![Bound::Kept, Bound::Broken],
                        _ => return Err("--bound is kept, broken or both".into()),
                    }
                }
                _ => return Err(format!("there is no argument {name}").into()),
            }
        }
        Ok(parsed)
    }
}

fn main() -> Outcome<ExitCode> {
    let arguments = Arguments::parse(std::env::args().skip(1))?;
    let good = match arguments.only {
        Some(index) => replay(&arguments, index)?,
        None => simulate(&arguments)?,
    };
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn simulate(arguments: &Arguments) -> Outcome<bool> {
    let Arguments {
        orders,
        seed,
        threads,
        ..
    } = *arguments;
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{orders} orders a row, seed {seed}, {threads} threads\n"
    )?;
    let mut good = true;
    let mut rows = simulation::compare(seed, orders);
    for bound in &arguments.bounds {
        let report = simulation::run(&Plan::new(seed, *bound), orders, threads);
        writeln!(out, "{report}")?;
        out.flush()?;
        good &= report.is_good();
        if *bound == Bound::Kept {
            for filter_holds in [true, false] {
                let (name, report) = undisturbed(seed, orders, threads, filter_holds);
                if !report.is_good() {
                    writeln!(out, "{name}:\n{report}")?;
                }
                good &= report.is_good();
                rows.push(Naive::of(name, &report));
            }
            rows.push(Naive::of(
                "Roamport, and processes crash and freeze",
                &report,
            ));
        }
    }
    let (charges, parked) = ("double", "parked");
    writeln!(
        out,
        "The same provider and seeds, bound kept; for each 100,000 orders:\n  {:<56} {charges:>12} {parked:>12}",
        "rule after an unknown outcome"
    )?;
    for row in rows {
        writeln!(out, "{row}")?;
    }
    let verdict = if good {
        "every promise was kept"
    } else {
        "A PROMISE WAS BROKEN"
    };
    writeln!(out, "\nseed {seed}: {verdict}")?;
    Ok(good)
}

/// The real use-cases as undisturbed as the naive rules: the provider's faults alone.
fn undisturbed(
    seed: u64,
    orders: u64,
    threads: usize,
    filter_holds: bool,
) -> (&'static str, Report) {
    let plan = Plan {
        weather: Some(Weather::STILL),
        filter_holds,
        ..Plan::new(seed, Bound::Kept)
    };
    let name = if filter_holds {
        "Roamport"
    } else {
        "Roamport, and look-ups show the orders of others"
    };
    (name, simulation::run(&plan, orders, threads))
}

/// Tells the whole life of one order.
fn replay(arguments: &Arguments, index: u64) -> Outcome<bool> {
    let mut out = std::io::stdout().lock();
    let mut good = true;
    for bound in &arguments.bounds {
        let ending: Ending = simulation::replay(&Plan::new(arguments.seed, *bound), index);
        let (seed, bound) = (arguments.seed, bound.as_str());
        writeln!(
            out,
            "seed {seed} index {index}, bound {bound}: {:?}",
            ending.fate
        )?;
        for recorded in &ending.history.events {
            writeln!(out, "  {} {:?}", recorded.at, recorded.event)?;
        }
        for charge in &ending.history.charges {
            writeln!(out, "  {charge}")?;
        }
        for (fault, name) in simulation::Fault::ALL {
            let count = ending.tally.of(fault);
            if count > 0 {
                writeln!(out, "  {count} × {name}")?;
            }
        }
        for problem in &ending.problems {
            writeln!(out, "  PROBLEM: {problem}")?;
        }
        good &= ending.problems.is_empty();
    }
    Ok(good)
}
