//! Taking something down in an order by hand: under its claim, and on the version it was read at.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use roamport_domain::journal::{Claim, JournalError, OrderChange};
use roamport_domain::order::Event;
use roamport_domain::{Order, OrderId};

use super::DecisionError;
use crate::driver::{due, moment};
use crate::{AppError, Orders};

/// Whether whoever writes waits for another process to let go of the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// As long as a lease can last.
    Lease,
    /// Not at all.
    None,
}

impl Orders {
    /// Claims the order, has `events` made of it as it then stands, appends them and gives the claim
    /// back. Where `events` gives none, nothing is written.
    pub(crate) async fn write_by_hand(
        &self,
        id: OrderId,
        patience: Patience,
        events: impl FnOnce(&Order, Timestamp) -> Result<Vec<Event>, AppError> + Send,
    ) -> Result<Order, AppError> {
        let claim = self.claim_by_hand(id, patience).await?;
        let written = self.append_by_hand(id, events).await;
        if let Err(error) = self.parts().journal.release(&claim).await {
            tracing::warn!(order.id = %id, %error, "the claim could not be given back; it runs out by itself");
        }
        written
    }

    /// The same without a claim: whoever holds the order finds that somebody changed it.
    pub(crate) async fn append_by_hand(
        &self,
        id: OrderId,
        events: impl FnOnce(&Order, Timestamp) -> Result<Vec<Event>, AppError> + Send,
    ) -> Result<Order, AppError> {
        let parts = self.parts();
        let order = self.own_order(id).await?;
        let at = parts.journal.now().await?;
        let events = events(&order, at)?;
        if events.is_empty() {
            return Ok(order);
        }
        let change = OrderChange::admitted(&order, events).map_err(JournalError::from)?;
        let moment = moment(parts, change.after(), Duration::ZERO, BTreeSet::new()).await?;
        let due = due(parts, change.after(), &moment);
        match parts.journal.append(&change, due).await {
            Ok(_) => {}
            // Somebody acted between our look and our word: the person decides on what is now there.
            Err(JournalError::VersionConflict { .. }) => {
                return Err(DecisionError::HeldElsewhere { order: id }.into());
            }
            Err(error) => return Err(error.into()),
        }
        let next = change.into_order();
        if next.state() != order.state() {
            tracing::info!(order.id = %id, from = %order.state(), to = %next.state(), "order state, by hand");
        }
        Ok(next)
    }

    /// The order, where it is this provider's.
    pub(crate) async fn own_order(&self, id: OrderId) -> Result<Order, AppError> {
        let (order, instance) = (self.order(id).await?, &self.parts().instance);
        if order.requested().provider == *instance {
            return Ok(order);
        }
        Err(AppError::OtherProvider {
            order: id,
            started_with: Box::new(order.requested().provider.clone()),
            current: Box::new(instance.clone()),
        })
    }

    async fn claim_by_hand(&self, id: OrderId, patience: Patience) -> Result<Claim, AppError> {
        const ASK_EVERY: Duration = Duration::from_secs(1);
        let parts = self.parts();
        let begin = parts.clock.monotonic();
        loop {
            let lease = parts.lease.lease;
            if let Some(claim) = parts.journal.claim_order(id, &parts.owner, lease).await? {
                return Ok(claim);
            }
            let waited = parts.clock.monotonic().since(begin);
            if patience == Patience::None || waited > lease + ASK_EVERY {
                return Err(DecisionError::HeldElsewhere { order: id }.into());
            }
            tokio::time::sleep(ASK_EVERY.min(lease)).await;
        }
    }
}
