//! Destinations: countries, regions and the world, whose codes are not unique.

use std::collections::{HashMap, HashSet};

use roamport_domain::CountryCode;
use roamport_domain::package::{Area, Coverage, Destination, Geography, Place};

use super::Unreadable;
use crate::wire::{CountriesData, Country, Group, Signal, element};

/// Roamify's three words; `None` where it says nothing, or something new.
fn geography(text: &str) -> Option<Geography> {
    [Geography::Local, Geography::Regional, Geography::Global]
        .into_iter()
        .find(|geography| geography.as_str().eq_ignore_ascii_case(text))
}

/// What a code and a name stand for. `alone` says whether nothing else bears the code, which decides
/// where the geography is missing: a country and a bundle may share one.
fn place(code: &str, name: &str, geography: Option<Geography>, alone: bool) -> Place {
    match geography {
        Some(Geography::Regional) => Place::Region,
        Some(Geography::Global) => Place::World,
        Some(Geography::Local) => CountryCode::parse(code)
            .ok()
            .or_else(|| CountryCode::from_english_name(name))
            .map_or(Place::Unknown, Place::Country),
        None => match CountryCode::parse(code) {
            Ok(country) if alone || named(country, name) => Place::Country(country),
            Ok(_) | Err(_) => Place::Unknown,
        },
    }
}

fn named(country: CountryCode, name: &str) -> bool {
    country.english_name().eq_ignore_ascii_case(name)
        || CountryCode::from_english_name(name) == Some(country)
}

/// The list of destinations, each pair of code and name once, in the provider's order. Entries
/// without code and name say nothing and are left out.
pub(crate) fn destinations(data: &CountriesData<'_>) -> Result<Vec<Destination>, Unreadable> {
    let countries = data.countries.0.iter().enumerate().map(|(index, raw)| {
        element(raw, || format!("data.countries[{index}]")).map_err(Unreadable)
    });
    let countries = countries.collect::<Result<Vec<Country<'_>>, _>>()?;
    let says_something =
        |country: &&Country<'_>| country.code.get().is_some() || country.name.get().is_some();
    let mut seen = HashSet::new();
    let rows: Vec<_> = countries
        .iter()
        .filter(says_something)
        .filter(|country| seen.insert((country.code.or_empty(), country.name.or_empty())))
        .collect();
    let mut bearers: HashMap<&str, usize> = HashMap::new();
    for row in &rows {
        *bearers.entry(row.code.or_empty()).or_default() += 1;
    }
    let destinations = rows
        .iter()
        .map(|row| {
            let (code, name) = (row.code.or_empty(), row.name.or_empty());
            let alone = bearers.get(code) == Some(&1);
            Destination {
                place: place(code, name, geography(row.geography.or_empty()), alone),
                code: code.to_owned(),
                name: row.name.name().unwrap_or_default(),
            }
        })
        .collect();
    Ok(destinations)
}

/// Where the packages of a group work.
pub(crate) fn area(group: &Group<'_>) -> Result<Area, Unreadable> {
    let signals = group.signals.as_ref().map_or(&[][..], |all| &all.0);
    let signals = signals
        .iter()
        .enumerate()
        .map(|(index, raw)| element(raw, || format!("signals[{index}]")).map_err(Unreadable))
        .collect::<Result<Vec<Signal<'_>>, _>>()?;
    let (code, name) = (group.country_code.or_empty(), group.country_name.or_empty());
    // One page does not show who else bears the code, but a country covers itself alone.
    let alone =
        matches!(signals.as_slice(), [only] if only.code.or_empty().eq_ignore_ascii_case(code));
    Ok(Area {
        destination: Destination {
            place: place(code, name, geography(group.geography.or_empty()), alone),
            code: code.to_owned(),
            name: group.country_name.name().unwrap_or_default(),
        },
        coverage: signals.iter().map(coverage).collect(),
    })
}

fn coverage(signal: &Signal<'_>) -> Coverage {
    Coverage {
        country: CountryCode::parse(signal.code.or_empty()).ok(),
        name: signal.name.name().unwrap_or_default(),
        networks: signal.networks.names(),
        carriers: signal.carriers.names(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(json: &str) -> Vec<String> {
        let data: CountriesData<'_> = serde_json::from_str(json).unwrap();
        destinations(&data)
            .unwrap()
            .into_iter()
            .map(|found| format!("{} {} {:?}", found.code, found.name, found.place))
            .collect()
    }

    #[test]
    fn a_code_that_two_places_bear_is_told_apart_by_the_geography() {
        let json = r#"{"countries":[{"code":"KE","name":"Kenya","geography":"local"},
            {"code":"KE","name":"Savannah Pass","geography":"regional"},
            {"code":"GLB","name":"Global","geography":"GLOBAL"},
            {"code":"XK","name":"Kosovo","geography":"local"},
            {"code":"CIV","name":"France","geography":"local"}]}"#;
        assert_eq!(
            shown(json),
            [
                "KE Kenya Country(CountryCode(KE))",
                "KE Savannah Pass Region",
                "GLB Global World",
                "XK Kosovo Country(CountryCode(XK))",
                "CIV France Country(CountryCode(FR))",
            ]
        );
    }

    #[test]
    fn without_a_geography_the_name_decides_then_whether_the_code_stands_alone() {
        let json = r#"{"countries":[{"code":"KE","name":"Savannah Pass"},{"code":"KE","name":"Kenya"},
            {"code":"PT","name":"Portugal e Ilhas"},{"code":"EUR","name":"Europe"},
            {"code":"KE","name":"Kenya","geography":null},{"code":"","name":null}]}"#;
        assert_eq!(
            shown(json),
            [
                "KE Savannah Pass Unknown",
                "KE Kenya Country(CountryCode(KE))",
                "PT Portugal e Ilhas Country(CountryCode(PT))",
                "EUR Europe Unknown",
            ]
        );
    }
}
