//! Lists and calls that only Roamify has: eSIMs, an eSIM's history, health.

use roamport_domain::provider::Operation;
use roamport_domain::{Esim, Iccid, Reference};
use roamport_provider_http::Failure;
use serde_json::value::RawValue;

use super::reads::unreadable;
use crate::client::Client;
use crate::convert::{self, Unreadable};
use crate::history::HistoryEntry;
use crate::wire::{WireEsim, WireItem};

type Result<T> = std::result::Result<T, Failure>;

/// The newest eSIMs, at most as many as the configured limit.
pub(crate) async fn esims(
    client: &Client,
    operation: Operation,
    status: Option<&str>,
    reference: Option<&Reference>,
) -> Result<Vec<Esim>> {
    let mut parameters = vec![("limit", client.limits.list_limit.to_string().into())];
    parameters.extend(status.map(|status| ("status", status.into())));
    parameters.extend(reference.map(|reference| ("referenceId", reference.as_str().into())));
    let body = client
        .send(client.read(operation, "/api/esims", parameters))
        .await?;
    let rows = Client::decode::<Vec<&RawValue>>(operation, &body)?;
    rows.into_iter()
        .map(|raw| {
            let wire: WireEsim<'_> = serde_json::from_str(raw.get()).map_err(|_| {
                unreadable(operation, &Unreadable::new("a row of `data` is no eSIM"))
            })?;
            convert::esim(&wire, &client.name, None)
                .map_err(|problem| unreadable(operation, &problem))
        })
        .collect()
}

pub(crate) async fn history(client: &Client, iccid: &Iccid) -> Result<Vec<HistoryEntry>> {
    let operation = Operation::Other("history");
    let parameters = vec![("iccid", iccid.as_str().into())];
    let body = client
        .send(client.read(operation, "/api/esim/history", parameters))
        .await?;
    let rows = Client::decode::<Vec<WireItem<'_>>>(operation, &body)?;
    rows.iter()
        .map(|wire| convert::history_entry(wire).map_err(|problem| unreadable(operation, &problem)))
        .collect()
}

/// Any 2xx is health: the body is not documented.
pub(crate) async fn health(client: &Client) -> Result<()> {
    let call = client.read(Operation::Other("health"), "/api/health", Vec::new());
    client.send(call).await.map(drop)
}
