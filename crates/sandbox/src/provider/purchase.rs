//! What costs money, and what gives it back, in the words of the world.

use roamport_domain::provider::{CancelledEsim, OrderRequest, Refund, TopUpRequest};
use rust_decimal::Decimal;

use super::convert;
use crate::fault::Plan;
use crate::world::{
    EsimRecord, OrderDetails, Purchase, PurchaseLine, Refusal, TopUpDetails, World, WorldError,
};

/// An order; with the prices it was quoted at where the provider compares them.
pub(super) fn order(request: &OrderRequest, guard: bool) -> Purchase {
    let lines = request.lines.iter().map(|line| PurchaseLine {
        package_id: line.package.as_str().to_owned(),
        quantity: line.quantity.get().into(),
        days: line.days,
        unit_price: guard.then(|| line.unit_price.amount()),
    });
    Purchase::Order(OrderDetails {
        reference: Some(request.reference.as_str().to_owned()),
        lines: lines.collect(),
        ..OrderDetails::default()
    })
}

/// A top-up, for the eSIM of the id where there is one, of the card number otherwise.
pub(super) fn top_up(request: &TopUpRequest, guard: bool) -> Purchase {
    let (id, iccid) = (request.esim.id(), request.esim.iccid());
    let esim = match (id, iccid) {
        (Some(id), _) => id.as_str(),
        (None, iccid) => iccid.map_or("", |iccid| iccid.as_str()),
    };
    let days = Decimal::from(request.days.unwrap_or(1));
    Purchase::TopUp(TopUpDetails {
        reference: Some(request.reference.as_str().to_owned()),
        esim: esim.to_owned(),
        package_id: request.package.as_str().to_owned(),
        days: request.days,
        total: guard.then(|| request.unit_price.amount() * days),
        ..TopUpDetails::default()
    })
}

/// Gives an eSIM back. One that was given back before is as it is asked to be.
pub(super) fn give_back(
    world: &World,
    esim: &EsimRecord,
    plan: &Plan,
) -> Result<CancelledEsim, WorldError> {
    let given = match world.cancel_with(&esim.id, plan) {
        Err(WorldError::Refused(Refusal::AlreadyCancelled)) => world.refund_of(&esim.id)?,
        given => Some(given?),
    };
    Ok(CancelledEsim {
        refund: Refund::AtOnce,
        amount: given.map(|refund| convert::money(refund.amount)),
    })
}
