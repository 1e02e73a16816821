//! A bought eSIM: its profile, its plan and how a traveller installs it.

mod activation;
mod stored;

use std::fmt;

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
    /// The card number; absent before provisioning. One in an unknown form is kept as the provider sent it
    /// ([`Iccid::is_well_formed`]).
    pub iccid: Option<Iccid>,
    /// How far the profile is.
    pub profile: ProfileState,
    /// How far the plan is.
    pub plan: PlanState,
    /// How to install it, once the provider sends something, or why what it sent is no activation code.
    pub activation: Option<Result<Activation, ActivationError>>,
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
    /// The values that were sent and could not be read. Each stands as absent above.
    pub oddities: Vec<Oddity>,
}

impl EsimReport {
    /// A report of an eSIM's names and states, and nothing else.
    pub const fn new(
        provider: ProviderName,
        id: EsimId,
        profile: ProfileState,
        plan: PlanState,
    ) -> Self {
        Self {
            provider,
            id,
            iccid: None,
            profile,
            plan,
            activation: None,
            pin: None,
            puk: None,
            msisdn: None,
            top_up: None,
            usage_readable: None,
            hotspot: None,
            created_at: None,
            updated_at: None,
            usable_until: None,
            plans: Vec::new(),
            notes: Vec::new(),
            oddities: Vec::new(),
        }
    }
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
        match &self.report.activation {
            Some(Ok(activation)) => Some(activation),
            Some(Err(_)) | None => None,
        }
    }

    /// Why the activation code that the provider sent is none; `None` if it is one, or none was sent.
    pub const fn activation_error(&self) -> Option<ActivationError> {
        match &self.report.activation {
            Some(Err(error)) => Some(*error),
            Some(Ok(_)) | None => None,
        }
    }

    /// Whether the provider has not made the profile yet.
    pub const fn is_pending(&self) -> bool {
        matches!(
            self.report.profile,
            ProfileState::Unprovisioned | ProfileState::Generating
        )
    }

    /// Why it cannot be handed to a traveler, and waiting will not change that.
    pub const fn undeliverable(&self) -> Option<Undeliverable> {
        match (&self.report.profile, &self.report.plan) {
            (ProfileState::Failed, _) => Some(Undeliverable::Failed),
            (_, PlanState::Cancelled) => Some(Undeliverable::Canceled),
            (ProfileState::Revoked, _) | (_, PlanState::Revoked) => Some(Undeliverable::Revoked),
            (ProfileState::Deleted, _) => Some(Undeliverable::Deleted),
            (ProfileState::Expired, _) | (_, PlanState::Expired) => Some(Undeliverable::Expired),
            (_, PlanState::Suspended) => Some(Undeliverable::Suspended),
            _ => match &self.report.activation {
                Some(Err(error)) if !self.is_pending() => {
                    Some(Undeliverable::ActivationCode(*error))
                }
                _ => None,
            },
        }
    }

    /// Whether a traveler can install it or already has: there is an activation, and the provider
    /// reports no state in which it is of no use.
    pub const fn is_ready(&self) -> bool {
        self.activation().is_some() && !self.is_pending() && self.undeliverable().is_none()
    }
}

/// Why an eSIM cannot be handed to a traveler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Undeliverable {
    /// The provider could not generate the profile.
    #[error("the provider could not generate the profile")]
    Failed,
    /// It was given back.
    #[error("the eSIM was canceled")]
    Canceled,
    /// It was taken back.
    #[error("the provider took the eSIM back")]
    Revoked,
    /// Its profile was deleted from a device.
    #[error("the profile was deleted from its device")]
    Deleted,
    /// It is over.
    #[error("the eSIM has expired")]
    Expired,
    /// It is interrupted.
    #[error("the provider suspended the eSIM")]
    Suspended,
    /// What the provider sent as its activation code is none.
    #[error("the provider sent an activation code that cannot be used: {0}")]
    ActivationCode(ActivationError),
}

/// A value that a provider sent and that could not be read: what stands in its place is unknown, not absent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Oddity {
    /// Which value, for a person: `expiry`.
    pub what: String,
    /// What is wrong with it, with the provider's name of the field and without the value itself.
    pub why: String,
}

impl fmt::Display for Oddity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.what, self.why)
    }
}
