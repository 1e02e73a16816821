//! `cargo xtask bench build`: what our crates cost whoever compiles them, beside an HTTP client alone.
//!
//! Each build is cold: a new target folder, development profile, no compiler cache. It is not incremental,
//! since cargo is so with crates from a folder only, as ours are here, and never with those from a registry,
//! as an embedder has them. Rounds are interleaved and each begins with another package, so that a busy
//! minute or a cold disk favours none; a ratio compares times of one round.

mod embedder;
mod ratio;

use std::fs;
use std::num::NonZeroU8;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::Value;
use xshell::{Shell, cmd};

use embedder::{EMBEDDERS, Embedder};
use ratio::{Ratio, Spread, median, seconds};

/// The folder of everything this task writes, below cargo's target folder.
const FOLDER: &str = "bench-build";

/// Builds every package `rounds` times, prints the table, and fails where a bar was missed.
pub(super) fn run(root: &Path, rounds: NonZeroU8) -> anyhow::Result<()> {
    let shell = quiet_shell(root)?;
    let folder = Folder::make(&target_directory(&shell)?)?;
    let compiler = Compiler::ask(&shell)?;
    let mut packages = Vec::new();
    for embedder in &EMBEDDERS {
        let manifest = embedder.write(root, &folder.0)?;
        fetch(&shell, &manifest, &compiler.host)?;
        embedder.check_versions(root, &manifest)?;
        packages.push((embedder, manifest));
    }
    let times = measure(&shell, &packages, &folder.0.join("target"), rounds)?;
    drop(folder);

    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    println!(
        "cold builds, development profile, rounds: {rounds}, cores: {cores}, {}",
        compiler.version
    );
    let rows = rows(&times)?;
    for row in &rows {
        println!("{}", row.text());
    }
    verdict(&rows)
}

/// A folder that is emptied before and removed afterwards.
struct Folder(PathBuf);

