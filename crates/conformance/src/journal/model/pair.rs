//! The journal under test beside the one in memory: takes a step on both and compares what they answer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use roamport_domain::journal::{Claim, InMemoryJournal, OrderFilter};
use roamport_domain::order::{OrderState, ProviderInstance};
use roamport_domain::{Clock as _, EventInbox, Order, OrderId};

use super::perform::{Answer, Refusal};
use super::transition::{OWNERS, PLACES, PROVIDERS, STEP, Transition};
use crate::journal::{Handle, JournalHarness, MovableClock, sample};
use crate::verdict::OrBroken as _;

/// Every step takes this long, so that no two things happen at one moment and one answer alone is right.
const MOMENT: Duration = Duration::from_millis(1);

/// One of the two journals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Tested,
    Model,
}

/// What became of one step.
pub(super) enum Judged {
    /// The journal did what the model did.
    Agrees,
    /// The journal's clock ran on by itself for so long that nothing can be said any more.
    ClockRanOn,
}

/// The journal under test and the model, after the same steps.
pub(super) struct Pair<'a> {
    pub(super) harness: &'a dyn JournalHarness,
    pub(super) tested: Handle,
    /// The inbox of another process on the store under test, once one was asked for.
    pub(super) inbox_beside: Option<Arc<dyn EventInbox>>,
    pub(super) model: Handle,
    memory: Arc<InMemoryJournal>,
    /// The model's clock: at each step it is set to what the journal's shows.
    pub(super) clock: Arc<MovableClock>,
    /// What the journal's clock showed at first, and the time that went by since.
    start: Timestamp,
    passed: Duration,
    /// When each step began and ended on the journal's clock.
    took: BTreeMap<Timestamp, Timestamp>,
    /// How many steps were taken, so that what they make can be told apart.
    pub(super) turn: u64,
    /// How often the store was opened again.
    pub(super) reopened: u8,
    /// The model's orders by the numbers of their keys.
    pub(super) orders: BTreeMap<u8, Order>,
    /// The claims that were given by the journal under test and by the model.
    pub(super) claims: Vec<[Claim; 2]>,
    /// How often a kind of step had a kind of answer.
    pub(super) answers: BTreeMap<String, u32>,
}

impl<'a> Pair<'a> {
    /// The journal of a harness, which must be empty, beside an empty model.
    pub(super) async fn new(harness: &'a dyn JournalHarness) -> Self {
        let clock = Arc::new(MovableClock::default());
        let memory = Arc::new(InMemoryJournal::new(Arc::clone(&clock) as _));
        let journal = harness.journal();
        let start = journal.now().await;
        Self {
            harness,
            tested: Handle {
                journal,
                profiles: harness.profiles(),
                accounts: harness.accounts(),
                balances: harness.balances(),
                inbox: harness.inbox(),
            },
            inbox_beside: None,
            model: Handle::whole(Arc::clone(&memory)),
            memory,
            clock,
            start: start.or_broken("reading the journal's clock"),
            passed: Duration::ZERO,
            took: BTreeMap::new(),
            turn: 0,
            reopened: 0,
            orders: BTreeMap::new(),
            claims: Vec::new(),
            answers: BTreeMap::new(),
        }
    }

    /// Reads the model's orders anew.
    pub(super) async fn refresh(&mut self) {
        for order in self.orders.values_mut() {
            let read = self.model.journal.load(order.id()).await;
            *order = read.or_broken("loading an order of the model");
        }
    }

    /// What the model's clock shows.
    pub(super) fn model_now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The moment this many steps of time ago.
    pub(super) fn ago(&self, steps: i64) -> Timestamp {
        sample::after(self.model_now(), -steps * STEP)
    }

    /// The orders of unknown outcome.
    pub(super) fn of_unknown_outcome(&self) -> Vec<u8> {
        let orders = self.orders.iter();
        orders
            .filter(|(_, order)| order.state() == OrderState::Reconciling)
            .map(|(number, _)| *number)
            .collect()
    }

    /// The claim that was given last for each order that was claimed.
    pub(super) fn newest_claims(&self) -> Vec<usize> {
        let numbered = self.claims.iter().enumerate();
        let newest: BTreeMap<OrderId, usize> = numbered
            .map(|(number, [tested, _])| (tested.order, number))
            .collect();
        newest.into_values().collect()
    }

    /// Whether the orders and claims that a step names are there.
    pub(super) fn admits(&self, step: &Transition) -> bool {
        let is_order = |order: &u8| self.orders.contains_key(order);
        match step {
            Transition::Open { reference_of, .. } => reference_of.as_ref().is_none_or(is_order),
            Transition::Append { order, .. }
            | Transition::ClaimOrder { order, .. }
            | Transition::Wake { order } => is_order(order),
            Transition::Renew { claim, .. } | Transition::Release { claim, .. } => {
                *claim < self.claims.len()
            }
            Transition::List { like, .. } => like.as_ref().is_none_or(is_order),
            _ => true,
        }
    }

