//! Keeping and erasing profiles.

use async_trait::async_trait;
use roamport_domain::journal::KeptProfile;
use roamport_domain::{EsimId, ProviderName};

use crate::error::Failure;
use crate::writer::{Change, Writing};
use crate::{moment, rows};

/// Keeps a profile, in the place of an older one of the same eSIM.
pub(crate) struct Keep(pub(crate) KeptProfile);

#[async_trait]
impl Change for Keep {
    type Answer = ();

    async fn make(&self, writing: &mut Writing<'_>) -> Result<(), Failure> {
        let Self(profile) = self;
        let kept = sqlx::query(
            "INSERT INTO profiles (provider, esim, iccid, order_id, package, data, stored, kept_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET iccid = excluded.iccid, \
             order_id = excluded.order_id, package = excluded.package, data = excluded.data, \
             stored = excluded.stored, kept_at = excluded.kept_at",
        )
        .bind(profile.esim.provider().as_str())
        .bind(profile.esim.id().as_str())
        .bind(profile.esim.iccid().map(roamport_domain::Iccid::as_str))
        .bind(profile.order.to_string())
        .bind(profile.package.as_str())
        .bind(rows::to_json(&profile.data))
        .bind(profile.esim.to_stored().expose())
        .bind(moment::to_text(writing.now()))
        .execute(writing.connection())
        .await?;
        writing.wrote(kept.rows_affected());
        Ok(())
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
