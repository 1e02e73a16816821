//! What differs between an order of ours and what the provider has behind it.

use roamport_domain::order::{AttentionReason, OrderState};
use roamport_domain::provider::ProviderOrder;
use roamport_domain::{Money, Order, ProviderOrderId};

use super::join::{Joined, Pair, in_reason, names};
use super::look_up::Answers;
use super::raise::Pending;
use super::{Compared, Difference, OnItsWay};
use crate::attention::money_went_back;

/// What was found so far.
#[derive(Default)]
pub(super) struct Report {
    pub(super) compared: Compared,
    pub(super) findings: Vec<Pending>,
    pub(super) on_their_way: Vec<OnItsWay>,
}

impl Report {
    /// Compares every order of ours with what the provider's list names, or with what it answered
    /// when it was asked for that one.
    pub(super) fn compare_all(&mut self, joined: &Joined<'_>, answers: &Answers) {
        for pair in &joined.pairs {
            self.compared.bought += usize::from(pair.expected);
            if !pair.is_missing() {
                self.compared.listed += usize::from(pair.expected);
                self.compare(&pair.ours, &pair.theirs);
            } else if let Some(found) = answers.get(&pair.ours.id()) {
                self.looked_up(pair, found);
            } else {
                self.compared.unanswered += 1;
                self.compare(&pair.ours, &pair.theirs);
            }
        }
        for order in &joined.foreign {
            let settled = money_went_back(&order.status);
            let provider_order = (*order).clone();
            let difference = Difference::TheirsNotOurs { provider_order };
            self.findings.push(Pending::told(difference, settled));
        }
    }

    fn looked_up(&mut self, pair: &Pair<'_>, found: &[ProviderOrder]) {
        self.compared.looked_up += 1;
        let mut theirs: Vec<&ProviderOrder> = found.iter().collect();
        let listed = pair
            .theirs
            .iter()
            .filter(|listed| !found.iter().any(|own| own.id == listed.id));
        theirs.extend(listed);
        if let Some(placed) = pair
            .ours
            .placed()
            .filter(|placed| !names(&theirs, &placed.id))
        {
            let difference = Difference::OursNotTheirs {
                order: pair.ours.id(),
                provider_order: placed.id.clone(),
                total: placed.total,
            };
            self.findings.push(Pending::told(difference, false));
        }
        self.compare(&pair.ours, &theirs);
    }

    fn compare(&mut self, ours: &Order, theirs: &[&ProviderOrder]) {
        let taken = ours.placed().map(|placed| placed.id.clone());
        let (own, others): (Vec<&ProviderOrder>, Vec<&ProviderOrder>) = theirs
            .iter()
            .partition(|order| Some(&order.id) == taken.as_ref());
        for own in own {
            self.findings.extend(price(ours, own));
            self.findings.extend(status(ours, own));
        }
        match (&taken, others.as_slice()) {
            (_, []) => {}
            (None, [only]) => self.not_taken(ours, only),
            (taken, others) => self.findings.push(twice(ours, taken.clone(), others)),
        }
    }

    /// The provider has one order, and ours has not taken it.
    fn not_taken(&mut self, ours: &Order, only: &ProviderOrder) {
        let (order, state, provider_order) = (ours.id(), ours.state(), only.id.clone());
        if !state.is_settled() {
            self.on_their_way.push(OnItsWay {
                order,
                state,
                provider_order,
            });
            return;
        }
        let settled = is_over(ours, only);
        let reason = AttentionReason::SecondCharge {
            order: provider_order.clone(),
        };
        let total = only.total;
        let difference = Difference::BoughtUnnoticed {
            order,
            state,
            provider_order,
            total,
        };
        self.findings.push(if is_told(ours, &only.id) {
            Pending::raised_before(difference, settled)
        } else if state.is_final() {
            Pending::on(ours, difference, settled, vec![reason])
        } else {
            // It waits for a person already, and its next look-up takes this one as the one.
            Pending::told(difference, settled)
        });
    }
}

