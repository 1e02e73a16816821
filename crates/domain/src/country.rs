//! Countries by ISO 3166-1 alpha-2 code.

use std::fmt;
use std::str::FromStr;

use celes::LookupTable as _;
use serde::{Deserialize, Serialize};

/// A country: an assigned ISO 3166-1 alpha-2 code, or `XK`, the user-assigned code by which the
/// trade knows Kosovo.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CountryCode([u8; 2]);

/// A text that is no country code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an ISO 3166-1 alpha-2 country code")]
pub struct InvalidCountryCode(String);

impl CountryCode {
    /// Reads a two-letter code, in either case.
    ///
    /// # Errors
    ///
    /// [`InvalidCountryCode`] for anything that ISO 3166-1 has not assigned, `XK` excepted.
    pub fn parse(text: &str) -> Result<Self, InvalidCountryCode> {
        let invalid = || InvalidCountryCode(text.chars().take(40).collect());
        let bytes: [u8; 2] = text.as_bytes().try_into().map_err(|_| invalid())?;
        let code = Self(bytes.map(|byte| byte.to_ascii_uppercase()));
        if !bytes.iter().all(u8::is_ascii_alphabetic) {
            return Err(invalid());
        }
        celes::Country::from_alpha2(code.as_str()).map_err(|_| invalid())?;
        Ok(code)
    }

    /// The country an English name stands for, whatever its case and blanks: `France`,
    /// `South Korea`, `UK`. Reads the short name of ISO 3166-1 and the names in common use.
    pub fn from_english_name(name: &str) -> Option<Self> {
        let name = squeezed(name);
        let in_common_use = match name.as_str() {
            "uk" | "greatbritain" => Some("GB"),
            "usa" | "us" => Some("US"),
            "southkorea" => Some("KR"),
            _ => None,
        };
        let found = in_common_use.or_else(|| {
            let found = celes::Country::get_countries().into_iter().find(|country| {
                squeezed(country.long_name) == name
                    || squeezed(short_name(country.long_name)) == name
                    || country.aliases.iter().any(|alias| squeezed(alias) == name)
            });
            found.map(|country| country.alpha2)
        });
        Self::parse(found?).ok()
    }

    /// Every country, in the order of its code.
    pub fn all() -> impl Iterator<Item = Self> {
        let mut all: Vec<Self> = celes::Country::get_countries()
            .into_iter()
            .filter_map(|country| Self::parse(country.alpha2).ok())
            .collect();
        all.sort_unstable();
        all.into_iter()
    }

    /// The two capital letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a country code is two ASCII letters")
    }

    /// The English short name of ISO 3166-1, without a trailing article: `France`, `Gambia`.
    pub fn english_name(&self) -> &'static str {
        celes::Country::from_alpha2(self.as_str())
            .map(|country| short_name(country.long_name))
            .expect("a country code that exists is in the table it was checked against")
    }
}

/// Letters and digits alone, small: blanks, dots and dashes tell no two countries apart.
fn squeezed(name: &str) -> String {
    let kept = name.chars().filter(|character| character.is_alphanumeric());
    kept.flat_map(char::to_lowercase).collect()
}

/// ISO lists some names as `Gambia (the)`; a person writes `Gambia`.
fn short_name(long_name: &'static str) -> &'static str {
    long_name
        .strip_suffix(" (the)")
        .unwrap_or(long_name)
        .trim_start_matches("The ")
}

impl fmt::Debug for CountryCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "CountryCode({self})")
    }
}

impl fmt::Display for CountryCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl FromStr for CountryCode {
    type Err = InvalidCountryCode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for CountryCode {
    type Error = InvalidCountryCode;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<CountryCode> for String {
    fn from(code: CountryCode) -> Self {
        code.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_in_either_case_and_shown_in_capitals() {
        assert_eq!(CountryCode::parse("fr").unwrap().to_string(), "FR");
        assert_eq!(CountryCode::parse("FR").unwrap().english_name(), "France");
    }

    #[test]
    fn kosovo_is_known_by_its_user_assigned_code() {
        assert_eq!(CountryCode::parse("XK").unwrap().english_name(), "Kosovo");
    }

    #[test]
    fn what_iso_has_not_assigned_is_refused() {
        for text in ["", "F", "FRA", "ZZ", "E1", "é", "fr ", "EU"] {
            assert!(CountryCode::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_english_name_finds_its_country() {
        let found = |name| CountryCode::from_english_name(name).map(|code| code.to_string());
        assert_eq!(found("france").as_deref(), Some("FR"));
        assert_eq!(found("Gambia").as_deref(), Some("GM"));
        assert_eq!(found("Netherlands").as_deref(), Some("NL"));
        for (name, code) in [
            ("United States", "US"),
            ("united kingdom", "GB"),
            ("UK", "GB"),
            ("USA", "US"),
            ("South Korea", "KR"),
            ("Czech Republic", "CZ"),
            ("Czechia", "CZ"),
            ("Ivory Coast", "CI"),
            ("Vietnam", "VN"),
            ("Taiwan", "TW"),
            ("Russia", "RU"),
            ("Turkey", "TR"),
            ("Laos", "LA"),
            ("United Arab Emirates", "AE"),
            ("Hong Kong", "HK"),
        ] {
            assert_eq!(found(name).as_deref(), Some(code), "{name}");
        }
        assert_eq!(found("Atlantis"), None);
        assert_eq!(found(""), None);
    }

    #[test]
    fn every_country_survives_its_own_text() {
        assert!(CountryCode::all().count() > 240);
        for country in CountryCode::all() {
            assert_eq!(CountryCode::parse(country.as_str()), Ok(country));
            assert!(!country.english_name().is_empty());
        }
    }
}
