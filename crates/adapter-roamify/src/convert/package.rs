//! Packages: data, calls, messages, price and flags, from the flat and from the nested shape.

use roamport_provider_http::listing::NumberedPage;
use std::sync::Arc;

use roamport_domain::data::{AfterLimit, FairUse};
use roamport_domain::package::{
    Allowance, Area, Destination, PackageFlags, Place, Validity, ValidityStart,
};
use roamport_domain::{DataAllowance, DataSize, Package, PackageId, ProviderName};
use roamport_provider_http::json::{Elements, Number, Text, part};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::value::RawValue;

use super::{UNLIMITED, Unreadable, money, place};
use crate::wire::{Group, NamedPackage, PackagesData, Throttle, WirePackage, element};

/// The packages of a page of the catalog, groups dissolved. One that cannot be read makes the page unreadable: a catalogue must not
/// be quietly short. They are counted before the first one is read.
pub(crate) fn page(
    data: &PackagesData<'_>,
    provider: &ProviderName,
) -> Result<NumberedPage, Unreadable> {
    let groups = data.packages.0.iter().enumerate().map(|(outer, raw)| {
        element::<Group<'_>>(raw, || format!("data.packages[{outer}]")).map_err(Unreadable)
    });
    let groups = groups.collect::<Result<Vec<_>, _>>()?;
    let count: usize = groups.iter().map(|group| group.packages.0.len()).sum();
    if count > Elements::MOST {
        let most = Elements::MOST;
        return Err(Unreadable(format!(
            "a page holds more than {most} packages"
        )));
    }
    let mut packages = Vec::with_capacity(count);
    for (outer, group) in groups.iter().enumerate() {
        let area =
            Arc::new(place::area(group).map_err(|problem| {
                Unreadable(format!("`data.packages[{outer}]`: {}", problem.0))
            })?);
        for (inner, raw) in group.packages.0.iter().enumerate() {
            let place = || format!("data.packages[{outer}].packages[{inner}]");
            packages.push(read(raw, provider, &area, place)?);
        }
    }
    Ok(NumberedPage {
        packages,
        total: data
            .total
            .whole()
            .and_then(|total| u64::try_from(total).ok()),
    })
}

/// The packages that top up an eSIM. The answer does not say where they work: they work where the
/// eSIM does.
pub(crate) fn top_ups(
    data: &Elements<'_>,
    provider: &ProviderName,
) -> Result<Vec<Package>, Unreadable> {
    let destination = Destination {
        place: Place::Unknown,
        code: String::new(),
        name: String::new(),
    };
    let area = Arc::new(Area {
        destination,
        coverage: Vec::new(),
    });
    data.0
        .iter()
        .enumerate()
        .map(|(index, raw)| read(raw, provider, &area, || format!("data[{index}]")))
        .collect()
}

/// The package of a row, or where and why it cannot be read, with its id if that can be.
fn read(
    raw: &RawValue,
    provider: &ProviderName,
    area: &Arc<Area>,
    place: impl Fn() -> String,
) -> Result<Package, Unreadable> {
    let wire: WirePackage<'_> = element(raw, &place).map_err(|problem| {
        let named: NamedPackage<'_> = part(Some(raw));
        Unreadable(match named.package_id.get() {
            Some(id) => format!("{problem} (package `{}`)", start(id)),
            None => problem,
        })
    })?;
    package(&wire, provider, area).map_err(|problem| {
        let id = start(wire.package_id.or_empty());
        Unreadable(format!("`{}` (package `{id}`): {}", place(), problem.0))
    })
}

fn start(id: &str) -> String {
    id.chars().take(80).collect()
}

