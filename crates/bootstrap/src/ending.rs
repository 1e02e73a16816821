//! Something to end when the program does.

use std::fmt;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

type Work = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// What is left to do at the end, and what lives until then. The lock only makes it `Sync`.
#[derive(Default)]
pub(crate) struct Ending(Mutex<Option<Work>>);

impl Ending {
    /// Calls `work` at the end. What the closure owns lives until then.
    pub(crate) fn by<Ended>(work: impl FnOnce() -> Ended + Send + 'static) -> Self
    where
        Ended: Future<Output = ()> + Send + 'static,
    {
        let work: Work = Box::new(move || Box::pin(work()));
        Self(Mutex::new(Some(work)))
    }

    /// Does what is left to do.
    pub(crate) async fn end(self) {
        if let Some(work) = self.0.into_inner().unwrap_or_else(PoisonError::into_inner) {
            work().await;
        }
    }
}

impl fmt::Debug for Ending {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Ending").finish_non_exhaustive()
    }
}
