//! Every fault: what happens to the money, and what the caller gets.

use std::time::Duration;

use jiff::SignedDuration;
use roamport_sandbox::{Fault, Lasting, Operation, Rule, Target};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::harness::*;

async fn with(rules: impl IntoIterator<Item = Rule>) -> Sandbox {
    let sandbox = Sandbox::of(careless()).await;
    sandbox.world.add_faults(rules).unwrap();
    sandbox
}

async fn on_order(fault: Fault) -> Sandbox {
    with([Rule::new(Operation::Order, fault)]).await
}

fn charges(sandbox: &Sandbox) -> usize {
    sandbox.world.charges_for("shop-1").unwrap().len()
}

async fn buy(sandbox: &Sandbox) -> reqwest::Result<Answer> {
    sandbox
        .try_post("/api/esim/order", order(PORTUGAL_1GB, 1, "shop-1"))
        .await
}

/// The fault spends itself on one call: the next one goes well.
async fn check_next(sandbox: &Sandbox) {
    let before = charges(sandbox);
    assert_eq!(buy(sandbox).await.unwrap().status, 200);
    assert_eq!(charges(sandbox), before + 1);
    assert!(sandbox.world.ledger().unwrap().last().unwrap().answered);
}

#[tokio::test]
async fn a_reply_lost_after_the_charge_is_no_reply_and_one_charge() {
    let sandbox = on_order(Fault::DropAfterEffect).await;
    let error = buy(&sandbox).await.unwrap_err();
    assert!(error.is_request() && !error.is_timeout(), "{error:?}");
    let ledger = sandbox.world.ledger().unwrap();
    assert_eq!((ledger.len(), ledger[0].answered), (1, false));
    let found = sandbox
        .get("/api/esim/orders?referenceId=shop-1")
        .await
        .data();
    assert_eq!(found["orders"][0]["id"], ledger[0].order_id);
    check_next(&sandbox).await;
}

#[tokio::test]
async fn a_request_lost_before_the_charge_is_no_reply_and_no_charge() {
    let sandbox = on_order(Fault::DropBeforeEffect).await;
    assert!(buy(&sandbox).await.unwrap_err().is_request());
    assert_eq!(charges(&sandbox), 0);
    check_next(&sandbox).await;
}

#[tokio::test]
async fn a_status_comes_before_or_after_the_charge() {
    for (fault, expected) in [
        (
            Fault::StatusBeforeEffect {
                status: 503,
                body: None,
                retry_after: Some(7),
            },
            0,
        ),
        (
            Fault::StatusAfterEffect {
                status: 503,
                body: None,
                retry_after: Some(7),
            },
            1,
        ),
    ] {
        let sandbox = on_order(fault).await;
        let answer = buy(&sandbox).await.unwrap();
        assert_eq!(
            (answer.status, answer.message().as_str()),
            (503, "Unknown error")
        );
        assert_eq!(answer.headers["retry-after"], "7");
        assert_eq!(charges(&sandbox), expected);
        check_next(&sandbox).await;
    }
}

