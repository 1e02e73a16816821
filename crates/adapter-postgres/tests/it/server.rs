//! Which servers and schemas are refused, and how tables come to be.

use std::time::Duration;

use futures::future::join_all;
use jiff::Timestamp;
use roamport_adapter_postgres::{PostgresJournal, PostgresJournalConfig};
use roamport_conformance::journal::sample;
use roamport_domain::journal::{BalanceReading, JournalError};
use roamport_domain::{BalanceStore as _, Currency, EventInbox as _, Money, OrderJournal, Secret};
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use tokio::net::TcpListener;

use crate::support::{Bench, config};
use crate::test_cluster::{PASSWORD, TestCluster, TestDatabase};

/// Everything that stands in a database beside the server's own.
async fn content(database: &TestDatabase) -> Vec<String> {
    let mut shell = PgConnection::connect(database.url()).await.unwrap();
    sqlx::query_scalar(
        "SELECT nspname || '.' || relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace \
         WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' \
         UNION ALL SELECT nspname::text FROM pg_namespace WHERE nspname !~ '^pg_' ORDER BY 1",
    )
    .fetch_all(&mut shell)
    .await
    .unwrap()
}

/// Connects to what cannot keep a journal, and checks that it is left as it was.
async fn check_refused(database: &TestDatabase, says: &[&str]) -> JournalError {
    let before = content(database).await;
    let error = PostgresJournal::connect(&config(database.url()))
        .await
        .unwrap_err();
    check_text(&error, says);
    assert_eq!(content(database).await, before, "something was written");
    error
}

fn check_text(error: &JournalError, says: &[&str]) {
    let text = error.to_string();
    for words in says {
        assert!(text.contains(words), "{text}");
    }
    assert!(text.contains("nothing was written"), "{text}");
    let shown = format!("{text} {error:?}");
    assert!(!shown.contains(PASSWORD), "{shown}");
}

#[tokio::test]
async fn eight_that_make_one_journal_at_once_all_open_it() {
    let Some(cluster) = TestCluster::shared() else {
        return;
    };
    let database = cluster.database();
    let config = config(database.url());
    let opening = (0..8).map(|_| PostgresJournal::connect(&config));
    let journals: Vec<PostgresJournal> = join_all(opening)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    for (number, journal) in journals.iter().enumerate() {
        let new = sample::order(&format!("order {number}"), Timestamp::UNIX_EPOCH);
        OrderJournal::open(journal, &new).await.unwrap();
    }
    let before = content(&database).await;
    PostgresJournal::connect(&config).await.unwrap();
    assert_eq!(content(&database).await, before);
}

#[tokio::test]
async fn the_journal_of_an_earlier_release_keeps_its_orders_and_gains_the_later_tables() {
    let Some(bench) = Bench::new().await else {
        return;
    };
    let new = bench.opened("of the past").await;
    // As the first release left it: without the tables of balances and of provider events.
    bench
        .run(
            "DROP TABLE balances, provider_events, journal, refunds, account_confirmations, \
              account_witnesses, account_holds, account_probes, deliveries, delivered_codes; \
              ALTER TABLE orders DROP COLUMN account; ALTER TABLE profiles DROP COLUMN base_url, \
              DROP COLUMN epoch; DROP FUNCTION roamport_clock; DELETE FROM migrations WHERE version > 1",
        )
        .await;
    let journal = bench.open_another().await.unwrap();
    assert_eq!(journal.load(new.id).await.unwrap().id(), new.id);
    let provider = new.requested.provider;
    let reading = BalanceReading {
        provider: provider.clone(),
        at: bench.now().await,
        balance: Money::zero(Currency::USD),
        newest_order_at: None,
        newest_orders: Vec::new(),
        comparable: true,
    };
    journal.keep_balance(&reading).await.unwrap();
    let kept = journal.balances(&provider, Timestamp::MIN).await.unwrap();
    assert_eq!(kept, [reading]);
    let new = journal
        .remember(&provider.name, "evt_1", Timestamp::MIN)
        .await
        .unwrap();
    assert!(new);
}

#[tokio::test]
async fn the_journal_of_a_later_release_is_refused() {
    let Some(bench) = Bench::new().await else {
        return;
    };
    bench.opened("of the future").await;
    bench
        .run("INSERT INTO migrations (version, name) VALUES (5, 'refunds')")
        .await;
    let says = ["version 5", "use the release that wrote it"];
    let error = check_refused(&bench.database, &says).await;
    assert!(matches!(error, JournalError::Corrupt { .. }));
}

#[tokio::test]
async fn half_a_journal_is_refused() {
    for (sql, says) in [
        ("DROP TABLE events", "the table events is missing"),
        ("DROP TABLE migrations", "its list of migrations is missing"),
        ("DELETE FROM migrations", "its list of migrations is empty"),
        (
            "DELETE FROM migrations WHERE version = 1",
            "`journal`, was to be",
        ),
        (
            "UPDATE migrations SET name = 'other' WHERE version = 2",
            "`other`",
        ),
    ] {
        let Some(bench) = Bench::new().await else {
            return;
        };
        bench.run(sql).await;
        let says = ["half a journal", says, "restore a backup"];
        let error = check_refused(&bench.database, &says).await;
        assert!(matches!(error, JournalError::Corrupt { .. }));
    }
}

