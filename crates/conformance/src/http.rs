//! The promises of every adapter that reaches its provider over HTTP.
//!
//! A case takes an [`HttpHarness`], starts a [`RawServer`] that breaks connections or answers what nobody
//! documents, and looks at what the adapter makes of it. Nothing leaves loopback.
//! [`http_suite!`](crate::http_suite) tries them all, beside
//! [`provider_suite!`](crate::provider_suite), which needs a simulation of the provider.

mod answers;
mod connections;
mod secrets;
mod server;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use roamport_domain::Secret;
use roamport_domain::provider::{ErrorKind, EsimKey, EsimProvider, ProviderError};

pub use self::server::{Behaviour, RawServer};
use crate::suite::{Area, Suite};

/// The adapter under test, and what only its own tests know: how its provider speaks.
#[async_trait]
pub trait HttpHarness: Debug + Send + Sync {
    /// The adapter at this base URL. With a timeout, every call gives up after that time.
    fn provider(&self, base_url: &str, timeout: Option<Duration>) -> Arc<dyn EsimProvider>;

    /// Places an order inside its window; `None` if it was placed.
    async fn order(&self, provider: &dyn EsimProvider) -> Option<ProviderError>;

    /// Makes every other call that changes something by one request. Returns the errors.
    async fn changes(&self, provider: &dyn EsimProvider) -> Vec<ProviderError>;

    /// The body of an answer under which an order was placed.
    fn placed(&self) -> String;

    /// Answers that nobody documents, beside those that are odd from any provider: status, body, and the
    /// kind of error that they are to a read.
    fn odd_answers(&self) -> Vec<(u16, &'static str, ErrorKind)>;

    /// Bodies in which the provider shows a secret.
    fn telling_bodies(&self) -> Vec<String>;

    /// An eSIM, by its card number.
    fn esim(&self) -> EsimKey;

    /// Texts that must appear nowhere: the token, the activation codes of the bodies, the card number.
    fn secrets(&self) -> Vec<Secret>;
}

/// Every promise of an adapter over HTTP.
pub static SUITE: Suite<dyn HttpHarness> = Suite {
    name: "http_suite!",
    title: "Adapters over HTTP",
    areas: &[
        Area::new("connections", "Connections", connections::PROMISES),
        Area::new("answers", "Odd answers", answers::PROMISES),
        Area::new("secrets", "Secrets in errors", secrets::PROMISES),
    ],
};

/// Makes one test that tries every promise of an adapter over HTTP, and names each that is broken. The
/// expression makes a new [`HttpHarness`](crate::http::HttpHarness) for each. `not_applicable` and `only` are
/// those of [`provider_suite!`](crate::provider_suite).
#[macro_export]
macro_rules! http_suite {
    ($($arguments:tt)+) => {
        $crate::suite_test! {
            every_promise_of_the_adapter_over_http_is_kept,
            $crate::http::SUITE,
            dyn $crate::http::HttpHarness;
            $($arguments)+
        }
    };
}

/// An answer to every request.
async fn answering(status: u16, headers: &str, body: &str) -> RawServer {
    RawServer::start(vec![Behaviour::AnswerAndStay(answer(
        status, headers, body,
    ))])
    .await
}

/// An answer as it goes over the wire; it lives as long as its test.
fn answer(status: u16, headers: &str, body: &str) -> &'static str {
    let length = body.len();
    let head = format!("HTTP/1.1 {status} Answer\r\nContent-Type: application/json\r\n{headers}");
    format!("{head}Content-Length: {length}\r\n\r\n{body}").leak()
}

/// The error of an order that must not go well.
async fn failed_order(harness: &dyn HttpHarness, provider: &dyn EsimProvider) -> ProviderError {
    let error = harness.order(provider).await;
    error.expect("an order went well and should not have")
}

/// The error of a read that must not go well.
async fn failed_read(provider: &dyn EsimProvider) -> ProviderError {
    match provider.balance().await {
        Ok(balance) => panic!("a balance of {balance} was read, which nobody sent"),
        Err(error) => error,
    }
}
