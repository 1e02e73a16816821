//! What costs money, and what gives it back, in the words of the world.

use roamport_domain::provider::{CancelledEsim, Purchase as PortPurchase, PurchaseRequest, Refund};
use rust_decimal::Decimal;

use super::convert;
use crate::fault::Plan;
use crate::world::{
    EsimRecord, OrderDetails, Purchase, PurchaseLine, Refusal, TopUpDetails, World, WorldError,
};

/// A purchase; with the prices it was quoted at where the provider compares them.
pub(super) fn purchase(bought: &PortPurchase, guard: bool) -> Purchase {
    let reference = Some(bought.reference.as_str().to_owned());
    match &bought.request {
        PurchaseRequest::PlaceOrder { lines, .. } => {
            let lines = lines.iter().map(|line| PurchaseLine {
                package_id: line.package.as_str().to_owned(),
                quantity: line.quantity.get().into(),
                days: line.days,
                unit_price: guard.then(|| line.unit_price.amount()),
            });
            Purchase::Order(OrderDetails {
                reference,
                lines: lines.collect(),
                ..OrderDetails::default()
            })
        }
        PurchaseRequest::TopUp {
            esim,
            iccid: _,
            package,
            unit_price,
            days,
        } => Purchase::TopUp(TopUpDetails {
            reference,
            esim: esim.as_str().to_owned(),
            package_id: package.as_str().to_owned(),
            days: *days,
            total: guard.then(|| unit_price.amount() * Decimal::from(days.unwrap_or(1))),
            ..TopUpDetails::default()
        }),
    }
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
