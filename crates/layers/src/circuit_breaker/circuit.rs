//! The circuit alone: who is let through at which moment, and what each answer changes.

use std::time::Duration;

use roamport_domain::Monotonic;
use roamport_domain::provider::{ErrorKind, Operation};

use super::CircuitBreakerPolicy;

/// What a call is for, as far as the circuit cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Settles an unknown outcome: finds orders, or repeats a purchase that is charged once.
    Settling,
    /// Any other read, and a listing.
    Read,
    /// Changes something at the provider, most likely for money.
    Effect,
}

impl Kind {
    pub(super) const fn of(operation: Operation) -> Self {
        match operation {
            Operation::FindOrders => Self::Settling,
            _ if operation.has_effect() => Self::Effect,
            _ => Self::Read,
        }
    }
}

/// What the end of a call says about the provider's health.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It answered.
    Healthy,
    /// It did not answer, or not with anything of use.
    Failed,
    /// It is up, and asks to be left alone.
    Limited,
    /// Nothing.
    Nothing,
}

impl From<ErrorKind> for Verdict {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Unavailable | ErrorKind::Ambiguous | ErrorKind::InvalidResponse => {
                Self::Failed
            }
            ErrorKind::Rejected
            | ErrorKind::NotFound
            | ErrorKind::InsufficientFunds
            | ErrorKind::Unauthorized => Self::Healthy,
            ErrorKind::RateLimited => Self::Limited,
            // These are also said without asking the provider.
            _ => Self::Nothing,
        }
    }
}

/// What a verdict changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Nothing worth a word.
    None,
    /// It was closed and is open.
    Opened,
    /// It was open and is closed.
    Closed,
    /// It was open, a probe failed, and it stays open.
    StayedOpen,
}

/// The permission to make one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pass {
    /// Answers to calls from before the last change count no more.
    generation: u64,
    /// The number of the probe; `None` for a call that needed no turn.
    probe: Option<u64>,
}

impl Pass {
    pub(super) const fn is_probe(&self) -> bool {
        self.probe.is_some()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed {
        failures: u32,
    },
    Open {
        /// When the next probe may be made.
        probe_at: Monotonic,
        /// The number of the last probe.
        probe: u64,
        /// When a call last failed or was put off.
        tried_at: Monotonic,
    },
}

#[derive(Debug)]
pub(super) struct Circuit {
    policy: CircuitBreakerPolicy,
    state: State,
    generation: u64,
}

impl Circuit {
    pub(super) const fn new(policy: CircuitBreakerPolicy) -> Self {
        Self {
            policy,
            state: State::Closed { failures: 0 },
            generation: 0,
        }
    }

    /// The permission to call, or how long there will be none.
    pub(super) fn admit(&mut self, kind: Kind, now: Monotonic) -> Result<Pass, Duration> {
        let pass = Pass {
            generation: self.generation,
            probe: None,
        };
        let State::Open {
            probe_at,
            probe,
            tried_at,
        } = &mut self.state
        else {
            return Ok(pass);
        };
        let pause = self.policy.pause;
        let held_back = match kind {
            Kind::Settling => return Ok(pass),
            Kind::Read => Duration::ZERO,
            // Reads try first. If none comes for another pause, an effect has to.
            Kind::Effect => tried_at.plus(pause).plus(pause).since(now),
        };
        let left = match probe_at.since(now) {
            left if left.is_zero() => held_back,
            left => left,
        };
        if !left.is_zero() {
            // A probe under way holds its turn for long; its answer is most likely near.
            return Err(left.min(pause));
        }
        *probe += 1;
        *probe_at = now.plus(self.policy.probe_limit);
        Ok(Pass {
            probe: Some(*probe),
            ..pass
        })
    }

    /// Takes the end of a call into account.
    pub(super) fn settle(&mut self, pass: Pass, verdict: Verdict, now: Monotonic) -> Change {
        if pass.generation != self.generation {
            return Change::None;
        }
        let State::Open {
            probe_at,
            probe,
            tried_at,
        } = &mut self.state
        else {
            return self.count(verdict, now);
        };
        if verdict == Verdict::Healthy {
            self.state = State::Closed { failures: 0 };
            self.generation += 1;
            return Change::Closed;
        }
        if verdict != Verdict::Nothing {
            *tried_at = now;
        }
        if pass.probe != Some(*probe) {
            return Change::None;
        }
        if verdict == Verdict::Nothing {
            *probe_at = now;
            return Change::None;
        }
        *probe_at = now.plus(self.policy.pause);
        Change::StayedOpen
    }

    /// Takes something into account that a listing met after its first answer.
    pub(super) fn count(&mut self, verdict: Verdict, now: Monotonic) -> Change {
        let State::Closed { failures } = &mut self.state else {
            return Change::None;
        };
        match verdict {
            Verdict::Healthy => *failures = 0,
            Verdict::Failed => *failures = failures.saturating_add(1),
            Verdict::Limited | Verdict::Nothing => {}
        }
        if self
            .policy
            .failures
            .is_none_or(|limit| *failures < limit.get())
        {
            return Change::None;
        }
        self.state = State::Open {
            probe_at: now.plus(self.policy.pause),
            probe: 0,
            tried_at: now,
        };
        self.generation += 1;
        Change::Opened
    }
}

#[cfg(test)]
mod tests;
