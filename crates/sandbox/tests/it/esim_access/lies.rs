//! Answers that lie, in the second dialect.

use std::collections::BTreeMap;

use roamport_sandbox::switches::ReferenceSearch;
use roamport_sandbox::{Change, Fault, MixUp, Operation, Spelling};
use serde_json::{Value, json};

use super::*;
use crate::lies::{edit, lie, set};

async fn rows(sandbox: &Sandbox, order: &str) -> Vec<Value> {
    let mut found = query(sandbox, json!({ "orderNo": order })).await;
    std::mem::take(found["esimList"].as_array_mut().unwrap())
}

#[tokio::test]
async fn the_filter_of_a_query_may_be_ignored_loose_or_capped() {
    let sandbox = Sandbox::small().await;
    let (first, _) = bought(&sandbox, PORTUGAL_1GB, 1, "one").await;
    let (_, second) = bought(&sandbox, PORTUGAL_1GB, 1, "two").await;
    let loose = |search| Fault::LooseFilter { search };
    lie(&sandbox, Operation::Orders, loose(ReferenceSearch::Ignored));
    assert_eq!(rows(&sandbox, &first).await.len(), 2);
    lie(&sandbox, Operation::Orders, loose(ReferenceSearch::Ignored));
    assert_eq!(rows(&sandbox, "B0").await.len(), 2);
    lie(&sandbox, Operation::Orders, loose(ReferenceSearch::Prefix));
    let shared = &first[..first.len() - 1];
    assert_eq!(rows(&sandbox, shared).await.len(), 2);
    lie(&sandbox, Operation::Orders, Fault::CapPageSize { max: 1 });
    lie(&sandbox, Operation::Orders, loose(ReferenceSearch::Ignored));
    assert_eq!(rows(&sandbox, &first).await.len(), 1);
    let found = rows(&sandbox, &first).await;
    assert_eq!(found.len(), 1);
    assert_ne!(found[0]["esimTranNo"], second[0]["esimTranNo"]);
}

#[tokio::test]
async fn a_transaction_is_echoed_in_another_spelling() {
    let sandbox = Sandbox::small().await;
    for (spelling, echoed) in [
        (Spelling::Lower, json!("shop-01")),
        (Spelling::Cut(4), json!("SHOP")),
        (Spelling::Confusable, json!("SHOP-OI")),
        (Spelling::Dropped, Value::Null),
    ] {
        let respell = || Fault::RespellReference { spelling };
        lie(&sandbox, Operation::Order, respell());
        let request = an_order(PORTUGAL_1GB, 1, "SHOP-01");
        let order = obj(&call(&sandbox, "/esim/order", request).await);
        assert_eq!(order["transactionId"], echoed);
        allocated(&sandbox);
        lie(&sandbox, Operation::Orders, respell());
        let row = rows(&sandbox, text(&order["orderNo"])).await.remove(0);
        let told = if echoed == Value::Null {
            json!("")
        } else {
            echoed
        };
        assert_eq!(row["transactionId"], told);
    }
    assert_eq!(sandbox.world.charges_for("SHOP-01").unwrap().len(), 1);
}

#[tokio::test]
async fn answers_name_things_of_another_order() {
    let sandbox = Sandbox::small().await;
    let (other, others) = bought(&sandbox, PORTUGAL_1GB, 1, "other").await;
    let mix = |with| Fault::MixUp { with };
    lie(&sandbox, Operation::Order, mix(MixUp::Order));
    let request = an_order(PORTUGAL_3GB, 2, "mine");
    let told = obj(&call(&sandbox, "/esim/order", request).await);
    assert_eq!(told, json!({ "orderNo": other, "transactionId": "other" }));
    assert_eq!(sandbox.world.charges_for("mine").unwrap().len(), 1);
    allocated(&sandbox);
    let mine = sandbox.world.orders().unwrap().pop().unwrap();
    let own = rows(&sandbox, mine.number()).await;

    lie(&sandbox, Operation::Orders, mix(MixUp::Order));
    assert_eq!(rows(&sandbox, mine.number()).await[0], others[0]);
    lie(&sandbox, Operation::Orders, mix(MixUp::Reference));
    let row = rows(&sandbox, mine.number()).await.remove(0);
    assert_eq!(
        (&row["orderNo"], &row["transactionId"]),
        (&json!(mine.number()), &json!("other"))
    );
    lie(&sandbox, Operation::Orders, mix(MixUp::Package));
    let row = rows(&sandbox, mine.number()).await.remove(0);
    assert_ne!(row["packageList"][0]["packageCode"], PORTUGAL_3GB);
    lie(&sandbox, Operation::Orders, mix(MixUp::Esim));
    let row = rows(&sandbox, mine.number()).await.remove(0);
    assert_eq!(row["orderNo"], mine.number());
    for field in ["esimTranNo", "iccid", "ac"] {
        assert_eq!(row[field], others[0][field]);
    }
    lie(&sandbox, Operation::Orders, mix(MixUp::Twin));
    let twins = rows(&sandbox, mine.number()).await;
    for field in ["iccid", "ac"] {
        assert_eq!(twins[1][field], twins[0][field]);
        assert_ne!(own[1][field], own[0][field]);
    }
    assert_ne!(twins[0]["esimTranNo"], twins[1]["esimTranNo"]);
}

