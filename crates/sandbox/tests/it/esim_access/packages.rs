//! The price list in the second dialect: complete, narrowed, and for top-ups.

use std::collections::HashSet;

use roamport_sandbox::{Dialect, Fault, Operation, Rule};
use serde_json::{Value, json};

use super::*;

async fn list(sandbox: &Sandbox, by: Value) -> Vec<Value> {
    let mut found = obj(&call(sandbox, "/package/list", by).await);
    found["packageList"].as_array_mut().unwrap().split_off(0)
}

#[tokio::test]
async fn the_list_is_whole_and_every_code_and_slug_is_its_own() {
    let sandbox = Sandbox::small().await;
    let catalogue = sandbox.world.catalogue();
    let all = list(&sandbox, json!({})).await;
    assert_eq!(
        all.len(),
        catalogue.packages_in(Dialect::EsimAccess).count()
    );
    let names = |field: &str| {
        all.iter()
            .map(|package| text(&package[field]).to_owned())
            .collect::<HashSet<_>>()
    };
    assert_eq!(names("packageCode").len(), all.len());
    assert_eq!(names("slug").len(), all.len());
    let kinds: HashSet<u64> = all
        .iter()
        .map(|package| package["dataType"].as_u64().unwrap())
        .collect();
    assert_eq!(kinds, HashSet::from([1, 2, 3, 4]));
    for package in &all {
        let code = text(&package["packageCode"]);
        let sold = catalogue.find(code).unwrap();
        assert_eq!(package["price"], price(&sandbox, code), "{code}");
        assert_eq!(
            package["price"].as_i64().unwrap() * 2,
            package["retailPrice"]
        );
        assert!(sold.plan.talk.is_none() && !sold.travel_date, "{code}");
        let by_slug = json!({ "slug": package["slug"] });
        assert_eq!(
            list(&sandbox, by_slug).await,
            std::slice::from_ref(package),
            "{code}"
        );
    }
}

#[tokio::test]
async fn places_and_kinds_narrow_the_list() {
    let sandbox = Sandbox::small().await;
    let all = list(&sandbox, json!({})).await;
    let portugal = list(&sandbox, json!({ "locationCode": "PT" })).await;
    assert!(!portugal.is_empty());
    assert!(portugal.iter().all(|package| package["location"] == "PT"));
    let regional = list(&sandbox, json!({ "locationCode": "!RG" })).await;
    let global = list(&sandbox, json!({ "locationCode": "!GL" })).await;
    let several = |package: &&Value| text(&package["location"]).contains(',');
    assert_eq!(
        all.iter().filter(several).count(),
        regional.len() + global.len()
    );
    assert!(
        global
            .iter()
            .all(|package| { text(&package["locationCode"]).starts_with("GL") })
    );
    for kind in 1..=4 {
        let found = list(&sandbox, json!({ "dataType": kind })).await;
        assert!(!found.is_empty(), "{kind}");
        assert!(found.iter().all(|package| package["dataType"] == kind));
    }
    assert!(
        list(&sandbox, json!({ "locationCode": "XX" }))
            .await
            .is_empty()
    );
    let switches = with(|switches| switches.regional_in_country = true);
    sandbox.world.set_switches(switches).unwrap();
    let wide = list(&sandbox, json!({ "locationCode": "PT" })).await;
    assert!(wide.len() > portugal.len());
}

#[tokio::test]
async fn areas_name_their_members_and_countries_have_none() {
    let sandbox = Sandbox::small().await;
    let places = obj(&call(&sandbox, "/location/list", json!({})).await);
    let places = places["locationList"].as_array().unwrap();
    let codes: HashSet<&str> = places.iter().map(|place| text(&place["code"])).collect();
    assert_eq!(codes.len(), places.len());
    for package in list(&sandbox, json!({})).await {
        let place = places
            .iter()
            .find(|place| place["code"] == package["locationCode"])
            .unwrap();
        match place["subLocationList"].as_array() {
            None => assert_eq!(place["type"], 1),
            Some(members) => {
                let members: Vec<&str> = members.iter().map(|one| text(&one["code"])).collect();
                assert_eq!(text(&package["location"]), members.join(","));
                assert_eq!(place["type"], 2);
            }
        }
    }
}

#[tokio::test]
async fn top_ups_fit_the_esim_and_can_be_bought() {
    let sandbox = Sandbox::small().await;
    let number = one(&sandbox, "ref").await;
    let iccid = read(&sandbox, &number).await["iccid"].clone();
    let by_card = list(&sandbox, json!({ "type": "TOPUP", "iccid": iccid })).await;
    let by_base = json!({ "type": "TOPUP", "packageCode": PORTUGAL_3GB });
    assert_eq!(by_card, list(&sandbox, by_base).await);
    assert!(!by_card.is_empty());
    for package in &by_card {
        assert!(text(&package["packageCode"]).starts_with("TOPUP_esim-portugal-"));
        let body = json!({
            "esimTranNo": number,
            "packageCode": package["packageCode"],
            "transactionId": package["packageCode"],
            "amount": package["price"],
        });
        obj(&call(&sandbox, "/esim/topup", body).await);
    }
    let daily = list(&sandbox, json!({ "type": "TOPUP", "slug": "JP_1_Daily" })).await;
    assert_eq!(daily.len(), 1);
    assert_eq!(daily[0]["packageCode"], format!("TOPUP_{DAILY}"));
    let nobody = json!({ "type": "TOPUP", "iccid": "8999900000005200015" });
    assert_eq!(code_of(&sandbox, "/package/list", nobody).await, "310403");
}

#[tokio::test]
async fn what_the_dialect_cannot_express_is_not_for_sale() {
    let sandbox = Sandbox::small().await;
    for package in [
        PORTUGAL_TALK,
        KENYA_TRAVEL_DATE,
        "esim-portugal-7days-ungb-all",
        "TOPUP_x",
        "PT_3_15_",
        "_",
    ] {
        let by = json!({ "packageCode": package });
        assert_eq!(code_of(&sandbox, "/package/list", by).await, "310241");
        let order = an_order(package, 1, "ref");
        assert_eq!(code_of(&sandbox, "/esim/order", order).await, "310241");
    }
    // And day passes are nothing that the first dialect knows.
    let foreign = sandbox
        .post("/api/esim/order", order(DAILY, 1, "ref"))
        .await;
    assert_eq!(foreign.status, 500);
    assert!(sandbox.world.ledger().unwrap().is_empty());
}

#[tokio::test]
async fn a_price_that_moved_is_in_the_list() {
    let sandbox = Sandbox::small().await;
    let fault = Fault::PriceChange { percent: 50 };
    sandbox
        .world
        .add_fault(Rule::new(Operation::Packages, fault))
        .unwrap();
    let by = || json!({ "packageCode": PORTUGAL_3GB });
    let moved = list(&sandbox, by()).await[0]["price"].as_i64().unwrap();
    let usual = list(&sandbox, by()).await[0]["price"].as_i64().unwrap();
    assert_eq!(moved * 2, usual * 3);
}

#[tokio::test]
async fn twenty_eight_thousand_packages_come_in_one_answer() {
    let sandbox = Sandbox::of(small().packages(28_000)).await;
    let all = list(&sandbox, json!({})).await;
    let sold = sandbox.world.catalogue().packages_in(Dialect::EsimAccess);
    assert_eq!(all.len(), sold.count());
    assert!(all.len() > 10_000, "{}", all.len());
}
