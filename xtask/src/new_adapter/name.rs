//! What an adapter may be called, and the forms its name takes.

use anyhow::bail;

/// Longest name of a provider (`ProviderName` of the domain).
const LONGEST: usize = 40;

/// Names that mean something else: databases, the simulation, and the crate that is the example.
const RESERVED: [&str; 5] = ["mysql", "postgres", "sandbox", "sqlite", "standard"];

/// Types that the template's files import or define, and one word of the language.
const TAKEN_TYPES: [&str; 22] = [
    "Arc",
    "Call",
    "CallClass",
    "Capabilities",
    "Client",
    "Clock",
    "Destination",
    "Duration",
    "Esim",
    "Failure",
    "Gate",
    "Harness",
    "Instant",
    "Money",
    "Operation",
    "Option",
    "Package",
    "Result",
    "Secret",
    "Self",
    "Url",
    "Usage",
];

/// A name that nothing else bears: lower-case words joined by single dashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AdapterName(String);

impl AdapterName {
    /// Checks `text`; the error says what a name looks like.
    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        if text.starts_with("adapter-") || text.starts_with("roamport-") {
            bail!(
                "`{text}` bears a prefix that is added by itself; give the provider's name alone"
            );
        }
        let word = |word: &str| {
            let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
            !word.is_empty() && word.bytes().all(known)
        };
        let begins_well = text.starts_with(|first: char| first.is_ascii_lowercase());
        if text.len() > LONGEST || !begins_well || !text.split('-').all(word) {
            bail!(
                "`{text}` is no name for an adapter; write at most {LONGEST} lower-case letters and \
                 digits, words joined by single dashes, beginning with a letter: blue-roam"
            );
        }
        let name = Self(text.to_owned());
        if RESERVED.contains(&text) || TAKEN_TYPES.contains(&name.type_name().as_str()) {
            bail!("`{text}` is taken by something else; add a word, such as {text}-travel");
        }
        Ok(name)
    }

    /// `blue-roam`.
    pub(super) fn kebab(&self) -> &str {
        &self.0
    }

    /// `blue_roam`.
    pub(super) fn snake(&self) -> String {
        self.0.replace('-', "_")
    }

    /// `BlueRoam`.
    pub(super) fn type_name(&self) -> String {
        self.words().replace(' ', "")
    }

    /// `Blue Roam`, for prose.
    pub(super) fn words(&self) -> String {
        let capital = |word: &str| {
            let (first, rest) = word.split_at(1);
            first.to_uppercase() + rest
        };
        let words: Vec<_> = self.0.split('-').map(capital).collect();
        words.join(" ")
    }

    /// `roamport-adapter-blue-roam`.
    pub(super) fn package(&self) -> String {
        format!("roamport-adapter-{}", self.0)
    }

    /// `crates/adapter-blue-roam`.
    pub(super) fn folder(&self) -> String {
        format!("crates/adapter-{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_takes_every_form() {
        let name = AdapterName::parse("blue-roam-2").unwrap();
        assert_eq!(name.kebab(), "blue-roam-2");
        assert_eq!(name.snake(), "blue_roam_2");
        assert_eq!(name.type_name(), "BlueRoam2");
        assert_eq!(name.words(), "Blue Roam 2");
        assert_eq!(name.package(), "roamport-adapter-blue-roam-2");
        assert_eq!(name.folder(), "crates/adapter-blue-roam-2");
    }

    #[test]
    fn a_name_of_another_form_is_refused() {
        let long = "a".repeat(LONGEST + 1);
        for text in [
            "",
            "-",
            "Blue",
            "blue_roam",
            "blue roam",
            "-blue",
            "blue-",
            "blue--roam",
            "3roam",
            "blåu",
            "../domain",
            "a/b",
            long.as_str(),
        ] {
            let error = AdapterName::parse(text).unwrap_err().to_string();
            assert!(error.contains("is no name"), "{text}: {error}");
        }
    }

    #[test]
    fn a_name_that_means_something_else_is_refused() {
        for text in ["sqlite", "postgres", "sandbox", "client", "self", "usage"] {
            let error = AdapterName::parse(text).unwrap_err().to_string();
            assert!(error.contains("is taken"), "{text}: {error}");
        }
        for text in ["adapter-blue", "roamport-blue"] {
            let error = AdapterName::parse(text).unwrap_err().to_string();
            assert!(error.contains("prefix"), "{text}: {error}");
        }
    }
}
