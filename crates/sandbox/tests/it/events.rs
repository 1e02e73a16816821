//! Events that the provider sends by itself: signed and repeated in one dialect, bare in the other.

use std::sync::{Arc, Mutex};

use jiff::SignedDuration;
use roamport_sandbox::Dialect;
use roamport_sandbox::world::Hook;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::esim_access::{bought, call, code, obj, one};
use crate::harness::*;
use crate::shape::{same_form, sample};

/// One delivery as it arrived.
#[derive(Clone, Debug)]
struct Arrived {
    head: String,
    body: String,
}

impl Arrived {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }
}

/// An address that keeps what it is sent, and answers with the statuses it is told, then with 200.
struct Listener {
    url: String,
    arrived: Arc<Mutex<Vec<Arrived>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Listener {
    async fn start(statuses: &[u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!(
            "http://{}/events/secret-path",
            listener.local_addr().unwrap()
        );
        let arrived = Arc::new(Mutex::new(Vec::new()));
        let (kept, mut statuses) = (Arc::clone(&arrived), statuses.to_vec());
        statuses.reverse();
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut bytes = Vec::new();
                let (head, body) = loop {
                    let mut some = [0; 4096];
                    let read = stream.read(&mut some).await.unwrap();
                    assert!(read > 0, "the request ended early");
                    bytes.extend_from_slice(&some[..read]);
                    let text = String::from_utf8(bytes.clone()).unwrap();
                    if let Some((head, body)) = text.split_once("\r\n\r\n") {
                        let arrived = Arrived {
                            head: head.to_owned(),
                            body: body.to_owned(),
                        };
                        let length = arrived.header("content-length").unwrap();
                        if arrived.body.len() == length.parse::<usize>().unwrap() {
                            break (arrived.head, arrived.body);
                        }
                    }
                };
                kept.lock().unwrap().push(Arrived { head, body });
                let status = statuses.pop().unwrap_or(200);
                let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n");
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        Self { url, arrived, task }
    }

    /// What arrived since the last time.
    fn take(&self) -> Vec<Arrived> {
        std::mem::take(&mut *self.arrived.lock().unwrap())
    }
}

async fn listen(sandbox: &Sandbox, dialect: Dialect, statuses: &[u16]) -> Listener {
    let listener = Listener::start(statuses).await;
    let hook = Hook {
        dialect,
        url: listener.url.clone(),
        secret: Some("the shop's secret".to_owned()),
    };
    sandbox.world.set_hook(hook).unwrap();
    listener
}

/// Has everything that is due delivered, whoever was at it, and gives what arrived since.
async fn delivered(sandbox: &Sandbox, listener: &Listener) -> Vec<Arrived> {
    sandbox.post("/_control/webhooks/deliver", json!({})).await;
    listener.take()
}

fn kinds(arrived: &[Arrived]) -> Vec<String> {
    arrived
        .iter()
        .map(|one| {
            let json = one.json();
            let kind = json.get("notifyType").or_else(|| json.get("event_type"));
            text(kind.unwrap()).to_owned()
        })
        .collect()
}

/// HMAC-SHA256 in lower-case hex, written once more from RFC 2104.
fn hmac(key: &[u8], message: &[u8]) -> String {
    use sha2::{Digest as _, Sha256};
    use std::fmt::Write as _;
    let mut block = [0_u8; 64];
    block[..key.len()].copy_from_slice(key);
    let pad = |byte: u8| block.map(|one| one ^ byte);
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message);
    let outer = Sha256::new()
        .chain_update(pad(0x5c))
        .chain_update(inner.finalize());
    outer
        .finalize()
        .iter()
        .fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

#[tokio::test]
async fn an_address_is_kept_only_if_it_answers_the_trial() {
    let sandbox = Sandbox::small().await;
    let listener = Listener::start(&[500]).await;
    let mut request = sample("esim-access", "post-webhook-save.request");
    assert_eq!(
        code(&call(&sandbox, "/webhook/save", request.clone()).await),
        "200008",
        "an address elsewhere is never called"
    );
    request["webhook"] = listener.url.as_str().into();
    assert_eq!(
        code(&call(&sandbox, "/webhook/save", request.clone()).await),
        "200008"
    );
    let none = obj(&call(&sandbox, "/webhook/query", json!({})).await);
    assert_eq!(none["webhook"], Value::Null);
    let saved = call(&sandbox, "/webhook/save", request).await;
    same_form(&saved.json(), "esim-access", "post-webhook-save");
    obj(&saved);
    let trials = listener.take();
    assert_eq!(trials.len(), 2);
    for trial in &trials {
        same_form(&trial.json(), "esim-access", "webhook.check-health");
        let documented = sample("esim-access", "webhook.check-health");
        assert_eq!(trial.json()["content"], documented["content"]);
        assert!(trial.head.starts_with("POST /events/secret-path HTTP/1.1"));
    }
    let kept = obj(&call(&sandbox, "/webhook/query", json!({})).await);
    assert_eq!(kept["webhook"], listener.url);
}

#[tokio::test]
async fn the_second_dialect_tells_of_everything_in_its_forms_and_unsigned() {
    let sandbox = Sandbox::small().await;
    let listener = listen(&sandbox, Dialect::EsimAccess, &[]).await;
    let (_, esims) = bought(&sandbox, PORTUGAL_3GB, 2, "ref").await;
    let number = text(&esims[0]["esimTranNo"]);
    let mut all = delivered(&sandbox, &listener).await;
    assert_eq!(
        kinds(&all),
        ["ORDER_STATUS"],
        "one for the order, when it is ready"
    );
    sandbox.world.install(number).unwrap();
    sandbox.world.use_data(number, 1_800 * 1024).unwrap();
    sandbox.world.use_data(number, 2_800 * 1024).unwrap();
    sandbox.world.revoke(number).unwrap();
    all.extend(delivered(&sandbox, &listener).await);
    assert_eq!(
        kinds(&all),
        [
            "ORDER_STATUS",
            "SMDP_EVENT",
            "SMDP_EVENT",
            "SMDP_EVENT",
            "ESIM_STATUS",
            "DATA_USAGE",
            "ESIM_STATUS",
            "DATA_USAGE",
            "DATA_USAGE",
            "ESIM_STATUS",
        ]
    );
    let samples = [
        (0, "webhook.order-status"),
        (2, "webhook.smdp-event"),
        (4, "webhook.esim-status.in-use"),
        (5, "webhook.data-usage"),
        (6, "webhook.esim-status.used-up"),
    ];
    for (place, name) in samples {
        same_form(&all[place].json(), "esim-access", name);
    }
    assert!(
        all.iter()
            .all(|one| one.header("X-Roamify-Signature").is_none())
    );
    let ids: std::collections::HashSet<String> = all
        .iter()
        .map(|one| text(&one.json()["notifyId"]).to_owned())
        .collect();
    assert_eq!(ids.len(), all.len());

    let other = text(&esims[1]["esimTranNo"]);
    sandbox.world.activate(other).unwrap();
    sandbox
        .world
        .advance(SignedDuration::from_hours(14 * 24))
        .unwrap();
    let mut last = delivered(&sandbox, &listener).await;
    sandbox.world.revoke(other).unwrap();
    last.extend(delivered(&sandbox, &listener).await);
    let of = |kind: &str| last.iter().rfind(|one| one.json()["notifyType"] == kind);
    let ending = of("VALIDITY_USAGE").unwrap().json();
    same_form(&ending, "esim-access", "webhook.validity-usage");
    let revoked = of("ESIM_STATUS").unwrap().json();
    same_form(
        &revoked,
        "esim-access",
        "webhook.esim-status.revoked.assumed",
    );
    assert_eq!(revoked["content"]["esimStatus"], "REVOKED");
}

#[tokio::test]
async fn the_first_dialect_signs_the_bytes_it_sends() {
    let sandbox = Sandbox::small().await;
    let listener = listen(&sandbox, Dialect::Roamify, &[]).await;
    let esim = sandbox.esim(PORTUGAL_3GB, "shop-1").await;
    let iccid = text(&esim["iccid"]);
    sandbox.world.use_data(iccid, 861 * 1024).unwrap();
    let all = delivered(&sandbox, &listener).await;
    assert_eq!(kinds(&all), ["status", "status", "usage"]);
    same_form(&all[1].json(), "roamify", "webhook.esim-status");
    assert_eq!(all[1].json()["data"]["status"], "ACTIVATED");
    same_form(&all[2].json(), "roamify", "webhook.esim-usage");
    for one in &all {
        let expected = hmac(b"the shop's secret", one.body.as_bytes());
        assert_eq!(one.header("X-Roamify-Signature"), Some(expected.as_str()));
    }
    let mut switches = sandbox.world.switches().unwrap();
    switches.long_event_types = true;
    sandbox.world.set_switches(switches).unwrap();
    sandbox.world.expire(iccid).unwrap();
    let long = delivered(&sandbox, &listener).await;
    assert_eq!(kinds(&long), ["esim_status"]);
    assert_eq!(long[0].json()["data"]["status"], "EXPIRED");
}

#[tokio::test]
async fn the_wallet_is_told_of_in_the_first_dialect() {
    let sandbox = Sandbox::of(small().balance("12")).await;
    let listener = listen(&sandbox, Dialect::Roamify, &[]).await;
    sandbox.order(PORTUGAL_3GB, "one").await;
    let low = delivered(&sandbox, &listener).await;
    assert_eq!(kinds(&low), ["low_balance"]);
    let mut json = low[0].json();
    assert_eq!(json["data"]["threshold"], 10);
    json["data"]["threshold_percentage"] = 75.into();
    same_form(&json, "roamify", "webhook.partner-balance.low");
    sandbox
        .world
        .set_balance(rust_decimal::Decimal::ONE)
        .unwrap();
    delivered(&sandbox, &listener).await;
    let refused = sandbox
        .post("/api/esim/order", order(PORTUGAL_3GB, 1, "two"))
        .await;
    assert_eq!(refused.status, 409);
    let short = delivered(&sandbox, &listener).await;
    assert_eq!(kinds(&short), ["insufficient_balance"]);
    same_form(
        &short[0].json(),
        "roamify",
        "webhook.partner-balance.insufficient",
    );
    sandbox.world.add_balance(100.into()).unwrap();
    let filled = delivered(&sandbox, &listener).await;
    assert_eq!(kinds(&filled), ["top_up"]);
    same_form(
        &filled[0].json(),
        "roamify",
        "webhook.partner-balance.top-up",
    );
}

#[tokio::test]
async fn an_event_that_is_not_acknowledged_comes_three_times_more() {
    let sandbox = Sandbox::small().await;
    let listener = listen(&sandbox, Dialect::Roamify, &[500, 404, 302, 500]).await;
    sandbox.world.add_balance(1.into()).unwrap();
    let mut bodies = Vec::new();
    for wait in [0, 10, 60, 300, 3_600] {
        sandbox
            .world
            .advance(SignedDuration::from_secs(wait))
            .unwrap();
        let some = delivered(&sandbox, &listener).await;
        bodies.extend(some.into_iter().map(|one| one.body));
    }
    assert_eq!(bodies.len(), 4);
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    let shown = sandbox.get("/_control/webhooks").await.json();
    assert_eq!(shown["events"][0]["attempts"], 4);
    assert_eq!(shown["events"][0]["status"], 500);
    assert!(!shown.to_string().contains("the shop's secret"));

    // The second dialect documents no repeat: there is none.
    let other = listen(&sandbox, Dialect::EsimAccess, &[500]).await;
    bought(&sandbox, PORTUGAL_3GB, 1, "ref").await;
    for _ in 0..3 {
        sandbox
            .world
            .advance(SignedDuration::from_hours(1))
            .unwrap();
        delivered(&sandbox, &listener).await;
    }
    assert_eq!(other.take().len(), 1);
}

#[tokio::test]
async fn events_can_be_kept_back_repeated_and_turned_around() {
    let sandbox = Sandbox::small().await;
    let listener = listen(&sandbox, Dialect::EsimAccess, &[]).await;
    let number = one(&sandbox, "ref").await;
    sandbox.post("/_control/webhooks/hold", json!({})).await;
    delivered(&sandbox, &listener).await;
    sandbox.world.install(&number).unwrap();
    assert!(delivered(&sandbox, &listener).await.is_empty());
    let released = sandbox
        .post("/_control/webhooks/release", json!({ "reversed": true }))
        .await
        .json();
    let words = |all: &[Arrived]| -> Vec<String> {
        all.iter()
            .map(|one| text(&one.json()["content"]["smdpStatus"]).to_owned())
            .collect()
    };
    let arrived: Vec<Arrived> = listener
        .take()
        .into_iter()
        .filter(|one| one.json()["notifyType"] == "SMDP_EVENT")
        .collect();
    assert_eq!(words(&arrived), ["ENABLED", "INSTALLATION", "DOWNLOAD"]);
    let seq = released[0]["seq"].clone();
    sandbox
        .post("/_control/webhooks/repeat", json!({ "seq": seq }))
        .await;
    let again = delivered(&sandbox, &listener).await;
    assert_eq!(again.len(), 1);
    assert_eq!(
        again[0].body, arrived[0].body,
        "the same id, the same bytes"
    );
    let none = sandbox
        .post("/_control/webhooks/repeat", json!({ "seq": 999 }))
        .await;
    assert_eq!(none.status, 404);
    let unheard = json!({ "kind": { "unheard": "QUANTUM_LEAP" }, "esim": number });
    sandbox.post("/_control/webhooks/send", unheard).await;
    let unheard = delivered(&sandbox, &listener).await;
    assert_eq!(kinds(&unheard), ["QUANTUM_LEAP"]);
    let rejected = json!({ "kind": "rejected", "esim": number, "dialect": "roamify" });
    let first = listen(&sandbox, Dialect::Roamify, &[]).await;
    sandbox.post("/_control/webhooks/send", rejected).await;
    sandbox.post("/_control/webhooks/deliver", json!({})).await;
    let rejected = first.take();
    same_form(&rejected[0].json(), "roamify", "webhook.refund.assumed");
}

#[tokio::test]
async fn an_end_that_has_moved_is_not_announced() {
    let sandbox = Sandbox::small().await;
    let listener = listen(&sandbox, Dialect::EsimAccess, &[]).await;
    let number = one(&sandbox, "ref").await;
    sandbox.world.activate(&number).unwrap();
    delivered(&sandbox, &listener).await;
    let more = json!({
        "esimTranNo": number,
        "packageCode": format!("TOPUP_{PORTUGAL_1GB}"),
        "transactionId": "more",
    });
    obj(&call(&sandbox, "/esim/topup", more).await);
    sandbox
        .world
        .advance(SignedDuration::from_hours(15 * 24))
        .unwrap();
    assert!(delivered(&sandbox, &listener).await.is_empty());
    sandbox
        .world
        .advance(SignedDuration::from_hours(7 * 24))
        .unwrap();
    let last = delivered(&sandbox, &listener).await;
    assert_eq!(kinds(&last), ["VALIDITY_USAGE", "ESIM_STATUS"]);
    assert_eq!(last[1].json()["content"]["esimStatus"], "USED_EXPIRED");
}

#[tokio::test]
async fn a_server_delivers_by_itself() {
    let sandbox = Sandbox::small().await;
    let listener = listen(&sandbox, Dialect::Roamify, &[]).await;
    sandbox.world.add_balance(1.into()).unwrap();
    let arrived = async {
        while listener.arrived.lock().unwrap().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), arrived)
        .await
        .unwrap();
}

#[tokio::test]
async fn events_go_to_this_machine_alone() {
    let sandbox = Sandbox::small().await;
    for url in ["https://hooks.shop.example/x", "http://192.0.2.1/", "x"] {
        let hook = json!({ "dialect": "esim-access", "url": url });
        let refused = sandbox.post("/_control/webhooks", hook).await;
        assert_eq!(refused.status, 400, "{url}");
    }
    let gone = json!({ "dialect": "roamify", "url": "http://127.0.0.1:1/", "secret": "s" });
    assert_eq!(sandbox.post("/_control/webhooks", gone).await.status, 200);
    sandbox.world.add_balance(1.into()).unwrap();
    sandbox.post("/_control/webhooks/deliver", json!({})).await;
    let shown = sandbox.get("/_control/webhooks").await.json();
    assert_eq!(shown["events"][0]["status"], Value::Null);
    assert_eq!(shown["events"][0]["done"], false);
}
