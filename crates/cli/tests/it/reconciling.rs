//! `reconcile` on the command line: clean or not, what differs, and what it raises.

use roamport_sandbox::world::Purchase;
use serde_json::Value;

use crate::home::{Home, text};
use crate::sandbox::Sandbox;

fn kinds(document: &Value) -> Vec<String> {
    let findings = document["findings"].as_array().unwrap();
    findings
        .iter()
        .map(|finding| text(&finding["kind"]))
        .collect()
}

/// Has the provider charge a second time under an order's reference, unnoticed.
fn charge_again(sandbox: &Sandbox, package: &str, bought: &Value) -> String {
    let mut switches = sandbox.world.switches().unwrap();
    switches.duplicate_reference = roamport_sandbox::switches::Tolerance::Accepted;
    sandbox.world.set_switches(switches).unwrap();
    let reference = text(&bought["order"]["reference"]);
    sandbox
        .world
        .purchase(&Purchase::order(package, 1, &reference))
        .unwrap()
        .id
}

#[test]
fn a_journal_that_agrees_is_clean() {
    let home = Home::new();
    let empty = home.run("reconcile");
    assert_eq!(empty.code, Some(0), "{}", empty.stderr);
    assert!(
        empty
            .stdout
            .ends_with("Clean: journal, provider and wallet agree.\n"),
        "{}",
        empty.stdout
    );
    home.buy();
    let document = home.json("reconcile");
    assert_eq!(document["clean"], true);
    assert_eq!(document["list"]["complete"], true);
    assert_eq!(document["ours"]["bought"], 1);
    assert_eq!(document["wallet"]["kept"], true);
    // The reading of the first run, kept on disk, and the one of this run.
    let movement = &document["wallet"]["movements"][0];
    assert_eq!(movement["before"]["amount"], "1000.00");
    assert_eq!(movement["orders"], 1);
    assert_eq!(movement["unexplained"]["amount"], "0.00");
}

#[test]
fn a_second_charge_is_found_raised_and_settled() {
    let sandbox = Sandbox::start();
    let home = sandbox.home();
    let package = home.package();
    let bought = home.buy();
    let (id, first) = (
        text(&bought["order"]["id"]),
        text(&bought["order"]["provider_order"]["id"]),
    );
    let second = charge_again(&sandbox, &package, &bought);

    let finished = home.run("reconcile --json");
    assert_eq!(finished.code, Some(4), "{}", finished.stderr);
    let document = finished.document();
    assert_eq!(kinds(&document), ["twice"]);
    let finding = &document["findings"][0];
    assert_eq!(finding["order"], id.as_str());
    assert_eq!(
        finding["provider_orders"],
        serde_json::json!([first, second])
    );
    assert_eq!(finding["raised"], "now");
    assert_eq!(finished.error()["kind"], "not_clean");
    assert_eq!(
        home.json("order list --state needs-attention")["orders"][0]["id"],
        id.as_str()
    );

    let shown = home.run("reconcile");
    assert_eq!(shown.code, Some(4));
    for part in [
        "raised before",
        &first,
        &second,
        "Not clean: 1 difference is open.",
    ] {
        assert!(shown.stdout.contains(part), "{part}: {}", shown.stdout);
    }
    let words = [
        "order",
        "accept",
        &id,
        "--by",
        "ada",
        "--why",
        "refund asked for",
    ];
    assert_eq!(home.run_words(&words).code, Some(0));
    let document = home.json("reconcile");
    assert_eq!(
        (&document["clean"], &document["findings"][0]["settled"]),
        (&true.into(), &true.into())
    );
}

#[test]
fn an_order_that_no_journal_knows_is_shown_with_what_it_cost() {
    let sandbox = Sandbox::start();
    let home = sandbox.home();
    let package = home.package();
    let purchase = Purchase::order(&package, 1, "SOMEBODY-ELSES");
    let made = sandbox.world.purchase(&purchase).unwrap().id;
    let finished = home.run("reconcile");
    assert_eq!(finished.code, Some(4), "{}", finished.stderr);
    for part in ["theirs, not ours", &made, "SOMEBODY-ELSES", "2.15 USD"] {
        assert!(
            finished.stdout.contains(part),
            "{part}: {}",
            finished.stdout
        );
    }
    assert_eq!(
        kinds(&home.run("reconcile --json").document()),
        ["theirs-not-ours"]
    );
}

