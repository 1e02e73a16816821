//! Orders: the three calls that cost money, and the two that look.

use serde_json::Value;

use super::super::reply::Reply;
use super::Call;
use super::answers::{EsimAnswer, OrderAnswer, Orders};
use super::query::{field, invalid, object, only_fields, required_field};
use crate::fault::Ending;
use crate::ledger::ChargeKind;
use crate::switches::{ReferenceSearch, Tolerance};
use crate::world::{EsimRecord, OrderRecord, OrderSearch, Purchase, PurchaseLine, Refusal};

const STATES: [&str; 6] = [
    "PENDING",
    "COMPLETED",
    "ARCHIVED",
    "CANCELLED",
    "REFUNDED",
    "REQUIRE_ACTION",
];

pub(super) fn create(call: &Call<'_>) -> Result<Reply, Reply> {
    call.query.only(&[])?;
    let order = match ordered_before(call)? {
        Some(order) => order,
        None => buy(call, &order_of(call, false)?)?,
    };
    let order = told(call, order)?;
    Ok(Reply::success(
        call.switches.success_status,
        answer(call, &order)?,
    ))
}

pub(super) fn create_instant(call: &Call<'_>) -> Result<Reply, Reply> {
    call.query.only(&[])?;
    let order = buy(call, &order_of(call, true)?)?;
    let mut esims: Vec<EsimRecord> = Vec::with_capacity(order.items.len());
    for item in &order.items {
        if let Some(esim) = call.of(call.world.find_esim(&item.esim_id))? {
            esims.push(call.told(esim)?);
        }
    }
    let now = call.now()?;
    let esims = esims.iter().map(|esim| EsimAnswer::of(esim, now)).collect();
    let order = told(call, order.clone())?;
    Ok(Reply::success(
        call.switches.success_status,
        answer(call, &order)?.instant(esims),
    ))
}

pub(super) fn top_up(call: &Call<'_>) -> Result<Reply, Reply> {
    call.query.only(&[])?;
    let body = object(&call.body, "value")?;
    let purchase = Purchase::TopUp {
        iccid: required_field(body, "iccid", "iccid")?.to_owned(),
        package_id: required_field(body, "packageId", "packageId")?.to_owned(),
        reference: field(body, "referenceId", "referenceId")?.map(str::to_owned),
    };
    only_fields(
        body,
        &["iccid", "packageId", "referenceId"],
        "",
        call.switches.strict,
    )?;
    let order = told(call, buy(call, &purchase)?)?;
    Ok(Reply::success(
        call.switches.success_status,
        answer(call, &order)?,
    ))
}

pub(super) fn read(call: &Call<'_>) -> Result<Reply, Reply> {
    call.query.only(&["orderId", "referenceId"])?;
    let (id, reference) = call.query.one_of("orderId", "referenceId")?;
    let search = OrderSearch {
        id: id.map(str::to_owned),
        reference: reference.map(str::to_owned),
        state: None,
        compare: call.plan.search,
    };
    let (orders, _) = call.of(call.world.find_orders(&search, 1))?;
    let order = orders
        .into_iter()
        .next()
        .ok_or_else(|| call.refuse(&Refusal::UnknownOrder.into()))?;
    Ok(Reply::success(200, answer(call, &told(call, order)?)?))
}

pub(super) fn list(call: &Call<'_>) -> Result<Reply, Reply> {
    call.query.only(&["status", "limit", "referenceId"])?;
    let search = OrderSearch {
        id: None,
        reference: call.query.text("referenceId")?.map(str::to_owned),
        state: call.query.word("status", &STATES)?.map(str::to_owned),
        compare: call.plan.search,
    };
    let (orders, _) = call.of(call.world.find_orders(&search, call.limit()?))?;
    let orders = orders
        .into_iter()
        .map(|order| told(call, order))
        .collect::<Result<Vec<_>, Reply>>()?;
    let orders = orders
        .iter()
        .map(|order| answer(call, order))
        .collect::<Result<Vec<_>, Reply>>()?;
    Ok(Reply::success(200, Orders { orders }))
}

