//! Answers that lie, in the first dialect and in process: the odd bytes themselves, and the money
//! behind them.

use std::collections::BTreeMap;

use roamport_domain::Reference;
use roamport_domain::esim::ProfileState;
use roamport_domain::provider::{EsimKey, EsimProvider as _, FoundOrders, OrderLookup};
use roamport_sandbox::switches::ReferenceSearch;
use roamport_sandbox::world::Purchase;
use roamport_sandbox::{
    Change, Fault, MixUp, Operation, Rule, SandboxProvider, Spelling, Target, World,
};
use serde_json::{Value, json};

use crate::harness::*;

pub(crate) fn lie(sandbox: &Sandbox, on: Operation, fault: Fault) {
    sandbox.world.add_fault(Rule::new(on, fault)).unwrap();
}

pub(crate) fn edit(at: &str, change: Change) -> Fault {
    Fault::Edit {
        at: at.to_owned(),
        change,
    }
}

pub(crate) fn set(at: &str, text: &str) -> Fault {
    edit(at, Change::Set(text.to_owned()))
}

/// The references of the orders that a list gives.
async fn listed(sandbox: &Sandbox, query: &str) -> Vec<Value> {
    let path = format!("/api/esim/orders{query}");
    let mut found = sandbox.get(&path).await.data();
    let orders = found["orders"].as_array_mut().unwrap();
    let references = orders.iter_mut().map(|order| order["referenceId"].take());
    references.collect()
}

async fn three_orders() -> Sandbox {
    let sandbox = Sandbox::small().await;
    for reference in ["SHOP-10", "SHOP-1", "MY-SHOP-1"] {
        sandbox.order(PORTUGAL_1GB, reference).await;
    }
    sandbox
}

fn loose(search: ReferenceSearch) -> Fault {
    Fault::LooseFilter { search }
}

#[tokio::test]
async fn a_filter_may_be_ignored_loose_or_capped() {
    let sandbox = three_orders().await;
    for (search, found) in [
        (ReferenceSearch::Equals, &["SHOP-1"][..]),
        (ReferenceSearch::Prefix, &["SHOP-1", "SHOP-10"]),
        (
            ReferenceSearch::Contains,
            &["MY-SHOP-1", "SHOP-1", "SHOP-10"],
        ),
        (
            ReferenceSearch::Ignored,
            &["MY-SHOP-1", "SHOP-1", "SHOP-10"],
        ),
    ] {
        lie(&sandbox, Operation::Orders, loose(search));
        assert_eq!(listed(&sandbox, "?referenceId=SHOP-1").await, found);
        lie(&sandbox, Operation::Esim, loose(search));
        let esims = sandbox.get("/api/esims?referenceId=SHOP-1").await.data();
        assert_eq!(esims.as_array().unwrap().len(), found.len(), "{search:?}");
    }
    lie(&sandbox, Operation::Orders, loose(ReferenceSearch::Ignored));
    lie(&sandbox, Operation::Orders, Fault::CapPageSize { max: 1 });
    let query = "?referenceId=SHOP-1&limit=50";
    assert_eq!(listed(&sandbox, query).await, ["MY-SHOP-1"]);
    lie(&sandbox, Operation::Orders, loose(ReferenceSearch::Ignored));
    let one = sandbox.get("/api/esim/order?referenceId=nobody").await;
    assert_eq!(one.data()["referenceId"], "MY-SHOP-1");
    lie(&sandbox, Operation::Esim, Fault::CapPageSize { max: 2 });
    let esims = sandbox.get("/api/esims?limit=50").await.data();
    assert_eq!(esims.as_array().unwrap().len(), 2);
    assert_eq!(listed(&sandbox, query).await, ["SHOP-1"]);
}

#[tokio::test]
async fn a_reference_is_echoed_in_another_spelling_and_kept_in_its_own() {
    let sandbox = Sandbox::small().await;
    let reference = "01KE0ZP1M3Q8";
    for (spelling, echoed) in [
        (Spelling::Lower, json!("01ke0zp1m3q8")),
        (Spelling::Cut(5), json!("01KE0")),
        (Spelling::Confusable, json!("OIKEOZPIM3Q8")),
        (Spelling::Dropped, Value::Null),
    ] {
        let rule = Rule {
            on: Target::Any,
            ..Rule::new(Operation::Order, Fault::RespellReference { spelling })
        };
        sandbox.world.add_fault(rule.for_ever()).unwrap();
        let bought = sandbox.order(PORTUGAL_1GB, reference).await;
        assert_eq!(bought["referenceId"], echoed);
        let query = format!("?referenceId={reference}");
        assert_eq!(
            listed(&sandbox, &query).await,
            std::slice::from_ref(&echoed)
        );
        let path = format!("/api/esim/order{query}");
        assert_eq!(sandbox.get(&path).await.data()["referenceId"], echoed);
        assert_eq!(sandbox.world.charges_for(reference).unwrap().len(), 1);
        sandbox.world.reset().unwrap();
    }
}

