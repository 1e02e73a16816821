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
mod docs;
mod files;
mod fuzz;
mod lies;
mod lint;
mod mutants;
mod new_adapter;
mod process;
mod sim;
mod soak;
mod test;
mod tidy;
mod workspace;

use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
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
    Demo {
        /// Another demo: the same journey at two providers, compared with the README.
        which: Option<Demo>,
    },
    /// Run all tests and doctests (with nextest where it is installed).
    Test,
    /// Check formatting, clippy, rustdoc, the house rules, and advisories and licences where cargo-deny is
    /// installed.
    Lint,
    /// Check the house rules alone: arrows between crates, fences around dependencies, what embedders pay.
    Tidy {
        /// First accept the crates that come with ours now: writes xtask/dependencies.txt.
        #[arg(long)]
        accept: bool,
    },
    /// Run the benchmark programs in release mode, or time cold builds; print their tables.
    Bench(bench::Arguments),
    /// Live orders by the hundred thousand through crashes, freezes and faults; count double charges.
    Sim(sim::Options),
    /// Drive orders by the thousand past a provider that lies; count broken promises.
    Lies(lies::Options),
    /// Feed changed and random bytes to every decoder of bytes from outside.
    Fuzz(fuzz::Options),
    /// Run real workers against a faulty sandbox, kill them all the while, and check every charge.
    Soak(soak::Arguments),
    /// Change the order machine in small ways, one by one, and see that its tests notice each.
    Mutants {
        /// Handed to `cargo mutants`, after `--`: such as `-- --list` or `-- --shard 0/4`.
        #[arg(last = true, value_name = "ARGUMENT")]
        extra: Vec<String>,
    },
    /// Write the pages of `docs/reference` with the program that they describe.
    Docs {
        /// Change nothing; fail where a page is not what the program writes.
        #[arg(long)]
        check: bool,
    },
    /// Write the crate of one more provider, with every promise of the port as a failing test.
    NewAdapter(new_adapter::Arguments),
    /// What continuous integration runs: lint, test, docs --check, new-adapter --check, demos.
    Ci,
}

/// What is demonstrated.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Demo {
    /// The same journey at two providers, compared with the README.
    Providers,
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
        Task::Demo { which: None } => demo::run(&shell, root),
        Task::Demo {
            which: Some(Demo::Providers),
        } => demo::run_providers(&shell, root),
        Task::Test => test::run(&shell),
        Task::Lint => lint::run(&shell, root),
        Task::Tidy { accept: true } => tidy::accept(root),
        Task::Tidy { accept: false } => tidy::run(root),
        Task::Bench(arguments) => bench::run(&shell, root, arguments),
        Task::Soak(arguments) => soak::run(&shell, arguments),
        Task::Mutants { extra } => mutants::run(&shell, extra),
        Task::Docs { check } => docs::run(&shell, root, *check),
        Task::NewAdapter(arguments) => new_adapter::run(&shell, root, arguments),
        Task::Fuzz(options) => fuzz::run(&shell, root, options),
        Task::Lies(options) => lies::run(&shell, options),
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
pub(crate) mod tests {
    use clap::CommandFactory;

    use super::*;

    /// Reads the options of one task.
    pub(crate) fn parse<T: clap::Args>(line: &str) -> Result<T, clap::Error> {
        let command = T::augment_args(clap::Command::new("task"));
        let words = std::iter::once("task").chain(line.split_whitespace());
        T::from_arg_matches(&command.try_get_matches_from(words)?)
    }

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
