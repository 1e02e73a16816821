//! Packages and destinations.

use roamport_domain::data::{AfterLimit, FairUse};
use roamport_domain::package::{Allowance, DayRange, Place, ValidityStart};
use roamport_domain::{DataAllowance, Destination, Package};
use serde::Serialize;

use crate::money::MoneyJson;

/// Where a package works.
#[derive(Debug, Serialize)]
pub struct DestinationJson {
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
pub struct DataJson {
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
pub struct PackageJson {
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
pub struct PackagesDocument {
    packages: Vec<PackageJson>,
}

impl PackagesDocument {
    /// The document of these packages.
    pub fn new(packages: &[Package]) -> Self {
        Self {
            packages: packages.iter().map(PackageJson::from).collect(),
        }
    }
}

/// The document of `destinations`.
#[derive(Debug, Serialize)]
pub struct DestinationsDocument {
    destinations: Vec<DestinationJson>,
}

impl DestinationsDocument {
    /// The document of these destinations.
    pub fn new(destinations: &[Destination]) -> Self {
        Self {
            destinations: destinations.iter().map(DestinationJson::from).collect(),
        }
    }
}
