//! Events from end to end: the sandbox posts them over HTTP, in each dialect, signed where the dialect
//! signs; what arrives is handed to the use-case that the settings compose.

use std::num::NonZeroU16;
use std::sync::Arc;

use roamport_app::order_and_provision::Wish;
use roamport_app::orders::{Placement, Terms};
use roamport_app::{AppError, Effect, ProviderEvents, Silent, StopSignal, Taken};
use roamport_bootstrap::Composition;
use roamport_domain::esim::ProfileState;
use roamport_domain::provider::{Delivery, DeliveryError, EsimKey, Trust};
use roamport_domain::{Esim, EsimId};
use roamport_sandbox::world::Hook;
use roamport_sandbox::{Dialect, Server, World};
use serde_json::json;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::support::Home;

const PACKAGE: &str = "esim-portugal-15days-3gb-all";
const ACCOUNT: &str = "token-of-events";
const SIGNING: &str = "the secret that signs events";

/// A shop at one provider over HTTP, and the address to which that provider sends its events.
struct Shop {
    world: World,
    server: Server,
    address: MockServer,
    composition: Composition,
    events: ProviderEvents,
    _home: Home,
}

impl Shop {
    async fn start(dialect: Dialect) -> Self {
        let world = World::builder().packages(300).token(ACCOUNT).build();
        let world = world.unwrap();
        let server = Server::start(world.clone(), ([127, 0, 0, 1], 0).into());
        let server = server.await.unwrap();
        let address = MockServer::start().await;
        let accepted = Mock::given(any()).respond_with(ResponseTemplate::new(200));
        accepted.mount(&address).await;
        let hook = Hook {
            dialect,
            url: format!("{}/events", address.uri()),
            secret: (dialect == Dialect::Roamify).then(|| SIGNING.to_owned()),
        };
        world.set_hook(hook).unwrap();
        // Kept until the test asks for them, so that nothing depends on when the server looks.
        world.hold_events(true).unwrap();

        let home = Home::new();
        let loader = home
            .loader()
            .flag("orders.look_up_waits", "20ms", "--waits");
        let loader = match dialect {
            Dialect::Roamify => loader
                .flag("provider", "roamify", "--provider")
                .flag("roamify.base_url", server.base_url(), "--url")
                .flag("roamify.token", ACCOUNT, "--token")
                .flag("roamify.webhook_secret", SIGNING, "--secret"),
            Dialect::EsimAccess => loader
                .flag("provider", "esim-access", "--provider")
                .flag("esim_access.base_url", server.base_url(), "--url")
                .flag("esim_access.access_code", ACCOUNT, "--code"),
        };
        let composition = Composition::start(loader.load().unwrap()).await.unwrap();
        let events = composition.provider_events().await.unwrap().unwrap();
        Self {
            world,
            server,
            address,
            composition,
            events,
            _home: home,
        }
    }

    async fn buy(&self) -> EsimId {
        let orders = self.composition.orders().await.unwrap();
        let wish = Wish::new(PACKAGE.parse().unwrap(), NonZeroU16::MIN);
        let quote = orders.quote(&wish).await.unwrap();
        let placed = orders.place(&quote, &Terms::default()).await.unwrap();
        let Placement::New(order) = placed else {
            panic!("{placed:?}")
        };
        let carried = orders
            .carry_on(order.id(), Arc::new(Silent), StopSignal::never())
            .await
            .unwrap();
        let esims = orders.profiles(&carried.order).await.unwrap();
        esims[0].id().clone()
    }

    async fn kept(&self, esim: &EsimId) -> Esim {
        let store = self.composition.profiles().await.unwrap();
        let key = EsimKey::from_id(esim.clone());
        let kept = store.find_profile(&self.composition.instance().name, &key);
        kept.await.unwrap().unwrap().esim
    }

    /// What the provider sends now.
    async fn sent(&self, reversed: bool) -> Vec<Request> {
        self.address.reset().await;
        let accepted = Mock::given(any()).respond_with(ResponseTemplate::new(200));
        accepted.mount(&self.address).await;
        let released = reqwest::Client::builder()
            .tls_certs_only([])
            .build()
            .unwrap()
            .post(format!(
                "{}/_control/webhooks/release",
                self.server.base_url()
            ))
            .bearer_auth(ACCOUNT)
            .header("content-type", "application/json")
            .body(json!({ "reversed": reversed }).to_string())
            .send();
        assert_eq!(released.await.unwrap().status(), 200);
        self.world.hold_events(true).unwrap();
        self.address.received_requests().await.unwrap()
    }

    async fn take(&self, request: &Request) -> Result<Taken, AppError> {
        self.take_body(request, &request.body).await
    }

    /// The headers of `request` over another body.
    async fn take_body(&self, request: &Request, body: &[u8]) -> Result<Taken, AppError> {
        let headers: Vec<(&str, &[u8])> = request
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        let delivery = Delivery {
            headers: &headers,
            body,
            received_at: self.composition.clock().now(),
        };
        self.events.take(&delivery).await
    }
}

#[tokio::test]
async fn what_a_provider_sends_has_the_esim_read_again_and_only_once() {
    // The first dialect has one word for an eSIM that is installed and for one that is in use.
    for (dialect, trust, in_use) in [
        (Dialect::Roamify, Trust::Verified, ProfileState::Installed),
        (Dialect::EsimAccess, Trust::Hint, ProfileState::Enabled),
    ] {
        for reversed in [false, true] {
            let shop = Shop::start(dialect).await;
            let esim = shop.buy().await;
            assert_eq!(*shop.kept(&esim).await.profile(), ProfileState::Ready);
            shop.world.activate(esim.as_str()).unwrap();
            let sent = shop.sent(reversed).await;
            assert!(sent.len() > 1, "{dialect:?}");
            for request in &sent {
                assert_eq!(shop.take(request).await.unwrap().trust, trust);
            }
            // Whatever came first or last, the present is what was read.
            let kept = shop.kept(&esim).await;
            assert_eq!(*kept.profile(), in_use, "{dialect:?}");
            for request in &sent {
                let taken = shop.take(request).await.unwrap();
                assert!(
                    taken
                        .events
                        .iter()
                        .all(|event| matches!(event.effect, Effect::Repeated | Effect::Nothing)),
                    "{dialect:?}: {taken:?}"
                );
            }
            assert_eq!(shop.world.ledger().unwrap().len(), 1);
            shop.composition.shutdown().await;
        }
    }
}

#[tokio::test]
async fn a_body_that_was_touched_on_the_way_changes_nothing() {
    let shop = Shop::start(Dialect::Roamify).await;
    let esim = shop.buy().await;
    shop.world.activate(esim.as_str()).unwrap();
    let sent = shop.sent(false).await;
    let request = sent.last().unwrap();
    let value: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    let reencoded = serde_json::to_vec_pretty(&value).unwrap();
    let shortened = &request.body[..request.body.len() - 1];
    for body in [&reencoded[..], shortened, b""] {
        let refused = shop.take_body(request, body).await.unwrap_err();
        assert!(
            matches!(refused, AppError::Delivery(DeliveryError::WrongSignature)),
            "{refused:?}"
        );
    }
    assert_eq!(*shop.kept(&esim).await.profile(), ProfileState::Ready);
    shop.take(request).await.unwrap();
    assert_eq!(*shop.kept(&esim).await.profile(), ProfileState::Installed);
    shop.composition.shutdown().await;
}
