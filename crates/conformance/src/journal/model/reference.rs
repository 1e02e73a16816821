//! What a journal must hold and answer, as plain maps: written from the contract alone, and slow.

use std::collections::BTreeMap;

use jiff::Timestamp;
use roamport_domain::journal::{
    BalanceReading, Delivery, KeptProfile, NewOrder, Opened, OrderChange, Version,
};
use roamport_domain::order::{Event, Fingerprint, ProviderInstance};
use roamport_domain::{IdempotencyKey, Order, OrderId, ProviderName, ProviderOrderId, Reference};
use uuid::Uuid;

use super::happening::{Happening, events_of};
use super::transition::{Basis, Due, ESIMS, Hand, PLACES, PROVIDERS, STEP, Transition, Wish};
use crate::journal::append_at::as_of;
use crate::journal::sample;

/// An order's life so far.
#[derive(Clone, Debug)]
pub(super) struct Life {
    /// Everything that happened, in order.
    pub(super) events: Vec<Event>,
    /// What those events make.
    pub(super) order: Order,
}

/// Who drives an order, and until when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Holder {
    /// The number of the claim.
    pub(super) claim: usize,
    /// In seconds since the start.
    pub(super) until: i64,
}

/// A profile, and when it was kept.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    /// A later one took place later.
    pub(super) turn: u64,
    /// In seconds since the start.
    pub(super) at: i64,
    /// As it was kept.
    pub(super) profile: KeptProfile,
}

/// What a journal answers where all is well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Nothing but that it was done.
    Done,
    /// What became of a wish.
    Opened(Opened),
    /// The order's new version.
    Appended(Version),
    /// The numbers of the claims that are given, the longest due first.
    Claims(Vec<usize>),
    /// How many of those who brought an event were told that it is new.
    Remembered(usize),
    /// How many events were forgotten.
    Forgotten(u64),
    /// What became of a profile.
    Delivered(Delivery),
}

/// Why a journal refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Somebody appended in between.
    Conflict {
        /// What the caller built on.
        expected: Version,
        /// What is there.
        actual: Version,
    },
    /// Something is unique and there already.
    Duplicate,
    /// An event cannot follow.
    Illegal,
    /// The claim is no longer held.
    ClaimLost,
}

/// The whole of a journal.
#[derive(Clone, Debug)]
pub(super) struct Model {
    start: Timestamp,
    /// The clock: seconds since the start.
    pub(super) now: i64,
    /// How many steps were taken, so that what they make can be told apart.
    pub(super) turn: u64,
    /// How often the store was opened again.
    pub(super) reopened: u8,
    /// The orders by the numbers of their keys.
    pub(super) orders: BTreeMap<u8, OrderId>,
    pub(super) lives: BTreeMap<OrderId, Life>,
    pub(super) keys: BTreeMap<IdempotencyKey, OrderId>,
    references: BTreeMap<(ProviderName, Reference), OrderId>,
    provider_orders: BTreeMap<(ProviderName, ProviderOrderId), OrderId>,
    /// Seconds since the start, for each order that is due at all.
    pub(super) due: BTreeMap<OrderId, i64>,
    /// The order of each claim that was given.
    pub(super) claims: Vec<OrderId>,
    pub(super) holders: BTreeMap<OrderId, Holder>,
    pub(super) profiles: BTreeMap<(usize, usize), Kept>,
    /// Which order each eSIM was delivered to.
    delivered: BTreeMap<(usize, usize), u8>,
    /// With which eSIM of which order each code was delivered.
    codes: BTreeMap<(usize, usize), (u8, usize)>,
    pub(super) balances: Vec<BalanceReading>,
    /// Seconds since the start at which the events of each provider were acted upon.
    pub(super) events: BTreeMap<(usize, usize), i64>,
}

impl Model {
    /// Of an empty journal whose clock shows `start`.
    pub(super) const fn new(start: Timestamp) -> Self {
        Self {
            start,
            now: 0,
            turn: 0,
            reopened: 0,
            orders: BTreeMap::new(),
            lives: BTreeMap::new(),
            keys: BTreeMap::new(),
            references: BTreeMap::new(),
            provider_orders: BTreeMap::new(),
            due: BTreeMap::new(),
            claims: Vec::new(),
            holders: BTreeMap::new(),
            profiles: BTreeMap::new(),
            delivered: BTreeMap::new(),
            codes: BTreeMap::new(),
            balances: Vec::new(),
            events: BTreeMap::new(),
        }
    }

