//! The log of the last requests, with their statuses and the faults that applied.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use jiff::Timestamp;
use serde::Serialize;

use super::reply::{Faults, HangUp};
use crate::world::World;

/// How many requests are remembered.
const MOST: usize = 200;

/// One request and how it was answered. Without its query, headers and body: they may hold secrets.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Entry {
    at: Timestamp,
    method: String,
    path: String,
    /// Absent where the connection was closed without an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// The faults that applied, by their names in the fault list.
    faults: Vec<String>,
}

/// The last requests, oldest first.
#[derive(Debug)]
pub(super) struct RequestLog {
    /// Whose clock says when.
    world: World,
    entries: Mutex<VecDeque<Entry>>,
}

impl RequestLog {
    pub(super) const fn new(world: World) -> Self {
        Self {
            world,
            entries: Mutex::new(VecDeque::new()),
        }
    }

    pub(super) fn all(&self) -> Vec<Entry> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.iter().cloned().collect()
    }

    fn add(&self, entry: Entry) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() == MOST {
            entries.pop_front();
        }
        entries.push_back(entry);
    }
}

/// Answers a request and adds it to the log.
pub(super) async fn log(
    State(log): State<Arc<RequestLog>>,
    request: Request,
    next: Next,
) -> Response {
    let method = request.method().to_string();
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    let extensions = response.extensions();
    let hung_up = extensions.get::<HangUp>().is_some();
    let faults = extensions.get::<Faults>();
    let entry = Entry {
        at: log.world.real_now(),
        status: (!hung_up).then_some(response.status().as_u16()),
        faults: faults.map(|faults| faults.0.clone()).unwrap_or_default(),
        method,
        path,
    };
    tracing::debug!(
        method = entry.method,
        path = entry.path,
        status = entry.status,
        faults = entry.faults.join(", "),
        "answered a request"
    );
    log.add(entry);
    response
}
