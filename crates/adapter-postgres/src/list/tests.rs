//! Which index serves each list that a use-case asks for.

use std::num::NonZeroU16;

use roamport_domain::Secret;
use roamport_domain::order::{Fingerprint, OrderState, ProviderInstance};
use roamport_domain::{EsimId, PackageId, ProviderName, ProviderOrderId, Reference};
use sqlx::{AssertSqlSafe, Execute as _};

use super::*;
use crate::test_cluster::{TestCluster, TestDatabase};
use crate::{PostgresJournal, PostgresJournalConfig};

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

/// Twenty thousand orders, of which every hundredth is unfinished and every tenth is for one thing.
async fn journal(database: &TestDatabase) -> PostgresJournal {
    let config = PostgresJournalConfig::new(Secret::new(database.url()));
    let journal = PostgresJournal::connect(&config).await.unwrap();
    let one = fingerprint();
    database.run(&format!(
        "INSERT INTO roamport.orders (id, version, state, key, fingerprint, provider, base_url, \
             reference, provider_order_id, is_top_up, lines, esims, created_at, updated_at) \
         SELECT gen_random_uuid(), 1, CASE WHEN n % 100 = 0 THEN 'placed' ELSE 'fulfilled' END, \
             n, CASE WHEN n % 10 = 0 THEN '{}' ELSE md5(n::text) END, 'roamify', 'b', n, n, false, \
             '[]', '[]', now() - n * interval '1 s', now() \
         FROM generate_series(1, 20000) AS n; \
         INSERT INTO roamport.order_esims SELECT id, 'esim-' || key FROM roamport.orders; \
         ANALYZE roamport.orders, roamport.order_esims",
        one.as_str()
    ));
    journal
}

/// How the server reads the first page of a list, and a later one.
async fn plans(journal: &PostgresJournal, filter: OrderFilter) -> [String; 2] {
    let mut progress = Progress {
        connections: Arc::clone(&journal.connections),
        filter,
        below: None,
        is_done: false,
    };
    let first = plan(&progress).await;
    let later = journal.connections.lend().await;
    let at: Timestamp = sqlx::query_scalar::<_, crate::moment::Read>(
        "SELECT created_at FROM orders ORDER BY created_at OFFSET 10000 LIMIT 1",
    )
    .fetch_one(&mut *later.unwrap())
    .await
    .unwrap()
    .0;
    let id = "019ad9c0-4000-7000-8000-0000f1c70000".parse().unwrap();
    progress.below = Some((at, id));
    [first, plan(&progress).await]
}

async fn plan(progress: &Progress) -> String {
    let mut lent = progress.connections.lend().await.unwrap();
    let mut query = progress.query();
    let explain = format!("EXPLAIN {}", query.sql().as_str());
    let bound = query.build().take_arguments().unwrap().unwrap();
    let steps: Vec<String> = sqlx::query_scalar_with(AssertSqlSafe(explain), bound)
        .fetch_all(&mut *lent)
        .await
        .unwrap();
    steps.join("\n")
}

#[tokio::test]
async fn each_list_is_read_from_the_index_that_was_made_for_it() {
    let Some(cluster) = TestCluster::shared() else {
        return;
    };
    let database = cluster.database();
    let journal = journal(&database).await;
    let all = OrderFilter::default;
    let at_a_provider = || OrderFilter {
        provider: Some(provider()),
        ..all()
    };
    let by_state = ["orders_by_state", "state = "].as_slice();
    let in_order = ["Index Scan Backward using orders_listed"].as_slice();
    for (filter, indexes) in [
        (all(), in_order),
        (at_a_provider(), in_order),
        (
            OrderFilter {
                states: vec![OrderState::Placed],
                ..all()
            },
            by_state,
        ),
        (
            OrderFilter {
                states: unfinished(),
                ..at_a_provider()
            },
            by_state,
        ),
        (
            OrderFilter {
                states: unfinished(),
                fingerprint: Some(fingerprint()),
                ..all()
            },
            by_state,
        ),
        (
            OrderFilter {
                esim: Some(EsimId::parse("esim-17").unwrap()),
                ..at_a_provider()
            },
            ["order_esims_by_esim", "orders_id"].as_slice(),
        ),
        (
            OrderFilter {
                reference: Some(Reference::parse("17").unwrap()),
                ..at_a_provider()
            },
            ["orders_reference"].as_slice(),
        ),
        (
            OrderFilter {
                provider_order: Some(ProviderOrderId::parse("17").unwrap()),
                ..at_a_provider()
            },
            ["orders_provider_order"].as_slice(),
        ),
    ] {
        for plan in plans(&journal, filter.clone()).await {
            for index in indexes {
                assert!(plan.contains(index), "{filter:?}: no {index} in\n{plan}");
            }
            assert!(!plan.contains("Seq Scan"), "{filter:?}:\n{plan}");
        }
    }
}
