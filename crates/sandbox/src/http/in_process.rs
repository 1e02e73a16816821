//! The routes without a socket: a request in, an answer or a closed connection out.

use axum::Router;
use axum::body::{Body, to_bytes};
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;

use super::{ServerOptions, obey, router, server_context};
use crate::dialect::Dialects;
use crate::world::World;

/// A world as a server would show it, called in this process. It sends no events.
#[derive(Clone, Debug)]
pub struct InProcess {
    router: Router,
}

/// An answer that a server would have written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InProcessAnswer {
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl InProcess {
    /// The routes of a world in these dialects, without a port.
    pub fn new(world: World, dialects: Dialects) -> Self {
        Self {
            router: router(server_context(world, ServerOptions::default(), dialects)),
        }
    }

    /// Answers one request. `target` is its path, with a query where there is one; `None` where the
    /// server would close the connection without an answer.
    ///
    /// # Panics
    ///
    /// If method, target or headers cannot stand in a request.
    pub async fn answer(
        &self,
        method: &str,
        target: &str,
        headers: impl IntoIterator<Item = (&str, &str)>,
        body: Vec<u8>,
    ) -> Option<InProcessAnswer> {
        let mut request = axum::http::Request::builder().method(method).uri(target);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request
            .body(Body::from(body))
            .expect("a client's request is well-formed");
        let service = TowerToHyperService::new(self.router.clone());
        let (head, body) = obey(service.call(request).await).ok()?.into_parts();
        let text = |value: &axum::http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        Some(InProcessAnswer {
            status: head.status.as_u16(),
            headers: head
                .headers
                .iter()
                .map(|(name, value)| (name.as_str().to_owned(), text(value)))
                .collect(),
            body: to_bytes(body, usize::MAX).await.ok()?.into(),
        })
    }
}
