//! The two calls that cost money, each with its own key against doing it twice.

use super::super::api::{Answer, Call, Failure};
use super::super::check::Fields;
use super::super::json::object;
use super::esims::{data_bytes, used_bytes, validity_days};
use super::price_list::find_coded;
use super::{clock, named};
use crate::world::{OrderDetails, Profiles, Purchase, PurchaseLine, Refusal, TopUpDetails};
use rust_decimal::Decimal;

pub(super) fn create(call: &Call<'_>) -> Result<Answer, Failure> {
    let fields = call.fields;
    let lines = fields
        .objects("packageInfoList")
        .map(|line| line_of(call, line));
    let order = call.buy(&Purchase::Order(OrderDetails {
        lines: lines.collect::<Result<Vec<PurchaseLine>, Failure>>()?,
        reference: fields.owned("transactionId"),
        total: amount(fields, "amount"),
        profiles: Profiles::Allocated,
        replays: true,
    }))?;
    let order = call.shown_order(order)?;
    let answer = object! { "orderNo": order.number() };
    Ok(answer
        .with("transactionId", order.reference.as_deref())
        .into())
}

fn line_of(call: &Call<'_>, line: Fields<'_>) -> Result<PurchaseLine, Failure> {
    let package = find_coded(call.world.catalogue(), line.needed("packageCode"), false)?;
    Ok(PurchaseLine {
        package_id: package.id,
        quantity: line.count("count").unwrap_or_default(),
        days: days(line),
        unit_price: amount(line, "price"),
    })
}

/// An amount in ten-thousandths of a dollar, as dollars.
fn amount(fields: Fields<'_>, name: &str) -> Option<Decimal> {
    let units = fields.number(name)?;
    Some(units / Decimal::from(10_000))
}

fn days(fields: Fields<'_>) -> Option<u16> {
    let days = fields.count("periodNum")?;
    u16::try_from(days).ok()
}

pub(super) fn top_up(call: &Call<'_>) -> Result<Answer, Failure> {
    let fields = call.fields;
    let esim = named(fields)?.to_owned();
    let package = find_coded(call.world.catalogue(), fields.needed("packageCode"), true)?;
    let order = call.buy(&Purchase::TopUp(TopUpDetails {
        reference: fields.owned("transactionId"),
        esim,
        days: days(fields),
        package_id: package.id,
        total: amount(fields, "amount"),
        replays: true,
        by_card: false,
    }))?;
    let found = call.world.topped_up(&order)?;
    let (esim, place) = found.ok_or(Refusal::UnknownEsim)?;
    let number = esim.allowances[place].transaction.clone();
    let order = call.shown_order(order)?;
    let esim = call.shown_esim(esim)?;
    let iccid = esim.profile.as_ref().map_or("", |profile| &profile.iccid);
    let answer = object! {}.with("transactionId", order.reference.as_deref());
    let facts = object! {
        "iccid": iccid,
        "expiredTime": esim.expires_at().map(|end| clock(end, call.switches)),
        "totalVolume": data_bytes(call.world.catalogue(), &esim),
        "totalDuration": validity_days(&esim),
        "orderUsage": used_bytes(&esim),
        "topUpEsimTranNo": number.as_deref().unwrap_or_default(),
    };
    Ok(answer.and(facts).into())
}
