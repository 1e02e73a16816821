//! How an eSIM ends, or pauses: given back for its money, suspended, ended for good, deleted from the
//! device. And how its card number comes back to another.

use jiff::Timestamp;

use super::contents::Event;
use super::record::{EsimRecord, EsimState};
use super::refusal::{Refusal, WorldError};
use super::{Transaction, World};
use crate::fault::Plan;
use crate::ledger::Refund;

impl World {
    /// Every refund there ever was, oldest first.
    ///
    /// # Errors
    ///
    /// [`WorldError::State`].
    pub fn refunds(&self) -> Result<Vec<Refund>, WorldError> {
        self.transact(|transaction| Ok(transaction.contents.refunds.clone()))
    }

    /// Gives an eSIM back that nobody has installed: what was paid for it is in the wallet at once.
    /// `esim` is an eSIM id of either dialect or a card number, here and below.
    ///
    /// # Errors
    ///
    /// [`WorldError::Refused`] where there is no such eSIM, it has no profile yet, it was given back
    /// before, or it is installed, suspended or over.
    pub fn cancel(&self, esim: &str) -> Result<Refund, WorldError> {
        self.cancel_with(esim, &Plan::default())
    }

    /// Gives an eSIM back under the faults of this call.
    pub(crate) fn cancel_with(&self, key: &str, plan: &Plan) -> Result<Refund, WorldError> {
        self.transact(|transaction| {
            let now = transaction.now;
            let mut esim = transaction.named(key)?;
            match esim.state(now) {
                EsimState::New => return Err(Refusal::StillPending.into()),
                EsimState::Cancelled => return Err(Refusal::AlreadyCancelled.into()),
                EsimState::Ready if esim.suspended_at.is_none() => {}
                _ => return Err(Refusal::NotAllowed.into()),
            }
            esim.cancelled_at = Some(now);
            let paid = esim.allowances.iter().map(|allowance| allowance.item.price);
            let amount = paid.sum();
            let refund = Refund {
                seq: transaction.contents.refunds.len() as u64 + 1,
                at: now,
                reference: esim.reference.clone(),
                order_id: esim.order_id.clone(),
                esim_id: esim.id.clone(),
                amount,
                balance_after: transaction.contents.balance + amount,
                answered: plan.answers(),
            };
            transaction.commit(Event::Refunded {
                refund: refund.clone(),
                esim: Box::new(esim),
            });
            Ok(refund)
        })
    }

    /// The refund of an eSIM that was given back.
    pub(crate) fn refund_of(&self, esim_id: &str) -> Result<Option<Refund>, WorldError> {
        self.transact(|transaction| {
            let mut refunds = transaction.contents.refunds.iter();
            Ok(refunds.find(|refund| refund.esim_id == esim_id).cloned())
        })
    }

    /// Interrupts an eSIM: it carries no data until it goes on.
    ///
    /// # Errors
    ///
    /// [`WorldError::Refused`] where there is no such eSIM, it has no profile, is over, or is
    /// suspended already.
    pub fn suspend(&self, esim: &str) -> Result<EsimRecord, WorldError> {
        self.live(esim, |esim, now| {
            if esim.suspended_at.is_some() {
                return Err(Refusal::NotAllowed);
            }
            esim.suspended_at = Some(now);
            Ok(())
        })
    }

    /// Lets a suspended eSIM go on.
    ///
    /// # Errors
    ///
    /// [`WorldError::Refused`] where there is no such eSIM, it is over, or is not suspended.
    pub fn resume(&self, esim: &str) -> Result<EsimRecord, WorldError> {
        self.live(esim, |esim, _| match esim.suspended_at.take() {
            Some(_) => Ok(()),
            None => Err(Refusal::NotAllowed),
        })
    }

    /// Ends an eSIM for good. Nothing is given back.
    ///
    /// # Errors
    ///
    /// [`WorldError::Refused`] where there is no such eSIM, it has no profile, or it is over.
    pub fn revoke(&self, esim: &str) -> Result<EsimRecord, WorldError> {
        self.live(esim, |esim, now| {
            esim.revoked_at = Some(now);
            Ok(())
        })
    }

    /// Deletes the profile from the device: it cannot be installed again.
    ///
    /// # Errors
    ///
    /// [`WorldError::Refused`] where there is no such eSIM, or it is on no device.
    pub fn delete(&self, esim: &str) -> Result<EsimRecord, WorldError> {
        self.on_device(esim, |esim, now| esim.deleted_at = Some(now))
    }

    /// Switches the profile on or off on the device.
    ///
    /// # Errors
    ///
    /// Those of [`World::delete`].
    pub fn switch(&self, esim: &str, on: bool) -> Result<EsimRecord, WorldError> {
        self.on_device(esim, |esim, _| esim.switched_off = !on)
    }

    /// Sends a message to the device.
    ///
    /// # Errors
    ///
    /// [`WorldError::Refused`] where there is no such eSIM, or it is over or takes no messages.
    pub(crate) fn send_message(&self, esim: &str, takes: bool) -> Result<EsimRecord, WorldError> {
        self.live(esim, |esim, _| {
            if !takes {
                return Err(Refusal::NotAllowed);
            }
            esim.messages += 1;
            Ok(())
        })
    }

    /// Changes an eSIM that is allocated and not over.
    fn live(
        &self,
        key: &str,
        work: impl FnOnce(&mut EsimRecord, Timestamp) -> Result<(), Refusal>,
    ) -> Result<EsimRecord, WorldError> {
        self.change_any(key, |esim, now| match esim.state(now) {
            EsimState::New => Err(Refusal::StillPending),
            EsimState::Ready | EsimState::Installed => work(esim, now),
            _ => Err(Refusal::NotAllowed),
        })
    }

    fn on_device(
        &self,
        key: &str,
        work: impl FnOnce(&mut EsimRecord, Timestamp),
    ) -> Result<EsimRecord, WorldError> {
        self.change_any(key, |esim, now| {
            if esim.installed_at.is_none() || esim.deleted_at.is_some() {
                return Err(Refusal::NotAllowed);
            }
            work(esim, now);
            Ok(())
        })
    }
}

impl Transaction<'_> {
    /// The eSIM of an id of either dialect, or of a card number.
    pub(super) fn named(&self, key: &str) -> Result<EsimRecord, Refusal> {
        let esim = self.contents.esim_named(key, self.now);
        esim.cloned().ok_or(Refusal::UnknownEsim)
    }

    /// The card number of the oldest eSIM that is over, where the switch says that a new one gets it
    /// and nobody else bears it, `fresh` included.
    pub(super) fn used_iccid(&self, fresh: &[EsimRecord], now: Timestamp) -> Option<String> {
        if !self.contents.switches.reuse_iccids {
            return None;
        }
        let over = self.contents.esims.iter().filter(|esim| esim.is_over(now));
        over.filter_map(|esim| Some((esim, esim.profile.as_ref()?.iccid.as_str())))
            .find(|(esim, iccid)| {
                let newest = self.contents.bearer(iccid);
                let taken = fresh
                    .iter()
                    .filter_map(|esim| esim.profile.as_ref())
                    .any(|profile| profile.iccid == *iccid);
                newest.is_some_and(|newest| newest.id == esim.id) && !taken
            })
            .map(|(_, iccid)| iccid.to_owned())
    }
}
