//! Two providers over one world: the same command lines, and only the setting changed. What a provider
//! cannot do is said by name, and an order stays with the one that started it.

use insta::assert_snapshot;
use roamport_domain::Money;
use roamport_domain::money::Currency;
use roamport_sandbox::{Fault, Operation};
use serde_json::Value;

use crate::home::{Finished, Home, text};
use crate::interruption::signal;
use crate::sandbox::Sandbox;

pub(crate) const ROAMIFY: &str = "roamify";
pub(crate) const ESIM_ACCESS: &str = "esim-access";

/// The words of a signed cancellation.
const SIGNED: [&str; 5] = ["--by", "ada", "--why", "journey called off", "--yes"];

fn cancel(home: &Home, line: &str) -> Finished {
    let words: Vec<&str> = ["esim", "cancel"]
        .into_iter()
        .chain(line.split_whitespace())
        .chain(SIGNED)
        .collect();
    home.run_words(&words)
}

fn balance(home: &Home) -> String {
    text(&home.json("balance")["balance"]["amount"])
}

#[test]
fn the_same_command_lines_serve_both_and_only_one_takes_back() {
    for provider in [ROAMIFY, ESIM_ACCESS] {
        let sandbox = Sandbox::start();
        let home = sandbox.home().set("PROVIDER", provider);
        let bought = home.buy();
        assert_eq!(bought["order"]["state"], "fulfilled", "{provider}");
        assert!(
            text(&bought["esims"][0]["lpa"]).starts_with("LPA:1$"),
            "{provider}"
        );
        let esim = text(&bought["esims"][0]["id"]);
        let usage = home.json(&format!("usage {esim}"));
        assert!(usage["usage"].is_object(), "{provider}: {usage}");
        let found = home.json(&format!("topup packages {esim} --limit 1"));
        let top_up = text(&found["packages"][0]["id"]);
        let topped_up = home.json(&format!("topup buy {esim} {top_up} --yes"));
        assert_eq!(topped_up["order"]["state"], "fulfilled", "{provider}");
        assert_eq!(sandbox.charges().len(), 2, "{provider}");
        let before = balance(&home);

        let finished = cancel(&home, &format!("{esim} --json"));
        let refunds = sandbox.world.refunds().unwrap();
        if provider == ESIM_ACCESS {
            assert_eq!(finished.code, Some(0), "{}", finished.stderr);
            assert_eq!(finished.document()["cancellation"]["state"], "given-back");
            assert_eq!(finished.document()["cancellation"]["refund"], "at_once");
            assert_eq!((refunds.len(), balance(&home).as_str()), (1, "1000.00"));
        } else {
            assert_eq!(finished.code, Some(3), "{}", finished.stderr);
            assert_eq!(finished.error()["kind"], "cannot_cancel");
            assert_eq!(finished.error()["money_may_have_moved"], false);
            assert_eq!((refunds.len(), balance(&home)), (0, before));
        }
    }
}

