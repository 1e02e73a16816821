//! `roamport worker` as real processes: two on one data directory, signals, `kill -9`, `--once`.

use std::io::{BufRead as _, BufReader};
use std::process::Child;
use std::time::Duration;

use roamport_sandbox::{Fault, Operation, Rule};
use serde_json::Value;
use tokio::time::Instant;

use crate::home::{Finished, Home, text};
use crate::interruption::signal;
use crate::sandbox::Sandbox;

fn ended(child: Child) -> Finished {
    child.wait_with_output().unwrap().into()
}

/// A home whose workers look for due orders ten times a second.
fn home_of(sandbox: &Sandbox) -> Home {
    sandbox.home().set("WORKER__IDLE_POLL", "100ms")
}

/// Records so many orders without buying anything.
fn record(home: &Home, count: usize) {
    let package = home.package();
    for number in 0..count {
        let line = format!("buy {package} --yes --wait 0 --key wish-{number}");
        let finished = home.run(&line);
        assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    }
}

fn states(home: &Home) -> Vec<String> {
    let document = home.json("order list");
    let orders = document["orders"].as_array().unwrap();
    orders.iter().map(|order| text(&order["state"])).collect()
}

fn all_are(home: &Home, state: &str) -> bool {
    states(home).iter().all(|found| found == state)
}

/// Waits until every order is in this state.
fn until_all(sandbox: &Sandbox, home: &Home, state: &str) {
    sandbox.until(&format!("all {state}"), |_| all_are(home, state));
}

#[test]
fn two_workers_on_one_data_directory_fulfil_ten_orders_with_ten_charges() {
    let sandbox = Sandbox::start();
    let home = home_of(&sandbox);
    record(&home, 10);
    assert!(all_are(&home, "requested"));
    sandbox
        .world
        .add_fault(Rule::new(Operation::Order, Fault::DropAfterEffect).times(2))
        .unwrap();
    let workers = [home.start("worker"), home.start("worker")];
    until_all(&sandbox, &home, "fulfilled");
    for worker in workers {
        signal(&worker, "TERM");
        let finished = ended(worker);
        assert_eq!(finished.code, Some(0), "{}", finished.stderr);
        assert_eq!(finished.stdout, "");
        assert!(
            finished
                .stderr
                .starts_with("working on the orders of roamify (http://127.0.0.1:"),
            "{}",
            finished.stderr
        );
    }
    assert_eq!(sandbox.charges().len(), 10);
    assert_eq!(sandbox.world.calls(Operation::Order), 10);
}

#[test]
fn with_json_each_change_of_state_is_one_line_on_standard_output() {
    let sandbox = Sandbox::start();
    let home = home_of(&sandbox);
    record(&home, 2);
    let worker = home.start("worker --json");
    until_all(&sandbox, &home, "fulfilled");
    signal(&worker, "INT");
    let finished = ended(worker);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert_eq!(finished.stderr, "");
    let changes: Vec<Value> = finished
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let orders = home.json("order list");
    for order in orders["orders"].as_array().unwrap() {
        let mut states = Vec::new();
        for change in changes
            .iter()
            .filter(|change| change["order"] == order["id"])
        {
            let at: Result<jiff::Timestamp, _> = text(&change["at"]).parse();
            assert!(at.is_ok(), "{change}");
            assert_eq!(change.as_object().unwrap().len(), 3);
            states.push(text(&change["state"]));
        }
        assert_eq!(states, ["placing", "provisioning", "fulfilled"]);
    }
}

#[test]
fn without_json_each_change_of_state_is_one_line_on_standard_error() {
    let sandbox = Sandbox::start();
    let home = home_of(&sandbox);
    record(&home, 1);
    let id = text(&home.json("order list")["orders"][0]["id"]);
    let worker = home.start("worker");
    until_all(&sandbox, &home, "fulfilled");
    signal(&worker, "INT");
    let finished = ended(worker);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    for state in ["placing", "provisioning", "fulfilled"] {
        let line = format!(" UTC order {id}: {state}\n");
        assert!(finished.stderr.contains(&line), "{}", finished.stderr);
    }
    assert!(
        finished.stderr.contains("stopping: "),
        "{}",
        finished.stderr
    );
}

#[test]
fn sigterm_in_the_middle_of_purchase_calls_waits_for_their_answers() {
    let sandbox = Sandbox::start();
    let home = home_of(&sandbox);
    record(&home, 3);
    sandbox.fault_for_ever(Operation::Order, Fault::Stall { ms: 700 });
    let worker = home.start("worker");
    sandbox.until("a charge", |world| !world.ledger().unwrap().is_empty());
    signal(&worker, "TERM");
    let finished = ended(worker);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let states = states(&home);
    assert!(
        !states
            .iter()
            .any(|state| state == "placing" || state == "reconciling"),
        "every answer was recorded: {states:?}"
    );
    let charged = sandbox.charges().len();
    let bought = states.iter().filter(|state| *state != "requested").count();
    assert_eq!(charged, bought, "{states:?}");

    let next = home.start("worker");
    until_all(&sandbox, &home, "fulfilled");
    signal(&next, "TERM");
    assert_eq!(ended(next).code, Some(0));
    assert_eq!(sandbox.charges().len(), 3);
    assert_eq!(sandbox.world.calls(Operation::Order), 3);
}

