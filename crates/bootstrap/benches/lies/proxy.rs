//! The liar as a TCP proxy between processes: which case a request belongs to, and what it is answered.

use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use roamport_domain::{IdempotencyKey, ProviderName, Reference};
use roamport_sandbox::world::OrderRecord;
use roamport_sandbox::{Dialect, World};
use tokio::time::Instant;

use super::calls::Sent;
use super::case::{Case, Network};
use super::dice::Dice;
use super::edits::{Knowledge, Names, Sends, lie};
use super::http1;
use super::json::Json;
use super::rules::{Lasting, Rule};
use super::stage::names_of;
use super::transcript::{Answer, Asked, Call, Exchange};
use super::wire::{Outcome, TOKEN, provider};

/// One case, as the liar between the processes sees it.
#[derive(Debug)]
pub(crate) struct Play {
    pub(crate) case: Case,
    pub(crate) key: String,
    pub(crate) reference: String,
    pub(crate) kill_after: Option<Duration>,
    pub(crate) state: Mutex<State>,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) exchanges: Vec<Exchange>,
    /// What the witnesses said before the latest purchase call but the first, and how many exchanges
    /// there had been.
    pub(crate) witnesses: Vec<(usize, Vec<Exchange>)>,
    pub(crate) chances: Vec<u32>,
    pub(crate) purchases: u32,
    pub(crate) applied: Vec<(Rule, Call)>,
    pub(crate) kills: u32,
}

/// The liar between the processes.
#[derive(Debug)]
pub(crate) struct Liar {
    pub(crate) target: SocketAddr,
    pub(crate) world: World,
    pub(crate) plays: Vec<Play>,
    pub(crate) controls: [String; 2],
    pub(crate) strangers: Mutex<[Vec<Json>; 2]>,
    pub(crate) began: Instant,
    pub(crate) calm: AtomicBool,
}

impl Play {
    pub(crate) fn drawn(seed: u64, index: u64) -> Self {
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

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Liar {
    pub(crate) fn orders(&self, reference: &str) -> Vec<OrderRecord> {
        let orders = self.world.orders().unwrap_or_default();
        orders
            .into_iter()
            .filter(|order| order.reference.as_deref() == Some(reference))
            .collect()
    }

    pub(crate) fn names(&self, reference: &str) -> Names {
        names_of(&self.world, |order| {
            order.reference.as_deref() == Some(reference)
        })
    }

    pub(crate) fn learn_strangers(&self) -> Outcome<()> {
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

    pub(crate) fn serve(&self, stream: &TcpStream) -> std::io::Result<()> {
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
