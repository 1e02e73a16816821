//! A provider whose every text is hostile to a terminal: no command shows a control character.

mod proxy;

use roamport_bootstrap::terminal::is_control;
use roamport_sandbox::{Fault, Operation};

use self::proxy::{HOSTILE, INVISIBLE, Poisoned, Seen};
use crate::home::{Finished, Home, text};
use crate::sandbox::Sandbox;
use crate::two_providers::{ESIM_ACCESS, ROAMIFY};

/// Fields without which an answer of Roamify means something else.
const ROAMIFY_MEANING: [&str; 11] = [
    "activationCode",
    "currency",
    "dataUnit",
    "esimId",
    "iccid",
    "id",
    "lpaCode",
    "packageId",
    "referenceId",
    "smdpAddress",
    "status",
];

/// The same of eSIM Access.
const ESIM_ACCESS_MEANING: [&str; 11] = [
    "ac",
    "currencyCode",
    "durationUnit",
    "errorCode",
    "esimStatus",
    "esimTranNo",
    "iccid",
    "orderNo",
    "packageCode",
    "smdpStatus",
    "transactionId",
];

/// Fields that have to be seen, so that the walk is one.
const ROAMIFY_TEXTS: [&str; 9] = [
    "apnName",
    "apnPassword",
    "apnUsername",
    "message",
    "name",
    "notes",
    "pin",
    "puk",
    "region",
];
const ESIM_ACCESS_TEXTS: [&str; 8] = [
    "apn",
    "description",
    "errorMsg",
    "fupPolicy",
    "locationName",
    "name",
    "packageName",
    "pin",
];

fn home(sandbox: &Sandbox, provider: &str, poisoned: Poisoned, seen: &Seen) -> Home {
    let address = proxy::before(sandbox.base_url(), poisoned, seen);
    let home = sandbox.home().set("PROVIDER", provider);
    home.set("ROAMIFY__BASE_URL", &address)
        .set("ESIM_ACCESS__BASE_URL", &address)
        .set("RETRY__TRIES", "1")
        .set("CIRCUIT_BREAKER__FAILURES", "0")
        .set("ORDERS__LOOK_UP_WAITS", "50ms,10s")
        .set("ORDERS__PROFILE_WAITS", "50ms,10s")
}

/// Runs a command line with JSON and without, loudly, and finds both streams harmless.
fn run(home: &Home, line: &str) -> [Finished; 2] {
    ["--json -vvv", "-vvv"].map(|more| {
        let finished = home.run(&format!("{line} {more}"));
        for (stream, text) in [("stdout", &finished.stdout), ("stderr", &finished.stderr)] {
            let bad = text
                .chars()
                .find(|shown| is_control(*shown) && *shown != '\n');
            assert_eq!(bad, None, "{line} {more}, {stream}: {text:?}");
            let forged = text.lines().find(|line| line.starts_with("Total     0.00"));
            assert_eq!(forged, None, "{line} {more}, {stream}: {text}");
        }
        finished
    })
}

/// What was bought of the provider before it turned hostile.
struct Bought {
    package: String,
    esim: String,
}

fn bought(sandbox: &Sandbox, provider: &str) -> Bought {
    let clean = sandbox.home().set("PROVIDER", provider);
    let package = clean.package();
    let finished = clean.run(&format!("buy {package} --yes --json"));
    let esim = text(&finished.document()["esims"][0]["id"]);
    Bought { package, esim }
}

/// The commands that read.
fn reads(home: &Home, bought: &Bought) {
    for line in [
        "destinations",
        "packages --country FR --limit 2",
        "balance",
        "reconcile",
    ] {
        run(home, line);
    }
    for line in ["esim show", "usage", "topup packages"] {
        run(home, &format!("{line} {}", bought.esim));
    }
}

