//! HTTP: requests as this provider takes them, and what their answers mean.

use roamport_provider_http::settings::{BaseUrl, SettingError};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use roamport_domain::provider::Operation;
use roamport_domain::{Clock, ProviderError, ProviderName, Secret};
use roamport_provider_http::{
    Answer, Failure, HeaderMap, HeaderName, Request, Secrets, Sent, Transport,
};
use secrecy::ExposeSecret;
use serde::Deserialize;

use crate::config::RoamifyConfig;
use crate::error::{classify, into_error};
use crate::wire;

const AUTHORIZATION: HeaderName = HeaderName::from_static("authorization");

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

/// The transport and what every call needs beside it.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) name: ProviderName,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) limits: Limits,
    pub(crate) time_outs: TimeOuts,
    pub(crate) transport: Transport,
    pub(crate) token: Secret,
    secrets: Secrets,
}

impl Client {
    pub(crate) fn new(config: &RoamifyConfig, clock: Arc<dyn Clock>) -> Result<Self, SettingError> {
        config.check()?;
        let base_url = BaseUrl::parse(&config.base_url)?;
        let headers = HeaderMap::from_iter([(AUTHORIZATION, config.authorization()?)]);
        let transport = Transport::new(
            base_url,
            headers,
            config.connect_time_out,
            Arc::clone(&clock),
        )?;
        let token = Secret::new(config.token.expose_secret());
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
            transport,
            secrets: Secrets::new([token.clone()]),
            token,
        })
    }

    /// Makes the one attempt; gives the body of a 2xx answer.
    pub(crate) async fn send(&self, request: Request<'_>) -> Result<Vec<u8>, Failure> {
        self.answer(request).await.map(|answer| answer.body)
    }

    /// Makes the one attempt; gives a 2xx answer.
    pub(crate) async fn answer(&self, request: Request<'_>) -> Result<Answer, Failure> {
        let operation = request.operation();
        let (status, retry_after, body) = match self.transport.attempt(request).await {
            Ok(answer) if answer.is_success() => return Ok(answer),
            Ok(answer) => (answer.status, answer.retry_after, answer.body),
            Err(failure) => match failure.status {
                // The refusal stands without its words.
                Some(status @ 400..=499) => (status, failure.retry_after, Vec::new()),
                _ => return Err(failure),
            },
        };
        let failure = classify(operation, Sent::Maybe, Some(status), &body);
        Err(Failure {
            retry_after,
            ..failure
        })
    }

    /// Makes the one attempt of a list that may prove that something is not there, past caches; gives the
    /// answer whatever its status.
    pub(crate) async fn list(&self, request: Request<'_>) -> Result<Answer, Failure> {
        self.transport.attempt(request.uncached()).await
    }

    /// Why such an answer is none.
    pub(crate) fn unusable(
        operation: Operation,
        answer: &Answer,
        unusable: wire::Unusable,
    ) -> Failure {
        match unusable {
            wire::Unusable::Failure => Failure {
                retry_after: answer.retry_after,
                ..classify(operation, Sent::Maybe, Some(answer.status), &answer.body)
            },
            wire::Unusable::Schema(detail) => {
                Failure::unusable(operation, format!("the answer cannot be read: {detail}"))
            }
        }
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
        into_error(failure, &self.name, operation, &self.secrets)
    }

    /// A read of `path`.
    pub(crate) fn read<'a>(
        &self,
        operation: Operation,
        path: &'static str,
        query: Vec<(&'static str, Cow<'a, str>)>,
    ) -> Request<'a> {
        Request::read(operation, path, self.time_outs.read).with_query(query)
    }
}
