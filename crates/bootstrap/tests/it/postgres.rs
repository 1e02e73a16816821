//! A PostgreSQL database as the journal: its URL is a secret, and orders are bought through it.

use std::num::NonZeroU16;
use std::sync::Arc;

use roamport_app::order_and_provision::Wish;
use roamport_app::orders::{Placement, Terms};
use roamport_app::{Silent, StopSignal};
use roamport_bootstrap::settings::HIDDEN;
use roamport_bootstrap::{Composition, Environment, Settings, SettingsError, StartError};
use roamport_domain::order::OrderState;
use roamport_domain::provider::PackageQuery;
use roamport_domain::{IdempotencyKey, OrderId, Secret};

use crate::support::{Home, from_environment, from_file, message};

const URL: &str = "postgres://shop:s3cr3t-0042@db.example.com:5432/orders?sslmode=verify-full";
const PASSWORD: &str = "s3cr3t-0042";

#[track_caller]
fn check_hidden(settings: &Settings) {
    let journal = settings
        .describe()
        .into_iter()
        .find(|one| one.key == "journal")
        .unwrap();
    assert_eq!(journal.value.as_deref(), Some(HIDDEN));
    let everything = format!(
        "{settings:?} {:#?} {:?}",
        settings.postgres,
        settings.describe()
    );
    assert!(!everything.contains(PASSWORD), "{everything}");
}

#[test]
fn a_url_is_the_journal_and_nothing_shows_it() {
    for url in [URL.to_owned(), URL.replace("postgres:", "postgresql:")] {
        let settings = from_environment(&[("ROAMPORT__JOURNAL", url.as_str())]).unwrap();
        assert_eq!(settings.journal, "postgres");
        let read = settings.postgres.url.read().unwrap();
        assert_eq!(read, Some(Secret::new(url)));
        check_hidden(&settings);
    }
    let settings = from_file(&format!("journal = \"{URL}\"\n")).unwrap();
    check_hidden(&settings);
}

#[test]
fn a_plain_name_is_no_secret_and_no_url() {
    let settings = from_environment(&[("ROAMPORT__JOURNAL", "sqlite")]).unwrap();
    assert_eq!(settings.journal, "sqlite");
    assert_eq!(settings.text("journal"), Some("sqlite"));
    assert_eq!(settings.postgres.url.read().unwrap(), None);
}

#[test]
fn a_url_with_a_slip_in_it_is_refused_and_not_shown() {
    for slip in [
        "postgre://shop:s3cr3t-0042@db/orders",
        "mysql://shop:s3cr3t-0042@db/orders",
        "shop:s3cr3t-0042@db",
        "db.example.com/s3cr3t-0042",
    ] {
        let error = from_environment(&[("ROAMPORT__JOURNAL", slip)]).unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(text.contains("ROAMPORT__JOURNAL"), "{text}");
        assert!(text.contains("the URL of a PostgreSQL database"), "{text}");
        assert!(!text.contains(PASSWORD), "{text}");
    }
}

#[test]
fn a_url_that_is_a_list_is_not_shown_either() {
    let settings = from_file(&format!("journal = [\"{URL}\"]\n")).unwrap();
    check_hidden(&settings);
}

#[test]
fn a_url_can_stand_in_a_file_of_its_own() {
    let home = Home::new();
    home.write("journal-url", &format!("{URL}\n"));
    for journal in ["", "journal = \"postgres\"\n"] {
        let text = format!("{journal}journal_file = \"journal-url\"\n");
        let settings = home
            .loader()
            .file(home.write("own.toml", &text))
            .load()
            .unwrap();
        assert_eq!(settings.journal, "postgres");
        let read = settings.postgres.url.read().unwrap();
        assert_eq!(read, Some(Secret::new(URL)));
        assert!(!format!("{settings:?}").contains(PASSWORD));
    }
}

#[test]
fn a_journal_and_a_journal_file_do_not_go_together() {
    let home = Home::new();
    let path = home.write("settings.toml", &format!("journal = \"{URL}\"\n"));
    let environment = Environment::from_pairs([("ROAMPORT__JOURNAL_FILE", "journal-url")]);
    insta::assert_snapshot!(
        message(home.loader().file(&path).environment(environment).load()),
        @"both `journal` (settings.toml:1) and `journal_file` (ROAMPORT__JOURNAL_FILE) are set: remove one of them, or set it to an empty text"
    );
}

#[test]
fn limits_of_the_database_are_checked() {
    for (key, value) in [
        ("MAX_CONNECTIONS", "0"),
        ("MAX_CONNECTIONS", "1001"),
        ("STATEMENT_TIMEOUT", "0s"),
        ("CONNECT_TIMEOUT", "soon"),
        ("SCHEMA", ""),
    ] {
        let variable = format!("ROAMPORT__POSTGRES__{key}");
        let error = from_environment(&[(variable.as_str(), value)]).unwrap_err();
        assert!(matches!(error, SettingsError::BadValue { .. }), "{error}");
        assert!(error.to_string().contains(&variable), "{error}");
    }
}

#[test]
fn the_compiled_in_limits_are_those_of_the_adapter() {
    let settings = Home::new().loader().load().unwrap().postgres;
    let adapter = roamport_adapter_postgres::PostgresJournalConfig::new(Secret::new(URL));
    assert_eq!(settings.schema, adapter.schema);
    assert_eq!(settings.max_connections, adapter.max_connections);
    assert_eq!(settings.statement_timeout, adapter.statement_time_out);
    assert_eq!(settings.connect_timeout, adapter.connect_time_out);
}

