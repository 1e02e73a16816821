//! The words of an error: what the provider said, and what to do next.

use roamport_domain::provider::{CallProof, ErrorKind, Operation};
use roamport_provider_http::in_place_of_words;

use crate::wire::Said;

/// What an answer says: its status and the provider's text, or what stands in its place.
pub(super) fn describe(status: u16, said: &Said, body: &[u8]) -> String {
    let text = match &said.text {
        Some(text) => text.clone(),
        None => in_place_of_words(body, said.json),
    };
    format!("HTTP {status}: {text}")
}

/// What follows the text: whether money moved and what to do.
pub(super) const fn advice(
    kind: ErrorKind,
    operation: Operation,
    proof: CallProof,
) -> &'static str {
    let purchase = operation.is_purchase();
    match (kind, proof) {
        (ErrorKind::Ambiguous, _) if purchase => {
            "; money may have moved: look the order up by its reference, do not send it again"
        }
        (ErrorKind::Ambiguous, _) => {
            "; it moves no money: read the eSIM until its profile is there, do not ask again at once"
        }
        (_, CallProof::NotSent) if purchase => "; nothing was sent and no money moved",
        (ErrorKind::Unauthorized, _) if purchase => {
            "; nothing was bought: check that the token belongs to this base URL and may do this"
        }
        (ErrorKind::Unauthorized, _) => {
            "; check that the token belongs to this base URL and may do this"
        }
        (ErrorKind::InsufficientFunds, _) => {
            "; nothing was bought: add funds in the partner portal"
        }
        (ErrorKind::Rejected | ErrorKind::NotFound | ErrorKind::Unsupported, _) if purchase => {
            "; nothing was bought"
        }
        (ErrorKind::InvalidResponse, CallProof::Unknown | CallProof::TurnedAway) => {
            "; check the base URL, or update this adapter"
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_summed_up_not_dumped() {
        let said = Said::default();
        assert_eq!(
            describe(502, &said, b" \n<html>..."),
            "HTTP 502: an HTML page, not JSON"
        );
        assert_eq!(describe(502, &said, b""), "HTTP 502: an empty answer");
        assert_eq!(
            describe(520, &said, b"error code: 520"),
            "HTTP 520: 15 bytes that are no JSON object"
        );
    }

    #[test]
    fn every_purchase_error_says_whether_money_moved() {
        for kind in [
            ErrorKind::Rejected,
            ErrorKind::NotFound,
            ErrorKind::Unsupported,
            ErrorKind::InsufficientFunds,
            ErrorKind::Unauthorized,
        ] {
            let text = advice(kind, Operation::PlaceOrder, CallProof::TurnedAway);
            assert!(text.contains("nothing was bought"), "{kind:?}: {text}");
        }
        let text = advice(ErrorKind::Unavailable, Operation::TopUp, CallProof::NotSent);
        assert!(text.contains("no money moved"), "{text}");
        let text = advice(
            ErrorKind::Ambiguous,
            Operation::PlaceOrder,
            CallProof::Unknown,
        );
        assert!(text.contains("money may have moved"), "{text}");
    }
}
