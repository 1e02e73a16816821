//! Which index serves each list that a use-case asks for.

use std::num::NonZeroU16;

use roamport_domain::order::{Fingerprint, OrderState, ProviderInstance};
use roamport_domain::{EsimId, PackageId, ProviderName, ProviderOrderId, Reference};
use sqlx::{AssertSqlSafe, Connection as _, Execute as _};
use tempfile::TempDir;

use super::*;
use crate::{SqliteJournalConfig, connection, file, migrate};

fn provider() -> ProviderName {
    ProviderName::parse("roamify").unwrap()
}

fn fingerprint() -> Fingerprint {
    let instance = ProviderInstance {
        name: provider(),
        base_url: "https://api.example.com".to_owned(),
    };
    let package = PackageId::parse("one").unwrap();
    Fingerprint::of_esims(&instance, [(&package, NonZeroU16::MIN, None)], None)
}

fn unfinished() -> Vec<OrderState> {
    let states = OrderState::ALL.into_iter();
    states.filter(|state| !state.is_final()).collect()
}

/// An empty journal: SQLite keeps no statistics, so that its plans are those of a full one.
async fn journal() -> (TempDir, SqliteConnection) {
    let directory = TempDir::new().unwrap();
    let config = SqliteJournalConfig::new(directory.path().join("roamport.db"));
    file::prepare(&config.path).unwrap();
    let options = connection::writer_options(&config);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    migrate::run(&mut connection, &config.path, jiff::Timestamp::UNIX_EPOCH)
        .await
        .unwrap();
    (directory, connection)
}

/// The steps by which SQLite reads the first page of a list, and a later one.
async fn plans(filter: OrderFilter) -> [Vec<String>; 2] {
    let (directory, mut connection) = journal().await;
    let path = directory.path().join("roamport.db");
    let config = SqliteJournalConfig::new(&path);
    let readers = Readers::new(connection::reader_options(&config), path, 1);
    let mut progress = Progress {
        readers: Arc::new(readers),
        filter,
        below: None,
        is_done: false,
    };
    let first = plan(&progress, &mut connection).await;
    progress.below = Some(Place {
        created_at: "2026-12-01T12:00:00.000000000Z".to_owned(),
        id: "019ad9c0-4000-7000-8000-0000f1c70000".to_owned(),
    });
    [first, plan(&progress, &mut connection).await]
}

async fn plan(progress: &Progress, connection: &mut SqliteConnection) -> Vec<String> {
    let mut query = progress.query();
    let explain = format!("EXPLAIN QUERY PLAN {}", query.sql().as_str());
    let bound = query.build().take_arguments().unwrap().unwrap();
    sqlx::query_with(AssertSqlSafe(explain), bound)
        .fetch_all(connection)
        .await
        .unwrap()
        .iter()
        .map(|row| row.try_get("detail").unwrap())
        .collect()
}

/// Each plan has this step, reads nothing else of `orders`, and sorts only what it says.
#[track_caller]
fn assert_served(plans: &[Vec<String>; 2], by: &str, sorts: bool) {
    for plan in plans {
        let reads: Vec<&String> = plan
            .iter()
            .filter(|step| step.contains(" orders "))
            .collect();
        assert!(
            matches!(reads.as_slice(), [read] if read.contains(by)),
            "not by {by}: {plan:#?}"
        );
        let sorted = plan.iter().any(|step| step.contains("TEMP B-TREE"));
        assert!(sorts || !sorted, "sorted: {plan:#?}");
    }
}

#[tokio::test]
async fn all_orders_are_read_in_the_order_of_the_list() {
    let served = plans(OrderFilter::default()).await;
    assert_served(&served, "USING INDEX orders_listed", false);
}

#[tokio::test]
async fn the_orders_of_a_provider_are_read_in_the_order_of_the_list() {
    let served = plans(OrderFilter {
        provider: Some(provider()),
        ..OrderFilter::default()
    });
    assert_served(&served.await, "USING INDEX orders_listed", false);
}

#[tokio::test]
async fn the_orders_in_one_state_are_read_from_the_index_of_states() {
    for state in OrderState::ALL {
        let served = plans(OrderFilter {
            states: vec![state],
            ..OrderFilter::default()
        });
        assert_served(&served.await, "USING INDEX orders_by_state (state=?", false);
    }
}

#[tokio::test]
async fn unfinished_orders_of_a_provider_are_read_from_the_index_of_states() {
    let served = plans(OrderFilter {
        states: unfinished(),
        provider: Some(provider()),
        ..OrderFilter::default()
    });
    assert_served(&served.await, "USING INDEX orders_by_state (state=?", true);
}

#[tokio::test]
async fn unfinished_orders_for_one_thing_are_read_from_the_index_of_states() {
    let served = plans(OrderFilter {
        states: unfinished(),
        fingerprint: Some(fingerprint()),
        ..OrderFilter::default()
    });
    assert_served(&served.await, "USING INDEX orders_by_state (state=?", true);
}

#[tokio::test]
async fn all_orders_for_one_thing_are_read_from_the_index_of_fingerprints() {
    let served = plans(OrderFilter {
        fingerprint: Some(fingerprint()),
        ..OrderFilter::default()
    });
    let by = "USING INDEX orders_by_fingerprint (fingerprint=?";
    assert_served(&served.await, by, false);
}

#[tokio::test]
async fn the_orders_of_an_esim_are_read_one_by_one() {
    let served = plans(OrderFilter {
        esim: Some(EsimId::parse("esim-1").unwrap()),
        provider: Some(provider()),
        ..OrderFilter::default()
    });
    let served = served.await;
    assert_served(&served, "USING PRIMARY KEY (id=?)", true);
    for plan in &served {
        let by = "order_esims USING COVERING INDEX order_esims_by_esim (esim=?)";
        assert!(plan.iter().any(|step| step.contains(by)), "{plan:#?}");
    }
}

#[tokio::test]
async fn an_order_is_found_by_each_of_its_names() {
    let by_reference = plans(OrderFilter {
        provider: Some(provider()),
        reference: Some(Reference::parse("3GZ22BAPA972YEHF4RMY7YCMQ3").unwrap()),
        ..OrderFilter::default()
    });
    let by = "(provider=? AND reference=?)";
    assert_served(&by_reference.await, by, true);
    let by_their_id = plans(OrderFilter {
        provider: Some(provider()),
        provider_order: Some(ProviderOrderId::parse("o-1").unwrap()),
        ..OrderFilter::default()
    });
    let by = "USING INDEX orders_provider_order (provider=? AND provider_order_id=?)";
    assert_served(&by_their_id.await, by, true);
}
