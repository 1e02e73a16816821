//! Ctrl-C and `kill -9` at the worst moments: the order stays, and is carried on once.

use std::process::{Child, Command, Stdio};

use roamport_sandbox::{Fault, Lasting, Operation, Rule, World};

use crate::home::{Finished, Home, text};
use crate::sandbox::Sandbox;

/// Sends a signal to a child of ours.
pub(crate) fn signal(child: &Child, name: &str) {
    let status = Command::new("/bin/sh")
        .args(["-c", &format!("kill -{name} {}", child.id())])
        .stdin(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "kill -{name} {}", child.id());
}

fn ended(child: Child) -> Finished {
    child.wait_with_output().unwrap().into()
}

#[test]
fn ctrl_c_while_provisioning_leaves_an_order_that_is_resumed() {
    let sandbox = Sandbox::start();
    let home = sandbox.home();
    let package = home.package();
    sandbox.fault(
        Operation::Apply,
        Fault::PendingProfile {
            ms: Lasting::Milliseconds(3_600_000),
        },
    );
    let mut child = home.start(&format!("buy {package} --yes"));
    let said = read_until(&mut child, "waiting for the profile until");
    assert!(said.contains(" s so far"), "{said}");
    signal(&child, "INT");
    let finished = ended(child);
    assert_eq!(finished.code, Some(4), "{}", finished.stderr);
    let orders = home.json("order list");
    let id = text(&orders["orders"][0]["id"]);
    assert!(
        finished.stderr.contains("money has moved"),
        "{}",
        finished.stderr
    );
    assert!(
        finished
            .stderr
            .contains(&format!("roamport order resume {id}")),
        "{}",
        finished.stderr
    );
    assert_eq!(orders["orders"][0]["state"], "provisioning");

    sandbox
        .world
        .advance(jiff::SignedDuration::from_hours(1))
        .unwrap();
    let resumed = home.run(&format!("order resume {id} --json"));
    assert_eq!(resumed.code, Some(0), "{}", resumed.stderr);
    assert_eq!(resumed.document()["esims"].as_array().unwrap().len(), 1);
    assert_eq!(sandbox.charges().len(), 1);
}

#[test]
fn ctrl_c_in_a_purchase_call_waits_for_its_answer() {
    let sandbox = Sandbox::start();
    let home = sandbox.home();
    let package = home.package();
    sandbox.fault(Operation::Order, Fault::Stall { ms: 700 });
    let child = home.start(&format!("buy {package} --yes"));
    sandbox.until("the charge", |world| !world.ledger().unwrap().is_empty());
    signal(&child, "INT");
    let finished = ended(child);
    assert_eq!(finished.code, Some(4), "{}", finished.stderr);
    assert!(
        finished.stderr.contains("a purchase call is under way"),
        "{}",
        finished.stderr
    );
    let order = &home.json("order list")["orders"][0];
    assert_ne!(order["state"], "placing", "the answer was recorded");
    assert_ne!(order["state"], "reconciling", "the answer was recorded");

    let resumed = home.json("order resume");
    assert_eq!(resumed["orders"][0]["order"]["state"], "fulfilled");
    assert_eq!(sandbox.charges().len(), 1);
    assert_eq!(sandbox.world.calls(Operation::Order), 1);
}

#[test]
fn a_second_ctrl_c_leaves_at_once() {
    let sandbox = Sandbox::start();
    let home = sandbox.home();
    let package = home.package();
    sandbox.fault(Operation::Order, Fault::Stall { ms: 30_000 });
    let mut child = home.start(&format!("buy {package} --yes"));
    sandbox.until("the charge", |world| !world.ledger().unwrap().is_empty());
    signal(&child, "INT");
    let said = read_until(&mut child, "a purchase call is under way");
    signal(&child, "INT");
    let finished = ended(child);
    assert_eq!(finished.code, Some(4), "{said}{}", finished.stderr);
    assert!(
        finished.stderr.contains("money may have moved"),
        "{}",
        finished.stderr
    );
    assert!(
        finished.stderr.contains("roamport order resume "),
        "{}",
        finished.stderr
    );

    let resumed = home.json("order resume");
    assert_eq!(resumed["orders"][0]["order"]["state"], "fulfilled");
    assert_eq!(sandbox.charges().len(), 1);
}

#[test]
fn a_second_ctrl_c_does_not_wait_for_the_built_in_sandbox_either() {
    let home = Home::new();
    let package = home.package();
    let world = World::builder()
        .packages(300)
        .state(home.data().join("sandbox.state"))
        .build()
        .unwrap();
    world
        .add_fault(Rule::new(Operation::Order, Fault::Stall { ms: 60_000 }))
        .unwrap();
    let started = tokio::time::Instant::now();
    let mut child = home.start(&format!("buy {package} --yes"));
    read_until(&mut child, "purchase call 1: waiting");
    signal(&child, "INT");
    read_until(&mut child, "a purchase call is under way");
    signal(&child, "INT");
    let finished = ended(child);
    assert_eq!(finished.code, Some(4), "{}", finished.stderr);
    assert!(
        started.elapsed().as_secs() < 30,
        "it waited for the stalled answer"
    );
}

