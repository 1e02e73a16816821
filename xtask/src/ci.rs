//! `cargo xtask ci`: lint, test, the reference and the demos, each with a heading and the time it took.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use xshell::Shell;

use crate::{demo, docs, lint, new_adapter, test};

/// Runs the stages in order and stops at the first that fails.
pub(crate) fn run(shell: &Shell, root: &Path) -> anyhow::Result<()> {
    stage("lint", || lint::run(shell, root))?;
    stage("test", || test::run(shell))?;
    stage("docs --check", || docs::run(shell, root, true))?;
    stage("new-adapter --check", || new_adapter::check(shell, root))?;
    stage("demo", || demo::run(shell, root))?;
    stage("demo providers", || demo::run_providers(shell, root))
}

fn stage(name: &str, work: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    println!("\n==== {name} ====");
    #[expect(
        clippy::disallowed_methods,
        reason = "a task is timed for a person to read"
    )]
    let started = Instant::now();
    work().with_context(|| format!("the stage `{name}` failed; run `cargo xtask {name}`"))?;
    println!(
        "==== {name}: passed in {} ====",
        in_words(started.elapsed())
    );
    Ok(())
}

fn in_words(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 60 {
        format!("{seconds} s")
    } else {
        format!("{} min {} s", seconds / 60, seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_for_people() {
        assert_eq!(in_words(Duration::from_millis(900)), "0 s");
        assert_eq!(in_words(Duration::from_secs(59)), "59 s");
        assert_eq!(in_words(Duration::from_secs(605)), "10 min 5 s");
    }

    #[test]
    fn a_failed_stage_says_how_to_run_it_alone() {
        let error = stage("lint", || anyhow::bail!("a line is too long")).unwrap_err();
        assert_eq!(
            format!("{error:#}"),
            "the stage `lint` failed; run `cargo xtask lint`: a line is too long"
        );
    }
}