#[tokio::test]
async fn an_order_may_be_charged_and_answered_with_anything() {
    let sandbox = Sandbox::small().await;
    let own = r#"{"success":false,"errorCode":"200008","errorMsg":"x","obj":null}"#;
    let html = BTreeMap::from([("content-type".to_owned(), "text/html".to_owned())]);
    for (place, (status, body, headers)) in
        [(Some(403), "<p>no</p>", html), (None, own, BTreeMap::new())]
            .into_iter()
            .enumerate()
    {
        let fault = Fault::Answer {
            before: false,
            status,
            headers: headers.clone(),
            body: Some(body.to_owned()),
        };
        lie(&sandbox, Operation::Order, fault);
        let reference = format!("ref-{place}");
        let order = an_order(PORTUGAL_1GB, 1, &reference);
        let answer = call(&sandbox, "/esim/order", order).await;
        assert_eq!(answer.status, status.unwrap_or(200));
        assert_eq!(answer.text, body);
        for (name, value) in headers {
            assert_eq!(answer.headers[&name], value);
        }
        let charges = sandbox.world.charges_for(&reference).unwrap();
        assert_eq!((charges.len(), charges[0].answered), (1, false));
    }
}

#[tokio::test]
async fn values_of_an_answer_may_be_odd() {
    let sandbox = Sandbox::small().await;
    let (order, esims) = bought(&sandbox, PORTUGAL_1GB, 1, "ref").await;
    let esim = &esims[0];
    let odd = async |fault| {
        lie(&sandbox, Operation::Orders, fault);
        let by = json!({ "orderNo": order, "pager": pager() });
        call(&sandbox, "/esim/query", by).await
    };
    let dead = odd(set("**.esimStatus", r#""SUSPENDED""#)).await;
    let row = &dead.json()["obj"]["esimList"][0];
    assert_eq!(
        (&row["esimStatus"], &row["smdpStatus"], &row["ac"]),
        (&json!("SUSPENDED"), &esim["smdpStatus"], &esim["ac"])
    );
    let number = odd(edit("**.iccid", Change::Bare)).await;
    let bare = format!("\"iccid\":{},", text(&esim["iccid"]));
    assert!(number.text.contains(&bare));
    let code = r#""https://LPA:1%24smdp.example.test%24K2-A""#;
    let odd_code = odd(set("obj.esimList.*.ac", code)).await;
    assert!(odd_code.text.contains(&format!("\"ac\":{code}")));
    let beside = odd(set("errorMsg", r#""db down""#)).await.json();
    assert_eq!(
        (&beside["success"], &beside["errorMsg"]),
        (&json!(true), &json!("db down"))
    );
    let bare = odd(edit("success", Change::Remove)).await.json();
    assert!(bare.get("success").is_none());
}

#[tokio::test]
async fn a_replica_may_lag_behind_while_the_wallet_does_not() {
    let sandbox = Sandbox::small().await;
    let wallet = async || obj(&call(&sandbox, "/balance/query", json!({})).await);
    let full = wallet().await;
    let (order, _) = bought(&sandbox, PORTUGAL_1GB, 1, "ref").await;
    let stale = Fault::Stale { ms: 5_000 };
    lie(&sandbox, Operation::Orders, stale.clone());
    let by = json!({ "orderNo": order, "pager": pager() });
    assert_eq!(code_of(&sandbox, "/esim/query", by).await, "310272");
    assert_ne!(wallet().await, full, "short of the price");
    lie(&sandbox, Operation::Balance, stale);
    assert_eq!(wallet().await, full);
    assert_eq!(rows(&sandbox, &order).await.len(), 1);
}
