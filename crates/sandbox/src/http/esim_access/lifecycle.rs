//! What is done to an eSIM: given back, interrupted, ended, written to. Each answers with nothing.

use super::body::missing;
use super::price_list::message_type;
use super::{Call, Failure, Outcome};
use crate::world::{EsimRecord, Refusal, WorldError};

/// The longest message.
const LONGEST_MESSAGE: usize = 500;

fn named<'a>(call: &'a Call<'_>) -> Result<&'a str, Failure> {
    match (call.body.text("esimTranNo")?, call.body.text("iccid")?) {
        (Some(number), _) => Ok(number),
        (None, Some(iccid)) => Ok(iccid),
        (None, None) => Err(missing("esimTranNo")),
    }
}

fn done<T>(call: &Call<'_>, outcome: Result<T, WorldError>) -> Outcome {
    call.of(outcome)?;
    Ok("{}".to_owned())
}

pub(super) fn cancel(call: &Call<'_>) -> Outcome {
    let esim = named(call)?;
    done(call, call.world.cancel_with(esim, call.plan))
}

pub(super) fn suspend(call: &Call<'_>) -> Outcome {
    let esim = named(call)?;
    done(call, call.world.suspend(esim))
}

pub(super) fn resume(call: &Call<'_>) -> Outcome {
    let esim = named(call)?;
    done(call, call.world.resume(esim))
}

pub(super) fn revoke(call: &Call<'_>) -> Outcome {
    let esim = named(call)?;
    done(call, call.world.revoke(esim))
}

pub(super) fn send_message(call: &Call<'_>) -> Outcome {
    let key = named(call)?;
    call.body.required_text("message", LONGEST_MESSAGE)?;
    let found = match call.of(call.world.find_esim(key))? {
        Some(esim) => Some(esim),
        None => call.of(call.world.find_esim_by_iccid(key))?,
    };
    let esim = found.ok_or(Refusal::UnknownEsim)?;
    done(call, call.world.send_message(&esim.id, takes(call, &esim)))
}

fn takes(call: &Call<'_>, esim: &EsimRecord) -> bool {
    let package = call
        .world
        .catalogue()
        .find(&esim.allowances[0].item.package_id);
    package.is_some_and(|package| message_type(&package) > 0)
}