#[tokio::test]
async fn a_schema_of_another_program_is_refused_and_tables_of_a_shop_stand_beside() {
    let Some(cluster) = TestCluster::shared() else {
        return;
    };
    let database = cluster.database();
    database.run("CREATE TABLE orders (id text); CREATE TABLE events (id text)");
    PostgresJournal::connect(&config(database.url()))
        .await
        .unwrap();
    let database = cluster.database();
    database.run("CREATE SCHEMA roamport; CREATE TABLE roamport.bookmarks (url text)");
    let says = ["another program's", "name another one"];
    let error = check_refused(&database, &says).await;
    assert!(matches!(error, JournalError::Corrupt { .. }));
    let elsewhere = PostgresJournalConfig {
        schema: "roamport_2".to_owned(),
        ..config(database.url())
    };
    PostgresJournal::connect(&elsewhere).await.unwrap();
}

#[tokio::test]
async fn a_read_only_database_is_refused_before_anything_is_bought() {
    let Some(bench) = Bench::new().await else {
        return;
    };
    let name = bench.database.name();
    bench
        .run(&format!(
            "ALTER DATABASE {name} SET default_transaction_read_only TO on"
        ))
        .await;
    let error = check_refused(&bench.database, &["read-only", "primary"]).await;
    assert!(matches!(error, JournalError::Unavailable { .. }));
}

#[tokio::test]
async fn a_database_without_every_letter_is_refused() {
    let Some(cluster) = TestCluster::shared() else {
        return;
    };
    let database = cluster.database();
    let name = format!("{}_latin", database.name());
    database.run(&format!(
        "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'"
    ));
    let error = PostgresJournal::connect(&config(&cluster.url(&name)))
        .await
        .unwrap_err();
    check_text(&error, &["LATIN1", "ENCODING 'UTF8'"]);
    database.run(&format!("DROP DATABASE {name} WITH (FORCE)"));
}

#[tokio::test]
async fn a_user_without_rights_is_told_which() {
    let Some(cluster) = TestCluster::shared() else {
        return;
    };
    let database = cluster.database();
    let role = format!("{}_clerk", database.name());
    database.run(&format!("CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'"));
    let (_, place) = database.url().split_once('@').unwrap();
    let url = format!("postgres://{role}:{PASSWORD}@{place}");
    let error = PostgresJournal::connect(&config(&url)).await.unwrap_err();
    check_text(&error, &["may not do", "own the schema"]);
    // With a schema of its own it may; nobody needs CREATE in the database.
    database.run(&format!("CREATE SCHEMA roamport AUTHORIZATION {role}"));
    PostgresJournal::connect(&config(&url))
        .await
        .unwrap()
        .close()
        .await;
    database.run(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}

#[tokio::test]
async fn a_wrong_password_and_a_missing_database_say_what_to_do() {
    let Some(cluster) = TestCluster::shared() else {
        return;
    };
    let error = PostgresJournal::connect(&config(&cluster.url("nowhere")))
        .await
        .unwrap_err();
    check_text(&error, &["nowhere does not exist", "createdb"]);
    let url = cluster.url("postgres");
    let (_, place) = url.split_once('@').unwrap();
    let url = format!("postgres://roamport:guessed-wr0ng@{place}");
    let error = PostgresJournal::connect(&config(&url)).await.unwrap_err();
    check_text(
        &error,
        &["does not let this user in", "check user and password"],
    );
    assert!(!format!("{error} {error:?}").contains("wr0ng"));
}

#[tokio::test]
async fn a_server_that_is_down_says_what_to_do() {
    let port = {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        listener.local_addr().unwrap().port()
    };
    let url = format!("postgres://shop:{PASSWORD}@127.0.0.1:{port}/orders");
    let error = PostgresJournal::connect(&config(&url)).await.unwrap_err();
    assert!(matches!(error, JournalError::Unavailable { .. }));
    assert!(std::error::Error::source(&error).is_some());
    let place = format!("127.0.0.1:{port}, database orders");
    check_text(&error, &[&place, "cannot be reached", "start the server"]);
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let config = PostgresJournalConfig {
        connect_time_out: Duration::from_millis(50),
        ..config(&format!(
            "postgres://shop:{PASSWORD}@127.0.0.1:{port}/orders"
        ))
    };
    let error = PostgresJournal::connect(&config).await.unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("did not answer") && text.contains("check the server"),
        "{text}"
    );
    drop(listener);
}

#[tokio::test]
async fn something_else_on_that_port_is_no_server() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let other = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let answer = b"HTTP/1.1 400 Bad Request\r\n\r\n";
        tokio::io::AsyncWriteExt::write_all(&mut stream, answer)
            .await
            .unwrap();
    });
    let url = format!("postgres://shop:{PASSWORD}@127.0.0.1:{port}/orders");
    let error = PostgresJournal::connect(&config(&url)).await.unwrap_err();
    assert!(matches!(error, JournalError::Unavailable { .. }), "{error}");
    other.await.unwrap();
}

#[tokio::test]
async fn nothing_shows_the_password() {
    let Some(bench) = Bench::new().await else {
        return;
    };
    let url = bench.database.url().to_owned();
    let (_, login) = url.split('@').next().unwrap().split_once("//").unwrap();
    let (_, password) = login
        .split_once(':')
        .expect("the server asks for a password");
    assert!(password.len() > 5, "too short to be looked for");
    let config = bench.config();
    let shown = format!("{config:?} {:#?} {:?}", config.url, bench.journal);
    assert!(!shown.contains(password), "{shown}");
    assert!(shown.contains(bench.database.name()), "{shown}");
    let error = PostgresJournal::connect(&PostgresJournalConfig::new(Secret::new("roamport.db")))
        .await
        .unwrap_err();
    check_text(&error, &["does not begin with postgres://"]);
}
