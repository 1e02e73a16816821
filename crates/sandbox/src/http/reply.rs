//! What goes back over the wire: a status, headers and a body, or nothing at all.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::json::object;
use crate::catalogue::NOTHING_IS_REAL;

/// The mark on a response that must never be written: close the connection instead.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the sandbox closes the connection without an answer, as a fault asks")]
pub(super) struct HangUp;

/// The faults that applied to a call, for the log of requests.
#[derive(Clone, Debug)]
pub(super) struct Faults(pub(super) Vec<String>);

const JSON: &str = "application/json; charset=utf-8";
const PLAIN: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";

/// An answer.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: String,
    pub(super) content_type: &'static str,
    /// Further headers, and others in the place of the content type.
    pub(super) headers: BTreeMap<String, String>,
    pub(super) hang_up: bool,
    /// Real time to let pass first.
    pub(super) wait: Duration,
    pub(super) faults: Vec<String>,
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
            headers: BTreeMap::new(),
            hang_up: false,
            wait: Duration::ZERO,
            faults: Vec::new(),
        }
    }

    /// A failure, in the first provider's form.
    pub(super) fn failed(status: u16, message: &str) -> Self {
        let body = object! { "message": message, "status": "failed" };
        Self::text(status, body.to_string())
    }

    /// A request that does not validate, in the first provider's form.
    pub(super) fn invalid(error: &str) -> Self {
        Self::text(400, object! { "error": error }.to_string())
    }

    /// Text for a person.
    pub(super) fn plain(body: String) -> Self {
        Self {
            content_type: PLAIN,
            ..Self::text(200, body)
        }
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

    /// The same answer with a `Retry-After` header, in seconds.
    pub(super) fn retry_after(mut self, seconds: Option<u64>) -> Self {
        if let Some(seconds) = seconds {
            self.headers
                .insert("retry-after".to_owned(), seconds.to_string());
        }
        self
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, self.body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        for (name, value) in &self.headers {
            let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value))
            else {
                return Self::failed(500, &format!("`{name}` is no header, or has no such value"))
                    .into_response();
            };
            headers.insert(name, value);
        }
        if self.hang_up {
            response.extensions_mut().insert(HangUp);
        }
        if !self.faults.is_empty() {
            response.extensions_mut().insert(Faults(self.faults));
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
