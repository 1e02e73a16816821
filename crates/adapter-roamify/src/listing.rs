//! The catalog as a stream: complete, or an error.

mod top_ups;

use std::borrow::Cow;
use std::sync::Arc;

use futures_util::stream::BoxStream;
use roamport_domain::provider::{CallClass, ErrorKind, Operation, PackageQuery, Result};
use roamport_domain::{Package, ProviderError};
use roamport_provider_http::Failure;
use roamport_provider_http::listing::{NumberedPage, NumberedPages, in_numbered_pages};

pub(crate) use self::top_ups::top_up_packages;
use crate::client::Client;
use crate::convert::{gigabytes, page};
use crate::wire::{PackagesData, holds_nothing};

const OPERATION: Operation = Operation::Packages;

/// The status of an answer without a body.
const NO_CONTENT: u16 = 204;

/// All packages that match `query`, each once, in the provider's order.
pub(crate) fn packages(
    client: Arc<Client>,
    query: PackageQuery,
) -> BoxStream<'static, Result<Package>> {
    in_numbered_pages(Catalog { client, query })
}

/// `GET /api/esim/packages`.
struct Catalog {
    client: Arc<Client>,
    query: PackageQuery,
}

impl NumberedPages for Catalog {
    fn query(&self) -> &PackageQuery {
        &self.query
    }

    fn pages_in_flight(&self) -> usize {
        self.client.limits.pages_in_flight
    }

    fn most_pages(&self) -> u32 {
        self.client.limits.pages_at_most
    }

    async fn fetch(&self, number: u32) -> Result<NumberedPage, Failure> {
        let class = match self.query.package {
            Some(_) => CallClass::Read,
            None => CallClass::Listing,
        };
        let request = self
            .client
            .read(OPERATION, "/api/esim/packages", self.parameters(number))
            .with_class(class)
            .with_time_out(self.client.time_outs.listing);
        let answer = self.client.answer(request).await?;
        if answer.status == NO_CONTENT || holds_nothing(&answer.body, "packages") {
            return nothing(number);
        }
        let data = Client::decode::<PackagesData<'_>>(OPERATION, &answer.body)?;
        page(&data, &self.client.name).map_err(|problem| {
            let words = format!("the answer cannot be read: {}", problem.0);
            Failure::unusable(OPERATION, words)
        })
    }

    fn is_end(&self, number: u32, failure: &Failure) -> bool {
        if number > 1 {
            return failure.status == Some(404);
        }
        let query = &self.query;
        match failure.kind {
            ErrorKind::NotFound => places_a_country(query) || query.package.is_some(),
            ErrorKind::Rejected => places_a_country(query) && says_unknown_country(failure),
            _ => false,
        }
    }

    fn error(&self, failure: Failure) -> ProviderError {
        self.client.error(OPERATION, failure)
    }
}

impl Catalog {
    /// The query as the provider takes it. Beside `packageId` other filters are ignored, so they are not
    /// sent; `isUnlimited=false` means "everything", so it is not sent either.
    fn parameters(&self, number: u32) -> Vec<(&'static str, Cow<'_, str>)> {
        let query = &self.query;
        let page_size = self.client.limits.page_size;
        let mut parameters: Vec<(&'static str, Cow<'_, str>)> = vec![
            ("page", number.to_string().into()),
            ("pageSize", page_size.to_string().into()),
        ];
        if let Some(package) = &query.package {
            parameters.push(("packageId", package.as_str().into()));
            return parameters;
        }
        let code = query.destination_code.as_deref().map(Cow::Borrowed);
        let country = || query.country.map(|country| country.to_string().into());
        let geography = query.geography.map(|geography| geography.as_str().into());
        let filters = [
            ("countryCode", code.or_else(country)),
            (
                "country",
                query.destination_name.as_deref().map(Cow::Borrowed),
            ),
            ("geography", geography),
            ("days", query.days.map(|days| days.to_string().into())),
            ("gbs", query.data.map(|data| gigabytes(data).into())),
            ("isUnlimited", query.unlimited.then(|| "true".into())),
        ];
        let named = |(name, value): (_, Option<_>)| value.map(|value| (name, value));
        parameters.extend(filters.into_iter().filter_map(named));
        parameters
    }
}

/// A page without a list is behind the last one. The first page has to hold one, be it empty: a catalog must not be
/// quietly empty.
fn nothing(number: u32) -> Result<NumberedPage, Failure> {
    if number > 1 {
        return Ok(NumberedPage {
            packages: Vec::new(),
            total: None,
        });
    }
    let words = "the first page of the catalog holds no list of packages, not even an empty one";
    Err(Failure::unusable(OPERATION, words))
}

const fn places_a_country(query: &PackageQuery) -> bool {
    query.country.is_some() || query.destination_code.is_some() || query.destination_name.is_some()
}

/// Whether a 400 is about the country's value. One about the parameter itself ("is not allowed") would
/// make every such list quietly empty.
fn says_unknown_country(failure: &Failure) -> bool {
    let text = failure.message.to_ascii_lowercase();
    failure.status == Some(400) && text.contains("country") && !text.contains("not allowed")
}
