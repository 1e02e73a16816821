//! How a profile store writes an eSIM down: one secret text, since it holds the activation data.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Activation, Apn, Esim, EsimReport, Oddity, Plan, PlanState, ProfileState};
use crate::{EsimId, Iccid, ProviderName, Secret};

/// A stored profile that cannot be read back.
#[derive(Debug, thiserror::Error)]
#[error("the stored profile cannot be read: {0}")]
pub struct StoredProfileError(String);

/// The stored form, version 1. A field may be added with a default; none is renamed or removed.
#[derive(Serialize, Deserialize)]
struct StoredEsim {
    provider: ProviderName,
    id: EsimId,
    iccid: Option<Iccid>,
    profile: ProfileState,
    plan: PlanState,
    lpa: Option<String>,
    apn_automatic: bool,
    apn_name: Option<String>,
    apn_username: Option<String>,
    apn_password: Option<String>,
    pin: Option<String>,
    puk: Option<String>,
    msisdn: Option<String>,
    top_up: Option<bool>,
    usage_readable: Option<bool>,
    hotspot: Option<bool>,
    created_at: Option<Timestamp>,
    updated_at: Option<Timestamp>,
    usable_until: Option<Timestamp>,
    #[serde(default)]
    plans: Vec<Plan>,
    notes: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    oddities: Vec<Oddity>,
}

fn exposed(secret: Option<&Secret>) -> Option<String> {
    secret.map(|secret| secret.expose().to_owned())
}

impl Esim {
    /// The text under which a [`ProfileStore`](crate::ProfileStore) keeps it. It holds the
    /// activation code, so it is a secret.
    pub fn to_stored(&self) -> Secret {
        let report = self.report();
        let activation = self.activation();
        let apn = activation
            .map(|activation| activation.apn().clone())
            .unwrap_or_default();
        let stored = StoredEsim {
            provider: report.provider.clone(),
            id: report.id.clone(),
            iccid: report.iccid.clone(),
            profile: report.profile.clone(),
            plan: report.plan.clone(),
            lpa: activation.map(|activation| activation.lpa().expose().to_owned()),
            apn_automatic: apn.automatic,
            apn_name: apn.name,
            apn_username: apn.username,
            apn_password: exposed(apn.password.as_ref()),
            pin: exposed(report.pin.as_ref()),
            puk: exposed(report.puk.as_ref()),
            msisdn: exposed(report.msisdn.as_ref()),
            top_up: report.top_up,
            usage_readable: report.usage_readable,
            hotspot: report.hotspot,
            created_at: report.created_at,
            updated_at: report.updated_at,
            usable_until: report.usable_until,
            plans: report.plans.clone(),
            notes: report.notes.clone(),
            oddities: report.oddities.clone(),
        };
        Secret::new(crate::order::to_json(&stored))
    }

    /// Reads what [`Esim::to_stored`] wrote.
    ///
    /// # Errors
    ///
    /// [`StoredProfileError`] where the text is not such a form; it shows no value of it.
    pub fn from_stored(text: &Secret) -> Result<Self, StoredProfileError> {
        // serde_json may quote a value in its message, so only the place is passed on.
        let stored: StoredEsim = serde_json::from_str(text.expose()).map_err(|error| {
            StoredProfileError(format!("line {} column {}", error.line(), error.column()))
        })?;
        let apn = Apn {
            automatic: stored.apn_automatic,
            name: stored.apn_name,
            username: stored.apn_username,
            password: stored.apn_password.map(Secret::new),
        };
        let activation = match stored.lpa {
            None => None,
            Some(lpa) => Some(
                Activation::parse(&Secret::new(lpa))
                    .map_err(|error| StoredProfileError(error.to_string()))?
                    .with_apn(apn),
            ),
        };
        Ok(Self::from_report(EsimReport {
            provider: stored.provider,
            id: stored.id,
            iccid: stored.iccid,
            profile: stored.profile,
            plan: stored.plan,
            activation: activation.map(Ok),
            pin: stored.pin.map(Secret::new),
            puk: stored.puk.map(Secret::new),
            msisdn: stored.msisdn.map(Secret::new),
            top_up: stored.top_up,
            usage_readable: stored.usage_readable,
            hotspot: stored.hotspot,
            created_at: stored.created_at,
            updated_at: stored.updated_at,
            usable_until: stored.usable_until,
            plans: stored.plans,
            notes: stored.notes,
            oddities: stored.oddities,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PackageId;

    fn esim() -> Esim {
        Esim::from_report(EsimReport {
            provider: ProviderName::parse("roamify").unwrap(),
            id: EsimId::parse("7d0f3b52").unwrap(),
            iccid: Some(Iccid::parse("8988303000001234567").unwrap()),
            profile: ProfileState::Other("QUANTUM".into()),
            plan: PlanState::NotStarted,
            activation: Some(
                Activation::new("smdp.example.com", Secret::new("K2-1A9F3C")).map(|activation| {
                    activation.with_apn(Apn {
                        automatic: false,
                        name: Some("internet.example".into()),
                        username: None,
                        password: Some(Secret::new("hush")),
                    })
                }),
            ),
            pin: Some(Secret::new("0000")),
            puk: Some(Secret::new("12345678")),
            msisdn: None,
            top_up: Some(true),
            usage_readable: None,
            hotspot: Some(false),
            created_at: Some(Timestamp::UNIX_EPOCH),
            updated_at: None,
            usable_until: None,
            plans: vec![Plan {
                package: Some(PackageId::parse("ES_1_7").unwrap()),
                name: "Spain 1 GB 7 days".into(),
                data: None,
                days: Some(7),
                created_at: None,
            }],
            notes: vec!["a remark".into()],
            oddities: vec![Oddity {
                what: "expiry".into(),
                why: "`expiredAt` is not a time".into(),
            }],
        })
    }

    #[test]
    fn a_stored_profile_is_read_back_whole() {
        assert_eq!(Esim::from_stored(&esim().to_stored()).unwrap(), esim());
    }

    #[test]
    fn a_profile_without_oddities_is_stored_as_in_earlier_releases() {
        let report = EsimReport {
            oddities: Vec::new(),
            ..esim().report().clone()
        };
        let stored = Esim::from_report(report).to_stored();
        assert!(!stored.expose().contains("oddities"));
        assert!(
            Esim::from_stored(&stored)
                .unwrap()
                .report()
                .oddities
                .is_empty()
        );
    }

    #[test]
    fn debug_of_an_esim_shows_no_secret() {
        let shown = format!("{:?}", esim());
        for secret in ["1A9F3C", "0000\"", "12345678", "hush"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }

    #[test]
    fn a_damaged_profile_is_an_error_that_shows_no_value() {
        let text = esim()
            .to_stored()
            .expose()
            .replace("\"READY\"", "5")
            .replace("roamify", "K2-1A9F3C!");
        let error = Esim::from_stored(&Secret::new(text))
            .unwrap_err()
            .to_string();
        assert!(!error.contains("1A9F3C"), "{error}");
        assert!(Esim::from_stored(&Secret::new("{")).is_err());
    }
}
