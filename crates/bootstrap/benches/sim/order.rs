//! One order's whole life: processes that carry it on, crash, freeze and are followed by others,
//! until it rests; and the judgement over it, with the provider's truth as the judge.
//!
//! Each order has a journal of its own, so that the back-pressure which other orders would cause is
//! none of its business: it reads how many orders of one journal are of unknown outcome.

use std::collections::BTreeSet;
use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use roamport_app::orders::{Placement, Terms};
use roamport_app::reconcile::{Difference, Finding};
use roamport_app::{
    AppError, Carried, LeasePolicy, Orders, OrdersParts, Quote, Reconciler, Silent, StopSignal,
};
use roamport_domain::journal::{InMemoryJournal, Owner, Recorded};
use roamport_domain::order::{
    AttentionReason, OrderContent, OrderPolicy, OrderState, OrderedLine, ProviderInstance,
};
use roamport_domain::provider::Line;
use roamport_domain::{
    Account, EsimId, IdempotencyKey, Order, OrderJournal as _, ProviderOrderId, Reference, TopUp,
};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::JoinSet;

use super::dice::Dice;
use super::faults::{Bound, Tally, Weather};
use super::process::{JournalClock, Life, Process, Trouble, noon};
use super::provider::{NAME, PACKAGE, SimulatedProvider, Wanted, dollars, provider_order_id};
use super::world::LATE;

/// Processes at one order at once.
const MOST_PROCESSES: usize = 4;
/// Processes in an order's life. Whoever needs more is stuck. A journal's clock that is set back while
/// a dead process holds the lease keeps everybody else away for as long as it was set back, and each
/// process asks for half a minute: so they may be many.
const MOST_STARTS: u32 = 2_000;
/// How often a parked order whose outcome is unknown is looked at again, ten minutes apart.
const VISITS: u32 = 4;
/// One order in so many is reconciled although all seems well: then nothing may be found.
const SAMPLE: u64 = 64;

/// How a run is made.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) bound: Bound,
    pub(crate) policy: OrderPolicy,
    /// The weather of every order; drawn for each one where `None`.
    pub(crate) weather: Option<Weather>,
    /// How many purchase requests in a million take effect late.
    pub(crate) late: u32,
    /// Whether a lookup by reference keeps the orders of others out.
    pub(crate) filter_holds: bool,
}

impl Plan {
    pub(crate) fn new(seed: u64, bound: Bound) -> Self {
        Self {
            seed,
            bound,
            policy: OrderPolicy::default(),
            weather: None,
            late: LATE,
            filter_holds: true,
        }
    }
}

/// Where an order came to rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Fulfilled,
    Failed,
    /// It waits for a person.
    Parked,
    /// It never came to rest.
    Stuck,
}

/// What came of one order.
#[derive(Debug)]
pub(crate) struct Ending {
    pub(crate) fate: Fate,
    /// Charges beyond the first, by the provider's truth.
    pub(crate) second_charges: u64,
    /// Charges that the order itself does not name, and that reconciliation found.
    pub(crate) found: u64,
    /// Charges that nobody was told of, or orders that never came to rest.
    pub(crate) lost: u64,
    /// What must not be, in words.
    pub(crate) problems: Vec<String>,
    pub(crate) tally: Tally,
    /// Processes that worked on it.
    pub(crate) processes: u32,
    /// How long it took until it first rested.
    pub(crate) rested_after: Duration,
    pub(crate) history: History,
}

/// What happened, for a person who replays an order.
#[derive(Debug, Default)]
pub(crate) struct History {
    pub(crate) events: Vec<Recorded>,
    pub(crate) charges: Vec<String>,
}

/// One order, its journal and whoever works on it.
struct Story<'a> {
    plan: &'a Plan,
    life: Arc<Life>,
    journal: Arc<InMemoryJournal>,
    quote: Quote,
    key: IdempotencyKey,
    wanted: Wanted,
    troubles: (UnboundedSender<Trouble>, UnboundedReceiver<Trouble>),
    started: u32,
    rested_after: Option<Duration>,
}

/// Lives one order. On a paused runtime of its own thread, one order at a time: replaying its index
/// alone gives the same life.
pub(crate) async fn live(plan: &Plan, index: u64) -> Ending {
    // The jitter of `app` comes from the thread's generator.
    fastrand::seed(Dice::of(plan.seed, index, 4).next());
    let life = Arc::new(Life::new(plan, index));
    let mut story = Story::new(plan, index, life);
    story.carry_on().await;
    story.judge(index).await
}

