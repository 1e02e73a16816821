//! The secrets of one account, and how they and activation codes are kept out of a provider's words.

use roamport_domain::Secret;

/// Characters of a provider's text that are kept.
const LONGEST: usize = 200;
/// What stands in the place of a word that holds a secret.
const REDACTED: &str = "[redacted]";

/// The secrets that an adapter sends: tokens, access codes, keys. Providers repeat them in error messages.
#[derive(Clone, Debug, Default)]
pub struct Secrets(Vec<Secret>);

impl Secrets {
    /// These secrets. An empty one redacts nothing.
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        let said = |secret: &Secret| !secret.expose().is_empty();
        Self(secrets.into_iter().filter(said).collect())
    }

    /// The text on one line, without each word that holds one of these secrets or looks like an activation
    /// code, at most 200 characters long.
    pub fn redact(&self, text: &str) -> String {
        let mut clean = String::with_capacity(text.len().min(LONGEST));
        let between = |character: char| character.is_whitespace() || character.is_control();
        for word in text.split(between).filter(|word| !word.is_empty()) {
            if !clean.is_empty() {
                clean.push(' ');
            }
            clean.push_str(if self.is_in(word) { REDACTED } else { word });
        }
        match clean.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}…", &clean[..end]),
            None => clean,
        }
    }

    /// An activation code is `1$address$id`, with `LPA:` before it or not (GSMA SGP.22, section 4.1).
    fn is_in(&self, word: &str) -> bool {
        let lower = word.to_ascii_lowercase();
        self.0.iter().any(|secret| word.contains(secret.expose()))
            || lower.contains("lpa:")
            || lower.contains("lpa%3a")
            || word.matches('$').count() >= 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_activation_codes_are_taken_out() {
        let secrets = Secrets::new(["tok-12345", "key-67890"].map(Secret::new));
        let text = "bad Bearer tok-12345, see\nLPA:1$smdp.test$K2-SECRET or 1$smdp.test$K2-SECRET \
                    or carddata=lpa%3A1xyz signed with key-67890";
        assert_eq!(
            secrets.redact(text),
            "bad Bearer [redacted] see [redacted] or [redacted] or [redacted] signed with [redacted]"
        );
    }

    #[test]
    fn an_empty_secret_redacts_nothing() {
        let secrets = Secrets::new([Secret::new("")]);
        assert_eq!(secrets.redact("a b"), "a b");
    }

    #[test]
    fn a_long_text_is_cut_at_a_character() {
        let shown = Secrets::default().redact(&"ä".repeat(300));
        assert_eq!(shown.chars().count(), 201);
        assert!(shown.ends_with('…'));
    }

    #[test]
    fn line_breaks_and_control_characters_become_blanks() {
        assert_eq!(Secrets::default().redact(" a\r\n\u{1b}b\0 c\t"), "a b c");
    }

    #[test]
    fn a_price_in_dollars_is_no_activation_code() {
        let text = "balance $1.20 is below";
        assert_eq!(Secrets::default().redact(text), text);
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", Secrets::new([Secret::new("tok-12345")]));
        assert!(!shown.contains("12345"), "{shown}");
    }
}
