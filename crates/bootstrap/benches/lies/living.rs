//! One case's life: an earlier order from an honest provider, then the order that is lied about, driven by
//! the real use-cases through the real layers and adapters until it rests.

use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use roamport_adapter_esim_access::{EsimAccess, EsimAccessConfig};
use roamport_adapter_roamify::{Roamify, RoamifyConfig};
use roamport_app::order_and_provision::Wish;
use roamport_app::orders::{Placement, Terms};
use roamport_app::{
    AppError, Carried, LeasePolicy, Orders, OrdersParts, Quote, Reconciler, Silent,
};
use roamport_domain::journal::{InMemoryJournal, Owner};
use roamport_domain::order::{OrderPolicy, OrderState, ProviderInstance};
use roamport_domain::provider::{DestinationFilter, EsimKey, TopUpQuery, UsageQuery};
use roamport_domain::{
    Account, Clock, EsimProvider, IdempotencyKey, Order, OrderJournal, PackageId, ProfileStore,
    ProviderName,
};
use roamport_layers::Stack;
use roamport_provider_http::in_process::{InProcessHandler, InProcessHost};
use roamport_sandbox::Dialect;
use roamport_sandbox::http::InProcessAnswer;
use tokio::sync::mpsc;

use super::calls::Sent;
use super::case::{Case, Wanted};
use super::dice::Dice;
use super::faults::{Bound, Weather};
use super::journal::SimulatedJournal;
use super::naive::Naive;
use super::order::Plan;
use super::process::{JournalClock, Life, Process};
use super::stage::Stage;
use super::transcript::Exchange;

/// Processes in one phase of a case. Whoever needs more is stuck.
const MOST_STARTS: u32 = 150;
/// Crashes after which the weather clears.
const MOST_CRASHES: u32 = 4;
/// How often a parked order whose outcome is unknown is looked at again, ten minutes apart.
const VISITS: u32 = 2;

/// What happened in a case, for whoever judges it.
#[derive(Debug)]
pub(crate) struct Lived {
    pub(crate) stage: Arc<Stage>,
    /// The name of the provider in the journal.
    pub(crate) name: ProviderName,
    pub(crate) journal: Arc<dyn Stored>,
    pub(crate) earlier: Option<Order>,
    pub(crate) order: Option<Order>,
    /// How many exchanges there were when the order came to rest: what is answered later could not
    /// change how it ended.
    pub(crate) rested: usize,
    /// What wallet and lookups answered then.
    pub(crate) witnesses: Vec<Exchange>,
    pub(crate) crashes: u32,
    /// The orders that reconciliation showed once the liar had stopped.
    pub(crate) found: Vec<String>,
    /// What went wrong in the harness itself.
    pub(crate) broken: Vec<String>,
}

/// What a case leaves behind, in whatever journal.
pub(crate) trait Stored: OrderJournal + ProfileStore {}

impl<Journal: OrderJournal + ProfileStore> Stored for Journal {}

/// The life of one case while it goes on.
struct Living {
    case: Case,
    life: Arc<Life>,
    stage: Arc<Stage>,
    naive: Option<Naive>,
    journal: Arc<InMemoryJournal>,
    started: u32,
    rested: usize,
    witnesses: Vec<Exchange>,
    crashes: u32,
    broken: Vec<String>,
}

/// Lives one case. On a paused runtime of its own.
pub(crate) async fn live(case: Case, naive: Option<Naive>) -> Lived {
    fastrand::seed(Dice::of(case.seed, case.index, 22).next());
    let weather = Weather {
        crash: case.crash,
        ..Weather::STILL
    };
    let plan = Plan {
        weather: Some(weather),
        late: 0,
        ..Plan::new(case.seed, Bound::Kept)
    };
    let life = Arc::new(Life::new(&plan, case.index));
    let clock: Arc<dyn Clock> = Arc::new(JournalClock(life.clone()));
    let stage = Arc::new(Stage::new(case.clone(), life.clone(), &clock, naive));
    let mut living = Living {
        case: case.clone(),
        life,
        stage: stage.clone(),
        naive,
        journal: Arc::new(InMemoryJournal::new(clock)),
        started: 0,
        rested: 0,
        witnesses: Vec::new(),
        crashes: 0,
        broken: Vec::new(),
    };
    let (earlier, order) = living.buy().await;
    let found = living.reconcile().await;
    Lived {
        stage,
        name: name(),
        journal: living.journal,
        earlier,
        order,
        rested: living.rested,
        witnesses: living.witnesses,
        crashes: living.crashes,
        found,
        broken: living.broken,
    }
}

