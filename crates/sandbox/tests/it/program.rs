//! The binary: one line when it can be called, the world across a kill, a clean end.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::harness::{Answer, PORTUGAL_1GB, answer, client, order};

struct Program {
    child: Child,
    base_url: String,
}

impl Program {
    fn start(state: &Path, more: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_roamport-sandbox"))
            .args([
                "--listen",
                "127.0.0.1:0",
                "--token",
                "T",
                "--packages",
                "60",
                "--seed",
                "1",
            ])
            .args(["--balance", "50", "--state"])
            .arg(state)
            .args(more)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let base_url = line
            .trim_end()
            .strip_prefix("listening on ")
            .unwrap_or_else(|| panic!("{line:?}"));
        assert!(base_url.starts_with("http://127.0.0.1:"), "{line:?}");
        Self {
            base_url: base_url.to_owned(),
            child,
        }
    }

    async fn get(&self, path: &str) -> Answer {
        answer(
            client()
                .get(format!("{}{path}", self.base_url))
                .bearer_auth("T"),
        )
        .await
        .unwrap()
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        let request = client()
            .post(format!("{}{path}", self.base_url))
            .bearer_auth("T");
        answer(request.json(&body)).await.unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn a_killed_program_continues_its_world() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("world.jsonl");
    let first = Program::start(&state, &[]);
    let bought = first
        .post("/api/esim/order", order(PORTUGAL_1GB, 1, "shop-1"))
        .await
        .data();
    let balance = first.get("/api/balance").await.text;
    drop(first);
    let second = Program::start(&state, &["--latency-ms", "1"]);
    assert_eq!(second.get("/api/balance").await.text, balance);
    let found = second
        .get("/api/esim/orders?referenceId=shop-1")
        .await
        .data();
    assert_eq!(found["orders"][0]["id"], bought["id"]);
    let third = Program::start(&state, &[]);
    third
        .post("/api/esim/order", order(PORTUGAL_1GB, 1, "shop-2"))
        .await
        .data();
    let ledger = second.get("/_control/ledger").await.json();
    assert_eq!(
        ledger["charges"].as_array().unwrap().len(),
        2,
        "two programs, one world"
    );
}

#[tokio::test]
async fn a_program_knows_the_accounts_that_it_is_told_also_on_a_world_that_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("world.jsonl");
    let as_second = async |program: &Program, path: &str| {
        let request = client().get(format!("{}{path}", program.base_url));
        answer(request.bearer_auth("second")).await.unwrap()
    };
    let first = Program::start(&state, &[]);
    let request = order(PORTUGAL_1GB, 1, "shop-1");
    first.post("/api/esim/order", request).await.data();
    assert_eq!(as_second(&first, "/api/balance").await.status, 401);
    drop(first);
    let told = ["--account", "second", "--account", "third"];
    let second = Program::start(&state, &told);
    assert_eq!(
        as_second(&second, "/api/balance").await.data()["balance"],
        50
    );
    let found = as_second(&second, "/api/esim/orders").await.data();
    assert_eq!(found["orders"], serde_json::json!([]));
}

#[test]
fn bad_arguments_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("world.jsonl");
    drop(Program::start(&state, &[]));
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_roamport-sandbox"))
            .args(["--listen", "127.0.0.1:0"])
            .args(arguments)
            .output()
            .unwrap();
        assert!(
            !output.status.success() && output.stdout.is_empty(),
            "{output:?}"
        );
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(run(&["--packages", "0"]).contains("1 to "));
    assert!(run(&["--balance", "much"]).contains("`much` is not an amount"));
    let other = run(&["--seed", "2", "--state", state.to_str().unwrap()]);
    assert!(other.contains("seed 1 and 60 packages"), "{other}");
    assert!(run(&["--listen", "nowhere"]).contains("--listen"));
}

#[cfg(unix)]
#[tokio::test]
async fn a_signal_ends_it_cleanly() {
    for signal in ["-TERM", "-INT"] {
        let folder = tempfile::tempdir().unwrap();
        let mut program = Program::start(&folder.path().join("world.jsonl"), &[]);
        assert_eq!(program.get("/api/health").await.status, 200);
        let sent = Command::new("kill")
            .args([signal, &program.child.id().to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
        let status = program.child.wait().unwrap();
        assert_eq!(status.code(), Some(0), "{signal}");
    }
}

#[tokio::test]
async fn a_program_speaks_the_dialects_it_is_told_to() {
    let folder = tempfile::tempdir().unwrap();
    for (dialect, first, second) in [
        ("roamify", true, false),
        ("esim-access", false, true),
        ("both", true, true),
    ] {
        let state = folder.path().join(dialect);
        let program = Program::start(&state, &["--dialect", dialect]);
        assert_eq!(program.get("/api/balance").await.status == 200, first);
        let url = format!("{}/api/v1/open/balance/query", program.base_url);
        let request = client().post(url).header("RT-AccessCode", "T");
        let balance = answer(request).await.unwrap();
        assert_eq!(balance.status == 200, second, "{dialect}");
        if second {
            assert_eq!(balance.json()["obj"]["balance"], 500_000);
        }
        assert_eq!(program.get("/_control/ledger").await.status, 200);
    }
}

#[tokio::test]
async fn a_verbose_program_prints_each_request_without_its_query() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_roamport-sandbox"))
        .args(["--port", "0", "--packages", "60", "--token", "T", "-v"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    let base_url = line.trim_end().strip_prefix("listening on ").unwrap();
    assert!(base_url.starts_with("http://127.0.0.1:"), "{line:?}");
    let request = client().get(format!("{base_url}/api/balance?secret=s3cr3t"));
    assert_eq!(answer(request).await.unwrap().status, 401);
    let mut printed = String::new();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    stderr.read_line(&mut printed).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    for part in ["GET", "/api/balance", "401"] {
        assert!(printed.contains(part), "{printed}");
    }
    assert!(!printed.contains("s3cr3t"), "{printed}");
}
