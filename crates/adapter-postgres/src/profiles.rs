//! The profile store: what a traveller installs, kept apart from events and erasable.

use async_trait::async_trait;
use roamport_domain::journal::{
    Delivery, DuplicateDelivery, Duplicated, JournalError, KeptProfile,
};
use roamport_domain::order::ProviderInstance;
use roamport_domain::provider::EsimKey;
use roamport_domain::{
    Esim, EsimId, Iccid, OrderId, PackageId, ProfileStore, ProviderName, Secret,
};
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::types::Uuid;
use sqlx::{Connection as _, Row as _};

use crate::PostgresJournal;
use crate::error::Failure;
use crate::rows;

/// Keeps a profile and its delivery in one transaction. `code` is the digest of its activation code.
async fn keep(
    connection: &mut PgConnection,
    profile: &KeptProfile,
    code: Option<&str>,
) -> Result<Delivery, Failure> {
    let mut transaction = connection.begin().await?;
    let mut had_by = deliver(&mut transaction, profile).await?;
    if had_by.is_none()
        && let Some(code) = code
    {
        had_by = deliver_code(&mut transaction, profile, code).await?;
    }
    if let Some(other) = had_by {
        transaction.rollback().await?;
        return Ok(Delivery::DeliveredBefore(other));
    }
    sqlx::query(
        "INSERT INTO profiles (provider, esim, iccid, order_id, package, data, stored, kept_at, \
         base_url, epoch) VALUES ($1, $2, $3, $4, $5, $6, $7, roamport_now(), $8, $9) \
         ON CONFLICT (provider, esim) DO UPDATE SET iccid = excluded.iccid, \
         order_id = excluded.order_id, package = excluded.package, data = excluded.data, \
         stored = excluded.stored, kept_at = excluded.kept_at, kept_number = excluded.kept_number, \
         base_url = excluded.base_url, epoch = excluded.epoch",
    )
    .bind(profile.esim.provider().as_str())
    .bind(profile.esim.id().as_str())
    .bind(profile.esim.iccid().map(Iccid::as_str))
    .bind(profile.order.as_uuid())
    .bind(profile.package.as_str())
    .bind(rows::to_json(&profile.data))
    .bind(profile.esim.to_stored().expose())
    .bind(profile.base_url.as_str())
    .bind(epoch(profile))
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(Delivery::Kept)
}

/// Records that the eSIM goes to the profile's order, and returns the order that has it, where that is
/// another. The insert waits for whoever delivers the same eSIM just now, and the query sees it.
async fn deliver(
    connection: &mut PgConnection,
    profile: &KeptProfile,
) -> Result<Option<OrderId>, Failure> {
    sqlx::query(
        "INSERT INTO deliveries (provider, base_url, esim, epoch, order_id) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
    )
    .bind(profile.esim.provider().as_str())
    .bind(profile.base_url.as_str())
    .bind(profile.esim.id().as_str())
    .bind(epoch(profile))
    .bind(profile.order.as_uuid())
    .execute(&mut *connection)
    .await?;
    let had_by: Uuid = sqlx::query_scalar(
        "SELECT order_id FROM deliveries WHERE provider = $1 AND base_url = $2 AND esim = $3 \
             AND epoch = $4 AND duplicate_of IS NULL",
    )
    .bind(profile.esim.provider().as_str())
    .bind(profile.base_url.as_str())
    .bind(profile.esim.id().as_str())
    .bind(epoch(profile))
    .fetch_one(connection)
    .await?;
    let had_by = OrderId::from_uuid(had_by);
    Ok((had_by != profile.order).then_some(had_by))
}