impl Living {
    async fn buy(&mut self) -> (Option<Order>, Option<Order>) {
        let package = self.stage.package();
        self.stage.sell_to_strangers(&package);
        let key = |what: &str| {
            let (seed, index) = (self.case.seed, self.case.index);
            IdempotencyKey::parse(format!("{what}-{index}-of-{seed}")).expect("a plain text")
        };
        let (earlier_key, key) = (key("earlier"), key("order"));
        let package = PackageId::parse(package.as_str()).expect("the world's own id");
        let wish = Wish::new(package.clone(), NonZeroU16::MIN);
        // Nothing goes wrong before the order that is lied about.
        self.life.set_calm(true);
        let Some(quote) = self.quote(&wish).await else {
            return (None, None);
        };
        let account = usize::from(self.case.no_control);
        self.carry_on(&quote, &earlier_key, |_| account).await;
        let earlier = self.order(&earlier_key).await;
        let Some(bought) = earlier
            .clone()
            .filter(|order| order.state() == OrderState::Fulfilled)
        else {
            self.broken.push(format!(
                "the earlier order, at an honest provider, is {:?}",
                earlier.as_ref().map(Order::state)
            ));
            return (earlier, None);
        };
        let pause = Dice::of(self.case.seed, self.case.index, 23).wide(600_000, 200_000_000);
        tokio::time::sleep(pause).await;
        let (reference, control) = (
            roamport_domain::Reference::derive(&name(), &key),
            bought.requested().reference.clone(),
        );
        self.stage.begin(reference.as_str(), control.as_str()).await;
        self.life.set_calm(false);
        let quote = match self.case.wanted {
            Wanted::Esims(quantity) => {
                let quantity = NonZeroU16::new(quantity).expect("one or two");
                let wish = Wish::new(package, quantity);
                self.quote(&wish).await
            }
            Wanted::TopUp => self.quote_top_up(&bought).await,
        };
        let Some(quote) = quote else {
            return (earlier, None);
        };
        let other = self.case.other_account;
        let crashed_before = self.crashes;
        self.carry_on(&quote, &key, |crashes| {
            usize::from(other && crashes > crashed_before)
        })
        .await;
        let order = self.order(&key).await;
        self.rested = self.stage.exchanges().len();
        self.witnesses = self.stage.ask_witnesses().await;
        self.read_the_rest(&bought, order.as_ref()).await;
        let order = self.order(&key).await;
        (earlier, order)
    }

    /// A quote, as a person gets one who tries again after a crash. A lie may keep it away.
    async fn quote(&mut self, wish: &Wish) -> Option<Quote> {
        for _ in 0..MOST_CRASHES {
            let (_, orders) = self.start(0);
            let wish = wish.clone();
            let asked = tokio::spawn(async move { orders.quote(&wish).await.ok() });
            if let Ok(quote) = asked.await {
                return quote;
            }
        }
        None
    }

    async fn quote_top_up(&mut self, bought: &Order) -> Option<Quote> {
        let esim = bought.items().first()?.esim.clone();
        for _ in 0..MOST_CRASHES {
            let (_, orders) = self.start(0);
            let provider = self.provider(0);
            let esim = EsimKey::from_id(esim.clone());
            let asked = tokio::spawn(async move {
                let key = orders.resolve(&esim).await.ok()?;
                let mut packages = provider.top_up_packages(TopUpQuery::all(key.clone()));
                let package = loop {
                    let package = futures::StreamExt::next(&mut packages).await?.ok()?;
                    if package.by_day.is_none() {
                        break package.id;
                    }
                };
                orders.quote_top_up(&key, &package, None).await.ok()
            });
            if let Ok(quote) = asked.await {
                return quote;
            }
        }
        None
    }

