//! The control routes, and what they refuse.

use serde_json::{Value, json};

use crate::harness::*;

async fn ok(sandbox: &Sandbox, path: &str, body: Value) -> Value {
    let answer = sandbox.post(path, body).await;
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    answer.json()
}

#[tokio::test]
async fn a_demo_moves_an_esim_through_its_life() {
    let sandbox = Sandbox::small().await;
    let esim = sandbox.esim(PORTUGAL_1GB, "demo").await;
    let (id, iccid) = (text(&esim["id"]), text(&esim["iccid"]));
    let installed = ok(
        &sandbox,
        &format!("/_control/esims/{id}/install"),
        json!({}),
    )
    .await;
    assert_eq!(
        (&installed["state"], &installed["activated_at"]),
        (&json!("INSTALLED"), &Value::Null)
    );
    ok(
        &sandbox,
        &format!("/_control/esims/{id}/activate"),
        json!({}),
    )
    .await;
    let used = ok(
        &sandbox,
        &format!("/_control/esims/{iccid}/use"),
        json!({ "mb": 100 }),
    )
    .await;
    assert_eq!(
        (&used["used_kb"], &used["allowed_kb"]),
        (&json!(102_400), &json!(1_048_576))
    );
    ok(
        &sandbox,
        &format!("/_control/esims/{id}/use"),
        json!({ "kb": 24 }),
    )
    .await;
    let all = sandbox.get("/_control/esims").await;
    assert_eq!(all.json()[0]["used_kb"], 102_424);
    assert!(
        !all.text.contains("SANDBOX-"),
        "no activation code: {}",
        all.text
    );
    let ended = ok(&sandbox, &format!("/_control/esims/{id}/expire"), json!({})).await;
    assert_eq!(ended["state"], "EXPIRED");
    let answer = sandbox
        .post(&format!("/_control/esims/{id}/use"), json!({ "mb": 1 }))
        .await;
    assert_eq!(answer.status, 409);
}

#[tokio::test]
async fn the_ledger_shows_every_charge() {
    let sandbox = Sandbox::small().await;
    let bought = sandbox.order(PORTUGAL_1GB, "shop-1").await;
    let ledger = sandbox.get("/_control/ledger").await.json();
    let charge = &ledger["charges"][0];
    assert_eq!(charge["order_id"], bought["id"]);
    assert_eq!(text(&charge["amount"]), bought["total"].to_string());
    assert_eq!(charge["balance_after"], ledger["balance"]);
    assert_eq!(charge["packages"], json!([PORTUGAL_1GB]));
    let facts = (
        &charge["seq"],
        &charge["kind"],
        &charge["reference"],
        &charge["answered"],
    );
    assert_eq!(
        facts,
        (&json!(1), &json!("order"), &json!("shop-1"), &json!(true))
    );
}

#[tokio::test]
async fn faults_are_added_shown_spent_and_cleared() {
    let sandbox = Sandbox::small().await;
    let path = "/_control/faults";
    let rule = json!({ "on": "balance", "what": "rate_limit", "retry_after": 3, "times": 2 });
    let others = json!([{ "on": "apply", "what": "pending_profile", "ms": "for_ever", "times": "for_ever" }]);
    ok(&sandbox, path, rule).await;
    assert_eq!(
        ok(&sandbox, path, others).await.as_array().unwrap().len(),
        2
    );
    assert_eq!(sandbox.get("/api/balance").await.status, 429);
    let shown = sandbox.get(path).await.json();
    assert_eq!(
        (&shown[0]["times"], &shown[1]["ms"]),
        (&json!(1), &json!("for_ever"))
    );
    let cleared = sandbox.client.delete(sandbox.url(path)).bearer_auth(TOKEN);
    assert_eq!(answer(cleared).await.unwrap().json(), json!([]));
    assert_eq!(sandbox.get("/api/balance").await.status, 200);
}

