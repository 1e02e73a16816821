//! Ctrl-C, counted: the first asks to stop, the second leaves at once.

use std::future::Future;
use std::io;
use std::sync::mpsc;
use std::time::Duration;

use tokio::sync::watch;

use crate::exit::{Exit, Failure};

/// How long the program has after the second signal to say where things stand.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// How often the process was asked to stop, by Ctrl-C or by a termination signal.
#[derive(Clone, Debug)]
pub(crate) struct Interrupts(watch::Receiver<u32>);

impl Interrupts {
    /// Listens from now on; the signals no longer end the process by themselves.
    ///
    /// A thread of its own counts them, and ends the process with `cut_off` shortly after the second:
    /// also where every other thread waits for a file, a lock or a terminal.
    pub(crate) fn listen(cut_off: Exit) -> io::Result<Self> {
        let (count, receiver) = watch::channel(0_u32);
        let (ready, started) = mpsc::channel();
        std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build();
                match runtime {
                    Ok(runtime) => runtime.block_on(count_signals(&ready, &count, cut_off)),
                    Err(error) => {
                        let _ = ready.send(Err(error));
                    }
                }
            })?;
        let ended = |_| io::Error::other("the thread that counts signals ended");
        started.recv().map_err(ended)??;
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

#[expect(
    clippy::exit,
    reason = "the threads that could return from `main` may all be waiting"
)]
async fn count_signals(
    ready: &mpsc::Sender<io::Result<()>>,
    count: &watch::Sender<u32>,
    cut_off: Exit,
) {
    let mut signals = match Signals::new() {
        Ok(signals) => signals,
        Err(error) => {
            let _ = ready.send(Err(error));
            return;
        }
    };
    let _ = ready.send(Ok(()));
    let mut received = 0_u32;
    while signals.next().await {
        received = received.saturating_add(1);
        // Nobody may listen: then the process is about to end by itself, or everything waits.
        count.send_replace(received);
        if received == 2 {
            let more = async { while !signals.next().await {} };
            let _ = tokio::time::timeout(LAST_WORDS, more).await;
            std::process::exit(cut_off.number().into());
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
