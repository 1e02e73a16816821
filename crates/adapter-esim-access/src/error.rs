//! What a failed call means: one pure `classify`, and its way to the port's error.

mod code;
mod message;

use std::time::Duration;

use roamport_domain::provider::{ErrorKind, Operation};
use roamport_domain::{ProviderError, ProviderName, Secret};

pub(crate) use self::code::Code;
use self::message::{advice, describe, redact};
use crate::wire::said;

/// What a call changes at the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing: a read.
    None,
    /// It buys.
    Purchase,
    /// It changes something, and takes no money: cancel, suspend, unsuspend, revoke, a message.
    Other,
}

/// Whether the provider can have seen the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// Certainly not: no connection stood.
    No,
    /// Perhaps: from the first byte on nobody can say.
    Maybe,
}

/// A call that failed, before it becomes the port's error.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) kind: ErrorKind,
    /// The HTTP status, where an answer came.
    pub(crate) status: Option<u16>,
    /// The provider's words or ours, not yet redacted.
    pub(crate) message: String,
    /// The provider's code, as it wrote it.
    pub(crate) code: Option<String>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) effect: Effect,
    /// Whether the provider can have seen the request.
    pub(crate) sent: Sent,
}

impl Failure {
    /// A failure of our own, before anything was sent.
    pub(crate) fn not_sent(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            status: None,
            message: message.into(),
            code: None,
            retry_after: None,
            effect: Effect::None,
            sent: Sent::No,
        }
    }

    /// A good answer that cannot be used, for the reason in `detail`.
    pub(crate) fn unusable(effect: Effect, detail: impl Into<String>) -> Self {
        let kind = match effect {
            Effect::None => ErrorKind::InvalidResponse,
            Effect::Purchase | Effect::Other => ErrorKind::Ambiguous,
        };
        Self {
            effect,
            sent: Sent::Maybe,
            ..Self::not_sent(kind, detail)
        }
    }

    /// What the provider's code means.
    pub(crate) fn meaning(&self) -> Option<Code> {
        self.code.as_deref().map(Code::of)
    }

    /// The port's error. `secrets` and activation codes are taken out of whatever the provider said.
    pub(crate) fn into_error(
        self,
        provider: &ProviderName,
        operation: Operation,
        secrets: &[&Secret],
    ) -> ProviderError {
        let mut message = redact(&self.message, secrets);
        message.push_str(advice(&self, operation));
        let mut error = ProviderError::new(self.kind, provider.clone(), operation, message);
        if let Some(code) = &self.code {
            error = error.with_code(redact(code, secrets));
        }
        if let Some(after) = self.retry_after {
            error = error.with_retry_after(after);
        }
        error
    }
}

/// Sorts a failed call by what it means for money. Pure: the same answer always means the same.
///
/// - Without a `status` no answer came; `sent` then says whether the request can have arrived.
/// - A 2xx `status` means that the envelope says itself that the call failed: its code decides. So it
///   does in a 4xx, should one ever hold an envelope; a 5xx is in doubt whatever it says.
/// - Everything else came from a gateway, which knows nothing of what happened behind it.
/// - In doubt about an effect: [`ErrorKind::Ambiguous`]. An order or a top-up is then sent again
///   under its `transactionId`, or looked for; the other mistake costs money. eSIM Access documents
///   neither for 429 nor for 900001 that it refuses before it processes.
pub(crate) fn classify(effect: Effect, sent: Sent, status: Option<u16>, body: &[u8]) -> Failure {
    let Some(status) = status else {
        let doubt = effect != Effect::None && sent == Sent::Maybe;
        let kind = if doubt {
            ErrorKind::Ambiguous
        } else {
            ErrorKind::Unavailable
        };
        return Failure {
            effect,
            sent,
            ..Failure::not_sent(kind, "no answer came")
        };
    };
    let said = said(body);
    let code = said
        .code
        .as_deref()
        .filter(|_| said.failed && matches!(status, 200..=299 | 400..=499))
        .map(Code::of);
    let kind = match (code, effect) {
        (Some(code), effect) => code.kind(effect),
        (None, Effect::Purchase | Effect::Other) => ErrorKind::Ambiguous,
        (None, Effect::None) => read_kind(status),
    };
    Failure {
        kind,
        status: Some(status),
        message: describe(status, &said, body),
        code: said.code,
        retry_after: None,
        effect,
        sent: Sent::Maybe,
    }
}

/// A read that the gateway answered, or one that failed without a code.
fn read_kind(status: u16) -> ErrorKind {
    match status {
        401 | 403 => ErrorKind::Unauthorized,
        429 => ErrorKind::RateLimited,
        408 | 425 | 500..=599 => ErrorKind::Unavailable,
        _ => ErrorKind::InvalidResponse,
    }
}

#[cfg(test)]
mod tests;