#[tokio::test]
async fn the_clock_is_moved_set_frozen_and_let_go() {
    let sandbox = Sandbox::small().await;
    let path = "/_control/clock";
    for (body, now) in [
        (json!({ "advance_seconds": 90 }), "2026-11-18T12:01:30Z"),
        (json!({ "advance": "2h" }), "2026-11-18T14:01:30Z"),
        (json!({ "advance": "30d" }), "2026-12-18T14:01:30Z"),
        (json!({ "advance_seconds": -30 }), "2026-12-18T14:01:00Z"),
        (
            json!({ "set": "2027-01-01T00:00:00Z" }),
            "2027-01-01T00:00:00Z",
        ),
    ] {
        assert_eq!(ok(&sandbox, path, body).await["now"], now);
    }
    assert_eq!(
        sandbox.get(path).await.json()["now"],
        "2027-01-01T00:00:00Z"
    );
    ok(&sandbox, path, json!({ "run": true })).await;
    ok(&sandbox, path, json!({ "freeze": true })).await;
    let frozen = sandbox.get(path).await.json();
    assert!(
        text(&frozen["now"]).starts_with("2027-01-01T00:0"),
        "{frozen}"
    );
    assert_eq!(sandbox.get(path).await.json(), frozen);
}

#[tokio::test]
async fn switches_are_set_one_by_one() {
    let sandbox = Sandbox::small().await;
    let path = "/_control/switches";
    ok(&sandbox, path, json!({ "usage_unit": "kb" })).await;
    let all = ok(
        &sandbox,
        path,
        json!({ "duplicate_reference": "accepts", "page_size_cap": 10 }),
    )
    .await;
    let set = (
        &all["usage_unit"],
        &all["duplicate_reference"],
        &all["page_size_cap"],
        &all["strict"],
    );
    assert_eq!(
        set,
        (&json!("kb"), &json!("accepted"), &json!(10), &json!(true))
    );
    assert_eq!(sandbox.get(path).await.json(), all);
}

#[tokio::test]
async fn the_wallet_is_set_and_filled_and_everything_is_reset() {
    let sandbox = Sandbox::small().await;
    let path = "/_control/balance";
    assert_eq!(
        ok(&sandbox, path, json!({ "set": "5.00" })).await["balance"],
        "5.00"
    );
    assert_eq!(
        ok(&sandbox, path, json!({ "add": "1.25" })).await["balance"],
        "6.25"
    );
    assert_eq!(
        sandbox.get("/api/balance").await.text,
        r#"{"status":"success","data":{"balance":6.25,"currency":"USD"}}"#
    );
    sandbox.order(PORTUGAL_1GB, "gone").await;
    assert_eq!(
        ok(&sandbox, "/_control/reset", json!({})).await["balance"],
        "1000"
    );
    assert_eq!(
        sandbox.get("/api/esim/orders").await.data()["orders"],
        json!([])
    );
    assert!(sandbox.world.ledger().unwrap().is_empty());
}

#[tokio::test]
async fn what_cannot_be_understood_changes_nothing() {
    let sandbox = Sandbox::small().await;
    let esim = sandbox.esim(PORTUGAL_1GB, "x").await;
    let use_data = format!("/_control/esims/{}/use", text(&esim["id"]));
    for (path, body) in [
        (
            "/_control/faults",
            json!({ "on": "order", "what": "explode" }),
        ),
        (
            "/_control/faults",
            json!([{ "on": "order", "what": "broken_json" }, { "on": "order" }]),
        ),
        ("/_control/clock", json!({ "advance": "soon" })),
        ("/_control/clock", json!({ "advance": "1 month" })),
        (
            "/_control/clock",
            json!({ "advance": "1h", "advance_seconds": 1 }),
        ),
        ("/_control/clock", json!({ "freeze": true, "run": true })),
        ("/_control/clock", json!({ "set": "noon" })),
        ("/_control/clock", json!({ "forward": 1 })),
        ("/_control/switches", json!({ "usage_unit": "tb" })),
        ("/_control/switches", json!({ "turbo": true })),
        ("/_control/switches", json!([])),
        ("/_control/balance", json!({ "set": "-1" })),
        ("/_control/balance", json!({ "set": "much" })),
        ("/_control/balance", json!({ "add": "-1000000" })),
        ("/_control/balance", json!({ "set": 5 })),
        (use_data.as_str(), json!({})),
        (use_data.as_str(), json!({ "mb": -1 })),
        (use_data.as_str(), json!({ "gb": 1 })),
    ] {
        let answer = sandbox.post(path, body.clone()).await;
        assert_eq!(answer.status, 400, "{path} {body}: {answer:?}");
    }
    assert!(sandbox.world.faults().unwrap().is_empty());
    assert_eq!(sandbox.world.now().unwrap(), noon());
    assert_eq!(sandbox.world.esims().unwrap()[0].used_kilobytes(), 0);
    assert_eq!(
        sandbox
            .post("/_control/esims/nobody/install", json!({}))
            .await
            .status,
        404
    );
}
