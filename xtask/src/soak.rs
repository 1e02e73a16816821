//! `cargo xtask soak`: real processes on loopback, everything going wrong at once, and a checker that
//! joins the provider's ledger with the journal when the dust has settled.
//!
//! ```text
//! buy --wait 0 ──┐                    ┌─ cuts, stalls, half-closes
//! worker ────────┼─▶ proxy (seeded) ──┴─▶ roamport-sandbox (faults on) ─▶ ledger ─┐
//! worker ────────┘     ▲ kill -9 every few seconds                                 ├─▶ verdict
//!    └── journal: SQLite or PostgreSQL ────────────────────────────────────────────┘
//! ```

mod chance;
mod faults;
mod generator;
mod http;
mod proxy;
mod roamport;
mod sandbox;
mod settings;
mod verdict;
mod workers;

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::ValueEnum;
use xshell::{Shell, cmd};

use self::chance::Chance;
use self::generator::{Generator, RecordedOrder};
use self::proxy::Proxy;
use self::roamport::Roamport;
use self::sandbox::Sandbox;
use self::verdict::{Verdict, has_ended};
use self::workers::Workers;
use crate::cluster::Cluster;
use crate::process::built_program;

/// How to soak.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Seconds during which things go wrong; afterwards the orders are drained
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u64,

    /// Where the orders are kept
    #[arg(long, value_enum, default_value_t = Journal::Sqlite)]
    journal: Journal,

    /// Seed of faults, cuts and kills; drawn and printed where none is given
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// Seconds between two kills
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..))]
    kill_every: u64,

    /// Keep the folder of logs, world and journal, and say where it is
    #[arg(long)]
    keep: bool,
}

/// Where orders are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Journal {
    /// One file, in WAL mode
    Sqlite,
    /// A throwaway cluster, made with the installed server binaries
    Postgres,
}

/// The pause between two rules added to the fault list.
const FAULT_EVERY: Duration = Duration::from_millis(250);

/// No more rules than this wait to fire.
const MOST_FAULTS: usize = 12;

/// Soaks, and fails where a charge is double or an order is lost.
pub(crate) fn run(shell: &Shell, arguments: &Arguments) -> anyhow::Result<()> {
    let folder = tempfile::tempdir().context("failed to make a temporary directory")?;
    let place = folder.path().to_owned();
    let cluster = match arguments.journal {
        Journal::Sqlite => None,
        Journal::Postgres => {
            let Some(cluster) = Cluster::start(shell)? else {
                println!(
                    "skipped: no PostgreSQL server is installed here (neither `pg_config --bindir` \
                     nor /usr/lib/postgresql/*/bin has `initdb` and `postgres`)"
                );
                return Ok(());
            };
            Some(cluster)
        }
    };
    let journal = cluster.as_ref().map_or("sqlite".to_owned(), Cluster::url);
    let soaked = soak(shell, arguments, &place, &journal);
    drop(cluster);
    if arguments.keep {
        println!("kept: {}", folder.keep().display());
    }
    soaked
}

fn soak(shell: &Shell, arguments: &Arguments, folder: &Path, journal: &str) -> anyhow::Result<()> {
    let programs = Programs::build(shell, folder)?;
    let seed = arguments.seed.unwrap_or_else(drawn_seed);
    let faults = Duration::from_secs(arguments.seconds);
    describe(arguments, seed, faults);
    let sandbox = Sandbox::start(&programs.sandbox, folder)?;
    let proxy = Proxy::start(sandbox.address(), seed)?;
    let provider = format!("http://{}", proxy.address());
    let roamport = Roamport::new(&programs.roamport, folder, &provider, journal, faults);
    // The tables are made before two workers do it at once.
    roamport.orders()?;
    let mut workers = Workers::start(&roamport, folder)?;
    let generator = Generator::start(&roamport, seed);

    let begin = now();
    let asked = misfortune(arguments, seed, &sandbox, &mut workers, &generator)?;
    proxy.calm();
    let unfired = sandbox.clear_faults()?;
    let recorded = generator.finish()?;
    println!("\nno more faults; draining {} orders", recorded.len());
    let drained = drain(&roamport, &mut workers, now())?;
    let (kills, falls) = (workers.kills, workers.falls);
    workers.stop()?;

    let verdict = judge(&roamport, &sandbox, &recorded)?;
    let counts = proxy.counts();
    let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    println!("\n{verdict}");
    for (what, number) in [
        ("workers killed (SIGKILL)", kills),
        ("workers that ended by themselves", falls),
        (
            "faults of the provider",
            u64::try_from(asked.saturating_sub(unfired))?,
        ),
        ("connections through the proxy", count(&counts.connections)),
        ("  cut", count(&counts.cuts)),
        ("  stalled", count(&counts.stalls)),
        ("  half-closed", count(&counts.half_closes)),
    ] {
        println!("{what:<38}{number:>6}");
    }
    println!("reconcile: {}", roamport.reconciled()?);
    println!(
        "seed {seed}; {} s of faults, {} s of draining, {} s in all",
        arguments.seconds,
        drained.as_secs(),
        begin.elapsed().as_secs()
    );
    if !verdict.is_good() || falls > 0 {
        bail!(
            "the soak failed; `cargo xtask soak --seconds {} --journal {} --seed {seed} --keep` asks \
             for the same faults",
            arguments.seconds,
            arguments.journal.name()
        );
    }
    println!("verdict: good");
    Ok(())
}

