//! What is done to an eSIM, usage of several, the wallet, and the address for events.

use super::super::api::{Answer, Call, Failure};
use super::super::json::{Json, object};
use super::esims::{data_bytes, used_bytes};
use super::price_list::codes;
use super::{clock, named, units};
use crate::dialect::Dialect;
use crate::world::{Hook, Refusal, WorldError};

/// An answer that says nothing more than that it was done.
fn done<T>(outcome: Result<T, WorldError>) -> Result<Answer, Failure> {
    outcome?;
    Ok(object! {}.into())
}

pub(super) fn cancel(call: &Call<'_>) -> Result<Answer, Failure> {
    done(call.world.cancel_with(named(call.fields)?, call.plan))
}

pub(super) fn suspend(call: &Call<'_>) -> Result<Answer, Failure> {
    done(call.world.suspend(named(call.fields)?))
}

pub(super) fn resume(call: &Call<'_>) -> Result<Answer, Failure> {
    done(call.world.resume(named(call.fields)?))
}

pub(super) fn revoke(call: &Call<'_>) -> Result<Answer, Failure> {
    done(call.world.revoke(named(call.fields)?))
}

pub(super) fn send_message(call: &Call<'_>) -> Result<Answer, Failure> {
    let key = named(call.fields)?;
    let found = match call.world.find_esim(key)? {
        Some(esim) => Some(esim),
        None => call.world.find_esim_by_iccid(key)?,
    };
    let esim = found.ok_or(Refusal::UnknownEsim)?;
    let package = call
        .world
        .catalogue()
        .find(&esim.allowances[0].item.package_id);
    let takes = package.is_some_and(|package| codes(&package).message_type > 0);
    done(call.world.send_message(&esim.id, takes))
}

pub(super) fn usage(call: &Call<'_>) -> Result<Answer, Failure> {
    let now = call.now()?;
    let mut usages = Vec::new();
    for number in call.fields.texts("esimTranNoList") {
        let found = call.world.find_esim(number)?;
        // What is unknown, or not there yet, is left out.
        if let Some(esim) = found.filter(|esim| esim.ready_profile(now).is_some()) {
            usages.push(object! {
                "esimTranNo": number,
                "dataUsage": used_bytes(&esim),
                "totalData": data_bytes(call.world.catalogue(), &esim),
                "lastUpdateTime": clock(now, call.switches),
            });
        }
    }
    Ok(object! { "esimUsageList": usages }.into())
}

pub(super) fn balance(call: &Call<'_>) -> Result<Answer, Failure> {
    Ok(object! { "balance": units(call.world.balance()?) }.into())
}

pub(super) fn hook(call: &Call<'_>) -> Result<Answer, Failure> {
    let hooks = call.world.hooks()?;
    let mut hooks = hooks.into_iter();
    let hook = hooks.find(|hook| hook.dialect == Dialect::EsimAccess);
    let url: Json = hook.map(|hook| hook.url).into();
    Ok(object! { "webhook": url }.into())
}

pub(super) fn save_hook(call: &Call<'_>) -> Result<Answer, Failure> {
    Ok(Answer::Trial {
        hook: Hook {
            dialect: Dialect::EsimAccess,
            url: call.fields.needed("webhook").to_owned(),
            secret: None,
        },
        otherwise: "200008",
    })
}
