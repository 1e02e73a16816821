//! What moved in the wallet between two readings, against the charges that are known.

use std::time::Duration;

use jiff::Timestamp;
use roamport_domain::journal::BalanceReading;
use roamport_domain::provider::ProviderOrder;
use roamport_domain::{Money, Order};

use super::earlier;
use super::join::{Joined, names};
use super::look_up::Answers;

/// How far the provider's clock may be from ours where only ours says when a reading was.
const CLOCKS_APART: Duration = Duration::from_mins(10);

/// What happened to the wallet between two readings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// The earlier reading.
    pub from: BalanceReading,
    /// The later one.
    pub to: BalanceReading,
    /// How many orders are known in between.
    pub orders: usize,
    /// What they cost in all: what the provider says, or what the journal has where the provider names
    /// no price. `None` if an order has no price or no time, so that nothing can be compared.
    pub charged: Option<Money>,
    /// What is left to explain: below zero, more went out than the orders cost; above, money came
    /// in, by a deposit or a refund.
    pub unexplained: Option<Money>,
    /// Whether the provider's list is proven whole in between. Where it is not, an order that it left out
    /// may explain the rest.
    pub is_proven: bool,
}

impl Movement {
    /// Whether more money went out than the orders cost, where all of them are known.
    pub fn is_missing_money(&self) -> bool {
        self.is_proven
            && self
                .unexplained
                .is_some_and(|unexplained| unexplained.is_negative())
    }
}

/// One charge of the provider, as far as it is known.
pub(super) struct Charge<'a> {
    order: &'a ProviderOrder,
    amount: Option<Money>,
}

/// The charges that the provider's list names, and those of our orders that were looked up by themselves.
pub(super) fn charges<'a>(joined: &'a Joined<'a>, answers: &'a Answers) -> Vec<Charge<'a>> {
    let foreign = joined.foreign.iter().map(|order| Charge {
        order,
        amount: order.total,
    });
    let ours = joined.pairs.iter().flat_map(|pair| {
        let answered = answers.get(&pair.ours.id()).into_iter().flatten();
        let added = answered.filter(|order| !names(&pair.theirs, &order.id));
        let all = pair.theirs.iter().copied().chain(added);
        all.map(|order| Charge {
            order,
            amount: order.total.or_else(|| in_journal(&pair.ours, order)),
        })
    });
    foreign.chain(ours).collect()
}

/// What the journal has for the price of an order that it knows to be its own.
fn in_journal(ours: &Order, order: &ProviderOrder) -> Option<Money> {
    let placed = ours.placed().filter(|placed| placed.id == order.id)?;
    placed.total.or_else(|| ours.expected_total())
}

/// Notes in a reading which of the charges are the newest, so that the next reading starts behind them.
pub(super) fn note_newest(reading: &mut BalanceReading, charges: &[Charge<'_>]) {
    let times = charges.iter().filter_map(|charge| charge.order.created_at);
    let Some(newest) = times.max() else { return };
    let is_newest = |charge: &&Charge<'_>| charge.order.created_at == Some(newest);
    reading.newest_order_at = Some(newest);
    reading.newest_orders = charges
        .iter()
        .filter(is_newest)
        .map(|charge| charge.order.id.clone())
        .collect();
}

/// The movements between each two readings that can be compared, up to the one of now.
pub(super) fn movements(
    kept: &[BalanceReading],
    now: &BalanceReading,
    known: &[Charge<'_>],
    (since, complete_from): (Timestamp, Option<Timestamp>),
) -> Vec<Movement> {
    let now = std::iter::once(now);
    let readings: Vec<&BalanceReading> = kept
        .iter()
        .chain(now)
        .filter(|reading| reading.comparable)
        .collect();
    readings
        .windows(2)
        .map(|pair| movement(pair[0], pair[1], known, (since, complete_from)))
        .collect()
}

fn movement(
    from: &BalanceReading,
    to: &BalanceReading,
    known: &[Charge<'_>],
    (since, complete_from): (Timestamp, Option<Timestamp>),
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
    let paid = known.iter().filter(|charge| {
        let made = charge.order.created_at;
        made.is_some_and(|at| is_later(charge.order, at) && is_known(charge.order, at))
    });
    let orders = paid.clone().count();
    // The newest order of a reading since then was the newest of all: between it and `since` is none.
    let is_proven = complete_from.is_some_and(|from| from <= after.max(since));
    let timed = known.iter().all(|charge| charge.order.created_at.is_some());
    let zero = Money::zero(to.balance.currency());
    let sum = paid
        .map(|charge| charge.amount)
        .try_fold(zero, |sum, amount| sum.checked_add(amount?).ok());
    let charged = sum.filter(|_| timed);
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
        is_proven,
    }
}
