//! The orders of an answer, sorted by whose they are.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use roamport_domain::id::ReferenceMatch;
use roamport_domain::order::comparison::{Comparison, compare};
use roamport_domain::order::{Adoption, AnswerField, Attempt, WalletReading};
use roamport_domain::provider::ProviderOrder;
use roamport_domain::{Order, ProviderOrderId};

use crate::driver::after;

/// How far the provider's clock may be behind ours.
pub(super) const CLOCKS_APART: SignedDuration = SignedDuration::from_mins(5);

/// An order of the provider that is ours.
#[derive(Debug)]
pub(super) struct Ours {
    pub(super) order: ProviderOrder,
    /// Why, where its reference is not ours letter by letter.
    pub(super) adoption: Option<Adoption>,
}

/// The orders of an answer. Those that cannot be meant are in none of the lists.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    pub(super) ours: Vec<Ours>,
    /// Their reference resembles ours.
    pub(super) look_alikes: Vec<ProviderOrderId>,
    /// They name another reference.
    pub(super) foreign: usize,
    /// They name no reference, are for our goods and were made while ours may have been.
    pub(super) candidates: Vec<ProviderOrder>,
}

/// Sorts the orders of an answer. `quiet` is how long after a call's window its effect may appear.
pub(super) fn sort(order: &Order, quiet: Duration, rows: Vec<ProviderOrder>) -> Sorted {
    let mut sorted = Sorted::default();
    for row in rows {
        let named = row.reference.as_ref();
        let ours = named.map_or(ReferenceMatch::None, |named| {
            order.requested().reference.compare(named.as_str())
        });
        match ours {
            ReferenceMatch::Exact => sorted.ours.push(Ours {
                order: row,
                adoption: None,
            }),
            ReferenceMatch::Spelling => sorted.ours.push(Ours {
                order: row,
                adoption: Some(Adoption::Spelling),
            }),
            ReferenceMatch::LookAlike => sorted.look_alikes.push(row.id),
            ReferenceMatch::Foreign => sorted.foreign += 1,
            ReferenceMatch::None if may_be_meant(order, quiet, &row) => sorted.candidates.push(row),
            ReferenceMatch::None => {}
        }
    }
    sorted
}

/// Whether an order without a reference can be the one that a call of ours made: there was such a call,
/// it was made while that call could take effect, and nothing in it differs from what was ordered.
pub(super) fn may_be_meant(order: &Order, quiet: Duration, row: &ProviderOrder) -> bool {
    let Some((from, until)) = open_span(order, quiet) else {
        return false;
    };
    let in_time = row
        .created_at
        .is_none_or(|made| from <= made && made <= until);
    let goods = [
        AnswerField::Packages,
        AnswerField::Quantity,
        AnswerField::EsimCount,
        AnswerField::Total,
        AnswerField::Currency,
    ];
    let differs = |field| compare(order, row, field) == Comparison::Different;
    in_time && !goods.into_iter().any(differs)
}

/// The calls that may have reached the provider.
fn sent(order: &Order) -> impl Iterator<Item = &Attempt> {
    order
        .attempts()
        .iter()
        .filter(|attempt| !attempt.is_surely_unsent())
}

/// When the first of them opened its window.
pub(super) fn first_sent(order: &Order) -> Option<Timestamp> {
    sent(order).map(|attempt| attempt.opens_at).min()
}

/// What the wallet held before the first of them.
pub(super) fn baseline(order: &Order) -> Option<WalletReading> {
    sent(order).find_map(|attempt| attempt.baseline)
}

/// From when until when an order that a call made may have been made, on the provider's clock.
fn open_span(order: &Order, quiet: Duration) -> Option<(Timestamp, Timestamp)> {
    let first = first_sent(order)?;
    let last = sent(order).map(|attempt| attempt.closes_at).max()?;
    let from = first.saturating_sub(CLOCKS_APART).unwrap_or(Timestamp::MIN);
    Some((from, after(last, quiet)))
}
