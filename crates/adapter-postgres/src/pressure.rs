//! What back-pressure is decided by, counted.

use std::time::Duration;

use roamport_domain::ProviderName;
use roamport_domain::journal::Pressure;
use sqlx::Row as _;
use sqlx::postgres::PgConnection;

use crate::error::Failure;
use crate::moment;

/// Settled purchase calls count toward back-pressure for so long.
const LATELY: Duration = Duration::from_mins(1);

/// The pressure at a provider, now.
pub(crate) async fn read(
    connection: &mut PgConnection,
    provider: &ProviderName,
) -> Result<Pressure, Failure> {
    let row = sqlx::query(
        "WITH clock AS MATERIALIZED (SELECT roamport_now() AS now) \
         SELECT (SELECT count(*) FROM orders \
                 WHERE provider = $1 AND state = 'reconciling' \
                     AND window_closes_at > (SELECT now FROM clock) - $2) AS reconciling, \
             count(*) AS settled, count(*) FILTER (WHERE is_unknown) AS unknown \
         FROM attempts WHERE provider = $1 AND settled_at >= (SELECT now FROM clock) - $3",
    )
    .bind(provider.as_str())
    .bind(moment::interval(Pressure::RECENTLY))
    .bind(moment::interval(LATELY))
    .fetch_one(connection)
    .await?;
    let count = |column| -> Result<u64, Failure> {
        let count: i64 = row.try_get(column)?;
        Ok(u64::try_from(count).expect("PostgreSQL counts from zero"))
    };
    Ok(Pressure {
        reconciling: count("reconciling")?,
        settled_last_minute: count("settled")?,
        unknown_last_minute: count("unknown")?,
    })
}
