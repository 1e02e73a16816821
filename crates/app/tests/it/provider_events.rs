//! What a provider sends: read again, once, and never believed.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use roamport_app::{AppError, Effect, EventPolicy, ProviderEvents, Taken};
use roamport_domain::esim::ProfileState;
use roamport_domain::journal::{MockEventInbox, OrderJournal as _};
use roamport_domain::order::OrderState;
use roamport_domain::provider::{
    DecodedDelivery, Delivery, DeliveryError, EsimKey, EventDecoder, ProviderEvent,
    ProviderEventKind, ProviderOrderStatus, Trust,
};
use roamport_domain::{
    EsimId, EsimProvider as _, EventInbox as _, ProfileStore as _, ProviderName, ProviderOrderId,
    Reference,
};
use roamport_sandbox::{Fault, Operation};

use crate::support::mocks::{self, Desk};
use crate::support::workers::Working;
use crate::support::{Shop, carry_beside, only_esim, wish};

/// Reads one event a line: its id, what it is about, and of which.
#[derive(Debug)]
struct Lines(ProviderName);

impl EventDecoder for Lines {
    fn provider(&self) -> &ProviderName {
        &self.0
    }

    fn decode(&self, delivery: &Delivery<'_>) -> Result<DecodedDelivery, DeliveryError> {
        let malformed = || DeliveryError::Malformed("not a line of three words".into());
        let trust = match delivery.header("signature") {
            None => Trust::Hint,
            Some(b"right") => Trust::Verified,
            Some(_) => return Err(DeliveryError::WrongSignature),
        };
        let text = std::str::from_utf8(delivery.body).map_err(|_| malformed())?;
        let mut events = Vec::new();
        for line in text.lines() {
            let [id, about, which] = line.split(' ').collect::<Vec<_>>()[..] else {
                return Err(malformed());
            };
            let esim = || EsimKey::from_id(EsimId::parse(which).unwrap());
            let kind = match about {
                "esim" => ProviderEventKind::EsimChanged { esim: esim() },
                "usage" => ProviderEventKind::UsageChanged { esim: esim() },
                "refunded" => ProviderEventKind::RefundDecided { esim: esim() },
                "order" => ProviderEventKind::OrderChanged {
                    order: Some(ProviderOrderId::parse(which).unwrap()),
                    reference: None,
                },
                "reference" => ProviderEventKind::OrderChanged {
                    order: None,
                    reference: Some(Reference::parse(which).unwrap()),
                },
                "balance" => ProviderEventKind::BalanceChanged,
                "ping" => ProviderEventKind::Ping,
                other => ProviderEventKind::Other(other.to_owned()),
            };
            events.push(ProviderEvent {
                id: id.to_owned(),
                kind,
            });
        }
        Ok(DecodedDelivery { trust, events })
    }
}

async fn deliver(events: &ProviderEvents, signed: bool, body: &str) -> Result<Taken, AppError> {
    let signature: [(&str, &[u8]); 1] = [("Signature", b"right")];
    let delivery = Delivery {
        headers: if signed { &signature } else { &[] },
        body: body.as_bytes(),
        received_at: Timestamp::UNIX_EPOCH,
    };
    events.take(&delivery).await
}

pub(crate) async fn effect(events: &ProviderEvents, signed: bool, line: &str) -> Effect {
    let taken = deliver(events, signed, line).await.unwrap();
    let [event] = &taken.events[..] else {
        panic!("one event, not {taken:?}")
    };
    event.effect.clone()
}

fn events(shop: &Shop) -> ProviderEvents {
    let decoder = Lines(shop.parts.provider.name().clone());
    ProviderEvents::new(shop.orders.clone(), Arc::new(decoder), shop.journal.clone())
}

pub(crate) fn events_at(desk: &Desk) -> ProviderEvents {
    let decoder = Lines(mocks::name());
    ProviderEvents::new(desk.orders.clone(), Arc::new(decoder), desk.journal.clone())
}

async fn kept(shop: &Shop, esim: &EsimId) -> ProfileState {
    let (name, key) = (shop.parts.provider.name(), EsimKey::from_id(esim.clone()));
    let kept = shop.journal.find_profile(name, &key).await.unwrap();
    kept.unwrap().esim.profile().clone()
}

