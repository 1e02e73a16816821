//! What the second provider refuses, told by the binary: credentials, address, clock, price, stock, and
//! a card number that belonged to another eSIM before.

use insta::assert_snapshot;
use roamport_sandbox::switches::Switches;
use roamport_sandbox::{Fault, Operation};

use crate::home::{Home, text};
use crate::sandbox::Sandbox;
use crate::two_providers::ESIM_ACCESS;

fn home(sandbox: &Sandbox) -> Home {
    sandbox.home().set("PROVIDER", ESIM_ACCESS)
}

fn switch(sandbox: &Sandbox, change: impl FnOnce(&mut Switches)) {
    let mut switches = sandbox.world.switches().unwrap();
    change(&mut switches);
    sandbox.world.set_switches(switches).unwrap();
}

fn nothing_was_charged(sandbox: &Sandbox) {
    assert!(sandbox.charges().is_empty(), "{:?}", sandbox.charges());
}

#[test]
fn a_missing_access_code_names_the_variables_that_set_it() {
    let home = Home::new().set("PROVIDER", ESIM_ACCESS);
    assert_snapshot!(home.run("balance").failure(), @"
    exit 6
    error: setting `esim_access.access_code` is not set: put the access code of eSIM Access's console into ROAMPORT__ESIM_ACCESS__ACCESS_CODE, or the path of a file that holds it into ROAMPORT__ESIM_ACCESS__ACCESS_CODE_FILE
    hint: `roamport config show` lists every setting with its value and origin
    ");
}

#[test]
fn a_wrong_access_code() {
    let sandbox = Sandbox::start();
    let home = home(&sandbox).set("ESIM_ACCESS__ACCESS_CODE", "not-the-code-at-all");
    let finished = home.run("balance");
    assert_snapshot!(finished.failure(), @"
    exit 6
    error: esim-access does not let us in (balance): the access code is not valid; nothing was done: check `access_code`, and whether the account asks for a `secret_key` [000102]
    hint: check address and credentials in the settings; `roamport config show` tells where they come from
    ");
    assert!(
        !finished.stderr.contains("not-the-code"),
        "{}",
        finished.stderr
    );
    assert_eq!(home.run("buy esim-x --yes").code, Some(6));
    nothing_was_charged(&sandbox);
}

#[test]
fn a_wrong_secret_key() {
    let sandbox = Sandbox::start();
    let home = home(&sandbox).set("ESIM_ACCESS__SECRET_KEY", "not-the-key-at-all");
    let finished = home.run("balance");
    assert_snapshot!(finished.failure(), @"
    exit 6
    error: esim-access does not let us in (balance): the signature does not match; nothing was done: check `secret_key`, then `upper_case_signature` [101003]
    hint: check address and credentials in the settings; `roamport config show` tells where they come from
    ");
    assert!(
        !finished.stderr.contains("not-the-key"),
        "{}",
        finished.stderr
    );
}

#[test]
fn a_signed_request_is_taken_where_the_account_asks_for_it() {
    let sandbox = Sandbox::start();
    switch(&sandbox, |switches| {
        switches.esim_access.signature_required = true;
    });
    let unsigned = home(&sandbox).run("balance");
    assert_eq!(unsigned.code, Some(6), "{}", unsigned.stderr);
    let signed = home(&sandbox).set(
        "ESIM_ACCESS__SECRET_KEY",
        roamport_sandbox::world::USUAL_SECRET_KEY,
    );
    assert_eq!(signed.buy()["order"]["state"], "fulfilled");
}

#[test]
fn a_clock_that_is_wrong_in_a_signed_request() {
    let sandbox = Sandbox::start();
    // No request arrives at the very instant it was dated.
    switch(&sandbox, |switches| {
        switches.esim_access.timestamp_window_ms = 0;
    });
    let home = home(&sandbox).set(
        "ESIM_ACCESS__SECRET_KEY",
        roamport_sandbox::world::USUAL_SECRET_KEY,
    );
    assert_snapshot!(home.run("balance").failure(), @"
    exit 6
    error: esim-access does not let us in (balance): the timestamp is too old, or too new; nothing was done: set this machine's clock right (NTP), then try again [101001]
    hint: check address and credentials in the settings; `roamport config show` tells where they come from
    ");
}

#[test]
fn an_address_that_is_not_allowed() {
    let sandbox = Sandbox::start();
    let home = home(&sandbox);
    let package = home.package();
    switch(&sandbox, |switches| {
        switches.esim_access.address_blocked = true;
    });
    assert_snapshot!(home.run("balance").failure(), @"
    exit 6
    error: esim-access does not let us in (balance): this address is blocked; nothing was done: allow this machine's address in eSIM Access's console [101002]
    hint: check address and credentials in the settings; `roamport config show` tells where they come from
    ");
    assert_eq!(home.run(&format!("buy {package} --yes")).code, Some(6));
    nothing_was_charged(&sandbox);
}

#[test]
fn a_price_that_moved_between_quote_and_order() {
    let sandbox = Sandbox::start();
    let home = home(&sandbox);
    let package = home.package();
    sandbox.fault(Operation::Order, Fault::PriceChange { percent: 20 });
    let finished = home.run(&format!("buy {package} --max-price 90 --yes"));
    assert_snapshot!(finished.failure(), @"
    exit 3
    error: order [id] ended: the provider refused it: esim-access refused (place_order): the price of package `esim-france-1days-1gb-all` is 2.58 USD, not the one that was named; the price changed and nothing was charged: quote again [200005]; no money has moved
    ");
    nothing_was_charged(&sandbox);
    let order = &home.json("order list")["orders"][0];
    assert_eq!(order["state"], "failed");
    // The refused order stands in nobody's way.
    assert_eq!(home.buy()["order"]["state"], "fulfilled");
    assert_eq!(sandbox.charges().len(), 1);
}

#[test]
fn a_package_that_is_out_of_stock() {
    let sandbox = Sandbox::start();
    let home = home(&sandbox);
    let package = home.package();
    sandbox.fault(Operation::Order, Fault::OutOfStock);
    assert_snapshot!(home.run(&format!("buy {package} --yes")).failure(), @"
    exit 3
    error: order [id] ended: the provider refused it: esim-access refused (place_order): not enough profiles in stock; nothing was charged: try later, or another package [200011]; no money has moved
    ");
    nothing_was_charged(&sandbox);
}

#[test]
fn a_wallet_that_is_emptied_between_quote_and_order() {
    let sandbox = Sandbox::start();
    let home = home(&sandbox);
    let package = home.package();
    let recorded = home.run(&format!("buy {package} --wait 0 --yes --json"));
    let id = text(&recorded.document()["order"]["id"]);
    sandbox.world.set_balance("0.01".parse().unwrap()).unwrap();
    let finished = home.run(&format!("order resume {id} --wait 100ms --json"));
    assert_eq!(finished.code, Some(4), "{}", finished.stderr);
    assert_eq!(finished.error()["money_may_have_moved"], false);
    nothing_was_charged(&sandbox);
}

#[test]
fn a_card_number_seen_before_belongs_to_the_esim_that_has_it_now() {
    let sandbox = Sandbox::start();
    let home = home(&sandbox);
    switch(&sandbox, |switches| switches.reuse_iccids = true);
    let first = home.buy()["esims"][0].clone();
    let (old, iccid) = (text(&first["id"]), text(&first["iccid"]));
    let line = [
        "esim", "cancel", &old, "--by", "ada", "--why", "lost", "--yes",
    ];
    assert_eq!(home.run_words(&line).code, Some(0));
    let second = home.buy()["esims"][0].clone();
    let new = text(&second["id"]);
    assert_eq!(
        text(&second["iccid"]),
        iccid,
        "the world gives it out again"
    );
    assert_ne!(new, old);

    let shown = home.json(&format!("esim show {iccid}"));
    assert_eq!(shown["esim"]["id"], new.as_str());
    assert_eq!(shown["esim"]["lpa"], second["lpa"]);
    let shown = home.json(&format!("esim show {old}"));
    assert_eq!(shown["esim"]["plan"], "cancelled");

    // Given back by its number, it is the new one that goes; the old one is not refunded again.
    let line = [
        "esim", "cancel", &iccid, "--by", "ada", "--why", "lost", "--yes",
    ];
    let finished = home.run_words(&line);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let refunds = sandbox.world.refunds().unwrap();
    assert_eq!(refunds.len(), 2);
    assert_ne!(refunds[0].esim_id, refunds[1].esim_id);
    assert_eq!(text(&home.json("balance")["balance"]["amount"]), "1000.00");
}

/// Two eSIMs that bore one card number after each other, the former given back: their ids, and it.
fn one_number_twice(sandbox: &Sandbox, home: &Home) -> (String, String, String) {
    switch(sandbox, |switches| switches.reuse_iccids = true);
    let first = home.buy()["esims"][0].clone();
    let (old, iccid) = (text(&first["id"]), text(&first["iccid"]));
    give_back(home, &old);
    let second = home.buy()["esims"][0].clone();
    assert_eq!(
        text(&second["iccid"]),
        iccid,
        "the world gives it out again"
    );
    (old, text(&second["id"]), iccid)
}

fn give_back(home: &Home, esim: &str) {
    let line = [
        "esim", "cancel", esim, "--by", "ada", "--why", "lost", "--yes",
    ];
    assert_eq!(home.run_words(&line).code, Some(0));
}

#[test]
fn a_card_number_names_its_present_esim_to_a_journal_that_knows_none() {
    let sandbox = Sandbox::start();
    let home = home(&sandbox);
    let (old, new, iccid) = one_number_twice(&sandbox, &home);

    // A journal that knows none of them asks the provider, which has two under one number: the one that
    // bears it now is meant.
    let elsewhere = self::home(&sandbox);
    let shown = elsewhere.json(&format!("esim show {iccid}"));
    assert_eq!(shown["esim"]["id"], new.as_str());
    let shown = elsewhere.json(&format!("esim show {old}"));
    assert_eq!(shown["esim"]["id"], old.as_str());
    assert_eq!(shown["esim"]["plan"], "cancelled");
}

#[test]
fn a_card_number_that_nobody_bears_any_more_is_not_guessed() {
    let sandbox = Sandbox::start();
    let home = home(&sandbox);
    let (_, new, iccid) = one_number_twice(&sandbox, &home);
    give_back(&home, &new);

    let elsewhere = self::home(&sandbox);
    let shown = elsewhere.run(&format!("esim show {iccid}"));
    assert_ne!(shown.code, Some(0));
    assert!(
        shown.stderr.contains("2 eSIMs have borne this ICCID")
            && shown.stderr.contains("name the eSIM by its id"),
        "{}",
        shown.stderr
    );
    let shown = elsewhere.json(&format!("esim show {new}"));
    assert_eq!(shown["esim"]["id"], new.as_str());
}