/// The commands about the orders of this home, at most so many.
fn orders(home: &Home, most: usize) {
    let [listed, _] = run(home, "order list");
    let listed = listed.document();
    for order in listed["orders"].as_array().unwrap().iter().take(most) {
        let order = text(&order["id"]);
        for line in ["order show", "order review", "order resume --wait 10ms"] {
            run(home, &format!("{line} {order}"));
        }
        run(
            home,
            &format!("esim cancel --order {order} --by ada --why w --yes"),
        );
    }
}

/// Every command that shows something of the provider.
fn every_text_is_hostile(provider: &str, meaning: &'static [&'static str], texts: &[&str]) {
    let sandbox = Sandbox::start();
    let seen = Seen::default();
    let home = home(&sandbox, provider, Poisoned::AllBut(meaning), &seen);
    let plain = bought(&sandbox, provider);
    let (package, esim) = (&plain.package, &plain.esim);

    // It goes through: nothing is refused for what a name looks like, and no value is lost.
    let [first, second] = run(&home, &format!("buy {package} --yes --another"));
    assert_eq!(
        (first.code, second.code),
        (Some(0), Some(0)),
        "{}",
        second.stderr
    );
    assert!(
        second.stdout.contains("\u{fffd}]0;owned"),
        "{}",
        second.stdout
    );
    let name = text(&first.document()["order"]["lines"][0]["name"]);
    assert!(name.ends_with(HOSTILE), "{name:?}");
    run(
        &home,
        &format!("topup buy {esim} {package} --yes --another --wait 1s"),
    );

    for fault in [
        Fault::StatusBeforeEffect {
            status: 400,
            body: None,
            retry_after: None,
        },
        Fault::FailureBodyWith200 {
            message: "no".to_owned(),
        },
    ] {
        for operation in [
            Operation::Order,
            Operation::Apply,
            Operation::Esim,
            Operation::Balance,
        ] {
            sandbox.fault(operation, fault.clone());
        }
        run(&home, "balance");
        run(&home, &format!("esim show {esim}"));
        run(
            &home,
            &format!("buy {package} --yes --another --wait 500ms"),
        );
    }
    reads(&home, &plain);
    orders(&home, 4);
    run(&home, &format!("esim qr {esim}"));
    for line in [
        "buy none --yes",
        "esim show none",
        "usage none",
        "topup packages none",
        "order resume --wait 10ms",
        "worker --once",
        "providers",
    ] {
        run(&home, line);
    }
    let seen = seen.lock().unwrap();
    for field in meaning.iter().chain(texts) {
        assert!(seen.contains(*field), "{provider}: {field} was never sent");
    }
}

#[test]
fn no_command_shows_a_control_character_of_roamify() {
    every_text_is_hostile(ROAMIFY, &ROAMIFY_MEANING, &ROAMIFY_TEXTS);
}

#[test]
fn no_command_shows_a_control_character_of_esim_access() {
    every_text_is_hostile(ESIM_ACCESS, &ESIM_ACCESS_MEANING, &ESIM_ACCESS_TEXTS);
}

/// One field at a time: the answer then means something else, or nothing.
fn every_field_is_hostile(provider: &str, meaning: &[&'static str]) {
    let sandbox = Sandbox::start();
    let plain = bought(&sandbox, provider);
    for field in meaning {
        for end in [HOSTILE, INVISIBLE] {
            let poisoned = Poisoned::Only(field, end);
            let home = home(&sandbox, provider, poisoned, &Seen::default());
            run(
                &home,
                &format!("buy {} --yes --another --wait 100ms", plain.package),
            );
            if end == HOSTILE {
                reads(&home, &plain);
            }
            orders(&home, 1);
        }
    }
}

#[test]
fn no_command_shows_a_control_character_in_an_id_or_a_state_of_roamify() {
    every_field_is_hostile(ROAMIFY, &ROAMIFY_MEANING);
}

#[test]
fn no_command_shows_a_control_character_in_an_id_or_a_state_of_esim_access() {
    every_field_is_hostile(ESIM_ACCESS, &ESIM_ACCESS_MEANING);
}
