//! The words of an error: short, without secrets, and with what to do next.

use roamport_domain::Secret;
use roamport_domain::provider::{ErrorKind, Operation};

use super::Sent;
use crate::wire::Said;

/// Characters of a provider's text that are kept.
const LONGEST: usize = 200;

/// What an answer says: its status and the provider's text, or what stands in its place.
pub(super) fn describe(status: u16, said: &Said, body: &[u8]) -> String {
    let text = match &said.text {
        Some(text) => text.clone(),
        None if body.iter().all(u8::is_ascii_whitespace) => "an empty answer".to_owned(),
        None if said.json => "an answer without a message".to_owned(),
        None if body.trim_ascii_start().starts_with(b"<") => "an HTML page, not JSON".to_owned(),
        None => format!("{} bytes that are no JSON object", body.len()),
    };
    format!("HTTP {status}: {text}")
}

/// The text on one line, without the token and anything that looks like an activation code, at most
/// 200 characters long.
pub(super) fn redact(text: &str, token: &Secret) -> String {
    let mut clean = String::with_capacity(text.len().min(LONGEST));
    for word in text.split(|character: char| character.is_whitespace() || character.is_control()) {
        if word.is_empty() {
            continue;
        }
        if !clean.is_empty() {
            clean.push(' ');
        }
        clean.push_str(if is_secret(word, token) {
            "[redacted]"
        } else {
            word
        });
    }
    match clean.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &clean[..end]),
        None => clean,
    }
}

/// An activation code is `1$address$id`, with `LPA:` before it or not (GSMA SGP.22, section 4.1).
fn is_secret(word: &str, token: &Secret) -> bool {
    let token = token.expose();
    let lower = word.to_ascii_lowercase();
    (!token.is_empty() && word.contains(token))
        || lower.contains("lpa:")
        || lower.contains("lpa%3a")
        || word.matches('$').count() >= 2
}

/// What follows the text: whether money moved and what to do.
pub(super) const fn advice(kind: ErrorKind, operation: Operation, sent: Sent) -> &'static str {
    let purchase = operation.is_purchase();
    match (kind, sent) {
        (ErrorKind::Ambiguous, _) if purchase => {
            "; money may have moved: look the order up by its reference, do not send it again"
        }
        (ErrorKind::Ambiguous, _) => {
            "; it moves no money: read the eSIM until its profile is there, do not ask again at once"
        }
        (_, Sent::No) if purchase => "; nothing was sent and no money moved",
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
        (ErrorKind::InvalidResponse, Sent::Maybe) => "; check the base URL, or update this adapter",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> Secret {
        Secret::new("tok-12345")
    }

    #[test]
    fn token_and_activation_codes_are_taken_out() {
        let text = "bad Bearer tok-12345, see\nLPA:1$smdp.test$K2-SECRET or 1$smdp.test$K2-SECRET \
                    or carddata=lpa%3A1xyz";
        let shown = redact(text, &token());
        assert_eq!(
            shown,
            "bad Bearer [redacted] see [redacted] or [redacted] or [redacted]"
        );
    }

    #[test]
    fn a_long_text_is_cut_at_a_character() {
        let shown = redact(&"ä".repeat(300), &token());
        assert_eq!(shown.chars().count(), 201);
        assert!(shown.ends_with('…'));
    }

    #[test]
    fn a_price_in_dollars_is_no_activation_code() {
        assert_eq!(
            redact("balance $1.20 is below", &token()),
            "balance $1.20 is below"
        );
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
            let text = advice(kind, Operation::PlaceOrder, Sent::Maybe);
            assert!(text.contains("nothing was bought"), "{kind:?}: {text}");
        }
        let text = advice(ErrorKind::Unavailable, Operation::TopUp, Sent::No);
        assert!(text.contains("no money moved"), "{text}");
        let text = advice(ErrorKind::Ambiguous, Operation::PlaceOrder, Sent::Maybe);
        assert!(text.contains("money may have moved"), "{text}");
    }
}
