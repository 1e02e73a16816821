//! The profile store: what a traveller installs, kept apart from events and erasable.

use async_trait::async_trait;
use roamport_domain::journal::{
    Delivery, DuplicateDelivery, Duplicated, JournalError, KeptProfile,
};
use roamport_domain::order::ProviderInstance;
use roamport_domain::provider::EsimKey;
use roamport_domain::{Esim, EsimId, PackageId, ProfileStore, ProviderName, Secret};
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use crate::changes::profiles::{Erase, Keep};
use crate::error::Failure;
use crate::{SqliteJournal, rows};

impl SqliteJournal {
    async fn profile(
        &self,
        provider: &ProviderName,
        key: &EsimKey,
    ) -> Result<Option<KeptProfile>, Failure> {
        // An ICCID can be borne by several eSIMs over time: the one that was seen with it last.
        let query = match (key.id(), key.iccid()) {
            (Some(id), _) => sqlx::query(
                "SELECT esim, order_id, base_url, epoch, package, data, stored FROM profiles \
                 WHERE provider = ? AND esim = ?",
            )
            .bind(provider.as_str())
            .bind(id.as_str()),
            (None, Some(iccid)) => sqlx::query(
                "SELECT esim, order_id, base_url, epoch, package, data, stored FROM profiles \
                 WHERE provider = ? AND iccid = ? ORDER BY kept_at DESC LIMIT 1",
            )
            .bind(provider.as_str())
            .bind(iccid.as_str()),
            (None, None) => return Ok(None),
        };
        let mut reader = self.readers.lend().await?;
        let row = query.fetch_optional(&mut *reader).await?;
        let profile = row.as_ref().map(decode).transpose()?;
        reader.give_back();
        Ok(profile)
    }

    /// Moves the write-ahead log into the file and empties it, so that what was erased is not left
    /// in the log. Best effort: a later checkpoint does it otherwise.
    async fn empty_log(&self) -> Result<(), Failure> {
        let mut reader = self.readers.lend().await?;
        let row = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
            .fetch_one(&mut *reader)
            .await?;
        let is_busy: i64 = row.try_get(0)?;
        if is_busy != 0 {
            tracing::info!(path = %self.path().display(), "erased data stays in the log for now");
        }
        reader.give_back();
        Ok(())
    }
}

async fn duplicates(
    connection: &mut SqliteConnection,
    provider: &ProviderInstance,
) -> Result<Vec<DuplicateDelivery>, Failure> {
    let rows = sqlx::query(
        "SELECT 0 AS is_code, esim, order_id AS id, duplicate_of FROM deliveries \
         WHERE duplicate_of IS NOT NULL AND +provider = ?1 AND +base_url = ?2 \
         UNION ALL SELECT 1 AS is_code, esim, order_id AS id, duplicate_of FROM delivered_codes \
         WHERE duplicate_of IS NOT NULL AND +provider = ?1 AND +base_url = ?2",
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

fn decode_duplicate(row: &SqliteRow) -> Result<DuplicateDelivery, Failure> {
    let order = rows::decode_id(row)?;
    let unreadable = |_| rows::damaged(order, "one of its deliveries cannot be read");
    let (esim, duplicate_of): (&str, &str) = (row.try_get("esim")?, row.try_get("duplicate_of")?);
    Ok(DuplicateDelivery {
        what: if row.try_get("is_code")? {
            Duplicated::ActivationCode
        } else {
            Duplicated::Esim
        },
        esim: EsimId::parse(esim).map_err(unreadable)?,
        order,
        duplicate_of: duplicate_of
            .parse()
            .map_err(|_| rows::damaged(order, "one of its deliveries cannot be read"))?,
    })
}

fn decode(row: &SqliteRow) -> Result<KeptProfile, Failure> {
    let esim: String = row.try_get("esim")?;
    let damaged = |what: &str| {
        Failure::Refused(JournalError::Corrupt {
            message: format!(
                "the profile of eSIM {esim} is damaged ({what}); nothing was written: read the \
                 eSIM from the provider again, which keeps it anew"
            ),
        })
    };
    let order: &str = row.try_get("order_id")?;
    let package: &str = row.try_get("package")?;
    let data: &str = row.try_get("data")?;
    let stored: String = row.try_get("stored")?;
    Ok(KeptProfile {
        esim: Esim::from_stored(&Secret::new(stored))
            .map_err(|error| damaged(&error.to_string()))?,
        order: order
            .parse()
            .map_err(|_| damaged("its order's id cannot be read"))?,
        base_url: row.try_get("base_url")?,
        epoch: row.try_get("epoch")?,
        package: PackageId::parse(package).map_err(|_| damaged("its package cannot be read"))?,
        data: serde_json::from_str(data).map_err(|_| damaged("its data cannot be read"))?,
    })
}

#[async_trait]
impl ProfileStore for SqliteJournal {
    async fn keep(&self, profile: &KeptProfile) -> Result<Delivery, JournalError> {
        let activation = profile.esim.activation();
        self.writer
            .make(Keep {
                profile: profile.clone(),
                code: activation.and_then(|activation| self.key.activation_code(activation)),
            })
            .await
    }

    async fn find_profile(
        &self,
        provider: &ProviderName,
        key: &EsimKey,
    ) -> Result<Option<KeptProfile>, JournalError> {
        self.profile(provider, key)
            .await
            .map_err(|failure| self.readers.explain(failure))
    }

    async fn erase(&self, provider: &ProviderName, esim: &EsimId) -> Result<(), JournalError> {
        let erase = Erase {
            provider: provider.clone(),
            esim: esim.clone(),
        };
        self.writer.make(erase).await?;
        if let Err(failure) = self.empty_log().await {
            let error = self.readers.explain(failure);
            tracing::info!(%error, "erased data stays in the log for now");
        }
        Ok(())
    }

    async fn duplicates(
        &self,
        provider: &ProviderInstance,
    ) -> Result<Vec<DuplicateDelivery>, JournalError> {
        let mut reader = self.readers.lend().await?;
        let read = duplicates(&mut reader, provider).await;
        reader.finish(read)
    }
}