    /// The calls that no order makes: they must stand up to a liar, too.
    async fn read_the_rest(&mut self, bought: &Order, order: Option<&Order>) {
        use super::transcript::Call;
        let calls: Vec<Call> = self.case.lies.iter().map(|lie| lie.call).collect();
        let (_, orders) = self.start(0);
        let (provider, began) = (self.provider(0), self.stage.began);
        let esim = bought.items().first().map(|item| item.esim.clone());
        let new = order.and_then(|order| order.items().first());
        let new = new.map(|item| EsimKey::from_id(item.esim.clone()));
        let asked = tokio::spawn(async move {
            if calls.contains(&Call::Destinations) {
                let _ = provider.destinations(&DestinationFilter::default()).await;
            }
            let Some(esim) = esim else { return };
            let Ok(key) = orders.resolve(&EsimKey::from_id(esim)).await else {
                return;
            };
            if calls.contains(&Call::Usage) {
                let query = UsageQuery {
                    esim: key.clone(),
                    daily: true,
                };
                let _ = provider.usage(&query).await;
            }
            if calls.contains(&Call::Esim) {
                let _ = provider.esim(new.as_ref().unwrap_or(&key)).await;
            }
            if calls.contains(&Call::List) {
                let since = began - SignedDuration::from_hours(24 * 30);
                let _ = Reconciler::new(orders, None).reconcile(Some(since)).await;
            }
            if calls.contains(&Call::Cancel) {
                let request = roamport_domain::provider::CancelRequest { esim: key };
                let _ = provider.cancel(&request).await;
            }
        });
        // A crash ends the reading; a panic is counted by the hook.
        let _ = asked.await;
    }

    async fn order(&self, key: &IdempotencyKey) -> Option<Order> {
        let found = self.journal.find(key).await;
        found.expect("a journal in memory can be read")
    }

    /// Keeps one process after the other at work until the order rests.
    async fn carry_on(
        &mut self,
        quote: &Quote,
        key: &IdempotencyKey,
        account: impl Fn(u32) -> usize,
    ) {
        let mut visits = 0;
        for _ in 0..MOST_STARTS {
            let (process, orders) = self.start(account(self.crashes));
            let number = self.started;
            let (quote, key_of) = (quote.clone(), key.clone());
            let working = tokio::spawn(async move {
                let stop = process.stop.clone();
                let terms = Terms {
                    key: Some(key_of),
                    ..Terms::default()
                };
                let order = match orders.place(&quote, &terms).await? {
                    Placement::New(order) | Placement::Continued(order) => order.id(),
                    Placement::Unfinished(summary) => summary.id,
                };
                orders.carry_on(order, Arc::new(Silent), stop).await
            });
            let ended: Result<Result<Carried, AppError>, _> = working.await;
            let crashed = matches!(ended, Err(_) | Ok(Err(AppError::Broken(_))));
            let order = self.order(key).await;
            if crashed {
                self.crashes += 1;
                let order = order.as_ref().map(Order::id);
                self.stage.lose(number, &*self.journal, order).await;
                if self.crashes >= MOST_CRASHES {
                    self.life.set_calm(true);
                }
            }
            let pause = match order.as_ref().map(|order| (order.state(), order.placed())) {
                Some((OrderState::NeedsAttention, placed)) => {
                    visits += 1;
                    if placed.is_some() || visits > VISITS {
                        return;
                    }
                    Duration::from_mins(10)
                }
                Some((state, _)) if state.is_settled() => return,
                _ => self.life.draw(|dice| dice.between(100, 30_000)),
            };
            tokio::time::sleep(pause).await;
        }
    }

    fn start(&mut self, account: usize) -> (Arc<Process>, Orders) {
        self.started += 1;
        let process = Process::start(self.life.clone(), mpsc::unbounded_channel().0);
        let provider = self.adapter(&process, account);
        let provider: Arc<dyn EsimProvider> = Arc::new(Stack::new(process.clone()).over(provider));
        let journal = Arc::new(SimulatedJournal::new(self.journal.clone(), process.clone()));
        let orders = Orders::new(OrdersParts {
            provider,
            instance: instance(),
            journal: journal.clone(),
            profiles: journal.clone(),
            accounts: journal,
            account: self.identity(account),
            clock: process.clone(),
            policy: OrderPolicy::default(),
            lease: LeasePolicy::default(),
            owner: Owner::new(format!("process-{}", self.started)),
        });
        (process, orders)
    }

