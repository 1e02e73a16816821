//! Raising what was found on the orders it concerns, once.

use roamport_domain::order::{AttentionReason, Event};
use roamport_domain::{Order, OrderId};

use super::{Difference, Finding, Raised, Reconciler};
use crate::AppError;
use crate::attention::{DecisionError, Patience};

/// A finding, and what is still to be raised about it.
pub(super) struct Pending {
    finding: Finding,
    order: Option<OrderId>,
    reasons: Vec<AttentionReason>,
}

impl Pending {
    /// A finding that is only told.
    pub(super) const fn told(difference: Difference, settled: bool) -> Self {
        Self {
            finding: Finding {
                difference,
                settled,
                raised: Raised::No,
            },
            order: None,
            reasons: Vec::new(),
        }
    }

    /// A finding that a person was told of on the order.
    pub(super) const fn raised_before(difference: Difference, settled: bool) -> Self {
        Self {
            finding: Finding {
                difference,
                settled,
                raised: Raised::Before,
            },
            order: None,
            reasons: Vec::new(),
        }
    }

    /// A finding to be raised on an order, unless it is settled. An order that is on its way finds
    /// by itself what there is.
    pub(super) fn on(
        ours: &Order,
        difference: Difference,
        settled: bool,
        reasons: Vec<AttentionReason>,
    ) -> Self {
        let raise = !settled && !reasons.is_empty() && ours.state().is_settled();
        Self {
            finding: Finding {
                difference,
                settled,
                raised: Raised::No,
            },
            order: raise.then(|| ours.id()),
            reasons,
        }
    }

    pub(super) fn done(self) -> Finding {
        self.finding
    }
}

impl Reconciler {
    /// Raises what is new. What another process holds is raised the next time.
    pub(super) async fn raise(&self, findings: &mut [Pending]) -> Result<(), AppError> {
        for pending in findings {
            let Some(id) = pending.order else { continue };
            let reasons = std::mem::take(&mut pending.reasons);
            pending.finding.raised = self.raise_on(id, reasons).await?;
        }
        Ok(())
    }

    async fn raise_on(
        &self,
        id: OrderId,
        reasons: Vec<AttentionReason>,
    ) -> Result<Raised, AppError> {
        let mut raised = Raised::No;
        let raising = self.orders.write_by_hand(id, Patience::None, |order, at| {
            let news = |reason: &AttentionReason| {
                !order
                    .attention()
                    .iter()
                    .any(|known| known.reason == *reason)
            };
            // Since it was read, somebody may have carried it on.
            if !order.state().is_settled() {
                return Ok(Vec::new());
            }
            let events: Vec<Event> = reasons
                .into_iter()
                .filter(news)
                .map(|reason| Event::AttentionRaised { at, reason })
                .collect();
            raised = if events.is_empty() {
                Raised::Before
            } else {
                Raised::Now
            };
            Ok(events)
        });
        match raising.await {
            Ok(_) => Ok(raised),
            Err(AppError::Decision(DecisionError::HeldElsewhere { .. })) => Ok(Raised::Later),
            Err(error) => Err(error),
        }
    }
}