#[tokio::test]
async fn a_database_without_a_url_says_how_to_give_one() {
    let home = Home::new();
    let loader = home
        .small_sandbox()
        .flag("journal", "postgres", "--journal");
    let composition = Composition::start(loader.load().unwrap()).await.unwrap();
    let error = composition.journal().await.unwrap_err();
    insta::assert_snapshot!(
        error,
        @"setting `journal` is not set: put the URL of the database into ROAMPORT__JOURNAL, or the path of a file that holds it into ROAMPORT__JOURNAL_FILE"
    );
}

#[tokio::test]
async fn a_database_that_is_down_is_said_to_be_without_its_password() {
    let port = {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
            .await
            .unwrap();
        listener.local_addr().unwrap().port()
    };
    let url = format!("postgres://shop:{PASSWORD}@127.0.0.1:{port}/orders");
    let home = Home::new();
    let loader = home.small_sandbox().flag("journal", url, "--journal");
    let composition = Composition::start(loader.load().unwrap()).await.unwrap();
    let error = composition.journal().await.unwrap_err();
    assert!(matches!(error, StartError::Journal(_)));
    let text = error.to_string();
    assert!(text.contains("start the server"), "{text}");
    assert!(!format!("{text} {error:?} {composition:?}").contains(PASSWORD));
    assert!(!home.data().join("roamport.db").exists());
}

#[cfg(unix)]
mod with_a_server {
    use futures::TryStreamExt as _;
    use roamport_adapter_postgres::test_cluster::TestCluster;

    use super::*;

    async fn start(home: &Home, url: &str) -> Composition {
        let loader = home.small_sandbox().flag("journal", url, "--journal").flag(
            "postgres.max_connections",
            "3",
            "--connections",
        );
        Composition::start(loader.load().unwrap()).await.unwrap()
    }

    async fn placed(composition: &Composition, key: &str) -> OrderId {
        let mut packages = composition.provider().packages(PackageQuery::default());
        let package = packages.try_next().await.unwrap().unwrap().id;
        let orders = composition.orders().await.unwrap();
        let wish = Wish::new(package, NonZeroU16::MIN);
        let quote = orders.quote(&wish).await.unwrap();
        let key = Some(IdempotencyKey::parse(key).unwrap());
        let terms = Terms {
            key,
            ..Terms::default()
        };
        match orders.place(&quote, &terms).await.unwrap() {
            Placement::New(order) | Placement::Continued(order) => order.id(),
            Placement::Unfinished(other) => panic!("{} is unfinished", other.id),
        }
    }

    #[tokio::test]
    async fn an_order_is_bought_once_through_two_processes_that_share_the_database() {
        let Some(cluster) = TestCluster::shared() else {
            return;
        };
        let database = cluster.database();
        let home = Home::new();
        let one = start(&home, database.url()).await;
        let before = one.provider().balance().await.unwrap();
        let id = placed(&one, "shop-10442").await;
        // Another process begins where the first one stopped, and the key names the same order.
        one.shutdown().await;
        let other = start(&home, database.url()).await;
        assert_eq!(placed(&other, "shop-10442").await, id);
        let orders = other.orders().await.unwrap();
        let unfinished = orders.unfinished().await.unwrap();
        assert_eq!(unfinished.len(), 1);
        let carried = orders
            .carry_on(id, Arc::new(Silent), StopSignal::never())
            .await
            .unwrap();
        assert_eq!(carried.order.state(), OrderState::Fulfilled);
        let profiles = orders.profiles(&carried.order).await.unwrap();
        assert_eq!(profiles.len(), 1);
        assert!(profiles[0].activation().is_some());
        let charged = carried.order.placed().unwrap().total.unwrap();
        let after = other.provider().balance().await.unwrap();
        assert_eq!(before.amount() - after.amount(), charged.amount());
        // The balance store is there as well, and all three agree.
        let reconciler = other.reconciler().await.unwrap();
        assert!(reconciler.reconcile(None).await.unwrap().is_clean());
        assert!(!home.data().join("roamport.db").exists());
        other.shutdown().await;
    }

    #[tokio::test]
    async fn a_database_restored_from_before_the_purchase_finds_it_and_buys_nothing() {
        let Some(cluster) = TestCluster::shared() else {
            return;
        };
        let database = cluster.database();
        let home = Home::new();
        let before = start(&home, database.url()).await;
        let id = placed(&before, "shop-10443").await;
        before.shutdown().await;
        let backup = cluster.copy(&database);

        let bought = start(&home, database.url()).await;
        let orders = bought.orders().await.unwrap();
        let carry = |orders: roamport_app::Orders| async move {
            let carried = orders
                .carry_on(id, Arc::new(Silent), StopSignal::never())
                .await;
            let order = carried.unwrap().order;
            assert_eq!(order.state(), OrderState::Fulfilled);
            order.placed().unwrap().id.clone()
        };
        let provider_order = carry(orders).await;
        let balance = bought.provider().balance().await.unwrap();
        bought.shutdown().await;

        let restored = start(&home, backup.url()).await;
        assert_eq!(placed(&restored, "shop-10443").await, id);
        let found = carry(restored.orders().await.unwrap()).await;
        assert_eq!(found, provider_order);
        assert_eq!(restored.provider().balance().await.unwrap(), balance);
        restored.shutdown().await;
    }
}
