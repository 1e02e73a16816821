//! What is for sale: packages and the places they are for.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{CountryCode, DataAllowance, Money, PackageId, ProviderName};

/// How wide a destination reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Geography {
    /// One country.
    Local,
    /// Several countries.
    Regional,
    /// (Nearly) the whole world.
    Global,
}

impl Geography {
    /// `local`, `regional` or `global`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Regional => "regional",
            Self::Global => "global",
        }
    }
}

impl fmt::Display for Geography {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// What a destination is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "country", rename_all = "snake_case")]
pub enum Place {
    /// One country.
    Country(CountryCode),
    /// A region or a bundle of countries.
    Region,
    /// The world.
    World,
    /// The provider does not say, and the code is no country's.
    Unknown,
}

impl Place {
    /// How wide the place reaches, where that is known.
    pub const fn geography(self) -> Option<Geography> {
        match self {
            Self::Country(_) => Some(Geography::Local),
            Self::Region => Some(Geography::Regional),
            Self::World => Some(Geography::Global),
            Self::Unknown => None,
        }
    }

    /// The country, where the place is one.
    pub const fn country(self) -> Option<CountryCode> {
        match self {
            Self::Country(country) => Some(country),
            Self::Region | Self::World | Self::Unknown => None,
        }
    }
}

/// Where a package can be used, as the provider sells it.
///
/// `code` is the provider's own and need not be unique: a country and a bundle may share one. Code
/// and name together are.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Destination {
    /// Country, region or world.
    pub place: Place,
    /// The provider's own code, exactly as it takes it in a filter.
    pub code: String,
    /// The provider's own name, exactly as it takes it in a filter.
    pub name: String,
}

impl Destination {
    /// How wide the destination reaches, where that is known.
    pub const fn geography(&self) -> Option<Geography> {
        self.place.geography()
    }
}

/// One country that a package covers, and with which networks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// The ISO country, where the provider's code is one.
    pub country: Option<CountryCode>,
    /// The provider's name of it.
    pub name: String,
    /// Radio generations such as `4G` and `5G`, as the provider writes them.
    pub networks: Vec<String>,
    /// The operators that carry it.
    pub carriers: Vec<String>,
}

/// Destination and coverage: shared by the packages of one group, so that a catalogue of tens of
/// thousands of packages does not repeat them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Area {
    /// Where it is sold for.
    pub destination: Destination,
    /// What it covers there.
    pub coverage: Vec<Coverage>,
}

/// Calls or text messages that come with a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Allowance {
    /// None: a data-only package.
    None,
    /// So many: minutes for voice, messages for SMS.
    Count(u32),
    /// Without end.
    Unlimited,
    /// Included, but the provider gives no number.
    Included,
}

/// What starts the days of a package.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValidityStart {
    /// The first use of a network.
    FirstUse,
    /// The installation of the profile.
    Installation,
    /// The purchase.
    Purchase,
    /// Something this release has no word for; the provider's text.
    Other(String),
}

/// How long a package lasts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Validity {
    /// Days.
    pub days: u16,
    /// What starts them.
    pub starts: ValidityStart,
}

/// For how many days a package can be bought that is sold by the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DayRange {
    /// At least so many.
    pub least: u16,
    /// At most so many.
    pub most: u16,
}

impl DayRange {
    /// Whether so many days can be bought.
    pub const fn contains(self, days: u16) -> bool {
        self.least <= days && days <= self.most
    }
}

/// Facts about a package that change what can be done with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PackageFlags {
    /// The data can be shared over a hotspot.
    pub hotspot: bool,
    /// Usage can be read from the provider.
    pub usage_readable: bool,
    /// The order or its provisioning needs the date of travel.
    pub travel_date_required: bool,
    /// Data roaming has to be switched on in the phone.
    pub data_roaming: bool,
    /// The profile must be installed at the destination.
    pub install_at_destination: bool,
    /// The phone finds the access point name (APN) by itself.
    pub apn_automatic: bool,
}

/// Something a provider sells: data for a place and a time, at our wholesale cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Who sells it.
    pub provider: ProviderName,
    /// What its seller calls it in an order.
    pub id: PackageId,
    /// Another name that its seller takes in an order and may answer with, such as the `slug` of eSIM
    /// Access. `None` if there is one name alone.
    pub alias: Option<PackageId>,
    /// Its display name, as the provider gives it.
    pub name: String,
    /// Where it works.
    pub area: Arc<Area>,
    /// How much data.
    pub data: DataAllowance,
    /// Minutes of calls.
    pub voice: Allowance,
    /// Text messages.
    pub sms: Allowance,
    /// How long, and from when.
    pub validity: Validity,
    /// For how many days it can be bought, where it is sold by the day: then an order names the days,
    /// and [`Package::price`] is that of one day. `None`: it is sold as it stands.
    pub by_day: Option<DayRange>,
    /// In how many days after the purchase it must be installed, where the provider says so.
    pub install_within_days: Option<u16>,
    /// What one costs us, wholesale.
    pub price: Money,
    /// Facts that change what can be done with it.
    pub flags: PackageFlags,
    /// The access point name to enter by hand, where there is one.
    pub apn: Option<String>,
    /// Remarks for the traveller, as the provider gives them.
    pub notes: Vec<String>,
}

impl Package {
    /// A package of data alone, sold as it stands, of which nothing else is known. Its name is its id, and it works at its
    /// destination.
    pub fn new(
        provider: ProviderName,
        id: PackageId,
        destination: Destination,
        data: DataAllowance,
        validity: Validity,
        price: Money,
    ) -> Self {
        let coverage = Vec::new();
        Self {
            provider,
            name: id.to_string(),
            id,
            alias: None,
            area: Arc::new(Area {
                destination,
                coverage,
            }),
            data,
            voice: Allowance::None,
            sms: Allowance::None,
            validity,
            by_day: None,
            install_within_days: None,
            price,
            flags: PackageFlags::default(),
            apn: None,
            notes: Vec::new(),
        }
    }

    /// Where it is sold for.
    pub fn destination(&self) -> &Destination {
        &self.area.destination
    }
}
