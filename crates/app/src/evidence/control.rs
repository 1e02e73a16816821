//! The control: the same call asks for an order that the provider is known to have.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use roamport_domain::journal::JournalError;
use roamport_domain::order::ControlEvidence;
use roamport_domain::provider::{OrderLookup, ProviderError};
use roamport_domain::{
    EsimProvider as _, IdempotencyKey, Order, OrderId, ProviderOrderId, Reference,
};
use uuid::Uuid;

use crate::OrdersParts;

/// How long the provider must have known an order before it has to find it.
const AT_LEAST: Duration = Duration::from_mins(1);

/// Asks for the newest order of the account that the provider has answered long enough ago.
pub(super) async fn control(
    parts: &OrdersParts,
    order: &Order,
    now: Timestamp,
) -> Result<Result<ControlEvidence, ProviderError>, JournalError> {
    let lag = parts
        .provider
        .capabilities()
        .lookup
        .map_or(Duration::ZERO, |lookup| lookup.lag);
    let ago = SignedDuration::try_from(AT_LEAST.max(lag.saturating_mul(2))).unwrap_or_default();
    let before = now.saturating_sub(ago).unwrap_or(Timestamp::MIN);
    let found = newest_known(parts, before, Some(order.id())).await?;
    Ok(found.map(|known| match known {
        None => ControlEvidence::NoneKnown,
        Some((order, true)) => ControlEvidence::Found { order },
        Some((order, false)) => ControlEvidence::Missing { order },
    }))
}

/// The newest order of the account, but for this one, that the provider answered before a moment, and whether
/// the lookup finds it.
pub(super) async fn newest_known(
    parts: &OrdersParts,
    before: Timestamp,
    but: Option<OrderId>,
) -> Result<Result<Option<(ProviderOrderId, bool)>, ProviderError>, JournalError> {
    let but = but.unwrap_or(OrderId::from_uuid(Uuid::nil()));
    let known = parts
        .accounts
        .known_at(&parts.instance, &parts.account, before, but)
        .await?;
    let Some(known) = known else {
        return Ok(Ok(None));
    };
    let lookup = OrderLookup::Reference {
        reference: known.reference,
        not_before: known.placed_at,
    };
    Ok(parts.provider.find_orders(&lookup).await.map(|found| {
        let is_found = found.orders.iter().any(|row| row.id == known.order);
        Some((known.order, is_found))
    }))
}

/// Whether the same call finds nothing under a reference that exists nowhere.
pub(super) async fn filter_holds(parts: &OrdersParts, order: &Order) -> bool {
    let lookup = OrderLookup::Reference {
        reference: nowhere(parts),
        not_before: order.requested().at,
    };
    let found = parts.provider.find_orders(&lookup).await;
    found.is_ok_and(|found| found.orders.is_empty())
}

/// A reference under which nothing was ever ordered.
pub(crate) fn nowhere(parts: &OrdersParts) -> Reference {
    let drawn = Uuid::from_u128(fastrand::u128(..)).to_string();
    let key = IdempotencyKey::parse(drawn).expect("a UUID is a key");
    Reference::derive(&parts.instance.name, &key)
}
