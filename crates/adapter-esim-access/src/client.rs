//! HTTP: requests as this provider takes them, signed where the account asks for it, and what their
//! answers mean.

mod signature;

use roamport_provider_http::settings::{BaseUrl, SettingError};
use std::sync::Arc;
use std::time::Duration;

use roamport_domain::provider::{Operation, SendWindow};
use roamport_domain::{Clock, ProviderError, ProviderName, Secret};
use roamport_provider_http::{
    Answer, Effect, Failure, HeaderMap, HeaderName, HeaderValue, Request, Secrets, Sent, Transport,
};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use self::signature::signature;
use crate::config::EsimAccessConfig;
use crate::error::{classify, into_error};
use crate::wire;

/// Where every path of the API begins.
const API: &str = "/api/v1/open";

/// The header of the access code (reference: authentication).
const ACCESS_CODE: HeaderName = HeaderName::from_static("rt-accesscode");
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

/// The transport and what every call needs beside it.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) name: ProviderName,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) page_size: u16,
    pub(crate) time_outs: TimeOuts,
    pub(crate) transport: Transport,
    pub(crate) access_code: Secret,
    signer: Option<Signer>,
    secrets: Secrets,
}

impl Client {
    pub(crate) fn new(
        config: &EsimAccessConfig,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SettingError> {
        config.check()?;
        let base_url = BaseUrl::parse(&config.base_url)?;
        let headers = HeaderMap::from_iter([(ACCESS_CODE, config.access_code_header()?)]);
        let transport = Transport::new(
            base_url,
            headers,
            config.connect_time_out,
            Arc::clone(&clock),
        )?;
        let access_code = Secret::new(config.access_code.expose_secret());
        let signer = config.secret_key.as_ref().map(|key| Signer {
            key: Secret::new(key.expose_secret()),
            upper_case: config.upper_case_signature,
        });
        let key = signer.as_ref().map(|signer| signer.key.clone());
        Ok(Self {
            name: config.name.clone(),
            clock,
            page_size: config.page_size.get(),
            time_outs: TimeOuts {
                read: config.read_time_out,
                catalogue: config.catalogue_time_out,
                purchase: config.purchase_time_out,
            },
            transport,
            secrets: Secrets::new(key.into_iter().chain([access_code.clone()])),
            access_code,
            signer,
        })
    }

    /// Makes the one attempt; gives the body of a 2xx answer, which may still say that it failed.
    pub(crate) async fn send(&self, request: Request<'_>) -> Result<Vec<u8>, Failure> {
        self.answer(request).await.map(|answer| answer.body)
    }

    /// Makes the one attempt; gives a 2xx answer, which may still say that it failed.
    pub(crate) async fn answer(&self, request: Request<'_>) -> Result<Answer, Failure> {
        let effect = request.effect();
        let request = request.signed(|body| self.signed(body));
        let answer = self.transport.attempt(request).await?;
        // eSIM Access refuses under 200. Under another 2xx a refusal of an effect proves nothing, and `classify`
        // has to see that status.
        let is_doubtful =
            effect.is_any() && answer.status != 200 && wire::said(&answer.body).failed;
        if answer.is_success() && !is_doubtful {
            return Ok(answer);
        }
        let failure = classify(effect, Sent::Maybe, Some(answer.status), &answer.body);
        Err(Failure {
            retry_after: answer.retry_after,
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

    pub(crate) const fn is_signing(&self) -> bool {
        self.signer.is_some()
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
        into_error(failure, &self.name, operation, &self.secrets)
    }

    /// A read of `path`; `body` is a pure function of what is asked. Every call of this API is a POST of
    /// JSON.
    pub(crate) fn read(
        &self,
        operation: Operation,
        path: &'static str,
        body: &impl Serialize,
    ) -> Request<'static> {
        Request::read(operation, format!("{API}{path}"), self.time_outs.read).with_body(json(body))
    }

    /// A call of `path` that changes something and takes no money.
    pub(crate) fn change(
        &self,
        operation: Operation,
        path: &'static str,
        body: &impl Serialize,
    ) -> Request<'static> {
        let path = format!("{API}{path}");
        Request::change(operation, path, json(body), self.time_outs.purchase)
    }

    /// A call of `path` that buys, inside `window`.
    pub(crate) fn purchase(
        &self,
        operation: Operation,
        path: &'static str,
        body: &impl Serialize,
        window: SendWindow,
    ) -> Request<'static> {
        let path = format!("{API}{path}");
        let time_out = self.time_outs.purchase;
        Request::purchase(operation, path, json(body), time_out, window)
    }
}

fn json(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).expect("texts and numbers always make JSON")
}

fn refused(effect: Effect, unusable: wire::Unusable, body: &[u8]) -> Failure {
    match unusable {
        wire::Unusable::Failure => classify(effect, Sent::Maybe, Some(200), body),
        wire::Unusable::Schema(detail) => {
            Failure::unusable(effect, format!("the answer cannot be read: {detail}"))
        }
    }
}
