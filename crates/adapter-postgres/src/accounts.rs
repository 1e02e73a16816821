//! What is known of accounts at providers: noting it, and reading it back.

use async_trait::async_trait;
use jiff::Timestamp;
use roamport_domain::journal::{
    AccountHold, AccountStore, Charge, ChargeState, JournalError, KnownOrder, LookupProbe, Spending,
};
use roamport_domain::order::ProviderInstance;
use roamport_domain::{Account, Money, OrderId, ProviderOrderId, Reference, Secret};
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Row as _};

use crate::PostgresJournal;
use crate::error::Failure;
use crate::moment::{Moment, Read};
use crate::rows;

/// The beginning of a statement that names `same`: the account `$1`, and every one that was confirmed to
/// be the same.
macro_rules! same {
    () => {
        "WITH RECURSIVE same (account) AS (SELECT $1::text \
         UNION SELECT CASE WHEN one = account THEN other ELSE one END \
         FROM same JOIN account_confirmations ON account IN (one, other))"
    };
}
pub(crate) use same;

const SAME: &str = same!();

/// The rest of a statement behind [`SAME`].
fn with_same(rest: &str) -> AssertSqlSafe<String> {
    AssertSqlSafe(format!("{SAME} {rest}"))
}

async fn confirm_same(
    connection: &mut PgConnection,
    one: &Account,
    other: &Account,
    by: &str,
) -> Result<(), Failure> {
    sqlx::query(
        "INSERT INTO account_confirmations (one, other, confirmed_by, at) \
         VALUES ($1, $2, $3, roamport_now()) ON CONFLICT DO NOTHING",
    )
    .bind(one.as_str())
    .bind(other.as_str())
    .bind(by)
    .execute(connection)
    .await?;
    Ok(())
}

async fn same_as(
    connection: &mut PgConnection,
    account: &Account,
) -> Result<Vec<Account>, Failure> {
    let same: Vec<String> = sqlx::query_scalar(with_same("SELECT account FROM same"))
        .bind(account.as_str())
        .fetch_all(connection)
        .await?;
    let parsed: Result<_, _> = same.into_iter().map(Account::parse).collect();
    parsed.map_err(|_| damaged("an account's name"))
}

async fn known_at(
    connection: &mut PgConnection,
    provider: &ProviderInstance,
    account: &Account,
    before: Timestamp,
    except: OrderId,
) -> Result<Option<KnownOrder>, Failure> {
    let sql = with_same(
        "SELECT orders.id, orders.reference, attempts.placed, attempts.placed_at \
         FROM attempts JOIN orders ON orders.id = attempts.order_id \
         WHERE attempts.account IN (SELECT account FROM same) AND attempts.placed_at < $2 \
             AND orders.provider = $3 AND orders.base_url = $4 AND orders.id <> $5 \
         ORDER BY attempts.placed_at DESC, attempts.placed DESC LIMIT 1",
    );
    let row = sqlx::query(sql)
        .bind(account.as_str())
        .bind(Moment::of(before))
        .bind(provider.name.as_str())
        .bind(provider.base_url.as_str())
        .bind(except.as_uuid())
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let id = rows::decode_id(&row)?;
    let unreadable = || rows::damaged(id, "its purchase cannot be read");
    let reference: &str = row.try_get("reference")?;
    Ok(Some(KnownOrder {
        order: placed(&row)?.ok_or_else(unreadable)?,
        reference: Reference::parse(reference).map_err(|_| unreadable())?,
        placed_at: rows::decode_moment(&row, "placed_at")?,
    }))
}

async fn spending(
    connection: &mut PgConnection,
    account: &Account,
    from: Timestamp,
    to: Timestamp,
) -> Result<Spending, Failure> {
    let sql = with_same(
        "SELECT order_id AS id, amount, opened_at, COALESCE(placed_at, settled_at) AS settled_at, state, \
             placed FROM attempts \
         WHERE account IN (SELECT account FROM same) AND opened_at <= $3 \
             AND (settled_at >= $2 OR settled_at IS NULL) \
         ORDER BY opened_at, order_id, number",
    );
    let charges = sqlx::query(sql)
        .bind(account.as_str())
        .bind(Moment::of(from))
        .bind(Moment::of(to))
        .fetch_all(&mut *connection)
        .await?;
    let sql = with_same(
        "SELECT amount FROM refunds \
         WHERE account IN (SELECT account FROM same) AND at >= $2 AND at <= $3 \
         ORDER BY at, order_id, item",
    );
    let refunds = sqlx::query(sql)
        .bind(account.as_str())
        .bind(Moment::of(from))
        .bind(Moment::of(to))
        .fetch_all(connection)
        .await?;
    let refund = |row: &PgRow| amount(row)?.ok_or_else(|| damaged("a refund's amount"));
    Ok(Spending {
        charges: charges
            .iter()
            .map(decode_charge)
            .collect::<Result<_, _>>()?,
        refunds: refunds.iter().map(refund).collect::<Result<_, _>>()?,
    })
}

