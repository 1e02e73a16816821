//! Packages and destinations, as JSON and as tables.

use roamport_domain::data::{AfterLimit, FairUse};
use roamport_domain::package::{Allowance, DayRange, Place, ValidityStart};
use roamport_domain::{DataAllowance, Destination, Package};
use serde::Serialize;

use super::MoneyJson;
use crate::table::{Column, table};
use crate::text::TerminalText;

/// Where a package works.
#[derive(Debug, Serialize)]
pub(crate) struct DestinationJson {
    code: String,
    name: String,
    kind: &'static str,
    geography: Option<&'static str>,
    country: Option<String>,
}

impl From<&Destination> for DestinationJson {
    fn from(destination: &Destination) -> Self {
        let kind = match destination.place {
            Place::Country(_) => "country",
            Place::Region => "region",
            Place::World => "world",
            Place::Unknown => "unknown",
        };
        Self {
            code: destination.code.clone(),
            name: destination.name.clone(),
            kind,
            geography: destination
                .geography()
                .map(roamport_domain::package::Geography::as_str),
            country: destination
                .place
                .country()
                .map(|country| country.to_string()),
        }
    }
}

/// How much data: `bytes` where it is a fixed amount, `bytes_per_day` where it is renewed daily,
/// `full_speed_bytes` where an unlimited plan has a fair-use limit.
#[derive(Debug, Serialize)]
pub(crate) struct DataJson {
    kind: &'static str,
    bytes: Option<u64>,
    bytes_per_day: Option<u64>,
    full_speed_bytes: Option<u64>,
    then_kilobits_per_second: Option<u32>,
}

impl From<&DataAllowance> for DataJson {
    fn from(data: &DataAllowance) -> Self {
        let slowed = |then: &AfterLimit| match then {
            AfterLimit::Slowed {
                kilobits_per_second,
            } => Some(*kilobits_per_second),
            AfterLimit::Stopped | AfterLimit::Unknown => None,
        };
        let empty = Self {
            kind: "unlimited",
            bytes: None,
            bytes_per_day: None,
            full_speed_bytes: None,
            then_kilobits_per_second: None,
        };
        match data {
            DataAllowance::Fixed { size } => Self {
                kind: "fixed",
                bytes: Some(size.bytes()),
                ..empty
            },
            DataAllowance::Daily { per_day, then } => Self {
                kind: "daily",
                bytes_per_day: Some(per_day.bytes()),
                then_kilobits_per_second: slowed(then),
                ..empty
            },
            DataAllowance::Unlimited { fair_use: None } => empty,
            DataAllowance::Unlimited {
                fair_use: Some(FairUse { threshold, then }),
            } => Self {
                full_speed_bytes: threshold.map(roamport_domain::DataSize::bytes),
                then_kilobits_per_second: slowed(then),
                ..empty
            },
        }
    }
}

/// Minutes or messages: `count` where there is a number.
#[derive(Debug, Serialize)]
struct AllowanceJson {
    kind: &'static str,
    count: Option<u32>,
}

impl From<Allowance> for AllowanceJson {
    fn from(allowance: Allowance) -> Self {
        let (kind, count) = match allowance {
            Allowance::None => ("none", None),
            Allowance::Count(count) => ("count", Some(count)),
            Allowance::Unlimited => ("unlimited", None),
            Allowance::Included => ("included", None),
        };
        Self { kind, count }
    }
}

/// For how many days a package can be bought that is sold by the day.
#[derive(Debug, Serialize)]
struct ByDayJson {
    least: u16,
    most: u16,
}

impl From<DayRange> for ByDayJson {
    fn from(range: DayRange) -> Self {
        Self {
            least: range.least,
            most: range.most,
        }
    }
}

/// A package for sale. Where it is sold by the day, `price` is that of one day.
#[derive(Debug, Serialize)]
pub(crate) struct PackageJson {
    id: String,
    name: String,
    provider: String,
    destination: DestinationJson,
    countries: Vec<String>,
    data: DataJson,
    voice_minutes: AllowanceJson,
    sms: AllowanceJson,
    days: u16,
    days_start: String,
    by_day: Option<ByDayJson>,
    install_within_days: Option<u16>,
    price: MoneyJson,
    hotspot: bool,
    usage_readable: bool,
    travel_date_required: bool,
    data_roaming: bool,
    install_at_destination: bool,
    notes: Vec<String>,
}

