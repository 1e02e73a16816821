//! `cargo xtask test`: every test and doctest of the workspace.

use xshell::{Shell, cmd};

use crate::process::has_cargo_subcommand;

/// Runs all tests, with nextest where it is installed.
pub(crate) fn run(shell: &Shell) -> anyhow::Result<()> {
    if has_cargo_subcommand(shell, "nextest") {
        cmd!(shell, "cargo nextest run --workspace").run()?;
        // Nextest runs no doctests.
        cmd!(shell, "cargo test --doc --workspace").run()?;
    } else {
        cmd!(shell, "cargo test --workspace").run()?;
    }
    Ok(())
}
