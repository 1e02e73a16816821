//! The unfiltered list, read where the filter lets other orders through.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use roamport_domain::journal::JournalError;
use roamport_domain::provider::{AnswerForm, OrderLookup, ProviderOrder};
use roamport_domain::{Order, ProviderOrderId};

use super::rows::{Sorted, first_sent, may_be_meant, sort};
use crate::OrdersParts;

/// How far before the first window the list has to reach.
const REACH: SignedDuration = SignedDuration::from_hours(24);

/// What the unfiltered list showed.
pub(super) struct Listed {
    /// Its orders, sorted.
    pub(super) sorted: Sorted,
    /// Whether it proves that ours is not among them: it is whole, reaches back far enough, says of
    /// every order when it was made and under which reference, and has every order that this journal
    /// knows to be in that time.
    pub(super) is_proof: bool,
}

/// Reads the unfiltered list; `None` where the provider has none, or it cannot be read.
pub(super) async fn list(
    parts: &OrdersParts,
    order: &Order,
    quiet: Duration,
) -> Result<Option<Listed>, JournalError> {
    let (true, Some(first)) = (
        parts.provider.capabilities().lists_since(),
        first_sent(order),
    ) else {
        return Ok(None);
    };
    let from = first.saturating_sub(REACH).unwrap_or(Timestamp::MIN);
    let Ok(found) = parts.provider.find_orders(&OrderLookup::Since(from)).await else {
        return Ok(None);
    };
    let now = parts.journal.now().await?;
    let spending = parts.accounts.spending(&parts.account, first, now).await?;
    let has = |id: &ProviderOrderId| found.orders.iter().any(|row| row.id == *id);
    let mut known = spending
        .charges
        .iter()
        .filter_map(|charge| charge.placed.as_ref());
    let has_all_known = known.all(has);
    let tells = |row: &ProviderOrder| {
        row.created_at.is_some() && (row.reference.is_some() || !may_be_meant(order, quiet, row))
    };
    let is_proof = found.form == AnswerForm::Documented
        && found.fresh
        && found.complete
        && has_all_known
        && found.orders.iter().all(tells);
    Ok(Some(Listed {
        sorted: sort(order, quiet, found.orders),
        is_proof,
    }))
}