    /// The moment this many seconds after the start.
    pub(super) fn moment(&self, seconds: i64) -> Timestamp {
        sample::after(self.start, seconds)
    }

    /// The order of this key.
    pub(super) fn life(&self, order: u8) -> &Life {
        &self.lives[&self.orders[&order]]
    }

    /// Takes a step, and says what a journal must answer.
    pub(super) fn take(&mut self, transition: &Transition) -> Result<Answer, Refusal> {
        let answer = match transition {
            Transition::Open { .. } => self.open(transition),
            Transition::Append {
                order,
                basis,
                happenings,
                due,
            } => self.append(*order, *basis, happenings, *due),
            Transition::Claim {
                place,
                lease,
                limit,
                ..
            } => {
                let mut claimable = self.claimable(*place);
                claimable.truncate(usize::from(*limit));
                let claims = claimable.into_iter().map(|(_, id)| self.give(id, *lease));
                Ok(Answer::Claims(claims.collect()))
            }
            Transition::ClaimOrder { order, lease, .. } => {
                let id = self.orders[order];
                let claims = if self.is_free(id) {
                    vec![self.give(id, *lease)]
                } else {
                    Vec::new()
                };
                Ok(Answer::Claims(claims))
            }
            Transition::Wake { order } => {
                let now = self.now;
                if let Some(due) = self.due.get_mut(&self.orders[order]) {
                    *due = now.min(*due);
                }
                Ok(Answer::Done)
            }
            Transition::Renew { claim, hand, lease } => self.renew(*claim, *hand, *lease),
            Transition::Release { claim, hand } => {
                if self.is_held(*claim) && *hand == Hand::Own {
                    self.holders.remove(&self.claims[*claim]);
                }
                Ok(Answer::Done)
            }
            Transition::Pass(steps) => {
                self.now += steps * STEP;
                Ok(Answer::Done)
            }
            Transition::Reopen => {
                self.reopened += 1;
                Ok(Answer::Done)
            }
            Transition::Keep { provider, esim, .. } => {
                let (buyer, code) = self.delivery_of(*esim);
                let delivery = self.deliver((*provider, *esim), buyer, (*provider, code));
                if let (Delivery::Kept, Some(profile)) = (delivery, self.profile(transition)) {
                    let kept = Kept {
                        turn: self.turn,
                        at: self.now,
                        profile,
                    };
                    self.profiles.insert((*provider, *esim), kept);
                }
                Ok(Answer::Delivered(delivery))
            }
            Transition::Erase { provider, esim } => {
                self.profiles.remove(&(*provider, *esim));
                Ok(Answer::Done)
            }
            Transition::KeepBalance { place, ago } => {
                self.balances.push(self.reading(*place, *ago));
                Ok(Answer::Done)
            }
            Transition::Remember {
                provider,
                event,
                ago,
                ..
            } => Ok(self.remember(*provider, *event, *ago)),
            Transition::Forget {
                provider,
                ago,
                most,
            } => Ok(self.forget(*provider, *ago, *most)),
            Transition::AskForNoOrder | Transition::List { .. } => Ok(Answer::Done),
        };
        self.turn += 1;
        answer
    }