impl<'a> Story<'a> {
    fn new(plan: &'a Plan, index: u64, life: Arc<Life>) -> Self {
        let mut dice = Dice::of(plan.seed, index, 5);
        let is_top_up = dice.hits(200_000);
        let quantity = if !is_top_up && dice.hits(100_000) {
            2
        } else {
            1
        };
        let key = IdempotencyKey::parse(format!("order-{index}-of-{}", plan.seed));
        let key = key.expect("a plain text");
        let wanted = Wanted {
            reference: Reference::derive(&NAME, &key),
            quantity,
        };
        Self {
            journal: Arc::new(InMemoryJournal::new(Arc::new(JournalClock(life.clone())))),
            quote: quote(is_top_up, quantity),
            plan,
            life,
            key,
            wanted,
            troubles: mpsc::unbounded_channel(),
            started: 0,
            rested_after: None,
        }
    }

    /// Keeps processes at work until the order rests and all of them are gone.
    async fn carry_on(&mut self) {
        let mut working = JoinSet::new();
        let mut visits = 0;
        let two_at_once = self.life.draw(|dice| dice.hits(50_000));
        for _ in 0..=u32::from(two_at_once) {
            self.start(&mut working, Duration::ZERO);
        }
        loop {
            tokio::select! {
                biased;
                Some(_ended) = working.join_next() => {}
                Some(Trouble) = self.troubles.1.recv() => {
                    if working.len() < MOST_PROCESSES {
                        let notices = self.life.draw(|dice| dice.between(0, 45_000));
                        self.start(&mut working, notices);
                    }
                }
            }
            if !working.is_empty() {
                continue;
            }
            let order = self.order().await;
            if order
                .as_ref()
                .is_some_and(|order| order.state().is_settled())
            {
                self.rested_after.get_or_insert(self.life.elapsed());
            }
            let pause = match order {
                Some(order) if order.state() == OrderState::NeedsAttention => {
                    visits += 1;
                    if order.placed().is_some() || visits > VISITS {
                        return;
                    }
                    Duration::from_mins(10)
                }
                Some(order) if order.state().is_settled() => return,
                _ => self.life.draw(|dice| dice.between(100, 30_000)),
            };
            if self.started >= MOST_STARTS {
                return;
            }
            self.start(&mut working, pause);
        }
    }

    async fn order(&self) -> Option<Order> {
        let found = self.journal.find(&self.key).await;
        found.expect("a journal in memory can be read")
    }

    /// A new process, after a while: it records the wish, or finds it, and carries it on.
    fn start(&mut self, working: &mut JoinSet<Result<Carried, AppError>>, after: Duration) {
        self.started += 1;
        let owner = Owner::new(format!("process-{}", self.started));
        let life = self.life.clone();
        let troubles = self.troubles.0.clone();
        let (journal, wanted) = (self.journal.clone(), self.wanted.clone());
        let policy = self.plan.policy.clone();
        let (quote, key) = (self.quote.clone(), self.key.clone());
        working.spawn(async move {
            tokio::time::sleep(after).await;
            let process = Process::start(life, troubles);
            let orders = Orders::new(parts(&process, &journal, wanted, policy, owner));
            work(&orders, &quote, key, process.stop.clone()).await
        });
    }

    /// Judges by the provider's truth, once everything shows that is still to come.
    async fn judge(self, index: u64) -> Ending {
        self.life.set_calm(true);
        let (all_visible_at, charges) = {
            let world = self.life.world();
            (world.all_visible_at(), world.charges().to_vec())
        };
        let left = all_visible_at.saturating_sub(self.life.elapsed());
        tokio::time::sleep(left + Duration::from_secs(1)).await;
        let ids: BTreeSet<_> = charges
            .iter()
            .map(|charge| provider_order_id(charge.number))
            .collect();
        let mut verdict = Verdict::default();
        let order = self.order().await;
        verdict.fate(order.as_ref());
        verdict.second_charges = u64::try_from(ids.len()).expect("a few").saturating_sub(1);
        self.check_calls(&mut verdict);
        if let Some(order) = &order {
            verdict.compare(order, &ids);
            let known = named(order);
            let escaped: Vec<_> = ids.difference(&known).collect();
            let taken: BTreeSet<_> = order
                .placed()
                .map(|placed| placed.id.clone())
                .into_iter()
                .collect();
            if ids != taken || index.is_multiple_of(SAMPLE) {
                let found = self.reconcile(&mut verdict, ids == taken).await;
                for id in escaped {
                    if found.contains(id) {
                        verdict.found += 1;
                    } else {
                        verdict.lose(format!("nobody was told of the charge {id}"));
                    }
                }
            }
            if self.plan.bound == Bound::Kept {
                verdict.hold_to_the_bound(order, &ids);
            } else {
                self.must_be_shown(&mut verdict, &ids).await;
            }
        }
        let history = History {
            events: match &order {
                Some(order) => self.journal.events(order.id()).await.unwrap_or_default(),
                None => Vec::new(),
            },
            charges: charges.iter().map(|charge| format!("{charge:?}")).collect(),
        };
        Ending {
            fate: verdict.fate,
            second_charges: verdict.second_charges,
            found: verdict.found,
            lost: verdict.lost,
            problems: verdict.problems,
            tally: self.life.tally(),
            processes: self.started,
            rested_after: self.rested_after.unwrap_or(self.life.elapsed()),
            history,
        }
    }

