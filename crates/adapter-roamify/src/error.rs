//! What a failed call means: one pure `classify`, and its way to the port's error.

mod message;

use std::time::Duration;

use roamport_domain::provider::{ErrorKind, Operation};
use roamport_domain::{ProviderError, ProviderName, Secret};

use self::message::{advice, describe, redact};
use crate::wire::{Said, said};

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
    pub(crate) code: Option<String>,
    pub(crate) retry_after: Option<Duration>,
    /// The provider says that a profile is still being generated.
    pub(crate) pending: bool,
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
            pending: false,
            sent: Sent::No,
        }
    }

    /// A good answer that cannot be used, for the reason in `detail`.
    pub(crate) fn unusable(operation: Operation, detail: impl Into<String>) -> Self {
        let kind = if operation.has_effect() {
            ErrorKind::Ambiguous
        } else {
            ErrorKind::InvalidResponse
        };
        Self {
            sent: Sent::Maybe,
            ..Self::not_sent(kind, detail)
        }
    }

    /// The port's error. `token` and activation codes are taken out of whatever the provider said.
    pub(crate) fn into_error(
        self,
        provider: &ProviderName,
        operation: Operation,
        token: &Secret,
    ) -> ProviderError {
        let mut message = redact(&self.message, token);
        message.push_str(advice(self.kind, operation, self.sent));
        let mut error = ProviderError::new(self.kind, provider.clone(), operation, message);
        if let Some(code) = self.code {
            error = error.with_code(redact(&code, token));
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
/// - A 2xx `status` means that its body could not be used, or says itself that the call failed. For a
///   read that is [`ErrorKind::InvalidResponse`]: nobody documents what such an answer means.
/// - In doubt about an effect: [`ErrorKind::Ambiguous`]. It costs a look-up; the other mistake costs
///   money. Roamify documents no 429, so not even that is known to be refused before processing.
pub(crate) fn classify(
    operation: Operation,
    sent: Sent,
    status: Option<u16>,
    body: &[u8],
) -> Failure {
    let Some(status) = status else {
        let effect = operation.has_effect() && sent == Sent::Maybe;
        let kind = if effect {
            ErrorKind::Ambiguous
        } else {
            ErrorKind::Unavailable
        };
        return Failure {
            sent,
            ..Failure::not_sent(kind, "no answer came")
        };
    };
    let said = said(body);
    let pending = operation == Operation::Provision && says_pending(body);
    let kind = if operation.has_effect() {
        effect_kind(status, &said)
    } else {
        read_kind(status, &said, body)
    };
    Failure {
        kind,
        status: Some(status),
        message: describe(status, &said, body),
        code: said.code,
        retry_after: None,
        pending,
        sent: Sent::Maybe,
    }
}

/// The one message worth recognising: an apply that is not finished. Its status is not documented,
/// so the words decide.
fn says_pending(body: &[u8]) -> bool {
    String::from_utf8_lossy(body)
        .to_ascii_lowercase()
        .contains("still pending processing")
}

fn says_insufficient(said: &Said) -> bool {
    let text = said
        .text
        .as_deref()
        .unwrap_or_default()
        .to_ascii_lowercase();
    text.contains("insufficient") && !text.contains("permission")
}

fn effect_kind(status: u16, said: &Said) -> ErrorKind {
    match status {
        401 | 403 => ErrorKind::Unauthorized,
        402 => ErrorKind::InsufficientFunds,
        400 | 409 | 422 if says_insufficient(said) => ErrorKind::InsufficientFunds,
        404 => ErrorKind::NotFound,
        400 | 405 | 406 | 410 | 411 | 413 | 414 | 415 | 422 | 431 => ErrorKind::Rejected,
        // 409 without "insufficient" may be "this reference exists", so that the first one landed.
        _ => ErrorKind::Ambiguous,
    }
}

fn read_kind(status: u16, said: &Said, body: &[u8]) -> ErrorKind {
    match status {
        401 | 403 => ErrorKind::Unauthorized,
        402 => ErrorKind::InsufficientFunds,
        // The provider's own 404 is JSON or empty. A page of a proxy, or of a wrong base URL, proves
        // no absence.
        404 if said.json || body.is_empty() => ErrorKind::NotFound,
        404 => ErrorKind::InvalidResponse,
        408 | 425 | 500..=599 => ErrorKind::Unavailable,
        429 => ErrorKind::RateLimited,
        400..=499 => ErrorKind::Rejected,
        _ => ErrorKind::InvalidResponse,
    }
}

#[cfg(test)]
mod tests;
