//! Requests that are wrong: each has its code, none costs anything.

use serde_json::{Value, json};

use super::*;

#[tokio::test]
async fn wrong_orders_are_refused_by_their_codes_and_cost_nothing() {
    let sandbox = Sandbox::small().await;
    let good = || an_order(PORTUGAL_3GB, 1, "ref");
    let change = |path: &str, value: Value| {
        let mut order = good();
        *order.pointer_mut(path).unwrap() = value;
        order
    };
    let without = |path: &str, name: &str| {
        let mut order = good();
        let part = order.pointer_mut(path).unwrap();
        part.as_object_mut().unwrap().remove(name);
        order
    };
    let with = |path: &str, name: &str, value: Value| {
        let mut order = good();
        order.pointer_mut(path).unwrap()[name] = value;
        order
    };
    let line = "/packageInfoList/0";
    let cases = [
        (without("", "transactionId"), "000105"),
        (change("/transactionId", Value::Null), "000106"),
        (change("/transactionId", "".into()), "000105"),
        (change("/transactionId", "x".repeat(51).into()), "000107"),
        (change("/transactionId", 7.into()), "200008"),
        (without("", "packageInfoList"), "000105"),
        (change("/packageInfoList", Value::Null), "000106"),
        (change("/packageInfoList", json!([])), "000105"),
        (change("/packageInfoList", json!({})), "200008"),
        (change("/packageInfoList", json!(["x"])), "200008"),
        (without(line, "packageCode"), "000105"),
        (
            change("/packageInfoList/0/packageCode", json!(["x"])),
            "200008",
        ),
        (without(line, "count"), "000105"),
        (change("/packageInfoList/0/count", 0.into()), "200008"),
        (change("/packageInfoList/0/count", (-1).into()), "200008"),
        (change("/packageInfoList/0/count", json!(1.5)), "200008"),
        (change("/packageInfoList/0/count", "1".into()), "200008"),
        (change("/packageInfoList/0/count", Value::Null), "000106"),
        (with(line, "price", "1.90".into()), "200008"),
        (with(line, "price", u64::MAX.into()), "200008"),
        (with(line, "periodNum", "7".into()), "200008"),
        (with("", "amount", json!(1.9)), "200008"),
        (with("", "amount", json!(-1)), "200008"),
    ];
    for (order, expected) in cases {
        let found = code_of(&sandbox, "/esim/order", order.clone()).await;
        assert_eq!(found, expected, "{order}");
    }
    assert!(sandbox.world.ledger().unwrap().is_empty());
    let fifty = an_order(PORTUGAL_3GB, 1, &"å".repeat(50));
    obj(&call(&sandbox, "/esim/order", fifty).await);
    let odd = with("", "colour", json!({ "of": "no meaning" }));
    obj(&call(&sandbox, "/esim/order", odd).await);
}

#[tokio::test]
async fn bodies_that_are_no_objects_are_refused_everywhere() {
    let sandbox = Sandbox::small().await;
    for path in [
        "/package/list",
        "/location/list",
        "/esim/order",
        "/esim/query",
        "/esim/cancel",
        "/esim/suspend",
        "/esim/unsuspend",
        "/esim/revoke",
        "/esim/sendSms",
        "/esim/topup",
        "/esim/usage/query",
        "/balance/query",
        "/webhook/save",
        "/webhook/query",
    ] {
        let url = sandbox.url(&format!("/api/v1/open{path}"));
        for body in ["{", "[]", "null", "\"x\"", "{\"a\":1}}", "\u{feff}{}"] {
            let request = sandbox.client.post(&url).header("RT-AccessCode", TOKEN);
            let refused = answer(request.body(body)).await.unwrap();
            assert_eq!(code(&refused), "000104", "{path} {body}");
        }
        let request = sandbox.client.get(&url).header("RT-AccessCode", TOKEN);
        assert_eq!(code(&answer(request).await.unwrap()), "000103", "{path}");
        let huge = sandbox.client.post(&url).header("RT-AccessCode", TOKEN);
        let huge = answer(huge.body(vec![b' '; (1 << 20) + 1])).await.unwrap();
        assert_eq!(huge.status, 413);
    }
}