async fn mixed_up(sandbox: &Sandbox, with: MixUp) -> Value {
    lie(sandbox, Operation::Order, Fault::MixUp { with });
    let reference = format!("mixed-{with:?}");
    let order = order(PORTUGAL_1GB, 2, &reference);
    let bought = sandbox.post("/api/esim/order", order).await.data();
    let charges = sandbox.world.charges_for(&reference).unwrap();
    assert_eq!(charges.len(), 1, "whatever it says, it is charged");
    bought
}

#[tokio::test]
async fn a_purchase_may_be_answered_with_things_of_another_order() {
    let sandbox = Sandbox::small().await;
    let other = sandbox.order(PORTUGAL_1GB, "other").await;

    assert_eq!(mixed_up(&sandbox, MixUp::Order).await, other);
    sandbox.order(PORTUGAL_1GB, "newest").await;
    let answer = mixed_up(&sandbox, MixUp::Reference).await;
    assert_eq!(answer["referenceId"], "newest");
    let own = sandbox.world.orders().unwrap().pop().unwrap();
    assert_eq!(answer["id"], own.id);

    let answer = mixed_up(&sandbox, MixUp::Package).await;
    assert_eq!(answer["referenceId"], "mixed-Package");
    assert_ne!(answer["items"][0]["packageId"], PORTUGAL_1GB);
    let own = sandbox.world.orders().unwrap().pop().unwrap();
    assert_eq!(answer["items"][1]["esimId"], own.items[1].esim_id);

    let before = own;
    let answer = mixed_up(&sandbox, MixUp::Esim).await;
    let own = sandbox.world.orders().unwrap().pop().unwrap();
    assert_eq!(answer["id"], own.id);
    assert_eq!(answer["items"][0]["esimId"], before.items[0].esim_id);
    assert_eq!(answer["items"][1]["esimId"], own.items[1].esim_id);
}

#[tokio::test]
async fn where_there_is_no_other_order_one_is_invented() {
    let sandbox = Sandbox::small().await;
    let answer = mixed_up(&sandbox, MixUp::Order).await;
    let own = sandbox.world.orders().unwrap().pop().unwrap();
    assert_ne!(answer["id"], own.id);
    assert_ne!(answer["referenceId"], "mixed-Order");
    assert_ne!(answer["items"][0]["esimId"], own.items[0].esim_id);
    let path = format!("/api/esim/order?orderId={}", text(&answer["id"]));
    assert_eq!(sandbox.get(&path).await.status, 404);
}

#[tokio::test]
async fn two_esims_may_have_one_card_number_and_code() {
    let sandbox = Sandbox::small().await;
    let twin = || Fault::MixUp { with: MixUp::Twin };
    let bought = order(PORTUGAL_1GB, 2, "plain");
    sandbox.post("/api/esim/order", bought).await.data();
    lie(&sandbox, Operation::Apply, twin());
    let apply = json!({ "referenceId": "plain" });
    let applied = sandbox.post("/api/esim/apply", apply).await.data();
    lie(&sandbox, Operation::Order, twin());
    let instant = order(PORTUGAL_1GB, 2, "instant");
    let answer = sandbox.post("/api/esim/order/instant", instant).await;
    for esims in [applied, answer.data()["esims"].take()] {
        assert_ne!(esims[0]["id"], esims[1]["id"]);
        assert_eq!(esims[0]["iccid"], esims[1]["iccid"]);
        assert_eq!(esims[0]["esim"]["lpaCode"], esims[1]["esim"]["lpaCode"]);
    }
    let read = sandbox.get("/api/esims?referenceId=plain").await.data();
    assert_ne!(read[0]["iccid"], read[1]["iccid"], "the world knows better");

    let esim = &read[0];
    lie(
        &sandbox,
        Operation::Esim,
        Fault::MixUp { with: MixUp::Esim },
    );
    let path = format!("/api/esim?esimId={}", text(&esim["id"]));
    let mixed = sandbox.get(&path).await.data();
    assert_ne!(mixed["id"], esim["id"]);
    assert_ne!(mixed["iccid"], esim["iccid"]);
}

