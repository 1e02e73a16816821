//! A TCP proxy that misbehaves on purpose: it cuts, stalls and half-closes, by a seed.
//!
//! What befalls a connection follows from the seed and the connection's number. A request that is
//! held back is delivered within [`LONGEST_STALL`] or never: the proxy makes no effect later than the
//! quiet period that the run relies on.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::Context;

use super::chance::Chance;

/// The longest time for which bytes are held back.
pub(crate) const LONGEST_STALL: Duration = Duration::from_millis(1500);

/// How many connections in a hundred meet mischief.
const MISCHIEF_PERCENT: u64 = 20;

/// What befalls the bytes of one direction once so many of them have passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    /// The connection ends, both ways.
    Cut,
    /// The rest comes later.
    Stall(Duration),
    /// The rest never comes: after a while the connection ends.
    StallAndCut(Duration),
    /// This direction ends; the other one goes on.
    HalfClose,
}

/// What befalls a connection; at most one direction of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Plan {
    request: Option<(u64, Act)>,
    reply: Option<(u64, Act)>,
}

impl Plan {
    fn draw(chance: &mut Chance) -> Self {
        if !chance.percent(MISCHIEF_PERCENT) {
            return Self::default();
        }
        let longest = u64::try_from(LONGEST_STALL.as_millis()).unwrap_or(u64::MAX);
        let pause = chance.milliseconds(50..=longest);
        let act = match chance.between(0..=3) {
            0 => Act::Cut,
            1 => Act::Stall(pause),
            2 => Act::StallAndCut(pause),
            _ => Act::HalfClose,
        };
        // A request has some 300 to 600 bytes, an answer from 200 up: before, in the middle, after.
        if chance.percent(50) {
            let request = Some((chance.between(0..=700), act));
            Self {
                request,
                reply: None,
            }
        } else {
            let reply = Some((chance.between(0..=1500), act));
            Self {
                request: None,
                reply,
            }
        }
    }
}

/// How often the proxy did what.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Connections accepted.
    pub(crate) connections: AtomicU64,
    /// Connections cut, with or without a stall before.
    pub(crate) cuts: AtomicU64,
    /// Directions held back and then delivered.
    pub(crate) stalls: AtomicU64,
    /// Directions closed while the other one went on.
    pub(crate) half_closes: AtomicU64,
}

impl Counts {
    fn count(&self, act: Act) {
        let counter = match act {
            Act::Cut | Act::StallAndCut(_) => &self.cuts,
            Act::Stall(_) => &self.stalls,
            Act::HalfClose => &self.half_closes,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// A running proxy. Its threads end with the process.
#[derive(Debug)]
pub(crate) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    target: SocketAddr,
    seed: u64,
    calm: AtomicBool,
    counts: Counts,
}

impl Proxy {
    /// Listens on a free port of loopback and passes everything on to `target`.
    pub(crate) fn start(target: SocketAddr, seed: u64) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .context("the proxy found no port to listen on")?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            target,
            seed,
            calm: AtomicBool::new(false),
            counts: Counts::default(),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || accept(&listener, &accepting));
        Ok(Self { address, shared })
    }

    /// Where the proxy listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on connections pass untouched.
    pub(crate) fn calm(&self) {
        self.shared.calm.store(true, Ordering::Relaxed);
    }

    /// What it did so far.
    pub(crate) fn counts(&self) -> &Counts {
        &self.shared.counts
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for client in listener.incoming().flatten() {
        let number = shared.counts.connections.fetch_add(1, Ordering::Relaxed);
        let plan = Plan::draw(&mut Chance::of(shared.seed, number));
        let shared = Arc::clone(shared);
        // A connection that breaks is what this program is for.
        thread::spawn(move || join(&client, plan, &shared).ok());
    }
}

/// Joins a client with the target until both directions have ended.
fn join(client: &TcpStream, plan: Plan, shared: &Arc<Shared>) -> io::Result<()> {
    let target = TcpStream::connect(shared.target)?;
    client.set_nodelay(true)?;
    target.set_nodelay(true)?;
    let (reply_from, reply_to) = (target.try_clone()?, client.try_clone()?);
    let replying = Arc::clone(shared);
    let replies = thread::spawn(move || pump(&reply_from, &reply_to, plan.reply, &replying));
    pump(client, &target, plan.request, shared);
    replies.join().ok();
    Ok(())
}

/// Passes bytes on until they end, and does what the plan says on the way.
fn pump(from: &TcpStream, to: &TcpStream, mut plan: Option<(u64, Act)>, shared: &Shared) {
    let (mut from, mut to) = (from, to);
    let mut buffer = [0; 16 * 1024];
    let mut passed = 0_u64;
    loop {
        let length = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => length,
            Err(_) => return cut(from, to),
        };
        let mut rest = &buffer[..length];
        if let Some((after, act)) = plan
            && passed + u64::try_from(length).unwrap_or(u64::MAX) > after
            && !shared.calm.load(Ordering::Relaxed)
        {
            plan = None;
            shared.counts.count(act);
            let split = usize::try_from(after.saturating_sub(passed)).unwrap_or(length);
            let (before, behind) = rest.split_at(split.min(length));
            rest = behind;
            if to.write_all(before).is_err() {
                return cut(from, to);
            }
            match act {
                Act::Cut => return cut(from, to),
                Act::Stall(pause) => thread::sleep(pause),
                Act::StallAndCut(pause) => {
                    thread::sleep(pause);
                    return cut(from, to);
                }
                Act::HalfClose => {
                    to.shutdown(Shutdown::Write).ok();
                    return;
                }
            }
        }
        if to.write_all(rest).is_err() {
            return cut(from, to);
        }
        passed += u64::try_from(length).unwrap_or(u64::MAX);
    }
    to.shutdown(Shutdown::Write).ok();
}

