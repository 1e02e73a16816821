//! Several accounts in one world: each token has its own orders and wallet.

use roamport_sandbox::world::Purchase;
use roamport_sandbox::{Fault, Operation, Rule, Switches, World};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::harness::*;

const SECOND: &str = "the token of another account";

fn with_accounts() -> roamport_sandbox::world::WorldBuilder {
    small().switches(Switches {
        accounts: vec![SECOND.to_owned()],
        ..Switches::default()
    })
}

async fn get(sandbox: &Sandbox, token: &str, path: &str) -> Answer {
    let request = sandbox.client.get(sandbox.url(path));
    answer(request.bearer_auth(token)).await.unwrap()
}

async fn post(sandbox: &Sandbox, token: &str, path: &str, body: Value) -> Answer {
    let request = sandbox.client.post(sandbox.url(path)).bearer_auth(token);
    answer(request.json(&body)).await.unwrap()
}

#[tokio::test]
async fn each_token_has_its_own_orders_and_wallet() {
    let sandbox = Sandbox::of(with_accounts()).await;
    let mine = sandbox.order(PORTUGAL_1GB, "shop-1").await;
    let path = "/api/esim/orders?referenceId=shop-1";
    let found = get(&sandbox, SECOND, path).await.data();
    assert_eq!(found["orders"], json!([]));
    assert_eq!(
        get(&sandbox, SECOND, "/api/balance").await.data()["balance"],
        1_000
    );
    let by_id = format!("/api/esim/order?orderId={}", text(&mine["id"]));
    assert_eq!(get(&sandbox, SECOND, &by_id).await.status, 404);

    let request = order(PORTUGAL_1GB, 1, "shop-1");
    let theirs = post(&sandbox, SECOND, "/api/esim/order", request)
        .await
        .data();
    assert_ne!(theirs["id"], mine["id"], "no id is given out twice");
    assert_ne!(theirs["items"][0]["esimId"], mine["items"][0]["esimId"]);
    for token in [TOKEN, SECOND] {
        let ledger = get(&sandbox, token, "/_control/ledger").await.json();
        assert_eq!(ledger["charges"].as_array().unwrap().len(), 1);
    }
    let own = sandbox.world.account(SECOND).ledger().unwrap();
    assert_eq!(own[0].order_id, theirs["id"]);
    assert_eq!(
        sandbox.world.account(TOKEN).ledger().unwrap()[0].order_id,
        mine["id"]
    );
    let set = json!({ "set": "5" });
    post(&sandbox, SECOND, "/_control/balance", set).await;
    assert_ne!(sandbox.world.balance().unwrap(), Decimal::from(5));
}

#[tokio::test]
async fn each_access_code_has_its_own_orders_and_wallet() {
    let sandbox = Sandbox::of(with_accounts()).await;
    let call = async |code: &str, path: &str, body: Value| {
        let url = sandbox.url(&format!("/api/v1/open{path}"));
        let request = sandbox.client.post(url).header("RT-AccessCode", code);
        answer(request.json(&body)).await.unwrap().json()
    };
    let order = json!({
        "transactionId": "shop-1",
        "packageInfoList": [{ "packageCode": PORTUGAL_1GB, "count": 1 }],
    });
    let mine = call(TOKEN, "/esim/order", order.clone()).await;
    let full = call(SECOND, "/balance/query", json!({})).await;
    assert_eq!(full["obj"]["balance"], 10_000_000);
    let pager = json!({ "pageNum": 1, "pageSize": 50 });
    let by = json!({ "orderNo": mine["obj"]["orderNo"], "pager": pager });
    assert_eq!(call(SECOND, "/esim/query", by).await["errorCode"], "310272");
    let theirs = call(SECOND, "/esim/order", order).await;
    assert_eq!(theirs["success"], true);
    assert_ne!(
        theirs["obj"]["orderNo"], mine["obj"]["orderNo"],
        "no replay of another's order"
    );
    let stranger = call("nobody", "/balance/query", json!({})).await;
    assert_eq!(stranger["errorCode"], "000102");
}

#[tokio::test]
async fn a_token_that_is_not_named_is_refused() {
    let sandbox = Sandbox::small().await;
    assert_eq!(get(&sandbox, SECOND, "/api/balance").await.status, 401);
    assert_eq!(get(&sandbox, SECOND, "/_control/ledger").await.status, 401);
    let named = json!({ "accounts": [SECOND] });
    sandbox.post("/_control/switches", named).await;
    assert_eq!(get(&sandbox, SECOND, "/api/balance").await.status, 200);
    assert_eq!(get(&sandbox, "nobody", "/api/balance").await.status, 401);
    assert_eq!(get(&sandbox, "", "/api/balance").await.status, 401);
}

#[tokio::test]
async fn clock_faults_and_switches_belong_to_all_accounts() {
    let sandbox = Sandbox::of(with_accounts()).await;
    let second = sandbox.world.account(SECOND);
    second
        .add_fault(Rule::new(Operation::Balance, Fault::BrokenJson).times(2))
        .unwrap();
    get(&sandbox, TOKEN, "/api/balance").await;
    assert_eq!(second.faults().unwrap(), sandbox.world.faults().unwrap());
    get(&sandbox, SECOND, "/api/balance").await;
    assert!(sandbox.world.faults().unwrap().is_empty());
    let hour = jiff::SignedDuration::from_hours(1);
    sandbox.world.advance(hour).unwrap();
    assert_eq!(second.now().unwrap(), noon() + hour);
    let switches = Switches {
        low_balance_status: 402,
        ..second.switches().unwrap()
    };
    second.set_switches(switches.clone()).unwrap();
    assert_eq!(sandbox.world.switches().unwrap(), switches);
    second
        .purchase(&Purchase::order(PORTUGAL_1GB, 1, "x"))
        .unwrap();
    sandbox.world.reset().unwrap();
    assert!(second.ledger().unwrap().is_empty());
}

#[test]
fn accounts_survive_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sandbox.jsonl");
    let open = || -> World { with_accounts().state(&path).build().unwrap() };
    let buy = |world: &World, reference: &str| {
        let order = Purchase::order(PORTUGAL_1GB, 1, reference);
        world.purchase(&order).unwrap()
    };
    let world = open();
    let mine = buy(&world, "mine");
    let theirs = buy(&world.account(SECOND), "theirs");
    world.advance(jiff::SignedDuration::from_hours(1)).unwrap();
    for world in [world, open()] {
        let second = world.account(SECOND);
        assert_eq!(world.orders().unwrap(), std::slice::from_ref(&mine));
        assert_eq!(second.orders().unwrap(), std::slice::from_ref(&theirs));
        assert_eq!(second.balance().unwrap(), world.balance().unwrap());
        assert_eq!(second.now().unwrap(), world.now().unwrap());
    }
}
