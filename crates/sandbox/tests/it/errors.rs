//! What bad input gets: the status and the words of the provider, and no charge.

use roamport_sandbox::switches::{Switches, Tolerance, UnlimitedUsage};
use serde_json::{Value, json};

use crate::harness::*;

async fn check(sandbox: &Sandbox, path: &str, body: Option<Value>, status: u16, words: &str) {
    let before = sandbox.world.ledger().unwrap();
    let answer = match body {
        Some(body) => sandbox.post(path, body).await,
        None => sandbox.get(path).await,
    };
    assert_eq!(answer.status, status, "{path}: {answer:?}");
    assert!(answer.message().contains(words), "{path}: {answer:?}");
    assert_eq!(
        sandbox.world.ledger().unwrap(),
        before,
        "{path} charged something"
    );
}

#[tokio::test]
async fn a_missing_and_a_wrong_token_get_the_same_answer() {
    let sandbox = Sandbox::small().await;
    let mut answers = Vec::new();
    for path in ["/api/balance", "/api/esim/packages", "/_control/ledger"] {
        let request = || sandbox.client.get(sandbox.url(path));
        for request in [
            request(),
            request().bearer_auth("wrong"),
            request().bearer_auth(""),
            request().bearer_auth(format!("{TOKEN}x")),
            request().bearer_auth(&TOKEN[..TOKEN.len() - 1]),
            request().header("Authorization", TOKEN),
        ] {
            let answer = answer(request).await.unwrap();
            assert_eq!(answer.status, 401, "{path}");
            answers.push(answer.text);
        }
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    let order = sandbox
        .client
        .post(sandbox.url("/api/esim/order"))
        .json(&order(PORTUGAL_1GB, 1, "x"));
    assert_eq!(answer(order).await.unwrap().status, 401);
    assert!(sandbox.world.ledger().unwrap().is_empty());
}

#[tokio::test]
async fn health_needs_no_token_unless_switched() {
    let sandbox = Sandbox::small().await;
    let ask = || answer(sandbox.client.get(sandbox.url("/api/health")));
    assert_eq!(ask().await.unwrap().status, 200);
    let switches = Switches {
        health_needs_token: true,
        ..Switches::default()
    };
    sandbox.world.set_switches(switches).unwrap();
    assert_eq!(ask().await.unwrap().status, 401);
}

#[tokio::test]
async fn an_order_that_does_not_validate_is_refused_in_the_validators_words() {
    let sandbox = Sandbox::small().await;
    let item = |fields: Value| json!({ "items": [fields] });
    for (body, words) in [
        (json!({}), "\"items\" is required"),
        (json!([]), "\"value\" must be of type object"),
        (json!({ "items": {} }), "\"items\" must be an array"),
        (
            json!({ "items": [] }),
            "\"items\" is not allowed to be empty",
        ),
        (
            json!({ "items": ["x"] }),
            "\"items[0]\" must be of type object",
        ),
        (
            item(json!({ "quantity": 1 })),
            "\"items[0].packageId\" is required",
        ),
        (
            item(json!({ "packageId": 7, "quantity": 1 })),
            "\"items[0].packageId\" must be a string",
        ),
        (
            item(json!({ "packageId": "", "quantity": 1 })),
            "not allowed to be empty",
        ),
        (
            item(json!({ "packageId": PORTUGAL_1GB })),
            "\"items[0].quantity\" is required",
        ),
        (
            item(json!({ "packageId": PORTUGAL_1GB, "quantity": "2" })),
            "must be a whole number from 1",
        ),
        (
            item(json!({ "packageId": PORTUGAL_1GB, "quantity": 0 })),
            "must be a whole number from 1",
        ),
        (
            item(json!({ "packageId": PORTUGAL_1GB, "quantity": -1 })),
            "must be a whole number from 1",
        ),
        (
            item(json!({ "packageId": PORTUGAL_1GB, "quantity": 1.5 })),
            "must be a whole number from 1",
        ),
        (
            item(json!({ "packageId": PORTUGAL_1GB, "quantity": 11 })),
            "at most 10 eSIMs",
        ),
        (
            item(json!({ "packageId": PORTUGAL_1GB, "quantity": u64::MAX })),
            "at most 10 eSIMs",
        ),
        (
            item(json!({ "packageId": PORTUGAL_1GB, "quantity": 1, "days": 3 })),
            "\"items[0].days\" is not allowed",
        ),
        (
            json!({ "items": [{ "packageId": PORTUGAL_1GB, "quantity": 1 }], "note": "" }),
            "\"note\" is not allowed",
        ),
        (
            json!({ "items": [{ "packageId": PORTUGAL_1GB, "quantity": 1 }], "referenceId": "" }),
            "not allowed to be empty",
        ),
    ] {
        for path in ["/api/esim/order", "/api/esim/order/instant"] {
            check(&sandbox, path, Some(body.clone()), 400, words).await;
        }
    }
    let two = json!({ "items": [
        { "packageId": PORTUGAL_1GB, "quantity": 6 },
        { "packageId": PORTUGAL_3GB, "quantity": 5 },
    ]});
    check(
        &sandbox,
        "/api/esim/order",
        Some(two),
        400,
        "at most 10 eSIMs in total",
    )
    .await;
}

#[tokio::test]
async fn a_body_that_is_no_json_is_refused() {
    let sandbox = Sandbox::small().await;
    let post = || {
        sandbox
            .client
            .post(sandbox.url("/api/esim/order"))
            .bearer_auth(TOKEN)
    };
    let broken = post()
        .header("Content-Type", "application/json")
        .body("{\"items\":[");
    assert_eq!(answer(broken).await.unwrap().status, 400);
    let untyped = post().body(order(PORTUGAL_1GB, 1, "x").to_string());
    assert_eq!(
        answer(untyped).await.unwrap().message(),
        "\"items\" is required"
    );
    let huge = post()
        .header("Content-Type", "application/json")
        .body(vec![b' '; 2 << 20]);
    assert_eq!(answer(huge).await.unwrap().status, 413);
    assert!(sandbox.world.ledger().unwrap().is_empty());
}

#[tokio::test]
async fn undocumented_and_malformed_parameters_are_refused() {
    let sandbox = Sandbox::small().await;
    for (path, words) in [
        (
            "/api/esim/packages?planet=mars",
            "\"planet\" is not allowed",
        ),
        ("/api/esim/packages?page=0", "a whole number from 1"),
        ("/api/esim/packages?page=-1", "a whole number from 1"),
        ("/api/esim/packages?page=one", "a whole number from 1"),
        ("/api/esim/packages?page=1.5", "a whole number from 1"),
        (
            "/api/esim/packages?page=99999999999999999999",
            "a whole number from 1",
        ),
        ("/api/esim/packages?pageSize=0", "a whole number from 1"),
        ("/api/esim/packages?page=1&page=2", "a whole number from 1"),
        ("/api/esim/packages?country=a&country=b", "must be a string"),
        ("/api/esim/packages?country=", "not allowed to be empty"),
        (
            "/api/esim/packages?geography=lunar",
            "must be one of [local, regional, global]",
        ),
        ("/api/esim/packages?isUnlimited=yes", "must be a boolean"),
        ("/api/esim/packages?days=week", "must be a number"),
        ("/api/esim/countries?code=PT", "\"code\" is not allowed"),
        ("/api/esim/orders?status=LOST", "must be one of"),
        ("/api/esim/orders?limit=0", "a whole number from 1"),
        ("/api/esims?status=LOST", "must be one of"),
        ("/api/esim/order", "at least one of [orderId, referenceId]"),
        ("/api/esim/order?orderId=1&referenceId=2", "exclusive peers"),
        ("/api/esim", "at least one of [esimId, iccid]"),
        ("/api/esim?esimId=1&iccid=2", "exclusive peers"),
        ("/api/esim/usage", "\"iccid\" is required"),
        ("/api/esim/usage?esimId=1", "\"esimId\" is not allowed"),
        ("/api/esim/topup/packages", "\"iccid\" is required"),
        ("/api/esim/event", "exactly one of"),
        ("/api/balance?currency=EUR", "\"currency\" is not allowed"),
    ] {
        check(&sandbox, path, None, 400, words).await;
    }
    let switches = Switches {
        strict: false,
        ..Switches::default()
    };
    sandbox.world.set_switches(switches).unwrap();
    assert_eq!(sandbox.get("/api/balance?currency=EUR").await.status, 200);
}

#[tokio::test]
async fn what_does_not_exist_is_not_found() {
    let sandbox = Sandbox::small().await;
    for path in [
        "/api/esim/order?orderId=2f8e6a14-93b7-4c05-a1de-7740bb19c6f2",
        "/api/esim/order?referenceId=nobody",
        "/api/esim?esimId=nobody",
        "/api/esim?iccid=8988303000001234567",
        "/api/esim/usage?iccid=8988303000001234567",
        "/api/esim/usage/details?iccid=x",
        "/api/esim/history?iccid=8988303000001234567",
        "/api/esim/topup/packages?iccid=8988303000001234567",
        "/api/esim/event?esimId=nobody",
    ] {
        check(&sandbox, path, None, 404, "not found").await;
    }
    check(
        &sandbox,
        "/api/esim/apply",
        Some(json!({ "esimId": "nobody" })),
        404,
        "not found",
    )
    .await;
    check(
        &sandbox,
        "/api/esim/apply",
        Some(json!({ "referenceId": "nobody" })),
        404,
        "not found",
    )
    .await;
    let top_up = json!({ "iccid": "8988303000001234567", "packageId": PORTUGAL_1GB });
    check(
        &sandbox,
        "/api/esim/order/topup",
        Some(top_up),
        404,
        "not found",
    )
    .await;
    for path in [
        "/api/nothing",
        "/api/esim/order/2f8e6a14",
        "/_control/nothing",
        "/api/balance/",
    ] {
        check(&sandbox, path, None, 404, "Not found").await;
    }
    check(&sandbox, "/api/balance", Some(json!({})), 404, "Not found").await;
}

#[tokio::test]
async fn a_wallet_that_is_too_small_buys_nothing() {
    let sandbox = Sandbox::of(small().balance("0.50")).await;
    let buy = || Some(order(PORTUGAL_1GB, 1, "poor"));
    check(
        &sandbox,
        "/api/esim/order",
        buy(),
        409,
        "Insufficient partner balance",
    )
    .await;
    assert_eq!(sandbox.world.balance().unwrap().to_string(), "0.50");
    let switches = Switches {
        low_balance_status: 402,
        ..Switches::default()
    };
    sandbox.world.set_switches(switches).unwrap();
    check(
        &sandbox,
        "/api/esim/order",
        buy(),
        402,
        "Insufficient partner balance",
    )
    .await;
}

#[tokio::test]
async fn a_second_order_under_one_reference_is_refused_or_charged_as_switched() {
    let sandbox = Sandbox::small().await;
    sandbox.order(PORTUGAL_1GB, "shop-1").await;
    let again = || Some(order(PORTUGAL_1GB, 1, "shop-1"));
    check(
        &sandbox,
        "/api/esim/order",
        again(),
        409,
        "referenceId already exists",
    )
    .await;
    assert_eq!(sandbox.world.charges_for("shop-1").unwrap().len(), 1);

    let switches = Switches {
        duplicate_reference: Tolerance::Accepted,
        ..Switches::default()
    };
    sandbox.world.set_switches(switches).unwrap();
    let second = sandbox.order(PORTUGAL_1GB, "shop-1").await;
    assert_eq!(sandbox.world.charges_for("shop-1").unwrap().len(), 2);
    let both = sandbox
        .get("/api/esim/orders?referenceId=shop-1")
        .await
        .data();
    assert_eq!(both["orders"].as_array().unwrap().len(), 2);
    let newest = sandbox
        .get("/api/esim/order?referenceId=shop-1")
        .await
        .data();
    assert_eq!(newest["id"], second["id"]);
}

#[tokio::test]
async fn a_travel_date_is_asked_for_where_the_package_needs_one() {
    let sandbox = Sandbox::of(small().balance("100000")).await;
    let bought = sandbox.order(KENYA_TRAVEL_DATE, "safari").await;
    let id = &bought["items"][0]["esimId"];
    let with = |date: &str| Some(json!({ "esimId": id, "startDate": date }));
    check(
        &sandbox,
        "/api/esim/apply",
        Some(json!({ "esimId": id })),
        400,
        "\"startDate\" is required",
    )
    .await;
    for malformed in ["tomorrow", "2026-13-01", "18/11/2026"] {
        check(
            &sandbox,
            "/api/esim/apply",
            with(malformed),
            400,
            "ISO 8601",
        )
        .await;
    }
    check(
        &sandbox,
        "/api/esim/apply",
        with("2026-11-17"),
        400,
        "in the past",
    )
    .await;
    let instant = Some(order(KENYA_TRAVEL_DATE, 1, "safari-now"));
    check(
        &sandbox,
        "/api/esim/order/instant",
        instant,
        400,
        "\"startDate\" is required",
    )
    .await;
    let made = sandbox
        .post(
            "/api/esim/apply",
            json!({ "esimId": id, "startDate": "2026-12-01" }),
        )
        .await;
    assert_eq!(made.data()["status"], "READY");

    let another = sandbox.order(KENYA_TRAVEL_DATE, "safari-2").await;
    let switches = Switches {
        past_start_date: Tolerance::Accepted,
        ..Switches::default()
    };
    sandbox.world.set_switches(switches).unwrap();
    let past = json!({ "esimId": another["items"][0]["esimId"], "startDate": "2026-11-17" });
    assert_eq!(sandbox.post("/api/esim/apply", past).await.status, 200);
}

#[tokio::test]
async fn what_an_esim_cannot_do_is_refused() {
    let sandbox = Sandbox::of(small().balance("100000")).await;
    let silent = sandbox.esim(KENYA_NO_USAGE, "silent").await;
    assert_eq!(
        (&silent["withUsageCheck"], &silent["withTopUp"]),
        (&json!(false), &json!(false))
    );
    let iccid = text(&silent["iccid"]);
    for path in ["/api/esim/usage", "/api/esim/usage/details"] {
        check(
            &sandbox,
            &format!("{path}?iccid={iccid}"),
            None,
            400,
            "usage check is not supported",
        )
        .await;
    }
    let list = format!("/api/esim/topup/packages?iccid={iccid}");
    check(&sandbox, &list, None, 400, "top-up is not supported").await;
    let top_up = |iccid: &str, package: &str| Some(json!({ "iccid": iccid, "packageId": package }));
    let path = "/api/esim/order/topup";
    check(
        &sandbox,
        path,
        top_up(iccid, "esim-kenya-7days-1gb-all"),
        400,
        "top-up is not supported",
    )
    .await;

    let esim = sandbox.esim(PORTUGAL_1GB, "fine").await;
    let iccid = text(&esim["iccid"]);
    check(
        &sandbox,
        path,
        top_up(iccid, "esim-france-7days-1gb-all"),
        400,
        "not compatible",
    )
    .await;
    check(
        &sandbox,
        path,
        top_up(iccid, PORTUGAL_TALK),
        400,
        "not compatible",
    )
    .await;
    check(
        &sandbox,
        path,
        top_up(iccid, "esim-nowhere-all"),
        500,
        "Unknown error",
    )
    .await;
    check(
        &sandbox,
        path,
        Some(json!({ "iccid": iccid })),
        400,
        "\"packageId\" is required",
    )
    .await;
    check(
        &sandbox,
        path,
        Some(json!({ "packageId": PORTUGAL_1GB })),
        400,
        "\"iccid\" is required",
    )
    .await;
    sandbox.world.expire(iccid).unwrap();
    check(&sandbox, path, top_up(iccid, PORTUGAL_3GB), 400, "expired").await;
}

#[tokio::test]
async fn a_destination_nobody_sells_is_an_empty_list_or_refused_as_switched() {
    let sandbox = Sandbox::small().await;
    let path = "/api/esim/packages?country=Atlantis";
    assert_eq!(sandbox.get(path).await.data()["packages"], json!([]));
    let switches = Switches {
        unmatched_country: Tolerance::Refused,
        ..Switches::default()
    };
    sandbox.world.set_switches(switches).unwrap();
    check(
        &sandbox,
        path,
        None,
        400,
        "\"country\" is not a supported destination",
    )
    .await;
    check(
        &sandbox,
        "/api/esim/packages?countryCode=XX",
        None,
        400,
        "\"countryCode\"",
    )
    .await;
    assert_eq!(
        sandbox
            .get("/api/esim/packages?country=Portugal")
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn an_unlimited_plan_reports_usage_as_switched() {
    let sandbox = Sandbox::small().await;
    let esim = sandbox.esim("esim-portugal-7days-ungb-all", "all").await;
    let path = format!("/api/esim/usage?iccid={}", text(&esim["iccid"]));
    for (written, expected) in [
        (UnlimitedUsage::Largest, json!(9_007_199_254_740_991_u64)),
        (UnlimitedUsage::Zero, json!(0)),
        (UnlimitedUsage::MinusOne, json!(-1)),
        (UnlimitedUsage::Missing, Value::Null),
    ] {
        sandbox
            .world
            .set_switches(Switches {
                unlimited_usage: written,
                ..Switches::default()
            })
            .unwrap();
        assert_eq!(sandbox.get(&path).await.data()["allowedData"], expected);
    }
}
