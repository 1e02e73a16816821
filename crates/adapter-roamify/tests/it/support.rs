//! What the tests share: a clock they move, a provider on a server, fixtures and raw servers.

use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use roamport_adapter_roamify::{Roamify, RoamifyConfig};
use roamport_domain::provider::{Line, OrderRequest, SendWindow};
use roamport_domain::{Clock, Currency, Money, Monotonic, PackageId, Reference};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// The token of every test: no error and no `Debug` may show it.
pub(crate) const TOKEN: &str = "test-token-4711";

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub(crate) struct TestClock(Mutex<(Timestamp, Duration)>);

impl TestClock {
    pub(crate) fn new() -> Arc<Self> {
        let start = "2026-11-20T00:00:00Z".parse().unwrap();
        Arc::new(Self(Mutex::new((start, Duration::ZERO))))
    }

    /// Both clocks go on.
    pub(crate) fn advance(&self, duration: Duration) {
        let mut state = self.0.lock().unwrap();
        state.0 += duration;
        state.1 += duration;
    }

    /// The wall clock alone is set back.
    pub(crate) fn set_back(&self, duration: Duration) {
        self.0.lock().unwrap().0 -= duration;
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        self.0.lock().unwrap().0
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::at(self.0.lock().unwrap().1)
    }
}

pub(crate) fn config(base_url: &str) -> RoamifyConfig {
    RoamifyConfig::new(base_url, TOKEN)
}

/// The provider on this base URL.
pub(crate) fn roamify(base_url: &str) -> Roamify {
    Roamify::new(&config(base_url), TestClock::new()).unwrap()
}

/// The text of a sample body.
pub(crate) fn fixture(name: &str) -> String {
    let path = format!(
        "{}/../../fixtures/roamify/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub(crate) fn json(status: u16, body: impl Into<String>) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body.into(), "application/json; charset=utf-8")
}

/// A server that answers one call with one body.
pub(crate) async fn serving(verb: &str, at: &str, answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method(verb))
        .and(path(at))
        .respond_with(answer)
        .mount(&server)
        .await;
    server
}

pub(crate) fn usd(text: &str) -> Money {
    Money::parse_amount(text, Currency::USD).unwrap()
}

pub(crate) fn reference(text: &str) -> Reference {
    Reference::parse(text).unwrap()
}

pub(crate) fn line(package: &str, quantity: u16) -> Line {
    Line {
        package: PackageId::parse(package).unwrap(),
        quantity: NonZeroU16::new(quantity).unwrap(),
        unit_price: usd("3.27"),
        days: None,
    }
}

/// An order that may be sent for a minute from now.
pub(crate) fn order(clock: &dyn Clock) -> OrderRequest {
    OrderRequest {
        reference: reference("shop-10442"),
        lines: vec![line("esim-portugal-15days-3gb-all", 2)],
        start_date: None,
        window: SendWindow::open(clock, Duration::from_mins(1)),
    }
}

/// What a raw server does with one connection, after it has read the request (or before).
#[derive(Clone, Copy, Debug)]
pub(crate) enum Behaviour {
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

/// A server below HTTP, which counts what reaches it.
pub(crate) struct RawServer {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
}

impl RawServer {
    /// Serves the `n`th connection as the `n`th behaviour says; the last one holds for all that follow.
    pub(crate) async fn start(behaviours: Vec<Behaviour>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let requests = Arc::new(AtomicUsize::new(0));
        let (all, seen) = (Arc::clone(&connections), Arc::clone(&requests));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let number = all.fetch_add(1, Ordering::SeqCst);
                let behaviour = behaviours[number.min(behaviours.len() - 1)];
                tokio::spawn(serve(stream, behaviour, Arc::clone(&seen)));
            }
        });
        Self {
            address,
            connections,
            requests,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Requests of which head and body arrived.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
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

/// Reads one request, head and body.
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
                .map_or(0, |(_, value)| value.trim().parse().unwrap());
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
