//! `roamport worker`: carries on every order that is due, until a signal or, with `--once`, until
//! nothing more is due.

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::{fmt, io};

use jiff::Timestamp;
use roamport_app::{Observer, Progress, StopSignal, Stopper, Worker};
use roamport_domain::order::OrderState;
use roamport_domain::{Clock, OrderId};
use serde::Serialize;

use crate::args::WorkerArguments;
use crate::exit::Failure;
use crate::output::{Output, WriteFailed};
use crate::session::Session;
use crate::view::time_of_day;

pub(super) async fn run(session: &Session, arguments: &WorkerArguments) -> Result<(), Failure> {
    let interrupts = session.interrupts();
    let worker = interrupts.abandoning(session.worker()).await?;
    let output = session.output();
    let changes = Arc::new(Changes {
        output: output.clone(),
        clock: session.clock(),
        unprinted: Mutex::new(None),
    });
    let worker = worker.observed(changes.clone());
    if !arguments.once {
        output.note(format!(
            "working on the orders of {}; Ctrl-C stops",
            session.instance()
        ));
    }
    let (stopper, signal) = Stopper::new();
    let mut work = pin!(work(&worker, arguments.once, signal, output));
    tokio::select! {
        done = &mut work => return changes.all_told(done),
        () = interrupts.reached(1) => {
            output.note(
                "stopping: nothing new begins; waiting for the answers of calls under way; a second signal \
                 leaves at once",
            );
            stopper.stop();
        }
    }
    tokio::select! {
        done = &mut work => changes.all_told(done),
        () = interrupts.reached(2) => Err(Failure::WorkerLeft),
    }
}

async fn work(
    worker: &Worker,
    once: bool,
    stop: StopSignal,
    output: &Output,
) -> Result<(), Failure> {
    if !once {
        return Ok(worker.run(stop).await?);
    }
    let orders = worker.run_once(stop).await?;
    output.note(match orders {
        0 => "nothing was due".to_owned(),
        1 => "1 order was due".to_owned(),
        orders => format!("{orders} orders were due"),
    });
    Ok(())
}

/// Tells each change of an order's state.
struct Changes {
    output: Arc<Output>,
    clock: Arc<dyn Clock>,
    /// Why a change could not be printed, the first time.
    unprinted: Mutex<Option<io::Error>>,
}

impl Changes {
    /// Orders go on whether or not they can be told of. That they could not is how the worker ends.
    fn all_told(&self, done: Result<(), Failure>) -> Result<(), Failure> {
        done?;
        let mut unprinted = self
            .unprinted
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match unprinted.take() {
            Some(source) => Err(Failure::NotPrinted {
                order: None,
                source,
            }),
            None => Ok(()),
        }
    }
}

/// One change: a line of `worker --json`.
#[derive(Serialize)]
struct ChangeDocument {
    at: Timestamp,
    order: String,
    state: OrderState,
}

impl fmt::Debug for Changes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Changes").finish_non_exhaustive()
    }
}

impl Observer for Changes {
    fn notice(&self, order: OrderId, progress: &Progress) {
        let Progress::State(state) = progress else {
            return;
        };
        let at = self.clock.now();
        if !self.output.is_json() {
            self.output
                .note(format!("{} order {order}: {state}", time_of_day(at)));
            return;
        }
        let change = ChangeDocument {
            at,
            order: order.to_string(),
            state: *state,
        };
        if let Err(WriteFailed::Failed(error)) = self.output.line(&change) {
            let mut unprinted = self
                .unprinted
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            unprinted.get_or_insert(error);
        }
    }
}
