//! Finding orders again: the reads that safe ordering stands on.

use std::borrow::Cow;

use jiff::Timestamp;
use roamport_domain::provider::{ErrorKind, FoundOrders, Operation, OrderLookup, ProviderOrder};
use roamport_domain::{ProviderOrderId, Reference};
use roamport_provider_http::Failure;

use super::reads::unreadable;
use crate::client::Client;
use crate::convert::{self, Unreadable};
use crate::wire::{self, WireOrder};
use serde_json::value::RawValue;

type Result<T> = std::result::Result<T, Failure>;
type Parameters<'a> = Vec<(&'static str, Cow<'a, str>)>;

const OPERATION: Operation = Operation::FindOrders;
/// How often a list of recent orders that was cut is asked for again, four times as long each time.
const LONGER_LISTS: u32 = 3;

pub(crate) async fn find_orders(client: &Client, lookup: &OrderLookup) -> Result<FoundOrders> {
    match lookup {
        OrderLookup::Reference { reference, .. } => by_reference(client, reference).await,
        OrderLookup::Id(id) => by_id(client, id).await,
        OrderLookup::Since(moment) => since(client, *moment).await,
    }
}

/// The newest orders, at most as many as `limit`; those that the provider's filter lets through where
/// `ours` is given. Every row, whatever reference it names.
async fn list(client: &Client, limit: u32, ours: Option<&Reference>) -> Result<FoundOrders> {
    let mut parameters: Parameters<'_> = vec![("limit", limit.to_string().into())];
    if let Some(reference) = ours {
        parameters.push(("referenceId", reference.as_str().into()));
    }
    let request = client.read(OPERATION, "/api/esim/orders", parameters);
    let answer = client.list(request).await?;
    let wire::OrderRows { rows, form } =
        wire::orders(&answer).map_err(|unusable| Client::unusable(OPERATION, &answer, unusable))?;
    let order = |raw: &RawValue| {
        let wire: WireOrder<'_> = serde_json::from_str(raw.get()).map_err(|_| {
            let words = "a row of `data.orders` is no order";
            unreadable(OPERATION, &Unreadable::new(words))
        })?;
        convert::order(&wire, &client.name).map_err(|problem| unreadable(OPERATION, &problem))
    };
    let orders = rows.into_iter().map(order).collect::<Result<Vec<_>>>()?;
    Ok(FoundOrders {
        complete: is_shorter(orders.len(), limit),
        orders,
        form,
        fresh: !answer.is_cached,
    })
}

/// Every order of the answer under our reference. A list as long as the limit may be cut.
async fn by_reference(client: &Client, reference: &Reference) -> Result<FoundOrders> {
    list(client, u32::from(client.limits.list_limit), Some(reference)).await
}

fn is_shorter(length: usize, limit: u32) -> bool {
    u32::try_from(length).is_ok_and(|length| length < limit)
}

/// The order with this id. A 404 means that there is none.
async fn by_id(client: &Client, id: &ProviderOrderId) -> Result<FoundOrders> {
    let orders = match order(client, OPERATION, ("orderId", id.as_str().into())).await {
        Ok(order) if order.id == *id => vec![order],
        Ok(_) => {
            let words = "the answer is about another order than was asked for";
            return Err(Failure::unusable(OPERATION, words));
        }
        Err(failure) if failure.kind == ErrorKind::NotFound => Vec::new(),
        Err(failure) => return Err(failure),
    };
    Ok(FoundOrders::documented(orders))
}

/// One order by id or by reference.
pub(crate) async fn order(
    client: &Client,
    operation: Operation,
    parameter: (&'static str, Cow<'_, str>),
) -> Result<ProviderOrder> {
    let body = client
        .send(client.read(operation, "/api/esim/order", vec![parameter]))
        .await?;
    let wire = Client::decode::<WireOrder<'_>>(operation, &body)?;
    convert::order(&wire, &client.name).map_err(|problem| unreadable(operation, &problem))
}

/// Orders made at `moment` or later, out of the newest ones: the provider filters by no time and
/// pages nothing, so a list that was cut is asked for again at greater length.
///
/// Complete where an older order was seen in a list that goes from new to old, or where the list is
/// shorter than the configured limit. Beyond that limit a short list proves nothing: the provider
/// names no maximum and may cap it silently.
async fn since(client: &Client, moment: Timestamp) -> Result<FoundOrders> {
    let first = u32::from(client.limits.list_limit);
    let mut limit = first;
    let mut found = list(client, limit, None).await?;
    found.complete |= reaches_behind(&found.orders, moment);
    for _ in 0..LONGER_LISTS {
        if found.complete {
            break;
        }
        limit = limit.saturating_mul(4);
        match list(client, limit, None).await {
            // As long as before: the provider gives no more.
            Ok(longer) if longer.orders.len() <= found.orders.len() => break,
            Ok(longer) => found = longer,
            // A limit the provider does not take.
            Err(failure) if failure.kind == ErrorKind::Rejected => break,
            Err(failure) => return Err(failure),
        }
        found.complete = reaches_behind(&found.orders, moment);
    }
    found
        .orders
        .retain(|order| order.created_at.is_none_or(|made| made >= moment));
    Ok(found)
}

/// Whether the list goes from new to old and reaches an order made before `moment`.
fn reaches_behind(orders: &[ProviderOrder], moment: Timestamp) -> bool {
    let times: Option<Vec<_>> = orders.iter().map(|order| order.created_at).collect();
    times.is_some_and(|times| {
        times.is_sorted_by(|newer, older| newer >= older)
            && times.last().is_some_and(|oldest| *oldest < moment)
    })
}
