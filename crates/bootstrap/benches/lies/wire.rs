//! The same cases between real processes: `roamport` and its journal on one side, the liar as a server on
//! the other. Every case has a provider and accounts of its own, and all share one journal.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use roamport_adapter_postgres::{PostgresJournal, PostgresJournalConfig};
use roamport_adapter_sqlite::SqliteJournal;
use roamport_app::SystemClock;
use roamport_domain::order::OrderState;
use roamport_domain::{Clock, IdempotencyKey, Order, ProviderName, Reference, Secret};
use roamport_sandbox::Dialect;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::case::{Case, Wanted};
use super::dice::Dice;
use super::faults::{Bound, Weather};
use super::judge::judge;
use super::living::{Lived, Stored};
use super::log::{Log, steers};
use super::order::Plan;
use super::process::{Life, Process};
use super::report::Report;
use super::serve::serve;
use super::stage::Stage;
use super::transcript::Call;
use super::{Outcome, Told};

/// Processes that run at once.
const AT_ONCE: usize = 32;
/// How long before an order the earlier one was placed: a younger one is no witness yet.
const BEFORE: Duration = Duration::from_secs(62);
/// An order is driven for so long, at most so often.
const WAIT: &str = "40s";
const STARTS: u32 = 6;
/// Processes that are killed in a case.
const MOST_KILLS: u32 = 2;

/// The times under which a run stands: short ones, since safety is bought with time.
const SETTINGS: [(&str, &str); 25] = [
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
    ("orders.delivery_within", "30s"),
    ("orders.provision_within", "30s"),
    ("orders.look_up_waits", "200ms,500ms,1s"),
    ("orders.profile_waits", "200ms,500ms,1s"),
    ("orders.back_pressure_reconciling", "1000000"),
    ("orders.back_pressure_share", "100"),
    ("circuit_breaker.pause", "200ms"),
    ("retry.shortest_pause", "100ms"),
    ("retry.longest_pause", "200ms"),
];

/// What a run is made with.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) roamport: PathBuf,
    /// An empty folder for journal and logs.
    pub(crate) folder: PathBuf,
    /// `sqlite`, or the address of a PostgreSQL database.
    pub(crate) journal: String,
    pub(crate) seed: u64,
}

impl Wire {
    async fn open(&self) -> Outcome<Arc<dyn Stored>> {
        if self.journal == "sqlite" {
            let path = self.folder.join("data").join("roamport.db");
            let clock = Arc::new(SystemClock);
            return Ok(Arc::new(SqliteJournal::open(path, clock).await?));
        }
        let config = PostgresJournalConfig::new(Secret::new(self.journal.clone()));
        Ok(Arc::new(PostgresJournal::connect(&config).await?))
    }
}

/// Runs the cases with these numbers and judges them. Also returns the lines that tell what happened, if there is
/// only one case.
pub(crate) fn run(wire: Wire, numbers: Vec<u64>) -> Outcome<(Report, Vec<String>)> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let began = Instant::now();
        let mut report = Report {
            seed: wire.seed,
            wire: true,
            ..Report::default()
        };
        let (journal, gate) = (wire.open().await?, Arc::new(Semaphore::new(AT_ONCE)));
        let (wire, mut cases) = (Arc::new(wire), JoinSet::new());
        let is_single = numbers.len() == 1;
        for index in numbers {
            let case = Case::drawn(wire.seed, index);
            let (wire, journal) = (wire.clone(), journal.clone());
            cases.spawn(replay(wire, journal, case, gate.clone()));
        }
        let mut lines = Vec::new();
        while let Some(told) = cases.join_next().await {
            let told = told??;
            report.take(&told);
            if is_single {
                lines = told.lines().await;
            }
        }
        report.took = began.elapsed();
        Ok((report, lines))
    })
}

async fn replay(
    wire: Arc<Wire>,
    journal: Arc<dyn Stored>,
    case: Case,
    gate: Arc<Semaphore>,
) -> Outcome<Told> {
    let name = match case.dialect {
        Dialect::Roamify => "roamify",
        Dialect::EsimAccess => "esim-access",
    };
    let plan = Plan {
        weather: Some(Weather::STILL),
        late: 0,
        ..Plan::new(case.seed, Bound::Kept)
    };
    let life = Arc::new(Life::new(&plan, case.index));
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let stage = Arc::new(Stage::new(case.clone(), life.clone(), &clock, None));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let started = Arc::new(AtomicU32::new(0));
    let process = Process::start(life, mpsc::unbounded_channel().0);
    let serving = serve(listener, stage.clone(), process, started.clone());
    let serving = tokio::spawn(serving);
    let mut client = Client {
        wire,
        address,
        name: ProviderName::parse(name)?,
        dice: Dice::of(case.seed, case.index, 30),
        case: case.clone(),
        stage,
        journal,
        started,
        kills: 0,
        log: Log::default(),
        shown: String::new(),
    };
    let lived = client.live(&gate).await?;
    serving.abort();
    let mut verdict = judge(&lived, Vec::new()).await;
    verdict.problems.extend(client.log.problems(&lived));
    if client.shown.contains("panicked at") {
        let shown = client
            .shown
            .lines()
            .find(|line| line.contains("panicked at"));
        verdict.problems.extend(shown.map(str::to_owned));
    }
    if let Some(character) = client.shown.chars().find(|character| steers(*character)) {
        let problem = format!("the terminal shows {character:?}");
        verdict.problems.push(problem);
    }
    Ok(Told {
        case,
        lived,
        verdict,
    })
}

