//! The same lies between real processes: `roamport` on the one side, `roamport-sandbox` on the other, and
//! the liar as a TCP proxy in between. Every order buys under a key of its own in one journal; some of the
//! processes are killed and started again.

use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use roamport_domain::{IdempotencyKey, ProviderName, Reference};
use roamport_sandbox::switches::Tolerance;
use roamport_sandbox::world::{OrderRecord, Purchase, PurchaseLine};
use roamport_sandbox::{Dialect, Switches, World};
use tokio::time::Instant;

use super::calls::Sent;
use super::case::{Case, Network};
use super::detectable::{About, contradictions, detectable};
use super::dice::Dice;
use super::edits::{Knowledge, Names, Sends, lie};
use super::http1;
use super::json::Json;
use super::judge;
use super::report::Report;
use super::rules::{Lasting, Rule};
use super::stage::names_of;
use super::transcript::{Answer, Asked, Call, Exchange, Known, KnownEsim, Ordered, Transcript};

/// Processes that buy at once.
const AT_ONCE: usize = 6;
const TOKEN: &str = "tok_wire_5be1c07a9d44";
/// One eSIM of this is bought in every case.
const PACKAGE: &str = "esim-portugal-7days-1gb-all";
/// An order is driven for so long, at most so often.
const WAIT: &str = "40s";
const STARTS: u32 = 3;

/// The times under which a run stands: short ones, since safety is bought with time.
const SETTINGS: [(&str, &str); 24] = [
    ("roamify.purchase_timeout", "2s"),
    ("roamify.longest_effect", "1s"),
    ("roamify.connect_timeout", "1s"),
    ("roamify.read_timeout", "2s"),
    ("roamify.listing_timeout", "3s"),
    ("roamify.provisioning_timeout", "3s"),
    ("roamify.requests_per_second", "0"),
    ("esim_access.purchase_timeout", "2s"),
    ("esim_access.connect_timeout", "1s"),
    ("esim_access.read_timeout", "2s"),
    ("esim_access.requests_per_second", "0"),
    ("orders.quiet_period", "4s"),
    ("orders.lease", "3s"),
    ("orders.renew_every", "1s"),
    ("orders.place_within", "25s"),
    ("orders.reconcile_for", "25s"),
    ("orders.delivery_within", "20s"),
    ("orders.provision_within", "20s"),
    ("orders.look_up_waits", "200ms,500ms,1s"),
    ("orders.profile_waits", "200ms,500ms,1s"),
    ("orders.back_pressure_reconciling", "1000000"),
    ("orders.back_pressure_share", "100"),
    ("circuit_breaker.pause", "200ms"),
    ("retry.longest_pause", "200ms"),
];

/// What a run is made with.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) roamport: PathBuf,
    pub(crate) sandbox: PathBuf,
    /// An empty folder for journal, world and logs.
    pub(crate) folder: PathBuf,
    /// `sqlite`, or the address of a PostgreSQL database.
    pub(crate) journal: String,
    pub(crate) seed: u64,
    pub(crate) cases: u64,
    pub(crate) only: Option<u64>,
}

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// One case, as the liar between the processes sees it.
#[derive(Debug)]
struct Play {
    case: Case,
    key: String,
    reference: String,
    kill_after: Option<Duration>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    exchanges: Vec<Exchange>,
    /// What the witnesses said before the latest purchase call but the first, and how many exchanges
    /// there had been.
    witnesses: Vec<(usize, Vec<Exchange>)>,
    chances: Vec<u32>,
    purchases: u32,
    applied: Vec<(Rule, Call)>,
    kills: u32,
}

/// The liar between the processes.
#[derive(Debug)]
struct Liar {
    target: SocketAddr,
    world: World,
    plays: Vec<Play>,
    controls: [String; 2],
    strangers: Mutex<[Vec<Json>; 2]>,
    began: Instant,
    calm: AtomicBool,
}

