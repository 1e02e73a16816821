//! `lies`: drives orders past a provider that lies, by the thousand, and counts broken promises. Run by
//! `cargo xtask lies`; a run that breaks a promise exits with 1.

#[path = "lying.rs"]
mod lying;
#[expect(
    dead_code,
    unused_imports,
    reason = "of the simulation only its processes and its journal are used here"
)]
#[path = "../sim/simulation.rs"]
mod simulated;

use std::io::Write as _;
use std::process::ExitCode;

use crate::lying::{Naive, Outcome};

/// What was asked for on the command line.
#[derive(Debug)]
struct Arguments {
    cases: u64,
    seed: u64,
    threads: usize,
    case: Option<u64>,
    naive: Option<Naive>,
    /// The program, the folder and the journal of a run between processes.
    wire: Option<[String; 3]>,
}

impl Arguments {
    fn parse(arguments: impl Iterator<Item = String>) -> Outcome<Self> {
        let mut parsed = Self {
            cases: 20_000,
            seed: 1,
            threads: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            case: None,
            naive: None,
            wire: None,
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
                "--cases" => parsed.cases = number()?,
                "--seed" => parsed.seed = number()?,
                "--threads" => parsed.threads = usize::try_from(number()?)?,
                "--case" => parsed.case = Some(number()?),
                "--naive" => {
                    let place = usize::try_from(number()?)?.checked_sub(1);
                    let naive = place.and_then(|place| Naive::ALL.get(place));
                    parsed.naive = Some(naive.ok_or("there is no such naive client")?.0);
                }
                "--wire" => {
                    let mut more = || arguments.next().ok_or("--wire needs three values");
                    parsed.wire = Some([value.clone(), more()?, more()?]);
                }
                _ => return Err(format!("there is no argument {name}").into()),
            }
        }
        Ok(parsed)
    }
}

fn main() -> Outcome<ExitCode> {
    let arguments = Arguments::parse(std::env::args().skip(1))?;
    let mut out = std::io::stdout().lock();
    let good = if let Some([roamport, folder, journal]) = arguments.wire {
        let wire = lying::wire::Wire {
            roamport: roamport.into(),
            folder: folder.into(),
            journal,
            seed: arguments.seed,
        };
        let numbers = match arguments.case {
            Some(only) => vec![only],
            None => (0..arguments.cases).collect(),
        };
        let (report, lines) = lying::wire::run(wire, numbers)?;
        for line in lines {
            writeln!(out, "{line}")?;
        }
        writeln!(out, "{report}")?;
        report.broken == 0
    } else if let Some(index) = arguments.case {
        let told = lying::replay(arguments.seed, index, arguments.naive);
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        for line in runtime.block_on(told.lines()) {
            writeln!(out, "{line}")?;
        }
        told.verdict.problems.is_empty()
    } else {
        let report = lying::run(
            arguments.seed,
            arguments.cases,
            arguments.threads,
            arguments.naive,
        );
        writeln!(out, "{report}")?;
        for (rule, call) in report.untried() {
            writeln!(out, "  never tried: {rule} × {call}")?;
        }
        report.broken == 0
    };
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
