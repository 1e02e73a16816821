//! Packages and top-ups: data, days, price and the places they work in.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use roamport_domain::data::{AfterLimit, FairUse};
use roamport_domain::package::{Allowance, Area, DayRange, PackageFlags, Validity, ValidityStart};
use roamport_domain::{DataAllowance, DataSize, Package, PackageId, ProviderName};
use roamport_provider_http::json::Text;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::value::RawValue;

use super::place::{Places, area};
use super::{Unreadable, money};
use crate::wire::{PackageList, WirePackage};

/// For how many days a package can be bought that is sold by the day (reference: order).
const DAYS: DayRange = DayRange {
    least: 1,
    most: 365,
};
/// `dataType` of a package whose data is counted in all, not by the day.
const IN_ALL: i64 = 1;
/// `supportTopUpType` of a package that is topped up for a number of days.
const TOPPED_UP_BY_DAY: i64 = 3;

/// The packages of an answer, each once, in the provider's order. One that cannot be read makes the
/// answer unreadable: a catalogue must not be quietly short.
///
/// Packages for the same places share one [`Area`], which is most of what they hold.
pub(crate) fn packages(
    data: &PackageList<'_>,
    provider: &ProviderName,
    places: &Places,
) -> Result<Vec<Package>, Unreadable> {
    let mut areas: HashMap<(String, String, &str), Arc<Area>> = HashMap::new();
    let mut seen = HashSet::new();
    let mut packages = Vec::new();
    for (index, raw) in data.package_list.0.iter().enumerate() {
        let wire: WirePackage<'_> = serde_json::from_str(raw.get())
            .map_err(|_| Unreadable::new(format!("`obj.packageList[{index}]` is no package")))?;
        let key = (
            wire.location_code.or_empty().to_owned(),
            wire.location.or_empty().to_owned(),
            wire.location_network_list.map_or("", RawValue::get),
        );
        let area = areas
            .entry(key)
            .or_insert_with(|| Arc::new(area(&wire, places)));
        let package =
            package(&wire, provider, area).map_err(|problem| named(index, &wire, &problem))?;
        if seen.insert(package.id.clone()) {
            packages.push(package);
        }
    }
    Ok(packages)
}

#[cold]
fn named(index: usize, wire: &WirePackage<'_>, problem: &Unreadable) -> Unreadable {
    let code: String = wire.package_code.or_empty().chars().take(80).collect();
    Unreadable::new(format!(
        "`obj.packageList[{index}]` (package `{code}`): {}",
        problem.0
    ))
}

fn package(
    wire: &WirePackage<'_>,
    provider: &ProviderName,
    area: &Arc<Area>,
) -> Result<Package, Unreadable> {
    let id = PackageId::parse(wire.package_code.or_empty())
        .map_err(|error| Unreadable::new(error.to_string()))?;
    let price = money(wire.price, wire.currency_code.get())?
        .filter(|price| !price.is_negative())
        .ok_or_else(|| Unreadable::new("`price` is missing or negative"))?;
    let by_day = wire.data_type.whole() != Some(IN_ALL)
        || wire.support_top_up_type.whole() == Some(TOPPED_UP_BY_DAY);
    let code = wire.package_code.or_empty();
    let name = wire.name.name().unwrap_or_else(|| code.to_owned());
    let notes = wire
        .description
        .get()
        .filter(|text| *text != wire.name.get().unwrap_or(code))
        .map(str::to_owned);
    Ok(Package {
        provider: provider.clone(),
        alias: PackageId::parse(wire.slug.or_empty())
            .ok()
            .filter(|slug| *slug != id),
        id,
        name,
        area: Arc::clone(area),
        data: data(wire)?,
        voice: Allowance::None,
        // `smsStatus` is about messages between the API and the card, not about a traveller's own.
        sms: Allowance::None,
        validity: Validity {
            days: days(wire)?,
            starts: starts(wire.active_type.or_empty()),
        },
        by_day: by_day.then_some(DAYS),
        install_within_days: wire
            .unused_valid_time
            .whole()
            .and_then(|days| u16::try_from(days).ok())
            .filter(|days| *days > 0),
        price,
        flags: PackageFlags {
            usage_readable: true,
            ..PackageFlags::default()
        },
        apn: None,
        notes: notes.into_iter().collect(),
    })
}

fn days(wire: &WirePackage<'_>) -> Result<u16, Unreadable> {
    let unit = wire.duration_unit.get().unwrap_or("DAY");
    if !unit.eq_ignore_ascii_case("DAY") && !unit.eq_ignore_ascii_case("DAYS") {
        return Err(Unreadable::new("`durationUnit` is not `DAY`"));
    }
    wire.duration
        .whole()
        .and_then(|days| u16::try_from(days).ok())
        .ok_or_else(|| Unreadable::new("`duration` is missing or no number of days"))
}

fn starts(text: &str) -> ValidityStart {
    match text {
        "1" => ValidityStart::Installation,
        "2" => ValidityStart::FirstUse,
        "" => ValidityStart::Other("not stated".to_owned()),
        other => ValidityStart::Other(Text::new(other).name().unwrap_or_default()),
    }
}

/// `volume` is bytes: of the whole package, or of each day.
fn data(wire: &WirePackage<'_>) -> Result<DataAllowance, Unreadable> {
    let volume = wire
        .volume
        .whole()
        .and_then(|bytes| u64::try_from(bytes).ok())
        .map(DataSize::from_bytes);
    let size = volume.ok_or_else(|| Unreadable::new("`volume` is missing or no number of bytes"));
    match wire.data_type.whole() {
        Some(IN_ALL) => size.map(|size| DataAllowance::Fixed { size }),
        Some(2) => size.map(|per_day| DataAllowance::Daily {
            per_day,
            then: slowed_to(wire.fup_policy.or_empty()),
        }),
        Some(3) => size.map(|per_day| DataAllowance::Daily {
            per_day,
            then: AfterLimit::Stopped,
        }),
        Some(4) => Ok(DataAllowance::Unlimited {
            fair_use: fair_use(wire, volume),
        }),
        _ => Err(Unreadable::new("`dataType` is none of 1, 2, 3 and 4")),
    }
}

fn fair_use(wire: &WirePackage<'_>, volume: Option<DataSize>) -> Option<FairUse> {
    let threshold = volume.filter(|size| size.bytes() > 0);
    let policy = wire.fup_policy.or_empty();
    (threshold.is_some() || !policy.is_empty()).then(|| FairUse {
        threshold,
        then: slowed_to(policy),
    })
}

/// A speed such as `1 Mbps` or `384 Kbps`.
fn slowed_to(policy: &str) -> AfterLimit {
    let split = policy
        .find(|character: char| !character.is_ascii_digit() && character != '.')
        .unwrap_or(policy.len());
    let (figure, unit) = policy.split_at(split);
    let kilobits = match unit.trim().to_ascii_lowercase().as_str() {
        "kbps" => 1,
        "mbps" => 1000,
        _ => return AfterLimit::Unknown,
    };
    figure
        .parse::<Decimal>()
        .ok()
        .and_then(|speed| speed.checked_mul(Decimal::from(kilobits))?.round().to_u32())
        .filter(|speed| *speed > 0)
        .map_or(AfterLimit::Unknown, |kilobits_per_second| {
            AfterLimit::Slowed {
                kilobits_per_second,
            }
        })
}

#[cfg(test)]
mod tests;
