//! Brings a schema to the tables of this release; never back.

use roamport_domain::journal::JournalError;
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgConnection;

use crate::backfill;
use crate::error::{Failure, Trouble};
use crate::moment::Read;

/// `Roamport` in ASCII: the lock under which one process at a time migrates a database.
const LOCK: i64 = 0x526F_616D_706F_7274;

/// The version of the tables that the data step of accounts and deliveries fills.
const FILLED: usize = 4;

/// One step forward, and the tables that stand when it is done.
struct Migration {
    name: &'static str,
    sql: &'static str,
    tables: &'static [&'static str],
}

/// Each one is run once, in this order; its place is the version it makes. None is ever edited.
const MIGRATIONS: [Migration; 4] = [
    Migration {
        name: "journal",
        sql: include_str!("../migrations/0001_journal.sql"),
        tables: &["attempts", "events", "order_esims", "orders", "profiles"],
    },
    Migration {
        name: "balances",
        sql: include_str!("../migrations/0002_balances.sql"),
        tables: &["balances"],
    },
    Migration {
        name: "provider events",
        sql: include_str!("../migrations/0003_provider_events.sql"),
        tables: &["provider_events"],
    },
    Migration {
        name: "accounts",
        sql: include_str!("../migrations/0004_accounts.sql"),
        tables: &[
            "journal",
            "attempts",
            "refunds",
            "account_confirmations",
            "account_witnesses",
            "account_holds",
            "account_probes",
            "deliveries",
            "delivered_codes",
        ],
    },
];

/// Runs the migrations that are missing, in one transaction: all of them are there, or none. A schema
/// that is no journal, that a later release wrote or that lacks something is refused and left alone.
pub(crate) async fn run(connection: &mut PgConnection, schema: &str) -> Result<(), Failure> {
    if look(connection, schema).await? == MIGRATIONS.len() {
        return Ok(());
    }
    execute(connection, "BEGIN".to_owned()).await?;
    // Waiting for another process that migrates is no statement that hangs.
    execute(connection, "SET LOCAL statement_timeout TO 0".to_owned()).await?;
    execute(connection, format!("SELECT pg_advisory_xact_lock({LOCK})")).await?;
    // Asked again under the lock: another process may have migrated in between.
    let done = look(connection, schema).await?;
    if done == 0 {
        make_schema(connection, schema).await?;
    } else if done < MIGRATIONS.len() {
        refuse_while_leased(connection, schema).await?;
    }
    for (migration, version) in MIGRATIONS.iter().zip(1_i32..).skip(done) {
        execute(connection, migration.sql.to_owned()).await?;
        sqlx::query("INSERT INTO migrations (version, name) VALUES ($1, $2)")
            .bind(version)
            .bind(migration.name)
            .execute(&mut *connection)
            .await?;
    }
    if 0 < done && done < FILLED {
        backfill::run(connection).await?;
    }
    execute(connection, "COMMIT".to_owned()).await
}

/// A worker of an earlier release would go on with tables that it does not know.
async fn refuse_while_leased(connection: &mut PgConnection, schema: &str) -> Result<(), Failure> {
    execute(
        connection,
        "LOCK TABLE orders IN ACCESS EXCLUSIVE MODE".to_owned(),
    )
    .await?;
    let held: Option<(String, Read)> = sqlx::query_as(
        "SELECT lease_owner, lease_until FROM orders WHERE lease_until > roamport_now() \
         ORDER BY lease_until DESC LIMIT 1",
    )
    .fetch_optional(connection)
    .await?;
    match held {
        None => Ok(()),
        Some((owner, Read(until))) => Err(Failure::Refused(JournalError::from(Trouble::refusal(
            format!(
                "the schema {schema} is to be brought to the tables of this release, and the worker \
                 `{owner}` holds an order until {until}; nothing was written: stop all workers, then \
                 start this release again (the lease of a worker that crashed runs out by itself)"
            ),
        )))),
    }
}

async fn make_schema(connection: &mut PgConnection, schema: &str) -> Result<(), Failure> {
    // `IF NOT EXISTS` asks for the right to make one, even where there is one.
    let exists: bool = sqlx::query_scalar("SELECT to_regnamespace($1) IS NOT NULL")
        .bind(schema)
        .fetch_one(&mut *connection)
        .await?;
    if !exists {
        execute(connection, format!("CREATE SCHEMA {schema}")).await?;
    }
    let table = "CREATE TABLE migrations (version integer NOT NULL PRIMARY KEY, \
                 name text NOT NULL, run_at timestamptz NOT NULL DEFAULT clock_timestamp())";
    execute(connection, table.to_owned()).await
}

