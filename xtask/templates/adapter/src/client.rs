//! HTTP: requests as @Words@ takes them, and what their answers mean.

use std::sync::Arc;
use std::time::Duration;

use roamport_domain::provider::{Operation, SendWindow};
use roamport_domain::{Clock, ProviderError, ProviderName, Secret};
use roamport_provider_http::settings::{BaseUrl, SettingError};
use roamport_provider_http::{Failure, HeaderMap, HeaderName, Request, Secrets, Sent, Transport};
use secrecy::ExposeSecret;

use crate::config::@Type@Config;
use crate::error::{classify, into_error};

const AUTHORIZATION: HeaderName = HeaderName::from_static("authorization");

/// The transport and what every call needs beside it.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) name: ProviderName,
    pub(crate) transport: Transport,
    pub(crate) purchase_time_out: Duration,
    pub(crate) read_time_out: Duration,
    secrets: Secrets,
}

impl Client {
    pub(crate) fn new(
        config: &@Type@Config,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SettingError> {
        config.check()?;
        let base_url = BaseUrl::parse(&config.base_url)?;
        let headers = HeaderMap::from_iter([(AUTHORIZATION, config.authorization()?)]);
        Ok(Self {
            name: config.name.clone(),
            transport: Transport::new(base_url, headers, config.connect_time_out, clock)?,
            purchase_time_out: config.purchase_time_out,
            read_time_out: config.read_time_out,
            secrets: Secrets::new([Secret::new(config.token.expose_secret())]),
        })
    }

    /// Makes the one attempt; gives the body of a 2xx answer. Where @Words@ signs requests, sign here:
    /// `request.signed(…)`.
    pub(crate) async fn send(&self, request: Request<'_>) -> Result<Vec<u8>, Failure> {
        let operation = request.operation();
        let answer = self.transport.attempt(request).await?;
        if answer.is_success() {
            return Ok(answer.body);
        }
        let kind = classify(operation, Sent::Maybe, Some(answer.status));
        // @Words@'s own words belong into the message, once `wire` can read them.
        let words = format!("HTTP {}", answer.status);
        Err(Failure {
            kind,
            status: Some(answer.status),
            retry_after: answer.retry_after,
            ..Failure::unusable(operation, words)
        })
    }

    /// A read of `path`, which begins with a slash.
    pub(crate) fn read(&self, operation: Operation, path: &'static str) -> Request<'static> {
        Request::read(operation, path, self.read_time_out)
    }

    /// A call of `path` that buys, inside `window`. What changes something and takes no money is a
    /// `Request::change`.
    pub(crate) fn purchase(
        &self,
        operation: Operation,
        path: &'static str,
        body: Vec<u8>,
        window: SendWindow,
    ) -> Request<'static> {
        Request::purchase(operation, path, body, self.purchase_time_out, window)
    }

    /// The port's error.
    pub(crate) fn error(&self, operation: Operation, failure: Failure) -> ProviderError {
        into_error(failure, &self.name, operation, &self.secrets)
    }
}
