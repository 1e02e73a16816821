//! Orders a second with 64 of them in flight, over each journal; and what a durable append costs
//! meanwhile, against the disk's own price.

use std::fs::File;
use std::io::Write as _;
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _};
use roamport_adapter_postgres::test_cluster::TestCluster;
use roamport_adapter_postgres::{PostgresJournal, PostgresJournalConfig};
use roamport_adapter_sqlite::SqliteJournal;
use roamport_app::order_and_provision::Wish;
use roamport_app::orders::{Placement, Terms};
use roamport_app::{LeasePolicy, Orders, OrdersParts, Silent, StopSignal};
use roamport_domain::journal::{InMemoryJournal, Owner};
use roamport_domain::order::{OrderPolicy, OrderState, ProviderInstance};
use roamport_domain::{
    Account, AccountStore, EsimProvider as _, IdempotencyKey, OrderJournal, PackageId,
    ProfileStore, ProviderName, Secret,
};

use crate::Outcome;
use crate::child::Sandbox;
use crate::provider::{adapter, clock, now};
use crate::table::{Table, median, thousandths};
use crate::timed::Timed;

const IN_FLIGHT: usize = 64;
const ORDERS: usize = 512;
const ROUNDS: usize = 5;
const ANSWER_AFTER: Duration = Duration::from_millis(50);

/// The places of the journals in the race.
const MEMORY: usize = 0;
const SQLITE: usize = 1;
const POSTGRES: usize = 2;

/// What every sandbox sells.
pub(crate) const PACKAGE: &str = "esim-portugal-7days-1gb-all";

/// A journal to be raced.
struct Runner {
    journal: Arc<Timed>,
    profiles: Arc<dyn ProfileStore>,
    accounts: Arc<dyn AccountStore>,
    /// How long each round took.
    rounds: Vec<Duration>,
}

impl Runner {
    fn new<J: OrderJournal + ProfileStore + AccountStore>(journal: &Arc<J>) -> Self {
        Self {
            journal: Arc::new(Timed::new(Arc::clone(journal) as _)),
            profiles: Arc::clone(journal) as _,
            accounts: Arc::clone(journal) as _,
            rounds: Vec::new(),
        }
    }
}

pub(crate) async fn measure(table: &mut Table) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let memory = Arc::new(InMemoryJournal::new(clock()));
    let sqlite = SqliteJournal::open(folder.path().join("journal.db"), clock()).await?;
    let sqlite = Arc::new(sqlite);
    // The server ends with this process.
    let database = TestCluster::shared().map(TestCluster::database);
    let postgres = match &database {
        Some(database) => {
            let config = PostgresJournalConfig::new(Secret::new(database.url()));
            Some(Arc::new(PostgresJournal::connect(&config).await?))
        }
        None => None,
    };
    let mut runners = vec![Runner::new(&memory), Runner::new(&sqlite)];
    runners.extend(postgres.as_ref().map(Runner::new));
    let (mut appends, mut disk) = (Vec::new(), disk_prices(folder.path())?);
    // The first round warms connections and caches.
    for round in 0..=ROUNDS {
        for (place, runner) in runners.iter_mut().enumerate() {
            let took = race(runner, round).await?;
            let durable = runner.journal.take();
            if round > 0 {
                runner.rounds.push(took);
                if place == SQLITE {
                    appends.extend(durable);
                }
            }
        }
    }
    disk.extend(disk_prices(folder.path())?);
    sqlite.close().await;
    compare(table, "SQLite", &runners[SQLITE], &runners[MEMORY], 800);
    if let Some(runner) = runners.get(POSTGRES) {
        compare(table, "PostgreSQL", runner, &runners[MEMORY], 500);
    }
    price(table, appends, disk);
    Ok(())
}

