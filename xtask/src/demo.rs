//! `cargo xtask demo`: types the commands that the README shows, and compares what comes back.

mod console;

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, bail, ensure};
use xshell::{Shell, cmd};

use self::console::{Block, Printed, Terminal};
use crate::process::{CommandFailed, built_program};

/// What the variables of Roamport's settings begin with.
const VARIABLES: &str = "ROAMPORT__";

/// The access token of the simulated provider, which guards nothing.
const TOKEN: &str = "demo";

/// What stands in the README before the console block of each demo.
const ONE_ORDER: &str = "<!-- `cargo xtask demo` types this and compares -->";
const PROVIDERS: &str = "<!-- `cargo xtask demo providers` types this and compares -->";

/// Buys, reads and tops up an eSIM from the built-in sandbox.
pub(crate) fn run(shell: &Shell, root: &Path) -> anyhow::Result<()> {
    let place = tempfile::tempdir().context("failed to make a temporary directory")?;
    let mut traveler = Traveler::new(build(shell)?, place.path().join("data"));
    traveler.set("PROVIDER", "sandbox");
    follow(root, ONE_ORDER, &mut traveler)
}

/// Makes the same journey at two providers that run as one sandbox, with one setting changed.
pub(crate) fn run_providers(shell: &Shell, root: &Path) -> anyhow::Result<()> {
    let place = tempfile::tempdir().context("failed to make a temporary directory")?;
    let program = build(shell)?;
    let sandbox = Sandbox::start(&program, place.path())?;
    let mut traveler = Traveler::new(program, place.path().join("data"));
    for (key, value) in [
        ("ROAMIFY__BASE_URL", sandbox.base_url.as_str()),
        ("ROAMIFY__TOKEN", TOKEN),
        ("ESIM_ACCESS__BASE_URL", &sandbox.base_url),
        ("ESIM_ACCESS__ACCESS_CODE", TOKEN),
    ] {
        traveler.set(key, value);
    }
    follow(root, PROVIDERS, &mut traveler)
}

fn build(shell: &Shell) -> anyhow::Result<PathBuf> {
    cmd!(shell, "cargo build --package roamport-cli").run()?;
    built_program(shell, "roamport")
}

fn follow(root: &Path, marker: &str, traveler: &mut Traveler) -> anyhow::Result<()> {
    let readme = fs::read_to_string(root.join("README.md")).context("failed to read the README")?;
    let block = Block::after(marker, &readme)
        .with_context(|| format!("README.md has no console block after {marker}"))?;
    block
        .follow(traveler)
        .context("the README's demo stopped")?;
    println!("\n# Done. The README shows what came back. None of this was real money.");
    Ok(())
}

/// A person at a terminal with settings of their own.
struct Traveler {
    program: PathBuf,
    settings: Vec<(String, OsString)>,
}

impl Traveler {
    fn new(program: PathBuf, data_directory: PathBuf) -> Self {
        let settings = vec![(format!("{VARIABLES}DATA_DIR"), data_directory.into())];
        Self { program, settings }
    }

    fn set(&mut self, key: &str, value: &str) {
        self.settings
            .push((format!("{VARIABLES}{key}"), value.into()));
    }

    fn command(&self, arguments: &[String]) -> Command {
        let mut command = bare(&self.program);
        let settings = self.settings.iter().map(|(key, value)| (key, value));
        command.args(arguments).envs(settings).stdin(Stdio::null());
        command
    }
}

impl Terminal for Traveler {
    fn types(&mut self, words: &[String], fails: bool) -> anyhow::Result<Printed> {
        let quoted = |word: &String| {
            if word.contains(' ') {
                format!("'{word}'")
            } else {
                word.clone()
            }
        };
        let typed = words.iter().map(quoted).collect::<Vec<_>>().join(" ");
        println!("\n$ {typed}");
        let (program, arguments) = words.split_first().context("a command is empty")?;
        if let ("export", [assignment]) = (program.as_str(), arguments) {
            let (key, value) = assignment
                .split_once('=')
                .context("`export` sets nothing")?;
            self.settings.push((key.to_owned(), value.into()));
            return Ok(Vec::new());
        }
        ensure!(
            program == "roamport",
            "a demo types `roamport`, not `{program}`"
        );
        let ended = self.command(arguments).output();
        let ended = ended.with_context(|| format!("failed to start {}", self.program.display()))?;
        let printed = [&ended.stderr, &ended.stdout].map(|stream| String::from_utf8_lossy(stream));
        for text in &printed {
            print!("{text}");
        }
        if ended.status.success() == fails {
            let (command, status) = (typed, ended.status);
            ensure!(
                !fails,
                "`{command}` succeeded, and the README shows an error"
            );
            bail!(CommandFailed { command, status });
        }
        let lines = printed.iter().flat_map(|text| text.lines());
        Ok(lines.map(str::to_owned).collect())
    }
}

