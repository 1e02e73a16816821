//! The streams: data to one, the rest to the other, and what happens when the reader goes away.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;

use crate::home::{Finished, Home};
use crate::sandbox::Sandbox;

#[test]
fn help_and_version_are_data() {
    let home = Home::new();
    for line in ["--help", "--version", "buy --help", "help order"] {
        let finished = home.run(line);
        assert_eq!(finished.code, Some(0), "{line}");
        assert!(!finished.stdout.is_empty(), "{line}");
        assert_eq!(finished.stderr, "", "{line}");
    }
    assert!(home.run("--help").stdout.contains("Exit codes:"));
}

#[test]
fn a_piped_table_is_plain() {
    let home = Home::new();
    let finished = home.run("packages --country FR --limit 3");
    assert!(finished.stdout.is_ascii(), "{}", finished.stdout);
    assert_eq!(finished.stdout.lines().count(), 4, "{}", finished.stdout);
    assert_eq!(finished.stderr, "3 packages\n");
}

#[test]
fn quiet_leaves_the_data() {
    let home = Home::new();
    let finished = home.run("packages --country FR --limit 3 --quiet");
    assert_eq!(finished.stderr, "");
    assert_eq!(finished.stdout.lines().count(), 4);
}

#[test]
fn quiet_still_names_the_order() {
    let home = Home::new();
    let finished = home.run(&format!("buy {} --yes --quiet", home.package()));
    assert_eq!(finished.code, Some(0));
    assert!(
        finished.stderr.starts_with("Order      "),
        "{}",
        finished.stderr
    );
    assert_eq!(finished.stderr.lines().count(), 3, "{}", finished.stderr);
}

#[test]
fn a_reader_that_goes_away_ends_a_read_quietly() {
    let home = Home::new().set("SANDBOX__PACKAGES", "3000");
    let mut child = home.start("packages");
    // The pipe is closed before anything was written to it.
    drop(child.stdout.take());
    let finished: Finished = child.wait_with_output().unwrap().into();
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert!(!finished.stderr.contains("error"), "{}", finished.stderr);
}

#[test]
fn a_reader_that_goes_away_never_stops_an_order() {
    let sandbox = Sandbox::start();
    let home = sandbox.home();
    let package = home.package();
    let mut child = home.start(&format!("buy {package} --yes"));
    drop(child.stdout.take());
    let finished: Finished = child.wait_with_output().unwrap().into();
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert_eq!(home.json("order list")["orders"][0]["state"], "fulfilled");
    assert_eq!(sandbox.charges().len(), 1);
}

#[test]
fn closed_standard_error_never_stops_an_order() {
    let home = Home::new();
    let package = home.package();
    let mut child = home.start(&format!("buy {package} --yes"));
    drop(child.stderr.take());
    let finished: Finished = child.wait_with_output().unwrap().into();
    assert_eq!(finished.code, Some(0));
    assert!(finished.stdout.contains("fulfilled"), "{}", finished.stdout);
}

#[test]
fn no_activation_code_reaches_the_log() {
    let home = Home::new();
    let package = home.package();
    let finished = home.run(&format!("buy {package} --yes --json -vvv"));
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let code = finished.document()["esims"][0]["matching_id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(code.starts_with("SANDBOX-"), "{code}");
    assert!(!finished.stderr.contains(&code));
    assert!(finished.stderr.contains("TRACE") || finished.stderr.contains("DEBUG"));
}

#[test]
fn completions_know_the_commands() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let finished = home.run(&format!("completions {shell}"));
        assert_eq!(finished.code, Some(0), "{shell}");
        assert!(finished.stdout.contains("topup"), "{shell}");
    }
}

#[test]
fn the_sandbox_serves_until_it_is_asked_to_stop() {
    let home = Home::new();
    let mut child = home
        .command(&[
            "sandbox",
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--packages",
            "100",
        ])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let base_url = line
        .trim()
        .strip_prefix("listening on ")
        .unwrap()
        .to_owned();

    let client = home
        .set("PROVIDER", "roamify")
        .set("ROAMIFY__BASE_URL", &base_url);
    let client = client.set("ROAMIFY__TOKEN", "sandbox");
    assert_eq!(client.json("balance")["provider"], "roamify");

    crate::interruption::signal(&child, "TERM");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut rest = String::new();
    reader.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
}
