//! What a failed call means: one pure `classify`, and its way to the port's error.

mod code;
mod message;
mod table;

use roamport_domain::provider::{ErrorKind, Operation};
use roamport_domain::{ProviderError, ProviderName};
use roamport_provider_http::{Effect, Failure, Secrets, Sent};

pub(crate) use self::code::Code;
use self::message::{advice, describe};
pub use self::table::classification;
use crate::wire::said;

/// What the provider's code in a failure means.
pub(crate) fn meaning(failure: &Failure) -> Option<Code> {
    failure.code.as_deref().map(Code::of)
}

/// The port's error. `secrets` and activation codes are taken out of whatever the provider said.
pub(crate) fn into_error(
    failure: Failure,
    provider: &ProviderName,
    operation: Operation,
    secrets: &Secrets,
) -> ProviderError {
    let advice = advice(&failure, operation);
    failure.into_error(provider, operation, secrets, advice)
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
        return Failure::no_answer(effect, sent, "no answer came");
    };
    let said = said(body);
    let code = said
        .code
        .as_deref()
        .filter(|_| said.failed && matches!(status, 200..=299 | 400..=499))
        .map(Code::of);
    let kind = match (code, effect) {
        (Some(code), effect) => code.kind(effect),
        (None, Effect::Purchase | Effect::Change) => ErrorKind::Ambiguous,
        (None, Effect::None) => read_kind(status),
    };
    Failure {
        kind,
        status: Some(status),
        code: said.code.clone(),
        ..Failure::unusable(effect, describe(status, &said, body))
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