/// The processes of one case.
struct Client {
    wire: Arc<Wire>,
    address: SocketAddr,
    name: ProviderName,
    dice: Dice,
    case: Case,
    stage: Arc<Stage>,
    journal: Arc<dyn Stored>,
    started: Arc<AtomicU32>,
    kills: u32,
    log: Log,
    /// All that a terminal showed.
    shown: String,
}

impl Client {
    fn key(&self, what: &str) -> IdempotencyKey {
        let (seed, index) = (self.case.seed, self.case.index);
        IdempotencyKey::parse(format!("{what}-{index}-of-{seed}")).expect("a plain text")
    }

    async fn order(&self, key: &IdempotencyKey) -> Outcome<Option<Order>> {
        Ok(self.journal.find(key).await?)
    }

    async fn live(&mut self, gate: &Semaphore) -> Outcome<Lived> {
        let package = self.stage.package();
        let (earlier_key, key) = (self.key("earlier"), self.key("order"));
        let account = usize::from(self.case.no_control);
        let turn = gate.acquire().await?;
        let words = purchase(&["buy", &package], &earlier_key);
        self.roamport(account, &words, None).await?;
        let earlier = self.order(&earlier_key).await?;
        drop(turn);
        let mut lived = Lived {
            stage: self.stage.clone(),
            name: self.name.clone(),
            journal: self.journal.clone(),
            earlier: earlier.clone(),
            order: None,
            rested: 0,
            witnesses: Vec::new(),
            crashes: 0,
            found: Vec::new(),
            broken: Vec::new(),
        };
        let bought = earlier.filter(|order| order.state() == OrderState::Fulfilled);
        let Some(bought) = bought else {
            let last = self.shown.lines().last().unwrap_or_default();
            let broken = format!("the earlier order was not fulfilled: {last}");
            lived.broken.push(broken);
            return Ok(lived);
        };
        tokio::time::sleep(BEFORE).await;
        let _turn = gate.acquire().await?;
        self.stage.sell_to_strangers(&package);
        let reference = Reference::derive(&self.name, &key);
        let control = bought.requested().reference.as_str();
        self.stage.begin(reference.as_str(), control).await;
        let Some(words) = self.wanted(&package, &bought, &key).await? else {
            return Ok(lived);
        };
        self.carry_on(&words, &key).await?;
        lived.rested = self.stage.exchanges().len();
        lived.witnesses = self.stage.ask_witnesses().await;
        self.read_the_rest(&bought).await?;
        self.stage.stop_lying();
        tokio::time::sleep(Duration::from_secs(5)).await;
        lived.found = self.reconcile().await?;
        lived.order = self.order(&key).await?;
        lived.crashes = self.kills;
        Ok(lived)
    }

    /// The command that buys what the case wants. A lie may keep it away.
    async fn wanted(
        &mut self,
        package: &str,
        bought: &Order,
        key: &IdempotencyKey,
    ) -> Outcome<Option<Vec<String>>> {
        let quantity = match self.case.wanted {
            Wanted::Esims(quantity) => quantity.to_string(),
            Wanted::TopUp => {
                let esim = bought.items()[0].esim.as_str().to_owned();
                let words = ["topup", "packages", &esim, "--json"];
                let output = self.roamport(0, &words.map(str::to_owned), None).await?;
                let listed: serde_json::Value = serde_json::from_slice(&output).unwrap_or_default();
                let packages = listed["packages"].as_array();
                let package = packages
                    .into_iter()
                    .flatten()
                    .find(|package| package["by_day"].is_null())
                    .and_then(|package| package["id"].as_str());
                return Ok(package.map(|package| purchase(&["topup", "buy", &esim, package], key)));
            }
        };
        let words = purchase(&["buy", package, "--quantity", &quantity], key);
        Ok(Some(words))
    }