impl Folder {
    fn make(target: &Path) -> anyhow::Result<Self> {
        let folder = Self(target.join(FOLDER));
        // What an interrupted run left behind.
        remove(&folder.0)?;
        Ok(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = remove(&self.0) {
            eprintln!("{error:#}");
        }
    }
}

fn remove(folder: &Path) -> anyhow::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("failed to remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

/// A shell at `root` in which everything is compiled from the start, by nothing but the compiler: empty
/// variables switch wrappers off, those from cargo's settings too.
fn quiet_shell(root: &Path) -> anyhow::Result<Shell> {
    let shell = Shell::new()?;
    shell.change_dir(root);
    for wrapper in ["RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER"] {
        shell.set_var(wrapper, "");
    }
    shell.set_var("CCACHE_DISABLE", "1");
    shell.set_var("CARGO_INCREMENTAL", "0");
    Ok(shell)
}

fn target_directory(shell: &Shell) -> anyhow::Result<PathBuf> {
    let metadata = cmd!(shell, "cargo metadata --format-version 1 --no-deps")
        .quiet()
        .read()?;
    let metadata: Value = serde_json::from_str(&metadata).context("cargo metadata is not JSON")?;
    let target = metadata["target_directory"].as_str();
    Ok(target.context("cargo names no target directory")?.into())
}

/// Which compiler builds, and for which platform.
#[derive(Debug, PartialEq, Eq)]
struct Compiler {
    version: String,
    host: String,
}

impl Compiler {
    fn ask(shell: &Shell) -> anyhow::Result<Self> {
        let told = cmd!(shell, "rustc --version --verbose").quiet().read()?;
        Self::parse(&told).with_context(|| format!("rustc does not say what it is: `{told}`"))
    }

    fn parse(told: &str) -> Option<Self> {
        let host = told.lines().find_map(|line| line.strip_prefix("host: "))?;
        Some(Self {
            version: told.lines().next()?.to_owned(),
            host: host.to_owned(),
        })
    }
}

/// Resolves and downloads, so that no build does. Without a network where everything is there already.
fn fetch(shell: &Shell, manifest: &Path, host: &str) -> anyhow::Result<()> {
    let alone = cmd!(
        shell,
        "cargo fetch --quiet --offline --manifest-path {manifest} --target {host}"
    );
    if alone.quiet().ignore_stderr().run().is_ok() {
        return Ok(());
    }
    cmd!(
        shell,
        "cargo fetch --quiet --manifest-path {manifest} --target {host}"
    )
    .quiet()
    .run()
    .context("failed to download what is to be compiled")
}

/// The times of each package, in the order of the packages, one a round.
fn measure(
    shell: &Shell,
    packages: &[(&Embedder, PathBuf)],
    target: &Path,
    rounds: NonZeroU8,
) -> anyhow::Result<Vec<Vec<Duration>>> {
    let mut times = vec![Vec::new(); packages.len()];
    for round in 0..usize::from(rounds.get()) {
        for index in turns(round, packages.len()) {
            let (embedder, manifest) = &packages[index];
            eprint!("round {} of {rounds}: {} … ", round + 1, embedder.title);
            let time = build(shell, manifest, target)
                .with_context(|| format!("the cold build of {} failed", embedder.title))?;
            eprintln!("{}", seconds(time));
            times[index].push(time);
        }
    }
    Ok(times)
}

/// Whose turn it is in a round: all in order, each round beginning with the next.
fn turns(round: usize, number: usize) -> impl Iterator<Item = usize> {
    (0..number).map(move |turn| (round + turn) % number)
}

fn build(shell: &Shell, manifest: &Path, target: &Path) -> anyhow::Result<Duration> {
    remove(target)?;
    let build = cmd!(
        shell,
        "cargo build --quiet --offline --locked --manifest-path {manifest} --target-dir {target}"
    );
    #[expect(
        clippy::disallowed_methods,
        reason = "a build is timed, and no other clock could know"
    )]
    let started = Instant::now();
    build.quiet().run()?;
    Ok(started.elapsed())
}

/// One line of the table.
#[derive(Debug)]
struct Row {
    title: &'static str,
    median: Duration,
    /// How it compares with the first, and how it may.
    held: Option<(Spread, Ratio)>,
}

impl Row {
    fn missed(&self) -> bool {
        self.held
            .is_some_and(|(spread, at_most)| spread.median > at_most)
    }

    fn text(&self) -> String {
        let start = format!("{:<44}{:>8}", self.title, seconds(self.median));
        match &self.held {
            None => start,
            Some((spread, at_most)) => {
                let verdict = if self.missed() { "MISSED" } else { "met" };
                format!("{start}  {spread}, at most {at_most}  {verdict}")
            }
        }
    }
}

fn rows(times: &[Vec<Duration>]) -> anyhow::Result<Vec<Row>> {
    let floors = times.first().context("nothing was built")?;
    EMBEDDERS
        .iter()
        .zip(times)
        .map(|(embedder, times)| {
            let spread = Spread::of(times, floors).context("no round was built")?;
            Ok(Row {
                title: embedder.title,
                median: median(times).context("no round was built")?,
                held: embedder.at_most.map(|at_most| (spread, Ratio(at_most))),
            })
        })
        .collect()
}

