//! Generating profiles (`POST /api/esim/apply`): of one eSIM, or of all of an order.

use roamport_domain::esim::{EsimReport, PlanState, ProfileState};
use roamport_domain::provider::{ErrorKind, Operation, ProvisionRequest};
use roamport_domain::{Esim, EsimId, Reference};
use roamport_provider_http::{Failure, Request};

use super::effects::json;
use super::{lists, reads};
use crate::client::Client;
use crate::convert::{self, Unreadable};
use crate::error::is_pending;
use crate::wire::{ApplyBody, OneOrMany, WireEsim};

type Result<T> = std::result::Result<T, Failure>;

const OPERATION: Operation = Operation::Provision;

/// Generates the profile of one eSIM. One still under way is an eSIM that is pending.
pub(crate) async fn esim(client: &Client, request: &ProvisionRequest) -> Result<Esim> {
    let id = &request.esim;
    let body = ApplyBody {
        esim_id: Some(id.as_str()),
        reference_id: None,
        start_date: request.start_date.map(|date| date.to_string()),
    };
    match send(client, &body, Some(id)).await {
        Ok(esims) => {
            let ours = esims.into_iter().find(|esim| esim.id() == id);
            ours.ok_or_else(nothing_asked_for)
        }
        Err(failure) if is_pending(&failure) => Ok(under_way(client, id)),
        Err(failure) => Err(failure),
    }
}

/// Generates the profiles of the order under this reference. While they are still under way the answer does
/// not name them, so they are read.
pub(crate) async fn order(client: &Client, reference: &Reference) -> Result<Vec<Esim>> {
    let body = ApplyBody {
        esim_id: None,
        reference_id: Some(reference.as_str()),
        start_date: None,
    };
    let failure = match send(client, &body, None).await {
        Ok(esims) if esims.is_empty() => return Err(nothing_asked_for()),
        Err(failure) if is_pending(&failure) => failure,
        outcome => return outcome,
    };
    let ambiguous = |failure: Failure| Failure {
        kind: ErrorKind::Ambiguous,
        ..failure
    };
    let esims = lists::esims(client, Operation::Esim, None, Some(reference))
        .await
        .map_err(ambiguous)?;
    if esims.is_empty() {
        return Err(ambiguous(failure));
    }
    Ok(esims.into_iter().map(convert::generating).collect())
}

/// The eSIMs of the answer: one object by eSIM, a list by reference; either form is taken for both. A single
/// one that names no id is the one that was `asked` for.
async fn send(client: &Client, body: &ApplyBody<'_>, asked: Option<&EsimId>) -> Result<Vec<Esim>> {
    let time_out = client.time_outs.provision;
    let call = Request::change(OPERATION, "/api/esim/apply", json(body), time_out);
    let answer = client.send(call).await?;
    let raw = OneOrMany::of(Client::decode(OPERATION, &answer)?).all();
    let expected = asked.filter(|_| raw.len() == 1);
    let unreadable = |problem: &Unreadable| reads::unreadable(OPERATION, problem);
    raw.into_iter()
        .map(|raw| {
            let wire: WireEsim<'_> = serde_json::from_str(raw.get())
                .map_err(|_| unreadable(&Unreadable::new("`data` is no eSIM")))?;
            convert::esim(&wire, &client.name, expected)
                .map(convert::generating)
                .map_err(|problem| unreadable(&problem))
        })
        .collect()
}

fn nothing_asked_for() -> Failure {
    Failure::unusable(OPERATION, "the answer holds no eSIM that was asked for")
}

/// All that is known of an eSIM whose profile is being generated.
fn under_way(client: &Client, id: &EsimId) -> Esim {
    let (profile, plan) = (ProfileState::Generating, PlanState::NotStarted);
    let provider = client.name.clone();
    Esim::from_report(EsimReport::new(provider, id.clone(), profile, plan))
}
