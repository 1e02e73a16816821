//! Control of eSIMs: what happens to them in the hands of a traveler, and in the provider's.

use axum::body::Bytes;
use axum::extract::Path;
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::reply::{Reply, not_found};
use super::{Answer, Control, ControlRoute, read, route};
use crate::world::{EsimRecord, World, WorldError};

pub(super) fn table() -> Vec<ControlRoute> {
    vec![
        route(
            "/_control/esims",
            "GET shows every eSIM, without activation codes",
            get(esims),
        ),
        route(
            "/_control/esims/{esim}/use",
            "POST uses data",
            post(use_data),
        ),
        route(
            "/_control/esims/{esim}/{action}",
            "POST installs, activates, expires, cancels, suspends, resumes, revokes, deletes, or switches on or off",
            post(act),
        ),
    ]
}

/// An eSIM without what could install it.
fn summary(world: &World, esim: &EsimRecord) -> Result<Value, WorldError> {
    let now = world.now()?;
    Ok(json!({
        "id": esim.id,
        "number": esim.transaction(),
        "iccid": esim.ready_profile(now).map(|profile| &profile.iccid),
        "state": esim.state(now).as_str(),
        "order_id": esim.order_id,
        "reference": esim.reference,
        "packages": esim.allowances.iter().map(|allowance| &allowance.item.package_id).collect::<Vec<_>>(),
        "allowed_kb": esim.allowed_kilobytes(),
        "used_kb": esim.used_kilobytes(),
        "installed_at": esim.installed_at,
        "activated_at": esim.activated_at,
        "expires_at": esim.expires_at(),
        "suspended_at": esim.suspended_at,
        "cancelled_at": esim.cancelled_at,
        "revoked_at": esim.revoked_at,
        "deleted_at": esim.deleted_at,
        "switched_off": esim.switched_off,
        "messages": esim.messages,
    }))
}

async fn esims(Control(context): Control) -> Answer {
    let esims = context.world.esims()?;
    let all = esims.iter().map(|esim| summary(&context.world, esim));
    Ok(Reply::json(200, &all.collect::<Result<Vec<Value>, _>>()?))
}

fn shown(world: &World, esim: &EsimRecord) -> Answer {
    Ok(Reply::json(200, &summary(world, esim)?))
}

async fn act(Control(context): Control, Path((esim, action)): Path<(String, String)>) -> Answer {
    let world = &context.world;
    let esim = esim.as_str();
    let esim = match action.as_str() {
        "install" => world.install(esim)?,
        "activate" => world.activate(esim)?,
        "expire" => world.expire(esim)?,
        "suspend" => world.suspend(esim)?,
        "resume" => world.resume(esim)?,
        "revoke" => world.revoke(esim)?,
        "delete" => world.delete(esim)?,
        "switch_on" => world.switch(esim, true)?,
        "switch_off" => world.switch(esim, false)?,
        "cancel" => match world.find_esim(&world.cancel(esim)?.esim_id)? {
            Some(esim) => esim,
            None => return Err(not_found().await),
        },
        _ => return Err(not_found().await),
    };
    shown(world, &esim)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum DataUse {
    Mb(u64),
    Kb(u64),
}

async fn use_data(Control(context): Control, Path(esim): Path<String>, body: Bytes) -> Answer {
    let kilobytes = match read(&body)? {
        DataUse::Mb(megabytes) => megabytes.saturating_mul(1024),
        DataUse::Kb(kilobytes) => kilobytes,
    };
    shown(&context.world, &context.world.use_data(&esim, kilobytes)?)
}
