//! What is asked of a provider's catalogue, and which packages are the answer.

use super::EsimKey;
use crate::package::Geography;
use crate::{CountryCode, DataSize, Package, PackageId};

/// Which destinations to list. Empty: all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DestinationFilter {
    /// Only those that reach so wide.
    pub geography: Option<Geography>,
}

/// Which packages to list. Empty: the whole catalogue. Every field narrows; what comes out matches
/// all of them exactly, whatever the provider's own filter does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackageQuery {
    /// Packages sold for this country.
    pub country: Option<CountryCode>,
    /// Packages of the destination with this provider's code, as in a
    /// [`Destination`](crate::Destination).
    pub destination_code: Option<String>,
    /// Packages of the destination with this provider's name, as in a
    /// [`Destination`](crate::Destination).
    pub destination_name: Option<String>,
    /// Packages that reach so wide.
    pub geography: Option<Geography>,
    /// Packages of exactly so many days.
    pub days: Option<u16>,
    /// Packages of exactly so much data.
    pub data: Option<DataSize>,
    /// Unlimited packages only.
    pub unlimited: bool,
    /// This one package.
    pub package: Option<PackageId>,
}

impl PackageQuery {
    /// The query for one package.
    pub fn one(package: PackageId) -> Self {
        Self {
            package: Some(package),
            ..Self::default()
        }
    }

    /// Whether a package is what is asked for. A provider's own filter may match more; an adapter
    /// keeps what this does. Codes and names are compared without regard to case and outer blanks.
    ///
    /// A place of which the provider says neither country nor reach counts as the country whose code
    /// it is sold under, and as reaching as wide as is asked for.
    pub fn matches(&self, package: &Package) -> bool {
        let destination = package.destination();
        let place = destination.place;
        self.country.is_none_or(|wanted| match place.country() {
            Some(found) => found == wanted,
            None => place.geography().is_none() && same_text(wanted.as_str(), &destination.code),
        }) && self
            .destination_code
            .as_deref()
            .is_none_or(|wanted| same_text(wanted, &destination.code))
            && self
                .destination_name
                .as_deref()
                .is_none_or(|wanted| same_text(wanted, &destination.name))
            && self
                .geography
                .is_none_or(|wanted| place.geography().is_none_or(|found| found == wanted))
            && Sold {
                days: self.days,
                data: self.data,
                unlimited: self.unlimited,
                package: self.package.as_ref(),
            }
            .matches(package)
    }
}

/// Which top-ups to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopUpQuery {
    /// The eSIM they are for.
    pub esim: EsimKey,
    /// Top-ups of exactly so many days.
    pub days: Option<u16>,
    /// Top-ups of exactly so much data.
    pub data: Option<DataSize>,
    /// Unlimited top-ups only.
    pub unlimited: bool,
    /// This one package.
    pub package: Option<PackageId>,
}

impl TopUpQuery {
    /// All top-ups for an eSIM.
    pub const fn all(esim: EsimKey) -> Self {
        Self {
            esim,
            days: None,
            data: None,
            unlimited: false,
            package: None,
        }
    }
    /// Whether a package is what is asked for, whichever eSIM it is for. A provider's own filter may
    /// match more; an adapter keeps what this does.
    pub fn matches(&self, package: &Package) -> bool {
        let sold = Sold {
            days: self.days,
            data: self.data,
            unlimited: self.unlimited,
            package: self.package.as_ref(),
        };
        sold.matches(package)
    }
}

/// What both queries ask of what is sold, wherever it works.
struct Sold<'a> {
    days: Option<u16>,
    data: Option<DataSize>,
    unlimited: bool,
    package: Option<&'a PackageId>,
}

impl Sold<'_> {
    fn matches(&self, package: &Package) -> bool {
        self.days
            .is_none_or(|wanted| wanted == package.validity.days)
            && self
                .data
                .is_none_or(|wanted| package.data.fixed_size() == Some(wanted))
            && (!self.unlimited || package.data.is_unlimited())
            && self.package.is_none_or(|wanted| *wanted == package.id)
    }
}

fn same_text(one: &str, other: &str) -> bool {
    one.trim().eq_ignore_ascii_case(other.trim())
}

#[cfg(test)]
mod tests;
