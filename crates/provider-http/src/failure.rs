//! A call that failed, before it becomes the port's error: what may have happened, and in what words.

use std::fmt;
use std::time::Duration;

use roamport_domain::provider::{CallProof, ErrorKind, Operation};
use roamport_domain::{ProviderError, ProviderName};

use crate::{Effect, Secrets};

/// Whether the provider can have seen the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sent {
    /// Certainly not: no connection stood, or nothing was tried.
    No,
    /// Perhaps: from the first byte on nobody can say.
    Maybe,
}

/// A call that failed, before it becomes the port's error.
///
/// Where no whole answer came, [`Transport::attempt`](crate::Transport::attempt) gives it ready-made. Where
/// one came that says that the call failed, the adapter's own table makes it of status and body.
///
/// `Debug` shows neither `message` nor `code`: they are not redacted before
/// [`into_error`](Self::into_error).
pub struct Failure {
    /// What it means, for people, metrics and the order machine.
    pub kind: ErrorKind,
    /// The HTTP status, where the head of an answer came.
    pub status: Option<u16>,
    /// The provider's words or ours, not yet redacted.
    pub message: String,
    /// The provider's code, as it wrote it.
    pub code: Option<String>,
    /// How long the provider asks to wait.
    pub retry_after: Option<Duration>,
    /// What the call changes.
    pub effect: Effect,
    /// What is proven about its effect.
    pub proof: CallProof,
    /// Something that the adapter recognised in the answer and asks for later. Shown to nobody.
    pub mark: Option<&'static str>,
}

impl Failure {
    /// A failure of our own, before anything was sent.
    pub fn not_sent(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            status: None,
            message: message.into(),
            code: None,
            retry_after: None,
            effect: Effect::None,
            proof: CallProof::NotSent,
            mark: None,
        }
    }

    /// No whole answer came. An effect that may have been sent is [`ErrorKind::Ambiguous`]: that costs a
    /// look-up, and the other mistake costs money.
    pub fn no_answer(effect: impl Into<Effect>, sent: Sent, message: impl Into<String>) -> Self {
        let effect = effect.into();
        let kind = if effect.is_any() && sent == Sent::Maybe {
            ErrorKind::Ambiguous
        } else {
            ErrorKind::Unavailable
        };
        let proof = match sent {
            Sent::No => CallProof::NotSent,
            Sent::Maybe => CallProof::Unknown,
        };
        Self {
            effect,
            proof,
            ..Self::not_sent(kind, message)
        }
    }

    /// An answer came that cannot be used, for the reason in `detail`. For an effect that is
    /// [`ErrorKind::Ambiguous`], too: something was done, and nobody can say what.
    pub fn unusable(effect: impl Into<Effect>, detail: impl Into<String>) -> Self {
        let effect = effect.into();
        let kind = if effect.is_any() {
            ErrorKind::Ambiguous
        } else {
            ErrorKind::InvalidResponse
        };
        Self {
            effect,
            proof: CallProof::Unknown,
            ..Self::not_sent(kind, detail)
        }
    }

    /// An answer that says that the call failed, before anything else is known of it: it proves nothing. For an effect that is
    /// [`ErrorKind::Ambiguous`]. For a read it is what the status means everywhere (RFC 9110, section 15):
    /// [`ErrorKind::Unauthorized`] for 401 and 403, [`ErrorKind::RateLimited`] for 429, [`ErrorKind::Unavailable`] for
    /// 408, 425 and 5xx, and [`ErrorKind::InvalidResponse`] for any other.
    pub fn of_status(effect: impl Into<Effect>, status: u16, message: impl Into<String>) -> Self {
        let unusable = Self::unusable(effect, message);
        let kind = match status {
            _ if unusable.effect.is_any() => ErrorKind::Ambiguous,
            401 | 403 => ErrorKind::Unauthorized,
            429 => ErrorKind::RateLimited,
            408 | 425 | 500..=599 => ErrorKind::Unavailable,
            _ => ErrorKind::InvalidResponse,
        };
        Self {
            kind,
            status: Some(status),
            ..unusable
        }
    }

    /// The same as a refusal of this `kind`, for a reason that the provider checks before it does anything. Only an answer of
    /// the adapter's table of refusals proves that.
    #[must_use]
    pub fn turned_away(self, kind: ErrorKind) -> Self {
        Self {
            kind,
            proof: CallProof::TurnedAway,
            ..self
        }
    }

    /// The port's error. `secrets` and activation codes are taken out of words and code alike; `advice` says
    /// whether money moved and what to do next, and is added as it is.
    ///
    /// Of a call that is about one profile the code, the status and what they mean are told; the provider's
    /// own words are [masked](Secrets::redact_profile).
    pub fn into_error(
        self,
        provider: &ProviderName,
        operation: Operation,
        secrets: &Secrets,
        advice: &str,
    ) -> ProviderError {
        let redact = |words: &str| {
            if is_about_a_profile(operation) {
                secrets.redact_profile(words)
            } else {
                secrets.redact(words)
            }
        };
        let mut message = redact(&self.message);
        message.push_str(advice);
        let mut error = ProviderError::new(self.kind, provider.clone(), operation, message)
            .with_proof(self.proof);
        if let Some(code) = &self.code {
            let code = if is_number(code) {
                secrets.redact(code)
            } else {
                redact(code)
            };
            error = error.with_code(code);
        }
        if let Some(after) = self.retry_after {
            error = error.with_retry_after(after);
        }
        error
    }
}

/// Whether a provider may repeat a profile's data in what it says.
const fn is_about_a_profile(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::Provision
            | Operation::Esim
            | Operation::Cancel
            | Operation::Usage
            | Operation::UsageBatch
            | Operation::Other(_)
    )
}

