//! The transport: a client that reads, a client that changes, and one attempt at each request.

mod answer;
mod clients;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{CACHE_CONTROL, HeaderMap};
use roamport_domain::Clock;
use roamport_domain::provider::{ErrorKind, Gate, OpenGate};

pub use self::answer::Answer;
pub use self::clients::BuildError;
use self::clients::{describe, effects, reads, sent};
use crate::settings::BaseUrl;
use crate::{Effect, Failure, Request};

/// One provider's host, and the two HTTP clients it is reached by.
///
/// Cheap to clone: clones share their connections. `Debug` shows the base URL and no header.
#[derive(Clone)]
pub struct Transport {
    base_url: BaseUrl,
    clock: Arc<dyn Clock>,
    gate: Arc<dyn Gate>,
    reads: reqwest::Client,
    effects: reqwest::Client,
    #[cfg(feature = "test-support")]
    in_process: Option<crate::in_process::InProcessClient>,
}

impl Transport {
    /// The transport to `base_url`. `headers` go with every request and are all marked as sensitive;
    /// `Accept` and `Content-Type` say JSON where they do not say otherwise. A connection has to stand, TLS
    /// included, within `connect_time_out`. `clock` tells when a purchase may still be sent.
    ///
    /// # Errors
    ///
    /// [`BuildError`], for instance on a machine without any CA certificates.
    pub fn new(
        base_url: BaseUrl,
        headers: HeaderMap,
        connect_time_out: Duration,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, BuildError> {
        let encrypted = base_url.is_encrypted();
        Ok(Self {
            #[cfg(feature = "test-support")]
            in_process: crate::in_process::InProcessClient::find(&base_url, &headers),
            reads: reads(headers.clone(), connect_time_out, encrypted)?,
            effects: effects(headers, connect_time_out, encrypted)?,
            base_url,
            clock,
            gate: Arc::new(OpenGate),
        })
    }

    /// Has `gate` asked before each request. By default everything is let through.
    pub fn set_gate(&mut self, gate: Arc<dyn Gate>) {
        self.gate = gate;
    }

    /// The host it reaches.
    pub const fn base_url(&self) -> &BaseUrl {
        &self.base_url
    }

    /// Makes the one attempt; gives the whole answer, whatever its status.
    ///
    /// The window of a purchase is asked after the gate, just before the write, and bounds the time-out:
    /// nothing is sent once it is over. May be dropped at any time; whether the request was sent is then
    /// unknown.
    ///
    /// # Errors
    ///
    /// A [`Failure`] where no whole answer came, which says what that means:
    ///
    /// - outside the window: [`ErrorKind::Unavailable`], and nothing was sent;
    /// - no connection: [`ErrorKind::Unavailable`], and nothing was sent;
    /// - no answer in time, or one that broke off: [`ErrorKind::Unavailable`] for a read,
    ///   [`ErrorKind::Ambiguous`] for everything else;
    /// - an answer of more than 64 MiB to a read, or of more than 8 MiB to anything else:
    ///   [`ErrorKind::InvalidResponse`] or [`ErrorKind::Ambiguous`].
    ///
    /// Its `status` and `retry_after` are there where the head of an answer came.
    pub async fn attempt(&self, request: Request<'_>) -> Result<Answer, Failure> {
        self.gate.admit(request.class).await;
        let time_out = self.time_left(&request)?;
        let operation = request.operation;
        let started = self.clock.monotonic();
        let outcome = self.send(request, time_out).await;
        let took = self.clock.monotonic().since(started).as_millis();
        match &outcome {
            Ok(answer) => tracing::debug!(
                %operation,
                duration_ms = took,
                status = answer.status,
                bytes = answer.body.len(),
                "answered"
            ),
            Err(failure) => tracing::debug!(
                %operation,
                duration_ms = took,
                status = failure.status,
                kind = failure.kind.as_str(),
                "not answered"
            ),
        }
        outcome
    }

    fn time_left(&self, request: &Request<'_>) -> Result<Duration, Failure> {
        let Some(window) = request.window else {
            return Ok(request.time_out);
        };
        match window.remaining(&*self.clock) {
            Some(left) => Ok(left.min(request.time_out)),
            None => Err(Failure {
                effect: request.effect,
                ..Failure::not_sent(
                    ErrorKind::Unavailable,
                    "the time in which this purchase may be sent is over",
                )
            }),
        }
    }

    async fn send(&self, request: Request<'_>, time_out: Duration) -> Result<Answer, Failure> {
        let effect = request.effect;
        let client = match effect {
            Effect::None => &self.reads,
            Effect::Change | Effect::Purchase => &self.effects,
        };
        let url = self.base_url.with(&request.path, &request.query);
        let mut builder = client
            .request(request.method, url)
            .timeout(time_out)
            .headers(request.headers);
        if request.uncached {
            builder = builder.header(CACHE_CONTROL, "no-cache");
        }
        if let Some(sign) = request.signer {
            builder = builder.headers(sign(request.body.as_deref().unwrap_or_default()));
        }
        if let Some(body) = request.body {
            builder = builder.body(body);
        }
        let failed =
            |error: reqwest::Error| Failure::no_answer(effect, sent(&error), describe(&error));
        let request = builder.build().map_err(failed)?;
        #[cfg(feature = "test-support")]
        if let Some(client) = &self.in_process {
            let response = client.execute(request, effect, time_out).await?;
            return answer::read(response, effect, self.clock.now()).await;
        }
        let response = client.execute(request).await.map_err(failed)?;
        answer::read(response, effect, self.clock.now()).await
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Transport")
            .field("base_url", &self.base_url.as_str())
            .finish_non_exhaustive()
    }
}