/// Several for one of ours. Those whose money did not go back and of which nobody was told are
/// raised.
fn twice(ours: &Order, taken: Option<ProviderOrderId>, others: &[&ProviderOrder]) -> Pending {
    let charged: Vec<&&ProviderOrder> = others
        .iter()
        .filter(|other| !is_over(ours, other))
        .collect();
    let news: Vec<ProviderOrderId> = charged
        .iter()
        .filter(|other| !is_told(ours, &other.id))
        .map(|other| other.id.clone())
        .collect();
    let settled = charged.is_empty();
    let reasons = match (&taken, news.len()) {
        (None, 2..) => vec![AttentionReason::SeveralFound {
            orders: news.clone(),
        }],
        _ => news
            .iter()
            .cloned()
            .map(|order| AttentionReason::SecondCharge { order })
            .collect(),
    };
    let others = others.iter().map(|other| other.id.clone()).collect();
    let difference = Difference::Twice {
        order: ours.id(),
        taken,
        others,
    };
    if news.is_empty() {
        Pending::raised_before(difference, settled)
    } else {
        Pending::on(ours, difference, settled, reasons)
    }
}

fn price(ours: &Order, own: &ProviderOrder) -> Option<Pending> {
    let listed = own.total?;
    let (expected, answered) = (
        ours.expected_total(),
        ours.placed().and_then(|placed| placed.total),
    );
    let expected = [expected, answered]
        .into_iter()
        .flatten()
        .find(|known| differs(*known, listed))?;
    let same = |reason: &AttentionReason| matches!(reason, AttentionReason::PriceDiffers { charged, .. } if *charged == listed);
    let difference = Difference::PriceDiffers {
        order: ours.id(),
        provider_order: own.id.clone(),
        expected,
        listed,
    };
    let reason = AttentionReason::PriceDiffers {
        quoted: expected,
        charged: listed,
    };
    Some(known_or_new(ours, difference, same, reason))
}

fn status(ours: &Order, own: &ProviderOrder) -> Option<Pending> {
    let (recorded, listed) = (&ours.placed()?.status, &own.status);
    let wrong = listed.wants_attention() || recorded.wants_attention() && listed != recorded;
    if !wrong {
        return None;
    }
    let difference = Difference::StatusDiffers {
        order: ours.id(),
        provider_order: own.id.clone(),
        ours: recorded.clone(),
        theirs: listed.clone(),
    };
    // The money of an order that was given up is back, as was hoped.
    let given_up = ours.state() == OrderState::Failed;
    if given_up && money_went_back(listed) {
        return Some(Pending::told(difference, true));
    }
    if !listed.wants_attention() {
        return Some(Pending::told(difference, ours.state().is_final()));
    }
    let same = |reason: &AttentionReason| matches!(reason, AttentionReason::ProviderStatus { status } if status == listed);
    let reason = AttentionReason::ProviderStatus {
        status: listed.clone(),
    };
    Some(known_or_new(ours, difference, same, reason))
}

fn known_or_new(
    ours: &Order,
    difference: Difference,
    same: impl Fn(&AttentionReason) -> bool,
    reason: AttentionReason,
) -> Pending {
    match ours
        .attention()
        .iter()
        .find(|attention| same(&attention.reason))
    {
        Some(known) => Pending::raised_before(difference, !known.open),
        None => Pending::on(ours, difference, false, vec![reason]),
    }
}

/// Whether a person was told of this order of the provider's, open or settled.
fn is_told(ours: &Order, id: &ProviderOrderId) -> bool {
    ours.attention()
        .iter()
        .any(|attention| in_reason(&attention.reason).contains(id))
}

/// Whether nothing is left to do about an order of the provider's beside the one: its money went
/// back, or a person was told of it and has settled it.
fn is_over(ours: &Order, other: &ProviderOrder) -> bool {
    let about = |reason: &AttentionReason| in_reason(reason).contains(&other.id);
    money_went_back(&other.status) || is_told(ours, &other.id) && !ours.open_attention().any(about)
}

/// Whether two amounts differ by at least 0.0001, or in their currency.
fn differs(one: Money, other: Money) -> bool {
    let smallest = Money::parse_amount("0.0001", one.currency()).expect("the text is an amount");
    one.checked_sub(other)
        .map_or(true, |apart| apart.amount().abs() >= smallest.amount())
}
