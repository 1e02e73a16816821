//! Takes steps on the journal under test, and holds each answer against the model's.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use roamport_domain::journal::{Claim, JournalError};
use roamport_domain::{BalanceStore, EventInbox, OrderId, OrderJournal, ProfileStore};

use super::reference::{Answer, Model, Refusal};
use super::transition::{ESIMS, PROVIDERS, STEP, Transition};
use crate::Verdict;
use crate::journal::{AppendAt as _, Handle, JournalHarness, sample};
use crate::verdict::{OrBroken as _, broken, ensure};

/// Between which readings of the journal's clock something was done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Between {
    pub(super) before: Timestamp,
    pub(super) after: Timestamp,
}

impl Between {
    /// Whether a moment that is `seconds` after it was done may be this one.
    pub(super) fn admits(self, seconds: i64, moment: Timestamp) -> bool {
        sample::after(self.before, seconds) <= moment
            && moment <= sample::after(self.after, seconds)
    }
}

/// The journal under test beside the model of what it must hold.
pub(super) struct Pair<'a> {
    harness: &'a dyn JournalHarness,
    pub(super) journal: Arc<dyn OrderJournal>,
    pub(super) profiles: Arc<dyn ProfileStore>,
    pub(super) balances: Option<Arc<dyn BalanceStore>>,
    pub(super) inbox: Option<Arc<dyn EventInbox>>,
    /// The inbox of another process, once one was asked for.
    pub(super) inbox_beside: Option<Arc<dyn EventInbox>>,
    pub(super) model: Model,
    /// The claims that were given, by the model's numbers.
    pub(super) claims: Vec<Claim>,
    /// When each event was appended.
    pub(super) appended: BTreeMap<(OrderId, u64), Between>,
    /// How often a kind of step had a kind of answer.
    pub(super) answers: BTreeMap<String, u32>,
}

/// What became of one step.
pub(super) enum Judged {
    /// The journal did what the model did.
    Agrees,
    /// The journal's clock ran on by itself for so long that nothing can be said any more.
    ClockRanOn,
}

impl<'a> Pair<'a> {
    /// The journal of a harness, which must be empty, beside a fresh model.
    pub(super) async fn new(harness: &'a dyn JournalHarness) -> Verdict<Self> {
        let journal = harness.journal();
        let start = journal.now().await;
        let start = start.or_broken("reading the journal's clock")?;
        Ok(Self {
            harness,
            profiles: harness.profiles(),
            balances: harness.balances(),
            inbox: harness.inbox(),
            inbox_beside: None,
            journal,
            model: Model::new(start),
            claims: Vec::new(),
            appended: BTreeMap::new(),
            answers: BTreeMap::new(),
        })
    }

    /// Takes a step on both, and compares the answers and then everything that can be read.
    pub(super) async fn step(&mut self, transition: &Transition) -> Verdict<Judged> {
        if let Transition::Pass(steps) = transition {
            let seconds = u64::try_from(steps * STEP).unwrap_or_default();
            self.harness.pass(Duration::from_secs(seconds)).await;
        }
        let before = self.now().await?;
        let model = self.model.clone();
        let expected = self.model.take(transition);
        let events_before = match transition {
            Transition::Append { order, .. } => model.life(*order).events.len(),
            _ => 0,
        };
        let (answer, given) = self.perform(&model, transition).await?;
        let between = Between {
            before,
            after: self.now().await?,
        };
        ensure(self.is_on_time(before), || {
            format!(
                "the journal's clock shows {before}: it was set back, or time that went by is not on it"
            )
        })?;
        if self.ran_on(between.after) {
            return Ok(Judged::ClockRanOn);
        }
        self.count(&model, transition, &expected);
        match expected {
            Ok(Answer::Claims(numbers)) => {
                ensure(answer == Ok(Answer::Claims(Vec::new())), || {
                    format!("claiming must go well, and was answered with {answer:?}")
                })?;
                self.take_claims(transition, &numbers, &given, between)?;
            }
            expected => ensure(answer == expected, || {
                format!("the journal answered {answer:?}; by the contract it is {expected:?}")
            })?,
        }
        self.note_events(transition, events_before, between);
        if let Transition::List { .. } = transition {
            self.compare_list(transition).await?;
        }
        self.compare().await?;
        Ok(Judged::Agrees)
    }

    /// A second handle on the store, where there is one.
    pub(super) async fn another_handle(&self) -> Option<Handle> {
        self.harness.another().await
    }

    pub(super) async fn now(&self) -> Verdict<Timestamp> {
        let now = self.journal.now().await;
        now.or_broken("reading the journal's clock")
    }

    /// Whether all the time that went by is on the journal's clock.
    fn is_on_time(&self, now: Timestamp) -> bool {
        self.model.moment(self.model.now) <= now
    }

    /// Whether the journal's clock went on by itself for so long that it and the model's may settle
    /// a lease otherwise.
    fn ran_on(&self, now: Timestamp) -> bool {
        self.model.moment(self.model.now + STEP / 2) < now
    }