fn answered(before: bool, status: Option<u16>, header: (&str, &str), body: Option<&str>) -> Fault {
    let (name, value) = header;
    Fault::Answer {
        before,
        status,
        headers: BTreeMap::from([(name.to_owned(), value.to_owned())]),
        body: body.map(str::to_owned),
    }
}

#[tokio::test]
async fn an_answer_may_be_any_other_one_before_or_after_the_charge() {
    const OWN_FAILURE: &str = r#"{"message":"Invalid","status":"failed"}"#;
    let html = ("content-type", "text/html");
    let age = ("age", "30");
    let cases = [
        (
            answered(false, Some(403), html, Some("<p>no</p>")),
            403,
            "<p>no</p>",
            true,
        ),
        (
            answered(true, Some(403), html, Some("<p>no</p>")),
            403,
            "<p>no</p>",
            false,
        ),
        (
            answered(false, Some(400), age, Some(OWN_FAILURE)),
            400,
            OWN_FAILURE,
            true,
        ),
        (
            answered(false, Some(206), age, None),
            206,
            r#"{"status":"success""#,
            true,
        ),
        (
            answered(false, Some(422), age, None),
            422,
            r#"{"status":"success""#,
            true,
        ),
        (
            answered(false, None, ("x-cache", "HIT"), None),
            200,
            r#"{"status":"success""#,
            true,
        ),
        (answered(true, Some(413), age, None), 413, "", false),
    ];
    for (place, (fault, status, body, charged)) in cases.into_iter().enumerate() {
        let sandbox = Sandbox::small().await;
        lie(&sandbox, Operation::Order, fault.clone());
        let request = order(PORTUGAL_1GB, 1, "shop-1");
        let answer = sandbox.post("/api/esim/order", request).await;
        assert_eq!(answer.status, status, "{place}");
        assert!(answer.text.starts_with(body), "{place}: {}", answer.text);
        assert_eq!(answer.text.is_empty(), body.is_empty());
        let Fault::Answer { headers, .. } = fault else {
            unreachable!("all are answers")
        };
        for (name, value) in headers {
            assert_eq!(answer.headers[&name], value);
        }
        let ledger = sandbox.world.ledger().unwrap();
        assert_eq!(!ledger.is_empty(), charged, "{place}");
        let told = charged && status / 100 == 2;
        assert!(ledger.iter().all(|charge| charge.answered == told));
    }
}

#[tokio::test]
async fn a_header_that_is_none_is_said_to_be_none() {
    let sandbox = Sandbox::small().await;
    let odd = answered(false, None, ("not a header", "x"), None);
    lie(&sandbox, Operation::Balance, odd);
    let answer = sandbox.get("/api/balance").await;
    assert_eq!(answer.status, 500);
    assert!(answer.message().contains("not a header"));
}

#[tokio::test]
async fn a_rule_of_the_control_route_changes_the_envelope_of_an_empty_list() {
    let sandbox = Sandbox::small().await;
    for (rule, body) in [
        (
            json!({ "what": "edit", "at": "status", "change": "remove" }),
            r#"{"data":{"orders":[]}}"#,
        ),
        (
            json!({ "what": "edit", "at": "error", "change": { "set": "\"db down\"" } }),
            r#"{"status":"success","data":{"orders":[]},"error":"db down"}"#,
        ),
        (
            json!({ "what": "edit", "at": "data", "change": { "set": "[[]]" } }),
            r#"{"status":"success","data":[[]]}"#,
        ),
        (
            json!({ "what": "answer", "status": 203, "headers": { "age": "30" } }),
            r#"{"status":"success","data":{"orders":[]}}"#,
        ),
    ] {
        let mut rule = rule;
        rule["on"] = json!("orders");
        let added = sandbox.post("/_control/faults", rule).await;
        assert_eq!(added.status, 200, "{added:?}");
        let path = "/api/esim/orders?referenceId=shop-1";
        assert_eq!(sandbox.get(path).await.text, body);
    }
    let misspelt = json!({ "on": "orders", "what": "edit", "at": "a", "change": "gone" });
    let refused = sandbox.post("/_control/faults", misspelt).await;
    assert_eq!(refused.status, 400);
}

