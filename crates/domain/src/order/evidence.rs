//! What a provider's answers prove about an order, as its events keep it.
//!
//! An event that carries evidence is stored with format 2, so that an earlier release refuses the order
//! instead of misreading it. Rules that came with the evidence act on such events alone: an order that
//! an earlier release wrote is replayed as that release replayed it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Account, Money, Oddity, ProviderOrderId};

/// What the wallet held at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalletReading {
    /// When it was read, on the journal's clock.
    pub at: Timestamp,
    /// What it held.
    pub balance: Money,
}

/// What is known before a purchase call starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacementEvidence {
    /// The account whose credentials send the call.
    pub account: Account,
    /// The wallet before the order's first purchase call that is not known as not sent. Absent where
    /// the provider shows no wallet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<WalletReading>,
}

/// A field of an answer that is compared with what was requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerField {
    /// The reference under which the order was placed.
    Reference,
    /// The packages.
    Packages,
    /// How many eSIMs of each package.
    Quantity,
    /// The ids of the eSIMs.
    Esims,
    /// How many eSIMs there are in all.
    EsimCount,
    /// The card that was topped up.
    Iccid,
    /// What was charged in all.
    Total,
    /// The currency of that.
    Currency,
}

impl AnswerField {
    /// Every field, in the order in which a person checks them.
    pub const ALL: [Self; 8] = [
        Self::Reference,
        Self::Packages,
        Self::Quantity,
        Self::Esims,
        Self::EsimCount,
        Self::Iccid,
        Self::Total,
        Self::Currency,
    ];

    /// What a person calls it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::Packages => "packages",
            Self::Quantity => "quantities",
            Self::Esims => "eSIM ids",
            Self::EsimCount => "number of eSIMs",
            Self::Iccid => "ICCID",
            Self::Total => "total",
            Self::Currency => "currency",
        }
    }
}

/// What comparing an answer with the request showed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerEvidence {
    /// The fields that differ. A field that the answer does not tell is not listed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub different: Vec<AnswerField>,
    /// The id of the order that the answer is about, where that is not ours. Nothing else of such an
    /// answer is stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stranger: Option<ProviderOrderId>,
    /// What the answer has and could not be read. Such a field is compared as one that is not told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<Oddity>,
    /// Why nothing of the answer was used, in words for a person. Absent where it was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// What a lookup that found nothing of ours is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "absence", rename_all = "snake_case")]
pub enum Absence {
    /// The answer has the documented form of an empty list, and no witness speaks against it.
    Proven,
    /// The answer does not say that the call failed, and names no order. Enough while no purchase call
    /// can have reached the provider.
    Weak,
    /// The answer proves nothing.
    Unproven {
        /// Why.
        doubt: Doubt,
    },
}

/// Why an answer without an order of ours proves no absence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// Its status, envelope or list has not the documented form of an empty answer.
    Form,
    /// It lists orders that the filter should have kept out, and the unfiltered list proves nothing.
    Filter,
    /// It may be ours: a reference that looks like ours, or the same goods without a reference.
    Resembles,
    /// The same call does not find an order that the provider is known to have.
    Control,
    /// The wallet is short of the order's price, and no known order explains it.
    Wallet,
    /// It came from a cache.
    Stale,
    /// The list was cut.
    Cut,
}

impl Doubt {
    /// What it says to a person.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Form => "the answer does not have the documented form",
            Self::Filter => {
                "the provider's filter let other orders through, and its list proves nothing"
            }
            Self::Resembles => "the provider has an order that resembles this one",
            Self::Control => "the same lookup does not find an order that the provider has",
            Self::Wallet => "the wallet is short of the price, and no known order explains it",
            Self::Stale => "the answer came from a cache",
            Self::Cut => "the provider's list was cut",
        }
    }

    /// Whether a witness spoke against absence, rather than staying silent: such orders count toward
    /// holding new sends at the account.
    pub const fn speaks_against(self) -> bool {
        matches!(
            self,
            Self::Resembles | Self::Control | Self::Wallet | Self::Filter
        )
    }
}

/// Whether the provider kept orders out that were not asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FilterEvidence {
    /// The answer holds no foreign order.
    Held,
    /// It holds foreign orders; the unfiltered list was read and reaches back far enough.
    ListRead,
    /// It holds foreign orders, and the unfiltered list does not settle the question.
    Ignored,
}

/// Whether the same call finds an order that the provider is known to have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "control", rename_all = "snake_case")]
pub enum ControlEvidence {
    /// The control was not needed: an order of ours was found, or absence was not asked for.
    NotAsked,
    /// No order of the account is known for long enough.
    NoneKnown,
    /// It was found.
    Found {
        /// The provider's id of it.
        #[serde(rename = "control_order")]
        order: ProviderOrderId,
    },
    /// It was not found.
    Missing {
        /// The provider's id of it.
        #[serde(rename = "control_order")]
        order: ProviderOrderId,
    },
}

/// What the wallet says about a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "wallet", rename_all = "snake_case")]
pub enum WalletEvidence {
    /// Nothing: it was not read, was not read before, or cannot tell.
    Silent,
    /// What is gone from it is explained by orders that are known.
    Explained {
        /// What is gone since the baseline, refunds added.
        gone: Money,
    },
    /// At least the order's price is gone that no known order explains, and calls of other orders whose
    /// outcome is not known yet may have taken it.
    Undecided {
        /// What is gone since the baseline, refunds added.
        gone: Money,
    },
    /// At least the order's price is gone that no known order explains.
    Short {
        /// What is gone since the baseline, refunds added.
        gone: Money,
        /// What known orders explain of it.
        explained: Money,
    },
}

/// Why an order whose answer does not name our reference exactly was taken for ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Adoption {
    /// The reference is ours in another spelling, such as lower case.
    Spelling,
    /// It names no reference, is the only order that a filter which holds let through, and is for our
    /// goods.
    OnlyCandidate,
}

/// What is known about a lookup's answer beside the orders that it found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookUpEvidence {
    /// What it is worth where nothing of ours was found.
    #[serde(flatten)]
    pub absence: Absence,
    /// Whether the provider's filter held.
    pub filter: FilterEvidence,
    /// What asking for a known order showed.
    #[serde(flatten)]
    pub control: ControlEvidence,
    /// What the wallet showed.
    #[serde(flatten)]
    pub wallet: WalletEvidence,
    /// Whether the answer came from no cache.
    pub fresh: bool,
    /// Orders whose reference looks like ours and is not ours in another spelling.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub look_alikes: Vec<ProviderOrderId>,
    /// Orders for our goods that name no reference and belong to no stored order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<ProviderOrderId>,
    /// Why the order found was taken for ours, where it does not name our reference exactly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adoption: Option<Adoption>,
    /// The fields of the order found that differ from the request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub different: Vec<AnswerField>,
    /// What the order found has and could not be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<Oddity>,
}

/// On what absence was established.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AbsenceEvidence {
    /// The account at which nothing was found.
    pub account: Account,
}