fn decode_charge(row: &PgRow) -> Result<Charge, Failure> {
    let order = rows::decode_id(row)?;
    let unreadable = || rows::damaged(order, "one of its purchase calls cannot be read");
    let state: &str = row.try_get("state")?;
    let settled_at: Option<Read> = row.try_get("settled_at")?;
    Ok(Charge {
        order,
        amount: amount(row)?,
        opened_at: rows::decode_moment(row, "opened_at")?,
        settled_at: settled_at.map(|Read(moment)| moment),
        state: ChargeState::from_name(state).ok_or_else(unreadable)?,
        placed: placed(row)?,
    })
}

fn amount(row: &PgRow) -> Result<Option<Money>, Failure> {
    let amount: Option<&str> = row.try_get("amount")?;
    let parsed = amount.map(serde_json::from_str).transpose();
    parsed.map_err(|_| damaged("the amount of a charge or a refund"))
}

fn placed(row: &PgRow) -> Result<Option<ProviderOrderId>, Failure> {
    let placed: Option<&str> = row.try_get("placed")?;
    let parsed = placed.map(ProviderOrderId::parse).transpose();
    parsed.map_err(|_| damaged("a provider's order id"))
}

async fn note_witness(
    connection: &mut PgConnection,
    account: &Account,
    order: OrderId,
    since: Timestamp,
) -> Result<u64, Failure> {
    sqlx::query(
        "INSERT INTO account_witnesses (account, order_id, at) VALUES ($1, $2, roamport_now()) \
         ON CONFLICT (account, order_id) DO UPDATE SET at = excluded.at",
    )
    .bind(account.as_str())
    .bind(order.as_uuid())
    .execute(&mut *connection)
    .await?;
    // A statement of its own: it sees what others noted at the same time.
    let sql = with_same(
        "SELECT count(DISTINCT order_id) FROM account_witnesses \
         WHERE account IN (SELECT account FROM same) AND at >= $2",
    );
    let orders: i64 = sqlx::query_scalar(sql)
        .bind(account.as_str())
        .bind(Moment::of(since))
        .fetch_one(connection)
        .await?;
    Ok(u64::try_from(orders).expect("PostgreSQL counts from zero"))
}

async fn hold(
    connection: &mut PgConnection,
    account: &Account,
    reason: &str,
) -> Result<bool, Failure> {
    let sql = with_same(
        "INSERT INTO account_holds (account, since, reason) SELECT $1, roamport_now(), $2 \
         WHERE NOT EXISTS (SELECT 1 FROM account_holds \
             WHERE lifted_at IS NULL AND account IN (SELECT account FROM same)) \
         ON CONFLICT DO NOTHING",
    );
    let held = sqlx::query(sql)
        .bind(account.as_str())
        .bind(reason)
        .execute(connection)
        .await?;
    Ok(held.rows_affected() == 1)
}

async fn held(
    connection: &mut PgConnection,
    account: &Account,
) -> Result<Option<AccountHold>, Failure> {
    let sql = with_same(
        "SELECT since, reason FROM account_holds \
         WHERE lifted_at IS NULL AND account IN (SELECT account FROM same) \
         ORDER BY since, number LIMIT 1",
    );
    let row = sqlx::query(sql)
        .bind(account.as_str())
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    Ok(Some(AccountHold {
        since: rows::decode_moment(&row, "since")?,
        reason: row.try_get("reason")?,
    }))
}

async fn lift_hold(
    connection: &mut PgConnection,
    account: &Account,
    by: &str,
) -> Result<bool, Failure> {
    let sql = format!(
        "{SAME}, forgotten AS (DELETE FROM account_witnesses \
             WHERE account IN (SELECT account FROM same)) \
         UPDATE account_holds SET lifted_at = roamport_now(), lifted_by = $2 \
         WHERE lifted_at IS NULL AND account IN (SELECT account FROM same)"
    );
    let lifted = sqlx::query(AssertSqlSafe(sql))
        .bind(account.as_str())
        .bind(by)
        .execute(connection)
        .await?;
    Ok(lifted.rows_affected() > 0)
}

