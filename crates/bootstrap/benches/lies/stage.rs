//! Where a case is played: the honest provider, the liar in front of it, and what is written down of
//! both.

use std::collections::HashMap;
use std::str::FromStr as _;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use roamport_domain::{Clock, OrderId, OrderJournal};
use roamport_provider_http::in_process::BrokenConnection;
use roamport_sandbox::http::{InProcess, InProcessAnswer};
use roamport_sandbox::switches::Tolerance;
use roamport_sandbox::world::{OrderDetails, OrderRecord, Profiles, Purchase, PurchaseLine};
use roamport_sandbox::{Dialect, Dialects, Switches, World};
use rust_decimal::Decimal;

use super::calls::Sent;
use super::case::{Case, Network};
use super::dice::Dice;
use super::edits::{Names, Sends};
use super::json::Json;
use super::naive::{CONTROL, Memory, Naive};
use super::process::{Life, Process};
use super::rules::Rule;
use super::transcript::{Answer, Call, Exchange};

/// The packages for sale.
const PACKAGES: usize = 24;

/// What was asked of the liar before a purchase call that was not the first: what a client could know
/// that asks every witness.
#[derive(Clone, Debug)]
pub(crate) struct Witnesses {
    /// The number of exchanges before it.
    pub(crate) before: usize,
    pub(crate) exchanges: Vec<Exchange>,
}

/// The provider, its liar, and the writing of what happens.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) case: Case,
    pub(crate) life: Arc<Life>,
    /// The wall clock's time at which the life began.
    pub(crate) began: Timestamp,
    /// The tokens of two accounts at the provider. They look like secrets, so that a log can be searched.
    pub(crate) tokens: [String; 2],
    /// One for each account.
    pub(crate) worlds: [World; 2],
    sandboxes: [InProcess; 2],
    pub(super) lying: AtomicBool,
    /// The reference of the order that the case is about, once it is known.
    reference: Mutex<Option<String>>,
    /// The control order: of our own, placed before.
    pub(super) control: Mutex<Option<String>>,
    pub(super) strangers: Mutex<HashMap<Call, Vec<Json>>>,
    pub(super) state: Mutex<State>,
    purchases: AtomicU32,
    naive: Option<Naive>,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    exchanges: Vec<Exchange>,
    witnesses: Vec<Witnesses>,
    pub(super) first: HashMap<String, InProcessAnswer>,
    /// How often each lie had a chance.
    pub(super) chances: Vec<u32>,
    pub(super) applied: Vec<(Rule, Call)>,
    dice: Option<Dice>,
    paid_in: bool,
    /// What the shim of a naive client remembers.
    memory: Memory,
}

