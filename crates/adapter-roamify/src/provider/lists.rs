//! Lists and calls that only Roamify has: eSIMs, an eSIM's history, health.

use roamport_domain::provider::Operation;
use roamport_domain::{Esim, Iccid, Reference};
use roamport_provider_http::json::Elements;
use roamport_provider_http::{Failure, Request};

use super::reads::unreadable;
use crate::client::Client;
use crate::convert::{self, Unreadable};
use crate::history::HistoryEntry;
use crate::wire::{WireEsim, WireItem, element, holds_nothing};

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
    let Some(body) = rows(client, client.read(operation, "/api/esims", parameters)).await? else {
        return Ok(Vec::new());
    };
    let rows = Client::decode::<Elements<'_>>(operation, &body)?;
    rows.0
        .into_iter()
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
    let request = client.read(operation, "/api/esim/history", parameters);
    let Some(body) = rows(client, request).await? else {
        return Ok(Vec::new());
    };
    let rows = Client::decode::<Elements<'_>>(operation, &body)?;
    rows.0
        .into_iter()
        .enumerate()
        .map(|(index, raw)| {
            element(raw, || format!("data[{index}]"))
                .map_err(Unreadable::new)
                .and_then(|wire: WireItem<'_>| convert::history_entry(&wire))
                .map_err(|problem| unreadable(operation, &problem))
        })
        .collect()
}

/// The body of a list that a person looks at; `None` for one that has nothing in the place of its rows.
async fn rows(client: &Client, request: Request<'_>) -> Result<Option<Vec<u8>>> {
    let answer = client.answer(request).await?;
    let nothing = answer.status == 204 || holds_nothing(&answer.body, "data");
    Ok((!nothing).then_some(answer.body))
}

/// Any 2xx is health: the body is not documented.
pub(crate) async fn health(client: &Client) -> Result<()> {
    let call = client.read(Operation::Other("health"), "/api/health", Vec::new());
    client.send(call).await.map(drop)
}
