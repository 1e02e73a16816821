//! Bad input: a sentence that says what to do, the right exit code, nothing bought.

use insta::assert_snapshot;
use roamport_sandbox::Operation;

use crate::home::{Home, text};
use crate::sandbox::Sandbox;

fn package_of(home: &Home, country: &str, flag: &str, wanted: bool) -> String {
    let document = home.json(&format!("packages --country {country}"));
    let packages = document["packages"].as_array().unwrap();
    text(
        &packages
            .iter()
            .find(|package| package[flag] == wanted)
            .unwrap()["id"],
    )
}

fn nothing_was_bought(home: &Home) {
    assert_eq!(home.json("balance")["balance"]["amount"], "1000.00");
}

#[test]
fn an_unknown_package() {
    let home = Home::new();
    assert_snapshot!(home.run("buy esim-atlantis-7days-1gb-all --yes").failure(), @"
    exit 3
    error: sandbox sells no package `esim-atlantis-7days-1gb-all`; list what there is and take an id from there
    hint: `roamport packages --country FR` lists packages with their ids
    ");
    nothing_was_bought(&home);
}

#[test]
fn a_package_that_needs_a_travel_date_without_one() {
    let home = Home::new();
    let package = package_of(&home, "KE", "travel_date_required", true);
    assert_snapshot!(home.run(&format!("buy {package} --yes")).failure(), @"
    exit 3
    error: package `esim-kenya-7days-ungb-all` needs the date of travel; give the day the journey starts
    hint: add --start-date YYYY-MM-DD with the day the journey starts
    ");
    nothing_was_bought(&home);
}

#[test]
fn quantity_zero_is_a_mistake_of_the_command_line() {
    let home = Home::new();
    assert_snapshot!(home.run("buy esim-x --quantity 0 --yes").failure(), @"
    exit 2
    error: invalid value '0' for '--quantity <N>': the quantity is at least 1

    For more information, try '--help'.
    ");
}

#[test]
fn a_quantity_above_the_limit_is_refused() {
    let home = Home::new();
    let package = home.package();
    assert_snapshot!(home.run(&format!("buy {package} --quantity 11 --yes")).failure(), @r#"
    exit 3
    error: order [id] ended: the provider refused it: sandbox refused (place_order): HTTP 400: "items" must order at most 10 eSIMs in total; nothing was bought; no money has moved
    "#);
    nothing_was_bought(&home);
}

#[test]
fn a_price_above_the_maximum() {
    let home = Home::new();
    let package = home.package();
    let finished = home.run(&format!(
        "buy {package} --quantity 2 --max-price 0.50 --yes"
    ));
    assert_snapshot!(finished.failure(), @"
    exit 3
    error: it costs 4.30 USD, which is above the maximum of 0.50 USD; nothing was bought
    hint: raise --max-price, or choose a cheaper package
    ");
    nothing_was_bought(&home);
}

#[test]
fn a_wallet_that_is_too_small_says_how_much_is_missing() {
    let home = Home::new().set("SANDBOX__BALANCE", "0.25");
    let package = home.package();
    assert_snapshot!(home.run(&format!("buy {package} --yes")).failure(), @"
    exit 3
    error: it costs 2.15 USD and the wallet at sandbox holds 0.25 USD: 1.90 USD is missing; add funds, then try again
    hint: `roamport balance` shows the wallet
    ");
    assert_eq!(
        home.json("order list")["orders"].as_array().unwrap().len(),
        0
    );
}

#[test]
fn a_malformed_iccid() {
    let home = Home::new();
    assert_snapshot!(home.run("esim show 898830").failure(), @"
    exit 2
    error: invalid value '898830' for '<ESIM>': an ICCID has 16 to 22 digits, as in 8988303000001234567; this has 6

    For more information, try '--help'.
    ");
    for line in [
        "usage 89123",
        "esim qr 89123",
        "topup packages 89123",
        "topup buy 89123 p --yes",
    ] {
        assert_eq!(home.run(line).code, Some(2), "{line}");
    }
}

#[test]
fn an_unknown_esim() {
    let home = Home::new();
    assert_snapshot!(home.run("esim show 8988303000001234567").failure(), @"
    exit 3
    error: sandbox knows no such thing (esim): HTTP 404: eSIM not found
    hint: check the eSIM id or ICCID; `roamport order list` shows the eSIMs bought here
    ");
    for line in [
        "usage nobody",
        "esim qr nobody",
        "topup packages nobody",
        "topup buy nobody p --yes",
    ] {
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
    assert!(
        finished.stderr.starts_with("error: sandbox "),
        "{}",
        finished.stderr
    );
}

#[test]
fn an_esim_that_cannot_be_topped_up() {
    let home = Home::new();
    let document = home.json("packages");
    let packages = document["packages"].as_array().unwrap();
    let talking = packages
        .iter()
        .find(|package| package["voice_minutes"]["kind"] != "none")
        .unwrap();
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
    assert_eq!(
        home.json("order list")["orders"].as_array().unwrap().len(),
        1
    );
}

#[test]
fn the_same_key_with_another_package() {
    let home = Home::new();
    let package = home.package();
    let other = package_of(&home, "KE", "travel_date_required", false);
    home.json(&format!("buy {package} --key shop-10442 --yes"));
    let before = home.json("balance");
    let finished = home.run(&format!("buy {other} --key shop-10442 --yes"));
    assert_snapshot!(finished.failure(), @"
    exit 2
    error: the key `shop-10442` already names order [id], which is for something else; use another key
    hint: `roamport order show [id]` shows what the key is for
    ");
    assert_eq!(home.json("balance"), before);
}

#[test]
fn a_wrong_token() {
    let sandbox = Sandbox::start();
    let home = sandbox.home().set("ROAMIFY__TOKEN", "not-the-token-at-all");
    let finished = home.run("balance");
    assert_snapshot!(finished.failure(), @"
    exit 6
    error: roamify does not let us in (balance): HTTP 401: Unauthorized; check that the token belongs to this base URL and may do this
    hint: check address and credentials in the settings; `roamport config show` tells where they come from
    ");
    assert!(
        !finished.stderr.contains("not-the-token"),
        "{}",
        finished.stderr
    );
}

#[test]
fn a_provider_that_is_down() {
    let mut sandbox = Sandbox::start();
    let home = sandbox.home();
    let package = home.package();
    sandbox.stop();
    let finished = home.run("balance");
    assert_eq!(finished.code, Some(5), "{}", finished.stderr);
    assert!(
        finished
            .stderr
            .starts_with("error: roamify could not be reached"),
        "{}",
        finished.stderr
    );
    let finished = home.run(&format!("buy {package} --yes"));
    assert_eq!(finished.code, Some(5), "{}", finished.stderr);
    assert_eq!(sandbox.charges().len(), 0);
}

#[test]
fn an_unknown_country_names_the_nearest() {
    let home = Home::new();
    assert_snapshot!(home.run("packages --country Frence").failure(), @"
    exit 2
    error: there is no country `Frence`; did you mean France (FR)?
    hint: give an ISO 3166-1 code such as FR, or an English name such as France
    ");
    assert_eq!(home.run("packages --country ZZ").code, Some(2));
}

#[test]
fn an_unknown_destination_names_the_nearest() {
    let home = Home::new();
    let finished = home.run("packages --destination Kenia");
    assert_snapshot!(finished.failure(), @"
    exit 2
    error: sandbox has no destination `Kenia`; did you mean Kenya?
    hint: `roamport destinations` lists those there are
    ");
}

#[test]
fn an_unknown_setting_names_the_nearest() {
    let home = Home::new().set("PROVIDR", "sandbox");
    assert_snapshot!(home.run("balance").failure(), @"
    exit 6
    error: unknown setting `ROAMPORT__PROVIDR` in the environment: did you mean `ROAMPORT__PROVIDER`?
    ");
}

#[test]
fn an_unknown_setting_in_a_file_names_its_line_and_the_nearest() {
    let home = Home::new();
    std::fs::write(home.path("mine.toml"), "[sandbox]\npakages = 10\n").unwrap();
    let finished = home.run("balance --config mine.toml");
    assert_eq!(finished.code, Some(6), "{}", finished.stderr);
    assert!(
        finished
            .stderr
            .contains("`sandbox.pakages` in mine.toml, line 2"),
        "{}",
        finished.stderr
    );
    assert!(
        finished.stderr.contains("`sandbox.packages`"),
        "{}",
        finished.stderr
    );
    assert_eq!(
        home.run("balance --config there-is-none.toml").code,
        Some(6)
    );
}

#[test]
fn an_unknown_provider_names_the_nearest() {
    let home = Home::new();
    assert_snapshot!(home.run("balance --provider roamfy").failure(), @"
    exit 6
    error: unknown provider `roamfy` given with --provider: did you mean `roamify`?
    hint: `roamport config show` lists every setting with its value and origin
    ");
}

#[test]
fn no_terminal_to_ask_on() {
    let home = Home::new();
    let package = home.package();
    assert_snapshot!(home.run(&format!("buy {package}")).failure(), @"
    exit 2
    error: there is no terminal to ask on, so nothing was bought
    hint: add --yes to buy without being asked
    ");
    nothing_was_bought(&home);
    assert_eq!(
        home.json("order list")["orders"].as_array().unwrap().len(),
        0
    );
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
    assert_snapshot!(finished.failure(), @"
    exit 4
    error: order [id] for the same thing is unfinished (requested); nothing was bought
    hint: carry it on with `roamport order resume [id]`, or buy beside it with --another
    ");
    assert_eq!(sandbox.charges().len(), 0);

    let another = home.json(&format!("buy {package} --another --yes"));
    assert_ne!(text(&another["order"]["id"]), first);
    assert_eq!(sandbox.charges().len(), 1);
}

#[test]
fn an_unknown_order() {
    let home = Home::new();
    let finished = home.run("order show 018f0000-0000-7000-8000-000000000001");
    assert_snapshot!(finished.failure(), @"
    exit 2
    error: there is no order [id]
    hint: `roamport order list` shows those there are
    ");
    assert_eq!(
        home.run("order resume 018f0000-0000-7000-8000-000000000001")
            .code,
        Some(2)
    );
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
