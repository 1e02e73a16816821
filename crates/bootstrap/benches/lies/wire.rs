//! The same lies between real processes: `roamport` on the one side, `roamport-sandbox` on the other, and
//! the liar as a TCP proxy in between. Every order buys under a key of its own in one journal; some of the
//! processes are killed and started again.

use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use roamport_domain::{IdempotencyKey, ProviderName, Reference};
use roamport_sandbox::switches::Tolerance;
use roamport_sandbox::world::{Purchase, PurchaseLine};
use roamport_sandbox::{Dialect, Switches, World};
use tokio::time::Instant;

use super::proxy::{Liar, Play};
use super::report::Report;

/// Processes that buy at once.
const AT_ONCE: usize = 6;
pub(crate) const TOKEN: &str = "tok_wire_5be1c07a9d44";
/// One eSIM of this is bought in every case.
pub(crate) const PACKAGE: &str = "esim-portugal-7days-1gb-all";
/// An order is driven for so long, at most so often.
const WAIT: &str = "40s";
pub(crate) const STARTS: u32 = 3;

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

pub(crate) type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

pub(crate) const fn provider(dialect: Dialect) -> &'static str {
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

pub(crate) fn command(
    wire: &Wire,
    dialect: Dialect,
    address: SocketAddr,
    words: &[&str],
) -> Command {
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
pub(crate) fn buy(
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
