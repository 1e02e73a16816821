//! A provider's host in this process, which answers every call with what the fuzzer made.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::FutureExt as _;
use http::{HeaderName, HeaderValue};
use jiff::Timestamp;
use reqwest::{Body, Request, Response};
use roamport_domain::{Clock, Monotonic};
use roamport_fuzz::Cursor;
use roamport_provider_http::in_process::{BrokenConnection, InProcessHandler, InProcessHost};

/// Requests of one call. More mean that it would never end.
const MOST_REQUESTS: usize = 500;

/// Statuses of an answer; the first is the commonest.
const STATUSES: [u16; 24] = [
    200, 200, 200, 201, 202, 203, 204, 206, 301, 304, 400, 400, 401, 402, 403, 404, 405, 409, 413,
    422, 429, 500, 502, 503,
];

/// Headers beside a body.
const HEADERS: [(&str, &str); 8] = [
    ("retry-after", "7"),
    ("retry-after", "99999999999999999999"),
    ("retry-after", "Sun, 06 Nov 2094 08:49:37 GMT"),
    ("age", "30"),
    ("x-cache", "HIT"),
    ("content-type", "text/html"),
    ("content-length", "3"),
    ("cf-cache-status", "DYNAMIC"),
];

/// How a request ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Ending {
    #[default]
    Whole,
    /// The connection breaks inside the body.
    Cut,
    NoAnswer,
    NotReached,
}

/// One answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Vec<u8>,
    pub(crate) ending: Ending,
}

impl Answer {
    /// An answer with this body, and whatever else the input says.
    pub(crate) fn draw(body: Vec<u8>, cursor: &mut Cursor<'_>) -> Self {
        let status = match cursor.byte() {
            0..160 => 200,
            byte @ 160..250 => STATUSES[usize::from(byte - 160) % STATUSES.len()],
            250.. => u16::try_from(100 + cursor.below(500)).unwrap(),
        };
        let mut headers = Vec::new();
        while headers.len() < 3 && cursor.chance(40) {
            let (name, value) = HEADERS[usize::from(cursor.byte()) % HEADERS.len()];
            headers.push((
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            ));
        }
        let ending = match cursor.byte() {
            0..244 => Ending::Whole,
            244..248 => Ending::Cut,
            248..252 => Ending::NoAnswer,
            252.. => Ending::NotReached,
        };
        Self {
            status,
            headers,
            body,
            ending,
        }
    }

    /// What the adapter reads of the body: bytes that are not UTF-8 are replaced.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn response(&self) -> Result<Response, BrokenConnection> {
        let body = match self.ending {
            Ending::NotReached => return Err(BrokenConnection::NotReached),
            Ending::NoAnswer => return Err(BrokenConnection::NoAnswer),
            Ending::Whole => Body::from(self.body.clone()),
            Ending::Cut => {
                let cut = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
                let parts = [Ok(self.body.clone()), Err(cut)];
                Body::wrap_stream(futures::stream::iter(parts))
            }
        };
        let mut response = http::Response::new(body);
        *response.status_mut() = http::StatusCode::from_u16(self.status).unwrap();
        response.headers_mut().extend(self.headers.iter().cloned());
        Ok(response.into())
    }
}

/// What was asked and answered.
#[derive(Debug, Default)]
pub(crate) struct Exchanges {
    /// In turn; the last one is repeated.
    answers: Vec<Answer>,
    /// The path of every request, and which answer it received.
    pub(crate) requests: Vec<(String, usize)>,
}

impl Exchanges {
    fn answer(&mut self, request: &Request) -> Result<Response, BrokenConnection> {
        let number = self.requests.len().min(self.answers.len() - 1);
        self.requests
            .push((request.url().path().to_owned(), number));
        if self.requests.len() > MOST_REQUESTS {
            return Err(BrokenConnection::NotReached);
        }
        self.answers[number].response()
    }

    /// The answers that requests received: those to this kind of path, one for each request.
    pub(crate) fn answers_to(&self, is_meant: impl Fn(&str) -> bool) -> Vec<&Answer> {
        let requests = self.requests.iter();
        let requests = requests.filter(|(path, _)| is_meant(path));
        requests.map(|(_, number)| &self.answers[*number]).collect()
    }
}

/// A clock that stands still.
#[derive(Debug)]
pub(crate) struct StillClock;

impl StillClock {
    pub(crate) fn moment() -> Timestamp {
        Timestamp::from_second(1_795_166_047).unwrap()
    }
}

impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        Self::moment()
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::at(Duration::from_secs(1_000))
    }
}

/// The host and the runtime of one target.
pub(crate) struct Stage {
    runtime: tokio::runtime::Runtime,
    exchanges: Arc<Mutex<Exchanges>>,
    _host: InProcessHost,
}

impl Stage {
    /// The host at this base URL. Transports that are made later for the same URL send to it.
    pub(crate) fn new(base_url: &str) -> Self {
        let exchanges: Arc<Mutex<Exchanges>> = Arc::default();
        let seen = Arc::clone(&exchanges);
        let handler: InProcessHandler = Arc::new(move |request| {
            let answer = locked(&seen).answer(&request);
            futures::future::ready(answer).boxed()
        });
        Self {
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build()
                .unwrap(),
            exchanges,
            _host: InProcessHost::serve(base_url, handler),
        }
    }

    /// Runs a call to its end with these answers; gives what came of it, and what was asked.
    pub(crate) fn run<T>(
        &self,
        answers: Vec<Answer>,
        call: impl Future<Output = T>,
    ) -> (T, Exchanges) {
        *locked(&self.exchanges) = Exchanges {
            answers,
            requests: Vec::new(),
        };
        let hour = Duration::from_hours(1);
        let outcome = self
            .runtime
            .block_on(async { tokio::time::timeout(hour, call).await })
            .expect("a call ends");
        let exchanges = std::mem::take(&mut *locked(&self.exchanges));
        let requests = exchanges.requests.len();
        assert!(requests <= MOST_REQUESTS, "the call does not end");
        (outcome, exchanges)
    }
}

fn locked(exchanges: &Mutex<Exchanges>) -> MutexGuard<'_, Exchanges> {
    exchanges.lock().unwrap_or_else(PoisonError::into_inner)
}