    /// The wish that this step records.
    pub(super) fn wish(&self, transition: &Transition) -> Option<NewOrder> {
        let Transition::Open {
            key,
            place,
            wish,
            age,
            reference_of,
        } = transition
        else {
            return None;
        };
        let (key, at) = (format!("Key {key}"), self.moment(self.now - 60 * age));
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
            requested.reference = self.life(*other).order.requested().reference.clone();
        }
        Some(new)
    }

    /// For which order a profile is kept in this turn, and the code of which eSIM it bears. Mostly the usual
    /// ones.
    pub(super) const fn delivery_of(&self, esim: usize) -> (u8, usize) {
        let buyer = if self.turn % 5 == 3 { 1 } else { 0 };
        let code = if self.turn % 7 == 5 {
            (esim + 1) % ESIMS.len()
        } else {
            esim
        };
        (buyer, code)
    }

    /// Delivers an eSIM with its code to an order, unless another has either. Neither is ever given up.
    fn deliver(&mut self, esim: (usize, usize), buyer: u8, code: (usize, usize)) -> Delivery {
        let had_esim = self.delivered.get(&esim).copied();
        let had_code = self.codes.get(&code).copied();
        if let Some(other) = had_esim.filter(|other| *other != buyer) {
            return Delivery::DeliveredBefore(buyer_id(other));
        }
        if let Some((other, _)) = had_code.filter(|had| *had != (buyer, esim.1)) {
            return Delivery::DeliveredBefore(buyer_id(other));
        }
        self.delivered.insert(esim, buyer);
        self.codes.insert(code, (buyer, esim.1));
        Delivery::Kept
    }

    fn open(&mut self, transition: &Transition) -> Result<Answer, Refusal> {
        let (Transition::Open { key, .. }, Some(NewOrder { id, requested })) =
            (transition, self.wish(transition))
        else {
            return Ok(Answer::Done);
        };
        if let Some(known) = self.keys.get(&requested.key).copied() {
            let same = self.lives[&known].order.requested().fingerprint == requested.fingerprint;
            return Ok(Answer::Opened(if same {
                Opened::Existing(known)
            } else {
                Opened::KeyReused(known)
            }));
        }
        let reference = (requested.provider.name.clone(), requested.reference.clone());
        if self.references.contains_key(&reference) {
            return Err(Refusal::Duplicate);
        }
        self.references.insert(reference, id);
        self.keys.insert(requested.key.clone(), id);
        self.due.insert(id, self.now);
        self.orders.insert(*key, id);
        let events = vec![Event::Requested(Box::new(requested.clone()))];
        let order = Order::open(id, requested);
        self.lives.insert(id, Life { events, order });
        Ok(Answer::Opened(Opened::New(id)))
    }

    /// The version an append names.
    pub(super) fn expected(&self, order: u8, basis: Basis) -> Version {
        let actual = self.life(order).order.version();
        match basis {
            Basis::Current => actual,
            Basis::Old(events) => Version::from_count(actual.count().saturating_sub(events).max(1)),
            Basis::Ahead => actual.next(),
        }
    }

    /// The events an append brings.
    pub(super) fn events(&self, order: u8, happenings: &[Happening]) -> Vec<Event> {
        events_of(&self.life(order).order, happenings, self.moment(self.now))
    }

    /// When an order is due after an append, in seconds since the start.
    pub(super) fn due_at(&self, due: Due) -> Option<i64> {
        match due {
            Due::Never => None,
            Due::Steps(steps) => Some(self.now + steps * STEP),
        }
    }

    fn append(
        &mut self,
        number: u8,
        basis: Basis,
        happenings: &[Happening],
        due: Due,
    ) -> Result<Answer, Refusal> {
        let events = self.events(number, happenings);
        let expected = self.expected(number, basis);
        let due = self.due_at(due);
        let life = self.life(number);
        let (id, actual) = (life.order.id(), life.order.version());
        let before = as_of(id, &life.events, expected).map_err(|_| Refusal::Illegal)?;
        let change = OrderChange::of(&before, events.clone()).map_err(|_| Refusal::Illegal)?;
        if expected != actual {
            return Err(Refusal::Conflict { expected, actual });
        }
        let order = change.into_order();
        if self.belongs_to_another(&order) {
            return Err(Refusal::Duplicate);
        }
        let provider = order.requested().provider.name.clone();
        self.provider_orders.retain(|_, owner| *owner != id);
        if let Some(placed) = order.placed() {
            self.provider_orders
                .insert((provider, placed.id.clone()), id);
        }
        match due {
            Some(due) => self.due.insert(id, due),
            None => self.due.remove(&id),
        };
        let version = order.version();
        if let Some(life) = self.lives.get_mut(&id) {
            life.events.extend(events);
            life.order = order;
        }
        Ok(Answer::Appended(version))
    }

    /// Whether the provider's order that this one is, belongs to another of ours.
    fn belongs_to_another(&self, order: &Order) -> bool {
        let Some(placed) = order.placed() else {
            return false;
        };
        let name = (order.requested().provider.name.clone(), placed.id.clone());
        self.provider_orders
            .get(&name)
            .is_some_and(|owner| *owner != order.id())
    }
}

/// The order for which profiles are kept under this number.
pub(super) fn buyer_id(buyer: u8) -> OrderId {
    OrderId::from_uuid(Uuid::from_u128(u128::from(buyer) + 1))
}

/// The provider instance at a place. Each has a place of its own.
pub(super) fn instance(place: usize) -> ProviderInstance {
    let (provider, base_url) = PLACES[place];
    ProviderInstance {
        name: sample::provider(PROVIDERS[provider]),
        base_url: base_url.to_owned(),
    }
}
