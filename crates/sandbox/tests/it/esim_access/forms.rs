//! Every sample of `fixtures/esim-access` is answered in its form.

use roamport_sandbox::switches::SuccessCode;
use roamport_sandbox::{Fault, Operation, Rule};
use serde_json::{Value, json};

use super::*;
use crate::shape::{same_form, sample};

const FOLDER: &str = "esim-access";

#[track_caller]
fn check(answer: &Answer, name: &str) {
    assert_eq!(answer.status, 200);
    same_form(&answer.json(), FOLDER, name);
}

/// The states of the first eSIM of a query.
fn states(found: &Value) -> (String, String) {
    let esim = &found["obj"]["esimList"][0];
    let state = |name| text(&esim[name]).to_owned();
    (state("esimStatus"), state("smdpStatus"))
}

/// Queries an eSIM and compares form and states with a sample.
async fn check_esim(sandbox: &Sandbox, number: &str, name: &str) {
    let by = json!({ "esimTranNo": number, "pager": pager() });
    let found = call(sandbox, "/esim/query", by).await;
    check(&found, name);
    assert_eq!(
        states(&found.json()),
        states(&sample(FOLDER, name)),
        "{name}"
    );
}

#[tokio::test]
async fn the_catalogue_has_the_documented_form() {
    let sandbox = Sandbox::small().await;
    let request = sample(FOLDER, "post-package-list.request");
    check(
        &call(&sandbox, "/package/list", request).await,
        "post-package-list",
    );
    let number = one(&sandbox, "ref-1").await;
    let mut request = sample(FOLDER, "post-package-list.topup.request");
    request["iccid"] = read(&sandbox, &number).await["iccid"].clone();
    check(
        &call(&sandbox, "/package/list", request).await,
        "post-package-list.topup",
    );
    check(
        &call(&sandbox, "/location/list", json!({})).await,
        "post-location-list",
    );
}

#[tokio::test]
async fn orders_have_the_documented_form() {
    let sandbox = Sandbox::small().await;
    let mut request = sample(FOLDER, "post-esim-order.request");
    request["packageInfoList"][0]["packageCode"] = PORTUGAL_3GB.into();
    request["packageInfoList"][0]["price"] = price(&sandbox, PORTUGAL_3GB).into();
    request["amount"] = (2 * price(&sandbox, PORTUGAL_3GB)).into();
    let ordered = call(&sandbox, "/esim/order", request).await;
    check(&ordered, "post-esim-order");
    let mut daily = sample(FOLDER, "post-esim-order.daily.request");
    daily["packageInfoList"][0]["packageCode"] = DAILY.into();
    daily["packageInfoList"][0]["price"] = price(&sandbox, DAILY).into();
    daily["amount"] = (7 * price(&sandbox, DAILY)).into();
    check(
        &call(&sandbox, "/esim/order", daily).await,
        "post-esim-order",
    );
    let mut by = sample(FOLDER, "post-esim-query.request");
    by["orderNo"] = ordered.json()["obj"]["orderNo"].clone();
    check(
        &call(&sandbox, "/esim/query", by.clone()).await,
        "post-esim-query.allocating-200010",
    );
    allocated(&sandbox);
    let found = call(&sandbox, "/esim/query", by).await;
    check(&found, "post-esim-query");
    assert_eq!(
        states(&found.json()),
        states(&sample(FOLDER, "post-esim-query"))
    );
    let nobody = json!({ "esimTranNo": "26112009140012", "pager": pager() });
    check(
        &call(&sandbox, "/esim/query", nobody).await,
        "post-esim-query.empty.assumed",
    );
}

#[tokio::test]
async fn every_stage_of_an_esim_has_the_documented_form_and_states() {
    let sandbox = Sandbox::small().await;
    let world = &sandbox.world;
    let number = one(&sandbox, "ref-1").await;
    world.use_data(&number, 1_258_291).unwrap();
    check_esim(&sandbox, &number, "post-esim-query.in-use").await;
    let mut request = sample(FOLDER, "post-esim-topup.request");
    request["esimTranNo"] = number.as_str().into();
    request["packageCode"] = format!("TOPUP_{PORTUGAL_1GB}").into();
    request["amount"] = price(&sandbox, PORTUGAL_1GB).into();
    check(
        &call(&sandbox, "/esim/topup", request).await,
        "post-esim-topup",
    );
    check_esim(&sandbox, &number, "post-esim-query.topped-up.assumed").await;
    let key = json!({ "esimTranNo": number });
    obj(&call(&sandbox, "/esim/suspend", key.clone()).await);
    check_esim(&sandbox, &number, "post-esim-query.suspended.assumed").await;
    obj(&call(&sandbox, "/esim/unsuspend", key).await);
    world.use_data(&number, u64::MAX).unwrap();
    world.delete(&number).unwrap();
    check_esim(&sandbox, &number, "post-esim-query.used-up-deleted").await;

    let other = one(&sandbox, "ref-2").await;
    let mut cancel = sample(FOLDER, "post-esim-cancel.request");
    cancel["esimTranNo"] = other.as_str().into();
    check(
        &call(&sandbox, "/esim/cancel", cancel.clone()).await,
        "post-esim-cancel",
    );
    check_esim(&sandbox, &other, "post-esim-query.cancelled").await;
    check(
        &call(&sandbox, "/esim/cancel", cancel).await,
        "post-esim-cancel.not-allowed",
    );
    let third = one(&sandbox, "ref-3").await;
    world.expire(&third).unwrap();
    check_esim(&sandbox, &third, "post-esim-query.unused-expired").await;

    let mut usage = sample(FOLDER, "post-esim-usage-query.request");
    usage["esimTranNoList"] = json!([number, other]);
    check(
        &call(&sandbox, "/esim/usage/query", usage).await,
        "post-esim-usage-query",
    );
    check(
        &call(&sandbox, "/balance/query", json!({})).await,
        "post-balance-query",
    );
}

