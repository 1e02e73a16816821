//! `cargo xtask lint`: everything that can be said about the code without running it.

use std::path::Path;

use xshell::{Shell, cmd};

use crate::process::has_cargo_subcommand;
use crate::tidy;

/// Runs the cheap checks first, so that a slip is reported in seconds.
pub(crate) fn run(shell: &Shell, root: &Path) -> anyhow::Result<()> {
    cmd!(shell, "cargo fmt --all --check").run()?;
    tidy::run(root)?;
    cmd!(
        shell,
        "cargo clippy --workspace --all-targets --all-features -- -D warnings"
    )
    .run()?;
    cmd!(shell, "cargo doc --workspace --no-deps --all-features")
        .env("RUSTDOCFLAGS", "-D warnings")
        .run()?;
    check_dependencies(shell)
}

/// Runs cargo-deny where it is installed. Advisories are checked where their database can be brought up
/// to date: an old copy would call a crate sound that is not.
fn check_dependencies(shell: &Shell) -> anyhow::Result<()> {
    if !has_cargo_subcommand(shell, "deny") {
        println!("skipped: advisories, licences and sources, because cargo-deny is not installed");
        return Ok(());
    }
    let fetched = cmd!(shell, "cargo deny fetch db").ignore_stderr().run();
    let advisories = if fetched.is_ok() {
        Some("advisories")
    } else {
        println!("skipped: advisories, because their database cannot be fetched");
        None
    };
    cmd!(
        shell,
        "cargo deny check {advisories...} bans licenses sources"
    )
    .run()?;
    Ok(())
}
