//! One page under way, in a task of its own: its timeout runs however slowly the stream is read.

use std::sync::Arc;

use roamport_domain::provider::ErrorKind;
use tokio::task::JoinHandle;
use tracing::Instrument as _;

use super::{NumberedPage, NumberedPages};
use crate::Failure;

type Outcome = Result<NumberedPage, Failure>;

/// A page that was asked for, or will be once its outcome is wanted. Dropped, it asks no more.
pub(super) struct PageTask<Pages> {
    pages: Arc<Pages>,
    number: u32,
    asked: Option<JoinHandle<Outcome>>,
}

impl<Pages: NumberedPages> PageTask<Pages> {
    /// Asks now.
    pub(super) fn ask(pages: &Arc<Pages>, number: u32) -> Self {
        let mut task = Self::later(pages, number);
        task.asked = Some(start(pages, number));
        task
    }

    /// Asks when the outcome is wanted, so that the caller decides when to retry.
    pub(super) fn later(pages: &Arc<Pages>, number: u32) -> Self {
        Self {
            pages: Arc::clone(pages),
            number,
            asked: None,
        }
    }

    pub(super) const fn number(&self) -> u32 {
        self.number
    }

    /// What came of it. May be dropped and asked again.
    pub(super) async fn outcome(&mut self) -> Outcome {
        let asked = self
            .asked
            .get_or_insert_with(|| start(&self.pages, self.number));
        match asked.await {
            Ok(outcome) => outcome,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => {
                let words = "the runtime is shutting down";
                Err(Failure::not_sent(ErrorKind::Unavailable, words))
            }
        }
    }
}

impl<Pages> Drop for PageTask<Pages> {
    fn drop(&mut self) {
        if let Some(asked) = &self.asked {
            asked.abort();
        }
    }
}

fn start<Pages: NumberedPages>(pages: &Arc<Pages>, number: u32) -> JoinHandle<Outcome> {
    let pages = Arc::clone(pages);
    tokio::spawn(async move { pages.fetch(number).await }.in_current_span())
}