#[tokio::test]
async fn a_status_has_the_body_it_was_given() {
    let body = Some("upstream connect error".to_owned());
    let sandbox = on_order(Fault::StatusAfterEffect {
        status: 524,
        body,
        retry_after: None,
    })
    .await;
    let answer = buy(&sandbox).await.unwrap();
    assert_eq!(
        (answer.status, answer.text.as_str()),
        (524, "upstream connect error")
    );
    assert!(!answer.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn a_late_effect_charges_when_its_time_has_come() {
    let sandbox = on_order(Fault::LateEffect { ms: 3_000 }).await;
    assert!(buy(&sandbox).await.is_err());
    sandbox
        .world
        .advance(SignedDuration::from_millis(2_999))
        .unwrap();
    assert_eq!(charges(&sandbox), 0);
    let found = sandbox
        .get("/api/esim/orders?referenceId=shop-1")
        .await
        .data();
    assert_eq!(found["orders"], json!([]));
    sandbox
        .world
        .advance(SignedDuration::from_secs(60))
        .unwrap();
    let found = sandbox
        .get("/api/esim/orders?referenceId=shop-1")
        .await
        .data();
    assert_eq!(found["orders"][0]["createdAt"], noon().as_second() + 3);
    let charge = &sandbox.world.ledger().unwrap()[0];
    assert_eq!(
        (charge.at, charge.answered),
        (noon() + SignedDuration::from_secs(3), false)
    );
    check_next(&sandbox).await;
}

#[tokio::test]
async fn a_late_effect_that_is_refused_by_then_comes_to_nothing() {
    let sandbox = on_order(Fault::LateEffect { ms: 1_000 }).await;
    assert!(buy(&sandbox).await.is_err());
    sandbox.world.set_balance(Decimal::ZERO).unwrap();
    sandbox.world.advance(SignedDuration::from_secs(2)).unwrap();
    assert_eq!(charges(&sandbox), 0);
    sandbox.world.set_balance(Decimal::from(100)).unwrap();
    assert_eq!(charges(&sandbox), 0, "it does not try again");
}

#[tokio::test]
async fn a_rate_limit_refuses_before_the_charge_with_and_without_a_hint() {
    for (hint, header) in [(Some(2), Some("2")), (None, None)] {
        let sandbox = on_order(Fault::RateLimit { retry_after: hint }).await;
        let answer = buy(&sandbox).await.unwrap();
        assert_eq!(answer.status, 429);
        assert_eq!(
            answer
                .headers
                .get("retry-after")
                .map(|value| value.to_str().unwrap()),
            header
        );
        assert_eq!(charges(&sandbox), 0);
        check_next(&sandbox).await;
    }
}

#[tokio::test]
async fn broken_json_and_a_web_page_hide_a_charge() {
    for (fault, content_type) in [
        (Fault::BrokenJson, "application/json; charset=utf-8"),
        (Fault::Html { status: 200 }, "text/html; charset=utf-8"),
    ] {
        let sandbox = on_order(fault).await;
        let answer = buy(&sandbox).await.unwrap();
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers["content-type"], content_type);
        assert!(serde_json::from_str::<Value>(&answer.text).is_err());
        assert_eq!(charges(&sandbox), 1);
        check_next(&sandbox).await;
    }
}

#[tokio::test]
async fn a_gateways_web_page_and_a_failure_with_200_come_before_the_charge() {
    let sandbox = on_order(Fault::HtmlError { status: 502 }).await;
    let answer = buy(&sandbox).await.unwrap();
    assert_eq!(
        (answer.status, &answer.text[..15]),
        (502, "<!DOCTYPE html>")
    );
    assert_eq!(charges(&sandbox), 0);
    check_next(&sandbox).await;

    let sandbox = on_order(Fault::FailureBodyWith200 {
        message: "try later".to_owned(),
    })
    .await;
    let answer = buy(&sandbox).await.unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.json(),
        json!({ "message": "try later", "status": "failed" })
    );
    assert_eq!(charges(&sandbox), 0);
    check_next(&sandbox).await;
}

#[tokio::test]
async fn a_stalled_purchase_is_charged_at_once() {
    let sandbox = on_order(Fault::Stall { ms: 60_000 }).await;
    let request = sandbox
        .client
        .post(sandbox.url("/api/esim/order"))
        .bearer_auth(TOKEN);
    let request = request
        .json(&order(PORTUGAL_1GB, 1, "shop-1"))
        .timeout(Duration::from_millis(300));
    assert!(request.send().await.unwrap_err().is_timeout());
    assert_eq!(charges(&sandbox), 1);
    check_next(&sandbox).await;
}

#[tokio::test]
async fn answers_drift_in_numbers_fields_and_states() {
    let sandbox = on_order(Fault::NumbersAsText).await;
    let drifted = buy(&sandbox).await.unwrap().data();
    let charge = sandbox.world.ledger().unwrap()[0]
        .amount
        .normalize()
        .to_string();
    assert_eq!(
        (text(&drifted["total"]), text(&drifted["createdAt"])),
        (charge.as_str(), "1795003200")
    );

    let sandbox = on_order(Fault::UnknownFields).await;
    let drifted = buy(&sandbox).await.unwrap().data();
    assert!(drifted["sandboxExtra"].is_object() && drifted["items"][0]["sandboxExtra"].is_object());

    let sandbox = on_order(Fault::UnknownState {
        state: "QUANTUM".to_owned(),
    })
    .await;
    assert_eq!(buy(&sandbox).await.unwrap().data()["status"], "QUANTUM");
    sandbox
        .world
        .add_fault(Rule::new(
            Operation::Esim,
            Fault::UnknownState {
                state: "QUANTUM".to_owned(),
            },
        ))
        .unwrap();
    let esims = sandbox.get("/api/esims").await.data();
    assert_eq!(esims[0]["status"], "QUANTUM");
}