fn told(call: &Call<'_>, order: OrderRecord) -> Result<OrderRecord, Reply> {
    call.of(call.world.told_order(order, call.plan))
}

fn answer<'a>(call: &Call<'_>, order: &'a OrderRecord) -> Result<OrderAnswer<'a>, Reply> {
    let now = call.now()?;
    Ok(OrderAnswer::of(order, call.switches.absent_reference, now))
}

/// Buys now, or later where a fault says so.
fn buy(call: &Call<'_>, purchase: &Purchase) -> Result<OrderRecord, Reply> {
    if let Some(Ending::Late { ms }) = call.plan.ending {
        call.of(call.world.purchase_later(purchase, call.plan, ms))?;
        return Err(Reply::hang_up());
    }
    call.of(call.world.purchase_with(purchase, call.plan))
}

/// The order under a reference that comes without items, where the switch allows that.
fn ordered_before(call: &Call<'_>) -> Result<Option<OrderRecord>, Reply> {
    let body = object(&call.body, "value")?;
    let allowed = call.switches.order_by_reference == Tolerance::Accepted;
    let reference = match field(body, "referenceId", "referenceId")? {
        Some(reference) if allowed && !body.contains_key("items") => reference,
        _ => return Ok(None),
    };
    only_fields(body, &["referenceId"], "", call.switches.strict)?;
    let search = OrderSearch {
        reference: Some(reference.to_owned()),
        compare: Some(ReferenceSearch::Equals),
        ..OrderSearch::default()
    };
    let (orders, _) = call.of(call.world.find_orders(&search, usize::MAX))?;
    let mut orders = orders.into_iter();
    let order = orders.rfind(|order| order.kind == ChargeKind::Order);
    match order {
        Some(order) => Ok(Some(order)),
        None => Err(call.refuse(&Refusal::UnknownOrder.into())),
    }
}

fn order_of(call: &Call<'_>, instant: bool) -> Result<Purchase, Reply> {
    let body = object(&call.body, "value")?;
    let strict = call.switches.strict;
    let items = body
        .get("items")
        .ok_or_else(|| invalid("items", "is required"))?;
    let items = items
        .as_array()
        .ok_or_else(|| invalid("items", "must be an array"))?;
    if items.is_empty() {
        return Err(invalid("items", "must contain at least 1 items"));
    }
    let lines = (0..)
        .zip(items)
        .map(|(index, item)| line_of(index, item, strict))
        .collect::<Result<Vec<PurchaseLine>, Reply>>()?;
    let reference = field(body, "referenceId", "referenceId")?.map(str::to_owned);
    only_fields(body, &["items", "referenceId"], "", strict)?;
    Ok(Purchase::Order {
        lines,
        reference,
        instant,
    })
}

fn line_of(index: usize, item: &Value, strict: bool) -> Result<PurchaseLine, Reply> {
    let path = format!("items[{index}]");
    let item = object(item, &path)?;
    let package_id = required_field(item, "packageId", &format!("{path}.packageId"))?.to_owned();
    let name = format!("{path}.quantity");
    let quantity = match item.get("quantity") {
        None => return Err(invalid(&name, "is required")),
        Some(Value::Number(number)) => number,
        Some(_) => return Err(invalid(&name, "must be a number")),
    };
    let quantity = match (quantity.as_u64(), quantity.as_i64()) {
        (Some(quantity), _) if quantity >= 1 => quantity,
        (Some(_), _) | (_, Some(_)) => {
            return Err(invalid(&name, "must be greater than or equal to 1"));
        }
        (None, None) => return Err(invalid(&name, "must be an integer")),
    };
    only_fields(
        item,
        &["packageId", "quantity"],
        &format!("{path}."),
        strict,
    )?;
    Ok(PurchaseLine {
        package_id,
        quantity,
    })
}
