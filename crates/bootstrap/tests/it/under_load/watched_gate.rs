//! The gate of production, with a note of who asked and who was admitted, in order.

use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use roamport_domain::Gate;
use roamport_domain::provider::CallClass;
use roamport_layers::RateLimit;

/// What happened at the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Note {
    /// Somebody began to wait.
    Came(CallClass),
    /// Somebody may send.
    Went(CallClass),
    /// Somebody stopped waiting.
    Left(CallClass),
}

/// A [`RateLimit`] under observation.
pub(crate) struct WatchedGate {
    gate: RateLimit,
    notes: Mutex<Vec<Note>>,
    in_step: Option<InStep>,
}

impl fmt::Debug for WatchedGate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("WatchedGate")
            .field(&self.gate)
            .finish()
    }
}

/// Who was admitted goes once the one before has arrived. On a busy machine two requests that were
/// admitted one after the other might arrive in any order, whoever let them go.
struct InStep {
    /// How many requests have arrived.
    arrived: Box<dyn Fn() -> usize + Send + Sync>,
    /// How many have to arrive before the next one goes.
    gone: tokio::sync::Mutex<usize>,
}

impl InStep {
    async fn go(&self) {
        let mut gone = self.gone.lock().await;
        for _ in 0..300 {
            if (self.arrived)() >= *gone {
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // One that was dropped after all never arrives.
        *gone = (self.arrived)() + 1;
    }
}

impl WatchedGate {
    pub(crate) fn new(gate: RateLimit) -> Self {
        Self {
            gate,
            notes: Mutex::default(),
            in_step: None,
        }
    }

    /// The same, letting each request go once the one before has arrived.
    pub(crate) fn in_step(mut self, arrived: impl Fn() -> usize + Send + Sync + 'static) -> Self {
        self.in_step = Some(InStep {
            arrived: Box::new(arrived),
            gone: tokio::sync::Mutex::new(0),
        });
        self
    }

    pub(crate) fn notes(&self) -> Vec<Note> {
        self.notes.lock().unwrap().clone()
    }

    /// How many of a class came so far.
    pub(crate) fn came(&self, class: CallClass) -> usize {
        count(&self.notes(), Note::Came(class))
    }

    /// How many of a class wait now.
    pub(crate) fn waiting(&self, class: CallClass) -> usize {
        waiting(&self.notes(), class)
    }

    fn note(&self, note: Note) {
        self.notes.lock().unwrap().push(note);
    }
}

/// How often something happened.
pub(crate) fn count(notes: &[Note], what: Note) -> usize {
    notes.iter().filter(|note| **note == what).count()
}

/// How many of a class wait after all that was noted.
pub(crate) fn waiting(notes: &[Note], class: CallClass) -> usize {
    let gone = count(notes, Note::Went(class)) + count(notes, Note::Left(class));
    count(notes, Note::Came(class)) - gone
}

#[async_trait]
impl Gate for WatchedGate {
    async fn admit(&self, class: CallClass) {
        self.note(Note::Came(class));
        let mut waiter = Waiter {
            gate: self,
            class,
            admitted: false,
        };
        self.gate.admit(class).await;
        waiter.admitted = true;
        drop(waiter);
        if let Some(in_step) = &self.in_step {
            in_step.go().await;
        }
    }
}

/// Notes how the waiting ended.
struct Waiter<'a> {
    gate: &'a WatchedGate,
    class: CallClass,
    admitted: bool,
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.gate.note(if self.admitted {
            Note::Went(self.class)
        } else {
            Note::Left(self.class)
        });
    }
}
