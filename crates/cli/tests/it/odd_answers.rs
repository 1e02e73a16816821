//! A provider that answers oddly: what can be understood is, and nothing is bought twice.

use roamport_sandbox::{Fault, Operation, Rule, Target};

use crate::home::text;
use crate::sandbox::Sandbox;

/// Reads stop with 5 and a sentence, on standard error alone.
fn a_read_is_unreadable(fault: &Fault) {
    let sandbox = Sandbox::start();
    let home = sandbox.home();
    sandbox.fault_for_ever(Target::Any, fault.clone());
    for line in ["balance", "packages --country FR", "destinations"] {
        let finished = home.run(line);
        assert_eq!(
            finished.code,
            Some(5),
            "{line} {fault:?}: {}",
            finished.stderr
        );
        assert!(
            finished.stderr.starts_with("error: roamify "),
            "{line}: {}",
            finished.stderr
        );
        assert_eq!(finished.stdout, "", "{line} {fault:?}");
    }
}

#[test]
fn a_web_page_is_no_answer() {
    a_read_is_unreadable(&Fault::Html { status: 200 });
    a_read_is_unreadable(&Fault::HtmlError { status: 502 });
}

#[test]
fn truncated_json_is_no_answer() {
    a_read_is_unreadable(&Fault::BrokenJson);
}

/// What is harmless changes nothing: the whole purchase goes through.
fn a_purchase_goes_through(fault: &Fault) {
    let sandbox = Sandbox::start();
    let home = sandbox.home();
    let package = home.package();
    sandbox.fault_for_ever(Target::Any, fault.clone());
    let finished = home.run(&format!("buy {package} --yes --json"));
    assert_eq!(finished.code, Some(0), "{fault:?}: {}", finished.stderr);
    assert_eq!(finished.document()["esims"].as_array().unwrap().len(), 1);
    assert_eq!(sandbox.charges().len(), 1);
}

#[test]
fn numbers_written_as_text_are_read() {
    a_purchase_goes_through(&Fault::NumbersAsText);
}

#[test]
fn fields_nobody_has_documented_are_let_pass() {
    a_purchase_goes_through(&Fault::UnknownFields);
}

#[test]
fn a_state_nobody_has_documented_makes_nothing_wait_for_ever() {
    let sandbox = Sandbox::start();
    let home = sandbox.home();
    let package = home.package();
    let state = "QUANTUM".to_owned();
    sandbox.fault_for_ever(Operation::Order, Fault::UnknownState { state });
    let finished = home.run(&format!("buy {package} --yes --json"));
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert_eq!(sandbox.charges().len(), 1);
}

#[test]
fn a_refusal_with_status_200_is_looked_up_and_never_repeated_at_once() {
    let sandbox = Sandbox::start();
    let home = sandbox.home();
    let package = home.package();
    sandbox.fault(
        Operation::Order,
        Fault::FailureBodyWith200 {
            message: "Unknown error".to_owned(),
        },
    );
    let finished = home.run(&format!("buy {package} --yes --wait 400ms --json"));
    assert_eq!(finished.code, Some(4), "{}", finished.stderr);
    assert_eq!(finished.document()["order"]["state"], "reconciling");
    assert_eq!(finished.error()["money_may_have_moved"], true);
    assert_eq!(sandbox.world.calls(Operation::Order), 1);
}

/// A purchase whose answer cannot be used is found again by looking, and charged once.
fn a_lost_answer_is_found_again(fault: Fault) {
    let sandbox = Sandbox::start();
    let home = sandbox.home();
    let package = home.package();
    sandbox.fault(Operation::Order, fault);
    let finished = home.run(&format!("buy {package} --yes --json"));
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert_eq!(finished.document()["order"]["state"], "fulfilled");
    assert_eq!(sandbox.charges().len(), 1);
    assert_eq!(sandbox.world.calls(Operation::Order), 1);
}

#[test]
fn a_purchase_without_an_answer_is_found_again() {
    a_lost_answer_is_found_again(Fault::DropAfterEffect);
}

#[test]
fn a_purchase_answered_by_a_web_page_is_found_again() {
    a_lost_answer_is_found_again(Fault::Html { status: 502 });
}

#[test]
fn a_purchase_answered_in_half_is_found_again() {
    a_lost_answer_is_found_again(Fault::BrokenJson);
}

#[test]
fn a_429_in_the_middle_of_a_catalogue_is_mended() {
    let sandbox = Sandbox::start_with_packages(1000);
    let home = sandbox.home();
    let limit = Rule::new(
        Operation::Packages,
        Fault::RateLimit {
            retry_after: Some(0),
        },
    );
    sandbox.world.add_fault(limit.skip(7).times(2)).unwrap();
    let document = home.json("packages");
    assert_eq!(document["packages"].as_array().unwrap().len(), 1000);
}

#[test]
fn a_provider_that_keeps_saying_429_is_out_of_reach() {
    let sandbox = Sandbox::start();
    let home = sandbox.home();
    sandbox.fault_for_ever(
        Operation::Packages,
        Fault::RateLimit {
            retry_after: Some(3600),
        },
    );
    let finished = home.run("packages");
    assert_eq!(finished.code, Some(5), "{}", finished.stderr);
    assert_eq!(finished.stdout, "");
}

#[test]
fn a_catalogue_that_changes_while_it_is_read_is_whole_or_an_error() {
    let sandbox = Sandbox::start_with_packages(1000);
    let home = sandbox.home();
    let moves = Rule::new(
        Operation::Packages,
        Fault::PageMoves {
            by: 50,
            insert: true,
        },
    );
    sandbox.world.add_fault(moves.skip(5)).unwrap();
    let finished = home.run("packages --json");
    match finished.code {
        Some(0) => {
            let document = finished.document();
            let packages = document["packages"].as_array().unwrap();
            let mut ids: Vec<String> = packages
                .iter()
                .map(|package| text(&package["id"]))
                .collect();
            ids.sort();
            ids.dedup();
            assert_eq!(ids.len(), packages.len(), "a package is listed twice");
            assert!(ids.len() >= 950, "the list is short: {}", ids.len());
        }
        Some(5) => assert_eq!(finished.stdout, ""),
        code => panic!("{code:?}: {}", finished.stderr),
    }
}

#[test]
fn a_price_that_differs_in_the_answer_is_shown_to_a_person() {
    let sandbox = Sandbox::start();
    let home = sandbox.home();
    let package = home.package();
    sandbox.fault(Operation::Order, Fault::PriceChange { percent: 50 });
    let finished = home.run(&format!("buy {package} --yes --json"));
    assert_eq!(finished.code, Some(4), "{}", finished.stderr);
    assert_eq!(finished.document()["order"]["state"], "needs-attention");
    assert_eq!(
        finished.document()["esims"].as_array().unwrap().len(),
        1,
        "the eSIM is shown"
    );
    assert_eq!(finished.error()["kind"], "needs_attention");
}
