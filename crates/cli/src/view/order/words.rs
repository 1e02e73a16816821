//! Sentences about an order: what it waits for, what a person should know, how it ended.

use roamport_domain::order::{
    AttemptState, AttentionReason, Ending, GuardReason, ItemState, OrderState, OrderedLine, Waiting,
};
use roamport_domain::provider::ProviderOrderStatus;
use roamport_domain::{Account, Order, ProviderOrderId};

use crate::view::counted;

/// The state of a purchase call in JSON and in tables, and what was seen.
pub(super) fn attempt(state: &AttemptState) -> (&'static str, Option<&str>) {
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

/// What is bought: `2 × esim-france-7days-1gb-all (1 GB - 7 Days)`, and for how many days where it is
/// sold by the day.
pub(super) fn line(line: &OrderedLine) -> String {
    let what = format!(
        "{} × {} ({})",
        line.line.quantity, line.line.package, line.name
    );
    match line.line.days {
        Some(days) => format!("{what} for {}", counted(days.into(), "day", "days")),
        None => what,
    }
}

/// The same with the price of one, or of one day.
pub(crate) fn line_at_price(ordered: &OrderedLine) -> String {
    let price = ordered.line.unit_price;
    let per_day = ordered.line.days.map_or("", |_| " per day");
    format!("{} at {price}{per_day}", line(ordered))
}

/// The state of an eSIM of an order in JSON and in tables, and why.
pub(super) fn item(state: &ItemState) -> (&'static str, Option<&str>) {
    match state {
        ItemState::Awaiting => ("awaiting", None),
        ItemState::Provisioning { .. } => ("provisioning", None),
        ItemState::Ready => ("ready", None),
        ItemState::Failed { message } => ("failed", Some(message)),
    }
}

/// The provider's word for where its order stands.
pub(crate) fn provider_status(status: &ProviderOrderStatus) -> &str {
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

/// What an order waits for, to stand after «waiting for».
pub(crate) const fn waiting_for(waiting: Waiting) -> &'static str {
    match waiting {
        Waiting::Deferred => "the next try to send the order",
        Waiting::QuietPeriod => {
            "the time to be over in which an earlier call may still take effect"
        }
        Waiting::LookUp => "the next look for the order at the provider",
        Waiting::Delivery => "the provider to name the eSIMs",
        Waiting::Profile => "the profile",
    }
}

/// Whether money moved, as far as the journal knows.
pub(crate) fn money_sentence(order: &Order) -> &'static str {
    if order.placed().is_some() {
        "the provider has taken the order, so money has moved"
    } else if order.money_may_have_moved() {
        "money may have moved: what became of a purchase call is not known"
    } else {
        "no money has moved"
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
pub(crate) fn ending_sentence(ending: &Ending) -> String {
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