    /// G1 and the limit of G2, by what the provider saw.
    fn check_calls(&self, verdict: &mut Verdict) {
        let world = self.life.world();
        if world.sent > u32::from(self.plan.policy.max_attempts) {
            let sent = world.sent;
            verdict.problem(format!("{sent} purchase requests were sent"));
        }
        if self.plan.bound == Bound::Kept && world.most_in_flight > 1 {
            verdict.problem("two purchase calls were in flight at once".to_owned());
        }
    }

    /// What the use-case `reconcile` of a process in good health finds.
    async fn reconcile(
        &self,
        verdict: &mut Verdict,
        all_is_well: bool,
    ) -> BTreeSet<ProviderOrderId> {
        let troubles = mpsc::unbounded_channel();
        let process = Process::start(self.life.clone(), troubles.0);
        let owner = Owner::new("reconciling");
        // Whoever was killed last may still hold the order.
        let lease = LeasePolicy::default().lease;
        tokio::time::sleep(lease).await;
        let policy = self.plan.policy.clone();
        let parts = parts(&process, &self.journal, self.wanted.clone(), policy, owner);
        let since = noon() - SignedDuration::from_hours(24 * 30);
        let reconciler = Reconciler::new(Orders::new(parts), None);
        match reconciler.reconcile(Some(since)).await {
            Ok(report) => {
                if all_is_well && !report.is_clean() {
                    let findings = &report.findings;
                    verdict.problem(format!(
                        "reconciliation found what is not there: {findings:?}"
                    ));
                }
                if !report.is_complete() {
                    verdict.problem("reconciliation did not compare everything".to_owned());
                }
                report.findings.iter().flat_map(found_in).collect()
            }
            Err(error) => {
                verdict.problem(format!("reconciliation failed: {error}"));
                BTreeSet::new()
            }
        }
    }

    /// A second charge is a question to a person, with its id, on the order itself.
    async fn must_be_shown(&self, verdict: &mut Verdict, ids: &BTreeSet<ProviderOrderId>) {
        let Some(order) = self.order().await else {
            return;
        };
        if ids.len() < 2 {
            return;
        }
        let known = named(&order);
        let unnamed: Vec<_> = ids.difference(&known).collect();
        if order.state() != OrderState::NeedsAttention || !unnamed.is_empty() {
            let state = order.state();
            verdict.lose(format!(
                "after reconciliation the order is {state} and does not name {unnamed:?}"
            ));
        }
    }
}

/// The judgement while it is formed.
#[derive(Debug)]
struct Verdict {
    fate: Fate,
    second_charges: u64,
    found: u64,
    lost: u64,
    problems: Vec<String>,
}

impl Default for Verdict {
    fn default() -> Self {
        Self {
            fate: Fate::Stuck,
            second_charges: 0,
            found: 0,
            lost: 0,
            problems: Vec::new(),
        }
    }
}

impl Verdict {
    fn problem(&mut self, what: String) {
        self.problems.push(what);
    }

    fn lose(&mut self, what: String) {
        self.lost += 1;
        self.problems.push(what);
    }

    fn fate(&mut self, order: Option<&Order>) {
        self.fate = match order.map(Order::state) {
            Some(OrderState::Fulfilled) => Fate::Fulfilled,
            Some(OrderState::Failed | OrderState::Cancelled) => Fate::Failed,
            Some(OrderState::NeedsAttention) => Fate::Parked,
            state => {
                self.lose(format!("the order never came to rest: {state:?}"));
                Fate::Stuck
            }
        };
    }

