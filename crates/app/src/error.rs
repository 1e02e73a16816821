//! What can go wrong with a use-case, in words for a person.

use jiff::civil::Date;
use roamport_domain::journal::JournalError;
use roamport_domain::order::{ItemNumber, ProviderInstance};
use roamport_domain::package::DayRange;
use roamport_domain::provider::{DeliveryError, ProviderError};
use roamport_domain::{
    EsimId, IdempotencyKey, Money, OrderId, PackageId, ProviderName, ProviderOrderId,
};

use crate::DecisionError;

/// A use-case that could not be carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppError {
    /// The provider refused or could not be reached.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The journal refused or could not be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A check before anything was sent said no. Nothing was bought or given back.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A person's decision about an order cannot be taken down. Nothing was changed.
    #[error(transparent)]
    Decision(#[from] DecisionError),
    /// No country has this code or English name.
    #[error("there is no country `{text}`{}", nearest.as_deref().map(|name| format!("; did you mean {name}?")).unwrap_or_default())]
    UnknownCountry {
        /// What was asked for.
        text: String,
        /// The nearest country, with its code.
        nearest: Option<String>,
    },
    /// No destination has this name or code.
    #[error("{provider} has no destination `{text}`{}", nearest.as_deref().map(|name| format!("; did you mean {name}?")).unwrap_or_default())]
    UnknownDestination {
        /// At which provider.
        provider: ProviderName,
        /// What was asked for.
        text: String,
        /// The nearest destination.
        nearest: Option<String>,
    },
    /// The key already names an order for something else. Nothing was recorded.
    #[error(
        "the key `{key}` already names order {order}, which is for something else; use another key"
    )]
    KeyReused {
        /// The key.
        key: IdempotencyKey,
        /// The order it names.
        order: OrderId,
    },
    /// The order was started with another provider, which alone can carry it on.
    #[error(
        "order {order} was started with {started_with}, and the settings now name {current}; carry it on with the settings it was started with"
    )]
    OtherProvider {
        /// Which order.
        order: OrderId,
        /// The provider it was started with.
        started_with: Box<ProviderInstance>,
        /// The provider of the settings.
        current: Box<ProviderInstance>,
    },
    /// The answer of a purchase call could not be recorded, although it was tried again and again.
    #[error(
        "order {order}: the answer to purchase call {attempt} could not be recorded ({reason}). {answer}. Mend the journal, then carry the order on: it looks before it does anything"
    )]
    AnswerNotRecorded {
        /// Which order.
        order: OrderId,
        /// Which call.
        attempt: u16,
        /// What the provider answered.
        answer: String,
        /// Why it could not be recorded.
        reason: String,
    },
    /// What became of an eSIM that was to be given back could not be recorded, although it was tried
    /// again.
    #[error(
        "order {order}, item {item}: {answer}; that could not be recorded ({reason}). Mend the journal, then ask again: it reads the eSIM first and gives it back no second time"
    )]
    CancellationNotRecorded {
        /// Which order.
        order: OrderId,
        /// Which of its items.
        item: ItemNumber,
        /// What the provider answered.
        answer: String,
        /// Why it could not be recorded.
        reason: String,
    },
    /// Something that came as a provider's event was refused. Nothing was read or changed.
    #[error(transparent)]
    Delivery(#[from] DeliveryError),
    /// A task of ours ended in a panic. The journal says how far it came.
    #[error(
        "the work on an order was broken off by a fault of this program: {0}; carry the order on to see how far it came"
    )]
    Broken(String),
}

impl AppError {
    /// The name of what failed, for a program that reads the error: `unknown_order`, or the kind of the provider's
    /// error.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Provider(error) => error.kind().as_str(),
            Self::Journal(JournalError::NotFound(_)) => "unknown_order",
            Self::Journal(_) => "journal",
            Self::Refused(refusal) => refusal.kind(),
            Self::Decision(error) => error.kind(),
            Self::UnknownCountry { .. } => "unknown_country",
            Self::UnknownDestination { .. } => "unknown_destination",
            Self::KeyReused { .. } => "key_reused",
            Self::OtherProvider { .. } => "other_provider",
            Self::AnswerNotRecorded { .. } => "answer_not_recorded",
            Self::CancellationNotRecorded { .. } => "cancellation_not_recorded",
            Self::Delivery(_) | Self::Broken(_) => "internal",
        }
    }

    /// Whether a charge is possible; `None` if the error is not about a purchase, or does not tell.
    pub const fn money_may_have_moved(&self) -> Option<bool> {
        match self {
            Self::Refused(_) => Some(false),
            Self::AnswerNotRecorded { .. } | Self::Decision(DecisionError::StillThere { .. }) => {
                Some(true)
            }
            _ => None,
        }
    }
}

