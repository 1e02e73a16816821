//! What lies between adapter and sandbox: it notes every request in the order of arrival, and passes it
//! on, answers it or swallows it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use roamport_sandbox::Dialect;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Something that costs money.
    Purchase,
    /// Orders.
    LookUp,
    /// A page of the catalogue.
    Page,
    /// Anything else.
    Read,
}

/// What becomes of a request.
#[derive(Clone, Debug)]
pub(crate) enum Way {
    /// It reaches the sandbox, and the answer comes back.
    Through,
    /// It reaches nobody, and no answer ever comes: a tarpit.
    Nowhere,
    /// It reaches the sandbox, and the answer is never passed on: a tarpit that charges.
    Unanswered,
    /// It reaches nobody, and this head and body come back.
    Answered(String),
}

impl Way {
    /// An answer with this status, these header lines (each with its line break) and this body.
    pub(crate) fn answered(status: &str, headers: &str, body: &str) -> Self {
        Self::Answered(format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\n{headers}\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        ))
    }

    /// The provider fails.
    pub(crate) fn failure() -> Self {
        Self::answered("503 Service Unavailable", "", "{}")
    }
}

type Script = Arc<dyn Fn(usize, Asked) -> Way + Send + Sync>;

/// A port of loopback that stands in for the sandbox's.
#[derive(Debug)]
pub(crate) struct Wire {
    address: SocketAddr,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

struct State {
    dialect: Dialect,
    provider: SocketAddr,
    seen: Mutex<Vec<Asked>>,
    script: Mutex<(usize, Script)>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("State").finish_non_exhaustive()
    }
}

impl Wire {
    /// To a sandbox. All requests pass, until [`Wire::follow`] says otherwise.
    pub(crate) async fn to(provider: SocketAddr, dialect: Dialect) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            dialect,
            provider,
            seen: Mutex::default(),
            script: Mutex::new((0, Arc::new(|_, _| Way::Through))),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&state)));
        Self {
            address,
            state,
            accepting,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on each request fares as `script` says, which is told how many came before it since now.
    pub(crate) fn follow(&self, script: impl Fn(usize, Asked) -> Way + Send + Sync + 'static) {
        *self.state.script.lock().unwrap() = (0, Arc::new(script));
    }

    /// The same for every request.
    pub(crate) fn always(&self, way: Way) {
        self.follow(move |_, _| way.clone());
    }

    /// All requests so far, in the order in which they came.
    pub(crate) fn seen(&self) -> Vec<Asked> {
        self.state.seen.lock().unwrap().clone()
    }

    /// How many requests there were so far.
    pub(crate) fn count(&self) -> usize {
        self.state.seen.lock().unwrap().len()
    }

    /// The same, for whoever cannot hold the wire.
    pub(crate) fn counter(&self) -> impl Fn() -> usize + Send + Sync + 'static {
        let state = Arc::clone(&self.state);
        move || state.seen.lock().unwrap().len()
    }

    pub(crate) fn count_of(&self, asked: Asked) -> usize {
        let seen = self.state.seen.lock().unwrap();
        seen.iter().filter(|one| **one == asked).count()
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl State {
    /// Notes a request, and says what becomes of it.
    fn note(&self, asked: Asked) -> Way {
        self.seen.lock().unwrap().push(asked);
        let mut script = self.script.lock().unwrap();
        let number = script.0;
        script.0 += 1;
        (script.1)(number, asked)
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    while let Ok((client, _)) = listener.accept().await {
        let state = Arc::clone(&state);
        tokio::spawn(async move {
            // A connection that breaks is what some tests are about.
            let _ = serve(client, &state).await;
        });
    }
}

/// One request: no connection is used twice, so each has the same way to go.
async fn serve(mut client: TcpStream, state: &State) -> std::io::Result<()> {
    let Some(request) = request(&mut client).await? else {
        return Ok(());
    };
    match state.note(asked(state.dialect, &request)) {
        Way::Through => {
            let mut provider = sent_on(state.provider, &request).await?;
            tokio::io::copy(&mut provider, &mut client).await?;
        }
        Way::Answered(answer) => client.write_all(answer.as_bytes()).await?,
        Way::Nowhere => until_given_up(&mut client).await,
        Way::Unanswered => {
            let mut provider = sent_on(state.provider, &request).await?;
            // What the call does is done once there is an answer.
            provider.read_u8().await?;
            until_given_up(&mut client).await;
        }
    }
    client.shutdown().await
}

async fn until_given_up(client: &mut TcpStream) {
    let _ = client.read(&mut [0]).await;
}

/// Sends a request to the sandbox, which closes the connection after its answer.
async fn sent_on(provider: SocketAddr, request: &[u8]) -> std::io::Result<TcpStream> {
    let line = request.windows(2).position(|pair| pair == b"\r\n");
    let (line, rest) = request.split_at(line.unwrap_or_default());
    let mut provider = TcpStream::connect(provider).await?;
    let closing = [line, b"\r\nConnection: close", rest].concat();
    provider.write_all(&closing).await?;
    Ok(provider)
}

/// Head and body, or nothing where the connection was closed before.
async fn request(client: &mut TcpStream) -> std::io::Result<Option<Vec<u8>>> {
    let mut request = Vec::new();
    loop {
        if let Some(length) = whole(&request)
            && request.len() >= length
        {
            return Ok(Some(request));
        }
        if client.read_buf(&mut request).await? == 0 {
            return Ok(None);
        }
    }
}

/// How long the request is, once its head is there.
fn whole(request: &[u8]) -> Option<usize> {
    let head = request.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&request[..head]).to_ascii_lowercase();
    let body = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .map_or(0, |length| length.trim().parse().unwrap());
    Some(head + body)
}

/// What a request asks for, by the paths of the dialect and, where one path serves several, by its body.
fn asked(dialect: Dialect, request: &[u8]) -> Asked {
    let text = String::from_utf8_lossy(request);
    let mut words = text.split_ascii_whitespace();
    let (method, target) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    let path = target.split('?').next().unwrap_or_default();
    match (dialect, method, path) {
        (Dialect::Roamify, "POST", "/api/esim/order" | "/api/esim/order/topup")
        | (Dialect::EsimAccess, _, "/api/v1/open/esim/order" | "/api/v1/open/esim/topup") => {
            Asked::Purchase
        }
        (Dialect::Roamify, "GET", "/api/esim/packages")
        | (Dialect::EsimAccess, _, "/api/v1/open/package/list" | "/api/v1/open/location/list") => {
            Asked::Page
        }
        (Dialect::Roamify, "GET", "/api/esim/orders" | "/api/esim/order") => Asked::LookUp,
        (Dialect::EsimAccess, _, "/api/v1/open/esim/query")
            if text.contains(r#""orderNo":""#) || text.contains(r#""startTime":""#) =>
        {
            Asked::LookUp
        }
        _ => Asked::Read,
    }
}
