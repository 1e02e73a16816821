//! Buying in the second dialect: once for each key, at the price that was named, by the day.

use roamport_sandbox::switches::KnownTransaction;
use roamport_sandbox::{ChargeKind, Fault, Operation, Rule};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::*;

#[tokio::test]
async fn a_repeat_answers_the_same_order_and_charges_once() {
    let sandbox = Sandbox::small().await;
    let order = an_order(PORTUGAL_3GB, 2, "ref-1");
    let first = obj(&call(&sandbox, "/esim/order", order.clone()).await);
    for _ in 0..3 {
        assert_eq!(
            obj(&call(&sandbox, "/esim/order", order.clone()).await),
            first
        );
    }
    assert_eq!(sandbox.world.charges_for("ref-1").unwrap().len(), 1);
    assert_eq!(sandbox.world.esims().unwrap().len(), 2);
    let other = obj(&call(&sandbox, "/esim/order", an_order(PORTUGAL_3GB, 2, "ref-2")).await);
    assert_ne!(other["orderNo"], first["orderNo"]);
}

#[tokio::test]
async fn a_lost_answer_is_recovered_by_the_repeat() {
    let sandbox = Sandbox::small().await;
    sandbox
        .world
        .add_fault(Rule::new(Operation::Order, Fault::DropAfterEffect))
        .unwrap();
    let order = an_order(PORTUGAL_3GB, 1, "ref-1");
    assert!(try_call(&sandbox, "/esim/order", &order).await.is_err());
    let again = obj(&call(&sandbox, "/esim/order", order).await);
    let charges = sandbox.world.charges_for("ref-1").unwrap();
    assert_eq!(charges.len(), 1);
    assert!(!charges[0].answered);
    let kept = sandbox.world.orders().unwrap();
    assert_eq!(kept[0].number(), text(&again["orderNo"]));
}

#[tokio::test]
async fn another_body_under_a_known_key_does_what_the_switch_says() {
    let sandbox = Sandbox::small().await;
    let first = obj(&call(&sandbox, "/esim/order", an_order(PORTUGAL_3GB, 1, "ref")).await);
    let other = an_order(PORTUGAL_1GB, 2, "ref");
    let again = obj(&call(&sandbox, "/esim/order", other.clone()).await);
    assert_eq!(again, first, "the first order, by default");
    let set = |known| {
        let switches = with(|switches| switches.known_transaction = known);
        sandbox.world.set_switches(switches).unwrap();
    };
    set(KnownTransaction::Refused);
    assert_eq!(
        code_of(&sandbox, "/esim/order", other.clone()).await,
        "200008"
    );
    let same = an_order(PORTUGAL_3GB, 1, "ref");
    assert_eq!(obj(&call(&sandbox, "/esim/order", same).await), first);
    assert_eq!(sandbox.world.ledger().unwrap().len(), 1);
    set(KnownTransaction::SoldAgain);
    let sold = obj(&call(&sandbox, "/esim/order", other).await);
    assert_ne!(sold["orderNo"], first["orderNo"]);
    assert_eq!(sandbox.world.charges_for("ref").unwrap().len(), 2);
}

#[tokio::test]
async fn a_key_that_is_forgotten_buys_again() {
    let sandbox = Sandbox::small().await;
    let switches = with(|switches| switches.transaction_memory_ms = Some(60_000));
    sandbox.world.set_switches(switches).unwrap();
    let order = an_order(PORTUGAL_3GB, 1, "ref");
    let first = obj(&call(&sandbox, "/esim/order", order.clone()).await);
    sandbox
        .world
        .advance(SignedDuration::from_secs(59))
        .unwrap();
    assert_eq!(
        obj(&call(&sandbox, "/esim/order", order.clone()).await),
        first
    );
    sandbox.world.advance(SignedDuration::from_secs(1)).unwrap();
    assert_ne!(obj(&call(&sandbox, "/esim/order", order).await), first);
    assert_eq!(sandbox.world.charges_for("ref").unwrap().len(), 2);
}