    /// The journal claims nothing that is not so.
    fn compare(&mut self, order: &Order, ids: &BTreeSet<ProviderOrderId>) {
        let invented: Vec<_> = named(order).difference(ids).cloned().collect();
        if !invented.is_empty() {
            self.problem(format!(
                "the journal names {invented:?}, which nobody charged"
            ));
        }
        if order.state() == OrderState::Fulfilled && order.placed().is_none() {
            self.problem("fulfilled without an order at the provider".to_owned());
        }
    }

    /// With the bound kept nothing is charged twice, and no charge goes unnoticed by an order that
    /// has ended.
    fn hold_to_the_bound(&mut self, order: &Order, ids: &BTreeSet<ProviderOrderId>) {
        if self.second_charges > 0 {
            self.problem(format!("charged {} times", ids.len()));
        }
        let known = named(order);
        if order.state().is_final() && !ids.is_subset(&known) {
            let state = order.state();
            self.lose(format!(
                "the order is {state} and does not know of its charge"
            ));
        }
    }
}

/// Every order at the provider that this one names.
fn named(order: &Order) -> BTreeSet<ProviderOrderId> {
    let told = order
        .attention()
        .iter()
        .flat_map(|attention| match &attention.reason {
            AttentionReason::SeveralFound { orders } => orders.clone(),
            AttentionReason::SecondCharge { order } | AttentionReason::FoundDiffers { order } => {
                vec![order.clone()]
            }
            _ => Vec::new(),
        });
    let placed = order.placed().map(|placed| placed.id.clone());
    told.chain(placed).collect()
}

/// The provider's orders that a finding shows.
pub(crate) fn found_in(finding: &Finding) -> Vec<ProviderOrderId> {
    match &finding.difference {
        Difference::TheirsNotOurs { provider_order } => vec![provider_order.id.clone()],
        Difference::Twice { taken, others, .. } => taken.iter().chain(others).cloned().collect(),
        Difference::BoughtUnnoticed { provider_order, .. } => vec![provider_order.clone()],
        _ => Vec::new(),
    }
}

async fn work(
    orders: &Orders,
    quote: &Quote,
    key: IdempotencyKey,
    stop: StopSignal,
) -> Result<Carried, AppError> {
    let terms = Terms {
        key: Some(key),
        ..Terms::default()
    };
    let order = match orders.place(quote, &terms).await? {
        Placement::New(order) | Placement::Continued(order) => order.id(),
        Placement::Unfinished(summary) => summary.id,
    };
    orders.carry_on(order, Arc::new(Silent), stop).await
}

fn instance() -> ProviderInstance {
    ProviderInstance {
        name: NAME.clone(),
        base_url: "https://simulated.example".to_owned(),
    }
}

fn parts(
    process: &Arc<Process>,
    kept: &Arc<InMemoryJournal>,
    wanted: Wanted,
    policy: OrderPolicy,
    owner: Owner,
) -> OrdersParts {
    let journal = Arc::new(super::journal::SimulatedJournal::new(
        kept.clone(),
        process.clone(),
    ));
    OrdersParts {
        provider: Arc::new(SimulatedProvider::new(process.clone(), wanted)),
        instance: instance(),
        journal: journal.clone(),
        profiles: journal.clone(),
        accounts: journal,
        account: Account::parse("the simulated account").expect("a plain text"),
        clock: process.clone(),
        policy,
        lease: LeasePolicy::default(),
        owner,
    }
}

/// What is asked for, at the price it is sold at.
fn quote(is_top_up: bool, quantity: u16) -> Quote {
    let quantity = NonZeroU16::new(quantity).expect("one or two");
    let line = OrderedLine {
        line: Line {
            package: PACKAGE.id.clone(),
            quantity,
            unit_price: PACKAGE.price,
            days: None,
        },
        alias: None,
        name: PACKAGE.name.clone(),
        data: PACKAGE.data,
    };
    let content = if is_top_up {
        OrderContent::TopUp(TopUp {
            esim: EsimId::parse("esim-of-long-ago").expect("a plain text"),
            iccid: None,
            line,
        })
    } else {
        OrderContent::Esims {
            lines: vec![line],
            start_date: None,
        }
    };
    Quote {
        provider: instance(),
        total: content.quoted_total().expect("one line"),
        content,
        balance: dollars("10000"),
    }
}
