//! Carrying an order on for somebody who waits: until it ends, the time is up, or Ctrl-C.

use std::sync::Arc;
use std::time::Duration;

use roamport_app::{Carried, Halt, Orders, StopSignal, Stopper};
use roamport_documents::outcome::OutcomeDocument;
use roamport_domain::order::OrderState;
use roamport_domain::{Esim, Order};
use serde::Serialize;

use crate::exit::Failure;
use crate::output::{Output, WriteFailed};
use crate::progress::OrderProgress;
use crate::session::Session;
use crate::text::TerminalText;
use crate::view::esim::{esim_text, qr_text};
use crate::view::order::outcome_line;

/// An order that was carried on, and its eSIMs as far as they are ready.
pub(super) struct Outcome {
    pub(super) order: Order,
    pub(super) halt: Halt,
    pub(super) esims: Vec<Esim>,
    /// Whether nobody was to wait: what was asked for is done once the order is recorded.
    pub(super) record_only: bool,
}

impl Outcome {
    pub(super) fn document(&self) -> OutcomeDocument {
        OutcomeDocument::new(&self.order, &self.esims)
    }

    /// `Ok` where the order came to its good end.
    pub(super) fn verdict(self) -> Result<(), Failure> {
        if self.order.state() == OrderState::Fulfilled {
            return Ok(());
        }
        self.unfinished()
    }

    /// The same for a command that records or decides something: with `--wait 0` that is all it was to
    /// do, unless the order ended badly before or waits for a person.
    pub(super) fn verdict_once_recorded(self, output: &Output) -> Result<(), Failure> {
        let state = self.order.state();
        let ended = state.is_final() || state == OrderState::NeedsAttention;
        if ended || !self.record_only {
            return self.verdict();
        }
        output.note(format!(
            "recorded; `roamport order resume {}` or a worker carries it on",
            self.order.id()
        ));
        Ok(())
    }

    fn unfinished(self) -> Result<(), Failure> {
        Err(Failure::Order {
            order: Box::new(self.order),
            halt: self.halt,
        })
    }

    /// What was bought and how it is installed.
    pub(super) fn text(&self) -> TerminalText {
        let mut text = outcome_line(&self.order);
        for esim in &self.esims {
            text.push(esim_text(esim).after_gap());
            if let Some(Ok(matrix)) = esim.activation().map(roamport_domain::Activation::qr) {
                text.push(qr_text(&matrix));
            }
        }
        text
    }
}

/// Carries an order on, for at most `wait`. The first Ctrl-C asks the work to stop, and waits for
/// the answer of a purchase call; the second leaves at once.
pub(super) async fn carry(
    session: &Session,
    orders: &Orders,
    order: &Order,
    wait: Option<Duration>,
) -> Result<Outcome, Failure> {
    if wait.is_some_and(|wait| wait.is_zero()) {
        let recorded = outcome(orders, order.clone(), Halt::TimeUp).await?;
        return Ok(Outcome {
            record_only: true,
            ..recorded
        });
    }
    let (stopper, mut signal) = Stopper::new();
    if let Some(wait) = wait {
        signal = signal.after(wait);
    }
    let moved = order.money_may_have_moved();
    let progress = Arc::new(OrderProgress::start(session.output().clone(), moved));
    let carried = work(session, orders, order, &progress, &stopper, signal).await;
    progress.finish();
    let Carried { order, halt } = carried?;
    outcome(orders, order, halt).await
}

async fn work(
    session: &Session,
    orders: &Orders,
    order: &Order,
    progress: &Arc<OrderProgress>,
    stopper: &Stopper,
    signal: StopSignal,
) -> Result<Carried, Failure> {
    let interrupts = session.interrupts();
    let work = orders.carry_on(order.id(), progress.clone(), signal);
    tokio::pin!(work);
    tokio::select! {
        carried = &mut work => return Ok(carried?),
        () = interrupts.reached(1) => {
            progress.say_stopping();
            stopper.stop();
        }
    }
    tokio::select! {
        carried = &mut work => Ok(carried?),
        () = interrupts.reached(2) => {
            let moved = progress.money_may_have_moved();
            Err(Failure::Interrupted { order: Some((order.id(), moved)) })
        }
    }
}

async fn outcome(orders: &Orders, order: Order, halt: Halt) -> Result<Outcome, Failure> {
    let esims = orders.profiles(&order).await?;
    Ok(Outcome {
        order,
        halt,
        esims,
        record_only: false,
    })
}

/// Prints what became of a purchase. A reader that went away is no failure. Any other failure is told after
/// that of the order itself, which is what counts.
///
/// # Errors
///
/// [`Failure::NotPrinted`].
pub(super) fn print_purchase<D: Serialize>(
    output: &Output,
    document: &D,
    order: Option<&Order>,
    text: impl FnOnce() -> TerminalText,
) -> Result<(), Failure> {
    match output.document(document, text) {
        Ok(()) | Err(WriteFailed::Closed) => Ok(()),
        Err(WriteFailed::Failed(source)) => Err(Failure::NotPrinted {
            order: order.map(|order| (order.id(), order.money_may_have_moved())),
            source,
        }),
    }
}