#[tokio::test]
async fn every_failure_has_the_documented_form_and_code() {
    let sandbox = Sandbox::small().await;
    let world = &sandbox.world;
    let path = "/esim/order";
    let order = |change: fn(&mut Value)| {
        let mut order = an_order(PORTUGAL_3GB, 1, "ref");
        change(&mut order);
        order
    };
    let fails = async |name: &str, path: &str, body: Value| {
        let answer = call(&sandbox, path, body).await;
        check(&answer, name);
        assert_eq!(code(&answer), name.trim_start_matches("error."));
    };
    let fault = |what| world.add_fault(Rule::new(Operation::Order, what)).unwrap();
    let busy = |code: &str| Fault::StatusBeforeEffect {
        status: 200,
        body: Some(sample(FOLDER, &format!("error.{code}")).to_string()),
        retry_after: None,
    };

    fault(Fault::FailureBodyWith200 {
        message: "server error".to_owned(),
    });
    fails("error.000001", path, order(|_| ())).await;
    fault(busy("900001"));
    fails("error.900001", path, order(|_| ())).await;
    fault(Fault::OutOfStock);
    fails("error.200011", path, order(|_| ())).await;
    fails(
        "error.000105",
        path,
        order(|order| order["transactionId"] = "".into()),
    )
    .await;
    fails(
        "error.200005",
        path,
        order(|order| order["packageInfoList"][0]["price"] = 1.into()),
    )
    .await;
    fails(
        "error.200006",
        path,
        order(|order| order["amount"] = 1.into()),
    )
    .await;
    fails(
        "error.310241",
        path,
        order(|order| order["packageInfoList"][0]["packageCode"] = "PINV01ES3".into()),
    )
    .await;
    world.set_balance(rust_decimal::Decimal::ONE).unwrap();
    fails("error.200007", path, order(|_| ())).await;
    assert!(world.ledger().unwrap().is_empty(), "no failure charged");

    world
        .set_balance(rust_decimal::Decimal::ONE_HUNDRED)
        .unwrap();
    let by = json!({ "orderNo": "B26112009140001", "pager": pager() });
    fails("error.310272", "/esim/query", by).await;
    let (order, _) = bought(&sandbox, PORTUGAL_3GB, 1, "ref-1").await;
    let by = json!({ "orderNo": order, "iccid": "8999900000005200015", "pager": pager() });
    fails("error.310403", "/esim/query", by).await;

    let url = sandbox.url("/api/v1/open/balance/query");
    let bare = answer(sandbox.client.post(url).json(&json!({}))).await;
    let bare = bare.unwrap();
    check(&bare, "error.000101");
    assert_eq!(code(&bare), "000101");
    world
        .set_switches(with(|switches| switches.address_blocked = true))
        .unwrap();
    fails("error.101002", "/balance/query", json!({})).await;
}

#[tokio::test]
async fn the_envelope_comes_in_every_spelling_it_was_seen_in() {
    let sandbox = Sandbox::small().await;
    let switches = with(|switches| switches.success_code = SuccessCode::Null);
    sandbox.world.set_switches(switches).unwrap();
    check(
        &call(&sandbox, "/balance/query", json!({})).await,
        "ok.error-code-null",
    );
    let switches = with(|switches| {
        switches.success_as_text = true;
        switches.success_code = SuccessCode::Number;
        switches.error_message = true;
    });
    sandbox.world.set_switches(switches).unwrap();
    let odd = call(&sandbox, "/esim/order", an_order(PORTUGAL_3GB, 1, "ref")).await;
    check(&odd, "ok.string-true-errormessage.assumed");
    assert_eq!(odd.json()["success"], "true");
    let switches = with(|switches| switches.success_code = SuccessCode::Missing);
    sandbox.world.set_switches(switches).unwrap();
    let bare = call(&sandbox, "/balance/query", json!({})).await.json();
    assert_eq!(bare.get("errorCode"), None);
}

#[test]
fn no_sample_is_left_out() {
    let tests = [
        include_str!("forms.rs"),
        include_str!("auth.rs"),
        include_str!("../events.rs"),
    ];
    let folder = format!("{}/../../fixtures/{FOLDER}", env!("CARGO_MANIFEST_DIR"));
    let mut samples = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(name) = name.strip_suffix(".json") else {
            continue;
        };
        let quoted = format!("\"{name}\"");
        assert!(
            tests.iter().any(|test| test.contains(&quoted)),
            "no test compares with {name}"
        );
        samples += 1;
    }
    assert!(samples > 40, "{samples}");
}
