//! `cargo xtask test`: every test and doctest of the workspace.

use xshell::{Shell, cmd};

use crate::cluster::Cluster;
use crate::process::has_cargo_subcommand;

/// The server that tests of PostgreSQL use instead of starting one of their own.
const SERVER: &str = "TEST_POSTGRES_URL";

/// Runs all tests, with nextest if it is installed; those of PostgreSQL on one throwaway server, unless another
/// is named. If none is installed they say so and skip.
pub(crate) fn run(shell: &Shell) -> anyhow::Result<()> {
    let cluster = match shell.var(SERVER) {
        Ok(_) => None,
        Err(_) => Cluster::start(shell)?,
    };
    let _named = cluster
        .as_ref()
        .map(|cluster| shell.push_env(SERVER, cluster.url()));
    if has_cargo_subcommand(shell, "nextest") {
        cmd!(shell, "cargo nextest run --workspace").run()?;
        // Nextest runs no doctests.
        cmd!(shell, "cargo test --doc --workspace").run()?;
    } else {
        cmd!(shell, "cargo test --workspace").run()?;
    }
    Ok(())
}
