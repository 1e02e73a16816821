//! HTTP: one attempt at each request, signed where the account asks for it, the purchase kept apart
//! from the read.

mod signature;
mod transport;

use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use roamport_domain::provider::{CallClass, ErrorKind, Gate, OpenGate, Operation, SendWindow};
use roamport_domain::{Clock, ProviderError, ProviderName, Secret};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use self::signature::signature;
use self::transport::{Transport, effect_transport, read_body, read_transport, sent};
use crate::config::{EsimAccessConfig, EsimAccessConfigError};
use crate::error::{Effect, Failure, Sent, classify};
use crate::wire;

/// Where every path of the API begins.
const API: &str = "/api/v1/open";

const TIMESTAMP: HeaderName = HeaderName::from_static("rt-timestamp");
const REQUEST_ID: HeaderName = HeaderName::from_static("rt-requestid");
const SIGNATURE: HeaderName = HeaderName::from_static("rt-signature");

#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeOuts {
    pub(crate) read: Duration,
    pub(crate) catalogue: Duration,
    pub(crate) purchase: Duration,
}

/// The key of the signed mode.
#[derive(Clone)]
struct Signer {
    key: Secret,
    upper_case: bool,
}

/// The two HTTP clients and what every call needs beside them.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) name: ProviderName,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) page_size: u16,
    pub(crate) time_outs: TimeOuts,
    pub(crate) gate: Arc<dyn Gate>,
    base_url: Url,
    access_code: Secret,
    signer: Option<Signer>,
    reads: Transport,
    effects: Transport,
}

/// One request. Every call of this API is a POST of JSON.
pub(crate) struct Call {
    pub(crate) operation: Operation,
    pub(crate) effect: Effect,
    pub(crate) class: CallClass,
    pub(crate) path: &'static str,
    /// Serialised once: these very bytes are signed and sent.
    pub(crate) body: Vec<u8>,
    pub(crate) time_out: Duration,
    /// When a purchase may be sent.
    pub(crate) window: Option<SendWindow>,
}

impl Client {
    pub(crate) fn new(
        config: &EsimAccessConfig,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, EsimAccessConfigError> {
        config.check()?;
        let base_url = config.checked_base_url()?;
        let access_code = config.checked_access_code()?;
        let encrypted = base_url.scheme() == "https";
        let connect = config.connect_time_out;
        let signer = config.secret_key.as_ref().map(|key| Signer {
            key: Secret::new(key.expose_secret()),
            upper_case: config.upper_case_signature,
        });
        Ok(Self {
            name: config.name.clone(),
            clock,
            page_size: config.page_size.get(),
            time_outs: TimeOuts {
                read: config.read_time_out,
                catalogue: config.catalogue_time_out,
                purchase: config.purchase_time_out,
            },
            gate: Arc::new(OpenGate),
            base_url,
            access_code: Secret::new(config.access_code.expose_secret()),
            signer,
            reads: read_transport(access_code.clone(), connect, encrypted)
                .map_err(EsimAccessConfigError::Http)?,
            effects: effect_transport(access_code, connect, encrypted)
                .map_err(EsimAccessConfigError::Http)?,
        })
    }

    /// Makes the one attempt; gives the body of a 2xx answer, which may still say that it failed.
    ///
    /// For a purchase the window is asked after the gate, just before the write, and bounds the
    /// time-out: nothing is sent once it is over.
    pub(crate) async fn send(&self, call: Call) -> Result<Vec<u8>, Failure> {
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

    async fn attempt(&self, call: Call, time_out: Duration) -> Result<Vec<u8>, Failure> {
        let effect = call.effect;
        let transport = if effect == Effect::None {
            &self.reads
        } else {
            &self.effects
        };
        let response = transport
            .post(self.url(call.path))
            .headers(self.signed(&call.body))
            .timeout(time_out)
            .body(call.body)
            .send()
            .await
            .map_err(|error| Failure {
                message: transport::describe(&error),
                ..classify(effect, sent(&error), None, b"")
            })?;
        let status = response.status();
        let retry_after = transport::retry_after(response.headers(), self.clock.now());
        let body = match read_body(response, effect != Effect::None).await {
            Ok(body) => body,
            Err(cut) if cut.too_long => return Err(Failure::unusable(effect, cut.words)),
            Err(cut) => {
                let failure = classify(effect, Sent::Maybe, None, b"");
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
        let failure = classify(effect, Sent::Maybe, Some(status.as_u16()), &body);
        Err(Failure {
            retry_after,
            ..failure
        })
    }

    /// The headers of the signed mode, fresh for this attempt; none without a key.
    fn signed(&self, body: &[u8]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let Some(signer) = &self.signer else {
            return headers;
        };
        let timestamp = self.clock.now().as_millisecond().to_string();
        let request_id = Uuid::new_v4().to_string();
        let mut signature = signature(
            &signer.key,
            &[&timestamp, &request_id, self.access_code.expose()],
            body,
        );
        if signer.upper_case {
            signature.make_ascii_uppercase();
        }
        for (name, text) in [
            (TIMESTAMP, timestamp),
            (REQUEST_ID, request_id),
            (SIGNATURE, signature),
        ] {
            let value =
                HeaderValue::try_from(text).expect("digits, letters and dashes fit a header");
            headers.insert(name, value);
        }
        headers
    }

    pub(crate) const fn base_url(&self) -> &Url {
        &self.base_url
    }

    pub(crate) const fn is_signing(&self) -> bool {
        self.signer.is_some()
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.base_url.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}{API}{path}"));
        url
    }

    /// The `obj` of a successful answer.
    pub(crate) fn decode<'a, T: Deserialize<'a>>(
        effect: Effect,
        body: &'a [u8],
    ) -> Result<T, Failure> {
        wire::decode(body).map_err(|unusable| refused(effect, unusable, body))
    }

    /// A successful answer that holds nothing.
    pub(crate) fn decode_empty(effect: Effect, body: &[u8]) -> Result<(), Failure> {
        wire::decode_empty(body).map_err(|unusable| refused(effect, unusable, body))
    }

    /// The port's error.
    pub(crate) fn error(&self, operation: Operation, failure: Failure) -> ProviderError {
        let key = self.signer.as_ref().map(|signer| &signer.key);
        let secrets: Vec<&Secret> = std::iter::once(&self.access_code).chain(key).collect();
        failure.into_error(&self.name, operation, &secrets)
    }

    /// A read of `path`; `body` is a pure function of what is asked.
    pub(crate) fn read(
        &self,
        operation: Operation,
        path: &'static str,
        body: &impl Serialize,
    ) -> Call {
        Call {
            operation,
            effect: Effect::None,
            class: CallClass::Read,
            path,
            body: serde_json::to_vec(body).expect("texts and numbers always make JSON"),
            time_out: self.time_outs.read,
            window: None,
        }
    }

    /// A call of `path` that changes something.
    pub(crate) fn effect(
        &self,
        operation: Operation,
        effect: Effect,
        path: &'static str,
        body: &impl Serialize,
    ) -> Call {
        Call {
            effect,
            class: CallClass::Purchase,
            time_out: self.time_outs.purchase,
            ..self.read(operation, path, body)
        }
    }
}

fn refused(effect: Effect, unusable: wire::Unusable, body: &[u8]) -> Failure {
    match unusable {
        wire::Unusable::Failure => classify(effect, Sent::Maybe, Some(200), body),
        wire::Unusable::Schema(detail) => {
            Failure::unusable(effect, format!("the answer cannot be read: {detail}"))
        }
    }
}
