//! Connections that are reset, the reused ones above all: no part of the HTTP stack sends a purchase
//! a second time. A proxy below HTTP counts what begins to arrive; the sandbox's ledger is the judge.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use roamport_adapter_roamify::{Roamify, RoamifyConfig};
use roamport_domain::provider::{
    ErrorKind, EsimProvider as _, ProvisionRequest, Purchase, PurchaseRequest, Reaction, Result,
    SendWindow,
};
use roamport_domain::{EsimId, Iccid, PackageId, ProviderOrderId};
use roamport_provider_http::test_support::TestClock;
use roamport_sandbox::switches::{Switches, Tolerance};
use roamport_sandbox::{Server, World};
use rstest::rstest;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{line, reference};

const TOKEN: &str = "sandbox-token";
const PACKAGE: &str = "esim-portugal-15days-3gb-all";

/// Where the connection of the next purchase is reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    /// After the first byte of the request.
    FirstByte,
    /// In the middle of the request, between head and body.
    Head,
    /// After the whole request, which the provider never sees.
    BeforeEffect,
    /// After the charge, before any byte of the answer.
    AfterEffect,
    /// In the middle of the answer.
    InTheAnswer,
}

#[derive(Debug, Default)]
struct Seen {
    /// The requests that began on each connection, by the first word.
    begun: BTreeMap<usize, Vec<&'static str>>,
    cut: Option<Cut>,
}

/// A TCP proxy that keeps connections open between requests and resets one of them on demand.
struct Proxy {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
}

impl Proxy {
    async fn start(provider: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let all = Arc::clone(&seen);
        tokio::spawn(async move {
            let mut number = 0;
            while let Ok((stream, _)) = listener.accept().await {
                number += 1;
                tokio::spawn(pass_on(stream, number, provider, Arc::clone(&all)));
            }
        });
        Self { address, seen }
    }

    /// Has the next purchase's connection reset.
    fn cut(&self, cut: Cut) {
        self.seen.lock().unwrap().cut = Some(cut);
    }

    /// How many requests with this first word began, on all connections.
    fn begun(&self, word: &str) -> usize {
        let seen = self.seen.lock().unwrap();
        let words = seen.begun.values().flatten();
        words.filter(|begun| **begun == word).count()
    }

    /// The connections on which a purchase or a provisioning began, with all that began on them.
    fn with_effects(&self) -> Vec<Vec<&'static str>> {
        let seen = self.seen.lock().unwrap();
        let connections = seen.begun.values();
        connections
            .filter(|begun| begun.contains(&"POST"))
            .cloned()
            .collect()
    }

    /// The longest line of requests on one connection: whether connections are reused at all.
    fn longest(&self) -> usize {
        let seen = self.seen.lock().unwrap();
        seen.begun.values().map(Vec::len).max().unwrap_or_default()
    }
}

fn reset(stream: &TcpStream) {
    stream.set_zero_linger().unwrap();
}

/// Passes requests on, one after the other, until the client closes or a cut comes due.
async fn pass_on(
    mut client: TcpStream,
    number: usize,
    provider: SocketAddr,
    seen: Arc<Mutex<Seen>>,
) {
    loop {
        let mut first = [0; 1];
        let Ok(1) = client.read(&mut first).await else {
            return;
        };
        let word = if first == *b"P" { "POST" } else { "GET" };
        let cut = {
            let mut seen = seen.lock().unwrap();
            seen.begun.entry(number).or_default().push(word);
            seen.cut.take_if(|_| word == "POST")
        };
        if cut == Some(Cut::FirstByte) {
            return reset(&client);
        }
        let Some(head) = read_head(&mut client, first.to_vec()).await else {
            return;
        };
        if cut == Some(Cut::Head) {
            return reset(&client);
        }
        let Some(request) = read_body(&mut client, head).await else {
            return;
        };
        if cut == Some(Cut::BeforeEffect) {
            return reset(&client);
        }
        let mut upstream = TcpStream::connect(provider).await.unwrap();
        upstream.write_all(&request).await.unwrap();
        let head = read_head(&mut upstream, Vec::new()).await.unwrap();
        let answer = read_body(&mut upstream, head).await.unwrap();
        match cut {
            Some(Cut::AfterEffect) => return reset(&client),
            Some(Cut::InTheAnswer) => {
                client.write_all(&answer[..answer.len() / 2]).await.unwrap();
                return reset(&client);
            }
            _ => client.write_all(&answer).await.unwrap(),
        }
    }
}

/// Reads up to the blank line and gives all that was read.
async fn read_head(stream: &mut TcpStream, mut received: Vec<u8>) -> Option<Vec<u8>> {
    while !received.ends_with(b"\r\n\r\n") {
        received.push(stream.read_u8().await.ok()?);
    }
    Some(received)
}

/// Reads the body that belongs to a head and gives both.
async fn read_body(stream: &mut TcpStream, mut head: Vec<u8>) -> Option<Vec<u8>> {
    let text = String::from_utf8(head.clone()).unwrap();
    let length: usize = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, value)| value.trim().parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    head.append(&mut body);
    Some(head)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    Order,
    TopUpByCard,
    TopUpById,
}

/// A provider that charges everything it is sent, behind the proxy.
struct Line {
    world: World,
    clock: Arc<TestClock>,
    proxy: Proxy,
    roamify: Roamify,
    _server: Server,
    /// An eSIM to top up.
    esim: EsimId,
    card: Iccid,
}

