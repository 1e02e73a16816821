//! The circuit on its clock, shared by the clones of a layer: admits calls, refuses them, tells changes.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use roamport_domain::provider::{ErrorKind, Operation, Result};
use roamport_domain::{Clock, Monotonic, ProviderError, ProviderName};
use tracing::{debug, info, warn};

use super::CircuitBreakerPolicy;
use super::circuit::{Change, Circuit, Kind, Pass, Verdict};

/// The circuit on its clock, telling what changes.
#[derive(Debug)]
pub(super) struct Watch {
    pub(super) provider: ProviderName,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) policy: CircuitBreakerPolicy,
    circuit: Mutex<Circuit>,
}

impl Watch {
    /// A closed circuit over a provider.
    pub(super) fn new(
        provider: ProviderName,
        policy: CircuitBreakerPolicy,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            provider,
            clock,
            policy,
            circuit: Mutex::new(Circuit::new(policy)),
        }
    }

    pub(super) fn on_circuit<T>(&self, act: impl FnOnce(&mut Circuit, Monotonic) -> T) -> T {
        // Every change of the circuit is whole even if its thread panicked afterwards.
        let mut circuit = self.circuit.lock().unwrap_or_else(PoisonError::into_inner);
        act(&mut circuit, self.clock.monotonic())
    }

    pub(super) fn admit(self: &Arc<Self>, kind: Kind, operation: Operation) -> Result<Admitted> {
        let provider = self.provider.as_str();
        match self.on_circuit(|circuit, now| circuit.admit(kind, now)) {
            Ok(pass) => {
                if pass.is_probe() {
                    debug!(
                        operation = operation.as_str(),
                        provider,
                        "provider kept failing, one call is let through to see whether it still does"
                    );
                }
                Ok(Admitted {
                    watch: Arc::clone(self),
                    pass,
                    operation,
                    settled: false,
                })
            }
            Err(left) => Err(self.refusal(operation, left)),
        }
    }

    fn refusal(&self, operation: Operation, left: Duration) -> ProviderError {
        // Whole seconds, rounded up: nobody is told to come too early.
        let seconds = left.as_millis().div_ceil(1000);
        let nothing = if operation.is_purchase() {
            "nothing was sent and no money moved"
        } else {
            "nothing was sent"
        };
        let message = format!(
            "call after call failed, so it is left alone for now; {nothing}; try again in {seconds} s"
        );
        let provider = self.provider.clone();
        ProviderError::new(ErrorKind::Unavailable, provider, operation, message)
            .not_sent()
            .with_retry_after(left)
    }

    fn tell(&self, operation: Operation, change: Change) {
        let (operation, provider) = (operation.as_str(), self.provider.as_str());
        let pause_ms = u64::try_from(self.policy.pause.as_millis()).unwrap_or(u64::MAX);
        match change {
            Change::None => {}
            Change::Opened => warn!(
                operation,
                provider, pause_ms, "provider keeps failing, its calls are refused for a while"
            ),
            Change::StayedOpen => warn!(
                operation,
                provider, pause_ms, "provider still fails, its calls are refused for longer"
            ),
            Change::Closed => info!(
                operation,
                provider, "provider answers again, its calls are let through"
            ),
        }
    }
}

/// A call under way. Dropped before it was settled, it gives its turn to another.
#[derive(Debug)]
pub(super) struct Admitted {
    watch: Arc<Watch>,
    pass: Pass,
    operation: Operation,
    pub(super) settled: bool,
}

impl Admitted {
    /// Takes an end into account; for a listing also what comes after the first answer.
    pub(super) fn settle(&mut self, verdict: Verdict) {
        let (settled, pass) = (self.settled, self.pass);
        let change = self.watch.on_circuit(|circuit, now| {
            if settled {
                circuit.count(verdict, now)
            } else {
                circuit.settle(pass, verdict, now)
            }
        });
        self.settled = true;
        self.watch.tell(self.operation, change);
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        if !self.settled {
            self.settle(Verdict::Nothing);
        }
    }
}
