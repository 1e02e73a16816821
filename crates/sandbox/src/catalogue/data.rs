//! The data file of the price list: where the sandbox sells, and which plans.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::plan::{LONGEST_DAYS, Plan, PlanData, Talk};

/// Destinations in the order of the listing, the well-known ones first: examples and tests count on
/// these. One region shares its code with a country, as the provider's own sample does: a client that
/// takes a code for a key is found out.
static FILE: LazyLock<PriceFile> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../data/catalogue.json"))
        .expect("the tests read this file, too")
});

/// The names of countries by their codes.
static NAMES: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    let countries = FILE.places.iter();
    countries
        .filter(|place| place.geography == Geography::Local)
        .map(|place| (place.code.as_str(), place.name.as_str()))
        .collect()
});

/// Everything that does not depend on a seed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PriceFile {
    pub(super) places: Vec<Place>,
    /// What every destination sells first, without surprises: a catalogue of 60 has eight of these in
    /// each of seven destinations.
    pub(super) usual_plans: Vec<Plan>,
    /// Data and talk of further plans, each of them for any number of days.
    pub(super) kinds: Vec<PlanKind>,
    /// The numbers of days that come first.
    pub(super) usual_days: Vec<u16>,
}

/// A destination before packages are put into it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    /// ISO 3166-1 alpha-2, or a code of the provider's own for a region.
    pub(super) code: String,
    pub(super) name: String,
    /// The name as it appears in ids.
    pub(super) slug: String,
    pub(super) region: String,
    pub(super) geography: Geography,
    /// ISO codes of the countries covered.
    covers: String,
}

/// What a plan brings, without its days.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlanKind {
    pub(super) data: PlanData,
    #[serde(default)]
    pub(super) talk: Option<Talk>,
}

impl PriceFile {
    pub(super) fn get() -> &'static Self {
        &FILE
    }

    /// The first `count` plans; fewer where there are no more.
    pub(super) fn plans(&self, count: usize) -> Vec<Plan> {
        let usual = self.usual_days.iter().copied();
        let others = (1..=LONGEST_DAYS).filter(|day| !self.usual_days.contains(day));
        let rest = usual
            .chain(others)
            .flat_map(|days| {
                let kinds = self.kinds.iter();
                kinds.map(move |kind| Plan {
                    days,
                    data: kind.data,
                    talk: kind.talk,
                })
            })
            .filter(|plan| !self.usual_plans.contains(plan));
        let usual = self.usual_plans.iter().copied();
        usual.chain(rest).take(count).collect()
    }

    /// How many different plans there are.
    pub(super) fn variety(&self) -> usize {
        usize::from(LONGEST_DAYS) * self.kinds.len()
    }

    /// The English name of a country; its code where it is no destination.
    pub(super) fn country_name(code: &str) -> &str {
        NAMES.get(code).copied().unwrap_or(code)
    }
}

impl Place {
    /// ISO codes of the countries covered.
    pub(super) fn covers(&'static self) -> impl Iterator<Item = &'static str> {
        self.covers.split_whitespace()
    }
}

/// What a destination spans, in the provider's own three words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Geography {
    /// One country.
    Local,
    /// Several countries sold as one.
    Regional,
    /// The world.
    Global,
}

impl Geography {
    /// The word on the wire: `local`, `regional` or `global`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Regional => "regional",
            Self::Global => "global",
        }
    }

    /// Reads the word on the wire.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Local, Self::Regional, Self::Global]
            .into_iter()
            .find(|geography| geography.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use roamport_domain::CountryCode;

    use super::*;

    #[test]
    fn every_covered_country_is_one_iso_knows() {
        for place in &PriceFile::get().places {
            assert!(place.covers().next().is_some(), "{}", place.name);
            for code in place.covers() {
                assert!(CountryCode::parse(code).is_ok(), "{code} in {}", place.name);
                assert_ne!(PriceFile::country_name(code), code);
            }
        }
    }

    #[test]
    fn slugs_and_names_are_distinct_though_a_code_occurs_twice() {
        let places = &PriceFile::get().places;
        let slugs: HashSet<_> = places.iter().map(|place| &place.slug).collect();
        let names: HashSet<_> = places.iter().map(|place| &place.name).collect();
        assert_eq!((slugs.len(), names.len()), (places.len(), places.len()));
        let plain = |byte: u8| byte == b'-' || byte.is_ascii_lowercase();
        assert!(slugs.iter().all(|slug| slug.bytes().all(plain)));
        assert_eq!(places.iter().filter(|place| place.code == "KE").count(), 2);
    }

    #[test]
    fn the_well_known_places_come_first_and_the_rest_by_name() {
        let places = &PriceFile::get().places;
        let names: Vec<&str> = places.iter().map(|place| place.name.as_str()).collect();
        let known = [
            "Portugal",
            "France",
            "Kenya",
            "United States",
            "Japan",
            "Europe",
            "Global",
            "Savannah Pass",
        ];
        assert_eq!(names[..8], known);
        assert!(names[8..].is_sorted());
    }

    #[test]
    fn names_are_what_a_traveler_would_look_for() {
        for (code, name, slug) in [
            ("GB", "United Kingdom", "united-kingdom"),
            ("NL", "Netherlands", "netherlands"),
            ("GM", "Gambia", "gambia"),
            ("TR", "Türkiye", "turkiye"),
            ("CI", "Côte d'Ivoire", "cote-d-ivoire"),
            ("ST", "São Tomé and Príncipe", "sao-tome-and-principe"),
        ] {
            let mut places = PriceFile::get().places.iter();
            let place = places.find(|place| place.code == code).unwrap();
            assert_eq!((place.name.as_str(), place.slug.as_str()), (name, slug));
        }
    }

    #[test]
    fn all_plans_are_different_and_so_are_their_slugs() {
        let plans = PriceFile::get().plans(usize::MAX);
        assert_eq!(plans.len(), PriceFile::get().variety());
        let slugs: HashSet<_> = plans.iter().map(Plan::slug).collect();
        assert_eq!(slugs.len(), plans.len());
    }

    #[test]
    fn a_longer_table_begins_with_the_shorter_one() {
        let file = PriceFile::get();
        assert_eq!(file.plans(40)[..], file.plans(400)[..40]);
    }
}
