//! HTTP: one attempt at each request, the purchase kept apart from the read.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Response, Url};
use roamport_domain::provider::{CallClass, ErrorKind, Gate, OpenGate, Operation, SendWindow};
use roamport_domain::{Clock, ProviderError, ProviderName, Secret};
use secrecy::ExposeSecret;

use crate::config::{@Type@Config, @Type@ConfigError};
use crate::error::{Failure, Sent, classify};

/// Bytes of an answer; no honest one reaches it.
const LONGEST_ANSWER: usize = 64 << 20;

/// The two HTTP clients and what every call needs beside them.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) name: ProviderName,
    pub(crate) gate: Arc<dyn Gate>,
    pub(crate) purchase_time_out: Duration,
    pub(crate) read_time_out: Duration,
    clock: Arc<dyn Clock>,
    base_url: Url,
    token: Secret,
    reads: reqwest::Client,
    effects: reqwest::Client,
}

/// One request.
pub(crate) struct Call {
    pub(crate) operation: Operation,
    pub(crate) class: CallClass,
    pub(crate) method: Method,
    /// Begins with a slash.
    pub(crate) path: String,
    pub(crate) body: Option<Vec<u8>>,
    /// When a purchase may be sent.
    pub(crate) window: Option<SendWindow>,
    pub(crate) time_out: Duration,
}

impl Client {
    pub(crate) fn new(
        config: &@Type@Config,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, @Type@ConfigError> {
        config.check_time_outs()?;
        let base_url = config.checked_base_url()?;
        let authorization = config.checked_authorization()?;
        let encrypted = base_url.scheme() == "https";
        let connect = config.connect_time_out;
        let reads = transport(authorization.clone(), connect, encrypted);
        // Each effect has a connection of its own, over HTTP/1.1: on a reused or shared one the transport
        // may replay what it holds for unsent.
        let effects = transport(authorization, connect, encrypted)
            .http1_only()
            .pool_max_idle_per_host(0);
        Ok(Self {
            name: config.name.clone(),
            gate: Arc::new(OpenGate),
            purchase_time_out: config.purchase_time_out,
            read_time_out: config.read_time_out,
            clock,
            base_url,
            token: Secret::new(config.token.expose_secret()),
            reads: reads.build().map_err(@Type@ConfigError::Http)?,
            effects: effects.build().map_err(@Type@ConfigError::Http)?,
        })
    }

    /// Makes the one attempt; gives the body of a 2xx answer.
    ///
    /// A purchase's window is asked after the gate, just before the write, and bounds the time-out:
    /// nothing is sent once it is over.
    pub(crate) async fn send(&self, call: Call) -> Result<Vec<u8>, Failure> {
        self.gate.admit(call.class).await;
        let time_out = match call.window {
            None => call.time_out,
            Some(window) => {
                let Some(left) = window.remaining(&*self.clock) else {
                    let words = "the time in which this purchase may be sent is over";
                    return Err(Failure::not_sent(ErrorKind::Unavailable, words));
                };
                left.min(call.time_out)
            }
        };
        let operation = call.operation;
        let outcome = self.attempt(call, time_out).await;
        match &outcome {
            Ok(body) => tracing::debug!(%operation, bytes = body.len(), "answered"),
            Err(failure) => tracing::debug!(%operation, kind = failure.kind.as_str(), "failed"),
        }
        outcome
    }

    async fn attempt(&self, call: Call, time_out: Duration) -> Result<Vec<u8>, Failure> {
        let operation = call.operation;
        let client = if operation.has_effect() {
            &self.effects
        } else {
            &self.reads
        };
        let mut url = self.base_url.clone();
        url.set_path(&format!("{}{}", url.path().trim_end_matches('/'), call.path));
        let mut request = client.request(call.method, url).timeout(time_out);
        if let Some(body) = call.body {
            request = request.body(body);
        }
        let failed = |sent, status, message: String| Failure {
            sent,
            ..Failure::not_sent(classify(operation, sent, status), message)
        };
        let response = request.send().await.map_err(|error| {
            let sent = if error.is_builder() || error.is_connect() {
                Sent::No
            } else {
                Sent::Maybe
            };
            // Without the URL: it may hold an ICCID.
            failed(sent, None, format!("no answer came: {}", error.without_url()))
        })?;
        let status = response.status();
        let body = read_body(response).await;
        match body {
            Ok(body) if status.is_success() => Ok(body),
            Err(words) if status.is_success() => Err(failed(Sent::Maybe, None, words)),
            _ => {
                // @Words@'s own words belong into the message, once `wire` can read them.
                let words = format!("HTTP {}", status.as_u16());
                Err(failed(Sent::Maybe, Some(status.as_u16()), words))
            }
        }
    }

    pub(crate) const fn base_url(&self) -> &Url {
        &self.base_url
    }

    /// The port's error.
    pub(crate) fn error(&self, operation: Operation, failure: Failure) -> ProviderError {
        failure.into_error(&self.name, operation, &self.token)
    }
}

/// No retries, no redirects (the token must not follow one) and no proxy from the environment.
fn transport(
    authorization: HeaderValue,
    connect: Duration,
    encrypted: bool,
) -> reqwest::ClientBuilder {
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, authorization);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    let builder = reqwest::Client::builder()
        .user_agent(concat!("roamport/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers)
        .retry(reqwest::retry::never())
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .no_proxy()
        .connect_timeout(connect);
    // A machine without CA certificates could not build a client that never needs one.
    if encrypted {
        builder
    } else {
        builder.tls_certs_only([])
    }
}

/// The whole body, up to a limit.
async fn read_body(mut response: Response) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(None) => return Ok(body),
            Ok(Some(chunk)) if body.len() + chunk.len() > LONGEST_ANSWER => {
                return Err("the answer is longer than any honest one".to_owned());
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Err(_) => return Err("the answer broke off".to_owned()),
        }
    }
}
