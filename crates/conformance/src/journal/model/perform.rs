//! One step on one of the two journals, with what it brings taken from the model's state before it.

use std::num::NonZeroU16;
use std::sync::Arc;

use futures::TryStreamExt as _;
use futures::future::join;
use jiff::Timestamp;
use roamport_domain::journal::{
    BalanceReading, Claim, Delivery, JournalError, KeptProfile, NewOrder, Opened, OrderFilter,
    OrderSummary, Owner, Version,
};
use roamport_domain::order::{Event, Fingerprint};
use roamport_domain::{Currency, EventInbox, Money, Order, OrderId};
use uuid::Uuid;

use super::happening::events_of;
use super::pair::{Pair, Side, instance, seconds};
use super::transition::{
    Basis, CARDS, Comes, Due, ESIMS, EVENTS, Hand, OWNERS, PLACES, PROVIDERS, Transition, Wish,
};
use crate::journal::{AppendAt as _, Handle, sample};
use crate::verdict::OrBroken as _;

/// What a journal answers where all is well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Done,
    Opened(Opened),
    Appended(Version),
    Claims(Vec<Claim>),
    /// How many of those who brought an event were told that it is new.
    Remembered(usize),
    /// How many events were forgotten.
    Forgotten(u64),
    Delivered(Delivery),
}

/// Why a journal refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Conflict { expected: Version, actual: Version },
    Duplicate,
    Illegal,
    ClaimLost,
}

impl Answer {
    /// The kind of answer, for the report.
    pub(super) fn kind(&self) -> String {
        let kind = match self {
            Self::Done => "done",
            Self::Opened(opened) => return format!("{opened:?}"),
            Self::Appended(_) => "appended",
            Self::Claims(claims) if claims.is_empty() => "nothing",
            Self::Claims(_) => "given",
            Self::Remembered(0) => "known",
            Self::Remembered(_) => "new",
            Self::Forgotten(0) => "nothing",
            Self::Forgotten(_) => "forgotten",
            Self::Delivered(delivery) => return format!("{delivery:?}"),
        };
        kind.to_owned()
    }
}

