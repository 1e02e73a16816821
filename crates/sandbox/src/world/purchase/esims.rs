//! Buying new eSIMs.

use super::super::contents::Event;
use super::super::identity;
use super::super::record::{EsimRecord, ItemRecord, OrderRecord};
use super::super::refusal::Refusal;
use super::super::request::fingerprint;
use super::{Bought, Circumstances, OrderDetails, Profiles, Transaction, allowance, check_total};
use crate::fault::{Lasting, Twists};
use crate::ledger::ChargeKind;

impl Transaction<'_> {
    pub(super) fn buy_esims(
        &mut self,
        details: &OrderDetails,
        how: Circumstances<'_>,
    ) -> Result<OrderRecord, Refusal> {
        let Circumstances { twists, at, .. } = how;
        let reference = details.reference.as_deref();
        let fingerprint = fingerprint(details);
        if let Some(order) = self.replayed(reference, details.replays, &fingerprint, at)? {
            return Ok(order);
        }
        let bought = self.ordered(details, twists)?;
        let mut order = self.order_of(reference, fingerprint, &bought, how, ChargeKind::Order);
        check_total(details.total, &order)?;
        let charge = self.charge_of(&order, how.answered)?;
        let left = order.items.len().saturating_sub(twists.missing_items);
        order.items.truncate(left);
        let esims = self.new_esims(&mut order, &bought, details.profiles, how);
        self.commit(Event::Charged {
            charge,
            order: order.clone(),
            esims,
        });
        Ok(order)
    }

    fn new_esims(
        &self,
        order: &mut OrderRecord,
        bought: &[Bought],
        profiles: Profiles,
        how: Circumstances<'_>,
    ) -> Vec<EsimRecord> {
        let pending = match profiles {
            Profiles::Asked => None,
            Profiles::AtOnce => Some(how.twists.pending_profile),
            Profiles::Allocated => {
                let usual = self.contents.switches.esim_access.allocation_ms;
                let usual = Lasting::Milliseconds(usual);
                Some(Some(how.twists.pending_profile.unwrap_or(usual)))
            }
        };
        let mut esims: Vec<EsimRecord> = Vec::with_capacity(order.items.len());
        let entries = order.items.iter_mut().zip(bought);
        for (step, (item, bought)) in (1..).zip(entries) {
            let number = self.contents.ids + step;
            item.esim_id = identity::uuid(self.salt, "esim", number);
            let reference = order.reference.as_deref();
            let mut esim = self.esim_of(&order.id, reference, item, bought, number);
            if let Some(pending) = pending {
                let mut profile = self.profile(&esim, pending, how.at, None);
                if let Some(iccid) = self.used_iccid(&esims, how.at) {
                    profile.iccid = iccid;
                }
                esim.profile = Some(profile);
            }
            esims.push(esim);
        }
        esims
    }

    fn ordered(&self, details: &OrderDetails, twists: &Twists) -> Result<Vec<Bought>, Refusal> {
        let switches = &self.contents.switches;
        let most = match details.profiles {
            Profiles::Allocated => switches.esim_access.most_esims_per_order,
            Profiles::Asked | Profiles::AtOnce => switches.most_esims_per_order,
        };
        let lines = &details.lines;
        let asked = lines
            .iter()
            .try_fold(0_u64, |sum, line| sum.checked_add(line.quantity));
        let asked = asked
            .filter(|asked| *asked <= most)
            .ok_or(Refusal::TooMany(most))?;
        if asked == 0 || lines.iter().any(|line| line.quantity == 0) {
            return Err(Refusal::NothingOrdered);
        }
        let mut all = Vec::new();
        for line in lines {
            let bought = self.bought(&line.package_id, line.days, line.unit_price, twists)?;
            if details.profiles != Profiles::Asked && bought.package.travel_date {
                return Err(Refusal::StartDateMissing);
            }
            all.extend((0..line.quantity).map(|_| bought.clone()));
        }
        if twists.out_of_stock {
            return Err(Refusal::OutOfStock);
        }
        Ok(all)
    }

    fn esim_of(
        &self,
        order_id: &str,
        reference: Option<&str>,
        item: &ItemRecord,
        bought: &Bought,
        number: u64,
    ) -> EsimRecord {
        let package = &bought.package;
        let transaction = identity::transaction_number(self.salt, number, item.created_at);
        EsimRecord {
            id: item.esim_id.clone(),
            number,
            order_id: order_id.to_owned(),
            reference: reference.map(str::to_owned),
            allowances: vec![allowance(item, bought, &transaction, reference)],
            location: self.catalogue.groups()[package.group].signals[0]
                .name
                .clone(),
            top_up: package.top_up(),
            hotspot: package.hotspot,
            usage_check: package.usage_check,
            travel_date: package.travel_date,
            notes: package.notes().into_iter().map(str::to_owned).collect(),
            created_at: item.created_at,
            profile: None,
            installed_at: None,
            activated_at: None,
            ended_at: None,
            used: Vec::new(),
            transaction: Some(transaction),
            cancelled_at: None,
            suspended_at: None,
            revoked_at: None,
            deleted_at: None,
            switched_off: false,
            messages: 0,
        }
    }
}
