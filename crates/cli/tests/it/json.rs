//! `--json`: one document on standard output, errors as one object on standard error.

use serde_json::Value;

use crate::home::{Home, text};

fn keys(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[test]
fn every_command_prints_one_document() {
    let home = Home::new();
    let bought = home.buy();
    let esim = text(&bought["esims"][0]["id"]);
    let order = text(&bought["order"]["id"]);
    let top_ups = home.json(&format!("topup packages {esim} --limit 1"));
    let top_up = text(&top_ups["packages"][0]["id"]);
    for (line, expected) in [
        ("destinations".to_owned(), vec!["destinations"]),
        ("packages --country FR".to_owned(), vec!["packages"]),
        ("order list".to_owned(), vec!["orders"]),
        (format!("order show {order}"), vec!["order"]),
        (format!("order resume {order}"), vec!["esims", "order"]),
        (
            format!("order review {order}"),
            vec!["choices", "history", "look_ups", "order", "provider_orders"],
        ),
        (
            "reconcile".to_owned(),
            vec![
                "at",
                "base_url",
                "clean",
                "findings",
                "list",
                "on_their_way",
                "ours",
                "provider",
                "since",
                "unproven",
                "wallet",
            ],
        ),
        ("order resume".to_owned(), vec!["orders"]),
        (format!("esim show {esim}"), vec!["esim", "live"]),
        (format!("esim qr {esim}"), vec!["esim", "live"]),
        (
            format!("esim qr {esim} --png a.png"),
            vec!["esim", "files", "live"],
        ),
        (format!("usage {esim}"), vec!["usage"]),
        (format!("topup packages {esim}"), vec!["packages"]),
        (
            format!("topup buy {esim} {top_up} --yes"),
            vec!["continued", "esims", "order"],
        ),
        ("balance".to_owned(), vec!["balance", "provider"]),
        ("config show".to_owned(), vec!["settings"]),
        ("providers".to_owned(), vec!["providers"]),
        ("completions zsh".to_owned(), vec!["script", "shell"]),
    ] {
        let document = home.json(&line);
        let mut found = keys(&document);
        found.sort_unstable();
        assert_eq!(found, expected, "{line}");
    }
}

#[test]
fn money_is_text_data_is_bytes_and_moments_are_rfc_3339() {
    let home = Home::new();
    let packages = home.json("packages --country FR --gb 1 --limit 1");
    let package = &packages["packages"][0];
    assert_eq!(package["price"]["currency"], "USD");
    assert!(text(&package["price"]["amount"]).contains('.'));
    assert_eq!(package["data"]["bytes"], 1_u64 << 30);
    let bought = home.buy();
    let requested_at = text(&bought["order"]["requested_at"]);
    assert!(
        requested_at.parse::<jiff::Timestamp>().is_ok(),
        "{requested_at}"
    );
    let esim = text(&bought["esims"][0]["id"]);
    let usage = home.json(&format!("usage {esim}"));
    assert_eq!(usage["usage"]["data"]["allowed_bytes"], 1_u64 << 30);
    assert_eq!(usage["usage"]["data"]["remaining_basis_points"], 10_000);
}

#[test]
fn an_order_names_each_esim_and_its_state() {
    let home = Home::new();
    let bought = home.buy();
    let order = text(&bought["order"]["id"]);
    let shown = home.json(&format!("order show {order}"));
    assert_eq!(shown["order"]["items"][0]["esim"], bought["esims"][0]["id"]);
    assert_eq!(shown["order"]["esims"][0], bought["esims"][0]["id"]);
    assert_eq!(shown["order"]["items"][0]["state"], "ready");
    assert_eq!(shown["order"]["attempts"][0]["state"], "placed");
    for part in ["lpa", "matching_id", "LPA:1$"] {
        assert!(
            !shown.to_string().contains(part),
            "an order shows activation data: {part}"
        );
    }
}

#[test]
fn standard_error_holds_json_lines() {
    let home = Home::new();
    let package = home.package();
    let finished = home.run(&format!("buy {package} --yes --json"));
    let lines: Vec<Value> = finished
        .stderr
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 1, "{}", finished.stderr);
    assert_eq!(keys(&lines[0]["recorded"]), ["key", "order", "reference"]);
}

#[test]
fn an_error_is_one_object_with_its_exit_code() {
    let home = Home::new();
    for (line, kind, code) in [
        ("packages --country Frence", "unknown_country", 2),
        ("buy esim-atlantis --yes", "unknown_package", 3),
        ("buy p --quantity 0", "usage", 2),
        ("esim show 8912", "usage", 2),
        ("fly", "usage", 2),
        ("balance --provider roamfy", "settings", 6),
    ] {
        let finished = home.run(&format!("{line} --json"));
        assert_eq!(finished.code, Some(code), "{line}: {}", finished.stderr);
        assert_eq!(finished.stdout, "", "{line}");
        assert_eq!(
            finished.stderr.lines().count(),
            1,
            "{line}: {}",
            finished.stderr
        );
        let error = finished.error();
        assert_eq!(error["kind"], kind, "{line}");
        assert_eq!(error["exit_code"], code, "{line}");
        assert!(!text(&error["message"]).is_empty(), "{line}");
    }
}

#[test]
fn the_settings_are_shown_with_their_origins_and_no_secret() {
    let home = Home::new().set("ROAMIFY__TOKEN", "a-secret-nobody-sees");
    let finished = home.run("config show --provider sandbox --json");
    assert!(
        !finished.stdout.contains("nobody-sees"),
        "{}",
        finished.stdout
    );
    let document = finished.document();
    let settings = document["settings"].as_array().unwrap();
    let of = |key: &str| {
        settings
            .iter()
            .find(|setting| setting["key"] == key)
            .unwrap()
            .clone()
    };
    assert_eq!(of("provider")["origin"], "--provider");
    assert_eq!(
        of("sandbox.packages")["origin"],
        "ROAMPORT__SANDBOX__PACKAGES"
    );
    assert_eq!(of("sandbox.seed")["origin"], "default");
    assert_eq!(of("roamify.token")["origin"], "ROAMPORT__ROAMIFY__TOKEN");
}