#[tokio::test(start_paused = true)]
async fn an_event_about_an_esim_has_it_read_again_once() {
    for signed in [false, true] {
        let shop = Shop::careless();
        let esim = only_esim(&shop.buy("traveller").await);
        let events = events(&shop);
        shop.world.install(esim.as_str()).unwrap();
        let reads = shop.world.calls(Operation::Esim);
        let acted = Effect::Acted {
            orders: Vec::new(),
            esim: Some(esim.clone()),
        };
        let line = format!("evt_1 esim {esim}");
        assert_eq!(effect(&events, signed, &line).await, acted);
        assert_eq!(kept(&shop, &esim).await, ProfileState::Installed);
        for _ in 0..3 {
            assert_eq!(effect(&events, signed, &line).await, Effect::Repeated);
        }
        assert_eq!(shop.world.calls(Operation::Esim), reads + 1);
        let other = format!("evt_2 usage {esim}");
        assert_eq!(effect(&events, signed, &other).await, acted);
        assert_eq!(shop.world.calls(Operation::Esim), reads + 2);
    }
}

#[tokio::test(start_paused = true)]
async fn events_out_of_order_leave_what_the_provider_says_now() {
    let shop = Shop::careless();
    let esim = only_esim(&shop.buy("traveller").await);
    let events = events(&shop);
    shop.world.install(esim.as_str()).unwrap();
    shop.world.delete(esim.as_str()).unwrap();
    // The last change is told first, the first one last: each event has the present read.
    for line in [
        format!("evt_3 esim {esim}"),
        format!("evt_1 esim {esim}"),
        format!("evt_2 usage {esim}"),
    ] {
        assert!(
            matches!(
                effect(&events, true, &line).await,
                Effect::Acted { esim: Some(_), .. }
            ),
            "{line}"
        );
        assert_eq!(kept(&shop, &esim).await, ProfileState::Deleted, "{line}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_kept_here_is_not_read_and_not_remembered() {
    let shop = Shop::careless();
    let order = shop.buy("traveller").await;
    let events = events(&shop);
    let before: u64 = [Operation::Esim, Operation::Orders, Operation::Balance]
        .map(|call| shop.world.calls(call))
        .iter()
        .sum();
    let ended = order.placed().unwrap().id.clone();
    for line in [
        "evt_1 esim nobody's",
        "evt_2 order nobody's",
        "evt_3 ping -",
        "evt_4 balance -",
        "evt_5 eclipse -",
        &format!("evt_6 order {ended}"),
    ] {
        assert_eq!(effect(&events, true, line).await, Effect::Nothing, "{line}");
        let id = line.split(' ').next().unwrap();
        let name = shop.parts.provider.name();
        assert!(!shop.journal.is_known(name, id).await.unwrap(), "{line}");
    }
    let after: u64 = [Operation::Esim, Operation::Orders, Operation::Balance]
        .map(|call| shop.world.calls(call))
        .iter()
        .sum();
    assert_eq!(after, before);
}

#[tokio::test(start_paused = true)]
async fn a_forged_refund_or_completion_changes_nothing() {
    let shop = Shop::careless();
    let order = shop.buy("traveller").await;
    let esim = only_esim(&order);
    let balance = shop.parts.provider.balance().await.unwrap();
    let profile = kept(&shop, &esim).await;
    let events = events(&shop);
    let provider_order = &order.placed().unwrap().id;
    let reference = &order.requested().reference;
    let body = format!(
        "evt_1 refunded {esim}\nevt_2 order {provider_order}\nevt_3 reference {reference}\n\
         evt_4 esim {esim}\nevt_5 balance -"
    );
    for signed in [false, true] {
        deliver(&events, signed, &body).await.unwrap();
    }
    assert_eq!(shop.journal.load(order.id()).await.unwrap(), order);
    assert_eq!(kept(&shop, &esim).await, profile);
    assert_eq!(shop.parts.provider.balance().await.unwrap(), balance);
    assert_eq!((shop.charges(), shop.purchase_calls()), (1, 1));
    assert!(shop.world.refunds().unwrap().is_empty());
}

/// An order that the provider has taken and delivers once `delivered` says so; read rarely.
fn slow(delivered: &Arc<AtomicBool>, reads: &Arc<AtomicUsize>) -> Desk {
    let (delivered, reads) = (delivered.clone(), reads.clone());
    let pending = || {
        let mut order = mocks::placed("P-1", &[]);
        order.status = ProviderOrderStatus::Pending;
        order.total = None;
        order
    };
    let provider = mocks::provider(|mock| {
        mock.expect_purchase()
            .times(1)
            .returning(move |_| Ok(pending()));
        mock.expect_find_orders().returning(move |lookup| {
            if !matches!(lookup, roamport_domain::provider::OrderLookup::Id(_)) {
                return Ok(mocks::nothing());
            }
            reads.fetch_add(1, Ordering::SeqCst);
            Ok(mocks::found(vec![if delivered.load(Ordering::SeqCst) {
                mocks::placed("P-1", &["esim-1"])
            } else {
                pending()
            }]))
        });
    });
    Desk::with(provider, |parts| {
        parts.policy.look_up_waits = vec![Duration::from_mins(20)];
    })
}

#[tokio::test(start_paused = true)]
async fn an_event_about_an_order_has_a_worker_read_it_soon() {
    let (delivered, reads) = (Arc::default(), Arc::default());
    let desk = slow(&delivered, &reads);
    let id = desk.order(1).await;
    let working = Working::start(&desk.orders);
    let state = async || desk.journal.load(id).await.unwrap().state();
    tokio::time::sleep(Duration::from_mins(2)).await;
    assert_eq!(
        (state().await, reads.load(Ordering::SeqCst)),
        (OrderState::Placed, 0)
    );

    // The event comes first and the delivery after it: the read it causes says so.
    let events = events_at(&desk);
    let acted = Effect::Acted {
        orders: vec![id],
        esim: None,
    };
    assert_eq!(effect(&events, false, "evt_1 order P-1").await, acted);
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(
        (state().await, reads.load(Ordering::SeqCst)),
        (OrderState::Placed, 1)
    );

    delivered.store(true, Ordering::SeqCst);
    let reference = desk
        .journal
        .load(id)
        .await
        .unwrap()
        .requested()
        .reference
        .clone();
    let line = format!("evt_2 reference {reference}");
    assert_eq!(effect(&events, true, &line).await, acted);
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(
        (state().await, reads.load(Ordering::SeqCst)),
        (OrderState::Fulfilled, 2)
    );
    working.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_purchase_is_found_at_once_when_an_event_names_it() {
    let shop = Shop::careless();
    shop.fault(Operation::Order, Fault::DropAfterEffect);
    let id = shop
        .order(&wish(crate::support::PORTUGAL_3GB, 1), "lost")
        .await;
    let carried = carry_beside(&shop.orders, id);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let order = shop.journal.load(id).await.unwrap();
    assert_eq!(order.state(), OrderState::Reconciling);
    let line = format!("evt_1 reference {}", order.requested().reference);
    effect(&events(&shop), false, &line).await;
    assert!(shop.journal.load(id).await.unwrap().placed().is_some());
    assert!(shop.clock.elapsed() < Duration::from_secs(2));
    assert_eq!(carried.await.unwrap().order.state(), OrderState::Fulfilled);
    assert_eq!((shop.charges(), shop.purchase_calls()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn events_about_a_purchase_that_never_landed_disturb_no_watch() {
    let shop = Shop::careless();
    shop.fault(Operation::Order, Fault::DropBeforeEffect);
    let id = shop
        .order(&wish(crate::support::PORTUGAL_3GB, 1), "lost")
        .await;
    let carried = carry_beside(&shop.orders, id);
    let events = events(&shop);
    for number in 0..100 {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let order = shop.journal.load(id).await.unwrap();
        let line = format!("evt_{number} reference {}", order.requested().reference);
        effect(&events, false, &line).await;
        let now = shop.journal.load(id).await.unwrap();
        assert_eq!(now.version(), order.version(), "an event wrote something");
    }
    assert_eq!(shop.purchase_calls(), 1);
    assert_eq!(carried.await.unwrap().order.state(), OrderState::Fulfilled);
    assert_eq!((shop.charges(), shop.purchase_calls()), (1, 2));
    assert!(
        shop.clock.elapsed() < Duration::from_mins(6),
        "{:?}",
        shop.clock.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_forged_hints_causes_few_reads_and_no_lasting_silence() {
    let shop = Shop::careless();
    let esim = only_esim(&shop.buy("traveller").await);
    let most = NonZeroU32::new(7).unwrap();
    let events = events(&shop).with_policy(EventPolicy {
        hints_per_minute: most,
        ..EventPolicy::default()
    });
    let before = shop.world.calls(Operation::Esim);
    let lines = (0..500).map(|number| format!("forged_{number} esim {esim}\n"));
    let body = lines.collect::<Vec<_>>().concat();
    let taken = deliver(&events, false, &body).await.unwrap();
    let postponed = taken
        .events
        .iter()
        .filter(|event| event.effect == Effect::Postponed)
        .count();
    assert_eq!(postponed, 493);
    assert_eq!(shop.world.calls(Operation::Esim), before + 7);
    // What was dropped is not taken for done, and a signed event is not held up.
    shop.world.install(esim.as_str()).unwrap();
    let line = format!("true esim {esim}");
    assert_eq!(effect(&events, false, &line).await, Effect::Postponed);
    assert!(matches!(
        effect(&events, true, &line).await,
        Effect::Acted { .. }
    ));
    assert_eq!(kept(&shop, &esim).await, ProfileState::Installed);
    tokio::time::sleep(Duration::from_mins(1)).await;
    let line = format!("forged_499 esim {esim}");
    assert!(matches!(
        effect(&events, false, &line).await,
        Effect::Acted { .. }
    ));
}

#[tokio::test(start_paused = true)]
async fn an_event_that_could_not_be_acted_upon_is_when_it_comes_again() {
    let shop = Shop::careless();
    let esim = only_esim(&shop.buy("traveller").await);
    let events = events(&shop);
    shop.world.install(esim.as_str()).unwrap();
    let line = format!("evt_1 esim {esim}");
    shop.fault(Operation::Esim, Fault::HtmlError { status: 503 });
    let error = deliver(&events, true, &line).await.unwrap_err();
    assert!(matches!(error, AppError::Provider(_)), "{error}");
    assert_eq!(kept(&shop, &esim).await, ProfileState::Ready);
    assert!(matches!(
        effect(&events, true, &line).await,
        Effect::Acted { .. }
    ));
    assert_eq!(kept(&shop, &esim).await, ProfileState::Installed);
}

#[tokio::test(start_paused = true)]
async fn an_event_is_remembered_only_after_it_was_acted_upon() {
    let shop = Shop::careless();
    let esim = only_esim(&shop.buy("traveller").await);
    shop.world.install(esim.as_str()).unwrap();
    let mut inbox = MockEventInbox::new();
    inbox.expect_is_known().returning(|_, _| Ok(false));
    let mut died = false;
    inbox.expect_remember().times(2).returning(move |_, _, _| {
        if std::mem::replace(&mut died, true) {
            Ok(true)
        } else {
            Err(mocks::full_disk())
        }
    });
    inbox.expect_forget().returning(|_, _, _| Ok(0));
    let decoder = Arc::new(Lines(shop.parts.provider.name().clone()));
    let events = ProviderEvents::new(shop.orders.clone(), decoder, Arc::new(inbox));
    let reads = shop.world.calls(Operation::Esim);
    let line = format!("evt_1 esim {esim}");
    assert!(deliver(&events, true, &line).await.is_err());
    assert_eq!(kept(&shop, &esim).await, ProfileState::Installed);
    assert!(matches!(
        effect(&events, true, &line).await,
        Effect::Acted { .. }
    ));
    assert_eq!(shop.world.calls(Operation::Esim), reads + 2);
}

#[tokio::test(start_paused = true)]
async fn old_events_are_forgotten_so_that_the_inbox_does_not_grow_for_ever() {
    let shop = Shop::careless();
    let esim = only_esim(&shop.buy("traveller").await);
    let events = events(&shop).with_policy(EventPolicy {
        remember_for: Duration::from_hours(1),
        remember_at_most: 300,
        ..EventPolicy::default()
    });
    let name = shop.parts.provider.name().clone();
    effect(&events, true, &format!("old esim {esim}")).await;
    tokio::time::sleep(Duration::from_hours(2)).await;
    for number in 0..600 {
        effect(&events, true, &format!("evt_{number} esim {esim}")).await;
    }
    let mut known = 0;
    for number in 0..600 {
        let id = format!("evt_{number}");
        known += u32::from(shop.journal.is_known(&name, &id).await.unwrap());
    }
    assert!((300..600).contains(&known), "{known} are known");
    assert!(!shop.journal.is_known(&name, "old").await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_delivery_that_is_refused_causes_nothing() {
    let shop = Shop::careless();
    let esim = only_esim(&shop.buy("traveller").await);
    let events = events(&shop);
    let reads = shop.world.calls(Operation::Esim);
    let error = deliver(&events, true, &format!("evt_1 esim {esim}\nevt_2 es"))
        .await
        .unwrap_err();
    assert!(
        matches!(error, AppError::Delivery(DeliveryError::Malformed(_))),
        "{error}"
    );
    let wrong: [(&str, &[u8]); 1] = [("signature", b"wrong")];
    let body = format!("evt_1 esim {esim}");
    let delivery = Delivery {
        headers: &wrong,
        body: body.as_bytes(),
        received_at: Timestamp::UNIX_EPOCH,
    };
    let error = events.take(&delivery).await.unwrap_err();
    assert!(
        matches!(error, AppError::Delivery(DeliveryError::WrongSignature)),
        "{error}"
    );
    assert_eq!(shop.world.calls(Operation::Esim), reads);
}
