//! `cargo xtask demo`: the real binary buys an eSIM from the built-in sandbox, as a person would.

mod answer;
mod excerpt;
pub(crate) mod providers;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail};
use serde_json::Value;
use xshell::{Shell, cmd};

use crate::process::{CommandFailed, built_program};

/// What the variables of Roamport's settings begin with.
const VARIABLES: &str = "ROAMPORT__";

/// Builds the binary, then types one command after the other; stops at the first that fails.
pub(crate) fn run(shell: &Shell) -> anyhow::Result<()> {
    cmd!(shell, "cargo build --package roamport-cli").run()?;
    let data_directory = tempfile::tempdir().context("failed to make a temporary directory")?;
    let traveller = Traveller {
        program: built_program(shell, "roamport")?,
        data_directory: data_directory.path().to_owned(),
    };
    travel(&traveller).context("the demo stopped")?;
    say("\n# Done. Nothing of this was real money: the provider was the built-in sandbox.")
}

/// Somewhere to type the commands of `roamport`.
trait Terminal {
    /// Echoes the command and runs it where its output can be seen.
    fn types(&self, arguments: &[&str]) -> anyhow::Result<()>;
    /// Runs the command quietly and reads its JSON.
    fn asks(&self, arguments: &[&str]) -> anyhow::Result<Value>;
}

/// The whole journey; each command takes the ids it needs from the answers before it.
fn travel(terminal: &impl Terminal) -> anyhow::Result<()> {
    say("\n# The cheapest packages for France")?;
    let search = [
        "packages",
        "--country",
        "FR",
        "--gb",
        "1",
        "--sort",
        "price",
        "--limit",
        "5",
    ];
    terminal.types(&search)?;
    let package = answer::package(&terminal.asks(&search)?)?;

    say("\n# Buy one: its order, its profile and its QR code")?;
    terminal.types(&["buy", &package, "--yes"])?;
    let order = answer::order(&terminal.asks(&["order", "list"])?)?;
    let esim = answer::esim(&terminal.asks(&["order", "show", &order])?)?;

    say("\n# The QR code again, whenever the traveller needs it")?;
    terminal.types(&["esim", "qr", &esim])?;
    terminal.types(&["usage", &esim])?;

    say("\n# Top it up")?;
    let top_ups = ["topup", "packages", &esim, "--limit", "5"];
    terminal.types(&top_ups)?;
    let top_up = answer::package(&terminal.asks(&top_ups)?)?;
    terminal.types(&["topup", "buy", &esim, &top_up, "--yes"])?;
    terminal.types(&["usage", &esim])?;

    say("\n# What is left in the wallet, and what was bought")?;
    terminal.types(&["balance"])?;
    terminal.types(&["order", "list"])
}

/// Somebody at a terminal.
struct Traveller {
    program: PathBuf,
    data_directory: PathBuf,
}

impl Terminal for Traveller {
    fn types(&self, arguments: &[&str]) -> anyhow::Result<()> {
        let command = as_typed(arguments);
        say(&format!("\n$ {command}"))?;
        let status = self
            .command(arguments)
            .status()
            .with_context(|| not_started(self))?;
        if status.success() {
            Ok(())
        } else {
            bail!(CommandFailed { command, status })
        }
    }

    fn asks(&self, arguments: &[&str]) -> anyhow::Result<Value> {
        let arguments: Vec<_> = arguments.iter().copied().chain(["--json"]).collect();
        let command = as_typed(&arguments);
        let output = self
            .command(&arguments)
            .output()
            .with_context(|| not_started(self))?;
        if !output.status.success() {
            io::stderr().write_all(&output.stderr)?;
            bail!(CommandFailed {
                command,
                status: output.status
            });
        }
        one_document(&command, &output.stdout)
    }
}

impl Traveller {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments);
        for name in inherited_settings() {
            command.env_remove(name);
        }
        // Whatever settings file this machine has, the demo never reaches a provider that charges.
        command.env(format!("{VARIABLES}PROVIDER"), "sandbox");
        command.env(format!("{VARIABLES}DATA_DIR"), &self.data_directory);
        command
    }
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

/// Everything written here is flushed, since the commands write to the same place.
fn say(line: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}")?;
    Ok(stdout.flush()?)
}

fn one_document(command: &str, printed: &[u8]) -> anyhow::Result<Value> {
    serde_json::from_slice(printed)
        .with_context(|| format!("`{command}` did not print one JSON document"))
}

fn not_started(traveller: &Traveller) -> String {
    format!("failed to start {}", traveller.program.display())
}

