//! What is in a world at one moment, and the events that change it: live and on replay the same.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::notice::{Attempt, Hook, Notice, Outbox};
use super::record::{EsimRecord, OrderRecord};
use super::request::Purchase;
use crate::fault::{Rule, Twists};
use crate::ledger::{Charge, Refund};
use crate::switches::Switches;

/// How the world's time follows the real one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Pace {
    /// It runs, so far ahead of the real clock.
    Ahead(SignedDuration),
    /// It stands.
    Frozen(Timestamp),
}

impl Default for Pace {
    fn default() -> Self {
        Self::Ahead(SignedDuration::ZERO)
    }
}

/// A purchase that will happen by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LateEffect {
    pub(crate) due: Timestamp,
    pub(crate) purchase: Purchase,
    pub(crate) twists: Twists,
}

/// One change of the world. The names and fields are a file format: see `state`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Event {
    /// It happened to another account than that of the world's own token.
    Of { account: String, event: Box<Event> },
    /// Money moved: with the order, and the eSIMs that are new or have more data.
    Charged {
        charge: Charge,
        order: OrderRecord,
        esims: Vec<EsimRecord>,
    },
    /// Money came back, for an eSIM that was given back.
    Refunded {
        refund: Refund,
        esim: Box<EsimRecord>,
    },
    /// Where one dialect's events go.
    Hook(Hook),
    /// No dialect's events go anywhere.
    Unhooked,
    /// Whether events wait for somebody to let them go.
    Held(bool),
    /// Events to deliver.
    Posted(Vec<Notice>),
    /// An event was delivered, or tried in vain.
    Attempted(Attempt),
    /// eSIMs changed.
    Esims(Vec<EsimRecord>),
    /// A purchase will happen later.
    Scheduled(LateEffect),
    /// The scheduled purchases that are not due yet.
    Waiting(Vec<LateEffect>),
    /// The fault list, whole.
    Rules(Vec<Rule>),
    /// The clock.
    Pace(Pace),
    /// The switches, whole.
    Switches(Switches),
    /// The wallet was set by hand.
    Balance(#[serde(with = "rust_decimal::serde::str")] Decimal),
    /// The catalogue's rows moved, all in all by so many.
    Moved { rotated: u64, inserted: u64 },
    /// Everything as it was at the beginning, except for the count of ids.
    Reset,
}

/// How a world begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Beginning {
    #[serde(with = "rust_decimal::serde::str")]
    pub(crate) balance: Decimal,
    #[serde(default)]
    pub(crate) pace: Pace,
    #[serde(default)]
    pub(crate) switches: Switches,
}

/// Orders, eSIMs, wallet, ledger, faults and clock.
#[derive(Debug)]
pub(crate) struct Contents {
    beginning: Beginning,
    pub(crate) pace: Pace,
    pub(crate) balance: Decimal,
    pub(crate) ledger: Vec<Charge>,
    pub(crate) refunds: Vec<Refund>,
    pub(crate) outbox: Outbox,
    pub(crate) orders: Vec<OrderRecord>,
    pub(crate) esims: Vec<EsimRecord>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) switches: Switches,
    pub(crate) late: Vec<LateEffect>,
    pub(crate) rotated: u64,
    pub(crate) inserted: u64,
    /// How many ids of each kind were given out; a reset keeps it, so that no id comes back.
    pub(crate) ids: u64,
    order_by_id: HashMap<String, usize>,
    orders_by_reference: HashMap<String, Vec<usize>>,
    esim_by_id: HashMap<String, usize>,
    esim_by_iccid: HashMap<String, usize>,
}

impl Contents {
    pub(crate) fn new(beginning: Beginning) -> Self {
        Self {
            pace: beginning.pace,
            balance: beginning.balance,
            switches: beginning.switches.clone(),
            beginning,
            ledger: Vec::new(),
            refunds: Vec::new(),
            outbox: Outbox::default(),
            orders: Vec::new(),
            esims: Vec::new(),
            rules: Vec::new(),
            late: Vec::new(),
            rotated: 0,
            inserted: 0,
            ids: 0,
            order_by_id: HashMap::new(),
            orders_by_reference: HashMap::new(),
            esim_by_id: HashMap::new(),
            esim_by_iccid: HashMap::new(),
        }
    }

    /// The same world before anything happened in it.
    pub(crate) fn begun(&self) -> Self {
        Self::new(self.beginning.clone())
    }

