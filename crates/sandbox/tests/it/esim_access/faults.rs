//! The faults of the plan strike the second dialect as they do the first.

use std::time::Duration;

use roamport_sandbox::{Fault, Lasting, Operation, Rule};
use serde_json::{Value, json};

use super::*;

fn make(sandbox: &Sandbox, on: Operation, what: Fault) {
    sandbox.world.add_fault(Rule::new(on, what)).unwrap();
}

fn status(status: u16) -> (u16, Option<String>, Option<u64>) {
    (status, None, Some(3))
}

#[tokio::test]
async fn an_order_is_charged_exactly_where_the_fault_says_so() {
    let sandbox = Sandbox::small().await;
    let before = |(status, body, retry_after)| Fault::StatusBeforeEffect {
        status,
        body,
        retry_after,
    };
    let after = |(status, body, retry_after)| Fault::StatusAfterEffect {
        status,
        body,
        retry_after,
    };
    let cases = [
        (Fault::DropAfterEffect, true, None),
        (Fault::DropBeforeEffect, false, None),
        (before(status(503)), false, Some(503)),
        (after(status(500)), true, Some(500)),
        (
            Fault::RateLimit {
                retry_after: Some(2),
            },
            false,
            Some(429),
        ),
        (Fault::BrokenJson, true, Some(200)),
        (Fault::Html { status: 200 }, true, Some(200)),
        (Fault::HtmlError { status: 502 }, false, Some(502)),
        (Fault::OutOfStock, false, Some(200)),
        (
            Fault::FailureBodyWith200 {
                message: "x".to_owned(),
            },
            false,
            Some(200),
        ),
    ];
    for (place, (fault, charged, expected)) in cases.into_iter().enumerate() {
        let reference = format!("ref-{place}");
        make(&sandbox, Operation::Order, fault.clone());
        let order = an_order(PORTUGAL_1GB, 1, &reference);
        let answered = try_call(&sandbox, "/esim/order", &order).await;
        assert_eq!(answered.ok().map(|one| one.status), expected, "{fault:?}");
        let charges = sandbox.world.charges_for(&reference).unwrap();
        assert_eq!(!charges.is_empty(), charged, "{fault:?}");
        // And the repeat ends with one charge whatever happened.
        obj(&call(&sandbox, "/esim/order", order).await);
        let charges = sandbox.world.charges_for(&reference).unwrap();
        assert_eq!(charges.len(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_late_order_and_its_repeat_are_one_charge() {
    let sandbox = Sandbox::small().await;
    make(&sandbox, Operation::Order, Fault::LateEffect { ms: 60_000 });
    let order = an_order(PORTUGAL_1GB, 1, "ref");
    assert!(try_call(&sandbox, "/esim/order", &order).await.is_err());
    assert!(sandbox.world.ledger().unwrap().is_empty());
    obj(&call(&sandbox, "/esim/order", order).await);
    sandbox.world.advance(SignedDuration::from_mins(2)).unwrap();
    assert_eq!(sandbox.world.charges_for("ref").unwrap().len(), 1);

    make(&sandbox, Operation::Order, Fault::LateEffect { ms: 60_000 });
    let order = an_order(PORTUGAL_1GB, 1, "alone");
    assert!(try_call(&sandbox, "/esim/order", &order).await.is_err());
    sandbox.world.advance(SignedDuration::from_mins(2)).unwrap();
    assert_eq!(sandbox.world.charges_for("alone").unwrap().len(), 1);
    let found = sandbox.world.orders().unwrap().pop().unwrap();
    assert_eq!(
        obj(&call(&sandbox, "/esim/order", order).await)["orderNo"],
        found.number()
    );
}

#[tokio::test]
async fn allocation_and_visibility_can_take_longer() {
    let sandbox = Sandbox::small().await;
    make(
        &sandbox,
        Operation::Order,
        Fault::PendingProfile {
            ms: Lasting::Milliseconds(90_000),
        },
    );
    make(
        &sandbox,
        Operation::Order,
        Fault::LateVisibility { ms: 10_000 },
    );
    let order = obj(&call(&sandbox, "/esim/order", an_order(PORTUGAL_1GB, 1, "ref")).await);
    let by = || json!({ "orderNo": order["orderNo"], "pager": pager() });
    assert_eq!(code_of(&sandbox, "/esim/query", by()).await, "310272");
    sandbox
        .world
        .advance(SignedDuration::from_secs(10))
        .unwrap();
    assert_eq!(code_of(&sandbox, "/esim/query", by()).await, "200010");
    sandbox
        .world
        .advance(SignedDuration::from_secs(80))
        .unwrap();
    assert_eq!(
        obj(&call(&sandbox, "/esim/query", by()).await)["pager"]["total"],
        1
    );
}

#[tokio::test]
async fn answers_drift_and_stay_json() {
    let sandbox = Sandbox::small().await;
    let number = one(&sandbox, "ref").await;
    let by = || json!({ "esimTranNo": number, "pager": pager() });
    make(&sandbox, Operation::Esim, Fault::NumbersAsText);
    let drifted = call(&sandbox, "/esim/query", by()).await.json();
    assert_eq!(
        drifted["obj"]["esimList"][0]["totalVolume"],
        (3_u64 << 30).to_string()
    );
    make(&sandbox, Operation::Esim, Fault::UnknownFields);
    let drifted = call(&sandbox, "/esim/query", by()).await.json();
    assert_ne!(drifted["obj"]["sandboxExtra"], Value::Null);
    let state = "QUANTUM".to_owned();
    make(&sandbox, Operation::Esim, Fault::UnknownState { state });
    let drifted = call(&sandbox, "/esim/query", by()).await.json();
    let esim = &drifted["obj"]["esimList"][0];
    assert_eq!(esim["esimStatus"], "QUANTUM");
    assert_eq!(esim["smdpStatus"], "QUANTUM");
    assert_eq!(drifted["success"], true);
    make(&sandbox, Operation::Balance, Fault::BrokenJson);
    let broken = call(&sandbox, "/balance/query", json!({})).await;
    assert!(serde_json::from_str::<Value>(&broken.text).is_err());
}

#[tokio::test]
async fn one_path_is_two_calls_of_the_fault_list() {
    let sandbox = Sandbox::small().await;
    let (order, esims) = bought(&sandbox, PORTUGAL_1GB, 1, "ref").await;
    let rate = || Fault::RateLimit { retry_after: None };
    make(&sandbox, Operation::Orders, rate());
    let number = text(&esims[0]["esimTranNo"]);
    read(&sandbox, number).await;
    let by = json!({ "orderNo": order, "pager": pager() });
    assert_eq!(call(&sandbox, "/esim/query", by).await.status, 429);
    make(&sandbox, Operation::TopupPackages, rate());
    obj(&call(&sandbox, "/package/list", json!({ "locationCode": "PT" })).await);
    let top_ups = json!({ "type": "TOPUP", "iccid": esims[0]["iccid"] });
    assert_eq!(call(&sandbox, "/package/list", top_ups).await.status, 429);
    let suspend = json!({ "esimTranNo": number });
    make(&sandbox, Operation::Suspend, Fault::DropAfterEffect);
    assert!(try_call(&sandbox, "/esim/suspend", &suspend).await.is_err());
    assert_eq!(read(&sandbox, number).await["esimStatus"], "SUSPENDED");
}

#[tokio::test]
async fn a_stalled_answer_comes_after_its_effect() {
    let sandbox = Sandbox::small().await;
    make(&sandbox, Operation::Order, Fault::Stall { ms: 60_000 });
    let url = sandbox.url("/api/v1/open/esim/order");
    let request = sandbox
        .client
        .post(url)
        .header("RT-AccessCode", TOKEN)
        .timeout(Duration::from_millis(500))
        .json(&an_order(PORTUGAL_1GB, 1, "ref"));
    assert!(answer(request).await.unwrap_err().is_timeout());
    // On a busy machine the request may be read after its sender has given up.
    let charged = async {
        while sandbox.world.charges_for("ref").unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), charged)
        .await
        .unwrap();
    assert_eq!(sandbox.world.charges_for("ref").unwrap().len(), 1);
}
