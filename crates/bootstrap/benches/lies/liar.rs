//! The liar itself: which rule has its turn, and what the answer becomes.

use std::str::FromStr as _;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use roamport_sandbox::Dialect;
use roamport_sandbox::http::InProcessAnswer;
use rust_decimal::Decimal;

use super::calls::Sent;
use super::edits::{Knowledge, Sends, lie};
use super::json::Json;
use super::rules::{Lasting, Rule};
use super::stage::Stage;
use super::transcript::{Answer, Asked, Call, Exchange};

impl Stage {
    /// The answer as the liar has it. Counts and remembers where it `counts`.
    pub(super) fn lies(
        &self,
        call: Call,
        sent: &Sent,
        honest: &InProcessAnswer,
        counts: bool,
    ) -> (Sends, Option<&'static str>) {
        let question = sent.question();
        let reference = self.reference().unwrap_or_default();
        let control = self.control.lock().unwrap_or_else(PoisonError::into_inner);
        let control = control.clone().unwrap_or_default();
        let first = {
            let mut state = self.state();
            let first = state.first.get(&question);
            // A cache that knows one answer a path.
            let first = first.or_else(|| state.first.get(call.name())).cloned();
            if counts {
                state
                    .first
                    .entry(question)
                    .or_insert_with(|| honest.clone());
            }
            first
        };
        let mut answer = honest.clone();
        let mut told = None;
        for (place, one) in self.case.lies.iter().enumerate() {
            if one.rule == Rule::Hide {
                if let Some(hidden) = self.hide(call, sent, &answer) {
                    answer = hidden;
                    told = Some(Rule::Hide.name());
                    if counts {
                        self.state().applied.push((Rule::Hide, call));
                    }
                }
                continue;
            }
            if one.call != call || !self.is_its_turn(place, one.lasting, counts) {
                continue;
            }
            let ours = self.names(|order| order.reference.as_ref() == Some(&reference));
            let stranger = self.names(|order| order.reference.as_deref() == Some("shop-10442"));
            let earlier = self.names(|order| order.reference.as_ref() == Some(&control));
            let strangers = self
                .strangers
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let kind = match (self.case.dialect, call) {
                (Dialect::Roamify, Call::Esim) => Call::Esim,
                _ => Call::FindByReference,
            };
            let knowledge = Knowledge {
                dialect: self.case.dialect,
                ours: &ours,
                stranger: &stranger,
                earlier: &earlier,
                strangers: strangers.get(&kind).map_or(&[], Vec::as_slice),
                token: &self.tokens[0],
                first: first.as_ref(),
            };
            let sends = lie(one.rule, one.luck, &knowledge, &answer);
            drop(strangers);
            let Some(sends) = sends else { continue };
            told = Some(one.rule.name());
            if counts {
                self.state().applied.push((one.rule, call));
            }
            match sends {
                Sends::Answer(changed) => answer = changed,
                other => return (other, told),
            }
        }
        (Sends::Answer(answer), told)
    }

    fn is_its_turn(&self, place: usize, lasting: Lasting, counts: bool) -> bool {
        let mut state = self.state();
        let chance = state.chances[place];
        if counts {
            state.chances[place] += 1;
        }
        match lasting {
            Lasting::Always => true,
            Lasting::Once(turn) => counts && chance == turn,
        }
    }

    /// The answer of a provider that hides our first order wherever it would show.
    fn hide(&self, call: Call, sent: &Sent, honest: &InProcessAnswer) -> Option<InProcessAnswer> {
        let order = self.charged().into_iter().next()?;
        let mut answer = honest.clone();
        let mut body = Json::parse(&honest.body)?;
        let before = body.clone();
        match call {
            Call::Wallet => {
                body.visit_mut(&mut |path, value| {
                    if path.last().is_some_and(|name| name == "balance")
                        && let Json::Number(text) = value
                        && let Ok(left) = Decimal::from_str(text)
                    {
                        let scale = match self.case.dialect {
                            Dialect::Roamify => Decimal::ONE,
                            Dialect::EsimAccess => Decimal::from(10_000),
                        };
                        *text = (left + order.total * scale).normalize().to_string();
                    }
                });
            }
            Call::FindByReference | Call::List | Call::Esim => {
                body.visit_mut(&mut |_, value| {
                    if let Json::List(rows) = value {
                        rows.retain(|row| {
                            let text = row.to_string();
                            !text.contains(&order.id) && !text.contains(order.number())
                        });
                    }
                });
            }
            Call::FindById if sent.question().contains(&order.id) => {
                answer.status = 404;
                body = Json::parse(br#"{"message":"Order not found","status":"failed"}"#)?;
            }
            _ => return None,
        }
        if body == before {
            return None;
        }
        answer.body = body.to_string().into_bytes();
        Some(answer)
    }

    /// Asks the liar what a client could ask before it buys again: for the order, for the control order,
    /// and for the wallet.
    pub(crate) async fn ask_witnesses(&self) -> Vec<Exchange> {
        let reference = self.reference().unwrap_or_default();
        let control = self
            .control
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let control = control.unwrap_or_default();
        let questions = match self.case.dialect {
            Dialect::Roamify => vec![
                self.question(
                    "GET",
                    &format!("/api/esim/orders?limit=50&referenceId={reference}"),
                    "",
                ),
                self.question(
                    "GET",
                    &format!("/api/esim/orders?limit=50&referenceId={control}"),
                    "",
                ),
                self.question("GET", "/api/balance", ""),
            ],
            Dialect::EsimAccess => {
                vec![self.question("POST", "/api/v1/open/balance/query", "{}")]
            }
        };
        let mut exchanges = Vec::with_capacity(questions.len());
        for sent in questions {
            let (call, asked) = sent
                .understood(self.case.dialect)
                .unwrap_or((Call::Wallet, Asked::default()));
            let honest = self.ask(0, &sent).await;
            let is_lying = self.lying.load(Ordering::SeqCst);
            let sends = match honest {
                Some(honest) if is_lying => self.lies(call, &sent, &honest, false).0,
                Some(honest) => Sends::Answer(honest),
                None => Sends::Nothing,
            };
            let now = self.life.elapsed();
            exchanges.push(Exchange {
                process: 0,
                call,
                account: 0,
                sent: now,
                answered: now,
                asked,
                answer: match sends {
                    Sends::Answer(answer) => Answer::Whole {
                        status: answer.status,
                        headers: answer.headers,
                        body: answer.body,
                    },
                    _ => Answer::Nothing,
                },
                lost: false,
                lie: None,
            });
        }
        exchanges
    }
}