    pub(crate) fn apply(&mut self, event: Event) {
        match event {
            // Taken apart before it comes here.
            Event::Of { event, .. } => self.apply(*event),
            Event::Charged {
                charge,
                order,
                esims,
            } => {
                self.balance = charge.balance_after;
                self.ledger.push(charge);
                self.keep_order(order);
                self.keep_esims(esims);
            }
            Event::Refunded { refund, esim } => {
                self.balance = refund.balance_after;
                self.refunds.push(refund);
                self.keep_esims(vec![*esim]);
            }
            Event::Hook(hook) => self.outbox.hook(hook),
            Event::Unhooked => self.outbox.hooks.clear(),
            Event::Held(held) => self.outbox.held = held,
            Event::Posted(notices) => self.outbox.notices.extend(notices),
            Event::Attempted(attempt) => self.outbox.attempted(&attempt),
            Event::Esims(esims) => self.keep_esims(esims),
            Event::Scheduled(effect) => self.late.push(effect),
            Event::Waiting(late) => self.late = late,
            Event::Rules(rules) => self.rules = rules,
            Event::Pace(pace) => self.pace = pace,
            Event::Switches(switches) => self.switches = switches,
            Event::Balance(balance) => self.balance = balance,
            Event::Moved { rotated, inserted } => {
                (self.rotated, self.inserted) = (rotated, inserted);
            }
            Event::Reset => {
                let (ids, notices) = (self.ids, self.outbox.next_seq() - 1);
                *self = self.begun();
                self.ids = ids;
                self.outbox.before = notices;
            }
        }
    }

    fn keep_order(&mut self, order: OrderRecord) {
        self.ids += 1;
        let index = self.orders.len();
        self.order_by_id.insert(order.id.clone(), index);
        if let Some(number) = &order.number {
            self.order_by_id.insert(number.clone(), index);
        }
        if let Some(reference) = &order.reference {
            self.orders_by_reference
                .entry(reference.clone())
                .or_default()
                .push(index);
        }
        self.orders.push(order);
    }

    fn keep_esims(&mut self, esims: Vec<EsimRecord>) {
        for esim in esims {
            let index = *self
                .esim_by_id
                .entry(esim.id.clone())
                .or_insert(self.esims.len());
            if let Some(number) = &esim.transaction {
                self.esim_by_id.insert(number.clone(), index);
            }
            if let Some(profile) = &esim.profile {
                // A card number that was given out again belongs to the newest eSIM.
                let bearer = self.esim_by_iccid.entry(profile.iccid.clone());
                let newest = bearer.or_insert(index);
                *newest = index.max(*newest);
            }
            if index == self.esims.len() {
                self.ids += 1;
                self.esims.push(esim);
            } else {
                self.esims[index] = esim;
            }
        }
    }

    /// The order of an id, in either dialect.
    pub(crate) fn order(&self, id: &str) -> Option<&OrderRecord> {
        Some(&self.orders[*self.order_by_id.get(id)?])
    }

    /// The orders under exactly this reference, oldest first, visible or not.
    pub(crate) fn orders_under(
        &self,
        reference: &str,
    ) -> impl DoubleEndedIterator<Item = &OrderRecord> {
        let found = self
            .orders_by_reference
            .get(reference)
            .map_or(&[][..], Vec::as_slice);
        found.iter().map(|index| &self.orders[*index])
    }

    /// The eSIM of an id, in either dialect.
    pub(crate) fn esim(&self, id: &str) -> Option<&EsimRecord> {
        Some(&self.esims[*self.esim_by_id.get(id)?])
    }

    /// The eSIM of an id, in either dialect, or of a card number.
    pub(crate) fn esim_named(&self, key: &str, now: Timestamp) -> Option<&EsimRecord> {
        self.esim(key).or_else(|| self.esim_by_iccid(key, now))
    }

    /// The newest eSIM that was given this card number.
    pub(crate) fn bearer(&self, iccid: &str) -> Option<&EsimRecord> {
        Some(&self.esims[*self.esim_by_iccid.get(iccid)?])
    }

    /// The eSIM of a card number, once its profile is there.
    pub(crate) fn esim_by_iccid(&self, iccid: &str, now: Timestamp) -> Option<&EsimRecord> {
        let esim = self.bearer(iccid)?;
        esim.ready_profile(now).is_some().then_some(esim)
    }
}
