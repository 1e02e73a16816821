//! Ordering with a reference alone: taken only where the answer is what was ordered, unknown in any doubt.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use roamport_adapter_roamify::{Roamify, RoamifyConfig};
use roamport_domain::Clock;
use roamport_domain::provider::{
    ErrorKind, EsimProvider as _, ProviderOrder, Purchase, PurchaseRequest, SendWindow,
};
use roamport_provider_http::test_support::TestClock;
use roamport_sandbox::switches::{Switches, Tolerance};
use roamport_sandbox::{Change, Fault, MixUp, Operation, Rule, Server, World};

use crate::support::{line, lines, reference, usd};

const TOKEN: &str = "sandbox-token";
const PACKAGE: &str = "esim-portugal-7days-1gb-all";

/// A provider at which two eSIMs were bought under a reference.
struct Shop {
    world: World,
    clock: Arc<TestClock>,
    roamify: Roamify,
    request: Purchase,
    first: ProviderOrder,
    _server: Server,
}

async fn shop(order_by_reference: Tolerance) -> Shop {
    let clock = TestClock::new();
    let world = World::builder()
        .packages(60)
        .token(TOKEN)
        .clock(clock.clone())
        .switches(Switches {
            order_by_reference,
            ..Switches::default()
        })
        .build()
        .unwrap();
    let address = "127.0.0.1:0".parse().unwrap();
    let server = Server::start(world.clone(), address).await.unwrap();
    let config = RoamifyConfig::new(server.base_url(), TOKEN);
    let roamify = Roamify::new(&config, clock.clone()).unwrap();
    let price = world.catalogue().find(PACKAGE).unwrap().price;
    let mut line = line(PACKAGE, 2);
    line.unit_price = usd(&price.to_string());
    let request = Purchase {
        reference: reference("01KE0ZP1M3Q8"),
        request: PurchaseRequest::PlaceOrder {
            lines: vec![line],
            start_date: None,
        },
        window: SendWindow::open(&*clock, Duration::from_mins(1)),
        replays: false,
    };
    let first = roamify.purchase(&request).await.unwrap();
    Shop {
        world,
        clock,
        roamify,
        request,
        first,
        _server: server,
    }
}

impl Shop {
    /// How the call ends where the provider lies in this way.
    async fn kind(&self, lies: impl IntoIterator<Item = Fault>) -> ErrorKind {
        let before = self.world.calls(Operation::Order);
        let rules = lies.into_iter().map(|lie| Rule::new(Operation::Order, lie));
        self.world.add_faults(rules).unwrap();
        let error = self.roamify.order_by_reference(&self.request).await;
        assert_eq!(
            self.world.calls(Operation::Order),
            before + 1,
            "one request"
        );
        error.unwrap_err().kind()
    }
}

fn edit(at: &str, change: Change) -> Fault {
    Fault::Edit {
        at: at.to_owned(),
        change,
    }
}

#[tokio::test]
async fn an_accepted_reference_is_the_order_that_was_made_and_charged_once() {
    let shop = shop(Tolerance::Accepted).await;
    let again = shop.roamify.order_by_reference(&shop.request).await;
    assert_eq!(again.unwrap(), shop.first);
    assert_eq!(shop.world.ledger().unwrap().len(), 1);
}

#[tokio::test]
async fn a_refusal_as_in_recorded_traffic_is_a_refusal() {
    let shop = shop(Tolerance::Refused).await;
    let error = shop.roamify.order_by_reference(&shop.request).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert!(
        error.to_string().contains("\"items\" is required"),
        "{error}"
    );
    assert_eq!(shop.world.ledger().unwrap().len(), 1);
}

#[tokio::test]
async fn an_answer_about_anything_else_or_that_does_not_tell_is_unknown() {
    let shop = shop(Tolerance::Accepted).await;
    let mix = |with| Fault::MixUp { with };
    let set = |at, text: &str| edit(at, Change::Set(text.to_owned()));
    let remove = |at| edit(at, Change::Remove);
    for (place, lies) in [
        vec![mix(MixUp::Order)],
        vec![mix(MixUp::Reference)],
        vec![mix(MixUp::Package)],
        vec![remove("data.referenceId")],
        vec![remove("data.items")],
        vec![remove("data.items.1")],
        vec![remove("data.items.0.packageId")],
        vec![set("data.total", "0.01")],
        vec![set("data.currency", r#""EUR""#)],
        vec![remove("data.total"), remove("data.items.*.price")],
        vec![
            remove("data.total"),
            edit("data.items.0.price", Change::Times(2)),
        ],
        vec![set("data.id", r#""""#)],
        vec![set("data", "null")],
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(shop.kind(lies).await, ErrorKind::Ambiguous, "{place}");
    }
    // The items' prices are a total, too.
    let lie = Rule::new(Operation::Order, remove("data.total"));
    shop.world.add_fault(lie).unwrap();
    let again = shop.roamify.order_by_reference(&shop.request).await;
    assert_eq!(again.unwrap().id, shop.first.id);
}

#[tokio::test]
async fn an_answer_that_is_lost_broken_or_from_a_gateway_is_unknown() {
    let shop = shop(Tolerance::Accepted).await;
    let html = BTreeMap::from([("content-type".to_owned(), "text/html".to_owned())]);
    for lie in [
        Fault::DropAfterEffect,
        Fault::BrokenJson,
        Fault::Html { status: 200 },
        Fault::StatusAfterEffect {
            status: 500,
            body: None,
            retry_after: None,
        },
        Fault::Answer {
            before: false,
            status: Some(403),
            headers: html,
            body: Some("<p>Forbidden</p>".to_owned()),
        },
    ] {
        let words = format!("{lie:?}");
        assert_eq!(shop.kind([lie]).await, ErrorKind::Ambiguous, "{words}");
    }
}

#[tokio::test]
async fn nothing_is_sent_outside_the_window_or_without_lines() {
    let mut shop = shop(Tolerance::Accepted).await;
    let before = shop.world.calls(Operation::Order);
    lines(&mut shop.request).clear();
    let error = shop.roamify.order_by_reference(&shop.request).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Rejected);
    *lines(&mut shop.request) = vec![line(PACKAGE, 2)];
    shop.clock.advance(Duration::from_mins(2));
    assert!(
        shop.request
            .window
            .remaining(&*shop.clock as &dyn Clock)
            .is_none()
    );
    let error = shop.roamify.order_by_reference(&shop.request).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(shop.world.calls(Operation::Order), before);
}
