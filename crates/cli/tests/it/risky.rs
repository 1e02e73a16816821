//! Settings that work and are risky: told once, on standard error, and nothing is refused for it.

#![cfg(unix)]

use std::os::unix::fs::PermissionsExt as _;

use crate::home::Home;
use crate::sandbox::{Sandbox, TOKEN};

#[test]
fn a_token_file_that_everybody_can_read_is_told_of() {
    let sandbox = Sandbox::start();
    let home = sandbox.home().set("ROAMIFY__TOKEN", "");
    let path = home.path("token");
    std::fs::write(&path, TOKEN).unwrap();
    let home = home.set("ROAMIFY__TOKEN_FILE", path.to_str().unwrap());
    let readable = |mode| {
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(&path, mode).unwrap();
    };
    readable(0o644);
    let finished = home.run("balance");
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let warning = format!(
        "warning: every account of this machine can read the secret in {path}: `chmod 600 {path}`\n",
        path = path.display()
    );
    assert_eq!(finished.stderr, warning);
    let json = home.run("balance --json");
    let line: serde_json::Value = serde_json::from_str(&json.stderr).unwrap();
    assert!(line["warning"].is_string(), "{line}");
    assert_eq!(home.run("balance --quiet").stderr, "");
    readable(0o600);
    assert_eq!(home.run("balance").stderr, "");
}

#[test]
fn an_address_in_the_clear_is_told_of_unless_it_is_this_machine() {
    let sandbox = Sandbox::start();
    assert_eq!(sandbox.home().run("balance").stderr, "");
    let home = Home::new()
        .set("PROVIDER", "roamify")
        .set("ROAMIFY__TOKEN", TOKEN)
        .set("ROAMIFY__BASE_URL", "http://roamport.invalid")
        .set("RETRY__TRIES", "1");
    let finished = home.run("order list");
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert!(
        finished
            .stderr
            .starts_with("warning: what is sent to http://roamport.invalid can be read"),
        "{}",
        finished.stderr
    );
}

#[test]
fn a_short_token_is_refused_for_a_real_provider_and_taken_by_a_simulated_one() {
    let home = Home::new()
        .set("PROVIDER", "roamify")
        .set("ROAMIFY__TOKEN", "sandbox");
    let finished = home.run("balance");
    assert_eq!(finished.code, Some(6), "{}", finished.stderr);
    assert!(
        finished
            .stderr
            .contains("`roamify.token` has fewer than 8 characters"),
        "{}",
        finished.stderr
    );
    let sandbox = Sandbox::start();
    let home = sandbox.home().set("ROAMIFY__TOKEN", "T");
    let finished = home.run("balance");
    assert!(
        finished.stderr.contains("does not let us in") && !finished.stderr.contains("[redacted]"),
        "{}",
        finished.stderr
    );
}
