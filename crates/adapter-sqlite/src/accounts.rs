//! What is known of accounts at providers, kept in the journal's file.

use async_trait::async_trait;
use jiff::Timestamp;
use roamport_domain::journal::{
    AccountHold, AccountStore, Charge, ChargeState, JournalError, KnownOrder, LookupProbe, Spending,
};
use roamport_domain::order::ProviderInstance;
use roamport_domain::{Account, Money, OrderId, ProviderOrderId, Reference, Secret};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Row as _};

use crate::changes::accounts::{ConfirmSame, Hold, KeepProbe, LiftHold, NoteWitness};
use crate::error::Failure;
use crate::{SqliteJournal, moment, rows};

/// The beginning of a statement that names `same`: the account `?1`, and every one that was confirmed to
/// be the same.
macro_rules! same {
    () => {
        "WITH RECURSIVE same (account) AS (SELECT ?1 \
         UNION SELECT CASE WHEN one = account THEN other ELSE one END \
         FROM same JOIN account_confirmations ON account IN (one, other))"
    };
}
pub(crate) use same;

/// The same as a constant.
pub(crate) const SAME: &str = same!();

async fn same_as(
    connection: &mut SqliteConnection,
    account: &Account,
) -> Result<Vec<Account>, Failure> {
    let sql = format!("{SAME} SELECT account FROM same");
    let same: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql))
        .bind(account.as_str())
        .fetch_all(connection)
        .await?;
    let parsed: Result<_, _> = same.into_iter().map(Account::parse).collect();
    parsed.map_err(|_| damaged("an account's name"))
}

async fn known_at(
    connection: &mut SqliteConnection,
    provider: &ProviderInstance,
    account: &Account,
    before: Timestamp,
    except: OrderId,
) -> Result<Option<KnownOrder>, Failure> {
    let sql = format!(
        "{SAME} SELECT orders.id, orders.reference, attempts.placed, attempts.placed_at \
         FROM attempts JOIN orders ON orders.id = attempts.order_id \
         WHERE attempts.account IN (SELECT account FROM same) AND attempts.placed_at < ?2 \
             AND orders.provider = ?3 AND orders.base_url = ?4 AND orders.id <> ?5 \
         ORDER BY attempts.placed_at DESC, attempts.placed DESC LIMIT 1"
    );
    let row = sqlx::query(AssertSqlSafe(sql))
        .bind(account.as_str())
        .bind(moment::to_text(before))
        .bind(provider.name.as_str())
        .bind(provider.base_url.as_str())
        .bind(except.to_string())
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
        placed_at: decode_moment(&row, "placed_at")?.ok_or_else(unreadable)?,
    }))
}

async fn spending(
    connection: &mut SqliteConnection,
    account: &Account,
    from: Timestamp,
    to: Timestamp,
) -> Result<Spending, Failure> {
    // Two halves, so that each reads a span of the index on accounts.
    let sql = format!(
        "{SAME} SELECT order_id AS id, number, amount, opened_at, \
             COALESCE(placed_at, settled_at) AS settled_at, state, placed \
         FROM attempts WHERE account IN (SELECT account FROM same) AND opened_at <= ?3 \
             AND settled_at >= ?2 \
         UNION ALL SELECT order_id AS id, number, amount, opened_at, placed_at, state, placed \
         FROM attempts WHERE account IN (SELECT account FROM same) AND opened_at <= ?3 \
             AND settled_at IS NULL \
         ORDER BY opened_at, id, number"
    );
    let charges = sqlx::query(AssertSqlSafe(sql))
        .bind(account.as_str())
        .bind(moment::to_text(from))
        .bind(moment::to_text(to))
        .fetch_all(&mut *connection)
        .await?;
    let sql = format!(
        "{SAME} SELECT amount FROM refunds \
         WHERE account IN (SELECT account FROM same) AND at >= ?2 AND at <= ?3 \
         ORDER BY at, order_id, item"
    );
    let refunds = sqlx::query(AssertSqlSafe(sql))
        .bind(account.as_str())
        .bind(moment::to_text(from))
        .bind(moment::to_text(to))
        .fetch_all(connection)
        .await?;
    let refund = |row: &SqliteRow| amount(row)?.ok_or_else(|| damaged("a refund's amount"));
    Ok(Spending {
        charges: charges
            .iter()
            .map(decode_charge)
            .collect::<Result<_, _>>()?,
        refunds: refunds.iter().map(refund).collect::<Result<_, _>>()?,
    })
}

fn decode_charge(row: &SqliteRow) -> Result<Charge, Failure> {
    let order = rows::decode_id(row)?;
    let unreadable = || rows::damaged(order, "one of its purchase calls cannot be read");
    let state: &str = row.try_get("state")?;
    Ok(Charge {
        order,
        amount: amount(row)?,
        opened_at: decode_moment(row, "opened_at")?.ok_or_else(unreadable)?,
        settled_at: decode_moment(row, "settled_at")?,
        state: ChargeState::from_name(state).ok_or_else(unreadable)?,
        placed: placed(row)?,
    })
}

