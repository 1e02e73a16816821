//! What tests of an adapter need below HTTP, behind the feature `test-support`: a server that breaks
//! connections and counts what reaches it, and a clock that is moved by hand.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use roamport_domain::{Clock, Monotonic};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Where every [`TestClock`] begins: midnight of 20 November 2026, UTC.
const START: Timestamp = Timestamp::constant(1_795_132_800, 0);

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct TestClock(Mutex<(Timestamp, Duration)>);

impl TestClock {
    /// A clock that stands at midnight of 20 November 2026, UTC.
    pub fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new((START, Duration::ZERO))))
    }

    /// Both clocks go on.
    pub fn advance(&self, duration: Duration) {
        let mut state = self.state();
        state.0 += duration;
        state.1 = state.1.saturating_add(duration);
    }

    /// The wall clock alone is set back.
    pub fn set_back(&self, duration: Duration) {
        self.state().0 -= duration;
    }

    fn state(&self) -> MutexGuard<'_, (Timestamp, Duration)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        self.state().0
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::at(self.state().1)
    }
}

/// What a [`RawServer`] does with one connection, after it has read the request (or before).
#[derive(Clone, Copy, Debug)]
pub enum Behaviour {
    /// Closes before it reads.
    CloseAtOnce,
    /// Reads the request and closes.
    ReadAndClose,
    /// Reads the request, answers this and closes.
    Answer(&'static str),
    /// Reads the request, answers this and keeps the connection open for the next one.
    AnswerAndStay(&'static str),
    /// Reads the request and never answers.
    Silence,
}

/// A server below HTTP on a free port of loopback, which counts what reaches it.
#[derive(Debug)]
pub struct RawServer {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
}

impl RawServer {
    /// Serves the `n`th connection as the `n`th behaviour says; the last one holds for all that follow.
    ///
    /// # Panics
    ///
    /// Where there is no behaviour, or loopback has no port left.
    pub async fn start(behaviours: Vec<Behaviour>) -> Self {
        let last = *behaviours.last().expect("a server has a behaviour");
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound port has an address");
        let connections = Arc::new(AtomicUsize::new(0));
        let requests = Arc::new(AtomicUsize::new(0));
        let (all, seen) = (Arc::clone(&connections), Arc::clone(&requests));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let number = all.fetch_add(1, Ordering::SeqCst);
                let behaviour = behaviours.get(number).copied().unwrap_or(last);
                tokio::spawn(serve(stream, behaviour, Arc::clone(&seen)));
            }
        });
        Self {
            address,
            connections,
            requests,
        }
    }

    /// The base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Connections that were made.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Requests of which head and body arrived.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

/// The base URL of a port of loopback at which nobody answers.
///
/// # Panics
///
/// Where loopback has no port left.
pub async fn url_of_nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("loopback has a free port");
    let address = listener.local_addr().expect("a bound port has an address");
    format!("http://{address}")
}

async fn serve(mut stream: TcpStream, behaviour: Behaviour, seen: Arc<AtomicUsize>) {
    if matches!(behaviour, Behaviour::CloseAtOnce) {
        return;
    }
    while read_request(&mut stream).await {
        seen.fetch_add(1, Ordering::SeqCst);
        match behaviour {
            Behaviour::CloseAtOnce | Behaviour::ReadAndClose => return,
            Behaviour::Silence => std::future::pending().await,
            Behaviour::Answer(answer) => {
                let _ = stream.write_all(answer.as_bytes()).await;
                return;
            }
            Behaviour::AnswerAndStay(answer) => {
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        }
    }
}

/// Reads one request, head and body; whether there was one.
async fn read_request(stream: &mut TcpStream) -> bool {
    let mut received = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&received).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .filter_map(|line| line.split_once(':'))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .and_then(|(_, value)| value.trim().parse().ok())
                .unwrap_or(0);
            if body.len() >= length {
                return true;
            }
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return false,
            Ok(count) => received.extend_from_slice(&buffer[..count]),
        }
    }
}
