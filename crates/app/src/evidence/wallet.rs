//! The wallet as a witness: what is gone from it that no known order explains.

use jiff::{SignedDuration, Timestamp};
use roamport_domain::id::ReferenceMatch;
use roamport_domain::journal::{ChargeState, JournalError, Spending};
use roamport_domain::order::{WalletEvidence, WalletReading};
use roamport_domain::provider::{OrderLookup, ProviderOrder};
use roamport_domain::{Currency, EsimProvider as _, Money, Order, OrderId};

use super::rows::baseline;
use crate::OrdersParts;

/// Amounts that differ by less than this are the same.
const NOTHING: &str = "0.0001";

/// What the wallet says about a charge for `order`. Silent where the provider shows no wallet, where
/// it was not read before the order's first call, or where it cannot tell.
pub(super) async fn wallet(
    parts: &OrdersParts,
    order: &Order,
) -> Result<WalletEvidence, JournalError> {
    let Some(before) = baseline(order) else {
        return Ok(WalletEvidence::Silent);
    };
    let Ok(balance) = parts.provider.balance().await else {
        return Ok(WalletEvidence::Silent);
    };
    let now = WalletReading {
        at: parts.journal.now().await?,
        balance,
    };
    let spending = spending(parts, &before, &now).await?;
    let Some(price) = order.expected_total() else {
        return Ok(WalletEvidence::Silent);
    };
    let Some(account) = Change::of(order.id(), &before, &now, &spending) else {
        return Ok(WalletEvidence::Silent);
    };
    let Change { gone, .. } = account;
    if !account.is_short_of(price) {
        return Ok(WalletEvidence::Explained { gone });
    }
    // Somebody else may buy from the same wallet: what the provider lists explains it, too.
    let listed = listed(parts, order, &before, &spending)
        .await
        .unwrap_or_default();
    let account = account.explained_by(&listed).unwrap_or(account);
    Ok(if !account.is_short_of(price) {
        WalletEvidence::Explained { gone }
    } else if others_are_open(order.id(), &spending) {
        WalletEvidence::Undecided { gone }
    } else {
        let explained = account.explained;
        WalletEvidence::Short { gone, explained }
    })
}

/// What other calls may have spent between two readings of the wallet, and what came back. A call whose answer
/// was lost may have been charged after it was given up, as long as its effect may come.
async fn spending(
    parts: &OrdersParts,
    before: &WalletReading,
    now: &WalletReading,
) -> Result<Spending, JournalError> {
    let (accounts, account) = (&parts.accounts, &parts.account);
    let mut spending = accounts.spending(account, before.at, now.at).await?;
    let capabilities = parts.provider.capabilities();
    let late = capabilities.purchase_time_out + parts.policy.quiet_period_for(&capabilities);
    let late = SignedDuration::try_from(late).unwrap_or(SignedDuration::MAX);
    let from = before.at.saturating_sub(late).unwrap_or(Timestamp::MIN);
    let mut charges = accounts.spending(account, from, now.at).await?.charges;
    charges.retain(|charge| {
        let is_later = charge.settled_at.is_none_or(|at| at >= before.at);
        is_later || charge.state == ChargeState::Unknown
    });
    spending.charges = charges;
    Ok(spending)
}

/// Whether the outcome of another order's call is not known yet.
fn others_are_open(order: OrderId, spending: &Spending) -> bool {
    spending.charges.iter().any(|charge| {
        charge.order != order
            && matches!(charge.state, ChargeState::InFlight | ChargeState::Unknown)
    })
}

/// Orders of others that the provider lists since the first reading and that this journal does not know. One
/// that may be the order itself explains nothing.
async fn listed(
    parts: &OrdersParts,
    order: &Order,
    before: &WalletReading,
    spending: &Spending,
) -> Option<Vec<ProviderOrder>> {
    if !parts.provider.capabilities().lists_since() {
        return None;
    }
    let found = parts
        .provider
        .find_orders(&OrderLookup::Since(before.at))
        .await
        .ok()?;
    let known = |row: &ProviderOrder| {
        spending
            .charges
            .iter()
            .any(|charge| charge.placed.as_ref() == Some(&row.id))
    };
    let is_foreign = |row: &ProviderOrder| {
        let named = row.reference.as_ref();
        named.is_some_and(|named| {
            order.requested().reference.compare(named.as_str()) == ReferenceMatch::Foreign
        })
    };
    let mut rows = found.orders;
    rows.retain(|row| {
        !known(row) && is_foreign(row) && row.created_at.is_some_and(|made| made >= before.at)
    });
    Some(rows)
}

