//! Orders: put together from the eSIMs that bear their number, since the provider has no order object.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use roamport_domain::esim::{PlanState, ProfileState};
use roamport_domain::provider::{ProviderOrder, ProviderOrderItem, ProviderOrderStatus};
use roamport_domain::{
    Esim, EsimId, Iccid, Oddity, PackageId, ProviderName, ProviderOrderId, Reference,
};
use roamport_provider_http::json::Identifier;

use super::esim::CREATION;
use super::{Unreadable, esim};
use crate::wire::{OrderAnswer, TopUpAnswer, WireEsim, WirePlan, list};

/// How long after it was made an order may still be getting eSIMs. The provider speaks of some thirty
/// seconds and tells no number of units, so an order counts as done only well after that.
const SETTLES_AFTER: SignedDuration = SignedDuration::from_mins(10);

/// What stands between the two halves of a top-up's id.
const HALVES: char = '/';

/// The id under which a top-up is known: the number of the eSIM, and the number of the top-up on it
/// (`26112009140011/26112811000031`).
///
/// The provider gives a top-up no order number, and can be asked for it by neither of its names; but
/// the eSIM lists it. With both halves a top-up can be read again.
pub(crate) struct TopUpId<'a> {
    pub(crate) esim: &'a str,
    pub(crate) top_up: &'a str,
}

impl<'a> TopUpId<'a> {
    /// The halves of a top-up's id; `None` for the number of an order.
    pub(crate) fn of(id: &'a ProviderOrderId) -> Option<Self> {
        let (esim, top_up) = id.as_str().split_once(HALVES)?;
        Some(Self { esim, top_up })
    }

    fn written(esim: &str, top_up: &str) -> Result<ProviderOrderId, Unreadable> {
        ProviderOrderId::parse(format!("{esim}{HALVES}{top_up}"))
            .map_err(|error| Unreadable::new(error.to_string()))
    }
}

/// An order that was accepted: its number, and nothing yet of what is in it.
pub(crate) fn bought(wire: &OrderAnswer<'_>) -> Result<ProviderOrder, Unreadable> {
    let id = ProviderOrderId::parse(wire.order_no.or_empty())
        .map_err(|error| Unreadable::new(error.to_string()))?;
    let mut oddities = Vec::new();
    Ok(ProviderOrder {
        reference: reference(&wire.transaction_id, &mut oddities),
        oddities,
        ..pending_order(id)
    })
}

/// An order of which nothing is known but that it is there.
pub(crate) fn pending_order(id: ProviderOrderId) -> ProviderOrder {
    ProviderOrder {
        id,
        reference: None,
        status: ProviderOrderStatus::Pending,
        total: None,
        items: Vec::new(),
        created_at: None,
        oddities: Vec::new(),
    }
}

/// A top-up that was made: the answer is final. What it cost is not in it.
pub(crate) fn topped_up(
    wire: &TopUpAnswer<'_>,
    target: &EsimId,
    ours: &Reference,
    package: &PackageId,
) -> Result<ProviderOrder, Unreadable> {
    let mut oddities = Vec::new();
    let named = reference(&wire.transaction_id, &mut oddities);
    let iccid = wire.iccid.read().then("is no card number", Iccid::parse);
    let number = wire
        .top_up_esim_tran_no
        .get()
        .or(wire.transaction_id.get())
        .unwrap_or(ours.as_str());
    Ok(ProviderOrder {
        id: TopUpId::written(target.as_str(), number)?,
        reference: named,
        status: ProviderOrderStatus::Completed,
        total: None,
        items: vec![ProviderOrderItem {
            package: Some(package.clone()),
            iccid: iccid.or_note("ICCID", "iccid", &mut oddities),
            ..ProviderOrderItem::default()
        }],
        created_at: None,
        oddities,
    })
}

fn reference(text: &Identifier<'_>, oddities: &mut Vec<Oddity>) -> Option<Reference> {
    let text = text.read().or_note("reference", "transactionId", oddities);
    Reference::named(text?)
}

fn package(plan: &WirePlan<'_>, oddities: &mut Vec<Oddity>) -> Option<PackageId> {
    let code = plan.package_code.read().then("is no id", PackageId::parse);
    code.or_note("package", "packageList.packageCode", oddities)
}

/// One eSIM of an order, with what its row tells of the order.
struct Unit<'a> {
    wire: &'a WireEsim<'a>,
    plans: Vec<WirePlan<'a>>,
    esim: Esim,
}

impl<'a> Unit<'a> {
    fn of(wire: &'a WireEsim<'a>, provider: &ProviderName) -> Result<Self, Unreadable> {
        Ok(Self {
            wire,
            plans: list(wire.package_list),
            esim: esim(wire, provider)?,
        })
    }

    /// Whether a plan is the one the eSIM was bought with: it bears the eSIM's own number, or, should
    /// it bear none, the eSIM's reference.
    fn is_first(&self, plan: &WirePlan<'_>) -> bool {
        match plan.esim_tran_no.get() {
            Some(number) => number == self.wire.esim_tran_no.or_empty(),
            None => plan.transaction_id.get() == self.wire.transaction_id.get(),
        }
    }

