//! What moved in the wallet between two readings, against the charges that are known.

use std::time::Duration;

use jiff::Timestamp;
use roamport_domain::Money;
use roamport_domain::journal::BalanceReading;
use roamport_domain::provider::ProviderOrder;

use super::earlier;
use super::read::Theirs;

/// How far the provider's clock may be from ours where only ours says when a reading was.
const CLOCKS_APART: Duration = Duration::from_mins(10);

/// What happened to the wallet between two readings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// The earlier reading.
    pub from: BalanceReading,
    /// The later one.
    pub to: BalanceReading,
    /// How many orders the provider's list has in between.
    pub orders: usize,
    /// What they cost in all; `None` where that cannot be told, so that nothing can be compared: the
    /// list does not reach so far back, or leaves out a price or a time.
    pub charged: Option<Money>,
    /// What is left to explain: below zero, more went out than the orders cost; above, money came
    /// in, by a deposit or a refund.
    pub unexplained: Option<Money>,
}

impl Movement {
    /// Whether more money went out than the known orders cost.
    pub fn is_missing_money(&self) -> bool {
        self.unexplained
            .is_some_and(|unexplained| unexplained.is_negative())
    }
}

/// The movements between each two readings that can be compared, up to the one of now.
pub(super) fn movements(
    kept: &[BalanceReading],
    theirs: &Theirs,
    since: Timestamp,
) -> Vec<Movement> {
    let now = std::iter::once(&theirs.balance);
    let readings: Vec<&BalanceReading> = kept
        .iter()
        .chain(now)
        .filter(|reading| reading.comparable)
        .collect();
    readings
        .windows(2)
        .map(|pair| movement(pair[0], pair[1], theirs, since))
        .collect()
}

fn movement(
    from: &BalanceReading,
    to: &BalanceReading,
    theirs: &Theirs,
    since: Timestamp,
) -> Movement {
    // The provider's clock is compared with itself wherever it can be.
    let after = from
        .newest_order_at
        .unwrap_or_else(|| earlier(from.at, CLOCKS_APART));
    let until = to.newest_order_at.unwrap_or(after);
    let is_later = |order: &ProviderOrder, at: Timestamp| {
        at > after || at == after && !from.newest_orders.contains(&order.id)
    };
    let is_known = |order: &ProviderOrder, at: Timestamp| {
        at < until || at == until && to.newest_orders.contains(&order.id)
    };
    let paid = theirs.orders.iter().filter(|order| {
        order
            .created_at
            .is_some_and(|at| is_later(order, at) && is_known(order, at))
    });
    let orders = paid.clone().count();
    // The newest order of a reading since then was the newest of all: between it and `since` is none.
    let reached = theirs
        .complete_from
        .is_some_and(|from| from <= after.max(since));
    let timed = theirs.orders.iter().all(|order| order.created_at.is_some());
    let zero = Money::zero(to.balance.currency());
    let sum = paid
        .map(|order| order.total)
        .try_fold(zero, |sum, total| sum.checked_add(total?).ok());
    let charged = sum.filter(|_| reached && timed);
    let change = to.balance.checked_sub(from.balance).ok();
    let unexplained = charged
        .zip(change)
        .and_then(|(charged, change)| change.checked_add(charged).ok());
    Movement {
        from: from.clone(),
        to: to.clone(),
        orders,
        charged,
        unexplained,
    }
}
