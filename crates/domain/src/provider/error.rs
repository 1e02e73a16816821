//! What can go wrong with a provider, sorted by what it means for money.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use crate::ProviderName;

/// Which call of the port failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// [`EsimProvider::destinations`](super::EsimProvider::destinations)
    Destinations,
    /// [`EsimProvider::packages`](super::EsimProvider::packages)
    Packages,
    /// [`EsimProvider::top_up_packages`](super::EsimProvider::top_up_packages)
    TopUpPackages,
    /// [`EsimProvider::find_orders`](super::EsimProvider::find_orders)
    FindOrders,
    /// [`EsimProvider::esim`](super::EsimProvider::esim)
    Esim,
    /// [`EsimProvider::usage`](super::EsimProvider::usage)
    Usage,
    /// [`EsimProvider::usage_batch`](super::EsimProvider::usage_batch)
    UsageBatch,
    /// [`EsimProvider::balance`](super::EsimProvider::balance)
    Balance,
    /// [`EsimProvider::provision`](super::EsimProvider::provision)
    Provision,
    /// [`EsimProvider::cancel`](super::EsimProvider::cancel)
    Cancel,
    /// [`EsimProvider::purchase`](super::EsimProvider::purchase) of new eSIMs
    PlaceOrder,
    /// [`EsimProvider::purchase`](super::EsimProvider::purchase) of a top-up
    TopUp,
    /// A call that only one provider has.
    Other(&'static str),
}

impl Operation {
    /// The name of the call, as it stands in logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Destinations => "destinations",
            Self::Packages => "packages",
            Self::TopUpPackages => "top_up_packages",
            Self::FindOrders => "find_orders",
            Self::Esim => "esim",
            Self::Usage => "usage",
            Self::UsageBatch => "usage_batch",
            Self::Balance => "balance",
            Self::Provision => "provision",
            Self::Cancel => "cancel",
            Self::PlaceOrder => "place_order",
            Self::TopUp => "top_up",
            Self::Other(name) => name,
        }
    }

    /// Whether the call costs money.
    pub const fn is_purchase(self) -> bool {
        matches!(self, Self::PlaceOrder | Self::TopUp)
    }

    /// Whether the call changes something at the provider.
    pub const fn has_effect(self) -> bool {
        self.is_purchase() || matches!(self, Self::Provision | Self::Cancel)
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// What happened, for people and metrics. Code asks [`ProviderError::reaction`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Not sent, or a read failed: nothing happened.
    Unavailable,
    /// Refused before processing, for asking too often.
    RateLimited,
    /// An effect may have happened.
    Ambiguous,
    /// Understood and refused.
    Rejected,
    /// There is no such thing, or it belongs to somebody else.
    NotFound,
    /// The provider, or this package or eSIM, cannot do that.
    Unsupported,
    /// The wallet is too small.
    InsufficientFunds,
    /// The provider does not let us in: the token is missing, wrong or not allowed to do this, or the
    /// request's signature, its time or this machine's address is not accepted.
    Unauthorized,
    /// A read was answered with something that cannot be understood.
    InvalidResponse,
    /// Our own settings are wrong.
    Config,
}

impl ErrorKind {
    /// Every kind of this release.
    pub const ALL: [Self; 10] = [
        Self::Unavailable,
        Self::RateLimited,
        Self::Ambiguous,
        Self::Rejected,
        Self::NotFound,
        Self::Unsupported,
        Self::InsufficientFunds,
        Self::Unauthorized,
        Self::InvalidResponse,
        Self::Config,
    ];

    /// The name of the kind, as it stands in logs, metrics and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unavailable => "unavailable",
            Self::RateLimited => "rate_limited",
            Self::Ambiguous => "ambiguous",
            Self::Rejected => "rejected",
            Self::NotFound => "not_found",
            Self::Unsupported => "unsupported",
            Self::InsufficientFunds => "insufficient_funds",
            Self::Unauthorized => "unauthorized",
            Self::InvalidResponse => "invalid_response",
            Self::Config => "config",
        }
    }
}

/// What code must do about an error. Exhaustive on purpose: a new reaction must be handled by
/// every caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Nothing happened; the same call may be made again.
    Retry {
        /// Not before this long, where the provider said so.
        after: Option<Duration>,
    },
    /// Something may have happened: look, never repeat.
    Reconcile,
    /// Give this request up.
    Refuse,
    /// Stop until a person acted.
    Halt,
}

/// What is proven about the effect of a call that failed. For a call that can cost money this alone
/// decides what its order does next; kind and message are for people.
///
/// The default is [`CallProof::Unknown`]: proof is claimed by whoever has it, with
/// [`ProviderError::not_sent`] or [`ProviderError::turned_away`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CallProof {
    /// No byte of the request left this process.
    NotSent,
    /// The provider answered with one of its own failure forms, for a reason that it checks before it
    /// does anything: authentication, permission, validation or the wallet.
    TurnedAway,
    /// Anything may have happened.
    #[default]
    Unknown,
}

/// A call to a provider that failed.
///
/// Its message is a lowercase fragment without a full stop; neither it nor `Debug` shows a secret.
/// One pointer wide, so that a `Result` stays small.
#[derive(Debug)]
pub struct ProviderError(Box<Parts>);