#[tokio::test]
async fn an_unknown_path_is_404_as_a_text() {
    let sandbox = Sandbox::small().await;
    for path in [
        "/api/v1/open/esim/orders",
        "/api/v1/esim/order",
        "/api/v1/x",
    ] {
        let refused = sandbox.post(path, json!({})).await;
        assert_eq!(refused.status, 200);
        assert_eq!(code(&refused), "404", "{path}");
    }
    let switches = with(|switches| switches.unknown_path_status = 404);
    sandbox.world.set_switches(switches).unwrap();
    assert_eq!(sandbox.post("/api/v1/x", json!({})).await.status, 404);
    let elsewhere = sandbox.post("/api/v2/x", json!({})).await;
    assert_eq!(
        (elsewhere.status, elsewhere.message()),
        (404, "Not found".to_owned())
    );
}

#[tokio::test]
async fn queries_without_sense_are_refused() {
    let sandbox = Sandbox::small().await;
    let order = json!({ "orderNo": "B1" });
    let paged = |pager: Value| {
        let mut by = order.clone();
        by["pager"] = pager;
        by
    };
    let cases = [
        (json!({ "pager": pager() }), "000105"),
        (
            json!({ "startTime": "2026-11-18T12:00:00Z", "pager": pager() }),
            "000105",
        ),
        (
            json!({ "startTime": "soon", "endTime": "later", "pager": pager() }),
            "200008",
        ),
        (
            json!({ "startTime": 1, "endTime": 2, "pager": pager() }),
            "200008",
        ),
        (order.clone(), "000105"),
        (paged(Value::Null), "000106"),
        (paged(json!([])), "200008"),
        (paged(json!({ "pageNum": 1 })), "000105"),
        (paged(json!({ "pageNum": 0, "pageSize": 50 })), "200008"),
        (
            paged(json!({ "pageNum": 10_001, "pageSize": 50 })),
            "200008",
        ),
        (paged(json!({ "pageNum": 1, "pageSize": 4 })), "200008"),
        (paged(json!({ "pageNum": 1, "pageSize": 501 })), "200008"),
        (paged(json!({ "pageNum": "1", "pageSize": 50 })), "200008"),
        (json!({ "orderNo": 7, "pager": pager() }), "200008"),
    ];
    for (by, expected) in cases {
        let found = code_of(&sandbox, "/esim/query", by.clone()).await;
        assert_eq!(found, expected, "{by}");
    }
    for (body, expected) in [
        (json!({}), "000105"),
        (json!({ "esimTranNoList": [] }), "000105"),
        (json!({ "esimTranNoList": "x" }), "200008"),
        (json!({ "esimTranNoList": [1] }), "200008"),
    ] {
        let found = code_of(&sandbox, "/esim/usage/query", body).await;
        assert_eq!(found, expected);
    }
    for by in [json!({ "type": "ANY" }), json!({ "dataType": 5 })] {
        assert_eq!(code_of(&sandbox, "/package/list", by).await, "200008");
    }
}

#[tokio::test]
async fn more_calls_than_the_limit_in_a_second_are_turned_away() {
    let sandbox = Sandbox::small().await;
    let switches = with(|switches| switches.requests_per_second = Some(1));
    sandbox.world.set_switches(switches).unwrap();
    let calls = (0..20).map(|_| call(&sandbox, "/balance/query", json!({})));
    let answers = futures::future::join_all(calls).await;
    let busy: Vec<&Answer> = answers.iter().filter(|one| one.status == 429).collect();
    assert!(!busy.is_empty(), "twenty calls at once passed");
    assert!(busy.iter().all(|one| code(one) == "900001"));
    assert!(answers.iter().any(|one| one.status == 200));
}
