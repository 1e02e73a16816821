//! A journal restored from yesterday: it finds the charge, and never repeats it.

use std::fs;

use roamport_sandbox::Operation;

use crate::home::{Home, text};
use crate::sandbox::Sandbox;

/// Copies the journal away, as a backup made while nothing runs.
fn back_up(home: &Home) {
    let backup = home.path("backup");
    fs::create_dir(&backup).unwrap();
    for entry in fs::read_dir(home.data()).unwrap() {
        let file = entry.unwrap();
        fs::copy(file.path(), backup.join(file.file_name())).unwrap();
    }
}

/// Puts the copy in the place of the journal.
fn restore(home: &Home) {
    fs::remove_dir_all(home.data()).unwrap();
    fs::rename(home.path("backup"), home.data()).unwrap();
}

#[test]
fn an_order_recorded_yesterday_and_bought_since_is_found_not_repeated() {
    let sandbox = Sandbox::start();
    let home = sandbox.home();
    let package = home.package();
    let recorded = home.run(&format!(
        "buy {package} --key shop-10442 --wait 0 --yes --json"
    ));
    let id = text(&recorded.document()["order"]["id"]);
    back_up(&home);
    let bought = home.json(&format!("buy {package} --key shop-10442 --yes"));
    assert_eq!(sandbox.charges().len(), 1);
    restore(&home);
    assert_eq!(
        home.json(&format!("order show {id}"))["order"]["state"],
        "requested"
    );

    // What the restored journal takes for unsent is on its way at the provider.
    let found = home.json("reconcile");
    assert_eq!(found["on_their_way"][0]["order"], id.as_str());
    assert_eq!(
        found["on_their_way"][0]["provider_order"],
        bought["order"]["provider_order"]["id"]
    );

    let resumed = home.json(&format!("order resume {id}"));
    assert_eq!(resumed["order"]["state"], "fulfilled");
    assert_eq!(
        resumed["order"]["provider_order"],
        bought["order"]["provider_order"]
    );
    assert_eq!(resumed["esims"][0]["id"], bought["esims"][0]["id"]);
    assert_eq!(
        (
            sandbox.charges().len(),
            sandbox.world.calls(Operation::Order)
        ),
        (1, 1)
    );
    assert_eq!(home.json("reconcile")["clean"], true);
}

#[test]
fn an_order_the_backup_knows_nothing_of_is_found_under_its_key_not_repeated() {
    let sandbox = Sandbox::start();
    let home = sandbox.home();
    let package = home.package();
    assert_eq!(home.run("order list").code, Some(0));
    back_up(&home);
    let bought = home.json(&format!("buy {package} --key shop-10442 --yes"));
    restore(&home);
    assert_eq!(
        home.json("order list")["orders"].as_array().unwrap().len(),
        0
    );

    let again = home.json(&format!("buy {package} --key shop-10442 --yes"));
    assert_eq!(again["order"]["state"], "fulfilled");
    assert_eq!(again["order"]["reference"], bought["order"]["reference"]);
    assert_eq!(
        again["order"]["provider_order"],
        bought["order"]["provider_order"]
    );
    assert_eq!(again["esims"][0]["id"], bought["esims"][0]["id"]);
    assert_eq!(
        (
            sandbox.charges().len(),
            sandbox.world.calls(Operation::Order)
        ),
        (1, 1)
    );
}

#[test]
fn an_order_the_backup_knows_nothing_of_and_that_had_no_key_is_shown_by_reconciling() {
    let sandbox = Sandbox::start();
    let home = sandbox.home();
    home.run("order list");
    back_up(&home);
    let bought = home.buy();
    restore(&home);
    let finished = home.run("reconcile --json");
    assert_eq!(finished.code, Some(4), "{}", finished.stderr);
    let finding = &finished.document()["findings"][0];
    assert_eq!(finding["kind"], "theirs-not-ours");
    assert_eq!(
        finding["provider_orders"][0],
        bought["order"]["provider_order"]["id"]
    );
    assert_eq!(finding["reference"], bought["order"]["reference"]);
}

#[test]
fn an_order_in_the_middle_of_its_purchase_yesterday_is_looked_for_before_all() {
    let sandbox = Sandbox::start();
    let home = sandbox.home();
    let package = home.package();
    // The answer is lost and nobody looks: the journal stands in the middle of it.
    sandbox.fault(Operation::Order, roamport_sandbox::Fault::DropAfterEffect);
    let failing = roamport_sandbox::Rule::new(
        Operation::Orders,
        roamport_sandbox::Fault::HtmlError { status: 502 },
    );
    sandbox.world.add_fault(failing.skip(1).for_ever()).unwrap();
    let line = format!("buy {package} --key shop-10442 --yes --wait 300ms --json");
    let left = home.run(&line);
    let id = text(&left.document()["order"]["id"]);
    assert_eq!(
        left.document()["order"]["state"],
        "reconciling",
        "{}",
        left.stderr
    );
    back_up(&home);
    sandbox.world.clear_faults().unwrap();
    assert_eq!(
        home.json(&format!("order resume {id}"))["order"]["state"],
        "fulfilled"
    );
    restore(&home);
    let resumed = home.json("order resume");
    assert_eq!(resumed["orders"][0]["order"]["state"], "fulfilled");
    assert_eq!(
        (
            sandbox.charges().len(),
            sandbox.world.calls(Operation::Order)
        ),
        (1, 1)
    );
}
