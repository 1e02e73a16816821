//! `cargo xtask demo providers`: one journey at two providers, command line for command line, with one
//! setting changed; and a check that the README shows what really comes back.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use anyhow::{Context, bail, ensure};
use serde_json::Value;
use xshell::{Shell, cmd};

use super::excerpt::{self, Excerpt};
use super::{VARIABLES, answer, as_typed, inherited_settings, one_document, say};
use crate::process::{CommandFailed, built_program};

/// The access token of the simulated provider, which guards nothing.
const TOKEN: &str = "demo";

/// Both providers, by the names in the settings.
const PROVIDERS: [&str; 2] = ["roamify", "esim-access"];

/// How `roamport` ends where a provider cannot do what was asked.
const REFUSED: i32 = 3;

/// What the README's excerpt stands behind.
const MARKER: &str = "<!-- the output of `cargo xtask demo providers`, which checks it -->";

/// Builds the binary, travels once with each provider, and compares with the README.
pub(crate) fn run(shell: &Shell, root: &Path) -> anyhow::Result<()> {
    cmd!(shell, "cargo build --package roamport-cli").run()?;
    let program = built_program(shell, "roamport")?;
    let directory = tempfile::tempdir().context("failed to make a temporary directory")?;
    let sandbox = Sandbox::start(&program, directory.path())?;
    let mut transcript = Vec::new();
    for provider in PROVIDERS {
        let mut traveller = Traveller {
            program: &program,
            data_directory: directory.path().join("data"),
            base_url: &sandbox.base_url,
            provider,
            transcript: &mut transcript,
        };
        travel(&mut traveller)
            .with_context(|| format!("the demo stopped at the provider {provider}"))?;
    }
    drop(sandbox);
    let readme = root.join("README.md");
    let text = std::fs::read_to_string(&readme).context("failed to read the README")?;
    let shown = Excerpt::after(MARKER, &text)
        .with_context(|| format!("README.md has no console block behind {MARKER}"))?;
    excerpt::compare(&shown, &transcript)
        .context("the README's section on providers does not show what comes back")?;
    say("\n# Done. The README shows what came back. Nothing of this was real money.")
}

/// The journey. It names no provider: each is asked what it can do.
fn travel(traveller: &mut Traveller<'_>) -> anyhow::Result<()> {
    traveller.note(&format!(
        "$ export {VARIABLES}PROVIDER={}",
        traveller.provider
    ))?;
    let search = [
        "packages",
        "--country",
        "PT",
        "--gb",
        "3",
        "--sort",
        "price",
        "--limit",
        "1",
    ];
    traveller.types(&search)?;
    let package = answer::package(&traveller.asks(&search)?)?;
    traveller.types(&["buy", &package, "--yes"])?;
    let order = answer::order(&traveller.asks(&["order", "list"])?)?;
    let esim = answer::esim(&traveller.asks(&["order", "show", &order])?)?;
    traveller.types(&["usage", &esim])?;
    let top_ups = [
        "topup", "packages", &esim, "--sort", "price", "--limit", "1",
    ];
    traveller.types(&top_ups)?;
    let top_up = answer::package(&traveller.asks(&top_ups)?)?;
    traveller.types(&["topup", "buy", &esim, &top_up, "--yes"])?;

    let takes_back = takes_back(&traveller.asks(&["providers"])?)?;
    let giving_back = [
        "esim",
        "cancel",
        &esim,
        "--by",
        "ada",
        "--why",
        "journey called off",
        "--yes",
    ];
    let ended = traveller.tries(&giving_back)?;
    let expected = if takes_back { 0 } else { REFUSED };
    ensure!(
        ended.status.code() == Some(expected),
        "giving the eSIM back ended with {}, and {expected} was expected",
        ended.status
    );
    traveller.types(&["balance"])
}

/// Whether the configured provider takes eSIMs back by a call.
fn takes_back(providers: &Value) -> anyhow::Result<bool> {
    let providers = providers["providers"].as_array();
    let configured = providers
        .into_iter()
        .flatten()
        .find(|provider| provider["configured"] == true);
    let configured = configured.context("no provider is marked as the configured one")?;
    Ok(!configured["capabilities"]["cancellation"].is_null())
}

