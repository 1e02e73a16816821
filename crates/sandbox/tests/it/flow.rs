//! The eight steps of the provider's flow, as a client walks them.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::harness::*;

fn amount(value: &Value) -> Decimal {
    value.to_string().parse().unwrap()
}

#[tokio::test]
async fn the_whole_flow_from_token_to_balance() {
    let sandbox = Sandbox::of(small().balance("20")).await;

    let refused = answer(sandbox.client.get(sandbox.url("/api/balance")))
        .await
        .unwrap();
    assert_eq!(refused.status, 401);

    let found = sandbox
        .get("/api/esim/packages?countryCode=PT&days=7&gbs=1")
        .await
        .data();
    let package = &found["packages"][0]["packages"][0];
    assert_eq!(package["packageId"], PORTUGAL_1GB);
    let price = amount(&package["price"]);

    let order = sandbox.order(PORTUGAL_1GB, "shop-1").await;
    assert_eq!(order["status"], "COMPLETED");
    assert_eq!(amount(&order["total"]), price);

    let id = &order["items"][0]["esimId"];
    let esim = sandbox
        .post("/api/esim/apply", json!({ "esimId": id }))
        .await
        .data();
    assert_eq!((&esim["status"], &esim["id"]), (&json!("READY"), id));
    let lpa = text(&esim["esim"]["lpaCode"]);
    assert!(
        lpa.starts_with("LPA:1$smdp.sandbox.invalid$SANDBOX-"),
        "{lpa}"
    );
    assert_eq!(
        lpa,
        format!(
            "LPA:1$smdp.sandbox.invalid${}",
            text(&esim["esim"]["activationCode"])
        )
    );
    let iccid = text(&esim["iccid"]);

    sandbox.world.use_data(iccid, 100 * 1024).unwrap();
    let usage = sandbox
        .get(&format!("/api/esim/usage?iccid={iccid}"))
        .await
        .data();
    assert_eq!(
        (&usage["allowedData"], &usage["remainingData"]),
        (&json!(1024), &json!(924))
    );

    let fitting = sandbox
        .get(&format!("/api/esim/topup/packages?iccid={iccid}&gbs=3"))
        .await
        .data();
    let top_up = &fitting[0];
    assert_eq!(top_up["packageId"], PORTUGAL_3GB);
    assert_eq!(fitting.as_array().unwrap().len(), 1);

    let body =
        json!({ "iccid": iccid, "packageId": top_up["packageId"], "referenceId": "shop-1-more" });
    let topped = sandbox.post("/api/esim/order/topup", body).await.data();
    assert_ne!(
        topped["items"][0]["esimId"], *id,
        "the provider's own sample shows another id"
    );
    let usage = sandbox
        .get(&format!("/api/esim/usage?iccid={iccid}"))
        .await
        .data();
    assert_eq!(
        (&usage["allowedData"], &usage["remainingData"]),
        (&json!(4096), &json!(3996))
    );
    let history = sandbox
        .get(&format!("/api/esim/history?iccid={iccid}"))
        .await
        .data();
    let bought: Vec<&str> = history
        .as_array()
        .unwrap()
        .iter()
        .map(|item| text(&item["packageId"]))
        .collect();
    assert_eq!(bought, [PORTUGAL_1GB, PORTUGAL_3GB]);

    let balance = sandbox.get("/api/balance").await.data();
    let left = Decimal::from(20) - price - amount(&top_up["price"]);
    assert_eq!(amount(&balance["balance"]), left);
    let charged: Decimal = sandbox
        .world
        .ledger()
        .unwrap()
        .iter()
        .map(|charge| charge.amount)
        .sum();
    assert_eq!(charged, Decimal::from(20) - left);
}

