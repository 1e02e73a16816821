//! The packages that can top up an eSIM, as a stream under the same rules as the catalogue.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::stream::BoxStream;
use roamport_domain::Package;
use roamport_domain::provider::{Operation, Result, TopUpQuery};
use roamport_provider_http::Failure;
use roamport_provider_http::json::Elements;
use roamport_provider_http::listing::in_one_answer;

use crate::client::Client;
use crate::convert::{gigabytes, top_ups};
use crate::provider::reads;

const OPERATION: Operation = Operation::TopUpPackages;

/// All top-ups that match `query`, each once. One answer holds them all.
pub(crate) fn top_up_packages(
    client: Arc<Client>,
    query: TopUpQuery,
) -> BoxStream<'static, Result<Package>> {
    in_one_answer(move || {
        let (client, query) = (Arc::clone(&client), query.clone());
        async move {
            let fetched = fetch(&client, &query).await;
            fetched.map_err(|failure| client.error(OPERATION, failure))
        }
    })
}

async fn fetch(client: &Client, query: &TopUpQuery) -> std::result::Result<Vec<Package>, Failure> {
    let iccid = reads::top_up_target(client, OPERATION, &query.esim).await?;
    let mut parameters = vec![("iccid", iccid.as_str().into())];
    let mut add = |name, value: Option<String>| {
        parameters.extend(value.map(|value| (name, value.into())));
    };
    add("days", query.days.map(|days| days.to_string()));
    add("gbs", query.data.map(gigabytes));
    add("isUnlimited", query.unlimited.then(|| "true".to_owned()));
    add("packageId", query.package.as_ref().map(ToString::to_string));
    let call = client.read(OPERATION, "/api/esim/topup/packages", parameters);
    let body = client.send(call).await?;
    let data = Client::decode::<Elements<'_>>(OPERATION, &body)?;
    let mut packages = top_ups(&data, &client.name).map_err(|problem| {
        Failure::unusable(
            OPERATION,
            format!("the answer cannot be read: {}", problem.0),
        )
    })?;
    let mut seen = HashSet::new();
    packages.retain(|package| query.matches(package) && seen.insert(package.id.clone()));
    Ok(packages)
}
