//! How processes record orders and carry them on, and how a test meddles at the right moment.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use roamport_app::orders::{Placement, Terms};
use roamport_app::{Carried, Observer, Orders, OrdersParts, Progress, Quote, Silent, StopSignal};
use roamport_domain::order::ItemState;
use roamport_domain::{IdempotencyKey, Order, OrderId, OrderJournal};

/// Longer than anything waits: whoever is not done by then waits for ever.
const FOR_EVER: Duration = Duration::from_hours(60);

/// A process that stands still renews nothing.
pub(crate) fn frozen(parts: &mut OrdersParts) {
    parts.lease.renew_every = FOR_EVER * 100;
}

/// A process whose journal is another one.
pub(crate) fn on(parts: &mut OrdersParts, journal: Arc<dyn OrderJournal>) {
    parts.journal = journal;
}

pub(crate) async fn place(orders: &Orders, quote: &Quote, key: &str) -> OrderId {
    let terms = Terms {
        key: Some(IdempotencyKey::parse(key).unwrap()),
        ..Terms::default()
    };
    match orders.place(quote, &terms).await.unwrap() {
        Placement::New(order) | Placement::Continued(order) => order.id(),
        Placement::Unfinished(_) => unreachable!("a key was given"),
    }
}

/// Works until the order rests. Nothing may wait for ever.
pub(crate) async fn carry(orders: &Orders, id: OrderId) -> Carried {
    carry_telling(orders, id, Arc::new(Silent)).await
}

/// The same, telling an observer.
pub(crate) async fn carry_telling(
    orders: &Orders,
    id: OrderId,
    observer: Arc<dyn Observer>,
) -> Carried {
    let work = orders.carry_on(id, observer, StopSignal::never());
    tokio::time::timeout(FOR_EVER, work)
        .await
        .expect("nothing waits for ever")
        .unwrap()
}

/// Works in a task of its own.
pub(crate) fn carry_beside(orders: &Orders, id: OrderId) -> tokio::task::JoinHandle<Carried> {
    let orders = orders.clone();
    tokio::spawn(async move { carry(&orders, id).await })
}

/// How many eSIMs of an order can be installed.
pub(crate) fn ready(order: &Order) -> usize {
    let items = order.items().iter();
    items.filter(|item| item.state == ItemState::Ready).count()
}

/// Waits until `reached` says so; fails where it does not come to that.
pub(crate) async fn until(what: &str, reached: impl AsyncFn() -> bool) {
    for _ in 0..3_000 {
        if reached().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never came to that: {what}");
}

type Fits = fn(&Progress) -> bool;

/// Does something once, the first time that what it is told fits.
pub(crate) struct Once<Do> {
    fits: Fits,
    act: Mutex<Option<Do>>,
}

impl<Do: FnOnce() + Send> Once<Do> {
    pub(crate) fn at(fits: Fits, act: Do) -> Arc<Self> {
        let act = Mutex::new(Some(act));
        Arc::new(Self { fits, act })
    }
}

impl<Do> std::fmt::Debug for Once<Do> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Once").finish_non_exhaustive()
    }
}

impl<Do: FnOnce() + Send> Observer for Once<Do> {
    fn notice(&self, _: OrderId, progress: &Progress) {
        if !(self.fits)(progress) {
            return;
        }
        let act = self.act.lock().unwrap().take();
        if let Some(act) = act {
            act();
        }
    }
}

/// The moment between the durable intent and the call.
pub(crate) fn purchasing(progress: &Progress) -> bool {
    matches!(progress, Progress::Purchasing { .. })
}