#[derive(Debug)]
struct Parts {
    kind: ErrorKind,
    proof: CallProof,
    provider: ProviderName,
    operation: Operation,
    message: String,
    code: Option<String>,
    retry_after: Option<Duration>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl ProviderError {
    /// An error of `kind` in `operation` at `provider`.
    pub fn new(
        kind: ErrorKind,
        provider: ProviderName,
        operation: Operation,
        message: impl Into<String>,
    ) -> Self {
        let (code, retry_after, source) = (None, None, None);
        let message = message.into();
        let proof = CallProof::Unknown;
        Self(Box::new(Parts {
            kind,
            proof,
            provider,
            operation,
            message,
            code,
            retry_after,
            source,
        }))
    }

    /// The same with the proof that no byte of the request left this process.
    #[must_use]
    pub fn not_sent(self) -> Self {
        self.with_proof(CallProof::NotSent)
    }

    /// The same with the proof that the provider turned the request away before it did anything. An
    /// adapter claims it for the answers in its table alone, each of which names its source.
    #[must_use]
    pub fn turned_away(self) -> Self {
        self.with_proof(CallProof::TurnedAway)
    }

    /// The same with this proof.
    #[must_use]
    pub fn with_proof(mut self, proof: CallProof) -> Self {
        self.0.proof = proof;
        self
    }

    /// The same with the provider's own error code.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.0.code = Some(code.into());
        self
    }

    /// The same with the time the provider asked us to wait.
    #[must_use]
    pub fn with_retry_after(mut self, after: Duration) -> Self {
        self.0.retry_after = Some(after);
        self
    }

    /// The same with what caused it. The cause must not show a secret either.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What happened.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What is proven about the effect of the call.
    pub fn proof(&self) -> CallProof {
        self.0.proof
    }

    /// At which provider.
    pub fn provider(&self) -> &ProviderName {
        &self.0.provider
    }

    /// In which call.
    pub fn operation(&self) -> Operation {
        self.0.operation
    }

    /// The provider's words or ours, for a person.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The provider's own error code, where it gave one.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// How long the provider asked us to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// What code must do about it.
    pub fn reaction(&self) -> Reaction {
        match self.0.kind {
            ErrorKind::Unavailable | ErrorKind::RateLimited => Reaction::Retry {
                after: self.0.retry_after,
            },
            ErrorKind::Ambiguous => Reaction::Reconcile,
            ErrorKind::Rejected | ErrorKind::NotFound | ErrorKind::Unsupported => Reaction::Refuse,
            ErrorKind::InsufficientFunds
            | ErrorKind::Unauthorized
            | ErrorKind::InvalidResponse
            | ErrorKind::Config => Reaction::Halt,
        }
    }
}

impl fmt::Display for ProviderError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.0.kind {
            ErrorKind::Unavailable => "could not be reached",
            ErrorKind::RateLimited => "asks for fewer requests",
            ErrorKind::Ambiguous => "may or may not have done it",
            ErrorKind::Rejected => "refused",
            ErrorKind::NotFound => "knows no such thing",
            ErrorKind::Unsupported => "cannot do that",
            ErrorKind::InsufficientFunds => "reports too small a wallet",
            ErrorKind::Unauthorized => "does not let us in",
            ErrorKind::InvalidResponse => "gave an answer that cannot be read",
            ErrorKind::Config => "cannot be called with these settings",
        };
        write!(
            formatter,
            "{} {what} ({}): {}",
            self.0.provider, self.0.operation, self.0.message
        )?;
        if let Some(code) = &self.0.code {
            write!(formatter, " [{code}]")?;
        }
        Ok(())
    }
}

impl StdError for ProviderError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The next of all kinds. A new one does not compile until it has its place here.
    fn after(kind: ErrorKind) -> Option<ErrorKind> {
        match kind {
            ErrorKind::Unavailable => Some(ErrorKind::RateLimited),
            ErrorKind::RateLimited => Some(ErrorKind::Ambiguous),
            ErrorKind::Ambiguous => Some(ErrorKind::Rejected),
            ErrorKind::Rejected => Some(ErrorKind::NotFound),
            ErrorKind::NotFound => Some(ErrorKind::Unsupported),
            ErrorKind::Unsupported => Some(ErrorKind::InsufficientFunds),
            ErrorKind::InsufficientFunds => Some(ErrorKind::Unauthorized),
            ErrorKind::Unauthorized => Some(ErrorKind::InvalidResponse),
            ErrorKind::InvalidResponse => Some(ErrorKind::Config),
            ErrorKind::Config => None,
        }
    }

    #[test]
    fn nothing_is_proven_unless_somebody_says_so() {
        for kind in ErrorKind::ALL {
            let name = ProviderName::parse("acme").unwrap();
            let error = ProviderError::new(kind, name, Operation::PlaceOrder, "no");
            assert_eq!(error.proof(), CallProof::Unknown, "{kind:?}");
        }
    }

    #[test]
    fn the_list_of_kinds_has_every_kind_once() {
        let walked = std::iter::successors(Some(ErrorKind::Unavailable), |kind| after(*kind));
        assert_eq!(walked.collect::<Vec<_>>(), ErrorKind::ALL);
    }
}
