//! The calls that cost money: new eSIMs and top-ups.

use std::time::Duration;

use roamport_domain::provider::{
    CallProof, ErrorKind, EsimKey, Line, Operation, ProviderOrder, Purchase, PurchaseRequest,
};
use roamport_domain::{EsimId, Iccid};
use roamport_provider_http::{Failure, Request};
use serde::Serialize;

use super::reads;
use crate::client::Client;
use crate::convert;
use crate::wire::{OrderBody, OrderLine, TopUpBody, WireOrder};

type Result<T> = std::result::Result<T, Failure>;

/// A body; a pure function of what it is made of.
pub(super) fn json(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).expect("texts and numbers always make JSON")
}

/// Buys. Two lines for one package stay two items.
pub(crate) async fn purchase(
    client: &Client,
    instant: bool,
    purchase: &Purchase,
) -> Result<ProviderOrder> {
    match &purchase.request {
        PurchaseRequest::PlaceOrder { lines, start_date } => {
            check(lines, instant && start_date.is_some())?;
            let lines = lines.iter().map(|line| OrderLine {
                package_id: line.package.as_str(),
                quantity: line.quantity.get(),
            });
            let body = OrderBody {
                items: lines.collect(),
                reference_id: purchase.reference.as_str(),
            };
            let (path, time_out) = if instant {
                ("/api/esim/order/instant", client.time_outs.provision)
            } else {
                ("/api/esim/order", client.time_outs.purchase)
            };
            send(client, purchase, path, &body, time_out).await
        }
        PurchaseRequest::TopUp {
            esim,
            iccid,
            package,
            ..
        } => {
            let iccid = match iccid {
                Some(iccid) => iccid.clone(),
                None => read_iccid(client, esim).await?,
            };
            let body = TopUpBody {
                iccid: iccid.as_str(),
                package_id: package.as_str(),
                reference_id: purchase.reference.as_str(),
            };
            let (path, time_out) = ("/api/esim/order/topup", client.time_outs.purchase);
            let mut order = send(client, purchase, path, &body, time_out).await?;
            // The items name an eSIM of their own, which is not the one that was topped up.
            for item in &mut order.items {
                item.esim = None;
            }
            Ok(order)
        }
    }
}

/// What Roamify cannot sell, before anything is sent.
fn check(lines: &[Line], dated_instant: bool) -> Result<()> {
    let refuse = |kind, words| Err(Failure::not_sent(kind, words));
    if lines.is_empty() {
        return refuse(ErrorKind::Rejected, "an order needs at least one line");
    }
    if lines.iter().any(|line| line.days.is_some()) {
        let words = "Roamify sells nothing by the day; order without days";
        return refuse(ErrorKind::Rejected, words);
    }
    if dated_instant {
        let words =
            "an instant order takes no travel date; switch `instant_orders` off for this package";
        return refuse(ErrorKind::Unsupported, words);
    }
    Ok(())
}

/// The ICCID of the eSIM to top up: Roamify takes nothing else. A read that fails has sent no purchase.
async fn read_iccid(client: &Client, esim: &EsimId) -> Result<Iccid> {
    let key = EsimKey::from_id(esim.clone());
    let read = reads::top_up_target(client, Operation::Esim, &key).await;
    read.map_err(|failure| Failure {
        proof: CallProof::NotSent,
        ..failure
    })
}

async fn send(
    client: &Client,
    purchase: &Purchase,
    path: &'static str,
    body: &(impl Serialize + Sync),
    time_out: Duration,
) -> Result<ProviderOrder> {
    let operation = purchase.request.operation();
    let call = Request::purchase(operation, path, json(body), time_out, purchase.window);
    let answer = client.send(call).await?;
    bought(client, operation, &answer)
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