/// Somebody at a terminal, whose words and answers are written down.
struct Traveller<'a> {
    program: &'a Path,
    data_directory: PathBuf,
    base_url: &'a str,
    provider: &'static str,
    transcript: &'a mut Vec<String>,
}

impl Traveller<'_> {
    fn note(&mut self, line: &str) -> anyhow::Result<()> {
        self.transcript.push(line.to_owned());
        say(&format!("\n{line}"))
    }

    /// Echoes a command that must succeed, runs it, and shows what it says.
    fn types(&mut self, arguments: &[&str]) -> anyhow::Result<()> {
        let ended = self.tries(arguments)?;
        if ended.status.success() {
            return Ok(());
        }
        bail!(CommandFailed {
            command: as_typed(arguments),
            status: ended.status
        })
    }

    /// The same with a command that may end as it likes.
    fn tries(&mut self, arguments: &[&str]) -> anyhow::Result<Output> {
        self.note(&format!("$ {}", as_typed(arguments)))?;
        let ended = self.runs(arguments)?;
        for stream in [&ended.stderr, &ended.stdout] {
            let text = String::from_utf8_lossy(stream);
            for line in text.lines() {
                say(line)?;
                self.transcript.push(line.to_owned());
            }
        }
        Ok(ended)
    }

    /// Runs a command quietly and reads its JSON.
    fn asks(&self, arguments: &[&str]) -> anyhow::Result<Value> {
        let arguments: Vec<_> = arguments.iter().copied().chain(["--json"]).collect();
        let command = as_typed(&arguments);
        let ended = self.runs(&arguments)?;
        if !ended.status.success() {
            std::io::stderr().write_all(&ended.stderr)?;
            bail!(CommandFailed {
                command,
                status: ended.status
            });
        }
        one_document(&command, &ended.stdout)
    }

    fn runs(&self, arguments: &[&str]) -> anyhow::Result<Output> {
        let mut command = bare(self.program);
        command.args(arguments).stdin(Stdio::null());
        for (key, value) in [
            ("PROVIDER", self.provider),
            ("ROAMIFY__BASE_URL", self.base_url),
            ("ROAMIFY__TOKEN", TOKEN),
            ("ESIM_ACCESS__BASE_URL", self.base_url),
            ("ESIM_ACCESS__ACCESS_CODE", TOKEN),
        ] {
            command.env(format!("{VARIABLES}{key}"), value);
        }
        command.env(format!("{VARIABLES}DATA_DIR"), &self.data_directory);
        let ended = command.output();
        ended.with_context(|| format!("failed to start {}", self.program.display()))
    }
}

/// The program, without the settings of whoever started us.
fn bare(program: &Path) -> Command {
    let mut command = Command::new(program);
    for name in inherited_settings() {
        command.env_remove(name);
    }
    command
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
        // One that has ended already cannot be ended again.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_configured_provider_says_whether_it_takes_back() {
        let providers = |cancellation: Value| {
            json!({"providers": [
                {"name": "a", "configured": false, "capabilities": {"cancellation": null}},
                {"name": "b", "configured": true, "capabilities": {"cancellation": cancellation}},
            ]})
        };
        assert!(takes_back(&providers(json!("at_once"))).unwrap());
        assert!(!takes_back(&providers(Value::Null)).unwrap());
        assert!(takes_back(&json!({"providers": []})).is_err());
    }

    #[test]
    fn the_readme_has_an_excerpt_with_every_provider() {
        let readme = crate::repository_root().join("README.md");
        let text = std::fs::read_to_string(readme).unwrap();
        let shown = Excerpt::after(MARKER, &text).unwrap();
        for provider in PROVIDERS {
            let line = format!("$ export ROAMPORT__PROVIDER={provider}");
            assert!(shown.commands().any(|command| command == line), "{line}");
        }
    }
}
