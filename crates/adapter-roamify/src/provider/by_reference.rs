//! Ordering with nothing but a reference: a form that one page of Roamify's documentation mentions.

use roamport_domain::Money;
use roamport_domain::provider::{CallProof, ErrorKind, Operation, ProviderOrder, Purchase};
use roamport_provider_http::{Failure, Request};

use super::effects::{bought, json};
use crate::client::Client;
use crate::wire::ByReferenceBody;

/// Sends the reference, and takes the answer only where all of it is what was ordered.
pub(crate) async fn order(client: &Client, purchase: &Purchase) -> Result<ProviderOrder, Failure> {
    let operation = Operation::PlaceOrder;
    let Some(total) = total(
        purchase
            .request
            .lines()
            .iter()
            .map(|line| line.total().ok()),
    ) else {
        return Err(Failure::not_sent(
            ErrorKind::Rejected,
            "name the lines that were ordered, at prices that add up",
        ));
    };
    let body = ByReferenceBody {
        reference_id: purchase.reference.as_str(),
    };
    let time_out = client.time_outs.purchase;
    let path = "/api/esim/order";
    let call = Request::purchase(operation, path, json(&body), time_out, purchase.window);
    let answer = client.send(call).await.map_err(believed)?;
    let order = bought(client, operation, &answer)?;
    match doubt(purchase, total, &order) {
        None => Ok(order),
        Some(doubt) => Err(Failure::unusable(operation, doubt)),
    }
}

/// A refusal of the request itself is believed. Whatever else came of a request that was sent is unknown:
/// what another status means for this form is written nowhere.
fn believed(failure: Failure) -> Failure {
    match (failure.kind, failure.proof) {
        (_, CallProof::NotSent) | (ErrorKind::Rejected, CallProof::TurnedAway) => failure,
        (_, CallProof::TurnedAway | CallProof::Unknown) => Failure {
            kind: ErrorKind::Ambiguous,
            proof: CallProof::Unknown,
            ..failure
        },
    }
}

/// The sum; none of nothing, of an amount that is not known, or of two currencies.
fn total(amounts: impl IntoIterator<Item = Option<Money>>) -> Option<Money> {
    let mut amounts = amounts.into_iter();
    let first = amounts.next()??;
    amounts.try_fold(first, |sum, amount| sum.checked_add(amount?).ok())
}

/// What of the answer is not what was ordered, or is not told.
fn doubt(purchase: &Purchase, ordered: Money, order: &ProviderOrder) -> Option<&'static str> {
    if order.reference.as_ref() != Some(&purchase.reference) {
        return Some("the answer is about an order under another reference, or names none");
    }
    let mut expected: Vec<_> = purchase
        .request
        .lines()
        .iter()
        .flat_map(|line| (0..line.quantity.get()).map(|_| Some(&line.package)))
        .collect();
    let items = order.items.iter();
    let mut told: Vec<_> = items.clone().map(|item| item.package.as_ref()).collect();
    expected.sort();
    told.sort();
    if told != expected {
        return Some("the answer is about other packages, or another number of them");
    }
    let charged = order.total.or_else(|| total(items.map(|item| item.price)));
    if charged != Some(ordered) {
        return Some("the answer is about another total, or names none");
    }
    None
}
