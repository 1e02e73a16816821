//! Why the simulated world says no.

use rust_decimal::Decimal;

use crate::catalogue::CatalogueSize;
use crate::state::StateError;

/// A call the provider understood and refused. No money moved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nobody sells this package.
    #[error("package `{0}` does not exist")]
    UnknownPackage(String),
    /// The order has no line, or a line without a quantity.
    #[error("an order needs at least one eSIM")]
    NothingOrdered,
    /// More eSIMs than one order may have.
    #[error("an order may have at most {0} eSIMs")]
    TooMany(u64),
    /// The wallet is too small.
    #[error("Insufficient partner balance")]
    InsufficientBalance {
        /// How much is missing, in US dollars.
        missing: Decimal,
    },
    /// There is an order under this reference.
    #[error("referenceId already exists")]
    DuplicateReference,
    /// There is no such eSIM.
    #[error("eSIM not found")]
    UnknownEsim,
    /// There is no such order.
    #[error("Order not found")]
    UnknownOrder,
    /// The eSIM cannot be topped up.
    #[error("top-up is not supported for this eSIM")]
    TopUpUnsupported,
    /// The package does not fit the eSIM.
    #[error("package is not compatible with this eSIM")]
    Incompatible,
    /// The eSIM has no profile yet.
    #[error("eSIM has no profile yet: apply first")]
    NotApplied,
    /// The eSIM's time is over.
    #[error("eSIM is expired")]
    Expired,
    /// The package needs a travel date.
    #[error("\"startDate\" is required")]
    StartDateMissing,
    /// The travel date cannot be read.
    #[error("\"startDate\" must be in ISO 8601 date format")]
    StartDateMalformed,
    /// The travel date is over.
    #[error("\"startDate\" must not be in the past")]
    StartDatePast,
    /// The profile is being made.
    #[error("eSIM is still pending processing, please check again later")]
    StillPending,
    /// The price of a package is not the one the caller named.
    #[error("the price of package `{package}` is {price} USD, not the one that was named")]
    PriceDiffers {
        /// The package.
        package: String,
        /// What it costs now.
        price: Decimal,
    },
    /// The total is not the one the caller named.
    #[error("the total is {total} USD, not the one that was named")]
    TotalDiffers {
        /// What it would cost.
        total: Decimal,
    },
    /// The package is sold by the day, and the order names no days, or the other way round.
    #[error("package `{0}` is sold for 1 to 365 days by the day, or not by the day")]
    DaysWrong(String),
    /// There are no profiles left.
    #[error("not enough profiles in stock")]
    OutOfStock,
    /// The reference is known, with another request.
    #[error("another request was made under this transaction id")]
    TransactionDiffers,
    /// What is asked cannot be done in the state the eSIM is in.
    #[error("the state of the eSIM does not allow that")]
    NotAllowed,
    /// The eSIM was given back before.
    #[error("the eSIM was cancelled before")]
    AlreadyCancelled,
    /// Usage cannot be asked for.
    #[error("usage check is not supported for this eSIM")]
    UsageUnsupported,
}

/// What can go wrong with a world.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// The provider refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The catalogue cannot have this size.
    #[error(transparent)]
    Catalogue(#[from] CatalogueSize),
    /// The file that keeps the world cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
    /// An amount that is not a non-negative decimal number.
    #[error("`{0}` is not an amount of US dollars: write it like 1000 or 12.50")]
    Amount(String),
}
