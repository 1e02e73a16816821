//! Standard output that cannot be written: a full disk, as `/dev/full` is one.

#![cfg(target_os = "linux")]

use std::fs::OpenOptions;

use crate::home::{Finished, Home, text};
use crate::sandbox::Sandbox;

/// Runs a command line whose standard output is a full disk.
fn onto_a_full_disk(home: &Home, line: &str) -> Finished {
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let words: Vec<&str> = line.split_whitespace().collect();
    home.command(&words).stdout(full).output().unwrap().into()
}

#[test]
fn a_purchase_that_cannot_be_printed_is_recorded_and_ends_with_an_error() {
    let sandbox = Sandbox::start();
    let home = sandbox.home();
    let package = home.package();
    let finished = onto_a_full_disk(&home, &format!("buy {package} --yes --json"));
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    let error = finished.error();
    assert_eq!(
        (&error["kind"], &error["exit_code"]),
        (&"output".into(), &1.into())
    );
    assert_eq!(error["money_may_have_moved"], true);
    let order = &home.json("order list")["orders"][0];
    assert_eq!(
        (&order["id"], &order["state"]),
        (&error["order"], &"fulfilled".into())
    );
    assert_eq!(sandbox.charges().len(), 1);

    let finished = onto_a_full_disk(&home, &format!("buy {package} --yes"));
    assert_eq!(finished.code, Some(1));
    assert!(
        finished
            .stderr
            .contains("error: the order could not be printed"),
        "{}",
        finished.stderr
    );
}

#[test]
fn no_document_is_lost_with_exit_code_0() {
    let home = Home::new();
    let bought = home.buy();
    let (order, esim) = (
        text(&bought["order"]["id"]),
        text(&bought["esims"][0]["id"]),
    );
    for line in [
        "balance".to_owned(),
        "packages --country FR".to_owned(),
        "order list".to_owned(),
        "order resume".to_owned(),
        format!("order resume {order}"),
        format!("order review {order}"),
        format!("esim show {esim}"),
        format!("usage {esim}"),
        "config show".to_owned(),
        "providers".to_owned(),
    ] {
        let finished = onto_a_full_disk(&home, &format!("{line} --json"));
        assert_eq!(finished.code, Some(1), "{line}: {}", finished.stderr);
        assert_eq!(finished.error()["kind"], "output", "{line}");
    }
}

#[test]
fn a_worker_that_cannot_tell_carries_on_and_ends_with_an_error() {
    let sandbox = Sandbox::start();
    let home = sandbox.home();
    let package = home.package();
    home.json(&format!("buy {package} --yes --wait 0"));
    let finished = onto_a_full_disk(&home, "worker --once --json");
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    assert_eq!(finished.error()["kind"], "output");
    assert_eq!(home.json("order list")["orders"][0]["state"], "fulfilled");
}
