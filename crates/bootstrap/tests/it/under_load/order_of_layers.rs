//! The order of the layers, shown by what each of them lets the others see.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock};

use roamport_domain::EsimId;
use roamport_domain::provider::{
    CallClass, CancelRequest, ErrorKind, EsimKey, OrderLookup, Purchase, PurchaseRequest,
};
use roamport_domain::{Clock as _, ProviderError, Reference};
use roamport_sandbox::Dialect;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Dispatch, Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use super::scene::{PAUSE, Scene, Terms};
use super::watched_gate::{Note, count};
use super::wire::{Asked, Way};

/// What the layers told: the operation of each span, and each event's words.
#[derive(Clone, Debug, Default)]
struct Told(Arc<Mutex<(Vec<String>, Vec<String>)>>);

impl Told {
    /// Listens on this thread, on which all tasks of a test run.
    fn listen() -> (Self, tracing::subscriber::DefaultGuard) {
        // One more subscriber that never goes: as long as there is just one, an event that is first met
        // on a thread without it is switched off on all of them.
        static ANOTHER: OnceLock<Dispatch> = OnceLock::new();
        ANOTHER.get_or_init(|| Dispatch::new(tracing_subscriber::registry()));
        let told = Self::default();
        let subscriber = tracing_subscriber::registry().with(told.clone());
        (told, tracing::subscriber::set_default(subscriber))
    }

    fn spans(&self) -> Vec<String> {
        self.0.lock().unwrap().0.clone()
    }

    fn events_with(&self, words: &str) -> usize {
        let told = self.0.lock().unwrap();
        told.1.iter().filter(|event| event.contains(words)).count()
    }
}

/// The text of one field.
struct Text(&'static str, String);

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == self.0 {
            value.clone_into(&mut self.1);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == self.0 {
            self.1 = format!("{value:?}");
        }
    }
}

impl<S: Subscriber> Layer<S> for Told {
    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        if attributes
            .metadata()
            .target()
            .starts_with("roamport_layers")
        {
            let mut operation = Text("operation", String::new());
            attributes.record(&mut operation);
            self.0.lock().unwrap().0.push(operation.1);
        }
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target().starts_with("roamport_layers") {
            let mut message = Text("message", String::new());
            event.record(&mut message);
            self.0.lock().unwrap().1.push(message.1);
        }
    }
}

/// Makes every read fail until the circuit is open, with so many failed calls.
async fn open(scene: &Scene, failures: usize) {
    scene.wire.always(Way::failure());
    for _ in 0..failures {
        let failed = scene.provider.balance().await.unwrap_err();
        assert_eq!(failed.retry_after(), None, "it was sent: {failed}");
    }
}

/// What capabilities and common sense rule out: an order of nothing, and what this provider cannot do.
async fn ruled_out(scene: &Scene) -> [ProviderError; 2] {
    let nothing = Purchase {
        request: PurchaseRequest::PlaceOrder {
            lines: Vec::new(),
            start_date: None,
        },
        ..scene.order("nothing")
    };
    let nothing = scene.provider.purchase(&nothing).await.unwrap_err();
    let unsupported = match scene.dialect {
        Dialect::Roamify => {
            let esim = EsimKey::from_id(EsimId::parse("esim-1").unwrap());
            let cancelled = scene.provider.cancel(&CancelRequest { esim }).await;
            cancelled.unwrap_err()
        }
        Dialect::EsimAccess => {
            let look_up = OrderLookup::Reference {
                reference: Reference::parse("order").unwrap(),
                not_before: scene.clock.now(),
            };
            scene.provider.find_orders(&look_up).await.unwrap_err()
        }
    };
    [nothing, unsupported]
}

async fn a_call_of_several_tries_is_one_span_and_each_try_asks_the_gate(dialect: Dialect) {
    let scene = Scene::new(dialect, Terms::default()).await;
    scene.wire.follow(|number, _| match number {
        0 | 1 => Way::failure(),
        _ => Way::Through,
    });
    let (told, _listening) = Told::listen();
    scene.provider.balance().await.unwrap();
    assert_eq!(told.spans(), ["balance"]);
    assert_eq!(told.events_with("trying again after a pause"), 2);
    assert_eq!(told.events_with("provider call succeeded"), 1);
    assert_eq!(told.events_with("provider call failed"), 2, "as tries");
    assert_eq!(scene.wire.count(), 3);
    assert_eq!(scene.gate.came(CallClass::Read), 3);
}