fn amount(row: &SqliteRow) -> Result<Option<Money>, Failure> {
    let amount: Option<&str> = row.try_get("amount")?;
    let parsed = amount.map(serde_json::from_str).transpose();
    parsed.map_err(|_| damaged("the amount of a charge or a refund"))
}

fn placed(row: &SqliteRow) -> Result<Option<ProviderOrderId>, Failure> {
    let placed: Option<&str> = row.try_get("placed")?;
    let parsed = placed.map(ProviderOrderId::parse).transpose();
    parsed.map_err(|_| damaged("a provider's order id"))
}

fn decode_moment(row: &SqliteRow, column: &str) -> Result<Option<Timestamp>, Failure> {
    let text: Option<&str> = row.try_get(column)?;
    match text.map(moment::from_text) {
        Some(None) => Err(damaged("a time")),
        Some(moment) => Ok(moment),
        None => Ok(None),
    }
}

async fn held(
    connection: &mut SqliteConnection,
    account: &Account,
) -> Result<Option<AccountHold>, Failure> {
    let sql = format!(
        "{SAME} SELECT since, reason FROM account_holds \
         WHERE lifted_at IS NULL AND account IN (SELECT account FROM same) \
         ORDER BY since, number LIMIT 1"
    );
    let row = sqlx::query(AssertSqlSafe(sql))
        .bind(account.as_str())
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    Ok(Some(AccountHold {
        since: decode_moment(&row, "since")?.ok_or_else(|| damaged("a hold's time"))?,
        reason: row.try_get("reason")?,
    }))
}

async fn probe(
    connection: &mut SqliteConnection,
    account: &Account,
) -> Result<Option<LookupProbe>, Failure> {
    let sql = format!(
        "{SAME} SELECT probe FROM account_probes \
         WHERE account IN (SELECT account FROM same) ORDER BY at DESC LIMIT 1"
    );
    let probe: Option<String> = sqlx::query_scalar(AssertSqlSafe(sql))
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
impl AccountStore for SqliteJournal {
    async fn account(&self, identity: &Secret) -> Result<Account, JournalError> {
        Ok(self.key.account(identity))
    }

    async fn confirm_same(
        &self,
        one: &Account,
        other: &Account,
        by: &str,
    ) -> Result<(), JournalError> {
        self.writer
            .make(ConfirmSame {
                one: one.clone(),
                other: other.clone(),
                by: by.to_owned(),
            })
            .await
    }

    async fn same_as(&self, account: &Account) -> Result<Vec<Account>, JournalError> {
        let mut reader = self.readers.lend().await?;
        let read = same_as(&mut reader, account).await;
        reader.finish(read)
    }

    async fn known_at(
        &self,
        provider: &ProviderInstance,
        account: &Account,
        before: Timestamp,
        except: OrderId,
    ) -> Result<Option<KnownOrder>, JournalError> {
        let mut reader = self.readers.lend().await?;
        let read = known_at(&mut reader, provider, account, before, except).await;
        reader.finish(read)
    }

    async fn spending(
        &self,
        account: &Account,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Spending, JournalError> {
        let mut reader = self.readers.lend().await?;
        let read = spending(&mut reader, account, from, to).await;
        reader.finish(read)
    }

    async fn note_witness(
        &self,
        account: &Account,
        order: OrderId,
        since: Timestamp,
    ) -> Result<u64, JournalError> {
        self.writer
            .make(NoteWitness {
                account: account.clone(),
                order,
                since,
            })
            .await
    }

    async fn hold(&self, account: &Account, reason: &str) -> Result<bool, JournalError> {
        self.writer
            .make(Hold {
                account: account.clone(),
                reason: reason.to_owned(),
            })
            .await
    }

    async fn held(&self, account: &Account) -> Result<Option<AccountHold>, JournalError> {
        let mut reader = self.readers.lend().await?;
        let read = held(&mut reader, account).await;
        reader.finish(read)
    }

    async fn lift_hold(&self, account: &Account, by: &str) -> Result<bool, JournalError> {
        self.writer
            .make(LiftHold {
                account: account.clone(),
                by: by.to_owned(),
            })
            .await
    }

    async fn keep_probe(&self, account: &Account, probe: &LookupProbe) -> Result<(), JournalError> {
        self.writer
            .make(KeepProbe {
                account: account.clone(),
                probe: probe.clone(),
            })
            .await
    }

    async fn probe(&self, account: &Account) -> Result<Option<LookupProbe>, JournalError> {
        let mut reader = self.readers.lend().await?;
        let read = probe(&mut reader, account).await;
        reader.finish(read)
    }
}
