//! What a failed call means: one pure `classify`, and its way to the port's error.

use roamport_domain::provider::{CallProof, ErrorKind, Operation};
use roamport_domain::{ProviderError, ProviderName};
use roamport_provider_http::{Failure, Secrets, Sent};

/// The port's error: the provider's words without secrets, then whether money moved and what to do next.
pub(crate) fn into_error(
    failure: Failure,
    provider: &ProviderName,
    operation: Operation,
    secrets: &Secrets,
) -> ProviderError {
    let advice = match (failure.kind, failure.proof) {
        _ if !operation.has_effect() => "",
        (_, CallProof::NotSent) => "; nothing was sent and no money moved",
        (_, CallProof::TurnedAway) => "; nothing was bought",
        (_, CallProof::Unknown) => "; it may have happened: look, do not send it again",
    };
    failure.into_error(provider, operation, secrets, advice)
}

/// Sorts a failed call by what it means for money. Pure: the same answer always means the same.
///
/// Without a `status` no answer came. Every answer to a call with an effect is
/// [`ErrorKind::Ambiguous`]: that costs a lookup, the other mistake costs money. An answer that proves
/// that @Words@ turned the request away is one with its own failure body, no order in it, and a status
/// or code documented as authentication, permission, validation or wallet. Add those as a table, each
/// with the page that documents it, and give such a failure [`CallProof::TurnedAway`].
pub(crate) fn classify(operation: Operation, sent: Sent, status: Option<u16>) -> ErrorKind {
    match (operation.has_effect(), status) {
        (true, None) if sent == Sent::No => ErrorKind::Unavailable,
        (true, _) => ErrorKind::Ambiguous,
        (false, Some(401 | 403)) => ErrorKind::Unauthorized,
        (false, Some(402)) => ErrorKind::InsufficientFunds,
        (false, Some(404)) => ErrorKind::NotFound,
        (false, Some(429)) => ErrorKind::RateLimited,
        (false, None | Some(408 | 425 | 500..=599)) => ErrorKind::Unavailable,
        (false, Some(400..=499)) => ErrorKind::Rejected,
        (false, Some(_)) => ErrorKind::InvalidResponse,
    }
}

#[cfg(test)]
mod tests {
    use roamport_domain::Secret;

    use super::*;

    #[test]
    fn doubt_about_a_purchase_is_ambiguous() {
        for status in [None, Some(200), Some(302), Some(400), Some(403), Some(409), Some(429), Some(502)] {
            let kind = classify(Operation::PlaceOrder, Sent::Maybe, status);
            assert_eq!(kind, ErrorKind::Ambiguous, "{status:?}");
        }
        let kind = classify(Operation::PlaceOrder, Sent::No, None);
        assert_eq!(kind, ErrorKind::Unavailable);
    }

    #[test]
    fn a_failed_read_is_never_ambiguous() {
        for status in [None, Some(200), Some(302), Some(409), Some(429), Some(502)] {
            let kind = classify(Operation::Balance, Sent::Maybe, status);
            assert_ne!(kind, ErrorKind::Ambiguous, "{status:?}");
        }
    }

    #[test]
    fn an_error_says_whether_money_moved_and_shows_no_token() {
        let name = ProviderName::parse("@kebab@").unwrap();
        let failure = Failure::not_sent(ErrorKind::Unavailable, "no route for t0ken-of-ours");
        let secrets = Secrets::new([Secret::new("t0ken-of-ours")]);
        let error = into_error(failure, &name, Operation::PlaceOrder, &secrets);
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("t0ken"), "{shown}");
        assert!(error.message().ends_with("no money moved"), "{shown}");
    }
}
