//! The liar as a server that other processes reach over TCP.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use roamport_sandbox::http::InProcessAnswer;
use tokio::net::TcpListener;

use super::calls::Sent;
use super::process::Process;
use super::stage::Stage;

/// The largest request that a client of a run sends.
const LARGEST_REQUEST: usize = 1 << 20;

/// Answers every connection as `stage` does. `started` tells which process asks.
pub(crate) async fn serve(
    listener: TcpListener,
    stage: Arc<Stage>,
    process: Arc<Process>,
    started: Arc<AtomicU32>,
) {
    while let Ok((stream, _)) = listener.accept().await {
        let (stage, process, started) = (stage.clone(), process.clone(), started.clone());
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let (stage, process) = (stage.clone(), process.clone());
            let number = started.load(Ordering::SeqCst);
            async move {
                let sent = sent(request).await?;
                // A service that fails makes the server close the connection without a byte.
                let answered = stage.exchange(process, number, sent).await;
                let (answer, whole) = answered.map_err(|_| ErrorKind::ConnectionAborted)?;
                Ok::<_, io::Error>(response(answer, whole))
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), service);
        // A connection that breaks is what this program is for.
        tokio::spawn(connection);
    }
}

async fn sent(request: hyper::Request<Incoming>) -> io::Result<Sent> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(Body::new(body), LARGEST_REQUEST).await;
    let headers = parts.headers.iter();
    Ok(Sent {
        method: parts.method.to_string(),
        target: parts.uri.to_string(),
        headers: headers
            .map(|(name, value)| {
                let value = value.to_str().unwrap_or_default();
                (name.as_str().to_owned(), value.to_owned())
            })
            .collect(),
        body: body.map_err(io::Error::other)?.to_vec(),
    })
}

fn response(answer: InProcessAnswer, whole: bool) -> hyper::Response<Body> {
    let body = if whole {
        Body::from(answer.body)
    } else {
        let cut = io::Error::from(ErrorKind::ConnectionReset);
        Body::from_stream(futures::stream::iter([Ok(answer.body), Err(cut)]))
    };
    let mut response = hyper::Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        // The server counts what it sends.
        if name != "content-length" {
            response = response.header(name, value);
        }
    }
    response
        .body(body)
        .expect("an answer of the sandbox is well-formed")
}
