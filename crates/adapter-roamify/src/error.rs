//! What a failed call means: one pure `classify`, and its way to the port's error.

mod message;
mod table;
mod turned_away;

use roamport_domain::provider::{CallProof, ErrorKind, Operation};
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

/// Whether a body is one of the provider's own failure forms, whatever it says.
pub(crate) fn is_failure_body(body: &[u8]) -> bool {
    turned_away::is_failure_body(body)
}

/// The port's error. `secrets` and activation codes are taken out of whatever the provider said.
pub(crate) fn into_error(
    failure: Failure,
    provider: &ProviderName,
    operation: Operation,
    secrets: &Secrets,
) -> ProviderError {
    let advice = advice(failure.kind, operation, failure.proof);
    failure.into_error(provider, operation, secrets, advice)
}

/// Sorts a failed call by what it means for money. Pure: the same answer always means the same.
///
/// - Without a `status` no answer came; `sent` then says whether the request can have arrived.
/// - A 2xx `status` means that its body could not be used, or says itself that the call failed. For a
///   read that is [`ErrorKind::InvalidResponse`]: nobody documents what such an answer means.
/// - A call with an effect was turned away only by an answer of the table in `turned_away`. Every other
///   answer to it is [`ErrorKind::Ambiguous`]: that costs a lookup, and the other mistake costs money.
///   Roamify documents no 429, so not even that is known to be refused before processing.
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
    let turned_away = turned_away::turned_away(status, body);
    let (kind, proof) = match (operation.has_effect(), turned_away) {
        (true, Some(kind)) => (kind, CallProof::TurnedAway),
        (true, None) => (ErrorKind::Ambiguous, CallProof::Unknown),
        (false, _) => (read_kind(status, &said, body), CallProof::Unknown),
    };
    let message = describe(status, &said, body);
    Failure {
        kind,
        proof,
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
