//! The two `reqwest` clients, and what their errors mean.

use std::time::Duration;

use reqwest::ClientBuilder;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};

use crate::Sent;

/// The HTTP client could not be built, for instance without any CA certificates on the machine.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client could not be built")]
pub struct BuildError(#[from] reqwest::Error);

/// The client that reads.
pub(super) fn reads(
    headers: HeaderMap,
    connect: Duration,
    encrypted: bool,
) -> Result<reqwest::Client, BuildError> {
    Ok(common(headers, connect, encrypted).build()?)
}

/// The client that changes and buys. Each request has a connection of its own, over HTTP/1.1: on a reused
/// or shared one the transport may replay what it holds for unsent.
pub(super) fn effects(
    headers: HeaderMap,
    connect: Duration,
    encrypted: bool,
) -> Result<reqwest::Client, BuildError> {
    let builder = common(headers, connect, encrypted);
    Ok(builder.http1_only().pool_max_idle_per_host(0).build()?)
}

/// No retries, no redirects (no header may follow one) and no proxy from the environment.
fn common(mut headers: HeaderMap, connect: Duration, encrypted: bool) -> ClientBuilder {
    for value in headers.values_mut() {
        value.set_sensitive(true);
    }
    for name in [ACCEPT, CONTENT_TYPE] {
        let json = HeaderValue::from_static("application/json");
        headers.entry(name).or_insert(json);
    }
    let builder = reqwest::Client::builder()
        .user_agent(concat!("roamport/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers)
        .retry(reqwest::retry::never())
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .no_proxy()
        .connect_timeout(connect)
        .tcp_nodelay(true);
    // A machine without CA certificates could not build a client that never needs one.
    if encrypted {
        builder
    } else {
        builder.tls_certs_only([])
    }
}

/// Whether a request can have been sent when `error` came.
pub(super) fn sent(error: &reqwest::Error) -> Sent {
    if error.is_builder() || error.is_connect() {
        Sent::No
    } else {
        Sent::Maybe
    }
}

/// What went wrong, without the URL: it may hold an ICCID.
pub(super) fn describe(error: &reqwest::Error) -> String {
    let what = match (error.is_connect(), error.is_timeout()) {
        (true, true) => "no connection stood in time",
        (true, false) => "no connection could be made",
        (false, true) => "no answer came in time",
        (false, false) if error.is_builder() => "the request could not be built",
        (false, false) => "the connection broke before the answer was there",
    };
    let mut cause = std::error::Error::source(error);
    while let Some(deeper) = cause.and_then(std::error::Error::source) {
        cause = Some(deeper);
    }
    match cause {
        Some(cause) if !error.is_timeout() => format!("{what} ({cause})"),
        _ => what.to_owned(),
    }
}
