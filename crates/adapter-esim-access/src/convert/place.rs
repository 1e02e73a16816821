//! Places: countries, regions and the world, and what they are called.

use std::collections::{HashMap, HashSet};

use roamport_domain::CountryCode;
use roamport_domain::package::{Area, Coverage, Destination, Place};
use roamport_provider_http::json::Text;

use super::Unreadable;
use crate::wire::{LocationList, Network, Operator, WireLocation, WirePackage, list};

/// The names of the places that packages are sold for, by code.
#[derive(Default)]
pub(crate) struct Places {
    names: HashMap<String, String>,
}

impl Places {
    /// Those of `POST /location/list`.
    pub(crate) fn of(data: &LocationList<'_>) -> Result<Self, Unreadable> {
        let named = |place: &WireLocation<'_>| {
            let code = place.code.get()?.to_ascii_uppercase();
            Some((code, place.name.name()?))
        };
        let rows = data.rows().map_err(Unreadable)?;
        Ok(Self {
            names: rows.iter().filter_map(named).collect(),
        })
    }

    fn name(&self, code: &str) -> Option<&str> {
        self.names
            .get(&code.to_ascii_uppercase())
            .map(String::as_str)
    }
}

/// What a code stands for. A bundle's code is its region and a number (`EU-42`), and that of a bundle
/// for the world begins with `GL`.
fn place(code: &str, countries: &[&str]) -> Place {
    if let Ok(country) = CountryCode::parse(code) {
        return Place::Country(country);
    }
    if code.to_ascii_uppercase().starts_with("GL") {
        return Place::World;
    }
    match countries {
        [only] => CountryCode::parse(only).map_or(Place::Unknown, Place::Country),
        [] if code.is_empty() => Place::Unknown,
        _ => Place::Region,
    }
}

/// The list of destinations, each once, in the provider's order. Entries without code and name say
/// nothing and are left out.
pub(crate) fn destinations(data: &LocationList<'_>) -> Result<Vec<Destination>, Unreadable> {
    let mut seen = HashSet::new();
    let rows = data.rows().map_err(Unreadable)?;
    let destinations = rows
        .iter()
        .filter(|entry| entry.code.get().is_some() || entry.name.get().is_some())
        .filter(|entry| seen.insert((entry.code.or_empty(), entry.name.or_empty())))
        .map(|entry| {
            let code = entry.code.or_empty();
            let place = match (place(code, &[]), entry.kind.whole()) {
                (Place::Region, Some(1)) => Place::Unknown,
                (place, _) => place,
            };
            Destination {
                place,
                code: code.to_owned(),
                name: entry.name.name().unwrap_or_else(|| code.to_owned()),
            }
        })
        .collect();
    Ok(destinations)
}

/// Where a package works.
pub(crate) fn area(wire: &WirePackage<'_>, places: &Places) -> Area {
    let countries: Vec<&str> = wire
        .location
        .or_empty()
        .split(',')
        .map(str::trim)
        .filter(|code| !code.is_empty())
        .collect();
    let networks: Vec<Network<'_>> = list(wire.location_network_list);
    let code = match (wire.location_code.get(), countries.as_slice()) {
        (Some(code), _) => code,
        (None, [only]) => only,
        (None, _) => "",
    };
    let alone = match networks.as_slice() {
        [only] => only.location_name.name(),
        _ => None,
    };
    let name = places.name(code).map(str::to_owned).or(alone);
    Area {
        destination: Destination {
            place: place(code, &countries),
            code: code.to_owned(),
            name: name.unwrap_or_else(|| code.to_owned()),
        },
        coverage: coverage(&countries, &networks, places),
    }
}

/// One entry for each country: those with networks first, as they stand, then those without.
fn coverage(countries: &[&str], networks: &[Network<'_>], places: &Places) -> Vec<Coverage> {
    let named = |code: &str| {
        networks
            .iter()
            .any(|network| network.location_code.or_empty().eq_ignore_ascii_case(code))
    };
    let bare = countries
        .iter()
        .filter(|code| !named(code))
        .map(|code| Coverage {
            country: CountryCode::parse(code).ok(),
            name: places.name(code).unwrap_or(code).to_owned(),
            networks: Vec::new(),
            carriers: Vec::new(),
        });
    networks.iter().map(covered).chain(bare).collect()
}

fn covered(network: &Network<'_>) -> Coverage {
    let operators: Vec<Operator<'_>> = list(network.operator_list);
    let code = network.location_code.or_empty();
    Coverage {
        country: CountryCode::parse(code).ok(),
        name: network
            .location_name
            .name()
            .unwrap_or_else(|| code.to_owned()),
        networks: each_once(operators.iter().map(|operator| &operator.network_type)),
        carriers: each_once(operators.iter().map(|operator| &operator.operator_name)),
    }
}

fn each_once<'t>(texts: impl Iterator<Item = &'t Text<'t>>) -> Vec<String> {
    let mut seen = HashSet::new();
    texts
        .filter_map(Text::name)
        .filter(|text| seen.insert(text.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("ES", &["ES"], "Country(CountryCode(ES))")]
    #[case("es", &[], "Country(CountryCode(ES))")]
    #[case("EU-42", &["ES", "PT"], "Region")]
    #[case("EU-42", &[], "Region")]
    #[case("GL-120", &["ES", "PT"], "World")]
    #[case("GL", &["GL"], "Country(CountryCode(GL))")]
    #[case("CN-3", &["CN", "HK", "MO"], "Region")]
    #[case("XX-1", &["ES"], "Country(CountryCode(ES))")]
    #[case("", &["ES"], "Country(CountryCode(ES))")]
    #[case("", &[], "Unknown")]
    fn a_code_tells_country_region_and_world_apart(
        #[case] code: &str,
        #[case] countries: &[&str],
        #[case] expected: &str,
    ) {
        assert_eq!(format!("{:?}", place(code, countries)), expected);
    }

    #[test]
    fn destinations_come_once_with_their_names() {
        let json = r#"{"locationList":[{"code":"ES","name":"Spain","type":1,"subLocationList":null},
            {"code":"EU-2","name":"Iberia","type":2,"subLocationList":[{"code":"ES","name":"Spain"}]},
            {"code":"ES","name":"Spain","type":1},{"code":"GL-9","name":"World","type":"2"},
            {"code":"ZZ","name":"Nowhere","type":1},{"code":"","name":null},{"code":"FR"}]}"#;
        let data: LocationList<'_> = serde_json::from_str(json).unwrap();
        let shown: Vec<_> = destinations(&data)
            .unwrap()
            .into_iter()
            .map(|found| format!("{} {} {:?}", found.code, found.name, found.place))
            .collect();
        assert_eq!(
            shown,
            [
                "ES Spain Country(CountryCode(ES))",
                "EU-2 Iberia Region",
                "GL-9 World World",
                "ZZ Nowhere Unknown",
                "FR FR Country(CountryCode(FR))",
            ]
        );
    }
}
