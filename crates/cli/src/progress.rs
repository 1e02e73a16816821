//! Progress on standard error: drawn on a terminal, sparse plain lines elsewhere.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use roamport_app::{Observer, Progress};
use roamport_bootstrap::terminal::one_line;
use roamport_documents::words::state_sentence;
use roamport_domain::OrderId;
use roamport_domain::order::Waiting;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::output::Output;
use crate::view::order::waiting_for;
use crate::view::time_of_day;

/// What is over sooner is not worth a line.
const WORTH_A_LINE: Duration = Duration::from_secs(1);

/// How long a plain line is the last word at least.
const BETWEEN_LINES: Duration = Duration::from_secs(10);

/// How many packages were read so far.
#[derive(Debug)]
pub(crate) struct CatalogueProgress<'a> {
    output: &'a Output,
    bar: Option<ProgressBar>,
    started: Instant,
    last_line: Option<Instant>,
}

impl<'a> CatalogueProgress<'a> {
    /// Begins; `what` is read, for example `packages`.
    pub(crate) fn start(output: &'a Output) -> Self {
        let bar = output.is_live().then(|| spinner(output));
        if let Some(bar) = &bar {
            draw(bar, "reading the catalogue");
        }
        Self {
            output,
            bar,
            started: Instant::now(),
            last_line: None,
        }
    }

    /// Tells that so many packages were read.
    pub(crate) fn read(&mut self, packages: usize) {
        let line = format!("reading the catalogue: {packages} packages so far");
        if let Some(bar) = &self.bar {
            draw(bar, &line);
            return;
        }
        let now = Instant::now();
        let due = match self.last_line {
            None => now.duration_since(self.started) >= WORTH_A_LINE,
            Some(last) => now.duration_since(last) >= BETWEEN_LINES,
        };
        if due {
            self.last_line = Some(now);
            self.output.note(line);
        }
    }
}

impl Drop for CatalogueProgress<'_> {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn draw(bar: &ProgressBar, words: &str) {
    bar.set_message(one_line(words));
}

fn spinner(output: &Output) -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {msg} ({elapsed})")
        .expect("the template is well formed")
        .tick_chars("-\\|/ ");
    let bar = output
        .bars()
        .add(ProgressBar::new_spinner().with_style(style));
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

/// How the work on one order goes on.
pub(crate) struct OrderProgress {
    output: Arc<Output>,
    bar: Option<ProgressBar>,
    /// Whether a purchase call is in flight.
    purchasing: AtomicBool,
    /// Whether money may have moved.
    moved: AtomicBool,
    /// What is waited for now.
    wait: Arc<Mutex<Option<Wait>>>,
    /// Says so again and again where nothing is drawn.
    ticker: Option<AbortHandle>,
}

/// Something that is waited for.
#[derive(Clone, Debug)]
struct Wait {
    waiting: Waiting,
    until: String,
    reason: String,
    since: Instant,
}

impl Wait {
    fn sentence(&self) -> String {
        format!(
            "waiting for {} until {}{}",
            waiting_for(self.waiting),
            self.until,
            self.reason
        )
    }
}

impl fmt::Debug for OrderProgress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OrderProgress")
            .finish_non_exhaustive()
    }
}

impl Drop for OrderProgress {
    fn drop(&mut self) {
        self.finish();
    }
}

impl OrderProgress {
    /// Begins; `moved` says whether money may have moved before.
    pub(crate) fn start(output: Arc<Output>, moved: bool) -> Self {
        let bar = output.is_live().then(|| spinner(&output));
        let wait = Arc::new(Mutex::new(None));
        let ticker = bar.is_none().then(|| {
            tokio::spawn(say_again_and_again(output.clone(), wait.clone())).abort_handle()
        });
        Self {
            output,
            bar,
            purchasing: AtomicBool::new(false),
            moved: AtomicBool::new(moved),
            wait,
            ticker,
        }
    }