#[test]
fn a_provider_that_takes_nothing_back_is_named_with_what_to_ask_it_for() {
    let sandbox = Sandbox::start();
    let home = sandbox.home();
    let bought = home.buy();
    let finished = cancel(&home, &text(&bought["esims"][0]["id"]));
    assert_snapshot!(finished.failure(), @"
    exit 3
    error: roamify takes no eSIM back by a call, so nothing was sent; ask roamify for a refund under its order [id] of eSIM [id], before anybody installs it
    hint: roamify can sell eSIMs, top them up and tell their usage; `roamport providers` compares it with the others
    ");
    assert_eq!(sandbox.world.calls(Operation::Cancel), 0);
}

#[test]
fn what_was_given_back_is_shown_with_the_order_and_with_the_esim() {
    let sandbox = Sandbox::start();
    let home = sandbox.home().set("PROVIDER", ESIM_ACCESS);
    let bought = home.buy();
    let (order, esim) = (
        text(&bought["order"]["id"]),
        text(&bought["esims"][0]["id"]),
    );
    let finished = cancel(&home, &format!("--order {order}"));
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert!(
        finished
            .stdout
            .contains("taken back, its money is in the wallet again"),
        "{}",
        finished.stdout
    );
    let shown = home.json(&format!("order show {order}"));
    let asked = &shown["order"]["items"][0]["cancellation"];
    assert_eq!(
        (&asked["by"], &asked["outcome"]["state"]),
        (&Value::from("ada"), &Value::from("given-back"))
    );
    let shown = home.run(&format!("order show {order}"));
    for part in ["GIVEN BACK", "by ada at ", "in the wallet again"] {
        assert!(shown.stdout.contains(part), "{part}: {}", shown.stdout);
    }
    let review = home.run(&format!("order review {order}"));
    assert!(
        review.stdout.contains("; by ada: journey called off"),
        "{}",
        review.stdout
    );
    let shown = home.run(&format!("esim show {esim}"));
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    assert!(
        shown.stdout.contains("It was given back") && !shown.stdout.contains("LPA:"),
        "{}",
        shown.stdout
    );

    let again = cancel(&home, &esim);
    assert_eq!(again.code, Some(3), "{}", again.stderr);
    assert!(
        again
            .stderr
            .contains("was given back already; nothing was sent"),
        "{}",
        again.stderr
    );
    assert_eq!(sandbox.world.refunds().unwrap().len(), 1);
    assert_eq!(sandbox.world.calls(Operation::Cancel), 1);
}

#[test]
fn what_is_installed_or_was_not_bought_here_is_not_given_back() {
    let sandbox = Sandbox::start();
    let home = sandbox.home().set("PROVIDER", ESIM_ACCESS);
    let bought = home.buy();
    let esim = text(&bought["esims"][0]["id"]);
    sandbox.world.install(&esim).unwrap();
    let finished = cancel(&home, &format!("{esim} --json"));
    assert_eq!(finished.code, Some(3), "{}", finished.stderr);
    assert_eq!(finished.error()["kind"], "too_late_to_cancel");
    let finished = cancel(&home, "999999999 --json");
    assert_eq!(finished.code, Some(3), "{}", finished.stderr);
    assert_eq!(finished.error()["kind"], "not_bought_here");
    assert_eq!(sandbox.world.calls(Operation::Cancel), 0);

    let order = text(&bought["order"]["id"]);
    let finished = cancel(&home, &format!("--order {order} --item 2 --json"));
    assert_eq!(finished.code, Some(2), "{}", finished.stderr);
    assert!(text(&finished.error()["message"]).contains("none with number 2"));
    assert!(sandbox.world.refunds().unwrap().is_empty());
}

#[test]
fn nobody_gives_back_without_a_name_a_reason_and_a_yes() {
    let sandbox = Sandbox::start();
    let home = sandbox.home().set("PROVIDER", ESIM_ACCESS);
    let esim = home.esim();
    for (line, missing) in [
        (
            format!("esim cancel {esim} --why lost --yes"),
            "--by is missing",
        ),
        (
            format!("esim cancel {esim} --by ada --yes"),
            "--why is missing",
        ),
        (
            format!("esim cancel {esim} --by ada --why lost"),
            "nothing was given back",
        ),
        (
            "esim cancel --by ada --why lost --yes".to_owned(),
            "required",
        ),
    ] {
        let finished = home.run(&line);
        assert_eq!(finished.code, Some(2), "{line}: {}", finished.stderr);
        assert!(
            finished.stderr.contains(missing),
            "{line}: {}",
            finished.stderr
        );
    }
    assert!(sandbox.world.refunds().unwrap().is_empty());
}

#[test]
fn a_lost_answer_to_a_cancellation_is_settled_by_reading_and_refunded_once() {
    let sandbox = Sandbox::start();
    let home = sandbox.home().set("PROVIDER", ESIM_ACCESS);
    let esim = home.esim();
    sandbox.fault(Operation::Cancel, Fault::DropAfterEffect);
    let finished = cancel(&home, &format!("{esim} --json"));
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert_eq!(finished.document()["cancellation"]["state"], "given-back");
    assert_eq!(sandbox.world.refunds().unwrap().len(), 1);
    assert_eq!(sandbox.world.calls(Operation::Cancel), 1);
}

#[test]
fn a_cancellation_that_never_arrived_says_so_and_is_done_when_asked_again() {
    let sandbox = Sandbox::start();
    let home = sandbox.home().set("PROVIDER", ESIM_ACCESS);
    let esim = home.esim();
    sandbox.fault(Operation::Cancel, Fault::DropBeforeEffect);
    let finished = cancel(&home, &format!("{esim} --json"));
    assert_eq!(finished.code, Some(4), "{}", finished.stderr);
    assert_eq!(finished.error()["kind"], "cancellation_unknown");
    assert!(sandbox.world.refunds().unwrap().is_empty());
    let again = cancel(&home, &esim);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert_eq!(sandbox.world.refunds().unwrap().len(), 1);
}

/// Buys with one provider, dies in the call, changes the setting, and changes it back.
fn stays_with(first: &str, second: &str) -> String {
    let sandbox = Sandbox::start();
    let home = sandbox.home().set("PROVIDER", first);
    let package = home.package();
    sandbox.fault(Operation::Order, Fault::Stall { ms: 30_000 });
    let mut child = home.start(&format!("buy {package} --yes"));
    sandbox.until("the charge", |world| !world.ledger().unwrap().is_empty());
    signal(&child, "KILL");
    child.wait().unwrap();
    let id = text(&home.json("order list")["orders"][0]["id"]);

    let home = home.set("PROVIDER", second);
    let refused = home.run(&format!("order resume {id}"));
    assert_eq!(refused.code, Some(6), "{}", refused.stderr);
    let shown = home.json(&format!("order show {id}"));
    assert_eq!(shown["order"]["state"], "placing");
    assert_eq!(shown["order"]["provider"]["name"], first);
    // Neither a worker nor a resume of everything takes what another provider started.
    let worker = home.run("worker --once");
    assert_eq!(worker.code, Some(0), "{}", worker.stderr);
    home.run("order resume");
    assert_eq!(
        home.json(&format!("order show {id}"))["order"]["state"],
        "placing"
    );
    assert_eq!(sandbox.charges().len(), 1);
    assert_eq!(sandbox.world.calls(Operation::Order), 1);

    let home = home.set("PROVIDER", first);
    let resumed = home.json(&format!("order resume {id}"));
    assert_eq!(resumed["order"]["state"], "fulfilled", "{resumed}");
    assert_eq!(resumed["esims"].as_array().unwrap().len(), 1);
    assert_eq!(sandbox.charges().len(), 1);
    refused.failure()
}

#[test]
fn an_order_in_flight_at_the_first_provider_waits_for_it() {
    assert_snapshot!(stays_with(ROAMIFY, ESIM_ACCESS), @"
    exit 6
    error: order [id] was started with roamify (http://127.0.0.1:[port]), and the settings now name esim-access (http://127.0.0.1:[port]); carry it on with the settings it was started with
    hint: `roamport --provider roamify order resume [id]` carries it on, with that provider's settings as they were; nothing was sent, and nothing is bought twice
    ");
}

#[test]
fn an_order_in_flight_at_the_second_provider_waits_for_it() {
    assert_snapshot!(stays_with(ESIM_ACCESS, ROAMIFY), @"
    exit 6
    error: order [id] was started with esim-access (http://127.0.0.1:[port]), and the settings now name roamify (http://127.0.0.1:[port]); carry it on with the settings it was started with
    hint: `roamport --provider esim-access order resume [id]` carries it on, with that provider's settings as they were; nothing was sent, and nothing is bought twice
    ");
}

#[test]
fn a_recorded_order_is_sent_by_the_provider_it_was_recorded_with_alone() {
    let sandbox = Sandbox::start();
    let home = sandbox.home().set("PROVIDER", ESIM_ACCESS);
    let package = home.package();
    let line = format!("buy {package} --key shop-1 --yes");
    let recorded = home.run(&format!("{line} --wait 0 --json"));
    assert_eq!(recorded.code, Some(0), "{}", recorded.stderr);

    // The same key under another provider is not the same order: it is refused, not bought again.
    let home = home.set("PROVIDER", ROAMIFY);
    let refused = home.run(&format!("{line} --json"));
    assert_ne!(refused.code, Some(0), "{}", refused.stdout);
    assert_eq!(sandbox.charges().len(), 0);

    let home = home.set("PROVIDER", ESIM_ACCESS);
    assert_eq!(home.json(&line)["order"]["state"], "fulfilled");
    assert_eq!(sandbox.charges().len(), 1);
}

#[test]
fn a_package_by_the_day_is_listed_quoted_and_charged_by_the_day() {
    let sandbox = Sandbox::start();
    let home = sandbox.home().set("PROVIDER", ESIM_ACCESS);
    let listed = home.json("packages --country PT");
    let packages = listed["packages"].as_array().unwrap();
    let daily = packages
        .iter()
        .find(|package| package["by_day"].is_object())
        .unwrap();
    let id = text(&daily["id"]);
    let table = home.run("packages --country PT");
    let row = table
        .stdout
        .lines()
        .find(|row| row.starts_with(&id))
        .unwrap();
    assert!(row.contains(" USD per day"), "{row}");

    assert_snapshot!(home.run(&format!("buy {id} --yes")).failure(), @"
    exit 3
    error: package `esim-portugal-daily-1gb-all` is sold by the day; say for how many days, 1 to 365
    hint: `roamport packages` shows for how many days a package is sold; say them with --days
    ");
    assert_snapshot!(home.run(&format!("buy {id} --days 4000 --yes")).failure(), @"
    exit 3
    error: package `esim-portugal-daily-1gb-all` is sold for 1 to 365 days, not for 4000
    hint: `roamport packages` shows for how many days a package is sold; say them with --days
    ");
    let bought = home.run(&format!("buy {id} --days 5 --yes --json"));
    assert_eq!(bought.code, Some(0), "{}", bought.stderr);
    assert_eq!(bought.document()["order"]["lines"][0]["days"], 5);
    let price = Money::parse_amount(&text(&daily["price"]["amount"]), Currency::USD).unwrap();
    let total = price.checked_times(5).unwrap();
    assert_eq!(sandbox.charges()[0].amount, total.amount());

    let fixed = home.package();
    assert_snapshot!(home.run(&format!("buy {fixed} --days 5 --yes")).failure(), @"
    exit 3
    error: package `esim-france-1days-1gb-all` is sold as it stands; leave the number of days out
    hint: `roamport packages` shows for how many days a package is sold; say them with --days
    ");
    assert_eq!(sandbox.charges().len(), 1);
}

#[test]
fn a_top_up_by_the_day_is_charged_by_the_day() {
    let sandbox = Sandbox::start();
    let home = sandbox.home().set("PROVIDER", ESIM_ACCESS);
    let bought = home.json("buy esim-portugal-daily-1gb-all --days 2 --yes");
    let esim = text(&bought["esims"][0]["id"]);
    let found = home.json(&format!("topup packages {esim}"));
    let package = &found["packages"][0];
    assert_eq!(package["by_day"]["least"], 1, "{found}");
    let (id, price) = (text(&package["id"]), text(&package["price"]["amount"]));
    let without = home.run(&format!("topup buy {esim} {id} --yes --json"));
    assert_eq!(without.code, Some(3), "{}", without.stderr);
    assert_eq!(without.error()["kind"], "days");
    assert_eq!(sandbox.charges().len(), 1);

    home.json(&format!("topup buy {esim} {id} --days 3 --yes"));
    let price = Money::parse_amount(&price, Currency::USD).unwrap();
    let charged = sandbox.charges()[1].amount;
    assert_eq!(charged, price.checked_times(3).unwrap().amount());
}

#[test]
fn an_esim_shows_the_plans_it_was_bought_with() {
    let sandbox = Sandbox::start();
    let home = sandbox.home().set("PROVIDER", ESIM_ACCESS);
    let esim = home.esim();
    let found = home.json(&format!("topup packages {esim} --limit 1"));
    let top_up = text(&found["packages"][0]["id"]);
    home.json(&format!("topup buy {esim} {top_up} --yes"));
    let shown = home.json(&format!("esim show {esim}"));
    assert_eq!(
        shown["esim"]["plans"].as_array().unwrap().len(),
        2,
        "{shown}"
    );
    let shown = home.run(&format!("esim show {esim}"));
    assert!(shown.stdout.contains("Plans bought"), "{}", shown.stdout);
}

#[test]
fn the_providers_are_listed_without_an_account_and_the_configured_one_is_marked() {
    let home = Home::new().set("PROVIDER", ESIM_ACCESS);
    let listed = home.json("providers");
    let providers = listed["providers"].as_array().unwrap();
    let names: Vec<&str> = providers
        .iter()
        .map(|provider| provider["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, [ESIM_ACCESS, ROAMIFY, "sandbox"]);
    let configured: Vec<bool> = providers
        .iter()
        .map(|provider| provider["configured"] == true)
        .collect();
    assert_eq!(configured, [true, false, false]);
    assert_eq!(providers[0]["capabilities"]["cancellation"], "at_once");
    assert_eq!(providers[1]["capabilities"]["cancellation"], Value::Null);
    assert_eq!(providers[0]["capabilities"]["price_guard"], true);
    let shown = home.run("providers");
    assert_snapshot!(shown.stdout, @"
       PROVIDER     REPEATED ORDER     ORDERS FOUND           PROFILE               TOP-UP  USAGE              GIVEN BACK        PRICE GUARD  EVENTS
    *  esim-access  answers the first  by time                by itself             yes     yes, 10 in a call  refunded at once  yes          yes
       roamify      may charge again   by reference, by time  by a call of its own  yes     yes, by day        no                no           yes
       sandbox      may charge again   by reference, by time  by a call of its own  yes     yes, by day        no                no           yes
    ");
    assert!(!home.data().exists(), "nothing is started for a list");
}

#[test]
fn the_built_in_sandbox_speaks_either_dialect_and_keeps_their_orders_apart() {
    let home = Home::new().set("SANDBOX__DIALECT", ESIM_ACCESS);
    let package = home.package();
    let recorded = home.run(&format!("buy {package} --wait 0 --yes --json"));
    assert_eq!(recorded.code, Some(0), "{}", recorded.stderr);
    let id = text(&recorded.document()["order"]["id"]);

    let home = home.set("SANDBOX__DIALECT", ROAMIFY);
    let refused = home.run(&format!("order resume {id} --json"));
    assert_eq!(refused.code, Some(6), "{}", refused.stderr);
    assert_eq!(refused.error()["kind"], "other_provider");

    let home = home.set("SANDBOX__DIALECT", ESIM_ACCESS);
    let resumed = home.json(&format!("order resume {id}"));
    let esim = text(&resumed["esims"][0]["id"]);
    let finished = cancel(&home, &esim);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert_eq!(balance(&home), "1000.00");
}

/// How old the figures of usage may be: in words, and in seconds.
const LAGS: [(&str, &str, u64); 2] = [
    (ROAMIFY, "4 hours", 4 * 3600),
    (ESIM_ACCESS, "3 hours", 3 * 3600),
];

#[test]
fn usage_says_on_the_line_of_its_reading_how_old_the_figures_may_be() {
    for (provider, age, seconds) in LAGS {
        let sandbox = Sandbox::start();
        let home = sandbox.home().set("PROVIDER", provider);
        let esim = home.esim();
        let shown = home.run(&format!("usage {esim}"));
        let read = shown.stdout.lines().find(|line| line.starts_with("Read"));
        let read = read.unwrap_or_default();
        let words = format!(", from figures up to {age} old");
        assert!(read.ends_with(&words), "{provider}: {}", shown.stdout);
        let usage = &home.json(&format!("usage {esim}"))["usage"];
        assert_eq!(usage["lag_seconds"], seconds, "{provider}");
        assert!(usage["as_of"].is_string(), "{provider}: {usage}");
    }
}
