//! `cargo xtask lies`: orders past a provider that lies, in release mode, over as many cases as one likes.

use anyhow::Context;
use xshell::{Shell, cmd};

use crate::cluster::Cluster;
use crate::process::flags;
use crate::soak::{Journal, Programs};

/// The crate whose `benches` folder holds the program.
const HOME: &str = "roamport-bootstrap";

/// What the liar is to do.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Cases.
    #[arg(long, default_value_t = 20_000)]
    cases: u64,
    /// What every case follows from, together with its number.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Live this one case again, and print every answer of it.
    #[arg(long)]
    case: Option<u64>,
    /// Threads; as many as there are cores by default.
    #[arg(long)]
    threads: Option<u16>,
    /// Buy with real processes, over TCP, with a journal on disk.
    #[arg(long)]
    wire: bool,
    /// Where the orders of those processes are stored.
    #[arg(long, value_enum, default_value_t = Journal::Sqlite, requires = "wire")]
    journal: Journal,
    /// Put a careless client in the place of Roamport: its number in the table of the documentation.
    #[arg(long)]
    naive: Option<u16>,
}

impl Options {
    fn arguments(&self) -> Vec<String> {
        flags([
            ("--cases", Some(self.cases.to_string())),
            ("--seed", Some(self.seed.to_string())),
            ("--case", self.case.map(|case| case.to_string())),
            ("--threads", self.threads.map(|threads| threads.to_string())),
            ("--naive", self.naive.map(|naive| naive.to_string())),
        ])
    }
}

/// Builds the program and runs it; it prints its table, and fails where a promise was broken.
pub(crate) fn run(shell: &Shell, options: &Options) -> anyhow::Result<()> {
    if options.wire {
        return run_wire(shell, options);
    }
    let arguments = options.arguments();
    cmd!(
        shell,
        "cargo bench --quiet --package {HOME} --bench lies -- {arguments...}"
    )
    .run()?;
    Ok(())
}

/// The same between the built programs, with their journal and logs in a folder of the run.
fn run_wire(shell: &Shell, options: &Options) -> anyhow::Result<()> {
    let folder = tempfile::tempdir().context("failed to make a temporary directory")?;
    let place = folder.path();
    let cluster = match options.journal {
        Journal::Sqlite => None,
        Journal::Postgres => {
            let Some(cluster) = Cluster::start(shell)? else {
                println!("skipped: no PostgreSQL server is installed here");
                return Ok(());
            };
            Some(cluster)
        }
    };
    let journal = cluster.as_ref().map_or("sqlite".to_owned(), Cluster::url);
    let roamport = Programs::build(shell, place)?.roamport;
    let arguments = options.arguments();
    cmd!(
        shell,
        "cargo bench --quiet --package {HOME} --bench lies -- {arguments...} --wire {roamport} {place} {journal}"
    )
    .run()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::parse;

    fn arguments(line: &str) -> String {
        parse::<Options>(line).unwrap().arguments().join(" ")
    }

    #[test]
    fn without_arguments_it_is_twenty_thousand_cases() {
        assert_eq!(arguments(""), "--cases 20000 --seed 1");
    }

    #[test]
    fn one_case_can_be_lived_again() {
        assert_eq!(
            arguments("--seed 9 --case 17 --naive 2"),
            "--cases 20000 --seed 9 --case 17 --naive 2"
        );
    }
}
