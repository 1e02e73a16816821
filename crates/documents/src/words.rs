//! Words that stand in documents and in texts for people alike: counts, times, sentences about an order.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use roamport_domain::order::{
    AttemptState, AttentionReason, Ending, GuardReason, ItemState, OrderState,
};
use roamport_domain::provider::ProviderOrderStatus;
use roamport_domain::{Account, ProviderOrderId};

/// A moment for a person, to the second, in UTC: `2026-11-23 08:42:10 UTC`.
pub fn moment(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC)
        .strftime("%Y-%m-%d %H:%M:%S UTC")
        .to_string()
}

/// `1 eSIM`, `3 eSIMs`.
pub fn counted(count: usize, one: &str, many: &str) -> String {
    if count == 1 {
        format!("1 {one}")
    } else {
        format!("{count} {many}")
    }
}

/// The state of a purchase call in JSON and in tables, and what was seen.
pub fn attempt(state: &AttemptState) -> (&'static str, Option<&str>) {
    match state {
        AttemptState::InFlight => ("in-flight", None),
        AttemptState::Abandoned => ("abandoned", None),
        // What an earlier release called not sent without proof is shown as what it is.
        AttemptState::Ambiguous { message }
        | AttemptState::NotSent {
            message,
            doubtful: true,
        } => ("ambiguous", Some(message)),
        AttemptState::NotSent {
            message,
            doubtful: false,
        } => ("not-sent", Some(message)),
        AttemptState::TurnedAway { message } => ("turned-away", Some(message)),
        AttemptState::Refused { message } => ("refused", Some(message)),
        AttemptState::Placed { .. } => ("placed", None),
    }
}

/// The state of an eSIM of an order in JSON and in tables, and why.
pub fn item(state: &ItemState) -> (&'static str, Option<&str>) {
    match state {
        ItemState::Awaiting => ("awaiting", None),
        ItemState::Provisioning { .. } => ("provisioning", None),
        ItemState::Ready => ("ready", None),
        ItemState::Failed { message } => ("failed", Some(message)),
    }
}

/// The provider's word for where its order stands.
pub fn provider_status(status: &ProviderOrderStatus) -> &str {
    match status {
        ProviderOrderStatus::Pending => "pending",
        ProviderOrderStatus::Completed => "completed",
        ProviderOrderStatus::Cancelled => "cancelled",
        ProviderOrderStatus::Refunded => "refunded",
        ProviderOrderStatus::PartiallyRefunded => "partially refunded",
        ProviderOrderStatus::ActionRequired => "action required",
        ProviderOrderStatus::Archived => "archived",
        ProviderOrderStatus::Other(text) => text,
        _ => "unknown",
    }
}

/// What a person should know or decide, without a full stop.
pub fn attention_sentence(reason: &AttentionReason) -> String {
    match reason {
        AttentionReason::OutcomeUnknown { attempt } => {
            format!(
                "what became of purchase call {attempt} could not be found out; ask the provider whether it was charged"
            )
        }
        AttentionReason::AttemptsUsedUp => {
            "no order was found at the provider, and no further purchase call is allowed".to_owned()
        }
        AttentionReason::SeveralFound { orders } => {
            format!(
                "the provider has several orders under this reference: {}",
                listed(orders)
            )
        }
        AttentionReason::FoundDiffers { order } => {
            format!("the provider's order {order} bears this reference but is for something else")
        }
        AttentionReason::PriceDiffers { quoted, charged } => {
            format!("the provider charged {charged}, and {quoted} was quoted")
        }
        AttentionReason::ItemCountDiffers { expected, actual } => {
            format!("{actual} eSIMs came, and {expected} were ordered")
        }
        AttentionReason::SecondCharge { order } => {
            format!("the provider has a second order for this one, {order}; ask for its money back")
        }
        AttentionReason::ProviderStatus { status } => {
            format!(
                "the provider says of its order: {}",
                provider_status(status)
            )
        }
        AttentionReason::DeliveryOverdue => {
            "the provider took the order but did not name the eSIMs in time".to_owned()
        }
        AttentionReason::ItemFailed { item, message } => {
            format!(
                "the profile of eSIM {} failed: {message}",
                u32::from(*item) + 1
            )
        }
        AttentionReason::EsimDeliveredBefore { item, order } => {
            format!(
                "order {order} already has eSIM {} or its activation code, so it was not delivered again; ask \
                 the provider for another one or for the money back",
                u32::from(*item) + 1
            )
        }
        AttentionReason::UnsentUnconfirmed => {
            "the order was given up, and no look-up could confirm that it was never sent".to_owned()
        }
        AttentionReason::LooksAlike { orders } => {
            format!(
                "the provider has an order under a reference that resembles ours: {}; attach it if it is this one",
                listed(orders)
            )
        }
        AttentionReason::SameGoods { orders } => {
            format!(
                "the provider has an order for the same goods without a reference: {}; attach it if it is this one",
                listed(orders)
            )
        }
        AttentionReason::GoodsDiffer { fields } => {
            let fields: Vec<&str> = fields.iter().map(|field| field.words()).collect();
            format!(
                "the provider's order is ours but is not what was ordered: {} differ",
                fields.join(", ")
            )
        }
        AttentionReason::OtherAccount { sent_with, current } => {
            let old = sent_with.as_ref().map_or("unknown", Account::as_str);
            format!(
                "the order may have been sent with the credentials of another account; if both are one account, run `roamport account confirm {old} {current}`"
            )
        }
    }
}

fn listed(orders: &[ProviderOrderId]) -> String {
    let ids: Vec<&str> = orders.iter().map(ProviderOrderId::as_str).collect();
    ids.join(", ")
}

/// How an order ended without delivery, without a full stop.
pub fn ending_sentence(ending: &Ending) -> String {
    match ending {
        Ending::Refused { message } => format!("the provider refused it: {message}"),
        Ending::GuardRefused { reason, message } => {
            let what = match reason {
                GuardReason::PackageGone => "the package is no longer sold",
                GuardReason::AboveCap => "the price rose above what was allowed",
                GuardReason::TravelDateMissing => "the package needs the date of travel",
                GuardReason::Unsupported => "the provider cannot do that",
            };
            format!("{what}: {message}")
        }
        Ending::Expired => "it could not be sent in time".to_owned(),
        Ending::Cancelled { why } => format!("it was called off: {why}"),
        Ending::Accepted => "a person accepted it as it is".to_owned(),
        Ending::WrittenOff => "a person gave it up".to_owned(),
    }
}

/// Where an order stands, in a sentence for whoever waits for it; without a full stop.
pub const fn state_sentence(state: OrderState) -> &'static str {
    match state {
        OrderState::Requested => "the order is recorded and not yet sent",
        OrderState::Placing => "the purchase call is made",
        OrderState::Reconciling => {
            "what became of the purchase call is not known; the order is looked for at the provider"
        }
        OrderState::Placed => "the provider has the order",
        OrderState::Provisioning => "the profiles are being generated",
        OrderState::Fulfilled => "everything that was ordered is there",
        OrderState::Failed => "nothing was bought",
        OrderState::Cancelled => "the order was called off",
        OrderState::NeedsAttention => "a person has to look at the order",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_says_its_time_zone() {
        assert_eq!(moment(Timestamp::UNIX_EPOCH), "1970-01-01 00:00:00 UTC");
    }
}
