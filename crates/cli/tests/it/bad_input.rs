//! Bad input: a sentence that says what to do, the right exit code, nothing bought.

use insta::assert_snapshot;
use roamport_sandbox::Operation;

use crate::home::{Home, text};
use crate::sandbox::Sandbox;

fn package_of(home: &Home, country: &str, flag: &str, wanted: bool) -> String {
    let document = home.json(&format!("packages --country {country}"));
    let packages = document["packages"].as_array().unwrap();
    text(&packages.iter().find(|package| package[flag] == wanted).unwrap()["id"])
}

fn nothing_was_bought(home: &Home) {
    assert_eq!(home.json("balance")["balance"]["amount"], "1000.00");
}

#[test]
fn an_unknown_package() {
    let home = Home::new();
    assert_snapshot!(home.run("buy esim-atlantis-7days-1gb-all --yes").failure(), @"");
    nothing_was_bought(&home);
}

#[test]
fn a_package_that_needs_a_travel_date_without_one() {
    let home = Home::new();
    let package = package_of(&home, "KE", "travel_date_required", true);
    assert_snapshot!(home.run(&format!("buy {package} --yes")).failure(), @"");
    nothing_was_bought(&home);
}

#[test]
fn quantity_zero_is_a_mistake_of_the_command_line() {
    let home = Home::new();
    assert_snapshot!(home.run("buy esim-x --quantity 0 --yes").failure(), @"");
}

#[test]
fn a_quantity_above_the_limit_is_refused() {
    let home = Home::new();
    let package = home.package();
    assert_snapshot!(home.run(&format!("buy {package} --quantity 11 --yes")).failure(), @"");
    nothing_was_bought(&home);
}

#[test]
fn a_price_above_the_maximum() {
    let home = Home::new();
    let package = home.package();
    let finished = home.run(&format!("buy {package} --quantity 2 --max-price 0.50 --yes"));
    assert_snapshot!(finished.failure(), @"");
    nothing_was_bought(&home);
}

#[test]
fn a_wallet_that_is_too_small_says_how_much_is_missing() {
    let home = Home::new().set("SANDBOX__BALANCE", "0.25");
    let package = home.package();
    assert_snapshot!(home.run(&format!("buy {package} --yes")).failure(), @"");
    assert_eq!(home.json("order list")["orders"].as_array().unwrap().len(), 0);
}

#[test]
fn a_malformed_iccid() {
    let home = Home::new();
    assert_snapshot!(home.run("esim show 123456").failure(), @"");
    for line in ["usage 123", "esim qr 123", "topup packages 123", "topup buy 123 p --yes"] {
        assert_eq!(home.run(line).code, Some(2), "{line}");
    }
}

#[test]
fn an_unknown_esim() {
    let home = Home::new();
    assert_snapshot!(home.run("esim show 8988303000001234567").failure(), @"");
    for line in ["usage nobody", "esim qr nobody", "topup packages nobody", "topup buy nobody p --yes"] {
        assert_eq!(home.run(line).code, Some(3), "{line}");
    }
    nothing_was_bought(&home);
}

#[test]
fn an_esim_whose_usage_cannot_be_read() {
    let home = Home::new();
    let package = package_of(&home, "KE", "usage_readable", false);
    let bought = home.json(&format!("buy {package} --yes"));
    let esim = text(&bought["esims"][0]["id"]);
    let finished = home.run(&format!("usage {esim}"));
    assert_eq!(finished.code, Some(3), "{}", finished.stderr);
    assert!(finished.stderr.starts_with("error: sandbox "), "{}", finished.stderr);
}

#[test]
fn an_esim_that_cannot_be_topped_up() {
    let home = Home::new();
    let document = home.json("packages");
    let packages = document["packages"].as_array().unwrap();
    let talking =
        packages.iter().find(|package| package["voice_minutes"]["kind"] != "none").unwrap();
    let bought = home.json(&format!("buy {} --yes", text(&talking["id"])));
    let esim = text(&bought["esims"][0]["id"]);
    let before = home.json("balance");
    let top_up = home.package();
    assert_eq!(home.run(&format!("topup packages {esim}")).code, Some(3));
    let finished = home.run(&format!("topup buy {esim} {top_up} --yes"));
    assert_eq!(finished.code, Some(3), "{}", finished.stderr);
    assert_eq!(home.json("balance"), before);
}

#[test]
fn a_top_up_that_does_not_fit() {
    let home = Home::new();
    let esim = home.esim();
    let other = package_of(&home, "KE", "travel_date_required", false);
    let finished = home.run(&format!("topup buy {esim} {other} --yes"));
    assert_eq!(finished.code, Some(3), "{}", finished.stderr);
    assert_eq!(home.json("order list")["orders"].as_array().unwrap().len(), 1);
}

