//! A listing through the circuit: refused or admitted at its first poll, told of as it goes.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures::stream::BoxStream;
use futures::{Stream, StreamExt as _};
use roamport_domain::Package;
use roamport_domain::provider::{Operation, Result};

use super::circuit::{Kind, Verdict};
use super::watch::{Admitted, Watch};

/// A listing that tells the circuit of its first answer, of each error, and of the answer after one.
pub(super) struct Listing {
    /// `None` once it has ended.
    inner: Option<BoxStream<'static, Result<Package>>>,
    operation: Operation,
    watch: Arc<Watch>,
    /// `None` before the first poll.
    admitted: Option<Admitted>,
    /// Whether the last thing that was told is that it answers.
    answers: bool,
}

impl Listing {
    pub(super) fn new(
        inner: BoxStream<'static, Result<Package>>,
        operation: Operation,
        watch: Arc<Watch>,
    ) -> Self {
        Self {
            inner: Some(inner),
            operation,
            watch,
            admitted: None,
            answers: false,
        }
    }

    fn admitted(&mut self) -> Result<&mut Admitted> {
        match &mut self.admitted {
            Some(admitted) => Ok(admitted),
            none => Ok(none.insert(self.watch.admit(Kind::of(self.operation), self.operation)?)),
        }
    }
}

impl Stream for Listing {
    type Item = Result<Package>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if this.inner.is_none() {
            return Poll::Ready(None);
        }
        if let Err(refusal) = this.admitted() {
            this.inner = None;
            return Poll::Ready(Some(Err(refusal)));
        }
        let Some(inner) = &mut this.inner else {
            return Poll::Ready(None);
        };
        let next = ready!(inner.poll_next_unpin(context));
        let failed = match &next {
            Some(Err(error)) => Some(Verdict::from(error.kind())),
            Some(Ok(_)) | None => None,
        };
        if next.is_none() {
            this.inner = None;
        }
        if let Some(admitted) = &mut this.admitted {
            match failed {
                Some(verdict) => {
                    this.answers = false;
                    admitted.settle(verdict);
                }
                // The end right after an error is no answer.
                None if next.is_none() && admitted.settled => {}
                None if this.answers => {}
                None => {
                    this.answers = true;
                    admitted.settle(Verdict::Healthy);
                }
            }
        }
        Poll::Ready(next)
    }
}
