//! What every journal promises, on PostgreSQL.

use roamport_conformance::Skipped;

use crate::support::Bench;

async fn bench() -> Result<Bench, Skipped> {
    Bench::new()
        .await
        .ok_or_else(|| Skipped("there is no PostgreSQL server".to_owned()))
}

roamport_conformance::journal_suite!(bench().await?, not_applicable = []);
