//! What goes back over the wire: a body in one of the provider's forms, or nothing at all.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::catalogue::NOTHING_IS_REAL;
use crate::fault::Override;

/// The mark on a response that must never be written: close the connection instead.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the sandbox closes the connection without an answer, as a fault asks")]
pub(super) struct HangUp;

const JSON: &str = "application/json; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";

/// An answer.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: String,
    pub(super) content_type: &'static str,
    pub(super) retry_after: Option<u64>,
    /// Further headers, and others in the place of those above.
    pub(super) headers: BTreeMap<String, String>,
    pub(super) hang_up: bool,
    /// Real time to let pass first.
    pub(super) wait: Duration,
}

#[derive(Serialize)]
struct Success<T> {
    status: &'static str,
    data: T,
}

#[derive(Serialize)]
struct Message<'a> {
    message: &'a str,
    status: &'static str,
}

#[derive(Serialize)]
struct Validation<'a> {
    error: &'a str,
}

impl Reply {
    /// Any body as it is.
    pub(super) fn json(status: u16, body: &impl Serialize) -> Self {
        let body = serde_json::to_string(body).expect("answers have text keys and finite numbers");
        Self::text(status, body)
    }

    /// Text that is JSON already, or ought to be.
    pub(super) fn text(status: u16, body: String) -> Self {
        Self {
            status,
            body,
            content_type: JSON,
            retry_after: None,
            headers: BTreeMap::new(),
            hang_up: false,
            wait: Duration::ZERO,
        }
    }

    /// The provider's envelope of success.
    pub(super) fn success(status: u16, data: impl Serialize) -> Self {
        Self::json(
            status,
            &Success {
                status: "success",
                data,
            },
        )
    }

    /// The provider's form of most failures.
    pub(super) fn failed(status: u16, message: &str) -> Self {
        Self::json(
            status,
            &Message {
                message,
                status: "failed",
            },
        )
    }

    /// The provider's form of a request that does not validate.
    pub(super) fn invalid(error: &str) -> Self {
        Self::json(400, &Validation { error })
    }

    /// A web page where JSON belongs.
    pub(super) fn html(status: u16) -> Self {
        let body = format!(
            "<!DOCTYPE html><html><head><title>{status}</title></head><body>{NOTHING_IS_REAL}</body></html>\n"
        );
        Self {
            content_type: HTML,
            ..Self::text(status, body)
        }
    }

    /// No answer: the connection closes.
    pub(super) fn hang_up() -> Self {
        Self {
            hang_up: true,
            ..Self::text(500, String::new())
        }
    }

    /// The same answer with what a fault puts in its place.
    pub(super) fn overridden(self, sent: &Override) -> Self {
        let body = sent.body.clone();
        Self {
            status: sent.status.unwrap_or(self.status),
            body: body.unwrap_or(self.body),
            headers: sent.headers.clone(),
            hang_up: false,
            ..self
        }
    }

    /// The same answer with a `Retry-After` header, in seconds.
    pub(super) fn retry_after(self, seconds: Option<u64>) -> Self {
        Self {
            retry_after: seconds,
            ..self
        }
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, self.body).into_response();
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        if let Some(seconds) = self.retry_after {
            response
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        for (name, value) in &self.headers {
            let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value))
            else {
                return Self::failed(500, &format!("`{name}` is no header, or has no such value"))
                    .into_response();
            };
            response.headers_mut().insert(name, value);
        }
        if self.hang_up {
            response.extensions_mut().insert(HangUp);
        }
        response
    }
}

/// What every unknown path and method gets.
pub(super) async fn not_found() -> Reply {
    Reply::failed(404, "Not found")
}

/// What a missing and a wrong token get, word for word the same.
pub(super) fn unauthorized() -> Reply {
    Reply::failed(401, "Unauthorized")
}
