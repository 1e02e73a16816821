//! Looking eSIMs up in the second dialect: by order, number, card and time, page by page.

use roamport_sandbox::switches::Tolerance;
use roamport_sandbox::world::{ApplyTarget, Purchase};
use roamport_sandbox::{Fault, Operation, Rule};
use serde_json::{Value, json};

use super::*;

fn numbers(found: &Value) -> Vec<&str> {
    let list = found["esimList"].as_array().unwrap().iter();
    list.map(|esim| text(&esim["esimTranNo"])).collect()
}

#[tokio::test]
async fn profiles_are_allocated_after_the_time_that_the_switch_says() {
    let sandbox = Sandbox::small().await;
    let switches = with(|switches| switches.allocation_ms = 30_000);
    sandbox.world.set_switches(switches).unwrap();
    let order = obj(&call(&sandbox, "/esim/order", an_order(PORTUGAL_3GB, 2, "ref")).await);
    let by = || json!({ "orderNo": order["orderNo"], "pager": pager() });
    assert_eq!(code_of(&sandbox, "/esim/query", by()).await, "200010");
    sandbox
        .world
        .advance(SignedDuration::from_millis(29_999))
        .unwrap();
    assert_eq!(code_of(&sandbox, "/esim/query", by()).await, "200010");
    let esim = sandbox.world.esims().unwrap().remove(0);
    let by_number = json!({ "esimTranNo": esim.transaction(), "pager": pager() });
    assert_eq!(code_of(&sandbox, "/esim/query", by_number).await, "200010");
    let usage = json!({ "esimTranNoList": [esim.transaction()] });
    let usage = obj(&call(&sandbox, "/esim/usage/query", usage).await);
    assert_eq!(usage["esimUsageList"], json!([]));
    sandbox
        .world
        .advance(SignedDuration::from_millis(1))
        .unwrap();
    assert_eq!(
        obj(&call(&sandbox, "/esim/query", by()).await)["pager"]["total"],
        2
    );
}

#[tokio::test]
async fn every_name_of_an_esim_finds_it() {
    let sandbox = Sandbox::small().await;
    let (order, esims) = bought(&sandbox, PORTUGAL_3GB, 2, "ref").await;
    let second = &esims[1];
    let number = text(&second["esimTranNo"]);
    for by in [
        json!({ "esimTranNo": number }),
        json!({ "iccid": second["iccid"] }),
        json!({ "orderNo": order, "iccid": second["iccid"] }),
        json!({ "orderNo": order, "esimTranNo": number, "iccid": "" }),
    ] {
        let found = query(&sandbox, by.clone()).await;
        assert_eq!(numbers(&found), [number], "{by}");
    }
    let other = bought(&sandbox, PORTUGAL_3GB, 1, "other").await.0;
    let by = json!({ "orderNo": other, "esimTranNo": number, "pager": pager() });
    assert_eq!(code_of(&sandbox, "/esim/query", by).await, "310403");
}

#[tokio::test]
async fn times_of_either_spelling_bound_a_list() {
    let sandbox = Sandbox::small().await;
    let early = one(&sandbox, "early").await;
    sandbox
        .world
        .advance(SignedDuration::from_hours(2))
        .unwrap();
    let late = one(&sandbox, "late").await;
    for (start, end, expected) in [
        (
            "2026-11-18T12:00:00+0000",
            "2026-11-18T13:00:00+0000",
            vec![early.as_str()],
        ),
        (
            "2026-11-18T12:00:00Z",
            "2026-11-18T15:00:00Z",
            vec![&early, &late],
        ),
        (
            "2026-11-18T15:00:00+0200",
            "2026-11-18T17:00:00+0200",
            vec![&late],
        ),
        (
            "2026-11-18T12:00:01+00:00",
            "2026-11-18T13:00:00+00:00",
            vec![],
        ),
    ] {
        let found = query(&sandbox, json!({ "startTime": start, "endTime": end })).await;
        assert_eq!(numbers(&found), expected, "{start}");
    }
}

