//! Asking the provider, one by one, for orders of ours that its list does not name.

use std::collections::HashMap;

use futures::StreamExt as _;
use jiff::Timestamp;
use roamport_domain::provider::{OrderLookup, ProviderOrder};
use roamport_domain::{Order, OrderId, ProviderOrderId, Reference};

use super::join::Joined;
use crate::OrdersParts;

/// The most orders that are looked up one by one.
const MOST_LOOKED_UP: usize = 500;

/// Look-ups at once.
const AT_ONCE: usize = 4;

/// What the provider has for each order that was asked for. One that is not in here got no answer
/// that can be trusted, or was one too many.
pub(super) type Answers = HashMap<OrderId, Vec<ProviderOrder>>;

struct Question {
    order: OrderId,
    placed: ProviderOrderId,
    reference: Reference,
    not_before: Timestamp,
}

/// Looks up what the provider must know and its list does not name.
pub(super) async fn look_up(parts: &OrdersParts, joined: &Joined<'_>) -> Answers {
    let missing = joined.pairs.iter().filter(|pair| pair.is_missing());
    let questions: Vec<Question> = missing
        .filter_map(|pair| question(&pair.ours))
        .take(MOST_LOOKED_UP)
        .collect();
    let asked = questions.into_iter().map(|question| ask(parts, question));
    futures::stream::iter(asked)
        .buffered(AT_ONCE)
        .filter_map(std::future::ready)
        .collect()
        .await
}

fn question(order: &Order) -> Option<Question> {
    let requested = order.requested();
    Some(Question {
        order: order.id(),
        placed: order.placed()?.id.clone(),
        reference: requested.reference.clone(),
        not_before: requested.at,
    })
}

/// By reference where that can be, which also finds a second charge; and by id.
async fn ask(parts: &OrdersParts, question: Question) -> Option<(OrderId, Vec<ProviderOrder>)> {
    let Question {
        order,
        placed,
        reference,
        not_before,
    } = question;
    let mut found = Vec::new();
    if parts.provider.capabilities().finds_by_reference() {
        let lookup = OrderLookup::Reference {
            reference: reference.clone(),
            not_before,
        };
        let answer = parts.provider.find_orders(&lookup).await.ok()?;
        let ours = |found: &ProviderOrder| {
            let named = found.reference.as_ref();
            named.is_some_and(|named| reference.compare(named.as_str()).is_ours())
        };
        found.extend(answer.orders.into_iter().filter(ours));
    }
    if !found.iter().any(|found| found.id == placed) {
        let lookup = OrderLookup::Id(placed.clone());
        let answer = parts.provider.find_orders(&lookup).await.ok()?;
        found.extend(answer.orders.into_iter().filter(|found| found.id == placed));
    }
    Some((order, found))
}
