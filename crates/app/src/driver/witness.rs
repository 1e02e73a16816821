//! When it is the provider, not the order: several orders parked because a witness spoke against them.

use jiff::{SignedDuration, Timestamp};
use roamport_domain::Order;
use roamport_domain::journal::JournalError;
use roamport_domain::order::{AttentionReason, Doubt};

use crate::OrdersParts;

/// How many orders parked within [`WITHIN`] hold new ones at their account.
const ORDERS: u64 = 3;
/// In what time.
const WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// Notes an order that has just come to need attention, where a witness spoke against it, and holds new
/// orders at the account once there are several.
pub(super) async fn parked(parts: &OrdersParts, order: &Order) -> Result<(), JournalError> {
    if !spoken_against(parts, order).await? {
        return Ok(());
    }
    let now = parts.journal.now().await?;
    let since = now.saturating_sub(WITHIN).unwrap_or(Timestamp::MIN);
    let parked = parts
        .accounts
        .note_witness(&parts.account, order.id(), since)
        .await?;
    let reason = format!(
        "{parked} orders within an hour were answered in ways that contradict each other; new ones wait \
         until somebody has looked at the provider and runs `provider release`"
    );
    if parked >= ORDERS && parts.accounts.hold(&parts.account, &reason).await? {
        tracing::error!(provider = %parts.instance.name, parked, "new orders are held at this account");
    }
    Ok(())
}

async fn spoken_against(parts: &OrdersParts, order: &Order) -> Result<bool, JournalError> {
    let odd = |reason: &AttentionReason| {
        matches!(
            reason,
            AttentionReason::LooksAlike { .. }
                | AttentionReason::SameGoods { .. }
                | AttentionReason::GoodsDiffer { .. }
                | AttentionReason::EsimDeliveredBefore { .. }
        )
    };
    if order.open_attention().any(odd) {
        return Ok(true);
    }
    match order.look_ups().last_doubt {
        // A filter that never held says nothing new; one that was seen to hold does.
        Some(Doubt::Filter) => {
            let probe = parts.accounts.probe(&parts.account).await?;
            Ok(probe.is_some_and(|probe| probe.filter_held))
        }
        Some(doubt) => Ok(doubt.speaks_against()),
        None => Ok(false),
    }
}
