//! `cargo xtask mutants`: changes the order machine in hundreds of small ways, and asks the tests of
//! each whether they notice.

use std::process::Command;

use anyhow::{Context, bail};
use xshell::Shell;

use crate::process::has_cargo_subcommand;

/// Runs cargo-mutants as `.cargo/mutants.toml` says, with these arguments beside; it prints its own
/// progress and a line for every change that no test noticed.
pub(crate) fn run(shell: &Shell, extra: &[String]) -> anyhow::Result<()> {
    if !has_cargo_subcommand(shell, "mutants") {
        bail!(
            "cargo-mutants is not installed: run `cargo install --locked cargo-mutants`, then this again"
        );
    }
    let status = Command::new("cargo")
        .arg("mutants")
        .args(extra)
        .current_dir(shell.current_dir())
        .status()
        .context("failed to start `cargo mutants`")?;
    verdict(status.code())
}

/// What the exit code of cargo-mutants means (<https://mutants.rs/exit-codes.html>). Whatever is not
/// good becomes an exit code of 1.
fn verdict(code: Option<i32>) -> anyhow::Result<()> {
    match code {
        Some(0) => Ok(()),
        Some(2) => bail!(
            "no test noticed the changes listed as MISSED: write the test that states the fact, or, \
             where the change makes no difference, name it with the reason in .cargo/mutants.toml"
        ),
        Some(3) => bail!(
            "with the changes listed as TIMEOUT the tests ran until they were stopped: bound the \
             loop that never ended, so that a test says what is wrong, or give them more time with \
             `-- --minimum-test-timeout SECONDS` on a busy machine"
        ),
        Some(4) => bail!("the tests fail without any change: mend that first"),
        Some(code) => bail!("`cargo mutants` failed with exit code {code}"),
        None => bail!("`cargo mutants` was stopped by a signal"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_run_in_which_every_change_was_noticed_is_good() {
        assert!(verdict(Some(0)).is_ok());
        for code in [1, 2, 3, 4, 70, 101] {
            let error = verdict(Some(code)).unwrap_err();
            assert!(
                error
                    .downcast_ref::<crate::process::CommandFailed>()
                    .is_none(),
                "{code} would be passed on instead of 1"
            );
        }
        assert!(verdict(None).is_err());
    }

    #[test]
    fn a_survivor_is_answered_with_a_test_or_a_reason() {
        let text = verdict(Some(2)).unwrap_err().to_string();
        assert!(text.contains("MISSED") && text.contains(".cargo/mutants.toml"));
    }

    /// The files that must be examined: a glob that matches nothing examines nothing.
    #[test]
    fn the_examined_files_are_there() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .unwrap();
        let text = std::fs::read_to_string(root.join(".cargo/mutants.toml")).unwrap();
        let settings: toml::Table = text.parse().unwrap();
        let globs = settings["examine_globs"].as_array().unwrap();
        assert!(!globs.is_empty());
        for glob in globs {
            let path = glob.as_str().unwrap().trim_end_matches("/**");
            assert!(root.join(path).exists(), "{path} is gone");
        }
    }
}