fn package(
    wire: &WirePackage<'_>,
    provider: &ProviderName,
    area: &Arc<Area>,
) -> Result<Package, Unreadable> {
    let id = PackageId::parse(wire.package_id.or_empty())
        .map_err(|error| Unreadable::new(error.to_string()))?;
    let price = money(wire.price, wire.currency.get())?
        .filter(|price| !price.is_negative())
        .ok_or_else(|| Unreadable::new("`price` is missing or negative"))?;
    let days = wire
        .day
        .whole()
        .and_then(|days| u16::try_from(days).ok())
        .ok_or_else(|| Unreadable::new("`day` is missing or no number of days"))?;
    Ok(Package {
        by_day: None,
        alias: None,
        install_within_days: None,
        provider: provider.clone(),
        id,
        name: wire
            .package
            .name()
            .unwrap_or_else(|| wire.package_id.or_empty().to_owned()),
        area: Arc::clone(area),
        data: data(wire)?,
        voice: voice(wire),
        sms: sms(wire),
        validity: Validity {
            days,
            starts: starts(wire.activation.or_empty()),
        },
        price,
        flags: flags(wire),
        apn: wire.apn.name.name(),
        notes: wire.notes.owned(),
    })
}

fn flags(wire: &WirePackage<'_>) -> PackageFlags {
    PackageFlags {
        hotspot: wire.with_hotspot.is_set(),
        usage_readable: wire.with_usage_check.is_set(),
        travel_date_required: wire
            .requirements
            .as_ref()
            .is_some_and(|all| all.travel_date.is_set()),
        data_roaming: wire.with_data_roaming.is_set(),
        install_at_destination: wire.with_destination_install.is_set(),
        apn_automatic: wire.is_apn_automatic.is_set() || wire.apn.automatic.is_set(),
    }
}

/// `first-use` is the only documented word.
fn starts(text: &str) -> ValidityStart {
    match text {
        "first-use" => ValidityStart::FirstUse,
        "installation" => ValidityStart::Installation,
        "purchase" => ValidityStart::Purchase,
        "" => ValidityStart::Other("not stated".to_owned()),
        other => ValidityStart::Other(Text::new(other).name().unwrap_or_default()),
    }
}

/// The flat value, or the nested one where the flat one is missing.
fn either(flat: Number, nested: Option<Number>) -> Number {
    if flat == Number::None {
        nested.unwrap_or_default()
    } else {
        flat
    }
}

fn data(wire: &WirePackage<'_>) -> Result<DataAllowance, Unreadable> {
    let nested = wire.data.as_ref();
    let amount = either(wire.data_amount, nested.map(|data| data.data_amount));
    let unlimited = wire.is_unlimited.is_set()
        || nested.is_some_and(|data| data.is_unlimited.is_set())
        || amount.whole().is_some_and(|amount| amount >= UNLIMITED);
    if unlimited {
        return Ok(DataAllowance::Unlimited {
            fair_use: fair_use(wire),
        });
    }
    let unit = wire
        .data_unit
        .get()
        .or_else(|| nested?.data_unit.get())
        .unwrap_or("MB");
    let unit = unit_of_data(unit)
        .ok_or_else(|| Unreadable::new("`dataUnit` is none of `KB`, `MB`, `GB` and `TB`"))?;
    let size = match amount {
        // −1 is "not part of the plan": a package of calls or messages alone.
        Number::Whole(-1) => Some(DataSize::default()),
        Number::Whole(amount) => u64::try_from(amount)
            .ok()
            .and_then(|amount| unit.checked_times(amount)),
        Number::Decimal(amount) => decimal_size(amount, unit),
        Number::None | Number::Unreadable => None,
    };
    size.map(|size| DataAllowance::Fixed { size })
        .ok_or_else(|| Unreadable::new("`dataAmount` is missing or no amount of data"))
}

/// Roamify's units are binary: 1 GB is 1024 MB.
fn unit_of_data(text: &str) -> Option<DataSize> {
    const UNITS: [(&str, u64); 5] = [
        ("MB", 1 << 20),
        ("GB", 1 << 30),
        ("KB", 1 << 10),
        ("TB", 1 << 40),
        ("B", 1),
    ];
    let (_, bytes) = UNITS
        .into_iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(text))?;
    Some(DataSize::from_bytes(bytes))
}