impl Stage {
    pub(crate) fn new(
        case: Case,
        life: Arc<Life>,
        clock: &Arc<dyn Clock>,
        naive: Option<Naive>,
    ) -> Self {
        let tokens = ["one_7f3a9c51", "two_b24e60d8"];
        let tokens = tokens.map(|name| format!("tok_account_{name}{:06}", case.index));
        let world = |account: usize| {
            World::builder()
                .packages(PACKAGES)
                .balance("500")
                .token(tokens[account].as_str())
                .salt(format!("lies-{account}-{}", case.index))
                .clock(clock.clone())
                .switches(Switches {
                    // The provider promises nothing about a second order under one reference.
                    duplicate_reference: Tolerance::Accepted,
                    ..Switches::default()
                })
                .build()
                .expect("a small world in memory")
        };
        let worlds = [world(0), world(1)];
        let sandboxes = worlds
            .clone()
            .map(|world| InProcess::new(world, Dialects::Both));
        let dice = Dice::of(case.seed, case.index, 21);
        Self {
            case,
            began: clock.now() - SignedDuration::try_from(life.elapsed()).expect("a new life"),
            life,
            tokens,
            worlds,
            sandboxes,
            lying: AtomicBool::new(false),
            reference: Mutex::default(),
            control: Mutex::default(),
            strangers: Mutex::default(),
            state: Mutex::new(State {
                dice: Some(dice),
                ..State::default()
            }),
            purchases: AtomicU32::new(0),
            naive,
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A package that both dialects sell and that can be topped up.
    pub(crate) fn package(&self) -> String {
        let catalogue = self.worlds[0].catalogue();
        let mut packages = catalogue.packages();
        let package = packages.find(|package| {
            package.sold_in(Dialect::Roamify)
                && package.sold_in(Dialect::EsimAccess)
                && package.by_day.is_none()
                && package.top_up()
                && package.is_top_up()
        });
        package.expect("a catalogue of two dozen").id
    }

    /// How long after the beginning a moment of the wall clock was.
    pub(crate) fn elapsed_at(&self, moment: Timestamp) -> Duration {
        Duration::try_from(moment.duration_since(self.began)).unwrap_or_default()
    }

    /// Orders that somebody else placed with the same account.
    pub(crate) fn sell_to_strangers(&self, package: &str) {
        for name in ["7Q2M4XW0C9N8V5T3ZK6HJD1BRE", "shop-10442", ""] {
            let purchase = Purchase::Order(OrderDetails {
                reference: (!name.is_empty()).then(|| name.to_owned()),
                lines: vec![PurchaseLine::of(package, 1)],
                profiles: Profiles::AtOnce,
                ..OrderDetails::default()
            });
            let sold = self.worlds[0].purchase(&purchase);
            sold.expect("the world sells to anybody");
        }
    }

    /// From now on the liar lies, about the order of this reference; `control` was placed before.
    pub(crate) async fn begin(&self, reference: &str, control: &str) {
        let fill = |slot: &Mutex<Option<String>>, text: &str| {
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(text.to_owned());
        };
        fill(&self.reference, reference);
        fill(&self.control, control);
        for call in [Call::FindByReference, Call::List, Call::Esim] {
            let rows = self.strangers_rows(call).await;
            let mut strangers = self
                .strangers
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            strangers.insert(call, rows);
        }
        let found = self.question(
            "GET",
            &format!("/api/esim/orders?referenceId={control}"),
            "",
        );
        let found = self.ask(0, &found).await;
        let mut state = self.state();
        if let Some(found) = found {
            let found = String::from_utf8_lossy(&found.body).into_owned();
            state.memory.insert(CONTROL, found);
        }
        state.exchanges.clear();
        state.chances = vec![0; self.case.lies.len()];
        drop(state);
        self.lying.store(true, Ordering::SeqCst);
    }

    /// From now on the provider is honest.
    pub(crate) fn stop_lying(&self) {
        self.lying.store(false, Ordering::SeqCst);
    }

    pub(crate) fn exchanges(&self) -> Vec<Exchange> {
        self.state().exchanges.clone()
    }

    pub(crate) fn witnesses(&self) -> Vec<Witnesses> {
        self.state().witnesses.clone()
    }

    pub(crate) fn applied(&self) -> Vec<(Rule, Call)> {
        self.state().applied.clone()
    }

    /// What a process heard and could not store before it died.
    pub(crate) async fn lose(
        &self,
        process: u32,
        journal: &dyn OrderJournal,
        order: Option<OrderId>,
    ) {
        let events = match order {
            Some(order) => journal.events(order).await.unwrap_or_default(),
            None => Vec::new(),
        };
        let last = events.last().map(|recorded| recorded.at);
        let after = last.map_or(Duration::ZERO, |last| self.elapsed_at(last));
        for exchange in &mut self.state().exchanges {
            if exchange.process == process && exchange.answered > after {
                exchange.lost = true;
            }
        }
    }

    pub(super) fn reference(&self) -> Option<String> {
        let reference = self.reference.lock();
        reference.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The orders under our reference, in both worlds.
    pub(crate) fn charged(&self) -> Vec<OrderRecord> {
        let Some(reference) = self.reference() else {
            return Vec::new();
        };
        self.worlds
            .iter()
            .flat_map(|world| world.orders().expect("a world in memory"))
            .filter(|order| order.reference.as_ref() == Some(&reference))
            .collect()
    }

    /// All that is known of an order of the first account.
    pub(crate) fn names(&self, fits: impl Fn(&OrderRecord) -> bool) -> Names {
        names_of(&self.worlds[0], fits)
    }

    /// Every id under which the provider tells of a charge.
    pub(crate) fn told_as(&self, charge: &OrderRecord) -> Vec<String> {
        let mut names = vec![charge.id.clone(), charge.number().to_owned()];
        for world in &self.worlds {
            for esim in world.esims().expect("a world in memory") {
                let top_ups = esim.allowances.iter().skip(1);
                let ours = top_ups.filter(|bought| bought.reference == charge.reference);
                for number in ours.filter_map(|bought| bought.transaction.as_deref()) {
                    names.push(format!("{}/{number}", esim.transaction()));
                }
            }
        }
        names
    }

    async fn strangers_rows(&self, call: Call) -> Vec<Json> {
        let (sent, path): (Sent, &[&str]) = match (self.case.dialect, call) {
            (Dialect::Roamify, Call::Esim) => (self.question("GET", "/api/esims?limit=20", ""), &["data"]),
            (Dialect::Roamify, _) => (
                self.question("GET", "/api/esim/orders?limit=20", ""),
                &["data", "orders"],
            ),
            (Dialect::EsimAccess, _) => (
                self.question(
                    "POST",
                    "/api/v1/open/esim/query",
                    r#"{"startTime":"2020-01-01T00:00:00+0000","endTime":"2040-01-01T00:00:00+0000","pager":{"pageNum":1,"pageSize":50}}"#,
                ),
                &["obj", "esimList"],
            ),
        };
        let answer = self.ask(0, &sent).await;
        let body = answer.and_then(|answer| Json::parse(&answer.body));
        let rows = body.as_ref().and_then(|body| body.at(path)?.as_list());
        let control = self.control.lock().unwrap_or_else(PoisonError::into_inner);
        let control = control.clone().unwrap_or_default();
        let rows = rows.unwrap_or_default().iter();
        rows.filter(|row| !row.to_string().contains(&control))
            .cloned()
            .collect()
    }

    /// A request as a client of the first account would send it.
    pub(super) fn question(&self, method: &str, target: &str, body: &str) -> Sent {
        let credentials = match self.case.dialect {
            Dialect::Roamify => ("authorization", format!("Bearer {}", self.tokens[0])),
            Dialect::EsimAccess => ("rt-accesscode", self.tokens[0].clone()),
        };
        Sent {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: vec![
                (credentials.0.to_owned(), credentials.1),
                ("content-type".to_owned(), "application/json".to_owned()),
            ],
            body: body.as_bytes().to_vec(),
        }
    }

    pub(super) async fn ask(&self, account: usize, sent: &Sent) -> Option<InProcessAnswer> {
        let headers = sent.headers.iter();
        let headers = headers.map(|(name, value)| (name.as_str(), value.as_str()));
        let sandbox = &self.sandboxes[account];
        sandbox
            .answer(&sent.method, &sent.target, headers, sent.body.clone())
            .await
    }

    /// Answers one request of a process, as the liar does; with whether the body is whole.
    pub(crate) async fn exchange(
        self: Arc<Self>,
        process: Arc<Process>,
        number: u32,
        sent: Sent,
    ) -> Result<(InProcessAnswer, bool), BrokenConnection> {
        process.pass().await;
        let account = usize::from(sent.credentials() == self.tokens[1]);
        let Some((call, asked)) = sent.understood(self.case.dialect) else {
            let answer = self.ask(account, &sent).await;
            let answer = answer.map(|answer| (answer, true));
            return answer.ok_or(BrokenConnection::NoAnswer);
        };
        let (there, back) = self.travel();
        let is_lying = self.lying.load(Ordering::SeqCst);
        let attempt = if is_lying && call.buys() {
            self.purchases.fetch_add(1, Ordering::SeqCst) + 1
        } else {
            0
        };
        if attempt > 1 {
            let exchanges = self.ask_witnesses().await;
            let mut state = self.state();
            let before = state.exchanges.len();
            state.witnesses.push(Witnesses { before, exchanges });
        }
        tokio::time::sleep(there).await;
        let sent_at = self.life.elapsed();
        let network = if attempt == 1 {
            self.case.network
        } else {
            Network::Clean
        };
        let mut exchange = Exchange {
            process: number,
            call,
            account: u8::try_from(account).expect("one of two"),
            sent: sent_at,
            answered: sent_at,
            asked,
            answer: Answer::Nothing,
            lost: false,
            lie: None,
        };
        if attempt > 0 {
            // Whoever buys must not be forgotten, even if the process dies while it waits.
            self.state().exchanges.push(exchange.clone());
        }
        let place = self.state().exchanges.len().saturating_sub(1);
        let mut sends = Sends::Nothing;
        if network != Network::RequestLost {
            let honest = self.ask(account, &sent).await;
            self.pay_in(attempt);
            if let Some(honest) = honest.filter(|_| network == Network::Clean) {
                let honest = self.deliver_later(call, honest);
                (sends, exchange.lie) = if is_lying {
                    self.lies(call, &sent, &honest, true)
                } else {
                    let mut state = self.state();
                    let first = state.first.entry(call.name().to_owned());
                    first.or_insert_with(|| honest.clone());
                    drop(state);
                    (Sends::Answer(honest), None)
                };
            }
        }
        tokio::time::sleep(back).await;
        if matches!(sends, Sends::Silence) {
            // The client gives up first; what it heard is nothing.
            self.note(attempt, place, exchange);
            tokio::time::sleep(Duration::from_hours(1)).await;
            return Err(BrokenConnection::NoAnswer);
        }
        exchange.answered = self.life.elapsed();
        let outcome = match sends {
            Sends::Answer(answer) => {
                exchange.answer = Answer::Whole {
                    status: answer.status,
                    headers: answer.headers.clone(),
                    body: answer.body.clone(),
                };
                Ok((answer, true))
            }
            Sends::Part(answer) => Ok((answer, false)),
            Sends::Nothing | Sends::Silence => Err(BrokenConnection::NoAnswer),
        };
        let asked = exchange.asked.clone();
        self.note(attempt, place, exchange);
        let outcome = match (self.naive, is_lying) {
            (Some(naive), true) => {
                let (reference, mut state) = (self.reference(), self.state());
                naive.reads(
                    self.case.dialect,
                    call,
                    &asked,
                    reference.as_deref(),
                    &mut state.memory,
                    outcome,
                )
            }
            _ => outcome,
        };
        process.pass().await;
        outcome
    }

    fn note(&self, attempt: u32, place: usize, exchange: Exchange) {
        let mut state = self.state();
        if attempt > 0 {
            state.exchanges[place] = exchange;
        } else {
            state.exchanges.push(exchange);
        }
    }

    fn travel(&self) -> (Duration, Duration) {
        let mut state = self.state();
        let dice = state.dice.as_mut().expect("there from the beginning");
        (dice.between(10, 120), dice.between(10, 120))
    }

    fn pay_in(&self, attempt: u32) {
        let mut state = self.state();
        if attempt == 1 && self.case.paid_in && !state.paid_in {
            state.paid_in = true;
            let amount = Decimal::from_str("100").expect("a number");
            self.worlds[0]
                .add_balance(amount)
                .expect("a world in memory");
        }
    }

    /// An order that is paid is answered as pending at first.
    fn deliver_later(&self, call: Call, mut honest: InProcessAnswer) -> InProcessAnswer {
        let made = self.charged().first().map(|order| order.created_at);
        let now = self.worlds[0].now().expect("a world in memory");
        let young = made.is_some_and(|made| now.duration_since(made).as_secs() < 20);
        let fits = matches!(
            call,
            Call::Purchase | Call::FindById | Call::FindByReference
        );
        if !(self.case.later && young && fits && self.case.dialect == Dialect::Roamify) {
            return honest;
        }
        let Some(mut body) = Json::parse(&honest.body) else {
            return honest;
        };
        body.visit_mut(&mut |path, value| match path.last().map(String::as_str) {
            Some("items") => *value = Json::List(Vec::new()),
            Some("status") if path.len() > 1 => *value = Json::text("PENDING"),
            _ => {}
        });
        honest.body = body.to_string().into_bytes();
        honest
    }
}

/// All that is known of an order in a world.
pub(crate) fn names_of(world: &World, fits: impl Fn(&OrderRecord) -> bool) -> Names {
    let orders = world.orders().expect("the world can be read");
    let Some(order) = orders.iter().find(|order| fits(order)) else {
        return Names::default();
    };
    let esims = world.esims().expect("the world can be read");
    let bought: Vec<_> = esims
        .iter()
        .filter(|esim| order.items.iter().any(|item| item.esim_id == esim.id))
        .collect();
    let profiles = bought.iter().filter_map(|esim| esim.profile.as_ref());
    Names {
        reference: order.reference.clone().unwrap_or_default(),
        orders: [order.id.clone(), order.number().to_owned()],
        esims: bought
            .iter()
            .map(|esim| [esim.id.clone(), esim.transaction().to_owned()])
            .collect(),
        cards: profiles
            .clone()
            .map(|profile| profile.iccid.clone())
            .collect(),
        codes: profiles
            .map(|profile| profile.activation_code.clone())
            .collect(),
    }
}
