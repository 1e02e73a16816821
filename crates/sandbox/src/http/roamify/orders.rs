//! Orders: the three calls that cost money, and the two that look.

use super::super::api::{Answer, Call, Failure};
use super::super::json::{Json, object};
use super::{esims, invalid_field, limit, one_of};
use crate::http::check::Problem;
use crate::ledger::ChargeKind;
use crate::switches::{Absent, ReferenceSearch, Tolerance};
use crate::world::{
    EsimRecord, ItemRecord, OrderDetails, OrderRecord, OrderSearch, Profiles, Purchase,
    PurchaseLine, Refusal, TopUpDetails,
};

pub(super) fn create(call: &Call<'_>) -> Result<Answer, Failure> {
    let order = match ordered_before(call)? {
        Some(order) => order,
        None => call.buy(&order_of(call, Profiles::Asked))?,
    };
    shown(call, order)
}

pub(super) fn create_instant(call: &Call<'_>) -> Result<Answer, Failure> {
    let order = call.buy(&order_of(call, Profiles::AtOnce))?;
    let mut esims: Vec<EsimRecord> = Vec::with_capacity(order.items.len());
    for item in &order.items {
        esims.extend(call.world.find_esim(&item.esim_id)?);
    }
    let esims = esims::answers(call, esims)?;
    let order = call.shown_order(order)?;
    let head = head(call, &order)?;
    Ok(head.with("esims", Some(esims)).into())
}

pub(super) fn top_up(call: &Call<'_>) -> Result<Answer, Failure> {
    let order = call.buy(&Purchase::TopUp(TopUpDetails {
        esim: call.fields.needed("iccid").to_owned(),
        package_id: call.fields.needed("packageId").to_owned(),
        reference: call.fields.owned("referenceId"),
        by_card: true,
        ..TopUpDetails::default()
    }))?;
    shown(call, order)
}

pub(super) fn order(call: &Call<'_>) -> Result<Answer, Failure> {
    one_of(call, ["orderId", "referenceId"])?;
    let search = OrderSearch {
        id: call.fields.owned("orderId"),
        reference: call.fields.owned("referenceId"),
        state: None,
        compare: call.plan.search,
    };
    let (orders, _) = call.world.find_orders(&search, 1)?;
    let order = orders.into_iter().next();
    shown(call, order.ok_or(Refusal::UnknownOrder)?)
}

pub(super) fn orders(call: &Call<'_>) -> Result<Answer, Failure> {
    let search = OrderSearch {
        id: None,
        reference: call.fields.owned("referenceId"),
        state: call.fields.owned("status"),
        compare: call.plan.search,
    };
    let (orders, _) = call.world.find_orders(&search, limit(call))?;
    let orders = orders
        .into_iter()
        .map(|order| answer(call, &call.shown_order(order)?))
        .collect::<Result<Vec<Json>, Failure>>()?;
    Ok(object! { "orders": orders }.into())
}

/// The order under a reference that comes without items, where the switch allows that.
fn ordered_before(call: &Call<'_>) -> Result<Option<OrderRecord>, Failure> {
    if call.fields.names("items") {
        return Ok(None);
    }
    let allowed = call.switches.order_by_reference == Tolerance::Accepted;
    let reference = call.fields.owned("referenceId").filter(|_| allowed);
    let reference =
        reference.ok_or_else(|| invalid_field(&("items".to_owned(), Problem::Missing)))?;
    let search = OrderSearch {
        reference: Some(reference),
        compare: Some(ReferenceSearch::Equals),
        ..OrderSearch::default()
    };
    let (orders, _) = call.world.find_orders(&search, usize::MAX)?;
    let mut orders = orders.into_iter();
    let order = orders.rfind(|order| order.kind == ChargeKind::Order);
    Ok(Some(order.ok_or(Refusal::UnknownOrder)?))
}

fn order_of(call: &Call<'_>, profiles: Profiles) -> Purchase {
    let lines = call.fields.objects("items").map(|line| {
        let quantity = line.count("quantity").unwrap_or_default();
        PurchaseLine::of(line.needed("packageId"), quantity)
    });
    Purchase::Order(OrderDetails {
        lines: lines.collect(),
        reference: call.fields.owned("referenceId"),
        profiles,
        ..OrderDetails::default()
    })
}

fn shown(call: &Call<'_>, order: OrderRecord) -> Result<Answer, Failure> {
    Ok(answer(call, &call.shown_order(order)?)?.into())
}

fn answer(call: &Call<'_>, order: &OrderRecord) -> Result<Json, Failure> {
    let items: Json = order.items.iter().map(item).collect();
    Ok(head(call, order)?.with("items", Some(items)))
}

/// An order without what was bought.
fn head(call: &Call<'_>, order: &OrderRecord) -> Result<Json, Failure> {
    let absent = (call.switches.absent_reference == Absent::Empty).then_some("");
    let head = object! { "id": &order.id };
    let head = head.with("referenceId", order.reference.as_deref().or(absent));
    Ok(head.and(object! {
        "orderType": "api",
        "status": order.state(call.now()?),
        "total": order.total,
        "currency": "USD",
        "createdAt": order.created_at.as_second(),
        "updatedAt": order.created_at.as_second(),
    }))
}

pub(super) fn item(item: &ItemRecord) -> Json {
    object! {
        "esimId": &item.esim_id,
        "packageId": &item.package_id,
        "package": &item.package,
        "type": "esim",
        "price": item.price,
        "currency": "USD",
        "createdAt": item.created_at.as_second(),
        "updatedAt": item.created_at.as_second(),
    }
}