/// Why nothing was bought, or given back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The provider sells no such package.
    #[error(
        "{provider} sells no package `{package}`; list what there is and take an id from there"
    )]
    UnknownPackage {
        /// Which.
        package: PackageId,
        /// At which provider.
        provider: ProviderName,
    },
    /// The package is sold by the day and the days do not fit, or it is not and days were named.
    #[error("package `{package}` {}", days_text(*.sold, *.asked))]
    Days {
        /// Which.
        package: PackageId,
        /// For how many days it is sold; `None` where it is sold as it stands.
        sold: Option<DayRange>,
        /// The days that were named.
        asked: Option<u16>,
    },
    /// The package cannot top up this eSIM.
    #[error(
        "package `{package}` cannot top up eSIM {esim}; list its compatible top-ups and take an id from there"
    )]
    IncompatiblePackage {
        /// Which.
        package: PackageId,
        /// For which eSIM.
        esim: EsimId,
    },
    /// The package needs the day the journey starts.
    #[error("package `{package}` needs the date of travel; give the day the journey starts")]
    TravelDateMissing {
        /// Which.
        package: PackageId,
    },
    /// The day the journey starts is over everywhere on earth.
    #[error("the date of travel, {date}, is past; give the day the journey starts")]
    TravelDatePast {
        /// The day that was given.
        date: Date,
    },
    /// It costs more than was allowed.
    #[error("it costs {total}, which is above the maximum of {maximum}; nothing was bought")]
    AboveMaximum {
        /// What it costs.
        total: Money,
        /// What was allowed.
        maximum: Money,
    },
    /// The wallet is too small.
    #[error(
        "it costs {total} and the wallet at {provider} holds {balance}: {missing} is missing; add funds, then try again"
    )]
    WalletShort {
        /// At which provider.
        provider: ProviderName,
        /// What it costs.
        total: Money,
        /// What is there.
        balance: Money,
        /// What is missing.
        missing: Money,
    },
    /// More eSIMs or lines than the provider takes in one order.
    #[error(
        "{asked} {what} in one order is above the limit of {limit} at {provider}; order fewer at once"
    )]
    AboveLimit {
        /// eSIMs or lines.
        what: &'static str,
        /// How many were asked for.
        asked: u64,
        /// How many it takes.
        limit: u64,
        /// At which provider.
        provider: ProviderName,
    },
    /// The provider takes no eSIM back by a call.
    #[error(
        "{provider} takes no eSIM back by a call, so nothing was sent; ask {provider} for a refund{} of eSIM {esim}, before anybody installs it",
        provider_order.as_ref().map(|order| format!(" under its order {order}")).unwrap_or_default()
    )]
    CannotCancel {
        /// At which provider.
        provider: ProviderName,
        /// Which eSIM.
        esim: EsimId,
        /// The provider's order that bought it.
        provider_order: Option<ProviderOrderId>,
    },
    /// The order has no such item.
    #[error(
        "order {order} has {items} eSIMs, and none at place {item} (counted from 0); nothing was sent"
    )]
    NoSuchItem {
        /// Which order.
        order: OrderId,
        /// Which item was named.
        item: ItemNumber,
        /// How many it has.
        items: usize,
    },
    /// The eSIM was given back before.
    #[error("eSIM {esim} was given back already; nothing was sent")]
    AlreadyGivenBack {
        /// Which.
        esim: EsimId,
    },
    /// The eSIM can no longer be given back.
    #[error(
        "eSIM {esim} can no longer be given back: {why}; nothing was sent. Whether {provider} refunds it all the same is a question for {provider}"
    )]
    TooLateToCancel {
        /// Which.
        esim: EsimId,
        /// Why.
        why: &'static str,
        /// At which provider.
        provider: ProviderName,
    },
    /// No order in this journal bought the eSIM.
    #[error("no order here bought eSIM {esim}; only what was bought here can be given back here")]
    NotBoughtHere {
        /// As it was named.
        esim: String,
    },
    /// The order has no line.
    #[error("an order needs at least one package")]
    Empty,
    /// Prices, wallet and maximum are not in one currency.
    #[error("price, wallet and maximum are not in one currency: {0}")]
    Currencies(String),
}

impl Refusal {
    /// The name of the reason, for a program.
    const fn kind(&self) -> &'static str {
        match self {
            Self::UnknownPackage { .. } => "unknown_package",
            Self::IncompatiblePackage { .. } => "incompatible_package",
            Self::TravelDateMissing { .. } => "travel_date_missing",
            Self::AboveMaximum { .. } => "above_maximum",
            Self::WalletShort { .. } => "wallet_short",
            Self::Days { .. } => "days",
            Self::CannotCancel { .. } => "cannot_cancel",
            Self::AlreadyGivenBack { .. } => "given_back",
            Self::TooLateToCancel { .. } => "too_late_to_cancel",
            Self::NotBoughtHere { .. } => "not_bought_here",
            Self::AboveLimit { .. } => "above_limit",
            _ => "refused",
        }
    }
}

fn days_text(sold: Option<DayRange>, asked: Option<u16>) -> String {
    match (sold, asked) {
        (None, _) => "is sold as it stands; leave the number of days out".to_owned(),
        (Some(DayRange { least, most }), None) => {
            format!("is sold by the day; say for how many days, {least} to {most}")
        }
        (Some(DayRange { least, most }), Some(asked)) => {
            format!("is sold for {least} to {most} days, not for {asked}")
        }
    }
}