/// The same for the activation code, which one eSIM of one order has.
async fn deliver_code(
    connection: &mut PgConnection,
    profile: &KeptProfile,
    code: &str,
) -> Result<Option<OrderId>, Failure> {
    sqlx::query(
        "INSERT INTO delivered_codes (provider, base_url, digest, esim, order_id) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
    )
    .bind(profile.esim.provider().as_str())
    .bind(profile.base_url.as_str())
    .bind(code)
    .bind(profile.esim.id().as_str())
    .bind(profile.order.as_uuid())
    .execute(&mut *connection)
    .await?;
    let (had_by, esim): (Uuid, String) = sqlx::query_as(
        "SELECT order_id, esim FROM delivered_codes WHERE provider = $1 AND base_url = $2 \
             AND digest = $3 AND duplicate_of IS NULL",
    )
    .bind(profile.esim.provider().as_str())
    .bind(profile.base_url.as_str())
    .bind(code)
    .fetch_one(connection)
    .await?;
    let had_by = OrderId::from_uuid(had_by);
    let is_ours = had_by == profile.order && esim == profile.esim.id().as_str();
    Ok((!is_ours).then_some(had_by))
}

fn epoch(profile: &KeptProfile) -> i32 {
    i32::try_from(profile.epoch).expect("no id is given out 2^31 times")
}

async fn duplicates(
    connection: &mut PgConnection,
    provider: &ProviderInstance,
) -> Result<Vec<DuplicateDelivery>, Failure> {
    let rows = sqlx::query(
        "SELECT false AS is_code, esim, order_id AS id, duplicate_of FROM deliveries \
         WHERE duplicate_of IS NOT NULL AND provider = $1 AND base_url = $2 \
         UNION ALL SELECT true AS is_code, esim, order_id AS id, duplicate_of FROM delivered_codes \
         WHERE duplicate_of IS NOT NULL AND provider = $1 AND base_url = $2",
    )
    .bind(provider.name.as_str())
    .bind(provider.base_url.as_str())
    .fetch_all(connection)
    .await?;
    let mut duplicates = rows
        .iter()
        .map(decode_duplicate)
        .collect::<Result<Vec<_>, _>>()?;
    duplicates.sort_unstable();
    Ok(duplicates)
}

fn decode_duplicate(row: &PgRow) -> Result<DuplicateDelivery, Failure> {
    let order = rows::decode_id(row)?;
    let (esim, duplicate_of): (&str, Uuid) = (row.try_get("esim")?, row.try_get("duplicate_of")?);
    Ok(DuplicateDelivery {
        what: if row.try_get("is_code")? {
            Duplicated::ActivationCode
        } else {
            Duplicated::Esim
        },
        esim: EsimId::parse(esim)
            .map_err(|_| rows::damaged(order, "one of its deliveries cannot be read"))?,
        order,
        duplicate_of: OrderId::from_uuid(duplicate_of),
    })
}

async fn find(
    connection: &mut PgConnection,
    provider: &ProviderName,
    key: &EsimKey,
) -> Result<Option<KeptProfile>, Failure> {
    // An ICCID can be borne by several eSIMs over time: the one that was seen with it last.
    let query = match (key.id(), key.iccid()) {
        (Some(id), _) => sqlx::query(
            "SELECT esim, order_id, base_url, epoch, package, data, stored FROM profiles \
             WHERE provider = $1 AND esim = $2",
        )
        .bind(provider.as_str())
        .bind(id.as_str()),
        (None, Some(iccid)) => sqlx::query(
            "SELECT esim, order_id, base_url, epoch, package, data, stored FROM profiles \
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
        base_url: row.try_get("base_url")?,
        epoch: u32::try_from(row.try_get::<i32, _>("epoch")?)
            .map_err(|_| damaged("its epoch cannot be read"))?,
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
    async fn keep(&self, profile: &KeptProfile) -> Result<Delivery, JournalError> {
        let activation = profile.esim.activation();
        let code = activation.and_then(|activation| self.key.activation_code(activation));
        let mut lent = self.connections.lend().await?;
        let asked = keep(&mut lent, profile, code.as_deref());
        let done = self.connections.timed(asked).await;
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

    async fn duplicates(
        &self,
        provider: &ProviderInstance,
    ) -> Result<Vec<DuplicateDelivery>, JournalError> {
        let mut lent = self.connections.lend().await?;
        let asked = duplicates(&mut lent, provider);
        let done = self.connections.timed(asked).await;
        lent.finish(done)
    }
}
