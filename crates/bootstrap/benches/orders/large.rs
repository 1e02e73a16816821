//! A claim and a look-up by key in a journal with a million finished orders, against one with ten
//! thousand.
//!
//! The journal itself buys one order; SQL then multiplies its rows, each copy with ids, key, reference
//! and provider's ids of its own in the rows as well as in the events. What is measured afterwards goes
//! through the journal again, which reads the copies as it reads its own. The larger file has some
//! 3.7 GB, in the system's directory for temporary files, and goes when the run ends.

use std::num::NonZeroU16;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use roamport_adapter_sqlite::SqliteJournal;
use roamport_conformance::journal::sample;
use roamport_domain::journal::{OrderChange, Owner};
use roamport_domain::order::{OrderState, ProviderInstance};
use roamport_domain::{Clock as _, OrderJournal as _};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};

use crate::Outcome;
use crate::provider::{clock, now};
use crate::table::{Table, median, thousandths};

const FEW: u64 = 10_000;
const MANY: u64 = 1_000_000;

/// Orders that are due, in each journal.
const DUE: u64 = 200;
/// How many of them one claim takes.
const CLAIMED: NonZeroU16 = NonZeroU16::new(16).expect("sixteen is not zero");

const CLAIMS: usize = 400;
const LOOK_UPS: u64 = 4000;

const MULTIPLY: &str = "\
CREATE TEMP TABLE one AS SELECT * FROM orders;
CREATE TEMP TABLE its_events AS SELECT * FROM events ORDER BY version;
CREATE TEMP TABLE its_attempts AS SELECT * FROM attempts;
CREATE TEMP TABLE numbers (i INTEGER PRIMARY KEY);
";

const ORDERS: &str = "\
INSERT INTO orders SELECT printf('01930000-0000-7000-8000-%012x', i), version, state, \
    printf('finished-%012d', i), fingerprint, provider, base_url, printf('%026d', i), \
    printf('theirs-%012d', i), is_top_up, lines, total, \
    replace(esims, 'its-esim', printf('esim-%012d', i)), created_at, updated_at, NULL, NULL, 0, NULL, \
    account \
    FROM numbers, one ORDER BY i";

const EVENTS: &str = "\
INSERT INTO events SELECT printf('01930000-0000-7000-8000-%012x', i), its_events.version, at, name, \
    replace(replace(replace(replace(body, one.key, printf('finished-%012d', i)), \
        one.reference, printf('%026d', i)), 'its-order', printf('theirs-%012d', i)), \
        'its-esim', printf('esim-%012d', i)) \
    FROM numbers, one, its_events ORDER BY i, its_events.version";

const ESIMS: &str = "\
INSERT INTO order_esims SELECT printf('01930000-0000-7000-8000-%012x', i), printf('esim-%012d', i) \
    FROM numbers ORDER BY i";

const ATTEMPTS: &str = "\
INSERT INTO attempts SELECT printf('01930000-0000-7000-8000-%012x', i), number, provider, account, \
    opened_at, settled_at, is_unknown, state, amount, placed, placed_at FROM numbers, its_attempts ORDER BY i";

pub(crate) async fn measure(table: &mut Table) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let few = filled(&folder.path().join("few.db"), FEW).await?;
    let many = filled(&folder.path().join("many.db"), MANY).await?;
    let (mut in_few, mut in_many) = (Vec::new(), Vec::new());
    for _ in 0..CLAIMS {
        in_few.push(claim(&few).await?);
        in_many.push(claim(&many).await?);
    }
    row(table, "a claim", in_few, in_many);
    let (mut in_few, mut in_many) = (Vec::new(), Vec::new());
    for number in 0..LOOK_UPS {
        // Far apart, and the same share of each journal, so that neither is read in order.
        in_few.push(look_up(&few, spread(number, FEW)).await?);
        in_many.push(look_up(&many, spread(number, MANY)).await?);
    }
    row(table, "a look-up by key", in_few, in_many);
    few.close().await;
    many.close().await;
    Ok(())
}

fn row(table: &mut Table, what: &str, few: Vec<Duration>, many: Vec<Duration>) {
    let (few, many) = (median(few), median(many));
    let detail = format!("{} µs / {} µs", many.as_micros(), few.as_micros());
    table.ratio(
        &format!("{what}: 1,000,000 finished orders / 10,000 (SQLite)"),
        &detail,
        thousandths(many, few),
        1200,
    );
}

fn spread(number: u64, among: u64) -> u64 {
    // A prime far from the powers of ten: every number is met once before one comes again.
    1 + number * 7_919_003 % among
}

async fn claim(journal: &SqliteJournal) -> Outcome<Duration> {
    let (owner, lease) = (Owner::new("bench"), Duration::from_secs(30));
    let provider = instance();
    let begin = now();
    let claims = journal
        .claim_for(&provider, &sample::account("any"), &owner, lease, CLAIMED)
        .await?;
    let took = begin.elapsed();
    if claims.len() != usize::from(CLAIMED.get()) {
        return Err(format!("{} orders were claimed", claims.len()).into());
    }
    for claim in &claims {
        journal.release(claim).await?;
    }
    Ok(took)
}

fn instance() -> ProviderInstance {
    sample::order("any", Timestamp::UNIX_EPOCH)
        .requested
        .provider
}

async fn look_up(journal: &SqliteJournal, number: u64) -> Outcome<Duration> {
    let key = sample::key(&format!("finished-{number:012}"));
    let begin = now();
    let found = journal.find(&key).await?;
    let took = begin.elapsed();
    let order = found.ok_or("an order is missing")?;
    // The copy is an order like any other: its events say the same as its row.
    if order.state() != OrderState::Fulfilled || order.requested().key != key {
        return Err("a copied order is not what its row says".into());
    }
    Ok(took)
}

/// A journal with so many finished orders, and some that are due.
async fn filled(path: &Path, finished: u64) -> Outcome<SqliteJournal> {
    let journal = SqliteJournal::open(path, clock()).await?;
    let at = clock().now();
    let wish = sample::order("the-first-of-many", at);
    journal.open(&wish).await?;
    let mut events = sample::purchase(&wish.requested, at, "its-order", "its-esim");
    events.extend(sample::provisioned(at));
    let change = OrderChange::of(&journal.load(wish.id).await?, events)?;
    journal.append(&change, None).await?;
    journal.close().await;
    multiply(path, finished).await?;
    let journal = SqliteJournal::open(path, clock()).await?;
    for number in 0..DUE {
        journal
            .open(&sample::order(&format!("due-{number}"), at))
            .await?;
    }
    Ok(journal)
}

/// Multiplies the one order of the file, without any care for a power cut: the file is thrown away.
async fn multiply(path: &Path, times: u64) -> Outcome<()> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .pragma("journal_mode", "OFF")
        .pragma("synchronous", "OFF")
        .pragma("cache_size", "-400000")
        .pragma("temp_store", "MEMORY")
        .disable_statement_logging();
    let mut connection = SqliteConnection::connect_with(&options).await?;
    sqlx::raw_sql(MULTIPLY).execute(&mut connection).await?;
    sqlx::query(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) \
         INSERT INTO numbers SELECT i FROM n",
    )
    .bind(i64::try_from(times)?)
    .execute(&mut connection)
    .await?;
    for sql in [ORDERS, EVENTS, ESIMS, ATTEMPTS] {
        sqlx::query(sql).execute(&mut connection).await?;
    }
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
        .execute(&mut connection)
        .await?;
    connection.close().await?;
    Ok(())
}
