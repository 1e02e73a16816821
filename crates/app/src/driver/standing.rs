//! The moment at which a decision about an order is made: clocks, account, hold.

use std::collections::BTreeSet;
use std::time::Duration;

use roamport_domain::journal::JournalError;
use roamport_domain::order::{AccountStanding, ItemNumber, Moment, OrderState};
use roamport_domain::{Account, Order};

use crate::OrdersParts;

/// The moment as it is now, for a process that has watched the order for this long.
pub(crate) async fn moment(
    parts: &OrdersParts,
    order: &Order,
    watched: Duration,
    busy: BTreeSet<ItemNumber>,
) -> Result<Moment, JournalError> {
    // Only an order that waits to be sent is held, so that all others cost no read.
    let is_held = order.state() == OrderState::Requested
        && parts.accounts.held(&parts.account).await?.is_some();
    Ok(Moment {
        now: parts.journal.now().await?,
        watched,
        busy,
        begins: None,
        account: parts.account.clone(),
        standing: standing(parts, order).await?,
        is_held,
    })
}

/// What the account in use is to an order. One of a release that recorded no account belongs to it
/// while nothing of the order was ever sent, and once a person said so.
async fn standing(parts: &OrdersParts, order: &Order) -> Result<AccountStanding, JournalError> {
    let is_own = match order.account() {
        Some(account) if *account == parts.account => true,
        Some(account) => parts
            .accounts
            .same_as(&parts.account)
            .await?
            .contains(account),
        None if order.attempts().is_empty() => true,
        None => parts
            .accounts
            .same_as(&parts.account)
            .await?
            .contains(&Account::unknown()),
    };
    Ok(if is_own {
        AccountStanding::Own
    } else {
        AccountStanding::Other
    })
}
