//! What the simulated provider remembers of an order and of an eSIM.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::ledger::ChargeKind;

/// A profile nobody installed can be used up to a year after it was made, as the provider's samples show.
const USE_BY: SignedDuration = SignedDuration::from_hours(365 * 24);

/// An order as the provider keeps it. Amounts are US dollars.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRecord {
    /// The provider's id: a UUID.
    pub id: String,
    /// The caller's reference, where one was given.
    pub reference: Option<String>,
    /// New eSIMs, or more data for one.
    pub kind: ChargeKind,
    /// What was charged.
    #[serde(with = "rust_decimal::serde::str")]
    pub total: Decimal,
    /// One entry for each eSIM or top-up.
    pub items: Vec<ItemRecord>,
    /// When it was charged.
    pub created_at: Timestamp,
    /// Look-ups find it from this moment on.
    pub visible_from: Timestamp,
    /// A state it has first, and until when.
    pub first_state: Option<(String, Timestamp)>,
    /// Its number in the second dialect; of an order from before that dialect, none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// What tells a repeat of its request from another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
}

impl OrderRecord {
    /// The state at this moment, such as `COMPLETED`.
    pub fn state(&self, now: Timestamp) -> &str {
        match &self.first_state {
            Some((state, until)) if now < *until => state,
            _ => "COMPLETED",
        }
    }

    /// Its number in the second dialect.
    pub fn number(&self) -> &str {
        self.number.as_deref().unwrap_or(&self.id)
    }
}

/// One entry of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemRecord {
    /// The eSIM; of a top-up, an id that is *not* the eSIM's.
    pub esim_id: String,
    /// The package.
    pub package_id: String,
    /// Its display name.
    pub package: String,
    /// What was charged for it.
    #[serde(with = "rust_decimal::serde::str")]
    pub price: Decimal,
    /// When.
    pub created_at: Timestamp,
}

/// What one package adds to an eSIM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowance {
    /// The entry of the order that brought it.
    pub item: ItemRecord,
    /// Validity in days.
    pub days: u16,
    /// Megabytes of 1024 KB, or none where the data is unlimited.
    pub megabytes: Option<u64>,
    /// Text messages.
    pub sms: u64,
    /// Minutes of calls.
    pub minutes: u64,
    /// The number of the transaction in the second dialect; the eSIM's own for its first package.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction: Option<String>,
    /// The reference it was bought under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// The downloadable part of an eSIM.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The number of the card: 19 digits, the last one by Luhn (ITU-T E.118).
    pub iccid: String,
    /// The activation code. It begins with `SANDBOX-` and installs nothing.
    pub activation_code: String,
    /// When it was asked for.
    pub applied_at: Timestamp,
    /// When it is there.
    pub ready_at: Timestamp,
    /// The travel date that was given.
    pub start_date: Option<String>,
}

impl std::fmt::Debug for Profile {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Profile")
            .field("iccid", &self.iccid)
            .field("applied_at", &self.applied_at)
            .field("ready_at", &self.ready_at)
            .finish_non_exhaustive()
    }
}

/// Data used on one day in one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageDay {
    /// The day, in UTC.
    pub date: Date,
    /// Kilobytes.
    pub kilobytes: u64,
    /// The name of the country.
    pub location: String,
}