#[test]
fn two_processes_never_work_on_one_order_at_once() {
    let sandbox = Sandbox::start();
    let home = sandbox.home();
    let package = home.package();
    sandbox.fault(Operation::Order, Fault::Stall { ms: 500 });
    let line = format!("buy {package} --key one-wish --yes --json");
    let first = home.start(&line);
    sandbox.until("the charge", |world| !world.ledger().unwrap().is_empty());
    let second = home.run(&line);
    let first = ended(first);
    assert_eq!(
        (first.code, second.code),
        (Some(0), Some(0)),
        "{}{}",
        first.stderr,
        second.stderr
    );
    assert_eq!(
        first.document()["order"]["id"],
        second.document()["order"]["id"]
    );
    assert_eq!(sandbox.charges().len(), 1);
    assert_eq!(sandbox.world.calls(Operation::Order), 1);
}

#[test]
fn a_process_killed_between_the_charge_and_the_answer_buys_nothing_twice() {
    let sandbox = Sandbox::start();
    let home = sandbox.home();
    let package = home.package();
    sandbox.fault(Operation::Order, Fault::Stall { ms: 30_000 });
    let child = home.start(&format!("buy {package} --yes"));
    sandbox.until("the charge", |world| !world.ledger().unwrap().is_empty());
    signal(&child, "KILL");
    assert_eq!(ended(child).code, None);
    assert_eq!(home.json("order list")["orders"][0]["state"], "placing");

    let resumed = home.json("order resume");
    let outcome = &resumed["orders"][0];
    assert_eq!(outcome["order"]["state"], "fulfilled");
    assert_eq!(outcome["order"]["attempts"][0]["state"], "abandoned");
    assert_eq!(outcome["esims"].as_array().unwrap().len(), 1);
    assert_eq!(sandbox.charges().len(), 1);
    assert_eq!(sandbox.world.calls(Operation::Order), 1);
}

#[test]
fn ctrl_c_ends_a_read() {
    let sandbox = Sandbox::start();
    let home = sandbox.home();
    sandbox.fault_for_ever(Operation::Balance, Fault::Stall { ms: 30_000 });
    let child = home.start("balance");
    sandbox.until("the call", |world| world.calls(Operation::Balance) > 0);
    signal(&child, "INT");
    let finished = ended(child);
    assert_eq!(finished.code, Some(130), "{}", finished.stderr);
    assert_eq!(finished.stdout, "");
}

#[cfg(unix)]
#[test]
fn the_second_signal_ends_a_program_that_still_reads_its_token() {
    let home = Home::new().set("PROVIDER", "roamify");
    let pipe = home.path("token");
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let home = home.set("ROAMIFY__TOKEN_FILE", pipe.to_str().unwrap());
    for (line, code) in [("balance", 130), ("buy x --yes", 4)] {
        let started = tokio::time::Instant::now();
        let child = home.start(line);
        // Opening the other end waits until the program opened its own.
        let writer = std::fs::OpenOptions::new().write(true).open(&pipe).unwrap();
        signal(&child, "INT");
        signal(&child, "TERM");
        let finished = ended(child);
        drop(writer);
        assert_eq!(finished.code, Some(code), "{line}: {}", finished.stderr);
        assert!(
            started.elapsed().as_secs() < 5,
            "{line}: it waited for the token"
        );
    }
}

#[test]
fn ctrl_c_is_how_watching_ends() {
    let sandbox = Sandbox::start();
    let home = sandbox.home();
    let esim = home.esim();
    let mut child = home.start(&format!("usage {esim} --watch"));
    let mut first = [0; 1];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut first).unwrap();
    signal(&child, "INT");
    let finished = ended(child);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert!(
        finished.stdout.contains("100.0 % left"),
        "{}",
        finished.stdout
    );
}

/// Reads standard error up to the line that contains `words`.
fn read_until(child: &mut Child, words: &str) -> String {
    let stderr = child.stderr.as_mut().unwrap();
    let mut said = Vec::new();
    let mut byte = [0; 1];
    while let Ok(1) = std::io::Read::read(stderr, &mut byte) {
        said.push(byte[0]);
        let text = String::from_utf8_lossy(&said);
        if text.ends_with('\n') && text.contains(words) {
            return text.into_owned();
        }
    }
    panic!(
        "it was never said: {words}\n{}",
        String::from_utf8_lossy(&said)
    );
}
