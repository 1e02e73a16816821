//! The calls that change something: buying, topping up, generating profiles.

use roamport_domain::esim::{EsimReport, PlanState, ProfileState};
use roamport_domain::provider::{
    CallProof, ErrorKind, Operation, OrderRequest, ProviderOrder, ProvisionRequest,
    ProvisionTarget, TopUpRequest,
};
use roamport_domain::{Esim, EsimId};
use roamport_provider_http::{Failure, Request};
use serde::Serialize;

use super::{lists, reads};
use crate::client::Client;
use crate::convert::{self, Unreadable};
use crate::error::is_pending;
use crate::wire::{ApplyBody, OneOrMany, OrderBody, OrderLine, TopUpBody, WireEsim, WireOrder};

type Result<T> = std::result::Result<T, Failure>;

/// A body; a pure function of what it is made of.
pub(super) fn json(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).expect("texts and numbers always make JSON")
}

/// Buys. Two lines for one package stay two items.
pub(crate) async fn place_order(
    client: &Client,
    instant: bool,
    request: &OrderRequest,
) -> Result<ProviderOrder> {
    let operation = Operation::PlaceOrder;
    if request.lines.is_empty() {
        return Err(Failure::not_sent(
            ErrorKind::Rejected,
            "an order needs at least one line",
        ));
    }
    if request.lines.iter().any(|line| line.days.is_some()) {
        return Err(Failure::not_sent(
            ErrorKind::Rejected,
            "Roamify sells nothing by the day; order without days",
        ));
    }
    if instant && request.start_date.is_some() {
        let words =
            "an instant order takes no travel date; switch `instant_orders` off for this package";
        return Err(Failure::not_sent(ErrorKind::Unsupported, words));
    }
    let lines = request.lines.iter().map(|line| OrderLine {
        package_id: line.package.as_str(),
        quantity: line.quantity.get(),
    });
    let body = OrderBody {
        items: lines.collect(),
        reference_id: request.reference.as_str(),
    };
    let (path, time_out) = if instant {
        ("/api/esim/order/instant", client.time_outs.provision)
    } else {
        ("/api/esim/order", client.time_outs.purchase)
    };
    let call = Request::purchase(operation, path, json(&body), time_out, request.window);
    let answer = client.send(call).await?;
    bought(client, operation, &answer)
}

/// Buys more data. Roamify takes nothing but the ICCID, so it is read first where it is not known: a
/// read that fails has sent no purchase.
pub(crate) async fn top_up(client: &Client, request: &TopUpRequest) -> Result<ProviderOrder> {
    let operation = Operation::TopUp;
    let iccid = match request.esim.iccid() {
        Some(iccid) => iccid.clone(),
        None => reads::top_up_target(client, Operation::Esim, &request.esim)
            .await
            .map_err(|failure| Failure {
                proof: CallProof::NotSent,
                ..failure
            })?,
    };
    let body = TopUpBody {
        iccid: iccid.as_str(),
        package_id: request.package.as_str(),
        reference_id: request.reference.as_str(),
    };
    let path = "/api/esim/order/topup";
    let time_out = client.time_outs.purchase;
    let call = Request::purchase(operation, path, json(&body), time_out, request.window);
    let answer = client.send(call).await?;
    let mut order = bought(client, operation, &answer)?;
    // The items name an eSIM of their own, which is not the one that was topped up.
    for item in &mut order.items {
        item.esim = None;
    }
    Ok(order)
}

/// The order of an answer to a purchase.
pub(super) fn bought(
    client: &Client,
    operation: Operation,
    answer: &[u8],
) -> Result<ProviderOrder> {
    let wire = Client::decode::<WireOrder<'_>>(operation, answer)?;
    convert::order(&wire, &client.name).map_err(|problem| reads::unreadable(operation, &problem))
}

/// Has profiles generated. One still under way is an eSIM that is pending.
pub(crate) async fn provision(client: &Client, request: &ProvisionRequest) -> Result<Vec<Esim>> {
    let operation = Operation::Provision;
    let start_date = request.start_date.map(|date| date.to_string());
    let body = match &request.target {
        ProvisionTarget::Esim(id) => ApplyBody {
            esim_id: Some(id.as_str()),
            reference_id: None,
            start_date,
        },
        ProvisionTarget::Order(reference) => ApplyBody {
            esim_id: None,
            reference_id: Some(reference.as_str()),
            start_date,
        },
    };
    let time_out = client.time_outs.provision;
    let call = Request::change(operation, "/api/esim/apply", json(&body), time_out);
    match client.send(call).await {
        Ok(answer) => match profiles(client, &request.target, &answer) {
            Err(failure) if is_pending(&failure) => pending(client, &request.target, failure).await,
            outcome => outcome,
        },
        Err(failure) if is_pending(&failure) => pending(client, &request.target, failure).await,
        Err(failure) => Err(failure),
    }
}

/// The eSIMs of an answer: one object by eSIM, a list by reference; either form is taken for both.
fn profiles(client: &Client, target: &ProvisionTarget, answer: &[u8]) -> Result<Vec<Esim>> {
    let operation = Operation::Provision;
    let raw = OneOrMany::of(Client::decode(operation, answer)?).all();
    let expected = match target {
        ProvisionTarget::Esim(id) if raw.len() == 1 => Some(id),
        ProvisionTarget::Esim(_) | ProvisionTarget::Order(_) => None,
    };
    let mut esims = raw
        .into_iter()
        .map(|raw| {
            let wire: WireEsim<'_> = serde_json::from_str(raw.get())
                .map_err(|_| reads::unreadable(operation, &Unreadable::new("`data` is no eSIM")))?;
            convert::esim(&wire, &client.name, expected)
                .map(convert::generating)
                .map_err(|problem| reads::unreadable(operation, &problem))
        })
        .collect::<Result<Vec<_>>>()?;
    if let ProvisionTarget::Esim(id) = target {
        esims.retain(|esim| esim.id() == id);
    }
    if esims.is_empty() {
        return Err(Failure::unusable(
            operation,
            "the answer holds no eSIM that was asked for",
        ));
    }
    Ok(esims)
}

/// The pending eSIM, or those of the order, which the answer does not name.
async fn pending(client: &Client, target: &ProvisionTarget, failure: Failure) -> Result<Vec<Esim>> {
    let ambiguous = |failure: Failure| Failure {
        kind: ErrorKind::Ambiguous,
        ..failure
    };
    match target {
        ProvisionTarget::Esim(id) => Ok(vec![under_way(client, id)]),
        ProvisionTarget::Order(reference) => {
            let esims = lists::esims(client, Operation::Esim, None, Some(reference))
                .await
                .map_err(ambiguous)?;
            if esims.is_empty() {
                return Err(ambiguous(failure));
            }
            Ok(esims.into_iter().map(convert::generating).collect())
        }
    }
}

/// All that is known of an eSIM whose profile is being generated.
fn under_way(client: &Client, id: &EsimId) -> Esim {
    Esim::from_report(EsimReport {
        plans: Vec::new(),
        provider: client.name.clone(),
        id: id.clone(),
        iccid: None,
        profile: ProfileState::Generating,
        plan: PlanState::NotStarted,
        activation: None,
        pin: None,
        puk: None,
        msisdn: None,
        top_up: None,
        usage_readable: None,
        hotspot: None,
        created_at: None,
        updated_at: None,
        usable_until: None,
        notes: Vec::new(),
        oddities: Vec::new(),
    })
}
