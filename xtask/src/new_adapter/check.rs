//! Whether the template still works: one adapter, made in a copy of the repository, is built and tested.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use walkdir::DirEntry;
use xshell::{Shell, cmd};

use super::Place;
use super::name::AdapterName;
use crate::files::files_below;
use crate::tidy;
use crate::workspace::Workspace;

/// Folders at the root that are no source: build output, and what version control keeps.
const NO_SOURCE: [&str; 3] = ["target", ".git", "mutants.out"];

/// Promises that an adapter which does nothing cannot keep: the suite must report each as broken. They
/// stand for every call that the port requires.
const MUST_FAIL: [&str; 18] = [
    "filters_are_exact",
    "a_package_is_found_by_its_id",
    "a_package_is_listed_once",
    "every_package_lies_in_a_listed_destination",
    "prices_are_in_the_wallets_currency",
    "an_order_charges_once",
    "a_quantity_gives_so_many_items",
    "an_order_is_found_by_its_reference",
    "a_reference_never_used_finds_nothing",
    "an_unknown_package_is_never_charged",
    "a_closed_window_sends_no_order",
    "an_esim_without_a_profile_has_no_activation",
    "provisioning_ends_in_a_ready_esim",
    "provisioning_twice_is_safe",
    "provisioning_an_unknown_esim_is_refused",
    "an_esim_is_read_by_its_id_and_by_its_iccid",
    "an_unknown_esim_is_not_found",
    "only_purchases_move_the_balance",
];

/// The test that tries every promise.
const SUITE: &str = "suite::every_promise_of_the_provider_is_kept";

/// Fewer promises than this would mean that the suite did not run.
const SUITE_AT_LEAST: usize = 60;

/// Makes an adapter in a copy of the repository at `root` and lints it, then one outside of it and runs its tests;
/// both without a network and with the target folder of this repository.
pub(super) fn run(shell: &Shell, root: &Path) -> anyhow::Result<()> {
    let name = AdapterName::parse("template-check")?;
    let package = name.package();
    let target = Workspace::read(shell)?.target_directory;
    let folder = tempfile::tempdir().context("failed to make a temporary folder")?;
    let place_in = |folder: PathBuf| -> anyhow::Result<Shell> {
        let shell = Shell::new()?;
        shell.change_dir(folder);
        shell.set_var("CARGO_TARGET_DIR", &target);
        Ok(shell)
    };

    let copy = folder.path().join("copy");
    copy_sources(root, &copy)?;
    let inside = place_in(copy.clone())?;
    let place = Place::new(&copy, &name, None)?;
    super::create(&copy, &name, &place)?;
    place.format(&inside)?;
    // The lock file gains the new crate, and nothing else: whatever it needs is there already.
    cmd!(
        inside,
        "cargo clippy --offline --package {package} --all-targets -- -D warnings"
    )
    .run()
    .context("a new adapter does not pass the lints")?;
    tidy::run(&copy).context("a new adapter breaks the house rules")?;

    let place = Place::new(root, &name, Some(&folder.path().join("outside")))?;
    super::create(root, &name, &place)?;
    let outside = place_in(place.folder.clone())?;
    place.format(&outside)?;
    let tests = cmd!(outside, "cargo test --offline --no-fail-fast")
        .ignore_status()
        .output()?;
    let told = String::from_utf8_lossy(&tests.stdout);
    let outcomes = outcomes(&told);
    judge(&outcomes, &told).with_context(|| String::from_utf8_lossy(&tests.stderr).into_owned())?;
    println!(
        "new-adapter: {} tests of a new adapter ran; {} promises are broken by name until it is written",
        outcomes.len(),
        broken_promises(&told).len()
    );
    Ok(())
}

/// What the test programs said: whether each test passed.
fn outcomes(told: &str) -> BTreeMap<&str, bool> {
    told.lines()
        .filter_map(|line| {
            let (name, outcome) = line.strip_prefix("test ")?.split_once(" ... ")?;
            match outcome {
                "ok" => Some((name, true)),
                "FAILED" => Some((name, false)),
                _ => None,
            }
        })
        .collect()
}

/// The promises that the suite reported as broken.
fn broken_promises(told: &str) -> BTreeSet<&str> {
    let lines = told.lines();
    let broken = lines.filter_map(|line| line.strip_prefix("  ")?.split_once(" is broken: "));
    broken.map(|(promise, _)| promise).collect()
}

/// How many promises the suite tried or passed over: the numbers of its tally.
fn promises(told: &str) -> usize {
    let tally = told
        .lines()
        .find_map(|line| line.strip_prefix("provider_suite!: "));
    let words = tally.unwrap_or_default().split(' ');
    words.filter_map(|word| word.parse::<usize>().ok()).sum()
}

