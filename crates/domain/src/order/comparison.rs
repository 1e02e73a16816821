//! An answer of a provider held against what was ordered. One function for the direct answer, the
//! lookup, the poll and what an event made us read.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::event::{OrderContent, PlacedOrder};
use super::evidence::AnswerField;
use super::state::Order;
use crate::provider::{ProviderOrder, ProviderOrderItem};
use crate::{EsimId, Money, PackageId};

/// What one field of an answer says about the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// It is what was ordered.
    Same,
    /// It is something else.
    Different,
    /// The answer does not tell it, or it is not compared for such an order.
    NotTold,
}

impl Comparison {
    fn of(told: Option<bool>) -> Self {
        match told {
            None => Self::NotTold,
            Some(true) => Self::Same,
            Some(false) => Self::Different,
        }
    }
}

/// The fields of `answer` that differ from what `order` asked for. Only a field that is told and differs
/// counts: a silent one says nothing.
pub fn differences(order: &Order, answer: &ProviderOrder) -> Vec<AnswerField> {
    let differs = |field: &AnswerField| compare(order, answer, *field) == Comparison::Different;
    AnswerField::ALL.into_iter().filter(differs).collect()
}

/// What one field of `answer` says about what `order` asked for.
pub fn compare(order: &Order, answer: &ProviderOrder, field: AnswerField) -> Comparison {
    let content = &order.requested().content;
    let placed = PlacedOrder::of(answer, content);
    let is_top_up = content.is_top_up();
    Comparison::of(match field {
        AnswerField::Reference => reference(order, answer),
        AnswerField::Packages => packages(content, &placed),
        AnswerField::Quantity => quantities(content, &placed),
        AnswerField::Esims if is_top_up => None,
        AnswerField::Esims => esims(order, &placed),
        AnswerField::EsimCount if is_top_up || placed.items.is_empty() => None,
        AnswerField::EsimCount => Some(placed.items.len() <= content.expected_items()),
        AnswerField::Iccid => iccid(content, answer),
        AnswerField::Total => charged(order, &placed).and_then(|(expected, charged)| {
            let same_currency = expected.currency() == charged.currency();
            let difference = (expected.amount() - charged.amount()).abs();
            same_currency.then(|| difference < Decimal::new(1, 4))
        }),
        AnswerField::Currency => charged(order, &placed)
            .map(|(expected, charged)| expected.currency() == charged.currency()),
    })
}

fn reference(order: &Order, answer: &ProviderOrder) -> Option<bool> {
    use crate::id::ReferenceMatch;
    let named = answer.reference.as_ref()?;
    match order.requested().reference.compare(named.as_str()) {
        ReferenceMatch::None => None,
        other => Some(other.is_ours()),
    }
}

/// How many of each package were ordered.
fn ordered(content: &OrderContent) -> BTreeMap<&PackageId, usize> {
    let mut ordered = BTreeMap::new();
    for line in content.lines() {
        *ordered.entry(&line.line.package).or_default() += usize::from(line.line.quantity.get());
    }
    ordered
}

/// The packages that an answer names, each by the id it was ordered under if it was ordered.
fn named<'a>(
    content: &'a OrderContent,
    placed: &'a PlacedOrder,
) -> impl Iterator<Item = &'a PackageId> {
    let named = placed.items.iter().filter_map(|item| item.package.as_ref());
    named.map(|name| {
        let line = content.lines().iter().find(|line| line.is_called(name));
        line.map_or(name, |line| &line.line.package)
    })
}

/// Whether each package that an answer names was ordered, and no more of it. `None` if it names none.
pub(super) fn was_ordered(content: &OrderContent, placed: &PlacedOrder) -> Option<bool> {
    Some(packages(content, placed)? && quantities(content, placed)?)
}

fn packages(content: &OrderContent, placed: &PlacedOrder) -> Option<bool> {
    named(content, placed).next()?;
    let ordered = ordered(content);
    Some(named(content, placed).all(|package| ordered.contains_key(package)))
}

/// Fewer than ordered may still be coming.
fn quantities(content: &OrderContent, placed: &PlacedOrder) -> Option<bool> {
    named(content, placed).next()?;
    let mut left = ordered(content);
    let mut fits = true;
    for package in named(content, placed) {
        if let Some(left) = left.get_mut(package) {
            match left.checked_sub(1) {
                Some(fewer) => *left = fewer,
                None => fits = false,
            }
        }
    }
    Some(fits)
}

/// No eSIM stands in the answer twice, and those that are known of the order are among them as long as
/// there is room for no others.
fn esims(order: &Order, placed: &PlacedOrder) -> Option<bool> {
    let told: Vec<&EsimId> = placed
        .items
        .iter()
        .filter_map(|item| item.esim.as_ref())
        .collect();
    if told.is_empty() {
        return None;
    }
    let twice = told
        .iter()
        .enumerate()
        .any(|(place, esim)| told[..place].contains(esim));
    let is_known = |esim: &&EsimId| order.items().iter().any(|item| item.esim == **esim);
    let new = told.iter().filter(|esim| !is_known(esim)).count();
    let room = order.requested().content.expected_items();
    Some(!twice && order.items().len() + new <= room.max(order.items().len()))
}

fn iccid(content: &OrderContent, answer: &ProviderOrder) -> Option<bool> {
    let OrderContent::TopUp(top_up) = content else {
        return None;
    };
    let ours = top_up.iccid.as_ref()?;
    let card = |item: &ProviderOrderItem| item.iccid.clone();
    let mut told = answer.items.iter().filter_map(card).peekable();
    told.peek()?;
    Some(told.all(|iccid| iccid == *ours))
}

/// What was expected and what was charged: the total, or the sum of the items where each names a price
/// and all have come.
fn charged(order: &Order, placed: &PlacedOrder) -> Option<(Money, Money)> {
    let content = &order.requested().content;
    let all = content.is_top_up() || placed.items.len() == content.expected_items();
    let sum = || all.then(|| placed.total_of_items()).flatten();
    Some((order.expected_total()?, placed.total.or_else(sum)?))
}
