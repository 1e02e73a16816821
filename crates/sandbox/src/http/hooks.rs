//! Events on their way: takes those that are due out of the world, has their dialect write them and
//! posts them to an address on this machine.

mod post;

use std::time::Duration;

use serde::Serialize;

use super::api::Api;
use super::context::ServerContext;
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
pub(super) async fn deliver(
    context: &ServerContext,
    reversed: bool,
) -> Result<Vec<Outcome>, WorldError> {
    let _turn = context.delivering.lock().await;
    let mut due = context.world.due_notices()?;
    if reversed {
        due.reverse();
    }
    let mut outcomes = Vec::with_capacity(due.len());
    for (notice, hook) in due {
        let api = (context.api)(notice.dialect);
        let status = send(&context.world, api, &notice, &hook).await?.ok();
        context.world.attempted(&notice, status)?;
        outcomes.push(Outcome {
            seq: notice.seq,
            status,
        });
    }
    Ok(outcomes)
}

/// Delivers by itself what is due, for as long as the server runs.
pub(super) async fn run(context: ServerContext) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        if !context.world.has_hooks() {
            continue;
        }
        if let Err(error) = deliver(&context, false).await {
            tracing::warn!(%error, "cannot deliver events");
        }
    }
}

/// Posts a trial event, and says why where it is not answered with 200.
pub(super) async fn try_out(world: &World, api: &Api, hook: &Hook) -> Result<(), String> {
    let sent = match world.trial(hook.dialect) {
        Ok(notice) => send(world, api, &notice, hook).await,
        Err(error) => Err(error),
    };
    let reason = match sent {
        Ok(Ok(200)) => return Ok(()),
        Ok(Ok(status)) => format!("it answered {status}"),
        Ok(Err(reason)) => reason,
        Err(error) => error.to_string(),
    };
    Err(format!(
        "the address did not answer CHECK_HEALTH with 200: {reason}"
    ))
}

async fn send(
    world: &World,
    api: &Api,
    notice: &Notice,
    hook: &Hook,
) -> Result<Result<u16, String>, WorldError> {
    let (body, signature) = (api.event)(notice, hook, world, &world.switches()?);
    let posted = post::post(&hook.url, signature.as_slice(), body);
    let posted = tokio::time::timeout(PATIENCE, posted).await;
    Ok(posted.unwrap_or_else(|_| Err("it took longer than three seconds".to_owned())))
}
