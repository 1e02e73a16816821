//! Buying more data for an eSIM.

use super::super::contents::Event;
use super::super::identity;
use super::super::record::{EsimRecord, EsimState, OrderRecord};
use super::super::refusal::{Refusal, WorldError};
use super::super::request::fingerprint;
use super::super::{Transaction, World};
use super::{Bought, Circumstances, TopUpDetails, allowance, check_total};
use crate::ledger::ChargeKind;

impl World {
    /// The eSIM that a top-up went to, and which of its packages it brought.
    pub(crate) fn topped_up(
        &self,
        order: &OrderRecord,
    ) -> Result<Option<(EsimRecord, usize)>, WorldError> {
        let Some(item) = order.items.first() else {
            return Ok(None);
        };
        self.transact(|transaction| {
            let found = transaction.contents.esims.iter().find_map(|esim| {
                let place = esim
                    .allowances
                    .iter()
                    .position(|allowance| allowance.item.esim_id == item.esim_id)?;
                Some((esim.clone(), place))
            });
            Ok(found)
        })
    }
}

impl Transaction<'_> {
    pub(super) fn buy_top_up(
        &mut self,
        details: &TopUpDetails,
        how: Circumstances<'_>,
    ) -> Result<OrderRecord, Refusal> {
        let Circumstances { twists, at, .. } = how;
        let reference = details.reference.as_deref();
        let fingerprint = fingerprint(details);
        if let Some(order) = self.replayed(reference, details.replays, &fingerprint, at)? {
            return Ok(order);
        }
        let esim = if details.by_card {
            self.contents.esim_by_iccid(&details.esim, at)
        } else {
            self.contents.esim_named(&details.esim, at)
        };
        let esim = esim.ok_or(Refusal::UnknownEsim)?;
        let bought = self.bought(&details.package_id, details.days, None, twists)?;
        self.check_top_up(esim, &bought, at)?;
        let mut esim = esim.clone();
        let mut order = self.order_of(
            reference,
            fingerprint,
            std::slice::from_ref(&bought),
            how,
            ChargeKind::Topup,
        );
        check_total(details.total, &order)?;
        let charge = self.charge_of(&order, how.answered)?;
        // The first provider's own sample shows an id here that is not the eSIM's.
        order.items[0].esim_id = identity::uuid(self.salt, "top-up", self.contents.ids);
        let transaction = identity::transaction_number(self.salt, self.contents.ids, at);
        let added = allowance(&order.items[0], &bought, &transaction, reference);
        esim.allowances.push(added);
        self.commit(Event::Charged {
            charge,
            order: order.clone(),
            esims: vec![esim],
        });
        Ok(order)
    }

    fn check_top_up(
        &self,
        esim: &EsimRecord,
        bought: &Bought,
        at: jiff::Timestamp,
    ) -> Result<(), Refusal> {
        if !esim.top_up {
            return Err(Refusal::TopUpUnsupported);
        }
        match esim.state(at) {
            EsimState::New => return Err(Refusal::NotApplied),
            EsimState::Expired => return Err(Refusal::Expired),
            EsimState::Cancelled | EsimState::Revoked => return Err(Refusal::NotAllowed),
            EsimState::Ready | EsimState::Installed => {}
        }
        if esim.suspended_at.is_some() {
            return Err(Refusal::NotAllowed);
        }
        let first = self.catalogue.find(&esim.allowances[0].item.package_id);
        let package = &bought.package;
        let fits = first.is_some_and(|first| {
            first.group == package.group && first.by_day == package.by_day && package.is_top_up()
        });
        if fits {
            Ok(())
        } else {
            Err(Refusal::Incompatible)
        }
    }
}
