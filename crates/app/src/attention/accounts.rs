//! A person's word that two accounts at a provider are one, and the release of a held account.

use futures::TryStreamExt as _;
use roamport_domain::journal::OrderFilter;
use roamport_domain::order::{AttentionReason, Event, OrderState, Resolution};
use roamport_domain::{Account, Order, OrderId};

use super::Decision;
use super::record::Patience;
use super::resolve::resolved;
use crate::{AppError, Orders};

impl Orders {
    /// Records that `other` and the account in use are one, as after a token was rotated. Orders that
    /// need attention for having been sent with the other one's credentials go on. Returns those orders,
    /// the oldest first; carry them on.
    ///
    /// [`Account::unknown`] stands for the account of orders that an earlier release recorded without
    /// one.
    ///
    /// # Errors
    ///
    /// [`AppError::Journal`]; [`DecisionError::HeldElsewhere`](super::DecisionError::HeldElsewhere) where
    /// another process works on one of the orders: confirm again.
    pub async fn confirm_account(
        &self,
        other: &Account,
        decision: &Decision,
    ) -> Result<Vec<OrderId>, AppError> {
        let parts = self.parts();
        parts
            .accounts
            .confirm_same(other, &parts.account, decision.by())
            .await?;
        let filter = OrderFilter {
            states: vec![OrderState::NeedsAttention],
            provider: Some(parts.instance.name.clone()),
            ..OrderFilter::default()
        };
        let mut listed: Vec<OrderId> = parts
            .journal
            .list(filter)
            .map_ok(|summary| summary.id)
            .try_collect()
            .await?;
        listed.reverse();
        let mut resumed = Vec::new();
        for id in listed {
            let order = self.order(id).await?;
            if order.requested().provider == parts.instance && waits_for(&order, other) {
                self.resume_under_account(id, other, decision).await?;
                resumed.push(id);
            }
        }
        Ok(resumed)
    }

    async fn resume_under_account(
        &self,
        id: OrderId,
        other: &Account,
        decision: &Decision,
    ) -> Result<Order, AppError> {
        let account = self.parts().account.clone();
        self.write_by_hand(id, Patience::Lease, |order, at| {
            let same = Resolution::SameAccount { account };
            let waits = waits_for(order, other);
            let event = waits.then(|| resolved(at, same, decision));
            Ok(event.into_iter().collect::<Vec<Event>>())
        })
        .await
    }

    /// The account whose credentials are in use.
    pub fn account(&self) -> &Account {
        &self.parts().account
    }

    /// The orders that need attention for this reason, the oldest first; see
    /// [`AttentionReason::name`].
    ///
    /// # Errors
    ///
    /// [`AppError::Journal`].
    pub async fn needing_attention_for(&self, reason: &str) -> Result<Vec<Order>, AppError> {
        let mut ids: Vec<OrderId> = self
            .list(vec![OrderState::NeedsAttention])
            .await?
            .into_iter()
            .filter(|summary| summary.provider == self.parts().instance)
            .map(|summary| summary.id)
            .collect();
        ids.reverse();
        let mut needing = Vec::new();
        for id in ids {
            let order = self.order(id).await?;
            if order.open_attention().any(|open| open.name() == reason) {
                needing.push(order);
            }
        }
        Ok(needing)
    }

    /// Lifts the hold on new orders at the account in use. Returns whether there was one.
    ///
    /// # Errors
    ///
    /// [`AppError::Journal`].
    pub async fn release_account(&self, decision: &Decision) -> Result<bool, AppError> {
        let parts = self.parts();
        Ok(parts
            .accounts
            .lift_hold(&parts.account, decision.by())
            .await?)
    }
}

/// Whether a person was asked about this account.
fn waits_for(order: &Order, account: &Account) -> bool {
    order.open_attention().any(|reason| match reason {
        AttentionReason::OtherAccount { sent_with, .. } => {
            sent_with.as_ref().unwrap_or(&Account::unknown()) == account
        }
        _ => false,
    })
}
