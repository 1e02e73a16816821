//! Events on their way: takes those that are due out of the world, writes them in their dialect and
//! posts them to an address on this machine.

mod esim_access;
mod post;
mod roamify;

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::Face;
use crate::dialect::Dialect;
use crate::world::{Hook, Notice, World, WorldError};

/// How often a server looks for events that are due, where events go anywhere.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How long an address may take to answer: the first provider's limit.
const PATIENCE: Duration = Duration::from_secs(3);

/// What became of one attempt to deliver.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Outcome {
    seq: u64,
    /// What the address answered; none where it could not be reached, or took too long.
    status: Option<u16>,
}

/// Whether an event goes to this address at all.
pub(super) fn is_loopback(url: &str) -> bool {
    post::Address::parse(url).is_ok()
}

/// Delivers what is due, one after the other, and says how each attempt ended.
pub(super) async fn deliver(face: &Face, reversed: bool) -> Result<Vec<Outcome>, WorldError> {
    let _turn = face.delivering.lock().await;
    let mut due = face.world.due_notices()?;
    if reversed {
        due.reverse();
    }
    let mut outcomes = Vec::with_capacity(due.len());
    for (notice, hook) in due {
        let status = send(&face.world, &notice, &hook).await?.ok();
        face.world.attempted(&notice, status)?;
        outcomes.push(Outcome {
            seq: notice.seq,
            status,
        });
    }
    Ok(outcomes)
}

/// Delivers by itself what is due, for as long as the server runs.
pub(super) async fn run(face: Arc<Face>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        if !face.world.has_hooks() {
            continue;
        }
        if let Err(error) = deliver(&face, false).await {
            tracing::warn!(%error, "cannot deliver events");
        }
    }
}

/// Posts a trial event, and says why where it is not answered with 200.
pub(super) async fn try_out(world: &World, hook: &Hook) -> Result<(), String> {
    let notice = world
        .trial(hook.dialect)
        .map_err(|error| error.to_string())?;
    match send(world, &notice, hook).await {
        Ok(Ok(200)) => Ok(()),
        Ok(Ok(status)) => Err(format!("it answered {status}")),
        Ok(Err(reason)) => Err(reason),
        Err(error) => Err(error.to_string()),
    }
}

async fn send(
    world: &World,
    notice: &Notice,
    hook: &Hook,
) -> Result<Result<u16, String>, WorldError> {
    let switches = world.switches()?;
    let (body, headers) = match notice.dialect {
        Dialect::Roamify => {
            let body = roamify::body(notice, &switches);
            let signature = roamify::signature(hook, &body);
            (body, vec![(roamify::SIGNATURE, signature)])
        }
        Dialect::EsimAccess => (
            esim_access::body(notice, world.catalogue(), notice.at),
            Vec::new(),
        ),
    };
    let posted = tokio::time::timeout(PATIENCE, post::post(&hook.url, &headers, body)).await;
    Ok(posted.unwrap_or_else(|_| Err("it took longer than three seconds".to_owned())))
}