/// What is gone from a wallet between two readings, and what of it is explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Change {
    gone: Money,
    explained: Money,
}

impl Change {
    /// `None` where currencies differ or a sum is out of range.
    fn of(
        order: OrderId,
        before: &WalletReading,
        now: &WalletReading,
        spending: &Spending,
    ) -> Option<Self> {
        let mut gone = before.balance.checked_sub(now.balance).ok()?;
        for refund in &spending.refunds {
            gone = gone.checked_add(*refund).ok()?;
        }
        // A call whose outcome is unknown explains nothing: two orders in doubt would explain each other.
        let mut explained = Money::zero(gone.currency());
        let others = spending.charges.iter();
        for charge in others.filter(|charge| charge.order != order) {
            if charge.state == ChargeState::Placed {
                explained = explained.checked_add(charge.amount?).ok()?;
            }
        }
        Some(Self { gone, explained })
    }

    fn explained_by(self, rows: &[ProviderOrder]) -> Option<Self> {
        let mut explained = self.explained;
        for total in rows.iter().filter_map(|row| row.total) {
            explained = explained.checked_add(total).ok()?;
        }
        Some(Self { explained, ..self })
    }

    fn is_short_of(self, price: Money) -> bool {
        let nothing = Money::parse_amount(NOTHING, Currency::USD).expect("an amount");
        let (Ok(left), Ok(least)) = (
            self.gone.checked_sub(self.explained),
            price.checked_sub(nothing),
        ) else {
            return false;
        };
        left.compare(least).is_ok_and(std::cmp::Ordering::is_ge)
    }
}

#[cfg(test)]
mod tests {
    use roamport_domain::journal::Charge;
    use rstest::rstest;

    use super::*;

    fn usd(text: &str) -> Money {
        Money::parse_amount(text, Currency::USD).unwrap()
    }

    fn reading(balance: &str) -> WalletReading {
        WalletReading {
            at: Timestamp::UNIX_EPOCH,
            balance: usd(balance),
        }
    }

    fn order(number: u128) -> OrderId {
        OrderId::from_uuid(uuid::Uuid::from_u128(number))
    }

    fn charge(number: u128, amount: &str, state: ChargeState) -> Charge {
        Charge {
            order: order(number),
            amount: Some(usd(amount)),
            opened_at: Timestamp::UNIX_EPOCH,
            settled_at: None,
            state,
            placed: None,
        }
    }

    #[rstest]
    #[case::nothing_is_gone("10", "10", vec![], vec![], false)]
    #[case::the_price_is_gone("10", "6.73", vec![], vec![], true)]
    #[case::almost_the_price("10", "6.73009", vec![], vec![], true)]
    #[case::less_than_the_price("10", "6.74", vec![], vec![], false)]
    #[case::another_order_explains_it("10", "6.73", vec![charge(2, "3.27", ChargeState::Placed)], vec![], false)]
    #[case::both_are_gone("10", "3.46", vec![charge(2, "3.27", ChargeState::Placed)], vec![], true)]
    #[case::an_order_in_doubt_explains_nothing("10", "6.73", vec![charge(2, "3.27", ChargeState::Unknown)], vec![], true)]
    #[case::our_own_call_explains_nothing("10", "6.73", vec![charge(1, "3.27", ChargeState::Placed)], vec![], true)]
    #[case::a_refund_hides_a_charge("10", "10", vec![], vec!["3.27"], true)]
    #[case::funds_were_added("10", "50", vec![], vec![], false)]
    fn the_wallet_speaks_against_absence_where_the_price_is_gone_unexplained(
        #[case] before: &str,
        #[case] now: &str,
        #[case] charges: Vec<Charge>,
        #[case] refunds: Vec<&str>,
        #[case] expected: bool,
    ) {
        let spending = Spending {
            charges,
            refunds: refunds.into_iter().map(usd).collect(),
        };
        let account = Change::of(order(1), &reading(before), &reading(now), &spending).unwrap();
        assert_eq!(account.is_short_of(usd("3.27")), expected, "{account:?}");
    }
}
