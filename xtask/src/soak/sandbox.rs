//! The sandbox as a process: started, asked for faults, and read for its ledger.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, bail};
use serde::Deserialize;
use serde_json::{Value, json};

use super::http;

/// The token of the sandbox; it guards nothing.
pub(crate) const TOKEN: &str = "soak";

/// A charge, as the ledger tells it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Charge {
    pub(crate) reference: Option<String>,
    pub(crate) order_id: String,
}

#[derive(Deserialize)]
struct Ledger {
    charges: Vec<Charge>,
}

/// A running sandbox that charges a second order under one reference. It ends with this value.
#[derive(Debug)]
pub(crate) struct Sandbox {
    child: Child,
    address: SocketAddr,
}

impl Sandbox {
    /// Starts the program with its world and its log in `folder`.
    pub(crate) fn start(program: &Path, folder: &Path) -> anyhow::Result<Self> {
        let log = File::create(folder.join("sandbox.log"))?;
        let mut child = Command::new(program)
            .args(["--listen", "127.0.0.1:0", "--token", TOKEN])
            .args(["--packages", "60", "--balance", "1000000"])
            .args(["--latency-ms", "10", "--state"])
            .arg(folder.join("world.jsonl"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .with_context(|| format!("failed to start {}", program.display()))?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let address = line.trim().strip_prefix("listening on http://");
        let Some(address) = address.and_then(|address| address.parse().ok()) else {
            child.kill().ok();
            bail!("the sandbox did not start: it said `{}`", line.trim());
        };
        let sandbox = Self { child, address };
        sandbox.call(
            "POST",
            "/_control/switches",
            Some(&json!({"duplicate_reference": "accepted"})),
        )?;
        Ok(sandbox)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Adds a rule to the fault list.
    pub(crate) fn add_fault(&self, rule: &Value) -> anyhow::Result<()> {
        self.call("POST", "/_control/faults", Some(rule)).map(drop)
    }

    /// How many rules have not fired yet.
    pub(crate) fn faults_left(&self) -> anyhow::Result<usize> {
        let rules = self.call("GET", "/_control/faults", None)?;
        Ok(rules.as_array().map_or(0, Vec::len))
    }

    /// From now on nothing goes wrong; gives how many rules never fired.
    pub(crate) fn clear_faults(&self) -> anyhow::Result<usize> {
        let left = self.faults_left()?;
        self.call("DELETE", "/_control/faults", None)?;
        Ok(left)
    }

    /// Every charge so far.
    pub(crate) fn charges(&self) -> anyhow::Result<Vec<Charge>> {
        let ledger = self.call("GET", "/_control/ledger", None)?;
        let ledger: Ledger = serde_json::from_value(ledger).context("the ledger is unreadable")?;
        Ok(ledger.charges)
    }

    fn call(&self, method: &str, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        http::call(self.address, TOKEN, method, path, body).context("the sandbox did not obey")
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // That it has ended already is no error.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
