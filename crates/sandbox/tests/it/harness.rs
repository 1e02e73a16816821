//! A served sandbox, and a client that neither retries nor reuses a connection.

use std::time::Duration;

use jiff::Timestamp;
use roamport_sandbox::switches::{Switches, Tolerance};
use roamport_sandbox::world::WorldBuilder;
use roamport_sandbox::{Server, World};
use serde_json::Value;

pub(crate) const PORTUGAL_1GB: &str = "esim-portugal-7days-1gb-all";
pub(crate) const PORTUGAL_3GB: &str = "esim-portugal-15days-3gb-all";
pub(crate) const PORTUGAL_TALK: &str = "esim-portugal-30days-5gb-100sms-60min-all";
pub(crate) const KENYA_TRAVEL_DATE: &str = "esim-kenya-7days-ungb-all";
pub(crate) const KENYA_NO_USAGE: &str = "esim-kenya-30days-5gb-100sms-60min-all";

pub(crate) const TOKEN: &str = "a token for tests";

pub(crate) fn noon() -> Timestamp {
    "2026-11-18T12:00:00Z".parse().unwrap()
}

/// A small world whose clock stands at noon.
pub(crate) fn small() -> WorldBuilder {
    World::builder().packages(60).token(TOKEN).frozen_at(noon())
}

/// The provider at its worst: it charges every order under one reference.
pub(crate) fn careless() -> WorldBuilder {
    small().switches(Switches {
        duplicate_reference: Tolerance::Accepted,
        ..Switches::default()
    })
}

pub(crate) struct Sandbox {
    pub(crate) world: World,
    pub(crate) server: Server,
    pub(crate) client: reqwest::Client,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) text: String,
    pub(crate) headers: reqwest::header::HeaderMap,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub(crate) fn data(&self) -> Value {
        assert!((200..300).contains(&self.status), "{self:?}");
        let mut json = self.json();
        assert_eq!(json["status"], "success");
        json["data"].take()
    }

    pub(crate) fn message(&self) -> String {
        let json = self.json();
        let text = json["message"].as_str().or(json["error"].as_str());
        text.unwrap_or_else(|| panic!("no failure: {self:?}"))
            .to_owned()
    }
}

impl Sandbox {
    pub(crate) async fn of(builder: WorldBuilder) -> Self {
        let world = builder.build().unwrap();
        let server = Server::start(world.clone(), "127.0.0.1:0".parse().unwrap())
            .await
            .unwrap();
        Self {
            world,
            server,
            client: client(),
        }
    }

    pub(crate) async fn small() -> Self {
        Self::of(small()).await
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.base_url())
    }

    pub(crate) async fn try_get(&self, path: &str) -> reqwest::Result<Answer> {
        answer(self.client.get(self.url(path)).bearer_auth(TOKEN)).await
    }

    pub(crate) async fn try_post(&self, path: &str, body: Value) -> reqwest::Result<Answer> {
        answer(
            self.client
                .post(self.url(path))
                .bearer_auth(TOKEN)
                .json(&body),
        )
        .await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.try_get(path).await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.try_post(path, body).await.unwrap()
    }

    /// Orders one eSIM and gives the order.
    pub(crate) async fn order(&self, package: &str, reference: &str) -> Value {
        self.post("/api/esim/order", order(package, 1, reference))
            .await
            .data()
    }

    /// Orders one eSIM, has its profile made, and gives the eSIM.
    pub(crate) async fn esim(&self, package: &str, reference: &str) -> Value {
        let order = self.order(package, reference).await;
        let id = &order["items"][0]["esimId"];
        self.post("/api/esim/apply", serde_json::json!({ "esimId": id }))
            .await
            .data()
    }
}

pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .tls_certs_only([])
        .pool_max_idle_per_host(0)
        .retry(reqwest::retry::never())
        .timeout(Duration::from_secs(20))
        .build()
        .unwrap()
}

pub(crate) async fn answer(request: reqwest::RequestBuilder) -> reqwest::Result<Answer> {
    let response = request.send().await?;
    Ok(Answer {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        text: response.text().await?,
    })
}

pub(crate) fn order(package: &str, quantity: u64, reference: &str) -> Value {
    serde_json::json!({
        "items": [{ "packageId": package, "quantity": quantity }],
        "referenceId": reference,
    })
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}
