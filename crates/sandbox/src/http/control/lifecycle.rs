//! Control of eSIMs: what happens to them in the hands of a traveller, and in the provider's.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::Face;
use super::super::reply::Reply;
use super::{Answer, Control, of, read};
use crate::world::{EsimRecord, World, WorldError};

pub(super) fn routes() -> Router<Arc<Face>> {
    Router::new()
        .route("/_control/esims", get(esims))
        .route("/_control/esims/{esim}/use", post(use_data))
        .route("/_control/esims/{esim}/{action}", post(act))
}

/// An eSIM without what could install it.
fn summary(world: &World, esim: &EsimRecord) -> Result<Value, Reply> {
    let now = of(world.now())?;
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

async fn esims(Control(face): Control) -> Answer {
    let esims = of(face.world.esims())?;
    let all: Result<Vec<Value>, Reply> = esims
        .iter()
        .map(|esim| summary(&face.world, esim))
        .collect();
    Ok(Reply::json(200, &all?))
}

fn changed(face: &Face, outcome: Result<EsimRecord, WorldError>) -> Answer {
    Ok(Reply::json(200, &summary(&face.world, &of(outcome)?)?))
}

async fn act(Control(face): Control, Path((esim, action)): Path<(String, String)>) -> Answer {
    let world = &face.world;
    let esim = esim.as_str();
    let outcome = match action.as_str() {
        "install" => world.install(esim),
        "activate" => world.activate(esim),
        "expire" => world.expire(esim),
        "suspend" => world.suspend(esim),
        "resume" => world.resume(esim),
        "revoke" => world.revoke(esim),
        "delete" => world.delete(esim),
        "switch_on" => world.switch(esim, true),
        "switch_off" => world.switch(esim, false),
        "cancel" => {
            let refund = of(world.cancel(esim))?;
            let esim = of(world.find_esim(&refund.esim_id))?;
            return match esim {
                Some(esim) => changed(&face, Ok(esim)),
                None => Err(super::super::reply::not_found().await),
            };
        }
        _ => return Err(super::super::reply::not_found().await),
    };
    changed(&face, outcome)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum DataUse {
    Mb(u64),
    Kb(u64),
}

async fn use_data(Control(face): Control, Path(esim): Path<String>, body: Bytes) -> Answer {
    let kilobytes = match read(&body)? {
        DataUse::Mb(megabytes) => megabytes.saturating_mul(1024),
        DataUse::Kb(kilobytes) => kilobytes,
    };
    changed(&face, face.world.use_data(&esim, kilobytes))
}