impl Play {
    fn drawn(seed: u64, index: u64) -> Self {
        let mut case = Case::drawn(seed, index);
        // Each request has to tell which order it is for.
        let attributable = |call| {
            matches!(
                call,
                Call::Purchase
                    | Call::FindByReference
                    | Call::FindById
                    | Call::Provision
                    | Call::Esim
            )
        };
        let mut dice = Dice::of(seed, index, 30);
        let calls: &[Call] = match case.dialect {
            Dialect::Roamify => &[
                Call::Purchase,
                Call::FindByReference,
                Call::FindById,
                Call::Provision,
                Call::Esim,
            ],
            Dialect::EsimAccess => &[Call::Purchase, Call::FindById, Call::Esim],
        };
        for lie in &mut case.lies {
            let mut tries = 0;
            while !(attributable(lie.call) && lie.rule.applies(lie.call, case.dialect)) {
                lie.call = *super::edits::one(&mut dice, calls);
                tries += 1;
                if tries > 50 {
                    lie.rule = Rule::OtherStatus;
                }
            }
            // Half of a coherent liar would be another lie: its wallet is everybody's.
            if lie.rule == Rule::Hide {
                lie.rule = Rule::EmptyList;
            }
        }
        let kill = dice.hits(250_000);
        let key = format!("wire-{seed}-{index}");
        let name = ProviderName::parse(provider(case.dialect)).expect("a plain word");
        let parsed = IdempotencyKey::parse(key.as_str()).expect("a plain text");
        Self {
            reference: Reference::derive(&name, &parsed).as_str().to_owned(),
            key,
            kill_after: kill.then(|| dice.between(50, 2_500)),
            state: Mutex::new(State {
                chances: vec![0; case.lies.len()],
                ..State::default()
            }),
            case,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const fn provider(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Roamify => "roamify",
        Dialect::EsimAccess => "esim-access",
    }
}

/// Runs the cases and judges them.
pub(crate) fn run(wire: &Wire) -> Outcome<Report> {
    let state = wire.folder.join("world.jsonl");
    let mut sandbox = start_sandbox(wire, &state)?;
    let world = World::builder()
        .packages(24)
        .balance("1000000")
        .token(TOKEN)
        .state(&state)
        .build()?;
    world.set_switches(Switches {
        duplicate_reference: Tolerance::Accepted,
        ..Switches::default()
    })?;
    for reference in ["7Q2M4XW0C9N8V5T3ZK6HJD1BRE", "shop-10442"] {
        world.purchase(&Purchase::Order {
            lines: vec![PurchaseLine {
                package_id: PACKAGE.to_owned(),
                quantity: 1,
            }],
            reference: Some(reference.to_owned()),
            instant: true,
        })?;
    }
    let numbers: Vec<u64> = match wire.only {
        Some(only) => vec![only],
        None => (0..wire.cases).collect(),
    };
    let control = |dialect| {
        let name = ProviderName::parse(provider(dialect)).expect("a plain word");
        let key = IdempotencyKey::parse(format!("control-{}", provider(dialect)));
        let reference = Reference::derive(&name, &key.expect("a plain text"));
        reference.as_str().to_owned()
    };
    let liar = Arc::new(Liar {
        target: sandbox.1,
        world,
        plays: numbers
            .iter()
            .map(|number| Play::drawn(wire.seed, *number))
            .collect(),
        controls: [control(Dialect::Roamify), control(Dialect::EsimAccess)],
        strangers: Mutex::default(),
        began: Instant::now(),
        calm: AtomicBool::new(true),
    });
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = listener.local_addr()?;
    let accepting = liar.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let liar = accepting.clone();
            // A connection that breaks is what this program is for.
            std::thread::spawn(move || liar.serve(&stream).ok());
        }
    });
    for dialect in [Dialect::Roamify, Dialect::EsimAccess] {
        let key = format!("control-{}", provider(dialect));
        let bought = buy(wire, dialect, address, &key, None)?;
        if !bought.status.success() {
            let said = String::from_utf8_lossy(&bought.stderr).into_owned();
            return Err(format!("the control order was not bought: {said}").into());
        }
    }
    liar.learn_strangers()?;
    liar.calm.store(false, Ordering::SeqCst);
    let began = Instant::now();
    let (next, total) = (AtomicU64::new(0), Mutex::new(Report::default()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(play) = usize::try_from(place)
                        .ok()
                        .and_then(|place| liar.plays.get(place))
                    else {
                        break;
                    };
                    let verdict = liar.live(wire, play, address);
                    let state = play.state();
                    let mut total = total.lock().unwrap_or_else(PoisonError::into_inner);
                    total.take(play.case.index, &verdict, &state.applied, state.kills);
                }
            });
        }
    });
    let mut report = total.into_inner().unwrap_or_else(PoisonError::into_inner);
    report.seed = wire.seed;
    report.took = began.elapsed();
    sandbox.0.kill().ok();
    sandbox.0.wait().ok();
    Ok(report)
}