fn verdict(rows: &[Row]) -> anyhow::Result<()> {
    let missed: Vec<_> = rows.iter().filter(|row| row.missed()).collect();
    if missed.is_empty() {
        return Ok(());
    }
    let titles: Vec<_> = missed.iter().map(|row| row.title).collect();
    bail!(
        "an embedder waits longer than promised for {}; `cargo build --timings` of such a package \
         shows for what, and a machine that does something else meanwhile shows nothing",
        titles.join(" and ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(seconds: [&[u64]; 3]) -> Vec<Vec<Duration>> {
        let times = |seconds: &[u64]| seconds.iter().copied().map(Duration::from_secs).collect();
        seconds.map(times).to_vec()
    }

    #[test]
    fn builds_within_the_bars_pass_and_the_table_says_so() {
        let rows = rows(&times([&[60, 50, 52], &[18, 15, 15], &[66, 60, 55]])).unwrap();
        let table: Vec<_> = rows.iter().map(Row::text).collect();
        assert_eq!(
            table,
            [
                "reqwest alone                                 52.0 s",
                "roamport-domain                               15.0 s  0.30× (from 0.29× to \
                 0.30×), at most 0.60×  met",
                "roamport-domain + roamport-adapter-roamify    60.0 s  1.10× (from 1.06× to \
                 1.20×), at most 1.25×  met",
            ]
        );
        verdict(&rows).unwrap();
    }

    #[test]
    fn a_missed_bar_fails_the_task_by_name() {
        let rows = rows(&times([&[100], &[60], &[126]])).unwrap();
        assert!(!rows[1].missed(), "the bar itself is met");
        assert!(rows[2].text().ends_with("at most 1.25×  MISSED"));
        let error = verdict(&rows).unwrap_err().to_string();
        assert!(
            error.starts_with(
                "an embedder waits longer than promised for roamport-domain + \
                 roamport-adapter-roamify;"
            ),
            "{error}"
        );
    }

    #[test]
    fn every_package_begins_a_round_in_its_turn() {
        let turns = |round| turns(round, 3).collect::<Vec<_>>();
        assert_eq!(turns(0), [0, 1, 2]);
        assert_eq!(turns(1), [1, 2, 0]);
        assert_eq!(turns(2), [2, 0, 1]);
        assert_eq!(turns(3), [0, 1, 2]);
    }

    #[test]
    fn rounds_that_were_not_built_are_no_figures() {
        assert!(rows(&[]).is_err());
        assert!(rows(&times([&[], &[], &[]])).is_err());
    }

    #[test]
    fn the_compiler_says_its_version_and_its_platform() {
        let told = "rustc 1.95.0 (abc 2026-01-01)\nbinary: rustc\nhost: x86_64-unknown-linux-gnu\n";
        let compiler = Compiler::parse(told).unwrap();
        assert_eq!(compiler.version, "rustc 1.95.0 (abc 2026-01-01)");
        assert_eq!(compiler.host, "x86_64-unknown-linux-gnu");
        assert_eq!(Compiler::parse("rustc 1.95.0\n"), None);
    }

    #[test]
    fn the_folder_is_emptied_before_and_removed_after() {
        let target = tempfile::tempdir().unwrap();
        let place = target.path().join(FOLDER);
        fs::create_dir(&place).unwrap();
        fs::write(place.join("left-behind"), "").unwrap();
        let folder = Folder::make(target.path()).unwrap();
        assert!(!place.exists());
        fs::create_dir(&place).unwrap();
        drop(folder);
        assert!(!place.exists());
    }

    #[test]
    fn a_package_that_does_not_compile_is_an_error_not_a_fast_build() {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join("src")).unwrap();
        let manifest = home.path().join("Cargo.toml");
        let text = "[package]\nname = \"broken\"\nversion = \"0.0.0\"\nedition = \"2024\"\n";
        fs::write(&manifest, text).unwrap();
        fs::write(home.path().join("Cargo.lock"), LOCKFILE).unwrap();
        fs::write(home.path().join("src/lib.rs"), "pub use nothing;\n").unwrap();
        let shell = quiet_shell(home.path()).unwrap();
        let target = home.path().join("target");
        assert!(build(&shell, &manifest, &target).is_err());
        fs::write(home.path().join("src/lib.rs"), "").unwrap();
        assert!(build(&shell, &manifest, &target).is_ok());
    }

    const LOCKFILE: &str = "version = 4\n\n[[package]]\nname = \"broken\"\nversion = \"0.0.0\"\n";
}
