//! The profile store: what a traveller installs, kept apart from events and erasable.

use async_trait::async_trait;
use roamport_domain::journal::{JournalError, KeptProfile};
use roamport_domain::provider::EsimKey;
use roamport_domain::{
    Esim, EsimId, Iccid, OrderId, PackageId, ProfileStore, ProviderName, Secret,
};
use sqlx::Row as _;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::types::Uuid;

use crate::PostgresJournal;
use crate::error::Failure;
use crate::rows;

async fn keep(connection: &mut PgConnection, profile: &KeptProfile) -> Result<(), Failure> {
    sqlx::query(
        "INSERT INTO profiles (provider, esim, iccid, order_id, package, data, stored, kept_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, roamport_now()) \
         ON CONFLICT (provider, esim) DO UPDATE SET iccid = excluded.iccid, \
         order_id = excluded.order_id, package = excluded.package, data = excluded.data, \
         stored = excluded.stored, kept_at = excluded.kept_at, kept_number = excluded.kept_number",
    )
    .bind(profile.esim.provider().as_str())
    .bind(profile.esim.id().as_str())
    .bind(profile.esim.iccid().map(Iccid::as_str))
    .bind(profile.order.as_uuid())
    .bind(profile.package.as_str())
    .bind(rows::to_json(&profile.data))
    .bind(profile.esim.to_stored().expose())
    .execute(connection)
    .await?;
    Ok(())
}

async fn find(
    connection: &mut PgConnection,
    provider: &ProviderName,
    key: &EsimKey,
) -> Result<Option<KeptProfile>, Failure> {
    // An ICCID can be borne by several eSIMs over time: the one that was seen with it last.
    let query = match (key.id(), key.iccid()) {
        (Some(id), _) => sqlx::query(
            "SELECT esim, order_id, package, data, stored FROM profiles \
             WHERE provider = $1 AND esim = $2",
        )
        .bind(provider.as_str())
        .bind(id.as_str()),
        (None, Some(iccid)) => sqlx::query(
            "SELECT esim, order_id, package, data, stored FROM profiles \
             WHERE provider = $1 AND iccid = $2 ORDER BY kept_number DESC LIMIT 1",
        )
        .bind(provider.as_str())
        .bind(iccid.as_str()),
        (None, None) => return Ok(None),
    };
    let row = query.fetch_optional(connection).await?;
    row.as_ref().map(decode).transpose()
}

fn decode(row: &PgRow) -> Result<KeptProfile, Failure> {
    let esim: &str = row.try_get("esim")?;
    let damaged = |what: &str| {
        Failure::Refused(JournalError::Corrupt {
            message: format!(
                "the profile of eSIM {esim} is damaged ({what}); nothing was written: read the \
                 eSIM from the provider again, which keeps it anew"
            ),
        })
    };
    let order: Uuid = row.try_get("order_id")?;
    let package: &str = row.try_get("package")?;
    let data: &str = row.try_get("data")?;
    let stored: String = row.try_get("stored")?;
    Ok(KeptProfile {
        esim: Esim::from_stored(&Secret::new(stored))
            .map_err(|error| damaged(&error.to_string()))?,
        order: OrderId::from_uuid(order),
        package: PackageId::parse(package).map_err(|_| damaged("its package cannot be read"))?,
        data: serde_json::from_str(data).map_err(|_| damaged("its data cannot be read"))?,
    })
}

async fn erase(
    connection: &mut PgConnection,
    provider: &ProviderName,
    esim: &EsimId,
) -> Result<(), Failure> {
    sqlx::query("DELETE FROM profiles WHERE provider = $1 AND esim = $2")
        .bind(provider.as_str())
        .bind(esim.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

#[async_trait]
impl ProfileStore for PostgresJournal {
    async fn keep(&self, profile: &KeptProfile) -> Result<(), JournalError> {
        let mut lent = self.connections.lend().await?;
        let done = self.connections.timed(keep(&mut lent, profile)).await;
        lent.finish(done)
    }

    async fn find_profile(
        &self,
        provider: &ProviderName,
        key: &EsimKey,
    ) -> Result<Option<KeptProfile>, JournalError> {
        let mut lent = self.connections.lend().await?;
        let done = self.connections.timed(find(&mut lent, provider, key)).await;
        lent.finish(done)
    }

    async fn erase(&self, provider: &ProviderName, esim: &EsimId) -> Result<(), JournalError> {
        let mut lent = self.connections.lend().await?;
        let done = self
            .connections
            .timed(erase(&mut lent, provider, esim))
            .await;
        lent.finish(done)
    }
}