#[tokio::test]
async fn an_order_may_be_invisible_for_a_while() {
    let sandbox = on_order(Fault::LateVisibility { ms: 3_000 }).await;
    let bought = buy(&sandbox).await.unwrap().data();
    let by_id = format!("/api/esim/order?orderId={}", text(&bought["id"]));
    let listed = || async {
        sandbox
            .get("/api/esim/orders?referenceId=shop-1")
            .await
            .data()["orders"]
            .take()
    };
    assert_eq!(charges(&sandbox), 1);
    assert_eq!(listed().await, json!([]));
    assert_eq!(sandbox.get(&by_id).await.status, 404);
    assert_eq!(sandbox.get("/api/esims").await.data(), json!([]));
    sandbox.world.advance(SignedDuration::from_secs(3)).unwrap();
    assert_eq!(listed().await[0]["id"], bought["id"]);
    assert_eq!(sandbox.get(&by_id).await.status, 200);
}

#[tokio::test]
async fn a_pending_profile_says_so_and_is_ready_later_without_being_asked_again() {
    let pending = Fault::PendingProfile {
        ms: Lasting::Milliseconds(60_000),
    };
    let sandbox = with([Rule::new(Operation::Apply, pending)]).await;
    let bought = sandbox.order(PORTUGAL_1GB, "shop-1").await;
    let id = text(&bought["items"][0]["esimId"]);
    let apply = || sandbox.post("/api/esim/apply", json!({ "esimId": id }));
    let read = || async { sandbox.get(&format!("/api/esim?esimId={id}")).await.data() };
    for _ in 0..2 {
        let answer = apply().await;
        assert_eq!(answer.status, 409);
        assert!(answer.message().contains("still pending processing"));
    }
    let waiting = read().await;
    assert_eq!(
        (
            &waiting["status"],
            &waiting["iccid"],
            &waiting["esim"]["lpaCode"]
        ),
        (&json!("NEW"), &json!(""), &json!(""))
    );
    let switches = roamport_sandbox::Switches {
        pending_status: 500,
        ..sandbox.world.switches().unwrap()
    };
    sandbox.world.set_switches(switches).unwrap();
    assert_eq!(apply().await.status, 500);
    sandbox
        .world
        .advance(SignedDuration::from_secs(60))
        .unwrap();
    assert_eq!(read().await["status"], "READY");
    assert_eq!(apply().await.status, 200);
}

#[tokio::test]
async fn a_profile_may_stay_pending_for_ever() {
    let sandbox = with([Rule::new(
        Operation::Apply,
        Fault::PendingProfile {
            ms: Lasting::ForEver,
        },
    )])
    .await;
    let bought = sandbox.order(PORTUGAL_1GB, "shop-1").await;
    let id = text(&bought["items"][0]["esimId"]);
    assert_eq!(
        sandbox
            .post("/api/esim/apply", json!({ "esimId": id }))
            .await
            .status,
        409
    );
    sandbox
        .world
        .advance(SignedDuration::from_hours(24 * 400))
        .unwrap();
    assert_eq!(
        sandbox.get(&format!("/api/esim?esimId={id}")).await.data()["iccid"],
        ""
    );
}

#[tokio::test]
async fn a_profile_made_while_the_reply_was_lost_is_there() {
    let sandbox = with([Rule::new(Operation::Apply, Fault::DropAfterEffect)]).await;
    let bought = sandbox.order(PORTUGAL_1GB, "shop-1").await;
    let id = text(&bought["items"][0]["esimId"]);
    assert!(
        sandbox
            .try_post("/api/esim/apply", json!({ "esimId": id }))
            .await
            .is_err()
    );
    assert_eq!(
        sandbox.get(&format!("/api/esim?esimId={id}")).await.data()["status"],
        "READY"
    );
}

