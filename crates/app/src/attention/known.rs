//! The provider's orders that an order's history names, and what was last seen of each.

use jiff::Timestamp;
use roamport_domain::journal::Recorded;
use roamport_domain::order::{
    AttentionReason, Event, LookUpResult, PlacedOrder, PlacementOutcome, Resolution,
};
use roamport_domain::provider::ProviderOrderStatus;
use roamport_domain::{Money, Order, ProviderOrderId};

/// What a provider's order is to an order of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The one.
    Ours,
    /// A second charge for the same wish.
    SecondCharge,
    /// Found under our reference, and not taken as the one.
    Found,
}

/// A provider's order that an order's history names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownOrder {
    /// The provider's id.
    pub id: ProviderOrderId,
    /// What it is to us.
    pub role: Role,
    /// What was last said of it; `None` where the id alone is known.
    pub status: Option<ProviderOrderStatus>,
    /// What was charged, where that is known.
    pub total: Option<Money>,
    /// When it was first recorded.
    pub first_seen: Timestamp,
}

/// Every order of the provider that the history names, in the order in which they came to light.
pub(super) fn provider_orders(order: &Order, history: &[Recorded]) -> Vec<KnownOrder> {
    let mut known: Vec<KnownOrder> = Vec::new();
    for recorded in history {
        for (id, told) in named(&recorded.event) {
            let place = known
                .iter()
                .position(|other| other.id == *id)
                .unwrap_or_else(|| {
                    known.push(KnownOrder {
                        id: id.clone(),
                        role: role(order, id),
                        status: None,
                        total: None,
                        first_seen: recorded.at,
                    });
                    known.len() - 1
                });
            if let Some(told) = told {
                known[place].status = Some(told.status.clone());
                known[place].total = told.total.or(known[place].total);
            }
        }
    }
    known
}

fn role(order: &Order, id: &ProviderOrderId) -> Role {
    if order.placed().is_some_and(|placed| placed.id == *id) {
        return Role::Ours;
    }
    let second = |reason: &AttentionReason| matches!(reason, AttentionReason::SecondCharge { order } if order == id);
    if order
        .attention()
        .iter()
        .any(|attention| second(&attention.reason))
    {
        Role::SecondCharge
    } else {
        Role::Found
    }
}

type Named<'a> = (&'a ProviderOrderId, Option<&'a PlacedOrder>);

fn named(event: &Event) -> Vec<Named<'_>> {
    let told = |order| vec![whole(order)];
    match event {
        Event::PlacementSettled {
            outcome: PlacementOutcome::Placed { order },
            ..
        }
        | Event::OrderRead {
            order: Some(order), ..
        }
        | Event::AttentionResolved {
            resolution: Resolution::Attach { order },
            ..
        } => told(order),
        Event::LookedUp {
            result: LookUpResult::Healthy { found },
            evidence,
            ..
        } => {
            let suspects = evidence
                .iter()
                .flat_map(|evidence| evidence.look_alikes.iter().chain(&evidence.candidates));
            let found = found.iter().map(whole);
            found.chain(suspects.map(|id| (id, None))).collect()
        }
        Event::AttentionRaised { reason, .. } => in_reason(reason),
        _ => Vec::new(),
    }
}

const fn whole(order: &PlacedOrder) -> Named<'_> {
    (&order.id, Some(order))
}

fn in_reason(reason: &AttentionReason) -> Vec<Named<'_>> {
    match reason {
        AttentionReason::SeveralFound { orders }
        | AttentionReason::LooksAlike { orders }
        | AttentionReason::SameGoods { orders } => orders.iter().map(|id| (id, None)).collect(),
        AttentionReason::FoundDiffers { order } | AttentionReason::SecondCharge { order } => {
            vec![(order, None)]
        }
        _ => Vec::new(),
    }
}

/// The provider's orders that stand behind an order and are not settled: the one, and those a person
/// was told of.
pub(super) fn behind(order: &Order) -> Vec<ProviderOrderId> {
    let mut ids: Vec<ProviderOrderId> = order
        .placed()
        .map(|placed| placed.id.clone())
        .into_iter()
        .collect();
    for reason in order.open_attention() {
        let named = match reason {
            AttentionReason::SeveralFound { orders }
            | AttentionReason::LooksAlike { orders }
            | AttentionReason::SameGoods { orders } => orders.as_slice(),
            AttentionReason::SecondCharge { order } | AttentionReason::FoundDiffers { order } => {
                std::slice::from_ref(order)
            }
            _ => &[],
        };
        for id in named {
            if !ids.contains(id) {
                ids.push(id.clone());
            }
        }
    }
    ids
}

/// Whether the money of an order like this went back, or was never taken.
pub(crate) const fn money_went_back(status: &ProviderOrderStatus) -> bool {
    matches!(
        status,
        ProviderOrderStatus::Refunded | ProviderOrderStatus::Cancelled
    )
}
