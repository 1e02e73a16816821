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
    if has_cargo_subcommand(shell, "deny") {
        cmd!(shell, "cargo deny check bans licenses sources").run()?;
    } else {
        println!("skipped: licences and sources, because cargo-deny is not installed");
    }
    Ok(())
}
