//! The HTTP server of the sandbox: loopback connections, the routes, and connections that break.

mod api;
mod check;
mod context;
mod control;
mod dispatch;
mod edit;
#[expect(
    clippy::unnecessary_wraps,
    reason = "handlers may fail, whether this one does or not"
)]
mod esim_access;
mod garble;
mod hmac;
mod hooks;
mod in_process;
mod json;
mod pace;
mod page;
mod reply;
mod requests;
#[expect(
    clippy::unnecessary_wraps,
    reason = "handlers may fail, whether this one does or not"
)]
mod roamify;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use self::api::Api;
use self::context::ServerContext;
pub use self::in_process::{InProcess, InProcessAnswer};
use self::reply::HangUp;
use self::requests::RequestLog;
use crate::dialect::{Dialect, Dialects};
use crate::world::World;

/// How long a graceful end waits for answers that are under way.
const GRACE: Duration = Duration::from_secs(2);

/// How a server behaves beyond its world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServerOptions {
    /// How long each answer of the provider's dialect waits, in real time.
    pub latency: Duration,
}

/// A running server. Dropping it closes the port and every connection at once.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    task: Option<JoinHandle<()>>,
    events: JoinHandle<()>,
}

impl Server {
    /// Serves a world on an address, in both dialects; port 0 takes a free one. It can be called when
    /// this returns.
    ///
    /// # Errors
    ///
    /// Those of binding a TCP listener: the port is taken, or the address is not this machine's.
    pub async fn start(world: World, address: SocketAddr) -> io::Result<Self> {
        Self::start_with(world, address, ServerOptions::default()).await
    }

    /// Serves a world on an address, with options.
    ///
    /// # Errors
    ///
    /// Those of [`Server::start`].
    pub async fn start_with(
        world: World,
        address: SocketAddr,
        options: ServerOptions,
    ) -> io::Result<Self> {
        Self::start_speaking(world, address, options, Dialects::Both).await
    }

    /// Serves a world on an address, in these dialects alone.
    ///
    /// # Errors
    ///
    /// Those of [`Server::start`].
    pub async fn start_speaking(
        world: World,
        address: SocketAddr,
        options: ServerOptions,
        dialects: Dialects,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let context = server_context(world, options, dialects);
        let events = tokio::spawn(hooks::run(context.clone()));
        let router = router(context);
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(accept(listener, router, stopped));
        Ok(Self {
            address,
            stop,
            task: Some(task),
            events,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL, such as `http://127.0.0.1:8080`, without a slash at its end.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Takes no new connection, lets answers under way finish for up to two seconds, and ends.
    pub async fn shutdown(mut self) {
        let _ = self.stop.send(true);
        if let Some(task) = self.task.take() {
            let _ = task.await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.events.abort();
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

fn server_context(world: World, options: ServerOptions, dialects: Dialects) -> ServerContext {
    ServerContext {
        requests: Arc::new(RequestLog::new(world.clone())),
        world,
        options,
        dialects,
        api,
        pace: Arc::default(),
        delivering: Arc::default(),
    }
}

fn api(dialect: Dialect) -> &'static Api {
    match dialect {
        Dialect::Roamify => &roamify::API,
        Dialect::EsimAccess => &esim_access::API,
    }
}

/// Every route of these dialects, the control routes, and the page that names them.
fn router(context: ServerContext) -> Router {
    let log = from_fn_with_state(Arc::clone(&context.requests), requests::log);
    let mut router = Router::new()
        .route("/", get(page::page))
        .merge(control::routes());
    if context.dialects.speaks(Dialect::Roamify) {
        router = router.merge(dispatch::routes(&roamify::API));
    }
    if context.dialects.speaks(Dialect::EsimAccess) {
        router = router.merge(esim_access::routes());
    }
    router
        .fallback(reply::not_found)
        .method_not_allowed_fallback(reply::not_found)
        .layer(log)
        .with_state(Arc::new(context))
}

async fn accept(listener: TcpListener, router: Router, mut stopped: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, router.clone(), stopped.clone()));
                }
                // Out of file descriptors, for one: the next connection may fare better.
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            Some(_) = connections.join_next() => {}
            () = asked(&mut stopped) => break,
        }
    }
    drop(listener);
    let finished = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(GRACE, finished).await;
}

/// Waits until the server is to stop, or is gone.
async fn asked(stopped: &mut watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stop| *stop).await;
}

async fn connection(stream: TcpStream, router: Router, mut stopped: watch::Receiver<bool>) {
    // Answers are small and waited for: Nagle's algorithm would only delay them.
    let _ = stream.set_nodelay(true);
    let inner = TowerToHyperService::new(router);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let answer = inner.call(request);
        async move { obey(answer.await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = asked(&mut stopped) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke");
    }
}

/// A service that fails makes hyper close the connection without writing a byte: the lost answer.
fn obey(
    answer: Result<hyper::Response<Body>, Infallible>,
) -> Result<hyper::Response<Body>, HangUp> {
    let Ok(response) = answer;
    match response.extensions().get::<HangUp>() {
        Some(hang_up) => Err(*hang_up),
        None => Ok(response),
    }
}