    /// Takes a step on both, and compares the answers and then everything that can be read.
    pub(super) async fn step(&mut self, step: &Transition) -> Judged {
        let time = match step {
            Transition::Pass(steps) => seconds(*steps) + MOMENT,
            _ => MOMENT,
        };
        self.harness.pass(time).await;
        self.passed += time;
        self.turn += 1;
        let began = self.now().await;
        let least = self.start + self.passed;
        assert!(
            began >= least,
            "the journal's clock shows {began}: it was set back, or time that went by is not on it"
        );
        self.set_model_clock(began);
        if let Transition::Wake { order } = step {
            self.count_wake(*order);
        }
        let answer = self.perform(Side::Tested, step).await;
        let expected = self.perform(Side::Model, step).await;
        let ended = self.now().await;
        // The two clocks may settle a lease otherwise.
        if ended > sample::after(least, STEP / 2) {
            return Judged::ClockRanOn;
        }
        self.took.insert(began, ended);
        self.count(step, &expected).await;
        match (answer, expected) {
            (Ok(Answer::Claims(given)), Ok(Answer::Claims(expected))) => {
                self.take_claims(step, &given, expected);
            }
            (answer, expected) => assert!(
                answer == expected,
                "the journal answered {answer:?}; by the contract it is {expected:?}"
            ),
        }
        self.refresh().await;
        self.compare().await;
        Judged::Agrees
    }

    pub(super) async fn now(&self) -> Timestamp {
        let now = self.tested.journal.now().await;
        now.or_broken("reading the journal's clock")
    }

    pub(super) fn set_model_clock(&self, now: Timestamp) {
        let time = now.duration_since(self.model_now());
        self.clock.pass(time.try_into().unwrap_or_default());
    }

    /// Whether a moment of the model and one of the journal under test are of the same step.
    pub(super) fn is_same(&self, model: Timestamp, tested: Timestamp) -> bool {
        self.took
            .get(&model)
            .is_some_and(|ended| (model..=*ended).contains(&tested))
    }

    /// Compares the claims that were given with those of the model, and remembers both.
    fn take_claims(&mut self, step: &Transition, given: &[Claim], expected: Vec<Claim>) {
        let (Transition::Claim { owner, lease, .. } | Transition::ClaimOrder { owner, lease, .. }) =
            step
        else {
            return;
        };
        let ids = |claims: &[Claim]| claims.iter().map(|claim| claim.order).collect::<Vec<_>>();
        assert!(
            ids(given) == ids(&expected),
            "claimed were {given:?}; by the contract it is {expected:?}"
        );
        for (claim, model) in given.iter().zip(expected) {
            let began = sample::after(model.until, -lease * STEP);
            let is_whole = claim.owner.as_str() == OWNERS[*owner]
                && self.is_same(began, sample::after(claim.until, -lease * STEP));
            assert!(is_whole, "{claim:?} was given for {model:?}");
            let name = |claim: &Claim| (claim.order, claim.owner.clone(), claim.lease);
            let mut known = self.claims.iter();
            assert!(
                !known.any(|[known, _]| name(known) == name(claim)),
                "{claim:?} cannot be told from an earlier claim"
            );
            self.claims.push([claim.clone(), model]);
        }
    }

    fn add(&mut self, name: String) {
        *self.answers.entry(name).or_default() += 1;
    }

    async fn count(&mut self, step: &Transition, answer: &Result<Answer, Refusal>) {
        let kind = match answer {
            Ok(answer) => answer.kind(),
            Err(refusal) => format!("{refusal:?}"),
        };
        let kind = kind.split(['(', ' ']).next().unwrap_or_default();
        self.add(format!("{}: {kind}", step.name()));
        if let (Transition::Append { order, .. }, Ok(_)) = (step, answer) {
            let order = self.model.journal.load(self.orders[order].id()).await;
            let state = order.or_broken("loading an order of the model").state();
            self.add(format!("state: {state}"));
        }
    }

    /// Counts what kind of order a wake finds.
    fn count_wake(&mut self, order: u8) {
        let order = &self.orders[&order];
        let now = self.model_now();
        let (due, claim) = self.memory.schedule(order.id()).unwrap_or_default();
        let mut kinds = vec![match due {
            None => "at rest",
            Some(due) if due <= now => "due already",
            Some(_) => "due later",
        }];
        if claim.is_some_and(|claim| claim.until > now) {
            kinds.push("held");
        }
        if order.state() == OrderState::Reconciling {
            kinds.push("of unknown outcome");
        }
        for kind in kinds {
            self.add(format!("woken: {kind}"));
        }
    }

    /// The filter of a step that lists.
    pub(super) fn filter(&self, step: &Transition) -> OrderFilter {
        let Transition::List {
            states,
            esim,
            like,
            provider,
        } = step
        else {
            return OrderFilter::default();
        };
        let like = like.map(|other| self.orders[&other].requested());
        OrderFilter {
            states: states.clone(),
            esim: esim.map(|esim| sample::esim(super::transition::ESIMS[esim])),
            fingerprint: like.map(|requested| requested.fingerprint.clone()),
            provider: provider.map(|provider| sample::provider(PROVIDERS[provider])),
            ..OrderFilter::default()
        }
    }
}

/// So many steps of time.
pub(super) fn seconds(steps: i64) -> Duration {
    Duration::from_secs(u64::try_from(steps * STEP).unwrap_or_default())
}

/// The provider instance at a place. Each has a place of its own.
pub(super) fn instance(place: usize) -> ProviderInstance {
    let (provider, base_url) = PLACES[place];
    ProviderInstance {
        name: sample::provider(PROVIDERS[provider]),
        base_url: base_url.to_owned(),
    }
}
