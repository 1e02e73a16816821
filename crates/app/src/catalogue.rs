//! The use-case "browse": destinations and packages, searched, sorted and cut to size.

use std::cmp::Ordering;
use std::sync::Arc;

use futures::TryStreamExt as _;
use roamport_domain::package::Geography;
use roamport_domain::provider::{DestinationFilter, EsimKey, PackageQuery, TopUpQuery};
use roamport_domain::{
    CountryCode, DataAllowance, Destination, EsimProvider, EsimProviderExt as _, Package, PackageId,
};

use crate::{AppError, Refusal};

/// By what packages are sorted. Equals keep the provider's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortBy {
    /// The cheapest first.
    Price,
    /// The most data first; unlimited before all.
    Data,
    /// The shortest first.
    Days,
}

/// Which packages, in which order, how many.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackageSearch {
    /// Which.
    pub query: PackageQuery,
    /// In which order; the provider's where `None`.
    pub sort: Option<SortBy>,
    /// At most so many.
    pub limit: Option<usize>,
}

/// Told how many packages have been read so far.
pub type Reading<'a> = &'a mut (dyn FnMut(usize) + Send);

/// Browses what a provider sells.
#[derive(Clone, Debug)]
pub struct Catalogue {
    provider: Arc<dyn EsimProvider>,
}

impl Catalogue {
    /// The catalogue of `provider`.
    pub const fn new(provider: Arc<dyn EsimProvider>) -> Self {
        Self { provider }
    }

    /// Where packages exist: those that reach so wide and whose name or code contains the text,
    /// whatever its case.
    ///
    /// # Errors
    ///
    /// [`AppError::Provider`].
    pub async fn destinations(
        &self,
        geography: Option<Geography>,
        search: Option<&str>,
    ) -> Result<Vec<Destination>, AppError> {
        let mut found = self
            .provider
            .destinations(&DestinationFilter { geography })
            .await?;
        if let Some(search) = search {
            let search = search.to_lowercase();
            found.retain(|destination| {
                destination.name.to_lowercase().contains(&search)
                    || destination.code.to_lowercase() == search
            });
        }
        Ok(found)
    }

    /// The destination with this name or code, whatever its case.
    ///
    /// # Errors
    ///
    /// [`AppError::UnknownDestination`], which names the nearest; [`AppError::Provider`].
    pub async fn destination(&self, text: &str) -> Result<Destination, AppError> {
        let all = self
            .provider
            .destinations(&DestinationFilter::default())
            .await?;
        let wanted = text.trim().to_lowercase();
        let by_name = all
            .iter()
            .find(|destination| destination.name.to_lowercase() == wanted);
        let by_code = || {
            all.iter()
                .find(|destination| destination.code.to_lowercase() == wanted)
        };
        match by_name.or_else(by_code) {
            Some(found) => Ok(found.clone()),
            None => Err(AppError::UnknownDestination {
                provider: self.provider.name().clone(),
                text: text.to_owned(),
                nearest: nearest(
                    &wanted,
                    all.iter().map(|destination| destination.name.as_str()),
                ),
            }),
        }
    }

    /// The packages that match. `reading` is told now and then how many were read.
    ///
    /// # Errors
    ///
    /// [`AppError::Provider`]: a list that could not be read to its end is an error, never a shorter
    /// list.
    pub async fn packages(
        &self,
        search: &PackageSearch,
        reading: Reading<'_>,
    ) -> Result<Vec<Package>, AppError> {
        let listing = self.provider.packages(search.query.clone());
        collect(listing, search.sort, search.limit, reading).await
    }

    /// One package.
    ///
    /// # Errors
    ///
    /// [`Refusal::UnknownPackage`]; [`AppError::Provider`].
    pub async fn package(&self, id: &PackageId) -> Result<Package, AppError> {
        self.provider.find_package(id).await?.ok_or_else(|| {
            AppError::Refused(Refusal::UnknownPackage {
                package: id.clone(),
                provider: self.provider.name().clone(),
            })
        })
    }

    /// The packages that can top up an eSIM. Both names of the eSIM are found out where a provider
    /// needs the other one.
    ///
    /// # Errors
    ///
    /// [`AppError::Provider`]: no such eSIM, or one that cannot be topped up.
    pub async fn top_up_packages(
        &self,
        query: &TopUpQuery,
        sort: Option<SortBy>,
        limit: Option<usize>,
    ) -> Result<Vec<Package>, AppError> {
        let esim: EsimKey = self.provider.resolve(&query.esim).await?;
        let listing = self.provider.top_up_packages(TopUpQuery {
            esim,
            ..query.clone()
        });
        collect(listing, sort, limit, &mut |_| {}).await
    }
}

/// The country a text stands for: an ISO 3166-1 alpha-2 code or an English name.
///
/// # Errors
///
/// [`AppError::UnknownCountry`], which names the nearest.
pub fn country(text: &str) -> Result<CountryCode, AppError> {
    let text = text.trim();
    if let Ok(code) = CountryCode::parse(text) {
        return Ok(code);
    }
    CountryCode::from_english_name(text).ok_or_else(|| AppError::UnknownCountry {
        text: text.to_owned(),
        nearest: nearest(
            &text.to_lowercase(),
            CountryCode::all().map(|code| code.english_name()),
        )
        .and_then(|name| CountryCode::from_english_name(&name))
        .map(|code| format!("{} ({code})", code.english_name())),
    })
}

/// The name most like `wanted` (small letters), where any is like it at all. A letter or two are like
/// too many to guess.
fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    const ALIKE: f64 = 0.7;
    if wanted.chars().count() < 3 {
        return None;
    }
    names
        .map(|name| (strsim::jaro_winkler(wanted, &name.to_lowercase()), name))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, name)| name.to_owned())
}

async fn collect(
    mut listing: futures::stream::BoxStream<'static, roamport_domain::provider::Result<Package>>,
    sort: Option<SortBy>,
    limit: Option<usize>,
    reading: Reading<'_>,
) -> Result<Vec<Package>, AppError> {
    const TELL_EVERY: usize = 50;
    let mut packages = Vec::new();
    // Without an order of our own the first ones are the right ones, and the rest need not be read.
    let enough = if sort.is_none() { limit } else { None };
    while enough.is_none_or(|enough| packages.len() < enough) {
        let Some(package) = listing.try_next().await? else {
            break;
        };
        packages.push(package);
        if packages.len() % TELL_EVERY == 0 {
            reading(packages.len());
        }
    }
    match sort {
        Some(SortBy::Price) => packages.sort_by(by_price),
        Some(SortBy::Data) => packages.sort_by_key(|package| std::cmp::Reverse(amount(package))),
        Some(SortBy::Days) => packages.sort_by_key(|package| package.validity.days),
        None => {}
    }
    packages.truncate(limit.unwrap_or(usize::MAX));
    Ok(packages)
}

/// By amount within a currency; currencies apart from each other.
fn by_price(one: &Package, other: &Package) -> Ordering {
    one.price.compare(other.price).unwrap_or_else(|_| {
        one.price
            .currency()
            .code()
            .cmp(other.price.currency().code())
    })
}

/// Data for sorting: a daily allowance counts for all its days.
fn amount(package: &Package) -> u128 {
    match package.data {
        DataAllowance::Fixed { size } => size.bytes().into(),
        DataAllowance::Daily { per_day, .. } => {
            u128::from(per_day.bytes()) * u128::from(package.validity.days)
        }
        DataAllowance::Unlimited { .. } => u128::MAX,
    }
}
