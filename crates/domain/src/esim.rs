//! A bought eSIM: its profile, its plan and how a traveller installs it.

mod activation;
mod stored;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::activation::{Activation, ActivationError, Apn};
pub use self::stored::StoredProfileError;
use crate::{DataSize, EsimId, Iccid, PackageId, ProviderName, Secret};

/// How far the profile is. What the plan on it does is another fact: [`PlanState`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ProfileState {
    /// Bought; as far as the provider says, nothing has been generated yet.
    Unprovisioned,
    /// The provider is generating it.
    Generating,
    /// It can be downloaded.
    Ready,
    /// A device has fetched it; it is not installed yet, and no other device can fetch it.
    Downloaded,
    /// It is on a device.
    Installed,
    /// It is on a device and switched on (SGP.22: enabled).
    Enabled,
    /// It is on a device and switched off (SGP.22: disabled).
    Disabled,
    /// It was deleted from the device.
    Deleted,
    /// The provider took it back.
    Revoked,
    /// It can no longer be used.
    Expired,
    /// The provider could not generate it.
    Failed,
    /// A state this release has no word for; the provider's text.
    Other(String),
}

/// How far the plan is that lies on the profile.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PlanState {
    /// Its days have not begun.
    NotStarted,
    /// Its days run.
    Active,
    /// All data is used.
    UsedUp,
    /// Its days are over.
    Expired,
    /// It is interrupted, and can go on.
    Suspended,
    /// It was given back before it was used.
    Cancelled,
    /// It was ended for good.
    Revoked,
    /// The provider does not say.
    Unknown,
    /// A state this release has no word for; the provider's text.
    Other(String),
}

/// One plan that was bought for an eSIM: the first one, or a top-up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Its package, where the provider names it.
    pub package: Option<PackageId>,
    /// Its display name.
    pub name: String,
    /// Its data, where the provider says how much.
    pub data: Option<DataSize>,
    /// Its days, where the provider says how many.
    pub days: Option<u16>,
    /// When it was bought.
    pub created_at: Option<Timestamp>,
}

/// What a provider reported about an eSIM, word by word. The only thing an [`Esim`] is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EsimReport {
    /// Who reported it.
    pub provider: ProviderName,
    /// The provider's name for it, for life.
    pub id: EsimId,
    /// The card number; absent before provisioning, and when the provider's text is malformed.
    pub iccid: Option<Iccid>,
    /// How far the profile is.
    pub profile: ProfileState,
    /// How far the plan is.
    pub plan: PlanState,
    /// How to install it, once that is known.
    pub activation: Option<Activation>,
    /// Personal identification number of the card.
    pub pin: Option<Secret>,
    /// PIN unblocking key of the card.
    pub puk: Option<Secret>,
    /// The phone number (MSISDN), where it has one. Personal data: not shown by `Debug`.
    pub msisdn: Option<Secret>,
    /// Whether a top-up can be bought for it; `None` where the provider does not say.
    pub top_up: Option<bool>,
    /// Whether its usage can be read; `None` where the provider does not say.
    pub usage_readable: Option<bool>,
    /// Whether its data can be shared over a hotspot; `None` where the provider does not say.
    pub hotspot: Option<bool>,
    /// When the order made it.
    pub created_at: Option<Timestamp>,
    /// When the provider last changed it.
    pub updated_at: Option<Timestamp>,
    /// The current end of its usability: before installation the use-by date of the profile, later
    /// the end of the plan.
    pub usable_until: Option<Timestamp>,
    /// The plans on it, where the provider lists them; empty where it does not.
    pub plans: Vec<Plan>,
    /// Remarks for the traveller.
    pub notes: Vec<String>,
}

/// An eSIM that a provider has vouched for.
///
/// It is made from an [`EsimReport`] alone. `Debug` shows neither the activation code nor PIN, PUK
/// and phone number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Esim {
    report: EsimReport,
}

impl Esim {
    /// The eSIM a provider reported.
    pub const fn from_report(report: EsimReport) -> Self {
        Self { report }
    }

    /// Everything the provider reported.
    pub const fn report(&self) -> &EsimReport {
        &self.report
    }

    /// Who sells it.
    pub const fn provider(&self) -> &ProviderName {
        &self.report.provider
    }

    /// The provider's name for it.
    pub const fn id(&self) -> &EsimId {
        &self.report.id
    }

    /// The card number, once there is one.
    pub const fn iccid(&self) -> Option<&Iccid> {
        self.report.iccid.as_ref()
    }

    /// How far the profile is.
    pub const fn profile(&self) -> &ProfileState {
        &self.report.profile
    }

    /// How far the plan is.
    pub const fn plan(&self) -> &PlanState {
        &self.report.plan
    }

    /// How to install it, once that is known.
    pub const fn activation(&self) -> Option<&Activation> {
        self.report.activation.as_ref()
    }

    /// Whether a traveller can install it or already has: there is an activation, and the provider
    /// has neither failed to make the profile nor taken it back.
    pub const fn is_ready(&self) -> bool {
        self.report.activation.is_some()
            && !matches!(
                self.report.profile,
                ProfileState::Unprovisioned
                    | ProfileState::Generating
                    | ProfileState::Failed
                    | ProfileState::Revoked
            )
    }
}