/// The program without settings from the environment of this process: whatever they are, a demo reaches no
/// provider that charges.
fn bare(program: &Path) -> Command {
    let mut command = Command::new(program);
    for name in inherited_settings() {
        command.env_remove(name);
    }
    command
}

#[expect(
    clippy::disallowed_methods,
    reason = "only by reading them can they be kept from a child"
)]
fn inherited_settings() -> Vec<OsString> {
    let names = std::env::vars_os().map(|(name, _)| name);
    names
        .filter(|name| name.to_string_lossy().starts_with(VARIABLES))
        .collect()
}

/// The simulated provider, in both dialects over one world.
struct Sandbox {
    child: Child,
    base_url: String,
}

impl Sandbox {
    fn start(program: &Path, directory: &Path) -> anyhow::Result<Self> {
        let mut command = bare(program);
        command
            .args(["sandbox", "serve", "--listen", "127.0.0.1:0"])
            .args(["--token", TOKEN, "--packages", "300"])
            .current_dir(directory)
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let child = command.spawn().context("failed to start the sandbox")?;
        let mut sandbox = Self {
            child,
            base_url: String::new(),
        };
        let stdout = sandbox.child.stdout.take().context("it has no output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        line.trim()
            .strip_prefix("listening on ")
            .context("the sandbox does not say where it listens")?
            .clone_into(&mut sandbox.base_url);
        Ok(sandbox)
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // A sandbox that has ended already cannot be ended again.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A traveler whose program is this test program: it knows `--list` and refuses nonsense.
    fn traveler() -> Traveler {
        Traveler::new(std::env::current_exe().unwrap(), "a-fresh-directory".into())
    }

    fn words(command: &str) -> Vec<String> {
        command.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn the_readme_has_a_block_for_each_demo() {
        let readme = fs::read_to_string(crate::repository_root().join("README.md")).unwrap();
        let commands = |marker| Block::after(marker, &readme).unwrap().commands().join("\n");
        let one_order = commands(ONE_ORDER);
        for part in [
            "roamport buy",
            "esim qr",
            "usage",
            "topup buy",
            "balance",
            "order list",
        ] {
            assert!(one_order.contains(part), "{part}");
        }
        let providers = commands(PROVIDERS);
        for provider in ["roamify", "esim-access"] {
            assert!(
                providers.contains(&format!("export ROAMPORT__PROVIDER={provider}")),
                "{provider}"
            );
        }
        assert_eq!(providers.matches("esim cancel").count(), 2);
    }

    #[test]
    fn a_command_that_fails_stops_the_demo_with_its_exit_code() {
        let error = traveler()
            .types(&words("roamport --no-such-flag"), false)
            .unwrap_err();
        let failed = error.downcast_ref::<CommandFailed>().unwrap();
        assert_eq!(failed.command, "roamport --no-such-flag");
        assert!(!failed.status.success());
        traveler()
            .types(&words("roamport --no-such-flag"), true)
            .unwrap();
    }

    #[test]
    fn a_command_that_should_fail_and_does_not_stops_the_demo() {
        let error = traveler()
            .types(&words("roamport --list"), true)
            .unwrap_err();
        assert!(
            error.to_string().ends_with("the README shows an error"),
            "{error}"
        );
    }

    #[test]
    fn only_roamport_is_typed_and_a_missing_program_is_named() {
        assert!(traveler().types(&words("curl -s"), false).is_err());
        let mut missing = Traveler::new("no-such-program".into(), "data".into());
        let error = missing
            .types(&words("roamport balance"), false)
            .unwrap_err();
        assert_eq!(error.to_string(), "failed to start no-such-program");
    }

    #[test]
    fn a_command_has_the_settings_of_the_demo_and_those_exported() {
        let mut traveler = traveler();
        traveler.set("PROVIDER", "sandbox");
        traveler
            .types(&words("export ROAMPORT__LOG=error"), false)
            .unwrap();
        let command = traveler.command(&[]);
        let set: Vec<_> = command
            .get_envs()
            .filter_map(|(key, value)| Some((key, value?)))
            .collect();
        for (key, value) in [
            ("ROAMPORT__DATA_DIR", "a-fresh-directory"),
            ("ROAMPORT__LOG", "error"),
            ("ROAMPORT__PROVIDER", "sandbox"),
        ] {
            assert!(
                set.contains(&(key.as_ref(), value.as_ref())),
                "{key}: {set:?}"
            );
        }
    }
}
