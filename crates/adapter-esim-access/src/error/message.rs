//! The words of an error: what the provider said, and what to do next.

use roamport_domain::provider::{CallProof, ErrorKind, Operation};
use roamport_provider_http::{Effect, Failure, in_place_of_words};

use super::{Code, meaning};
use crate::wire::Said;

/// What an answer says: the provider's text, or what stands in its place; with the status, where that
/// is no good one.
pub(super) fn describe(status: u16, said: &Said, body: &[u8]) -> String {
    let text = match (&said.text, &said.code) {
        (Some(text), _) => text.clone(),
        (None, Some(code)) if said.failed => Code::of(code).words().to_owned(),
        (None, _) => in_place_of_words(body, said.json),
    };
    if matches!(status, 200..=299) {
        text
    } else {
        format!("HTTP {status}: {text}")
    }
}

/// What follows the text: whether money moved and what to do.
pub(super) fn advice(failure: &Failure, operation: Operation) -> &'static str {
    let purchase = operation.is_purchase();
    let known = meaning(failure);
    match (failure.kind, known) {
        (ErrorKind::Ambiguous, _) if purchase => {
            "; money may have moved: the same order under the same reference is not charged twice, any other is"
        }
        (ErrorKind::Ambiguous, _) if operation == Operation::Cancel => {
            "; it may have been given back: read the eSIM before asking again"
        }
        (ErrorKind::Ambiguous, _) => "; it may have happened: read the eSIM before asking again",
        _ if purchase && failure.proof == CallProof::NotSent => {
            "; nothing was sent and no money moved"
        }
        (_, Some(Code::Price)) => "; the price changed and nothing was charged: quote again",
        (_, Some(Code::OutOfStock)) => "; nothing was charged: try later, or another package",
        (_, Some(Code::Clock)) => {
            "; nothing was done: set this machine's clock right (NTP), then try again"
        }
        (_, Some(Code::Address)) => {
            "; nothing was done: allow this machine's address in eSIM Access's console"
        }
        (_, Some(Code::Signature)) => {
            "; nothing was done: check `secret_key`, then `upper_case_signature`"
        }
        (_, Some(Code::Headers)) => {
            "; nothing was done: check `access_code`, and whether the account asks for a `secret_key`"
        }
        (_, Some(Code::UnknownPath)) => {
            "; nothing was done: check `base_url`, or update this adapter"
        }
        (ErrorKind::InsufficientFunds, _) => {
            "; nothing was bought: add funds in eSIM Access's console"
        }
        (ErrorKind::Unauthorized, _) => "; check `access_code` and `base_url`",
        (ErrorKind::Rejected | ErrorKind::NotFound | ErrorKind::Unsupported, _) if purchase => {
            "; nothing was bought"
        }
        (ErrorKind::Rejected | ErrorKind::NotFound, _) if failure.effect == Effect::Change => {
            "; nothing was changed"
        }
        (ErrorKind::InvalidResponse, _) => "; check `base_url`, or update this adapter",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::super::TELLING;
    use super::*;

    #[test]
    fn a_code_stands_in_for_missing_words_only_where_the_answer_says_that_it_failed() {
        let failed = Said {
            code: Some("200007".to_owned()),
            failed: true,
            json: true,
            ..Said::default()
        };
        let good = Said {
            failed: false,
            ..failed.clone()
        };
        assert_eq!(describe(200, &failed, b"{}"), Code::Funds.words());
        assert_ne!(describe(200, &good, b"{}"), Code::Funds.words());
    }

    #[test]
    fn each_error_says_what_to_do_next() {
        let line = |kind, code: &str, operation: Operation| {
            let effect = match operation {
                Operation::PlaceOrder => Effect::Purchase,
                Operation::Cancel => Effect::Change,
                _ => Effect::None,
            };
            let failure = Failure {
                kind,
                code: Some(code.to_owned()),
                mark: (!code.is_empty()).then_some(TELLING),
                proof: CallProof::Unknown,
                ..Failure::unusable(effect, "")
            };
            format!("{kind:?} {code} {operation}{}", advice(&failure, operation))
        };
        let lines: Vec<_> = [
            (ErrorKind::Ambiguous, "", Operation::PlaceOrder),
            (ErrorKind::Ambiguous, "", Operation::Cancel),
            (ErrorKind::Ambiguous, "", Operation::Provision),
            (ErrorKind::Rejected, "200005", Operation::PlaceOrder),
            (ErrorKind::Rejected, "200011", Operation::PlaceOrder),
            (ErrorKind::Rejected, "101001", Operation::Balance),
            (ErrorKind::Rejected, "101002", Operation::Balance),
            (ErrorKind::Unauthorized, "101003", Operation::Balance),
            (ErrorKind::Unauthorized, "000101", Operation::Balance),
            (ErrorKind::Rejected, "404", Operation::Balance),
            (ErrorKind::InsufficientFunds, "", Operation::PlaceOrder),
            (ErrorKind::Unauthorized, "", Operation::Balance),
            (ErrorKind::Rejected, "", Operation::PlaceOrder),
            (ErrorKind::NotFound, "", Operation::PlaceOrder),
            (ErrorKind::Unsupported, "", Operation::PlaceOrder),
            (ErrorKind::Rejected, "", Operation::Cancel),
            (ErrorKind::NotFound, "", Operation::Cancel),
            (ErrorKind::Rejected, "", Operation::Packages),
            (ErrorKind::Unsupported, "", Operation::Packages),
            (ErrorKind::InvalidResponse, "", Operation::Packages),
            (ErrorKind::Unavailable, "", Operation::Packages),
        ]
        .map(|(kind, code, operation)| line(kind, code, operation))
        .into();
        insta::assert_snapshot!(lines.join("\n"), @r"
        Ambiguous  place_order; money may have moved: the same order under the same reference is not charged twice, any other is
        Ambiguous  cancel; it may have been given back: read the eSIM before asking again
        Ambiguous  provision; it may have happened: read the eSIM before asking again
        Rejected 200005 place_order; the price changed and nothing was charged: quote again
        Rejected 200011 place_order; nothing was charged: try later, or another package
        Rejected 101001 balance; nothing was done: set this machine's clock right (NTP), then try again
        Rejected 101002 balance; nothing was done: allow this machine's address in eSIM Access's console
        Unauthorized 101003 balance; nothing was done: check `secret_key`, then `upper_case_signature`
        Unauthorized 000101 balance; nothing was done: check `access_code`, and whether the account asks for a `secret_key`
        Rejected 404 balance; nothing was done: check `base_url`, or update this adapter
        InsufficientFunds  place_order; nothing was bought: add funds in eSIM Access's console
        Unauthorized  balance; check `access_code` and `base_url`
        Rejected  place_order; nothing was bought
        NotFound  place_order; nothing was bought
        Unsupported  place_order; nothing was bought
        Rejected  cancel; nothing was changed
        NotFound  cancel; nothing was changed
        Rejected  packages
        Unsupported  packages
        InvalidResponse  packages; check `base_url`, or update this adapter
        Unavailable  packages
        ");
    }

    #[test]
    fn a_page_is_summed_up_not_dumped() {
        let said = Said::default();
        assert_eq!(
            describe(502, &said, b" \n<html>..."),
            "HTTP 502: an HTML page, not JSON"
        );
        assert_eq!(describe(502, &said, b""), "HTTP 502: an empty answer");
        assert_eq!(
            describe(200, &said, b"error code: 520"),
            "15 bytes that are no JSON object"
        );
    }

    #[test]
    fn every_purchase_error_says_whether_money_moved() {
        for kind in [
            ErrorKind::Rejected,
            ErrorKind::NotFound,
            ErrorKind::InsufficientFunds,
            ErrorKind::Unsupported,
        ] {
            let failure = Failure {
                kind,
                proof: CallProof::TurnedAway,
                ..Failure::unusable(Effect::Purchase, "")
            };
            let text = advice(&failure, Operation::PlaceOrder);
            assert!(text.contains("nothing was bought"), "{kind:?}: {text}");
        }
        let text = advice(
            &Failure::not_sent(ErrorKind::Unavailable, ""),
            Operation::TopUp,
        );
        assert!(text.contains("no money moved"), "{text}");
        let text = advice(
            &Failure::unusable(Effect::Purchase, ""),
            Operation::PlaceOrder,
        );
        assert!(text.contains("money may have moved"), "{text}");
    }
}
