//! What speaks against a refusal: the provider shows the order all the same, or the wallet lost its price.

use std::time::Duration;

use roamport_domain::journal::JournalError;
use roamport_domain::order::{LookUpResult, WalletEvidence};
use roamport_domain::provider::{ErrorKind, OrderLookup, ProviderError};
use roamport_domain::{EsimProvider as _, Money, Order};

use super::look;
use super::rows::{CLOCKS_APART, baseline, first_sent};
use super::wallet::wallet;
use crate::OrdersParts;

/// Between two tries to read the wallet.
const PAUSE: Duration = Duration::from_secs(1);

/// What speaks against `refusal`, the answer to the purchase call that `order` has just made; `None` if
/// nothing does. A read that fails says nothing.
pub(crate) async fn charged_all_the_same(
    parts: &OrdersParts,
    order: &Order,
    refusal: &ProviderError,
) -> Result<Option<String>, JournalError> {
    if is_shown(parts, order).await? {
        return Ok(Some(
            "the provider shows this order or one like it".to_owned(),
        ));
    }
    let WalletEvidence::Short { gone, explained } = wallet_at_last(parts, order).await? else {
        return Ok(None);
    };
    let is_about_wallet = refusal.kind() == ErrorKind::InsufficientFunds;
    if is_about_wallet && !would_have_paid(order, gone) {
        return Ok(None);
    }
    Ok(Some(format!(
        "{gone} is gone from the wallet since before the call, and other orders explain only {explained}"
    )))
}

/// What the wallet says, read again where it could not be read: nothing is asked after the order has failed.
async fn wallet_at_last(
    parts: &OrdersParts,
    order: &Order,
) -> Result<WalletEvidence, JournalError> {
    const TRIES: u32 = 3;
    let is_known = baseline(order).is_some();
    let mut evidence = wallet(parts, order).await?;
    for _ in 1..TRIES {
        if !is_known || evidence != WalletEvidence::Silent {
            break;
        }
        tokio::time::sleep(PAUSE).await;
        evidence = wallet(parts, order).await?;
    }
    Ok(evidence)
}

/// Whether what is left in the wallet would have paid for the order: then the wallet was no reason to refuse
/// it. Another buyer may have emptied the wallet in between.
fn would_have_paid(order: &Order, gone: Money) -> bool {
    let left = baseline(order).and_then(|before| before.balance.checked_sub(gone).ok());
    let (Some(left), Some(price)) = (left, order.expected_total()) else {
        return false;
    };
    left.compare(price).is_ok_and(std::cmp::Ordering::is_ge)
}

/// Whether the provider shows the order, or one that looks like it.
async fn is_shown(parts: &OrdersParts, order: &Order) -> Result<bool, JournalError> {
    let capabilities = parts.provider.capabilities();
    if capabilities.finds_by_reference() {
        let look = look(parts, order, false).await?;
        let found = matches!(look.result, LookUpResult::Healthy { found } if !found.is_empty());
        let resembles = look.evidence.is_some_and(|evidence| {
            !evidence.look_alikes.is_empty() || !evidence.candidates.is_empty()
        });
        return Ok(found || resembles);
    }
    let (Some(first), true) = (first_sent(order), capabilities.lists_since()) else {
        return Ok(false);
    };
    let from = first.saturating_sub(CLOCKS_APART).unwrap_or(first);
    let found = parts.provider.find_orders(&OrderLookup::Since(from)).await;
    let rows = found.map(|found| found.orders).unwrap_or_default();
    let is_ours = |named: &roamport_domain::Reference| {
        order
            .requested()
            .reference
            .compare(named.as_str())
            .is_ours()
    };
    Ok(rows
        .iter()
        .filter_map(|row| row.reference.as_ref())
        .any(is_ours))
}
