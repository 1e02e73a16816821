//! `cargo xtask`: every task of the repository, none of them a shell script.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a task speaks to the person, or the CI log, that started it"
)]

mod bench;
mod ci;
mod cluster;
mod demo;
mod lint;
mod mutants;
mod process;
mod sim;
mod soak;
mod test;
mod tidy;

use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use xshell::Shell;

#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    about = "Roamport's tasks",
    disable_help_subcommand = true
)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Buy an eSIM from the built-in sandbox, command by command, in a fresh data directory.
    Demo,
    /// Run all tests and doctests (with nextest where it is installed).
    Test,
    /// Check formatting, clippy, rustdoc, the house rules, and licences where cargo-deny is installed.
    Lint,
    /// Check the house rules alone: arrows between crates, fences around dependencies, files.
    Tidy,
    /// Run the benchmark programs in release mode and print their tables.
    Bench {
        /// The one program to run; without it, all of them.
        name: Option<String>,
    },
    /// Live orders by the hundred thousand through crashes, freezes and faults; count double charges.
    Sim(sim::Options),
    /// Run real workers against a faulty sandbox, kill them all the while, and check every charge.
    Soak(soak::Arguments),
    /// Change the order machine in small ways, one by one, and see that its tests notice each.
    Mutants {
        /// Handed to `cargo mutants`, after `--`: such as `-- --list` or `-- --shard 0/4`.
        #[arg(last = true, value_name = "ARGUMENT")]
        extra: Vec<String>,
    },
    /// What continuous integration runs: lint, test, demo.
    Ci,
}

fn main() -> ExitCode {
    match run(&Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            process::exit_code_of(&error)
        }
    }
}

fn run(task: &Task) -> anyhow::Result<()> {
    let root = repository_root();
    let shell = Shell::new()?;
    shell.change_dir(root);
    match task {
        Task::Demo => demo::run(&shell),
        Task::Test => test::run(&shell),
        Task::Lint => lint::run(&shell, root),
        Task::Tidy => tidy::run(root),
        Task::Bench { name } => bench::run(&shell, name.as_deref()),
        Task::Soak(arguments) => soak::run(&shell, arguments),
        Task::Mutants { extra } => mutants::run(&shell, extra),
        Task::Sim(options) => sim::run(&shell, options),
        Task::Ci => ci::run(&shell, root),
    }
}

/// The repository this program was built from, wherever it was started.
fn repository_root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies one folder below the root of the repository")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn an_unknown_task_is_a_usage_error() {
        let error = Arguments::try_parse_from(["xtask", "deploy"]).unwrap_err();
        assert_eq!(error.exit_code(), 2);
    }

    #[test]
    fn the_root_holds_the_workspace_manifest() {
        assert!(repository_root().join("Cargo.toml").is_file());
    }
}