#[tokio::test]
async fn an_order_may_be_pending_first_and_completed_later() {
    let state = |state: &str, ms| Fault::OrderState {
        state: state.to_owned(),
        ms,
    };
    let sandbox = with([
        Rule::new(
            Operation::Order,
            state("PENDING", Lasting::Milliseconds(5_000)),
        ),
        Rule::new(Operation::Order, state("CANCELLED", Lasting::ForEver)).skip(1),
    ])
    .await;
    assert_eq!(buy(&sandbox).await.unwrap().data()["status"], "PENDING");
    assert_eq!(buy(&sandbox).await.unwrap().data()["status"], "CANCELLED");
    sandbox.world.advance(SignedDuration::from_secs(5)).unwrap();
    let orders = sandbox.get("/api/esim/orders").await.data();
    assert_eq!(
        (
            &orders["orders"][0]["status"],
            &orders["orders"][1]["status"]
        ),
        (&json!("CANCELLED"), &json!("COMPLETED"))
    );
}

#[tokio::test]
async fn a_price_may_change_between_catalogue_and_order() {
    let sandbox = on_order(Fault::PriceChange { percent: 10 }).await;
    let listed = sandbox.world.catalogue().find(PORTUGAL_1GB).unwrap().price;
    buy(&sandbox).await.unwrap().data();
    let charge = sandbox.world.ledger().unwrap()[0].amount;
    assert_eq!(charge, (listed * Decimal::new(11, 1)).round_dp(2));
    check_next(&sandbox).await;
    assert_eq!(sandbox.world.ledger().unwrap()[1].amount, listed);
}

#[tokio::test]
async fn an_order_may_bring_fewer_esims_than_were_paid_for() {
    let sandbox = on_order(Fault::FewerItems { by: 1 }).await;
    let bought = sandbox
        .post("/api/esim/order", order(PORTUGAL_1GB, 2, "shop-1"))
        .await
        .data();
    assert_eq!(bought["items"].as_array().unwrap().len(), 1);
    let charge = &sandbox.world.ledger().unwrap()[0];
    let price = sandbox.world.catalogue().find(PORTUGAL_1GB).unwrap().price;
    assert_eq!(
        (charge.amount, charge.packages.len()),
        (price * Decimal::TWO, 2)
    );
    assert_eq!(sandbox.world.esims().unwrap().len(), 1);
}

#[tokio::test]
async fn a_fault_on_top_ups_leaves_orders_alone() {
    let sandbox = with([Rule::new(Operation::Topup, Fault::DropAfterEffect)]).await;
    let esim = sandbox.esim(PORTUGAL_1GB, "shop-1").await;
    let body = json!({ "iccid": esim["iccid"], "packageId": PORTUGAL_3GB, "referenceId": "more" });
    assert!(
        sandbox
            .try_post("/api/esim/order/topup", body)
            .await
            .is_err()
    );
    assert_eq!(sandbox.world.charges_for("more").unwrap().len(), 1);
    assert_eq!(sandbox.world.esims().unwrap()[0].allowances.len(), 2);
}

#[tokio::test]
async fn a_rule_for_any_call_strikes_reads_and_lets_calls_pass_first() {
    let rule = Rule {
        on: Target::Any,
        ..Rule::new(Operation::Balance, Fault::DropBeforeEffect)
    };
    let sandbox = with([rule.skip(1).times(2)]).await;
    assert_eq!(sandbox.get("/api/balance").await.status, 200);
    assert!(sandbox.try_get("/api/esim/countries").await.is_err());
    assert!(sandbox.try_get("/api/balance").await.is_err());
    assert_eq!(sandbox.get("/api/balance").await.status, 200);
    assert!(sandbox.world.faults().unwrap().is_empty());
    assert_eq!(sandbox.world.calls(Operation::Balance), 3);
}

#[tokio::test]
async fn a_call_without_a_token_spends_no_fault() {
    let sandbox = on_order(Fault::DropAfterEffect).await;
    let stranger = sandbox
        .client
        .post(sandbox.url("/api/esim/order"))
        .json(&order(PORTUGAL_1GB, 1, "x"));
    assert_eq!(answer(stranger).await.unwrap().status, 401);
    assert_eq!(sandbox.world.faults().unwrap().len(), 1);
}