    /// Runs one process after the other until the order rests; kills some.
    async fn carry_on(&mut self, words: &[String], key: &IdempotencyKey) -> Outcome<()> {
        for _ in 0..STARTS {
            let dies = self.case.crash > 0 && self.kills < MOST_KILLS && self.dice.hits(700_000);
            let kill_after = dies.then(|| self.dice.between(50, 2_500));
            let account = usize::from(self.case.other_account && self.kills > 0);
            self.roamport(account, words, kill_after).await?;
            let order = self.order(key).await?;
            if dies {
                self.kills += 1;
                let number = self.started.load(Ordering::SeqCst);
                let order = order.as_ref().map(Order::id);
                self.stage.lose(number, &*self.journal, order).await;
            } else if order.is_none() {
                // A lie kept the quote away.
                return Ok(());
            }
            let rests = |order: &Order| {
                order.state().is_settled()
                    || order.state() == OrderState::NeedsAttention && order.placed().is_some()
            };
            if order.as_ref().is_some_and(rests) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_secs(3)).await;
        }
        Ok(())
    }

    /// The calls that no order makes: they must stand up to a liar, too.
    async fn read_the_rest(&mut self, bought: &Order) -> Outcome<()> {
        let esim = bought.items()[0].esim.as_str().to_owned();
        let calls: Vec<Call> = self.case.lies.iter().map(|lie| lie.call).collect();
        for call in calls {
            let words: &[&str] = match call {
                Call::Destinations => &["destinations"],
                Call::Packages => &["packages", "--limit", "5"],
                Call::Wallet => &["balance"],
                Call::Usage => &["usage", &esim],
                Call::Esim => &["esim", "show", &esim],
                Call::List => &["reconcile"],
                Call::Cancel => &[
                    "esim", "cancel", &esim, "--by", "liar", "--why", "tried", "--yes",
                ],
                _ => continue,
            };
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            self.roamport(0, &words, None).await?;
        }
        Ok(())
    }

    /// What `roamport reconcile` shows.
    async fn reconcile(&mut self) -> Outcome<Vec<String>> {
        let words = ["reconcile", "--json"].map(str::to_owned);
        let shown = self.roamport(0, &words, None).await?;
        let shown: serde_json::Value = serde_json::from_slice(&shown)?;
        let findings = shown["findings"].as_array();
        let mut found = Vec::new();
        for finding in findings.into_iter().flatten() {
            texts(finding, &mut found);
        }
        Ok(found)
    }

    /// Runs the program with the credentials of an account, and kills it after a while where one says so.
    /// Returns what it wrote to standard output.
    async fn roamport(
        &mut self,
        account: usize,
        words: &[String],
        kill_after: Option<Duration>,
    ) -> Outcome<Vec<u8>> {
        self.started.fetch_add(1, Ordering::SeqCst);
        let data = self.wire.folder.join("data").display().to_string();
        let (url, token) = (
            format!("http://{}", self.address),
            self.stage.tokens[account].as_str(),
        );
        let places = [
            ("provider", self.name.as_str()),
            ("roamify.base_url", &url),
            ("roamify.token", token),
            ("esim_access.base_url", &url),
            ("esim_access.access_code", token),
            ("journal", &self.wire.journal),
            ("data_dir", &data),
        ];
        let variable = |key: &str| format!("ROAMPORT__{}", key.replace('.', "__").to_uppercase());
        let mut child = Command::new(&self.wire.roamport)
            .arg("-vv")
            .args(words)
            .env_clear()
            .envs(places.map(|(key, value)| (variable(key), value)))
            .envs(SETTINGS.map(|(key, value)| (variable(key), value)))
            .env("HOME", &self.wire.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        if let Some(after) = kill_after {
            tokio::time::sleep(after).await;
            child.start_kill()?;
        }
        let output = child.wait_with_output().await?;
        self.log.extend(&output.stderr);
        for stream in [&output.stdout, &output.stderr] {
            self.shown.push_str(&String::from_utf8_lossy(stream));
        }
        Ok(output.stdout)
    }
}

fn purchase(words: &[&str], key: &IdempotencyKey) -> Vec<String> {
    let rest = ["--key", key.as_str(), "--wait", WAIT, "--yes", "--json"];
    let words = words.iter().chain(&rest);
    words.map(|word| (*word).to_owned()).collect()
}

/// Every text in a document.
fn texts(value: &serde_json::Value, found: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) => found.push(text.clone()),
        serde_json::Value::Array(values) => values.iter().for_each(|value| texts(value, found)),
        serde_json::Value::Object(fields) => fields.values().for_each(|value| texts(value, found)),
        _ => {}
    }
}
