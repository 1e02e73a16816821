//! Keeping and erasing profiles.

use async_trait::async_trait;
use roamport_domain::journal::{Delivery, KeptProfile};
use roamport_domain::{EsimId, Iccid, OrderId, ProviderName};
use sqlx::Row as _;

use crate::error::Failure;
use crate::script::Script;
use crate::writer::{Change, Writing};
use crate::{moment, rows};

/// Keeps a profile, in the place of an older one of the same eSIM, and its delivery.
pub(crate) struct Keep {
    pub(crate) profile: KeptProfile,
    /// The digest of its activation code, where it has one.
    pub(crate) code: Option<String>,
}

#[async_trait]
impl Change for Keep {
    type Answer = Delivery;

    async fn make(&self, writing: &mut Writing<'_>) -> Result<Delivery, Failure> {
        if let Some(other) = self.delivered_before(writing).await? {
            return Ok(Delivery::DeliveredBefore(other));
        }
        self.script(moment::to_text(writing.now()))
            .run(writing)
            .await?;
        Ok(Delivery::Kept)
    }
}

impl Keep {
    /// The order that has the eSIM, or that has the code with another eSIM.
    async fn delivered_before(
        &self,
        writing: &mut Writing<'_>,
    ) -> Result<Option<OrderId>, Failure> {
        let profile = &self.profile;
        let had = sqlx::query(
            "SELECT order_id AS id, esim FROM deliveries \
             WHERE provider = ?1 AND base_url = ?2 AND esim = ?3 AND epoch = ?4 \
                 AND duplicate_of IS NULL \
             UNION ALL SELECT order_id AS id, esim FROM delivered_codes \
             WHERE provider = ?1 AND base_url = ?2 AND digest = ?5 AND duplicate_of IS NULL",
        )
        .bind(profile.esim.provider().as_str())
        .bind(profile.base_url.as_str())
        .bind(profile.esim.id().as_str())
        .bind(profile.epoch)
        .bind(self.code.as_deref())
        .fetch_all(writing.connection())
        .await?;
        for row in &had {
            let (order, esim): (OrderId, &str) = (rows::decode_id(row)?, row.try_get("esim")?);
            if order != profile.order || esim != profile.esim.id().as_str() {
                return Ok(Some(order));
            }
        }
        Ok(None)
    }

    fn script(&self, kept_at: String) -> Script {
        let Self { profile, code } = self;
        let mut script = Script::default();
        script.statement(
            "INSERT INTO deliveries (provider, base_url, esim, epoch, order_id) \
             VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        );
        script
            .bind(profile.esim.provider().as_str())
            .bind(profile.base_url.as_str())
            .bind(profile.esim.id().as_str())
            .bind(profile.epoch)
            .bind(profile.order.to_string());
        if let Some(code) = code {
            script.statement(
                "INSERT INTO delivered_codes (provider, base_url, digest, esim, order_id) \
                 VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            );
            script
                .bind(profile.esim.provider().as_str())
                .bind(profile.base_url.as_str())
                .bind(code.as_str())
                .bind(profile.esim.id().as_str())
                .bind(profile.order.to_string());
        }
        script.statement(
            "INSERT INTO profiles (provider, esim, iccid, order_id, base_url, epoch, package, data, \
             stored, kept_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
             ON CONFLICT DO UPDATE SET iccid = excluded.iccid, order_id = excluded.order_id, \
             base_url = excluded.base_url, epoch = excluded.epoch, package = excluded.package, \
             data = excluded.data, stored = excluded.stored, kept_at = excluded.kept_at",
        );
        script
            .bind(profile.esim.provider().as_str())
            .bind(profile.esim.id().as_str())
            .bind(profile.esim.iccid().map(Iccid::as_str))
            .bind(profile.order.to_string())
            .bind(profile.base_url.as_str())
            .bind(profile.epoch)
            .bind(profile.package.as_str())
            .bind(rows::to_json(&profile.data))
            .bind(profile.esim.to_stored().expose())
            .bind(kept_at);
        script
    }
}

/// Erases what is kept of an eSIM.
pub(crate) struct Erase {
    pub(crate) provider: ProviderName,
    pub(crate) esim: EsimId,
}

#[async_trait]
impl Change for Erase {
    type Answer = ();

    async fn make(&self, writing: &mut Writing<'_>) -> Result<(), Failure> {
        let erased = sqlx::query("DELETE FROM profiles WHERE provider = ? AND esim = ?")
            .bind(self.provider.as_str())
            .bind(self.esim.as_str())
            .execute(writing.connection())
            .await?;
        writing.wrote(erased.rows_affected());
        Ok(())
    }
}