/// Whether a code is a number of the provider's table of errors, and no word of its own.
fn is_number(code: &str) -> bool {
    code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit())
}

impl fmt::Debug for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Failure")
            .field("kind", &self.kind)
            .field("status", &self.status)
            .field("retry_after", &self.retry_after)
            .field("effect", &self.effect)
            .field("proof", &self.proof)
            .field("mark", &self.mark)
            .finish_non_exhaustive()
    }
}

/// What stands in a message where an answer has no words of its own: what the body is, and nothing of what
/// stands in it. `json` says whether it was read as an object.
pub fn in_place_of_words(body: &[u8], json: bool) -> String {
    match body.trim_ascii_start() {
        b"" => "an empty answer".to_owned(),
        _ if json => "an answer without a message".to_owned(),
        [b'<', ..] => "an HTML page, not JSON".to_owned(),
        _ => format!("{} bytes that are no JSON object", body.len()),
    }
}

#[cfg(test)]
mod tests {
    use roamport_domain::Secret;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Effect::None, Sent::No, ErrorKind::Unavailable)]
    #[case(Effect::Change, Sent::No, ErrorKind::Unavailable)]
    #[case(Effect::Purchase, Sent::No, ErrorKind::Unavailable)]
    #[case(Effect::None, Sent::Maybe, ErrorKind::Unavailable)]
    #[case(Effect::Change, Sent::Maybe, ErrorKind::Ambiguous)]
    #[case(Effect::Purchase, Sent::Maybe, ErrorKind::Ambiguous)]
    fn no_answer_is_ambiguous_for_effects_that_may_have_been_sent(
        #[case] effect: Effect,
        #[case] sent: Sent,
        #[case] expected: ErrorKind,
    ) {
        let failure = Failure::no_answer(effect, sent, "no answer came");
        let proof = match sent {
            Sent::No => CallProof::NotSent,
            Sent::Maybe => CallProof::Unknown,
        };
        assert_eq!((failure.kind, failure.proof), (expected, proof));
    }

    #[rstest]
    #[case(Effect::None, ErrorKind::InvalidResponse)]
    #[case(Effect::Change, ErrorKind::Ambiguous)]
    #[case(Effect::Purchase, ErrorKind::Ambiguous)]
    fn an_answer_that_cannot_be_used_is_ambiguous_for_effects(
        #[case] effect: Effect,
        #[case] expected: ErrorKind,
    ) {
        let failure = Failure::unusable(effect, "no id in it");
        assert_eq!(
            (failure.kind, failure.proof),
            (expected, CallProof::Unknown)
        );
    }

    #[test]
    fn words_and_code_are_redacted_and_the_advice_is_added() {
        let provider = ProviderName::parse("acme").unwrap();
        let secrets = Secrets::new([Secret::new("the-t0ken")]);
        let failure = Failure {
            code: Some("the-t0ken-7".to_owned()),
            retry_after: Some(Duration::from_secs(7)),
            ..Failure::unusable(Operation::PlaceOrder, "no the-t0ken for LPA:1$a.test$K2")
        };
        let shown = format!("{failure:?} {failure:#?}");
        assert!(!shown.contains("t0ken") && !shown.contains("K2"), "{shown}");
        let advice = "; money may have moved";
        let error = failure.into_error(&provider, Operation::PlaceOrder, &secrets, advice);
        let expected = "no [redacted] for [redacted]; money may have moved";
        assert_eq!(error.message(), expected);
        assert_eq!(error.code(), Some("[redacted]-7"));
        assert_eq!(error.kind(), ErrorKind::Ambiguous);
    }

    #[rstest]
    #[case(Operation::Provision)]
    #[case(Operation::Esim)]
    #[case(Operation::Cancel)]
    #[case(Operation::Usage)]
    fn of_a_profile_code_and_status_are_told_and_nothing_that_installs_it(
        #[case] operation: Operation,
    ) {
        let provider = ProviderName::parse("acme").unwrap();
        let words = "HTTP 409: profile with activation code K2-04386AGYFT and pin 4711 is locked";
        for (code, told) in [("200002", "200002"), ("PIN 4711", "PIN [masked]")] {
            let failure = Failure {
                status: Some(409),
                code: Some(code.to_owned()),
                ..Failure::unusable(operation, words)
            };
            let error = failure.into_error(&provider, operation, &Secrets::default(), "; no");
            assert_eq!(
                error.message(),
                "HTTP 409: profile with activation code K2-[masked] and pin [masked] is locked; no"
            );
            assert_eq!(error.code(), Some(told));
        }
    }

    #[test]
    fn of_a_purchase_the_words_are_told_whole() {
        let provider = ProviderName::parse("acme").unwrap();
        let failure = Failure::unusable(Operation::PlaceOrder, "no package esim-france-7days");
        let error = failure.into_error(&provider, Operation::PlaceOrder, &Secrets::default(), "");
        assert_eq!(error.message(), "no package esim-france-7days");
    }

    #[rstest]
    #[case(b"", false, "an empty answer")]
    #[case(b" \r\n", true, "an empty answer")]
    #[case(b"{\"a\":1}", true, "an answer without a message")]
    #[case(b" \n<html>K2-SECRET", false, "an HTML page, not JSON")]
    #[case(b"error code: 520", false, "15 bytes that are no JSON object")]
    fn a_body_is_summed_up_not_dumped(
        #[case] body: &[u8],
        #[case] json: bool,
        #[case] expected: &str,
    ) {
        assert_eq!(in_place_of_words(body, json), expected);
    }
}