/// Constants of ours, and the name of a schema that was checked.
async fn execute(connection: &mut PgConnection, sql: String) -> Result<(), Failure> {
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(connection)
        .await?;
    Ok(())
}

/// The version that a schema has; 0 where there is none. Writes nothing.
async fn look(connection: &mut PgConnection, schema: &str) -> Result<usize, Failure> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace \
         WHERE nspname = $1 AND relkind IN ('r', 'p', 'v', 'm', 'f')",
    )
    .bind(schema)
    .fetch_all(&mut *connection)
    .await?;
    if tables.is_empty() {
        return Ok(0);
    }
    let has = |table: &str| tables.iter().any(|found| found == table);
    if !has("migrations") {
        return Err(damage(if has("orders") && has("events") {
            half_made(schema, "its list of migrations is missing")
        } else {
            format!(
                "the schema {schema} is another program's; nothing was written: name another one for \
                 the journal, or another database"
            )
        }));
    }
    let done: Vec<(i32, String)> =
        sqlx::query_as("SELECT version, name FROM migrations ORDER BY version")
            .fetch_all(connection)
            .await?;
    check(schema, &done, has).map_err(damage)
}

/// Compares the migrations that were run, and the tables that are there, with ours.
fn check(
    schema: &str,
    done: &[(i32, String)],
    has: impl Fn(&str) -> bool,
) -> Result<usize, String> {
    if done.is_empty() {
        return Err(half_made(schema, "its list of migrations is empty"));
    }
    if done.len() > MIGRATIONS.len() {
        return Err(format!(
            "the schema {schema} has tables of version {}, this release knows up to {}; nothing was \
             written: use the release that wrote it, or a later one",
            done.len(),
            MIGRATIONS.len()
        ));
    }
    for ((version, name), (migration, expected)) in done.iter().zip(MIGRATIONS.iter().zip(1_i32..))
    {
        if *version != expected || name != migration.name {
            return Err(half_made(
                schema,
                &format!(
                    "where migration {expected}, `{}`, was to be, it names {version}, `{name}`",
                    migration.name
                ),
            ));
        }
        if let Some(table) = migration.tables.iter().find(|table| !has(table)) {
            return Err(half_made(schema, &format!("the table {table} is missing")));
        }
    }
    Ok(done.len())
}

fn half_made(schema: &str, what: &str) -> String {
    format!(
        "the schema {schema} is half a journal: {what}; nothing was written: finish the restore that \
         made it, or restore a backup into an empty database"
    )
}

fn damage(message: String) -> Failure {
    Failure::Refused(JournalError::from(Trouble::damage(message)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(names: &[&str]) -> Vec<(i32, String)> {
        (1..)
            .zip(names.iter().map(|name| (*name).to_owned()))
            .collect()
    }

    #[test]
    fn migrations_are_known_by_number_and_name() {
        assert_eq!(check("s", &done(&["journal"]), |_| true), Ok(1));
        assert_eq!(check("s", &done(&["journal", "balances"]), |_| true), Ok(2));
        let all = done(&["journal", "balances", "provider events", "accounts"]);
        assert_eq!(check("s", &all, |_| true), Ok(4));
        for (names, says) in [
            (&[][..], "is empty"),
            (&["balances"][..], "`balances`"),
            (&["journal", "balances", "refunds"][..], "`refunds`"),
            (
                &[
                    "journal",
                    "balances",
                    "provider events",
                    "accounts",
                    "refunds",
                ][..],
                "version 5",
            ),
        ] {
            let error = check("s", &done(names), |_| true).unwrap_err();
            assert!(error.contains(says), "{error}");
            assert!(error.contains("nothing was written"), "{error}");
        }
        let gap = [(1, "journal".to_owned()), (3, "balances".to_owned())];
        assert!(check("s", &gap, |_| true).is_err());
    }

    #[test]
    fn a_missing_table_is_noticed() {
        let error = check("s", &done(&["journal"]), |table| table != "events").unwrap_err();
        assert!(error.contains("the table events is missing"), "{error}");
    }

    #[test]
    fn every_table_that_is_made_is_checked() {
        for migration in &MIGRATIONS {
            let made = migration.sql.matches("CREATE TABLE").count();
            assert_eq!(made, migration.tables.len(), "{}", migration.name);
        }
    }
}
