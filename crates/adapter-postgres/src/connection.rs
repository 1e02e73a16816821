//! How a connection to the server is opened, and what the server must be.

use std::fmt;
use std::str::FromStr as _;
use std::time::Duration;

use roamport_domain::journal::JournalError;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Row as _};

use crate::PostgresJournalConfig;
use crate::error::{Failure, Trouble};

/// PostgreSQL 13, as the server counts. Nothing here needs a newer one than 9.5, which brought `SKIP
/// LOCKED`. But nobody mends what is older than 13 any more (12 ended in November 2024), and known
/// faults of theirs lose rows of indexes: a claim or a unique key would miss an order.
const OLDEST: u32 = 130_000;

/// Where the database is, and how to reach it. Shows no password.
#[derive(Clone)]
pub(crate) struct Server {
    options: PgConnectOptions,
    setup: String,
    pub(crate) schema: String,
    /// Host, port and database, for errors.
    pub(crate) name: String,
}

impl fmt::Debug for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Server")
            .field("name", &self.name)
            .field("schema", &self.schema)
            .finish_non_exhaustive()
    }
}

/// The parameters that a URL may have; any other is likely a piece of a password.
const PARAMETERS: [&str; 17] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "ssl-ca",
    "ssl-cert",
    "ssl-key",
    "ssl-mode",
    "ssl-root-cert",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "user",
];

impl Server {
    /// Reads the settings; asks nobody.
    pub(crate) fn of(config: &PostgresJournalConfig) -> Result<Self, JournalError> {
        let options = read_url(config.url.expose())?.disable_statement_logging();
        let options = match options.get_application_name() {
            Some(_) => options,
            None => options.application_name(&config.application_name),
        };
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let schema = config.schema.as_str();
        if !(1..=63).contains(&schema.len())
            || !schema.bytes().all(fits)
            || schema.starts_with(|first: char| first.is_ascii_digit())
            || schema.starts_with("pg_")
        {
            return Err(refusal(format!(
                "`{schema}` cannot be the schema of a journal: take 1 to 63 lower-case letters, \
                 digits and `_`, beginning with a letter and not with `pg_`"
            )));
        }
        let name = format!(
            "{}:{}, database {}",
            options.get_host(),
            options.get_port(),
            options.get_database().unwrap_or(options.get_username())
        );
        Ok(Self {
            setup: setup(schema, config.statement_time_out),
            schema: schema.to_owned(),
            name,
            options,
        })
    }

    /// A connection whose server can keep the journal's word.
    pub(crate) async fn connect(&self) -> Result<PgConnection, Failure> {
        let mut connection = PgConnection::connect_with(&self.options).await?;
        check_version(connection.server_version_num())?;
        sqlx::raw_sql(AssertSqlSafe(self.setup.clone()))
            .execute(&mut connection)
            .await?;
        check(&mut connection, &self.name).await?;
        Ok(connection)
    }
}

fn read_url(url: &str) -> Result<PgConnectOptions, JournalError> {
    let wrong = |what: &str| {
        refusal(format!(
            "the URL of the database {what}; nothing was written: it takes \
             postgres://user:password@host:5432/database, and `/`, `?`, `#`, `@` and `%` in a \
             password are written %2F, %3F, %23, %40 and %25"
        ))
    };
    let Some(rest) = url
        .strip_prefix("postgres://")
        .or_else(|| url.strip_prefix("postgresql://"))
    else {
        return Err(wrong("does not begin with postgres:// or postgresql://"));
    };
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let path = place.split_once('/').map_or("", |(_, path)| path);
    if rest.contains('#') || path.contains(['/', '@']) {
        return Err(wrong("has a `/`, `@` or `#` where none belongs"));
    }
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let key = pair.split_once('=').map_or(pair, |(key, _)| key);
        if !PARAMETERS.contains(&key) && !key.starts_with("options[") {
            return Err(wrong("has a parameter that is not known"));
        }
    }
    // The parser quotes no more than the name of a mode or a malformed number.
    PgConnectOptions::from_str(url).map_err(|error| wrong(&format!("cannot be read ({error})")))
}

/// What a session needs. A server that is set to wait for its standbys as well keeps doing so.
fn setup(schema: &str, statement_time_out: Duration) -> String {
    let time_out = statement_time_out.as_millis().clamp(1, 86_400_000);
    format!(
        "SET search_path TO {schema}; \
         SET statement_timeout TO {time_out}; \
         SET idle_in_transaction_session_timeout TO 60000; \
         SET default_transaction_isolation TO 'read committed'; \
         SELECT set_config('synchronous_commit', 'on', false) \
             WHERE current_setting('synchronous_commit') <> 'remote_apply'"
    )
}

