//! The sandbox as a program: what the binary and `roamport sandbox serve` have in common.

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::dialect::Dialects;
use crate::http::{Server, ServerOptions};
use crate::world::{USUAL_SECRET_KEY, USUAL_TOKEN, World, WorldError};

/// How to serve a sandbox.
#[derive(Args, Clone)]
pub struct ServeArguments {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,

    /// Port of 127.0.0.1 to listen on; 0 takes a free one
    #[arg(long, value_name = "PORT", conflicts_with = "listen")]
    pub port: Option<u16>,

    /// Bearer token or access code that callers must send; it guards nothing but the simulation
    #[arg(long, value_name = "TOKEN", default_value = USUAL_TOKEN)]
    pub token: String,

    /// Token of a further account, with orders and a wallet of its own; may be repeated
    #[arg(long = "account", value_name = "TOKEN")]
    pub accounts: Vec<String>,

    /// Key of signed requests, in the dialect that has them; it guards nothing either
    #[arg(long, value_name = "KEY", default_value = USUAL_SECRET_KEY)]
    pub secret_key: String,

    /// Whose HTTP API to imitate; their paths are different ones
    #[arg(long, value_enum, value_name = "DIALECT", default_value_t = Dialects::Both)]
    pub dialect: Dialects,

    /// Number of packages in the catalogue
    #[arg(long, value_name = "N", default_value_t = crate::world::USUAL_PACKAGES)]
    pub packages: usize,

    /// Seed of the catalogue: the same seed and size give the same packages
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,

    /// Wallet of a new world, in US dollars
    #[arg(long, value_name = "AMOUNT", default_value = "1000")]
    pub balance: String,

    /// File that keeps the world; several processes may share it
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,

    /// Milliseconds that every answer waits
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub latency_ms: u64,
}

impl std::fmt::Debug for ServeArguments {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ServeArguments")
            .field("listen", &self.address())
            .field("dialect", &self.dialect)
            .field("packages", &self.packages)
            .field("seed", &self.seed)
            .field("balance", &self.balance)
            .field("state", &self.state)
            .field("latency_ms", &self.latency_ms)
            .finish_non_exhaustive()
    }
}

impl ServeArguments {
    /// Where to listen.
    fn address(&self) -> SocketAddr {
        match self.port {
            Some(port) => (Ipv4Addr::LOCALHOST, port).into(),
            None => self.listen,
        }
    }
}

/// Why a sandbox cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The world cannot be made from these arguments.
    #[error(transparent)]
    World(#[from] WorldError),
    /// The address cannot be listened on.
    #[error(
        "cannot listen on {address}: {source}: choose another with --listen or --port; port 0 takes a free one"
    )]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The reason.
        source: io::Error,
    },
    /// The process gets no signals.
    #[error("cannot wait for the signal to stop: {0}")]
    Signal(#[source] io::Error),
    /// The address could not be printed.
    #[error("cannot write to standard output: {0}")]
    Output(#[source] io::Error),
}

/// Serves until the process is asked to stop (interrupt or termination), and ends cleanly then.
/// Writes `listening on http://…` as one line once the sandbox can be called.
///
/// # Errors
///
/// [`ServeError`], which says what to change.
pub async fn serve(
    arguments: ServeArguments,
    mut stdout: impl Write + Send,
) -> Result<(), ServeError> {
    let address = arguments.address();
    let mut world = World::builder()
        .packages(arguments.packages)
        .seed(arguments.seed)
        .balance(arguments.balance)
        .token(arguments.token)
        .secret_key(arguments.secret_key)
        .own_ids();
    if let Some(state) = arguments.state {
        world = world.state(state);
    }
    // Until here a signal ends the process by itself: the file may be locked or slow.
    let world = world.build()?;
    if let Some(cut) = world.cut() {
        let _ = writeln!(io::stderr(), "warning: {cut}");
    }
    if !arguments.accounts.is_empty() {
        let mut switches = world.switches()?;
        switches.accounts = arguments.accounts;
        world.set_switches(switches)?;
    }
    // Listened for before anybody knows the address, so that no signal is missed.
    let stop = Stop::new().map_err(ServeError::Signal)?;
    let options = ServerOptions {
        latency: Duration::from_millis(arguments.latency_ms),
    };
    let server = Server::start_speaking(world, address, options, arguments.dialect)
        .await
        .map_err(|source| ServeError::Listen { address, source })?;
    writeln!(stdout, "listening on {}", server.base_url())
        .and_then(|()| stdout.flush())
        .map_err(ServeError::Output)?;
    stop.asked().await;
    server.shutdown().await;
    Ok(())
}

#[cfg(unix)]
struct Stop {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Stop {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn asked(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Stop;

#[cfg(not(unix))]
impl Stop {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn asked(self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
