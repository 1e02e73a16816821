//! A home of its own for each test: a data directory, settings for the child alone, and the binary.

use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A fresh data directory and the settings under which the binary runs there.
pub(crate) struct Home {
    directory: TempDir,
    settings: Vec<(String, String)>,
}

/// What a run of the binary left.
pub(crate) struct Finished {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Home {
    /// A home with the built-in sandbox, small and quick.
    pub(crate) fn new() -> Self {
        let home = Self {
            directory: TempDir::new().unwrap(),
            settings: Vec::new(),
        };
        home.set("SANDBOX__PACKAGES", "300")
            .set("ORDERS__LOOK_UP_WAITS", "50ms")
            .set("ORDERS__PROFILE_WAITS", "50ms")
            .set("ORDERS__LEASE", "900ms")
            .set("ORDERS__RENEW_EVERY", "200ms")
            .set("CIRCUIT_BREAKER__PAUSE", "50ms")
            .set("RETRY__SHORTEST_PAUSE", "5ms")
            .set("RETRY__LONGEST_PAUSE", "20ms")
    }

    /// The same with one more setting: `ROAMPORT__` and `key`.
    pub(crate) fn set(mut self, key: &str, value: &str) -> Self {
        let key = format!("ROAMPORT__{key}");
        self.settings.retain(|(known, _)| *known != key);
        self.settings.push((key, value.to_owned()));
        self
    }

    /// A path in this home.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The data directory of this home.
    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// The binary with these words after it, its environment that of this home alone.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_roamport"));
        command
            .args(words)
            .env_clear()
            .env("HOME", self.directory.path())
            .env("ROAMPORT__DATA_DIR", self.data())
            .envs(self.settings.iter().map(|(key, value)| (key, value)))
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs a command line, its words separated by blanks.
    pub(crate) fn run(&self, line: &str) -> Finished {
        let words: Vec<&str> = line.split_whitespace().collect();
        self.run_words(&words)
    }

    /// Runs a command line of these words.
    pub(crate) fn run_words(&self, words: &[&str]) -> Finished {
        self.command(words).output().unwrap().into()
    }

    /// Starts a command line and leaves it running.
    pub(crate) fn start(&self, line: &str) -> Child {
        let words: Vec<&str> = line.split_whitespace().collect();
        self.command(&words).spawn().unwrap()
    }

    /// Runs a command line that must succeed, and gives its one JSON document.
    pub(crate) fn json(&self, line: &str) -> Value {
        let finished = self.run(&format!("{line} --json"));
        assert_eq!(finished.code, Some(0), "{line}: {}", finished.stderr);
        finished.document()
    }

    /// The id of a package of France.
    pub(crate) fn package(&self) -> String {
        let document = self.json("packages --country FR --gb 1 --sort price --limit 1");
        text(&document["packages"][0]["id"])
    }

    /// Buys one eSIM and gives the document of it.
    pub(crate) fn buy(&self) -> Value {
        let package = self.package();
        self.json(&format!("buy {package} --yes"))
    }

    /// Buys one eSIM and gives its id.
    pub(crate) fn esim(&self) -> String {
        text(&self.buy()["esims"][0]["id"])
    }
}

impl From<Output> for Finished {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Finished {
    /// The one document on standard output.
    pub(crate) fn document(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| {
            panic!(
                "no JSON document ({error}): {:?}\n{}",
                self.stdout, self.stderr
            )
        })
    }

    /// The error object on standard error, which is the last line of it.
    pub(crate) fn error(&self) -> Value {
        let line = self.stderr.lines().last().unwrap_or_default();
        let document: Value = serde_json::from_str(line)
            .unwrap_or_else(|error| panic!("no JSON error ({error}): {}", self.stderr));
        document["error"].clone()
    }

    /// Exit code and error, ids and moments replaced, as a snapshot shows them.
    pub(crate) fn failure(&self) -> String {
        let code = self
            .code
            .map_or_else(|| "by signal".to_owned(), |code| code.to_string());
        let lines = self
            .stderr
            .lines()
            .skip_while(|line| !line.starts_with("error:"));
        let said: Vec<String> = lines.map(neutral).collect();
        format!("exit {code}\n{}", said.join("\n"))
    }
}

/// The text of a JSON value that is one.
pub(crate) fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("no text: {value}"))
        .to_owned()
}

/// A line without what differs from run to run: UUIDs, ports, moments, directories.
pub(crate) fn neutral(line: &str) -> String {
    line.split(' ')
        .map(neutral_word)
        .collect::<Vec<_>>()
        .join(" ")
}

fn neutral_word(word: &str) -> String {
    let trimmed = |character: char| !character.is_ascii_hexdigit();
    let core = word.trim_matches(trimmed);
    let is_uuid = core.len() == 36 && core.matches('-').count() == 4;
    if is_uuid {
        return word.replace(core, "[id]");
    }
    if let Some(rest) = word.find("127.0.0.1:").map(|start| &word[start + 10..]) {
        let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
        return word.replace(&format!(":{port}"), ":[port]");
    }
    word.to_owned()
}
