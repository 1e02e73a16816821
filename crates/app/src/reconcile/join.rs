//! Which of the provider's orders stand behind which of ours.

use std::collections::HashMap;

use jiff::Timestamp;
use roamport_domain::order::AttentionReason;
use roamport_domain::provider::ProviderOrder;
use roamport_domain::{Order, ProviderOrderId};

use super::read::Theirs;

/// An order of ours and the provider's orders behind it.
pub(super) struct Pair<'a> {
    pub(super) ours: Order,
    pub(super) theirs: Vec<&'a ProviderOrder>,
    /// Whether the provider must know it: it was taken in the time that is compared.
    pub(super) expected: bool,
}

impl Pair<'_> {
    /// Whether the provider must know it, and its list does not name it.
    pub(super) fn is_missing(&self) -> bool {
        let placed = self.ours.placed();
        self.expected && placed.is_some_and(|placed| !names(&self.theirs, &placed.id))
    }
}

/// Both sides, joined.
pub(super) struct Joined<'a> {
    pub(super) pairs: Vec<Pair<'a>>,
    /// The provider's orders that belong to none of ours.
    pub(super) foreign: Vec<&'a ProviderOrder>,
}

/// Joins by the provider's id where one of ours names it, otherwise by reference: an order that a
/// person attached may bear none.
pub(super) fn join(ours: Vec<Order>, theirs: &Theirs, since: Timestamp) -> Joined<'_> {
    let (mut by_id, mut by_reference) = (HashMap::new(), HashMap::new());
    for (place, order) in ours.iter().enumerate() {
        for id in named_ids(order) {
            by_id.insert(id, place);
        }
        by_reference.insert(order.requested().reference.normal_form(), place);
    }
    // The order that was taken as the one goes before one that was only told of.
    for (place, order) in ours.iter().enumerate() {
        if let Some(placed) = order.placed() {
            by_id.insert(placed.id.clone(), place);
        }
    }
    let mut pairs: Vec<Pair<'_>> = ours.into_iter().map(|ours| pair(ours, since)).collect();
    let mut foreign = Vec::new();
    for order in &theirs.orders {
        match place(order, &by_id, &by_reference) {
            Some(place) => pairs[place].theirs.push(order),
            None => foreign.push(order),
        }
    }
    Joined { pairs, foreign }
}

fn place(
    order: &ProviderOrder,
    by_id: &HashMap<ProviderOrderId, usize>,
    by_reference: &HashMap<String, usize>,
) -> Option<usize> {
    if let Some(place) = by_id.get(&order.id) {
        return Some(*place);
    }
    let named = order.reference.as_ref()?;
    by_reference.get(&named.normal_form()).copied()
}

fn pair<'a>(ours: Order, since: Timestamp) -> Pair<'a> {
    let expected = ours.placed().is_some() && ours.placed_at().is_some_and(|at| at >= since);
    Pair {
        ours,
        theirs: Vec::new(),
        expected,
    }
}

/// Every id of the provider's that a person was told of on this order.
fn named_ids(order: &Order) -> Vec<ProviderOrderId> {
    order
        .attention()
        .iter()
        .flat_map(|attention| in_reason(&attention.reason))
        .cloned()
        .collect()
}

/// The provider's orders that a reason names.
pub(super) fn in_reason(reason: &AttentionReason) -> &[ProviderOrderId] {
    match reason {
        AttentionReason::SeveralFound { orders }
        | AttentionReason::LooksAlike { orders }
        | AttentionReason::SameGoods { orders } => orders,
        AttentionReason::FoundDiffers { order } | AttentionReason::SecondCharge { order } => {
            std::slice::from_ref(order)
        }
        _ => &[],
    }
}

pub(super) fn names(orders: &[&ProviderOrder], id: &ProviderOrderId) -> bool {
    orders.iter().any(|order| order.id == *id)
}
