//! Ctrl-C, counted: the first asks to stop, the second leaves at once.

use std::future::Future;
use std::io;

use tokio::sync::watch;

use crate::exit::Failure;

/// How often the process was asked to stop, by Ctrl-C or by a termination signal.
#[derive(Clone, Debug)]
pub(crate) struct Interrupts(watch::Receiver<u32>);

impl Interrupts {
    /// Listens from now on; the signals no longer end the process by themselves.
    pub(crate) fn listen() -> io::Result<Self> {
        let mut signals = Signals::new()?;
        let (sender, receiver) = watch::channel(0_u32);
        tokio::spawn(async move {
            while signals.next().await {
                sender.send_modify(|count| *count = count.saturating_add(1));
            }
        });
        Ok(Self(receiver))
    }

    /// Returns once the process was asked to stop `times` times.
    pub(crate) async fn reached(&self, times: u32) {
        let mut count = self.0.clone();
        if count.wait_for(|count| *count >= times).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// How often so far.
    pub(crate) fn count(&self) -> u32 {
        *self.0.borrow()
    }

    /// Carries out something that may be dropped at any moment: ends with
    /// [`Failure::Interrupted`] at the next request to stop.
    pub(crate) async fn abandoning<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let next = self.count().saturating_add(1);
        tokio::select! {
            done = work => done,
            () = self.reached(next) => Err(Failure::Interrupted { order: None }),
        }
    }
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> bool {
        let received = tokio::select! {
            received = self.interrupt.recv() => received,
            received = self.terminate.recv() => received,
        };
        received.is_some()
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    #[expect(
        clippy::unnecessary_wraps,
        reason = "listening can fail on other platforms"
    )]
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> bool {
        tokio::signal::ctrl_c().await.is_ok()
    }
}