fn judge(outcomes: &BTreeMap<&str, bool>, told: &str) -> anyhow::Result<()> {
    let size = promises(told);
    ensure!(
        size >= SUITE_AT_LEAST && outcomes.get(SUITE) == Some(&false),
        "only {size} promises of the suite were tried"
    );
    let broken = broken_promises(told);
    let pretends: Vec<_> = MUST_FAIL
        .into_iter()
        .filter(|promise| !broken.contains(promise))
        .collect();
    if !pretends.is_empty() {
        bail!(
            "a new adapter keeps these promises though it does nothing: {}",
            pretends.join(", ")
        );
    }
    let broken: Vec<_> = outcomes
        .iter()
        .filter(|(name, passed)| !**passed && **name != SUITE)
        .map(|(name, _)| *name)
        .collect();
    if !broken.is_empty() {
        bail!("tests of the template itself fail: {}", broken.join(", "));
    }
    ensure!(
        told.contains("is not written, so nothing was sent and no money moved"),
        "no broken promise says that the call is not written"
    );
    Ok(())
}

/// Copies with the moments of the last change: cargo takes what is unchanged for built.
fn copy_sources(root: &Path, copy: &Path) -> anyhow::Result<()> {
    let is_source = |entry: &DirEntry| {
        entry.depth() > 1 || NO_SOURCE.iter().all(|name| entry.file_name() != *name)
    };
    for place in files_below(root, is_source)? {
        let (from, to) = (root.join(&place), copy.join(&place));
        let parent = to.parent().context("a file lies in a folder")?;
        let copied = fs::create_dir_all(parent)
            .and_then(|()| fs::copy(&from, &to))
            .and_then(|_| fs::metadata(&from)?.modified())
            .and_then(|changed| File::options().write(true).open(&to)?.set_modified(changed));
        copied.with_context(|| format!("failed to copy {}", place.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a test program says where the suite fails, except for the promises in `kept`.
    fn told(kept: &[&str], other: &str) -> String {
        let words = "`balance` is not written, so nothing was sent and no money moved";
        let broken = MUST_FAIL.iter().filter(|promise| !kept.contains(promise));
        let broken: Vec<_> = broken
            .map(|promise| format!("  {promise} is broken: {words}"))
            .collect();
        format!(
            "test {SUITE} ... FAILED\n{other}\n\
             provider_suite!: 20 promises hold, 30 do not apply, 18 are broken\n{}\n",
            broken.join("\n")
        )
    }

    fn judged(told: &str) -> Result<(), String> {
        judge(&outcomes(told), told).map_err(|error| error.to_string())
    }

    #[test]
    fn a_suite_that_fails_by_name_is_right() {
        assert_eq!(judged(&told(&[], "test webhook::a ... ok")), Ok(()));
    }

    #[test]
    fn a_promise_that_nothing_keeps_is_noticed_where_it_passes() {
        let error = judged(&told(&["an_order_charges_once"], "")).unwrap_err();
        assert!(
            error.ends_with("though it does nothing: an_order_charges_once"),
            "{error}"
        );
    }

    #[test]
    fn a_suite_that_did_not_run_is_noticed() {
        let told = format!("test {SUITE} ... FAILED\nprovider_suite!: 1 promises hold\n");
        let error = judged(&told).unwrap_err();
        assert_eq!(error, "only 1 promises of the suite were tried");
    }

    #[test]
    fn a_test_of_the_template_itself_must_pass() {
        let error = judged(&told(&[], "test webhook::a ... FAILED")).unwrap_err();
        assert_eq!(error, "tests of the template itself fail: webhook::a");
    }

    #[test]
    fn a_failure_must_say_that_the_call_is_not_written() {
        let silent = told(&[], "").replace("is not written", "went wrong");
        assert!(judged(&silent).unwrap_err().contains("not written"));
    }

    #[test]
    fn a_copy_keeps_the_moments_and_leaves_build_output() {
        let (root, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for place in [
            "crates/a/src/lib.rs",
            "target/debug/a",
            ".cargo/config.toml",
        ] {
            let path = root.path().join(place);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, place).unwrap();
        }
        copy_sources(root.path(), copy.path()).unwrap();
        let copied = files_below(copy.path(), |_| true).unwrap();
        let expected = [".cargo/config.toml", "crates/a/src/lib.rs"].map(PathBuf::from);
        assert_eq!(copied, expected);
        let changed = |folder: &Path| fs::metadata(folder.join("crates/a/src/lib.rs"))?.modified();
        assert_eq!(changed(root.path()).unwrap(), changed(copy.path()).unwrap());
    }
}
