//! The eight steps of the flow, as a person types them.

use roamport_sandbox::{Fault, Lasting, Operation};

use crate::home::{Home, text};
use crate::sandbox::Sandbox;

#[test]
fn a_clean_machine_finds_buys_watches_and_tops_up_an_esim() {
    let home = Home::new();
    let packages = home.run("packages --country France --sort price --limit 3");
    assert_eq!(packages.code, Some(0), "{}", packages.stderr);
    assert!(
        packages.stdout.starts_with("PACKAGE"),
        "{}",
        packages.stdout
    );

    let bought = home.run(&format!("buy {} --yes", home.package()));
    assert_eq!(bought.code, Some(0), "{}", bought.stderr);
    for part in [
        "fulfilled",
        "https://esimsetup.apple.com/",
        "https://esimsetup.android.com/",
        "▀",
    ] {
        assert!(bought.stdout.contains(part), "{part}: {}", bought.stdout);
    }

    let orders = home.json("order list");
    assert_eq!(orders["orders"][0]["state"], "fulfilled");
    let esim = text(&orders["orders"][0]["esims"][0]);

    let usage = home.run(&format!("usage {esim}"));
    assert_eq!(usage.code, Some(0), "{}", usage.stderr);
    assert!(
        usage.stdout.contains("% left · 1 GB of 1 GB"),
        "{}",
        usage.stdout
    );

    let top_ups = home.json(&format!(
        "topup packages {esim} --gb 3 --sort price --limit 1"
    ));
    let top_up = text(&top_ups["packages"][0]["id"]);
    let topped_up = home.run(&format!("topup buy {esim} {top_up} --yes"));
    assert_eq!(topped_up.code, Some(0), "{}", topped_up.stderr);

    let usage = home.run(&format!("usage {esim}"));
    assert!(
        usage.stdout.contains("of 4 GB") || usage.stdout.contains("of 3 GB"),
        "{}",
        usage.stdout
    );

    let balance = home.json("balance");
    let spent: Vec<&str> = orders["orders"][0]["total"]["amount"]
        .as_str()
        .into_iter()
        .collect();
    assert_eq!(spent.len(), 1);
    assert_ne!(balance["balance"]["amount"], "1000.00");
    assert_eq!(
        home.json("order list")["orders"].as_array().unwrap().len(),
        2
    );
}

#[test]
fn the_order_is_named_before_anything_is_bought() {
    let sandbox = Sandbox::start();
    let home = sandbox.home();
    let package = home.package();
    sandbox.fault_for_ever(Operation::Order, Fault::DropBeforeEffect);
    let finished = home.run(&format!(
        "buy {package} --key shop-10442 --wait 300ms --yes"
    ));
    assert_eq!(finished.code, Some(4), "{}", finished.stderr);
    assert!(
        finished.stderr.contains("Key        shop-10442"),
        "{}",
        finished.stderr
    );
    let recorded = finished.stderr.find("Reference  ").unwrap();
    let call = finished.stderr.find("purchase call 1").unwrap();
    assert!(recorded < call, "{}", finished.stderr);
}

#[test]
fn the_quote_shows_the_wallet_before_and_after() {
    let home = Home::new();
    let finished = home.run(&format!("buy {} --quantity 2 --yes", home.package()));
    assert!(
        finished.stderr.contains("Provider  sandbox"),
        "{}",
        finished.stderr
    );
    assert!(
        finished.stderr.contains("Wallet    1000.00 USD → 9"),
        "{}",
        finished.stderr
    );
    assert!(
        finished.stderr.contains("2 × esim-france"),
        "{}",
        finished.stderr
    );
}

#[test]
fn several_esims_come_with_a_code_each() {
    let home = Home::new();
    let document = home.json(&format!("buy {} --quantity 3 --yes", home.package()));
    let esims = document["esims"].as_array().unwrap();
    assert_eq!(esims.len(), 3);
    let mut codes: Vec<String> = esims.iter().map(|esim| text(&esim["lpa"])).collect();
    codes.dedup();
    assert_eq!(codes.len(), 3);
    assert!(
        codes
            .iter()
            .all(|code| code.starts_with("LPA:1$smdp.sandbox.invalid$")),
        "{codes:?}"
    );
}