    /// The account as a client tells it; one that ignores the account sees the first one everywhere.
    fn identity(&self, account: usize) -> Account {
        let seen = match self.naive {
            Some(Naive::IgnoresTheAccount) => 0,
            _ => account,
        };
        Account::parse(format!("account {seen}")).expect("a plain text")
    }

    /// The provider of a process in good health, for what is read beside the order.
    fn provider(&self, account: usize) -> Arc<dyn EsimProvider> {
        let process = Process::start(self.life.clone(), mpsc::unbounded_channel().0);
        Arc::new(Stack::new(process.clone()).over(self.adapter(&process, account)))
    }

    /// The real adapter, over a host of this process.
    fn adapter(&self, process: &Arc<Process>, account: usize) -> Arc<dyn EsimProvider> {
        let (seed, index, number) = (self.case.seed, self.case.index, self.started);
        let thread = std::thread::current().id();
        let url = format!("http://case-{index}-of-{seed}-{number}-{thread:?}.test");
        let url = url.replace(['(', ')'], "").to_lowercase();
        let (stage, life) = (self.stage.clone(), process.clone());
        let handler: InProcessHandler = Arc::new(move |request| {
            let (stage, process) = (stage.clone(), life.clone());
            Box::pin(async move {
                let mut sent = sent(&request);
                sent.use_credentials(&stage.tokens[account]);
                let (answer, whole) = stage.exchange(process, number, sent).await?;
                Ok(response(answer, whole))
            })
        });
        let host = InProcessHost::serve(&url, handler);
        // A client that ignores the account shows the first one's credentials as its own.
        let token: &str = match self.naive {
            Some(Naive::IgnoresTheAccount) => &self.stage.tokens[0],
            _ => &self.stage.tokens[account],
        };
        match self.case.dialect {
            Dialect::Roamify => {
                let mut config = RoamifyConfig::new(host.base_url(), token);
                config.name = name();
                Arc::new(Roamify::new(&config, process.clone()).expect("a good configuration"))
            }
            Dialect::EsimAccess => {
                let mut config = EsimAccessConfig::new(host.base_url(), token);
                config.name = name();
                Arc::new(EsimAccess::new(&config, process.clone()).expect("a good configuration"))
            }
        }
    }

    /// What the use-case `reconcile` shows once the provider is honest again.
    async fn reconcile(&mut self) -> Vec<String> {
        self.life.set_calm(true);
        self.stage.stop_lying();
        tokio::time::sleep(Duration::from_mins(20)).await;
        let (_, orders) = self.start(0);
        let since: Timestamp = self.stage.began - SignedDuration::from_hours(24 * 30);
        let report = Reconciler::new(orders, None).reconcile(Some(since)).await;
        match report {
            Ok(report) => report
                .findings
                .iter()
                .flat_map(super::order::found_in)
                .map(|order| order.as_str().to_owned())
                .collect(),
            Err(error) => {
                self.broken.push(format!("reconciliation failed: {error}"));
                Vec::new()
            }
        }
    }
}

fn name() -> ProviderName {
    ProviderName::parse("liar").expect("a plain word")
}

fn instance() -> ProviderInstance {
    ProviderInstance {
        name: name(),
        base_url: "https://liar.example".to_owned(),
    }
}

fn sent(request: &reqwest::Request) -> Sent {
    let url = request.url();
    let target = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let headers = request.headers().iter();
    let body = request.body().and_then(reqwest::Body::as_bytes);
    Sent {
        method: request.method().to_string(),
        target,
        headers: headers
            .map(|(name, value)| {
                let value = value.to_str().unwrap_or_default();
                (name.as_str().to_owned(), value.to_owned())
            })
            .collect(),
        body: body.unwrap_or_default().to_vec(),
    }
}

fn response(answer: InProcessAnswer, whole: bool) -> reqwest::Response {
    let body = if whole {
        reqwest::Body::from(answer.body)
    } else {
        let cut = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        let parts = [Ok(answer.body), Err(cut)];
        reqwest::Body::wrap_stream(futures::stream::iter(parts))
    };
    let mut response = http::Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    let response = response
        .body(body)
        .expect("an answer of the sandbox is well-formed");
    reqwest::Response::from(response)
}