    /// Whether money may have moved by now.
    pub(crate) fn money_may_have_moved(&self) -> bool {
        self.moved.load(Ordering::SeqCst)
    }

    /// Answers the first Ctrl-C.
    pub(crate) fn say_stopping(&self) {
        if self.purchasing.load(Ordering::SeqCst) {
            self.output.important(
                "a purchase call is under way: waiting for its answer; Ctrl-C again leaves at once, \
                 not knowing whether money moved",
            );
        } else {
            self.output.note("stopping");
        }
    }

    /// Ends the drawing.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        if let Some(ticker) = &self.ticker {
            ticker.abort();
        }
    }

    /// Something that is drawn in place on a terminal, and no line elsewhere.
    fn fleeting(&self, text: &str) {
        if let Some(bar) = &self.bar {
            draw(bar, text);
        }
    }

    /// Something worth a line of its own.
    fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => draw(bar, text),
            None => self.output.note(text),
        }
    }

    fn set_wait(&self, next: Option<(Waiting, String, String)>) {
        let mut wait = self.wait.lock().unwrap_or_else(PoisonError::into_inner);
        *wait = next.map(|(waiting, until, reason)| {
            // One wait after another for the same thing is one wait to whoever looks on.
            let before = wait.as_ref().filter(|before| before.waiting == waiting);
            let since = before.map_or_else(Instant::now, |before| before.since);
            Wait {
                waiting,
                until,
                reason,
                since,
            }
        });
        if let Some(wait) = &*wait {
            self.fleeting(&wait.sentence());
        }
    }
}

/// Says what is waited for once that takes a while, and then now and then.
async fn say_again_and_again(output: Arc<Output>, wait: Arc<Mutex<Option<Wait>>>) {
    let mut last_line: Option<Instant> = None;
    loop {
        tokio::time::sleep(WORTH_A_LINE / 4).await;
        let now = Instant::now();
        let current = wait.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(wait) = current else { continue };
        let waited = now.duration_since(wait.since);
        let rested = last_line.is_none_or(|last| now.duration_since(last) >= BETWEEN_LINES);
        if waited >= WORTH_A_LINE && rested {
            last_line = Some(now);
            output.note(format!(
                "{}, {} s so far",
                wait.sentence(),
                waited.as_secs()
            ));
        }
    }
}

impl Observer for OrderProgress {
    fn notice(&self, order: OrderId, progress: &Progress) {
        match progress {
            Progress::HeldElsewhere => {
                self.line(&format!(
                    "another process works on order {order}; waiting for it"
                ));
            }
            Progress::Checking => self.fleeting("checking package, wallet and earlier orders"),
            Progress::Purchasing { attempt, until } => {
                self.moved.store(true, Ordering::SeqCst);
                self.purchasing.store(true, Ordering::SeqCst);
                self.set_wait(None);
                let until = time_of_day(*until);
                self.line(&format!(
                    "purchase call {attempt}: waiting for the answer, until {until} at the latest"
                ));
            }
            Progress::PurchaseEnded { attempt, outcome } => {
                self.purchasing.store(false, Ordering::SeqCst);
                self.line(&format!("purchase call {attempt}: {outcome}"));
            }
            Progress::LookingUp => self.fleeting("looking for the order at the provider"),
            Progress::Provisioning { ready, total } if *total > 1 && *ready > 0 => {
                self.line(&format!("generating profiles: {ready} of {total} ready"));
            }
            Progress::Provisioning { .. } => self.fleeting("generating the profile"),
            Progress::Waiting {
                waiting,
                until,
                message,
            } => {
                let reason = message.as_ref().map(|message| format!(" ({message})"));
                let reason = reason.unwrap_or_default();
                self.set_wait(Some((*waiting, time_of_day(*until), reason)));
            }
            Progress::State(state) => {
                self.set_wait(None);
                self.fleeting(state_sentence(*state));
            }
            _ => {}
        }
    }
}