#[tokio::test]
async fn pages_hold_every_esim_once() {
    let sandbox = Sandbox::small().await;
    let (order, esims) = bought(&sandbox, PORTUGAL_1GB, 12, "ref").await;
    let all: Vec<&str> = esims.iter().map(|esim| text(&esim["esimTranNo"])).collect();
    let page = async |page: u64| {
        let pager = json!({ "pageNum": page, "pageSize": 5 });
        let by = json!({ "orderNo": order, "pager": pager });
        obj(&call(&sandbox, "/esim/query", by).await)
    };
    let mut found = Vec::new();
    for number in 1..=4 {
        let answer = page(number).await;
        assert_eq!(
            answer["pager"],
            json!({ "pageNum": number, "pageSize": 5, "total": 12 })
        );
        found.extend(numbers(&answer).into_iter().map(str::to_owned));
    }
    assert_eq!(found, all);

    // The faults of paging strike here as well.
    let fault = |what| {
        let rule = Rule::new(Operation::Orders, what);
        sandbox.world.add_fault(rule).unwrap();
    };
    fault(Fault::CapPageSize { max: 3 });
    assert_eq!(numbers(&page(1).await).len(), 3);
    fault(Fault::EndlessPages);
    assert_eq!(numbers(&page(9).await), all[10..]);
    fault(Fault::PageMoves {
        by: 2,
        insert: true,
    });
    assert_eq!(numbers(&page(2).await)[..2], all[3..5]);
}

#[tokio::test]
async fn an_unknown_esim_is_an_empty_list_or_an_error() {
    let sandbox = Sandbox::small().await;
    let by = json!({ "esimTranNo": "26112009140012" });
    assert!(numbers(&query(&sandbox, by.clone()).await).is_empty());
    let switches = with(|switches| switches.unknown_esim = Tolerance::Refused);
    sandbox.world.set_switches(switches).unwrap();
    let mut by = by;
    by["pager"] = pager();
    assert_eq!(code_of(&sandbox, "/esim/query", by).await, "310403");
}

#[tokio::test]
async fn both_dialects_see_one_world() {
    let sandbox = Sandbox::small().await;
    let number = one(&sandbox, "ref").await;
    let esim = sandbox.world.find_esim(&number).unwrap().unwrap();
    let path = format!("/api/esim?esimId={}", esim.id);
    let first = sandbox.get(&path).await.data();
    assert_eq!(first["iccid"], read(&sandbox, &number).await["iccid"]);
    sandbox.world.use_data(&number, 2048).unwrap();
    let usage = format!("/api/esim/usage?iccid={}", text(&first["iccid"]));
    assert_eq!(sandbox.get(&usage).await.data()["remainingData"], 3070);
    sandbox.world.revoke(&number).unwrap();
    assert_eq!(sandbox.get(&path).await.data()["status"], "REVOKED");

    // And the other way round: bought there, with calls and without an end.
    for (place, package) in [PORTUGAL_TALK, "esim-portugal-7days-ungb-all"]
        .into_iter()
        .enumerate()
    {
        let reference = format!("there-{place}");
        sandbox
            .world
            .purchase(&Purchase::order(package, 1, &reference))
            .unwrap();
        let target = ApplyTarget::Reference(reference);
        let esim = sandbox.world.apply(&target, None).unwrap().remove(0);
        let seen = read(&sandbox, esim.transaction()).await;
        assert_eq!(seen["packageList"][0]["packageCode"], package);
        assert!(seen["totalVolume"].as_u64().unwrap() > 0);
    }
}

#[tokio::test]
async fn usage_of_ten_comes_in_one_answer_and_of_eleven_in_none() {
    let sandbox = Sandbox::small().await;
    let (_, esims) = bought(&sandbox, PORTUGAL_1GB, 11, "ref").await;
    let all: Vec<&str> = esims.iter().map(|esim| text(&esim["esimTranNo"])).collect();
    sandbox.world.use_data(all[3], 4096).unwrap();
    let ten = json!({ "esimTranNoList": &all[..10] });
    let ten = obj(&call(&sandbox, "/esim/usage/query", ten).await);
    let list = ten["esimUsageList"].as_array().unwrap();
    assert_eq!(list.len(), 10);
    assert_eq!(list[3]["dataUsage"], 4 << 20);
    assert_eq!(list[3]["totalData"], 1_u64 << 30);
    let eleven = json!({ "esimTranNoList": all });
    assert_eq!(
        code_of(&sandbox, "/esim/usage/query", eleven).await,
        "000107"
    );
}
