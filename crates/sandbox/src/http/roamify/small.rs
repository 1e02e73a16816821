//! Wallet, health and devices.

use super::super::reply::Reply;
use super::Call;
use super::answers::{Amount, Balance, Phone};

pub(super) fn balance(call: &Call<'_>) -> Result<Reply, Reply> {
    call.query.only(&[])?;
    let balance = Amount(call.of(call.world.balance())?);
    Ok(Reply::success(
        200,
        Balance {
            balance,
            currency: "USD",
        },
    ))
}

/// The provider's body is not documented: only its envelope.
#[expect(
    clippy::unnecessary_wraps,
    reason = "a route among others, which may fail"
)]
pub(super) fn health(_: &Call<'_>) -> Result<Reply, Reply> {
    Ok(Reply::text(200, r#"{"status":"success"}"#.to_owned()))
}

pub(super) fn devices(call: &Call<'_>) -> Result<Reply, Reply> {
    call.query.only(&[])?;
    let device = |brand, name, os| Phone {
        model: name,
        device_type: "smartphone",
        os,
        brand,
        name,
    };
    Ok(Reply::success(
        200,
        [
            device("Example", "Example One", "android"),
            device("Example", "Example Two", "android"),
            device("Specimen", "Specimen 9", "ios"),
        ],
    ))
}
