//! What a failed call means: one pure `classify`, and its way to the port's error.

use std::time::Duration;

use roamport_domain::provider::{ErrorKind, Operation};
use roamport_domain::{ProviderError, ProviderName, Secret};

/// Characters of the provider's words that are passed on.
const LONGEST_MESSAGE: usize = 200;

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
    /// The provider's words or ours, not yet redacted.
    pub(crate) message: String,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) sent: Sent,
}

impl Failure {
    /// A failure of our own, before anything was sent.
    pub(crate) fn not_sent(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            retry_after: None,
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

    /// The port's error. `token` is taken out of whatever the provider said; take out activation codes
    /// here, too, wherever @Words@ quotes them.
    pub(crate) fn into_error(
        self,
        provider: &ProviderName,
        operation: Operation,
        token: &Secret,
    ) -> ProviderError {
        let message = self.message.replace(token.expose(), "[redacted]");
        let mut message: String = message.chars().take(LONGEST_MESSAGE).collect();
        if operation.has_effect() {
            message.push_str(match (self.kind, self.sent) {
                (ErrorKind::Ambiguous, _) => "; it may have happened: look, do not send it again",
                (_, Sent::No) => "; nothing was sent and no money moved",
                (_, Sent::Maybe) => "; nothing was bought",
            });
        }
        let error = ProviderError::new(self.kind, provider.clone(), operation, message);
        match self.retry_after {
            Some(after) => error.with_retry_after(after),
            None => error,
        }
    }
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
        let error = failure.into_error(&name, Operation::PlaceOrder, &Secret::new("t0ken"));
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("t0ken"), "{shown}");
        assert!(error.message().ends_with("no money moved"), "{shown}");
    }
}
