//! The second dialect over HTTP: a client for it, and what every test there needs.

mod auth;
mod bad_input;
mod faults;
mod forms;
mod lies;
mod lifecycle;
mod orders;
mod packages;
mod queries;

use jiff::SignedDuration;
use roamport_sandbox::Switches;
use roamport_sandbox::switches::EsimAccessSwitches;
use serde_json::{Value, json};

use crate::harness::*;

pub(crate) const DAILY: &str = "esim-japan-daily-1gb-all";
pub(crate) const DAILY_CUT: &str = "esim-japan-daily-2gb-cut-all";

pub(crate) async fn try_call(
    sandbox: &Sandbox,
    path: &str,
    body: &Value,
) -> reqwest::Result<Answer> {
    let url = sandbox.url(&format!("/api/v1/open{path}"));
    let request = sandbox.client.post(url).header("RT-AccessCode", TOKEN);
    answer(request.json(body)).await
}

pub(crate) async fn call(sandbox: &Sandbox, path: &str, body: Value) -> Answer {
    try_call(sandbox, path, &body).await.unwrap()
}

/// What an answer that went well holds.
#[track_caller]
pub(crate) fn obj(answer: &Answer) -> Value {
    let mut json = answer.json();
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(json["success"], true, "{answer:?}");
    assert_eq!(json["errorCode"], "0", "{answer:?}");
    json["obj"].take()
}

/// The code of an answer that says no.
#[track_caller]
pub(crate) fn code(answer: &Answer) -> String {
    let json = answer.json();
    assert_eq!(json["success"], false, "{answer:?}");
    assert_eq!(json["obj"], Value::Null, "{answer:?}");
    text(&json["errorCode"]).to_owned()
}

pub(crate) async fn code_of(sandbox: &Sandbox, path: &str, body: Value) -> String {
    code(&call(sandbox, path, body).await)
}

/// A price of the catalogue in ten-thousandths of a dollar.
pub(crate) fn price(sandbox: &Sandbox, package: &str) -> i64 {
    let package = sandbox.world.catalogue().find(package).unwrap();
    let units = package.price * rust_decimal::Decimal::from(10_000);
    assert!(units.is_integer(), "{}", package.price);
    units.normalize().to_string().parse().unwrap()
}

pub(crate) fn an_order(package: &str, count: u64, reference: &str) -> Value {
    json!({
        "transactionId": reference,
        "packageInfoList": [{ "packageCode": package, "count": count }],
    })
}

pub(crate) fn pager() -> Value {
    json!({ "pageNum": 1, "pageSize": 50 })
}

/// Lets allocations come to their end.
pub(crate) fn allocated(sandbox: &Sandbox) {
    sandbox.world.advance(SignedDuration::from_secs(1)).unwrap();
}

/// Orders, waits for the profiles, and gives the order's number and the eSIMs.
pub(crate) async fn bought(
    sandbox: &Sandbox,
    package: &str,
    count: u64,
    reference: &str,
) -> (String, Vec<Value>) {
    let ordered = obj(&call(sandbox, "/esim/order", an_order(package, count, reference)).await);
    let order = text(&ordered["orderNo"]).to_owned();
    allocated(sandbox);
    let found = query(sandbox, json!({ "orderNo": order })).await;
    (order, found["esimList"].as_array().unwrap().clone())
}

/// One eSIM of a fixed package, and its number.
pub(crate) async fn one(sandbox: &Sandbox, reference: &str) -> String {
    let (_, esims) = bought(sandbox, PORTUGAL_3GB, 1, reference).await;
    text(&esims[0]["esimTranNo"]).to_owned()
}

pub(crate) async fn query(sandbox: &Sandbox, mut by: Value) -> Value {
    by["pager"] = pager();
    obj(&call(sandbox, "/esim/query", by).await)
}

/// The eSIM of this number as the provider tells it.
pub(crate) async fn read(sandbox: &Sandbox, number: &str) -> Value {
    let mut found = query(sandbox, json!({ "esimTranNo": number })).await;
    let list = found["esimList"].as_array_mut().unwrap();
    assert_eq!(list.len(), 1, "{list:?}");
    list.remove(0)
}

pub(crate) fn with(change: impl FnOnce(&mut EsimAccessSwitches)) -> Switches {
    let mut switches = Switches::default();
    change(&mut switches.esim_access);
    switches
}