#[tokio::test]
async fn a_price_that_moved_is_refused_and_nothing_is_charged() {
    let sandbox = Sandbox::small().await;
    let unit = price(&sandbox, PORTUGAL_3GB);
    let mut order = an_order(PORTUGAL_3GB, 2, "ref");
    order["packageInfoList"][0]["price"] = unit.into();
    order["amount"] = (2 * unit).into();
    let dearer = Fault::PriceChange { percent: 10 };
    let moved = Rule::new(Operation::Order, dearer).times(2);
    sandbox.world.add_fault(moved).unwrap();
    assert_eq!(
        code_of(&sandbox, "/esim/order", order.clone()).await,
        "200005"
    );
    let mut without = order.clone();
    without["packageInfoList"][0]
        .as_object_mut()
        .unwrap()
        .remove("price");
    assert_eq!(code_of(&sandbox, "/esim/order", without).await, "200006");
    assert!(sandbox.world.ledger().unwrap().is_empty());
    obj(&call(&sandbox, "/esim/order", order).await);
    let charged = sandbox.world.charges_for("ref").unwrap().remove(0).amount;
    assert_eq!(charged, Decimal::new(2 * unit, 4));
}

#[tokio::test]
async fn a_day_pass_costs_its_price_for_each_day_to_the_last_decimal() {
    let sandbox = Sandbox::small().await;
    let unit = price(&sandbox, DAILY);
    assert!(unit % 100 != 0, "{unit} is whole cents");
    let before = obj(&call(&sandbox, "/balance/query", json!({})).await);
    let mut order = an_order(DAILY, 2, "ref");
    order["packageInfoList"][0]["periodNum"] = 7.into();
    order["packageInfoList"][0]["price"] = unit.into();
    order["amount"] = (unit * 7 * 2).into();
    let order = obj(&call(&sandbox, "/esim/order", order).await);
    let charge = sandbox.world.charges_for("ref").unwrap().remove(0);
    assert_eq!(charge.amount, Decimal::new(unit * 14, 4));
    let after = obj(&call(&sandbox, "/balance/query", json!({})).await);
    let balance = |value: &Value| value["balance"].as_i64().unwrap();
    assert_eq!(balance(&before) - balance(&after), unit * 14);
    allocated(&sandbox);
    let found = query(&sandbox, json!({ "orderNo": order["orderNo"] })).await;
    let esim = &found["esimList"][0];
    assert_eq!(
        (&esim["dataType"], &esim["totalDuration"]),
        (&2.into(), &7.into())
    );
    assert_eq!(esim["totalVolume"], 7_u64 << 30);

    for days in [json!(0), json!(366), json!(70_000), Value::Null] {
        let mut wrong = an_order(DAILY, 1, "wrong");
        wrong["packageInfoList"][0]["periodNum"] = days.clone();
        assert_eq!(
            code_of(&sandbox, "/esim/order", wrong).await,
            "200008",
            "{days}"
        );
    }
    let mut fixed = an_order(PORTUGAL_3GB, 1, "wrong");
    fixed["packageInfoList"][0]["periodNum"] = 7.into();
    assert_eq!(code_of(&sandbox, "/esim/order", fixed).await, "200008");
    assert_eq!(sandbox.world.ledger().unwrap().len(), 1);
}

#[tokio::test]
async fn several_packages_and_their_slugs_make_one_order() {
    let sandbox = Sandbox::small().await;
    let body = json!({
        "transactionId": "ref",
        "packageInfoList": [
            { "packageCode": "PT_3_15", "count": 2 },
            { "packageCode": PORTUGAL_1GB, "count": 1 },
            { "packageCode": "JP_2_Daily_C", "count": 1, "periodNum": 3 },
        ],
    });
    let order = obj(&call(&sandbox, "/esim/order", body).await);
    let charge = sandbox.world.charges_for("ref").unwrap().remove(0);
    assert_eq!(
        charge.packages,
        [PORTUGAL_3GB, PORTUGAL_3GB, PORTUGAL_1GB, DAILY_CUT]
    );
    allocated(&sandbox);
    let found = query(&sandbox, json!({ "orderNo": order["orderNo"] })).await;
    assert_eq!(found["pager"]["total"], 4);
    let slugs: Vec<&str> = found["esimList"]
        .as_array()
        .unwrap()
        .iter()
        .map(|esim| text(&esim["packageList"][0]["slug"]))
        .collect();
    assert_eq!(slugs, ["PT_3_15", "PT_3_15", "PT_1_7", "JP_2_Daily_C"]);
}

