//! Where the sandbox sells: ISO 3166-1 countries by continent, and made-up regions over them.

use std::collections::HashMap;

/// What a destination spans, in the provider's own three words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

/// A destination before packages are put into it.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) code: String,
    pub(super) name: String,
    pub(super) continent: &'static str,
    pub(super) geography: Geography,
    /// ISO codes of the countries covered.
    pub(super) covers: Vec<&'static str>,
}

/// Continents with the ISO 3166-1 alpha-2 codes (and `XK`) that the trade files under them.
const CONTINENTS: [(&str, &str); 6] = [
    (
        "Europe",
        "AD AL AT AX BA BE BG BY CH CY CZ DE DK EE ES FI FO FR GB GG GI GR HR HU IE IM IS IT JE LI LT \
         LU LV MC MD ME MK MT NL NO PL PT RO RS RU SE SI SJ SK SM TR UA VA XK",
    ),
    (
        "Asia",
        "AE AF AM AZ BD BH BN BT CN GE HK ID IL IN IQ IR JO JP KG KH KP KR KW KZ LA LB LK MM MN MO MV \
         MY NP OM PH PK PS QA SA SG SY TH TJ TL TM TW UZ VN YE",
    ),
    (
        "Africa",
        "AO BF BI BJ BW CD CF CG CI CM CV DJ DZ EG EH ER ET GA GH GM GN GQ GW KE KM LR LS LY MA MG ML \
         MR MU MW MZ NA NE NG RE RW SC SD SH SL SN SO SS ST SZ TD TG TN TZ UG YT ZA ZM ZW",
    ),
    (
        "North America",
        "AG AI AW BB BL BM BQ BS BZ CA CR CU CW DM DO GD GL GP GT HN HT JM KN KY LC MF MQ MS MX NI PA \
         PM PR SV SX TC TT US VC VG VI",
    ),
    ("South America", "AR BO BR CL CO EC FK GF GY PE PY SR UY VE"),
    (
        "Oceania",
        "AS AU CK FJ FM GU KI MH MP NC NF NR NU NZ PF PG PN PW SB TK TO TV UM VU WF WS",
    ),
];

/// Regions: code, name, continent word, countries. The first shares its code with a country, as the
/// provider's own sample does, so that nobody takes a code for a key.
const REGIONS: [(&str, &str, &str, &str); 9] = [
    ("KE", "Savannah Pass", "Africa", "KE TZ UG RW"),
    ("SCA", "Scandinavia", "Europe", "DK NO SE FI IS"),
    ("BAL", "Balkans", "Europe", "AL BA BG HR ME MK RS SI XK"),
    ("GCC", "Gulf States", "Asia", "AE BH KW OM QA SA"),
    (
        "SEA",
        "South East Asia",
        "Asia",
        "BN ID KH LA MM MY PH SG TH TL VN",
    ),
    ("CAS", "Central Asia", "Asia", "KG KZ TJ TM UZ"),
    (
        "CARB",
        "Caribbean",
        "North America",
        "AG AI AW BB BS CW DM DO GD GP HT JM KN KY LC MQ TC TT VC VG",
    ),
    ("BNX", "Benelux", "Europe", "BE LU NL"),
    ("USC", "United States and Canada", "North America", "CA US"),
];

/// Codes of the regions that are whole continents, in the order of [`CONTINENTS`].
const CONTINENT_CODES: [&str; 6] = ["EUR", "ASI", "AFR", "NAM", "SAM", "OCE"];

/// What is sold first, in a catalogue of any size: examples and tests count on these.
const FIRST: [(&str, &str); 8] = [
    ("PT", "Portugal"),
    ("FR", "France"),
    ("KE", "Kenya"),
    ("US", "United States"),
    ("JP", "Japan"),
    ("EUR", "Europe"),
    ("GLB", "Global"),
    ("KE", "Savannah Pass"),
];

/// Names where the table of `celes` is unlike what a traveller would look for.
const NAMES: [(&str, &str); 39] = [
    ("AX", "Åland Islands"),
    ("BA", "Bosnia and Herzegovina"),
    ("AG", "Antigua and Barbuda"),
    ("BL", "Saint Barthélemy"),
    ("BN", "Brunei"),
    ("BQ", "Caribbean Netherlands"),
    ("CC", "Cocos Islands"),
    ("CD", "DR Congo"),
    ("CI", "Côte d'Ivoire"),
    ("CW", "Curaçao"),
    ("FK", "Falkland Islands"),
    ("FM", "Micronesia"),
    ("GB", "United Kingdom"),
    ("GW", "Guinea-Bissau"),
    ("IM", "Isle of Man"),
    ("IR", "Iran"),
    ("KN", "Saint Kitts and Nevis"),
    ("KP", "North Korea"),
    ("KR", "South Korea"),
    ("LA", "Laos"),
    ("MD", "Moldova"),
    ("MF", "Saint Martin"),
    ("MK", "North Macedonia"),
    ("PM", "Saint Pierre and Miquelon"),
    ("PS", "Palestine"),
    ("RE", "Réunion"),
    ("RU", "Russia"),
    ("SH", "Saint Helena"),
    ("ST", "São Tomé and Príncipe"),
    ("SX", "Sint Maarten"),
    ("SY", "Syria"),
    ("TL", "Timor-Leste"),
    ("TT", "Trinidad and Tobago"),
    ("TW", "Taiwan"),
    ("TZ", "Tanzania"),
    ("US", "United States"),
    ("VA", "Vatican City"),
    ("VC", "Saint Vincent and the Grenadines"),
    ("VE", "Venezuela"),
];