#[tokio::test]
async fn an_order_may_come_without_its_total_and_cost_more() {
    let sandbox = Sandbox::small().await;
    let price = Fault::PriceChange { percent: 50 };
    lie(&sandbox, Operation::Order, price);
    lie(
        &sandbox,
        Operation::Order,
        edit("data.total", Change::Remove),
    );
    let bought = sandbox.order(PORTUGAL_1GB, "shop-1").await;
    assert!(bought.get("total").is_none());
    let listed = sandbox.world.catalogue().find(PORTUGAL_1GB).unwrap().price;
    let told = bought["items"][0]["price"].to_string();
    assert!(told.parse::<rust_decimal::Decimal>().unwrap() > listed);
}

#[tokio::test]
async fn an_esim_may_be_dead_its_code_unreadable_and_its_card_number_odd() {
    let sandbox = Sandbox::small().await;
    let esim = sandbox.esim(PORTUGAL_1GB, "shop-1").await;
    let (path, iccid) = (
        format!("/api/esim?esimId={}", text(&esim["id"])),
        text(&esim["iccid"]),
    );
    let read = async |fault| {
        lie(&sandbox, Operation::Esim, fault);
        sandbox.get(&path).await
    };
    for word in ["DELETED", "EXPIRED", "FAILED", "SUSPENDED"] {
        let state = format!("\"{word}\"");
        let dead = read(set("data.status", &state)).await.data();
        assert_eq!(dead["status"], word);
        assert_eq!(dead["esim"]["lpaCode"], esim["esim"]["lpaCode"]);
    }
    let code = r#""LPA:1$smdp.example.test:8443$K2-A""#;
    let odd = read(set("data.esim.lpaCode", code)).await;
    assert!(odd.text.contains(&format!("\"lpaCode\":{code}")));
    let number = read(edit("data.iccid", Change::Bare)).await.text;
    assert!(number.contains(&format!("\"iccid\":{iccid},")), "{number}");
    let filled = read(edit("data.iccid", Change::Append("F".to_owned()))).await;
    assert_eq!(filled.data()["iccid"], format!("{iccid}F"));
    let at = esim["createdAt"].as_i64().unwrap();
    let milliseconds = edit("data.createdAt", Change::Append("000".to_owned()));
    assert_eq!(read(milliseconds).await.data()["createdAt"], at * 1_000);
    let iso = read(edit("data.createdAt", Change::Iso)).await.data();
    assert_eq!(iso["createdAt"], noon().to_string());
    let half = read(set("data.notes.0", r#""half an emoji \ud83c""#)).await;
    assert!(half.text.contains(r#"["half an emoji \ud83c""#));
    assert_eq!(sandbox.get(&path).await.data(), esim);
}

#[tokio::test]
async fn usage_may_be_zero_negative_in_another_unit_or_have_an_unreadable_day() {
    let sandbox = Sandbox::small().await;
    let esim = sandbox.esim(PORTUGAL_1GB, "shop-1").await;
    let iccid = text(&esim["iccid"]);
    sandbox.world.use_data(iccid, 100 * 1024).unwrap();
    let path = format!("/api/esim/usage/details?iccid={iccid}");
    let read = async |faults: [Fault; 2]| {
        for fault in faults {
            lie(&sandbox, Operation::Usage, fault);
        }
        sandbox.get(&path).await.data()
    };
    let zeros = read([set("data.allowedData", "0"), set("data.remainingData", "0")]).await;
    let figures = (&zeros["allowedData"], &zeros["remainingData"]);
    assert_eq!(figures, (&json!(0), &json!(0)));
    let day = set("data.dataUsages.0.usage", r#""lots""#);
    let odd = read([set("data.remainingData", "-12"), day]).await;
    assert_eq!(odd["remainingData"], -12);
    assert_eq!(odd["dataUsages"][0]["usage"], "lots");
    let bytes = |at| edit(at, Change::Times(1 << 20));
    let odd = read([bytes("data.allowedData"), bytes("data.remainingData")]).await;
    assert_eq!(odd["allowedData"], 1_u64 << 30);
    assert_eq!(odd["dataUsages"][0]["usage"], 100);
}

#[tokio::test]
async fn a_stale_answer_shows_what_was_before() {
    let sandbox = Sandbox::small().await;
    sandbox.order(PORTUGAL_1GB, "early").await;
    let wallet = sandbox.get("/api/balance").await.data();
    let later = jiff::SignedDuration::from_secs(60);
    sandbox.world.advance(later).unwrap();
    let esim = sandbox.esim(PORTUGAL_1GB, "late").await;
    let stale = |ms| Fault::Stale { ms };
    for (ms, orders) in [(30_000, 1), (0, 2), (61_000, 0)] {
        for on in [Operation::Orders, Operation::Balance, Operation::Esim] {
            lie(&sandbox, on, stale(ms));
        }
        assert_eq!(listed(&sandbox, "").await.len(), orders, "{ms}");
        let path = format!("/api/esim?esimId={}", text(&esim["id"]));
        let status = if ms == 0 { 200 } else { 404 };
        assert_eq!(sandbox.get(&path).await.status, status);
        let told = sandbox.get("/api/balance").await.data();
        assert_eq!(told == wallet, ms == 30_000);
        assert_eq!(told["balance"] == 1_000, ms == 61_000);
    }
    lie(&sandbox, Operation::Order, stale(60_000));
    let bought = sandbox.order(PORTUGAL_1GB, "now").await;
    assert_eq!(
        bought["createdAt"], esim["createdAt"],
        "an effect is of now"
    );
}

fn in_process() -> (World, SandboxProvider) {
    let world = small().build().unwrap();
    let provider = SandboxProvider::new(world.clone());
    for reference in ["SHOP-1", "SHOP-2"] {
        let order = Purchase::order(PORTUGAL_1GB, 1, reference);
        world.purchase(&order).unwrap();
    }
    (world, provider)
}

async fn found(provider: &SandboxProvider, fault: Fault) -> FoundOrders {
    let rule = Rule::new(Operation::Orders, fault);
    provider.world().add_fault(rule).unwrap();
    let lookup = OrderLookup::Reference {
        reference: Reference::parse("SHOP-1").unwrap(),
        not_before: noon(),
    };
    provider.find_orders(&lookup).await.unwrap()
}

#[tokio::test]
async fn lookups_lie_in_process_as_well() {
    let (world, provider) = in_process();
    let ignored = found(&provider, loose(ReferenceSearch::Ignored)).await;
    assert_eq!(ignored.orders.len(), 2);
    world
        .add_fault(Rule::new(
            Operation::Orders,
            loose(ReferenceSearch::Ignored),
        ))
        .unwrap();
    let capped = found(&provider, Fault::CapPageSize { max: 1 }).await;
    assert_eq!((capped.orders.len(), capped.complete), (1, false));
    let lower = Fault::RespellReference {
        spelling: Spelling::Lower,
    };
    let lower = found(&provider, lower).await;
    let told = lower.orders[0].reference.as_ref();
    assert_eq!(told.unwrap().as_str(), "shop-1");
    let mixed = found(&provider, Fault::MixUp { with: MixUp::Order }).await;
    let told = mixed.orders[0].reference.as_ref();
    assert_eq!(told.unwrap().as_str(), "SHOP-2");
    let late = found(&provider, Fault::Stale { ms: 1 }).await;
    assert!(late.orders.is_empty());
    let kept = found(&provider, answered(false, None, ("age", "30"), None)).await;
    assert_eq!(kept.orders.len(), 1, "headers are no matter in process");
}

#[tokio::test]
async fn a_dead_esim_in_process_has_its_code() {
    let (world, provider) = in_process();
    let esim = world.esims().unwrap().remove(0).id;
    let target = roamport_sandbox::world::ApplyTarget::Esim(esim.clone());
    world.apply(&target, None).unwrap();
    let key = EsimKey::from_id(roamport_domain::EsimId::parse(esim).unwrap());
    for (word, state) in [
        ("DELETED", ProfileState::Deleted),
        ("EXPIRED", ProfileState::Expired),
        ("FAILED", ProfileState::Failed),
        ("SUSPENDED", ProfileState::Other("SUSPENDED".to_owned())),
    ] {
        let dead = Fault::UnknownState {
            state: word.to_owned(),
        };
        world.add_fault(Rule::new(Operation::Esim, dead)).unwrap();
        let esim = provider.esim(&key).await.unwrap();
        assert_eq!(*esim.profile(), state);
        assert!(esim.activation().is_some());
    }
}