fn decimal_size(amount: Decimal, unit: DataSize) -> Option<DataSize> {
    amount
        .checked_mul(Decimal::from(unit.bytes()))?
        .round()
        .to_u64()
        .map(DataSize::from_bytes)
}

fn fair_use(wire: &WirePackage<'_>) -> Option<FairUse> {
    let says_something = |throttle: &&Throttle<'_>| {
        throttle.speed != Number::None || throttle.threshold != Number::None
    };
    // An empty object beside `withThrottle: false` is no limit.
    let Some(throttle) = wire.throttle.as_deref().filter(says_something) else {
        let limited = FairUse {
            threshold: None,
            then: AfterLimit::Unknown,
        };
        return wire.with_throttle.is_set().then_some(limited);
    };
    let unit = unit_of_data(throttle.threshold_unit.get().unwrap_or("GB"));
    let threshold = throttle
        .threshold
        .decimal()
        .filter(|amount| *amount > Decimal::ZERO)
        .and_then(|amount| decimal_size(amount, unit?));
    Some(FairUse {
        threshold,
        then: slowed_to(throttle),
    })
}

fn slowed_to(throttle: &Throttle<'_>) -> AfterLimit {
    let kilobits = match throttle.speed_unit.or_empty().to_ascii_lowercase().as_str() {
        "" | "kbps" => 1,
        "mbps" => 1000,
        _ => return AfterLimit::Unknown,
    };
    throttle
        .speed
        .decimal()
        .filter(|speed| *speed > Decimal::ZERO)
        .and_then(|speed| speed.checked_mul(Decimal::from(kilobits))?.round().to_u32())
        .map_or(AfterLimit::Unknown, |kilobits_per_second| {
            AfterLimit::Slowed {
                kilobits_per_second,
            }
        })
}

fn voice(wire: &WirePackage<'_>) -> Allowance {
    let nested = wire.call.as_ref();
    let with = wire.with_call.is_set() || nested.is_some_and(|call| call.with_call.is_set());
    let amount = either(wire.call_amount, nested.map(|call| call.call_amount));
    let kind = word(&wire.call_type, nested.map(|call| &call.call_type));
    let unit = word(&wire.call_unit, nested.map(|call| &call.call_unit));
    match allowance(with, amount, kind) {
        Allowance::Count(count) if starts_with(unit, "sec") => Allowance::Count(count / 60),
        other => other,
    }
}

fn sms(wire: &WirePackage<'_>) -> Allowance {
    let nested = wire.sms.as_ref();
    let with = wire.with_sms.is_set() || nested.is_some_and(|sms| sms.with_sms.is_set());
    let amount = either(wire.sms_amount, nested.map(|sms| sms.sms_amount));
    allowance(
        with,
        amount,
        word(&wire.sms_type, nested.map(|sms| &sms.sms_type)),
    )
}

fn word<'a>(flat: &'a Text<'_>, nested: Option<&'a Text<'_>>) -> &'a str {
    flat.get().or_else(|| nested?.get()).unwrap_or_default()
}

fn starts_with(text: &str, start: &str) -> bool {
    text.get(..start.len())
        .is_some_and(|head| head.eq_ignore_ascii_case(start))
}

/// −1 with an empty unit is "not part of the plan"; with the flag set it is "included, no number".
fn allowance(with: bool, amount: Number, kind: &str) -> Allowance {
    let amount = amount.whole().unwrap_or(-1);
    if amount >= UNLIMITED || (with && starts_with(kind, "unlimited")) {
        Allowance::Unlimited
    } else if amount > 0 {
        u32::try_from(amount).map_or(Allowance::Unlimited, Allowance::Count)
    } else if with {
        Allowance::Included
    } else {
        Allowance::None
    }
}

/// A size as the plain decimal of gigabytes that the `gbs` filter takes.
pub(crate) fn gigabytes(size: DataSize) -> String {
    let bytes = Decimal::from(size.bytes());
    (bytes / Decimal::from(DataSize::GIBIBYTE.bytes()))
        .normalize()
        .to_string()
}

#[cfg(test)]
mod tests;
