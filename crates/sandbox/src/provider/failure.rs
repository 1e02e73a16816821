//! Faults and refusals as errors of the port.

use std::time::Duration;

use roamport_domain::ProviderName;
use roamport_domain::provider::{ErrorKind, Operation as Call, ProviderError};

use crate::fault::Fault;
use crate::world::{Refusal, WorldError};

/// What a caller learns of a call that was made to end badly.
pub(super) fn ended(provider: &ProviderName, call: Call, ending: &Fault) -> ProviderError {
    let effect = call.has_effect();
    let lost = if effect {
        ErrorKind::Ambiguous
    } else {
        ErrorKind::Unavailable
    };
    let unreadable = if effect {
        ErrorKind::Ambiguous
    } else {
        ErrorKind::InvalidResponse
    };
    let error =
        |kind, message: &str| proven(ProviderError::new(kind, provider.clone(), call, message));
    let wait = |error: ProviderError, seconds: Option<u64>| match seconds {
        Some(seconds) => error.with_retry_after(Duration::from_secs(seconds)),
        None => error,
    };
    match ending {
        Fault::StatusBeforeEffect {
            status,
            body,
            retry_after,
        }
        | Fault::StatusAfterEffect {
            status,
            body,
            retry_after,
        } => {
            let text = body.as_deref().unwrap_or("Unknown error");
            wait(
                error(
                    status_kind(*status, text, effect),
                    &format!("status {status}"),
                ),
                *retry_after,
            )
        }
        // This provider promises that it refuses before it processes.
        Fault::RateLimit { retry_after } => wait(
            error(ErrorKind::RateLimited, "too many requests"),
            *retry_after,
        ),
        Fault::Html { status } | Fault::HtmlError { status } if *status >= 500 => {
            error(lost, &format!("status {status}, a web page"))
        }
        Fault::Html { .. } | Fault::HtmlError { .. } => {
            error(unreadable, "the answer is a web page")
        }
        Fault::Answer { status, .. } => match status {
            Some(status) if status / 100 != 2 => error(lost, &format!("status {status}")),
            _ => error(unreadable, "the answer is another one"),
        },
        Fault::BrokenJson => error(unreadable, "the answer stops in the middle"),
        Fault::FailureBodyWith200 { message } => error(unreadable, message),
        _ => error(lost, "the answer was lost"),
    }
}

fn status_kind(status: u16, text: &str, effect: bool) -> ErrorKind {
    let insufficient = status == 409 && text.to_ascii_lowercase().contains("insufficient");
    match status {
        402 => ErrorKind::InsufficientFunds,
        _ if insufficient => ErrorKind::InsufficientFunds,
        401 | 403 => ErrorKind::Unauthorized,
        400 | 422 => ErrorKind::Rejected,
        404 => ErrorKind::NotFound,
        _ if effect => ErrorKind::Ambiguous,
        429 => ErrorKind::RateLimited,
        408 | 500.. => ErrorKind::Unavailable,
        _ => ErrorKind::InvalidResponse,
    }
}

/// What a caller learns of a refusal.
pub(super) fn refused(provider: &ProviderName, call: Call, error: &WorldError) -> ProviderError {
    let kind = match error {
        WorldError::Refused(refusal) => match refusal {
            Refusal::UnknownPackage(_) | Refusal::UnknownEsim | Refusal::UnknownOrder => {
                ErrorKind::NotFound
            }
            Refusal::InsufficientBalance { .. } => ErrorKind::InsufficientFunds,
            // It says that an order under this reference landed: which one has to be looked up.
            Refusal::DuplicateReference => ErrorKind::Ambiguous,
            Refusal::TopUpUnsupported | Refusal::UsageUnsupported => ErrorKind::Unsupported,
            Refusal::NothingOrdered
            | Refusal::TooMany(_)
            | Refusal::Incompatible
            | Refusal::NotApplied
            | Refusal::Expired
            | Refusal::StartDateMissing
            | Refusal::StartDateMalformed
            | Refusal::StartDatePast
            | Refusal::PriceDiffers { .. }
            | Refusal::TotalDiffers { .. }
            | Refusal::DaysWrong(_)
            | Refusal::OutOfStock
            | Refusal::TransactionDiffers
            | Refusal::NotAllowed
            | Refusal::AlreadyCancelled
            | Refusal::StillPending => ErrorKind::Rejected,
        },
        WorldError::State(_) if call.has_effect() => ErrorKind::Ambiguous,
        WorldError::State(_) | WorldError::Catalogue(_) | WorldError::Amount(_) => {
            ErrorKind::Unavailable
        }
    };
    let message = match error {
        WorldError::Refused(Refusal::InsufficientBalance { missing }) => {
            format!("{error}: {missing} USD missing")
        }
        WorldError::Refused(Refusal::PriceDiffers { .. } | Refusal::TotalDiffers { .. }) => {
            format!("{error}; nothing was charged: quote again")
        }
        _ => error.to_string(),
    };
    proven(ProviderError::new(kind, provider.clone(), call, message))
}

/// This provider says why it turned a request away, so that only what it calls ambiguous is unknown.
fn proven(error: ProviderError) -> ProviderError {
    match error.kind() {
        ErrorKind::Ambiguous => error,
        ErrorKind::Unavailable if error.operation().has_effect() => error.not_sent(),
        _ => error.turned_away(),
    }
}