    fn first(&self) -> Option<&WirePlan<'a>> {
        self.plans.iter().find(|plan| self.is_first(plan))
    }

    fn reference(&self, oddities: &mut Vec<Oddity>) -> Option<Reference> {
        self.first()
            .and_then(|plan| reference(&plan.transaction_id, oddities))
            .or_else(|| reference(&self.wire.transaction_id, oddities))
    }

    fn item(&self, oddities: &mut Vec<Oddity>) -> ProviderOrderItem {
        // The eSIM names the time of creation, and notes it if it cannot be read.
        for oddity in &self.esim.report().oddities {
            if oddity.what == CREATION && !oddities.contains(oddity) {
                oddities.push(oddity.clone());
            }
        }
        ProviderOrderItem {
            package: self.first().and_then(|plan| package(plan, oddities)),
            esim: Some(self.esim.id().clone()),
            iccid: None,
            price: None,
            profile: Some(self.esim.clone()),
        }
    }

    fn top_ups(&self) -> impl Iterator<Item = Result<ProviderOrder, Unreadable>> {
        self.plans
            .iter()
            .filter(|plan| !self.is_first(plan))
            .filter_map(|plan| {
                let number = plan.esim_tran_no.get().or(plan.transaction_id.get())?;
                Some(self.top_up(plan, number))
            })
    }

    fn top_up(&self, plan: &WirePlan<'_>, number: &str) -> Result<ProviderOrder, Unreadable> {
        let mut oddities = Vec::new();
        let made = plan.create_time.read();
        Ok(ProviderOrder {
            id: TopUpId::written(self.esim.id().as_str(), number)?,
            reference: reference(&plan.transaction_id, &mut oddities),
            status: ProviderOrderStatus::Completed,
            total: None,
            items: vec![ProviderOrderItem {
                package: package(plan, &mut oddities),
                ..ProviderOrderItem::default()
            }],
            created_at: made.or_note(CREATION, "createTime", &mut oddities),
            oddities,
        })
    }
}

/// The order with this number, from the rows that bear it; `None` where none does.
pub(crate) fn order_of(
    id: &ProviderOrderId,
    rows: &[WireEsim<'_>],
    provider: &ProviderName,
    now: Timestamp,
) -> Result<Option<ProviderOrder>, Unreadable> {
    let units = rows
        .iter()
        .filter(|row| row.order_no.or_empty() == id.as_str())
        .map(|row| Unit::of(row, provider))
        .collect::<Result<Vec<_>, _>>()?;
    Ok((!units.is_empty()).then(|| together(id.clone(), &units, now)))
}

/// The top-up with this id, from the rows of its eSIM; `None` where they do not list it.
pub(crate) fn top_up_order(
    id: &TopUpId<'_>,
    rows: &[WireEsim<'_>],
    provider: &ProviderName,
) -> Result<Option<ProviderOrder>, Unreadable> {
    for row in rows {
        let unit = Unit::of(row, provider)?;
        let named = |plan: &&WirePlan<'_>| {
            plan.esim_tran_no.get() == Some(id.top_up)
                || plan.transaction_id.get() == Some(id.top_up)
        };
        let plan = unit
            .plans
            .iter()
            .find(|plan| !unit.is_first(plan) && named(plan));
        if let Some(plan) = plan
            && unit.esim.id().as_str() == id.esim
        {
            return unit.top_up(plan, id.top_up).map(Some);
        }
    }
    Ok(None)
}

/// The orders and top-ups in the rows that were made at `since` or later, the oldest first. One that
/// names no moment stays in.
pub(crate) fn orders_since(
    rows: &[WireEsim<'_>],
    provider: &ProviderName,
    since: Timestamp,
    now: Timestamp,
) -> Result<Vec<ProviderOrder>, Unreadable> {
    let mut groups: BTreeMap<&str, Vec<Unit<'_>>> = BTreeMap::new();
    for row in rows {
        let number = row
            .order_no
            .get()
            .ok_or_else(|| Unreadable::new("an eSIM names no `orderNo`"))?;
        groups
            .entry(number)
            .or_default()
            .push(Unit::of(row, provider)?);
    }
    let mut orders = Vec::with_capacity(groups.len());
    for (number, units) in &groups {
        let id =
            ProviderOrderId::parse(*number).map_err(|error| Unreadable::new(error.to_string()))?;
        orders.push(together(id, units, now));
        for unit in units {
            for top_up in unit.top_ups() {
                orders.push(top_up?);
            }
        }
    }
    orders.retain(|order| order.created_at.is_none_or(|made| made >= since));
    orders.sort_by_key(|order| order.created_at);
    Ok(orders)
}

fn together(id: ProviderOrderId, units: &[Unit<'_>], now: Timestamp) -> ProviderOrder {
    let created_at = units
        .iter()
        .filter_map(|unit| unit.esim.report().created_at)
        .min();
    let mut oddities = Vec::new();
    let mut units_of = units.iter();
    let reference = units_of.find_map(|unit| unit.reference(&mut oddities));
    let items = units.iter();
    let items = items.map(|unit| unit.item(&mut oddities)).collect();
    ProviderOrder {
        id,
        reference,
        status: status(units, created_at, now),
        total: None,
        items,
        created_at,
        oddities,
    }
}

/// Given back as a whole, the money is back too. Otherwise an order is pending while a unit is being
/// allocated, and for some minutes after it was made: more units may follow.
fn status(
    units: &[Unit<'_>],
    created_at: Option<Timestamp>,
    now: Timestamp,
) -> ProviderOrderStatus {
    let all = |state: &PlanState| units.iter().all(|unit| unit.esim.plan() == state);
    let allocating = units
        .iter()
        .any(|unit| *unit.esim.profile() == ProfileState::Generating);
    let young = created_at.is_some_and(|made| now.duration_since(made) < SETTLES_AFTER);
    if all(&PlanState::Cancelled) {
        ProviderOrderStatus::Refunded
    } else if allocating || young {
        ProviderOrderStatus::Pending
    } else {
        ProviderOrderStatus::Completed
    }
}

#[cfg(test)]
mod tests;