#[test]
fn the_same_key_with_another_package() {
    let home = Home::new();
    let package = home.package();
    let other = package_of(&home, "KE", "travel_date_required", false);
    home.json(&format!("buy {package} --key shop-10442 --yes"));
    let before = home.json("balance");
    let finished = home.run(&format!("buy {other} --key shop-10442 --yes"));
    assert_snapshot!(finished.failure(), @"");
    assert_eq!(home.json("balance"), before);
}

#[test]
fn a_wrong_token() {
    let sandbox = Sandbox::start();
    let home = sandbox.home().set("ROAMIFY__TOKEN", "not-the-token-at-all");
    let finished = home.run("balance");
    assert_snapshot!(finished.failure(), @"");
    assert!(!finished.stderr.contains("not-the-token"), "{}", finished.stderr);
}

#[test]
fn a_provider_that_is_down() {
    let mut sandbox = Sandbox::start();
    let home = sandbox.home();
    let package = home.package();
    sandbox.stop();
    let finished = home.run("balance");
    assert_eq!(finished.code, Some(5), "{}", finished.stderr);
    assert!(finished.stderr.starts_with("error: roamify could not be reached"), "{}", finished.stderr);
    let finished = home.run(&format!("buy {package} --yes"));
    assert_eq!(finished.code, Some(5), "{}", finished.stderr);
    assert_eq!(sandbox.charges().len(), 0);
}

#[test]
fn an_unknown_country_names_the_nearest() {
    let home = Home::new();
    assert_snapshot!(home.run("packages --country Frence").failure(), @"");
    assert_eq!(home.run("packages --country ZZ").code, Some(2));
}

#[test]
fn an_unknown_destination_names_the_nearest() {
    let home = Home::new();
    let finished = home.run("packages --destination Kenia");
    assert_snapshot!(finished.failure(), @"");
}

#[test]
fn an_unknown_setting_names_the_nearest() {
    let home = Home::new().set("PROVIDR", "sandbox");
    assert_snapshot!(home.run("balance").failure(), @"");
}

#[test]
fn an_unknown_provider_names_the_nearest() {
    let home = Home::new();
    assert_snapshot!(home.run("balance --provider roamfy").failure(), @"");
}

#[test]
fn no_terminal_to_ask_on() {
    let home = Home::new();
    let package = home.package();
    assert_snapshot!(home.run(&format!("buy {package}")).failure(), @"");
    nothing_was_bought(&home);
    assert_eq!(home.json("order list")["orders"].as_array().unwrap().len(), 0);
}

#[test]
fn an_unfinished_order_for_the_same_thing_is_never_bought_beside() {
    let sandbox = Sandbox::start();
    let home = sandbox.home();
    let package = home.package();
    let recorded = home.run(&format!("buy {package} --wait 0 --yes --json"));
    let first = text(&recorded.document()["order"]["id"]);
    let finished = home.run(&format!("buy {package} --yes"));
    assert!(finished.stderr.contains(&first), "{}", finished.stderr);
    assert_snapshot!(finished.failure(), @"");
    assert_eq!(sandbox.charges().len(), 0);

    let another = home.json(&format!("buy {package} --another --yes"));
    assert_ne!(text(&another["order"]["id"]), first);
    assert_eq!(sandbox.charges().len(), 1);
}

#[test]
fn an_unknown_order() {
    let home = Home::new();
    let finished = home.run("order show 018f0000-0000-7000-8000-000000000001");
    assert_snapshot!(finished.failure(), @"");
    assert_eq!(home.run("order resume 018f0000-0000-7000-8000-000000000001").code, Some(2));
    assert_eq!(home.run("order show not-an-id").code, Some(2));
}

#[test]
fn an_order_of_another_provider_is_left_alone() {
    let sandbox = Sandbox::start();
    let home = sandbox.home();
    let package = home.package();
    let recorded = home.run(&format!("buy {package} --wait 0 --yes --json"));
    let id = text(&recorded.document()["order"]["id"]);
    let finished = home.run(&format!("order resume {id} --provider sandbox"));
    assert_eq!(finished.code, Some(6), "{}", finished.stderr);
    assert_eq!(sandbox.world.calls(Operation::Order), 0);
}

#[test]
fn arguments_that_mean_nothing() {
    let home = Home::new();
    for line in [
        "",
        "fly",
        "packages --days 0",
        "packages --gb 0",
        "packages --gb x",
        "packages --gb 1 --unlimited",
        "packages --sort colour",
        "packages --limit 0",
        "buy",
        "buy p --start-date 2026-02-30",
        "buy p --max-price -1",
        "buy p --max-price cheap",
        "buy p --wait soon",
        "buy p --key one --another",
        "order list --state lost",
        "usage e --watch --json",
        "completions dos",
    ] {
        let finished = home.run(line);
        assert_eq!(finished.code, Some(2), "{line}: {}", finished.stderr);
        assert!(!finished.stderr.is_empty(), "{line}");
        assert_eq!(finished.stdout, "", "{line}");
    }
}
