//! The claim on an order: taken, renewed while work goes on, given back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use roamport_domain::journal::{Claim, JournalError};
use tokio::task::JoinHandle;

use super::Driver;
use crate::OrdersParts;
use crate::{AppError, Progress};

/// A claim that is renewed until it is given back or dropped.
pub(super) struct HeldClaim {
    parts: Arc<OrdersParts>,
    claim: Claim,
    lost: Arc<AtomicBool>,
    renewal: JoinHandle<()>,
}

impl HeldClaim {
    /// Holds a claim that was just taken.
    pub(super) fn hold(parts: Arc<OrdersParts>, claim: Claim) -> Self {
        let lost = Arc::new(AtomicBool::new(false));
        let renewal = tokio::spawn(renew(parts.clone(), claim.clone(), lost.clone()));
        Self {
            parts,
            claim,
            lost,
            renewal,
        }
    }

    /// Whether somebody else took the order over.
    pub(super) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Acquire)
    }

    /// Asks the journal whether the claim is still held, and prolongs it.
    pub(super) async fn is_confirmed(&self) -> Result<bool, JournalError> {
        let lease = self.parts.lease.lease;
        match self.parts.journal.renew(&self.claim, lease).await {
            Ok(()) => Ok(true),
            Err(JournalError::ClaimLost(_)) => {
                self.lost.store(true, Ordering::Release);
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Gives the claim back. One that cannot be given back runs out by itself.
    pub(super) async fn give_back(self) {
        self.renewal.abort();
        if let Err(error) = self.parts.journal.release(&self.claim).await {
            tracing::warn!(order.id = %self.claim.order, %error, "the claim could not be given back; it runs out by itself");
        }
    }
}

impl Drop for HeldClaim {
    fn drop(&mut self) {
        self.renewal.abort();
    }
}

async fn renew(parts: Arc<OrdersParts>, claim: Claim, lost: Arc<AtomicBool>) {
    loop {
        tokio::time::sleep(parts.lease.renew_every).await;
        match parts.journal.renew(&claim, parts.lease.lease).await {
            Ok(()) => {}
            Err(JournalError::ClaimLost(_) | JournalError::NotFound(_)) => {
                lost.store(true, Ordering::Release);
                return;
            }
            Err(error) => {
                tracing::warn!(order.id = %claim.order, %error, "the claim could not be renewed; trying again");
            }
        }
    }
}

impl Driver {
    /// Claims the order. Where another holds it, waits as long as a lease can last: a process that
    /// was killed renews nothing. `None` where it is still held then, or the wait was ended.
    pub(super) async fn claim(&mut self) -> Result<Option<HeldClaim>, AppError> {
        const ASK_EVERY: Duration = Duration::from_secs(1);
        let parts = self.parts.clone();
        let begin = parts.clock.monotonic();
        let mut told = false;
        loop {
            let claim = parts
                .journal
                .claim_order(self.id, &parts.owner, parts.lease.lease)
                .await?;
            if let Some(claim) = claim {
                return Ok(Some(HeldClaim::hold(parts, claim)));
            }
            let waited = parts.clock.monotonic().since(begin);
            if self.stop.is_stopped() || waited > parts.lease.lease + ASK_EVERY {
                return Ok(None);
            }
            if !told {
                self.notice(&Progress::HeldElsewhere);
                told = true;
            }
            let mut stop = self.stop.clone();
            tokio::select! {
                () = tokio::time::sleep(ASK_EVERY.min(parts.lease.lease)) => {}
                () = stop.stopped() => {}
            }
        }
    }
}
