//! Countries by ISO 3166-1 alpha-2 code.

mod table;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use self::table::{COUNTRIES, Row};

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
        code.row().ok_or_else(invalid)?;
        Ok(code)
    }

    /// The country an English name stands for, whatever its case, blanks and punctuation: `France`,
    /// `South Korea`, `UK`, `the Gambia`. Reads the short name of ISO 3166-1 and the names in common use.
    pub fn from_english_name(name: &str) -> Option<Self> {
        let name = squeezed(name);
        let name = name.strip_prefix("the").unwrap_or(&name);
        let named = |known: &str| squeezed(known) == name;
        let found = COUNTRIES
            .iter()
            .find(|(_, first, others)| named(first) || others.iter().any(|other| named(other)));
        Self::parse(found?.0).ok()
    }

    /// Every country, in the order of its code.
    pub fn all() -> impl Iterator<Item = Self> {
        COUNTRIES
            .iter()
            .map(|(code, ..)| Self::parse(code).expect("a code of the table is in the table"))
    }

    /// The two capital letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a country code is two ASCII letters")
    }

    /// The name by which it is known in English, without an article: `France`, `Gambia`,
    /// `South Korea`.
    pub fn english_name(&self) -> &'static str {
        let (_, name, _) = self
            .row()
            .expect("a country code that exists is in the table it was checked against");
        name
    }

    fn row(self) -> Option<&'static Row> {
        let place = COUNTRIES.binary_search_by_key(&self.as_str(), |(code, ..)| *code);
        place.ok().map(|place| &COUNTRIES[place])
    }
}

/// Letters and digits alone, small: blanks, dots and dashes tell no two countries apart.
fn squeezed(name: &str) -> String {
    let kept = name.chars().filter(|character| character.is_alphanumeric());
    kept.flat_map(char::to_lowercase).collect()
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
    use celes::LookupTable as _;

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
            ("Samoa", "WS"),
            ("American Samoa", "AS"),
            ("Côte d'Ivoire", "CI"),
            ("cote divoire", "CI"),
            ("Guinea-Bissau", "GW"),
            ("the Gambia", "GM"),
            ("St Lucia", "LC"),
        ] {
            assert_eq!(found(name).as_deref(), Some(code), "{name}");
        }
        assert_eq!(found("Atlantis"), None);
        assert_eq!(found(""), None);
    }

    #[test]
    fn every_country_survives_its_own_text() {
        assert!(COUNTRIES.is_sorted_by_key(|(code, ..)| *code));
        for country in CountryCode::all() {
            assert_eq!(CountryCode::parse(country.as_str()), Ok(country));
        }
    }

    #[test]
    fn every_name_stands_for_one_country() {
        for (code, name, others) in &COUNTRIES {
            for name in others.iter().chain([name]) {
                let found = CountryCode::from_english_name(name);
                assert_eq!(found, CountryCode::parse(code).ok(), "{name}");
                let found = CountryCode::from_english_name(&name.to_uppercase());
                assert_eq!(found, CountryCode::parse(code).ok(), "{name}");
            }
        }
    }

    /// An independent table of ISO 3166-1 has the same codes, and names that lead to the same countries.
    #[test]
    fn the_table_agrees_with_another_one() {
        let others = celes::Country::get_countries();
        let mut codes: Vec<&str> = others.iter().map(|country| country.alpha2).collect();
        codes.sort_unstable();
        let ours: Vec<&str> = COUNTRIES.iter().map(|(code, ..)| *code).collect();
        assert_eq!(ours, codes);
        for country in others {
            // It calls American Samoa `Samoa`, too, which is another country.
            let names = country.aliases.iter().filter(|name| **name != "Samoa");
            for name in names.chain([&country.long_name]) {
                if let Some(found) = CountryCode::from_english_name(name) {
                    assert_eq!(found.as_str(), country.alpha2, "{name}");
                }
            }
        }
    }
}