#[test]
fn a_second_signal_leaves_at_once_and_says_that_money_may_have_moved() {
    let sandbox = Sandbox::start();
    let home = home_of(&sandbox);
    record(&home, 1);
    sandbox.fault(Operation::Order, Fault::Stall { ms: 30_000 });
    let started = Instant::now();
    let mut worker = home.start("worker");
    sandbox.until("the charge", |world| !world.ledger().unwrap().is_empty());
    signal(&worker, "TERM");
    let said = read_until(&mut worker, "stopping: ");
    signal(&worker, "TERM");
    let finished = ended(worker);
    assert_eq!(finished.code, Some(4), "{said}{}", finished.stderr);
    assert!(
        finished.stderr.contains("money may have moved"),
        "{}",
        finished.stderr
    );
    assert!(started.elapsed() < Duration::from_secs(20));

    let next = home.start("worker");
    until_all(&sandbox, &home, "fulfilled");
    signal(&next, "TERM");
    assert_eq!(ended(next).code, Some(0));
    assert_eq!(sandbox.charges().len(), 1);
    assert_eq!(sandbox.world.calls(Operation::Order), 1);
}

#[test]
fn an_order_of_a_killed_worker_is_taken_over_within_the_lease_and_a_second() {
    let sandbox = Sandbox::start();
    let lease = Duration::from_millis(1500);
    let home = home_of(&sandbox)
        .set("ORDERS__LEASE", "1500ms")
        .set("ORDERS__RENEW_EVERY", "400ms");
    record(&home, 1);
    sandbox.fault(Operation::Order, Fault::Stall { ms: 30_000 });
    let doomed = home.start("worker");
    sandbox.until("the charge", |world| !world.ledger().unwrap().is_empty());
    let mut heir = home.start("worker");
    read_until(&mut heir, "working on the orders of");
    signal(&doomed, "KILL");
    let killed = Instant::now();
    read_until(&mut heir, ": reconciling");
    let took = killed.elapsed();
    assert!(took < lease + Duration::from_secs(1), "{took:?}");
    assert_eq!(ended(doomed).code, None);
    until_all(&sandbox, &home, "fulfilled");
    signal(&heir, "TERM");
    assert_eq!(ended(heir).code, Some(0));
    assert_eq!(sandbox.charges().len(), 1);
    assert_eq!(sandbox.world.calls(Operation::Order), 1);
}

#[test]
fn once_carries_on_what_is_due_and_ends() {
    let sandbox = Sandbox::start();
    let home = home_of(&sandbox);
    let idle = home.run("worker --once");
    assert_eq!((idle.code, idle.stdout.as_str()), (Some(0), ""));
    assert_eq!(idle.stderr, "nothing was due\n");
    record(&home, 3);
    let finished = home.run("worker --once");
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert!(
        finished.stderr.ends_with("3 orders were due\n"),
        "{}",
        finished.stderr
    );
    assert!(all_are(&home, "fulfilled"));
    assert_eq!(sandbox.charges().len(), 3);
}

#[test]
fn a_worker_of_the_built_in_sandbox_needs_no_settings() {
    let home = Home::new();
    record(&home, 2);
    let finished = home.run("worker --once --quiet");
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert_eq!(
        (finished.stdout.as_str(), finished.stderr.as_str()),
        ("", "")
    );
    assert!(all_are(&home, "fulfilled"));
}

#[test]
fn a_worker_whose_journal_cannot_be_opened_ends_with_an_error() {
    let home = Home::new();
    std::fs::create_dir_all(home.data()).unwrap();
    std::fs::write(
        home.data().join("roamport.db"),
        "this is no journal".repeat(300),
    )
    .unwrap();
    for line in ["worker", "worker --once"] {
        let finished = home.run(line);
        assert_eq!(finished.code, Some(1), "{}", finished.stderr);
        assert!(
            finished.stderr.starts_with("error: "),
            "{}",
            finished.stderr
        );
    }
}

/// Reads standard error up to the line that contains `words`.
fn read_until(child: &mut Child, words: &str) -> String {
    let mut said = String::new();
    // Byte by byte: what a buffer read ahead would be missing at the end.
    let mut stderr = BufReader::with_capacity(1, child.stderr.as_mut().unwrap());
    while stderr.read_line(&mut said).unwrap() > 0 {
        if said.lines().last().is_some_and(|line| line.contains(words)) {
            return said;
        }
    }
    panic!("it was never said: {words}\n{said}");
}
