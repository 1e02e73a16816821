//! Giving back, interrupting and ending eSIMs, and card numbers that come back.

use roamport_sandbox::{Fault, Operation, Rule};
use serde_json::{Value, json};

use super::*;

#[tokio::test]
async fn cancelling_gives_the_money_back_at_once_and_once() {
    let sandbox = Sandbox::small().await;
    let world = &sandbox.world;
    let full = world.balance().unwrap();
    let number = one(&sandbox, "ref").await;
    let paid = world.charges_for("ref").unwrap()[0].amount;
    assert_eq!(world.balance().unwrap(), full - paid);
    let key = json!({ "esimTranNo": number });
    assert_eq!(
        obj(&call(&sandbox, "/esim/cancel", key.clone()).await),
        json!({})
    );
    assert_eq!(world.balance().unwrap(), full);
    assert_eq!(code_of(&sandbox, "/esim/cancel", key).await, "200002");
    let refunds = world.refunds().unwrap();
    assert_eq!(refunds.len(), 1);
    assert_eq!(refunds[0].amount, paid);
    assert_eq!(refunds[0].reference.as_deref(), Some("ref"));
    assert_eq!(refunds[0].balance_after, full);
    assert_eq!(
        world.charges_for("ref").unwrap().len(),
        1,
        "a refund is no charge"
    );
    let ledger = sandbox.get("/_control/ledger").await.json();
    assert_eq!(ledger["refunds"][0]["amount"], paid.to_string());
    assert_eq!(ledger["charges"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_lost_answer_to_a_cancellation_has_given_the_money_back() {
    let sandbox = Sandbox::small().await;
    let full = sandbox.world.balance().unwrap();
    let number = one(&sandbox, "ref").await;
    sandbox
        .world
        .add_fault(Rule::new(Operation::Cancel, Fault::DropAfterEffect))
        .unwrap();
    let key = json!({ "esimTranNo": number });
    assert!(try_call(&sandbox, "/esim/cancel", &key).await.is_err());
    assert_eq!(sandbox.world.balance().unwrap(), full);
    assert!(!sandbox.world.refunds().unwrap()[0].answered);
    assert_eq!(code_of(&sandbox, "/esim/cancel", key).await, "200002");
    assert_eq!(read(&sandbox, &number).await["esimStatus"], "CANCEL");
}

#[tokio::test]
async fn what_is_installed_suspended_or_over_cannot_be_cancelled() {
    let sandbox = Sandbox::small().await;
    let world = &sandbox.world;
    let acts: [fn(&Sandbox, &str); 5] = [
        |sandbox, esim| drop(sandbox.world.install(esim).unwrap()),
        |sandbox, esim| drop(sandbox.world.use_data(esim, 1).unwrap()),
        |sandbox, esim| drop(sandbox.world.suspend(esim).unwrap()),
        |sandbox, esim| drop(sandbox.world.revoke(esim).unwrap()),
        |sandbox, esim| drop(sandbox.world.expire(esim).unwrap()),
    ];
    for (place, act) in acts.into_iter().enumerate() {
        let number = one(&sandbox, &format!("ref-{place}")).await;
        act(&sandbox, &number);
        let key = json!({ "esimTranNo": number });
        assert_eq!(code_of(&sandbox, "/esim/cancel", key).await, "200002");
    }
    assert!(world.refunds().unwrap().is_empty());
    let nobody = json!({ "esimTranNo": "26112009140012" });
    assert_eq!(code_of(&sandbox, "/esim/cancel", nobody).await, "310403");
    assert_eq!(code_of(&sandbox, "/esim/cancel", json!({})).await, "000105");
    let order = an_order(PORTUGAL_1GB, 1, "allocating");
    obj(&call(&sandbox, "/esim/order", order).await);
    let newest = world.esims().unwrap().pop().unwrap();
    let key = json!({ "esimTranNo": newest.transaction() });
    assert_eq!(code_of(&sandbox, "/esim/cancel", key).await, "200010");
}

#[tokio::test]
async fn a_suspended_esim_carries_no_data_until_it_goes_on() {
    let sandbox = Sandbox::small().await;
    let number = one(&sandbox, "ref").await;
    let key = json!({ "esimTranNo": number });
    sandbox.world.use_data(&number, 1024).unwrap();
    obj(&call(&sandbox, "/esim/suspend", key.clone()).await);
    assert!(sandbox.world.use_data(&number, 1024).is_err());
    assert_eq!(
        code_of(&sandbox, "/esim/suspend", key.clone()).await,
        "200002"
    );
    obj(&call(&sandbox, "/esim/unsuspend", key.clone()).await);
    sandbox.world.use_data(&number, 1024).unwrap();
    assert_eq!(code_of(&sandbox, "/esim/unsuspend", key).await, "200002");
    assert_eq!(read(&sandbox, &number).await["orderUsage"], 2 << 20);
}

#[tokio::test]
async fn a_revoked_esim_is_over_and_nothing_comes_back() {
    let sandbox = Sandbox::small().await;
    let number = one(&sandbox, "ref").await;
    let before = sandbox.world.balance().unwrap();
    let iccid = read(&sandbox, &number).await["iccid"].clone();
    obj(&call(&sandbox, "/esim/revoke", json!({ "iccid": iccid })).await);
    assert_eq!(read(&sandbox, &number).await["esimStatus"], "REVOKE");
    assert_eq!(sandbox.world.balance().unwrap(), before);
    let key = json!({ "esimTranNo": number });
    for path in ["/esim/revoke", "/esim/suspend", "/esim/cancel"] {
        assert_eq!(code_of(&sandbox, path, key.clone()).await, "200002");
    }
    assert!(sandbox.world.install(&number).is_err());
}

#[tokio::test]
async fn messages_go_to_esims_that_take_them() {
    let sandbox = Sandbox::small().await;
    let mut order = an_order(DAILY_CUT, 1, "ref");
    order["packageInfoList"][0]["periodNum"] = 1.into();
    let order = obj(&call(&sandbox, "/esim/order", order).await);
    allocated(&sandbox);
    let found = query(&sandbox, json!({ "orderNo": order["orderNo"] })).await;
    let takes = &found["esimList"][0]["esimTranNo"];
    let send = |esim: &Value, message: String| json!({ "esimTranNo": esim, "message": message });
    obj(&call(&sandbox, "/esim/sendSms", send(takes, "å".repeat(500))).await);
    let long = send(takes, "å".repeat(501));
    assert_eq!(code_of(&sandbox, "/esim/sendSms", long).await, "000107");
    let none = send(takes, String::new());
    assert_eq!(code_of(&sandbox, "/esim/sendSms", none).await, "000105");
    let deaf = one(&sandbox, "deaf").await;
    let deaf = send(&deaf.into(), "hello".to_owned());
    assert_eq!(code_of(&sandbox, "/esim/sendSms", deaf).await, "200002");
    let esims = sandbox.get("/_control/esims").await.json();
    assert_eq!(esims[0]["messages"], 1);
}

#[tokio::test]
async fn a_card_number_comes_back_on_another_esim_where_the_switch_says_so() {
    let sandbox = Sandbox::small().await;
    let iccid = async |number: &str| read(&sandbox, number).await["iccid"].clone();
    let first = one(&sandbox, "ref-1").await;
    sandbox.world.cancel(&first).unwrap();
    let second = one(&sandbox, "ref-2").await;
    assert_ne!(iccid(&first).await, iccid(&second).await);
    let mut switches = sandbox.world.switches().unwrap();
    switches.reuse_iccids = true;
    sandbox.world.set_switches(switches).unwrap();
    let (_, both) = bought(&sandbox, PORTUGAL_3GB, 2, "ref-3").await;
    assert_eq!(both[0]["iccid"], iccid(&first).await);
    assert_ne!(both[1]["iccid"], both[0]["iccid"]);
    let found = query(&sandbox, json!({ "iccid": both[0]["iccid"] })).await;
    let states: Vec<&str> = found["esimList"]
        .as_array()
        .unwrap()
        .iter()
        .map(|esim| text(&esim["esimStatus"]))
        .collect();
    assert_eq!(states, ["CANCEL", "GOT_RESOURCE"]);
    // What is done by card number is done to the newest bearer.
    let key = json!({ "iccid": both[0]["iccid"] });
    obj(&call(&sandbox, "/esim/cancel", key).await);
    let newest = text(&both[0]["esimTranNo"]);
    assert_eq!(read(&sandbox, newest).await["esimStatus"], "CANCEL");
    let third = one(&sandbox, "ref-4").await;
    assert_eq!(iccid(&third).await, iccid(&first).await);
}