impl Line {
    /// Used already: every kind of request went well over it, and what can be kept open is.
    async fn warm() -> Self {
        let clock = TestClock::new();
        let switches = Switches {
            duplicate_reference: Tolerance::Accepted,
            ..Switches::default()
        };
        let world = World::builder()
            .packages(60)
            .token(TOKEN)
            .switches(switches)
            .clock(clock.clone())
            .build()
            .unwrap();
        let any_port = "127.0.0.1:0".parse().unwrap();
        let server = Server::start(world.clone(), any_port).await.unwrap();
        let proxy = Proxy::start(server.address()).await;
        let config = RoamifyConfig::new(format!("http://{}", proxy.address), TOKEN);
        let roamify = Roamify::new(&config, clock.clone()).unwrap();

        for _ in 0..3 {
            roamify.balance().await.unwrap();
        }
        let window = SendWindow::open(&*clock, Duration::from_mins(1));
        let bought = roamify.purchase(&order("warm", window)).await.unwrap();
        let esim = bought.items[0].esim.clone().unwrap();
        let request = ProvisionRequest {
            esim: esim.clone(),
            start_date: None,
        };
        let ready = roamify.provision(&request).await.unwrap();
        let card: Iccid = ready.iccid().unwrap().clone();
        for _ in 0..3 {
            roamify.balance().await.unwrap();
        }
        assert!(proxy.longest() >= 3, "reads keep their connection");
        Self {
            world,
            clock,
            proxy,
            roamify,
            _server: server,
            esim,
            card,
        }
    }

    async fn buy(&self, call: Call, name: &str) -> Result<ProviderOrderId> {
        let window = SendWindow::open(&*self.clock, Duration::from_mins(1));
        let top_up = |iccid: Option<Iccid>| Purchase {
            reference: reference(name),
            request: PurchaseRequest::TopUp {
                esim: self.esim.clone(),
                iccid,
                package: PackageId::parse(PACKAGE).unwrap(),
                unit_price: crate::support::usd("3.27"),
                days: None,
            },
            window,
            replays: false,
        };
        let bought = match call {
            Call::Order => self.roamify.purchase(&order(name, window)).await,
            Call::TopUpByCard => {
                self.roamify
                    .purchase(&top_up(Some(self.card.clone())))
                    .await
            }
            Call::TopUpById => self.roamify.purchase(&top_up(None)).await,
        };
        bought.map(|order| order.id)
    }

    /// The judge.
    fn charges(&self, name: &str) -> usize {
        self.world.charges_for(name).unwrap().len()
    }
}

fn order(name: &str, window: SendWindow) -> Purchase {
    Purchase {
        reference: reference(name),
        request: PurchaseRequest::PlaceOrder {
            lines: vec![line(PACKAGE, 1)],
            start_date: None,
        },
        window,
        replays: false,
    }
}

#[rstest]
#[tokio::test]
async fn a_connection_reset_at_any_moment_of_a_purchase_sends_it_once(
    #[values(Call::Order, Call::TopUpByCard, Call::TopUpById)] call: Call,
    #[values(
        (Cut::FirstByte, 0),
        (Cut::Head, 0),
        (Cut::BeforeEffect, 0),
        (Cut::AfterEffect, 1),
        (Cut::InTheAnswer, 1)
    )]
    cut: (Cut, usize),
) {
    let (cut, charges) = cut;
    let line = Line::warm().await;
    let before = line.proxy.begun("POST");
    line.proxy.cut(cut);
    let error = line.buy(call, "cut").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous, "{error}");
    assert_eq!(error.reaction(), Reaction::Reconcile);
    // Reads after it show that no copy of the purchase was waiting to be sent.
    for _ in 0..3 {
        line.roamify.balance().await.unwrap();
    }
    assert_eq!(line.proxy.begun("POST"), before + 1, "{call:?}, {cut:?}");
    assert_eq!(line.charges("cut"), charges, "{call:?}, {cut:?}");
}

#[tokio::test]
async fn a_purchase_is_alone_on_its_connection_however_many_are_kept_open() {
    let line = Line::warm().await;
    for number in 0..3 {
        for call in [Call::Order, Call::TopUpByCard, Call::TopUpById] {
            let name = format!("{call:?}-{number}");
            line.buy(call, &name).await.unwrap();
            assert_eq!(line.charges(&name), 1, "{name}");
            line.roamify.balance().await.unwrap();
        }
    }
    let connections = line.proxy.with_effects();
    // Nine purchases, and the order and the profile before them.
    assert_eq!(connections.len(), 11, "{connections:?}");
    for begun in connections {
        assert_eq!(begun, ["POST"]);
    }
}

#[tokio::test]
async fn purchases_beside_reads_over_a_line_that_resets_each_are_each_sent_once() {
    let line = Arc::new(Line::warm().await);
    let before = line.proxy.begun("POST");
    let cuts = [Cut::FirstByte, Cut::BeforeEffect, Cut::AfterEffect];
    for (number, cut) in cuts.into_iter().cycle().take(12).enumerate() {
        line.proxy.cut(cut);
        let name = format!("cut-{number}");
        // Each cut waits for its own purchase; reads go on beside it.
        let reads = async {
            for _ in 0..4 {
                line.roamify.balance().await.unwrap();
            }
        };
        let (bought, ()) = futures::join!(line.buy(Call::Order, &name), reads);
        assert_eq!(bought.unwrap_err().kind(), ErrorKind::Ambiguous, "{cut:?}");
        let expected = usize::from(cut == Cut::AfterEffect);
        assert_eq!(line.charges(&name), expected, "{cut:?}");
    }
    assert_eq!(line.proxy.begun("POST"), before + 12);
}
