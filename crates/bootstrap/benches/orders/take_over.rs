//! How soon the orders of a process that is killed without warning are somebody else's.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use roamport_adapter_sqlite::SqliteJournal;
use roamport_app::order_and_provision::Wish;
use roamport_app::orders::{Placement, Terms};
use roamport_app::{
    LeasePolicy, Observer, Orders, Progress, StopSignal, Stopper, Worker, WorkerPolicy,
};
use roamport_domain::order::OrderState;
use roamport_domain::{OrderId, OrderJournal as _, PackageId};
use tokio::sync::mpsc;

use crate::Outcome;
use crate::child::{Owner, Sandbox};
use crate::in_flight::{PACKAGE, orders_with};
use crate::provider::{clock, now};
use crate::table::Table;

const ROUNDS: u64 = 5;

/// Short, so that the run is; what counts is how much is added to it.
const LEASE: LeasePolicy = LeasePolicy {
    lease: Duration::from_secs(4),
    renew_every: Duration::from_secs(1),
};

/// Longer than a round: the owner is killed while its purchase call is unanswered.
const STALL: Duration = Duration::from_secs(30);

pub(crate) async fn measure(table: &mut Table) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("journal.db");
    let sandbox = Sandbox::start(Duration::ZERO, STALL)?;
    let mut slowest = Duration::ZERO;
    for round in 0..ROUNDS {
        slowest = slowest.max(take_over(&path, &sandbox.base_url, round).await?);
    }
    let bar = LEASE.lease + Duration::from_secs(1);
    table.row(
        "take-over after kill -9, the slowest of 5 (SQLite)",
        format!(
            "{} ms (lease {} ms)",
            slowest.as_millis(),
            LEASE.lease.as_millis()
        ),
        format!("at most {} ms: lease + 1 s", bar.as_millis()),
        slowest <= bar,
    );
    Ok(())
}

/// From the kill to the first event that the new owner wrote.
async fn take_over(path: &Path, base_url: &str, round: u64) -> Outcome<Duration> {
    let journal = Arc::new(SqliteJournal::open(path, clock()).await?);
    let orders = orders(base_url, &journal, "the one who takes over")?;
    let id = record(&orders).await?;
    let owner = Owner::start(path, base_url)?;
    while journal.load(id).await?.state() != OrderState::Placing {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // At another moment between two renewals each time.
    tokio::time::sleep(Duration::from_millis(50 + 210 * round)).await;
    let (told, mut states) = mpsc::unbounded_channel();
    let worker = Worker::new(orders, WorkerPolicy::default()).observed(Arc::new(Ear(told)));
    let (stopper, stop): (Stopper, StopSignal) = Stopper::new();
    let working = tokio::spawn(async move { worker.run(stop).await });
    // The worker has looked, and found the order held.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let killed = now();
    owner.kill()?;
    let mut taken = None;
    while let Some((of, state, at)) = states.recv().await {
        if of == id {
            taken.get_or_insert(at);
            if state.is_settled() {
                break;
            }
        }
    }
    stopper.stop();
    working.await??;
    let order = journal.load(id).await?;
    journal.close().await;
    match (taken, order.state()) {
        (Some(at), OrderState::Fulfilled) => Ok(at.saturating_duration_since(killed)),
        (_, state) => Err(format!("the order ended {state}").into()),
    }
}

async fn record(orders: &Orders) -> Outcome<OrderId> {
    let wish = Wish::new(PackageId::parse(PACKAGE)?, std::num::NonZeroU16::MIN);
    let quote = orders.quote(&wish).await?;
    let placement = orders.place(&quote, &Terms::default()).await?;
    match placement {
        Placement::New(order) => Ok(order.id()),
        other => Err(format!("the order is not new: {other:?}").into()),
    }
}

fn orders(base_url: &str, journal: &Arc<SqliteJournal>, owner: &str) -> Outcome<Orders> {
    let (kept, profiles) = (Arc::clone(journal) as _, Arc::clone(journal) as _);
    orders_with(
        base_url,
        kept,
        profiles,
        Arc::clone(journal) as _,
        owner,
        LEASE,
    )
}

/// What the process that is to be killed does: a worker's work.
pub(crate) async fn work_until_killed(path: &Path, base_url: &str) -> Outcome<()> {
    let journal = Arc::new(SqliteJournal::open(path, clock()).await?);
    let owner = format!("process {}", std::process::id());
    let worker = Worker::new(orders(base_url, &journal, &owner)?, WorkerPolicy::default());
    worker.run(StopSignal::never()).await?;
    Ok(())
}

/// Hears of changes of state, and when they were.
#[derive(Debug)]
struct Ear(mpsc::UnboundedSender<(OrderId, OrderState, Instant)>);

impl Observer for Ear {
    fn notice(&self, order: OrderId, progress: &Progress) {
        if let Progress::State(state) = progress {
            // Nobody listens any more once the order has ended.
            self.0.send((order, *state, now())).ok();
        }
    }
}
