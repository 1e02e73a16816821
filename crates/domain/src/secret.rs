//! Text that must never reach a log, an error or `Debug`.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// A secret text: a token, a matching id, an activation code, a PIN or a PUK.
///
/// It is wiped from memory when dropped, its `Debug` shows no character of it, and it implements
/// neither `Display` nor `Serialize`: whoever needs the text says so with [`Secret::expose`].
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Wraps `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// The text itself. Every call is a place to review.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// `None` where `text` is empty or blank, as providers write "there is none".
    pub fn from_optional(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self::new(text))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Secret {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_character_of_the_secret() {
        let shown = format!(
            "{:?} {:#?}",
            Secret::new("K2-1A9F3C"),
            Secret::new("K2-1A9F3C")
        );
        assert!(!shown.contains("K2"), "{shown}");
        assert!(!shown.contains('9'), "{shown}");
    }

    #[test]
    fn a_blank_text_is_no_secret() {
        assert_eq!(Secret::from_optional("  "), None);
        assert_eq!(Secret::from_optional("0000"), Some(Secret::new("0000")));
    }
}