/// An eSIM as the provider keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EsimRecord {
    /// The provider's id: a UUID.
    pub id: String,
    /// Its number among everything this world ever gave an id to.
    pub number: u64,
    /// The order it came with.
    pub order_id: String,
    /// That order's reference.
    pub reference: Option<String>,
    /// The package it was bought with, then its top-ups.
    pub allowances: Vec<Allowance>,
    /// Where it is used first: the name of a country.
    pub location: String,
    /// The facts of the package it was bought with.
    pub top_up: bool,
    /// Whether tethering is allowed.
    pub hotspot: bool,
    /// Whether usage can be asked for.
    pub usage_check: bool,
    /// Whether a start date has to be given for the profile.
    pub travel_date: bool,
    /// The package's notes.
    pub notes: Vec<String>,
    /// When it was bought.
    pub created_at: Timestamp,
    /// The profile, once asked for.
    pub profile: Option<Profile>,
    /// When it was installed on a device.
    pub installed_at: Option<Timestamp>,
    /// When it was first used: its validity starts here.
    pub activated_at: Option<Timestamp>,
    /// When it was made to expire by hand.
    pub ended_at: Option<Timestamp>,
    /// What was used.
    pub used: Vec<UsageDay>,
    /// Its number in the second dialect; of an eSIM from before that dialect, none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction: Option<String>,
    /// When it was given back for its money.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_at: Option<Timestamp>,
    /// Since when it is interrupted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspended_at: Option<Timestamp>,
    /// When it was ended for good without its money.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
    /// When its profile was deleted from the device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// Whether the profile is switched off on the device.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub switched_off: bool,
    /// How many messages were sent to the device.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub messages: u64,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// How far an eSIM has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EsimState {
    /// Bought; there is no profile yet.
    New,
    /// The profile can be downloaded.
    Ready,
    /// It is on a device.
    Installed,
    /// Its time is over.
    Expired,
    /// It was given back for its money.
    Cancelled,
    /// It was ended for good.
    Revoked,
}

impl EsimState {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "NEW",
            Self::Ready => "READY",
            Self::Installed => "INSTALLED",
            Self::Expired => "EXPIRED",
            // The first dialect has one word for both.
            Self::Cancelled | Self::Revoked => "REVOKED",
        }
    }
}

impl EsimRecord {
    /// How far it has come at this moment.
    pub fn state(&self, now: Timestamp) -> EsimState {
        if self.cancelled_at.is_some() {
            EsimState::Cancelled
        } else if self.revoked_at.is_some() {
            EsimState::Revoked
        } else if self.expires_at().is_some_and(|end| end <= now) {
            EsimState::Expired
        } else if self.installed_at.is_some() {
            EsimState::Installed
        } else if self.ready_profile(now).is_some() {
            EsimState::Ready
        } else {
            EsimState::New
        }
    }

    /// The profile, where it is there already.
    pub fn ready_profile(&self, now: Timestamp) -> Option<&Profile> {
        self.profile
            .as_ref()
            .filter(|profile| profile.ready_at <= now)
    }

    /// When it ends: its validity after the first use, a year after the profile was made without one.
    pub fn expires_at(&self) -> Option<Timestamp> {
        if self.ended_at.is_some() {
            return self.ended_at;
        }
        if let Some(start) = self.activated_at {
            let days: i64 = self
                .allowances
                .iter()
                .map(|allowance| i64::from(allowance.days))
                .sum();
            return start
                .checked_add(SignedDuration::from_hours(24 * days))
                .ok();
        }
        self.profile.as_ref()?.applied_at.checked_add(USE_BY).ok()
    }

    /// Its number in the second dialect.
    pub fn transaction(&self) -> &str {
        self.transaction.as_deref().unwrap_or(&self.id)
    }

    /// Whether it is over for good: expired, given back or ended.
    pub fn is_over(&self, now: Timestamp) -> bool {
        matches!(
            self.state(now),
            EsimState::Expired | EsimState::Cancelled | EsimState::Revoked
        )
    }

    /// Whether all data that was ever bought for it is used.
    pub fn is_used_up(&self) -> bool {
        self.allowed_kilobytes()
            .is_some_and(|allowed| allowed <= self.used_kilobytes())
    }

    /// Whether any of its packages has no limit.
    pub fn is_unlimited(&self) -> bool {
        self.allowances
            .iter()
            .any(|allowance| allowance.megabytes.is_none())
    }

    /// All data ever bought for it, in kilobytes; none where it is unlimited.
    pub fn allowed_kilobytes(&self) -> Option<u64> {
        self.allowances
            .iter()
            .map(|allowance| Some(allowance.megabytes? * 1024))
            .sum()
    }

    /// All data used, in kilobytes.
    pub fn used_kilobytes(&self) -> u64 {
        self.used.iter().map(|day| day.kilobytes).sum()
    }
}