fn start_sandbox(wire: &Wire, state: &Path) -> Outcome<(Child, SocketAddr)> {
    let mut child = Command::new(&wire.sandbox)
        .args(["--listen", "127.0.0.1:0", "--token", TOKEN])
        .args(["--packages", "24", "--balance", "1000000", "--state"])
        .arg(state)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut line = String::new();
    if let Some(stdout) = child.stdout.take() {
        BufReader::new(stdout).read_line(&mut line)?;
    }
    let address = line.trim().strip_prefix("listening on http://");
    let address = address.ok_or("the sandbox did not start")?.parse()?;
    Ok((child, address))
}

fn command(wire: &Wire, dialect: Dialect, address: SocketAddr, words: &[&str]) -> Command {
    let data = wire.folder.join("data").display().to_string();
    let url = format!("http://{address}");
    let places = [
        ("provider", provider(dialect)),
        ("roamify.base_url", url.as_str()),
        ("roamify.token", TOKEN),
        ("esim_access.base_url", url.as_str()),
        ("esim_access.access_code", TOKEN),
        ("journal", wire.journal.as_str()),
        ("data_dir", data.as_str()),
    ];
    let variable = |key: &str| format!("ROAMPORT__{}", key.replace('.', "__").to_uppercase());
    let mut command = Command::new(&wire.roamport);
    command
        .args(words)
        .env_clear()
        .envs(places.map(|(key, value)| (variable(key), value)))
        .envs(SETTINGS.map(|(key, value)| (variable(key), value)))
        .env("HOME", &wire.folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Buys under a key, or goes on with what it names; killed after a while where one says so.
fn buy(
    wire: &Wire,
    dialect: Dialect,
    address: SocketAddr,
    key: &str,
    kill_after: Option<Duration>,
) -> Outcome<Output> {
    let words = [
        "-vv", "buy", PACKAGE, "--key", key, "--wait", WAIT, "--yes", "--json",
    ];
    let mut child = command(wire, dialect, address, &words).spawn()?;
    if let Some(after) = kill_after {
        std::thread::sleep(after);
        child.kill()?;
    }
    Ok(child.wait_with_output()?)
}

impl Liar {
    fn orders(&self, reference: &str) -> Vec<OrderRecord> {
        let orders = self.world.orders().unwrap_or_default();
        orders
            .into_iter()
            .filter(|order| order.reference.as_deref() == Some(reference))
            .collect()
    }

    fn names(&self, reference: &str) -> Names {
        names_of(&self.world, |order| {
            order.reference.as_deref() == Some(reference)
        })
    }

    fn learn_strangers(&self) -> Outcome<()> {
        let roamify = question(Dialect::Roamify, "GET", "/api/esim/orders?limit=20", "");
        let esim_access = question(
            Dialect::EsimAccess,
            "POST",
            "/api/v1/open/esim/query",
            r#"{"startTime":"2020-01-01T00:00:00+0000","endTime":"2040-01-01T00:00:00+0000","pager":{"pageNum":1,"pageSize":50}}"#,
        );
        let lists: [(&Sent, [&str; 2]); 2] = [
            (&roamify, ["data", "orders"]),
            (&esim_access, ["obj", "esimList"]),
        ];
        let mut learned = [Vec::new(), Vec::new()];
        for (place, (sent, path)) in lists.into_iter().enumerate() {
            let answer = http1::ask(self.target, sent)?;
            let body = Json::parse(&answer.body).ok_or("the sandbox answers in JSON")?;
            let rows = body.at(&path).and_then(Json::as_list).unwrap_or_default();
            let strange = |row: &&Json| {
                let text = row.to_string();
                self.controls.iter().all(|control| !text.contains(control))
            };
            learned[place] = rows.iter().filter(strange).cloned().collect();
        }
        *self
            .strangers
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = learned;
        Ok(())
    }

    /// The case that a request belongs to.
    fn play_of(&self, asked: &Asked) -> Option<&Play> {
        let by_reference =
            |reference: &str| self.plays.iter().find(|play| play.reference == reference);
        if let Some(reference) = &asked.reference {
            return by_reference(reference);
        }
        let orders = self.world.orders().unwrap_or_default();
        if let Some(id) = &asked.order {
            let order = orders
                .iter()
                .find(|order| order.id == *id || order.number() == id)?;
            return by_reference(order.reference.as_deref()?);
        }
        let esims = self.world.esims().unwrap_or_default();
        let esim = esims.iter().find(|esim| {
            asked.esim.as_deref() == Some(esim.id.as_str())
                || asked.esim.as_deref() == Some(esim.transaction())
        })?;
        by_reference(esim.reference.as_deref()?)
    }

    fn serve(&self, stream: &TcpStream) -> std::io::Result<()> {
        let sent = http1::request(stream)?;
        let dialect = if sent.target.starts_with("/api/v1/open") {
            Dialect::EsimAccess
        } else {
            Dialect::Roamify
        };
        let understood = sent.understood(dialect);
        let play = understood
            .as_ref()
            .filter(|_| !self.calm.load(Ordering::SeqCst))
            .and_then(|(_, asked)| self.play_of(asked));
        let (Some((call, asked)), Some(play)) = (understood, play) else {
            return http1::send(stream, Sends::Answer(http1::ask(self.target, &sent)?));
        };
        let attempt = if call.buys() {
            let mut state = play.state();
            state.purchases += 1;
            state.purchases
        } else {
            0
        };
        if attempt > 1 {
            let said = self.ask_witnesses(play)?;
            let mut state = play.state();
            let before = state.exchanges.len();
            state.witnesses.push((before, said));
        }
        let network = if attempt == 1 {
            play.case.network
        } else {
            Network::Clean
        };
        let sent_at = self.began.elapsed();
        let mut sends = Sends::Nothing;
        let mut told = None;
        if network != Network::RequestLost {
            let honest = http1::ask(self.target, &sent)?;
            if network == Network::Clean {
                (sends, told) = self.lies(play, call, &honest, true);
            }
        }
        let exchange = Exchange {
            process: 0,
            call,
            account: 0,
            sent: sent_at,
            answered: self.began.elapsed(),
            asked,
            answer: whole(&sends),
            lost: false,
            lie: told,
        };
        play.state().exchanges.push(exchange);
        http1::send(stream, sends)
    }

    fn lies(
        &self,
        play: &Play,
        call: Call,
        honest: &roamport_sandbox::http::InProcessAnswer,
        counts: bool,
    ) -> (Sends, Option<&'static str>) {
        let place = usize::from(play.case.dialect == Dialect::EsimAccess);
        let (ours, stranger, earlier) = (
            self.names(&play.reference),
            self.names("shop-10442"),
            self.names(&self.controls[place]),
        );
        let strangers = self
            .strangers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)[place]
            .clone();
        let knowledge = Knowledge {
            dialect: play.case.dialect,
            ours: &ours,
            stranger: &stranger,
            earlier: &earlier,
            strangers: &strangers,
            token: TOKEN,
            first: None,
        };
        let mut answer = honest.clone();
        let mut told = None;
        for (number, one) in play.case.lies.iter().enumerate() {
            if one.call != call {
                continue;
            }
            let turn = {
                let mut state = play.state();
                let chance = state.chances[number];
                state.chances[number] += u32::from(counts);
                match one.lasting {
                    Lasting::Always => true,
                    Lasting::Once(turn) => counts && chance == turn,
                }
            };
            let changed = turn.then(|| lie(one.rule, one.luck, &knowledge, &answer));
            let Some(changed) = changed.flatten() else {
                continue;
            };
            told = Some(one.rule.name());
            if counts {
                play.state().applied.push((one.rule, call));
            }
            match changed {
                Sends::Answer(changed) => answer = changed,
                other => return (other, told),
            }
        }
        (Sends::Answer(answer), told)
    }

    /// Asks the liar for the order and for the control order.
    fn ask_witnesses(&self, play: &Play) -> std::io::Result<Vec<Exchange>> {
        if play.case.dialect == Dialect::EsimAccess {
            return Ok(Vec::new());
        }
        let mut said = Vec::new();
        for reference in [&play.reference, &self.controls[0]] {
            let target = format!("/api/esim/orders?limit=50&referenceId={reference}");
            let sent = question(Dialect::Roamify, "GET", &target, "");
            let honest = http1::ask(self.target, &sent)?;
            let (sends, _) = self.lies(play, Call::FindByReference, &honest, false);
            let now = self.began.elapsed();
            said.push(Exchange {
                process: 0,
                call: Call::FindByReference,
                account: 0,
                sent: now,
                answered: now,
                asked: Asked {
                    reference: Some(reference.clone()),
                    ..Asked::default()
                },
                answer: whole(&sends),
                lost: false,
                lie: None,
            });
        }
        Ok(said)
    }

    /// Buys until the order rests, and judges what came of it.
    fn live(&self, wire: &Wire, play: &Play, address: SocketAddr) -> judge::Verdict {
        let mut verdict = judge::Verdict::default();
        let mut kill = play.kill_after;
        for _ in 0..STARTS {
            let killed = kill.take();
            let bought = match buy(wire, play.case.dialect, address, &play.key, killed) {
                Ok(bought) => bought,
                Err(error) => {
                    verdict
                        .problems
                        .push(format!("`roamport buy` did not run: {error}"));
                    return verdict;
                }
            };
            play.state().kills += u32::from(killed.is_some());
            self.read_output(&mut verdict, play, &bought);
            let ended = bought.status.code().is_some();
            if ended && killed.is_none() && self.is_at_rest(wire, play, address) {
                break;
            }
            std::thread::sleep(Duration::from_secs(3));
        }
        self.judge(wire, play, address, &mut verdict);
        verdict
    }

    /// What a terminal and a log would show.
    fn read_output(&self, verdict: &mut judge::Verdict, play: &Play, output: &Output) {
        let names = self.names(&play.reference);
        for (stream, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
            let text = String::from_utf8_lossy(bytes);
            if text.contains("panicked at") {
                verdict.problems.push(format!("{stream} tells of a panic"));
            }
            let strange = text.chars().find(|character| {
                (character.is_control() && !matches!(character, '\n' | '\t'))
                    || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            });
            if let Some(strange) = strange {
                verdict.problems.push(format!("{stream} shows {strange:?}"));
            }
            let secret = text.contains(TOKEN)
                || stream == "stderr" && names.codes.iter().any(|code| text.contains(code));
            if secret {
                verdict.problems.push(format!("{stream} shows a secret"));
            }
        }
    }

    fn shown(&self, wire: &Wire, play: &Play, address: SocketAddr) -> Option<serde_json::Value> {
        let words = ["order", "list", "--json"];
        let output = command(wire, play.case.dialect, address, &words)
            .output()
            .ok()?;
        let list: serde_json::Value = serde_json::from_slice(&output.stdout).ok()?;
        let orders = list["orders"].as_array()?;
        let order = orders
            .iter()
            .find(|order| order["key"] == play.key.as_str())?;
        let id = order["id"].as_str()?;
        let words = ["order", "show", id, "--json"];
        let output = command(wire, play.case.dialect, address, &words)
            .output()
            .ok()?;
        serde_json::from_slice(&output.stdout).ok()
    }

    fn is_at_rest(&self, wire: &Wire, play: &Play, address: SocketAddr) -> bool {
        let shown = self.shown(wire, play, address);
        let state = shown
            .as_ref()
            .and_then(|shown| shown["order"]["state"].as_str());
        state.is_none_or(is_settled)
    }

    fn judge(&self, wire: &Wire, play: &Play, address: SocketAddr, verdict: &mut judge::Verdict) {
        let place = usize::from(play.case.dialect == Dialect::EsimAccess);
        let control = self.names(&self.controls[place]);
        let charged = self.orders(&play.reference);
        let state = play.state();
        let transcript = Transcript {
            dialect: play.case.dialect,
            ordered: Ordered {
                reference: play.reference.clone(),
                packages: vec![PACKAGE.to_owned()],
                total: 17_600,
                target: None,
            },
            known: vec![Known {
                reference: control.reference.clone(),
                order: control.orders[place].clone(),
                esims: vec![KnownEsim {
                    id: control
                        .esims
                        .first()
                        .map(|esim| esim[place].clone())
                        .unwrap_or_default(),
                    iccid: control.cards.first().cloned().unwrap_or_default(),
                    code: control.codes.first().cloned().unwrap_or_default(),
                }],
                account: 0,
            }],
            exchanges: state.exchanges.clone(),
        };
        verdict.undetectable = contradictions(&transcript).is_empty();
        let witnesses = state.witnesses.last().cloned();
        drop(state);
        let Some(shown) = self.shown(wire, play, address) else {
            if !charged.is_empty() {
                verdict
                    .problems
                    .push("charged, and the order is not in the journal".to_owned());
            }
            return;
        };
        let order = &shown["order"];
        let word = order["state"].as_str().unwrap_or_default();
        let count = charged.len() as u64;
        if count > 1 {
            let mut prefix = transcript.clone();
            if let Some((before, said)) = witnesses {
                prefix.exchanges.truncate(before);
                prefix.exchanges.extend(said);
            }
            if count > 2 || detectable(&prefix, About::Money) {
                let against = contradictions(&prefix);
                verdict
                    .problems
                    .push(format!("charged {count} times, against {against:?}"));
            } else {
                verdict.undetected_charges += count - 1;
            }
        }
        if matches!(word, "failed" | "canceled" | "cancelled") && count > 0 {
            if detectable(&transcript, About::Money) {
                let against = contradictions(&transcript);
                verdict
                    .problems
                    .push(format!("charged and {word}, against {against:?}"));
            } else {
                verdict.undetected_failures += 1;
            }
        }
        if word == "fulfilled" {
            let mut bought: Vec<String> = Vec::new();
            for charge in &charged {
                let names = names_of(&self.world, |order| order.id == charge.id);
                bought.extend(
                    names
                        .esims
                        .into_iter()
                        .map(|[one, two]| if place == 0 { one } else { two }),
                );
            }
            let text = shown.to_string();
            let delivered = bought.iter().any(|esim| text.contains(esim));
            let before = control.esims.iter().any(|esim| text.contains(&esim[place]));
            if !delivered || before {
                let what = if before {
                    "delivered before"
                } else {
                    "not what was bought"
                };
                if detectable(&transcript, About::Goods) {
                    let against = contradictions(&transcript);
                    verdict
                        .problems
                        .push(format!("fulfilled, but {what}, against {against:?}"));
                } else {
                    verdict.undetected_goods += 1;
                }
            }
        }
        let reasons = order["attention"].as_array().map_or(0, Vec::len);
        if !is_settled(word) && reasons == 0 {
            verdict
                .problems
                .push(format!("the order is {word} and never came to rest"));
        }
    }
}

fn is_settled(state: &str) -> bool {
    matches!(
        state,
        "fulfilled" | "failed" | "cancelled" | "canceled" | "needs_attention" | "needs-attention"
    )
}

fn whole(sends: &Sends) -> Answer {
    match sends {
        Sends::Answer(answer) => Answer::Whole {
            status: answer.status,
            headers: answer.headers.clone(),
            body: answer.body.clone(),
        },
        _ => Answer::Nothing,
    }
}

fn question(dialect: Dialect, method: &str, target: &str, body: &str) -> Sent {
    let (name, value) = match dialect {
        Dialect::Roamify => ("authorization", format!("Bearer {TOKEN}")),
        Dialect::EsimAccess => ("rt-accesscode", TOKEN.to_owned()),
    };
    Sent {
        method: method.to_owned(),
        target: target.to_owned(),
        headers: vec![
            (name.to_owned(), value),
            ("content-type".to_owned(), "application/json".to_owned()),
        ],
        body: body.as_bytes().to_vec(),
    }
}