#[tokio::test]
async fn an_order_has_one_item_for_each_esim_and_is_found_by_its_reference() {
    let sandbox = Sandbox::small().await;
    let body = json!({
        "items": [
            { "packageId": PORTUGAL_1GB, "quantity": 2 },
            { "packageId": PORTUGAL_3GB, "quantity": 1 },
        ],
        "referenceId": "shop-2",
    });
    let order = sandbox.post("/api/esim/order", body).await.data();
    let items = order["items"].as_array().unwrap();
    assert_eq!(items.len(), 3);
    assert_ne!(items[0]["esimId"], items[1]["esimId"]);
    let sum: Decimal = items.iter().map(|item| amount(&item["price"])).sum();
    assert_eq!(sum, amount(&order["total"]));

    let found = sandbox
        .get("/api/esim/orders?referenceId=shop-2")
        .await
        .data();
    assert_eq!(found["orders"], json!([order]));
    assert_eq!(
        sandbox
            .get("/api/esim/orders?referenceId=shop")
            .await
            .data()["orders"],
        json!([])
    );

    let esims = sandbox
        .post("/api/esim/apply", json!({ "referenceId": "shop-2" }))
        .await
        .data();
    assert_eq!(esims.as_array().unwrap().len(), 3);
    let listed = sandbox
        .get("/api/esims?referenceId=shop-2&status=READY&limit=2")
        .await
        .data();
    assert_eq!(listed.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_clock_that_runs_shows_at_once_what_a_call_did() {
    let sandbox = Sandbox::of(roamport_sandbox::World::builder().packages(60).token(TOKEN)).await;
    let esim = sandbox.esim(PORTUGAL_1GB, "now").await;
    assert_eq!(esim["status"], "READY");
    assert_eq!(text(&esim["iccid"]).len(), 19);
    let body = order(PORTUGAL_1GB, 1, "instant");
    let instant = sandbox.post("/api/esim/order/instant", body).await.data();
    assert_eq!(instant["esims"][0]["status"], "READY");
    assert_eq!(instant["status"], "COMPLETED");
    let iccid = text(&esim["iccid"]);
    let path = format!("/_control/esims/{iccid}/use");
    let used = sandbox.post(&path, json!({ "mb": 1 })).await.json();
    assert_eq!(used["state"], "INSTALLED");
    let events = sandbox
        .get(&format!("/api/esim/event?iccid={iccid}"))
        .await
        .json();
    assert_eq!(events["events"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn an_instant_order_brings_its_profiles() {
    let sandbox = Sandbox::small().await;
    let order = sandbox
        .post("/api/esim/order/instant", order(PORTUGAL_3GB, 2, "shop-3"))
        .await
        .data();
    assert!(order.get("items").is_none());
    let esims = order["esims"].as_array().unwrap();
    assert_eq!(esims.len(), 2);
    assert!(
        esims
            .iter()
            .all(|esim| esim["status"] == "READY" && text(&esim["iccid"]).len() == 19)
    );
    let read = sandbox
        .get("/api/esim/order?referenceId=shop-3")
        .await
        .data();
    assert_eq!(read["items"][0]["esimId"], esims[0]["id"]);
}

#[tokio::test]
async fn applying_twice_gives_the_same_profile() {
    let sandbox = Sandbox::small().await;
    let first = sandbox.esim(PORTUGAL_1GB, "shop-4").await;
    let second = sandbox
        .post("/api/esim/apply", json!({ "esimId": first["id"] }))
        .await
        .data();
    assert_eq!(first, second);
}

#[tokio::test]
async fn lists_begin_with_the_newest_and_stop_at_their_limit() {
    let sandbox = Sandbox::of(small().balance("100000")).await;
    for number in 0..52 {
        sandbox
            .world
            .purchase(&roamport_sandbox::world::Purchase::order(
                PORTUGAL_1GB,
                1,
                &format!("n-{number}"),
            ))
            .unwrap();
    }
    let references = |value: Value| -> Vec<String> {
        let orders = value["orders"].as_array().unwrap();
        orders
            .iter()
            .map(|order| text(&order["referenceId"]).to_owned())
            .collect()
    };
    let usual = references(sandbox.get("/api/esim/orders").await.data());
    assert_eq!(
        (usual.len(), usual[0].as_str(), usual[49].as_str()),
        (50, "n-51", "n-2")
    );
    assert_eq!(
        references(sandbox.get("/api/esim/orders?limit=2").await.data()),
        ["n-51", "n-50"]
    );
    assert!(references(sandbox.get("/api/esim/orders?status=PENDING").await.data()).is_empty());
}

#[tokio::test]
async fn an_order_by_reference_alone_is_refused_or_answers_that_order_again() {
    let sandbox = Sandbox::small().await;
    let first = sandbox.order(PORTUGAL_1GB, "shop-1").await;
    let again = async |reference: &str| {
        let body = serde_json::json!({ "referenceId": reference });
        sandbox.post("/api/esim/order", body).await
    };
    let refused = again("shop-1").await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.text, r#"{"error":"\"items\" is required"}"#);

    let accepted = serde_json::json!({ "order_by_reference": "accepted" });
    sandbox.post("/_control/switches", accepted).await;
    assert_eq!(again("shop-1").await.data(), first);
    assert_eq!(
        sandbox.world.ledger().unwrap().len(),
        1,
        "charged once in all"
    );
    assert_eq!(again("nobody").await.status, 404);
    sandbox.order(PORTUGAL_1GB, "shop-2").await;
    assert_eq!(sandbox.world.ledger().unwrap().len(), 2);
}
