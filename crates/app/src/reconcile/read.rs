//! What is read for a reconciliation: the provider's list between two looks into the wallet, and the
//! orders of the journal that can have to do with it.

use std::collections::HashSet;

use futures::{StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use roamport_domain::journal::{BalanceReading, OrderFilter};
use roamport_domain::provider::{FoundOrders, OrderLookup, ProviderOrder};
use roamport_domain::{Order, OrderId, Reference};

use crate::{AppError, OrdersParts};

/// How often list and wallet are read again where the wallet moved in between.
const TRIES: u32 = 3;

/// Orders read from the journal at once.
const AT_ONCE: usize = 8;

/// The provider's side.
pub(super) struct Theirs {
    pub(super) orders: Vec<ProviderOrder>,
    pub(super) complete_from: Option<Timestamp>,
    pub(super) balance: BalanceReading,
}

/// The list of orders since a moment, and the wallet as it was while the list was read.
pub(super) async fn provider(parts: &OrdersParts, since: Timestamp) -> Result<Theirs, AppError> {
    let mut before = parts.provider.balance().await?;
    let mut tries = 0;
    loop {
        tries += 1;
        let found = list(parts, since).await?;
        let at = parts.journal.now().await?;
        let balance = parts.provider.balance().await?;
        let steady = balance == before;
        if !steady && tries < TRIES {
            before = balance;
            continue;
        }
        let complete_from = complete_from(&found, since);
        return Ok(Theirs {
            orders: found.orders,
            complete_from,
            balance: BalanceReading {
                provider: parts.instance.clone(),
                at,
                balance,
                newest_order_at: None,
                newest_orders: Vec::new(),
                comparable: steady,
            },
        });
    }
}

/// A provider that cannot list its orders has a list that is cut before its first one.
async fn list(parts: &OrdersParts, since: Timestamp) -> Result<FoundOrders, AppError> {
    if parts.provider.capabilities().lists_since() {
        return Ok(parts
            .provider
            .find_orders(&OrderLookup::Since(since))
            .await?);
    }
    Ok(FoundOrders {
        complete: false,
        ..FoundOrders::documented(Vec::new())
    })
}

/// From when on nothing is missing. A cut list that goes from new to old is whole behind its oldest
/// moment: of that moment itself there may have been more.
fn complete_from(found: &FoundOrders, since: Timestamp) -> Option<Timestamp> {
    if found.complete {
        return Some(since);
    }
    let times: Vec<Timestamp> = found
        .orders
        .iter()
        .map(|order| order.created_at)
        .collect::<Option<_>>()?;
    let (newest, oldest) = (times.first()?, times.last()?);
    if newest == oldest || !times.is_sorted_by(|newer, older| newer >= older) {
        return None;
    }
    times.iter().rev().find(|at| *at > oldest).copied()
}

/// Our orders at this provider that changed since then, or that the provider's list names.
pub(super) async fn journal(
    parts: &OrdersParts,
    since: Timestamp,
    theirs: &Theirs,
) -> Result<Vec<Order>, AppError> {
    let named: HashSet<&Reference> = theirs
        .orders
        .iter()
        .filter_map(|order| order.reference.as_ref())
        .collect();
    let filter = OrderFilter {
        provider: Some(parts.instance.name.clone()),
        ..OrderFilter::default()
    };
    let mut listed = parts.journal.list(filter);
    let mut ids: Vec<OrderId> = Vec::new();
    while let Some(summary) = listed.try_next().await? {
        let meant = summary.updated_at >= since || named.contains(&summary.reference);
        if meant && summary.provider == parts.instance {
            ids.push(summary.id);
        }
    }
    let loads = ids.into_iter().map(|id| parts.journal.load(id));
    Ok(futures::stream::iter(loads)
        .buffered(AT_ONCE)
        .try_collect()
        .await?)
}

#[cfg(test)]
mod tests {
    use roamport_domain::ProviderOrderId;
    use roamport_domain::provider::ProviderOrderStatus;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn list(seconds: &[Option<i64>], complete: bool) -> FoundOrders {
        let order = |second: &Option<i64>| ProviderOrder {
            id: ProviderOrderId::parse("o-1").unwrap(),
            reference: None,
            status: ProviderOrderStatus::Completed,
            total: None,
            items: Vec::new(),
            created_at: second.map(at),
            oddities: Vec::new(),
        };
        FoundOrders {
            complete,
            ..FoundOrders::documented(seconds.iter().map(order).collect())
        }
    }

    #[test]
    fn a_whole_list_is_complete_from_the_moment_that_was_asked_for() {
        for seconds in [&[][..], &[None], &[Some(7), Some(9)]] {
            assert_eq!(complete_from(&list(seconds, true), at(5)), Some(at(5)));
        }
    }

    #[test]
    fn a_cut_list_is_complete_behind_its_oldest_moment_alone() {
        let seconds = [Some(9), Some(8), Some(7), Some(6), Some(6)];
        assert_eq!(complete_from(&list(&seconds, false), at(5)), Some(at(7)));
    }

    #[test]
    fn a_cut_list_without_order_or_times_is_complete_from_no_moment() {
        for seconds in [
            &[][..],
            &[Some(9)],
            &[Some(9), Some(9)],
            &[Some(6), Some(7), Some(8)],
            &[Some(9), Some(6), Some(7)],
            &[Some(9), None, Some(7)],
        ] {
            assert_eq!(
                complete_from(&list(seconds, false), at(5)),
                None,
                "{seconds:?}"
            );
        }
    }
}
