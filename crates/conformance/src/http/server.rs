//! A server below HTTP that breaks connections and counts what reaches it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

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
