//! `cargo xtask sim`: the simulation of orders, in release mode, over as many orders as one likes.

use xshell::{Shell, cmd};

/// The crate whose `benches` folder holds the program.
const HOME: &str = "roamport-bootstrap";

/// What the simulation is to do.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Orders in each row of the table.
    #[arg(long, default_value_t = 100_000)]
    orders: u64,
    /// What every order's luck follows from, together with its index.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Whether effects, freezes and look-up lag together stay under the quiet period.
    #[arg(long, value_enum, default_value_t = Bound::Both)]
    bound: Bound,
    /// Live this one order again, and tell its whole life.
    #[arg(long)]
    only: Option<u64>,
    /// Threads; as many as there are cores by default.
    #[arg(long)]
    threads: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Bound {
    Kept,
    Broken,
    Both,
}

impl Options {
    fn arguments(&self) -> Vec<String> {
        let bound = match self.bound {
            Bound::Kept => "kept",
            Bound::Broken => "broken",
            Bound::Both => "both",
        };
        let mut arguments = vec![
            "--orders".to_owned(),
            self.orders.to_string(),
            "--seed".to_owned(),
            self.seed.to_string(),
            "--bound".to_owned(),
            bound.to_owned(),
        ];
        if let Some(only) = self.only {
            arguments.extend(["--only".to_owned(), only.to_string()]);
        }
        if let Some(threads) = self.threads {
            arguments.extend(["--threads".to_owned(), threads.to_string()]);
        }
        arguments
    }
}

/// Builds the program and runs it; it prints its table, and fails where a promise was broken.
pub(crate) fn run(shell: &Shell, options: &Options) -> anyhow::Result<()> {
    let arguments = options.arguments();
    cmd!(
        shell,
        "cargo bench --quiet --package {HOME} --bench sim -- {arguments...}"
    )
    .run()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct CommandLine {
        #[command(flatten)]
        options: Options,
    }

    fn arguments(line: &[&str]) -> String {
        let line = [&["sim"], line].concat();
        let parsed = CommandLine::try_parse_from(line).unwrap();
        parsed.options.arguments().join(" ")
    }

    #[test]
    fn without_arguments_it_is_a_hundred_thousand_orders() {
        assert_eq!(arguments(&[]), "--orders 100000 --seed 1 --bound both");
    }

    #[test]
    fn one_order_of_a_run_can_be_asked_for() {
        assert_eq!(
            arguments(&[
                "--seed",
                "9",
                "--only",
                "17",
                "--bound",
                "kept",
                "--threads",
                "1"
            ]),
            "--orders 100000 --seed 9 --bound kept --only 17 --threads 1"
        );
    }

    #[test]
    fn a_count_that_is_no_number_is_refused() {
        assert!(CommandLine::try_parse_from(["sim", "--orders", "many"]).is_err());
    }
}