#[test]
fn a_list_that_may_be_cut_is_never_clean_and_says_from_when_it_is_whole() {
    let sandbox = Sandbox::start();
    let home = sandbox.home();
    let package = home.package();
    // The adapter asks for 50 at a time, and the provider says of no longer list that it is whole.
    let mut times = Vec::new();
    sandbox.world.freeze().unwrap();
    let start = sandbox.world.now().unwrap();
    for number in 0..60 {
        let made = sandbox
            .world
            .advance(jiff::SignedDuration::from_secs(1))
            .unwrap();
        let purchase = Purchase::order(&package, 1, &format!("OTHER-{number}"));
        sandbox.world.purchase(&purchase).unwrap();
        times.push(made);
    }
    let before = start - jiff::SignedDuration::from_mins(10);
    let finished = home.run(&format!("reconcile --since {before} --json"));
    assert_eq!(finished.code, Some(4), "{}", finished.stderr);
    let document = finished.document();
    assert_eq!(
        (&document["list"]["complete"], &document["clean"]),
        (&false.into(), &false.into())
    );
    let complete_from: jiff::Timestamp = text(&document["list"]["complete_from"]).parse().unwrap();
    assert!(
        complete_from > start && complete_from <= times[1],
        "{document}"
    );
    let shown = home.run(&format!("reconcile --since {before}"));
    assert!(
        shown.stdout.contains("not proven complete before"),
        "{}",
        shown.stdout
    );
    assert!(
        shown
            .stdout
            .contains("the provider's list may be incomplete"),
        "{}",
        shown.stdout
    );
}

#[test]
fn money_that_is_missing_in_the_wallet_is_not_clean() {
    let sandbox = Sandbox::start();
    let home = sandbox.home();
    home.json("reconcile");
    sandbox.world.add_balance("-3.25".parse().unwrap()).unwrap();
    let finished = home.run("reconcile");
    assert_eq!(finished.code, Some(4), "{}", finished.stderr);
    assert!(finished.stdout.contains("-3.25 USD"), "{}", finished.stdout);
    assert!(
        finished
            .stderr
            .contains("more money left the wallet than the orders cost"),
        "{}",
        finished.stderr
    );
}

#[test]
fn two_orders_of_one_second_on_either_side_of_a_reading_make_no_money_go_missing() {
    let sandbox = Sandbox::start();
    let home = sandbox.home();
    let package = home.package();
    // The provider tells when an order was made in whole seconds.
    sandbox.world.freeze().unwrap();
    for key in ["one", "two", "three"] {
        home.json("reconcile");
        home.json(&format!("buy {package} --key {key} --yes"));
    }
    let document = home.json("reconcile");
    let movements = document["wallet"]["movements"].as_array().unwrap();
    assert_eq!(movements.len(), 3, "{document}");
    for movement in movements {
        assert_eq!(
            (&movement["orders"], &movement["unexplained"]["amount"]),
            (&1.into(), &"0.00".into())
        );
    }
}

#[test]
fn since_is_a_day_a_moment_or_a_time_ago_and_never_the_future() {
    let home = Home::new();
    for good in ["7d", "36h", "2026-01-01", "2026-01-01T08:00:00Z"] {
        assert_eq!(
            home.run(&format!("reconcile --since {good}")).code,
            Some(0),
            "{good}"
        );
    }
    for bad in ["yesterday", "-7d", "2099-01-01", "2026-02-30", "0s"] {
        let finished = home.run_words(&["reconcile", &format!("--since={bad}")]);
        assert_eq!(finished.code, Some(2), "{bad}: {}", finished.stderr);
    }
}

#[test]
fn a_provider_that_cannot_be_read_is_reconciled_with_another_time() {
    let mut sandbox = Sandbox::start();
    let home = sandbox.home();
    sandbox.stop();
    let finished = home.run("reconcile");
    assert_eq!(finished.code, Some(5), "{}", finished.stderr);
    assert_eq!(finished.stdout, "");
}
