//! An event that the provider sends by itself, and the list of those under way.

use std::fmt;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::record::{EsimRecord, OrderRecord};
use crate::dialect::Dialect;

/// Where the events of one dialect go.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hook {
    /// Whose events.
    pub dialect: Dialect,
    /// To which address: `http://` on this machine.
    pub url: String,
    /// What the first dialect signs with. The second one signs nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

impl fmt::Debug for Hook {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Hook")
            .field("dialect", &self.dialect)
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// What an event says. Not every dialect has each of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// Whether anybody listens.
    Health,
    /// The profiles of an order are allocated.
    OrderReady,
    /// The state of an eSIM changed.
    State,
    /// Something happened to the profile on the device: the word of the second dialect.
    Device(String),
    /// So many percent of the data are used.
    Usage(u8),
    /// One day is left.
    Ending,
    /// The wallet is below its threshold, or below so many percent of it.
    LowBalance(Option<u8>),
    /// A purchase exceeded the wallet.
    InsufficientBalance,
    /// The wallet was filled.
    FundsAdded,
    /// A request for a refund was granted.
    Refunded,
    /// A request for a refund was turned down.
    Rejected,
    /// A type that no document names.
    Unheard(String),
}

/// One event, with what was true when it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Notice {
    /// From 1, in the order in which they were made.
    pub(crate) seq: u64,
    /// What the provider calls it; a repeat bears the same.
    pub(crate) id: String,
    pub(crate) dialect: Dialect,
    pub(crate) kind: NoticeKind,
    /// When it is to be sent, and what its times say.
    pub(crate) at: Timestamp,
    /// When it is to be tried next.
    pub(crate) due: Timestamp,
    pub(crate) esim: Option<Box<EsimRecord>>,
    pub(crate) order: Option<Box<OrderRecord>>,
    #[serde(with = "rust_decimal::serde::str")]
    pub(crate) balance: Decimal,
    /// It is sent only while the eSIM still ends at this moment.
    pub(crate) while_ending_at: Option<Timestamp>,
    #[serde(default)]
    pub(crate) attempts: u32,
    /// What the last attempt was answered with.
    #[serde(default)]
    pub(crate) status: Option<u16>,
    #[serde(default)]
    pub(crate) done: bool,
}

/// The outcome of an attempt to deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attempt {
    pub(super) seq: u64,
    pub(super) status: Option<u16>,
    /// When it is tried again; never where none is given.
    pub(super) next: Option<Timestamp>,
}

/// Hooks, events under way and events delivered.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    pub(crate) hooks: Vec<Hook>,
    pub(crate) held: bool,
    pub(crate) notices: Vec<Notice>,
    /// How many were made before the last reset, so that no id comes back.
    pub(crate) before: u64,
}

impl Outbox {
    pub(crate) fn hook(&mut self, hook: Hook) {
        self.hooks.retain(|known| known.dialect != hook.dialect);
        self.hooks.push(hook);
    }

    pub(crate) fn attempted(&mut self, attempt: &Attempt) {
        let notices = self.notices.iter_mut();
        for notice in notices.filter(|notice| notice.seq == attempt.seq) {
            notice.attempts += 1;
            notice.status = attempt.status;
            notice.done = attempt.next.is_none();
            notice.due = attempt.next.unwrap_or(notice.due);
        }
    }

    pub(super) fn find(&self, seq: u64) -> Option<&Notice> {
        self.notices.iter().find(|notice| notice.seq == seq)
    }

    pub(crate) fn next_seq(&self) -> u64 {
        self.before + self.notices.len() as u64 + 1
    }
}
