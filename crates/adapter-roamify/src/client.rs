//! HTTP: one attempt at each request, the purchase kept apart from the read.

mod transport;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, Url};
use roamport_domain::provider::{CallClass, ErrorKind, Gate, OpenGate, Operation, SendWindow};
use roamport_domain::{Clock, ProviderError, ProviderName, Secret};
use secrecy::ExposeSecret;
use serde::Deserialize;

use self::transport::{Transport, effect_transport, read_body, read_transport, sent};
use crate::config::{RoamifyConfig, RoamifyConfigError};
use crate::error::{Failure, Sent, classify};
use crate::wire;

/// What one listing or list may ask for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) page_size: u16,
    pub(crate) pages_in_flight: usize,
    pub(crate) pages_at_most: u32,
    pub(crate) list_limit: u16,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeOuts {
    pub(crate) read: Duration,
    pub(crate) listing: Duration,
    pub(crate) purchase: Duration,
    pub(crate) provision: Duration,
}

/// The two HTTP clients and what every call needs beside them.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) name: ProviderName,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) limits: Limits,
    pub(crate) time_outs: TimeOuts,
    pub(crate) gate: Arc<dyn Gate>,
    base_url: Url,
    token: Secret,
    reads: Transport,
    effects: Transport,
}

/// One request.
pub(crate) struct Call<'a> {
    pub(crate) operation: Operation,
    pub(crate) class: CallClass,
    pub(crate) path: &'static str,
    pub(crate) query: Vec<(&'static str, Cow<'a, str>)>,
    pub(crate) time_out: Duration,
    /// The body of a POST; a GET where there is none.
    pub(crate) body: Option<Vec<u8>>,
    /// When a purchase may be sent.
    pub(crate) window: Option<SendWindow>,
}

impl Client {
    pub(crate) fn new(
        config: &RoamifyConfig,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, RoamifyConfigError> {
        config.check_time_outs()?;
        let base_url = config.checked_base_url()?;
        let authorization = config.checked_authorization()?;
        let encrypted = base_url.scheme() == "https";
        let connect = config.connect_time_out;
        Ok(Self {
            name: config.name.clone(),
            clock,
            limits: Limits {
                page_size: config.page_size.get(),
                pages_in_flight: usize::from(config.pages_in_flight.get()),
                pages_at_most: config.pages_at_most.get(),
                list_limit: config.list_limit.get(),
            },
            time_outs: TimeOuts {
                read: config.read_time_out,
                listing: config.listing_time_out,
                purchase: config.purchase_time_out,
                provision: config.provision_time_out,
            },
            gate: Arc::new(OpenGate),
            base_url,
            token: Secret::new(config.token.expose_secret()),
            reads: read_transport(authorization.clone(), connect, encrypted)
                .map_err(RoamifyConfigError::Http)?,
            effects: effect_transport(authorization, connect, encrypted)
                .map_err(RoamifyConfigError::Http)?,
        })
    }

    /// Makes the one attempt; gives the body of a 2xx answer.
    ///
    /// For a purchase the window is asked after the gate, just before the write, and bounds the
    /// time-out: nothing is sent once it is over.
    pub(crate) async fn send(&self, call: Call<'_>) -> Result<Vec<u8>, Failure> {
        self.gate.admit(call.class).await;
        let time_out = match call.window {
            None => call.time_out,
            Some(window) => window.remaining(&*self.clock).map_or_else(
                || {
                    let words = "the time in which this purchase may be sent is over";
                    Err(Failure::not_sent(ErrorKind::Unavailable, words))
                },
                |left| Ok(left.min(call.time_out)),
            )?,
        };
        let started = self.clock.monotonic();
        let operation = call.operation;
        let outcome = self.attempt(call, time_out).await;
        let took = self.clock.monotonic().since(started).as_millis();
        match &outcome {
            Ok(body) => {
                tracing::debug!(%operation, duration_ms = took, bytes = body.len(), "answered");
            }
            Err(failure) => tracing::debug!(
                %operation,
                duration_ms = took,
                status = failure.status,
                kind = failure.kind.as_str(),
                "failed"
            ),
        }
        outcome
    }

    async fn attempt(&self, call: Call<'_>, time_out: Duration) -> Result<Vec<u8>, Failure> {
        let operation = call.operation;
        let effect = operation.has_effect();
        let transport = if effect { &self.effects } else { &self.reads };
        let url = self.url(call.path, &call.query);
        let method = if call.body.is_some() {
            Method::POST
        } else {
            Method::GET
        };
        let mut request = transport.request(method, url).timeout(time_out);
        if let Some(body) = call.body {
            request = request.body(body);
        }
        let response = request.send().await.map_err(|error| {
            let words = transport::describe(&error);
            Failure {
                message: words,
                ..classify(operation, sent(&error), None, b"")
            }
        })?;
        let status = response.status();
        let retry_after = transport::retry_after(response.headers(), self.clock.now());
        let body = match read_body(response, effect).await {
            Ok(body) => body,
            // The refusal stands without its words.
            Err(_) if status.is_client_error() => Vec::new(),
            Err(cut) if cut.too_long => return Err(Failure::unusable(operation, cut.words)),
            Err(cut) => {
                let failure = classify(operation, Sent::Maybe, None, b"");
                return Err(Failure {
                    message: cut.words,
                    status: Some(status.as_u16()),
                    ..failure
                });
            }
        };
        if status.is_success() {
            return Ok(body);
        }
        let failure = classify(operation, Sent::Maybe, Some(status.as_u16()), &body);
        Err(Failure {
            retry_after,
            ..failure
        })
    }

    pub(crate) const fn base_url(&self) -> &Url {
        &self.base_url
    }

    fn url(&self, path: &str, query: &[(&'static str, Cow<'_, str>)]) -> Url {
        let mut url = self.base_url.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}{path}"));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    /// The `data` of a 2xx answer.
    pub(crate) fn decode<'a, T: Deserialize<'a>>(
        operation: Operation,
        body: &'a [u8],
    ) -> Result<T, Failure> {
        wire::decode(body).map_err(|unusable| match unusable {
            wire::Unusable::Failure => classify(operation, Sent::Maybe, Some(200), body),
            wire::Unusable::Schema(detail) => {
                Failure::unusable(operation, format!("the answer cannot be read: {detail}"))
            }
        })
    }

    /// The port's error.
    pub(crate) fn error(&self, operation: Operation, failure: Failure) -> ProviderError {
        failure.into_error(&self.name, operation, &self.token)
    }

    /// A read of `path`.
    pub(crate) fn read<'a>(
        &self,
        operation: Operation,
        path: &'static str,
        query: Vec<(&'static str, Cow<'a, str>)>,
    ) -> Call<'a> {
        Call {
            operation,
            class: CallClass::Read,
            path,
            query,
            time_out: self.time_outs.read,
            body: None,
            window: None,
        }
    }
}