/// Ends a connection both ways. That it has ended already is no error.
fn cut(from: &TcpStream, to: &TcpStream) {
    from.shutdown(Shutdown::Both).ok();
    to.shutdown(Shutdown::Both).ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A target that reads to the end of a request and answers with the number of its bytes.
    fn counting_target() -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut request = Vec::new();
                stream.read_to_end(&mut request).unwrap();
                // Whoever cut the connection reads no answer.
                write!(stream, "{} bytes came", request.len()).ok();
            }
        });
        address
    }

    /// Sends `request` through a connection with this plan; gives what came back.
    fn through(plan: Plan, request: &[u8], calm: bool) -> (String, Counts) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let shared = Arc::new(Shared {
            target: counting_target(),
            seed: 0,
            calm: AtomicBool::new(calm),
            counts: Counts::default(),
        });
        let address = listener.local_addr().unwrap();
        let joining = Arc::clone(&shared);
        let joined = thread::spawn(move || {
            let (client, _) = listener.accept().unwrap();
            join(&client, plan, &joining).unwrap();
        });
        let mut client = TcpStream::connect(address).unwrap();
        // A cut may come while the request is still being written.
        client.write_all(request).ok();
        client.shutdown(Shutdown::Write).ok();
        let mut answer = String::new();
        client.read_to_string(&mut answer).ok();
        drop(client);
        joined.join().unwrap();
        let counts = Arc::into_inner(shared).unwrap().counts;
        (answer, counts)
    }

    #[test]
    fn an_untouched_connection_passes_everything_both_ways() {
        let (answer, counts) = through(Plan::default(), &vec![7; 100_000], false);
        assert_eq!(answer, "100000 bytes came");
        assert_eq!(counts.cuts.into_inner(), 0);
    }

    #[test]
    fn a_half_closed_request_arrives_in_part_and_is_still_answered() {
        let plan = Plan {
            request: Some((40, Act::HalfClose)),
            ..Plan::default()
        };
        let (answer, counts) = through(plan, &[7; 100], false);
        assert_eq!(answer, "40 bytes came");
        assert_eq!(counts.half_closes.into_inner(), 1);
    }

    #[test]
    fn a_cut_request_is_never_answered() {
        let plan = Plan {
            request: Some((0, Act::Cut)),
            ..Plan::default()
        };
        let (answer, counts) = through(plan, &[7; 100], false);
        assert_eq!(answer, "");
        assert_eq!(counts.cuts.into_inner(), 1);
    }

    #[test]
    fn a_cut_reply_arrives_in_part() {
        let plan = Plan {
            reply: Some((3, Act::Cut)),
            ..Plan::default()
        };
        let (answer, _) = through(plan, &[7; 100], false);
        assert!("100".starts_with(&answer), "{answer}");
    }

    #[test]
    fn a_stalled_request_arrives_whole() {
        let plan = Plan {
            request: Some((10, Act::Stall(Duration::from_millis(1)))),
            ..Plan::default()
        };
        let (answer, counts) = through(plan, &[7; 100], false);
        assert_eq!(answer, "100 bytes came");
        assert_eq!(counts.stalls.into_inner(), 1);
    }

    #[test]
    fn a_calm_proxy_does_nothing_of_what_was_planned() {
        let plan = Plan {
            request: Some((0, Act::Cut)),
            reply: Some((0, Act::Cut)),
        };
        let (answer, counts) = through(plan, &[7; 100], true);
        assert_eq!(answer, "100 bytes came");
        assert_eq!(counts.cuts.into_inner(), 0);
    }

    #[test]
    fn plans_follow_from_the_seed_and_hold_nothing_back_for_too_long() {
        let plans = |seed| -> Vec<Plan> {
            (0..500)
                .map(|number| Plan::draw(&mut Chance::of(seed, number)))
                .collect()
        };
        assert_eq!(plans(7), plans(7));
        assert_ne!(plans(7), plans(8));
        let acts: Vec<Act> = plans(7)
            .into_iter()
            .flat_map(|plan| [plan.request, plan.reply])
            .flatten()
            .map(|(_, act)| act)
            .collect();
        assert!((60..=140).contains(&acts.len()), "{}", acts.len());
        for act in acts {
            if let Act::Stall(pause) | Act::StallAndCut(pause) = act {
                assert!(pause <= LONGEST_STALL);
            }
        }
    }

    #[test]
    fn a_proxy_whose_target_is_down_goes_on_accepting() {
        let gone = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .unwrap()
            .local_addr()
            .unwrap();
        let proxy = Proxy::start(gone, 1).unwrap();
        for _ in 0..2 {
            let mut answer = Vec::new();
            let mut client = TcpStream::connect(proxy.address()).unwrap();
            // Refused at once or reset: either way nothing comes.
            client.read_to_end(&mut answer).ok();
            assert_eq!(answer, b"");
        }
        assert_eq!(proxy.counts().connections.load(Ordering::Relaxed), 2);
    }
}
