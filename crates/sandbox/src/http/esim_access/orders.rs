//! The two calls that cost money, each with its own key against doing it twice.

use serde::Serialize;

use super::answers::{data_bytes, used_bytes, validity_days};
use super::body::{Body, missing};
use super::price_list::{TOP_UP, find};
use super::{Call, Failure, Outcome, obj};
use crate::fault::Ending;
use crate::world::{
    DetailedLine, OrderDetails, OrderRecord, Profiles, Purchase, Refusal, TopUpDetails,
};

/// The longest `transactionId`.
const LONGEST_KEY: usize = 50;

/// The longest of any other name.
const LONGEST_NAME: usize = 200;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Ordered<'a> {
    order_no: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_id: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ToppedUp<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_id: Option<&'a str>,
    iccid: &'a str,
    expired_time: Option<String>,
    total_volume: u64,
    total_duration: u64,
    order_usage: u64,
    top_up_esim_tran_no: &'a str,
}

pub(super) fn create(call: &Call<'_>) -> Outcome {
    let body = call.body;
    let reference = body.required_text("transactionId", LONGEST_KEY)?;
    let total = body.amount("amount")?;
    let lines = body.required_objects("packageInfoList")?;
    let lines = lines
        .iter()
        .map(|line| line_of(call, line))
        .collect::<Result<Vec<DetailedLine>, Failure>>()?;
    let order = buy(
        call,
        &Purchase::Detailed(OrderDetails {
            reference: Some(reference.to_owned()),
            lines,
            total,
            profiles: Profiles::Allocated,
            replays: true,
        }),
    )?;
    let order = call.of(call.world.told_order(order, call.plan))?;
    obj(&Ordered {
        order_no: order.number(),
        transaction_id: order.reference.as_deref(),
    })
}

fn line_of(call: &Call<'_>, line: &Body) -> Result<DetailedLine, Failure> {
    let code = line.required_text("packageCode", LONGEST_NAME)?;
    let quantity = line.required_number("count")?;
    let package = find(call.world.catalogue(), code);
    let package = package.ok_or_else(|| Refusal::UnknownPackage(code.to_owned()))?;
    Ok(DetailedLine {
        quantity,
        days: days(line, &package.id)?,
        unit_price: line.amount("price")?,
        package_id: package.id,
    })
}

fn days(body: &Body, package: &str) -> Result<Option<u16>, Failure> {
    let Some(days) = body.number("periodNum")? else {
        return Ok(None);
    };
    match u16::try_from(days) {
        Ok(days) => Ok(Some(days)),
        Err(_) => Err(Refusal::DaysWrong(package.to_owned()).into()),
    }
}

pub(super) fn top_up(call: &Call<'_>) -> Outcome {
    let body = call.body;
    let reference = body.required_text("transactionId", LONGEST_KEY)?;
    let esim = match (body.text("esimTranNo")?, body.text("iccid")?) {
        (Some(number), _) => number,
        (None, Some(iccid)) => iccid,
        (None, None) => return Err(missing("esimTranNo")),
    };
    let code = body.required_text("packageCode", LONGEST_NAME)?;
    let bare = code.strip_prefix(TOP_UP).unwrap_or(code);
    let package = find(call.world.catalogue(), bare);
    let package = package.ok_or_else(|| Refusal::UnknownPackage(code.to_owned()))?;
    let order = buy(
        call,
        &Purchase::DetailedTopUp(TopUpDetails {
            reference: Some(reference.to_owned()),
            esim: esim.to_owned(),
            days: days(body, &package.id)?,
            package_id: package.id,
            total: body.amount("amount")?,
            replays: true,
            by_card: false,
        }),
    )?;
    let found = call.of(call.world.topped_up(&order))?;
    let (esim, place) = found.ok_or(Refusal::UnknownEsim)?;
    let number = esim.allowances[place].transaction.clone();
    let order = call.of(call.world.told_order(order, call.plan))?;
    let esim = call.of(call.world.told_esim(esim, call.plan))?;
    let profile = esim.profile.as_ref();
    obj(&ToppedUp {
        transaction_id: order.reference.as_deref(),
        iccid: profile.map_or("", |profile| &profile.iccid),
        expired_time: esim.expires_at().map(|end| call.time(end)),
        total_volume: data_bytes(call.world.catalogue(), &esim),
        total_duration: validity_days(&esim),
        order_usage: used_bytes(&esim),
        top_up_esim_tran_no: number.as_deref().unwrap_or_default(),
    })
}

/// Buys now, or later where a fault says so.
fn buy(call: &Call<'_>, purchase: &Purchase) -> Result<OrderRecord, Failure> {
    if let Some(Ending::Late { ms }) = call.plan.ending {
        call.of(call.world.purchase_later(purchase, call.plan, ms))?;
        return Err(Failure::hang_up());
    }
    call.of(call.world.purchase_with(purchase, call.plan))
}
