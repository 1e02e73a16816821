//! The two `reqwest` clients, and what their errors and headers mean.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{ClientBuilder, Response};

use crate::error::Sent;

pub(super) type Transport = reqwest::Client;

/// The header of the access code (reference: authentication).
const ACCESS_CODE: HeaderName = HeaderName::from_static("rt-accesscode");
/// Bytes of an answer to a read; the whole catalogue has several millions.
const LONGEST_READ: usize = 64 << 20;
/// Bytes of an answer to an effect.
const LONGEST_EFFECT: usize = 8 << 20;

/// The client that reads.
pub(super) fn read_transport(
    access_code: HeaderValue,
    connect: Duration,
    encrypted: bool,
) -> reqwest::Result<Transport> {
    common(access_code, connect, encrypted).build()
}

/// The client that buys, cancels and suspends. Each request has a connection of its own, over HTTP/1.1: on a
/// reused or shared one the transport may replay what it holds for unsent.
pub(super) fn effect_transport(
    access_code: HeaderValue,
    connect: Duration,
    encrypted: bool,
) -> reqwest::Result<Transport> {
    common(access_code, connect, encrypted)
        .http1_only()
        .pool_max_idle_per_host(0)
        .build()
}

/// No retries, no redirects (the access code must not follow one) and no proxy from the environment.
fn common(access_code: HeaderValue, connect: Duration, encrypted: bool) -> ClientBuilder {
    let mut headers = HeaderMap::new();
    headers.insert(ACCESS_CODE, access_code);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
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

/// An answer of which not all could be taken.
pub(super) struct Cut {
    pub(super) words: String,
    pub(super) too_long: bool,
}

/// The whole body, up to a limit that no honest answer reaches.
pub(super) async fn read_body(mut response: Response, effect: bool) -> Result<Vec<u8>, Cut> {
    let limit = if effect { LONGEST_EFFECT } else { LONGEST_READ };
    let too_long = || Cut {
        words: format!("the answer is longer than {} MiB", limit >> 20),
        too_long: true,
    };
    let expected = response.content_length().unwrap_or_default();
    let expected = usize::try_from(expected).map_err(|_| too_long())?;
    if expected > limit {
        return Err(too_long());
    }
    let mut body = Vec::with_capacity(expected);
    loop {
        match response.chunk().await {
            Ok(None) => return Ok(body),
            Ok(Some(chunk)) if body.len() + chunk.len() > limit => return Err(too_long()),
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Err(error) => {
                let words = format!("the answer broke off: {}", describe(&error));
                return Err(Cut {
                    words,
                    too_long: false,
                });
            }
        }
    }
}

/// How long `Retry-After` asks to wait, as seconds or as an HTTP date (RFC 9110, section 10.2.3).
pub(super) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let moment = DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Duration::try_from(moment.duration_since(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("7", Some(7))]
    #[case(" 0 ", Some(0))]
    #[case("Wed, 18 Nov 2026 12:00:30 GMT", Some(30))]
    #[case("Wed, 18 Nov 2026 11:00:00 GMT", Some(0))]
    #[case("-5", None)]
    #[case("soon", None)]
    #[case("", None)]
    fn retry_after_is_read_in_both_forms(#[case] text: &str, #[case] seconds: Option<u64>) {
        let now: Timestamp = "2026-11-18T12:00:00Z".parse().unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_str(text).unwrap());
        assert_eq!(retry_after(&headers, now), seconds.map(Duration::from_secs));
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
