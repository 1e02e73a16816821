//! Every documented answer has the fields and types of its sample in `fixtures/roamify`.

use roamport_sandbox::switches::{Switches, UsageUnit};
use serde_json::{Value, json};

use crate::harness::*;
use crate::shape::{Shape, same_form, sample};

fn fixture(name: &str) -> Value {
    sample("roamify", name)
}

#[track_caller]
fn check(answer: &Answer, name: &str) {
    same_form(&answer.json(), "roamify", name);
}

#[test]
fn the_comparison_sees_what_is_missing_what_is_new_and_what_changed() {
    let shape = |value: Value| Shape::of(&value);
    let sample = shape(json!({ "a": 1, "b": [{ "c": "x" }, { "d": true }], "e": [] }));
    let mut found = Vec::new();
    shape(json!({ "a": "1", "b": [{ "c": "x", "z": 1 }], "e": [1] }))
        .differences(&sample, "$", &mut found);
    assert_eq!(found.len(), 3, "{found:?}");
}

#[tokio::test]
async fn catalogue_answers_have_the_documented_form() {
    let sandbox = Sandbox::small().await;
    check(
        &sandbox.get("/api/esim/countries").await,
        "get-esim-countries",
    );
    check(
        &sandbox.get("/api/esim/packages?pageSize=100").await,
        "get-esim-packages",
    );
    check(
        &sandbox.get("/api/esim/packages?page=9").await,
        "get-esim-packages.empty-page",
    );
    let switches = Switches {
        country_geography: false,
        ..Switches::default()
    };
    sandbox.world.set_switches(switches).unwrap();
    check(
        &sandbox.get("/api/esim/countries").await,
        "get-esim-countries.without-geography",
    );
}

#[tokio::test]
async fn order_answers_have_the_documented_form() {
    let sandbox = Sandbox::small().await;
    let created = sandbox
        .post("/api/esim/order", order(PORTUGAL_3GB, 2, "shop-10442"))
        .await;
    check(&created, "post-esim-order");
    let id = created.data()["id"].clone();
    check(
        &sandbox
            .get(&format!("/api/esim/order?orderId={}", text(&id)))
            .await,
        "get-esim-order",
    );
    check(
        &sandbox.get("/api/esim/order?referenceId=shop-10442").await,
        "get-esim-order",
    );
    let instant = sandbox
        .post(
            "/api/esim/order/instant",
            order(PORTUGAL_3GB, 1, "shop-10443"),
        )
        .await;
    check(&instant, "post-esim-order-instant");
    let anonymous = json!({ "items": [{ "packageId": PORTUGAL_1GB, "quantity": 1 }] });
    sandbox.post("/api/esim/order", anonymous).await.data();
    check(&sandbox.get("/api/esim/orders").await, "get-esim-orders");
}

#[tokio::test]
async fn esim_answers_have_the_documented_form() {
    let sandbox = Sandbox::small().await;
    let bought = sandbox.order(PORTUGAL_3GB, "shop-10442").await;
    let id = text(&bought["items"][0]["esimId"]);
    let by_id = format!("/api/esim?esimId={id}");
    check(
        &sandbox.get(&by_id).await,
        "get-esim.not-yet-applied.assumed",
    );
    check(
        &sandbox
            .post("/api/esim/apply", json!({ "esimId": id }))
            .await,
        "post-esim-apply.by-esimId",
    );
    let by_reference = json!({ "referenceId": "shop-10442" });
    check(
        &sandbox.post("/api/esim/apply", by_reference).await,
        "post-esim-apply.by-referenceId",
    );
    let esim = sandbox.get(&by_id).await;
    check(&esim, "get-esim.by-esimId");
    let iccid = esim.data()["iccid"].clone();
    check(
        &sandbox
            .get(&format!("/api/esim?iccid={}", text(&iccid)))
            .await,
        "get-esim.by-iccid",
    );
    check(&sandbox.get("/api/esims").await, "get-esims");
}

#[tokio::test]
async fn usage_and_top_up_answers_have_the_documented_form() {
    let sandbox = Sandbox::small().await;
    let esim = sandbox.esim(PORTUGAL_3GB, "shop-10442").await;
    let iccid = text(&esim["iccid"]);
    sandbox.world.use_data(iccid, 861 * 1024).unwrap();
    check(
        &sandbox.get(&format!("/api/esim/usage?iccid={iccid}")).await,
        "get-esim-usage",
    );
    let details = format!("/api/esim/usage/details?iccid={iccid}");
    check(&sandbox.get(&details).await, "get-esim-usage-details");
    let fitting = sandbox
        .get(&format!("/api/esim/topup/packages?iccid={iccid}"))
        .await;
    check(&fitting, "get-esim-topup-packages");
    let package = &fitting.data()[0]["packageId"];
    let body = json!({ "iccid": iccid, "packageId": package, "referenceId": "shop-10442-topup-1" });
    check(
        &sandbox.post("/api/esim/order/topup", body).await,
        "post-esim-order-topup",
    );
    check(
        &sandbox
            .get(&format!("/api/esim/history?iccid={iccid}"))
            .await,
        "get-esim-history",
    );
    for path in ["/api/esim/event", "/api/esim/events"] {
        check(
            &sandbox.get(&format!("{path}?iccid={iccid}")).await,
            "get-esim-event",
        );
    }
    let switches = Switches {
        usage_unit: UsageUnit::Kb,
        ..Switches::default()
    };
    sandbox.world.set_switches(switches).unwrap();
    check(
        &sandbox.get(&details).await,
        "get-esim-usage-details.kb-variant",
    );
}

#[tokio::test]
async fn small_answers_and_errors_have_the_documented_form() {
    let sandbox = Sandbox::small().await;
    check(&sandbox.get("/api/balance").await, "get-balance");
    check(&sandbox.get("/api/health").await, "get-health.assumed");
    check(
        &sandbox.get("/api/compatible-devices").await,
        "get-compatible-devices",
    );
    let without_items = sandbox
        .post("/api/esim/order", json!({ "referenceId": "x" }))
        .await;
    assert_eq!(without_items.status, 400);
    assert_eq!(without_items.json(), fixture("error.400.validation"));
    let unknown = sandbox
        .post(
            "/api/esim/order",
            order("esim-atlantis-7days-1gb-all", 1, "x"),
        )
        .await;
    assert_eq!(unknown.status, 500);
    assert_eq!(unknown.json(), fixture("error.500.unknown"));
    check(
        &sandbox.get("/api/esim/order?orderId=x").await,
        "error.generic",
    );
}