fn check_version(version: Option<u32>) -> Result<(), Failure> {
    match version {
        Some(version) if version < OLDEST => Err(refused(format!(
            "the server is PostgreSQL {}, which nobody mends any more; nothing was written: use 13 \
             or a later one",
            version / 10_000
        ))),
        _ => Ok(()),
    }
}

/// Asks the server for what durability needs.
async fn check(connection: &mut PgConnection, name: &str) -> Result<(), Failure> {
    let row = sqlx::query(
        "SELECT current_setting('synchronous_commit') AS synchronous_commit, \
             current_setting('server_encoding') AS encoding, \
             pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean AS read_only, \
             current_setting('fsync')::boolean AS fsync",
    )
    .fetch_one(connection)
    .await?;
    let synchronous: &str = row.try_get("synchronous_commit")?;
    if !matches!(synchronous, "on" | "remote_apply") {
        return Err(refused(format!(
            "synchronous_commit is {synchronous} and cannot be switched on, so {name} may forget what \
             it answered; nothing was written: connect to the server itself, without a pooler that \
             drops settings"
        )));
    }
    let encoding: &str = row.try_get("encoding")?;
    if encoding != "UTF8" {
        return Err(refused(format!(
            "{name} is encoded in {encoding}, which has not every letter; nothing was written: make a \
             database with ENCODING 'UTF8'"
        )));
    }
    if row.try_get("read_only")? {
        return Err(refused(format!(
            "{name} is read-only, a standby or set so; nothing was written: connect to the primary"
        )));
    }
    if !row.try_get::<bool, _>("fsync")? {
        tracing::warn!(server = name, "fsync is off: a power cut may lose orders");
    }
    Ok(())
}

fn refusal(message: String) -> JournalError {
    Trouble::refusal(message).into()
}

fn refused(message: String) -> Failure {
    Failure::Refused(refusal(message))
}

#[cfg(test)]
mod tests {
    use roamport_domain::Secret;

    use super::*;

    fn server(url: &str) -> Result<Server, JournalError> {
        Server::of(&PostgresJournalConfig::new(Secret::new(url)))
    }

    #[test]
    fn a_server_is_named_without_its_password() {
        let server = server("postgres://shop:s3cr%2Ft@db.example.com:6543/orders").unwrap();
        assert_eq!(server.name, "db.example.com:6543, database orders");
        let shown = format!("{server:?}");
        assert!(
            shown.contains("db.example.com") && !shown.contains("s3cr"),
            "{shown}"
        );
    }

    #[test]
    fn a_url_that_cannot_be_one_is_refused_and_not_shown() {
        for url in [
            "mysql://shop:s3cret@db/orders",
            "postgres://shop:s3/cret@db/orders",
            "postgres://shop:1/s3cret@db/orders",
            "postgres://shop:1?s3cret@db/orders",
            "postgres://shop:1#s3cret@db/orders",
            "postgres://shop:s3cret@db:port/orders",
            "postgres://shop:s3cret@db/orders?sslmod=require",
        ] {
            let error = server(url).unwrap_err();
            let text = format!("{error} {error:?}");
            assert!(text.contains("it takes postgres://user"), "{text}");
            assert!(!text.contains("cret"), "{text}");
        }
    }

    #[test]
    fn only_a_plain_name_can_be_a_schema() {
        for schema in [
            "",
            "Shop",
            "a-b",
            "1st",
            "pg_orders",
            "x; DROP TABLE orders",
        ] {
            let url = Secret::new("postgres://localhost/orders");
            let config = PostgresJournalConfig {
                schema: schema.to_owned(),
                ..PostgresJournalConfig::new(url)
            };
            let error = Server::of(&config).unwrap_err();
            assert!(
                error.to_string().contains("cannot be the schema"),
                "{error}"
            );
        }
    }

    #[test]
    fn a_server_that_nobody_mends_is_refused() {
        check_version(Some(130_000)).unwrap();
        check_version(Some(180_001)).unwrap();
        let Failure::Refused(error) = check_version(Some(120_022)).unwrap_err() else {
            panic!("a refusal")
        };
        assert!(error.to_string().contains("PostgreSQL 12"), "{error}");
    }
}
