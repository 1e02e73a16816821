//! Orders that need a person: reviewed and settled on the command line, with who and why.

use insta::assert_snapshot;
use roamport_sandbox::world::Purchase;
use roamport_sandbox::{Fault, Operation, Rule};
use serde_json::Value;

use crate::home::{Finished, Home, text};
use crate::sandbox::Sandbox;

/// Who and why, as words of a command line.
const SIGNED: [&str; 4] = ["--by", "ada", "--why", "asked the provider, ticket 4711"];

/// A home where an order of unknown outcome is given to a person after a moment.
fn home(sandbox: &Sandbox) -> Home {
    sandbox.home().set("ORDERS__RECONCILE_FOR", "200ms")
}

/// Runs a decision that is signed.
fn signed(home: &Home, line: &str) -> Finished {
    let words: Vec<&str> = line.split_whitespace().chain(SIGNED).collect();
    home.run_words(&words)
}

/// Buys what ends in need of a person; gives the order's id.
fn parked(home: &Home, package: &str, key: &str) -> String {
    let finished = home.run(&format!("buy {package} --key {key} --yes --json"));
    assert_eq!(finished.code, Some(4), "{}", finished.stderr);
    let order = &finished.document()["order"];
    assert_eq!(order["state"], "needs-attention", "{order}");
    text(&order["id"])
}

/// A charge whose answer was lost and that no look-up found.
fn charged_unknown(sandbox: &Sandbox, home: &Home) -> String {
    let package = home.package();
    sandbox.fault(Operation::Order, Fault::DropAfterEffect);
    let failing = Rule::new(Operation::Orders, Fault::HtmlError { status: 502 });
    sandbox.world.add_fault(failing.skip(1).for_ever()).unwrap();
    let id = parked(home, &package, "lost");
    sandbox.world.clear_faults().unwrap();
    assert_eq!(sandbox.charges().len(), 1);
    id
}

/// A call that had no effect, of which nobody knows.
fn uncharged_unknown(sandbox: &Sandbox, home: &Home) -> String {
    let package = home.package();
    sandbox.fault(Operation::Order, Fault::DropBeforeEffect);
    let id = parked(home, &package, "never");
    assert_eq!(sandbox.charges().len(), 0);
    id
}

/// What the journal says of the last decision.
fn last_decision(home: &Home, id: &str) -> Value {
    let review = home.json(&format!("order review {id}"));
    let history = review["history"].as_array().unwrap().clone();
    history
        .into_iter()
        .rev()
        .find(|event| event["by"].is_string())
        .unwrap()
}

fn state(home: &Home, id: &str) -> String {
    text(&home.json(&format!("order show {id}"))["order"]["state"])
}

