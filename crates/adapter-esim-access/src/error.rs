//! What a failed call means: one pure `classify`, and its way to the port's error.

mod code;
mod message;
mod table;

use roamport_domain::provider::{CallProof, ErrorKind, Operation};
use roamport_domain::{ProviderError, ProviderName};
use roamport_provider_http::{Effect, Failure, Secrets, Sent};

pub(crate) use self::code::Code;
use self::message::{advice, describe};
pub use self::table::classification;
use crate::wire::said;

/// The mark of a failure whose code says why the call failed. A code in any other answer is shown, and means
/// nothing.
const TELLING: &str = "telling";

/// What the provider's code in a failure means.
pub(crate) fn meaning(failure: &Failure) -> Option<Code> {
    let code = failure.mark.and(failure.code.as_deref());
    code.map(Code::of)
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
/// - Under 200 the envelope says itself that the call failed: its code decides (reference: error
///   codes). So it does under 400, 401, 403 and 404, should one ever hold an envelope. Any other status
///   is in doubt whatever the body says.
/// - A call with an effect was turned away only by an envelope that names a code and no object. One that
///   holds something in `obj` may be about an order.
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
    let is_whole_refusal = said.is_whole_refusal && matches!(status, 200 | 400 | 401 | 403 | 404);
    let answered = Failure::of_status(effect, status, describe(status, &said, body));
    let kind = match (code, effect) {
        (Some(code), Effect::None) => code.kind(effect),
        (Some(code), _) if is_whole_refusal => code.kind(effect),
        // The gateway answered, or it failed without a code.
        _ => answered.kind,
    };
    let proof = if effect.is_any() && kind != ErrorKind::Ambiguous {
        CallProof::TurnedAway
    } else {
        CallProof::Unknown
    };
    Failure {
        kind,
        proof,
        code: said.code.clone(),
        mark: code.map(|_| TELLING),
        ..answered
    }
}

#[cfg(test)]
mod tests;
