//! The state that every request shares: the world, how it is served, and the log of requests.

use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

use super::ServerOptions;
use super::api::Api;
use super::pace::Pace;
use super::requests::RequestLog;
use crate::dialect::{Dialect, Dialects};
use crate::world::{World, WorldError};

#[derive(Clone, Debug)]
pub(super) struct ServerContext {
    pub(super) world: World,
    pub(super) options: ServerOptions,
    pub(super) dialects: Dialects,
    /// How a dialect is written down.
    pub(super) api: fn(Dialect) -> &'static Api,
    pub(super) pace: Arc<Pace>,
    /// Events leave one after the other.
    pub(super) delivering: Arc<tokio::sync::Mutex<()>>,
    pub(super) requests: Arc<RequestLog>,
}

/// The account that a request is for by its bearer token; `None` if the token may not call.
pub(super) fn bearer(world: &World, headers: &HeaderMap) -> Result<Option<World>, WorldError> {
    let given = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .unwrap_or_default();
    world.admits(given.as_bytes())
}