impl Journal {
    fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// Says under which times the run stands: what it shows, it shows under these.
fn describe(arguments: &Arguments, seed: u64, faults: Duration) {
    println!(
        "\nsoak: journal {}, seed {seed}, {} s of faults, a worker killed every {} s",
        arguments.journal.name(),
        arguments.seconds,
        arguments.kill_every
    );
    for (key, value) in settings::settings(faults) {
        println!("  {key:<36}{value}");
    }
    println!(
        "quiet period in force: {} s, twice the longest effect that the adapter is told of; nothing \
         here takes effect later\nthe provider promises nothing about a second order under one \
         reference (`Dedup::None`), and charges it",
        settings::quiet_period().as_secs()
    );
}

/// Lets everything go wrong for as long as was asked; gives how many faults were asked for.
fn misfortune(
    arguments: &Arguments,
    seed: u64,
    sandbox: &Sandbox,
    workers: &mut Workers,
    generator: &Generator,
) -> anyhow::Result<usize> {
    const TELL_EVERY: Duration = Duration::from_secs(10);
    let kill_every = Duration::from_secs(arguments.kill_every);
    let mut faults = Chance::of(seed, u64::MAX);
    let mut kills = Chance::of(seed, u64::MAX - 1);
    let begin = now();
    let until = begin + Duration::from_secs(arguments.seconds);
    let (mut fault_at, mut kill_at, mut tell_at) = (begin, begin + kill_every, begin + TELL_EVERY);
    let mut asked = 0;
    while now() < until {
        if now() >= fault_at {
            fault_at += FAULT_EVERY;
            if sandbox.faults_left()? < MOST_FAULTS {
                sandbox.add_fault(&faults::draw(&mut faults))?;
                asked += 1;
            }
        }
        if now() >= kill_at {
            kill_at += kill_every;
            let number = usize::try_from(kills.between(0..=1))?;
            workers.kill(number, kills.milliseconds(0..=1500))?;
        }
        workers.tend()?;
        if now() >= tell_at {
            tell_at += TELL_EVERY;
            println!(
                "{:>5} s: {} orders recorded, {} kills, {asked} faults asked for",
                begin.elapsed().as_secs(),
                generator.count(),
                workers.kills
            );
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(asked)
}

/// Waits until every order has ended, or for as long as two calls of unknown outcome can take; gives
/// how long that was.
fn drain(roamport: &Roamport, workers: &mut Workers, begin: Instant) -> anyhow::Result<Duration> {
    const TELL_EVERY: u32 = 15;
    let longest = (settings::quiet_period() + settings::WINDOW) * 2 + Duration::from_mins(2);
    for round in 0_u32.. {
        let orders = roamport.orders()?;
        let open = orders
            .iter()
            .filter(|order| !has_ended(&order.state))
            .count();
        if open == 0 || begin.elapsed() > longest {
            break;
        }
        if round.is_multiple_of(TELL_EVERY) {
            println!("{:>5} s: {open} orders open", begin.elapsed().as_secs());
        }
        for _ in 0..20 {
            workers.tend()?;
            thread::sleep(Duration::from_millis(100));
        }
    }
    Ok(begin.elapsed())
}

fn judge(
    roamport: &Roamport,
    sandbox: &Sandbox,
    recorded: &[RecordedOrder],
) -> anyhow::Result<Verdict> {
    let charges = sandbox.charges()?;
    let mut known = Vec::new();
    for order in roamport.orders()? {
        let provider_order = roamport.provider_order(&order.id)?;
        known.push((order, provider_order));
    }
    Ok(Verdict::join(recorded, &known, &charges))
}

/// The programs under test.
pub(crate) struct Programs {
    pub(crate) roamport: PathBuf,
    pub(crate) sandbox: PathBuf,
}

impl Programs {
    /// Builds them, and copies them to `folder`: a build that somebody starts meanwhile changes nothing
    /// under a run.
    pub(crate) fn build(shell: &Shell, folder: &Path) -> anyhow::Result<Self> {
        cmd!(
            shell,
            "cargo build --package roamport-cli --package roamport-sandbox --bins"
        )
        .run()?;
        let copied = |name: &str| -> anyhow::Result<PathBuf> {
            let built = built_program(shell, name)?;
            let copy = folder.join(name);
            std::fs::copy(&built, &copy)
                .with_context(|| format!("failed to copy {}", built.display()))?;
            Ok(copy)
        };
        Ok(Self {
            roamport: copied("roamport")?,
            sandbox: copied("roamport-sandbox")?,
        })
    }
}

/// A seed from the clock, for a run that asks for none; it is printed.
#[expect(
    clippy::disallowed_methods,
    reason = "a seed that nobody chose has to come from somewhere"
)]
fn drawn_seed() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(1, |since| Chance::new(since.as_secs()).between(1..=999_999))
}

/// Now, on the clock by which the run is paced.
#[expect(
    clippy::disallowed_methods,
    reason = "a soak runs in real time, with real processes"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}
