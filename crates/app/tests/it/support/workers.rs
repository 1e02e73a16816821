//! Workers on the orders of a shop, started and stopped by a test.

use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::Duration;

use roamport_app::{AppError, Observer, Orders, Silent, Stopper, Worker, WorkerPolicy};
use roamport_domain::OrderId;
use roamport_domain::journal::{OrderJournal as _, Owner};
use roamport_domain::order::OrderState;
use tokio::task::JoinHandle;

use super::{PORTUGAL_3GB, Shop, wish};

/// A worker that works in a task of its own.
pub(crate) struct Working {
    stopper: Stopper,
    work: JoinHandle<Result<(), AppError>>,
}

impl Working {
    pub(crate) fn start(orders: &Orders) -> Self {
        Self::with(orders, WorkerPolicy::default(), Arc::new(Silent))
    }

    pub(crate) fn with(orders: &Orders, policy: WorkerPolicy, observer: Arc<dyn Observer>) -> Self {
        let (stopper, signal) = Stopper::new();
        let worker = Worker::new(orders.clone(), policy).observed(observer);
        let work = tokio::spawn(async move { worker.run(signal).await });
        Self { stopper, work }
    }

    pub(crate) fn ask_to_stop(&self) {
        self.stopper.stop();
    }

    /// Stops it and waits for its end.
    pub(crate) async fn stop(self) {
        self.stopper.stop();
        self.work.await.unwrap().unwrap();
    }

    /// Ends it as `kill -9` does not: its orders are driven on, but nobody waits for it any more.
    pub(crate) fn abandon(self) {
        self.work.abort();
    }
}

/// A worker that takes little at a time.
pub(crate) fn at_once(number: u16, held: u16) -> WorkerPolicy {
    WorkerPolicy {
        at_once: NonZeroU16::new(number).unwrap(),
        held: NonZeroU16::new(held).unwrap(),
        ..WorkerPolicy::default()
    }
}

/// Records so many orders for one eSIM each.
pub(crate) async fn orders(shop: &Shop, count: usize) -> Vec<OrderId> {
    let mut ids = Vec::with_capacity(count);
    for number in 0..count {
        ids.push(
            shop.order(&wish(PORTUGAL_3GB, 1), &format!("wish {number}"))
                .await,
        );
    }
    ids
}

pub(crate) async fn state(shop: &Shop, id: OrderId) -> OrderState {
    shop.orders.order(id).await.unwrap().state()
}

/// Waits until every order is in this state; never longer than two hours.
pub(crate) async fn until_all(shop: &Shop, ids: &[OrderId], expected: OrderState) {
    for _ in 0..2 * 3600 {
        let mut all = true;
        for id in ids {
            all &= state(shop, *id).await == expected;
        }
        if all {
            return;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let mut stuck = Vec::new();
    for id in ids {
        let order = shop.orders.order(*id).await.unwrap();
        if order.state() != expected {
            stuck.push((order.state(), shop.names_of_events(*id).await));
        }
    }
    panic!("not {expected} after two hours: {stuck:?}");
}

/// Whether nobody holds an order, which is then nobody's again.
pub(crate) async fn is_free(shop: &Shop, id: OrderId) -> bool {
    let owner = Owner::new("somebody who asks");
    let lease = Duration::from_secs(1);
    let claim = shop.journal.claim_order(id, &owner, lease).await.unwrap();
    match claim {
        Some(claim) => {
            shop.journal.release(&claim).await.unwrap();
            true
        }
        None => false,
    }
}
