//! What a person finds who opens the server in a browser, and the log of requests.

use roamport_sandbox::{Dialects, Fault, Operation, Rule, Server, ServerOptions};
use serde_json::{Value, json};

use crate::harness::*;

async fn page(server: &Server, accept: &str) -> Answer {
    let request = client().get(format!("{}/", server.base_url()));
    answer(request.header("Accept", accept)).await.unwrap()
}

#[tokio::test]
async fn the_page_names_the_dialects_and_the_control_routes_without_a_token() {
    let sandbox = Sandbox::small().await;
    let page = page(&sandbox.server, "*/*").await;
    assert_eq!(page.status, 200);
    let json = page.json();
    assert_eq!(json["name"], "roamport-sandbox");
    let dialects = json["dialects"].as_array().unwrap();
    let paths: Vec<&str> = dialects.iter().map(|one| text(&one["paths"])).collect();
    assert_eq!(paths, ["/api/", "/api/v1/open/"]);
    for dialect in dialects {
        assert_eq!(text(&dialect["base_url"]), sandbox.server.base_url());
    }
    assert!(!page.text.contains(TOKEN), "{}", page.text);
}

#[tokio::test]
async fn every_control_route_that_the_page_names_exists() {
    let sandbox = Sandbox::small().await;
    let page = page(&sandbox.server, "*/*").await.json();
    let routes = page["control"].as_array().unwrap();
    assert!(routes.len() > 10, "{routes:?}");
    for route in routes {
        let path = text(&route["path"])
            .replace("{esim}", "x")
            .replace("{action}", "install");
        let url = sandbox.url(&path);
        let asked = match text(&route["does"]).split(' ').next() {
            Some("GET") => sandbox.client.get(url),
            _ => sandbox.client.post(url),
        };
        let answered = answer(asked).await.unwrap();
        assert_eq!(answered.status, 401, "{path} without a token");
    }
}

#[tokio::test]
async fn a_browser_gets_text_with_the_dialects_that_are_spoken() {
    let world = small().build().unwrap();
    let options = ServerOptions::default();
    let address = "127.0.0.1:0".parse().unwrap();
    let server = Server::start_speaking(world, address, options, Dialects::EsimAccess)
        .await
        .unwrap();
    let page = page(&server, "text/html,application/xhtml+xml;q=0.9").await;
    assert_eq!(page.headers["content-type"], "text/plain; charset=utf-8");
    assert!(page.text.contains("/api/v1/open/"), "{}", page.text);
    assert!(!page.text.contains("roamify"), "{}", page.text);
    assert!(page.text.contains("/_control/ledger"), "{}", page.text);
}

async fn logged(sandbox: &Sandbox) -> Vec<Value> {
    let log = sandbox.get("/_control/requests").await.json();
    log.as_array().unwrap().clone()
}

#[tokio::test]
async fn requests_are_logged_with_their_answers_and_faults_and_without_secrets() {
    let sandbox = Sandbox::small().await;
    sandbox.get("/api/balance?note=private").await;
    let lost = Rule::new(Operation::Order, Fault::DropAfterEffect);
    sandbox.world.add_fault(lost).unwrap();
    let slow = Rule::new(Operation::Order, Fault::Stall { ms: 1 });
    sandbox.world.add_fault(slow).unwrap();
    let dropped = sandbox
        .try_post("/api/esim/order", order(PORTUGAL_1GB, 1, "lost"))
        .await;
    assert!(dropped.is_err());
    sandbox.get("/api/nothing").await;
    let log = logged(&sandbox).await;
    let summary: Vec<Value> = log
        .iter()
        .map(|entry| {
            json!([
                entry["method"],
                entry["path"],
                entry["status"],
                entry["faults"]
            ])
        })
        .collect();
    assert_eq!(
        summary,
        [
            json!(["GET", "/api/balance", 400, []]),
            json!([
                "POST",
                "/api/esim/order",
                null,
                ["drop_after_effect", "stall"]
            ]),
            json!(["GET", "/api/nothing", 404, []]),
        ]
    );
    let text = Value::from(log).to_string();
    for secret in [TOKEN, "private", "lost"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[tokio::test]
async fn the_log_of_requests_is_bounded() {
    let sandbox = Sandbox::small().await;
    for number in 0..230 {
        sandbox.get(&format!("/api/nothing/{number}")).await;
    }
    let log = logged(&sandbox).await;
    assert_eq!(log.len(), 200);
    assert_eq!(log[199]["path"], "/api/nothing/229");
}