/// The command as it could be pasted into a shell.
fn as_typed(arguments: &[&str]) -> String {
    let plain = |text: &str| {
        !text.is_empty()
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c))
    };
    let words = arguments.iter().map(|text| {
        if plain(text) {
            (*text).to_owned()
        } else {
            format!("'{}'", text.replace('\'', r"'\''"))
        }
    });
    std::iter::once("roamport".to_owned())
        .chain(words)
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::ffi::OsStr;

    use serde_json::json;

    use super::*;

    /// A traveller whose program is this test program: it knows `--list` and refuses nonsense.
    fn traveller() -> Traveller {
        Traveller {
            program: std::env::current_exe().unwrap(),
            data_directory: PathBuf::from("a-fresh-directory"),
        }
    }

    #[test]
    fn a_command_is_echoed_as_it_could_be_pasted() {
        assert_eq!(
            as_typed(&["buy", "eu-5gb", "--yes"]),
            "roamport buy eu-5gb --yes"
        );
        assert_eq!(
            as_typed(&["packages", "--country", "Côte d'Ivoire"]),
            r"roamport packages --country 'Côte d'\''Ivoire'"
        );
        assert_eq!(as_typed(&[""]), "roamport ''");
    }

    #[test]
    fn the_first_failing_command_stops_the_demo_with_its_exit_code() {
        let error = travel(&traveller()).unwrap_err();
        let failed = error.downcast_ref::<CommandFailed>().unwrap();
        assert_eq!(
            failed.command,
            "roamport packages --country FR --gb 1 --sort price --limit 5"
        );
        assert!(!failed.status.success());
    }

    /// Notes what is typed, and answers as `roamport` does.
    #[derive(Default)]
    struct Notebook {
        typed: RefCell<Vec<String>>,
        without_top_ups: bool,
    }

    impl Terminal for Notebook {
        fn types(&self, arguments: &[&str]) -> anyhow::Result<()> {
            self.typed.borrow_mut().push(arguments.join(" "));
            Ok(())
        }

        fn asks(&self, arguments: &[&str]) -> anyhow::Result<Value> {
            Ok(match arguments {
                ["packages", ..] => json!({"packages": [{"id": "fr-1gb"}, {"id": "fr-3gb"}]}),
                ["topup", ..] if self.without_top_ups => json!({"packages": []}),
                ["topup", "packages", "esim-1", ..] => json!({"packages": [{"id": "plus-1gb"}]}),
                ["order", "list"] => json!({"orders": [{"id": "order-1"}]}),
                ["order", "show", "order-1"] => json!({"esims": [{"id": "esim-1"}]}),
                _ => bail!("nobody would ask {arguments:?}"),
            })
        }
    }

    #[test]
    fn the_journey_takes_each_id_from_the_answer_before() {
        let notebook = Notebook::default();
        travel(&notebook).unwrap();
        assert_eq!(
            notebook.typed.into_inner(),
            [
                "packages --country FR --gb 1 --sort price --limit 5",
                "buy fr-1gb --yes",
                "esim qr esim-1",
                "usage esim-1",
                "topup packages esim-1 --limit 5",
                "topup buy esim-1 plus-1gb --yes",
                "usage esim-1",
                "balance",
                "order list",
            ]
        );
    }

    #[test]
    fn the_journey_ends_where_an_answer_is_empty() {
        let notebook = Notebook {
            without_top_ups: true,
            ..Notebook::default()
        };
        assert_eq!(
            travel(&notebook).unwrap_err().to_string(),
            "no package was found"
        );
        assert_eq!(
            notebook.typed.borrow().last().unwrap(),
            "topup packages esim-1 --limit 5"
        );
    }

    #[test]
    fn a_program_that_was_not_built_is_named() {
        let missing = Traveller {
            program: PathBuf::from("no-such-program"),
            ..traveller()
        };
        let error = missing.types(&["balance"]).unwrap_err();
        assert_eq!(error.to_string(), "failed to start no-such-program");
    }

    #[test]
    fn a_question_that_fails_stops_the_demo_too() {
        let error = traveller().asks(&["balance"]).unwrap_err();
        let failed = error.downcast_ref::<CommandFailed>().unwrap();
        assert_eq!(failed.command, "roamport balance --json");
    }

    #[test]
    fn an_answer_is_one_json_document() {
        assert_eq!(
            one_document("roamport", b"{\"a\": 1}\n").unwrap(),
            json!({"a": 1})
        );
        for printed in [&b""[..], b"PACKAGE  PRICE", b"{} {}"] {
            let error = one_document("roamport balance --json", printed).unwrap_err();
            assert_eq!(
                error.to_string(),
                "`roamport balance --json` did not print one JSON document"
            );
        }
    }

    #[test]
    fn no_command_can_reach_a_provider_that_charges() {
        let command = traveller().command(&["balance"]);
        let set: Vec<_> = command
            .get_envs()
            .filter(|(_, value)| value.is_some())
            .collect();
        assert!(set.contains(&(
            OsStr::new("ROAMPORT__PROVIDER"),
            Some(OsStr::new("sandbox"))
        )));
        assert!(set.contains(&(
            OsStr::new("ROAMPORT__DATA_DIR"),
            Some(OsStr::new("a-fresh-directory"))
        )));
    }
}
