//! A host without a socket, behind the feature `test-support`: requests to its name are answered by a
//! function in this process.
//!
//! Everything above the socket stays as it is in production: gate, window, timeout, headers, limits of
//! bodies. With a paused tokio clock a timeout of 30 seconds passes at once.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use reqwest::header::HeaderMap;

use crate::settings::BaseUrl;
use crate::{Effect, Failure, Sent};

/// How a connection ends that brings no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrokenConnection {
    /// It was refused: no byte of the request was sent.
    NotReached,
    /// It broke before the head of an answer was there. The request may have arrived.
    NoAnswer,
}

/// What answers the requests to an [`InProcessHost`].
pub type InProcessHandler = Arc<
    dyn Fn(reqwest::Request) -> BoxFuture<'static, Result<reqwest::Response, BrokenConnection>>
        + Send
        + Sync,
>;

static HOSTS: LazyLock<Mutex<HashMap<String, InProcessHandler>>> = LazyLock::new(Mutex::default);

fn hosts() -> MutexGuard<'static, HashMap<String, InProcessHandler>> {
    HOSTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A host of this process. Each [`Transport`](crate::Transport) that is made for its base URL while it is
/// there sends to its handler, and goes on doing so after it is dropped.
#[must_use]
pub struct InProcessHost {
    base_url: String,
}

impl InProcessHost {
    /// Answers the requests to `base_url`, such as `http://provider.test`, by `handler`.
    ///
    /// # Panics
    ///
    /// If `base_url` is no base URL, or is taken by another host of this process.
    pub fn serve(base_url: &str, handler: InProcessHandler) -> Self {
        let base_url = BaseUrl::parse(base_url).expect("the host of a test has a base URL");
        let base_url = base_url.as_str().to_owned();
        let before = hosts().insert(base_url.clone(), handler);
        assert!(before.is_none(), "{base_url} is served already");
        Self { base_url }
    }

    /// Its base URL.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }
}

impl Drop for InProcessHost {
    fn drop(&mut self) {
        hosts().remove(&self.base_url);
    }
}

impl fmt::Debug for InProcessHost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("InProcessHost")
            .field("base_url", &self.base_url)
            .finish()
    }
}

/// One transport's way to a host of this process.
#[derive(Clone)]
pub(crate) struct InProcessClient {
    handler: InProcessHandler,
    /// What goes with every request.
    headers: HeaderMap,
}

impl InProcessClient {
    /// The way to the host of this base URL, if this process serves it.
    pub(crate) fn find(base_url: &BaseUrl, headers: &HeaderMap) -> Option<Self> {
        let handler = hosts().get(base_url.as_str())?.clone();
        let mut headers = headers.clone();
        for name in [reqwest::header::ACCEPT, reqwest::header::CONTENT_TYPE] {
            let json = reqwest::header::HeaderValue::from_static("application/json");
            headers.entry(name).or_insert(json);
        }
        Some(Self { handler, headers })
    }

    pub(crate) async fn execute(
        &self,
        mut request: reqwest::Request,
        effect: Effect,
        timeout: Duration,
    ) -> Result<reqwest::Response, Failure> {
        for (name, value) in &self.headers {
            let headers = request.headers_mut();
            headers.entry(name).or_insert_with(|| value.clone());
        }
        match tokio::time::timeout(timeout, (self.handler)(request)).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(BrokenConnection::NotReached)) => {
                let words = "no connection could be made";
                Err(Failure::no_answer(effect, Sent::No, words))
            }
            Ok(Err(BrokenConnection::NoAnswer)) => {
                let words = "the connection broke before the answer was there";
                Err(Failure::no_answer(effect, Sent::Maybe, words))
            }
            Err(_) => {
                let words = "no answer came in time";
                Err(Failure::no_answer(effect, Sent::Maybe, words))
            }
        }
    }
}
