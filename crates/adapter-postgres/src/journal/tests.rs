//! What needs a hand on the connections: the settings in force, and the plan of a claim.

use roamport_domain::Secret;
use sqlx::{AssertSqlSafe, Row as _};

use super::*;
use crate::test_cluster::{TestCluster, TestDatabase};

fn config(database: &TestDatabase) -> PostgresJournalConfig {
    PostgresJournalConfig::new(Secret::new(database.url()))
}

#[tokio::test]
async fn commits_wait_for_the_disk_whatever_the_server_was_set_to() {
    let Some(cluster) = TestCluster::shared() else {
        return;
    };
    for (set, expected) in [
        ("off", "on"),
        ("local", "on"),
        ("remote_apply", "remote_apply"),
    ] {
        let database = cluster.database();
        database.run(&format!(
            "ALTER DATABASE {} SET synchronous_commit TO {set}",
            database.name()
        ));
        let journal = PostgresJournal::connect(&config(&database)).await.unwrap();
        let mut lent = journal.connections.lend().await.unwrap();
        let row = sqlx::query(
            "SELECT current_setting('synchronous_commit'), current_setting('search_path'), \
             current_setting('statement_timeout'), current_setting('application_name')",
        )
        .fetch_one(&mut *lent)
        .await
        .unwrap();
        for (column, expected) in [expected, "roamport", "10s", "roamport"].iter().enumerate() {
            assert_eq!(row.get::<&str, _>(column), *expected, "{set}");
        }
    }
}

#[tokio::test]
async fn a_claim_reads_an_index_of_due_orders_alone() {
    let Some(cluster) = TestCluster::shared() else {
        return;
    };
    let database = cluster.database();
    let journal = PostgresJournal::connect(&config(&database)).await.unwrap();
    // Ten thousand finished orders and a hundred due ones, so that the planner has a choice.
    database.run(
        "INSERT INTO roamport.orders (id, version, state, key, fingerprint, provider, base_url, \
             reference, is_top_up, lines, esims, created_at, updated_at, due_at) \
         SELECT gen_random_uuid(), 1, 'fulfilled', n, 'f', 'sandbox', 'b', n, false, '[]', '[]', \
             now(), now(), CASE WHEN n % 100 = 0 THEN now() END \
         FROM generate_series(1, 10000) AS n; ANALYZE roamport.orders",
    );
    let mut lent = journal.connections.lend().await.unwrap();
    let sql = claims::CLAIM_DUE
        .replace("$1", "'account'")
        .replace("$2", "'worker'")
        .replace("$3", "interval '30 s'")
        .replace("$4", "16")
        .replace("$5", "'sandbox'")
        .replace("$6", "'b'")
        .replace("$7", "interval '60 s'");
    let plan: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!("EXPLAIN {sql}")))
        .fetch_all(&mut *lent)
        .await
        .unwrap();
    let plan = plan.join("\n");
    // Either of the two: both hold due orders alone.
    assert!(plan.contains("using orders_due"), "{plan}");
    assert!(
        plan.contains("Index Cond: (") && !plan.contains("Seq Scan on orders"),
        "{plan}"
    );
}
