//! How whoever waits for an order says that the wait is over.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// Ends a wait. Dropping it ends nothing.
#[derive(Clone, Debug)]
pub struct Stopper(watch::Sender<bool>);

/// What the work asks between its steps. A purchase call in flight is always waited for.
#[derive(Clone, Debug)]
pub struct StopSignal {
    stopped: watch::Receiver<bool>,
    deadline: Option<Instant>,
}

impl Stopper {
    /// A stopper, and the signal it gives.
    pub fn new() -> (Self, StopSignal) {
        let (sender, stopped) = watch::channel(false);
        (
            Self(sender),
            StopSignal {
                stopped,
                deadline: None,
            },
        )
    }

    /// Asks the work to stop after what it is doing.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl StopSignal {
    /// A signal that is never given.
    pub fn never() -> Self {
        Stopper::new().1
    }

    /// The same that also stops after `wait` from now.
    #[must_use]
    pub fn after(mut self, wait: Duration) -> Self {
        self.deadline = Instant::now().checked_add(wait);
        self
    }

    /// Whether the work was asked to stop.
    pub fn is_stopped(&self) -> bool {
        *self.stopped.borrow() || self.is_late()
    }

    /// Whether the time is up, rather than somebody having asked.
    pub fn is_late(&self) -> bool {
        self.deadline
            .is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// Returns once the work is asked to stop; never, where nobody can ask any more.
    pub async fn stopped(&mut self) {
        let late = async {
            match self.deadline {
                Some(deadline) => tokio::time::sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        let asked = async {
            if self.stopped.wait_for(|stopped| *stopped).await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = late => {}
            () = asked => {}
        }
    }
}
