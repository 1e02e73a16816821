//! Everything a person needs to decide: what was tried, what was found, and what each decision would
//! do.

use jiff::Timestamp;
use roamport_domain::journal::{DuplicateDelivery, Recorded};
use roamport_domain::order::{
    AttentionReason, Event, LookUpResult, OrderState, PlacedOrder, Resolution,
};
use roamport_domain::{Order, OrderId, ProviderOrderId};

use super::known::provider_orders;
use super::resolve::{cancelled, no_order, redated, resolved};
use super::{Action, Decision, KnownOrder, Role};
use crate::{AppError, Orders};

/// An order and everything that is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// As it stands.
    pub order: Order,
    /// Everything that happened, in order, with times.
    pub history: Vec<Recorded>,
    /// What look-ups gave, over the order's whole life.
    pub look_ups: LookUpTally,
    /// Every order at the provider that the history names.
    pub provider_orders: Vec<KnownOrder>,
    /// What a person can decide, and what would become of the order at once; decisions that its
    /// state rules out are not among them.
    pub choices: Vec<Choice>,
    /// Deliveries to two orders, this one among them, that an earlier release did not notice.
    pub duplicates: Vec<DuplicateDelivery>,
}

/// What look-ups by reference gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LookUpTally {
    /// How many there were.
    pub count: usize,
    /// How many gave no answer that could be trusted.
    pub unhealthy: usize,
    /// How many healthy ones found nothing.
    pub empty: usize,
    /// How many of those began after window and quiet period.
    pub conclusive: usize,
    /// How many found something.
    pub found: usize,
    /// When the first one was started.
    pub first_at: Option<Timestamp>,
    /// When the last one was started.
    pub last_at: Option<Timestamp>,
    /// What the last one that failed said.
    pub last_problem: Option<String>,
}

/// A decision that is possible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What.
    pub action: Action,
    /// Where the order would then stand, before it is carried on.
    pub leads_to: OrderState,
}

impl Orders {
    /// Everything about an order that the journal knows. Asks the provider nothing.
    ///
    /// # Errors
    ///
    /// [`AppError::Journal`].
    pub async fn review(&self, id: OrderId) -> Result<Review, AppError> {
        let history = self.events(id).await?;
        let events = history.iter().map(|recorded| &recorded.event);
        // Of these very events: between two reads somebody may append.
        let order =
            Order::replay(id, events).map_err(roamport_domain::journal::JournalError::from)?;
        let provider_orders = provider_orders(&order, &history);
        let profiles = &self.parts().profiles;
        let mut duplicates = profiles.duplicates(&order.requested().provider).await?;
        duplicates.retain(|delivery| delivery.order == id || delivery.duplicate_of == id);
        Ok(Review {
            duplicates,
            look_ups: tally(&history),
            choices: choices(&order, &provider_orders),
            provider_orders,
            order,
            history,
        })
    }
}

fn tally(history: &[Recorded]) -> LookUpTally {
    let mut tally = LookUpTally::default();
    for recorded in history {
        let Event::LookedUp {
            started_at,
            conclusive,
            result,
            ..
        } = &recorded.event
        else {
            continue;
        };
        tally.count += 1;
        tally.first_at.get_or_insert(*started_at);
        tally.last_at = Some(*started_at);
        match result {
            LookUpResult::Unhealthy { message } => {
                tally.unhealthy += 1;
                tally.last_problem = Some(message.clone());
            }
            LookUpResult::Healthy { found } if found.is_empty() => {
                tally.empty += 1;
                tally.conclusive += usize::from(*conclusive);
            }
            LookUpResult::Healthy { .. } => tally.found += 1,
        }
    }
    tally
}

/// Asks the machine of each decision what it would make of the order.
fn choices(order: &Order, known: &[KnownOrder]) -> Vec<Choice> {
    let nobody =
        Decision::new("nobody", "only to see what would come of it").expect("both are given");
    let at = order.place_before();
    let mut choices = Vec::new();
    let mut consider = |action: Action, event: &Event| {
        let mut next = order.clone();
        if next.apply(event).is_ok() {
            choices.push(Choice {
                action,
                leads_to: next.state(),
            });
        }
    };
    let attach = |placed: PlacedOrder| resolved(at, Resolution::Attach { order: placed }, &nobody);
    for known in known.iter().filter(|known| is_candidate(order, known)) {
        let placed = PlacedOrder {
            status: known
                .status
                .clone()
                .unwrap_or_else(|| no_order(&known.id).status),
            total: known.total,
            ..no_order(&known.id)
        };
        consider(Action::Attach(Some(known.id.clone())), &attach(placed));
    }
    if known.is_empty() {
        let any = ProviderOrderId::parse("any").expect("the word is an id");
        consider(Action::Attach(None), &attach(no_order(&any)));
    }
    let by_hand = |resolution| resolved(at, resolution, &nobody);
    // What is already at the provider under this reference would be found again before sending.
    if known.is_empty() {
        consider(
            Action::Resend,
            &by_hand(Resolution::Resend {
                place_before: Timestamp::MAX,
            }),
        );
    }
    consider(Action::Accept, &by_hand(Resolution::Accept));
    consider(Action::WriteOff, &by_hand(Resolution::WriteOff));
    consider(Action::Cancel, &cancelled(at, &nobody));
    if let Some(date) = order.start_date() {
        consider(Action::Redate, &redated(at, date, &nobody));
    }
    choices
}

/// Whether attaching this one would change anything. The one that was taken is read anew, and its
/// profiles are asked for anew, where something about them is open.
fn is_candidate(order: &Order, known: &KnownOrder) -> bool {
    let again = |reason: &AttentionReason| match reason {
        AttentionReason::SeveralFound { orders } => orders.contains(&known.id),
        AttentionReason::DeliveryOverdue
        | AttentionReason::ItemFailed { .. }
        | AttentionReason::ItemCountDiffers { .. } => true,
        _ => false,
    };
    known.role != Role::Ours || order.open_attention().any(again)
}
