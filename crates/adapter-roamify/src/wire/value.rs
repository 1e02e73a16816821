//! Several texts where the provider may send one, or something else.

use roamport_provider_http::json::{Text, list};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// The most texts of one list that are kept.
const MOST: usize = 100;

/// Several texts, at most a hundred; one alone counts as a list of one, anything else as none.
#[derive(Default)]
pub(crate) struct Texts<'a>(pub(crate) Vec<Text<'a>>);

impl Texts<'_> {
    /// The texts that say something, as names.
    pub(crate) fn names(&self) -> Vec<String> {
        self.0.iter().filter_map(Text::name).collect()
    }

    /// The texts that say something.
    pub(crate) fn owned(&self) -> Vec<String> {
        self.0
            .iter()
            .filter_map(Text::get)
            .map(str::to_owned)
            .collect()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Texts<'a> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(reader)?;
        Ok(Self(match list(Some(raw)) {
            Some(elements) => elements.into_iter().take(MOST).map(Text::of).collect(),
            None if raw.get().starts_with('"') => vec![Text::of(raw)],
            None => Vec::new(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("[\"4G\",\"\",null,5]", &["4G", "5"])]
    #[case("\"4G\"", &["4G"])]
    #[case(r#""\u0034G""#, &["4G"])]
    #[case("null", &[])]
    #[case("5", &[])]
    #[case("true", &[])]
    #[case("{\"a\":\"4G\"}", &[])]
    fn texts_may_be_one_text(#[case] json: &str, #[case] expected: &[&str]) {
        assert_eq!(
            serde_json::from_str::<Texts<'_>>(json).unwrap().owned(),
            expected
        );
    }
}
