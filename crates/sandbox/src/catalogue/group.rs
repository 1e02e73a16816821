//! One destination of the price list, made from the seed.

use rust_decimal::Decimal;

use super::CatalogueFilter;
use super::data::{Geography, Place, PriceFile};
use super::plan::{Plan, Tariff};

/// A destination with its packages.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its slug, such as `south-korea`.
    pub slug: String,
    /// Its name, such as `South Korea`. Unique.
    pub name: String,
    /// ISO 3166-1 alpha-2 for a country, a code of the provider's own otherwise. Not unique.
    pub code: String,
    /// A word like a continent.
    pub region: &'static str,
    /// What it spans.
    pub geography: Geography,
    /// ISO codes of the countries covered, with the networks and carriers there.
    pub signals: Vec<Signal>,
    /// The cheapest package, in US dollars.
    pub lowest_price: Decimal,
    /// The dearest package, in US dollars.
    pub highest_price: Decimal,
    pub(super) packages: usize,
    pub(super) tariff: Tariff,
}

/// The reception in one country.
#[derive(Clone, Debug)]
pub struct Signal {
    /// ISO 3166-1 alpha-2.
    pub code: &'static str,
    /// The country's name.
    pub name: String,
    /// Network generations, such as `4G`.
    pub networks: Vec<&'static str>,
    /// Made-up carriers.
    pub carriers: Vec<&'static str>,
}

impl Group {
    pub(super) fn fits(&self, filter: &CatalogueFilter) -> bool {
        let same = |wanted: &Option<String>, has: &str| {
            wanted
                .as_ref()
                .is_none_or(|wanted| wanted.eq_ignore_ascii_case(has))
        };
        same(&filter.name, &self.name)
            && same(&filter.code, &self.code)
            && filter
                .geography
                .is_none_or(|wanted| wanted == self.geography)
    }
}

pub(super) fn group(seed: u64, place: &'static Place, plans: &[Plan]) -> Group {
    let chance = place
        .slug
        .bytes()
        .fold(seed, |state, byte| hash(state, usize::from(byte)));
    let (times, off) = match place.geography {
        Geography::Local => (100, 0),
        Geography::Regional => (130, 20),
        Geography::Global => (200, 60),
    };
    let tariff = Tariff {
        base: 40 + off + chance % 80,
        gigabyte: (55 + (chance >> 8) % 200) * times / 100,
        day: 2 + (chance >> 24) % 4,
    };
    let prices = || plans.iter().map(|plan| tariff.price(plan));
    Group {
        slug: place.slug.clone(),
        name: place.name.clone(),
        code: place.code.clone(),
        region: &place.region,
        geography: place.geography,
        signals: place.covers().map(|code| signal(seed, code)).collect(),
        lowest_price: prices().min().unwrap_or_default(),
        highest_price: prices().max().unwrap_or_default(),
        packages: plans.len(),
        tariff,
    }
}

fn signal(seed: u64, code: &'static str) -> Signal {
    const CARRIERS: [&str; 6] = [
        "Sandbox Mobile",
        "Example Telecom",
        "Placeholder Cellular",
        "Specimen Networks",
        "Dummy Wireless",
        "Sample Air",
    ];
    let chance = code
        .bytes()
        .fold(seed, |state, byte| hash(state, usize::from(byte)));
    let first = usize::try_from(chance % 6).unwrap_or_default();
    let networks: &[&str] = match (chance >> 16) % 3 {
        0 => &["3G", "4G"],
        1 => &["4G", "5G"],
        _ => &["4G"],
    };
    let carriers = if (chance >> 32).is_multiple_of(2) {
        1
    } else {
        2
    };
    Signal {
        code,
        name: PriceFile::country_name(code).to_owned(),
        networks: networks.to_vec(),
        carriers: (0..carriers)
            .map(|step| CARRIERS[(first + step) % CARRIERS.len()])
            .collect(),
    }
}

/// The finalizer of `SplitMix64` (Steele, Lea, Flood 2014): spreads a seed and a number over 64 bits.
pub(super) fn hash(seed: u64, number: usize) -> u64 {
    let mut state = seed
        .wrapping_add(0x9E37_79B9_7F4A_7C15)
        .wrapping_add(number as u64);
    state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    state ^ (state >> 31)
}