#[tokio::test]
async fn thirty_esims_are_an_order_and_one_more_is_none() {
    let sandbox = Sandbox::small().await;
    obj(&call(&sandbox, "/esim/order", an_order(PORTUGAL_1GB, 30, "all")).await);
    for count in [31, u64::MAX] {
        let more = an_order(PORTUGAL_1GB, count, "more");
        assert_eq!(code_of(&sandbox, "/esim/order", more).await, "200008");
    }
    assert_eq!(sandbox.world.ledger().unwrap().len(), 1);
}

#[tokio::test]
async fn a_top_up_adds_data_and_days_and_is_repeated_for_nothing() {
    let sandbox = Sandbox::small().await;
    let number = one(&sandbox, "ref").await;
    sandbox.world.use_data(&number, 1024).unwrap();
    let before = read(&sandbox, &number).await;
    let body = json!({
        "esimTranNo": number,
        "packageCode": format!("TOPUP_{PORTUGAL_1GB}"),
        "transactionId": "more",
        "amount": price(&sandbox, PORTUGAL_1GB),
    });
    let first = obj(&call(&sandbox, "/esim/topup", body.clone()).await);
    let again = obj(&call(&sandbox, "/esim/topup", body.clone()).await);
    assert_eq!(first, again);
    let charges = sandbox.world.charges_for("more").unwrap();
    assert_eq!(charges.len(), 1);
    assert_eq!(charges[0].kind, ChargeKind::Topup);
    assert_eq!(first["totalVolume"], 4_u64 << 30);
    assert_eq!(first["totalDuration"], 22);
    assert_eq!(first["iccid"], before["iccid"]);
    let after = read(&sandbox, &number).await;
    assert_eq!(after["expiredTime"], first["expiredTime"]);
    assert_ne!(after["expiredTime"], before["expiredTime"]);
    let plans = after["packageList"].as_array().unwrap();
    assert_eq!(plans.len(), 2);
    assert_eq!(plans[1]["esimTranNo"], first["topUpEsimTranNo"]);
    assert_eq!(plans[1]["transactionId"], "more");

    let mut wrong = body.clone();
    wrong["transactionId"] = "wrong".into();
    wrong["amount"] = 1.into();
    assert_eq!(
        code_of(&sandbox, "/esim/topup", wrong.clone()).await,
        "200006"
    );
    wrong.as_object_mut().unwrap().remove("amount");
    wrong["packageCode"] = "TOPUP_esim-france-7days-1gb-all".into();
    assert_eq!(
        code_of(&sandbox, "/esim/topup", wrong.clone()).await,
        "200008"
    );
    wrong["packageCode"] = format!("TOPUP_{PORTUGAL_TALK}").into();
    assert_eq!(
        code_of(&sandbox, "/esim/topup", wrong.clone()).await,
        "310241"
    );
    wrong["packageCode"] = body["packageCode"].clone();
    sandbox.world.expire(&number).unwrap();
    assert_eq!(code_of(&sandbox, "/esim/topup", wrong).await, "200002");
    assert_eq!(sandbox.world.ledger().unwrap().len(), 2);
}

#[tokio::test]
async fn a_day_pass_is_topped_up_by_the_day_and_a_cut_off_one_not_at_all() {
    let sandbox = Sandbox::small().await;
    let buy = async |package: &str, reference: &str| {
        let mut order = an_order(package, 1, reference);
        order["packageInfoList"][0]["periodNum"] = 2.into();
        let order = obj(&call(&sandbox, "/esim/order", order).await);
        allocated(&sandbox);
        let found = query(&sandbox, json!({ "orderNo": order["orderNo"] })).await;
        text(&found["esimList"][0]["esimTranNo"]).to_owned()
    };
    let number = buy(DAILY, "ref").await;
    let mut body = json!({
        "esimTranNo": number,
        "packageCode": format!("TOPUP_{DAILY}"),
        "transactionId": "more",
        "periodNum": 3,
        "amount": 3 * price(&sandbox, DAILY),
    });
    let more = obj(&call(&sandbox, "/esim/topup", body.clone()).await);
    assert_eq!(more["totalDuration"], 5);
    assert_eq!(more["totalVolume"], 5_u64 << 30);
    body["esimTranNo"] = buy(DAILY_CUT, "cut").await.into();
    body["transactionId"] = "none".into();
    assert_eq!(code_of(&sandbox, "/esim/topup", body).await, "200002");
}