    fn count(
        &mut self,
        before: &Model,
        transition: &Transition,
        expected: &Result<Answer, Refusal>,
    ) {
        let answer = match expected {
            Ok(Answer::Done) => "done".to_owned(),
            Ok(Answer::Opened(opened)) => format!("{opened:?}"),
            Ok(Answer::Appended(_)) => "appended".to_owned(),
            Ok(Answer::Claims(claims)) if claims.is_empty() => "nothing".to_owned(),
            Ok(Answer::Claims(_)) => "given".to_owned(),
            Ok(Answer::Remembered(0)) => "known".to_owned(),
            Ok(Answer::Remembered(_)) => "new".to_owned(),
            Ok(Answer::Forgotten(0)) => "nothing".to_owned(),
            Ok(Answer::Forgotten(_)) => "forgotten".to_owned(),
            Ok(Answer::Delivered(delivery)) => format!("{delivery:?}"),
            Err(refusal) => format!("{refusal:?}"),
        };
        let kind = answer.split(['(', ' ']).next().unwrap_or_default();
        let name = format!("{}: {kind}", transition.name());
        *self.answers.entry(name).or_default() += 1;
        if let Transition::Wake { order } = transition {
            for kind in before.wakes(*order) {
                *self.answers.entry(format!("woken: {kind}")).or_default() += 1;
            }
        }
        if let (Transition::Append { order, .. }, Ok(_)) = (transition, expected) {
            let state = self.model.life(*order).order.state();
            *self.answers.entry(format!("state: {state}")).or_default() += 1;
        }
    }

    /// Takes a step on the journal. Claims that are given come beside the answer.
    async fn perform(
        &mut self,
        model: &Model,
        transition: &Transition,
    ) -> Verdict<(Result<Answer, Refusal>, Vec<Claim>)> {
        let done = |answer: Result<(), JournalError>| refusal_of(answer.map(|()| Answer::Done));
        let answer = match transition {
            Transition::Open { .. } => match model.wish(transition) {
                Some(new) => refusal_of(self.journal.open(&new).await.map(Answer::Opened))?,
                None => return broken("a step that records a wish has none"),
            },
            Transition::Append {
                order,
                basis,
                happenings,
                due,
            } => {
                let events = model.events(*order, happenings);
                let due = model.due_at(*due).map(|due| model.moment(due));
                let expected = model.expected(*order, *basis);
                let id = model.orders[order];
                let answer = self.journal.append_at(id, expected, &events, due).await;
                refusal_of(answer.map(Answer::Appended))?
            }
            Transition::Claim { .. } | Transition::ClaimOrder { .. } => {
                let given = self.claim(model, transition).await?;
                return Ok((Ok(Answer::Claims(Vec::new())), given));
            }
            Transition::Wake { order } => done(self.journal.wake(model.orders[order]).await)?,
            Transition::Renew { claim, hand, lease } => {
                let claim = self.in_hand(*claim, *hand);
                done(self.journal.renew(&claim, seconds(*lease)).await)?
            }
            Transition::Release { claim, hand } => {
                let claim = self.in_hand(*claim, *hand);
                done(self.journal.release(&claim).await)?
            }
            Transition::Reopen => {
                if let Some(fresh) = self.harness.another().await {
                    (self.journal, self.profiles) = (fresh.journal, fresh.profiles);
                    self.balances = fresh.balances;
                    self.inbox = fresh.inbox;
                }
                Ok(Answer::Done)
            }
            Transition::AskForNoOrder => {
                self.ask_for_no_order().await?;
                Ok(Answer::Done)
            }
            Transition::Keep { .. } => match model.profile(transition) {
                Some(profile) => {
                    refusal_of(self.profiles.keep(&profile).await.map(Answer::Delivered))?
                }
                None => return broken("a step that keeps a profile has none"),
            },
            Transition::Erase { provider, esim } => {
                let (provider, esim) = (
                    sample::provider(PROVIDERS[*provider]),
                    sample::esim(ESIMS[*esim]),
                );
                done(self.profiles.erase(&provider, &esim).await)?
            }
            Transition::KeepBalance { place, ago } => match &self.balances {
                Some(balances) => done(balances.keep_balance(&model.reading(*place, *ago)).await)?,
                None => Ok(Answer::Done),
            },
            Transition::Remember { .. } | Transition::Forget { .. } => {
                self.act_on_events(model, transition).await?
            }
            Transition::Pass(_) | Transition::List { .. } => Ok(Answer::Done),
        };
        Ok((answer, Vec::new()))
    }

    /// Remembers when the events of this step were appended.
    fn note_events(&mut self, transition: &Transition, events_before: usize, between: Between) {
        let id = match transition {
            Transition::Append { order, .. } => self.model.orders[order],
            Transition::Open { key, .. } => match self.model.orders.get(key) {
                Some(id) if !self.appended.contains_key(&(*id, 1)) => *id,
                _ => return,
            },
            _ => return,
        };
        let count = |events: usize| u64::try_from(events).unwrap_or(u64::MAX);
        let events = self.model.lives[&id].events.len();
        for version in count(events_before) + 1..=count(events) {
            self.appended.insert((id, version), between);
        }
    }
}

/// So many steps of time.
pub(super) fn seconds(steps: i64) -> Duration {
    Duration::from_secs(u64::try_from(steps * STEP).unwrap_or_default())
}

/// The answer with the contract's refusals told apart; every other error is a broken promise.
fn refusal_of(answer: Result<Answer, JournalError>) -> Verdict<Result<Answer, Refusal>> {
    let refusal = match answer {
        Ok(answer) => return Ok(Ok(answer)),
        Err(JournalError::VersionConflict {
            expected, actual, ..
        }) => Refusal::Conflict { expected, actual },
        Err(JournalError::Duplicate { .. }) => Refusal::Duplicate,
        Err(JournalError::Illegal(_)) => Refusal::Illegal,
        Err(JournalError::ClaimLost(_)) => Refusal::ClaimLost,
        Err(error) => return broken(format!("the journal failed: {error}")),
    };
    Ok(Err(refusal))
}
