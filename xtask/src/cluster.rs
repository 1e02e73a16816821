//! A throwaway PostgreSQL server: one for a whole soak, and one for a whole run of the tests, which would
//! otherwise start one for each process.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, ensure};
use xshell::{Shell, cmd};

use crate::workspace::Workspace;

/// The package and the example of it that runs the server.
const PACKAGE: &str = "roamport-adapter-postgres";
const EXAMPLE: &str = "cluster";

/// A running server with an empty database. It ends with this value.
#[derive(Debug)]
pub(crate) struct Cluster {
    server: Child,
    url: String,
}

impl Cluster {
    /// Starts the server. `None` if none is installed.
    pub(crate) fn start(shell: &Shell) -> anyhow::Result<Option<Self>> {
        // The whole workspace, since its tests are built with the same features then.
        cmd!(
            shell,
            "cargo build --workspace --example {EXAMPLE} --features {PACKAGE}/test-cluster"
        )
        .run()?;
        let folder = Workspace::read(shell)?
            .target_directory
            .join("debug/examples");
        let program = folder
            .join(EXAMPLE)
            .with_extension(std::env::consts::EXE_EXTENSION);
        let mut server = Command::new(&program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("failed to start {}", program.display()))?;
        let mut lines = BufReader::new(server.stdout.take().context("it has no output")?).lines();
        // A line before the last says why there is no server.
        let last = lines
            .by_ref()
            .find(|line| !matches!(line, Ok(line) if line.starts_with("skipped")));
        let url = last.context("the server ended before it was ready")??;
        ensure!(
            url.is_empty() || url.starts_with("postgres://"),
            "the server printed `{url}`"
        );
        let cluster = Self { server, url };
        Ok((!cluster.url.is_empty()).then_some(cluster))
    }

    /// The URL of its empty database.
    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // The server ends with its standard input, and removes its folder.
        drop(self.server.stdin.take());
        self.server.wait().ok();
    }
}