#[test]
fn a_profile_that_takes_its_time_is_waited_for() {
    let sandbox = Sandbox::start();
    let home = sandbox.home();
    let package = home.package();
    sandbox.fault(
        Operation::Apply,
        Fault::PendingProfile {
            ms: Lasting::Milliseconds(150),
        },
    );
    let finished = home.run(&format!("buy {package} --yes"));
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert_eq!(
        finished.stdout.matches("Scan with the phone").count(),
        1,
        "{}",
        finished.stdout
    );
    assert_eq!(sandbox.charges().len(), 1);
}

#[test]
fn the_same_key_is_the_same_order() {
    let home = Home::new();
    let package = home.package();
    let line = format!("buy {package} --key once --yes");
    let (first, second) = (home.json(&line), home.json(&line));
    assert_eq!(first["order"]["id"], second["order"]["id"]);
    assert_eq!(
        (&first["continued"], &second["continued"]),
        (&false.into(), &true.into())
    );
    let third = home.run(&line);
    assert_eq!(third.code, Some(0), "{}", third.stderr);
    let said = third.stdout.lines().next().unwrap_or_default();
    assert!(
        said.starts_with("Already bought on 2") && said.ends_with("; nothing was bought now."),
        "{said}"
    );
    assert_eq!(
        home.json("order list")["orders"].as_array().unwrap().len(),
        1
    );
}

#[test]
fn an_order_that_is_only_recorded_buys_nothing_until_it_is_resumed() {
    let home = Home::new();
    let package = home.package();
    let recorded = home.run(&format!("buy {package} --wait 0 --yes --json"));
    assert_eq!(recorded.code, Some(0), "{}", recorded.stderr);
    assert_eq!(recorded.document()["order"]["state"], "requested");
    assert_eq!(recorded.document()["order"]["money_may_have_moved"], false);
    assert_eq!(home.json("balance")["balance"]["amount"], "1000.00");

    let id = text(&recorded.document()["order"]["id"]);
    let resumed = home.json(&format!("order resume {id}"));
    assert_eq!(resumed["order"]["state"], "fulfilled");
    assert_eq!(resumed["esims"].as_array().unwrap().len(), 1);
}

