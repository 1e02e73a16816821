//! What events change of an order's eSIMs.

use jiff::Timestamp;
use jiff::civil::Date;

use super::Verdict;
use crate::order::event::{
    AttentionReason, CancellationOutcome, EsimProgress, ItemNumber, ProvisioningOutcome,
};
use crate::order::state::{Item, ItemCancellation, ItemState, Order, OrderState};

impl Order {
    fn item_mut(&mut self, number: ItemNumber) -> Result<&mut Item, &'static str> {
        if self.placed.is_none() {
            return Err("nothing was bought yet");
        }
        self.items
            .get_mut(usize::from(number))
            .ok_or("the order has no such item")
    }

    pub(super) fn start_provisioning(&mut self, number: ItemNumber, at: Timestamp) -> Verdict {
        self.in_state(OrderState::Provisioning)?;
        let item = self.item_mut(number)?;
        item.state = match &item.state {
            ItemState::Awaiting => ItemState::Provisioning {
                since: at,
                asked_at: at,
                heard_at: at,
                reads: 0,
                progress: EsimProgress::Pending,
            },
            ItemState::Provisioning {
                since,
                progress: EsimProgress::NotStarted,
                ..
            } => ItemState::Provisioning {
                since: *since,
                asked_at: at,
                heard_at: at,
                reads: 0,
                progress: EsimProgress::Pending,
            },
            ItemState::Provisioning { .. } => {
                return Err("no read said that nothing has happened yet");
            }
            ItemState::Ready | ItemState::Failed { .. } => return Err("the item is settled"),
        };
        Ok(())
    }

    pub(super) fn settle_provisioning(
        &mut self,
        number: ItemNumber,
        at: Timestamp,
        outcome: &ProvisioningOutcome,
    ) -> Verdict {
        let item = self.item_mut(number)?;
        // A profile that is there is there, whatever was believed before; no other outcome changes
        // a settled item.
        match (outcome, &item.state) {
            (_, ItemState::Ready)
            | (ProvisioningOutcome::Failed { .. }, ItemState::Failed { .. }) => return Ok(()),
            _ => {}
        }
        match outcome {
            ProvisioningOutcome::Ready => {
                item.state = ItemState::Ready;
                self.close(|reason| {
                    matches!(reason, AttentionReason::ItemFailed { item, .. } if *item == number)
                });
            }
            ProvisioningOutcome::Failed { message } => {
                item.state = ItemState::Failed {
                    message: message.clone(),
                };
                if !self.is_decided() {
                    let message = message.clone();
                    self.raise(AttentionReason::ItemFailed {
                        item: number,
                        message,
                    });
                }
            }
            ProvisioningOutcome::Pending | ProvisioningOutcome::Unknown { .. } => {
                item.heard(at, EsimProgress::Pending, false)?;
            }
            ProvisioningOutcome::NotDone { .. } => {
                item.heard(at, EsimProgress::NotStarted, false)?;
            }
        }
        Ok(())
    }

    pub(super) fn esim_read(
        &mut self,
        number: ItemNumber,
        at: Timestamp,
        progress: &EsimProgress,
    ) -> Verdict {
        let item = self.item_mut(number)?;
        if let ItemState::Awaiting = item.state {
            item.state = ItemState::Provisioning {
                since: at,
                asked_at: at,
                heard_at: at,
                reads: 0,
                progress: EsimProgress::Pending,
            };
        }
        item.heard(at, progress.clone(), true)
    }
}

impl Order {
    /// Accepted while a profile is left that can still be asked for: one that failed is asked for again.
    pub(super) fn change_start_date(&mut self, start_date: Date) -> Verdict {
        if self.requested.content.is_top_up() {
            return Err("a top-up has no day of travel");
        }
        if self.placed.is_none() {
            return Err("nothing was bought yet");
        }
        if self.is_decided() {
            return Err("the order is settled");
        }
        if !self.items.iter().any(Item::can_be_asked_for) {
            return Err("no profile is left to be asked for");
        }
        self.start_date = Some(start_date);
        let failed = |item: &Item| matches!(item.state, ItemState::Failed { .. });
        for place in 0..self.items.len() {
            let item = &mut self.items[place];
            if item.can_be_asked_for() && failed(item) {
                item.state = ItemState::Awaiting;
                self.close(|reason| {
                    matches!(reason, AttentionReason::ItemFailed { item, .. }
                        if usize::from(*item) == place)
                });
            }
        }
        Ok(())
    }

    /// Accepted for any eSIM that was not given back, whatever became of its profile: one whose
    /// profile never came is given back too.
    pub(super) fn start_cancellation(
        &mut self,
        number: ItemNumber,
        at: Timestamp,
        by: &str,
    ) -> Verdict {
        let item = self.item_mut(number)?;
        if item
            .cancellation
            .as_ref()
            .is_some_and(ItemCancellation::is_done)
        {
            return Err("the eSIM was given back already");
        }
        item.cancellation = Some(ItemCancellation {
            at,
            by: by.to_owned(),
            outcome: None,
        });
        Ok(())
    }

    /// What is known of an eSIM that was given back is not forgotten again.
    pub(super) fn settle_cancellation(
        &mut self,
        number: ItemNumber,
        outcome: &CancellationOutcome,
    ) -> Verdict {
        let item = self.item_mut(number)?;
        let Some(cancellation) = &mut item.cancellation else {
            return Err("nobody asked to give the eSIM back");
        };
        if !cancellation.is_done() {
            cancellation.outcome = Some(outcome.clone());
        }
        Ok(())
    }
}

impl Item {
    /// Whether its profile is not there and no call for it is under way, as far as is known.
    fn can_be_asked_for(&self) -> bool {
        let given_back = self
            .cancellation
            .as_ref()
            .is_some_and(ItemCancellation::is_done);
        !given_back
            && match &self.state {
                ItemState::Awaiting | ItemState::Failed { .. } => true,
                ItemState::Provisioning { progress, .. } => *progress == EsimProgress::NotStarted,
                ItemState::Ready => false,
            }
    }

    fn heard(&mut self, at: Timestamp, progress: EsimProgress, read: bool) -> Verdict {
        let ItemState::Provisioning {
            since,
            asked_at,
            reads,
            ..
        } = &self.state
        else {
            return Err("the item's profile is not awaited");
        };
        self.state = ItemState::Provisioning {
            since: *since,
            asked_at: *asked_at,
            heard_at: at,
            reads: if read {
                reads.saturating_add(1)
            } else {
                *reads
            },
            progress,
        };
        Ok(())
    }
}
