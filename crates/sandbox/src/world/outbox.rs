//! The events that the provider sends by itself: where they go, and which of them are under way.

mod notices;

use std::sync::PoisonError;

use super::contents::Event;
use super::notice::{Attempt, Hook, Notice, NoticeKind};
use super::purchase::later;
use super::refusal::{Refusal, WorldError};
use super::{Transaction, World};
use crate::dialect::Dialect;

/// How long the first provider waits before each repeat, in milliseconds of the world's clock: it
/// documents three repeats at growing intervals, not their lengths.
const PATIENCE: [u64; 3] = [10_000, 60_000, 300_000];

impl World {
    /// Sends one dialect's events to this address from now on.
    ///
    /// # Errors
    ///
    /// [`WorldError::State`].
    pub fn set_hook(&self, hook: Hook) -> Result<(), WorldError> {
        self.commit(Event::Hook(hook))
    }

    /// Sends no events any more.
    pub(crate) fn clear_hooks(&self) -> Result<(), WorldError> {
        self.commit(Event::Unhooked)
    }

    /// Where events go.
    ///
    /// # Errors
    ///
    /// [`WorldError::State`].
    pub fn hooks(&self) -> Result<Vec<Hook>, WorldError> {
        self.transact(|transaction| Ok(transaction.contents.outbox.hooks.clone()))
    }

    /// Keeps events back, or stops doing so.
    ///
    /// # Errors
    ///
    /// [`WorldError::State`].
    pub fn hold_events(&self, held: bool) -> Result<(), WorldError> {
        self.commit(Event::Held(held))
    }

    /// Whether events are kept back, and every event since the beginning, oldest first.
    pub(crate) fn notices(&self) -> Result<(bool, Vec<Notice>), WorldError> {
        self.transact(|transaction| {
            let outbox = &transaction.contents.outbox;
            Ok((outbox.held, outbox.notices.clone()))
        })
    }

    /// Whether events go anywhere, as far as this handle has heard. Cheap: it looks at no file.
    pub(crate) fn has_hooks(&self) -> bool {
        let live = self.inner.live.lock();
        let live = live.unwrap_or_else(PoisonError::into_inner);
        !live.contents.outbox.hooks.is_empty()
    }

    /// The events that are to be sent now, oldest first, each with where it goes. None while events
    /// are kept back.
    pub(crate) fn due_notices(&self) -> Result<Vec<(Notice, Hook)>, WorldError> {
        self.transact(|transaction| {
            let now = transaction.now;
            let outbox = &transaction.contents.outbox;
            if outbox.held || outbox.hooks.is_empty() {
                return Ok(Vec::new());
            }
            let due = outbox
                .notices
                .iter()
                .filter(|notice| !notice.done && notice.due <= now);
            let mut sent = Vec::new();
            let mut stale = Vec::new();
            for notice in due {
                let hook = outbox
                    .hooks
                    .iter()
                    .find(|hook| hook.dialect == notice.dialect);
                match hook {
                    Some(hook) if transaction.is_true(notice) => {
                        sent.push((notice.clone(), hook.clone()));
                    }
                    _ => stale.push(notice.seq),
                }
            }
            for seq in stale {
                transaction.record(Event::Attempted(Attempt {
                    seq,
                    status: None,
                    next: None,
                }));
            }
            Ok(sent)
        })
    }

    /// Writes down how an attempt ended; none for no answer at all. Only the first dialect tries again.
    pub(crate) fn attempted(&self, notice: &Notice, status: Option<u16>) -> Result<(), WorldError> {
        self.transact(|transaction| {
            let tries = usize::try_from(notice.attempts).unwrap_or(usize::MAX);
            let again = notice.dialect == Dialect::Roamify && status != Some(200);
            let next = PATIENCE.get(tries).filter(|_| again);
            let now = transaction.now;
            transaction.record(Event::Attempted(Attempt {
                seq: notice.seq,
                status,
                next: next.map(|wait| later(now, *wait)),
            }));
            Ok(())
        })
    }

    /// Makes an event by hand, for every dialect that events are sent to (or one of them).
    ///
    /// # Errors
    ///
    /// [`WorldError::Refused`] where there is no such eSIM.
    pub fn tell(
        &self,
        kind: &NoticeKind,
        esim: Option<&str>,
        dialect: Option<Dialect>,
    ) -> Result<(), WorldError> {
        self.transact(|transaction| {
            let found = match esim {
                Some(key) => Some(
                    transaction
                        .contents
                        .esim_named(key, transaction.now)
                        .ok_or(Refusal::UnknownEsim)?
                        .clone(),
                ),
                None => None,
            };
            transaction.tell(kind, found.as_ref(), dialect);
            Ok(())
        })
    }

    /// An event that tries whether anybody listens. It is sent by hand and never kept.
    pub(crate) fn trial(&self, dialect: Dialect) -> Result<Notice, WorldError> {
        self.transact(|transaction| Ok(transaction.trial(dialect)))
    }

    /// Has an event delivered once more, under the same id, and says whether there is such an event.
    pub(crate) fn repeat_event(&self, seq: u64) -> Result<bool, WorldError> {
        self.transact(|transaction| {
            let Some(notice) = transaction.contents.outbox.find(seq) else {
                return Ok(false);
            };
            let again = Notice {
                seq: transaction.contents.outbox.next_seq(),
                due: transaction.now,
                attempts: 0,
                status: None,
                done: false,
                ..notice.clone()
            };
            transaction.record(Event::Posted(vec![again]));
            Ok(true)
        })
    }
}

impl Transaction<'_> {
    /// Whether the event still says the truth: the end it announces has not moved.
    fn is_true(&self, notice: &Notice) -> bool {
        let Some(end) = notice.while_ending_at else {
            return true;
        };
        let esim = notice.esim.as_ref();
        let esim = esim.and_then(|esim| self.contents.esim(&esim.id));
        esim.is_some_and(|esim| {
            esim.expires_at() == Some(end)
                && esim.cancelled_at.is_none()
                && esim.revoked_at.is_none()
        })
    }
}