/// Every destination the sandbox can sell, the well-known ones first, the rest by name.
pub(super) fn places() -> Vec<Place> {
    let mut places = countries();
    for ((name, codes), code) in CONTINENTS.iter().zip(CONTINENT_CODES) {
        places.push(region(code, name, name, codes.split_whitespace().collect()));
    }
    for (code, name, continent, codes) in REGIONS {
        places.push(region(
            code,
            name,
            continent,
            codes.split_whitespace().collect(),
        ));
    }
    places.push(Place {
        code: "GLB".to_owned(),
        name: "Global".to_owned(),
        continent: "Global",
        geography: Geography::Global,
        covers: CONTINENTS
            .iter()
            .flat_map(|(_, codes)| codes.split_whitespace().step_by(3))
            .collect(),
    });
    places.sort_by(|one, other| {
        rank(one)
            .cmp(&rank(other))
            .then_with(|| one.name.cmp(&other.name))
    });
    places
}

/// The English name of a country by its ISO code; the code itself where nobody knows it.
pub(super) fn country_name(code: &str) -> String {
    if let Some((_, name)) = NAMES.iter().find(|(known, _)| *known == code) {
        return (*name).to_owned();
    }
    celes::Country::from_alpha2(code).map_or_else(
        |_| code.to_owned(),
        |country| {
            let name = country.long_name;
            name.strip_prefix("The ")
                .unwrap_or(name)
                .replace(" And ", " and ")
                .replace(" Of ", " of ")
        },
    )
}

/// A name as it appears in ids: lower-case ASCII, words joined by dashes.
pub(super) fn slug(name: &str) -> String {
    let mut slug = String::with_capacity(name.len());
    for character in name.chars() {
        match plain(character) {
            Some(letter) => slug.push(letter),
            None if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            None => {}
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    slug
}

fn plain(character: char) -> Option<char> {
    match character {
        'Å' | 'ã' | 'á' => Some('a'),
        'ô' => Some('o'),
        'ç' => Some('c'),
        'é' => Some('e'),
        'í' => Some('i'),
        'ü' => Some('u'),
        _ => character
            .is_ascii_alphanumeric()
            .then(|| character.to_ascii_lowercase()),
    }
}

fn countries() -> Vec<Place> {
    let continents: HashMap<&str, &'static str> = CONTINENTS
        .iter()
        .flat_map(|(name, codes)| codes.split_whitespace().map(move |code| (code, *name)))
        .collect();
    celes::Country::get_countries()
        .into_iter()
        .filter_map(|country| {
            let continent = continents.get(country.alpha2)?;
            Some(Place {
                code: country.alpha2.to_owned(),
                name: country_name(country.alpha2),
                continent,
                geography: Geography::Local,
                covers: vec![country.alpha2],
            })
        })
        .collect()
}

fn region(code: &str, name: &str, continent: &'static str, covers: Vec<&'static str>) -> Place {
    Place {
        code: code.to_owned(),
        name: name.to_owned(),
        continent,
        geography: Geography::Regional,
        covers,
    }
}

fn rank(place: &Place) -> usize {
    FIRST
        .iter()
        .position(|(code, name)| place.code == *code && place.name == *name)
        .unwrap_or(FIRST.len())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_covered_country_is_one_iso_knows() {
        for place in places() {
            assert!(!place.covers.is_empty(), "{}", place.name);
            for code in place.covers {
                assert!(
                    celes::Country::from_alpha2(code).is_ok(),
                    "{code} in {}",
                    place.name
                );
            }
        }
    }

    #[test]
    fn slugs_and_names_are_distinct_though_a_code_occurs_twice() {
        let places = places();
        let slugs: HashSet<_> = places.iter().map(|place| slug(&place.name)).collect();
        assert_eq!(slugs.len(), places.len());
        assert!(slugs.iter().all(|slug| slug.is_ascii() && !slug.is_empty()));
        assert_eq!(places.iter().filter(|place| place.code == "KE").count(), 2);
    }

    #[test]
    fn the_well_known_places_come_first() {
        let names: Vec<_> = places()
            .into_iter()
            .take(8)
            .map(|place| place.name)
            .collect();
        assert_eq!(names, FIRST.map(|(_, name)| name.to_owned()));
    }

    #[test]
    fn names_are_what_a_traveller_would_look_for() {
        for (code, name) in [
            ("GB", "United Kingdom"),
            ("NL", "Netherlands"),
            ("GM", "Gambia"),
            ("TR", "Türkiye"),
        ] {
            assert_eq!(country_name(code), name);
        }
        assert_eq!(slug("Côte d'Ivoire"), "cote-d-ivoire");
        assert_eq!(slug("São Tomé and Príncipe"), "sao-tome-and-principe");
    }
}
