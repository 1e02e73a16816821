//! What a failed call means: one pure `classify`, and its way to the port's error.

mod message;
mod table;

use roamport_domain::provider::{ErrorKind, Operation};
use roamport_domain::{ProviderError, ProviderName};
use roamport_provider_http::{Failure, Secrets, Sent};

use self::message::{advice, describe};
pub use self::table::classification;
use crate::wire::{Said, said};

/// The mark of a failure by which the provider says that a profile is still being generated.
const PENDING: &str = "pending";

/// Whether the provider says that a profile is still being generated.
pub(crate) fn is_pending(failure: &Failure) -> bool {
    failure.mark == Some(PENDING)
}

/// The port's error. `secrets` and activation codes are taken out of whatever the provider said.
pub(crate) fn into_error(
    failure: Failure,
    provider: &ProviderName,
    operation: Operation,
    secrets: &Secrets,
) -> ProviderError {
    let advice = advice(failure.kind, operation, failure.sent);
    failure.into_error(provider, operation, secrets, advice)
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
        return Failure::no_answer(operation, sent, "no answer came");
    };
    let said = said(body);
    let pending = operation == Operation::Provision && says_pending(body);
    let kind = if operation.has_effect() {
        effect_kind(status, &said)
    } else {
        read_kind(status, &said, body)
    };
    let message = describe(status, &said, body);
    Failure {
        kind,
        status: Some(status),
        code: said.code,
        mark: pending.then_some(PENDING),
        ..Failure::unusable(operation, message)
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
