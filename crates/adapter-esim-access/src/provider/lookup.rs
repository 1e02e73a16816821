//! Finding orders again: by number, and by the time their eSIMs were made.

use jiff::{SignedDuration, Timestamp};
use roamport_domain::ProviderOrderId;
use roamport_domain::provider::{
    CallClass, ErrorKind, FoundOrders, Operation, OrderLookup, ProviderOrder,
};
use roamport_provider_http::{Effect, Failure};

use super::reads::{Pages, pages, rows, unreadable, whole_list};
use crate::client::Client;
use crate::convert::{self, TopUpId};
use crate::error::{Code, meaning};
use crate::wire::EsimQuery;

type Result<T> = std::result::Result<T, Failure>;

const OPERATION: Operation = Operation::FindOrders;
/// How far the provider's clock may be from ours.
const CLOCKS_APART: SignedDuration = SignedDuration::from_hours(1);

pub(crate) async fn find_orders(client: &Client, lookup: &OrderLookup) -> Result<FoundOrders> {
    match lookup {
        OrderLookup::Reference { .. } => {
            let words = "eSIM Access finds no order by our reference: look by its number, or send the \
                         same order again, which is charged once";
            Err(Failure::not_sent(ErrorKind::Unsupported, words))
        }
        OrderLookup::Id(id) => match TopUpId::of(id) {
            Some(top_up) => by_top_up(client, &top_up).await,
            None => by_number(client, id).await,
        },
        OrderLookup::Since(moment) => since(client, *moment).await,
    }
}

fn found(order: Option<ProviderOrder>) -> FoundOrders {
    FoundOrders::documented(order.into_iter().collect())
}

/// The order with this number. While its profiles are being allocated it is one without items; an
/// unknown number is a refusal of its own, so that an empty list proves nothing.
async fn by_number(client: &Client, id: &ProviderOrderId) -> Result<FoundOrders> {
    let query = EsimQuery {
        order_no: Some(id.as_str()),
        ..EsimQuery::default()
    };
    let pages = match pages(client, OPERATION, CallClass::Read, &query).await {
        Ok(pages) => pages,
        Err(failure) => {
            return match meaning(&failure) {
                Some(Code::UnknownOrder) => Ok(found(None)),
                Some(Code::Allocating) => Ok(found(Some(convert::pending_order(id.clone())))),
                _ => Err(failure),
            };
        }
    };
    let rows = rows(&pages)?;
    let order = convert::order_of(id, &rows, &client.name, client.clock.now())
        .map_err(|problem| unreadable(&problem))?;
    if order.is_none() && !rows.is_empty() {
        let words = "the answer is about another order than was asked for";
        return Err(Failure::unusable(Effect::None, words));
    }
    let complete = order.is_some();
    Ok(FoundOrders {
        complete,
        ..found(order)
    })
}

/// The top-up with this id, on its eSIM.
async fn by_top_up(client: &Client, id: &TopUpId<'_>) -> Result<FoundOrders> {
    let query = EsimQuery {
        esim_tran_no: Some(id.esim),
        ..EsimQuery::default()
    };
    let pages = match pages(client, OPERATION, CallClass::Read, &query).await {
        Ok(pages) => pages,
        Err(failure) if failure.kind == ErrorKind::NotFound => return Ok(found(None)),
        Err(failure) => return Err(failure),
    };
    convert::top_up_order(id, &rows(&pages)?, &client.name)
        .map(found)
        .map_err(|problem| unreadable(&problem))
}

/// Orders and top-ups made at `moment` or later, as far as the eSIMs of that time tell, oldest first.
///
/// Complete if the provider's total proves that every eSIM of that time was read. An order appears once
/// its profiles are allocated, and a top-up of an older eSIM is listed with that eSIM alone: both are
/// found by their id.
async fn since(client: &Client, moment: Timestamp) -> Result<FoundOrders> {
    let now = client.clock.now();
    let earlier = moment
        .saturating_sub(CLOCKS_APART)
        .unwrap_or(Timestamp::MIN);
    let later = now.saturating_add(CLOCKS_APART).unwrap_or(Timestamp::MAX);
    let (start, end) = (convert::moment(earlier), convert::moment(later));
    let query = EsimQuery {
        start_time: Some(&start),
        end_time: Some(&end),
        ..EsimQuery::default()
    };
    let list = match whole_list(client, OPERATION, CallClass::Listing, &query).await {
        Ok(list) => list,
        // All that there is in that time is still being allocated.
        Err(failure) if meaning(&failure) == Some(Code::Allocating) => Pages {
            pages: Vec::new(),
            is_whole: false,
        },
        Err(failure) => return Err(failure),
    };
    let orders = convert::orders_since(&rows(&list.pages)?, &client.name, moment, now)
        .map_err(|problem| unreadable(&problem))?;
    Ok(FoundOrders {
        complete: list.is_whole,
        ..FoundOrders::documented(orders)
    })
}
