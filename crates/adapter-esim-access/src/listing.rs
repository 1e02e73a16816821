//! The catalogue and the top-ups of an eSIM as streams: complete, or an error.

use std::sync::Arc;

use futures_util::stream::BoxStream;
use roamport_domain::package::Geography;
use roamport_domain::provider::{
    CallClass, ErrorKind, Operation, PackageQuery, Result, TopUpQuery,
};
use roamport_domain::{CountryCode, Oddity, Package};
use roamport_provider_http::listing::in_one_answer;
use roamport_provider_http::{Effect, Failure};

use crate::client::Client;
use crate::convert::{self, Places};
use crate::error::{Code, meaning};
use crate::provider::reads;
use crate::wire::{LocationList, Nothing, PackageFilter, PackageList, holds_nothing};

/// The code of a place that the provider does not know (reference: error codes).
const UNKNOWN_LOCATION: &str = "310211";

/// All packages that match `query`, each once, in the provider's order.
pub(crate) fn packages(
    client: Arc<Client>,
    query: PackageQuery,
) -> BoxStream<'static, Result<Package>> {
    in_one_answer(move || {
        let (client, query) = (Arc::clone(&client), query.clone());
        async move {
            let fetched = fetch_packages(&client, &query).await;
            fetched.map_err(|failure| client.error(Operation::Packages, failure))
        }
    })
}

/// All top-ups that match `query`, each once.
pub(crate) fn top_up_packages(
    client: Arc<Client>,
    query: TopUpQuery,
) -> BoxStream<'static, Result<Package>> {
    in_one_answer(move || {
        let (client, query) = (Arc::clone(&client), query.clone());
        async move {
            let fetched = fetch_top_ups(&client, &query).await;
            fetched.map_err(|failure| client.error(Operation::TopUpPackages, failure))
        }
    })
}

type Fetched = std::result::Result<Vec<Package>, Failure>;

/// The names of places come first: the catalogue names bundles by their code alone.
async fn fetch_packages(client: &Client, query: &PackageQuery) -> Fetched {
    let operation = Operation::Packages;
    let class = if query.package.is_some() {
        CallClass::Read
    } else {
        CallClass::Listing
    };
    let request = client.read(operation, reads::LOCATIONS, &Nothing {});
    let body = client.send(request.with_class(class)).await?;
    let places = Places::of(&Client::decode::<LocationList<'_>>(Effect::None, &body)?)
        .map_err(|problem| reads::unreadable(&problem))?;
    drop(body);
    let location = location(query);
    let filter = PackageFilter {
        location_code: location.as_deref().unwrap_or_default(),
        kind: "BASE",
        package_code: query
            .package
            .as_ref()
            .map(roamport_domain::PackageId::as_str),
        iccid: None,
    };
    match fetch(client, operation, class, &filter, &places).await {
        Ok(mut packages) => {
            packages.retain(|package| query.matches(package));
            Ok(packages)
        }
        Err(failure) if is_none(query, &failure) => Ok(Vec::new()),
        Err(failure) => Err(failure),
    }
}

/// What the provider's own filter takes: a country, or all that is regional, or global. Any other place
/// is looked for here.
fn location(query: &PackageQuery) -> Option<String> {
    if query.package.is_some() {
        return None;
    }
    let code = query.destination_code.as_deref();
    let country = query
        .country
        .or_else(|| CountryCode::parse(code?.trim()).ok());
    match (country, code, query.geography) {
        (Some(country), _, _) => Some(country.to_string()),
        (None, None, Some(Geography::Regional)) => Some("!RG".to_owned()),
        (None, None, Some(Geography::Global)) => Some("!GL".to_owned()),
        _ => None,
    }
}

/// Whether a refusal says that nothing matches.
fn is_none(query: &PackageQuery, failure: &Failure) -> bool {
    let package = query.package.is_some() && meaning(failure) == Some(Code::UnknownPackage);
    let country = location(query).is_some_and(|code| !code.starts_with('!'));
    let unknown = meaning(failure).is_some() && failure.code.as_deref() == Some(UNKNOWN_LOCATION);
    package || (country && unknown)
}

/// Top-ups are asked for by ICCID, and say in their own rows where they work.
async fn fetch_top_ups(client: &Client, query: &TopUpQuery) -> Fetched {
    let operation = Operation::TopUpPackages;
    let esim = reads::esim(client, operation, &query.esim).await?;
    if esim.report().top_up == Some(false) {
        let words = "this eSIM cannot be topped up; buy a new one instead";
        return Err(Failure::not_sent(ErrorKind::Unsupported, words));
    }
    let odd = |oddity: &&Oddity| oddity.what == "ICCID";
    let iccid = esim.iccid().ok_or_else(|| {
        let words = match esim.report().oddities.iter().find(odd) {
            Some(oddity) => format!("the ICCID of this eSIM cannot be read: {}", oddity.why),
            None => "this eSIM has no ICCID yet; its profile is still being allocated".to_owned(),
        };
        Failure::not_sent(ErrorKind::Rejected, words)
    })?;
    let filter = PackageFilter {
        location_code: "",
        kind: "TOPUP",
        package_code: None,
        iccid: Some(iccid.as_str()),
    };
    let places = Places::default();
    let mut packages = fetch(client, operation, CallClass::Read, &filter, &places).await?;
    packages.retain(|package| query.matches(package));
    Ok(packages)
}

async fn fetch(
    client: &Client,
    operation: Operation,
    class: CallClass,
    filter: &PackageFilter<'_>,
    places: &Places,
) -> Fetched {
    let request = client
        .read(operation, "/package/list", filter)
        .with_class(class)
        .with_time_out(client.time_outs.catalogue);
    let answer = client.answer(request).await?;
    if answer.status == 204 || holds_nothing(&answer.body, "packageList") {
        let words = "the answer holds no list of packages, not even an empty one";
        return Err(Failure::unusable(Effect::None, words));
    }
    let data = Client::decode::<PackageList<'_>>(Effect::None, &answer.body)?;
    convert::packages(&data, &client.name, places).map_err(|problem| reads::unreadable(&problem))
}