impl Pair<'_> {
    fn handle(&self, side: Side) -> &Handle {
        match side {
            Side::Tested => &self.tested,
            Side::Model => &self.model,
        }
    }

    /// Takes a step on one side. The model comes last, so that both are given the same.
    pub(super) async fn perform(
        &mut self,
        side: Side,
        step: &Transition,
    ) -> Result<Answer, Refusal> {
        let Handle {
            journal, profiles, ..
        } = self.handle(side).clone();
        match step {
            Transition::Open { key, .. } => {
                let new = self.request(step);
                let opened = answered(journal.open(&new).await)?;
                if let (Side::Model, Opened::New(id)) = (side, &opened) {
                    self.orders.insert(*key, Order::open(*id, new.requested));
                }
                Ok(Answer::Opened(opened))
            }
            Transition::Append {
                order,
                basis,
                happenings,
                due,
            } => {
                let order = &self.orders[order];
                let events: Vec<Event> = events_of(order, happenings, self.model_now());
                let expected = expected(order.version(), *basis);
                let due = match due {
                    Due::Never => None,
                    Due::Steps(steps) => Some(self.ago(-steps)),
                };
                let appended = journal.append_at(order.id(), expected, &events, due).await;
                Ok(Answer::Appended(answered(appended)?))
            }
            Transition::Claim { .. } | Transition::ClaimOrder { .. } => {
                Ok(Answer::Claims(self.claim(side, step).await))
            }
            Transition::Wake { order } => done(journal.wake(self.orders[order].id()).await),
            Transition::Renew { claim, hand, lease } => {
                let claim = self.in_hand(side, *claim, *hand);
                done(journal.renew(&claim, seconds(*lease)).await)
            }
            Transition::Release { claim, hand } => {
                done(journal.release(&self.in_hand(side, *claim, *hand)).await)
            }
            Transition::Reopen => {
                if side == Side::Tested {
                    self.reopened += 1;
                    if let Some(fresh) = self.harness.another().await {
                        self.tested = fresh;
                    }
                }
                Ok(Answer::Done)
            }
            Transition::AskForNoOrder => {
                ask_for_no_order(self.handle(side), self.model_now()).await;
                Ok(Answer::Done)
            }
            Transition::Keep { .. } => {
                let delivery = profiles.keep(&self.profile(step)).await;
                Ok(Answer::Delivered(answered(delivery)?))
            }
            Transition::Erase { provider, esim } => {
                let provider = sample::provider(PROVIDERS[*provider]);
                done(profiles.erase(&provider, &sample::esim(ESIMS[*esim])).await)
            }
            Transition::KeepBalance { place, ago } => match &self.handle(side).balances {
                Some(balances) => done(balances.keep_balance(&self.reading(*place, *ago)).await),
                None => Ok(Answer::Done),
            },
            Transition::Remember { .. } | Transition::Forget { .. } => {
                Ok(self.act_on_events(side, step).await)
            }
            Transition::Pass(_) => Ok(Answer::Done),
            Transition::List { .. } => {
                if side == Side::Tested {
                    self.compare_list(self.filter(step)).await;
                }
                Ok(Answer::Done)
            }
        }
    }

    /// The order request that a step records.
    fn request(&self, step: &Transition) -> NewOrder {
        let Transition::Open {
            key,
            place,
            wish,
            age,
            reference_of,
        } = step
        else {
            unreachable!("{step:?} records no request")
        };
        let (key, at) = (format!("Key {key}"), self.ago(2 * age));
        let provider = PROVIDERS[PLACES[*place].0];
        let mut new = match wish {
            Wish::Package => sample::order_of(provider, &key, "FR-1GB-7D", at),
            Wish::OtherPackage => sample::order_of(provider, &key, "DE-5GB-30D", at),
            Wish::TopUp => sample::top_up(&key, ESIMS[0], at),
        };
        new.id = OrderId::from_uuid(Uuid::from_u128(u128::from(self.turn) + 1000));
        let requested = &mut new.requested;
        requested.provider = instance(*place);
        requested.fingerprint = Fingerprint::of(&requested.provider, &requested.content);
        if let Some(other) = reference_of {
            requested.reference = self.orders[other].requested().reference.clone();
        }
        new
    }

    /// Claims what a step claims.
    async fn claim(&self, side: Side, step: &Transition) -> Vec<Claim> {
        let journal = &self.handle(side).journal;
        match step {
            Transition::Claim {
                place,
                owner,
                lease,
                limit,
            } => {
                let (owner, lease) = (Owner::new(OWNERS[*owner]), seconds(*lease));
                let limit = NonZeroU16::new(*limit).unwrap_or(NonZeroU16::MIN);
                let (place, account) = (instance(*place), sample::account("any"));
                let claims = journal.claim_for(&place, &account, &owner, lease, limit);
                claims.await.or_broken("claiming what is due")
            }
            Transition::ClaimOrder {
                order,
                owner,
                lease,
            } => {
                let owner = Owner::new(OWNERS[*owner]);
                let id = self.orders[order].id();
                let claim = journal.claim_order(id, &owner, seconds(*lease)).await;
                claim.or_broken("claiming an order").into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    /// A claim as its holder has it, or as somebody else says that it is theirs.
    fn in_hand(&self, side: Side, claim: usize, hand: Hand) -> Claim {
        let [tested, model] = self.claims[claim].clone();
        let claim = if side == Side::Tested { tested } else { model };
        match hand {
            Hand::Own => claim,
            Hand::Foreign => Claim {
                owner: Owner::new("nobody"),
                ..claim
            },
        }
    }

    /// The profile that a step keeps: now and then for another order, or with the code of another eSIM.
    fn profile(&self, step: &Transition) -> KeptProfile {
        let Transition::Keep {
            provider,
            esim,
            card,
        } = step
        else {
            unreachable!("{step:?} keeps no profile")
        };
        let buyer = if self.turn % 5 == 3 { 2 } else { 1 };
        let code = if self.turn % 7 == 5 { esim + 1 } else { *esim };
        let code = ESIMS[code % ESIMS.len()];
        let card = card.map(|card| CARDS[card]);
        KeptProfile {
            order: OrderId::from_uuid(Uuid::from_u128(buyer)),
            ..sample::profile_with(PROVIDERS[*provider], ESIMS[*esim], card, code)
        }
    }

    /// The reading that a step keeps: no two are alike.
    fn reading(&self, place: usize, ago: i64) -> BalanceReading {
        let amount = format!("{}.2755", self.turn);
        BalanceReading {
            provider: instance(place),
            at: self.ago(ago),
            balance: Money::parse_amount(&amount, Currency::USD).or_broken("making up an amount"),
            newest_order_at: (ago > 0).then(|| self.ago(2)),
            newest_orders: Vec::new(),
            comparable: ago == 0,
        }
    }

    /// Remembers or forgets events. A store without an inbox has nothing to say.
    async fn act_on_events(&mut self, side: Side, step: &Transition) -> Answer {
        let (Some(_), Some(inbox)) = (&self.tested.inbox, self.handle(side).inbox.clone()) else {
            return Answer::Done;
        };
        match step {
            Transition::Remember {
                provider,
                event,
                ago,
                comes,
            } => {
                let name = sample::provider(PROVIDERS[*provider]);
                let (event, at) = (EVENTS[*event], self.ago(*ago));
                let one = inbox.remember(&name, event, at);
                let answers = match comes {
                    Comes::Once => vec![one.await],
                    Comes::Twice => {
                        let later = self.ago(*ago - 1);
                        vec![one.await, inbox.remember(&name, event, later).await]
                    }
                    Comes::AtTwoAtOnce => {
                        let beside = self.beside(side, &inbox).await;
                        let (one, other) = join(one, beside.remember(&name, event, at)).await;
                        vec![one, other]
                    }
                };
                let new = |answer: Result<bool, _>| answer.or_broken("remembering an event");
                Answer::Remembered(answers.into_iter().map(new).filter(|new| *new).count())
            }
            Transition::Forget {
                provider,
                ago,
                most,
            } => {
                let name = sample::provider(PROVIDERS[*provider]);
                let forgotten = inbox.forget(&name, self.ago(*ago), *most).await;
                Answer::Forgotten(forgotten.or_broken("forgetting events"))
            }
            _ => Answer::Done,
        }
    }

    /// The inbox as another process has it; the same one where the store lives in one alone.
    async fn beside(&mut self, side: Side, inbox: &Arc<dyn EventInbox>) -> Arc<dyn EventInbox> {
        if side == Side::Model {
            return Arc::clone(inbox);
        }
        if self.inbox_beside.is_none() {
            let other = self.harness.another().await;
            self.inbox_beside = other.and_then(|handle| handle.inbox);
        }
        let beside = self.inbox_beside.clone();
        beside.unwrap_or_else(|| Arc::clone(inbox))
    }

    /// Lists some of the orders on both sides.
    pub(super) async fn listed(&self, side: Side, filter: OrderFilter) -> Vec<OrderSummary> {
        let list = self.handle(side).journal.list(filter);
        list.try_collect().await.or_broken("listing orders")
    }
}

/// The version an append names.
fn expected(actual: Version, basis: Basis) -> Version {
    match basis {
        Basis::Current => actual,
        Basis::Old(events) => Version::from_count(actual.count().saturating_sub(events).max(1)),
        Basis::Ahead => actual.next(),
    }
}

/// Whatever is asked about an order that is not there, the answer is that there is none.
async fn ask_for_no_order(handle: &Handle, until: Timestamp) {
    let id = OrderId::from_uuid(Uuid::from_u128(404));
    let owner = Owner::new(OWNERS[0]);
    let claim = Claim {
        order: id,
        owner: owner.clone(),
        lease: 1,
        until,
    };
    let (journal, first, minute) = (&handle.journal, Version::FIRST, sample::MINUTE);
    let answers = [
        ("load", journal.load(id).await.map(drop)),
        ("events", journal.events(id).await.map(drop)),
        (
            "append",
            journal.append_at(id, first, &[], None).await.map(drop),
        ),
        (
            "claim_order",
            journal.claim_order(id, &owner, minute).await.map(drop),
        ),
        ("wake", journal.wake(id).await),
        ("renew", journal.renew(&claim, minute).await),
        ("release", journal.release(&claim).await),
    ];
    for (call, answer) in answers {
        assert!(
            matches!(answer, Err(JournalError::NotFound(missing)) if missing == id),
            "`{call}` of an order that is not there was answered with {answer:?}"
        );
    }
}

fn done(answer: Result<(), JournalError>) -> Result<Answer, Refusal> {
    answered(answer).map(|()| Answer::Done)
}

/// The answer with the contract's refusals told apart; every other error is a broken promise.
fn answered<T>(answer: Result<T, JournalError>) -> Result<T, Refusal> {
    answer.map_err(|error| match error {
        JournalError::VersionConflict {
            expected, actual, ..
        } => Refusal::Conflict { expected, actual },
        JournalError::Duplicate { .. } => Refusal::Duplicate,
        JournalError::Illegal(_) => Refusal::Illegal,
        JournalError::ClaimLost(_) => Refusal::ClaimLost,
        error => panic!("the journal failed: {error}"),
    })
}
