//! The program `roamport` as the soak runs it: its environment, its words, its JSON.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use serde::Deserialize;
use serde_json::Value;

use super::sandbox::TOKEN;
use super::settings::{settings, variable};

/// How to run `roamport` against this soak's provider and journal.
#[derive(Debug, Clone)]
pub(crate) struct Roamport {
    program: PathBuf,
    environment: Vec<(String, String)>,
}

/// An order in `order list --json`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ListedOrder {
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) reference: String,
    pub(crate) state: String,
}

#[derive(Deserialize)]
struct List {
    orders: Vec<ListedOrder>,
}

impl Roamport {
    /// `provider` is where calls go to; `folder` is home and data directory.
    pub(crate) fn new(
        program: &Path,
        folder: &Path,
        provider: &str,
        journal: &str,
        faults: Duration,
    ) -> Self {
        let places = [
            ("provider", "roamify".to_owned()),
            ("roamify.base_url", provider.to_owned()),
            ("roamify.token", TOKEN.to_owned()),
            ("journal", journal.to_owned()),
            ("data_dir", folder.join("data").display().to_string()),
        ];
        let environment = places
            .into_iter()
            .chain(settings(faults))
            .map(|(key, value)| (variable(key), value))
            // No settings file of this machine takes part.
            .chain([("HOME".to_owned(), folder.display().to_string())])
            .collect();
        Self {
            program: program.to_owned(),
            environment,
        }
    }

    /// The program with these words after it, and nothing of our own environment.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(words)
            .env_clear()
            .envs(self.environment.iter().map(|(key, value)| (key, value)))
            .stdin(Stdio::null());
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, words: &[&str]) -> anyhow::Result<Output> {
        self.command(words)
            .output()
            .with_context(|| format!("failed to start {}", self.program.display()))
    }

    /// Runs a command that must succeed, and gives its JSON document.
    pub(crate) fn ask(&self, words: &[&str]) -> anyhow::Result<Value> {
        let output = self.run(words)?;
        let command = words.join(" ");
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("`roamport {command}` failed: {}", said.trim());
        }
        serde_json::from_slice(&output.stdout)
            .with_context(|| format!("`roamport {command}` printed no JSON document"))
    }

    /// All orders of the journal.
    pub(crate) fn orders(&self) -> anyhow::Result<Vec<ListedOrder>> {
        let list = self.ask(&["order", "list", "--json"])?;
        let list: List =
            serde_json::from_value(list).context("the list of orders is unreadable")?;
        Ok(list.orders)
    }

    /// The provider's order id of an order, where it has one.
    pub(crate) fn provider_order(&self, id: &str) -> anyhow::Result<Option<String>> {
        let shown = self.ask(&["order", "show", id, "--json"])?;
        let provider_order = &shown["order"]["provider_order"]["id"];
        Ok(provider_order.as_str().map(str::to_owned))
    }

    /// What `roamport reconcile` says, in one line. A list as long as was asked for proves nothing of
    /// what came before it; then the part that is whole is compared, as the command itself advises.
    pub(crate) fn reconciled(&self) -> anyhow::Result<String> {
        let found = self.reconciliation(&["reconcile", "--json"])?;
        let whole_from = found["list"]["complete_from"].as_str();
        match whole_from.filter(|_| found["list"]["complete"] != true) {
            None => Ok(in_words(&found)),
            Some(from) => {
                let found = self.reconciliation(&["reconcile", "--since", from, "--json"])?;
                Ok(format!("{}, from {from} on", in_words(&found)))
            }
        }
    }

    /// The command ends with 4 where something differs, which is an answer too.
    fn reconciliation(&self, words: &[&str]) -> anyhow::Result<Value> {
        let output = self.run(words)?;
        serde_json::from_slice(&output.stdout).with_context(|| {
            let said = String::from_utf8_lossy(&output.stderr);
            format!("`roamport reconcile` printed no document: {}", said.trim())
        })
    }
}

fn in_words(found: &Value) -> String {
    let compared = found["list"]["orders"].as_u64().unwrap_or_default();
    if found["clean"] == true {
        return format!("clean, {compared} orders in the provider's list");
    }
    let mut wrongs: Vec<&str> = found["findings"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|finding| finding["settled"] != true)
        .filter_map(|finding| finding["message"].as_str())
        .collect();
    if found["list"]["complete"] != true {
        wrongs.push("the provider's list was cut");
    }
    if wrongs.is_empty() {
        wrongs.push("the wallet does not add up, or an order had no answer");
    }
    format!("not clean: {}", wrongs.join("; "))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use serde_json::json;

    use super::*;

    #[test]
    fn a_reconciliation_is_told_in_one_line() {
        let whole = json!({"complete": true, "orders": 3});
        let clean = json!({"clean": true, "list": whole, "findings": []});
        assert_eq!(in_words(&clean), "clean, 3 orders in the provider's list");
        let cut = json!({"clean": false, "list": {"complete": false}, "findings": [
            {"message": "theirs and not ours", "settled": false},
            {"message": "refunded long ago", "settled": true},
        ]});
        assert_eq!(
            in_words(&cut),
            "not clean: theirs and not ours; the provider's list was cut"
        );
        let wallet = json!({"clean": false, "list": whole, "findings": []});
        assert_eq!(
            in_words(&wallet),
            "not clean: the wallet does not add up, or an order had no answer"
        );
    }

    #[test]
    fn a_failed_command_is_told_with_what_it_said() {
        // The test program itself refuses an unknown flag.
        let roamport = Roamport {
            program: std::env::current_exe().unwrap(),
            environment: Vec::new(),
        };
        let error = roamport.ask(&["--no-such-flag"]).unwrap_err().to_string();
        assert!(
            error.starts_with("`roamport --no-such-flag` failed: "),
            "{error}"
        );
    }

    #[test]
    fn the_environment_is_the_soaks_own() {
        let roamport = Roamport::new(
            Path::new("roamport"),
            Path::new("a-folder"),
            "http://127.0.0.1:1",
            "sqlite",
            Duration::from_mins(1),
        );
        let command = roamport.command(&["worker"]);
        let value = |name: &str| {
            let found = command.get_envs().find(|(key, _)| *key == OsStr::new(name));
            found.and_then(|(_, value)| value).map(OsStr::to_os_string)
        };
        assert_eq!(value("ROAMPORT__PROVIDER").unwrap(), "roamify");
        assert_eq!(
            value("ROAMPORT__ROAMIFY__BASE_URL").unwrap(),
            "http://127.0.0.1:1"
        );
        assert_eq!(value("ROAMPORT__ORDERS__LEASE").unwrap(), "3s");
        assert_eq!(value("HOME").unwrap(), "a-folder");
    }
}
