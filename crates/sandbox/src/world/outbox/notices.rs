//! Which events a change of the world makes, in each dialect.

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use super::super::contents::Event;
use super::super::identity;
use super::super::notice::{Notice, NoticeKind};
use super::super::record::{EsimRecord, OrderRecord};
use super::Transaction;
use crate::dialect::Dialect;

/// At how many percent of the data used a dialect tells.
const fn thresholds(dialect: Dialect) -> &'static [u8] {
    match dialect {
        Dialect::Roamify => &[25, 50, 75, 90, 100],
        Dialect::EsimAccess => &[50, 80, 90],
    }
}

/// At how many percent of its threshold the first dialect tells again that the wallet is low.
const LOW: [u8; 4] = [100, 75, 50, 25];

const ONE_DAY: SignedDuration = SignedDuration::from_hours(24);

/// One event before it has a number.
struct Draft {
    kind: NoticeKind,
    at: Timestamp,
    while_ending_at: Option<Timestamp>,
}

impl Draft {
    fn now(kind: NoticeKind, at: Timestamp) -> Self {
        Self {
            kind,
            at,
            while_ending_at: None,
        }
    }
}

impl Transaction<'_> {
    /// The events that belong to a change, which has not happened yet.
    pub(in super::super) fn notices_of(&self, event: &Event) -> Vec<Notice> {
        if self.contents.outbox.hooks.is_empty() {
            return Vec::new();
        }
        let dialects: Vec<Dialect> = self
            .contents
            .outbox
            .hooks
            .iter()
            .map(|hook| hook.dialect)
            .collect();
        let mut notices = Vec::new();
        for dialect in dialects {
            match event {
                Event::Charged {
                    charge,
                    order,
                    esims,
                } => {
                    self.order_ready(&mut notices, dialect, order, esims);
                    for esim in esims {
                        self.esim_changed(&mut notices, dialect, esim);
                    }
                    self.wallet_changed(&mut notices, dialect, charge.balance_after);
                }
                Event::Esims(esims) => {
                    for esim in esims {
                        self.esim_changed(&mut notices, dialect, esim);
                    }
                }
                Event::Refunded { esim, .. } => self.esim_changed(&mut notices, dialect, esim),
                Event::Balance(balance) => self.wallet_changed(&mut notices, dialect, *balance),
                _ => {}
            }
        }
        notices
    }

    fn push(
        &self,
        notices: &mut Vec<Notice>,
        dialect: Dialect,
        draft: Draft,
        esim: Option<&EsimRecord>,
        order: Option<&OrderRecord>,
    ) {
        let seq = self.contents.outbox.next_seq() + notices.len() as u64;
        notices.push(Notice {
            seq,
            id: identity::uuid(self.salt, "notice", seq),
            dialect,
            kind: draft.kind,
            at: draft.at,
            due: draft.at,
            esim: esim.cloned().map(Box::new),
            order: order.cloned().map(Box::new),
            balance: self.contents.balance,
            while_ending_at: draft.while_ending_at,
            attempts: 0,
            status: None,
            done: false,
        });
    }

    fn order_ready(
        &self,
        notices: &mut Vec<Notice>,
        dialect: Dialect,
        order: &OrderRecord,
        esims: &[EsimRecord],
    ) {
        // The first provider sends nothing for orders, and the second nothing for top-ups.
        let fresh = esims
            .iter()
            .all(|esim| self.contents.esim(&esim.id).is_none());
        let ready = esims
            .iter()
            .map(|esim| Some(esim.profile.as_ref()?.ready_at));
        let ready: Option<Vec<Timestamp>> = ready.collect();
        if let (Dialect::EsimAccess, true, Some(ready)) = (dialect, fresh, ready)
            && let Some(at) = ready.into_iter().max()
        {
            let draft = Draft::now(NoticeKind::OrderReady, at);
            self.push(notices, dialect, draft, None, Some(order));
        }
    }

    fn esim_changed(&self, notices: &mut Vec<Notice>, dialect: Dialect, new: &EsimRecord) {
        let Some(old) = self.contents.esim(&new.id) else {
            return;
        };
        let mut drafts = device(dialect, old, new, self.now);
        let states = [
            old.activated_at != new.activated_at,
            !old.is_used_up() && new.is_used_up() && dialect == Dialect::EsimAccess,
            old.suspended_at != new.suspended_at && dialect == Dialect::EsimAccess,
            old.cancelled_at != new.cancelled_at,
            old.revoked_at != new.revoked_at,
            old.ended_at != new.ended_at,
        ];
        if states.contains(&true) {
            drafts.push(Draft::now(NoticeKind::State, self.now));
        }
        drafts.extend(
            used_thresholds(dialect, old, new)
                .map(|percent| Draft::now(NoticeKind::Usage(percent), self.now)),
        );
        drafts.extend(endings(dialect, old, new));
        for draft in drafts {
            self.push(notices, dialect, draft, Some(new), None);
        }
    }

    fn wallet_changed(&self, notices: &mut Vec<Notice>, dialect: Dialect, after: Decimal) {
        if dialect != Dialect::Roamify {
            return;
        }
        let before = self.contents.balance;
        let threshold = self.contents.switches.low_balance;
        let kinds = LOW.into_iter().filter_map(|percent| {
            let limit = threshold * Decimal::from(percent) / Decimal::ONE_HUNDRED;
            (before >= limit && after < limit)
                .then_some(NoticeKind::LowBalance((percent < 100).then_some(percent)))
        });
        let added = (after > before).then_some(NoticeKind::FundsAdded);
        for kind in kinds.chain(added) {
            let first = notices.len();
            self.push(notices, dialect, Draft::now(kind, self.now), None, None);
            notices[first].balance = after;
        }
    }

    /// The wallet was too small for a purchase.
    pub(in super::super) fn tell_of_short_wallet(&mut self) {
        self.tell(
            &NoticeKind::InsufficientBalance,
            None,
            Some(Dialect::Roamify),
        );
    }

    pub(super) fn trial(&self, dialect: Dialect) -> Notice {
        let mut notices = Vec::new();
        let draft = Draft::now(NoticeKind::Health, self.now);
        self.push(&mut notices, dialect, draft, None, None);
        let seconds = u64::try_from(self.now.as_second()).unwrap_or_default();
        let mut trial = notices.remove(0);
        trial.id = identity::uuid(self.salt, "trial", seconds);
        trial
    }

    pub(super) fn tell(
        &mut self,
        kind: &NoticeKind,
        esim: Option<&EsimRecord>,
        only: Option<Dialect>,
    ) {
        let order = esim.and_then(|esim| self.contents.order(&esim.order_id));
        let order = order.cloned();
        let mut notices = Vec::new();
        for hook in &self.contents.outbox.hooks {
            if only.is_none_or(|only| only == hook.dialect) {
                let draft = Draft::now(kind.clone(), self.now);
                self.push(&mut notices, hook.dialect, draft, esim, order.as_ref());
            }
        }
        if !notices.is_empty() {
            self.record(Event::Posted(notices));
        }
    }
}