/// One round: so many orders from the wish to the profile, 64 at a time, at a fresh sandbox.
async fn race(runner: &Runner, round: usize) -> Outcome<Duration> {
    let sandbox = Sandbox::start(ANSWER_AFTER, Duration::ZERO)?;
    let orders = orders_with(
        &sandbox.base_url,
        Arc::clone(&runner.journal) as _,
        Arc::clone(&runner.profiles),
        Arc::clone(&runner.accounts),
        "bench",
        LeasePolicy::default(),
    )?;
    let wish = Wish::new(PackageId::parse(PACKAGE)?, NonZeroU16::MIN);
    let quote = orders.quote(&wish).await?;
    let buy = |number: usize| {
        let (orders, quote) = (&orders, &quote);
        async move {
            let terms = Terms {
                key: Some(IdempotencyKey::parse(format!("bench-{round}-{number}"))?),
                ..Terms::default()
            };
            let Placement::New(order) = orders.place(quote, &terms).await? else {
                return Err("the order was there already".into());
            };
            let carried = orders
                .carry_on(order.id(), Arc::new(Silent), StopSignal::never())
                .await?;
            match carried.order.state() {
                OrderState::Fulfilled => Ok(()),
                state => Err(format!("an order ended {state}").into()),
            }
        }
    };
    let begin = now();
    futures::stream::iter(0..ORDERS)
        .map(buy)
        .buffer_unordered(IN_FLIGHT)
        .try_for_each(|()| async { Outcome::Ok(()) })
        .await?;
    Ok(begin.elapsed())
}

/// Orders at the sandbox behind `base_url`, kept in `journal`.
pub(crate) fn orders_with(
    base_url: &str,
    journal: Arc<dyn OrderJournal>,
    profiles: Arc<dyn ProfileStore>,
    accounts: Arc<dyn AccountStore>,
    owner: &str,
    lease: LeasePolicy,
) -> Outcome<Orders> {
    let provider = adapter(base_url)?;
    Ok(Orders::new(OrdersParts {
        instance: ProviderInstance {
            name: ProviderName::clone(provider.name()),
            base_url: base_url.to_owned(),
        },
        provider: Arc::new(provider),
        journal,
        profiles,
        accounts,
        account: Account::parse("the account of the bench")?,
        clock: clock(),
        policy: OrderPolicy::default(),
        lease,
        owner: Owner::new(owner),
    }))
}

/// Orders a second over `one` as a share of those over `other`: the median of the rounds, each pair
/// measured one after the other.
fn compare(table: &mut Table, name: &str, one: &Runner, other: &Runner, bar: u128) {
    let mut shares: Vec<u128> = one
        .rounds
        .iter()
        .zip(&other.rounds)
        .map(|(one, other)| thousandths(*other, *one))
        .collect();
    shares.sort_unstable();
    let share = shares.get(shares.len() / 2).copied().unwrap_or_default();
    let rate = |runner: &Runner| {
        let took = median(runner.rounds.clone()).as_millis().max(1);
        u128::try_from(ORDERS).unwrap_or_default() * 1000 / took
    };
    let text = |thousandths: u128| format!("{}.{:03}×", thousandths / 1000, thousandths % 1000);
    table.row(
        &format!("orders a second, 64 in flight: {name} / in memory"),
        format!("{} ({} / {} a second)", text(share), rate(one), rate(other)),
        format!("at least {}", text(bar)),
        share >= bar,
    );
}

/// The price of a durable append at its 99th percentile, against the disk's own.
fn price(table: &mut Table, mut appends: Vec<Duration>, disk: Vec<Duration>) {
    appends.sort_unstable();
    let place = appends.len() * 99 / 100;
    let slow = appends.get(place).copied().unwrap_or(Duration::MAX);
    let disk = median(disk);
    let detail = format!(
        "{} µs / {} µs, {} appends",
        slow.as_micros(),
        disk.as_micros(),
        appends.len()
    );
    table.ratio(
        "p99 of one durable append, 64 orders in flight (SQLite) / median fdatasync",
        &detail,
        thousandths(slow, disk),
        20_000,
    );
}

/// What it costs to append 4 KiB to a file of this folder and have them on the disk.
fn disk_prices(folder: &Path) -> Outcome<Vec<Duration>> {
    const TIMES: usize = 200;
    let mut file = File::create(folder.join("disk"))?;
    let block = vec![7_u8; 4096];
    let mut prices = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        let begin = now();
        file.write_all(&block)?;
        // `fdatasync` where the system has it.
        file.sync_data()?;
        prices.push(begin.elapsed());
    }
    Ok(prices)
}
