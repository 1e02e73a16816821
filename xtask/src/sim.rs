//! `cargo xtask sim`: the simulation of orders, in release mode, over as many orders as one likes.

use xshell::{Shell, cmd};

use crate::process::flags;

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
    #[arg(long, default_value = "both", value_parser = ["kept", "broken", "both"])]
    bound: String,
    /// Live this one order again, and tell its whole life.
    #[arg(long)]
    only: Option<u64>,
    /// Threads; as many as there are cores by default.
    #[arg(long)]
    threads: Option<u16>,
}

impl Options {
    fn arguments(&self) -> Vec<String> {
        flags([
            ("--orders", Some(self.orders.to_string())),
            ("--seed", Some(self.seed.to_string())),
            ("--bound", Some(self.bound.clone())),
            ("--only", self.only.map(|only| only.to_string())),
            ("--threads", self.threads.map(|threads| threads.to_string())),
        ])
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
    use super::*;
    use crate::tests::parse;

    fn arguments(line: &str) -> String {
        parse::<Options>(line).unwrap().arguments().join(" ")
    }

    #[test]
    fn without_arguments_it_is_a_hundred_thousand_orders() {
        assert_eq!(arguments(""), "--orders 100000 --seed 1 --bound both");
    }

    #[test]
    fn one_order_of_a_run_can_be_asked_for() {
        assert_eq!(
            arguments("--seed 9 --only 17 --bound kept --threads 1"),
            "--orders 100000 --seed 9 --bound kept --only 17 --threads 1"
        );
    }

    #[test]
    fn a_count_that_is_no_number_is_refused() {
        assert!(parse::<Options>("--orders many").is_err());
    }
}