#[test]
fn resume_without_an_id_carries_on_everything_unfinished() {
    let home = Home::new();
    let package = home.package();
    for key in ["one", "two"] {
        home.run(&format!("buy {package} --key {key} --wait 0 --yes"));
    }
    let resumed = home.json("order resume");
    let orders = resumed["orders"].as_array().unwrap();
    assert_eq!(orders.len(), 2);
    assert!(
        orders
            .iter()
            .all(|outcome| outcome["order"]["state"] == "fulfilled"),
        "{resumed}"
    );
    assert_eq!(
        home.json("order resume")["orders"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
}

#[test]
fn an_esim_is_found_by_its_id_and_by_its_iccid() {
    let home = Home::new();
    let bought = home.buy();
    let (id, iccid) = (
        text(&bought["esims"][0]["id"]),
        text(&bought["esims"][0]["iccid"]),
    );
    let by_id = home.json(&format!("esim show {id}"));
    let by_iccid = home.json(&format!("esim show {iccid}"));
    assert_eq!(by_id["esim"]["lpa"], by_iccid["esim"]["lpa"]);
    assert_eq!(by_id["esim"]["lpa"], bought["esims"][0]["lpa"]);
}

#[test]
fn the_qr_code_goes_to_files_that_others_cannot_read() {
    let home = Home::new();
    let esim = home.esim();
    std::fs::write(home.path("code.png"), "something older").unwrap();
    let finished = home.run(&format!("esim qr {esim} --png code.png --svg code.svg"));
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert_eq!(finished.stdout, "");
    assert_eq!(finished.stderr, "replaced code.png\nwrote code.svg\n");
    let png = std::fs::read(home.path("code.png")).unwrap();
    assert!(png.starts_with(b"\x89PNG\r\n"));
    assert!(
        std::fs::read_to_string(home.path("code.svg"))
            .unwrap()
            .starts_with("<svg")
    );
    #[cfg(unix)]
    for file in ["code.png", "code.svg"] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(home.path(file))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[test]
fn a_picture_goes_to_no_link_no_device_and_no_standard_output() {
    let home = Home::new();
    let esim = home.esim();
    let dash = home.run(&format!("esim qr {esim} --png -"));
    assert_eq!(dash.code, Some(2), "{}", dash.stderr);
    assert!(
        dash.stderr.contains("not to standard output"),
        "{}",
        dash.stderr
    );
    assert!(!home.path("-").exists());

    std::fs::create_dir(home.path("folder")).unwrap();
    for path in ["folder", "nowhere/code.png"] {
        let refused = home.run(&format!("esim qr {esim} --png {path}"));
        assert_eq!(refused.code, Some(1), "{path}: {}", refused.stderr);
    }
    assert_eq!(std::fs::read_dir(home.path("folder")).unwrap().count(), 0);
}

#[cfg(unix)]
#[test]
fn a_picture_changes_neither_what_a_link_leads_to_nor_a_device() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let home = Home::new();
    let esim = home.esim();
    let target = home.path("target");
    std::fs::write(&target, "mine").unwrap();
    std::fs::set_permissions(&target, std::fs::Permissions::from_mode(0o644)).unwrap();
    symlink(&target, home.path("link.png")).unwrap();
    for path in ["link.png", "/dev/null"] {
        let refused = home.run(&format!("esim qr {esim} --png {path} --json"));
        assert_eq!(refused.code, Some(1), "{path}: {}", refused.stderr);
        assert_eq!(refused.error()["kind"], "file", "{path}");
    }
    assert_eq!(std::fs::read_to_string(&target).unwrap(), "mine");
    let mode = std::fs::metadata(&target).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
    assert!(
        std::fs::symlink_metadata(home.path("link.png"))
            .unwrap()
            .is_symlink()
    );
    let names = std::fs::read_dir(home.path("")).unwrap();
    let left = names.filter(|name| {
        let name = name.as_ref().unwrap().file_name();
        name.to_string_lossy().contains(".new")
    });
    assert_eq!(left.count(), 0, "no half file is left");
}

#[test]
fn a_journey_that_began_yesterday_is_bought_without_a_terminal_by_nobody() {
    let sandbox = Sandbox::start();
    let home = sandbox.home();
    let document = home.json("packages --country KE");
    let packages = document["packages"].as_array().unwrap();
    let dated = packages
        .iter()
        .find(|package| package["travel_date_required"] == true)
        .unwrap();
    let yesterday = sandbox.world.now().unwrap() - jiff::SignedDuration::from_hours(24);
    let yesterday = yesterday.to_zoned(jiff::tz::TimeZone::UTC).date();
    for flag in ["", "--yes"] {
        let refused = home.run(&format!(
            "buy {} --start-date {yesterday} {flag} --json",
            text(&dated["id"])
        ));
        assert_eq!(refused.code, Some(2), "{}", refused.stderr);
        let said = text(&refused.error()["message"]);
        assert!(said.contains("lies before today"), "{said}");
        assert_eq!(refused.error()["money_may_have_moved"], false);
    }
    assert!(sandbox.charges().is_empty());
    assert_eq!(
        home.json("order list")["orders"].as_array().unwrap().len(),
        0
    );
}

#[test]
fn a_travel_date_is_passed_on() {
    let home = Home::new();
    let document = home.json("packages --country KE");
    let packages = document["packages"].as_array().unwrap();
    let dated = packages
        .iter()
        .find(|package| package["travel_date_required"] == true)
        .unwrap();
    let bought = home.json(&format!(
        "buy {} --start-date 2099-01-15 --yes",
        text(&dated["id"])
    ));
    assert_eq!(bought["order"]["state"], "fulfilled");
    assert_eq!(bought["order"]["start_date"], "2099-01-15");
}

#[test]
fn destinations_are_searched_and_narrowed() {
    let home = Home::new();
    let found = home.json("destinations --search franc");
    assert_eq!(found["destinations"][0]["code"], "FR");
    let regional = home.json("destinations --geography regional");
    let kinds = regional["destinations"].as_array().unwrap();
    assert!(
        kinds
            .iter()
            .all(|destination| destination["geography"] == "regional"),
        "{regional}"
    );
}
