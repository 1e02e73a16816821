//! What a failed call means: one pure `classify`, and its way to the port's error.

use roamport_domain::provider::{ErrorKind, Operation};
use roamport_domain::{ProviderError, ProviderName};
use roamport_provider_http::{Failure, Secrets, Sent};

/// The port's error: the provider's words without secrets, then whether money moved and what to do next.
pub(crate) fn into_error(
    failure: Failure,
    provider: &ProviderName,
    operation: Operation,
    secrets: &Secrets,
) -> ProviderError {
    let advice = match (failure.kind, failure.sent) {
        _ if !operation.has_effect() => "",
        (ErrorKind::Ambiguous, _) => "; it may have happened: look, do not send it again",
        (_, Sent::No) => "; nothing was sent and no money moved",
        (_, Sent::Maybe) => "; nothing was bought",
    };
    failure.into_error(provider, operation, secrets, advice)
}

/// Sorts a failed call by what it means for money. Pure: the same answer always means the same.
///
/// Without a `status` no answer came. What is not known to be harmless for an effect is
/// [`ErrorKind::Ambiguous`]: that costs a look-up, the other mistake costs money. Add @Words@'s own error
/// codes, each with the page that documents it.
pub(crate) fn classify(operation: Operation, sent: Sent, status: Option<u16>) -> ErrorKind {
    match (operation.has_effect(), status) {
        (_, Some(401 | 403)) => ErrorKind::Unauthorized,
        (_, Some(402)) => ErrorKind::InsufficientFunds,
        (_, Some(404)) => ErrorKind::NotFound,
        (_, Some(400 | 405 | 406 | 410 | 411 | 413 | 414 | 415 | 422 | 431)) => ErrorKind::Rejected,
        (true, None) if sent == Sent::No => ErrorKind::Unavailable,
        (true, _) => ErrorKind::Ambiguous,
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
        for status in [None, Some(200), Some(302), Some(408), Some(409), Some(429), Some(502)] {
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
        let failure = Failure::not_sent(ErrorKind::Unavailable, "no route for t0ken");
        let secrets = Secrets::new([Secret::new("t0ken")]);
        let error = into_error(failure, &name, Operation::PlaceOrder, &secrets);
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("t0ken"), "{shown}");
        assert!(error.message().ends_with("no money moved"), "{shown}");
    }
}