async fn a_page_that_is_asked_for_again_asks_the_gate_again(dialect: Dialect) {
    let scene = Scene::new(dialect, Terms::default()).await;
    scene.wire.follow(|number, _| match number {
        0 | 1 => Way::failure(),
        _ => Way::Through,
    });
    let (told, _listening) = Told::listen();
    assert_eq!(scene.listed().await.unwrap(), scene.for_sale());
    assert_eq!(told.spans(), ["packages"]);
    assert_eq!(told.events_with("trying again after a pause"), 2);
    let sent = scene.wire.count_of(Asked::Page);
    let permits = count(&scene.gate.notes(), Note::Went(CallClass::Listing));
    // 15 pages of 8 packages and an empty one, or the names of places and one long answer.
    let needed = match dialect {
        Dialect::Roamify => 15 + 1,
        Dialect::EsimAccess => 2,
    };
    assert!(sent >= needed + 2, "{sent} requests");
    assert!(permits >= sent, "{permits} permits for {sent} requests");
}

async fn a_purchase_asks_the_gate_once_and_fails_in_one_span(dialect: Dialect) {
    let scene = Scene::new(dialect, Terms::default()).await;
    scene.wire.always(Way::failure());
    let (told, _listening) = Told::listen();
    let error = scene.buy("order").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous, "{error}");
    assert_eq!(told.spans(), ["place_order"]);
    assert_eq!(told.events_with("trying again"), 0);
    assert_eq!(scene.gate.came(CallClass::Purchase), 1);
    assert_eq!(scene.wire.seen(), [Asked::Purchase]);
}

async fn what_the_guard_refuses_is_traced_and_neither_sent_nor_counted(dialect: Dialect) {
    let scene = Scene::new(dialect, Terms::default()).await;
    open(&scene, 2).await;
    let (told, _listening) = Told::listen();
    let refused = ruled_out(&scene).await.map(|error| error.kind());
    assert_eq!(refused, [ErrorKind::Rejected, ErrorKind::Unsupported]);
    assert_eq!(told.spans().len(), 2);
    assert_eq!(told.events_with("provider call failed"), 2);
    assert_eq!(scene.wire.count(), 6, "the two failed reads alone");
    assert_eq!(scene.gate.notes().len(), 12, "they did not ask the gate");
    // A refusal that the circuit had seen would have ended the row of two.
    open(&scene, 1).await;
    let refused = scene.provider.balance().await.unwrap_err();
    assert_eq!(refused.retry_after(), Some(PAUSE), "{refused}");
    assert_eq!(scene.wire.count(), 9);
}

async fn the_guard_answers_before_an_open_circuit_and_takes_nobodys_turn(dialect: Dialect) {
    let scene = Scene::new(dialect, Terms::default()).await;
    open(&scene, 3).await;
    scene.wire.always(Way::Through);
    for advance in [false, true] {
        if advance {
            scene.clock.advance(PAUSE);
        }
        let refused = ruled_out(&scene).await.map(|error| error.kind());
        assert_eq!(refused, [ErrorKind::Rejected, ErrorKind::Unsupported]);
    }
    assert_eq!(scene.wire.count(), 9);
    scene.provider.balance().await.unwrap();
}

async fn what_an_open_circuit_refuses_is_one_span_no_retry_and_asks_no_gate(dialect: Dialect) {
    let scene = Scene::new(dialect, Terms::default()).await;
    open(&scene, 3).await;
    let asked = scene.gate.notes().len();
    let (told, _listening) = Told::listen();
    scene.provider.balance().await.unwrap_err();
    scene.buy("order").await.unwrap_err();
    scene.listed().await.unwrap_err();
    assert_eq!(told.spans(), ["balance", "place_order", "packages"]);
    assert_eq!(told.events_with("provider call failed"), 3);
    assert_eq!(told.events_with("trying again"), 0);
    assert_eq!(scene.gate.notes().len(), asked);
    assert_eq!(scene.wire.count(), 9);
}

super::in_both_dialects!(
    a_call_of_several_tries_is_one_span_and_each_try_asks_the_gate,
    a_page_that_is_asked_for_again_asks_the_gate_again,
    a_purchase_asks_the_gate_once_and_fails_in_one_span,
    what_the_guard_refuses_is_traced_and_neither_sent_nor_counted,
    the_guard_answers_before_an_open_circuit_and_takes_nobodys_turn,
    what_an_open_circuit_refuses_is_one_span_no_retry_and_asks_no_gate,
);