#[test]
fn a_review_says_what_was_tried_what_was_found_and_what_can_be_decided() {
    let sandbox = Sandbox::start();
    let home = home(&sandbox);
    let id = charged_unknown(&sandbox, &home);
    let finished = home.run(&format!("order review {id}"));
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    for part in [
        "needs-attention",
        "ambiguous",
        "At the provider: no order is known.",
        "had no usable answer",
        "placement started",
        "What you can decide; each asks who and why:",
        &format!("roamport order attach {id} PROVIDER_ORDER"),
        &format!("roamport order resend {id} --i-have-checked"),
        &format!("roamport order write-off {id}"),
    ] {
        assert!(
            finished.stdout.contains(part),
            "{part}: {}",
            finished.stdout
        );
    }
    let review = home.json(&format!("order review {id}"));
    assert!(
        review["look_ups"]["unhealthy"].as_u64().unwrap() > 0,
        "{review}"
    );
    assert_eq!(review["history"][0]["event"], "requested");
    let actions: Vec<&Value> = review["choices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|choice| &choice["action"])
        .collect();
    assert_eq!(actions, ["attach", "resend", "write-off"]);
    let listed = home.json("order list --state needs-attention");
    assert_eq!(listed["orders"][0]["id"], id.as_str());
}

#[test]
fn an_order_is_attached_to_its_charge_and_its_esim_comes() {
    let sandbox = Sandbox::start();
    let home = home(&sandbox);
    let id = charged_unknown(&sandbox, &home);
    let charged = &sandbox.charges()[0].order_id;
    let finished = signed(&home, &format!("order attach {id} {charged} --json"));
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let document = finished.document();
    assert_eq!(document["order"]["state"], "fulfilled");
    assert_eq!(document["esims"].as_array().unwrap().len(), 1);
    assert_eq!(document["warnings"], serde_json::json!([]));
    assert_eq!(sandbox.charges().len(), 1);
    let decision = last_decision(&home, &id);
    assert_eq!(decision["event"], "attention_resolved");
    assert_eq!(decision["by"], "ada");
    assert_eq!(decision["why"], "asked the provider, ticket 4711");
    let shown = home.run(&format!("order review {id}"));
    assert!(
        shown
            .stdout
            .contains("; by ada: asked the provider, ticket 4711"),
        "{}",
        shown.stdout
    );
}

#[test]
fn a_second_charge_is_shown_with_both_ids_until_it_is_accepted() {
    let sandbox = Sandbox::start();
    let home = home(&sandbox);
    let package = home.package();
    let recorded = home.run(&format!("buy {package} --key twice --wait 0 --yes --json"));
    let order = recorded.document()["order"].clone();
    let (id, reference) = (text(&order["id"]), text(&order["reference"]));
    let mut switches = sandbox.world.switches().unwrap();
    switches.duplicate_reference = roamport_sandbox::switches::Tolerance::Accepted;
    sandbox.world.set_switches(switches).unwrap();
    let purchase = Purchase::order(&package, 1, &reference);
    let made: Vec<String> = (0..2)
        .map(|_| sandbox.world.purchase(&purchase).unwrap().id)
        .collect();
    assert_eq!(home.run(&format!("order resume {id}")).code, Some(4));

    let finished = signed(&home, &format!("order attach {id} {}", made[0]));
    assert_eq!(finished.code, Some(4), "{}", finished.stderr);
    let warning = format!(
        "warning: the provider also charged {} for this order",
        made[1]
    );
    assert!(finished.stderr.contains(&warning), "{}", finished.stderr);
    assert!(
        finished.stdout.contains("Scan with the phone"),
        "{}",
        finished.stdout
    );
    let review = home.run(&format!("order review {id}"));
    for part in [
        made[0].as_str(),
        made[1].as_str(),
        "the one",
        "a second charge",
    ] {
        assert!(review.stdout.contains(part), "{part}: {}", review.stdout);
    }
    let finished = signed(&home, &format!("order accept {id}"));
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert!(
        finished.stdout.contains("is fulfilled"),
        "{}",
        finished.stdout
    );
    assert_eq!(sandbox.world.calls(Operation::Order), 0);
}

#[test]
fn a_resend_needs_the_word_that_it_was_checked_and_waits_for_the_quiet_period() {
    let sandbox = Sandbox::start();
    let home = home(&sandbox);
    let id = uncharged_unknown(&sandbox, &home);
    assert_snapshot!(signed(&home, &format!("order resend {id}")).failure(), @"
    exit 2
    error: sending order [id] once more costs money a second time where the first call was charged after all; look at the provider first, then say so; nothing was changed
    hint: `roamport order review ID` and `roamport reconcile` help to look; then add --i-have-checked
    ");
    assert_eq!(state(&home, &id), "needs-attention");
    let line = format!("order resend {id} --i-have-checked --wait 300ms --json");
    let finished = signed(&home, &line);
    assert_eq!(finished.code, Some(4), "{}", finished.stderr);
    assert_eq!(finished.document()["order"]["state"], "requested");
    assert_eq!(
        sandbox.world.calls(Operation::Order),
        1,
        "not before the quiet period"
    );
    assert_eq!(last_decision(&home, &id)["by"], "ada");
}

#[test]
fn what_the_provider_has_is_not_sent_again_whatever_was_checked() {
    let sandbox = Sandbox::start();
    let home = home(&sandbox);
    let id = charged_unknown(&sandbox, &home);
    let finished = signed(&home, &format!("order resend {id} --i-have-checked --json"));
    assert_eq!(finished.code, Some(3), "{}", finished.stderr);
    assert_eq!(finished.error()["kind"], "still_there");
    assert!(text(&finished.error()["message"]).contains(&sandbox.charges()[0].order_id));
    assert_eq!(state(&home, &id), "needs-attention");
    assert_eq!(
        (
            sandbox.charges().len(),
            sandbox.world.calls(Operation::Order)
        ),
        (1, 1)
    );
}

#[test]
fn an_order_is_given_up() {
    let sandbox = Sandbox::start();
    let home = home(&sandbox);
    let id = uncharged_unknown(&sandbox, &home);
    let finished = signed(&home, &format!("order write-off {id} --json"));
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert_eq!(finished.document()["order"]["state"], "failed");
    assert_eq!(
        finished.document()["order"]["ending"],
        "a person gave it up"
    );
    assert_eq!(
        last_decision(&home, &id)["why"],
        "asked the provider, ticket 4711"
    );
}

#[test]
fn an_order_that_was_never_sent_is_called_off() {
    let home = Home::new();
    let package = home.package();
    let recorded = home.run(&format!("buy {package} --wait 0 --yes --json"));
    let id = text(&recorded.document()["order"]["id"]);
    let finished = signed(&home, &format!("order cancel {id}"));
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert!(
        finished.stdout.contains("is cancelled"),
        "{}",
        finished.stdout
    );
    assert_eq!(state(&home, &id), "cancelled");
    let decision = last_decision(&home, &id);
    assert_eq!(
        (&decision["event"], &decision["by"]),
        (&Value::from("cancelled"), &Value::from("ada"))
    );
    assert_eq!(home.json("balance")["balance"]["amount"], "1000.00");
}

#[test]
fn a_decision_without_name_or_reason_is_refused_where_nobody_can_be_asked() {
    let sandbox = Sandbox::start();
    let home = home(&sandbox);
    let id = uncharged_unknown(&sandbox, &home);
    assert_snapshot!(home.run(&format!("order write-off {id} --by ada")).failure(), @"
    exit 2
    error: --why is missing and there is no terminal to ask on; nothing was changed
    hint: the journal keeps who decided and why: add --by NAME and --why TEXT
    ");
    assert_snapshot!(home.run(&format!("order write-off {id} --why because")).failure(), @"
    exit 2
    error: --by is missing and there is no terminal to ask on; nothing was changed
    hint: the journal keeps who decided and why: add --by NAME and --why TEXT
    ");
    let blank = home.run_words(&["order", "write-off", &id, "--by", "ada", "--why", "  "]);
    assert_snapshot!(blank.failure(), @"
    exit 2
    error: the journal keeps why with every decision, and it is missing; nothing was changed
    ");
    for line in [
        format!("order attach {id} o-1"),
        format!("order resend {id} --i-have-checked"),
        format!("order accept {id}"),
        format!("order cancel {id}"),
    ] {
        assert_eq!(home.run(&line).code, Some(2), "{line}");
    }
    assert_eq!(state(&home, &id), "needs-attention");
}

#[test]
fn a_decision_in_the_wrong_state_is_refused() {
    let home = Home::new();
    let id = text(&home.buy()["order"]["id"]);
    assert_snapshot!(signed(&home, &format!("order write-off {id}")).failure(), @"
    exit 3
    error: order [id] is fulfilled: `write-off` is not possible (the order is in another state); nothing was changed
    hint: `roamport order review [id]` shows what can be decided
    ");
    for line in [
        format!("order attach {id} o-1"),
        format!("order resend {id} --i-have-checked"),
        format!("order accept {id}"),
        format!("order cancel {id}"),
    ] {
        let finished = signed(&home, &format!("{line} --json"));
        assert_eq!(finished.code, Some(3), "{line}: {}", finished.stderr);
        assert_eq!(finished.error()["kind"], "not_possible", "{line}");
    }
    assert_eq!(state(&home, &id), "fulfilled");
}

#[test]
fn only_what_the_provider_has_for_this_order_is_attached() {
    let sandbox = Sandbox::start();
    let home = home(&sandbox);
    let id = uncharged_unknown(&sandbox, &home);
    assert_snapshot!(signed(&home, &format!("order attach {id} no-such-order")).failure(), @"
    exit 3
    error: roamify has no order `no-such-order`; nothing was changed
    hint: take the id from the provider's portal, from `roamport order review ID` or from `roamport reconcile`
    ");
    home.json(&format!("buy {} --another --yes", home.package()));
    let others = sandbox.charges()[0].order_id.clone();
    let finished = signed(&home, &format!("order attach {id} {others} --json"));
    assert_eq!(finished.code, Some(3), "{}", finished.stderr);
    assert_eq!(finished.error()["kind"], "other_reference");
    assert_eq!(state(&home, &id), "needs-attention");
}

#[test]
fn an_order_nobody_knows_is_told_before_anything_is_asked() {
    let home = Home::new();
    let nobody = "018f0000-0000-7000-8000-000000000001";
    for line in [
        format!("order review {nobody}"),
        format!("order attach {nobody} o-1"),
        format!("order resend {nobody}"),
        format!("order accept {nobody}"),
        format!("order write-off {nobody}"),
        format!("order cancel {nobody}"),
    ] {
        let finished = home.run(&format!("{line} --json"));
        assert_eq!(finished.code, Some(2), "{line}: {}", finished.stderr);
        assert_eq!(finished.error()["kind"], "unknown_order", "{line}");
    }
    assert_eq!(home.run("order review not-an-id").code, Some(2));
    assert_eq!(home.run(&format!("order attach {nobody}")).code, Some(2));
}

#[test]
fn a_provider_that_is_down_leaves_an_attachment_undone_and_a_review_readable() {
    let mut sandbox = Sandbox::start();
    let home = home(&sandbox);
    let id = charged_unknown(&sandbox, &home);
    let charged = sandbox.charges()[0].order_id.clone();
    sandbox.stop();
    let finished = signed(&home, &format!("order attach {id} {charged}"));
    assert_eq!(finished.code, Some(5), "{}", finished.stderr);
    assert_eq!(state(&home, &id), "needs-attention");
    assert_eq!(home.run(&format!("order review {id}")).code, Some(0));
}

#[test]
fn a_paid_order_whose_day_the_provider_refuses_is_given_another_and_fulfilled() {
    let sandbox = Sandbox::start();
    let home = sandbox.home();
    let document = home.json("packages --country KE");
    let packages = document["packages"].as_array().unwrap();
    let dated = packages
        .iter()
        .find(|package| package["travel_date_required"] == true)
        .unwrap();
    let day = |days: i64| {
        let then = sandbox.world.now().unwrap() + jiff::SignedDuration::from_hours(24 * days);
        then.to_zoned(jiff::tz::TimeZone::UTC).date().to_string()
    };
    let (first, second) = (day(0), day(9));
    let line = format!(
        "buy {} --start-date {first} --yes --wait 0",
        text(&dated["id"])
    );
    let order = text(&home.json(&line)["order"]["id"]);
    // Time passes until the order is sent: the day is over then.
    sandbox
        .world
        .advance(jiff::SignedDuration::from_hours(48))
        .unwrap();
    let resumed = home.run(&format!("order resume {order} --json"));
    assert_eq!(resumed.code, Some(4), "{}", resumed.stderr);
    assert_eq!(resumed.document()["order"]["state"], "needs-attention");
    assert_eq!(sandbox.charges().len(), 1);
    let review = home.json(&format!("order review {order}"));
    let choices = review["choices"].as_array().unwrap();
    let redate = choices
        .iter()
        .find(|choice| choice["action"] == "redate")
        .unwrap();
    assert_eq!(redate["leads_to"], "provisioning");

    let refused = home.run(&format!("order redate {order} {second} --json"));
    assert_eq!(refused.code, Some(2), "who and why: {}", refused.stderr);
    let over = signed(&home, &format!("order redate {order} 2020-01-01"));
    assert_eq!(over.code, Some(2), "{}", over.stderr);
    assert!(over.stderr.contains("lies before today"), "{}", over.stderr);

    let redated = signed(&home, &format!("order redate {order} {second} --json"));
    assert_eq!(redated.code, Some(0), "{}", redated.stderr);
    let document = redated.document();
    assert_eq!(document["order"]["state"], "fulfilled");
    assert_eq!(document["order"]["start_date"], second.as_str());
    assert_eq!(document["esims"].as_array().unwrap().len(), 1);
    assert_eq!(sandbox.charges().len(), 1, "nothing was bought again");
    let review = home.json(&format!("order review {order}"));
    let changed = review["history"].as_array().unwrap();
    let changed = changed
        .iter()
        .find(|event| event["event"] == "start_date_changed")
        .unwrap();
    assert!(text(&changed["message"]).contains(&second) && changed["by"].is_string());
    let again = signed(&home, &format!("order redate {order} {second}"));
    assert_eq!(
        again.code,
        Some(3),
        "every profile is there: {}",
        again.stderr
    );
}