async fn keep_probe(
    connection: &mut PgConnection,
    account: &Account,
    probe: &LookupProbe,
) -> Result<(), Failure> {
    sqlx::query(
        "INSERT INTO account_probes (account, at, probe) VALUES ($1, $2, $3) \
         ON CONFLICT (account) DO UPDATE SET at = excluded.at, probe = excluded.probe",
    )
    .bind(account.as_str())
    .bind(Moment::of(probe.at))
    .bind(rows::to_json(probe))
    .execute(connection)
    .await?;
    Ok(())
}

async fn probe(
    connection: &mut PgConnection,
    account: &Account,
) -> Result<Option<LookupProbe>, Failure> {
    let sql = with_same(
        "SELECT probe FROM account_probes WHERE account IN (SELECT account FROM same) \
         ORDER BY at DESC LIMIT 1",
    );
    let probe: Option<String> = sqlx::query_scalar(sql)
        .bind(account.as_str())
        .fetch_optional(connection)
        .await?;
    let read = probe.map(|probe| serde_json::from_str(&probe)).transpose();
    read.map_err(|_| damaged("what a probe found"))
}

fn damaged(what: &str) -> Failure {
    Failure::Refused(JournalError::Corrupt {
        message: format!(
            "what is stored of an account is damaged ({what}); nothing was written: stop and restore \
             a backup"
        ),
    })
}

#[async_trait]
impl AccountStore for PostgresJournal {
    async fn account(&self, identity: &Secret) -> Result<Account, JournalError> {
        Ok(self.key.account(identity))
    }

    async fn confirm_same(
        &self,
        one: &Account,
        other: &Account,
        by: &str,
    ) -> Result<(), JournalError> {
        let mut lent = self.connections.lend().await?;
        let asked = confirm_same(&mut lent, one, other, by);
        let done = self.connections.timed(asked).await;
        lent.finish(done)
    }

    async fn same_as(&self, account: &Account) -> Result<Vec<Account>, JournalError> {
        let mut lent = self.connections.lend().await?;
        let done = self.connections.timed(same_as(&mut lent, account)).await;
        lent.finish(done)
    }

    async fn known_at(
        &self,
        provider: &ProviderInstance,
        account: &Account,
        before: Timestamp,
        except: OrderId,
    ) -> Result<Option<KnownOrder>, JournalError> {
        let mut lent = self.connections.lend().await?;
        let asked = known_at(&mut lent, provider, account, before, except);
        let done = self.connections.timed(asked).await;
        lent.finish(done)
    }

    async fn spending(
        &self,
        account: &Account,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Spending, JournalError> {
        let mut lent = self.connections.lend().await?;
        let asked = spending(&mut lent, account, from, to);
        let done = self.connections.timed(asked).await;
        lent.finish(done)
    }

    async fn note_witness(
        &self,
        account: &Account,
        order: OrderId,
        since: Timestamp,
    ) -> Result<u64, JournalError> {
        let mut lent = self.connections.lend().await?;
        let asked = note_witness(&mut lent, account, order, since);
        let done = self.connections.timed(asked).await;
        lent.finish(done)
    }

    async fn hold(&self, account: &Account, reason: &str) -> Result<bool, JournalError> {
        let mut lent = self.connections.lend().await?;
        let asked = hold(&mut lent, account, reason);
        let done = self.connections.timed(asked).await;
        lent.finish(done)
    }

    async fn held(&self, account: &Account) -> Result<Option<AccountHold>, JournalError> {
        let mut lent = self.connections.lend().await?;
        let done = self.connections.timed(held(&mut lent, account)).await;
        lent.finish(done)
    }

    async fn lift_hold(&self, account: &Account, by: &str) -> Result<bool, JournalError> {
        let mut lent = self.connections.lend().await?;
        let asked = lift_hold(&mut lent, account, by);
        let done = self.connections.timed(asked).await;
        lent.finish(done)
    }

    async fn keep_probe(&self, account: &Account, probe: &LookupProbe) -> Result<(), JournalError> {
        let mut lent = self.connections.lend().await?;
        let asked = keep_probe(&mut lent, account, probe);
        let done = self.connections.timed(asked).await;
        lent.finish(done)
    }

    async fn probe(&self, account: &Account) -> Result<Option<LookupProbe>, JournalError> {
        let mut lent = self.connections.lend().await?;
        let done = self.connections.timed(probe(&mut lent, account)).await;
        lent.finish(done)
    }
}
