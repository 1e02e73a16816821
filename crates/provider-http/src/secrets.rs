//! The secrets of one account, and how they and activation codes are kept out of a provider's words.

use roamport_domain::Secret;

/// Characters of a provider's text that are kept.
const LONGEST: usize = 200;
/// What stands in the place of a secret.
const REDACTED: &str = "[redacted]";
/// Characters that a secret has at least. Providers give out longer ones; what is shorter stands in common
/// words, and guards no more than a simulation.
const SHORTEST: usize = 8;
/// What stands in the place of something that may belong to a profile.
const MASKED: &str = "[masked]";
/// Letters and digits in a row, one of them a digit, that may be a part of a code.
const MASKED_FROM: usize = 4;

/// The secrets that an adapter sends: tokens, access codes, keys. Providers repeat them in error messages.
#[derive(Clone, Debug, Default)]
pub struct Secrets(Vec<Secret>);

impl Secrets {
    /// These secrets. One of fewer than 8 characters redacts nothing.
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        let is_long = |secret: &Secret| secret.expose().chars().count() >= SHORTEST;
        let mut secrets: Vec<Secret> = secrets.into_iter().filter(is_long).collect();
        // One may be a part of another.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.expose().len()));
        Self(secrets)
    }

    /// The text on one line, without these secrets and without each word that looks like an activation
    /// code, at most 200 characters long.
    pub fn redact(&self, text: &str) -> String {
        cut(self.clean(text))
    }

    /// The same for what a provider says of a profile: each run of four or more letters and digits that holds
    /// a digit is masked, since it may be a PIN, an ICCID or a part of an activation code.
    pub fn redact_profile(&self, text: &str) -> String {
        cut(masked(&self.clean(text)))
    }

    fn clean(&self, text: &str) -> String {
        let without = |text: String, secret: &Secret| text.replace(secret.expose(), REDACTED);
        let text = self.0.iter().fold(text.to_owned(), without);
        let between = |character: char| character.is_whitespace() || character.is_control();
        let words = text.split(between).filter(|word| !word.is_empty());
        let words: Vec<&str> = words
            .map(|word| if is_activation(word) { REDACTED } else { word })
            .collect();
        words.join(" ")
    }
}

/// An activation code is `1$address$id`, with `LPA:` before it or not (GSMA SGP.22, section 4.1).
fn is_activation(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    lower.contains("lpa:") || lower.contains("lpa%3a") || word.matches('$').count() >= 2
}

fn masked(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = rest
            .find(|character: char| !character.is_alphanumeric())
            .unwrap_or(rest.len());
        if end == 0 {
            clean.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let run = &rest[..end];
        let hides = run.chars().count() >= MASKED_FROM && run.chars().any(char::is_numeric);
        clean.push_str(if hides { MASKED } else { run });
        rest = &rest[end..];
    }
    clean
}

fn cut(text: String) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
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
            "bad Bearer [redacted], see [redacted] or [redacted] or [redacted] signed with [redacted]"
        );
    }

    #[test]
    fn a_secret_of_fewer_than_eight_characters_redacts_nothing() {
        let secrets = Secrets::new(["", "T", "sandbox"].map(Secret::new));
        let text = "The sandbox says: Token missing";
        assert_eq!(secrets.redact(text), text);
        let secrets = Secrets::new([Secret::new("sandbox8")]);
        assert_eq!(
            secrets.redact("x-sandbox8-y sandbox"),
            "x-[redacted]-y sandbox"
        );
    }

    #[test]
    fn a_secret_with_a_blank_or_inside_a_longer_one_is_taken_out_whole() {
        let secrets = Secrets::new(["blank in it", "token-long", "token-longer"].map(Secret::new));
        assert_eq!(
            secrets.redact("a blank in it, token-longer, token-long"),
            "a [redacted], [redacted], [redacted]"
        );
    }

    #[test]
    fn of_a_profile_nothing_with_a_digit_is_told() {
        let text = "HTTP 400: profile with activation code K2-04386AGYFT and pin 4711, puk 12345678 of \
                    8988303000001234567 is locked; LPA:1$a.test$X7 since 3 days";
        assert_eq!(
            Secrets::default().redact_profile(text),
            "HTTP 400: profile with activation code K2-[masked] and pin [masked], puk [masked] of [masked] \
             is locked; [redacted] since 3 days"
        );
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
    fn a_mask_is_no_longer_than_what_may_be_told() {
        let shown = Secrets::default().redact_profile(&"1234 ".repeat(300));
        assert_eq!(shown.chars().count(), 201);
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
