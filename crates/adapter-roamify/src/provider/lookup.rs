//! Finding orders again: the reads that safe ordering stands on.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};
use roamport_domain::provider::{ErrorKind, FoundOrders, Operation, OrderLookup, ProviderOrder};
use roamport_domain::{ProviderOrderId, Reference};
use roamport_provider_http::Failure;

use super::reads::unreadable;
use crate::client::Client;
use crate::convert::{self, Unreadable};
use crate::wire::{OrdersData, WireOrder};

type Result<T> = std::result::Result<T, Failure>;
type Parameters<'a> = Vec<(&'static str, Cow<'a, str>)>;

const OPERATION: Operation = Operation::FindOrders;
/// How far the provider's clock may be from ours before an order counts as older than it says.
const CLOCKS_APART: SignedDuration = SignedDuration::from_hours(24);
/// How often a list of recent orders that was cut is asked for again, four times as long each time.
const LONGER_LISTS: u32 = 3;

pub(crate) async fn find_orders(client: &Client, lookup: &OrderLookup) -> Result<FoundOrders> {
    match lookup {
        OrderLookup::Reference {
            reference,
            not_before,
        } => by_reference(client, reference, *not_before).await,
        OrderLookup::Id(id) => by_id(client, id).await,
        OrderLookup::Since(moment) => since(client, *moment).await,
    }
}

/// One row of a list, with what only its raw text tells.
struct Row {
    order: ProviderOrder,
    names_another: bool,
}

async fn list(client: &Client, limit: u32, ours: Option<&Reference>) -> Result<Vec<Row>> {
    let mut parameters: Parameters<'_> = vec![("limit", limit.to_string().into())];
    if let Some(reference) = ours {
        parameters.push(("referenceId", reference.as_str().into()));
    }
    let body = client
        .send(client.read(OPERATION, "/api/esim/orders", parameters))
        .await?;
    let data = Client::decode::<OrdersData<'_>>(OPERATION, &body)?;
    data.orders
        .into_iter()
        .map(|raw| {
            let wire: WireOrder<'_> = serde_json::from_str(raw.get()).map_err(|_| {
                unreadable(
                    OPERATION,
                    &Unreadable::new("a row of `data.orders` is no order"),
                )
            })?;
            let order = convert::order(&wire, &client.name)
                .map_err(|problem| unreadable(OPERATION, &problem))?;
            let names_another = ours.is_some_and(|ours| convert::foreign_reference(&wire, ours));
            Ok(Row {
                order,
                names_another,
            })
        })
        .collect()
}

/// All orders under our reference, compared for equality here.
///
/// An order that names another reference is left out; it shows that the provider's filter looks
/// otherwise than ours. One that names none stays in, unless it is a day older than it can be. A list
/// as long as the limit proves no absence.
async fn by_reference(
    client: &Client,
    reference: &Reference,
    not_before: Timestamp,
) -> Result<FoundOrders> {
    let limit = u32::from(client.limits.list_limit);
    let rows = list(client, limit, Some(reference)).await?;
    let complete = is_shorter(rows.len(), limit);
    let oldest = not_before
        .saturating_sub(CLOCKS_APART)
        .unwrap_or(Timestamp::MIN);
    let meant = |row: &Row| {
        let too_old = row.order.created_at.is_some_and(|made| made < oldest);
        !row.names_another && (row.order.reference.is_some() || !too_old)
    };
    let orders = rows
        .into_iter()
        .filter(meant)
        .map(|row| row.order)
        .collect();
    Ok(FoundOrders { orders, complete })
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
    Ok(FoundOrders {
        orders,
        complete: true,
    })
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
    let mut rows = list(client, limit, None).await?;
    let mut complete = is_shorter(rows.len(), limit) || reaches_behind(&rows, moment);
    for _ in 0..LONGER_LISTS {
        if complete {
            break;
        }
        limit = limit.saturating_mul(4);
        match list(client, limit, None).await {
            // As long as before: the provider gives no more.
            Ok(longer) if longer.len() <= rows.len() => break,
            Ok(longer) => rows = longer,
            // A limit the provider does not take.
            Err(failure) if failure.kind == ErrorKind::Rejected => break,
            Err(failure) => return Err(failure),
        }
        complete = reaches_behind(&rows, moment);
    }
    let recent = |row: &Row| row.order.created_at.is_none_or(|made| made >= moment);
    let orders = rows
        .into_iter()
        .filter(recent)
        .map(|row| row.order)
        .collect();
    Ok(FoundOrders { orders, complete })
}

/// Whether the list goes from new to old and reaches an order made before `moment`.
fn reaches_behind(rows: &[Row], moment: Timestamp) -> bool {
    let times: Option<Vec<_>> = rows.iter().map(|row| row.order.created_at).collect();
    times.is_some_and(|times| {
        times.is_sorted_by(|newer, older| newer >= older)
            && times.last().is_some_and(|oldest| *oldest < moment)
    })
}
