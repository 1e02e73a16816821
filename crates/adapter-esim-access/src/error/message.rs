//! The words of an error: short, without secrets, and with what to do next.

use roamport_domain::Secret;
use roamport_domain::provider::{ErrorKind, Operation};

use super::{Code, Effect, Failure, Sent};
use crate::wire::Said;

/// Characters of a provider's text that are kept.
const LONGEST: usize = 200;

/// What an answer says: the provider's text, or what stands in its place; with the status, where that
/// is no good one.
pub(super) fn describe(status: u16, said: &Said, body: &[u8]) -> String {
    let text = match (&said.text, &said.code) {
        (Some(text), _) => text.clone(),
        (None, Some(code)) if said.failed => Code::of(code).words().to_owned(),
        (None, _) if body.iter().all(u8::is_ascii_whitespace) => "an empty answer".to_owned(),
        (None, _) if said.json => "an answer without a message".to_owned(),
        (None, _) if body.trim_ascii_start().starts_with(b"<") => {
            "an HTML page, not JSON".to_owned()
        }
        (None, _) => format!("{} bytes that are no JSON object", body.len()),
    };
    if matches!(status, 200..=299) {
        text
    } else {
        format!("HTTP {status}: {text}")
    }
}

/// The text on one line, without our secrets and anything that looks like an activation code, at most
/// 200 characters long.
pub(super) fn redact(text: &str, secrets: &[&Secret]) -> String {
    let mut clean = String::with_capacity(text.len().min(LONGEST));
    for word in text.split(|character: char| character.is_whitespace() || character.is_control()) {
        if word.is_empty() {
            continue;
        }
        if !clean.is_empty() {
            clean.push(' ');
        }
        clean.push_str(if is_secret(word, secrets) {
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
fn is_secret(word: &str, secrets: &[&Secret]) -> bool {
    let ours = |secret: &&Secret| !secret.expose().is_empty() && word.contains(secret.expose());
    let lower = word.to_ascii_lowercase();
    secrets.iter().any(ours)
        || lower.contains("lpa:")
        || lower.contains("lpa%3a")
        || word.matches('$').count() >= 2
}

/// What follows the text: whether money moved and what to do.
pub(super) fn advice(failure: &Failure, operation: Operation) -> &'static str {
    let purchase = operation.is_purchase();
    let known = failure.meaning();
    match (failure.kind, known) {
        (ErrorKind::Ambiguous, _) if purchase => {
            "; money may have moved: the same order under the same reference is not charged twice, any other is"
        }
        (ErrorKind::Ambiguous, _) if operation == Operation::Cancel => {
            "; it may have been given back: read the eSIM before asking again"
        }
        (ErrorKind::Ambiguous, _) => "; it may have happened: read the eSIM before asking again",
        _ if purchase && failure.sent == Sent::No => "; nothing was sent and no money moved",
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
        (ErrorKind::Rejected | ErrorKind::NotFound, _) if failure.effect == Effect::Other => {
            "; nothing was changed"
        }
        (ErrorKind::InvalidResponse, _) => "; check `base_url`, or update this adapter",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_activation_codes_are_taken_out() {
        let (code, key) = (Secret::new("code-12345"), Secret::new("key-67890"));
        let text = "bad code-12345, see\nLPA:1$rsp.test$INV-SECRET or 1$rsp.test$INV-SECRET \
                    or carddata=lpa%3A1xyz signed with key-67890";
        assert_eq!(
            redact(text, &[&code, &key]),
            "bad [redacted] see [redacted] or [redacted] or [redacted] signed with [redacted]"
        );
    }

    #[test]
    fn a_long_text_is_cut_at_a_character() {
        let shown = redact(&"ä".repeat(300), &[]);
        assert_eq!(shown.chars().count(), 201);
        assert!(shown.ends_with('…'));
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
                sent: Sent::Maybe,
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
