//! The one look-up of this dialect: eSIMs by order, card, number or time, page by page.

use serde::Serialize;

use super::answers::EsimAnswer;
use super::body::{Body, missing, wrong_type};
use super::{Call, Failure, Outcome, obj};
use crate::ledger::ChargeKind;
use crate::switches::{ReferenceSearch, Tolerance};
use crate::world::{EsimRecord, OrderRecord, OrderSearch, Refusal};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Esims<'a> {
    esim_list: Vec<EsimAnswer<'a>>,
    pager: Pager,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Pager {
    page_size: u64,
    page_num: u64,
    total: u64,
}

impl Pager {
    fn asked(body: &Body) -> Result<Self, Failure> {
        let pager = body.required_object("pager")?;
        let page_num = pager.required_number("pageNum")?;
        let page_size = pager.required_number("pageSize")?;
        if !(1..=10_000).contains(&page_num) {
            return Err(wrong_type("pageNum", "1 to 10000"));
        }
        if !(5..=500).contains(&page_size) {
            return Err(wrong_type("pageSize", "5 to 500"));
        }
        Ok(Self {
            page_size,
            page_num,
            total: 0,
        })
    }
}

pub(super) fn query(call: &Call<'_>) -> Outcome {
    let mut pager = Pager::asked(call.body)?;
    let found = found(call)?;
    let caps = call.plan.page_cap.into_iter();
    let size = caps.fold(pager.page_size, u64::min).max(1);
    pager.total = found.len() as u64;
    let rows = rows(call, pager.total, pager.page_num, size)?;
    let now = call.now()?;
    let catalogue = call.world.catalogue();
    let orders = call.of(call.world.orders())?;
    let told = rows
        .into_iter()
        .map(|row| call.of(call.world.told_esim(found[row].clone(), call.plan)))
        .collect::<Result<Vec<EsimRecord>, Failure>>()?;
    let esim_list = told
        .iter()
        .map(|esim| {
            let order = orders.iter().find(|order| order.id == esim.order_id);
            let order_no = order.map_or("", OrderRecord::number);
            EsimAnswer::of(catalogue, esim, order_no, now, call.switches)
        })
        .collect();
    obj(&Esims { esim_list, pager })
}

/// The allocated eSIMs that match everything that is asked for, oldest first.
fn found(call: &Call<'_>) -> Result<Vec<EsimRecord>, Failure> {
    let body = call.body;
    let (number, iccid) = (body.text("esimTranNo")?, body.text("iccid")?);
    let (start, end) = (body.moment("startTime")?, body.moment("endTime")?);
    let order = match body.text("orderNo")? {
        Some(number) => Some(orders_of(call, number)?),
        None => None,
    };
    let by_time = start.is_some() && end.is_some();
    if order.is_none() && number.is_none() && iccid.is_none() && !by_time {
        return Err(missing(
            "orderNo, iccid, esimTranNo, or startTime and endTime",
        ));
    }
    let listed = call.world.list_esims(usize::MAX, |esim, _| {
        let of = |order: &OrderRecord| order.id == esim.order_id;
        order.as_ref().is_none_or(|orders| orders.iter().any(of))
            && number.is_none_or(|number| number == esim.transaction())
            && start.is_none_or(|start| start <= esim.created_at)
            && end.is_none_or(|end| esim.created_at <= end)
            && iccid.is_none_or(|iccid| {
                let profile = esim.profile.as_ref();
                profile.is_some_and(|profile| profile.iccid == iccid)
            })
    });
    let mut esims = call.of(listed)?;
    esims.sort_by_key(|esim| esim.number);
    let any = !esims.is_empty();
    let now = call.now()?;
    esims.retain(|esim| esim.ready_profile(now).is_some());
    match (esims.is_empty(), any) {
        (true, true) if !by_time || order.is_some() => Err(Refusal::StillPending.into()),
        (true, false) if order.is_some() && (iccid.is_some() || number.is_some()) => {
            Err(Refusal::UnknownEsim.into())
        }
        // All that was ordered is missing: a fault, and the provider goes on allocating.
        (true, false) if order.is_some() => Err(Refusal::StillPending.into()),
        (true, false) if !by_time && call.switches.unknown_esim == Tolerance::Refused => {
            Err(Refusal::UnknownEsim.into())
        }
        _ => Ok(esims),
    }
}

/// The order of this number; where a fault says so, all whose number is found in its way.
fn orders_of(call: &Call<'_>, number: &str) -> Result<Vec<OrderRecord>, Failure> {
    let loose = call
        .plan
        .search
        .filter(|search| *search != ReferenceSearch::Equals);
    let search = OrderSearch {
        id: loose.is_none().then(|| number.to_owned()),
        ..OrderSearch::default()
    };
    let (mut orders, _) = call.of(call.world.find_orders(&search, usize::MAX))?;
    orders.retain(|order| {
        order.kind == ChargeKind::Order
            && loose.is_none_or(|search| search.finds(number, order.number()))
    });
    if orders.is_empty() {
        return Err(Refusal::UnknownOrder.into());
    }
    Ok(orders)
}

/// The rows of a page, with the list as faults have moved it by now.
fn rows(call: &Call<'_>, total: u64, page: u64, size: u64) -> Result<Vec<usize>, Failure> {
    if total == 0 {
        return Ok(Vec::new());
    }
    let (rotated, inserted) = call.of(call.world.moved())?;
    let listed = total.saturating_add(inserted);
    let start = (page - 1).saturating_mul(size);
    let start = if start >= listed && call.plan.endless {
        (listed - 1) / size * size
    } else {
        start.min(listed)
    };
    let rows = start..start.saturating_add(size).min(listed);
    Ok(rows
        .map(|place| match place.checked_sub(inserted) {
            None => place % total,
            Some(place) => (place + total - rotated % total) % total,
        })
        .filter_map(|row| usize::try_from(row).ok())
        .collect())
}
