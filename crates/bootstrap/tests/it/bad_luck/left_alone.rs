//! A provider in trouble, under all layers and with the times of production: how often it is called,
//! and what becomes of the orders.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use roamport_domain::order::OrderState;
use roamport_domain::{EsimProvider, Order, OrderId};
use roamport_layers::Stack;
use roamport_sandbox::{Fault, Operation, Rule, Target};

use super::shop::{Goods, Shop, carry};

const BUYERS: usize = 12;
const PAUSE: Duration = Duration::from_secs(15);

/// What the orders below call, each of them.
const CALLS: [Operation; 6] = [
    Operation::Packages,
    Operation::Balance,
    Operation::Orders,
    Operation::Order,
    Operation::Apply,
    Operation::Esim,
];

/// A shop in process whose provider lies under all layers, as `Stack` makes them.
async fn shop() -> Shop {
    let shop = Shop::in_process(Goods::Esims).await;
    let provider: Arc<dyn EsimProvider> =
        Arc::new(Stack::new(shop.clock.clone()).over(Arc::clone(&shop.parts.provider)));
    let mut parts = shop.parts.clone();
    parts.provider = provider;
    shop.with(parts)
}

fn calls(shop: &Shop) -> u64 {
    CALLS.iter().map(|call| shop.world.calls(*call)).sum()
}

/// A dozen orders, recorded while all is well.
async fn record(shop: &Shop) -> Vec<OrderId> {
    let mut orders = Vec::new();
    for number in 0..BUYERS {
        orders.push(shop.order(&format!("order {number}")).await);
    }
    orders
}

/// Carries them all on at once, each to its end.
async fn carry_all(shop: &Shop, ids: &[OrderId]) -> Vec<Order> {
    let carried = ids.iter().map(|id| carry(&shop.orders, *id));
    let carried = join_all(carried).await;
    carried.into_iter().map(|carried| carried.order).collect()
}

/// Every order has its eSIM, for one charge and so many calls in all.
#[track_caller]
fn check_each_bought_once(shop: &Shop, orders: &[Order], purchase_calls: usize) {
    for order in orders {
        let attention: Vec<_> = order.open_attention().collect();
        assert_eq!(order.state(), OrderState::Fulfilled, "{attention:?}");
        let reference = order.requested().reference.as_str();
        let charges = shop.world.charges_for(reference).unwrap();
        assert_eq!(charges.len(), 1, "{reference}: {charges:?}");
    }
    assert_eq!(shop.charges().len(), orders.len());
    assert_eq!(usize::try_from(shop.calls()).unwrap(), purchase_calls);
}

/// Something that every call meets until the moment comes at which all is well again.
fn trouble_for(shop: &Shop, time: Duration, fault: Fault) {
    shop.rule(Rule {
        on: Target::Any,
        ..Rule::new(Operation::Order, fault).for_ever()
    });
    let world = shop.world.clone();
    tokio::spawn(async move {
        tokio::time::sleep(time).await;
        world.clear_faults().unwrap();
    });
}

fn failure() -> Fault {
    Fault::StatusBeforeEffect {
        status: 503,
        body: None,
        retry_after: None,
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_five_minutes_is_sat_out_by_every_order_and_hardly_felt_by_the_provider() {
    let shop = shop().await;
    let ids = record(&shop).await;
    let (began, called) = (shop.clock.elapsed(), calls(&shop));
    let outage = Duration::from_mins(5);
    trouble_for(&shop, outage, failure());
    let world = shop.world.clone();
    let while_down = tokio::spawn(async move {
        tokio::time::sleep(outage.saturating_sub(Duration::from_millis(1))).await;
        CALLS.iter().map(|call| world.calls(*call)).sum::<u64>()
    });
    let orders = carry_all(&shop, &ids).await;
    check_each_bought_once(&shop, &orders, BUYERS);
    let took = shop.clock.since(began);
    assert!(took < outage + Duration::from_mins(2), "{took:?}");
    // The first ones come all at once; after that one probe and its retries in each pause, where a
    // dozen orders would have asked some 150 times, with four tries each.
    let while_down = while_down.await.unwrap() - called;
    assert!(
        (24..=48 + 20 * 8).contains(&while_down),
        "{while_down} calls"
    );
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_charges_and_never_answers_gets_each_purchase_once() {
    let shop = shop().await;
    let ids = record(&shop).await;
    shop.rule(Rule::new(Operation::Order, Fault::DropAfterEffect).for_ever());
    let began = shop.clock.elapsed();
    let orders = carry_all(&shop, &ids).await;
    check_each_bought_once(&shop, &orders, BUYERS);
    // The look-ups that settle them were not starved by the open circuit.
    let took = shop.clock.since(began);
    assert!(took < Duration::from_mins(10), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_flaps_sells_every_order_once() {
    let shop = shop().await;
    let ids = record(&shop).await;
    // Down for 20 s, up for 10 s, ten times; what is up answers.
    let world = shop.world.clone();
    tokio::spawn(async move {
        for _ in 0..10 {
            let down = Rule {
                on: Target::Any,
                ..Rule::new(Operation::Order, failure()).for_ever()
            };
            world.add_fault(down).unwrap();
            tokio::time::sleep(PAUSE + Duration::from_secs(5)).await;
            world.clear_faults().unwrap();
            tokio::time::sleep(Duration::from_secs(10)).await;
        }
    });
    tokio::task::yield_now().await;
    let orders = carry_all(&shop, &ids).await;
    for order in &orders {
        assert_eq!(order.state(), OrderState::Fulfilled);
    }
    // A purchase that met a 503 is of unknown outcome, and is sent again once absence is proved.
    assert_eq!(shop.charges().len(), BUYERS, "one charge each");
    let unknown = orders.iter().flat_map(Order::attempts).count() - BUYERS;
    assert_eq!(usize::try_from(shop.calls()).unwrap(), BUYERS + unknown);
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_429_delays_every_order_and_charges_each_once() {
    for retry_after in [None, Some(40)] {
        let shop = shop().await;
        let ids = record(&shop).await;
        let began = shop.clock.elapsed();
        trouble_for(
            &shop,
            Duration::from_mins(3),
            Fault::RateLimit { retry_after },
        );
        let orders = carry_all(&shop, &ids).await;
        check_each_bought_once(&shop, &orders, BUYERS);
        let took = shop.clock.since(began);
        assert!(took >= Duration::from_mins(3), "{retry_after:?}: {took:?}");
        assert!(took < Duration::from_mins(6), "{retry_after:?}: {took:?}");
    }
}
