//! A hundred callers with one key at once: one order, one charge.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::future::join_all;
use roamport_app::Orders;
use roamport_domain::OrderId;
use roamport_sandbox::Fault;

use super::shop::{Goods, Shop, carry, on, place};

const CALLERS: usize = 100;

/// All quote, record and carry on at once, each as a process of its own.
async fn check(shop: &Shop, processes: Vec<Orders>) {
    let quote = Arc::new(shop.quote(&shop.orders).await);
    let callers = processes.into_iter().map(|orders| {
        let quote = quote.clone();
        tokio::spawn(async move {
            let id = place(&orders, &quote, "one key").await;
            carry(&orders, id).await;
            id
        })
    });
    let ids: Vec<OrderId> = join_all(callers)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert_eq!(ids.len(), CALLERS);
    let different: BTreeSet<OrderId> = ids.iter().copied().collect();
    assert_eq!(different.len(), 1, "one key is one order");
    let order = carry(&shop.orders, ids[0]).await.order;
    shop.check_bought_once(&order, 1, "a hundred callers");
}

#[tokio::test(start_paused = true)]
async fn a_hundred_callers_with_one_key_are_one_order_and_one_charge() {
    for goods in Goods::BOTH {
        for fault in [None, Some(Fault::DropAfterEffect)] {
            let shop = Shop::in_process(goods).await;
            if let Some(fault) = fault {
                shop.fault(fault);
            }
            let processes =
                (0..CALLERS).map(|number| shop.process(&format!("process {number}"), |_| {}));
            check(&shop, processes.collect()).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_callers_over_five_handles_of_one_file_are_one_charge() {
    for goods in Goods::BOTH {
        let shop = Shop::over_http(goods).await;
        shop.fault(Fault::DropAfterEffect);
        let mut handles = Vec::new();
        for _ in 0..5 {
            handles.push(shop.another_handle().await);
        }
        let processes = (0..CALLERS).map(|number| {
            let handle = handles[number % handles.len()].clone();
            shop.process(&format!("process {number}"), |parts| on(parts, handle))
        });
        check(&shop, processes.collect()).await;
    }
}