/// What happened on the device.
fn device(dialect: Dialect, old: &EsimRecord, new: &EsimRecord, now: Timestamp) -> Vec<Draft> {
    let mut words = Vec::new();
    if old.installed_at != new.installed_at {
        words.extend(["DOWNLOAD", "INSTALLATION", "ENABLED"]);
    }
    if old.switched_off != new.switched_off {
        words.push(if new.switched_off {
            "DISABLED"
        } else {
            "ENABLED"
        });
    }
    if old.deleted_at != new.deleted_at {
        words.push("DELETED");
    }
    match dialect {
        Dialect::EsimAccess => words
            .into_iter()
            .map(|word| Draft::now(NoticeKind::Device(word.to_owned()), now))
            .collect(),
        // One state is one event there.
        Dialect::Roamify if words.is_empty() => Vec::new(),
        Dialect::Roamify => vec![Draft::now(NoticeKind::State, now)],
    }
}

/// The thresholds that the use of data has crossed.
fn used_thresholds(
    dialect: Dialect,
    old: &EsimRecord,
    new: &EsimRecord,
) -> impl Iterator<Item = u8> {
    let (before, after) = (old.used_kilobytes(), new.used_kilobytes());
    let allowed = new.allowed_kilobytes().filter(|allowed| *allowed > 0);
    thresholds(dialect).iter().copied().filter(move |percent| {
        let limit = allowed.map(|allowed| allowed / 100 * u64::from(*percent));
        limit.is_some_and(|limit| before < limit && limit <= after)
    })
}

/// What will happen by itself when the validity, which has changed, comes to its end.
fn endings(dialect: Dialect, old: &EsimRecord, new: &EsimRecord) -> Vec<Draft> {
    let end = new.activated_at.and_then(|_| new.expires_at());
    let (Some(end), true) = (end, new.ended_at.is_none()) else {
        return Vec::new();
    };
    if old.activated_at.is_some() && old.expires_at() == Some(end) {
        return Vec::new();
    }
    let draft = |kind, at| Draft {
        kind,
        at,
        while_ending_at: Some(end),
    };
    let mut drafts = vec![draft(NoticeKind::State, end)];
    if dialect == Dialect::EsimAccess
        && let Ok(day_before) = end.checked_sub(ONE_DAY)
    {
        drafts.insert(0, draft(NoticeKind::Ending, day_before));
    }
    drafts
}