impl From<&Package> for PackageJson {
    fn from(package: &Package) -> Self {
        let covered = package
            .area
            .coverage
            .iter()
            .filter_map(|covered| covered.country);
        let days_start = match &package.validity.starts {
            ValidityStart::FirstUse => "first_use".to_owned(),
            ValidityStart::Installation => "installation".to_owned(),
            ValidityStart::Purchase => "purchase".to_owned(),
            ValidityStart::Other(text) => text.clone(),
        };
        Self {
            id: package.id.to_string(),
            name: package.name.clone(),
            provider: package.provider.to_string(),
            destination: package.destination().into(),
            countries: covered.map(|country| country.to_string()).collect(),
            data: (&package.data).into(),
            voice_minutes: package.voice.into(),
            sms: package.sms.into(),
            days: package.validity.days,
            days_start,
            by_day: package.by_day.map(ByDayJson::from),
            install_within_days: package.install_within_days,
            price: package.price.into(),
            hotspot: package.flags.hotspot,
            usage_readable: package.flags.usage_readable,
            travel_date_required: package.flags.travel_date_required,
            data_roaming: package.flags.data_roaming,
            install_at_destination: package.flags.install_at_destination,
            notes: package.notes.clone(),
        }
    }
}

/// The document of `packages` and `topup packages`.
#[derive(Debug, Serialize)]
pub(crate) struct PackagesDocument {
    packages: Vec<PackageJson>,
}

impl PackagesDocument {
    /// The document of these packages.
    pub(crate) fn new(packages: &[Package]) -> Self {
        Self {
            packages: packages.iter().map(PackageJson::from).collect(),
        }
    }
}

/// The document of `destinations`.
#[derive(Debug, Serialize)]
pub(crate) struct DestinationsDocument {
    destinations: Vec<DestinationJson>,
}

impl DestinationsDocument {
    /// The document of these destinations.
    pub(crate) fn new(destinations: &[Destination]) -> Self {
        Self {
            destinations: destinations.iter().map(DestinationJson::from).collect(),
        }
    }
}

/// Packages as a table. Where nobody says for where they are sold, as of top-ups, there is no column
/// for it.
pub(crate) fn packages_table(packages: &[Package]) -> TerminalText {
    let placed = packages
        .iter()
        .any(|package| !package.destination().name.is_empty());
    let columns = [
        Some(Column::id("PACKAGE")),
        placed.then(|| Column::text("DESTINATION")),
        Some(Column::text("DATA")),
        Some(Column::figure("DAYS")),
        Some(Column::figure("PRICE")),
        Some(Column::text("REMARKS")),
    ];
    let row = |package: &Package| {
        let cells = [
            Some(package.id.to_string()),
            placed.then(|| package.destination().name.clone()),
            Some(package.data.to_string()),
            Some(days(package)),
            Some(price(package)),
            Some(remarks(package)),
        ];
        cells.into_iter().flatten().collect()
    };
    let columns: Vec<Column> = columns.into_iter().flatten().collect();
    table(&columns, packages.iter().map(row).collect(), None)
}

fn days(package: &Package) -> String {
    match package.by_day {
        Some(DayRange { least, most }) => format!("{least} to {most}"),
        None => package.validity.days.to_string(),
    }
}

fn price(package: &Package) -> String {
    let price = package.price;
    match package.by_day {
        Some(_) => format!("{price} per day"),
        None => price.to_string(),
    }
}

/// What distinguishes a package beyond data, days and price.
fn remarks(package: &Package) -> String {
    let counted = |allowance, what: &str| match allowance {
        Allowance::None => None,
        Allowance::Count(count) => Some(format!("{count} {what}")),
        Allowance::Unlimited => Some(format!("unlimited {what}")),
        Allowance::Included => Some(what.to_owned()),
    };
    let said = |fact: bool, what: &str| fact.then(|| what.to_owned());
    let remarks = [
        counted(package.voice, "minutes"),
        counted(package.sms, "SMS"),
        said(package.flags.travel_date_required, "needs travel date"),
        said(!package.flags.hotspot, "no hotspot"),
        said(!package.flags.usage_readable, "usage not readable"),
        said(
            package.flags.install_at_destination,
            "install at destination",
        ),
    ];
    remarks.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Destinations as a table.
pub(crate) fn destinations_table(destinations: &[Destination]) -> TerminalText {
    let columns = [
        Column::id("CODE"),
        Column::text("DESTINATION"),
        Column::text("GEOGRAPHY"),
    ];
    let row = |destination: &Destination| {
        let geography = destination.geography();
        let geography = geography.map_or("unknown", roamport_domain::package::Geography::as_str);
        vec![
            destination.code.clone(),
            destination.name.clone(),
            geography.to_owned(),
        ]
    };
    table(&columns, destinations.iter().map(row).collect(), None)
}
